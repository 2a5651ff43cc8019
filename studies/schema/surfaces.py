"""Interfaces that are not flat, and patterns of electrical contact on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from studies.schema.fields import (
    Bounds,
    Fraction,
    In,
    InterfaceName,
    Length,
    Name,
    NotABoolean,
    Part,
    PositiveLength,
    complaint,
)
from studies.schema.places import lists, named

if TYPE_CHECKING:
    from meshes.features import Feature as MeshFeature

__all__ = [
    "ContactArray",
    "ContactFrame",
    "ContactImage",
    "ContactStripes",
    "RandomContacts",
    "Roughness",
    "Waviness",
]

Angle = Annotated[float, In("angle")]
ContactFraction = Annotated[float, In("dimensionless", Bounds(above=0.0, below=1.0))]
Seed = Annotated[int, NotABoolean, Field(ge=0)]
_AT = "Interface below|above."
_FRACTION = "Fraction of the interface that is in contact."
_NAME = "Name for messages."


class Waviness(Part):
    """A sinusoidal interface."""

    at: InterfaceName = Field(description=_AT)
    amplitude: PositiveLength = Field(description="From the mean to a crest.")
    wavelength: PositiveLength = Field(
        description="A whole number of half wavelengths must fit between symmetry planes, a whole number of"
        " wavelengths between periodic sides."
    )
    phase: Angle = Field(default=0.0, description="0 deg: a crest at x = 0; 180 deg: a trough.")
    along: Literal["x", "y", "both"] = Field(
        default="both", description="In 3-D, direction of the waves: grooves, or an egg box."
    )
    periodic: bool = Field(default=False, description="Lateral sides are periodic, not symmetry planes.")
    name: Name | None = Field(default=None, description=_NAME)

    def build(self) -> MeshFeature:
        """The same waves for `meshes`, in metres."""
        from meshes.features.roughness import Waviness as Made

        return Made(self.at, self.amplitude, self.wavelength, self.phase, self.along, self.periodic, **named(self.name))


class Roughness(Part):
    """A random self-affine interface."""

    at: InterfaceName = Field(description=_AT)
    rms: PositiveLength = Field(description="Root mean square height.")
    shortest: PositiveLength = Field(description="Shortest wavelength; it gets eight cells.")
    longest: PositiveLength | None = Field(default=None, description="Longest wavelength; default: the width.")
    hurst: Fraction = Field(default=0.8, description="Hurst exponent: 0 rough on all scales, 1 smooth on small ones.")
    seed: Seed = Field(default=0, description="The same seed gives the same surface.")
    periodic: bool = Field(default=False, description="Lateral sides are periodic, not symmetry planes.")
    name: Name | None = Field(default=None, description=_NAME)

    def build(self) -> MeshFeature:
        """The same surface for `meshes`, in metres."""
        from meshes.features.roughness import Roughness as Made

        return Made(
            self.at,
            self.rms,
            self.shortest,
            self.longest,
            self.hurst,
            self.seed,
            self.periodic,
            **named(self.name),
        )


class ContactStripes(Part):
    """Electrical contact on parallel stripes only."""

    at: InterfaceName = Field(description=_AT)
    count: Annotated[int, NotABoolean, Field(ge=1)] = Field(description="Number of stripes.")
    area_fraction: ContactFraction = Field(description=_FRACTION)
    along: Literal["x", "y"] = Field(default="y", description="In 3-D, direction in which they run.")
    name: Name | None = Field(default=None, description=_NAME)

    def build(self) -> MeshFeature:
        """The same stripes for `meshes`."""
        from meshes.features.contact_pattern import ContactStripes as Made

        return Made(self.at, self.count, self.area_fraction, self.along, **named(self.name))


class ContactFrame(Part):
    """Electrical contact along the rim of the interface only."""

    at: InterfaceName = Field(description=_AT)
    area_fraction: ContactFraction = Field(description=_FRACTION)
    name: Name | None = Field(default=None, description=_NAME)

    def build(self) -> MeshFeature:
        """The same frame for `meshes`."""
        from meshes.features.contact_pattern import ContactFrame as Made

        return Made(self.at, self.area_fraction, **named(self.name))


class ContactArray(Part):
    """Electrical contact on spots in a regular array only."""

    at: InterfaceName = Field(description=_AT)
    count: list[Annotated[int, NotABoolean, Field(ge=1)]] = Field(
        min_length=1, max_length=2, description="Number of spots along width (and depth)."
    )
    area_fraction: ContactFraction = Field(description=_FRACTION)
    name: Name | None = Field(default=None, description=_NAME)

    @model_validator(mode="before")
    @classmethod
    def _single_count(cls, data: Any) -> Any:
        return lists(data, "count")

    def build(self) -> MeshFeature:
        """The same spots for `meshes`."""
        from meshes.features.contact_pattern import ContactArray as Made

        count = self.count[0] if len(self.count) == 1 else tuple(self.count)
        return Made(self.at, count, self.area_fraction, **named(self.name))


class RandomContacts(Part):
    """Electrical contact on spots at random places only."""

    at: InterfaceName = Field(description=_AT)
    radius: PositiveLength = Field(description="Of a spot (2-D: half width), up to the fit to the fraction.")
    area_fraction: ContactFraction = Field(description=_FRACTION)
    seed: Seed = Field(default=0, description="Seed of the places: the same seed gives the same places.")
    minimum_distance: Length | None = Field(
        default=None, description="Least distance between two edges; default: a tenth of the radius."
    )
    name: Name | None = Field(default=None, description=_NAME)

    def build(self) -> MeshFeature:
        """The same spots for `meshes`, in metres."""
        from meshes.features.contact_pattern import RandomContacts as Made

        return Made(self.at, self.radius, self.area_fraction, self.seed, self.minimum_distance, **named(self.name))


class ContactImage(Part):
    """Electrical contact on the pixels of a picture of the interface, seen from above: give `rows` or a `file`."""

    at: InterfaceName = Field(description=_AT)
    rows: list[Annotated[str, Field(pattern=r"^[#.]+$", max_length=2000)]] = Field(
        default_factory=list,
        max_length=2000,
        description="Rows of the picture from the back (y = depth) to the front, # for contact and . for none.",
    )
    file: str | None = Field(
        default=None,
        min_length=1,
        description="PNG, TIFF or .npy with whole numbers, relative to the study file; the study keeps it as `rows`.",
    )
    contact: list[Annotated[int, NotABoolean, Field(ge=0)]] | None = Field(
        default=None, min_length=1, description="Numbers in the file that are contact; default: all but 0."
    )
    name: Name | None = Field(default=None, description=_NAME)

    @model_validator(mode="before")
    @classmethod
    def _from_file(cls, data: Any) -> Any:
        data = lists(data, "contact")
        if not isinstance(data, dict) or not isinstance(data.get("file"), str) or not data["file"]:
            return data
        if data.get("rows"):
            raise complaint("give either `rows` or a `file`")
        rows = _read_rows(data["file"], data.get("contact"))
        return {**{k: v for k, v in data.items() if k not in ("file", "contact")}, "rows": rows}

    @model_validator(mode="after")
    def _some(self) -> ContactImage:
        if not self.rows:
            raise complaint("give `rows` or a `file`")
        return self

    def build(self) -> MeshFeature:
        """The same picture for `meshes`."""
        from meshes.features.contact_image import ContactImage as Made

        return Made(self.at, tuple(self.rows), **named(self.name))


def _read_rows(file: str, contact: Any) -> list[str]:
    """Rows of a picture in a file.

    Raises:
        PydanticCustomError: it cannot be read.
    """
    from pathlib import Path

    import numpy as np

    from meshes.features.contact_image import mask_rows
    from meshes.images import read_labels
    from meshes.problems import MeshError

    try:
        labels = read_labels(Path(file))
    except (MeshError, OSError) as error:
        raise complaint(str(error)) from error
    if labels.ndim != 2:
        raise complaint(f"{file} holds {labels.ndim} dimensions: a picture of an interface has 2")
    numbers = contact if isinstance(contact, list) and all(isinstance(v, int) for v in contact) else None
    mask = labels != 0 if numbers is None else np.isin(labels, numbers)
    return list(mask_rows(mask.T[::-1]))
