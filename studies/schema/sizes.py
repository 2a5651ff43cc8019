"""Words for a distribution of sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from studies.schema.fields import Part, PositiveFraction

if TYPE_CHECKING:
    from meshes.random.sizes import SizeDistribution

__all__ = ["Sizes", "distribution"]


class Sizes(Part):
    """How the sizes of many bodies or voids scatter about their mean."""

    kind: Literal["constant", "lognormal"] = Field(default="lognormal", description="Kind of the distribution.")
    spread: PositiveFraction = Field(default=0.3, description="Standard deviation over mean.")
    smallest: PositiveFraction = Field(default=1 / 3, description="Smallest, in multiples of the mean.")
    largest: float = Field(default=3.0, gt=1.0, description="Largest, in multiples of the mean.")


def distribution(sizes: Sizes | None) -> SizeDistribution:
    """The same sizes for `meshes`; all alike where nothing is said."""
    from meshes.random.sizes import EQUAL, SizeDistribution

    return EQUAL if sizes is None else SizeDistribution(sizes.kind, sizes.spread, sizes.smallest, sizes.largest)
