"""The true shape of curved facets, for meshes that are refined or bent towards it.

A mesh of straight cells follows a round wall to second order only, and stays where it is when its cells are
divided: new points must be moved onto the wall, and an error estimate must know how far off the facets are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

if TYPE_CHECKING:
    from meshes.features.base import Feature, Opening
    from meshes.features.solids import Solid
    from meshes.stack import Stack

__all__ = [
    "Bodies",
    "Circle",
    "Ellipsoids",
    "Level",
    "Nearest",
    "Rims",
    "Rough",
    "Shape",
    "Surface",
    "moved_onto",
    "moved_within",
    "shape_of",
]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
#: The ellipsoid that a point belongs to is sought among so many nearest ones.
_CANDIDATES = 12
#: Newton steps towards the curve in which a surface meets a plane.
_ROUNDS = 20


class Surface(Protocol):
    """A surface (a curve in two dimensions) that points can be put on."""

    def project(self, points: Floats) -> Floats:
        """(n, gdim) points on the surface, close to `points` (n, gdim) in metres."""


@dataclass(frozen=True)
class Ellipsoids:
    """Ellipsoids of revolution about the stacking direction (2-D: ellipses); spheres among them.

    Attributes:
        centres: (n, gdim) in metres.
        lateral, axial: (n,) semi-axes across and along the stacking direction, metres.
    """

    centres: Floats
    lateral: Floats
    axial: Floats

    def project(self, points: Floats) -> Floats:
        """Moved along the ray from the centre of the ellipsoid that is nearest: symmetry planes are kept."""
        chosen, level = self._nearest(points)
        centre = self.centres[chosen]
        return np.asarray(centre + (points - centre) / level[:, None])

    def _nearest(self, points: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
        """Index (n,) of the ellipsoid that each point lies closest to, and its level there (1: on it)."""
        count = min(_CANDIDATES, len(self.centres))
        if not len(points):
            return np.zeros(0, dtype=np.int64), np.ones(0)
        _, found = cKDTree(self.centres).query(points, k=count)
        near = np.asarray(found, dtype=np.int64).reshape(len(points), count)
        away = points[:, None, :] - self.centres[near]
        across = np.linalg.norm(away[:, :, :-1], axis=2) / self.lateral[near]
        level = np.hypot(across, away[:, :, -1] / self.axial[near])
        off = np.abs(level - 1) * np.minimum(self.lateral, self.axial)[near]
        best = np.argmin(off, axis=1)
        rows = np.arange(len(points))
        return near[rows, best], np.maximum(level[rows, best], 1e-300)


@dataclass(frozen=True)
class Bodies:
    """Surfaces at one distance from solid bodies: particles, inclusions, and the films on them.

    Attributes:
        solids: the bodies.
        distance: outward, metres.
    """

    solids: tuple[Solid, ...]
    distance: float = 0.0

    def project(self, points: Floats) -> Floats:
        """Moved along the normal of the body that is nearest: symmetry planes of upright bodies are kept."""
        away, normal = self._offset(points)
        return np.asarray(points - (away - self.distance)[:, None] * normal)

    def project_level(self, points: Floats) -> Floats:
        """Moved across the stacking direction only: where the surface meets a plane."""
        moved = points.copy()
        for _ in range(_ROUNDS):
            away, normal = self._offset(moved)
            slope = normal[:, :-1]
            steep = np.maximum((slope**2).sum(axis=1), 1e-3)
            moved[:, :-1] -= ((away - self.distance) / steep)[:, None] * slope
        return moved

    def _offset(self, points: Floats) -> tuple[Floats, Floats]:
        """Distance (n,) from the nearest body and the direction (n, gdim) away from it."""
        centres = np.array([s.centre for s in self.solids])
        count = min(_CANDIDATES, len(centres))
        _, found = cKDTree(centres).query(points, k=count)
        near = np.asarray(found, dtype=np.int64).reshape(len(points), count)
        best, direction = np.full(len(points), np.inf), np.zeros_like(points)
        if not len(points):
            return best, direction
        order = np.argsort(near, axis=None, kind="stable")
        chosen, starts = np.unique(near.reshape(-1)[order], return_index=True)
        for k, here in zip(chosen, np.split(order // count, starts[1:]), strict=True):
            away, normal = self.solids[k].offset(points[here])
            closer = np.abs(away) < np.abs(best[here])
            best[here[closer]], direction[here[closer]] = away[closer], normal[closer]
        return best, direction


@dataclass(frozen=True)
class Level:
    """The curve in which a surface meets planes across the stacking direction."""

    surface: Bodies

    def project(self, points: Floats) -> Floats:
        """Moved within their plane."""
        return self.surface.project_level(points)


@dataclass(frozen=True)
class Rough:
    """A rough or wavy interface.

    Attributes:
        moved: where points (n, gdim) of the flat stack lie in the rough one.
        height: of the flat interface, metres.
    """

    moved: Callable[[Floats], Floats]
    height: float

    def project(self, points: Floats) -> Floats:
        """Moved along the stacking direction."""
        flat = points.copy()
        flat[:, -1] = self.height
        return np.asarray(self.moved(flat))


@dataclass(frozen=True)
class Nearest:
    """Several surfaces of one name."""

    surfaces: tuple[Surface, ...]

    def project(self, points: Floats) -> Floats:
        """Onto the surface that is nearest."""
        found = np.array([s.project(points) for s in self.surfaces])
        best = np.argmin(np.linalg.norm(found - points, axis=2), axis=0)
        return np.asarray(found[best, np.arange(len(points))])


@dataclass(frozen=True)
class Rims:
    """Circles in planes across the stacking direction: edges of voids and contact spots in three dimensions.

    Attributes:
        centres: (n, 2) lateral coordinates, metres.
        radii: (n,) in metres.
    """

    centres: Floats
    radii: Floats

    def project(self, points: Floats) -> Floats:
        """Moved within their plane along the ray from the centre."""
        moved = points.copy()
        moved[:, :-1] = Ellipsoids(self.centres, self.radii, self.radii).project(points[:, :-1])
        return moved


@dataclass(frozen=True)
class Circle:
    """A circle anywhere in three dimensions: the front of a penny-shaped crack.

    Attributes:
        centre: (3,) in metres. normal: (3,) unit vector of its plane. radius: in metres.
    """

    centre: tuple[float, ...]
    normal: tuple[float, ...]
    radius: float

    def project(self, points: Floats) -> Floats:
        """Moved along the ray from the centre, within the plane: symmetry planes through the centre are kept."""
        normal = np.array(self.normal)
        away = points - np.array(self.centre)
        away = away - (away @ normal)[:, None] * normal
        length = np.maximum(np.linalg.norm(away, axis=1), 1e-300)
        return np.asarray(np.array(self.centre) + self.radius * away / length[:, None])


@dataclass(frozen=True)
class Shape:
    """Where the true geometry differs from straight facets.

    Attributes:
        walls: facet name -> surface that these facets stand for.
        rims: facet names that meet in a curve, and the curve; points there follow it, not the walls.
    """

    walls: Mapping[str, Surface] = field(default_factory=dict)
    rims: Sequence[tuple[tuple[str, str], Surface]] = ()

    def __bool__(self) -> bool:
        return bool(self.walls or self.rims)


def shape_of(stack: Stack | None) -> Shape:
    """Walls of voids, surfaces of bodies, edges of round contacts, rough interfaces; flat when there is no stack."""
    if stack is None or stack.dimension == "1":
        return Shape()
    walls: dict[str, list[Surface]] = {}
    rims: list[tuple[tuple[str, str], Surface]] = []
    for feature in stack.features:
        _add_bowls(walls, feature, stack)
        _add_bodies(walls, rims, feature, stack)
    _add_rough(walls, stack)
    if stack.gdim == 3:
        rims += _circles(stack)
        rims += [front for feature in stack.features for front in _fronts(feature, stack)]
    return Shape({name: s[0] if len(s) == 1 else Nearest(tuple(s)) for name, s in walls.items()}, rims)


def _add_bowls(walls: dict[str, list[Surface]], feature: Feature, stack: Stack) -> None:
    """Walls of voids, filled ones too: all those of one feature are one set."""
    fill = getattr(feature, "fill", None)
    for layer in stack.layers:
        bowls = [_bowl(o, stack, up) for o in feature.openings(stack) for up in _reaches(o, layer.name)]
        if bowls:
            centres, lateral, axial = zip(*bowls, strict=True)
            surface = Ellipsoids(np.array(centres), np.array(lateral), np.array(axial))
            for name in (f"void|{layer.name}", *([f"{layer.name}|{fill.name}"] if fill is not None else [])):
                walls.setdefault(name, []).append(surface)


def _add_bodies(
    walls: dict[str, list[Surface]], rims: list[tuple[tuple[str, str], Surface]], feature: Feature, stack: Stack
) -> None:
    """Surfaces of particles, packings and inclusions, and of the films on them."""
    from meshes.features.bodies import SolidFeature
    from meshes.features.hosts import hosts_in

    if not isinstance(feature, SolidFeature):
        return
    solids, parts = feature.solids(stack) + feature.necks(stack), feature.parts(stack)
    hosts = hosts_in(stack, feature.layers(stack))
    levels: dict[str, float] = {}
    if feature.material is None:
        levels = {f"void|{h}": 0.0 for h in hosts}
    elif not feature.coats or feature.patches is not None:
        levels = {f"{h}|{p}": 0.0 for h in hosts for p in parts}
    if feature.coats and feature.patches is None:
        outer = np.cumsum([c.thickness for c in feature.coats])
        names = [c.name for c in feature.coats]
        levels |= {f"{p}|{names[0]}": 0.0 for p in parts} | {f"{h}|{names[-1]}": float(outer[-1]) for h in hosts}
        levels |= {f"{a}|{b}": float(t) for a, b, t in zip(names, names[1:], outer, strict=False)}
    for name, distance in levels.items():
        surface = Bodies(solids, distance)
        walls.setdefault(name, []).append(surface)
        rims += [((name, plane), Level(surface)) for plane in stack.interfaces] if stack.gdim == 3 else []


def _add_rough(walls: dict[str, list[Surface]], stack: Stack) -> None:
    from meshes.morph import deformation

    moved = deformation(stack)
    for level in moved.reliefs:
        name = stack.interfaces[level - 1]
        for part in (name, f"{name}:gap"):
            walls.setdefault(part, []).append(Rough(moved, stack.levels[level]))


def _circles(stack: Stack) -> list[tuple[tuple[str, str], Surface]]:
    """Edges of voids and of contact spots in three dimensions."""
    openings = [o for _, o in stack.openings()]
    found: list[tuple[tuple[str, str], Surface]] = []
    for name in stack.interfaces:
        below, above = (f"void|{layer}" for layer in name.split("|"))
        spots, holes = [(name, f"{name}:gap")], [(below, name), (above, name), (below, above)]
        for solid, pairs in ((True, spots), (False, holes)):
            here = [o for o in openings if o.at == name and o.solid == solid]
            if here:
                circles = Rims(np.array([o.centre for o in here]), np.array([o.radius for o in here]))
                found += [(pair, circles) for pair in pairs]
    return found


def _fronts(feature: Feature, stack: Stack) -> list[tuple[tuple[str, str], Surface]]:
    """Fronts of penny-shaped slits, where their two faces meet."""
    from meshes.features.penny_crack import PennyCrack

    if not isinstance(feature, PennyCrack) or feature.opening is not None:
        return []
    normal = (np.sin(feature.tilt), 0.0, np.cos(feature.tilt))
    circle = Circle(feature.centre(stack), tuple(map(float, normal)), feature.radius)
    return [((f"{feature.name}:lower", f"{feature.name}:upper"), circle)]


def _reaches(opening: Opening, layer: str) -> list[bool]:
    """Directions (upward: True) in which an opening reaches into a layer."""
    below, above = opening.at.split("|")
    found = [False] if layer == below and opening.below > 0 else []
    return [*found, True] if layer == above and opening.above > 0 else found


def _bowl(opening: Opening, stack: Stack, upward: bool) -> tuple[tuple[float, ...], float, float]:
    """Centre (gdim,), lateral and axial semi-axis of the surface of one bowl."""
    depth = opening.above if upward else opening.below
    level, sign = stack.z_of(opening.at), 1.0 if upward else -1.0
    if opening.shape == "ellipsoid":
        return (*opening.centre, level), opening.radius, depth
    sphere = (opening.radius**2 + depth**2) / (2 * depth)
    return (*opening.centre, level + sign * (depth - sphere)), sphere, sphere


def moved_within(
    shape: Shape, points: Floats, on: Callable[[str], Bools | None], periods: Mapping[int, float]
) -> Floats:
    """As `moved_onto`; points of periodic sides stay in them, where the surface crosses them.

    Args:
        periods: axis -> distance in metres of its two sides, the first of which lies at 0.
    """
    moved = moved_onto(shape, points, on)
    held = [(axis, np.abs(points[:, axis] - x) <= 1e-9 * size) for axis, size in periods.items() for x in (0.0, size)]
    if not any(mask.any() for _, mask in held):
        return moved
    for _ in range(_ROUNDS):
        for axis, mask in held:
            moved[mask, axis] = points[mask, axis]
        off = moved_onto(shape, moved, on)
        sides = np.any([mask for _, mask in held], axis=0)
        moved[sides] = off[sides]
    for axis, mask in held:
        moved[mask, axis] = points[mask, axis]
    return moved


def moved_onto(shape: Shape, points: Floats, on: Callable[[str], Bools | None]) -> Floats:
    """The points of a mesh with those on curved facets put onto the true surface.

    Args:
        shape: of the geometry.
        points: (n, gdim) in metres.
        on: facet name -> (n,) which points lie on facets of that name; None: no such facets.
    """
    moved = points.copy()
    rim = np.zeros(len(points), dtype=bool)
    for (first, second), curve in shape.rims:
        a, b = on(first), on(second)
        if a is not None and b is not None and (a & b).any():
            moved[a & b] = curve.project(points[a & b])
            rim |= a & b
    for name, surface in shape.walls.items():
        mask = on(name)
        if mask is not None and (mask & ~rim).any():
            moved[mask & ~rim] = surface.project(points[mask & ~rim])
    return moved
