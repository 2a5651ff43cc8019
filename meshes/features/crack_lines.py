"""Lines of straight segments that cracks follow: where they end, what they pass, outlines of notches about them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from meshes.features.base import CLEARANCE
from meshes.problems import Problem, number_text

if TYPE_CHECKING:
    from meshes.stack import Stack

__all__ = [
    "Line",
    "Point",
    "crossings",
    "distance_to",
    "ellipse_about",
    "layers_passed",
    "length_of",
    "line_problems",
    "on_border",
    "on_side",
    "point_text",
    "wedge_about",
]

Point = tuple[float, float]
Line = tuple[Point, ...]
#: Points count as lying on a side or an interface within this part of the size of the model.
ON = 1e-9


def point_text(p: Point) -> str:
    return f"({', '.join(number_text(v) for v in p)})"


def length_of(line: Line) -> float:
    return sum(math.dist(p, q) for p, q in pairwise(line))


def distance_to(p: Point, line: Line) -> float:
    """Distance of a point from a line of segments."""
    best = math.inf
    for a, b in pairwise(line):
        (ax, az), (dx, dz) = a, (b[0] - a[0], b[1] - a[1])
        share = ((p[0] - ax) * dx + (p[1] - az) * dz) / (dx * dx + dz * dz)
        share = min(1.0, max(0.0, share))
        best = min(best, math.dist(p, (ax + share * dx, az + share * dz)))
    return best


def _borders(stack: Stack) -> Iterator[tuple[int, float]]:
    """Outer sides as (coordinate, value)."""
    yield from ((0, 0.0), (0, stack.lateral[0]), (1, 0.0), (1, stack.height))


def on_side(p: Point, stack: Stack) -> bool:
    size = max(*stack.lateral, stack.height)
    return any(abs(p[axis] - value) <= ON * size for axis, value in _borders(stack))


def on_border(p: Point, stack: Stack) -> bool:
    """On an outer side or an interface."""
    size = max(*stack.lateral, stack.height)
    return on_side(p, stack) or any(abs(p[1] - z) <= ON * size for z in stack.levels)


def line_problems(path: str, line: Line, stack: Stack) -> list[Problem]:
    if len(line) < 2:
        return [Problem(path, repr(line), "a line needs two points at least")]
    size = max(*stack.lateral, stack.height)
    found = []
    for i, p in enumerate(line):
        numbers = len(p) == 2 and all(isinstance(v, int | float) and not isinstance(v, bool) for v in p)
        if not numbers or not all(map(math.isfinite, p)):
            return [Problem(f"{path}[{i}]", repr(p), "a point has two coordinates (x, z), in metres")]
        extents = (stack.lateral[0], stack.height)
        if any(not -ON * size <= v <= e + ON * size for v, e in zip(p, extents, strict=True)):
            limits = f"0 to {number_text(extents[0])} and 0 to {number_text(extents[1])}"
            found.append(Problem(f"{path}[{i}]", point_text(p), f"lies outside of the model ({limits})"))
    if found:
        return found
    for i, (p, q) in enumerate(pairwise(line)):
        if math.dist(p, q) <= 1e-6 * size:
            found.append(Problem(f"{path}[{i + 1}]", point_text(q), "is the same point as the one before"))
        elif any(abs(p[k] - v) <= ON * size and abs(q[k] - v) <= ON * size for k, v in _borders(stack)):
            central = stack.dimension == "axisymmetric" and max(p[0], q[0]) <= ON * size
            where = "the axis" if central else "an outer side"
            found.append(Problem(f"{path}[{i + 1}]", point_text(q), f"the segment lies in {where}"))
    if found:
        return found
    for i, p in enumerate(line):
        for axis, value in (*_borders(stack), *((1, z) for z in stack.levels)):
            off = abs(p[axis] - value)
            if ON * size < off < CLEARANCE * length_of(line):
                message = f"lies {number_text(off)} from a side or an interface: put it on it, or further away"
                found.append(Problem(f"{path}[{i}]", point_text(p), message))
                break
    return found


def layers_passed(line: Line, stack: Stack) -> list[str]:
    """Layers that a line lies in, not only touches."""
    size = max(*stack.lateral, stack.height)
    low, high = min(p[1] for p in line), max(p[1] for p in line)
    found = []
    for layer in stack.layers:
        bottom, top = stack.span(layer.name)
        if high - low <= ON * size:
            inside = bottom - ON * size <= low <= top + ON * size
        else:
            inside = min(high, top) - max(low, bottom) > ON * size
        if inside:
            found.append(layer.name)
    return found


def crossings(line: Line, stack: Stack) -> list[Point]:
    """Where a line crosses or touches interfaces."""
    size = max(*stack.lateral, stack.height)
    found = []
    for p, q in pairwise(line):
        for z in stack.levels[1:-1]:
            if abs(q[1] - p[1]) > ON * size and min(p[1], q[1]) - ON * size <= z <= max(p[1], q[1]) + ON * size:
                found.append((p[0] + (z - p[1]) / (q[1] - p[1]) * (q[0] - p[0]), z))
    return list(dict.fromkeys(found))


def wedge_about(line: Line, width: float, drawn_out: bool) -> list[Point]:
    """Outline of a notch that is `width` wide at the first point of `line` and sharp at its last.

    `drawn_out`: begins before the first point, so that it cuts through a border that is not at right angles.
    """
    points = [np.array(p) for p in line]
    total = length_of(line)
    left, right, done = [], [], 0.0
    for i, p in enumerate(points[:-1]):
        forth = (points[i + 1] - p) / np.linalg.norm(points[i + 1] - p)
        back = forth if i == 0 else (p - points[i - 1]) / np.linalg.norm(p - points[i - 1])
        if i > 0:
            done += float(np.linalg.norm(p - points[i - 1]))
        middle = (forth + back) / np.linalg.norm(forth + back)
        across = np.array([-middle[1], middle[0]]) / max(float(middle @ forth), 0.3)
        half = 0.5 * width * (1 - done / total)
        if i == 0 and drawn_out:
            half *= 1 + 2 * width / total
            p = p - 2 * width * forth
        left.append((float((p + half * across)[0]), float((p + half * across)[1])))
        right.append((float((p - half * across)[0]), float((p - half * across)[1])))
    return [*left, (float(points[-1][0]), float(points[-1][1])), *right[::-1]]


def ellipse_about(line: Line, width: float, number: int = 64) -> list[Point]:
    """Outline of an ellipse about a segment, with corners close together where it is curved."""
    a, b = np.array(line[0]), np.array(line[1])
    middle, half = 0.5 * (a + b), 0.5 * (b - a)
    across = np.array([-half[1], half[0]]) / np.linalg.norm(half) * (0.5 * width)
    angle = np.arange(number) * (2 * np.pi / number)
    x = middle + np.cos(angle)[:, None] * half + np.sin(angle)[:, None] * across
    return [(float(p[0]), float(p[1])) for p in x]
