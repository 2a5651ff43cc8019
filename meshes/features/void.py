"""A void at an interface: a hole in the layer below, above, or both."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from meshes.features.base import (
    FeatureDefaults,
    Opening,
    Region,
    footprint_problems,
    opening_images,
    resolve_position,
)
from meshes.features.fill import Fill
from meshes.features.hosts import hosts_in
from meshes.problems import Problem, length_problem, number_text

if TYPE_CHECKING:
    from meshes.build import LayeredModel
    from meshes.stack import Stack

__all__ = ["Void", "VoidShape"]

VoidShape = Literal["cap", "lens", "hemisphere", "ellipsoid"]


@dataclass(frozen=True)
class Void(FeatureDefaults):
    """A hole at the interface `at` that takes the contact away within `radius`.

    Attributes:
        at: interface ``lower|upper``.
        radius: of the contact that is lost, metres (2-D: half width of a groove).
        depth: how far it reaches from the interface, metres; a hemisphere needs none.
        shape: ``cap`` (part of a sphere, depth <= radius), ``hemisphere``, ``ellipsoid`` (half of one, with
            the semi-axes `radius` along and `depth` across the interface) or ``lens`` (a cap of `depth` on
            both sides).
        into: name of the layer that it reaches into; default: the layer below the interface.
        position: lateral coordinates of its centre, metres; default: the middle (axisymmetric: the axis).
            A centre on a lateral side makes a half void: the side is its symmetry plane. Periodic sides may cut
            it anywhere: what one side cuts off lies at the other.
        name: for messages.
        fill: what it is filled with; None: nothing.
    """

    at: str
    radius: float
    depth: float | None = None
    shape: VoidShape = "cap"
    into: str | None = None
    position: tuple[float, ...] | None = None
    name: str = "void"
    fill: Fill | None = None

    def __post_init__(self) -> None:
        if isinstance(self.position, list):
            object.__setattr__(self, "position", tuple(self.position))

    def sides(self, stack: Stack) -> tuple[float, float]:
        """Depths (below, above) of the interface in metres."""
        upper = self.at.split("|")[1]
        depth = self.radius if self.shape == "hemisphere" or self.depth is None else float(self.depth)
        if self.shape == "lens":
            return depth, depth
        return (0.0, depth) if self.into == upper else (depth, 0.0)

    def content(self, stack: Stack) -> float:
        """Volume (2-D: area of the cross-section) of a whole void in cubic (square) metres."""
        r = float(self.radius)
        depth = max(self.sides(stack))
        if stack.gdim == 3 or stack.dimension == "axisymmetric":
            one = 2 / 3 * math.pi * r * r * depth
            if self.shape != "ellipsoid":
                one = math.pi * depth * (3 * r * r + depth * depth) / 6
        elif self.shape == "ellipsoid":
            one = 0.5 * math.pi * r * depth
        else:
            sphere = (r * r + depth * depth) / (2 * depth)
            one = sphere * sphere * math.atan2(r, sphere - depth) - r * (sphere - depth)
        return 2 * one if self.shape == "lens" else one

    def openings(self, stack: Stack) -> tuple[Opening, ...]:
        """The one footprint of this void, and its images beyond periodic sides."""
        below, above = self.sides(stack)
        centre = resolve_position(self.position, stack)
        shape = "ellipsoid" if self.shape == "ellipsoid" else "cap"
        return opening_images([Opening(self.at, centre, float(self.radius), below, above, shape, self.name)], stack)

    def regions(self, stack: Stack) -> tuple[Region, ...]:
        """That of the fill."""
        return () if self.fill is None else (self.fill.region,)

    def facet_names(self, stack: Stack) -> tuple[str, ...]:
        """Its surface, or that of its fill, towards the layers on both sides."""
        lower, upper = self.at.split("|")
        if self.fill is None:
            return (f"void|{lower}", f"void|{upper}")
        below, above = self.sides(stack)
        layers = tuple(x for x, depth in ((lower, below), (upper, above)) if depth > 0)
        there, left = self.fill.facet_names(stack, self.at, layers)
        return (*there, *left)

    def optional_facets(self, stack: Stack) -> tuple[str, ...]:
        """Those of a fill beside a layer of grains: which grains it touches is left to chance."""
        layers = tuple(self.at.split("|"))
        grains = self.fill is not None and hosts_in(stack, layers) != layers
        return self.facet_names(stack) if grains else ()

    def smallest_length(self, stack: Stack) -> float:
        """Radius or depth, or the thickness of the part that a fill takes or leaves."""
        smallest = super().smallest_length(stack)
        if self.fill is None or self.fill.full:
            return smallest
        return smallest * min(self.fill.fraction, 1 - self.fill.fraction)

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it in this stack."""
        found = length_problem("radius", self.radius)
        found += length_problem("depth", self.depth, optional=self.shape == "hemisphere")
        found += self.shape_problems(stack)
        if self.fill is not None:
            found += [p.under("fill") for p in self.fill.problems()]
        if not found:
            found += self.depth_problems(stack)
            found += footprint_problems(stack, self.position, self.radius, "void")
        return found

    def shape_problems(self, stack: Stack) -> list[Problem]:
        """Unknown shape, or a layer that it cannot reach into."""
        found = []
        shapes = get_args(VoidShape)
        if self.shape not in shapes:
            found.append(Problem("shape", repr(self.shape), f"must be one of {', '.join(shapes)}"))
        lower, upper = self.at.split("|")
        if self.into is not None and self.into not in (lower, upper):
            found.append(Problem("into", repr(self.into), f"must be a layer of this interface: {lower} or {upper}"))
        elif self.into is not None and self.shape == "lens":
            found.append(Problem("into", repr(self.into), "a lens reaches into both layers: leave this out"))
        return found

    def depth_problems(self, stack: Stack) -> list[Problem]:
        """A depth that its shape or its layers do not allow."""
        found = []
        if self.shape in ("cap", "lens") and self.depth is not None and self.depth > self.radius * (1 + 1e-12):
            most = number_text(self.radius)
            message = f"a {self.shape} is at most as deep as its radius ({most}): use an ellipsoid"
            found.append(Problem("depth", number_text(self.depth), message))
        hemisphere = self.shape == "hemisphere" and self.depth is not None
        if hemisphere and not math.isclose(float(self.depth or 0.0), self.radius, rel_tol=1e-9):
            message = f"a hemisphere is as deep as its radius ({number_text(self.radius)}): leave this out"
            found.append(Problem("depth", number_text(self.depth), message))
        for name, reach in zip(self.at.split("|"), self.sides(stack), strict=True):
            thickness = stack.layer(name).thickness
            if reach > 0.99 * thickness:
                message = f"the void is larger than its layer {name!r} (thickness {number_text(thickness)})"
                path = "radius" if self.shape == "hemisphere" else "depth"
                found.append(Problem(path, number_text(reach), message))
        return found

    def cut(self, model: LayeredModel) -> None:
        """Take the void out of the layers that it reaches into."""
        for opening in self.openings(model.stack):
            for layer, depth, upward in zip(
                self.at.split("|"), (opening.below, opening.above), (False, True), strict=True
            ):
                if depth > 0 and self.fill is not None:
                    self.fill.draw(model, opening, depth, upward, layer)
                elif depth > 0:
                    model.carve(layer, model.draw_bowl(opening, depth, upward))
