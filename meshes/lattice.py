"""Regular grids of simplices, facets of simplices and the two cells beside each: what meshes from images share."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
import numpy.typing as npt

from meshes.arrays import cell_facets

__all__ = ["FacetPairs", "box_edges", "box_points", "box_simplices", "facet_pairs", "measures"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def box_points(counts: tuple[int, ...], lengths: tuple[float, ...]) -> Floats:
    """Nodes (n, dim) of a grid of `counts` boxes that fills [0, lengths], the last coordinate fastest."""
    axes = [np.linspace(0.0, length, n + 1) for n, length in zip(counts, lengths, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(counts))


def _strides(counts: tuple[int, ...]) -> Ints:
    sizes = [n + 1 for n in counts]
    return np.array([int(np.prod(sizes[i + 1 :])) for i in range(len(sizes))], dtype=np.int64)


def box_simplices(counts: tuple[int, ...]) -> Ints:
    """Simplices (m, dim + 1) of the grid of `box_points`, positively oriented, one box after the other.

    Every box becomes 2 triangles or 6 tetrahedra around its main diagonal (Kuhn; the same in every box, so that
    neighbours conform): Freudenthal, Ann. Math. 43 (1942) 580.
    """
    dim, strides = len(counts), _strides(counts)
    corner = np.zeros(1, dtype=np.int64)
    for n, stride in zip(counts, strides, strict=True):
        corner = (corner[:, None] + stride * np.arange(n)).reshape(-1)
    paths = []
    for order in permutations(range(dim)):
        path = np.concatenate([[0], np.cumsum(strides[list(order)])])
        odd = sum(order[i] > order[j] for i in range(dim) for j in range(i + 1, dim)) % 2
        if odd:
            path[[-1, -2]] = path[[-2, -1]]
        paths.append(path)
    return np.asarray((corner[:, None, None] + np.array(paths)).reshape(-1, dim + 1))


def box_edges(counts: tuple[int, ...]) -> Ints:
    """Edges (e, 2) of the simplices of `box_simplices`, lower node first."""
    dim, strides = len(counts), _strides(counts)
    number = np.arange(int(np.prod([n + 1 for n in counts])), dtype=np.int64).reshape([n + 1 for n in counts])
    edges = []
    for step in product((0, 1), repeat=dim):
        if any(step):
            start = number[tuple(slice(None, -1) if s else slice(None) for s in step)].reshape(-1)
            edges.append(np.column_stack([start, start + int(strides @ np.array(step))]))
    return np.concatenate(edges)


def measures(points: Floats, cells: Ints) -> Floats:
    """Signed length, area or volume (m,) of simplices with as many dimensions as coordinates."""
    dim = cells.shape[1] - 1
    edges = points[cells[:, 1:]] - points[cells[:, :1]]
    if dim == 1:
        return np.asarray(edges[:, 0, 0])
    if dim == 2:
        return np.asarray(0.5 * (edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]))
    return np.asarray(np.einsum("ij,ij->i", np.cross(edges[:, 0], edges[:, 1]), edges[:, 2]) / 6)


@dataclass(frozen=True)
class FacetPairs:
    """All facets of a mesh, each once.

    Attributes:
        nodes: (f, dim) nodes.
        first: (f,) a cell that has it.
        second: (f,) the other one, -1 at the boundary.
        crowded: (k,) facets that have more than two cells (of which two are listed).
    """

    nodes: Ints
    first: Ints
    second: Ints
    crowded: Ints


def facet_pairs(cells: Ints, points: int) -> FacetPairs:
    """The facets of `cells` (m, dim + 1), whose nodes are numbered below `points`, and the cells beside each."""
    dim = cells.shape[1] - 1
    facets = cell_facets(cells).reshape(-1, dim)
    ordered = np.sort(facets, axis=1)
    # two numbers fit into one key for up to 3e9 points
    low = ordered[:, 0] if dim == 1 else ordered[:, 0] * points + ordered[:, 1]
    order = np.lexsort((ordered[:, 2], low)) if dim == 3 else np.argsort(low, kind="stable")
    same = low[order[1:]] == low[order[:-1]]
    if dim == 3:
        same &= ordered[order[1:], 2] == ordered[order[:-1], 2]
    heads = np.flatnonzero(np.concatenate([[True], ~same]))
    count = np.diff(np.concatenate([heads, [len(order)]]))
    owner = order // (dim + 1)
    second = np.full(len(heads), -1, dtype=np.int64)
    shared = count > 1
    second[shared] = owner[heads[shared] + 1]
    return FacetPairs(facets[order[heads]], owner[heads], second, np.flatnonzero(count > 2))
