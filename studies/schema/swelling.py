"""Words for stress-free strains of a region that follow its lithium."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from studies.schema.fields import Bounds, In, Part

__all__ = ["Swelling", "SwellingWords"]

Lithiation = Annotated[float, In("dimensionless", Bounds(at_least=0.0, at_most=1.0))]
SwellingModel = Literal["isotropic", "lattice", "lattice-mean"]


class SwellingWords(Part):
    """How an active material swells with its lithium."""

    model: SwellingModel = Field(
        description="isotropic: partial_molar_volume times concentration, a third of it in each direction; lattice:"
        " lattice_parameter_a within the layers of the crystal and lattice_parameter_c along its crystal_axis, as"
        " functions of lithiation; lattice-mean: the mean of these strains in all directions, as of many small grains."
    )
    stress_free_lithiation: Lithiation | None = Field(
        default=None,
        description="Lithiation at which the region has no strain of its own; default: that of its `transport`.",
    )
    lithiation: Lithiation | None = Field(
        default=None, description="Lithiation of a region without `transport`, the same everywhere."
    )
    stress: Literal["drives diffusion", "is driven"] = Field(
        default="drives diffusion",
        description="Whether stress in turn drives lithium and shifts the potential of the host (both follow from one"
        " energy), or only follows from its lithium.",
    )


def _short(given: Any) -> Any:
    return {"model": given} if isinstance(given, str) else given


Swelling = Annotated[SwellingWords, BeforeValidator(_short, json_schema_input_type=SwellingWords | SwellingModel)]
