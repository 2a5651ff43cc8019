"""Words for interfaces whose two sides may part: contact and cohesion."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from studies.schema.fields import Bounds, In, Length, Part, PositiveLength, PositivePressure, complaint

__all__ = ["CohesiveWords", "ContactWords", "Rough"]

Toughness = Annotated[float, In("energy per area", Bounds(above=0.0))]
OpenShare = Annotated[float, In("dimensionless", Bounds(at_least=0.0, below=1.0))]


class Rough(Part):
    """Rough sides: how much of a closed place is in real contact, by the local pressure."""

    model: Literal["plastic", "persson"] = Field(
        description="plastic: pressure over hardness; persson: erf(sqrt(2) pressure / (modulus slope)), elastic."
    )
    hardness: PositivePressure | None = Field(
        default=None,
        description="Of plastic: of the softer side; default: hardness of its material, or three times its"
        " yield_strength.",
    )
    slope: Annotated[float, In("dimensionless", Bounds(above=0.0))] | None = Field(
        default=None, description="Of persson: root mean square slope of the roughness."
    )
    modulus: PositivePressure | None = Field(
        default=None, description="Of persson: contact modulus; default: of both sides, 1/E* = sum of (1 - nu^2)/E."
    )

    @model_validator(mode="after")
    def _own_keys(self) -> Rough:
        if self.model == "plastic" and (self.slope is not None or self.modulus is not None):
            raise complaint("slope and modulus are of persson: plastic contact has a hardness")
        if self.model == "persson" and self.hardness is not None:
            raise complaint("hardness is of plastic contact: persson has a slope")
        if self.model == "persson" and self.slope is None:
            raise complaint("persson needs slope, for example 0.1")
        return self


class ContactWords(Part):
    """Two sides that touch and press, or part."""

    friction: Literal["none", "sticking"] = Field(
        default="none", description="none: closed places slide freely; sticking: they do not slide."
    )
    gap: Length = Field(default=0.0, description="Distance of the two sides at the beginning.")
    crown_radius: PositiveLength | None = Field(
        default=None,
        description="A rounded side: the gap grows by r^2 / (2 crown_radius) with the distance r from the left side"
        " (the axis; in 3-D the left front edge).",
    )
    rough: Rough | None = Field(default=None, description="Rough sides; default: a closed place conducts as a whole.")
    open_share: OpenShare = Field(
        default=0.0, description="Share of the conductance that is left where it is open, by liquid or vapour."
    )

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, data: Any) -> Any:
        return {"friction": data} if isinstance(data, str) else data


class CohesiveWords(Part):
    """A bond that softens beyond its strength, breaks, and bears pressure ever after."""

    strength: PositivePressure = Field(description="Largest traction in opening.")
    toughness: Toughness | None = Field(
        default=None,
        description="Energy of breaking in opening; default: the smaller fracture_energy of the two materials.",
    )
    shear_strength: PositivePressure | None = Field(
        default=None, description="Largest traction in sliding; default: as in opening."
    )
    shear_toughness: Toughness | None = Field(
        default=None, description="Energy of breaking in sliding; default: as in opening."
    )
    mixed_mode_exponent: Annotated[float, In("dimensionless", Bounds(above=0.0, at_most=10.0))] = Field(
        default=2.0,
        description="eta of Benzeggagh and Kenane, G_c = G_I + (G_II - G_I) (share of sliding)^eta.",
    )
    viscosity: Annotated[float, In("dimensionless", Bounds(at_least=0.0, at_most=1.0))] = Field(
        default=0.0,
        description="Part of the load path (of the longest duration of the protocol) in which damage follows what"
        " the opening asks for.",
    )
    open_share: OpenShare = Field(default=0.0, description="Share of the conductance that is left where it is broken.")
