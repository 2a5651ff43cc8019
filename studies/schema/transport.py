"""Words for what moves and is stored in a region: the salt of an electrolyte, the lithium of a host."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from studies.schema.fields import Bounds, In, Part, PositiveConcentration, complaint
from studies.schema.ionic_liquid import MIXTURE, IonicLiquid

__all__ = ["Transport", "TransportModel"]

TransportModel = Literal["concentrated", "dilute"]
Lithiation = Annotated[float, In("dimensionless", Bounds(above=0.0, below=1.0))]


class Transport(Part):
    """Concentrations that change in time in a region: those of a salt, or of lithium in a host.

    Without this, a region conducts with the properties that it has, and stores nothing.
    """

    salt_concentration: PositiveConcentration | None = Field(
        default=None, description="Of an electrolyte: concentration of its lithium salt at the beginning."
    )
    ionic_liquid: IonicLiquid | None = Field(
        default=None, description="Of an electrolyte: an ionic liquid mixed with its salt, whose ions move as well."
    )
    lithiation: Lithiation | None = Field(
        default=None,
        description="Of an active material: lithium over the maximum concentration at the beginning, between 0 and 1.",
    )
    model: TransportModel | None = Field(
        default=None,
        description="Of an electrolyte: concentrated (default; conductivity, thermodynamic_factor and the rest from the"
        " material) or dilute (ideal; the conductivity follows from salt_diffusivity and transference_number).",
    )
    diffusion: Literal["chemical", "tracer"] | None = Field(
        default=None,
        description="Of an active material: from its diffusivity (default), or from its self_diffusivity and the slope"
        " of the open-circuit potential.",
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Transport:
        if (self.salt_concentration is None) == (self.lithiation is None):
            raise complaint(
                "give either the salt_concentration of an electrolyte or the lithiation of an active material"
            )
        if self.model is not None and self.salt_concentration is None:
            raise complaint("model is for electrolytes with a salt")
        if self.ionic_liquid is not None and self.salt_concentration is None:
            raise complaint("ionic_liquid is for electrolytes with a salt")
        if self.ionic_liquid is not None and self.model is not None:
            raise complaint("model is for electrolytes with one salt: a mixture takes the diffusivities of its ions")
        if self.diffusion is not None and self.lithiation is None:
            raise complaint("diffusion is for active materials")
        return self

    @property
    def is_host(self) -> bool:
        """Whether it is lithium in an active material."""
        return self.lithiation is not None

    @property
    def properties(self) -> tuple[str, ...]:
        """Material properties without which the region cannot be computed."""
        if self.is_host:
            spread = "self_diffusivity" if self.diffusion == "tracer" else "diffusivity"
            return "maximum_concentration", "open_circuit_potential", spread
        if self.ionic_liquid is not None:
            return MIXTURE
        if self.model == "dilute":
            return "salt_diffusivity", "transference_number"
        return "ionic_conductivity", "salt_diffusivity", "transference_number", "thermodynamic_factor"
