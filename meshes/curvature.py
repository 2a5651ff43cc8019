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
    from meshes.features.base import Opening
    from meshes.stack import Stack

__all__ = ["Ellipsoids", "Rims", "Shape", "Surface", "moved_onto", "shape_of"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
#: The ellipsoid that a point belongs to is sought among so many nearest ones.
_CANDIDATES = 12


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
        moved[:, :-1] = self._circles.project(points[:, :-1])
        return moved

    @property
    def _circles(self) -> Ellipsoids:
        return Ellipsoids(self.centres, self.radii, self.radii)


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
    """Walls of voids and edges of round contacts of a stack; flat when there is no stack."""
    if stack is None or stack.dimension == "1":
        return Shape()
    walls: dict[str, Surface] = {}
    rims: list[tuple[tuple[str, str], Surface]] = []
    openings = [o for _, o in stack.openings()]
    for layer in stack.layers:
        bowls = [_bowl(o, stack, upward) for o in openings for upward in _reaches(o, layer.name)]
        if bowls:
            centres, lateral, axial = zip(*bowls, strict=True)
            walls[f"void|{layer.name}"] = Ellipsoids(np.array(centres), np.array(lateral), np.array(axial))
    if stack.gdim == 3:
        for name in stack.interfaces:
            below, above = (f"void|{layer}" for layer in name.split("|"))
            spots, holes = [(name, f"{name}:gap")], [(below, name), (above, name), (below, above)]
            for solid, pairs in ((True, spots), (False, holes)):
                here = [o for o in openings if o.at == name and o.solid == solid]
                if here:
                    circles = Rims(np.array([o.centre for o in here]), np.array([o.radius for o in here]))
                    rims += [(pair, circles) for pair in pairs]
    return Shape(walls, rims)


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
