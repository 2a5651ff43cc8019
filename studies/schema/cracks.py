"""Cracks of the features section: slits and notches, and interfaces that have come apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from studies.schema.fields import (
    Bounds,
    In,
    InterfaceName,
    Length,
    Name,
    NotABoolean,
    Part,
    PositiveFraction,
    PositiveLength,
)
from studies.schema.places import Centred, lists, named, tuple_or_none

if TYPE_CHECKING:
    from fem.interface.contact import Contact
    from meshes.features import Feature as MeshFeature

__all__ = ["Crack", "Delamination", "InterfaceCrack", "PennyCrack", "Slit", "Touching"]

Point = Annotated[
    list[Length],
    Field(min_length=2, max_length=2, description="x and height above the bottom, for example [0 um, 30 um]."),
]
Line = Annotated[list[Point], Field(min_length=2, max_length=1000)]
Tilt = Annotated[float, In("angle", Bounds(at_least=-1.5707963267948966, at_most=1.5707963267948966))]
_NAME = "Name of the crack; its faces are called <name>:lower and <name>:upper."
_OPENING = "Leave out for a slit without thickness; a length makes a notch that is so wide at its widest place."


_TOUCHING = (
    "Its two faces may touch and press; default: they are free, and overlap where the load closes them. No current"
    " passes between them."
)


class Touching(Part):
    """Faces of a crack that touch and press, or part."""

    friction: Literal["none", "sticking"] = Field(
        default="none", description="none: closed places slide freely; sticking: they do not slide."
    )

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, data: Any) -> Any:
        return {"friction": data} if isinstance(data, str) else data

    def law(self) -> Contact:
        """The law of the two faces."""
        from fem.interface.contact import Contact

        return Contact(sticking=self.friction == "sticking")


class Crack(Part):
    """A crack along straight segments: edge, centre, kinked, branched, through a layer, along an interface."""

    path: Line = Field(description="Corners of the crack; of an edge crack the mouth first. In 3-D drawn out along y.")
    branches: list[Line] = Field(
        default_factory=list, max_length=100, description="Further lines, each from a point of the path."
    )
    opening: PositiveLength | None = Field(default=None, description=_OPENING)
    profile: Literal["wedge", "ellipse"] = Field(
        default="wedge", description="Of a notch: widest at the first point and sharp at the last, or an ellipse."
    )
    span: Annotated[list[Length], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="In 3-D, y at which it begins and ends; default: all the depth."
    )
    name: Name | None = Field(default=None, description=_NAME)
    contact: Touching | None = Field(default=None, description=_TOUCHING)

    def build(self) -> MeshFeature:
        """The same crack for `meshes`, in metres."""
        from meshes.features.crack import Crack as Made

        return Made(
            path=_line(self.path),
            branches=tuple(_line(branch) for branch in self.branches),
            opening=self.opening,
            profile=self.profile,
            span=tuple_or_none(self.span),
            touching=self.contact is not None,
            **named(self.name),
        )


class PennyCrack(Centred):
    """A crack over a disc, in 3-D or on the axis."""

    height: PositiveLength = Field(description="Of its centre above the bottom of the stack.")
    radius: PositiveLength = Field(description="Radius of the disc.")
    tilt: Tilt = Field(default=0.0, description="Angle between disc and layers, about the y axis; 3-D only.")
    opening: PositiveLength | None = Field(default=None, description=_OPENING)
    name: Name | None = Field(default=None, description=_NAME)
    contact: Touching | None = Field(default=None, description=_TOUCHING)

    def build(self) -> MeshFeature:
        """The same crack for `meshes`, in metres."""
        from meshes.features.penny_crack import PennyCrack as Made

        place = tuple_or_none(self.position)
        touching = self.contact is not None
        return Made(self.height, self.radius, place, self.tilt, self.opening, touching=touching, **named(self.name))


class Delamination(Centred):
    """An interface has come apart within a disc (2-D: strip): no current and no force passes."""

    at: InterfaceName = Field(description="Interface below|above.")
    radius: PositiveLength = Field(description="Radius of the disc (2-D: half width of the strip).")
    name: Name | None = Field(default=None, description=_NAME)
    contact: Touching | None = Field(default=None, description=_TOUCHING)

    def build(self) -> MeshFeature:
        """The same delamination for `meshes`, in metres."""
        from meshes.features.delamination import Delamination as Made

        place = tuple_or_none(self.position)
        return Made(self.at, self.radius, place, touching=self.contact is not None, **named(self.name))


class InterfaceCrack(Part):
    """Interfaces that have come apart, for example grain boundaries: all of them or a part."""

    along: list[InterfaceName] = Field(
        min_length=1, description="Interfaces; grains|grains means all boundaries between the grains of a body."
    )
    share: PositiveFraction = Field(default=1.0, description="Part of them that is open, boundary by boundary.")
    seed: Annotated[int, NotABoolean, Field(ge=0)] = Field(
        default=0, description="Seed of the choice: the same seed gives the same boundaries."
    )
    name: Name | None = Field(default=None, description=_NAME)
    contact: Touching | None = Field(default=None, description=_TOUCHING)

    @model_validator(mode="before")
    @classmethod
    def _single_interface(cls, data: Any) -> Any:
        return lists(data, "along")

    def build(self) -> MeshFeature:
        """The same crack for `meshes`."""
        from meshes.features.delamination import InterfaceCrack as Made

        touching = self.contact is not None
        return Made(tuple(self.along), self.share, self.seed, touching=touching, **named(self.name))


Slit = Crack | PennyCrack | Delamination | InterfaceCrack


def _line(points: list[list[float]]) -> Any:
    return tuple((p[0], p[1]) for p in points)
