"""Patches of a film on balls and in a plane: random places, a given coverage, a given size."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meshes.problems import Problem, length_problem
from meshes.random.arithmetic import generator
from meshes.random.directions import unit_vectors

__all__ = ["Caps", "Patches", "caps_on_ball"]

Floats = npt.NDArray[np.float64]
_TRIALS = 300
#: Above this coverage the bare spots are placed instead of the patches.
_HALF = 0.5


@dataclass(frozen=True)
class Patches:
    """A film that covers a part of its surface.

    Attributes:
        coverage: covered part of the surface, 0 to 1.
        size: radius of a patch along the surface, metres (of a bare spot, where more than half is covered).
        seed: of the places.
        marked: no film is grown: what the patches cover is called ``a|b:film``.
    """

    coverage: float
    size: float
    seed: int = 0
    marked: bool = False

    @property
    def inverted(self) -> bool:
        """True where bare spots are placed in a film."""
        return self.coverage > _HALF

    @property
    def part(self) -> float:
        """Part of the surface that the spots take that are placed."""
        return 1 - self.coverage if self.inverted else self.coverage

    def problems(self) -> list[Problem]:
        """What is wrong with it."""
        found = length_problem("size", self.size)
        c = self.coverage
        if isinstance(c, bool) or not isinstance(c, int | float) or not 0.01 <= c <= 0.99:
            found.append(
                Problem("coverage", repr(c), "must lie between 0.01 and 0.99 (a closed film needs no patches)")
            )
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            found.append(Problem("seed", repr(self.seed), "must be a whole number, not negative"))
        return found


@dataclass(frozen=True)
class Caps:
    """Spots on the unit ball (circle): `directions` (n, d) of their middles and the cosine of their radius."""

    directions: Floats
    cosine: float

    def level(self, u: Floats) -> Floats:
        """Cosine of the angle from the nearest middle (m,) at unit vectors `u` (m, d), above that of the radius."""
        return np.asarray((u @ self.directions.T).max(axis=1) - self.cosine)

    def border(self, steps: int) -> Floats:
        """Unit vectors (m, d) on the borders of the spots, `steps` on each (2-D: both ends)."""
        d = self.directions.shape[1]
        sine = math.sqrt(max(0.0, 1 - self.cosine**2))
        if d == 2:
            across = self.directions[:, ::-1] * [-1, 1]
            return np.concatenate([self.cosine * self.directions + s * sine * across for s in (-1, 1)])
        helper = np.eye(3)[np.abs(self.directions).argmin(axis=1)]
        first = np.cross(self.directions, helper)
        first /= np.linalg.norm(first, axis=1)[:, None]
        second = np.cross(self.directions, first)
        angle = 2 * np.pi * np.arange(steps) / steps
        ring = np.cos(angle)[:, None, None] * first + np.sin(angle)[:, None, None] * second
        return np.asarray((self.cosine * self.directions + sine * ring).reshape(-1, 3))


def caps_on_ball(patches: Patches, radius: float, dimension: int, number: int) -> Caps:
    """The spots on ball `number` of `radius` metres; they do not overlap, as far as they can avoid it."""
    angle = min(patches.size / radius, 0.5 * math.pi)
    one = angle / math.pi if dimension == 2 else 0.5 * (1 - math.cos(angle))
    count = max(1, round(patches.part / one))
    cosine = math.cos(math.pi * patches.part / count) if dimension == 2 else 1 - 2 * patches.part / count
    rng = generator(patches.seed, "patches", number)
    apart = min(1.0, max(-1.0, 2 * cosine * cosine - 1))  # cosine of twice the radius
    placed: Floats = np.zeros((0, dimension))
    for _ in range(count):
        limit = apart
        while True:
            trials = unit_vectors(rng, _TRIALS, dimension)
            free = np.ones(len(trials), dtype=bool) if not len(placed) else (trials @ placed.T).max(axis=1) <= limit
            if free.any():
                placed = np.concatenate([placed, trials[free.argmax()][None]])
                break
            limit = 1 - 0.8 * (1 - limit)  # jammed: a little closer
    return Caps(placed, cosine)
