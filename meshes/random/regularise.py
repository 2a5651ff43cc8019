"""Grains fit for meshing: rounder cells by Lloyd's iteration, and short edges merged into vertices."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from meshes.random.arithmetic import lists
from meshes.random.tessellation import Tessellation, tessellate

__all__ = ["merge_short_edges", "rounder", "sound_cells"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Faces that bend by less than this part of the box are plane to the geometry kernel.
_FLAT = 1e-9
#: A cell must be seen whole from its centroid: no piece of its surface may turn away further than this part.
_THINNEST = 1e-9
_MOST_ROUNDS = 50


def rounder(cells: Tessellation, sweeps: int) -> Tessellation:
    """The diagram after every seed moved to the centroid of its cell, `sweeps` times (Lloyd 1982).

    Cells become rounder and more equal; three sweeps remove most of the very short edges.
    """
    for _ in range(sweeps):
        cells = tessellate(cells.size, cells.moments[1], cells.weights)
    return cells


def sound_cells(cells: Tessellation) -> npt.NDArray[np.bool_]:
    """Whether each cell (n,) is closed and seen whole from its centroid, so that its faces cannot cross."""
    good = np.asarray(cells.moments[0] > 0)
    middle = np.where(good[:, None], cells.moments[1], 0.0)
    x, d = cells.vertices, len(cells.size)
    # open or folded surfaces: an edge (2-D: a vertex) that the faces of a cell do not pass once each way
    passed: list[set[tuple[int, ...]]] = [set() for _ in range(cells.number)]
    pieces: list[tuple[int, ...]] = []
    for loop, pair in zip(cells.faces, lists(cells.sides), strict=True):
        for cell, turned in zip(pair, (loop, loop[::-1]), strict=True):
            if cell < 0:
                continue
            ends = (
                [(turned[0], 0), (turned[1], 1)] if d == 2 else list(zip(turned, turned[1:] + turned[:1], strict=True))
            )
            for end in ends:
                if end in passed[cell]:
                    good[cell] = False
                passed[cell].add(end)
            if d == 2:
                pieces.append((cell, *turned))
            else:
                pieces += [(cell, turned[0], p, q) for p, q in itertools.pairwise(turned[1:])]
    for cell, ends_of_cell in enumerate(passed):
        back = {(v, 1 - way) for v, way in ends_of_cell} if d == 2 else {(q, p) for p, q in ends_of_cell}
        if back != ends_of_cell or not ends_of_cell:
            good[cell] = False
    table = np.array(pieces, dtype=np.int64)
    y = [(x[table[:, k]] - middle[table[:, 0]]).T for k in range(1, d + 1)]
    if d == 2:
        seen = (y[0][0] * y[1][1] - y[0][1] * y[1][0]) / 2
    else:
        p, q, r = y
        seen = (
            p[0] * (q[1] * r[2] - q[2] * r[1]) + p[1] * (q[2] * r[0] - q[0] * r[2]) + p[2] * (q[0] * r[1] - q[1] * r[0])
        ) / 6
    hidden = seen <= _THINNEST * np.abs(cells.moments[0][table[:, 0]])
    good[np.unique(table[hidden, 0])] = False
    return good


def merge_short_edges(cells: Tessellation, shortest: float) -> Tessellation:
    """The same grains with the ends of edges shorter than `shortest` (metres) merged into one vertex each.

    Vertices in a side of the box stay in it. Faces that are no longer plane are divided into triangles.
    Where a merger would spoil a grain (one that is hardly larger than `shortest`), the edge stays.
    """
    kept: set[int] = set()
    for _ in range(_MOST_ROUNDS):
        short = [e for e in lists(cells.edges[cells.lengths < shortest]) if not kept.intersection(e)]
        if not short:
            return cells
        merged, spoilt = _merged(cells, short)
        bad = ~sound_cells(merged)
        if not spoilt and not bad.any():
            return merged
        spoilt |= set(lists(np.flatnonzero(bad)))
        before = len(kept)
        involved = {v for edge in short for v in edge}
        for cell in spoilt:
            kept |= involved & {v for f in cells.cell_faces[cell] for v in cells.faces[f]}
        if len(kept) == before:
            return cells
    return cells


def _merged(cells: Tessellation, short: list[list[int]]) -> tuple[Tessellation, set[int]]:
    """With the ends of `short` edges merged; and cells with a face that cannot follow."""
    number, x = _clusters(cells, short)
    faces: list[tuple[int, ...]] = []
    sides: list[list[int]] = []
    spoilt: set[int] = set()
    d = len(cells.size)
    flat = _FLAT * max(cells.size)
    for old, pair in zip(cells.faces, lists(cells.sides), strict=True):
        loop = [int(number[v]) for v in old]
        loop = [v for n, v in enumerate(loop) if v != loop[n - 1]] if d == 3 else list(dict.fromkeys(loop))
        if len(loop) < d:
            continue
        parts: list[tuple[int, ...]] | None = [tuple(loop)]
        if len(set(loop)) < len(loop):
            parts = None
        elif len(loop) > 3 and _bent(x[loop]) > flat:
            parts = _triangles(loop, x)
        if parts is None:
            spoilt.update(c for c in pair if c >= 0)
            continue
        faces += parts
        sides += [pair] * len(parts)
    if not faces:  # a grain that is smaller than the shortest edge
        return cells, set(range(cells.number))
    used, loops = np.unique(np.concatenate([np.array(f) for f in faces]), return_inverse=True)
    ends = np.cumsum([len(f) for f in faces])[:-1]
    tuples = tuple(tuple(lists(part)) for part in np.split(loops.reshape(-1), ends))
    return replace(cells, vertices=x[used], faces=tuples, sides=np.array(sides, dtype=np.int64)), spoilt


def _clusters(cells: Tessellation, short: list[list[int]]) -> tuple[Ints, Floats]:
    """The vertex that stands for each vertex, and the coordinates (m, d) with those that stand for many moved."""
    parent = list(range(len(cells.vertices)))

    def root(v: int) -> int:
        while parent[v] != v:
            parent[v] = parent[parent[v]]
            v = parent[v]
        return v

    for a, b in short:
        a, b = root(a), root(b)
        parent[max(a, b)] = min(a, b)
    number = np.array([root(v) for v in range(len(parent))], dtype=np.int64)
    x = cells.vertices.copy()
    members: dict[int, list[int]] = {}
    for v in {v for edge in short for v in edge}:
        members.setdefault(int(number[v]), []).append(v)
    for stands, group in members.items():
        for axis, size in enumerate(cells.size):
            values = [float(cells.vertices[v, axis]) for v in group]
            ends = [limit for limit in (0.0, size) if limit in values]
            x[stands, axis] = ends[0] if ends else math.fsum(values) / len(values)
    return number, x


def _bent(x: Floats) -> float:
    """Largest distance of the corners (k, 3) of a polygon from their mean plane."""
    y = x - x[0]
    normal = np.zeros(3)
    for p, q in itertools.pairwise(y[1:]):
        normal += _cross(p, q)
    length = math.sqrt(float(normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2))
    away = (y[:, 0] * normal[0] + y[:, 1] * normal[1] + y[:, 2] * normal[2]) / max(length, 1e-300)
    return float(away.max() - away.min())


def _cross(p: Floats, q: Floats) -> Floats:
    return np.array([p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]])


def _triangles(loop: list[int], x: Floats) -> list[tuple[int, ...]] | None:
    """The division of a polygon into triangles whose worst one is best; None: every one folds."""
    n = len(loop)
    y = x[loop]
    normal = np.zeros(3)
    for p, q in itertools.pairwise(y[1:] - y[0]):
        normal += _cross(p, q)
    normal /= max(math.sqrt(float(normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2)), 1e-300)

    def quality(i: int, k: int, j: int) -> float:
        sides = [y[k] - y[i], y[j] - y[k], y[i] - y[j]]
        c = _cross(sides[0], sides[1])
        square = sum(float(s[0] ** 2 + s[1] ** 2 + s[2] ** 2) for s in sides)
        return float(c[0] * normal[0] + c[1] * normal[1] + c[2] * normal[2]) / square

    # best[i, j]: worst quality, and apex, of the polygon of corners i to j
    best: dict[tuple[int, int], tuple[float, int]] = {(i, i + 1): (math.inf, -1) for i in range(n - 1)}
    for span in range(2, n):
        for i in range(n - span):
            j = i + span
            best[i, j] = max((min(best[i, k][0], best[k, j][0], quality(i, k, j)), k) for k in range(i + 1, j))
    if best[0, n - 1][0] <= 1e-3:
        return None
    found: list[tuple[int, ...]] = []
    todo = [(0, n - 1)]
    while todo:
        i, j = todo.pop()
        k = best[i, j][1]
        if k >= 0:
            found.append((loop[i], loop[k], loop[j]))
            todo += [(i, k), (k, j)]
    return found
