"""Electrical contact on a spot only; the rest of the interface stays bonded, but passes no current."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meshes.features.base import (
    FeatureDefaults,
    Opening,
    footprint_problems,
    opening_images,
    resolve_position,
)
from meshes.problems import Problem, length_problem

if TYPE_CHECKING:
    from meshes.build import LayeredModel
    from meshes.stack import Stack

__all__ = ["ContactSpot"]


@dataclass(frozen=True)
class ContactSpot(FeatureDefaults):
    """Contact of the interface `at` within a disc (3-D, axisymmetric) or a strip (2-D) only.

    Facets of the interface within the spot keep the name ``a|b``; all others are called ``a|b:gap``: a gap
    without thickness, across which the mesh stays conforming. Several spots on one interface add up.

    Attributes:
        at: interface ``lower|upper``.
        radius: of the disc, or half width of the strip, metres.
        position: lateral coordinates of its centre, metres; default: the middle (axisymmetric: the axis).
            A centre on a lateral side makes half a spot: the side is its symmetry plane.
        name: for messages.
    """

    at: str
    radius: float
    position: tuple[float, ...] | None = None
    name: str = "contact"

    def __post_init__(self) -> None:
        if isinstance(self.position, list):
            object.__setattr__(self, "position", tuple(self.position))

    def openings(self, stack: Stack) -> tuple[Opening, ...]:
        """The one footprint of this spot, and its images beyond periodic sides."""
        centre = resolve_position(self.position, stack)
        return opening_images([Opening(self.at, centre, float(self.radius), 0.0, 0.0, "flat", self.name)], stack)

    def facet_names(self, stack: Stack) -> tuple[str, ...]:
        """The part of the interface that passes no current."""
        return (f"{self.at}:gap",)

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it in this stack."""
        found = length_problem("radius", self.radius)
        return found or footprint_problems(stack, self.position, self.radius, "contact spot")

    def cut(self, model: LayeredModel) -> None:
        """Divide the interface along the edge of the spot."""
        for opening in self.openings(model.stack):
            model.imprint(self.at, model.draw_spot(opening))
