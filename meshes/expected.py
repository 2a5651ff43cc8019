"""How many cells a mesh will have, and what they resolve: the size field integrated before there is any mesh.

The number of cells is the integral of c / h(x)^d. The model is halved along the longest edge of each box until h
changes little within: it grows by `MeshSizes.slope` per distance at most, so nothing small is overlooked, however small
it is. Where boxes become many, some of them stand for all, chosen in proportion to the cells that may lie in them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from meshes.resolution import Edges, contact_edges, zones

if TYPE_CHECKING:
    from meshes.sizes import MeshSizes
    from meshes.stack import Stack

__all__ = ["Expected", "count_cells"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
#: Simplices per h, h^2, h^3 as Gmsh makes them.
_CELLS_PER_BOX = {1: 1.0, 2: 2.3, 3: 6.0}
_FACETS_PER_BOX = {2: 1.0, 3: 2.3}
#: Change of h from the middle of a box to its corners, in parts of h, below which it is not halved any more.
_CHANGE = 0.5
_MOST_BOXES = 4_000
_MOST_HALVINGS = 200
#: Circles whose centres are nearest to a point: one of them is the nearest circle.
_NEAREST = 4


@dataclass(frozen=True)
class Expected:
    """About how many cells a mesh will have (within a factor of 2 or so).

    Attributes:
        cells: all of them.
        of_features: by index of the feature that they resolve; what resolves no feature is missing.
        smallest: the smallest size in metres that each of these features asks for.
        cause: the key of the sizes that most cells of each feature follow: ``edge``, ``wall`` or ``bulk``.
    """

    cells: float
    of_features: dict[int, float]
    smallest: dict[int, float]
    cause: dict[int, str]


class _Near:
    """The least of (size + slope * distance beyond `within`) over points, with the owner of the nearest one."""

    def __init__(self, points: Floats, owners: Ints, size: float, within: float, cause: str) -> None:
        from scipy.spatial import cKDTree

        self.tree, self.owners = cKDTree(points), owners
        self.size, self.within, self.cause = size, within, cause

    def away(self, x: Floats) -> tuple[Floats, Ints]:
        """Distances (n,) beyond `within` (negative there), and owners (n,)."""
        distance, nearest = self.tree.query(x)
        return distance - self.within, self.owners[nearest]


class _NearEdges:
    """The same for the edges of footprints: circles (3-D), or the two ends of strips."""

    cause = "edge"

    def __init__(self, edges: Edges, stack: Stack) -> None:
        from scipy.spatial import cKDTree

        self.size, self.owners = edges.size, edges.owners
        self.radii = np.array([o.radius for o in edges.openings])
        self.centres = np.array([(*o.centre, stack.z_of(o.at)) for o in edges.openings])
        self.tree = cKDTree(self.centres)

    def away(self, x: Floats) -> tuple[Floats, Ints]:
        """Distances (n,), and owners (n,)."""
        several = min(_NEAREST, len(self.radii))
        near = self.tree.query(x, k=np.arange(1, several + 1))[1]
        off = x[:, None] - self.centres[near]
        lateral = np.linalg.norm(off[:, :, :-1], axis=2) - self.radii[near]
        distance = np.hypot(lateral, off[:, :, -1])
        best = distance.argmin(axis=1)
        rows = np.arange(len(x))
        return distance[rows, best], self.owners[near[rows, best]]


def count_cells(stack: Stack, sizes: MeshSizes) -> Expected:
    """How many cells the mesh of `stack` will have, and which features need them. Never meshes anything."""
    gdim = stack.gdim
    if gdim == 1:
        return Expected(_column(stack, sizes), {}, {}, {})
    fields: list[_Near | _NearEdges] = [_NearEdges(edges, stack) for edges in contact_edges(stack, sizes)]
    causes = {"wall": "wall", "gap": "edge", "feature": "bulk"}
    fields += [_Near(z.points, z.owners, z.size, z.within, causes[z.kind]) for z in zones(stack, sizes)]
    levels = np.asarray(stack.levels)
    low: Floats = np.zeros((len(levels) - 1, gdim))
    high: Floats = np.tile([*stack.lateral, 0.0], (len(levels) - 1, 1))
    low[:, -1], high[:, -1] = levels[:-1], levels[1:]
    weight = np.ones(len(low))
    rng = np.random.Generator(np.random.PCG64(1))
    by_field = np.zeros((len(fields) + 1, len(stack.features) + 1))
    for _ in range(_MOST_HALVINGS):
        extent = high - low
        reach = 0.5 * np.linalg.norm(extent, axis=1)
        found = _sizes_at(stack, sizes, fields, 0.5 * (low + high), reach)
        done = sizes.slope * reach <= _CHANGE * found.h
        boxes = _CELLS_PER_BOX[gdim] * np.prod(extent, axis=1) * weight
        np.add.at(by_field, (found.field[done], found.owner[done]), (boxes / found.h**gdim)[done])
        if done.all():
            break
        low, high, weight = low[~done], high[~done], weight[~done]
        chance = _chances((boxes / found.least**gdim)[~done])
        kept = rng.random(len(chance)) < chance
        low, high = _halved(low[kept], high[kept])
        weight = np.tile(weight[kept] / chance[kept], 2)
    for k, feature in enumerate(stack.features):
        points, areas = feature.coated(stack)
        for film in feature.films(stack) if len(points) else ():
            found = _sizes_at(stack, sizes, fields, points, np.zeros(len(points)))
            facets = _FACETS_PER_BOX[gdim] * areas / found.h ** (gdim - 1)
            # a prism over a facet is as many simplices as it has corners at each end
            across = gdim * sum(coat.cells for coat in film.coats) * (film.coverage or 1.0)
            np.add.at(by_field[:, k], found.field, across * facets)
    total = by_field.sum(axis=0)
    features = [k for k in range(len(stack.features)) if total[k] > 0]
    by_cause = [*(f.cause for f in fields), "bulk"]
    cause = {k: by_cause[int(by_field[:, k].argmax())] for k in features}
    asked = {k: [f.size for f in fields if k in f.owners] for k in features}
    smallest = {k: min(asked[k], default=sizes.bulk_size(stack)) for k in features}
    return Expected(float(total.sum()), {k: float(total[k]) for k in features}, smallest, cause)


def _column(stack: Stack, sizes: MeshSizes) -> float:
    z = np.unique(np.concatenate([np.linspace(*stack.span(x.name), 401) for x in stack.layers]))
    density = 1 / sizes.through(stack, z)
    return float(np.sum(0.5 * (density[1:] + density[:-1]) * np.diff(z)))


def _chances(most: Floats) -> Floats:
    """(n,) chances, in proportion to `most` (n,) but 1 at most, by which about half of the most boxes are kept."""
    room = _MOST_BOXES // 2
    if len(most) <= room:
        return np.ones_like(most)
    # the k largest are kept for certain; the others share what room is left
    order = np.sort(most)[::-1]
    rest = np.cumsum(order[::-1])[::-1]
    certain = int(np.argmax(order * (room - np.arange(len(order))) < rest))
    return np.asarray(np.minimum(1.0, most * ((room - certain) / rest[certain])))


def _halved(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Twice as many boxes, each cut across its longest edge."""
    axis = (high - low).argmax(axis=1)
    rows = np.arange(len(low))
    middle = 0.5 * (low + high)[rows, axis]
    below, above = high.copy(), low.copy()
    below[rows, axis] = above[rows, axis] = middle
    return np.concatenate([low, above]), np.concatenate([below, high])


@dataclass(frozen=True)
class _Found:
    """Sizes `h` (n,) in metres in the middle of boxes, which field and feature give them (the last: none), and the
    `least` (n,) size anywhere in the box."""

    h: Floats
    field: Ints
    owner: Ints
    least: Floats


def _sizes_at(stack: Stack, sizes: MeshSizes, fields: list[_Near | _NearEdges], x: Floats, reach: Floats) -> _Found:
    h = sizes.through(stack, x[:, -1])
    thin = [sizes.interface_size(stack, name) for name in stack.interfaces]
    least = np.maximum(h - sizes.slope * reach, min(thin, default=math.inf))
    least = np.minimum(h, least)
    which = np.full(len(x), len(fields), dtype=np.int64)
    owner = np.full(len(x), len(stack.features), dtype=np.int64)
    for k, field in enumerate(fields):
        away, owners = field.away(x)
        here = field.size + sizes.slope * np.maximum(away, 0.0)
        less = here < h
        h[less], which[less], owner[less] = here[less], k, owners[less]
        least = np.minimum(least, field.size + sizes.slope * np.maximum(away - reach, 0.0))
    return _Found(h, which, owner, least)
