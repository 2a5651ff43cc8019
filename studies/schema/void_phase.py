"""Words for voids in lithium that grow, shrink and merge: a phase field."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from studies.schema.fields import Bounds, In, Length, Part, PositiveLength, complaint

__all__ = ["VoidPhase", "VoidSeed"]

SurfaceEnergy = Annotated[float, In("energy per area", Bounds(above=0.0))]
Mobility = Annotated[float, In("interface mobility", Bounds(above=0.0))]
Diffusivity = Annotated[float, In("diffusivity", Bounds(above=0.0))]
SiteShare = Annotated[float, In("dimensionless", Bounds(above=0.0, below=0.1))]
ContactAngle = Annotated[float, In("angle", Bounds(above=0.0, below=3.14159))]


class VoidSeed(Part):
    """A round void that is there at the beginning."""

    centre: Annotated[list[Length], Field(min_length=1, max_length=3)] = Field(
        description="In the coordinates of the model: [x, y] in two dimensions, [r, z] of an axisymmetric model."
    )
    radius: PositiveLength = Field(description="Of the void.")


class VoidPhase(Part):
    """Voids of a layer of lithium as a phase field: no holes of the mesh, so that they move freely through it."""

    width: PositiveLength = Field(
        description="Over which a surface is spread, from 10 to 90 %; far below the radius of the voids, and two cells"
        " (one of a linear mesh twice as fine) at least. It is a choice of the model: the energy does not depend on it."
    )
    seeds: list[VoidSeed] = Field(
        default_factory=list, description="Voids at the beginning; none nucleate by themselves."
    )
    surface_energy: SurfaceEnergy | None = Field(
        default=None, description="Of lithium; default: surface_energy of the material."
    )
    mobility: Mobility | None = Field(
        default=None,
        description="L of the relaxation of the phase field; a large one leaves the pace to diffusion. Default:"
        " phase_field_mobility of the material.",
    )
    conserved: bool = Field(
        default=True,
        description="Lithium of a void goes where lithium diffuses, and stripping makes voids; false: voids shrink by"
        " their curvature alone, and lithium appears in them.",
    )
    diffusivity: Diffusivity | None = Field(
        default=None, description="Of lithium in its lattice; default: self_diffusivity of the material."
    )
    vacancies: SiteShare = Field(
        default=2e-9, description="Share of vacant sites of the lattice in equilibrium with a flat surface."
    )
    sink_length: PositiveLength | None = Field(
        default=None,
        description="Depth over which vacancies vanish at dislocations and grain boundaries of the lattice; default:"
        " they vanish at surfaces alone.",
    )
    contact_angle: ContactAngle = Field(
        default=1.5707963267948966,
        description="At which the surface of lithium meets an electrolyte, through the lithium: below 90 deg lithium"
        " wets, above it voids spread.",
    )

    @model_validator(mode="after")
    def _of_vacancies(self) -> VoidPhase:
        given = [key for key in ("diffusivity", "sink_length") if getattr(self, key) is not None]
        if not self.conserved and given:
            raise complaint(f"{given[0]} is of vacancies: it means nothing with `conserved: false`")
        return self

    @property
    def properties(self) -> tuple[str, ...]:
        """Material properties without which the region cannot be computed."""
        wanted = [] if self.surface_energy is not None else ["surface_energy"]
        wanted += [] if self.mobility is not None else ["phase_field_mobility"]
        if self.conserved:
            wanted += ["molar_volume"]
            wanted += [] if self.diffusivity is not None else ["self_diffusivity"]
        return tuple(wanted)
