"""The geometry section: layers from bottom to top, lateral size, and what interrupts the interfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

from studies.schema.fields import (
    InterfaceName,
    Length,
    Name,
    NotABoolean,
    Part,
    PositiveFraction,
    PositiveLength,
    Strain,
    complaint,
)

if TYPE_CHECKING:
    from meshes.features import Feature as MeshFeature
    from meshes.stack import Stack

Conduction = Literal["equipotential", "electronic", "ionic", "mixed", "none"]
VoidShape = Literal["cap", "lens", "hemisphere", "ellipsoid"]


class Layer(Part):
    """One layer of the stack."""

    name: Name = Field(description="Name of the layer, unique in the study; interfaces are called below|above.")
    material: str = Field(min_length=1, description="A material of the library (`ssbfem materials`) or of this file.")
    thickness: PositiveLength = Field(description="Thickness along the stack.")
    conduction: Conduction | None = Field(
        default=None,
        description="What is solved in the layer: equipotential (a metal without potential drop),"
        " electronic, ionic,"
        " mixed or none. Default: what the kind of the material says.",
    )
    properties: dict[str, Any] = Field(
        default_factory=dict,
        description="Material properties that differ from the library here, each with its unit, for example"
        " `ionic_conductivity: 0.05 S/m`.",
    )
    eigenstrain: Strain = Field(
        default=0.0,
        description="Stress-free linear strain, isotropic, positive on expansion, for example `0.1 %`.",
    )


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


class Void(_VoidShape):
    """A single void."""

    position: list[Length] | None = Field(
        default=None,
        max_length=2,
        description="Lateral coordinates of the centre; default: the middle (or the axis).",
    )

    @model_validator(mode="before")
    @classmethod
    def _single_position(cls, data: Any) -> Any:
        return _lists(data, "position")


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
        return _lists(data, "count", "spacing")


class RandomVoids(_VoidShape):
    """The same void at random places that take away a given fraction of the interface."""

    area_fraction: PositiveFraction = Field(description="Fraction of the interface that is lost.")
    seed: Annotated[int, NotABoolean] = Field(
        default=0, ge=0, description="Seed of the places: the same seed gives the same places."
    )
    minimum_distance: Length | None = Field(
        default=None, description="Least distance between two void edges; default: a tenth of the radius."
    )


class ContactSpot(Part):
    """Electrical contact within a disc (2-D: strip) only; no current passes elsewhere on this interface."""

    at: InterfaceName = Field(description="Interface below|above.")
    radius: PositiveLength = Field(description="Radius of the contact (2-D: half width).")
    position: list[Length] | None = Field(
        default=None,
        max_length=2,
        description="Lateral coordinates of the centre; default: the middle (or the axis).",
    )
    name: Name | None = Field(default=None, description="Name for messages.")

    @model_validator(mode="before")
    @classmethod
    def _single_position(cls, data: Any) -> Any:
        return _lists(data, "position")


class Feature(Part):
    """One feature: a mapping with exactly one of the four keys."""

    void: Void | None = None
    void_array: VoidArray | None = None
    random_voids: RandomVoids | None = None
    contact_spot: ContactSpot | None = None

    @model_validator(mode="after")
    def _one(self) -> Feature:
        if len(self.model_fields_set) != 1 or self.content is None:
            raise complaint(f"exactly one of {', '.join(type(self).model_fields)} is needed")
        return self

    @property
    def content(self) -> Void | VoidArray | RandomVoids | ContactSpot | None:
        """The feature itself."""
        return self.void or self.void_array or self.random_voids or self.contact_spot

    @property
    def key(self) -> str:
        """Its key in the file."""
        return next(iter(self.model_fields_set), "void")

    def build(self) -> MeshFeature:
        """The same feature for `meshes`, in metres."""
        from meshes import features as made

        item = self.content
        assert item is not None
        named: dict[str, Any] = {} if item.name is None else {"name": item.name}
        if isinstance(item, ContactSpot):
            return made.ContactSpot(at=item.at, radius=item.radius, position=_tuple(item.position), **named)
        shape: dict[str, Any] = {
            "at": item.at,
            "radius": item.radius,
            "depth": item.depth,
            "shape": item.shape,
            "into": item.into,
        }
        if isinstance(item, Void):
            return made.Void(**shape, position=_tuple(item.position), **named)
        void = made.Void(**shape)
        if isinstance(item, VoidArray):
            return made.VoidArray(void=void, count=_tuple(item.count), spacing=_tuple(item.spacing), **named)
        return made.RandomVoids(
            void=void,
            area_fraction=item.area_fraction,
            seed=item.seed,
            minimum_distance=item.minimum_distance,
            **named,
        )


class Widths(BaseModel):
    """Lateral sizes alone, for checks of a geometry with problems elsewhere."""

    width: PositiveLength | None = None
    depth: PositiveLength | None = None


class Geometry(Part):
    """What lies on top of what."""

    dimension: Annotated[Literal[1, 2, "axisymmetric", 3], NotABoolean] = Field(
        description="1 (through the layers), 2 (width x height), axisymmetric (radius x height) or 3."
    )
    width: PositiveLength | None = Field(
        default=None, description="Lateral size of the model; the radius when axisymmetric; none in 1-D."
    )
    depth: PositiveLength | None = Field(default=None, description="Second lateral size, in 3-D only.")
    layers: list[Layer] = Field(min_length=1, max_length=50, description="Layers from bottom to top.")
    features: list[Feature] = Field(
        default_factory=list, max_length=1000, description="Voids and contact spots at the interfaces."
    )

    @property
    def area(self) -> float:
        """Nominal cell area of the model in m^2; 1-D: 1 m^2, 2-D: per metre of depth."""
        if self.dimension == 1:
            return 1.0
        width = self.width or 0.0
        if self.dimension == "axisymmetric":
            return 3.141592653589793 * width**2
        return width * (self.depth or 0.0) if self.dimension == 3 else width

    def stack(self) -> Stack:
        """The geometry for `meshes`, in metres."""
        return build_stack(self.dimension, self.width, self.depth, self.layers, self.features)


def build_stack(
    dimension: int | str,
    width: float | None,
    depth: float | None,
    layers: list[Layer],
    features: list[Feature],
) -> Stack:
    """A `meshes` stack from the parts of a geometry."""
    from meshes.stack import Layer as MeshLayer
    from meshes.stack import Stack as MeshStack

    return MeshStack(
        dimension=str(dimension),  # type: ignore[arg-type]
        layers=tuple(MeshLayer(x.name, x.thickness, x.material) for x in layers),
        width=width,
        depth=depth,
        features=tuple(x.build() for x in features),
    )


def _lists(data: Any, *keys: str) -> Any:
    """The same mapping with single values of these keys put into lists."""
    if not isinstance(data, dict):
        return data
    return {k: [v] if k in keys and v is not None and not isinstance(v, list) else v for k, v in data.items()}


def _tuple(values: list[Any] | None) -> Any:
    return None if values is None else tuple(values)
