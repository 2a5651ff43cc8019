"""Bodies at random places of a box that keep a distance: spheres (discs), and rods with round ends.

Random sequential addition (Widom 1966) while it succeeds; where it jams, the bodies that found no place are
put anywhere, and overlapping ones push each other apart until none is left (a relaxation of soft bodies, as
in the force-biased packing of Bargieł and Mościński 1991). A body is a sphere swept along a segment, which is
a point for spheres. The cost is proportional to the number of bodies times that of the sweeps.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from meshes.random.arithmetic import generator, lists

__all__ = ["Bodies", "clear_of_sides", "closest", "middles", "pack"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Trials per body before random sequential addition counts as jammed.
_TRIALS = 100
#: Bodies are pushed this part of their mean radius further than asked, so that the sweeps come to an end.
_SLACK = 3e-3
_MOST_SWEEPS = 3000
#: Sweeps in which the largest overlap must become smaller.
_PATIENCE = 500
#: Beginnings, each with other random numbers, before bodies count as too many.
_ATTEMPTS = 2
#: Step and memory of the relaxation: stable for up to 24 stiff contacts per body.
_STEP, _MEMORY = 0.14, 0.85
#: Shifts along periodic axes among which that is sought which keeps bodies clear of the sides.
_SHIFTS = 256
#: Kicks in parts of the largest overlap: they open local jams, and cease as the overlaps do.
_NOISE = 0.05


@dataclass(frozen=True)
class Bodies:
    """What is packed.

    Attributes:
        radii: (n,) of the spheres that are swept, metres.
        halves: (n,) half lengths of the segments, metres; None: spheres.
        axes: (n, d) unit vectors along the segments; None: spheres.
        pinned: (n, d) coordinates that are given (on a symmetry plane), NaN for those to be found; None: all
            are to be found.
        periods: (d,) lengths after which the box repeats itself along each axis, infinite where it ends; None: it ends
            everywhere.
    """

    radii: Floats
    halves: Floats | None = None
    axes: Floats | None = None
    pinned: Floats | None = None
    periods: Floats | None = None

    @property
    def reach(self) -> Floats:
        """(n,) radius of the sphere about each centre that holds the body, metres."""
        return self.radii if self.halves is None else self.radii + self.halves

    def extents(self, dimension: int) -> Floats:
        """(n, d) half sizes of the upright boxes that hold the bodies, metres."""
        extents = np.repeat(self.radii[:, None], dimension, axis=1)
        if self.halves is not None and self.axes is not None:
            extents = extents + self.halves[:, None] * np.abs(self.axes)
        return extents


def pack(
    size: tuple[float, ...], bodies: Bodies, gap: float = 0.0, seed: int = 0, periodic: tuple[int, ...] = ()
) -> Floats | None:
    """Centres (n, d) in metres of `bodies` in the box from 0 to `size`; None: they did not fit.

    Between two bodies, and between a body and a side in which it is not pinned, at least `gap` metres are
    free; bodies lie across the sides of axes that are `periodic`, and keep their distance from images of others.
    Many spheres fit up to 0.55 of the volume, many discs up to 0.75 of the area; in a box that is only a
    few diameters wide the sides take their part: 60 spheres in a cube fit up to 0.45.
    """
    box = np.asarray(size, dtype=np.float64)
    margin: Floats = bodies.extents(len(box)) + gap
    pinned = bodies.pinned if bodies.pinned is not None else np.full(margin.shape, np.nan)
    fixed = ~np.isnan(pinned)
    if periodic:
        around = np.isin(np.arange(len(box)), periodic)
        if np.any(2 * (margin - 0.5 * gap)[:, around] > box[around]):
            return None  # it would meet its own image
        margin = np.where(around, 0.0, margin)
        bodies = replace(bodies, periods=np.where(around, box, np.inf))
    low, high = np.where(fixed, pinned, margin), np.where(fixed, pinned, box - margin)
    if np.any(low > high):
        return None
    for attempt in range(_ATTEMPTS):
        rng = generator(seed, "places", attempt)
        places: Floats | None
        places, jammed = _add_one_by_one(bodies, low, high, gap, rng)
        if jammed:
            assert places is not None
            places = _relaxed(bodies, places, low, high, gap, rng)
        if places is not None:
            return places
    return None


def clear_of_sides(places: Floats, extents: Floats, size: tuple[float, ...], periodic: tuple[int, ...]) -> Floats:
    """The places (n, d) of a box that repeats itself, all shifted alike so that no body all but touches a side.

    Args:
        extents: (n, d) half sizes of the upright boxes that hold the bodies, metres.
    """
    moved = places.copy()
    for axis in periodic:
        period = size[axis]
        ends = np.concatenate([places[:, axis] - extents[:, axis], places[:, axis] + extents[:, axis]])
        shifts = period * np.arange(_SHIFTS) / _SHIFTS
        after = (ends[None, :] + shifts[:, None]) % period
        room = np.minimum(after, period - after).min(axis=1)
        moved[:, axis] = (places[:, axis] + shifts[int(np.argmax(room))]) % period
    return moved


def _nearest_image(w: Floats, periods: Floats | None) -> Floats:
    """Vectors (d, m) to the nearest image of their end."""
    if periods is None:
        return w
    whole = np.where(np.isfinite(periods), periods, 1.0)[:, None]
    return np.where(np.isfinite(periods)[:, None], w - whole * np.round(w / whole), w)


def closest(bodies: Bodies, places: Floats, i: Ints, j: Ints) -> tuple[Floats, Floats]:
    """Shortest vectors (m, d) from the segments `i` (m,) to `j`, and their lengths (m,), metres."""
    _, w = _shortest(bodies, places, i, j)
    return w.T, np.sqrt(_dot(w, w))


def middles(bodies: Bodies, places: Floats, i: Ints, j: Ints) -> Floats:
    """Points (m, d) in the middle of the gaps between bodies `i` (m,) and `j`, metres."""
    s, w = _shortest(bodies, places, i, j)
    foot = _columns(places, i)
    if bodies.axes is not None:
        foot = foot + s * _columns(bodies.axes, i)
    length = np.maximum(np.sqrt(_dot(w, w)), 1e-300)
    return np.asarray((foot + w * (0.5 + 0.5 * (bodies.radii[i] - bodies.radii[j]) / length)).T)


def _shortest(bodies: Bodies, places: Floats, i: Ints, j: Ints) -> tuple[Floats, Floats]:
    """Where (m,) on the segments `i` the shortest vectors (d, m) to the segments `j` begin."""
    w = _nearest_image(_columns(places, j) - _columns(places, i), bodies.periods)
    s: Floats = np.zeros(len(i))
    if bodies.halves is not None and bodies.axes is not None:
        a, b = _columns(bodies.axes, i), _columns(bodies.axes, j)
        h, k = bodies.halves[i], bodies.halves[j]
        ab, aw, bw = _dot(a, b), _dot(a, w), _dot(b, w)
        slanted = 1 - ab * ab
        s = np.where(slanted > 1e-9, (aw - ab * bw) / np.maximum(slanted, 1e-9), 0.0)
        s = np.clip(s, -h, h)
        t = np.clip(ab * s - bw, -k, k)
        s = np.clip(ab * t + aw, -h, h)
        w = w + t * b - s * a
    return s, w


def _columns(x: Floats, rows: Ints) -> Floats:
    return np.ascontiguousarray(x[rows].T)


def _dot(a: Floats, b: Floats) -> Floats:
    # not einsum: its fused operations round differently from machine to machine
    total = a[0] * b[0]
    for k in range(1, len(a)):
        total = total + a[k] * b[k]
    return np.asarray(total)


def _add_one_by_one(
    bodies: Bodies, low: Floats, high: Floats, gap: float, rng: np.random.Generator
) -> tuple[Floats, bool]:
    """Places (n, d), the largest bodies first; True when some found no place and lie anywhere."""
    n, d = low.shape
    reach = bodies.reach
    # what is fixed comes first, then the largest
    free = np.any(low < high, axis=1)
    order = np.lexsort((-reach, free))
    pitch = np.full(d, 2 * float(reach.max()) + gap)
    count = np.zeros(d, dtype=np.int64)  # of cells along periodic axes
    if bodies.periods is not None:
        wraps = np.isfinite(bodies.periods)
        count[wraps] = np.maximum(np.floor(bodies.periods[wraps] / pitch[wraps]), 1)
        pitch[wraps] = bodies.periods[wraps] / count[wraps]
    pitches, counts = lists(pitch), lists(count)
    cells: dict[tuple[int, ...], list[int]] = {}
    around = list(itertools.product((-1, 0, 1), repeat=d))
    places = np.empty((n, d))
    jammed = False
    for i in lists(order):
        trials = low[i] + (high[i] - low[i]) * rng.random((1 if jammed else _TRIALS, d))
        for trial in trials:
            places[i] = trial
            key = _wrapped((math.floor(c / p) for c, p in zip(lists(trial), pitches, strict=True)), counts)
            beside = dict.fromkeys(_wrapped(map(int.__add__, key, o), counts) for o in around)
            near = [] if jammed else [k for o in beside for k in cells.get(o, ())]
            if not near or _free(bodies, places, i, near, gap):
                cells.setdefault(key, []).append(i)
                break
        else:
            jammed = True
    return places, jammed


def _wrapped(key: Iterable[int], counts: list[int]) -> tuple[int, ...]:
    """Numbers of a cell, counted anew after the last one along periodic axes (`counts` of cells, else 0)."""
    return tuple(k % n if n else k for k, n in zip(key, counts, strict=True))


def _free(bodies: Bodies, places: Floats, i: int, near: list[int], gap: float) -> bool:
    if bodies.halves is None and bodies.periods is None:
        here, r = lists(places[i]), float(bodies.radii[i]) + gap
        for k in near:
            limit = r + float(bodies.radii[k])
            if sum((p - q) * (p - q) for p, q in zip(lists(places[k]), here, strict=True)) < limit * limit:
                return False
        return True
    other = np.array(near, dtype=np.int64)
    _, away = closest(bodies, places, np.full(len(other), i), other)
    return bool(np.all(away >= bodies.radii[other] + bodies.radii[i] + gap))


def _relaxed(
    bodies: Bodies, places: Floats, low: Floats, high: Floats, gap: float, rng: np.random.Generator
) -> Floats | None:
    mean = math.fsum(lists(bodies.radii)) / len(bodies.radii)
    slack, skin = _SLACK * mean, 0.4 * mean
    x, speed = places, np.zeros_like(places)
    listed: Floats | None = None
    before = math.inf
    for sweep in range(_MOST_SWEEPS):
        if listed is None or _farthest(x, listed) > 0.5 * skin:
            i, j = _near(x, bodies.reach, gap + 2 * slack + skin, bodies.periods)
            listed = x
        towards, away = closest(bodies, x, i, j)
        overlap = bodies.radii[i] + bodies.radii[j] + gap + slack - away
        if not len(overlap) or overlap.max() <= slack:
            return np.clip(_into(x, bodies.periods), low, high)
        if sweep % _PATIENCE == _PATIENCE - 1:
            if overlap.max() > 0.9 * before:
                return None  # jammed for good
            before = float(overlap.max())
        hit = overlap > 0
        push = towards[hit] * (overlap[hit] / np.maximum(away[hit], 1e-9 * mean))[:, None]
        force = np.empty_like(x)
        for k in range(x.shape[1]):
            force[:, k] = np.bincount(j[hit], push[:, k], len(x)) - np.bincount(i[hit], push[:, k], len(x))
        noise = _NOISE * float(overlap.max()) * (2 * rng.random(x.shape) - 1)
        speed = _MEMORY * speed + _STEP * force + noise
        moved = np.clip(x + speed, *(low, high) if bodies.periods is None else _open(low, high, bodies.periods))
        speed, x = moved - x, moved
    return None


def _into(x: Floats, periods: Floats | None) -> Floats:
    """Places (n, d) within the first period."""
    if periods is None:
        return x
    whole = np.where(np.isfinite(periods), periods, 1.0)
    return np.where(np.isfinite(periods), x - whole * np.floor(x / whole), x)


def _open(low: Floats, high: Floats, periods: Floats) -> tuple[Floats, Floats]:
    """Bounds (n, d) without those of periodic axes (what is pinned stays)."""
    free = np.isfinite(periods) & (low < high)
    return np.where(free, -np.inf, low), np.where(free, np.inf, high)


def _farthest(x: Floats, y: Floats) -> float:
    d = (x - y).T
    return math.sqrt(float(_dot(d, d).max()))


def _near(x: Floats, reach: Floats, gap: float, periods: Floats | None = None) -> tuple[Ints, Ints]:
    """Pairs of bodies whose holding spheres are closer than `gap`, sorted."""
    from scipy.spatial import cKDTree

    # the tree may round either way at its limit: it is asked for a little more, the decision is made here
    limit = (2 * float(reach.max()) + gap) * (1 + 1e-9)
    if periods is not None and limit > 0.4 * float(periods.min()):
        pairs = np.column_stack(np.triu_indices(len(x), 1))  # few and large
    else:
        box = None if periods is None else np.where(np.isfinite(periods), periods, 0.0)
        tree = cKDTree(_into(x, periods), boxsize=box)
        pairs = np.asarray(tree.query_pairs(limit, output_type="ndarray"), dtype=np.int64).reshape(-1, 2)
    i, j = pairs.min(axis=1), pairs.max(axis=1)
    w = _nearest_image(_columns(x, j) - _columns(x, i), periods)
    limits = reach[i] + reach[j] + gap
    keep = _dot(w, w) < limits * limits
    order = np.lexsort((j[keep], i[keep]))
    return i[keep][order], j[keep][order]
