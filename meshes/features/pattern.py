"""Many voids of one kind: what all patterns share, and the periodic array."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from meshes.features.base import CLEARANCE, FeatureDefaults, Floats, Opening, Region
from meshes.features.void import Void
from meshes.problems import Problem, number_text
from meshes.random.arithmetic import lists

if TYPE_CHECKING:
    from meshes.build import LayeredModel
    from meshes.stack import Stack

__all__ = ["MOST_VOIDS", "Pattern", "VoidArray", "repeat"]

#: More voids than this are taken for a slip.
MOST_VOIDS = 100_000


class Pattern(FeatureDefaults):
    """What array and random voids share: everything follows from `expand`."""

    void: Void
    name: str

    @abstractmethod
    def expand(self, stack: Stack) -> tuple[Void, ...]:
        """All voids."""

    @property
    def at(self) -> str:
        """Interface ``lower|upper``."""
        return self.void.at

    def openings(self, stack: Stack) -> tuple[Opening, ...]:
        """Footprints of all voids."""
        return tuple(part for void in self.expand(stack) for part in void.openings(stack))

    def regions(self, stack: Stack) -> tuple[Region, ...]:
        """That of the fill: one for all voids."""
        return self.void.regions(stack)

    def facet_names(self, stack: Stack) -> tuple[str, ...]:
        """Surfaces of the voids towards the layers on both sides."""
        return self.void.facet_names(stack)

    def optional_facets(self, stack: Stack) -> tuple[str, ...]:
        """Those of a fill beside a layer of grains."""
        return self.void.optional_facets(stack)

    def cut(self, model: LayeredModel) -> None:
        """Take all voids out of the layers that they reach into."""
        for void in self.expand(model.stack):
            void.cut(model)

    def template_problems(self, stack: Stack) -> list[Problem]:
        """Problems of the void that is repeated, its place left aside."""
        if stack.dimension == "axisymmetric":
            message = "an axisymmetric model has one void, on the axis: use dimension 2 or 3 for many"
            return [Problem("", self.name, message)]
        if self.void.position is not None:
            text = str(self.void.position)
            return [Problem("void.position", text, "the pattern chooses the places: leave this out")]
        return [p.under("void") for p in self.void.problems(stack)]


@dataclass(frozen=True)
class VoidArray(Pattern):
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
        return repeat(self.void, centres, self.name, np.ones(len(centres)))

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it in this stack."""
        found = self.template_problems(stack)
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
        if number > MOST_VOIDS:
            return [Problem(key, repr(given), f"{number} voids are more than {MOST_VOIDS}")]
        for (n, first, step), size, axis in zip(self.grid(stack), stack.lateral, ("width", "depth"), strict=False):
            room = CLEARANCE * self.void.radius
            if n > 1 and step < 2 * self.void.radius + room:
                message = f"the voids overlap along the {axis}: centres are {number_text(float(step))} apart"
                found.append(Problem("void.radius", number_text(self.void.radius), message))
            elif stack.laterally_periodic:
                continue  # the next one beyond the side is an image
            elif first - self.void.radius < room or size - first - step * (n - 1) - self.void.radius < room:
                message = f"the outer voids leave the {axis} ({number_text(size)})"
                found.append(Problem("void.radius", number_text(self.void.radius), message))
        return found


def repeat(void: Void, centres: Floats, name: str, factors: Floats) -> tuple[Void, ...]:
    """`void` at all `centres` (n, lateral coordinates), radius and depth times its factor (n,)."""
    return tuple(
        replace(
            void,
            radius=factor * void.radius,
            depth=None if void.depth is None else factor * void.depth,
            position=tuple(float(c) for c in centre),
            name=f"{name}[{i}]",
        )
        for i, (centre, factor) in enumerate(zip(centres, lists(factors), strict=True))
    )
