"""Quadrilaterals, hexahedra, wedges and pyramids divided into simplices so that neighbours conform.

A quadrilateral is divided by the diagonal through the node with the smallest number, wherever it occurs: two cells that
share it divide it alike. Hexahedra and wedges get a node in their middle, from which they are star-shaped.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["CORNERS", "split_cells"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Corners of the kinds of cells, in meshio's names.
CORNERS = {
    "vertex": 1,
    "line": 2,
    "triangle": 3,
    "quad": 4,
    "tetra": 4,
    "pyramid": 5,
    "wedge": 6,
    "hexahedron": 8,
}
_QUADS = {
    "hexahedron": ((0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)),
    "wedge": ((0, 1, 4, 3), (1, 2, 5, 4), (2, 0, 3, 5)),
}
_TRIANGLES: dict[str, tuple[tuple[int, int, int], ...]] = {"hexahedron": (), "wedge": ((0, 2, 1), (3, 4, 5))}


def split_cells(kind: str, nodes: Ints, points: Floats) -> tuple[Ints, Ints, Floats]:
    """Simplices of `nodes` (m, corners), the cell (k,) that each comes from, and the points with new ones appended."""
    number = np.arange(len(nodes))
    if kind == "quad":
        made, origin = _triangles(nodes)
        return made, origin, points
    if kind == "pyramid":
        base, origin = _triangles(nodes[:, :4])
        return np.column_stack([base, nodes[origin, 4]]), origin, points
    if kind not in _QUADS:
        return nodes, number, points
    middle = points[nodes].mean(axis=1)
    apex = len(points) + number
    faces, owners = [], []
    for corners in _QUADS[kind]:
        made, origin = _triangles(nodes[:, corners])
        faces.append(made)
        owners.append(origin)
    for triangle in _TRIANGLES[kind]:
        faces.append(nodes[:, triangle])
        owners.append(number)
    owner = np.concatenate(owners)
    return np.column_stack([np.concatenate(faces), apex[owner]]), owner, np.concatenate([points, middle])


def _triangles(quads: Ints) -> tuple[Ints, Ints]:
    """Two triangles for each of the quadrilaterals (m, 4), and the quadrilateral of each."""
    start = quads.argmin(axis=1)
    turned = np.take_along_axis(quads, (start[:, None] + np.arange(4)) % 4, axis=1)
    number = np.arange(len(quads))
    return np.concatenate([turned[:, [0, 1, 2]], turned[:, [0, 2, 3]]]), np.concatenate([number, number])
