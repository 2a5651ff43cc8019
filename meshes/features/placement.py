"""Random places for discs and strips that keep a distance: deterministic, the same on every machine.

Only the raw doubles of PCG64 and comparisons of sums and products decide, so that neither the platform nor
the number of ranks changes a place.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from meshes.random.packing import Bodies, clear_of_sides, pack

__all__ = ["place_across_sides", "place_discs", "place_strips", "place_unequal_strips"]

Floats = npt.NDArray[np.float64]
#: Trials per disc before random sequential addition counts as jammed (it jams near 0.547 of the area).
_TRIALS = 200
_SWEEPS = 60


@lru_cache(maxsize=32)
def place_strips(width: float, number: int, radius: float, gap: float, seed: int) -> Floats | None:
    """Centres (number, 1) in metres of strips of half width `radius`, all arrangements equally likely.

    Between two strips, and between a strip and a side, at least `gap` stays free. None: they do not fit.
    """
    room = width - number * 2 * radius - (number + 1) * gap
    if room < 0:
        return None
    free = np.sort(np.random.Generator(np.random.PCG64(seed)).random(number)) * room
    centres = free + gap + radius + np.arange(number) * (2 * radius + gap)
    return _frozen(centres.reshape(-1, 1))


def place_unequal_strips(width: float, halves: tuple[float, ...], gap: float, seed: int) -> Floats | None:
    """Centres (n, 1) in metres of strips of half widths `halves` (n,), which keep their order from left to right.

    Distances as in `place_strips`. None: they do not fit.
    """
    n, wide = len(halves), np.array(halves)
    room = width - 2 * math.fsum(halves) - (n + 1) * gap
    if room < 0:
        return None
    free = np.sort(np.random.Generator(np.random.PCG64(seed)).random(n)) * room
    before = np.concatenate([[0.0], np.cumsum(2 * wide + gap)[:-1]])
    return _frozen((free + gap + wide + before).reshape(-1, 1))


@lru_cache(maxsize=32)
def place_across_sides(size: tuple[float, ...], radii: tuple[float, ...], gap: float, seed: int) -> Floats | None:
    """Centres (n, k) in metres of discs (strips) that lie anywhere between periodic sides, also across them.

    Between two, images included, at least `gap` stays free; no edge all but touches a side. None: they do not fit.
    """
    n, wide = len(radii), np.array(radii)
    axes = tuple(range(len(size)))
    if len(size) == 2:
        places = pack(size, Bodies(wide), gap, seed, axes)
        if places is None:
            return None
    else:
        room = size[0] - 2 * math.fsum(radii) - n * gap
        if room < 0:
            return None
        rng = np.random.Generator(np.random.PCG64(seed))
        free = np.sort(rng.random(n)) * room
        before = np.concatenate([[0.0], np.cumsum(2 * wide + gap)[:-1]])
        places = ((free + wide + before + size[0] * rng.random()) % size[0]).reshape(-1, 1)
    return _frozen(clear_of_sides(places, np.repeat(wide[:, None], len(size), axis=1), size, axes))


@lru_cache(maxsize=32)
def place_discs(size: tuple[float, ...], number: int, radius: float, gap: float, seed: int) -> Floats | None:
    """Centres (number, 2) in metres of discs on a rectangle of `size`. None: they do not fit.

    Between two discs, and between a disc and a side, at least `gap` stays free. Random sequential addition
    (Widom 1966); where it jams, a triangular lattice with random vacancies that is then shaken by
    hard-disc Monte Carlo (Metropolis et al. 1953).
    """
    margin = radius + gap
    box = (size[0] - 2 * margin, size[1] - 2 * margin)
    if min(box) < 0:
        return None
    reach = 2 * radius + gap
    rng = np.random.Generator(np.random.PCG64(seed))
    places = _add_one_by_one(box, number, reach, rng)
    if places is None:
        places = _shaken_lattice(box, number, reach, rng)
    return None if places is None else _frozen(places + margin)


def _frozen(values: Floats) -> Floats:
    values = np.ascontiguousarray(values, dtype=np.float64)
    values.setflags(write=False)
    return values


class _Cells:
    """Points in square cells of the size of their exclusion distance: a look-up visits 9 cells."""

    def __init__(self, reach: float) -> None:
        self.reach = reach
        self.points: dict[int, tuple[float, float]] = {}
        self.cells: dict[tuple[int, int], list[int]] = {}

    def key(self, x: float, y: float) -> tuple[int, int]:
        return math.floor(x / self.reach), math.floor(y / self.reach)

    def free(self, x: float, y: float, but: int = -1) -> bool:
        i, j = self.key(x, y)
        limit = self.reach * self.reach
        for a in (i - 1, i, i + 1):
            for b in (j - 1, j, j + 1):
                for k in self.cells.get((a, b), ()):
                    px, py = self.points[k]
                    if k != but and (px - x) * (px - x) + (py - y) * (py - y) < limit:
                        return False
        return True

    def put(self, k: int, x: float, y: float) -> None:
        if k in self.points:
            self.cells[self.key(*self.points[k])].remove(k)
        self.points[k] = (x, y)
        self.cells.setdefault(self.key(x, y), []).append(k)

    def array(self) -> Floats:
        return np.array([self.points[k] for k in range(len(self.points))], dtype=np.float64).reshape(-1, 2)


def _add_one_by_one(box: tuple[float, float], number: int, reach: float, rng: np.random.Generator) -> Floats | None:
    cells = _Cells(reach)
    for k in range(number):
        trials: Any = rng.random((_TRIALS, 2)).tolist()
        for u, v in trials:
            if cells.free(u * box[0], v * box[1]):
                cells.put(k, u * box[0], v * box[1])
                break
        else:
            return None
    return cells.array()


def _shaken_lattice(box: tuple[float, float], number: int, reach: float, rng: np.random.Generator) -> Floats | None:
    sites = _lattice(box, number, reach)
    if sites is None:
        return None
    chosen = np.sort(rng.permutation(len(sites))[:number])
    cells = _Cells(reach)
    for k, site in enumerate(sites[chosen]):
        cells.put(k, float(site[0]), float(site[1]))
    step = max(0.5 * reach, 0.5 * (math.sqrt(box[0] * box[1] / number) - reach))
    for _ in range(_SWEEPS):
        moved = 0
        shifts = step * (2 * rng.random((number, 2)) - 1)
        for k in range(number):
            x, y = cells.points[k][0] + float(shifts[k, 0]), cells.points[k][1] + float(shifts[k, 1])
            if 0 <= x <= box[0] and 0 <= y <= box[1] and cells.free(x, y, but=k):
                cells.put(k, x, y)
                moved += 1
        if moved < 0.3 * number:
            step *= 0.8
    return cells.array()


def _lattice(box: tuple[float, float], number: int, reach: float) -> Floats | None:
    """Sites of a triangular lattice in the box, rows spread over it; None: fewer than `number`."""
    best: Floats | None = None
    pitch = reach * (1 + 1e-9)
    for w, h, flipped in ((box[0], box[1], False), (box[1], box[0], True)):
        rows = math.floor(h / (pitch * math.sqrt(0.75))) + 1
        spread = h / (rows - 1) if rows > 1 else 0.0
        columns = math.floor(w / pitch) + 1
        points = [(pitch * (i + 0.5 * (j % 2)), spread * j) for j in range(rows) for i in range(columns)]
        sites = np.array([p for p in points if p[0] <= w], dtype=np.float64).reshape(-1, 2)
        if len(sites) >= number and (best is None or len(sites) > len(best)):
            best = sites[:, ::-1] if flipped else sites
    return best
