"""Which features of a stack overlap: neighbour search in cost proportional to their number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from meshes.features.base import CLEARANCE, Opening
from meshes.problems import Problem, number_text

if TYPE_CHECKING:
    from meshes.stack import Stack

__all__ = ["Gaps", "edge_gaps", "near_pairs", "nearest_edge", "overlap_problems"]

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


@dataclass(frozen=True)
class Gaps:
    """Where edges of footprints come near each other or a side.

    Attributes:
        points: (m, gdim) point of an edge that is nearest to another edge or a side, metres.
        directions: (m, k) lateral unit vectors from its centre to it.
        widths: (m,) of the gap there, metres.
        rounding: (m,) length R in metres: at a distance s along the edge the gap is ``width + s^2 / R`` wide.
        openings: (m,) number of the footprint, in the order of `Stack.openings`.
        nested: (n,) by footprint: distance in metres between the edges of two of which one lies in the other
            (anywhere along them), infinite where that is more than the radius of the smaller one.
    """

    points: Floats
    directions: Floats
    widths: Floats
    rounding: Floats
    openings: npt.NDArray[np.int64]
    nested: Floats


def edge_gaps(stack: Stack) -> Gaps:
    """Gaps between the edges of footprints, or an edge and a side, that are not wider than the smaller radius."""
    parts = [o for _, o in stack.openings()]
    nested = np.full(len(parts), np.inf)
    lateral = np.asarray(stack.lateral)
    directions, widths, rounding = [np.zeros((0, len(lateral)))], [np.zeros(0)], [np.zeros(0)]
    beside = [np.zeros(0, dtype=np.int64)]
    for interface in stack.interfaces:
        here = np.array([i for i, o in enumerate(parts) if o.at == interface], dtype=np.int64)
        if not len(here):
            continue
        centres, radii = np.array([parts[i].centre for i in here]), np.array([parts[i].radius for i in here])
        first, second = near_pairs(centres, radii, float(radii.max())).T
        towards = centres[second] - centres[first]
        away = np.linalg.norm(towards, axis=1)
        small, large = np.minimum(radii[first], radii[second]), np.maximum(radii[first], radii[second])
        within = away < large
        between = np.where(within, np.abs(large - away - small), np.abs(away - small - large))
        for side in (first, second):
            close = within & (between <= small)
            np.minimum.at(nested, here[side[close]], between[close])
        close = ~within & (between <= small)
        for side, sign in ((first, 1.0), (second, -1.0)):
            directions.append(sign * towards[close] / away[close, None])
            widths.append(between[close])
            rounding.append(2 / (1 / small[close] + 1 / large[close]))
            beside.append(here[side[close]])
        for axis, extent in enumerate(lateral):
            if axis in stack.periodic:
                continue  # the images beyond the sides are among the others
            for sign, room in ((-1.0, centres[:, axis]), (1.0, extent - centres[:, axis])):
                # a centre on a side is a symmetry plane, not a gap
                close = (room > 1e-9 * extent) & (room - radii <= radii)
                directions.append(np.tile(sign * np.eye(len(lateral))[axis], (int(close.sum()), 1)))
                widths.append((room - radii)[close])
                rounding.append(2 * radii[close])
                beside.append(here[close])
    towards, openings = np.concatenate(directions), np.concatenate(beside)
    radius = np.array([parts[k].radius for k in openings]).reshape(-1, 1)
    middles = np.array([parts[k].centre for k in openings]).reshape(-1, len(lateral))
    points = np.column_stack([middles + radius * towards, [stack.z_of(parts[k].at) for k in openings]])
    return Gaps(points, towards, np.concatenate(widths), np.concatenate(rounding), openings, nested)


def nearest_edge(points: Floats, openings: list[Opening]) -> list[int]:
    """Number of the opening whose edge is nearest to each of the lateral `points` (n, k), which lie on edges.

    Openings are sorted into classes of similar size: edges on which a point may lie belong to centres within the
    largest radius of a class.
    """
    from scipy.spatial import cKDTree

    centres, radii = np.array([o.centre for o in openings]), np.array([o.radius for o in openings])
    best, found = np.full(len(points), np.inf), np.zeros(len(points), dtype=np.int64)
    classes = np.floor(np.log2(radii))
    for one in np.unique(classes):
        here = np.flatnonzero(classes == one)
        hits = cKDTree(centres[here]).query_ball_point(points, 1.01 * radii[here].max())
        counts = np.fromiter(map(len, hits), dtype=np.int64, count=len(hits))
        which = np.repeat(np.arange(len(points)), counts)
        for i, k in zip(which, here[np.array([h for hit in hits for h in hit], dtype=np.int64)], strict=True):
            off = abs(float(np.linalg.norm(centres[k] - points[i])) - radii[k])
            if off < best[i]:
                best[i], found[i] = off, k
    return found.tolist()


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
