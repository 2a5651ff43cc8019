"""Cracks along straight segments: slits without thickness, or notches that are open."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from meshes.features.base import Floats, Refinement
from meshes.features.crack_lines import (
    ON,
    Line,
    Point,
    crossings,
    distance_to,
    ellipse_about,
    layers_passed,
    length_of,
    line_problems,
    on_border,
    on_side,
    point_text,
    wedge_about,
)
from meshes.features.crack_tips import MOST_FRONT_POINTS, Opened, Tip, tip_refinements
from meshes.problems import Problem, length_problem, number_text

if TYPE_CHECKING:
    from meshes.build import LayeredModel
    from meshes.sizes import MeshSizes
    from meshes.stack import Stack

__all__ = ["Crack", "NotchProfile"]

NotchProfile = Literal["wedge", "ellipse"]


@dataclass(frozen=True)
class Crack(Opened):
    """A crack along a line of straight segments; in 3-D the line is drawn out along y.

    Its faces carry no current and no traction. Nothing keeps them from overlapping where the load would close it
    (`fem.observe.fracture.mean_opening` tells), unless they may touch.

    Edge, centre, kinked and branched cracks, cracks through a layer and along an interface: all by the path. It
    may end on outer sides, interfaces or other cracks, cross them, and follow an interface. Where it ends within
    the model it has a tip.

    Attributes:
        path: corners (x, z) in metres, axisymmetric (r, z); of an edge crack the mouth first.
        branches: further lines; the first point of each lies on the path.
        opening: None: a slit with the faces ``<name>:lower`` and ``<name>:upper``. A length in metres: a notch
            that is so wide at its widest place, with walls ``void|<layer>``.
        profile: of a notch: ``wedge`` (widest at the first point, sharp at the last) or ``ellipse`` (widest in
            the middle; of a path with one segment).
        span: in 3-D, where it begins and ends along y, metres; default: all the depth.
        name: of the crack.
        touching: its two faces may touch (`Opened`); of slits.
    """

    path: Line
    branches: tuple[Line, ...] = ()
    opening: float | None = None
    profile: NotchProfile = "wedge"
    span: tuple[float, float] | None = None
    name: str = "crack"
    at: str | None = None
    touching: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", _points(self.path))
        object.__setattr__(self, "branches", tuple(_points(b) for b in self.branches))
        if isinstance(self.span, list):
            object.__setattr__(self, "span", tuple(self.span))

    @property
    def lines(self) -> tuple[Line, ...]:
        """The path and the branches."""
        return (self.path, *self.branches)

    def tips(self, stack: Stack) -> tuple[Tip, ...]:
        """Ends of the path and the branches that lie on no outer side."""
        ends: list[tuple[Point, Point, float]] = []
        for i, line in enumerate(self.lines):
            first = [(line[0], line[1])] if i == 0 else []
            here = [(p, q) for p, q in (*first, (line[-1], line[-2])) if not on_side(p, stack)]
            ends += [(p, q, length_of(line) / len(here)) for p, q in here]
        return tuple(
            Tip(
                self._placed(p, stack),
                self._turned(np.subtract(p, q) / math.dist(p, q), stack),
                reach,
                min(reach, math.dist(p, q)),
            )
            for p, q, reach in ends
        )

    def _placed(self, p: Point, stack: Stack) -> tuple[float, ...]:
        if stack.dimension != "3":
            return p
        low, high = self._span(stack)
        return (p[0], 0.5 * (low + high), p[1])

    def _turned(self, d: Floats, stack: Stack) -> tuple[float, ...]:
        x, z = map(float, d)
        return (x, 0.0, z) if stack.dimension == "3" else (x, z)

    def front(self, stack: Stack, tip: Tip, spacing: float) -> Floats:
        """The tip, in 3-D drawn out along y."""
        if stack.dimension != "3":
            return np.array([tip.point])
        low, high = self._span(stack)
        number = min(MOST_FRONT_POINTS, max(2, math.ceil((high - low) / spacing) + 1))
        y = np.linspace(low, high, number)
        return np.column_stack([np.full(number, tip.point[0]), y, np.full(number, tip.point[2])])

    def refinements(self, stack: Stack, sizes: MeshSizes) -> tuple[Refinement, ...]:
        """Small cells at tips, and where a notch takes the contact of an interface away."""
        found = list(tip_refinements(self, stack, sizes))
        if self.opening is not None and self.opening > 0:
            size = sizes.factor * (sizes.edge if sizes.edge is not None else sizes.wall_fraction * self.opening)
            for line in self.lines:
                for p in crossings(line, stack):
                    tip = Tip(self._placed(p, stack), (), 0.0)
                    found.append(Refinement(self.front(stack, tip, 2 * size), size, self.opening))
        return tuple(found)

    def sharpness(self) -> float:
        """Of an elliptic notch the square of its half width over its half length."""
        if self.opening is None or self.profile == "wedge":
            return math.inf
        return (0.5 * self.opening) ** 2 / (0.5 * length_of(self.path))

    def smallest_length(self, stack: Stack) -> float:
        """The shortest segment, or the width of the notch."""
        lengths = [math.dist(p, q) for line in self.lines for p, q in pairwise(line)]
        if self.opening is not None:
            lengths.append(self.opening)
        return min(lengths)

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it in this stack."""
        found = length_problem("opening", self.opening, optional=True)
        if self.profile not in get_args(NotchProfile):
            found.append(Problem("profile", repr(self.profile), f"must be one of {', '.join(get_args(NotchProfile))}"))
        for i, line in enumerate(self.lines):
            found += line_problems("path" if i == 0 else f"branches[{i - 1}]", line, stack)
        if self.span is not None:
            found += self._span_problems(stack)
        if found:
            return found
        size = max(*stack.lateral, stack.height)
        for i, branch in enumerate(self.branches):
            if distance_to(branch[0], self.path) > 1e-6 * size:
                message = "the first point of a branch must lie on the path"
                found.append(Problem(f"branches[{i}][0]", point_text(branch[0]), message))
        if self.opening is not None:
            found += self._notch_problems()
        return found

    def _span_problems(self, stack: Stack) -> list[Problem]:
        if stack.dimension != "3":
            return [Problem("span", repr(self.span), "only a crack in 3 dimensions has one")]
        try:
            low, high = map(float, self.span or ())
        except (TypeError, ValueError):
            return [Problem("span", repr(self.span), "must be two lengths in metres")]
        if not -ON * stack.lateral[1] <= low < high <= stack.lateral[1] * (1 + ON):
            message = f"must lie within the depth (0 to {number_text(stack.lateral[1])})"
            return [Problem("span", repr(self.span), message)]
        return []

    def _notch_problems(self) -> list[Problem]:
        assert self.opening is not None
        if self.profile == "ellipse" and (len(self.path) > 2 or self.branches):
            return [Problem("profile", "'ellipse'", "only a notch of one segment is an ellipse: use a wedge")]
        shortest = min(math.dist(p, q) for line in self.lines for p, q in pairwise(line))
        if self.opening > shortest:
            message = f"a notch is narrower than its segments are long ({number_text(shortest)})"
            return [Problem("opening", number_text(self.opening), message)]
        return []

    def cut(self, model: LayeredModel) -> None:
        """Draw the slit, or take the notch out of the layers that its path passes."""
        if self.opening is None:
            tools = [self._sheet(model, p, q) for line in self.lines for p, q in pairwise(line)]
            model.slit(self.name, tools)
            return
        for i, line in enumerate(self.lines):
            passed = layers_passed(line, model.stack)
            if i == 0 and self.profile == "ellipse":
                outline = ellipse_about(line, self.opening)
            else:
                width = self.opening if i == 0 else self._width_at(line[0])
                outline = wedge_about(line, width, on_border(line[0], model.stack))
            for layer in passed:
                model.carve(layer, self._body(model, outline))

    def _width_at(self, p: Point) -> float:
        """Width of the notch at a point of its path."""
        assert self.opening is not None
        total, before = length_of(self.path), 0.0
        best, share = math.inf, 0.0
        for a, b in pairwise(self.path):
            off = distance_to(p, (a, b))
            if off < best:
                best, share = off, (before + math.dist(a, p)) / total
            before += math.dist(a, b)
        return self.opening * max(1.0 - share, 0.05)

    def _span(self, stack: Stack) -> tuple[float, float]:
        return (0.0, stack.lateral[1]) if self.span is None else (float(self.span[0]), float(self.span[1]))

    def _sheet(self, model: LayeredModel, p: Point, q: Point) -> tuple[int, int]:
        occ, unit = model.occ, model.unit
        if model.tdim == 2:
            return 1, occ.addLine(*[occ.addPoint(x / unit, z / unit, 0) for x, z in (p, q)])
        low, high = self._span(model.stack)
        corners = [(*p, low), (*q, low), (*q, high), (*p, high)]
        points = [occ.addPoint(x / unit, y / unit, z / unit) for x, z, y in corners]
        loop = occ.addCurveLoop([occ.addLine(points[i - 1], points[i]) for i in range(4)])
        return 2, occ.addPlaneSurface([loop])

    def _body(self, model: LayeredModel, outline: list[Point]) -> tuple[int, int]:
        occ, unit = model.occ, model.unit
        if model.tdim == 2:
            points = [occ.addPoint(x / unit, z / unit, 0) for x, z in outline]
        else:
            low, high = self._span(model.stack)
            points = [occ.addPoint(x / unit, low / unit, z / unit) for x, z in outline]
        lines = [occ.addLine(points[i - 1], points[i]) for i in range(len(points))]
        surface = (2, int(occ.addPlaneSurface([occ.addCurveLoop(lines)])))
        if model.tdim == 2:
            return surface
        bodies = occ.extrude([surface], 0, (high - low) / unit, 0)
        return next((dim, tag) for dim, tag in bodies if dim == 3)


def _points(line: Line) -> Line:
    return tuple(tuple(p) for p in line)  # type: ignore[misc]
