"""The outline of a piece of lithium with voids at its walls: walls, and arcs that cut into them.

A void is an open polygon, its arc, from one place on the walls to another. The walls between two arcs and the arcs
together are the closed outline of the lithium, counter-clockwise. The arcs are the whole state of a run: meshes follow
from them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline

from fem.errors import ModelError

Floats = npt.NDArray[np.float64]

__all__ = [
    "CONTACT",
    "VOID",
    "Cell",
    "Outline",
    "Wall",
    "arc_of_circle",
    "contact_borders",
    "contact_share",
    "resampled",
]

#: Names of the walls towards the electrolyte and of the surfaces of voids.
CONTACT, VOID = "contact", "void"
#: Edges of walls grow by this share of the distance from the voids.
_GROWTH = 0.25


@dataclass(frozen=True)
class Wall:
    """A wall of the lithium.

    Attributes:
        name: of its facets. points: (k, 2) from its beginning to its end, counter-clockwise round the lithium, m.
        axis: of its normal; None where it is not straight (arcs cannot end there).
    """

    name: str
    points: Floats
    axis: int | None


@dataclass(frozen=True)
class Cell:
    """The walls of the lithium without voids.

    Attributes:
        walls: counter-clockwise, closed. axisymmetric: x = 0 is the axis (volumes are those of revolution).
        pressed: name of the wall under the stack pressure. platen: it stays straight and moves as a whole.
        largest: longest edge of the mesh, m.
    """

    walls: tuple[Wall, ...]
    axisymmetric: bool
    pressed: str
    platen: bool
    largest: float

    @classmethod
    def box(cls, width: float, height: float, axisymmetric: bool = False, largest: float | None = None) -> Cell:
        """Lithium on an electrolyte (wall ``contact``, y = 0) between planes of symmetry, under a platen ``top``.

        Args:
            width: half the distance of voids, or the radius round an axis, m. height: thickness of the lithium, m.
            largest: longest edge of the mesh; a sixth of the shorter side when it is not given.
        """
        corners = np.array([[0.0, height], [0.0, 0.0], [width, 0.0], [width, height], [0.0, height]])
        names = ("left", CONTACT, "right", "top")
        walls = tuple(Wall(name, corners[k : k + 2], k % 2) for k, name in enumerate(names))
        return cls(walls, axisymmetric, "top", True, largest or min(width, height) / 6)

    @classmethod
    def sector(cls, radius: float, axisymmetric: bool = False, edges: int = 24) -> Cell:
        """A quarter disc with planes of symmetry ``left`` and ``contact``, pressed (not moved) at its rim ``outer``."""
        rim = arc_of_circle(radius, edges)[::-1]
        left = np.array([[0.0, radius], [0.0, 0.0]])
        bottom = np.array([[0.0, 0.0], [radius, 0.0]])
        walls = (Wall("left", left, 0), Wall(CONTACT, bottom, 1), Wall("outer", rim, None))
        return cls(walls, axisymmetric, "outer", False, radius / 6)

    @property
    def contact_width(self) -> float:
        """Length of the wall towards the electrolyte (round an axis: its radius), m."""
        return float(next(wall for wall in self.walls if wall.name == CONTACT).points[-1, 0])

    def lengths(self) -> Floats:
        """(walls + 1,) distance along the walls at which each begins, and the whole."""
        each = [float(np.linalg.norm(np.diff(w.points, axis=0), axis=1).sum()) for w in self.walls]
        return np.concatenate([[0.0], np.cumsum(each)])

    def place(self, point: Floats) -> tuple[float, int]:
        """Distance along the walls at which a point lies, and the number of the (straight) wall.

        Raises:
            ModelError: the point lies on no straight wall.
        """
        starts = self.lengths()
        for k, wall in enumerate(self.walls):
            if wall.axis is None:
                continue
            start, end = wall.points[0], wall.points[-1]
            along = float(np.dot(point - start, end - start) / np.dot(end - start, end - start))
            off = float(abs(point[wall.axis] - start[wall.axis]))
            if off < 1e-9 * starts[-1] and -1e-9 < along < 1 + 1e-9:
                return float(starts[k] + along * (starts[k + 1] - starts[k])), k
        raise ModelError(f"a void ends at ({point[0]:.3g}, {point[1]:.3g}) m, which is on no wall")

    def between(self, start: float, end: float) -> list[tuple[str, Floats]]:
        """Name and points of the pieces of wall from one distance along the walls to a later one."""
        starts, pieces = self.lengths(), []
        for turn in (0.0, starts[-1]):
            for k, wall in enumerate(self.walls):
                distance = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(wall.points, axis=0), axis=1))])
                distance += starts[k] + turn
                low, high = max(start, distance[0]), min(end, distance[-1])
                if high - low <= 1e-9 * starts[-1]:
                    continue
                inner = distance[(distance > low) & (distance < high)]
                at = np.concatenate([[low], inner, [high]])
                pieces.append((wall.name, np.column_stack([np.interp(at, distance, c) for c in wall.points.T])))
        return pieces


@dataclass(frozen=True)
class Outline:
    """The closed outline of the lithium.

    Attributes:
        parts: name and points of each part, counter-clockwise (see `meshes.planar`).
        spans: of each arc, the numbers of its points among the points of the outline, (k,) each.
        ends: of each arc, the number of the wall on which it begins and ends.
        starts: of each arc, the distances along the walls of its beginning and end.
    """

    parts: tuple[tuple[str, Floats], ...]
    spans: tuple[npt.NDArray[np.int64], ...]
    ends: tuple[tuple[int, int], ...]
    starts: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, cell: Cell, arcs: Sequence[Floats]) -> Outline:
        """Outline of a cell with arcs, in any order.

        Raises:
            ModelError: an arc does not begin and end on straight walls, or two overlap there.
        """
        whole = float(cell.lengths()[-1])
        found = [(cell.place(arc[0]), cell.place(arc[-1])) for arc in arcs]
        found = [(s, e if e[0] > s[0] else (e[0] + whole, e[1])) for s, e in found]
        order = sorted(range(len(arcs)), key=lambda k: found[k][0][0])
        nodes = np.concatenate(arcs) if arcs else np.zeros((0, 2))
        near = np.concatenate([_node_lengths(arc) for arc in arcs]) if arcs else np.zeros(0)
        parts: list[tuple[str, Floats]] = []
        spans: dict[int, npt.NDArray[np.int64]] = {}
        count = 0
        if not order:
            for name, points in cell.between(0.0, whole):
                parts.append((name, _divided(points, nodes, near, cell.largest)))
        for index, k in enumerate(order):
            parts.append((VOID, arcs[k]))
            spans[k] = np.arange(count, count + len(arcs[k]), dtype=np.int64)
            count += len(arcs[k]) - 1
            following = order[(index + 1) % len(order)]
            start, end = found[k][1][0], found[following][0][0]
            if index + 1 == len(order):
                end += whole
            if not found[k][0][0] < start < end:
                raise ModelError("voids overlap at the wall, or one is turned round")
            for name, points in cell.between(start, end):
                divided = _divided(points, nodes, near, cell.largest)
                parts.append((name, divided))
                count += len(divided) - 1
        for span in spans.values():
            span %= count
        several = range(len(arcs))
        return cls(
            tuple(parts),
            tuple(spans[k] for k in several),
            tuple((found[k][0][1], found[k][1][1]) for k in several),
            tuple((found[k][0][0], found[k][1][0]) for k in several),
        )

    @property
    def points(self) -> Floats:
        """(m, 2) points of the outline in order."""
        return np.concatenate([points[:-1] for _, points in self.parts])


def arc_of_circle(radius: float, edges: int, centre: tuple[float, float] = (0.0, 0.0), span: float = 90.0) -> Floats:
    """(edges + 1, 2) points of a void's arc, clockwise: a quarter from the y axis to the x axis, or half a circle.

    Args:
        radius: m. edges: number of straight pieces. centre: m. span: 90 or 180 degrees, to the line to the right.
    """
    angles = np.radians(np.linspace(span, 0.0, edges + 1))
    points = radius * np.column_stack([np.cos(angles), np.sin(angles)])
    points[-1, 1] = 0.0
    if span == 90.0:
        points[0, 0] = 0.0
    else:
        points[0, 1] = 0.0
    return np.asarray(points + np.asarray(centre), dtype=np.float64)


def contact_borders(cell: Cell, arcs: Sequence[Floats]) -> list[float]:
    """Places (m) along the electrolyte where contact begins, ends, begins again, and so on; none where it is lost."""
    made, reached = [], 0.0
    for arc in sorted(arcs, key=lambda a: float(a[0, 0])):
        start, end = float(arc[0, 0]), float(arc[-1, 0])
        if end <= start:  # on a plane of symmetry
            continue
        if start > reached:
            made += [reached, start]
        reached = end
    width = cell.contact_width
    return [*made, reached, width] if reached < width else made


def contact_share(cell: Cell, arcs: Sequence[Floats]) -> float:
    """Share of the electrolyte that arcs leave in contact."""
    borders = (np.array(contact_borders(cell, arcs)) / cell.contact_width) ** (2 if cell.axisymmetric else 1)
    return float(np.sum(borders[1::2] - borders[::2]))


def resampled(arc: Floats, edges: int) -> Floats:
    """The arc as a spline through its points, divided into equal edges; its ends stay."""
    distance = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(arc, axis=0), axis=1))])
    spline = CubicSpline(distance, arc)
    fine = np.linspace(0.0, distance[-1], 20 * edges + 1)
    path = spline(fine)
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    made = np.asarray(spline(np.interp(np.linspace(0.0, along[-1], edges + 1), along, fine)), dtype=np.float64)
    made[0], made[-1] = arc[0], arc[-1]
    return made


def _node_lengths(arc: Floats) -> Floats:
    """(k,) mean length of the edges at every point."""
    edges = np.linalg.norm(np.diff(arc, axis=0), axis=1)
    return np.asarray((np.concatenate([edges[:1], edges]) + np.concatenate([edges, edges[-1:]])) / 2)


def _divided(points: Floats, nodes: Floats, near: Floats, largest: float) -> Floats:
    """A piece of wall with edges that grow with the distance from the voids; its own points stay."""
    made = [points[:1]]
    for start, end in itertools.pairwise(points):
        share = np.linspace(0.0, 1.0, 201)[:, None]
        places = start + share * (end - start)
        size = np.full(len(places), largest)
        if len(nodes):
            distance = np.linalg.norm(places[:, None, :] - nodes[None, :, :], axis=2)
            size = np.minimum(size, (near + _GROWTH * distance).min(axis=1))
        density = float(np.linalg.norm(end - start)) / size
        total = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(share[:, 0]))])
        number = max(1, math.ceil(total[-1] - 1e-6))
        at = np.interp(np.linspace(0.0, total[-1], number + 1), total, share[:, 0])
        made.append((start + at[:, None] * (end - start))[1:])
    return np.concatenate(made)
