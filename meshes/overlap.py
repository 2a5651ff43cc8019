"""Which features of a stack overlap: neighbour search in cost proportional to their number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from meshes.features.base import CLEARANCE, Opening
from meshes.problems import Problem, number_text

if TYPE_CHECKING:
    from meshes.stack import Stack

__all__ = ["edge_gaps", "near_pairs", "overlap_problems"]

Floats = npt.NDArray[np.float64]
#: A message names this many pairs; more than that do not help to repair the input.
_MOST_PAIRS = 10


def near_pairs(centres: Floats, radii: Floats, gap: float) -> npt.NDArray[np.int64]:
    """Pairs (m, 2), sorted, of discs whose edges are closer than `gap` (an infinite gap is not allowed).

    Discs are sorted into classes of similar size with a k-d tree each: one large disc among many small ones
    does not make all pairs candidates.

    Args:
        centres: (n, d). radii: (n,).
    """
    from scipy.spatial import cKDTree

    size = np.floor(np.log2(radii)).astype(int)
    members = [np.flatnonzero(size == s) for s in np.unique(size)]
    trees = [cKDTree(centres[m]) for m in members]
    found = [np.zeros((0, 2), dtype=np.int64)]
    for large, small in ((a, b) for a in range(len(members)) for b in range(a + 1)):
        reach = radii[members[large]] + radii[members[small]].max() + gap
        hits = trees[small].query_ball_point(centres[members[large]], reach)
        counts = np.fromiter(map(len, hits), dtype=np.int64, count=len(hits))
        if not counts.sum():
            continue
        i = np.repeat(members[large], counts)
        j = members[small][np.concatenate([np.asarray(h, dtype=np.int64) for h in hits if h])]
        away = np.linalg.norm(centres[i] - centres[j], axis=1)
        close = (i != j) & (away < radii[i] + radii[j] + gap)
        found.append(np.sort(np.column_stack([i[close], j[close]]), axis=1))
    return np.unique(np.concatenate(found), axis=0)


def overlap_problems(stack: Stack) -> list[Problem]:
    """Problems of features that overlap or all but touch; each names both features.

    On one interface the footprints may not meet (a void may lie wholly inside a contact spot); voids that
    reach into one layer from its two interfaces may not meet inside of it.
    """
    parts = stack.openings()
    problems = []
    for count, (i, j) in enumerate(_conflicts(stack, [o for _, o in parts])):
        (f, a), (g, b) = parts[i], parts[j]
        if count == _MOST_PAIRS:
            problems.append(Problem(f"features[{f}]", _label(stack, f, a), "and more overlap"))
            break
        away = float(np.linalg.norm(np.subtract(a.centre, b.centre)))
        message = (
            f"overlaps or all but touches {_label(stack, g, b)} (features[{g}]): centres are "
            f"{number_text(away)} apart, radii {number_text(a.radius)} and {number_text(b.radius)}"
        )
        problems.append(Problem(f"features[{f}]", _label(stack, f, a), message))
    return problems


def edge_gaps(stack: Stack) -> Floats:
    """Distance (n,) in metres from each footprint's edge to the next edge or side, in order of `openings`.

    Infinite where that is further away than the radius of the smaller of two.
    """
    parts = [o for _, o in stack.openings()]
    gaps = np.full(len(parts), np.inf)
    lateral = np.asarray(stack.lateral)
    for interface in stack.interfaces:
        here = np.array([i for i, o in enumerate(parts) if o.at == interface], dtype=np.int64)
        if not len(here):
            continue
        centres, radii = np.array([parts[i].centre for i in here]), np.array([parts[i].radius for i in here])
        pairs = near_pairs(centres, radii, float(radii.max()))
        away = np.linalg.norm(centres[pairs[:, 0]] - centres[pairs[:, 1]], axis=1)
        pair_radii = radii[pairs]
        # nested footprints (a void within a contact spot) have their edges apart by the difference of radii
        between = np.minimum(
            np.abs(away - pair_radii.sum(axis=1)),
            np.where(away < pair_radii.max(axis=1), pair_radii.max(axis=1) - away - pair_radii.min(axis=1), np.inf),
        )
        between[between > pair_radii.min(axis=1)] = np.inf
        for side in (0, 1):
            np.minimum.at(gaps, here[pairs[:, side]], between)
        sides = np.concatenate([centres, lateral - centres], axis=1)
        free = sides - radii[:, None]
        # a centre on a side is a symmetry plane, not a gap
        free[(sides <= 1e-9 * np.tile(lateral, 2)) | (free > radii[:, None])] = np.inf
        gaps[here] = np.minimum(gaps[here], free.min(axis=1))
    return gaps


def _label(stack: Stack, index: int, opening: Opening) -> str:
    feature = stack.features[index]
    return opening.label if opening.label != feature.name else stack.feature_label(index)


def _conflicts(stack: Stack, parts: list[Opening]) -> Iterator[tuple[int, int]]:
    where = {name: k for k, name in enumerate(stack.interfaces)}
    level = np.array([where[o.at] for o in parts])
    centres = np.array([o.centre for o in parts])
    radii = np.array([o.radius for o in parts])
    above, below = np.array([o.above for o in parts]), np.array([o.below for o in parts])
    for k, interface in enumerate(stack.interfaces):
        here = np.flatnonzero(level == k)
        if len(here):
            room = CLEARANCE * float(radii[here].max())
            for i, j in _pairs(here, centres, radii, room):
                if _meet(parts[i], parts[j]):
                    yield i, j
        if k + 1 == len(stack.interfaces):
            continue
        low, high = stack.span(interface.split("|")[1])
        reaching = (level == k) & (above > 0) | (level == k + 1) & (below > 0)
        for i, j in _pairs(np.flatnonzero(reaching), centres, radii, 0.0):
            lower, upper = (i, j) if level[i] <= level[j] else (j, i)
            if level[lower] != level[upper] and _collide(parts[lower], parts[upper], high - low):
                yield i, j


def _pairs(members: npt.NDArray[np.int64], centres: Floats, radii: Floats, gap: float) -> Iterator[tuple[int, int]]:
    if len(members):
        for i, j in near_pairs(centres[members], radii[members], gap):
            yield int(members[i]), int(members[j])


def _meet(a: Opening, b: Opening) -> bool:
    """Two footprints on one interface that are near each other: all right only when nested or apart."""
    away = float(np.linalg.norm(np.subtract(a.centre, b.centre)))
    room = CLEARANCE * max(a.radius, b.radius)
    if a.solid != b.solid:
        spot, hole = (a, b) if a.solid else (b, a)
        if away + hole.radius + room <= spot.radius:
            return False
    return away < a.radius + b.radius + room


def _collide(lower: Opening, upper: Opening, thickness: float) -> bool:
    """Do two voids that reach into one layer from below and above come closer than 1 % of its thickness?

    Both profiles are concave and symmetric about their axes: they come closest on the line of centres.
    """
    away = float(np.linalg.norm(np.subtract(lower.centre, upper.centre)))
    s = np.linspace(-lower.radius, away + upper.radius, 513)
    reach = lower.reach(np.abs(s), upward=True) + upper.reach(np.abs(s - away), upward=False)
    both = (np.abs(s) < lower.radius) & (np.abs(s - away) < upper.radius)
    return bool(np.any(reach[both] > 0.99 * thickness))
