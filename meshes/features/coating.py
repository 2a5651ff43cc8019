"""A film between two layers, closed or in patches."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from meshes.features.base import FeatureDefaults, Opening, Refinement, Region
from meshes.features.bodies import coat_problems
from meshes.features.hosts import hosts_in
from meshes.features.neighbours import obstacles
from meshes.features.placement import place_discs, place_strips
from meshes.films import Coat, Film
from meshes.morph import deformation, flattened
from meshes.problems import Problem, number_text
from meshes.random.patches import Patches

if TYPE_CHECKING:
    from meshes.build import LayeredModel
    from meshes.sizes import MeshSizes
    from meshes.stack import Stack

__all__ = ["Coating"]

Floats = npt.NDArray[np.float64]
_PATCH_CELLS = 6
#: Tighter and tighter distances between patches, in parts of their radius.
_GAPS = (0.5, 0.2, 0.05, 0.01)
#: Slopes of a rough surface are differences over twice this part of the model's size.
_DIFFERENCE = 1e-5
#: Points along each side of the grid on which the cells of the film are counted.
_GRID = 24


@dataclass(frozen=True)
class Coating(FeatureDefaults):
    """A film on the surface of one layer towards the next, of which it takes its thickness.

    It follows voids, roughness and waves of the interface. Facets: ``lower|film`` and ``upper|film`` (and the
    interface itself where patches leave it bare).

    Attributes:
        at: interface ``lower|upper``.
        coats: from the layer that is coated outwards; none where patches are only marked.
        on: the layer that is coated; default: the lower one.
        patches: where the film is; None: everywhere.
        name: for messages.
    """

    at: str
    coats: tuple[Coat, ...]
    on: str | None = None
    patches: Patches | None = None
    name: str = "coating"

    def __post_init__(self) -> None:
        object.__setattr__(self, "coats", tuple(self.coats))

    @property
    def film_thickness(self) -> float:
        """Sum of the coats in metres."""
        return float(sum(c.thickness for c in self.coats))

    def sides(self) -> tuple[str, str, float]:
        """The layer that is coated, the other one, and 1 where the film grows upwards (else -1)."""
        lower, upper = self.at.split("|")
        return (upper, lower, -1.0) if self.on == upper else (lower, upper, 1.0)

    def regions(self, stack: Stack) -> tuple[Region, ...]:
        """The coats."""
        return tuple(Region(c.name, c.material) for c in self.coats)

    def grown_regions(self, stack: Stack) -> tuple[str, ...]:
        """The coats: regions that are not drawn."""
        return tuple(c.name for c in self.coats)

    def facet_names(self, stack: Stack) -> tuple[str, ...]:
        """Both surfaces of the film, and those between its coats."""
        inner, outer, _ = self.sides()
        if not self.coats:
            return ()
        names = [f"{h}|{self.coats[0].name}" for h in hosts_in(stack, (inner,))]
        names += [f"{h}|{self.coats[-1].name}" for h in hosts_in(stack, (outer,))]
        names += [f"{a.name}|{b.name}" for a, b in zip(self.coats, self.coats[1:], strict=False)]
        return (*names, *(f"void|{c.name}" for c in self.coats))

    def optional_facets(self, stack: Stack) -> tuple[str, ...]:
        """Walls of voids, which there may be."""
        return tuple(f"void|{c.name}" for c in self.coats)

    def closed_interfaces(self, stack: Stack) -> tuple[str, ...]:
        """The interface, where the film is closed."""
        return () if self.patches is not None else (self.at,)

    def bare_facets(self, stack: Stack) -> tuple[str, ...]:
        """The interface, until the film is grown."""
        return self.closed_interfaces(stack)

    def films(self, stack: Stack) -> tuple[Film, ...]:
        """The film."""
        inner, outer, up = self.sides()
        z, room = stack.z_of(self.at), self._room(stack)

        def offset(points: Floats) -> tuple[Floats, Floats, Floats]:
            away = up * (points[:, -1] - z)
            normal = self._steps(stack, points)
            return np.where(away >= -1e-9 * room, np.maximum(away, 0.0), np.inf), normal, np.full(len(points), room)

        return (
            Film(
                self.name,
                frozenset(hosts_in(stack, (inner,))),
                frozenset(hosts_in(stack, (outer,))),
                self.coats,
                offset,
                (),
                None if self.patches is None else self._level(stack),
                1.0 if self.patches is None else None if self._drawn(stack) else self.patches.coverage,
                last=True,
            ),
        )

    def coated(self, stack: Stack) -> tuple[Floats, Floats]:
        """A grid on the interface."""
        axes = [size * (np.arange(_GRID) + 0.5) / _GRID for size in stack.lateral]
        lateral = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
        area = math.prod(stack.lateral) / len(lateral)
        return np.column_stack([lateral, np.full(len(lateral), stack.z_of(self.at))]), np.full(len(lateral), area)

    def distance(self, stack: Stack, points: Floats) -> Floats:
        """Distance (n,) in metres of `points` (n, gdim) in the film from the layer that is coated."""
        flat = flattened(points, stack)
        return np.asarray((flat[:, -1] - stack.z_of(self.at)) / self._steps(stack, flat)[:, -1])

    def _steps(self, stack: Stack, points: Floats) -> Floats:
        """Steps (n, d) in the flat stack that become the normal of the rough surface when the mesh is moved.

        The film is grown before the interface is roughened: a vertical step would be thin on slopes, and the move
        itself squeezes what lies above a crest.
        """
        up, move = self.sides()[2], deformation(stack)
        straight = np.zeros_like(points)
        straight[:, -1] = up
        if not move.reliefs:
            return straight
        base = points.copy()
        base[:, -1] = stack.z_of(self.at)
        here = move(base)
        normal = np.zeros_like(points)
        normal[:, -1] = 1.0
        for axis, size in enumerate(stack.lateral):
            aside = np.zeros(points.shape[1])
            aside[axis] = _DIFFERENCE * size
            normal[:, axis] = -(move(base + aside)[:, -1] - move(base - aside)[:, -1]) / (2 * aside[axis])
        normal *= up / np.linalg.norm(normal, axis=1)[:, None]
        thick = self.film_thickness
        return np.asarray((flattened(here + thick * normal, stack) - base) / thick)

    def refinements(self, stack: Stack, sizes: MeshSizes) -> tuple[Refinement, ...]:
        """Cells that resolve the edges of patches."""
        if self.patches is None:
            return ()
        centres, radius = _spots(self.patches, stack.dimension, stack.lateral)
        around = np.array([[-radius], [radius]])
        if len(stack.lateral) == 2:
            angle = 2 * np.pi * np.arange(40) / 40
            around = radius * np.column_stack([np.cos(angle), np.sin(angle)])
        x = (centres[:, None] + around).reshape(-1, len(stack.lateral))
        points = np.column_stack([x, np.full(len(x), stack.z_of(self.at))])
        return (Refinement(points, sizes.factor * radius / _PATCH_CELLS),)

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it in this stack."""
        found = coat_problems(self.coats, self.patches)
        if not self.coats and (self.patches is None or not self.patches.marked):
            found.append(Problem("coats", "()", "at least one coat is needed"))
        if self.on is not None and self.on not in self.at.split("|"):
            message = f"must be a layer of this interface: {' or '.join(self.at.split('|'))}"
            found.append(Problem("on", repr(self.on), message))
        others = [f for f in stack.features if f is not self and f.at == self.at]
        if any(isinstance(f, Coating) for f in others):
            found.append(Problem("at", repr(self.at), "two coatings lie at this interface: give one with two coats"))
        if any(o.solid for f in others for o in f.openings(stack)):
            message = "an interface with contact spots cannot be coated: coat it in patches instead"
            found.append(Problem("at", repr(self.at), message))
        if found:
            return found
        thick, room = self.film_thickness, self._room(stack)
        if not room > 1.1 * thick:
            outer = self.sides()[1]
            message = (
                f"there is no room for the film of {number_text(thick)}: {number_text(room)} are free in {outer!r}; "
                "a thinner film, or describe the film as a resistance of its interface"
            )
            found.append(Problem("coats", number_text(thick), message))
        if self.patches is not None and stack.dimension == "axisymmetric":
            radius = math.sqrt(self.patches.part) * stack.lateral[0]
            if _number(self.patches, stack.dimension, stack.lateral) > 1:
                what = "bare spot" if self.patches.inverted else "patch"
                message = (
                    f"an axisymmetric model has one {what}, on its axis: of {number_text(radius)} at this coverage"
                )
                found.append(Problem("patches.size", number_text(self.patches.size), message))
        elif self.patches is not None and self.patches.size > 0.5 * min(stack.lateral):
            message = f"the patches are larger than the model: its width is {number_text(min(stack.lateral))}"
            found.append(Problem("patches.size", number_text(self.patches.size), message))
        return found

    def cut(self, model: LayeredModel) -> None:
        """Divide the interface along the edges of patches; the film is grown in the finished mesh."""
        stack = model.stack
        if self.patches is None or not self._drawn(stack):
            return
        centres, radius = _spots(self.patches, stack.dimension, stack.lateral)
        for i, centre in enumerate(centres):
            place = tuple(map(float, centre))
            opening = Opening(self.at, place, radius, 0.0, 0.0, "flat", f"{self.name}[{i}]")
            model.imprint(self.at, model.draw_spot(opening))

    def _drawn(self, stack: Stack) -> bool:
        """Whether the edges of patches are those of cells: where nothing else lies at the interface."""
        others = (f for f in stack.features if f is not self)
        return not any(f.at == self.at or f.regions(stack) or f.slits(stack) or f.openings(stack) for f in others)

    def _room(self, stack: Stack) -> float:
        """What lies within this distance of the interface makes room for the film, metres."""
        _, outer, up = self.sides()
        low, high = stack.span(outer)
        z = stack.z_of(self.at)
        free = [high - low]
        for solid, film in obstacles(stack, self, (outer,), before=False):
            gap = up * (float(solid.centre[-1]) - z) - float(solid.extents[-1]) - film
            if gap > 0:  # what crosses the interface is passed by
                free.append(0.9 * gap)
        return min(free)

    def _level(self, stack: Stack) -> Callable[[Floats], Floats]:
        """How far within a patch points of the interface lie, metres."""
        from scipy.spatial import cKDTree

        assert self.patches is not None
        sign = -1.0 if self.patches.inverted else 1.0
        centres, radius = _spots(self.patches, stack.dimension, stack.lateral)
        tree = cKDTree(centres)
        return lambda points: np.asarray(sign * (radius - tree.query(points[:, :-1])[0]), dtype=np.float64)


def _number(patches: Patches, dimension: str, lateral: tuple[float, ...]) -> int:
    """How many spots make up the part of the surface."""
    if dimension == "axisymmetric":
        area, one = lateral[0] ** 2, patches.size**2
    else:
        area, one = math.prod(lateral), 2 * patches.size if len(lateral) == 1 else math.pi * patches.size**2
    return max(1, round(patches.part * area / one))


@lru_cache(maxsize=16)
def _spots(patches: Patches, dimension: str, lateral: tuple[float, ...]) -> tuple[Floats, float]:
    """Middles (n, lateral coordinates) of patches, or of bare spots, and their radius in metres."""
    if dimension == "axisymmetric":
        return np.zeros((1, 1)), math.sqrt(patches.part) * lateral[0]
    number = _number(patches, dimension, lateral)
    share = patches.part * math.prod(lateral) / number
    radius = 0.5 * share if len(lateral) == 1 else math.sqrt(share / math.pi)
    for gap in _GAPS:
        if len(lateral) == 1:
            places = place_strips(lateral[0], number, radius, gap * radius, patches.seed)
        else:
            places = place_discs(lateral, number, radius, gap * radius, patches.seed)
        if places is not None:
            return places, radius
    return np.full((1, len(lateral)), 0.5) * np.asarray(lateral), radius
