"""Patterns of electrical contact on an interface: stripes, a frame, spots in an array or at random."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from meshes.features.base import CLEARANCE, FeatureDefaults, Floats, Opening, opening_images
from meshes.features.outline import Outline, Outlined
from meshes.features.placement import place_across_sides, place_discs, place_strips
from meshes.problems import (
    MeshError,
    Problem,
    fraction_problem,
    length_problem,
    number_text,
    rescaling_problem,
    seed_problem,
)

if TYPE_CHECKING:
    from meshes.build import LayeredModel
    from meshes.stack import Stack

__all__ = ["ContactArray", "ContactFrame", "ContactStripes", "RandomContacts"]

_MOST_SPOTS = 100_000


@dataclass(frozen=True)
class ContactStripes(Outlined):
    """Contact of the interface `at` on parallel stripes, each in the middle of its part of the model.

    Attributes:
        at: interface ``lower|upper``; between the stripes it is called ``a|b:gap``.
        count: number of stripes.
        area_fraction: of the interface that is in contact, which the stripes meet exactly.
        along: in 3-D the direction in which the stripes run, ``x`` or ``y``.
        name: for messages.
    """

    at: str
    count: int
    area_fraction: float
    along: Literal["x", "y"] = "y"
    name: str = "stripes"

    def outline(self, stack: Stack) -> Outline:
        """Rectangles (2-D: intervals)."""
        axis = 1 if self.along == "x" and len(stack.lateral) == 2 else 0
        period = stack.lateral[axis] / self.count
        low = (np.arange(self.count) + 0.5 * (1 - self.area_fraction)) * period
        lines = np.column_stack([low, low + self.area_fraction * period]).reshape(-1)
        axes = [np.array([0.0, size]) for size in stack.lateral]
        axes[axis] = np.concatenate([[0.0], lines, [stack.lateral[axis]]])
        cells = np.arange(2 * self.count + 1) % 2 == 1
        shape = [len(a) - 1 for a in axes]
        whole = np.broadcast_to(cells if axis == len(shape) - 1 else cells[:, None], shape)
        return Outline(tuple(axes), whole, 0.5 * min(self.area_fraction, 1 - self.area_fraction) * period)

    def openings(self, stack: Stack) -> tuple[Opening, ...]:
        """In 2-D strips."""
        if stack.dimension != "2":
            return ()
        period, half = stack.lateral[0] / self.count, 0.5 * self.area_fraction * stack.lateral[0] / self.count
        centres = [((i + 0.5) * period,) for i in range(self.count)]
        return tuple(Opening(self.at, c, half, 0.0, 0.0, "flat", f"{self.name}[{i}]") for i, c in enumerate(centres))

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it in this stack."""
        found = fraction_problem("area_fraction", self.area_fraction)
        if isinstance(self.count, bool) or not isinstance(self.count, int) or not 1 <= self.count <= _MOST_SPOTS:
            found.append(Problem("count", repr(self.count), f"must be a whole number from 1 to {_MOST_SPOTS}"))
        if self.along not in ("x", "y"):
            found.append(Problem("along", repr(self.along), "must be x or y"))
        if stack.dimension == "axisymmetric":
            message = "stripes are not symmetric about an axis: use dimension 2 or 3, or a contact frame or spot"
            found.append(Problem("", self.name, message))
        return found


@dataclass(frozen=True)
class ContactFrame(Outlined):
    """Contact of the interface `at` along its rim: a frame of one width along all sides.

    In 2-D at both ends, in an axisymmetric model on a ring at the outer side.

    Attributes:
        at: interface ``lower|upper``; within the frame it is called ``a|b:gap``.
        area_fraction: of the interface that is in contact, which the frame meets exactly.
        name: for messages.
    """

    at: str
    area_fraction: float
    name: str = "frame"

    def width(self, stack: Stack) -> float:
        """Width of the frame in metres."""
        sizes, free = stack.lateral, 1 - self.area_fraction
        if stack.dimension == "axisymmetric":
            return sizes[0] * (1 - math.sqrt(free))
        if len(sizes) == 1:
            return 0.5 * sizes[0] * self.area_fraction
        # (a - 2 w)(b - 2 w) = free a b, without the cancellation of a small w
        total, area = sum(sizes), math.prod(sizes)
        root = math.sqrt(total**2 - 4 * area * self.area_fraction)
        return area * self.area_fraction / (total + root)

    def outline(self, stack: Stack) -> Outline:
        """The frame: what lies between the sides and the box within."""
        width = self.width(stack)
        if stack.dimension == "axisymmetric":
            radius = stack.lateral[0]
            return Outline(
                (np.array([0.0, radius - width, radius]),), np.array([False, True]), 0.5 * min(width, radius - width)
            )
        axes = tuple(np.array([0.0, width, size - width, size]) for size in stack.lateral)
        cells = np.ones((3,) * len(axes), dtype=bool)
        cells[(1,) * len(axes)] = False
        return Outline(axes, cells, 0.5 * min(width, min(stack.lateral) - 2 * width))

    def openings(self, stack: Stack) -> tuple[Opening, ...]:
        """In 2-D strips at both sides."""
        if stack.dimension != "2":
            return ()
        width = self.width(stack)
        ends = [(0.0,), (stack.lateral[0],)]
        return tuple(Opening(self.at, c, width, 0.0, 0.0, "flat", f"{self.name}[{i}]") for i, c in enumerate(ends))

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it in this stack."""
        return fraction_problem("area_fraction", self.area_fraction)


class _Spots(FeatureDefaults):
    """Discs (2-D: strips) of one size: everything follows from `places` and `spot_radius`."""

    at: str
    name: str

    @abstractmethod
    def places(self, stack: Stack) -> Floats:
        """Centres (n, k) in metres."""

    @abstractmethod
    def spot_radius(self, stack: Stack) -> float:
        """Radius (2-D: half width) in metres."""

    def facet_names(self, stack: Stack) -> tuple[str, ...]:
        """The part of the interface that passes no current."""
        return (f"{self.at}:gap",)

    def openings(self, stack: Stack) -> tuple[Opening, ...]:
        """Footprints of all spots."""
        radius = self.spot_radius(stack)
        return opening_images(
            [
                Opening(self.at, tuple(map(float, c)), radius, 0.0, 0.0, "flat", f"{self.name}[{i}]")
                for i, c in enumerate(self.places(stack))
            ],
            stack,
        )

    def cut(self, model: LayeredModel) -> None:
        """Divide the interface along the edges of the spots."""
        for opening in self.openings(model.stack):
            model.imprint(self.at, model.draw_spot(opening))


@dataclass(frozen=True)
class ContactArray(_Spots):
    """Contact of the interface `at` on spots in a regular array, each in the middle of its cell.

    Attributes:
        at: interface ``lower|upper``; between the spots it is called ``a|b:gap``.
        count: number of spots along the width, and in 3-D along the depth.
        area_fraction: of the interface that is in contact, which the spots meet exactly (on curved edges: up to
            the mesh).
        name: for messages.
    """

    at: str
    count: tuple[int, ...] | int
    area_fraction: float
    name: str = "spots"

    def __post_init__(self) -> None:
        if isinstance(self.count, list):
            object.__setattr__(self, "count", tuple(self.count))

    def _counts(self, stack: Stack) -> tuple[int, ...]:
        return self.count if isinstance(self.count, tuple) else (self.count,) * len(stack.lateral)

    def places(self, stack: Stack) -> Floats:
        """Centres (n, k) in metres."""
        axes = [(np.arange(n) + 0.5) * (s / n) for n, s in zip(self._counts(stack), stack.lateral, strict=True)]
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))

    def spot_radius(self, stack: Stack) -> float:
        """Radius (2-D: half width) in metres."""
        share = self.area_fraction * math.prod(stack.lateral) / math.prod(self._counts(stack))
        return 0.5 * share if len(stack.lateral) == 1 else math.sqrt(share / math.pi)

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it in this stack."""
        found = fraction_problem("area_fraction", self.area_fraction)
        if stack.dimension == "axisymmetric":
            return [*found, Problem("", self.name, "an axisymmetric model has one spot, on the axis: use a spot")]
        counts = self._counts(stack)
        whole = all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in counts)
        if not whole or len(counts) != len(stack.lateral) or math.prod(counts) > _MOST_SPOTS:
            message = f"must be {len(stack.lateral)} whole positive numbers, {_MOST_SPOTS} spots at most"
            return [*found, Problem("count", repr(self.count), message)]
        if not found:
            radius = self.spot_radius(stack)
            step = min(s / n for n, s in zip(counts, stack.lateral, strict=True))
            if 2 * radius > step * (1 - CLEARANCE):
                message = f"spots of radius {number_text(radius)} at a distance of {number_text(step)} overlap"
                found.append(Problem("area_fraction", number_text(self.area_fraction), message))
        return found


@dataclass(frozen=True)
class RandomContacts(_Spots):
    """Contact of the interface `at` on spots at random places.

    A whole number of spots meets the fraction exactly because the radius of all is multiplied by one factor near
    1. The places follow from `seed` alone, the same on every machine and number of ranks.

    Attributes:
        at: interface ``lower|upper``; between the spots it is called ``a|b:gap``.
        radius: of a spot (2-D: half width), nominal, metres.
        area_fraction: of the interface that is in contact.
        seed: of the places.
        minimum_distance: between the edges of two spots, and to the lateral sides, metres; default: a tenth of
            the radius.
        name: for messages.
    """

    at: str
    radius: float
    area_fraction: float
    seed: int = 0
    minimum_distance: float | None = None
    name: str = "spots"

    def _footprint(self, stack: Stack) -> float:
        return 2 * self.radius if stack.dimension == "2" else math.pi * self.radius**2

    def number(self, stack: Stack) -> int:
        """Number of spots."""
        return max(1, round(self.area_fraction * math.prod(stack.lateral) / self._footprint(stack)))

    def spot_radius(self, stack: Stack) -> float:
        """Radius (2-D: half width) in metres that meets the fraction."""
        ratio = self.area_fraction * math.prod(stack.lateral) / (self.number(stack) * self._footprint(stack))
        return self.radius * (ratio if stack.dimension == "2" else math.sqrt(ratio))

    def places(self, stack: Stack) -> Floats:
        """Centres (n, k) in metres.

        Raises:
            MeshError: they do not fit at this fraction and distance.
        """
        radius = self.spot_radius(stack)
        gap = 0.1 * radius if self.minimum_distance is None else float(self.minimum_distance)
        if stack.laterally_periodic:
            found = place_across_sides(stack.lateral, (radius,) * self.number(stack), gap, self.seed)
        elif stack.dimension == "2":
            found = place_strips(stack.lateral[0], self.number(stack), radius, gap, self.seed)
        elif stack.dimension == "3":
            found = place_discs(stack.lateral, self.number(stack), radius, gap, self.seed)
        else:
            raise MeshError(f"{self.name}: an axisymmetric model has one spot, on the axis")
        if found is None:
            raise MeshError(
                f"{self.name}: {self.number(stack)} spots of radius {number_text(radius)} do not fit on {self.at} at "
                f"a distance of {number_text(gap)}: lower area_fraction or minimum_distance"
            )
        return found

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it in this stack."""
        found = length_problem("radius", self.radius) + fraction_problem("area_fraction", self.area_fraction)
        found += seed_problem(self.seed)
        gap = self.minimum_distance
        if gap is not None and (not isinstance(gap, int | float) or not 0 <= gap < math.inf):
            found.append(Problem("minimum_distance", repr(gap), "must be a length in metres"))
        if stack.dimension == "axisymmetric":
            found.append(Problem("", self.name, "an axisymmetric model has one spot, on the axis: use a spot"))
        if found:
            return found
        text = number_text(float(self.area_fraction))
        if self.number(stack) > _MOST_SPOTS:
            message = f"needs {self.number(stack)} spots, more than {_MOST_SPOTS}"
            return [Problem("area_fraction", text, message)]
        factor = self.spot_radius(stack) / self.radius
        wrong = rescaling_problem(
            "area_fraction", self.area_fraction, "spots", self.number(stack), factor, "the width or the radius"
        )
        if wrong:
            return wrong
        try:
            self.places(stack)
        except MeshError as error:
            return [Problem("area_fraction", text, str(error))]
        return []
