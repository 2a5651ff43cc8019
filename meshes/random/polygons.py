"""Polygons clipped by the sides of a box, with vertices that neighbours share."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from meshes.random.arithmetic import lists

__all__ = ["Corners", "clipped"]

Floats = npt.NDArray[np.float64]


class Corners:
    """Vertices by number; a vertex where an edge leaves the box is the same for all polygons of that edge.

    Attributes:
        box: (d,) size of the box, which begins at 0.
        x: coordinates (d,) of each vertex.
        on: bit k of each: the vertex lies in side k (twice the axis, plus 1 for the far side).
    """

    def __init__(self, box: Floats, points: Floats) -> None:
        self.box = box
        self.x: list[Floats] = list(points)
        self.on = [0] * len(points)
        self.inside = [bool(b) for b in np.all((points >= 0) & (points <= box), axis=1)]
        self._cuts: dict[tuple[int, int, int], int] = {}

    def cut(self, a: int, b: int, side: int) -> int:
        """The vertex where the edge from `a` to `b` passes through `side`."""
        a, b = min(a, b), max(a, b)
        if (a, b, side) not in self._cuts:
            axis = side // 2
            value = self.box[axis] if side % 2 else 0.0
            p, q = self.x[a], self.x[b]
            point = p + (q - p) * ((value - p[axis]) / (q[axis] - p[axis]))
            on = self.on[a] & self.on[b] | 1 << side
            self._cuts[a, b, side] = self._add(point, on)
        return self._cuts[a, b, side]

    def add_corner(self, choice: Sequence[int]) -> int:
        """The corner of the box at its near (0) or far (1) end of each axis."""
        on = sum(1 << (2 * axis + far) for axis, far in enumerate(choice))
        return self._add(np.zeros(len(self.box)), on)

    def turned(self, loop: list[int], outward: Floats) -> tuple[int, ...]:
        """The same polygon with its normal along `outward`."""
        normal = self._normal(loop)
        along = sum(a * b for a, b in zip(normal, lists(outward), strict=True))
        return tuple(loop if along > 0 else loop[::-1])

    def convex(self, vertices: list[int], side: int) -> tuple[int, ...]:
        """The convex polygon of `vertices` that lie in `side`, its normal out of the box."""
        axis = side // 2
        plane = [k for k in range(len(self.box)) if k != axis]
        x = [[float(self.x[v][k]) for k in plane] for v in vertices]
        if len(plane) == 1:
            loop = [v for _, v in sorted(zip(x, vertices, strict=True))]
        else:
            middle = [math.fsum(column) / len(x) for column in zip(*x, strict=True)]
            angle = [math.atan2(p[1] - middle[1], p[0] - middle[0]) for p in x]
            loop = [v for _, v in sorted(zip(angle, vertices, strict=True))]
        outward = np.zeros(len(self.box))
        outward[axis] = 1.0 if side % 2 else -1.0
        return self.turned(loop, outward)

    def _add(self, point: Floats, on: int) -> int:
        for axis, size in enumerate(self.box):
            for far in (0, 1):
                if on >> (2 * axis + far) & 1:
                    point[axis] = far * size
        self.x.append(point)
        self.on.append(on)
        self.inside.append(bool(np.all((point >= 0) & (point <= self.box))))
        return len(self.x) - 1

    def _normal(self, loop: list[int]) -> tuple[float, ...]:
        x = [lists(self.x[v]) for v in loop]
        if len(self.box) == 2:
            (a, b), (c, d) = x
            return d - b, a - c
        total = [0.0, 0.0, 0.0]
        o = x[0]
        for p, q in itertools.pairwise(x[1:]):
            u, v = [p[k] - o[k] for k in range(3)], [q[k] - o[k] for k in range(3)]
            for k in range(3):
                total[k] += u[k - 2] * v[k - 1] - u[k - 1] * v[k - 2]
        return tuple(total)


def clipped(loop: list[int], corners: Corners) -> list[int]:
    """The part within the box of a convex polygon, or of the segment between two vertices (2-D).

    Sides are taken one after the other (Sutherland and Hodgman 1974).
    """
    if all(corners.inside[v] for v in loop):
        return loop
    closed = len(corners.box) == 3
    for side in range(2 * len(corners.box)):
        axis = side // 2
        depth = [float(corners.box[axis] - corners.x[v][axis]) if side % 2 else float(corners.x[v][axis]) for v in loop]
        kept = []
        for n, v in enumerate(loop):
            if depth[n] >= 0:
                kept.append(v)
            if n + 1 < len(loop) or closed:
                m = (n + 1) % len(loop)
                if (depth[n] >= 0) != (depth[m] >= 0):
                    kept.append(corners.cut(v, loop[m], side))
        loop = kept
        if not loop:
            return []
    return loop
