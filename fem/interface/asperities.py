"""Real area of contact of rough surfaces over the nominal one, by the local pressure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import ufl

__all__ = ["Asperities", "ElasticAsperities", "PlasticAsperities"]


class Asperities(Protocol):
    """A law of real contact."""

    def share(self, pressure: Any) -> Any:
        """Real area over nominal area at a pressure in Pa (UFL), 0 to 1."""
        ...


@dataclass(frozen=True)
class PlasticAsperities:
    """A/A0 = P/H, at most 1 (Bowden and Tabor, The Friction and Lubrication of Solids, 1950).

    Attributes:
        hardness: H in Pa, about three times the yield stress.
    """

    hardness: float

    def __post_init__(self) -> None:
        if not self.hardness > 0:
            raise ValueError(f"hardness must be positive, got {self.hardness}")

    def share(self, pressure: Any) -> Any:
        """Real area over nominal area."""
        return ufl.max_value(0.0, ufl.min_value(1.0, pressure / self.hardness))


@dataclass(frozen=True)
class ElasticAsperities:
    """A/A0 = erf(sqrt(2) P / (E* h')) (Persson, J. Chem. Phys. 115 (2001) 3840).

    Attributes:
        modulus: E* = 1 / ((1 - nu1^2)/E1 + (1 - nu2^2)/E2) in Pa.
        slope: root mean square slope h' of the rough surface.
    """

    modulus: float
    slope: float

    def __post_init__(self) -> None:
        if not (self.modulus > 0 and self.slope > 0):
            raise ValueError(f"modulus and slope must be positive, got {self.modulus} and {self.slope}")

    def share(self, pressure: Any) -> Any:
        """Real area over nominal area."""
        return ufl.erf(ufl.sqrt(2.0) * ufl.max_value(0.0, pressure) / (self.modulus * self.slope))
