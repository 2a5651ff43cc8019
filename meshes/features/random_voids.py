"""Voids of one shape at random places of an interface, of one size or a distribution of sizes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from meshes.features.base import Floats
from meshes.features.pattern import MOST_VOIDS, Pattern, repeat
from meshes.features.placement import place_across_sides, place_discs, place_strips, place_unequal_strips
from meshes.features.void import Void
from meshes.problems import MeshError, Problem, fraction_problem, number_text, rescaling_problem, seed_problem
from meshes.random.arithmetic import lists
from meshes.random.arithmetic import power as power_of
from meshes.random.packing import Bodies, pack
from meshes.random.sizes import EQUAL, SizeDistribution, draw_radii, number_of_bodies

if TYPE_CHECKING:
    from meshes.stack import Stack

__all__ = ["RandomVoids"]


@dataclass(frozen=True)
class RandomVoids(Pattern):
    """Voids at random places that together take a fraction of the interface, or of the layers, away.

    A whole number of voids meets the fraction exactly because radius and depth of all are multiplied by one
    common factor near 1 (`factor`). Sizes and places follow from `seed` alone, the same on every machine and
    number of ranks. No void touches a lateral side, unless it is periodic: then voids lie across it.

    Attributes:
        void: the one that is repeated (without a position); its radius is the mean of the distribution, its
            depth grows with its radius.
        area_fraction: of the interface that is lost, 0 to about 0.7 (2-D: fraction of the width); or
        volume_fraction: of the layer, or both layers, that the voids reach into (2-D: of its area).
        seed: of sizes and places.
        minimum_distance: between the edges of two voids, and to the lateral sides, metres; default: a tenth
            of the mean radius.
        sizes: distribution of the radii.
        name: for messages.
    """

    void: Void
    area_fraction: float | None = None
    seed: int = 0
    minimum_distance: float | None = None
    name: str = "voids"
    volume_fraction: float | None = None
    sizes: SizeDistribution = EQUAL

    def number(self, stack: Stack) -> int:
        """Number of voids."""
        unit, power, total = self._content(stack)
        if self.sizes.kind == "constant":
            return max(1, round(total / (unit * self.void.radius**power)))
        return number_of_bodies(self.void.radius, self.sizes, power, unit, total)

    def factor(self, stack: Stack) -> float:
        """What radius and depth are multiplied by, so that the fraction is met exactly."""
        return self._radii(stack)[1]

    def expand(self, stack: Stack) -> tuple[Void, ...]:
        """All voids, in the order in which they were placed.

        Raises:
            MeshError: they do not fit at this fraction and distance.
        """
        if stack.dimension not in ("2", "3"):
            raise MeshError(f"{self.name}: only interfaces of models in 2 and 3 dimensions have room for many voids")
        radii, factor = self._radii(stack)
        gap = 0.1 * factor * self.void.radius if self.minimum_distance is None else float(self.minimum_distance)
        place = place_across_sides if stack.laterally_periodic else _places
        places = place(stack.lateral, tuple(lists(radii)), gap, self.seed)
        if places is None:
            raise MeshError(
                f"{self.name}: {len(radii)} voids of radius {number_text(factor * self.void.radius)} do not fit on "
                f"{self.at} at a distance of {number_text(gap)}: lower {self._key} or minimum_distance"
            )
        return repeat(self.void, places, self.name, np.asarray(radii / self.void.radius, dtype=np.float64))

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it in this stack."""
        found = self.template_problems(stack)
        if (self.area_fraction is None) == (self.volume_fraction is None):
            text = "give either an area_fraction or a volume_fraction"
            return [*found, Problem("area_fraction", repr(self.area_fraction), text)]
        fraction = getattr(self, self._key)
        found += fraction_problem(self._key, fraction)
        found += seed_problem(self.seed)
        distance = self.minimum_distance
        if distance is not None and (not isinstance(distance, int | float) or not 0 <= distance < math.inf):
            found.append(Problem("minimum_distance", repr(distance), "must be a length in metres"))
        found += [p.under("sizes") for p in self.sizes.problems()]
        return found or self._placing_problems(stack, float(fraction))

    def _placing_problems(self, stack: Stack, fraction: float) -> list[Problem]:
        number = self.number(stack)
        if number > MOST_VOIDS:
            return [Problem(self._key, number_text(fraction), f"needs {number} voids, more than {MOST_VOIDS}")]
        wrong = rescaling_problem(self._key, fraction, "voids", number, self.factor(stack), "the width or the radius")
        if wrong:
            return wrong
        try:
            voids = self.expand(stack)
        except MeshError as error:
            return [Problem(self._key, number_text(fraction), str(error))]
        # the largest is the deepest
        return [p.under("void") for p in max(voids, key=lambda v: v.radius).depth_problems(stack)]

    @property
    def _key(self) -> str:
        return "area_fraction" if self.volume_fraction is None else "volume_fraction"

    def _radii(self, stack: Stack) -> tuple[Floats, float]:
        unit, power, total = self._content(stack)
        if self.sizes.kind == "constant":
            number = self.number(stack)
            ratio = total / (number * unit * self.void.radius**power)
            factor = (
                ratio
                if power == 1
                else math.sqrt(ratio)
                if power == 2
                else float(power_of(np.array([ratio]), 1 / 3)[0])
            )
            return np.full(number, factor * self.void.radius), factor
        return draw_radii(self.void.radius, self.sizes, power, unit, total, self.seed)

    def _content(self, stack: Stack) -> tuple[float, int, float]:
        """A void of radius r takes ``unit * r^power`` of the `total` that all of them take."""
        width = math.prod(stack.lateral)
        if self.volume_fraction is None:
            assert self.area_fraction is not None
            unit, power = (2.0, 1) if stack.dimension == "2" else (math.pi, 2)
            return unit, power, self.area_fraction * width
        power = stack.gdim
        reached = zip(self.at.split("|"), self.void.sides(stack), strict=True)
        room = sum(stack.layer(name).thickness for name, depth in reached if depth > 0)
        return self.void.content(stack) / self.void.radius**power, power, self.volume_fraction * width * room


@lru_cache(maxsize=32)
def _places(lateral: tuple[float, ...], radii: tuple[float, ...], gap: float, seed: int) -> Floats | None:
    if len(lateral) == 2:
        if min(radii) == max(radii):
            return place_discs(lateral, len(radii), radii[0], gap, seed)
        return pack(lateral, Bodies(np.array(radii)), gap, seed)
    if min(radii) == max(radii):
        return place_strips(lateral[0], len(radii), radii[0], gap, seed)
    return place_unequal_strips(lateral[0], radii, gap, seed)
