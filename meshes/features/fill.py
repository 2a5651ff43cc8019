"""What fills a void: a polymer, an ionic liquid, lithium; all of it or up to a level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from meshes.features.base import Opening, Region
from meshes.features.hosts import hosts_in
from meshes.problems import Problem

if TYPE_CHECKING:
    from meshes.build import LayeredModel
    from meshes.stack import Stack

__all__ = ["Fill", "FillFrom"]

FillFrom = Literal["interface", "tip"]
#: A void that is almost full or almost empty leaves a sheet that no mesh resolves.
_LEAST, _MOST = 0.02, 0.98


@dataclass(frozen=True)
class Fill:
    """Content of a void: a region of its own.

    Attributes:
        name: of the region; the fills of all voids of a pattern are one region.
        fraction: of the volume of the void that is filled, 0.02 to 0.98, or 1.
        side: where a part filling lies: at the ``interface``, or at the ``tip`` far from it.
        material: only carried along.
    """

    name: str
    fraction: float = 1.0
    side: FillFrom = "interface"
    material: str = ""

    @property
    def full(self) -> bool:
        """Whether nothing of the void is left."""
        return self.fraction == 1.0

    @property
    def region(self) -> Region:
        """The region of this fill."""
        return Region(self.name, self.material)

    def problems(self) -> list[Problem]:
        """What is wrong with it."""
        found = []
        number = isinstance(self.fraction, int | float) and not isinstance(self.fraction, bool)
        if not number or not (_LEAST <= self.fraction <= _MOST or self.fraction == 1):
            found.append(Problem("fraction", repr(self.fraction), f"must lie between {_LEAST} and {_MOST}, or be 1"))
        if self.side not in get_args(FillFrom):
            found.append(Problem("side", repr(self.side), f"must be one of {', '.join(get_args(FillFrom))}"))
        return found

    def draw(self, model: LayeredModel, opening: Opening, depth: float, upward: bool, layer: str) -> None:
        """Fill the part of a void that reaches `depth` metres into `layer`; what is left stays a hole."""
        if self.full:
            model.fill(self.name, [model.draw_bowl(opening, depth, upward)], hosts_in(model.stack, (layer,)))
            return
        level = self.level(opening, depth, model.tdim == 3 or model.stack.dimension == "axisymmetric")
        near, far = (0.0, level), (level, depth)
        wet, dry = (near, far) if self.side == "interface" else (far, near)
        for (low, high), filled in ((wet, True), (dry, False)):
            bowl = model.draw_bowl(opening, depth, upward)
            slab = _slab(model, opening, low, high, depth, upward)
            body = model.occ.intersect([bowl], [slab])[0][0]
            if filled:
                model.fill(self.name, [body], hosts_in(model.stack, (layer,)))
            else:
                model.carve(layer, body)

    def level(self, opening: Opening, depth: float, solid: bool) -> float:
        """Distance in metres from the interface of the level that divides the void by `fraction`.

        Args:
            opening: footprint. depth: of the void, metres. solid: a body of revolution (2-D: a groove).
        """
        s = np.linspace(0.0, depth, 4001)
        if opening.shape == "ellipsoid":
            radius = opening.radius * np.sqrt(np.clip(1 - (s / depth) ** 2, 0, None))
        else:
            sphere = (opening.radius**2 + depth**2) / (2 * depth)
            radius = np.sqrt(np.clip(sphere**2 - (s + sphere - depth) ** 2, 0, None))
        section = radius**2 if solid else radius
        volume = np.concatenate([[0.0], np.cumsum(0.5 * (section[1:] + section[:-1]))])
        share = self.fraction if self.side == "interface" else 1 - self.fraction
        return float(np.interp(share * volume[-1], volume, s))

    def facet_names(self, stack: Stack, at: str, layers: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """(facets that there are, facets of the void that are left) of a fill at the interface `at`.

        Args:
            layers: those that the void reaches into.
        """
        across = tuple(x for x in at.split("|") if x not in layers)
        walls = tuple(f"{x}|{self.name}" for x in hosts_in(stack, layers))
        beyond = tuple(f"{x}|{self.name}" for x in hosts_in(stack, across))
        if self.full:
            return (*walls, *beyond), ()
        if self.side == "interface":
            return (*walls, *beyond), (*(f"void|{x}" for x in hosts_in(stack, layers)), f"void|{self.name}")
        return walls, (*(f"void|{x}" for x in hosts_in(stack, (*layers, *across))), f"void|{self.name}")


def _slab(model: LayeredModel, opening: Opening, low: float, high: float, depth: float, upward: bool) -> Any:
    """The slab between two distances from the interface, wider than the void; open at its outer ends."""
    unit, sign = model.unit, 1.0 if upward else -1.0
    z, wide = model.stack.z_of(opening.at) / unit, 2 * opening.radius / unit
    beyond = 0.1 * depth
    ends = sorted(z + sign * d / unit for d in (low if low > 0 else -beyond, high if high < depth else depth + beyond))
    size = ends[1] - ends[0]
    centre = [c / unit for c in opening.centre]
    if model.tdim == 3:
        return (3, model.occ.addBox(centre[0] - wide, centre[1] - wide, ends[0], 2 * wide, 2 * wide, size))
    return (2, model.occ.addRectangle(centre[0] - wide, ends[0], 0, 2 * wide, size))
