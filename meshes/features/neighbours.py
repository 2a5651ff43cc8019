"""Distances among many bodies, and what room each has, in cost proportional to their number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from meshes.features.base import image_shifts
from meshes.features.solids import Solid
from meshes.problems import MeshError
from meshes.random.packing import Bodies, closest

if TYPE_CHECKING:
    from meshes.stack import Stack

__all__ = [
    "Crowd",
    "away_from_sides",
    "near_solids",
    "obstacles",
    "on_sides",
    "room_around",
    "solid_images",
    "swept",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_CANDIDATES = 12


@dataclass(frozen=True)
class Crowd:
    """Bodies, each with the distance `rooms` (n,) from its surface within which points belong to it, metres."""

    solids: tuple[Solid, ...]
    rooms: Floats

    def offset(self, points: Floats) -> tuple[Floats, Floats, Floats]:
        """Distance (n,), outward direction (n, d) and room (n,) of the nearest body; infinite beyond all rooms.

        Where the rooms of two bodies overlap, as they do along the edge of a neck, the direction changes over from
        one to the other; on the edge a step along it leaves both surfaces by as much as the step (it is longer).
        """
        from scipy.spatial import cKDTree

        tree = cKDTree(points)
        away, room = np.full(len(points), np.inf), np.zeros(len(points))
        normal = np.zeros_like(points)
        # the body with the second largest share of its room left: how much, and in which direction
        other, aside = np.zeros(len(points)), np.zeros_like(points)
        for solid, limit in zip(self.solids, self.rooms, strict=True):
            near = np.asarray(tree.query_ball_point(solid.centre, solid.reach + limit), dtype=np.int64)
            if not len(near):
                continue
            distance, outward = solid.offset(points[near])
            better = (distance <= limit) & (distance < away[near])
            rows = near[better]
            known = rows[np.isfinite(away[rows])]
            other[known], aside[known] = 1 - np.maximum(away[known], 0) / room[known], normal[known]
            away[rows], normal[rows], room[rows] = distance[better], outward[better], limit
            left = 1 - np.maximum(distance, 0) / limit
            second = ~better & (left > other[near])
            other[near[second]], aside[near[second]] = left[second], outward[second]
        both = np.flatnonzero(other > 0)
        first = 1 - np.maximum(away[both], 0) / room[both]
        share = np.minimum(1.0, other[both] / np.maximum(first, 1e-300))[:, None]
        cosine = (normal[both] * aside[both]).sum(axis=1)[:, None]
        normal[both] = (normal[both] + share * aside[both]) / np.maximum(1 + share * cosine, 0.2)
        return away, normal, room

    def nearest(self, points: Floats) -> Ints:
        """The body (n,) to which the surface distance of each of the `points` (n, d) is smallest."""
        from scipy.spatial import cKDTree

        count = min(_CANDIDATES, len(self.solids))
        centres = np.array([s.centre for s in self.solids])
        candidates = np.asarray(cKDTree(centres).query(points, k=count)[1]).reshape(len(points), count)
        away = np.full(len(points), np.inf)
        found = np.zeros(len(points), dtype=np.int64)
        for i, solid in enumerate(self.solids):
            here = np.flatnonzero(np.any(candidates == i, axis=1))
            distance = solid.offset(points[here])[0]
            better = distance < away[here]
            away[here[better]], found[here[better]] = distance[better], i
        return found


def swept(solids: tuple[Solid, ...]) -> Bodies:
    """The bodies as balls swept along segments: exact for balls and rods, around ellipsoids."""
    d = solids[0].dimension
    radii, halves, axes = np.empty(len(solids)), np.empty(len(solids)), np.empty((len(solids), d))
    for i, solid in enumerate(solids):
        order = np.argsort(-solid.semi_axes, kind="stable")
        radii[i] = solid.semi_axes[order[1]]
        halves[i] = solid.semi_axes[order[0]] - radii[i]
        axes[i] = solid.frame[:, order[0]]
    return Bodies(radii, halves, axes) if halves.any() else Bodies(radii)


def near_solids(solids: tuple[Solid, ...], within: float) -> tuple[Ints, Ints, Floats]:
    """Pairs (m,), (m,) of bodies that may be closer than `within` metres, and at least how far they are apart."""
    from scipy.spatial import cKDTree

    bodies = swept(solids)
    centres = np.array([s.centre for s in solids])
    reach = bodies.reach
    pairs = cKDTree(centres).query_pairs(2 * float(reach.max()) + within, output_type="ndarray")
    i, j = np.asarray(pairs, dtype=np.int64).reshape(-1, 2).T
    away = closest(bodies, centres, i, j)[1] - bodies.radii[i] - bodies.radii[j]
    near = away < within
    return i[near], j[near], away[near]


def on_sides(solid: Solid, stack: Stack) -> tuple[bool, ...]:
    """By lateral axis: the centre lies on a side, which is a plane of symmetry."""
    lateral = np.asarray(stack.lateral)
    x = solid.centre[: len(lateral)]
    return tuple(bool(c) for c in (np.abs(x) <= 1e-9 * lateral) | (np.abs(x - lateral) <= 1e-9 * lateral))


def solid_images(solids: Sequence[Solid], stack: Stack) -> tuple[Solid, ...]:
    """The bodies, and the images on the other sides of those that cross a periodic side."""
    found = []
    for solid in solids:
        found.append(solid)
        low, high = ([float(v) for v in solid.centre + sign * solid.extents] for sign in (-1, 1))
        found += [replace(solid, centre=solid.centre + shift) for shift in image_shifts(low, high, stack)]
    return tuple(found)


def away_from_sides(solid: Solid, stack: Stack) -> Floats | None:
    """Horizontal unit vector (d,) from periodic sides that cut a body towards its larger part; None: none does.

    The same for a body and its images, for all are cut alike.
    """
    direction = np.zeros(solid.dimension)
    for axis, period in stack.periods.items():
        if axis < len(stack.lateral):
            c = float(solid.centre[axis])
            near = [c - side for side in (0.0, period) if abs(c - side) < solid.extents[axis]]
            direction[axis] = math.copysign(1.0, near[0]) if near else 0.0
    length = float(np.linalg.norm(direction))
    return np.asarray(direction / length, dtype=np.float64) if length else None


def room_around(stack: Stack, feature: Any) -> list[float]:
    """Distance in metres that is free around each body of `feature`: to sides and layers beyond, half way to
    other coated bodies, and most of the way to bare ones and voids. Negative where it leaves its layers.
    """
    own = feature.solids(stack)
    layers = feature.layers(stack)
    low = np.array([*(0.0 for _ in stack.lateral), stack.span(layers[0])[0]])
    high = np.array([*stack.lateral, stack.span(layers[-1])[1]])
    room = np.empty(len(own))
    for n, solid in enumerate(own):
        free = np.minimum(solid.centre - low, high - solid.centre) - solid.extents
        free[[*on_sides(solid, stack), False]] = math.inf
        for axis in stack.periodic:
            # what crosses a side goes on beyond the other: only that it all but touches it matters
            free[axis] = math.inf if feature.film_thickness and free[axis] < 0 else abs(free[axis])
        room[n] = free.min()
    others = obstacles(stack, feature, layers, before=False)
    everything = own + tuple(solid for solid, _ in others)
    films = np.array([*[feature.film_thickness] * len(own), *(film for _, film in others)])
    if len(everything) > 1:
        limit = 2 * float(room.max()) if np.isfinite(room.max()) else 2 * max(s.reach for s in own)
        i, j, away = near_solids(everything, max(limit, 0.0))
        for a, b in ((i, j), (j, i)):
            mine = a < len(own)
            share = np.where(films[b] > 0, 0.5, 0.9)
            np.minimum.at(room, a[mine], (share * away)[mine])
    return [float(r) for r in room]


def _placed(feature: Any, stack: Stack) -> list[tuple[Solid, float]]:
    """The bodies of a feature with the thickness of their films; none where they do not fit, as it says itself."""
    try:
        return [(solid, feature.film_thickness) for solid in feature.solids(stack)]
    except MeshError:
        return []


def obstacles(stack: Stack, feature: Any, layers: tuple[str, ...], before: bool) -> tuple[tuple[Solid, float], ...]:
    """Bodies of other features in `layers` with the thickness of their films, and balls about voids that reach there.

    Args:
        before: of the features that come before `feature` alone.
    """
    found: list[tuple[Solid, float]] = []
    for other in stack.features:
        if other is feature:
            if before:
                break
            continue
        bodies: Any = other
        if hasattr(bodies, "solids"):
            if set(bodies.layers(stack)) & set(layers):
                found += _placed(bodies, stack)
            continue
        for o in other.openings(stack):
            lower, upper = o.at.split("|")
            if o.solid or not ((o.below > 0 and lower in layers) or (o.above > 0 and upper in layers)):
                continue
            radius = max(o.radius, o.below, o.above)
            centre = np.array([*o.centre, stack.z_of(o.at)])
            found.append((Solid(centre, np.full(len(centre), radius), np.eye(len(centre))), 0.0))
    return tuple(found)
