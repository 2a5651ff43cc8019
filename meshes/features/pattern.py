"""Many voids of one kind: a periodic array, or random places with a given area fraction and a seed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from meshes.features.base import CLEARANCE, EdgeSide, FeatureDefaults, Floats, Opening, edge_samples
from meshes.features.placement import place_discs, place_strips
from meshes.features.void import Void
from meshes.problems import MeshError, Problem, number_text

if TYPE_CHECKING:
    from meshes.build import LayeredModel
    from meshes.stack import Stack

__all__ = ["RandomVoids", "VoidArray"]

#: Most that the radius of random voids may change to meet the area fraction with a whole number of them.
_LARGEST_RESCALING = 0.25
_MOST_VOIDS = 100_000


class _Pattern(FeatureDefaults):
    """What array and random voids share: everything follows from `expand`."""

    void: Void
    name: str

    def expand(self, stack: Stack) -> tuple[Void, ...]:
        raise NotImplementedError

    @property
    def at(self) -> str:
        """Interface ``lower|upper``."""
        return self.void.at

    def openings(self, stack: Stack) -> tuple[Opening, ...]:
        """Footprints of all voids."""
        return tuple(part for void in self.expand(stack) for part in void.openings(stack))

    def facet_names(self, stack: Stack) -> tuple[str, ...]:
        """Surfaces of the voids towards the layers on both sides."""
        return self.void.facet_names(stack)

    def cut(self, model: LayeredModel) -> None:
        """Take all voids out of the layers that they reach into."""
        for void in self.expand(model.stack):
            void.cut(model)

    def contact_edge_samples(self, stack: Stack, distance: float, side: EdgeSide = "contact") -> Floats:
        """Points (n, gdim) on the interface, `distance` (metres) outside of the edges of all voids."""
        return edge_samples(stack, self.openings(stack), distance, side)

    def _template_problems(self, stack: Stack) -> list[Problem]:
        """Problems of the void that is repeated, its place left aside."""
        if stack.dimension == "axisymmetric":
            message = "an axisymmetric model has one void, on the axis: use dimension 2 or 3 for many"
            return [Problem("", self.name, message)]
        if self.void.position is not None:
            text = str(self.void.position)
            return [Problem("void.position", text, "the pattern chooses the places: leave this out")]
        return [p.under("void") for p in self.void.problems(stack)]


@dataclass(frozen=True)
class VoidArray(_Pattern):
    """Voids in a regular array, each in the middle of its cell.

    Attributes:
        void: the one that is repeated (without a position).
        count: number along the width, and in 3-D along the depth; or
        spacing: distance between centres, metres (one for all directions, or one each); as many as fit,
            centred in the model.
        name: for messages.
    """

    void: Void
    count: tuple[int, ...] | int | None = None
    spacing: tuple[float, ...] | float | None = None
    name: str = "voids"

    def grid(self, stack: Stack) -> tuple[tuple[int, float, float], ...]:
        """Per lateral direction: number of voids, first centre and distance of centres in metres."""
        lateral = stack.lateral
        if self.count is not None:
            counts = self.count if isinstance(self.count, tuple | list) else (self.count,) * len(lateral)
            return tuple((int(n), 0.5 * s / n, s / n) for n, s in zip(counts, lateral, strict=True))
        given = self.spacing
        steps = given if isinstance(given, tuple | list) else (given,) * len(lateral)
        found = []
        for step, size in zip(steps, lateral, strict=True):
            assert step is not None
            n = max(1, math.floor(size / step * (1 + 1e-9)))
            found.append((n, 0.5 * (size - (n - 1) * step), float(step)))
        return tuple(found)

    def expand(self, stack: Stack) -> tuple[Void, ...]:
        """All voids, in the order of their centres."""
        axes = [first + step * np.arange(n) for n, first, step in self.grid(stack)]
        centres = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
        return _repeat(self.void, centres, self.name, 1.0)

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it in this stack."""
        found = self._template_problems(stack)
        lateral = len(stack.lateral)
        if (self.count is None) == (self.spacing is None):
            return [*found, Problem("count", repr(self.count), "give either a count or a spacing")]
        key = "count" if self.count is not None else "spacing"
        given = getattr(self, key)
        values: tuple[Any, ...] = tuple(given) if isinstance(given, tuple | list) else (given,) * lateral
        kind: Any = int if key == "count" else (int, float)
        if len(values) != lateral:
            message = f"one number per lateral direction is needed: {lateral}"
            return [*found, Problem(key, repr(given), message)]
        wrong = any(isinstance(v, bool) or not isinstance(v, kind) or not 0 < v < math.inf for v in values)
        if wrong:
            what = "whole positive numbers" if key == "count" else "positive lengths in metres"
            return [*found, Problem(key, repr(given), f"must be {what}")]
        if found:
            return found
        number = math.prod(n for n, _, _ in self.grid(stack))
        if number > _MOST_VOIDS:
            return [Problem(key, repr(given), f"{number} voids are more than {_MOST_VOIDS}")]
        for (n, first, step), size, axis in zip(self.grid(stack), stack.lateral, ("width", "depth"), strict=False):
            room = CLEARANCE * self.void.radius
            if n > 1 and step < 2 * self.void.radius + room:
                message = f"the voids overlap along the {axis}: centres are {number_text(float(step))} apart"
                found.append(Problem("void.radius", number_text(self.void.radius), message))
            elif first - self.void.radius < room or size - first - step * (n - 1) - self.void.radius < room:
                message = f"the outer voids leave the {axis} ({number_text(size)})"
                found.append(Problem("void.radius", number_text(self.void.radius), message))
        return found


@dataclass(frozen=True)
class RandomVoids(_Pattern):
    """Voids at random places that together take away `area_fraction` of the interface.

    A whole number of voids meets the fraction exactly because radius and depth of all are multiplied by one
    common factor near 1 (`factor`). The places follow from `seed` alone: PCG64 and comparisons of doubles,
    the same on every machine and number of ranks. No void touches a lateral side.

    Attributes:
        void: the one that is repeated (without a position); its radius is nominal.
        area_fraction: of the interface that is lost, 0 to about 0.7 (2-D: fraction of the width).
        seed: of the places.
        minimum_distance: between the edges of two voids, and to the lateral sides, metres; default: a tenth
            of the radius.
        name: for messages.
    """

    void: Void
    area_fraction: float
    seed: int = 0
    minimum_distance: float | None = None
    name: str = "voids"

    def number(self, stack: Stack) -> int:
        """Number of voids."""
        return max(1, round(self.area_fraction * self._area(stack) / self._footprint(stack)))

    def factor(self, stack: Stack) -> float:
        """What radius and depth are multiplied by, so that the area fraction is met exactly."""
        ratio = self.area_fraction * self._area(stack) / (self.number(stack) * self._footprint(stack))
        return ratio if stack.dimension == "2" else math.sqrt(ratio)

    def expand(self, stack: Stack) -> tuple[Void, ...]:
        """All voids, in the order in which they were placed.

        Raises:
            MeshError: they do not fit at this fraction and distance.
        """
        factor = self.factor(stack)
        radius = factor * self.void.radius
        gap = 0.1 * radius if self.minimum_distance is None else float(self.minimum_distance)
        if stack.dimension == "2":
            places = place_strips(stack.lateral[0], self.number(stack), radius, gap, self.seed)
        else:
            places = place_discs(stack.lateral, self.number(stack), radius, gap, self.seed)
        if places is None:
            raise MeshError(
                f"{self.name}: {self.number(stack)} voids of radius {number_text(radius)} do not fit on "
                f"{self.at} at a distance of {number_text(gap)}: lower area_fraction or minimum_distance"
            )
        return _repeat(self.void, places, self.name, factor)

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it in this stack."""
        found = self._template_problems(stack)
        fraction = self.area_fraction
        if isinstance(fraction, bool) or not isinstance(fraction, int | float) or not 0 < fraction < 1:
            found.append(Problem("area_fraction", repr(fraction), "must lie between 0 and 1"))
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            found.append(Problem("seed", repr(self.seed), "must be a whole number, not negative"))
        distance = self.minimum_distance
        if distance is not None and (not isinstance(distance, int | float) or not 0 <= distance < math.inf):
            found.append(Problem("minimum_distance", repr(distance), "must be a length in metres"))
        if found:
            return found
        if self.number(stack) > _MOST_VOIDS:
            message = f"needs {self.number(stack)} voids, more than {_MOST_VOIDS}"
            return [Problem("area_fraction", number_text(float(fraction)), message)]
        if abs(self.factor(stack) - 1) > _LARGEST_RESCALING:
            message = (
                f"no whole number of voids gives this fraction: {self.number(stack)} would have to be "
                f"{self.factor(stack):.2f} times as large; change the width or the radius"
            )
            return [Problem("area_fraction", number_text(float(fraction)), message)]
        try:
            self.expand(stack)
        except MeshError as error:
            return [Problem("area_fraction", number_text(float(fraction)), str(error))]
        return found

    def _area(self, stack: Stack) -> float:
        return math.prod(stack.lateral)

    def _footprint(self, stack: Stack) -> float:
        return 2 * self.void.radius if stack.dimension == "2" else math.pi * self.void.radius**2


def _repeat(void: Void, centres: Floats, name: str, factor: float) -> tuple[Void, ...]:
    depth = None if void.depth is None else factor * void.depth
    return tuple(
        replace(
            void,
            radius=factor * void.radius,
            depth=depth,
            position=tuple(float(c) for c in centre),
            name=f"{name}[{i}]",
        )
        for i, centre in enumerate(centres)
    )
