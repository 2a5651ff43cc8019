"""A plane cut through tetrahedra: the same sheets of triangles as plane models have."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from studies.pictures.dataset import Dataset, Layer, boundary
from studies.pictures.planar import Sheet

__all__ = ["cut_position", "cut_sheet"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def cut_position(dataset: Dataset) -> float:
    """Coordinate y in metres of the cut: through the opening nearest to the middle, else the middle."""
    middle = 0.5 * float(dataset.low[1] + dataset.high[1])
    centres = [o.centre[1] for o in dataset.openings]
    inside = [c for c in centres if dataset.low[1] < c < dataset.high[1]]
    return min(inside, key=lambda c: (round(abs(c - middle), 12), c), default=middle)


def cut_sheet(layer: Layer, position: float, smooth: Sequence[str] = ()) -> Sheet:
    """A layer in the plane y = `position` (metres), as points (x, z).

    Args:
        layer: of a model in three dimensions.
        position: where to cut.
        smooth: cell means to average to the nodes before.
    """
    nodes = {**layer.nodes, **{n: layer.smooth(n) for n in smooth if n in layer.means}}
    distance = layer.points[:, 1] - position
    small = 1e-9 * float(np.ptp(layer.points[:, 1]) or 1.0)
    distance = np.where(np.abs(distance) < small, small, distance)  # no node lies on the plane
    above = distance > 0
    edges, triangles = _cut_tetrahedra(layer.cells, above)
    ends, inverse = np.unique(edges, axis=0, return_inverse=True)
    share = (distance[ends[:, 0]] / (distance[ends[:, 0]] - distance[ends[:, 1]]))[:, None]

    def between(values: npt.NDArray[np.generic]) -> Floats:
        table = np.asarray(values, dtype=float).reshape(len(values), -1)
        mixed: Floats = (1 - share) * table[ends[:, 0]] + share * table[ends[:, 1]]
        return mixed.reshape(len(ends), *values.shape[1:])

    points = between(layer.points)[:, [0, 2]]
    faces = boundary(layer.corners)
    return Sheet(
        layer,
        points,
        inverse.reshape(-1)[triangles],
        {name: between(values) for name, values in nodes.items()},
        _cut_triangles(faces, layer.points, distance),
    )


def _cut_tetrahedra(cells: Ints, above: npt.NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Cut edges (k, 2), lower node first, and triangles (m, 3) of them."""
    inside = above[cells]
    count = inside.sum(axis=1)
    edges: list[Ints] = []
    triangles: list[Ints] = []
    start = 0
    for number in (1, 2, 3):
        chosen = cells[count == number]
        # nodes that stand alone on their side first
        order = np.argsort(~inside[count == number] if number < 3 else inside[count == number], axis=1, kind="stable")
        a, b, c, d = np.take_along_axis(chosen, order, axis=1).T
        if number == 2:
            rim = np.stack([[a, c], [a, d], [b, d], [b, c]])  # (4, 2, m): around the quadrilateral
            corners: tuple[tuple[int, ...], ...] = ((0, 1, 2), (0, 2, 3))
        else:
            rim = np.stack([[a, b], [a, c], [a, d]])
            corners = ((0, 1, 2),)
        size = len(chosen)
        edges.append(np.sort(rim.transpose(2, 0, 1).reshape(-1, 2), axis=1))
        base = start + np.arange(size)[:, None] * len(rim)
        triangles += [base + np.array(corner)[None, :] for corner in corners]
        start += size * len(rim)
    return np.concatenate(edges), np.concatenate(triangles)


def _cut_triangles(faces: Ints, points: Floats, distance: Floats) -> Floats:
    """(k, 2, 2) segments (x, z) in which a plane cuts triangles of a surface."""
    above = distance[faces] > 0
    chosen = faces[(above.sum(axis=1) == 1) | (above.sum(axis=1) == 2)]
    if not len(chosen):
        return np.empty((0, 2, 2))
    up = distance[chosen] > 0
    alone = np.where(up.sum(axis=1) == 1, np.argmax(up, axis=1), np.argmin(up, axis=1))
    index = np.arange(len(chosen))
    first = chosen[index, alone]
    ends = []
    for shift in (1, 2):
        second = chosen[index, (alone + shift) % 3]
        share = (distance[first] / (distance[first] - distance[second]))[:, None]
        ends.append(((1 - share) * points[first] + share * points[second])[:, [0, 2]])
    return np.stack(ends, axis=1)
