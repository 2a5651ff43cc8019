"""What dissipates where lithium becomes void: relaxation of the order parameter and self-diffusion of lithium."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ufl

from fem.constants import GAS
from fem.energy.phase_field import solid

__all__ = ["AllenCahn", "SelfDiffusion"]


@dataclass(frozen=True)
class AllenCahn:
    """Relaxation towards lower energy, d(xi)/dt = -L dF/d(xi): dissipation potential (d(xi)/dt)^2 / (2 L).

    A flat surface moves with v = (L kappa / gamma) times the pressure on it.

    Attributes:
        mobility: L in m^3/(J s).
    """

    mobility: Any

    def __post_init__(self) -> None:
        if isinstance(self.mobility, int | float) and not self.mobility > 0:
            raise ValueError(f"mobility must be positive, got {self.mobility}")

    def potential(self, rate: Any) -> Any:
        """W/m^3 at a rate in 1/s."""
        return rate**2 / (2 * self.mobility)


@dataclass(frozen=True)
class SelfDiffusion:
    """Lithium that moves through its lattice against the vacancies, N = -(D h / (R T Omega)) grad(mu).

    Attributes:
        diffusivity: D, self-diffusivity of lithium in m^2/s.
        sink_length: m; vacancies vanish in the lattice (at dislocations and grain boundaries that climb) over this
            depth, lambda^2 = D / k; None: nowhere but at surfaces.
        residue: share of the mobility that is left in voids, so that the potential is defined there.
    """

    diffusivity: Any
    sink_length: Any = None
    residue: float = 1e-6

    def __post_init__(self) -> None:
        for name in ("diffusivity", "sink_length"):
            value = getattr(self, name)
            if isinstance(value, int | float) and not value > 0:
                raise ValueError(f"{name} must be positive, got {value}")

    def _mobility(self, phase: Any, molar_volume: Any, temperature: float) -> Any:
        return self.diffusivity * (solid(phase) + self.residue) / (GAS * temperature * molar_volume)

    def potential(self, force: Any, phase: Any, molar_volume: Any, temperature: float) -> Any:
        """Dissipation potential in W/m^3 of the force -grad(mu) in J/(mol m); the flux of lithium is its derivative."""
        return self._mobility(phase, molar_volume, temperature) / 2 * ufl.inner(force, force)

    def absorption(self, drive: Any, phase: Any, molar_volume: Any, temperature: float) -> Any:
        """Dissipation potential in W/m^3 of the drive -mu in J/mol; vacancies that vanish are its derivative."""
        if self.sink_length is None:
            return 0.0 * drive
        share = self._mobility(phase, molar_volume, temperature) / self.sink_length**2
        return share / 2 * drive**2
