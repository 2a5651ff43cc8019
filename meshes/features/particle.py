"""One particle: a disc or ball, an ellipsoid, or a rod with round ends, in a layer or across an interface."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from meshes.features.bodies import SolidFeature, room_problems
from meshes.features.neighbours import obstacles, on_sides, room_around, solid_images
from meshes.features.shapes_of_bodies import Shape, frame_along
from meshes.features.solids import Solid
from meshes.films import Coat
from meshes.problems import Problem, number_text
from meshes.random.grains import GrainStructure
from meshes.random.patches import Patches

if TYPE_CHECKING:
    from meshes.stack import Stack

__all__ = ["Particle"]

#: A body keeps at least this part of its smallest semi-axis from sides and interfaces that it does not cross.
_CLEARANCE = 1e-2
#: The interface passes a coated body within this part of its half height from its centre: at 30 degrees or more.
_STEEP = 0.85


@dataclass(frozen=True)
class Particle(SolidFeature):
    """A body of one material in a layer, or across an interface.

    Facets: ``host|name`` (bare), ``name|coat``, ``coat|next coat``, ``host|coat``; of a polycrystal
    ``name.i|name.j``, each colour of grains being a region ``name.i``.

    Attributes:
        shape: of the body.
        layer: that it lies in; or
        at: interface ``lower|upper`` that passes through it.
        position: lateral coordinates of its centre, metres; default: the middle (axisymmetric: the axis). A
            centre on a lateral side makes half a body: the side is its symmetry plane. Periodic sides may cut a
            bare single crystal anywhere: what one side cuts off lies at the other.
        height: of its centre above the bottom of the layer (default: the middle), or above the interface
            (default: 0, negative: below), metres.
        material: only carried along; None: a pore (its surface is called ``void|layer``).
        coats: films on it, from the inside out. patches: where they are; None: everywhere.
        grains: of a polycrystal; None: a single crystal.
        name: of the region.
    """

    shape: Shape
    layer: str | None = None
    at: str | None = None
    position: tuple[float, ...] | None = None
    height: float | None = None
    material: str | None = ""
    coats: tuple[Coat, ...] = ()
    patches: Patches | None = None
    grains: GrainStructure | None = None
    name: str = "particle"

    def __post_init__(self) -> None:
        if isinstance(self.position, list):
            object.__setattr__(self, "position", tuple(self.position))
        object.__setattr__(self, "coats", tuple(self.coats))

    def layers(self, stack: Stack) -> tuple[str, ...]:
        """The layer, or both layers of the interface."""
        return (self.layer,) if self.layer is not None else tuple((self.at or "").split("|"))

    def solids(self, stack: Stack) -> tuple[Solid, ...]:
        """The one body, and its images beyond periodic sides."""
        from meshes.features.base import resolve_position

        if self.at is not None:
            z = stack.z_of(self.at) + (self.height or 0.0)
        else:
            low, high = stack.span(self.layers(stack)[0])
            z = 0.5 * (low + high) if self.height is None else low + self.height
        centre = np.array([*resolve_position(self.position, stack), z])
        frame = frame_along(self.shape.direction, stack.gdim)
        return solid_images([self.shape.solid(centre, frame)], stack)

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it in this stack."""
        found = self.shape.problems(stack) + self.common_problems(stack)
        if (self.layer is None) == (self.at is None):
            return [*found, Problem("layer", repr(self.layer), "give either a layer or an interface (at)")]
        if self.layer is not None and self.layer not in [x.name for x in stack.layers]:
            there = ", ".join(x.name for x in stack.layers)
            return [*found, Problem("layer", repr(self.layer), f"there is no such layer; the stack has {there}")]
        if self.height is not None and not math.isfinite(self.height):
            found.append(Problem("height", repr(self.height), "must be a length in metres"))
        return found or self._place_problems(stack)

    def _place_problems(self, stack: Stack) -> list[Problem]:
        count = len(stack.lateral)
        if self.position is not None and (
            len(self.position) != count
            or not all(isinstance(p, int | float) and math.isfinite(p) for p in self.position)
        ):
            axes = "one coordinate (x)" if count == 1 else "two coordinates (x, y)"
            return [Problem("position", str(self.position), f"must have {axes}, in metres")]
        solid, *images = self.solids(stack)
        if images and (self.coats or self.grains is not None or self.patches is not None):
            message = "a body with coats or grains cannot cross periodic sides: move it"
            return [Problem("position", str(self.position), message)]
        if stack.dimension == "axisymmetric" and solid.centre[0] != 0:
            return [Problem("position", str(self.position), "a particle of an axisymmetric model sits on the axis")]
        cut = on_sides(solid, stack)
        least = _CLEARANCE * solid.thinnest
        text = number_text(float(solid.reach))
        if any(cut) and not self.shape.upright and not stack.periodic:
            return [Problem("position", str(self.position), "only a body with its axes upright can be cut by a side")]
        if self.at is not None:
            above = stack.z_of(self.at) - solid.centre[-1]
            if not abs(above) < solid.extents[-1] * (1 - 5 * _CLEARANCE):
                message = "the interface does not pass through the particle: put it into a layer"
                return [Problem("height", number_text(float(self.height or 0.0)), message)]
            if self.coats and abs(above) > _STEEP * solid.extents[-1]:
                message = "the particle meets the interface too flatly for a film: put its centre nearer to it"
                return [Problem("height", number_text(float(self.height or 0.0)), message)]
        room = min(room_around(stack, self))
        if room < least:
            touching = obstacles(stack, self, self.layers(stack), before=False)
            what = ", or other features" if touching else ""
            message = f"it leaves, or all but touches, the boundaries of {' and '.join(self.layers(stack))}{what}"
            return [Problem("shape", text, message)]
        return room_problems(stack, self)
