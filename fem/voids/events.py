"""What happens to the arcs of voids besides motion: lips close, voids merge, are cut in two, or leave the electrolyte.

All of these change the topology within the length of an edge. They give new arcs only; whoever calls keeps the volumes
(those of voids that merge add up, those of pieces share the old one) and moves the new arcs to them, so that lithium
is conserved.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fem.voids.outline import CONTACT, Cell, Wall

Floats = npt.NDArray[np.float64]

__all__ = ["across_corner", "closing", "joined", "pieces", "through_electrolyte", "touches", "trimmed", "turned"]

#: A point of an arc has come down to the electrolyte when it is less than this share of an edge above it.
_DOWN = 0.15
#: A step that leaves a point deeper in the electrolyte than this share of an edge was too long.
_DEEPEST = 0.5
#: A void leaves the electrolyte when its foot is shorter than this share of its size.
_FOOT = 0.05


def _wall(cell: Cell, point: Floats) -> Wall:
    return cell.walls[cell.place(point)[1]]


def _edge(arc: Floats) -> float:
    return float(np.median(np.linalg.norm(np.diff(arc, axis=0), axis=1)))


def _level(cell: Cell) -> float:
    return float(next(wall for wall in cell.walls if wall.name == CONTACT).points[0, 1])


def touches(cell: Cell, arc: Floats) -> bool:
    """Does the void reach the electrolyte?"""
    return any(_wall(cell, arc[place]).name == CONTACT for place in (0, -1))


# ---------------------------------------------------------------------- down to the electrolyte
def trimmed(cell: Cell, arc: Floats) -> Floats:
    """The arc without the points next to its ends that have come down to the electrolyte (a lip that closed)."""
    height = _DOWN * _edge(arc)
    for place in (0, -1):
        if _wall(cell, arc[place]).name != CONTACT:
            continue
        ordered = arc if place == 0 else arc[::-1]
        level = _level(cell)
        first = 1
        while first < len(ordered) - 3 and ordered[first, 1] - level < height:
            first += 1
        ordered = np.concatenate([[[ordered[first - 1, 0], level]], ordered[first:]])
        arc = ordered if place == 0 else ordered[::-1]
    return arc


def pieces(cell: Cell, arc: Floats) -> list[Floats]:
    """The voids that an arc becomes whose neck has come down to the electrolyte between its ends; else itself.

    The contact between two pieces reaches half an edge beyond the points that are down.
    """
    if not touches(cell, arc):
        return [arc]
    level = _level(cell)
    down = arc[:, 1] - level < _DOWN * _edge(arc)
    down[:2] = down[-2:] = False
    borders = np.flatnonzero(np.diff(np.concatenate([[False], down, [False]]).astype(int)))
    made: list[Floats] = []
    head, start = np.zeros((0, 2)), 0
    for first, after in borders.reshape(-1, 2):  # points from the first to before the other are down
        left, right = ((arc[k - 1, 0] + arc[k, 0]) / 2 for k in (first, after))
        if left < right:  # else the surface hangs over: what touches is no neck
            made.append(np.concatenate([head, arc[start:first], [[left, level]]]))
            head, start = np.array([[right, level]]), int(after)
    return [*made, np.concatenate([head, arc[start:]])]


def turned(cell: Cell, before: Floats, arc: Floats) -> bool:
    """Did the ends of an arc pass each other since ``before``?"""
    whole = float(cell.lengths()[-1])
    spans = [(cell.place(one[-1])[0] - cell.place(one[0])[0]) % whole for one in (before, arc)]
    return abs(spans[1] - spans[0]) > whole / 2


def through_electrolyte(cell: Cell, arc: Floats) -> bool:
    """Did a point go so deep into the electrolyte that the step was too long?"""
    return bool(np.min(arc[1:-1, 1]) < _level(cell) - _DEEPEST * _edge(arc))


# ---------------------------------------------------------------------- merging and leaving
def joined(cell: Cell, arcs: Sequence[Floats]) -> tuple[list[Floats], list[list[int]]]:
    """Arcs after all neighbours whose wall between them is shorter than an edge have become one.

    Returns:
        The arcs along the walls, and the numbers of the arcs of which each consists.
    """
    made: list[Floats] = []
    members: list[list[int]] = []
    for k in sorted(range(len(arcs)), key=lambda k: cell.place(arcs[k][0])[0]):
        other = arcs[k]
        if made:
            one = made[-1]
            edge = min(np.linalg.norm(one[-1] - one[-2]), np.linalg.norm(other[1] - other[0]))
            same = cell.place(one[-1])[1] == cell.place(other[0])[1]
            if same and np.linalg.norm(other[0] - one[-1]) < edge:
                made[-1] = np.concatenate([one[:-1], other[1:]])
                members[-1].append(k)
                continue
        made.append(other)
        members.append([k])
    return made, members


def across_corner(cell: Cell, arc: Floats) -> Floats | None:
    """The arc with an end on the plane of symmetry when it has come within an edge of it on the electrolyte; else None.

    A void beside the plane merges with its image; one that is cut by the plane loses its foot.
    """
    numbers = [k for k, wall in enumerate(cell.walls) if wall.name == CONTACT]
    for place, neighbour in ((0, 1), (-1, -2)):
        number = cell.place(arc[place])[1]
        if number not in numbers:
            continue
        edge = np.linalg.norm(arc[place] - arc[neighbour])
        for step, corner in ((-1, cell.walls[number].points[0]), (1, cell.walls[number].points[-1])):
            beside = cell.walls[(number + step) % len(cell.walls)]
            if beside.axis == 0 and np.linalg.norm(arc[place] - corner) < edge:
                moved = arc.copy()
                moved[place] = [corner[0], arc[neighbour, 1]]
                return moved
    return None


def closing(cell: Cell, arc: Floats, size: float) -> bool:
    """Has the foot of a void, both ends of which are on the electrolyte, become a point?"""
    if any(_wall(cell, arc[place]).name != CONTACT for place in (0, -1)):
        return False
    return float(np.linalg.norm(arc[0] - arc[-1])) < _FOOT * size
