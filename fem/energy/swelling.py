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

from fem.energy.eigenstrain import axial


class StressFreeStrain(Protocol):
    """A strain that the concentration of lithium causes without stress."""

    @property
    def drives(self) -> bool:
        """Whether the stress in turn drives lithium, and shifts the potential of its host."""
        ...

    def strain(self, concentration: Any) -> Any:
        """(3, 3) strain as UFL at a concentration in mol/m^3."""
        ...


@dataclass(frozen=True)
class Swelling:
    """The same in all directions: Omega (c - c0) / 3.

    Attributes:
        partial_molar_volume: Omega in m^3/mol.
        reference: c0 in mol/m^3, where the host has no stress-free strain.
        drives: whether stress drives lithium; without it, lithium makes stress and notices none of it.
    """

    partial_molar_volume: Any
    reference: Any
    drives: bool = True

    def strain(self, concentration: Any) -> Any:
        """(3, 3) strain."""
        return self.partial_molar_volume * (concentration - self.reference) / 3 * ufl.Identity(3)


@dataclass(frozen=True)
class LatticeSwelling:
    """A layered oxide, whose lattice parameters are functions of the stoichiometry x = c / c_max.

    eps = eps_a (I - m m) + eps_c m m with the c axis m, eps_a = a(x) / a0 - 1 and eps_c = c(x) / c0 - 1; without axes
    the mean (2 eps_a + eps_c) / 3 in all directions, as of many grains that are not resolved.

    Attributes:
        a, c: lattice parameters as functions of x (UFL in, UFL out; number in, number out).
        maximum: c_max in mol/m^3.
        a0, c0: those of the host without stress-free strain.
        axes: `fem.orientations.CrystalAxes`, or None.
        drives: whether stress drives lithium.
    """

    a: Callable[[Any], Any]
    c: Callable[[Any], Any]
    maximum: Any
    a0: Any
    c0: Any
    axes: Any = None
    drives: bool = True

    @classmethod
    def since(
        cls,
        lattice: tuple[Callable[[Any], Any], Callable[[Any], Any]],
        maximum: float,
        stoichiometry: float,
        axes: Any = None,
        drives: bool = True,
    ) -> LatticeSwelling:
        """The strain since the host had a stoichiometry; `lattice`: a and c as functions of it."""
        a, c = lattice
        return cls(a, c, maximum, float(a(stoichiometry)), float(c(stoichiometry)), axes, drives)

    def along(self, stoichiometry: Any) -> tuple[Any, Any]:
        """(eps_a, eps_c) at a stoichiometry, a number or UFL."""
        return self.a(stoichiometry) / self.a0 - 1, self.c(stoichiometry) / self.c0 - 1

    def strain(self, concentration: Any) -> Any:
        """(3, 3) strain."""
        within, across = self.along(concentration / self.maximum)
        return (2 * within + across) / 3 * ufl.Identity(3) if self.axes is None else axial(within, across, self.axes)
