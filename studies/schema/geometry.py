"""The geometry section: layers from bottom to top, lateral size, and what interrupts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

from studies.schema.blocks import Block
from studies.schema.bodies import Coating, Packing, Particle, Polycrystal, Pore, Pores
from studies.schema.body import Body, bodies_in
from studies.schema.cracks import Crack, Delamination, InterfaceCrack, PennyCrack
from studies.schema.fields import NotABoolean, Part, PositiveLength, complaint
from studies.schema.imported import Image, LabelNumber, MeshSource
from studies.schema.places import lists
from studies.schema.surfaces import (
    ContactArray,
    ContactFrame,
    ContactImage,
    ContactStripes,
    RandomContacts,
    Roughness,
    Waviness,
)
from studies.schema.voids import ContactSpot, RandomVoids, Void, VoidArray

if TYPE_CHECKING:
    from meshes.features import Feature as MeshFeature
    from meshes.stack import Stack


class Layer(Body):
    """One layer of the stack."""

    thickness: PositiveLength | None = Field(
        default=None, description="Thickness along the stack; regions of an image or a mesh file have none."
    )
    labels: list[LabelNumber] | None = Field(
        default=None, min_length=1, description="Labels of the image that are this region."
    )
    tags: list[str | Annotated[int, NotABoolean]] | None = Field(
        default=None,
        min_length=1,
        description="Tags of the mesh file that are this region, by number or name; one region may have none:"
        " it takes the rest.",
    )

    @model_validator(mode="before")
    @classmethod
    def _single_numbers(cls, data: Any) -> Any:
        return lists(data, "labels", "tags")


class Feature(Part):
    """One feature: a mapping with exactly one key that says what it is."""

    void: Void | None = None
    void_array: VoidArray | None = None
    random_voids: RandomVoids | None = None
    contact_spot: ContactSpot | None = None
    contact_stripes: ContactStripes | None = None
    contact_frame: ContactFrame | None = None
    contact_array: ContactArray | None = None
    random_contacts: RandomContacts | None = None
    contact_image: ContactImage | None = None
    waviness: Waviness | None = None
    roughness: Roughness | None = None
    crack: Crack | None = None
    penny_crack: PennyCrack | None = None
    delamination: Delamination | None = None
    interface_crack: InterfaceCrack | None = None
    block: Block | None = None
    particle: Particle | None = None
    packing: Packing | None = None
    pore: Pore | None = None
    pores: Pores | None = None
    polycrystal: Polycrystal | None = None
    coating: Coating | None = None

    @model_validator(mode="after")
    def _one(self) -> Feature:
        if len(self.model_fields_set) != 1 or self.content is None:
            raise complaint(f"exactly one of {', '.join(type(self).model_fields)} is needed")
        return self

    @property
    def content(self) -> Any:
        """The feature itself, one of the classes above."""
        return next((x for key in type(self).model_fields if (x := getattr(self, key)) is not None), None)

    @property
    def key(self) -> str:
        """Its key in the file."""
        return next(iter(self.model_fields_set), "void")

    @property
    def at(self) -> str | None:
        """Interface that it lies at, if it lies at one."""
        return getattr(self.content, "at", None)

    @property
    def interrupts(self) -> str | None:
        """Interface whose contact ends somewhere at it, if it lies at one."""
        return None if isinstance(self.content, Waviness | Roughness) else self.at

    def build(self) -> MeshFeature | None:
        """The same feature for `meshes`, in metres; None where it is not meshed."""
        made: MeshFeature | None = self.content.build()
        return made


class Widths(BaseModel):
    """Lateral sizes and sides alone, for checks of a geometry with problems elsewhere."""

    width: PositiveLength | None = None
    depth: PositiveLength | None = None
    lateral: Literal["symmetry", "periodic"] = "symmetry"
    ends: Literal["open", "periodic"] = "open"


class Geometry(Part):
    """What lies on top of what."""

    dimension: Annotated[Literal[1, 2, "axisymmetric", 3], NotABoolean] = Field(
        description="1 (through the layers), 2 (width x height), axisymmetric (radius x height) or 3."
    )
    width: PositiveLength | None = Field(
        default=None, description="Lateral size of the model; the radius when axisymmetric; none in 1-D."
    )
    depth: PositiveLength | None = Field(default=None, description="Second lateral size, in 3-D only.")
    lateral: Literal["symmetry", "periodic"] = Field(
        default="symmetry",
        description="What lies beyond the lateral sides. symmetry: the mirror image; periodic: the same model again, so"
        " that left and right (and front and back) are one. What one side cuts off lies at the other.",
    )
    ends: Literal["open", "periodic"] = Field(
        default="open",
        description="periodic: the model, one layer with its bodies, repeats itself upwards, too, as it does sideways.",
    )
    image: Image | None = Field(default=None, description="A segmented image, whose labels are regions.")
    mesh: MeshSource | None = Field(default=None, description="A mesh of another program, whose tags are regions.")
    layers: list[Layer] = Field(min_length=1, max_length=50, description="Layers from bottom to top.")
    features: list[Feature] = Field(
        default_factory=list,
        max_length=1000,
        description="What is not flat layers: voids, contact spots, bodies.",
    )

    @property
    def imported(self) -> bool:
        """Whether the mesh comes from an image or a file."""
        return self.image is not None or self.mesh is not None

    @property
    def area(self) -> float:
        """Nominal cell area of the model in m^2; 1-D: 1 m^2, 2-D: per metre of depth."""
        if self.dimension == 1:
            return 1.0
        width = self.width or 0.0
        if self.dimension == "axisymmetric":
            return 3.141592653589793 * width**2
        return width * (self.depth or 0.0) if self.dimension == 3 else width

    @property
    def bodies(self) -> tuple[Body, ...]:
        """Layers from bottom to top, then the bodies of the features in order."""
        return (*self.layers, *(body for feature in self.features for _, body in bodies_in(feature)))

    def stack(self) -> Stack:
        """The geometry for `meshes`, in metres."""
        return build_stack(self.dimension, self.width, self.depth, self.layers, self.features, self.periodic)

    @property
    def periodic(self) -> tuple[int, ...]:
        """Axes whose two sides are one."""
        return periodic_axes(self.dimension, self.lateral, self.ends)


def build_stack(
    dimension: int | str,
    width: float | None,
    depth: float | None,
    layers: list[Layer],
    features: list[Feature],
    periodic: tuple[int, ...] = (),
) -> Stack:
    """A `meshes` stack from the parts of a geometry."""
    from meshes.stack import Layer as MeshLayer
    from meshes.stack import Stack as MeshStack

    return MeshStack(
        dimension=str(dimension),  # type: ignore[arg-type]
        layers=tuple(MeshLayer(x.name, x.thickness or 0.0, x.material) for x in layers),
        width=width,
        depth=depth,
        features=tuple(made for x in features if (made := x.build()) is not None),
        periodic=periodic,
    )


def periodic_axes(dimension: int | str, lateral: str, ends: str) -> tuple[int, ...]:
    """Axes whose two sides are one."""
    last = {2: 1, 3: 2}.get(dimension, 0) if isinstance(dimension, int) else 1
    sideways = tuple(range(last)) or (0,)
    return (sideways if lateral == "periodic" else ()) + ((last,) if ends == "periodic" else ())
