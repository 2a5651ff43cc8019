"""Energy of the electric field in a linear dielectric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ufl

#: Permittivity of free space, F/m (CODATA 2018).
VACUUM_PERMITTIVITY = 8.8541878128e-12


@dataclass(frozen=True)
class Dielectric:
    """Electric enthalpy density psi = -eps E.E / 2, so that D = -d(psi)/d(E) = eps E.

    Source: Landau and Lifshitz, Electrodynamics of Continuous Media, section 10.

    Attributes:
        relative_permittivity: eps / eps_0, at least 1; or graded (`fem.values.Graded`).
    """

    relative_permittivity: Any

    def __post_init__(self) -> None:
        given = self.relative_permittivity
        if isinstance(given, int | float) and not given >= 1:
            raise ValueError(f"relative_permittivity must be at least 1, got {given}")

    @property
    def permittivity(self) -> Any:
        """F/m."""
        return VACUUM_PERMITTIVITY * self.relative_permittivity

    def density(self, field: Any) -> Any:
        """Enthalpy density in J/m^3 at the electric field ``field`` in V/m."""
        return -0.5 * self.permittivity * ufl.inner(field, field)
