"""Words for voids at the lithium side with a sharp surface, in lithium that flows like a power-law fluid."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from studies.schema.fields import Bounds, In, NotABoolean, Part, PositiveLength, complaint

__all__ = ["Flaw", "Site", "SurfaceDiffusion", "VoidSurface"]

NotNegativeLength = Annotated[float, In("length", Bounds(at_least=0.0))]
SurfaceEnergy = Annotated[float, In("energy per area", Bounds(at_least=0.0))]
Diffusivity = Annotated[float, In("diffusivity", Bounds(above=0.0))]
Share = Annotated[float, In("dimensionless", Bounds(at_least=1e-4, at_most=0.5))]

FLATTEST, STEEPEST = 0.27, 3.7
"""Least and greatest depth of a flaw over its radius: angles of 30 and 150 degrees at the electrolyte."""


class Flaw(Part):
    """A void at the beginning: the cap of a circle (about an axis: of a ball) on the electrolyte."""

    position: NotNegativeLength = Field(
        default=0.0,
        description="Of its middle along the interface; at 0 and at the width of the model half of it is in the model.",
    )
    radius: PositiveLength = Field(description="Of the part of the interface that it takes from the contact.")
    depth: PositiveLength | None = Field(
        default=None, description="How far it reaches into the lithium; default: its radius, half a circle."
    )

    @model_validator(mode="after")
    def _possible(self) -> Flaw:
        if not FLATTEST <= self.height / self.radius <= STEEPEST:
            raise complaint(f"the depth must lie between {FLATTEST:g} and {STEEPEST:g} radii")
        return self

    @property
    def height(self) -> float:
        """How far it reaches into the lithium, m."""
        return self.radius if self.depth is None else self.depth

    @property
    def reach(self) -> float:
        """Half of its greatest width, m."""
        circle = (self.radius**2 + self.height**2) / (2 * self.height)
        return self.radius if self.height <= self.radius else circle


class Site(Part):
    """A place where a void may open: a pit or an unwetted patch of the electrolyte, full of lithium at first."""

    position: NotNegativeLength = Field(default=0.0, description="Of its middle along the interface.")
    radius: PositiveLength = Field(description="Of its mouth; round an axis and off it, half the width of a groove.")
    angle: Annotated[float, In("angle", Bounds(above=math.radians(25.0), at_most=math.radians(90.0) * (1 + 1e-12)))] = (
        Field(
            default=math.radians(90.0), description="Of the void that opens, at the electrolyte and through the void."
        )
    )

    @property
    def degrees(self) -> float:
        """The angle."""
        return min(round(math.degrees(self.angle), 9), 90.0)


class SurfaceDiffusion(Part):
    """Diffusion along the surfaces of voids, driven by their curvature."""

    diffusivity: Diffusivity = Field(description="D_s, of lithium along its surface.")
    thickness: PositiveLength = Field(default=0.3e-9, description="Of the layer that moves.")

    @property
    def product(self) -> float:
        """D_s times the thickness, m^3/s."""
        return self.diffusivity * self.thickness


class VoidSurface(Part):
    """Voids between a layer of lithium and an electrolyte, whose surfaces move with the lithium that flows."""

    flaws: list[Flaw] = Field(default_factory=list, max_length=50, description="Voids at the beginning.")
    sites: list[Site] = Field(
        default_factory=list,
        max_length=50,
        description="Where voids open in time, when vacancies press harder than what holds them shut.",
    )
    sink_length: NotNegativeLength = Field(
        description="Mean free path of the vacancies that stripping makes, until a dislocation or a grain boundary of"
        " the lithium takes them; 0: the contact itself does, and every void heals. It decides what voids catch."
    )
    surface_energy: SurfaceEnergy | None = Field(
        default=None, description="Of lithium; default: surface_energy of the material."
    )
    surface_diffusion: SurfaceDiffusion | None = Field(
        default=None, description="Lithium that moves along the surfaces of voids; default: none."
    )
    work_of_adhesion: SurfaceEnergy | None = Field(
        default=None,
        description="Between lithium and electrolyte, for the contact angle by Young's equation; default: the line of"
        " contact is not pulled, its angle follows from the motion.",
    )
    friction: Literal["none", "sticking"] = Field(
        default="none", description="Whether lithium slides along the electrolyte: freely, or not at all."
    )
    edges: Annotated[int, NotABoolean] = Field(
        default=24, ge=6, le=200, description="Straight pieces of the outline of a void; times mesh.refinement."
    )
    healed: Share = Field(
        default=0.01, description="Share of its greatest volume below which a void counts as healed and is gone."
    )
    contact_lost: Share = Field(default=0.02, description="Share of contact below which the run ends.")
