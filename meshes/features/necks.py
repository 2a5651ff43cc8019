"""Necks between balls that touch, as sintering makes them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from meshes.features.neighbours import near_solids
from meshes.features.shapes_of_bodies import frame_along
from meshes.features.solids import Solid
from meshes.random.arithmetic import lists

__all__ = ["joined"]

Floats = npt.NDArray[np.float64]
#: Balls are joined whose surfaces are closer than this part of the smaller radius (films aside).
_NEAR = 0.25
_HALVINGS = 50
#: How deep a neck reaches into a ball: to this part of the distance of its edge from the centre.
_DEPTH = 0.85


def joined(
    solids: tuple[Solid, ...], pinned: Floats, ratio: float, film: float, total: float
) -> tuple[tuple[Solid, ...], tuple[Solid, ...]]:
    """Balls and the rods that join those near each other, all balls a little smaller so that the content stays.

    Args:
        solids: balls (2-D: discs). pinned: (n, d) symmetry planes in which they are centred, NaN elsewhere.
        ratio: radius of a neck in parts of the smaller of its balls.
        film: thickness of the films on the balls, metres.
        total: content of balls and necks together, metres to the power of the dimension.
    """
    radii, parts = np.array([s.thinnest for s in solids]), 0.5 ** np.sum(~np.isnan(pinned), axis=1)
    centres = np.array([s.centre for s in solids])
    i, j, away = near_solids(solids, _NEAR * float(radii.max()) + 2 * film)
    near = away <= _NEAR * np.minimum(radii[i], radii[j]) + 2 * film
    i, j = i[near], j[near]
    cut = 0.5 ** np.sum(pinned[i] == pinned[j], axis=1)  # necks that lie in a symmetry plane with both balls
    w = (centres[j] - centres[i]).T
    length = np.sqrt(sum(c * c for c in w))
    d = len(w)
    unit = math.pi if d == 2 else 4 / 3 * math.pi
    low, high = 0.5, 1.0
    for _ in range(_HALVINGS):
        factor = 0.5 * (low + high)
        r = factor * radii
        balls = unit * r * r * (r if d == 3 else 1.0) * parts
        necks = cut * _neck_contents(r[i], r[j], ratio * np.minimum(r[i], r[j]), length, d)
        if math.fsum(lists(balls)) + math.fsum(lists(necks)) < total:
            low = factor
        else:
            high = factor
    smaller = tuple(Solid(s.centre, factor * s.semi_axes, s.frame) for s in solids)
    rods = []
    for k in range(len(i)):
        first, second = factor * float(radii[i[k]]), factor * float(radii[j[k]])
        radius = ratio * min(first, second)
        # the straight part ends within the balls, before it meets another neck
        begin = _DEPTH * math.sqrt(first * first - radius * radius)
        end = float(length[k]) - _DEPTH * math.sqrt(second * second - radius * radius)
        axes = np.full(d, radius)
        axes[0] = 0.5 * (end - begin) + radius
        frame = frame_along(tuple(lists(w[:, k])), d)
        rods.append(Solid(centres[i[k]] + 0.5 * (begin + end) * frame[:, 0], axes, frame, rod=True))
    return smaller, tuple(rods)


def _neck_contents(r: Floats, s: Floats, a: Floats, length: Floats, dimension: int) -> Floats:
    """What necks of radius `a` add to balls of radii `r` and `s` whose centres are `length` apart, each (m,)."""
    added = length * (2 * a if dimension == 2 else math.pi * a * a)
    for ball in (r, s):
        foot = np.sqrt(ball * ball - a * a)  # of the neck's edge on the ball, from its centre
        cap = ball - foot
        if dimension == 2:
            angle = np.array([math.asin(x) for x in lists(a / ball)])
            added = added - 2 * a * foot - (ball * ball * angle - a * foot)
        else:
            added = added - math.pi * a * a * foot - math.pi * cap * cap * (3 * ball - cap) / 3
    return np.asarray(added)
