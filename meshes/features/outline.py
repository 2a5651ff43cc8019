"""Contact areas with straight edges: their outline, what lies within, cells and sample points along the edges."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from meshes.features.base import EdgeSide, FeatureDefaults, Floats, Refinement
from meshes.features.pixels import polygons

if TYPE_CHECKING:
    from meshes.build import LayeredModel
    from meshes.sizes import MeshSizes
    from meshes.stack import Stack

__all__ = ["Outline", "Outlined", "distance_to_edges"]

Mask = npt.NDArray[np.bool_]
_MOST_EDGE_POINTS = 200_000
_SAMPLES_PER_EDGE = 16
_MOST_PIECES = 20_000
_COMPARED = 8


@dataclass(frozen=True, eq=False)
class Outline:
    """Areas of contact on an interface, made of the boxes of a grid of straight lines.

    Attributes:
        axes: ascending coordinates in metres of the lines of the grid along each lateral direction, sides included.
        cells: (n,) or (n, m) which boxes are in contact.
        scale: half the smallest width of contact or gap, metres: the measure of the cells at the edges.
    """

    axes: tuple[Floats, ...]
    cells: Mask
    scale: float

    def covers(self, x: Floats) -> Mask:
        """(n,) whether lateral points (n, k) lie in contact."""
        place = [
            np.clip(np.searchsorted(axis, x[:, k], side="right") - 1, 0, len(axis) - 2)
            for k, axis in enumerate(self.axes)
        ]
        return np.asarray(self.cells[tuple(place)], dtype=bool)

    @property
    def area(self) -> float:
        """In contact: m^2, of strips m."""
        widths = [np.diff(axis) for axis in self.axes]
        size = widths[0] if len(widths) == 1 else np.multiply.outer(*widths)
        return float(size[self.cells].sum())

    def intervals(self) -> list[tuple[float, float]]:
        """In one lateral direction: where contact begins and ends."""
        padded = np.concatenate([[False], self.cells, [False]])
        first, last = (np.flatnonzero(padded[:-1] < padded[1:]), np.flatnonzero(padded[:-1] > padded[1:]))
        return [(float(self.axes[0][i]), float(self.axes[0][j])) for i, j in zip(first, last, strict=True)]

    def faces(self) -> list[list[Floats]]:
        """In two lateral directions: closed loops of corners (m, 2) of each area, the outer one first."""
        return [[self._placed(loop) for loop in face] for face in polygons(self.cells)]

    def edges(self) -> Floats:
        """(m, 2, k) ends of all edges between contact and gap; in one direction both ends are the same point."""
        if len(self.axes) == 1:
            ends = self.axes[0][1:-1][self.cells[1:] != self.cells[:-1]]
            return np.repeat(ends.reshape(-1, 1, 1), 2, axis=1)
        found = [np.zeros((0, 2, 2))]
        for axis in (0, 1):
            cells = self.cells if axis == 0 else self.cells.T
            differ = cells[1:] != cells[:-1]
            for i in np.flatnonzero(differ.any(axis=1)):
                row = np.concatenate([[False], differ[i], [False]])
                low, high = np.flatnonzero(row[:-1] < row[1:]), np.flatnonzero(row[:-1] > row[1:])
                ends = np.empty((len(low), 2, 2))
                ends[:, :, axis] = self.axes[axis][i + 1]
                ends[:, 0, 1 - axis], ends[:, 1, 1 - axis] = self.axes[1 - axis][low], self.axes[1 - axis][high]
                found.append(ends)
        return np.concatenate(found)

    def _placed(self, corners: npt.NDArray[np.int64]) -> Floats:
        return np.column_stack([axis[corners[:, k]] for k, axis in enumerate(self.axes)])


class Outlined(FeatureDefaults):
    """Contact of an interface on areas with straight edges; the rest is called ``a|b:gap``."""

    at: str
    name: str

    @abstractmethod
    def outline(self, stack: Stack) -> Outline:
        """The areas in contact."""

    def facet_names(self, stack: Stack) -> tuple[str, ...]:
        """The part of the interface that passes no current."""
        return (f"{self.at}:gap",)

    def smallest_length(self, stack: Stack) -> float:
        """Radius of the spots, or half the width of an area."""
        parts = self.openings(stack)
        return min(o.radius for o in parts) if parts else self.outline(stack).scale

    def refinements(self, stack: Stack, sizes: MeshSizes) -> tuple[Refinement, ...]:
        """Small cells along edges that are no footprints (those are known already)."""
        if self.openings(stack):
            return ()
        outline = self.outline(stack)
        fraction = sizes.edge_fraction
        if fraction is None:
            fraction = 1 / 8 if stack.dimension == "3" else 1 / 200
        size = sizes.factor * (sizes.edge if sizes.edge is not None else fraction * outline.scale)
        edges = outline.edges()
        lateral = edges[:, 0] if len(stack.lateral) == 1 else _spread(edges, 2 * size)
        points = np.column_stack([lateral, np.full(len(lateral), stack.z_of(self.at))])
        return (Refinement(points, size, size if len(stack.lateral) == 2 else 0.0),)

    def cut(self, model: LayeredModel) -> None:
        """Divide the interface along the edges."""
        stack, occ, unit = model.stack, model.occ, model.unit
        outline, z = self.outline(stack), stack.z_of(self.at) / unit
        if len(stack.lateral) == 1:
            for interval in outline.intervals():
                ends = [occ.addPoint(x / unit, z, 0) for x in interval]
                model.imprint(self.at, (1, occ.addLine(*ends)))
            return
        for face in outline.faces():
            loops = [_loop(occ, loop / unit, z) for loop in face]
            model.imprint(self.at, (2, occ.addPlaneSurface(loops)))

    def contact_edge_samples(self, stack: Stack, distance: float, side: EdgeSide = "contact") -> Floats:
        """Points (n, gdim) on the interface at `distance` (metres) from the edges, away from corners.

        Raises:
            ValueError: unknown side, or a distance that is not positive.
        """
        if side not in ("contact", "gap"):
            raise ValueError(f"side must be 'contact' or 'gap', not {side!r}")
        if not distance > 0:
            raise ValueError(f"distance must be positive, not {distance!r}")
        outline = self.outline(stack)
        edges = outline.edges()
        if len(stack.lateral) == 1:
            x = (edges[:, 0] + distance * np.array([-1.0, 1.0])).reshape(-1, 1)
            nearest = _nearest_point(x[:, 0], edges[:, 0, 0])
        else:
            along = edges[:, 1] - edges[:, 0]
            length = np.linalg.norm(along, axis=1)
            long = length > 2 * distance
            edges, along, length = edges[long], along[long], length[long]
            share = (np.arange(_SAMPLES_PER_EDGE) + 0.5) / _SAMPLES_PER_EDGE
            base = edges[:, 0, None] + share[None, :, None] * along[:, None]
            normal = np.column_stack([-along[:, 1], along[:, 0]]) / length[:, None]
            both = np.stack([base + s * distance * normal[:, None] for s in (-1.0, 1.0)])
            x = both.reshape(-1, 2)
            nearest = _nearest(x, outline.edges(), distance)
        inside = np.all((x >= 0) & (x <= np.array(stack.lateral)), axis=1)
        kept = inside & (outline.covers(x) == (side == "contact")) & (nearest > distance * (1 - 1e-6))
        return np.column_stack([x[kept], np.full(np.count_nonzero(kept), stack.z_of(self.at))])


def _loop(occ: Any, corners: Any, z: float) -> int:
    points = [occ.addPoint(float(x), float(y), z) for x, y in corners]
    return int(occ.addCurveLoop([occ.addLine(points[i - 1], points[i]) for i in range(len(points))]))


def _spread(edges: Floats, spacing: float) -> Floats:
    """Points (n, 2) along the edges, `spacing` metres apart at most."""
    length = np.linalg.norm(edges[:, 1] - edges[:, 0], axis=1)
    spacing = max(spacing, float(length.sum()) / _MOST_EDGE_POINTS)
    number = np.maximum(1, np.ceil(length / spacing)).astype(np.int64)
    which = np.repeat(np.arange(len(edges)), number)
    place = np.arange(len(which)) - np.repeat(np.cumsum(number) - number, number)
    share = (place + 0.5) / number[which]
    return np.asarray(edges[which, 0] + share[:, None] * (edges[which, 1] - edges[which, 0]))


def distance_to_edges(x: Floats, edges: Floats) -> Floats:
    """(n,) distance of lateral points (n, k) from the nearest of straight `edges` (m, 2, k).

    In two directions the edges are cut into pieces of one length, and the pieces with the nearest middles compared.
    """
    if x.shape[1] == 1:
        return _nearest_point(x[:, 0], np.sort(edges[:, 0, 0]))
    from scipy.spatial import cKDTree

    length = np.linalg.norm(edges[:, 1] - edges[:, 0], axis=1)
    start, step = _pieces(edges, max(float(length.min()), float(length.sum()) / _MOST_PIECES))
    number = min(_COMPARED, len(start))
    near = cKDTree(start + 0.5 * step).query(x, k=np.arange(1, number + 1))[1]
    found = np.full(len(x), math.inf)
    for column in near.T:
        found = np.minimum(found, _to_piece(x, start[column], step[column]))
    return found


def _pieces(edges: Floats, longest: float) -> tuple[Floats, Floats]:
    """Beginnings and vectors of pieces of the edges, `longest` metres long at most."""
    length = np.linalg.norm(edges[:, 1] - edges[:, 0], axis=1)
    number = np.maximum(1, np.ceil(length / longest * (1 - 1e-12))).astype(np.int64)
    which = np.repeat(np.arange(len(edges)), number)
    place = np.arange(len(which)) - np.repeat(np.cumsum(number) - number, number)
    step = (edges[which, 1] - edges[which, 0]) / number[which, None]
    return edges[which, 0] + place[:, None] * step, step


def _to_piece(x: Floats, start: Floats, step: Floats) -> Floats:
    """(n,) distance of each point from its piece."""
    off = x - start
    share = np.clip(np.einsum("nk,nk->n", off, step) / np.einsum("nk,nk->n", step, step), 0.0, 1.0)
    return np.asarray(np.linalg.norm(off - share[:, None] * step, axis=1))


def _nearest_point(x: Floats, ends: Floats) -> Floats:
    """(n,) distance of each coordinate from the nearest of `ends`, which ascend."""
    place = np.searchsorted(ends, x)
    below, above = ends[np.maximum(place - 1, 0)], ends[np.minimum(place, len(ends) - 1)]
    return np.asarray(np.minimum(np.abs(x - below), np.abs(x - above)))


def _nearest(x: Floats, edges: Floats, reach: float) -> Floats:
    """(n,) distance of each point from the nearest edge, exact up to `reach`, larger than that or infinite beyond.

    Edges are cut into pieces of about `reach` or the length of the shortest of them, so that few are near a point.
    """
    from scipy.spatial import cKDTree

    length = np.linalg.norm(edges[:, 1] - edges[:, 0], axis=1)
    longest = max(reach, float(length.min()), float(length.sum()) / _MOST_EDGE_POINTS)
    start, step = _pieces(edges, longest)
    near = cKDTree(start + 0.5 * step).query_ball_point(x, reach + 0.5 * longest)
    counts = np.fromiter(map(len, near), dtype=np.int64, count=len(near))
    point = np.repeat(np.arange(len(x)), counts)
    piece = np.array([k for hits in near for k in hits], dtype=np.int64)
    found = np.full(len(x), math.inf)
    np.minimum.at(found, point, _to_piece(x[point], start[piece], step[piece]))
    return found
