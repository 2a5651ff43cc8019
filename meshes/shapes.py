"""Bodies that features cut or imprint, drawn in Gmsh's OpenCASCADE kernel in units of `unit` metres."""

from __future__ import annotations

import math

import gmsh

from meshes.features.base import Opening
from meshes.stack import Stack

__all__ = ["DimTag", "draw_bowl", "draw_spot"]

DimTag = tuple[int, int]


def draw_spot(opening: Opening, stack: Stack, unit: float) -> DimTag:
    """A disc (3-D) or a straight line on the interface."""
    occ = gmsh.model.occ
    z, r = stack.z_of(opening.at) / unit, opening.radius / unit
    centre = [c / unit for c in opening.centre]
    if len(centre) == 2:
        return 2, occ.addDisk(*centre, z, r, r)
    ends = [occ.addPoint(centre[0] + s * r, z, 0) for s in (-1, 1)]
    return 1, occ.addLine(*ends)


def draw_bowl(opening: Opening, depth: float, upward: bool, stack: Stack, unit: float) -> DimTag:
    """The body between the interface and the profile of `opening`, `depth` metres deep."""
    z, a, h = stack.z_of(opening.at) / unit, opening.radius / unit, depth / unit
    centre = [c / unit for c in opening.centre]
    if len(centre) == 1:
        return _segment(centre[0], z, a, h if upward else -h, opening.shape)
    # +1 or -1 where a side of the model cuts the void and lies on this side of it
    x, y = (
        float(abs(c - s) <= 1e-9 * s) - float(abs(c) <= 1e-9 * s)
        for c, s in zip(opening.centre, stack.lateral, strict=True)
    )
    place = (centre[0], centre[1], z)
    if x or y:
        return _cut_bowl(place, a, h, upward, opening.shape, math.atan2(-y, -x))
    return _whole_bowl(place, a, h, upward, opening.shape, _away_from_sides(opening, stack))


def _away_from_sides(opening: Opening, stack: Stack) -> float:
    """Direction (an angle about the vertical) that leads a bowl away from the sides that cut it; 0.7: none does.

    The same for a bowl and its image beyond a periodic side, for both are cut alike.
    """
    turn = []
    for c, size in zip(opening.centre, stack.lateral, strict=True):
        near = [c - side for side in (0.0, size) if abs(c - side) < opening.radius]
        turn.append(math.copysign(1.0, near[0]) if near else 0.0)
    return math.atan2(turn[1], turn[0]) + (0.0 if all(turn) else 0.3) if any(turn) else 0.7


def _segment(x: float, z: float, a: float, h: float, shape: str) -> DimTag:
    """Segment of a circle, or half an ellipse, below (h < 0) or above the line at height z."""
    occ = gmsh.model.occ
    left, right, pole = occ.addPoint(x - a, z, 0), occ.addPoint(x + a, z, 0), occ.addPoint(x, z + h, 0)
    if shape == "ellipsoid":
        middle = occ.addPoint(x, z, 0)
        major = right if a >= abs(h) else pole
        arcs = [occ.addEllipseArc(p, middle, major, q) for p, q in ((left, pole), (pole, right))]
    else:
        radius = (a * a + h * h) / (2 * abs(h))
        middle = occ.addPoint(x, z + h - math.copysign(radius, h), 0)
        arcs = [occ.addCircleArc(p, middle, q) for p, q in ((left, pole), (pole, right))]
    loop = occ.addCurveLoop([*arcs, occ.addLine(right, left)])
    occ.remove([(0, middle)])
    return 2, occ.addPlaneSurface([loop])


def _whole_bowl(place: tuple[float, float, float], a: float, h: float, upward: bool, shape: str, turn: float) -> DimTag:
    """Part of a sphere or half an ellipsoid with its pole at the bottom: no body outside of the void.

    Neighbouring tools of one cut then never touch, however large the spheres are that they belong to.
    """
    occ = gmsh.model.occ
    sphere, middle = _sphere_of(place[2], a, h, upward, shape)
    latitude = math.asin(max(-1.0, min(1.0, (place[2] - middle) / sphere)))
    low, high = (latitude, math.pi / 2) if upward else (-math.pi / 2, latitude)
    body = (3, occ.addSphere(place[0], place[1], middle, sphere, -1, low, high))
    # the seam: away from the axes, where a neighbour of an array may lie, and from sides that cut the void
    occ.rotate([body], *place, 0, 0, 1, turn)
    if shape == "ellipsoid":
        occ.dilate([body], *place, 1, 1, h / a)
    return body


def _cut_bowl(place: tuple[float, float, float], a: float, h: float, upward: bool, shape: str, inward: float) -> DimTag:
    """A bowl that a symmetry plane cuts; `inward`: direction into the model, an angle about the vertical.

    OpenCASCADE cannot orient faces of which a pole of the sphere is a corner, and Gmsh cannot mesh faces
    that the seam divides: axis and seam are turned so that both poles and the seam lie outside of what is
    kept (one pole beyond the symmetry plane, the other on the unused side of the interface).
    """
    occ = gmsh.model.occ
    sphere, middle = _sphere_of(place[2], a, h, upward, shape)
    centre = (place[0], place[1], middle)
    body = (3, occ.addSphere(*centre, sphere))
    tilt = math.radians(30)
    if not upward:
        occ.rotate([body], *centre, 0, 0, 1, math.pi)
    occ.rotate([body], *centre, 0, 1, 0, math.pi / 2 + (tilt if upward else -tilt))
    occ.rotate([body], *centre, 0, 0, 1, inward)
    if shape == "ellipsoid":
        occ.dilate([body], *place, 1, 1, h / a)
    low = place[2] if upward else place[2] - 2 * h
    half = (3, occ.addBox(place[0] - 2 * a, place[1] - 2 * a, low, 4 * a, 4 * a, 2 * h))
    kept = occ.intersect([body], [half])[0]
    return int(kept[0][0]), int(kept[0][1])


def _sphere_of(z: float, a: float, h: float, upward: bool, shape: str) -> tuple[float, float]:
    """Radius of the sphere and height of its centre (of the unit sphere's image for an ellipsoid)."""
    if shape == "ellipsoid":
        return a, z
    sphere = (a * a + h * h) / (2 * h)
    return sphere, z + (h - sphere if upward else sphere - h)
