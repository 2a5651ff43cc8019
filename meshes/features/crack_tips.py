"""What all cracks share: slits with two named faces, or notches with walls, and cells that become small at tips."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from meshes.features.base import FeatureDefaults, Floats, Refinement
from meshes.slit import slit_face_names, touching_faces

if TYPE_CHECKING:
    from meshes.sizes import MeshSizes
    from meshes.stack import Stack

__all__ = ["MOST_FRONT_POINTS", "Opened", "Tip", "tip_refinements"]

MOST_FRONT_POINTS = 20_000


@dataclass(frozen=True)
class Tip:
    """Where a crack ends within the material.

    Attributes:
        point: (gdim,) metres; in 3-D one point of the front.
        direction: (gdim,) unit vector along which the crack would grow straight on.
        reach: length in metres that belongs to this tip: of an edge crack all, of a centre crack half.
        straight: length in metres over which the crack is straight behind the tip, `reach` at most.
    """

    point: tuple[float, ...]
    direction: tuple[float, ...]
    reach: float
    straight: float = math.inf


class Opened(FeatureDefaults):
    """What all cracks share: a slit with two named faces, or walls of a notch.

    Attributes:
        touching: the mesh stays whole at the slit, whose facets are ``<name>:faces``: for models in which its two faces
            may touch.
    """

    name: str
    opening: float | None
    touching: bool

    def slits(self, stack: Stack) -> tuple[str, ...]:
        """Its name, unless it is a notch."""
        return () if self.opening is not None else (self.name,)

    def facet_names(self, stack: Stack) -> tuple[str, ...]:
        """The two faces of the slit (of one that stays in the mesh: both in one), or the walls of the notch."""
        if self.opening is None:
            return (touching_faces(self.name),) if self.touching else slit_face_names(self.name)
        return tuple(f"void|{region.name}" for region in stack.regions)

    def optional_facets(self, stack: Stack) -> tuple[str, ...]:
        """Which regions a notch cuts is for the geometry to tell."""
        return self.facet_names(stack)

    @abstractmethod
    def tips(self, stack: Stack) -> tuple[Tip, ...]:
        """Where the crack ends within the model."""

    def front(self, stack: Stack, tip: Tip, spacing: float) -> Floats:
        """Points (n, gdim) in metres of the front through `tip`, at most `spacing` metres apart."""
        return np.array([tip.point])

    def sharpness(self) -> float:
        """Radius of curvature at the tips in metres, infinite where they are sharp or need no more cells."""
        return math.inf

    def refinements(self, stack: Stack, sizes: MeshSizes) -> tuple[Refinement, ...]:
        """Cells that become small towards tips and fronts, where stress and current are singular."""
        return tip_refinements(self, stack, sizes)


def tip_refinements(crack: Opened, stack: Stack, sizes: MeshSizes) -> tuple[Refinement, ...]:
    """Size at each tip or front: `sizes.edge`, or the edge fraction of what belongs to the tip."""
    found = []
    fraction = sizes.edge_fraction
    if fraction is None:
        fraction = 1 / 8 if stack.dimension == "3" else 1 / 200
    for tip in crack.tips(stack):
        size = sizes.edge if sizes.edge is not None else fraction * tip.reach
        blunt = crack.sharpness()
        if crack.opening is not None:
            # cells as small as the radius of a rim would be too many along it, and of a hairline beyond all use
            blunt = max(blunt, crack.opening if stack.dimension == "3" else 0.02 * crack.opening)
        size = sizes.factor * min(size, sizes.wall_fraction * blunt)
        points = crack.front(stack, tip, 2 * size)
        found.append(Refinement(points, size, size if len(points) > 1 else 0.0))
    return tuple(found)
