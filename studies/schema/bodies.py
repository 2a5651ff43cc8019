"""Words for particles, packings, inclusions, pores, grains and coatings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from studies.schema.body import Body
from studies.schema.fields import InterfaceName, Length, Name, NotABoolean, Part, PositiveFraction, PositiveLength
from studies.schema.films import Coat, Patches, Representation, build_patches
from studies.schema.places import Centred, lists, tuple_or_none
from studies.schema.sizes import Sizes, distribution

if TYPE_CHECKING:
    from meshes.features import Feature as MeshFeature
    from meshes.random.grains import GrainStructure

__all__ = ["Coating", "Grains", "Packing", "Particle", "Polycrystal", "Pore", "Pores", "Sizes"]

Seed = Annotated[int, NotABoolean, Field(ge=0, description="The same seed gives the same numbers everywhere.")]


class Grains(Part):
    """Grains of a polycrystal. Their boundaries are the interface of the body with itself, ``name|name``."""

    grain_size: PositiveLength = Field(description="Mean diameter of a grain.")
    kind: Literal["voronoi", "laguerre"] = Field(
        default="voronoi", description="About random points, or about spheres with a distribution of sizes."
    )
    spread: PositiveFraction = Field(default=0.3, description="Of Laguerre grains: deviation over mean diameter.")
    regularity: Annotated[int, NotABoolean] = Field(
        default=2, ge=0, le=100, description="0: fully random; 10: nearly honeycombs."
    )
    seed: Seed = 0

    def structure(self) -> GrainStructure:
        """The same grains for `meshes`, in metres."""
        from meshes.random.grains import GrainStructure

        return GrainStructure(self.grain_size, self.kind, self.spread, self.regularity, seed=self.seed)


class _Shaped(Part):
    radius: PositiveLength | None = Field(default=None, description="Of a ball (2-D: disc), or of a rod.")
    length: PositiveLength | None = Field(default=None, description="Of a rod with round ends, from end to end.")
    semi_axes: list[PositiveLength] | None = Field(
        default=None, min_length=2, max_length=3, description="Of an ellipsoid, instead of a radius."
    )
    direction: list[float] | None = Field(
        default=None, min_length=2, max_length=3, description="Of the first semi-axis or the rod; default: along x."
    )

    def _shape(self) -> Any:
        from meshes.features.shapes_of_bodies import Shape

        semi_axes, direction = tuple_or_none(self.semi_axes), tuple_or_none(self.direction)
        return Shape(self.radius, self.length, semi_axes, direction)


class _Solid(_Shaped, Body):
    coating: list[Coat] = Field(default_factory=list, max_length=10, description="Films, from the inside out.")
    coating_as: Representation = "resolved"
    coating_towards: list[Name] | None = Field(
        default=None,
        min_length=1,
        description="Bodies that a collapsed coating separates it from, for example the electrolyte and not the"
        " collector that its electrons come from; default: all that it touches.",
    )
    patches: Patches | None = Field(default=None, description="Where the coating is; default: everywhere.")
    grains: Grains | None = Field(default=None, description="Of a polycrystal; default: a single crystal.")

    def _content(self) -> dict[str, Any]:
        resolved = self.coating_as == "resolved"
        return {
            "shape": self._shape(),
            "material": self.material,
            "coats": tuple(c.build() for c in self.coating) if resolved else (),
            "patches": build_patches(self.patches, self.coating_as),
            "grains": None if self.grains is None else self.grains.structure(),
            "name": self.name,
        }

    @model_validator(mode="before")
    @classmethod
    def _one_coat(cls, data: Any) -> Any:
        return lists(data, "coating", "coating_towards")


class _Placed(Centred):
    layer: Name | None = Field(default=None, description="Layer that it lies in; or give `at`.")
    at: InterfaceName | None = Field(default=None, description="Interface below|above that passes through it.")
    height: Length | None = Field(
        default=None, description="Of the centre above the lower face of the layer (default: the middle) or `at`."
    )

    def _place(self) -> dict[str, Any]:
        return {
            "layer": self.layer,
            "at": self.at,
            "position": tuple_or_none(self.position),
            "height": self.height,
        }


class Particle(_Placed, _Solid):
    """One body in a layer, or across an interface: bare or coated, a single crystal or grains."""

    def build(self) -> MeshFeature:
        """The same particle for `meshes`, in metres."""
        from meshes.features.particle import Particle as Made

        return Made(**self._content(), **self._place())


class Pore(_Placed, _Shaped):
    """A hole in a layer, or across an interface."""

    name: Name = Field(default="pore", description="Name for messages.")

    def build(self) -> MeshFeature:
        """The same pore for `meshes`, in metres."""
        from meshes.features.particle import Particle as Made

        return Made(shape=self._shape(), material=None, name=self.name, **self._place())


class _Many(Part):
    layer: Name = Field(description="Layer that is filled.")
    volume_fraction: PositiveFraction = Field(description="Of the layer (2-D: of its area), without coats.")
    alignment: Literal["random", "aligned"] = Field(default="random", description="Directions of rods and ellipsoids.")
    sizes: Sizes | None = Field(default=None, description="Distribution of the sizes; default: all the same.")
    minimum_distance: Length | None = Field(
        default=None, description="Least distance of two bodies; default: a tenth of their mean radius."
    )
    cut_by_sides: bool = Field(
        default=False, description="Lateral sides, as planes of symmetry, pass through some of the balls."
    )
    seed: Seed = 0

    def _many(self) -> dict[str, Any]:
        return {
            "layer": self.layer,
            "volume_fraction": self.volume_fraction,
            "alignment": self.alignment,
            "sizes": distribution(self.sizes),
            "minimum_distance": self.minimum_distance,
            "cut_by_sides": self.cut_by_sides,
            "seed": self.seed,
        }


class Packing(_Many, _Solid):
    """Many bodies at random places of a layer: particles of an electrode, fillers, wires."""

    neck_ratio: PositiveFraction | None = Field(
        default=None,
        description="Balls that are near touch: radius of the necks that join them, in parts of the smaller radius.",
    )

    def build(self) -> MeshFeature:
        """The same packing for `meshes`, in metres."""
        from meshes.features.packing import Packing as Made

        return Made(**self._content(), **self._many(), neck_ratio=self.neck_ratio)


class Pores(_Many, _Shaped):
    """Many holes at random places of a layer."""

    name: Name = Field(default="pores", description="Name for messages.")

    def build(self) -> MeshFeature:
        """The same pores for `meshes`, in metres."""
        from meshes.features.packing import Packing as Made

        return Made(shape=self._shape(), material=None, name=self.name, **self._many())


class Polycrystal(Grains):
    """A layer that consists of grains; their boundaries are the interface ``layer|layer``."""

    layer: Name = Field(description="The layer.")

    def build(self) -> MeshFeature:
        """The same grains for `meshes`, in metres."""
        from meshes.features.polycrystal import Polycrystal as Made

        return Made(self.layer, self.structure())


class Coating(Part):
    """A film between two layers, closed or in patches; it follows voids, waves and roughness of the interface."""

    at: InterfaceName = Field(description="Interface below|above.")
    coats: list[Coat] = Field(min_length=1, max_length=10, description="From the coated layer outwards.")
    on: Name | None = Field(default=None, description="The layer that is coated; default: the lower one.")
    patches: Patches | None = Field(default=None, description="Where the coating is; default: everywhere.")
    coating_as: Representation = "resolved"

    @model_validator(mode="before")
    @classmethod
    def _one_coat(cls, data: Any) -> Any:
        return lists(data, "coats")

    def build(self) -> MeshFeature | None:
        """The same coating for `meshes`, in metres; None where it leaves no trace in the mesh."""
        from meshes.features.coating import Coating as Made

        resolved = self.coating_as == "resolved"
        if not resolved and self.patches is None:
            return None
        coats = tuple(c.build() for c in self.coats) if resolved else ()
        return Made(self.at, coats, self.on, build_patches(self.patches, self.coating_as))
