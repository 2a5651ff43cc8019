"""Words for blocks: parts of a layer between given coordinates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from studies.schema.body import Body
from studies.schema.fields import Length, Name
from studies.schema.places import tuple_or_none

if TYPE_CHECKING:
    from meshes.features import Feature as MeshFeature

__all__ = ["Block"]


class Block(Body):
    """A rectangle, ring or box of a layer that is of another material."""

    layer: Name = Field(description="Layer that the block lies in.")
    x: list[Length] | None = Field(
        default=None, min_length=2, max_length=2, description="From and to along the width (or radius); default: all."
    )
    y: list[Length] | None = Field(
        default=None, min_length=2, max_length=2, description="From and to along the depth, in 3-D; default: all."
    )
    z: list[Length] | None = Field(
        default=None,
        min_length=2,
        max_length=2,
        description="From and to above the lower face of the layer; default: all.",
    )

    def build(self) -> MeshFeature:
        """The same block for `meshes`, in metres."""
        from meshes.features.block import Block as Made

        x, y, z = (tuple_or_none(v) for v in (self.x, self.y, self.z))
        return Made(self.layer, self.name, x, y, z, self.material)
