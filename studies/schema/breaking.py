"""Words for materials that break, and for what fills their cracks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from studies.schema.fields import (
    Bounds,
    In,
    Length,
    NotABoolean,
    Part,
    PositiveFraction,
    PositiveLength,
    PositivePressure,
    complaint,
)

__all__ = ["CrackFilling", "Fracture", "GrainBoundary", "Loading"]

Toughness = Annotated[float, In("energy per area", Bounds(above=0.0))]


class GrainBoundary(Part):
    """Boundaries between the grains of a polycrystal, as bands of another toughness."""

    toughness: Toughness = Field(description="Critical energy release rate along the boundary.")
    width: PositiveLength | None = Field(
        default=None, description="Of the band; default: twice the length of the phase field, so that a crack fits in."
    )


class Fracture(Part):
    """Phase-field fracture of a region."""

    length: PositiveLength = Field(
        description="Half width of the band that stands for a crack. With the toughness it makes the strength:"
        " sqrt(3 E G_c / 8 l) of AT1, 0.325 sqrt(E G_c / l) of AT2. Cells should be at most half as large."
    )
    model: Literal["AT1", "AT2"] = Field(
        default="AT1", description="AT1 stays whole up to its strength; AT2 softens a little from the beginning."
    )
    split: Literal["none", "volumetric-deviatoric", "spectral", "star-convex"] = Field(
        default="volumetric-deviatoric",
        description="What part of the elastic energy drives cracks: all of it (faces then overlap under pressure),"
        " expansion and shear, extension along the principal axes, or as the second with a strength in compression"
        " (see star).",
    )
    star: Annotated[float, NotABoolean, Field(ge=-1, le=1e3)] = Field(
        default=0.0, description="Of star-convex: 0 as volumetric-deviatoric; larger values bear more compression."
    )
    toughness: Toughness | None = Field(
        default=None, description="Critical energy release rate; default: fracture_energy of the material."
    )
    compensate: bool = Field(
        default=True,
        description="Take off what a crack costs more because its core is as wide as a cell: 3/8 (AT1) or 1/2 (AT2)"
        " of the cell size over the length.",
    )
    blocks: bool = Field(default=True, description="Cracks let no current and no lithium pass.")
    grain_boundary: GrainBoundary | None = Field(default=None, description="Of a polycrystal: its weaker boundaries.")
    flaws: list[Annotated[list[list[Length]], Field(min_length=2)]] = Field(
        default_factory=list,
        description="Cracks that are there from the beginning: paths of points [x, y] (3-D: pieces of the plane through"
        " them along y), in the coordinates of the model.",
    )

    @model_validator(mode="after")
    def _paths_of_points(self) -> Fracture:
        if any(len(point) != 2 for path in self.flaws for point in path):
            raise complaint("points of flaws have two coordinates: across and along the stack")
        return self


class CrackFilling(Part):
    """What fills the cracks of all layers that may break and presses their faces apart: one of the three."""

    pressure: PositivePressure | None = Field(default=None, description="Given pressure.")
    thickness: PositiveLength | None = Field(
        default=None, description="Volume of lithium in the cracks over the nominal area; the pressure follows."
    )
    electrode: str | None = Field(
        default=None,
        description="Layer of metal that grows in the cracks: pressure F eta / V_m from the local overpotential.",
    )
    share: PositiveFraction | None = Field(
        default=None,
        description="With an electrode and a protocol: of the metal that is plated there, the share that goes into the"
        " cracks; their volume follows from the charge, the pressure from the volume.",
    )

    @model_validator(mode="after")
    def _one(self) -> CrackFilling:
        if sum(x is not None for x in (self.pressure, self.thickness, self.electrode)) != 1:
            raise complaint("give one of pressure, thickness and electrode")
        if self.share is not None and self.electrode is None:
            raise complaint("share is of an electrode: which metal fills the cracks?")
        return self


class Loading(Part):
    """How loads grow in studies with fracture: eigenstrains, displacements and what fills cracks, in proportion.

    With a protocol, how the steps in time follow the damage.
    """

    steps: Annotated[int, NotABoolean] = Field(
        default=20, ge=1, le=10_000, description="Load steps (without a protocol)."
    )
    smallest_step: PositiveFraction = Field(
        default=2.5e-3,
        description="Of the whole load, or of the duration of a step of the protocol: steps are not cut below, and"
        " cracks that still run, and bonds that still break, jump.",
    )
    largest_change: PositiveFraction = Field(default=0.3, description="Of the damage in a step that can be cut.")
