"""A crack over a disc: penny-shaped, a slit without thickness or an ellipsoid that is open."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from meshes.features.base import CLEARANCE, Floats, footprint_problems, resolve_position
from meshes.features.crack_tips import MOST_FRONT_POINTS, Opened, Tip
from meshes.problems import Problem, length_problem, number_text

if TYPE_CHECKING:
    from meshes.build import LayeredModel
    from meshes.stack import Stack

__all__ = ["PennyCrack"]


@dataclass(frozen=True)
class PennyCrack(Opened):
    """A crack over a disc, in 3-D anywhere, in an axisymmetric model on the axis.

    Attributes:
        height: of its centre above the bottom, metres.
        radius: metres.
        position: lateral coordinates of its centre, metres; default: the middle (the axis). A centre on a
            lateral side makes half a disc.
        tilt: angle in radians between the disc and the layers, about the y axis (3-D).
        opening: None: a slit. A length in metres: an ellipsoid that is so thick in the middle.
        name: of the crack.
        touching: its two faces may touch (`Opened`); of slits.
    """

    height: float
    radius: float
    position: tuple[float, ...] | None = None
    tilt: float = 0.0
    opening: float | None = None
    name: str = "crack"
    at: str | None = None
    touching: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        if isinstance(self.position, list):
            object.__setattr__(self, "position", tuple(self.position))

    def centre(self, stack: Stack) -> tuple[float, ...]:
        """Its centre (gdim,) in metres."""
        return (*resolve_position(self.position, stack), float(self.height))

    def tips(self, stack: Stack) -> tuple[Tip, ...]:
        """One point of its front, where x is largest (3-D: or smallest, when that lies in the model)."""
        centre = np.array(self.centre(stack))
        out = np.zeros(len(centre))
        out[0], out[-1] = math.cos(self.tilt), -math.sin(self.tilt)
        if stack.dimension == "3" and centre[0] + self.radius * out[0] > stack.lateral[0]:
            out = -out
        return (Tip(tuple(map(float, centre + self.radius * out)), tuple(map(float, out)), self.radius),)

    def front(self, stack: Stack, tip: Tip, spacing: float) -> Floats:
        """The rim."""
        if stack.dimension != "3":
            return np.array([tip.point])
        number = min(MOST_FRONT_POINTS, max(16, math.ceil(2 * math.pi * self.radius / spacing)))
        angle = np.arange(number) * (2 * math.pi / number)
        u, v = np.array([math.cos(self.tilt), 0.0, -math.sin(self.tilt)]), np.array([0.0, 1.0, 0.0])
        rim = np.cos(angle)[:, None] * u + np.sin(angle)[:, None] * v
        x = np.array(self.centre(stack)) + self.radius * rim
        size = np.array([*stack.lateral, stack.height])
        inside = np.all((x >= -spacing) & (x <= size + spacing), axis=1)
        return np.asarray(x[inside], dtype=np.float64)

    def sharpness(self) -> float:
        """Of an ellipsoid the square of its half thickness over its radius."""
        return math.inf if self.opening is None else (0.5 * self.opening) ** 2 / self.radius

    def smallest_length(self, stack: Stack) -> float:
        """Its radius, or its thickness."""
        return self.radius if self.opening is None else min(self.radius, self.opening)

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it in this stack."""
        found = length_problem("radius", self.radius) + length_problem("height", self.height)
        found += length_problem("opening", self.opening, optional=True)
        if isinstance(self.tilt, bool) or not isinstance(self.tilt, int | float) or not abs(self.tilt) <= math.pi / 2:
            found.append(Problem("tilt", repr(self.tilt), "must be an angle between -90 and 90 degrees"))
        if stack.dimension == "2":
            found.append(Problem("", self.name, "a disc needs dimension axisymmetric or 3: use a crack with a path"))
        if found:
            return found
        if stack.dimension == "axisymmetric" and self.tilt != 0:
            return [Problem("tilt", repr(self.tilt), "a disc of an axisymmetric model lies along the layers")]
        if self.opening is not None and self.opening > 2 * self.radius:
            return [Problem("opening", number_text(self.opening), "must not be larger than the disc")]
        return self._place_problems(stack)

    def _place_problems(self, stack: Stack) -> list[Problem]:
        found = footprint_problems(stack, self.position, self.radius * math.cos(self.tilt), "crack")
        reach = self.radius * abs(math.sin(self.tilt)) + 0.5 * (self.opening or 0.0)
        room = CLEARANCE * self.radius
        if self.height - reach < room or self.height + reach > stack.height - room:
            message = f"the crack leaves the stack (0 to {number_text(stack.height)})"
            found.append(Problem("height", number_text(self.height), message))
        return found

    def cut(self, model: LayeredModel) -> None:
        """Draw the disc, or take the ellipsoid out of the layers that it reaches into."""
        occ, unit, stack = model.occ, model.unit, model.stack
        centre = [c / unit for c in self.centre(stack)]
        r = self.radius / unit
        if self.opening is None:
            if model.tdim == 2:
                ends = [occ.addPoint(x, centre[-1], 0) for x in (0.0, r)]
                tool = (1, int(occ.addLine(*ends)))
            else:
                tool = (2, int(occ.addDisk(*centre, r, r)))
                occ.rotate([tool], *centre, 0, 1, 0, self.tilt)
            model.slit(self.name, [tool])
            return
        reach = math.hypot(self.radius * math.sin(self.tilt), 0.5 * self.opening * math.cos(self.tilt))
        for layer in stack.layers:
            low, high = stack.span(layer.name)
            if low < self.height + reach and high > self.height - reach:
                model.carve(layer.name, self._ellipsoid(model, centre, r))

    def _ellipsoid(self, model: LayeredModel, centre: list[float], r: float) -> tuple[int, int]:
        assert self.opening is not None
        occ, b = model.occ, 0.5 * self.opening / model.unit
        if model.tdim == 2:
            body = (2, int(occ.addDisk(*centre, 0, max(r, b), min(r, b))))
            if b > r:
                occ.rotate([body], *centre, 0, 0, 0, 1, math.pi / 2)
            return body
        body = (3, int(occ.addSphere(*centre, r)))
        # poles and seam away from the planes of symmetry, as in shapes.draw_bowl
        occ.rotate([body], *centre, 1, 0, 0, 0.4)
        occ.rotate([body], *centre, 0, 0, 1, 0.7)
        occ.dilate([body], *centre, 1, 1, b / r)
        occ.rotate([body], *centre, 0, 1, 0, self.tilt)
        return body
