"""Voids and contact spots of the features section."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from studies.schema.body import Body
from studies.schema.fields import (
    InterfaceName,
    Length,
    Name,
    NotABoolean,
    Part,
    PositiveFraction,
    PositiveLength,
)
from studies.schema.places import Centred, lists, named, tuple_or_none
from studies.schema.sizes import Sizes, distribution

if TYPE_CHECKING:
    from meshes.features import Feature as MeshFeature
    from meshes.features import Void as MeshVoid
    from meshes.features.fill import Fill as MeshFill

__all__ = ["ContactSpot", "RandomVoids", "Void", "VoidArray"]

VoidShape = Literal["cap", "lens", "hemisphere", "ellipsoid"]


class Fill(Body):
    """What a void is filled with: a region of its own; the fills of a pattern are one region."""

    fraction: PositiveFraction = Field(default=1.0, description="Share of the void's volume that is filled.")
    side: Literal["interface", "tip"] = Field(
        default="interface", description="Where a part filling lies: at the interface, or at the tip far from it."
    )

    def build(self) -> MeshFill:
        """The same fill for `meshes`."""
        from meshes.features.fill import Fill as Made

        return Made(self.name, self.fraction, self.side, self.material)


class _VoidShape(Part):
    at: InterfaceName = Field(description="Interface below|above that the void lies at.")
    radius: PositiveLength = Field(description="Radius of the lost contact (2-D: half width).")
    depth: PositiveLength | None = Field(
        default=None, description="How far the void reaches from the interface; a hemisphere needs none."
    )
    shape: VoidShape = Field(
        default="cap",
        description="cap (part of a sphere), hemisphere, ellipsoid (half of one) or lens (a cap on both sides).",
    )
    into: str | None = Field(default=None, description="Layer that the void reaches into; default: the one below.")
    name: Name | None = Field(default=None, description="Name for messages.")
    fill: Fill | None = Field(default=None, description="What the void is filled with; default: nothing.")

    def _shape(self) -> dict[str, Any]:
        keys = ("at", "radius", "depth", "shape", "into")
        made = {key: getattr(self, key) for key in keys}
        return made | ({} if self.fill is None else {"fill": self.fill.build()})

    def _template(self) -> MeshVoid:
        from meshes.features import Void as Made

        return Made(**self._shape())


class Void(Centred, _VoidShape):
    """A single void."""

    def build(self) -> MeshFeature:
        """The same void for `meshes`, in metres."""
        from meshes.features import Void as Made

        return Made(**self._shape(), position=tuple_or_none(self.position), **named(self.name))


class VoidArray(_VoidShape):
    """The same void in a regular array."""

    count: list[Annotated[int, NotABoolean]] | None = Field(
        default=None,
        min_length=1,
        max_length=2,
        description="Number of voids along width (and depth); or give `spacing`.",
    )
    spacing: list[PositiveLength] | None = Field(
        default=None,
        min_length=1,
        max_length=2,
        description="Distance between centres along width (and depth).",
    )

    @model_validator(mode="before")
    @classmethod
    def _single_numbers(cls, data: Any) -> Any:
        return lists(data, "count", "spacing")

    def build(self) -> MeshFeature:
        """The same array for `meshes`, in metres."""
        from meshes.features import VoidArray as Made

        counts, spacing = tuple_or_none(self.count), tuple_or_none(self.spacing)
        return Made(void=self._template(), count=counts, spacing=spacing, **named(self.name))


class RandomVoids(_VoidShape):
    """Voids of one shape at random places that take away a given fraction of the interface, or of the layer."""

    area_fraction: PositiveFraction | None = Field(
        default=None, description="Fraction of the interface that is lost; or give `volume_fraction`."
    )
    volume_fraction: PositiveFraction | None = Field(
        default=None, description="Fraction of the layer, or both layers, that the voids reach into."
    )
    sizes: Sizes | None = Field(
        default=None, description="Distribution of the radii about the one given; default: all the same."
    )
    seed: Annotated[int, NotABoolean] = Field(
        default=0, ge=0, description="Seed of the places: the same seed gives the same places."
    )
    minimum_distance: Length | None = Field(
        default=None, description="Least distance between two void edges; default: a tenth of the radius."
    )

    def build(self) -> MeshFeature:
        """The same voids for `meshes`, in metres."""
        from meshes.features import RandomVoids as Made

        return Made(
            void=self._template(),
            area_fraction=self.area_fraction,
            seed=self.seed,
            minimum_distance=self.minimum_distance,
            volume_fraction=self.volume_fraction,
            sizes=distribution(self.sizes),
            **named(self.name),
        )


class ContactSpot(Centred):
    """Electrical contact within a disc (2-D: strip) only; no current passes elsewhere on this interface."""

    at: InterfaceName = Field(description="Interface below|above.")
    radius: PositiveLength = Field(description="Radius of the contact (2-D: half width).")
    name: Name | None = Field(default=None, description="Name for messages.")

    def build(self) -> MeshFeature:
        """The same spot for `meshes`, in metres."""
        from meshes.features import ContactSpot as Made

        return Made(at=self.at, radius=self.radius, position=tuple_or_none(self.position), **named(self.name))
