"""Energy of a film that is far thinner than its neighbours and follows their strain along the interface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ufl

__all__ = ["Membrane"]


@dataclass(frozen=True)
class Membrane:
    """An isotropic film: what it carries along the interface; across, it passes on the pressure of its neighbours.

    Per volume, psi = E / (2 (1 - nu^2)) ((1 - nu) e:e + nu (tr e)^2) with e the strain along the interface less the
    misfit, the same in both directions (plane stress across the film, as for Stoney's film: Freund & Suresh, Thin Film
    Materials, 2003, section 2.1). The stress of a film that is held is -E misfit / (1 - nu).

    Attributes:
        young: E in Pa. poisson: nu.
        misfit: strain along the interface at which the film is without stress, from the beginning on; positive: it
            wants to be longer than its neighbours, and is pressed.
    """

    young: Any
    poisson: Any
    misfit: Any

    def __post_init__(self) -> None:
        if isinstance(self.young, float) and not self.young > 0:
            raise ValueError(f"the modulus of a film must be positive, got {self.young}")
        if isinstance(self.poisson, float) and not -1 < self.poisson < 0.5:
            raise ValueError(f"Poisson's ratio of a film must lie in -1 < nu < 0.5, got {self.poisson}")

    def density(self, strain: Any) -> Any:
        """psi in J/m^3 at a (3, 3) strain along the interface less the misfit."""
        plane = self.young / (2 * (1 - self.poisson**2))
        return plane * ((1 - self.poisson) * ufl.inner(strain, strain) + self.poisson * ufl.tr(strain) ** 2)
