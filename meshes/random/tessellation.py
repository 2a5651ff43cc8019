"""Grains that fill a box: Voronoi and Laguerre (power) diagrams with shared vertices, edges and faces.

The cell of a seed s with weight w is where |x - s|^2 - w is smallest (w = 0: Voronoi; w = r^2: Laguerre, about
a packing of spheres of radius r; Imai, Iri and Murota 1985). Seeds are lifted to a paraboloid, whose convex
hull (Qhull) tells which cells meet. Only that combination is taken from Qhull: coordinates are computed here,
by operations that round alike on every machine.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from meshes.problems import MeshError
from meshes.random.arithmetic import lists
from meshes.random.polygons import Corners, clipped

__all__ = ["Tessellation", "tessellate"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Distance of helper seeds that close the outer cells, in sizes of the box: no point of the box is theirs.
_FAR = 8.0


@dataclass(frozen=True, eq=False)
class Tessellation:
    """Polygons (2-D) or polyhedra (3-D) that fill the box from 0 to `size`.

    Attributes:
        size: of the box, metres.
        seeds: (n, d) metres, one per cell. weights: (n,) square metres.
        vertices: (m, d) metres.
        faces: vertices of each face: the two ends of an edge (2-D), or the loop of a polygon (3-D). The
            normal points out of the first of its cells; in 2-D that cell lies to the left.
        sides: (f, 2) the cells of each face; a face in a side of the box has -1 - k there, with k twice the
            axis, plus 1 for the far side.
    """

    size: tuple[float, ...]
    seeds: Floats
    weights: Floats
    vertices: Floats
    faces: tuple[tuple[int, ...], ...]
    sides: Ints

    @property
    def number(self) -> int:
        """Number of cells."""
        return len(self.seeds)

    @cached_property
    def cell_faces(self) -> tuple[tuple[int, ...], ...]:
        """Faces of each cell."""
        found: list[list[int]] = [[] for _ in range(self.number)]
        for f, (a, b) in enumerate(lists(self.sides)):
            found[a].append(f)
            if b >= 0:
                found[b].append(f)
        return tuple(map(tuple, found))

    @cached_property
    def moments(self) -> tuple[Floats, Floats]:
        """Area or volume (n,) and centroid (n, d) of each cell, metres."""
        d = len(self.size)
        face, corners = _fans(self.faces)
        x = np.moveaxis(self.vertices[corners], 0, -1)  # corner, axis, piece
        content = _determinant(x) / (2 if d == 2 else 6)
        volume, middle = np.zeros(self.number), np.zeros((self.number, d))
        for column, sign in ((0, 1.0), (1, -1.0)):
            cell = self.sides[face, column]
            real = cell >= 0
            part = sign * content[real]
            volume += np.bincount(cell[real], part, self.number)
            for k in range(d):
                mean = sum(x[c, k][real] for c in range(d)) / (d + 1)
                middle[:, k] += np.bincount(cell[real], part * mean, self.number)
        return volume, middle / volume[:, None]

    @cached_property
    def touching(self) -> Ints:
        """Pairs (m, 2) of cells that share at least a vertex."""
        around: list[set[int]] = [set() for _ in range(len(self.vertices))]
        for loop, pair in zip(self.faces, lists(self.sides), strict=True):
            for v in loop:
                around[v].update(c for c in pair if c >= 0)
        pairs = {pair for cells in around for pair in itertools.combinations(sorted(cells), 2)}
        return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)

    @cached_property
    def edges(self) -> Ints:
        """Pairs (m, 2) of vertices at the ends of straight edges."""
        ends = [e for loop in self.faces for e in (zip(loop, loop[1:] + loop[:1], strict=True))]
        return np.unique(np.sort(np.array(ends, dtype=np.int64), axis=1), axis=0)

    @property
    def lengths(self) -> Floats:
        """Length (m,) of each of the `edges`, metres."""
        x = (self.vertices[self.edges[:, 1]] - self.vertices[self.edges[:, 0]]).T
        return np.sqrt(sum(c * c for c in x))  # type: ignore[no-any-return]


def tessellate(size: tuple[float, ...], seeds: Floats, weights: Floats | None = None) -> Tessellation:
    """The power diagram of `seeds` (n, d) in the box from 0 to `size`; metres.

    Cells that do not exist, because the weights of others are too large, are left out with their seeds.

    Args:
        weights: (n,) square metres; None: zero, the Voronoi diagram.

    Raises:
        MeshError: seeds coincide, or lie in a pattern that leaves the diagram undecided.
    """
    unit, d = np.float64(max(size)), len(size)
    box = np.asarray(size, dtype=np.float64) / unit
    points = np.asarray(seeds, dtype=np.float64) / unit
    w = np.zeros(len(points)) if weights is None else np.asarray(weights, dtype=np.float64) / unit**2
    if len(np.unique(points, axis=0)) < len(points):
        raise MeshError("two seeds of grains are the same")
    helpers = 0.5 * box + _FAR * np.concatenate([np.eye(d), -np.eye(d)])
    simplices = _regular(np.concatenate([points, helpers]), np.concatenate([w, np.zeros(2 * d)]))
    kept = np.unique(simplices[simplices < len(points)])
    number = np.full(len(points) + 2 * d, -1, dtype=np.int64)
    number[kept] = np.arange(len(kept))
    number[len(points) :] = len(kept) + np.arange(2 * d)
    simplices = number[simplices]
    points, w = points[kept], w[kept]
    centres = _centres(simplices, np.concatenate([points, helpers]), np.concatenate([w, np.zeros(2 * d)]))
    corners = Corners(box, centres)
    faces, sides = _inner_faces(simplices, points, corners)
    _add_outer_faces(faces, sides, points, w, corners)
    used, loops = np.unique(np.concatenate([np.array(f) for f in faces]), return_inverse=True)
    ends = np.cumsum([len(f) for f in faces])[:-1]
    vertices = np.array([corners.x[v] for v in used]) * unit
    far = np.array(size)
    vertices = np.where([[corners.on[v] >> (2 * k + 1) & 1 for k in range(d)] for v in used], far, vertices)
    table = np.array(sides, dtype=np.int64)
    # a seed near a side may have a cell beyond it alone
    kept = np.unique(table[table >= 0])
    table = np.where(table >= 0, np.searchsorted(kept, table), table)
    points, w = points[kept], w[kept]
    tuples = tuple(tuple(lists(part)) for part in np.split(loops.reshape(-1), ends))
    found = Tessellation(tuple(size), points * unit, w * unit**2, vertices, tuples, table)
    if not np.all(found.moments[0] > 0):
        raise MeshError("the seeds of the grains leave their borders undecided: take another seed")
    return found


def _regular(points: Floats, weights: Floats) -> Ints:
    """Simplices (m, d + 1) of the regular triangulation: rows and their entries sorted."""
    from scipy.spatial import ConvexHull, QhullError

    middle = points - points.mean(axis=0)
    lifted = np.column_stack([middle, sum(c * c for c in middle.T) - weights])
    try:
        hull = ConvexHull(lifted)
    except QhullError as error:
        raise MeshError("the seeds of the grains are too close to each other") from error
    lower = np.sort(hull.simplices[hull.equations[:, -2] < 0].astype(np.int64), axis=1)
    return np.asarray(lower[np.lexsort(lower.T[::-1])])


def _centres(simplices: Ints, points: Floats, weights: Floats) -> Floats:
    """Points (m, d) of equal power to all corners of each simplex, by Cramer's rule."""
    first = points[simplices[:, 0]]
    a = [(points[simplices[:, k]] - first).T for k in range(1, simplices.shape[1])]
    b = [
        0.5 * (sum(c * c for c in a[k - 1]) - weights[simplices[:, k]] + weights[simplices[:, 0]])
        for k in range(1, simplices.shape[1])
    ]
    if len(a) == 2:
        (p, q), (r, s) = a
        det = p * s - q * r
        y = [(b[0] * s - q * b[1]) / det, (p * b[1] - b[0] * r) / det]
    else:
        crosses = [_cross(a[1], a[2]), _cross(a[2], a[0]), _cross(a[0], a[1])]
        det = sum(u * v for u, v in zip(a[0], crosses[0], strict=True))
        y = [(b[0] * crosses[0][k] + b[1] * crosses[1][k] + b[2] * crosses[2][k]) / det for k in range(3)]
    return np.asarray(first + np.column_stack(y))


def _cross(u: Floats, v: Floats) -> list[Floats]:
    return [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]


def _determinant(x: Floats) -> Floats:
    """Determinant (m,) of the d points of each piece; `x` (d, d, m)."""
    if len(x) == 2:
        return np.asarray(x[0, 0] * x[1, 1] - x[0, 1] * x[1, 0])
    c = _cross(x[1], x[2])
    return np.asarray(x[0, 0] * c[0] + x[0, 1] * c[1] + x[0, 2] * c[2])


def _fans(faces: tuple[tuple[int, ...], ...]) -> tuple[Ints, Ints]:
    """Faces (p,) and corners (p, d) of edges, or of the triangles that fan out from a corner of each polygon."""
    if len(faces[0]) == 2:
        return np.arange(len(faces)), np.array(faces, dtype=np.int64)
    pieces = [(f, loop[0], p, q) for f, loop in enumerate(faces) for p, q in itertools.pairwise(loop[1:])]
    table = np.array(pieces, dtype=np.int64)
    return table[:, 0], table[:, 1:]


def _inner_faces(simplices: Ints, points: Floats, corners: Corners) -> tuple[list[tuple[int, ...]], list[list[int]]]:
    """Faces between two cells, clipped to the box; the normal points from the lower to the higher cell."""
    d = simplices.shape[1] - 1
    owners: dict[tuple[int, int], list[tuple[int, ...]]] = {}
    for s, simplex in enumerate(lists(simplices)):
        for i, j in itertools.combinations(simplex, 2):
            if j < len(points):
                owners.setdefault((i, j), []).append((s, *(k for k in simplex if k not in (i, j))))
    faces, sides = [], []
    for (i, j), around in sorted(owners.items()):
        loop = [entry[0] for entry in around] if d == 2 else _ring(around)
        if len(loop) < d:
            continue  # a ridge of the hull of all seeds: it lies outside of the box
        part = clipped(loop, corners)
        if len(part) >= d:
            faces.append(corners.turned(part, points[j] - points[i]))
            sides.append([i, j])
    return faces, sides


def _ring(around: list[tuple[int, ...]]) -> list[int]:
    """Simplices about one edge in their order: each shares a vertex of its opposite edge with the next."""
    at: dict[int, list[tuple[int, int]]] = {}
    for s, k, l in around:
        at.setdefault(k, []).append((s, l))
        at.setdefault(l, []).append((s, k))
    s, start, k = around[0]
    loop = [s]
    while k != start:
        onward = [entry for entry in at[k] if entry[0] != s]
        if not onward:
            return []
        s, k = onward[0]
        loop.append(s)
    return loop


def _add_outer_faces(
    faces: list[tuple[int, ...]], sides: list[list[int]], points: Floats, weights: Floats, corners: Corners
) -> None:
    """Faces in the sides of the box, from the vertices of the cells that lie there."""
    d = points.shape[1]
    there: dict[tuple[int, int], set[int]] = {}
    for loop, pair in zip(faces, sides, strict=True):
        for v in loop:
            for k in range(2 * d):
                if corners.on[v] >> k & 1:
                    for cell in pair:
                        there.setdefault((cell, k), set()).add(v)
    for choice in itertools.product((0, 1), repeat=d):
        v = corners.add_corner(choice)
        away = (points - corners.x[v]).T
        cell = int(np.argmin(sum(c * c for c in away) - weights))
        for axis, far in enumerate(choice):
            there.setdefault((cell, 2 * axis + far), set()).add(v)
    for (cell, k), vertices in sorted(there.items()):
        if len(vertices) >= d:
            faces.append(corners.convex(sorted(vertices), k))
            sides.append([cell, -1 - k])
