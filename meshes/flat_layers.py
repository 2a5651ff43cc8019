"""Flat layers below and above a mesh: the triangles of its lower and upper side, extruded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meshes.lattice import facet_pairs, measures

__all__ = ["Slab", "add_slabs", "row_heights"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_FLAT = 1e-9


@dataclass(frozen=True)
class Slab:
    """A flat layer: `thickness` in metres."""

    name: str
    thickness: float


def row_heights(thickness: float, size: float, growth: float = 1.3) -> Floats:
    """Heights (rows,) of the rows of cells that fill `thickness`: about `size` first, then growing; two at least."""
    heights = [min(size, thickness / 2.5)]
    while sum(heights) < thickness:
        heights.append(heights[-1] * growth)
    found = np.array(heights)
    return np.asarray(found * (thickness / found.sum()))


def add_slabs(
    points: Floats, cells: Ints, numbers: Ints, slabs: Sequence[tuple[int, float]], upward: bool, size: float
) -> tuple[Floats, Ints, Ints]:
    """Points, cells and region numbers with flat layers added on one side.

    Args:
        points: (n, dim). cells: (m, dim + 1), positively oriented. numbers: (m,) region of each cell.
        slabs: number of the region and thickness in metres, from the side of the mesh outwards.
        upward: above the mesh, else below it.
        size: height of the first row of cells in metres.
    """
    dim = points.shape[1]
    for number, thickness in slabs:
        level = float(points[:, -1].max() if upward else points[:, -1].min())
        near = _FLAT * float(np.ptp(points, axis=0).max())
        pairs = facet_pairs(cells, len(points))
        outer = pairs.nodes[pairs.second < 0]
        base = np.sort(outer[np.all(np.abs(points[outer][:, :, -1] - level) <= near, axis=1)], axis=1)
        used, local = np.unique(base, return_inverse=True)
        lower = used[local.reshape(base.shape)]
        height = level
        for row in row_heights(thickness, size):
            height += row if upward else -row
            copies = points[used].copy()
            copies[:, -1] = height
            upper = local.reshape(base.shape) + len(points)
            points = np.concatenate([points, copies])
            # a prism over sorted nodes: every side is divided from its lower first to its upper last node
            made = np.concatenate([np.hstack([lower[:, : k + 1], upper[:, k:]]) for k in range(dim)])
            wrong = np.flatnonzero(measures(points, made) < 0)
            made[wrong, :2] = made[wrong, 1::-1]
            cells = np.concatenate([cells, made])
            numbers = np.concatenate([numbers, np.full(len(made), number, dtype=numbers.dtype)])
            lower = upper
    return points, cells, numbers
