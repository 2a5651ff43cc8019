"""Pieces that cracks have cut loose: nothing holds them and no current reaches them, so that no model is well posed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from meshes.arrays import MeshArrays
from meshes.lattice import facet_pairs
from meshes.problems import MeshError, number_text

__all__ = ["pieces", "require_held"]

Ints = npt.NDArray[np.int64]


def pieces(arrays: MeshArrays) -> tuple[int, Ints]:
    """Number of pieces that hang together by facets, and the piece of each cell (m,).

    What shares a point or an edge only is apart: a hinge, through which no current passes.
    """
    pairs = facet_pairs(arrays.cells, len(arrays.points))
    inner = pairs.second >= 0
    first, second = pairs.first[inner], pairs.second[inner]
    size = len(arrays.cells)
    graph = coo_matrix((np.ones(len(first), dtype=np.int8), (first, second)), shape=(size, size))
    number, label = connected_components(graph, directed=False)
    return int(number), np.asarray(label, dtype=np.int64)


def require_held(arrays: MeshArrays, cracks: Iterable[str], ends: tuple[str, str] = ("bottom", "top")) -> None:
    """Refuse a mesh that cracks have parted between its ends, or with a piece that reaches neither of them.

    Args:
        arrays: the mesh. cracks: names for the message. ends: facets that hold the stack.

    Raises:
        MeshError: says where the pieces are.
    """
    number, piece = pieces(arrays)
    if number == 1:
        return
    reached = np.zeros((2, number), dtype=bool)
    for row, name in zip(reached, ends, strict=True):
        row[piece[_cells_on(arrays, name)]] = True
    names = f"the cracks ({', '.join(cracks)})"
    if not (reached[0] & reached[1]).any():
        raise MeshError(
            f"{names} part the stack between {ends[0]} and {ends[1]}: neither current nor force can pass; "
            "leave a bridge"
        )
    loose = np.flatnonzero(~reached.any(axis=0))
    if len(loose):
        middle = arrays.points[arrays.cells[piece == loose[0]]].mean(axis=(0, 1))
        place = ", ".join(number_text(float(v)) for v in middle)
        what = "a piece" if len(loose) == 1 else f"{len(loose)} pieces"
        raise MeshError(
            f"{names} cut {what} of the stack loose, the first about ({place}): leave a bridge, or open fewer "
            "boundaries"
        )


def _cells_on(arrays: MeshArrays, name: str) -> Ints:
    """Cells with a facet called `name`."""
    facets = arrays.facets[arrays.facet_tags == arrays.facet_names[name]]
    on = np.zeros(len(arrays.points), dtype=bool)
    on[facets] = True
    # an end of the stack is plane: cells with as many points on it as a facet has lie on it
    return np.flatnonzero(on[arrays.cells].sum(axis=1) >= arrays.tdim)
