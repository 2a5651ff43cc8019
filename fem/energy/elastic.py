"""Isotropic linear elasticity with an eigenstrain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ufl

from fem.energy.eigenstrain import stress_free_strain
from fem.energy.swelling import StressFreeStrain
from fem.terms import State


@dataclass(frozen=True)
class Elastic:
    """psi = lambda/2 tr(e)^2 + mu e:e with e = strain - eigenstrain.

    Source: any text on elasticity; the eigenstrain after Mura, Micromechanics of Defects in Solids.

    Attributes:
        young_modulus: Pa, positive; or graded (`fem.values.Graded`).
        poisson_ratio: between -1 and 0.5, exclusive; or graded.
        eigenstrain: stress-free linear strain, isotropic (a number), a (3, 3) nested tuple, or one along the axes of
            crystals (`fem.energy.eigenstrain.AxialStrain`); positive on expansion.
        swelling: the part that follows the concentration of lithium.
        thermal: the part that follows the temperature (`fem.energy.eigenstrain.ThermalExpansion`).
    """

    young_modulus: Any
    poisson_ratio: Any
    eigenstrain: Any = 0.0
    swelling: StressFreeStrain | None = None
    thermal: Any = None

    def __post_init__(self) -> None:
        if isinstance(self.young_modulus, int | float) and not self.young_modulus > 0:
            raise ValueError(f"young_modulus must be positive, got {self.young_modulus}")
        if isinstance(self.poisson_ratio, int | float) and not -1 < self.poisson_ratio < 0.5:
            raise ValueError(f"poisson_ratio must lie between -1 and 0.5, got {self.poisson_ratio}")

    @property
    def lame(self) -> tuple[Any, Any]:
        """(lambda, mu) in Pa."""
        young, nu = self.young_modulus, self.poisson_ratio
        return young * nu / ((1 + nu) * (1 - 2 * nu)), young / (2 * (1 + nu))

    def stress_free_strain(self, concentration: Any = None) -> Any:
        """(3, 3) eigenstrain as UFL, with the swelling at a concentration in mol/m^3."""
        return stress_free_strain(self, concentration)

    def density(self, state: State) -> Any:
        """Energy density in J/m^3."""
        lam, mu = self.lame
        elastic = state.strain - self.stress_free_strain(state.concentration)
        return 0.5 * lam * ufl.tr(elastic) ** 2 + mu * ufl.inner(elastic, elastic)

    def plane_stress_strain(self, strain: Any, concentration: Any = None) -> Any:
        """The same strain with the out-of-plane component that makes sigma_zz vanish."""
        lam, mu = self.lame
        free = self.stress_free_strain(concentration)
        in_plane = strain[0, 0] - free[0, 0] + strain[1, 1] - free[1, 1]
        thickness = free[2, 2] - lam / (lam + 2 * mu) * in_plane
        return ufl.as_matrix([[strain[0, 0], strain[0, 1], 0], [strain[1, 0], strain[1, 1], 0], [0, 0, thickness]])
