"""Stress-free strains of hosts that take up lithium.

They enter the elastic energy psi(strain - swelling(c)); the stress d(psi)/d(strain) and the mechanical part of the
chemical potential h = d(psi)/dc then follow from the same function (Larche & Cahn 1985), so that lithium swells its
host and stress drives lithium with one and the same coefficient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import ufl


class StressFreeStrain(Protocol):
    """A strain that the concentration of lithium causes without stress."""

    def strain(self, concentration: Any) -> Any:
        """(3, 3) strain as UFL at a concentration in mol/m^3."""
        ...


@dataclass(frozen=True)
class Swelling:
    """The same in all directions: Omega (c - c0) / 3.

    Attributes:
        partial_molar_volume: Omega in m^3/mol.
        reference: c0 in mol/m^3, where the host has no stress-free strain.
    """

    partial_molar_volume: float
    reference: float

    def strain(self, concentration: Any) -> Any:
        """(3, 3) strain."""
        return self.partial_molar_volume * (concentration - self.reference) / 3 * ufl.Identity(3)


@dataclass(frozen=True)
class LatticeSwelling:
    """A layered oxide: one strain within its planes and another across them, both functions of the stoichiometry.

    eps = eps_a(x) (I - m m) + eps_c(x) m m with the normal m of the planes.

    Attributes:
        within, across: eps_a and eps_c of x = c / c_max (UFL in, UFL out).
        normal: (3,) unit vector m.
        maximum: c_max in mol/m^3.
    """

    within: Callable[[Any], Any]
    across: Callable[[Any], Any]
    normal: tuple[float, float, float]
    maximum: float

    def strain(self, concentration: Any) -> Any:
        """(3, 3) strain."""
        x = concentration / self.maximum
        m = ufl.as_vector(self.normal)
        axis = ufl.outer(m, m)
        return self.within(x) * (ufl.Identity(3) - axis) + self.across(x) * axis
