"""Free energy of lithium with voids as a phase: an order parameter xi, 1 in lithium and 0 in a void.

The surface is spread over a width that the mesh can resolve; what it costs per area is given. Vacancies of the lattice
are an ideal solution on its sites. The density that drives both is that of the grand potential in lithium,

    phi = w xi^2 (1 - xi)^2 + kappa/2 |grad xi|^2 + (R T / Omega) h(xi) P(u),   P = ln(x / x0),

where x is the site fraction of vacancies, x0 that in equilibrium with a flat surface, and R T u = -mu the chemical
potential of lithium relative to the bulk metal with its sign changed: u = ln(x (1 - x0) / ((1 - x) x0)). Its derivative
by xi is the term h'(xi) ln(x / x0) of Zhao, Wang & Martinez-Paneda, J. Mech. Phys. Solids 167 (2022) 104999 (theta =
1 - x there), and its derivative by R T u the lithium per volume, h (1 - x) / Omega: one density, so that both belong
together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import ufl

from fem.constants import GAS

__all__ = ["DoubleWell", "LatticeVacancies", "Wetting", "solid"]

SPAN = math.log(81.0)
"""From 10 % to 90 % of the profile 1 / (1 + exp(-s))."""


def solid(phase: Any) -> Any:
    """h = xi^3 (10 - 15 xi + 6 xi^2), the share of the volume that is lithium.

    Level to second order at both ends: supersaturation moves neither bulk value, so that all vacancies beyond those of
    the lattice are in voids. (xi^2 (xi^2 - 3 xi + 3), used elsewhere, has a slope at 1: 1 % of the lithium would become
    void at a pressure of w / 50.)
    """
    return phase**3 * (10 - 15 * phase + 6 * phase**2)


@dataclass(frozen=True)
class DoubleWell:
    """Surface between lithium and void, w xi^2 (1 - xi)^2 + kappa/2 |grad xi|^2.

    Attributes:
        barrier: w in J/m^3.
        gradient: kappa in J/m.
    """

    barrier: Any
    gradient: Any

    @classmethod
    def from_surface(cls, surface_energy: float, width: float) -> DoubleWell:
        """Of a flat surface with an energy in J/m^2 and a width (10 to 90 % of xi) in m.

        Raises:
            ValueError: one of them is not positive.
        """
        for name, value in (("surface_energy", surface_energy), ("width", width)):
            if not value > 0:
                raise ValueError(f"{name} must be positive, got {value}")
        return cls(3 * surface_energy * SPAN / width, 6 * surface_energy * width / SPAN)

    @property
    def surface_energy(self) -> float:
        """sqrt(kappa w / 18) in J/m^2."""
        return math.sqrt(float(self.gradient) * float(self.barrier) / 18)

    @property
    def length(self) -> float:
        """sqrt(kappa / (2 w)) in m: the profile across a flat surface is 1 / (1 + exp(-s / length))."""
        return math.sqrt(float(self.gradient) / (2 * float(self.barrier)))

    @property
    def width(self) -> float:
        """From 10 % to 90 % of xi, m."""
        return SPAN * self.length

    def density(self, phase: Any, slope: Any) -> Any:
        """J/m^3 at an order parameter and its gradient in 1/m."""
        return self.barrier * phase**2 * (1 - phase) ** 2 + self.gradient / 2 * ufl.inner(slope, slope)


@dataclass(frozen=True)
class LatticeVacancies:
    """Vacancies as an ideal solution on the sites of the lattice.

    Attributes:
        molar_volume: Omega of lithium, m^3/mol.
        fraction: x0, site fraction of vacancies in equilibrium with a flat surface.
    """

    molar_volume: Any
    fraction: Any

    def __post_init__(self) -> None:
        if isinstance(self.fraction, int | float) and not 0 < self.fraction < 1:
            raise ValueError(f"fraction must lie between 0 and 1, got {self.fraction}")

    def _sum(self, excess: Any) -> Any:
        """(1 - x0) / (1 - x)."""
        return 1 + self.fraction * (ufl.exp(excess) - 1)

    def share(self, excess: Any) -> Any:
        """x, the site fraction of vacancies at u."""
        return self.fraction * ufl.exp(excess) / self._sum(excess)

    def grand_density(self, phase: Any, excess: Any, temperature: float) -> Any:
        """(R T / Omega) h P(u) in J/m^3 (UFL)."""
        return GAS * temperature / self.molar_volume * solid(phase) * (excess - ufl.ln(self._sum(excess)))

    def occupancy(self, phase: Any, excess: Any) -> Any:
        """Lithium per site of a full lattice, h (1 - x): derivative of the grand potential by R T u, times Omega."""
        variable = ufl.variable(excess)
        thermal = GAS / self.molar_volume  # the temperature cancels
        return ufl.diff(self.grand_density(phase, variable, 1.0), variable) / thermal

    def density(self, phase: Any, excess: Any, temperature: float) -> Any:
        """Helmholtz energy of the lattice, (R T h / Omega) (x ln(x / x0) + (1 - x) ln((1 - x) / (1 - x0))), J/m^3."""
        # the Legendre transform of the grand potential: mu = -R T u, and lithium per volume h (1 - x) / Omega
        bound = GAS * temperature / self.molar_volume * excess * self.occupancy(phase, excess)
        return self.grand_density(phase, excess, temperature) - bound


@dataclass(frozen=True)
class Wetting:
    """What an electrolyte prefers to touch: energy of its interface by the order parameter there.

    gamma_lithium - gamma_void = -gamma cos(angle) (Young), spread as 3 xi^2 - 2 xi^3: the profile across a surface then
    keeps its shape and meets the electrolyte at this angle.

    Attributes:
        surface_energy: gamma of lithium in J/m^2.
        cosine: of the contact angle, measured in lithium; 0 at 90 degrees, 1 where lithium spreads.
    """

    surface_energy: Any
    cosine: Any

    def density(self, phase: Any) -> Any:
        """J/m^2 at an order parameter."""
        return -self.surface_energy * self.cosine * phase**2 * (3 - 2 * phase)
