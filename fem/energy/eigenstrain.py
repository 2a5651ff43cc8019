"""Stress-free strains that do not follow a concentration: given ones, along crystals, of heat.

They are subtracted from the strain before the elastic energy is taken (Mura, Micromechanics of Defects in Solids);
those that follow the lithium of a host are in `fem.energy.swelling`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ufl

__all__ = ["AxialStrain", "ThermalExpansion", "axial", "given_strain", "stress_free_strain"]


def axial(within: Any, across: Any, axes: Any) -> Any:
    """(3, 3) strain eps_a (I - m m) + eps_c m m of a layered crystal, m its c axis.

    Args:
        within, across: eps_a and eps_c, numbers or UFL scalars.
        axes: (3, 3) rotation from crystal to model axes as UFL.
    """
    m = ufl.as_vector([axes[i, 2] for i in range(3)])
    normal = ufl.outer(m, m)
    return within * (ufl.Identity(3) - normal) + across * normal


@dataclass(frozen=True)
class AxialStrain:
    """A given strain within the layers of a crystal and another one across them.

    Attributes:
        within, across: strains, positive on expansion.
        axes: `fem.orientations.CrystalAxes`.
    """

    within: Any
    across: Any
    axes: Any

    def tensor(self) -> Any:
        """(3, 3) strain; the axes must have been realised on a region."""
        return axial(self.within, self.across, self.axes)


@dataclass(frozen=True)
class ThermalExpansion:
    """alpha (T - T0), the same in all directions.

    Attributes:
        coefficient: alpha in 1/K.
        change: T - T0 in K, from the temperature at which nothing was strained.
    """

    coefficient: Any
    change: Any

    def tensor(self) -> Any:
        """(3, 3) strain."""
        return self.coefficient * self.change * ufl.Identity(3)


def given_strain(value: Any) -> Any:
    """(3, 3) strain of what is given: an isotropic number, nested tuples, or something with a `tensor`."""
    if hasattr(value, "tensor"):
        return value.tensor()
    if isinstance(value, tuple | list):
        return ufl.as_matrix([list(row) for row in value])
    return value * ufl.Identity(3)


def stress_free_strain(term: Any, concentration: Any = None) -> Any:
    """(3, 3) sum of the `eigenstrain`, `thermal` and `swelling` of an elastic energy, as UFL.

    Args:
        term: `fem.energy.elastic.Elastic`, or one of crystals.
        concentration: mol/m^3, at which the swelling is taken; None: without it.
    """
    free = given_strain(term.eigenstrain)
    if term.thermal is not None:
        free = free + term.thermal.tensor()
    if term.swelling is None or concentration is None:
        return free
    return free + term.swelling.strain(concentration)
