"""What every feature offers: the protocol, and the geometry of its footprint on an interface."""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import numpy.typing as npt

from meshes.problems import Problem, number_text

if TYPE_CHECKING:
    from meshes.build import LayeredModel
    from meshes.films import Film
    from meshes.sizes import MeshSizes
    from meshes.stack import Stack

__all__ = [
    "EdgeSide",
    "Feature",
    "FeatureDefaults",
    "Opening",
    "Refinement",
    "Region",
    "edge_samples",
    "footprint_problems",
    "image_shifts",
    "opening_images",
    "resolve_position",
]

Floats = npt.NDArray[np.float64]
EdgeSide = Literal["contact", "gap"]
#: Two edges, or an edge and a side, closer than this part of the radius make cells without a use.
CLEARANCE = 1e-3
_DIRECTIONS = 64


@dataclass(frozen=True)
class Opening:
    """Footprint of one feature on one interface: a disc (3-D, axisymmetric) or a strip (2-D).

    Attributes:
        at: interface.
        centre: lateral coordinates of the middle, metres.
        radius: of the disc, or half width of the strip, metres.
        below, above: how far it reaches into the layer below and above, metres (0: not at all).
        shape: profile of the part that reaches into the layers (see `Void`), ``"flat"`` for a contact spot.
        label: name for messages.
    """

    at: str
    centre: tuple[float, ...]
    radius: float
    below: float
    above: float
    shape: str
    label: str

    @property
    def solid(self) -> bool:
        """True where the footprint is electrical contact, False where it is a hole."""
        return self.shape == "flat"

    def reach(self, distance: Floats, upward: bool) -> Floats:
        """Depth in metres of the profile at lateral `distance` (n,) from the centre; 0 outside."""
        depth = self.above if upward else self.below
        s2 = (np.asarray(distance) / self.radius) ** 2
        inside = np.clip(1.0 - s2, 0.0, None)
        if depth == 0.0:
            return np.zeros_like(inside)
        if self.shape == "ellipsoid":
            return depth * np.sqrt(inside)
        sphere = (self.radius**2 + depth**2) / (2 * depth)
        lateral = np.minimum(np.asarray(distance), self.radius)
        return np.where(inside > 0, np.sqrt(np.clip(sphere**2 - lateral**2, 0, None)) - (sphere - depth), 0.0)


@dataclass(frozen=True)
class Region:
    """What a feature adds to the layers: one body, or many that are one (all particles of a packing).

    Attributes:
        name: of the cells; interfaces are called ``a|b`` in the order layers, then regions of features.
        material: only carried along.
    """

    name: str
    material: str = ""


@dataclass(frozen=True)
class Refinement:
    """Cells of `size` metres at `points` (n, gdim) metres and `within` metres of them, growing beyond."""

    points: Floats
    size: float
    within: float = 0.0


class Feature(Protocol):
    """One thing that changes the stack. Implementations are frozen dataclasses of plain data.

    `FeatureDefaults` has an answer to everything that most features do not have.
    """

    @property
    def name(self) -> str:
        """Name for messages, and of what it creates."""

    @property
    def at(self) -> str | None:
        """Interface ``lower|upper`` that it lies at, None where it lies elsewhere."""

    @property
    def divided_layer(self) -> str | None:
        """Layer of which every part belongs to it or to one of `regions`, None for bodies within layers."""

    def regions(self, stack: Stack) -> tuple[Region, ...]:
        """Regions that this feature adds, in the order of their cell tags."""

    def openings(self, stack: Stack) -> tuple[Opening, ...]:
        """Footprints on the interface."""

    def facet_names(self, stack: Stack) -> tuple[str, ...]:
        """Names of the facets that this feature may create."""

    def optional_facets(self, stack: Stack) -> tuple[str, ...]:
        """Those of `facet_names` that the geometry need not have, depending on how bodies lie."""

    def closed_interfaces(self, stack: Stack) -> tuple[str, ...]:
        """Interfaces of the layers that do not exist any more because a body lies between all of them."""

    def slits(self, stack: Stack) -> tuple[str, ...]:
        """Names of the slits of zero thickness along which the mesh is opened."""

    def refinements(self, stack: Stack, sizes: MeshSizes) -> tuple[Refinement, ...]:
        """Where the mesh must be finer than its surroundings."""

    def grown_regions(self, stack: Stack) -> tuple[str, ...]:
        """Those of `regions` that are not drawn, but grown in the finished mesh (see `meshes.films`)."""

    def bare_facets(self, stack: Stack) -> tuple[str, ...]:
        """Names of facets that are there until its films are grown, and not afterwards."""

    def films(self, stack: Stack) -> tuple[Film, ...]:
        """Films that are grown in the finished mesh, in this order."""

    def coated(self, stack: Stack) -> tuple[Floats, Floats]:
        """Points (n, gdim) spread over the surfaces that its films grow on, and the area (length) of each, metres."""

    def smallest_length(self, stack: Stack) -> float:
        """Smallest length in metres that is drawn (infinite: none); sets the unit of the geometry kernel."""

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with this feature in this (otherwise sound) stack; paths relative to the feature."""

    def cut(self, model: LayeredModel) -> None:
        """Put this feature into the geometry."""

    def contact_edge_samples(self, stack: Stack, distance: float, side: EdgeSide = "contact") -> Floats:
        """Points (n, gdim) on the interface at `distance` (metres) from the contact edge."""


class FeatureDefaults(ABC):
    """Answers of a feature that adds no region, no footprint and no slit and needs no refinement.

    Left to the feature: `name`, `at` (None where it lies at no interface), `problems` and `cut`.
    """

    @abstractmethod
    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it in this stack."""

    @abstractmethod
    def cut(self, model: LayeredModel) -> None:
        """Put it into the geometry."""

    @property
    def divided_layer(self) -> str | None:
        """None."""
        return None

    def regions(self, stack: Stack) -> tuple[Region, ...]:
        """None."""
        return ()

    def openings(self, stack: Stack) -> tuple[Opening, ...]:
        """None."""
        return ()

    def facet_names(self, stack: Stack) -> tuple[str, ...]:
        """None."""
        return ()

    def optional_facets(self, stack: Stack) -> tuple[str, ...]:
        """None."""
        return ()

    def closed_interfaces(self, stack: Stack) -> tuple[str, ...]:
        """None."""
        return ()

    def slits(self, stack: Stack) -> tuple[str, ...]:
        """None."""
        return ()

    def refinements(self, stack: Stack, sizes: MeshSizes) -> tuple[Refinement, ...]:
        """None."""
        return ()

    def grown_regions(self, stack: Stack) -> tuple[str, ...]:
        """None."""
        return ()

    def bare_facets(self, stack: Stack) -> tuple[str, ...]:
        """None."""
        return ()

    def films(self, stack: Stack) -> tuple[Film, ...]:
        """None."""
        return ()

    def coated(self, stack: Stack) -> tuple[Floats, Floats]:
        """None: arrays of shapes (0, gdim) and (0,)."""
        return np.zeros((0, stack.gdim)), np.zeros(0)

    def smallest_length(self, stack: Stack) -> float:
        """That of the footprints."""
        parts = self.openings(stack)
        lengths = [length for o in parts for length in (o.radius, o.below, o.above) if length > 0]
        return min(lengths, default=math.inf)

    def contact_edge_samples(self, stack: Stack, distance: float, side: EdgeSide = "contact") -> Floats:
        """Points (n, gdim) on the interface at `distance` (metres) from the edges of its footprints.

        3-D: 64 around each edge, fewer where the model or another feature cuts them off.

        Raises:
            ValueError: unknown side, or a distance that is not positive.
        """
        return edge_samples(stack, self.openings(stack), distance, side)


def resolve_position(position: tuple[float, ...] | float | None, stack: Stack) -> tuple[float, ...]:
    """Lateral centre in metres: `position`, or the middle of the model (the axis when axisymmetric)."""
    if position is None:
        return (0.0,) if stack.dimension == "axisymmetric" else tuple(0.5 * s for s in stack.lateral)
    return tuple(map(float, position)) if isinstance(position, tuple | list) else (float(position),)


def image_shifts(low: Sequence[float], high: Sequence[float], stack: Stack) -> list[tuple[float, ...]]:
    """Shifts in metres that bring a body in the box from `low` to `high` into the model again, itself not among them.

    A body that stops short of a side by less than `CLEARANCE` of its size does not cross it.
    """
    choices: list[tuple[float, ...]] = [(0.0,)] * len(low)
    for axis, period in stack.periods.items():
        if axis >= len(low):
            continue
        room = CLEARANCE * (high[axis] - low[axis])
        here = [0.0]
        if low[axis] < -room:
            here.append(period)
        if high[axis] > period + room:
            here.append(-period)
        choices[axis] = tuple(here)
    return [shift for shift in itertools.product(*choices) if any(shift)]


def opening_images(openings: Sequence[Opening], stack: Stack) -> tuple[Opening, ...]:
    """The openings, and the images on the other sides of those that cross a periodic side."""
    found = []
    for opening in openings:
        found.append(opening)
        low = [c - opening.radius for c in opening.centre]
        high = [c + opening.radius for c in opening.centre]
        for shift in image_shifts(low, high, stack):
            found.append(replace(opening, centre=tuple(c + s for c, s in zip(opening.centre, shift, strict=True))))
    return tuple(found)


def footprint_problems(
    stack: Stack, position: tuple[float, ...] | float | None, radius: float, word: str
) -> list[Problem]:
    """Problems of a footprint of `radius` (metres) at `position` that leaves the lateral extent of the model.

    A footprint centred exactly on a side is cut by a symmetry plane and legal.
    """
    lateral = stack.lateral
    text = "centre" if position is None else str(position)
    try:
        centre = resolve_position(position, stack)
    except (TypeError, ValueError):
        return [Problem("position", text, "must be lateral coordinates in metres")]
    if len(centre) != len(lateral) or not all(map(math.isfinite, centre)):
        axes = "one coordinate (x)" if len(lateral) == 1 else "two coordinates (x, y)"
        return [Problem("position", text, f"must have {axes}, in metres")]
    if stack.dimension == "axisymmetric" and centre != (0.0,):
        return [Problem("position", text, f"a {word} of an axisymmetric model sits on the axis")]
    found = []
    for axis, (c, size) in enumerate(zip(centre, lateral, strict=True)):
        limit = "width" if axis == 0 else "depth"
        room = CLEARANCE * radius
        if axis in stack.periodic:
            clear = min(abs(c - radius), abs(size - c - radius))
            if not 0 <= c <= size or 2 * radius > size - room:
                room_text = f"the {limit} (0 to {number_text(size)})"
                message = f"a {word} of this radius at {number_text(c)} does not fit into {room_text}"
                found.append(Problem("radius", number_text(radius), message))
            elif clear < room:
                message = f"a {word} of this radius at {number_text(c)} all but touches a periodic side: move it"
                found.append(Problem("radius", number_text(radius), message))
            continue
        low = abs(c) <= 1e-9 * size or c - radius >= room
        high = abs(c - size) <= 1e-9 * size or size - c - radius >= room
        if not (low and high):
            message = (
                f"a {word} of this radius at {number_text(c)} leaves the {limit} (0 to {number_text(size)}); "
                "only one that is centred on a side is cut by it"
            )
            found.append(Problem("radius", number_text(radius), message))
    return found


def edge_samples(stack: Stack, openings: tuple[Opening, ...], distance: float, side: EdgeSide) -> Floats:
    """Points (n, gdim) at `distance` (metres) from the edges of `openings`, on the side `side` of each edge.

    Points outside of the model, and points that lie within another footprint of the same interface on the
    wrong side of it, are left out.

    Raises:
        ValueError: unknown side, or a distance that is not positive.
    """
    if side not in ("contact", "gap"):
        raise ValueError(f"side must be 'contact' or 'gap', not {side!r}")
    if not distance > 0:
        raise ValueError(f"distance must be positive, not {distance!r}")
    lateral = np.asarray(stack.lateral)
    points = []
    for opening in openings:
        inward = opening.solid == (side == "contact")
        if side == "gap" and not opening.solid:
            continue  # a void is a hole in the mesh: there is nothing on that side of its edge
        radius = opening.radius - distance if inward else opening.radius + distance
        if radius <= 0:
            continue
        if lateral.size == 1:
            offsets = np.array([[-radius], [radius]])
        else:
            # half a step away from the axes: no sample runs along a symmetry plane
            angle = (np.arange(_DIRECTIONS) + 0.5) * (2 * np.pi / _DIRECTIONS)
            offsets = radius * np.column_stack([np.cos(angle), np.sin(angle)])
        x = np.asarray(opening.centre) + offsets
        x = x[np.all((x >= 0) & (x <= lateral), axis=1)]
        points.append(np.column_stack([x, np.full(len(x), stack.z_of(opening.at))]))
    if not points:
        return np.zeros((0, stack.gdim))
    found = np.concatenate(points)
    interfaces = {o.at for o in openings}
    others = [o for _, o in stack.openings() if o.at in interfaces]
    contact, hole = _coverage(found, others)
    kept = contact & ~hole if side == "contact" else ~contact & ~hole
    return np.asarray(found[kept], dtype=np.float64)


def _coverage(points: Floats, openings: list[Opening]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which interface `points` (n, gdim) lie on contact spots (all, without spots), and which in holes."""
    from scipy.spatial import cKDTree

    spots, holes = [o for o in openings if o.solid], [o for o in openings if not o.solid]
    masks = []
    for group in (spots, holes):
        mask = np.zeros(len(points), dtype=bool)
        if group and len(points):
            centres, radii = np.array([o.centre for o in group]), np.array([o.radius for o in group])
            near = cKDTree(centres).query_ball_point(points[:, :-1], radii.max())
            for i, candidates in enumerate(near):
                away = np.linalg.norm(centres[candidates] - points[i, :-1], axis=1)
                mask[i] = bool(np.any(away < radii[candidates]))
        masks.append(mask)
    contact, hole = masks
    return (contact if spots else np.ones(len(points), dtype=bool)), hole
