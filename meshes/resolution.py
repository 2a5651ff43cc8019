"""What a mesh must resolve, as plain data: edges of footprints, narrow gaps, walls, and what the features ask for.

The size field in Gmsh (`meshes.fields`) and the number of cells that is foreseen (`meshes.expected`) are made from
the same list.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from meshes.features.base import Opening
from meshes.overlap import edge_gaps

if TYPE_CHECKING:
    from meshes.sizes import MeshSizes
    from meshes.stack import Stack

__all__ = ["Edges", "Zone", "contact_edges", "zones"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
#: Each size is a field of its own, which costs about a twentieth of the time to mesh: more different ones than this
#: are rounded down.
_MOST_SIZES = 4
_GAP_CELLS = 3
#: Points on the axis of a void per radius.
_POINTS_PER_RADIUS = 4
#: Walls lie within the radius of the axis but for rounding.
_WALL = 1.02


@dataclass(frozen=True)
class Zone:
    """Cells of `size` metres at points and `within` metres of them, growing beyond.

    Attributes:
        kind: ``wall`` of a void, ``gap`` between footprints, or ``feature``.
        points: (n, gdim) metres.
        owners: (n,) index of the feature that each point belongs to.
        size, within: metres.
    """

    kind: str
    points: Floats
    owners: Ints
    size: float
    within: float


@dataclass(frozen=True)
class Edges:
    """Cells of `size` metres along the edges of `openings`; `owners` (n,): index of their features."""

    openings: tuple[Opening, ...]
    owners: Ints
    size: float


def contact_edges(stack: Stack, sizes: MeshSizes) -> tuple[Edges, ...]:
    """Edges of all footprints, where the current is singular, by size."""
    parts = stack.openings()
    nested = edge_gaps(stack).nested
    wanted = _few(np.array([sizes.edge_size(stack, o, g) for (_, o), g in zip(parts, nested, strict=True)]))
    found = []
    for size in np.unique(wanted):
        here = [part for part, own in zip(parts, wanted, strict=True) if own == size]
        found.append(Edges(tuple(o for _, o in here), np.array([i for i, _ in here], dtype=np.int64), float(size)))
    return tuple(found)


def zones(stack: Stack, sizes: MeshSizes) -> tuple[Zone, ...]:
    """Everything else that needs cells smaller than the bulk: few zones, whatever the number of features."""
    bulk = sizes.bulk_size(stack)
    found = [*_walls(stack, sizes), *_gaps(stack, sizes), *_asked(stack, sizes)]
    return tuple(zone for zone in found if zone.size < bulk)


def _walls(stack: Stack, sizes: MeshSizes) -> list[Zone]:
    """Walls of voids, through points on their axes: distances from surfaces are slow in Gmsh.

    A wall is nowhere further than the radius from the part of the axis that ends a radius above its tip.
    """
    voids = [(i, o) for i, o in stack.openings() if not o.solid and max(o.below, o.above) > 0]
    points = [_axis(stack, o) for _, o in voids]
    wanted = np.array([sizes.wall_size(o) for _, o in voids])
    within = np.array([_WALL * o.radius for _, o in voids])
    return _by_size("wall", points, [i for i, _ in voids], wanted, within)


def _axis(stack: Stack, opening: Opening) -> Floats:
    z = []
    for depth, sign in ((opening.below, -1), (opening.above, 1)):
        if depth > 0:
            reach = max(depth - opening.radius, 0.0)
            steps = math.ceil(_POINTS_PER_RADIUS * reach / opening.radius)
            z.append(stack.z_of(opening.at) + sign * np.linspace(0.0, reach, steps + 1))
    heights = np.concatenate(z)
    return np.column_stack([np.tile(opening.centre, (len(heights), 1)), heights])


def _gaps(stack: Stack, sizes: MeshSizes) -> list[Zone]:
    """Three cells across where an edge comes near another one, or a side.

    A gap g + s^2 / R has doubled at a distance s = sqrt(g R) along the edge; beyond, the cells may grow.
    """
    if sizes.edge is not None:
        return []
    gaps, parts = edge_gaps(stack), stack.openings()
    wanted = sizes.factor * gaps.widths / _GAP_CELLS
    points, owners, chosen = [], [], []
    for k in np.flatnonzero(wanted < [sizes.edge_size(stack, parts[k][1]) for k in gaps.openings]):
        owner, opening = parts[gaps.openings[k]]
        x, towards = gaps.points[k][None], gaps.directions[k]
        if len(towards) == 2:
            reach = math.sqrt(gaps.widths[k] * gaps.rounding[k]) / opening.radius
            steps = math.ceil(min(reach, 1.0) * opening.radius / wanted[k])
            angle = math.atan2(towards[1], towards[0]) + min(reach, 1.0) * np.linspace(-1, 1, 2 * steps + 1)
            around = opening.radius * np.column_stack([np.cos(angle), np.sin(angle)])
            x = np.column_stack([np.add(opening.centre, around), np.full(len(angle), x[0, -1])])
            x = x[np.all((x[:, :-1] >= 0) & (x[:, :-1] <= np.array(stack.lateral)), axis=1)]
        points.append(x)
        owners.append(owner)
        chosen.append(k)
    return _by_size("gap", points, owners, wanted[chosen], np.zeros(len(chosen)))


def _asked(stack: Stack, sizes: MeshSizes) -> list[Zone]:
    asked = [(i, r) for i, f in enumerate(stack.features) for r in f.refinements(stack, sizes) if len(r.points)]
    wanted, within = _few(np.array([r.size for _, r in asked])), _few(np.array([r.within for _, r in asked]), up=True)
    members: dict[tuple[float, float], list[int]] = defaultdict(list)
    for k, (size, reach) in enumerate(zip(wanted, within, strict=True)):
        members[float(size), float(reach)].append(k)
    points, owners = [r.points for _, r in asked], [i for i, _ in asked]
    return [_zone("feature", points, owners, here, size, reach) for (size, reach), here in members.items()]


def _by_size(kind: str, points: list[Floats], owners: list[int], wanted: Floats, within: Floats) -> list[Zone]:
    """One zone for all points of one size, with the furthest reach among them; sizes are rounded where many."""
    rounded = _few(wanted)
    found = []
    for size in np.unique(rounded):
        here = np.flatnonzero(rounded == size)
        found.append(_zone(kind, points, owners, list(map(int, here)), float(size), float(within[here].max())))
    return found


def _zone(kind: str, points: list[Floats], owners: list[int], here: list[int], size: float, within: float) -> Zone:
    of_points = np.repeat([owners[k] for k in here], [len(points[k]) for k in here]).astype(np.int64)
    return Zone(kind, np.concatenate([points[k] for k in here]), of_points, size, within)


def _few(sizes: Floats, up: bool = False) -> Floats:
    """The same sizes (0 stays 0), rounded down (or up) to few of them, in equal ratios from the largest."""
    ratio = 1.0
    rounded = sizes
    while len(np.unique(rounded)) > _MOST_SIZES:
        ratio = max(2**0.25, ratio**2)
        steps = np.log(np.where(sizes > 0, sizes, 1.0) / sizes.max()) / np.log(ratio)
        steps = np.ceil(steps - 1e-9) if up else np.floor(steps + 1e-9)
        rounded = np.where(sizes > 0, sizes.max() * ratio**steps, 0.0)
    return rounded
