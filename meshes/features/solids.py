"""Ellipsoids and rods with round ends: volume, distance, random points of the surface, drawing.

In 2-D an ellipsoid is an ellipse and a rod a strip with round ends; in an axisymmetric model both are bodies of
revolution about the axis, given by their half in the plane.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Solid", "draw_neck", "draw_solid"]

Floats = npt.NDArray[np.float64]
DimTag = tuple[int, int]
#: Interval halvings for the nearest point of an ellipsoid: to the last digit.
_HALVINGS = 80
#: Random turns of a ball of which the best is taken.
_TURNS = 200


@dataclass(frozen=True)
class Solid:
    """An ellipsoid, or a rod: a ball swept along a segment.

    Attributes:
        centre: (d,) metres.
        semi_axes: (d,) metres, along the columns of `frame`. A rod: half of its whole length first, its radius
            in the other places.
        frame: (d, d) unit vectors of the semi-axes as columns.
        rod: a rod and not an ellipsoid.
    """

    centre: Floats
    semi_axes: Floats
    frame: Floats
    rod: bool = False

    @property
    def dimension(self) -> int:
        """Number of coordinates."""
        return len(self.centre)

    @property
    def ball(self) -> bool:
        """True for a sphere (disc)."""
        return bool(np.ptp(self.semi_axes) <= 1e-12 * self.semi_axes.max())

    @property
    def reach(self) -> float:
        """Radius in metres of the sphere about the centre that holds it."""
        return float(self.semi_axes.max())

    @property
    def thinnest(self) -> float:
        """Smallest semi-axis in metres."""
        return float(self.semi_axes.min())

    @property
    def curvature_radius(self) -> float:
        """Smallest radius of curvature of its surface in metres."""
        if self.rod:
            return self.thinnest
        return float(self.semi_axes.min() ** 2 / self.semi_axes.max())

    @property
    def extents(self) -> Floats:
        """(d,) half sizes of the upright box that holds it, metres."""
        if self.rod:
            straight = self.semi_axes[0] - self.semi_axes[-1]
            return np.asarray(self.semi_axes[-1] + straight * np.abs(self.frame[:, 0]))
        return np.asarray(np.sqrt(((self.frame * self.semi_axes) ** 2).sum(axis=1)))

    def content(self, revolved: bool = False) -> float:
        """Volume (2-D: area) of the whole body in metres; `revolved`: of the body of revolution about x = 0."""
        a = self.semi_axes
        if revolved:
            # the axis is the second coordinate; the body stands upright or lies across
            upright = abs(self.frame[1, 0]) > 0.5
            along, across = (a[0], a[1]) if upright else (a[1], a[0])
            return _revolved(float(along), float(across), self.rod)
        if self.rod:
            r, straight = float(a[-1]), 2 * float(a[0] - a[-1])
            ends = math.pi * r * r if self.dimension == 2 else 4 / 3 * math.pi * r**3
            return ends + straight * (2 * r if self.dimension == 2 else math.pi * r * r)
        return float(np.prod(a)) * (math.pi if self.dimension == 2 else 4 / 3 * math.pi)

    def surface_content(self) -> float:
        """Area (2-D: length) of the surface in metres: exact for balls and rods, to a few percent for ellipsoids."""
        a = self.semi_axes
        if self.rod:
            r, straight = float(a[-1]), 2 * float(a[0] - a[-1])
            return 2 * math.pi * r + 2 * straight if self.dimension == 2 else 2 * math.pi * r * (2 * r + straight)
        # what is gained when all semi-axes grow
        return self.content() * float((1 / a).sum())

    def offset(self, points: Floats) -> tuple[Floats, Floats]:
        """Distance (n,) of `points` (n, d) from the surface, positive outside, and outward directions (n, d)."""
        y = (points - self.centre) @ self.frame
        if self.ball:
            away = np.linalg.norm(y, axis=1)
            normal = y / np.maximum(away, 1e-300)[:, None]
            return away - self.thinnest, normal @ self.frame.T
        if self.rod:
            straight = self.semi_axes[0] - self.semi_axes[-1]
            foot = np.zeros_like(y)
            foot[:, 0] = np.clip(y[:, 0], -straight, straight)
            away = np.linalg.norm(y - foot, axis=1)
            normal = (y - foot) / np.maximum(away, 1e-300)[:, None]
            return away - self.semi_axes[-1], normal @ self.frame.T
        nearest = _nearest_on_ellipsoid(y, self.semi_axes)
        gradient = nearest / self.semi_axes**2
        normal = gradient / np.linalg.norm(gradient, axis=1)[:, None]
        return ((y - nearest) * normal).sum(axis=1), normal @ self.frame.T

    def surface(self, directions: Floats) -> Floats:
        """Points (n, d) of the surface in `directions` (n, d), unit vectors spread over a ball (see `direction`)."""
        u = directions @ self.frame
        if self.rod:
            r, straight = self.semi_axes[-1], self.semi_axes[0] - self.semi_axes[-1]
            tip = np.clip(2 * np.abs(u[:, 0]) - 1, 0, 1)  # 0 at the end of the straight part, 1 at the tip
            across = u.copy()
            across[:, 0] = 0
            across *= (r * np.sqrt(1 - tip**2) / np.maximum(np.linalg.norm(across, axis=1), 1e-300))[:, None]
            y = across
            y[:, 0] = straight * np.clip(2 * u[:, 0], -1, 1) + np.copysign(r * tip, u[:, 0])
        else:
            y = self.semi_axes * u
        return np.asarray(self.centre + y @ self.frame.T)

    def direction(self, points: Floats) -> Floats:
        """Unit vectors (n, d) that `surface` takes to `points` (n, d) of the surface."""
        y = (points - self.centre) @ self.frame
        if self.rod:
            r, straight = self.semi_axes[-1], self.semi_axes[0] - self.semi_axes[-1]
            tip = np.clip((np.abs(y[:, 0]) - straight) / r, 0, 1)
            along = np.where(tip > 0, 0.5 + 0.5 * tip, 0.5 * np.abs(y[:, 0]) / max(straight, 1e-300))
            across = y.copy()
            across[:, 0] = 0
            across *= (np.sqrt(1 - along**2) / np.maximum(np.linalg.norm(across, axis=1), 1e-300))[:, None]
            u = across
            u[:, 0] = np.copysign(along, y[:, 0])
        else:
            u = y / self.semi_axes
            u /= np.maximum(np.linalg.norm(u, axis=1), 1e-300)[:, None]
        return np.asarray(u @ self.frame.T)

    def samples(self) -> tuple[Floats, float]:
        """Points (n, d) spread over the surface, and a distance within which all of it is near one, metres."""
        if not self.rod:
            return self.surface(_spread(self.dimension)), 0.08 * self.reach
        r, straight = self.semi_axes[-1], self.semi_axes[0] - self.semi_axes[-1]
        u = _spread(self.dimension)[:: 4 if self.dimension == 2 else 8]
        ends = r * u + np.copysign(straight, u[:, :1]) * np.eye(self.dimension)[0]
        ring = np.array([[0.0, -1.0], [0.0, 1.0]])
        if self.dimension == 3:
            angle = 2 * np.pi * np.arange(8) / 8
            ring = np.column_stack([np.zeros(8), np.cos(angle), np.sin(angle)])
        along = np.linspace(-straight, straight, 1 + math.ceil(4 * straight / r))
        sides = along[:, None, None] * np.eye(self.dimension)[0] + r * ring
        y = np.concatenate([ends, sides.reshape(-1, self.dimension)])
        return self.centre + y @ self.frame.T, 0.3 * float(r)


def draw_neck(neck: Solid, unit: float) -> DimTag:
    """Draw the straight part of a rod whose ends lie within two balls, in units of `unit` metres."""
    import gmsh

    occ: Any = gmsh.model.occ
    straight = neck.semi_axes[0] - neck.semi_axes[1]
    ends = [(neck.centre + s * straight * neck.frame[:, 0]) / unit for s in (-1, 1)]
    radius = float(neck.semi_axes[1] / unit)
    if neck.dimension == 3:
        return 3, occ.addCylinder(*map(float, ends[0]), *map(float, ends[1] - ends[0]), radius)
    across = radius * neck.frame[:, 1]
    corners = [ends[0] - across, ends[1] - across, ends[1] + across, ends[0] + across]
    p = [occ.addPoint(*map(float, x), 0) for x in corners]
    lines = [occ.addLine(p[k], p[(k + 1) % 4]) for k in range(4)]
    return 2, occ.addPlaneSurface([occ.addCurveLoop(lines)])


def draw_solid(
    solid: Solid,
    unit: float,
    cut: tuple[bool, ...] = (),
    joints: Floats | None = None,
    inward: Floats | None = None,
) -> DimTag:
    """Draw it in the current Gmsh model, in units of `unit` metres.

    Args:
        cut: lateral axes normal to which a symmetry plane passes through the centre. Poles and seam of the
            surface are turned so that such planes leave them alone.
        joints: (n, d) directions in which necks leave a ball: poles and seam keep away from them.
        inward: horizontal direction (d,) away from periodic sides that cut it beside its centre: there the seam lies.
    """
    import gmsh

    occ: Any = gmsh.model.occ
    a: Any = solid.semi_axes / unit
    centre = [float(c) for c in solid.centre / unit]
    if solid.dimension == 2:
        return _draw_flat(occ, solid, a, centre)
    # rigid turns alone keep spheres spheres: the kernel is a hundred times slower with splines
    if solid.rod:
        body = _revolved_rod(occ, float(a[0]), float(a[2]))
    elif solid.ball:
        body = (3, occ.addSphere(0, 0, 0, float(a[0])))
        _turn(occ, body, _pole_frame(cut, inward) if joints is None or any(cut) else _frame_between(joints))
    else:
        turned = any(cut) or inward is not None
        body = _ellipsoid(occ, a, solid.frame.T @ _pole_frame(cut, inward) if turned else None)
    if not solid.ball:
        _turn(occ, body, solid.frame)
    occ.translate([body], *centre)
    return body


def _draw_flat(occ: Any, solid: Solid, a: Floats, centre: list[float]) -> DimTag:
    angle = math.atan2(float(solid.frame[1, 0]), float(solid.frame[0, 0]))
    if solid.rod:
        r, straight = float(a[1]), float(a[0] - a[1])
        ends = [(-straight, -r), (straight, -r), (straight, r), (-straight, r)]
        p = [occ.addPoint(x, y, 0) for x, y in ends]
        left, right = occ.addPoint(-straight, 0, 0), occ.addPoint(straight, 0, 0)
        tips = [occ.addPoint(s * float(a[0]), 0, 0) for s in (-1, 1)]
        curves = [
            occ.addLine(p[0], p[1]),
            occ.addCircleArc(p[1], right, tips[1]),
            occ.addCircleArc(tips[1], right, p[2]),
            occ.addLine(p[2], p[3]),
            occ.addCircleArc(p[3], left, tips[0]),
            occ.addCircleArc(tips[0], left, p[0]),
        ]
        body = (2, occ.addPlaneSurface([occ.addCurveLoop(curves)]))
        occ.remove([(0, left), (0, right)])
    else:
        # the kernel wants the larger radius first
        large, small = float(a.max()), float(a.min())
        body = (2, occ.addDisk(0, 0, 0, large, small))
        if a[0] < a[1]:
            angle += 0.5 * math.pi
    occ.rotate([body], 0, 0, 0, 0, 0, 1, angle)
    occ.translate([body], *centre, 0)
    return body


def _ellipsoid(occ: Any, a: Floats, poles: Floats | None) -> DimTag:
    """An ellipsoid about the origin with semi-axes `a` along x, y and z; `poles`: axes of the ball it is made of."""
    body = _spheroid(occ, a) if poles is None else None
    if body is None:
        body = (3, occ.addSphere(0, 0, 0, 1.0))
        if poles is not None:
            _turn(occ, body, poles)
        occ.dilate([body], 0, 0, 0, *map(float, a))
    return body


def _spheroid(occ: Any, a: Floats) -> DimTag | None:
    """An ellipsoid of revolution about the origin with semi-axes `a` along x, y and z; None: it is not one."""
    axis = next((k for k in range(3) if math.isclose(a[k - 1], a[k - 2], rel_tol=1e-9)), None)
    if axis is None:
        return None
    along, across = float(a[axis]), float(a[axis - 1])
    p = [occ.addPoint(*x, 0) for x in ((-along, 0), (0, across), (along, 0))]
    middle = occ.addPoint(0, 0, 0)
    major = p[2] if along > across else p[1]
    arcs = [occ.addEllipseArc(p[0], middle, major, p[1]), occ.addEllipseArc(p[1], middle, major, p[2])]
    face = occ.addPlaneSurface([occ.addCurveLoop([*arcs, occ.addLine(p[2], p[0])])])
    occ.remove([(0, middle)])
    body = _whole_turn(occ, face)
    if axis > 0:
        occ.rotate([body], 0, 0, 0, *((0, 0, 1) if axis == 1 else (0, 1, 0)), 0.5 * math.pi)
    return body


def _whole_turn(occ: Any, face: int) -> DimTag:
    """The body that the plane `face` sweeps in a whole turn about x."""
    made = occ.revolve([(2, face)], 0, 0, 0, 1, 0, 0, 2 * math.pi)
    occ.remove([(2, face)], recursive=True)
    return next((int(d), int(t)) for d, t in made if d == 3)


def _revolved_rod(occ: Any, half: float, radius: float) -> DimTag:
    """A rod along x about the origin."""
    straight = half - radius
    p = [occ.addPoint(x, y, 0) for x, y in ((-half, 0), (-straight, radius), (straight, radius), (half, 0))]
    middles = [occ.addPoint(x, 0, 0) for x in (-straight, straight)]
    curves = [
        occ.addCircleArc(p[0], middles[0], p[1]),
        occ.addLine(p[1], p[2]),
        occ.addCircleArc(p[2], middles[1], p[3]),
        occ.addLine(p[3], p[0]),
    ]
    face = occ.addPlaneSurface([occ.addCurveLoop(curves)])
    occ.remove([(0, m) for m in middles])
    return _whole_turn(occ, face)


def _pole_frame(cut: tuple[bool, ...], inward: Floats | None = None) -> Floats:
    """Axes of a sphere whose poles (third axis) and seam (first axis) avoid the symmetry planes in `cut`."""
    if not any(cut) and inward is not None:
        return np.column_stack([inward, np.cross([0.0, 0.0, 1.0], inward), [0.0, 0.0, 1.0]])
    if not any(cut):
        # away from the axes, where a neighbour or a plane may lie
        c, s = math.cos(0.7), math.sin(0.7)
        return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    if all(cut):
        pole, seam = np.array([1.0, -1.0, 0.0]), np.array([1.0, 1.0, 0.0])
    else:
        pole, seam = np.eye(3)[cut.index(True)], np.array([0.0, 0.0, 1.0])
    pole, seam = pole / np.linalg.norm(pole), seam / np.linalg.norm(seam)
    return np.column_stack([seam, np.cross(pole, seam), pole])


def _frame_between(joints: Floats) -> Floats:
    """Axes of a sphere whose seam, a half circle from pole to pole, keeps away from the directions `joints`."""
    rng = np.random.Generator(np.random.PCG64(1))
    best, widest = np.eye(3), -1.0
    for _ in range(_TURNS):
        frame = np.linalg.qr(rng.random((3, 3)) - 0.5)[0]
        frame[:, 2] *= np.linalg.det(frame)
        x = joints @ frame
        # the seam runs through the first axis; behind the poles its nearest point is a pole
        away = np.where(x[:, 0] >= 0, np.abs(x[:, 1]), np.sqrt(np.clip(1 - x[:, 2] ** 2, 0, None)))
        if away.min() > widest:
            best, widest = frame, float(away.min())
    return best


def _turn(occ: Any, body: DimTag, frame: Floats) -> None:
    """Turn about the origin, so that the axes of the model become the columns of `frame` (a rotation)."""
    from scipy.spatial.transform import Rotation

    vector = Rotation.from_matrix(frame).as_rotvec()
    angle = float(np.linalg.norm(vector))
    if angle > 1e-14:
        occ.rotate([body], 0, 0, 0, *map(float, vector), angle)


def _revolved(along: float, across: float, rod: bool) -> float:
    if not rod:
        return 4 / 3 * math.pi * along * across * across
    if along >= across:
        return 4 / 3 * math.pi * across**3 + 2 * math.pi * across**2 * (along - across)
    # a flat rod: a disc of radius across - along with a rounded rim
    r, flat = along, across - along
    return 2 * math.pi * r * flat**2 + math.pi**2 * r**2 * flat + 4 / 3 * math.pi * r**3


def _nearest_on_ellipsoid(y: Floats, a: Floats) -> Floats:
    """Nearest points (n, d) of the ellipsoid with semi-axes `a` about the origin.

    The multiplier t of the nearest point solves sum (a y / (t + a^2))^2 = 1 (Eberly, "Distance from a point to
    an ellipse, an ellipsoid, or a hyperellipsoid", 2013), found by bisection.
    """
    x = np.abs(y).astype(np.float64)
    # on a plane of symmetry the equation is singular inside: such points are moved off by a rounding error
    x = np.where(x > 1e-12 * a, x, 1e-12 * a).astype(np.float64)
    low: Floats = -np.full(len(y), float(a.min()) ** 2) + float(a.min()) * x[:, int(a.argmin())]
    high: Floats = np.asarray(np.linalg.norm(x * a, axis=1), dtype=np.float64)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        value = ((a * x / (middle[:, None] + a**2)) ** 2).sum(axis=1)
        low = np.where(value > 1, middle, low)
        high = np.where(value > 1, high, middle)
    t = 0.5 * (low + high)
    return np.asarray(np.copysign(x * a**2 / (t[:, None] + a**2), y))


def _spread(dimension: int) -> Floats:
    """Unit vectors (n, d) that are spread evenly (on the ball along a spiral)."""
    if dimension == 2:
        angle = 2 * np.pi * (np.arange(64) + 0.5) / 64
        return np.column_stack([np.cos(angle), np.sin(angle)])
    z = 1 - (2 * np.arange(512) + 1) / 512
    turn = np.pi * (3 - math.sqrt(5)) * np.arange(512)
    across = np.asarray(np.sqrt(1 - z * z), dtype=np.float64)
    return np.column_stack([across * np.cos(turn), across * np.sin(turn), z])
