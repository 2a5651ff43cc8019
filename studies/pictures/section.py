"""A plane cut through tetrahedra: the same sheets of triangles as plane models have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studies import units
from studies.pictures.dataset import Dataset
from studies.pictures.planar import Seam, Sheet
from studies.pictures.regions import Layer, boundary

__all__ = ["Cut", "cut_place", "cut_position", "cut_seams", "cut_sheet", "make_cut"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Cut:
    """A model in space in the plane y = `position` (metres), and a sentence on where that is."""

    position: float
    where: str
    sheets: tuple[Sheet, ...]
    seams: tuple[Seam, ...]


def make_cut(dataset: Dataset, smooth: Sequence[str] = ()) -> Cut:
    """Cut a model in space where most is to be seen.

    Args:
        dataset: the model.
        smooth: cell means to average to the nodes before.
    """
    position, where = cut_place(dataset)
    sheets = tuple(cut_sheet(layer, position, smooth) for layer in dataset.layers)
    return Cut(position, where, sheets, tuple(cut_seams(dataset, position)))


def cut_place(dataset: Dataset) -> tuple[float, str]:
    """Coordinate y in metres of a cut, and a sentence on where that is.

    Through the opening nearest to the middle, else the middle of the largest body within the layers, else of the
    largest slit, else of the model.
    """
    middle = 0.5 * float(dataset.low[1] + dataset.high[1])
    inside = [o for o in dataset.openings if dataset.low[1] < o.centre[1] < dataset.high[1]]
    if inside:
        nearest = min(inside, key=lambda o: (round(abs(o.centre[1] - middle), 12), o.centre[1]))
        what = "contact spot" if nearest.contact else nearest.label.split("[")[0]
        count = sum(abs(o.centre[1] - nearest.centre[1]) < 0.5 * o.radius for o in inside)
        return nearest.centre[1], _where(nearest.centre[1], f", through {count} openings" if count > 1 else f": {what}")
    pieces = [(part, body.name) for body in dataset.bodies if not body.is_layer for part in body.parts]
    if pieces:
        found = [(*_largest_piece(part), name) for part, name in pieces]
        _, position, name = max(found, key=lambda x: x[0])
        return position, _where(position, f", through the largest piece of {name}")
    slits = [x for x in dataset.surfaces if x.kind == "slit"]
    if slits:
        largest = max(slits, key=lambda x: len(x.corners))
        low, high = largest.corners[..., 1].min(), largest.corners[..., 1].max()
        position = float(0.5 * (low + high))
        return position, _where(position, f", through {largest.name}")
    return middle, _where(middle, "")


def cut_position(dataset: Dataset) -> float:
    """Coordinate y in metres of a cut (see `cut_place`)."""
    return cut_place(dataset)[0]


def _where(position: float, what: str) -> str:
    return f"cut at y = {units.format(float(f'{position:.3g}'), 'length', 3)}{what}"


def _largest_piece(layer: Layer) -> tuple[float, float]:
    """Volume in m^3 of the largest connected piece of a region, and the middle y of its extent in m."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    cells, size = layer.corners, len(layer.points)
    rows, columns = np.repeat(cells[:, 0], cells.shape[1] - 1), cells[:, 1:].reshape(-1)
    graph = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(size, size))
    label = connected_components(graph, directed=False)[1]
    volumes = np.bincount(label[cells[:, 0]], layer.measures)
    own = layer.points[label == np.argmax(volumes), 1]
    return float(volumes.max()), float(0.5 * (own.min() + own.max()))


def cut_seams(dataset: Dataset, position: float) -> list[Seam]:
    """Slits and parts without contact in the plane y = `position` (metres)."""
    found = []
    for surface in dataset.surfaces:
        if surface.kind not in ("slit", "gap"):
            continue
        points = surface.corners.reshape(-1, 3)
        faces = np.arange(len(points)).reshape(-1, 3)
        segments = _cut_triangles(faces, points, _off_plane(points, position))
        if len(segments):
            name = surface.name if surface.kind == "slit" else "no contact"
            found.append(Seam(name, surface.kind, segments))
    return found


def _off_plane(points: Floats, position: float) -> Floats:
    """(n,) distances from the cut, none of which is zero: no node lies on the plane."""
    distance = points[:, 1] - position
    small = 1e-9 * float(np.ptp(points[:, 1]) or 1.0)
    return np.where(np.abs(distance) < small, small, distance)


def cut_sheet(layer: Layer, position: float, smooth: Sequence[str] = ()) -> Sheet:
    """A layer in the plane y = `position` (metres), as points (x, z).

    Args:
        layer: of a model in three dimensions.
        position: where to cut.
        smooth: cell means to average to the nodes before.
    """
    nodes = {**layer.nodes, **{n: layer.smooth(n) for n in smooth if n in layer.means}}
    distance = _off_plane(layer.points, position)
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
