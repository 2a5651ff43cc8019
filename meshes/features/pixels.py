"""Areas made of pixels as few polygons, with holes."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt

__all__ = ["polygons"]

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Corner = tuple[int, int]


def polygons(cells: Mask) -> list[list[Ints]]:
    """Polygons that cover exactly the pixels (n, m) that are set, and touch in points and edges at most.

    Pixels that share an edge make one polygon: closed loops of the corners (k, 2) at which it turns, the outer loop
    first (counter-clockwise), then its holes. An area that touches itself in a corner is no polygon: it is divided
    into rectangles.
    """
    from scipy.ndimage import label

    areas, number = label(cells)
    starts = _borders(cells, areas)
    found: list[list[Ints]] = []
    for area in range(1, number + 1):
        ahead: dict[Corner, Corner] = {}
        edges = starts[area]
        for a, b in edges:
            ahead[a] = b
        if len(ahead) == len(edges):
            found.append(_loops(ahead))
    touching = {area for area, edges in starts.items() if len({a for a, _ in edges}) != len(edges)}
    for box in _rectangles(np.isin(areas, list(touching))) if touching else []:
        (i, j), (k, l) = box
        found.append([np.array([[i, j], [k, j], [k, l], [i, l]], dtype=np.int64)])
    return found


def _borders(cells: Mask, areas: Ints) -> dict[int, list[tuple[Corner, Corner]]]:
    """Edges of each area, pixel by pixel, with the area on their left."""
    padded = np.pad(cells, 1)
    found: dict[int, list[tuple[Corner, Corner]]] = defaultdict(list)
    sides = (
        ((1, 0), (0, 0), (1, 0)),  # below: the neighbour at j - 1; from corner (0, 0) to (1, 0)
        ((2, 1), (1, 0), (1, 1)),
        ((1, 2), (1, 1), (0, 1)),
        ((0, 1), (0, 1), (0, 0)),
    )
    n, m = cells.shape
    for (p, q), a, b in sides:
        # padded[i + 1, j + 1] is pixel (i, j)
        outside = ~padded[p : p + n, q : q + m]
        for place in np.argwhere(cells & outside):
            i, j = int(place[0]), int(place[1])
            found[int(areas[i, j])].append(((i + a[0], j + a[1]), (i + b[0], j + b[1])))
    return found


def _loops(ahead: dict[Corner, Corner]) -> list[Ints]:
    """Closed loops of the corners at which the border turns; the one around the others first."""
    loops = []
    left = dict(ahead)
    while left:
        first, at = left.popitem()
        loop = [first]
        while at != loop[0]:
            loop.append(at)
            at = left.pop(at)
        points = np.array(loop, dtype=np.int64)
        back, forth = points - np.roll(points, 1, axis=0), np.roll(points, -1, axis=0) - points
        loops.append(points[back[:, 0] * forth[:, 1] != back[:, 1] * forth[:, 0]])
    return sorted(loops, key=_area, reverse=True)


def _area(loop: Ints) -> int:
    """Twice the area within, negative of a hole."""
    x, y = loop.T
    return int(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))


def _rectangles(cells: Mask) -> list[tuple[Corner, Corner]]:
    """Rectangles that cover the pixels: runs along the first axis, merged over rows where they are the same."""
    growing: dict[tuple[int, int], int] = {}
    found: list[tuple[Corner, Corner]] = []
    for j in range(cells.shape[1] + 1):
        runs: set[tuple[int, int]] = set()
        if j < cells.shape[1]:
            row = np.concatenate([[False], cells[:, j], [False]])
            low, high = np.flatnonzero(row[:-1] < row[1:]), np.flatnonzero(row[:-1] > row[1:])
            runs = {(int(a), int(b)) for a, b in zip(low, high, strict=True)}
        for run in [r for r in growing if r not in runs]:
            found.append(((run[0], growing.pop(run)), (run[1], j)))
        for run in sorted(runs):
            growing.setdefault(run, j)
    return found
