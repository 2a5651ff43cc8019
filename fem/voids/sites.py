"""Nucleation: flaws of the electrolyte's face that open as voids when vacancies press harder than what holds them shut.

A site is a pit or an unwetted patch of given radius a, full of lithium at first. The vacancies there, in excess of
those at the sinks (which are under the stack pressure P), press with (R T / Omega) ln(c / c_eq); a void that spans the
mouth with the angle theta bulges with the radius a / sin(theta). It opens when

    (R T / Omega) ln(c / c_eq) - P > gamma kappa,   kappa = 2 sin(theta) / a round the axis, sin(theta) / a elsewhere,

the condition of Gibbs for a nucleus that neither grows nor dissolves. c / c_eq is 1 + w / D* of `fem.voids.vacancies`:
a void that opens gains vacancies. Sites are needed: without one a nucleus has to beat 16 pi gamma^3 / (3 p^2), some
4e4 kT at p = 100 MPa.
Source: R. Raj and M. F. Ashby, Acta Metall. 23 (1975) 653 (condition); pre-existing flaws as sites: model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fem.constants import GAS
from fem.errors import ModelError
from fem.voids.outline import CONTACT, Cell

Floats = npt.NDArray[np.float64]

__all__ = ["Site", "vacancy_pressure"]

#: A site opens only where the lithium reaches this share of its radius beyond its mouth.
_ROOM = 0.25


@dataclass(frozen=True)
class Site:
    """A flaw of the electrolyte's face.

    Attributes:
        place: of its middle along the electrolyte, m (round an axis and off it: a groove).
        radius: of its mouth (groove: half its width), m.
        angle: of the void that opens, through the void, degrees above 25, at most 90 (half a ball).
    """

    place: float
    radius: float
    angle: float = 90.0

    def __post_init__(self) -> None:
        if not self.radius > 0:
            raise ModelError(f"radius of a site must be positive, got {self.radius}")
        if not 25.0 < self.angle <= 90.0:
            raise ModelError(f"angle of a site must be above 25 and at most 90 degrees, got {self.angle}")
        if not self.place >= 0:
            raise ModelError(f"place of a site must not be negative, got {self.place}")

    def _at(self, place: float, width: float) -> bool:
        return abs(self.place - place) <= 1e-9 * width

    def barrier(self, cell: Cell, surface_energy: float) -> float:
        """gamma kappa, Pa."""
        curvatures = 2 if cell.axisymmetric and self._at(0.0, cell.contact_width) else 1
        return curvatures * surface_energy * math.sin(math.radians(self.angle)) / self.radius

    def arc(self, cell: Cell, edges: int) -> Floats:
        """(edges + 1, 2) points of the newborn void, clockwise; cut by a plane of symmetry where the site lies on one.

        Raises:
            ModelError: the site reaches beyond the electrolyte without its middle lying on an end of it.
        """
        start, end = next(wall for wall in cell.walls if wall.name == CONTACT).points[[0, -1]]
        width = float(end[0] - start[0])
        angle = math.radians(self.angle)
        first, last = -angle, angle
        if self._at(0.0, width):
            first = 0.0
        elif self._at(width, width):
            last = 0.0
        if not (first == 0.0 or self.place > self.radius) or not (last == 0.0 or self.place < width - self.radius):
            raise ModelError(
                f"a site at {self.place:.4g} m with radius {self.radius:.4g} m does not fit on {width:.4g} m of "
                "electrolyte (its middle may lie on an end)"
            )
        turns = np.linspace(first, last, edges + 1)
        curved = self.radius / math.sin(angle)
        made = start + [self.place, 0.0] + curved * np.column_stack([np.sin(turns), np.cos(turns) - math.cos(angle)])
        for place, turn, corner in ((0, first, start), (-1, last, end)):
            if turn == 0.0:
                made[place, 0] = corner[0]
            else:
                made[place, 1] = start[1]
        return np.asarray(made)

    def free(self, borders: Sequence[float], width: float) -> bool:
        """Is there lithium on the whole mouth and round it?

        Args:
            borders: places where contact begins, ends, begins, and so on, m. width: of the electrolyte, m.
        """
        reach = (1 + _ROOM) * self.radius
        for begin, end in zip(borders[::2], borders[1::2], strict=True):
            left = (begin == 0.0 and self._at(0.0, width)) or self.place - reach > begin
            right = (end == width and self._at(width, width)) or self.place + reach < end
            if left and right:
                return True
        return False


def vacancy_pressure(excess: Any, self_diffusivity: float, molar_volume: float, temperature: float) -> Any:
    """(R T / Omega) ln(1 + w / D*), Pa, from w in m^2/s; where there are none left, minus infinity."""
    with np.errstate(divide="ignore"):
        return GAS * temperature / molar_volume * np.log(np.maximum(1 + excess / self_diffusivity, 0.0))
