"""Many bodies at random places of a layer: particles of a composite electrode, pores, fillers, wires."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from meshes.features.bodies import SolidFeature, room_problems
from meshes.features.hosts import filled_layers
from meshes.features.necks import joined
from meshes.features.neighbours import obstacles, solid_images, swept
from meshes.features.shapes_of_bodies import Shape, frame_along
from meshes.features.solids import Solid
from meshes.films import Coat
from meshes.problems import MeshError, Problem, fraction_problem, number_text, rescaling_problem, seed_problem
from meshes.random.arithmetic import generator, lists, shuffled
from meshes.random.directions import unit_vectors
from meshes.random.grains import GrainStructure
from meshes.random.packing import Bodies, clear_of_sides, pack
from meshes.random.patches import Patches
from meshes.random.sizes import EQUAL, MOST_BODIES, SizeDistribution, draw_radii, number_of_bodies

if TYPE_CHECKING:
    from meshes.stack import Stack

__all__ = ["Alignment", "Packing"]

Floats = npt.NDArray[np.float64]
Alignment = Literal["random", "aligned"]
_CLEARANCE = 0.02
#: Splines are slow to intersect: 64 ellipsoids that something cuts take 20 s, and the time grows like the square.
_MOST_ELLIPSOIDS = 60


@dataclass(frozen=True)
class Packing(SolidFeature):
    """Bodies of one shape at random places of a layer that fill a fraction of it.

    A whole number of them meets the fraction exactly, because all lengths are multiplied by one common factor
    near 1 (`factor`). Sizes, places and directions follow from `seed` alone, the same on every machine and number
    of ranks. Bodies keep their distance from the boundaries of the layer, from each other, and from voids and
    from bodies of features that come before. Facets are named as those of a `Particle`.

    Attributes:
        shape: of a body; its radius (rods: and length; ellipsoids: semi-axes) is the mean of the distribution.
        layer: that is filled.
        volume_fraction: of the layer (2-D: of its area) that the bodies fill, without their coats.
        alignment: of rods and ellipsoids: ``random`` directions, or ``aligned`` along the direction of the shape.
        sizes: distribution of the radii.
        minimum_distance: between two bodies (between their coats), and to the boundaries of the layer, metres;
            default: a tenth of the mean radius. Bodies that touch cannot be meshed: their gap has no corner.
        neck_ratio: radius of the necks that join near balls (discs), as sintering does, in parts of the smaller radius;
            None: bodies do not touch. Necks count to the fraction.
        cut_by_sides: lateral sides are planes of symmetry in which some of the bodies (balls alone) are
            centred, as many as there would be on average; otherwise all lie inside.
        seed: of sizes, places and directions.
        material: only carried along; None: pores (their surface is called ``void|layer``).
        coats: films on the bodies, from the inside out. patches: where they are; None: everywhere.
        grains: of polycrystals; None: single crystals.
        name: of the region that all bodies are together.
    """

    shape: Shape
    layer: str
    volume_fraction: float
    alignment: Alignment = "random"
    sizes: SizeDistribution = EQUAL
    minimum_distance: float | None = None
    neck_ratio: float | None = None
    cut_by_sides: bool = False
    seed: int = 0
    material: str | None = ""
    coats: tuple[Coat, ...] = ()
    patches: Patches | None = None
    grains: GrainStructure | None = None
    name: str = "particles"
    at: None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "coats", tuple(self.coats))

    def layers(self, stack: Stack) -> tuple[str, ...]:
        """The layer."""
        return (self.layer,)

    def factor(self, stack: Stack) -> float:
        """What all lengths are multiplied by, so that the fraction is met exactly."""
        return self._lengths(stack)[1]

    def gap(self, stack: Stack) -> float:
        """Least distance between two bodies, with their coats, metres."""
        if self.minimum_distance is not None:
            return float(self.minimum_distance)
        return 0.1 * self.factor(stack) * self.shape.mean_radius

    def solids(self, stack: Stack) -> tuple[Solid, ...]:
        """All bodies, in the order of their random sizes.

        Raises:
            MeshError: they do not fit at this fraction and distance.
        """
        return self._bodies(stack)[0]

    def necks(self, stack: Stack) -> tuple[Solid, ...]:
        """Rods that join bodies which touch.

        Raises:
            MeshError: the bodies do not fit.
        """
        return self._bodies(stack)[1]

    def _bodies(self, stack: Stack) -> tuple[tuple[Solid, ...], tuple[Solid, ...]]:
        low, high = stack.span(self.layer)
        before = obstacles(stack, self, self.layers(stack), before=True)
        around: tuple[tuple[float, ...], ...] = ()
        if before:
            bodies, n = swept(tuple(s for s, _ in before)), len(before)
            films = np.array([film for _, film in before])
            halves = bodies.halves if bodies.halves is not None else np.zeros(n)
            axes = bodies.axes if bodies.axes is not None else np.zeros((n, stack.gdim))
            table = np.column_stack([[s.centre for s, _ in before], axes, halves, bodies.radii + films])
            around = tuple(tuple(row) for row in lists(table))
        periods = stack.periods if self._crosses(stack) else {}
        found = _placed(self, (*stack.lateral, high - low), low, around, tuple(sorted(periods)))
        if found is None:
            raise MeshError(
                f"{self.name}: {self.number(stack)} bodies do not fit into {self.layer} at a distance of "
                f"{number_text(self.gap(stack))}: lower volume_fraction or minimum_distance"
            )
        return (solid_images(found[0], stack), found[1]) if periods else found

    def _crosses(self, stack: Stack) -> bool:
        """Whether bodies may lie across the sides: periodic ones, and bodies without anything on or in them."""
        plain = not self.coats and self.grains is None and self.patches is None and self.neck_ratio is None
        return stack.laterally_periodic and plain

    def number(self, stack: Stack) -> int:
        """Number of bodies."""
        return len(self._lengths(stack)[0])

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it in this stack."""
        found = self.shape.problems(stack) + self.common_problems(stack)
        found += [p.under("sizes") for p in self.sizes.problems()]
        if stack.dimension == "axisymmetric":
            message = "an axisymmetric model has one body, on the axis: use dimension 2 or 3 for many"
            return [Problem("", self.name, message)]
        if self.layer not in [x.name for x in stack.layers]:
            there = ", ".join(x.name for x in stack.layers)
            found.append(Problem("layer", repr(self.layer), f"there is no such layer; the stack has {there}"))
        if self.alignment not in ("random", "aligned"):
            found.append(Problem("alignment", repr(self.alignment), "must be random or aligned"))
        if self.cut_by_sides and stack.laterally_periodic:
            message = "with periodic sides bodies lie across them anyway: leave this out"
            found.append(Problem("cut_by_sides", "true", message))
        if self.cut_by_sides and not self.shape.ball:
            found.append(Problem("cut_by_sides", "true", "only balls and discs can be cut by the sides"))
        if self.neck_ratio is not None:
            found += self._neck_problems()
        fraction = self.volume_fraction
        found += fraction_problem("volume_fraction", fraction)
        found += seed_problem(self.seed)
        distance = self.minimum_distance
        if distance is not None and (not isinstance(distance, int | float) or not 0 < distance < math.inf):
            found.append(Problem("minimum_distance", repr(distance), "must be a positive length in metres"))
        return found or self._placing_problems(stack)

    def _neck_problems(self) -> list[Problem]:
        ratio = self.neck_ratio
        if isinstance(ratio, bool) or not isinstance(ratio, int | float) or not 0.1 <= ratio <= 0.7:
            return [Problem("neck_ratio", repr(ratio), "must lie between 0.1 and 0.7")]
        found = []
        if not self.shape.ball:
            found.append(Problem("neck_ratio", repr(ratio), "only balls and discs are joined by necks"))
        for key in ("grains", "patches"):
            if getattr(self, key) is not None:
                found.append(Problem("neck_ratio", repr(ratio), f"bodies that touch cannot have {key}"))
        return found

    def _placing_problems(self, stack: Stack) -> list[Problem]:
        text = number_text(float(self.volume_fraction))
        whole = self._expected(stack)
        if whole > MOST_BODIES:
            return [Problem("volume_fraction", text, f"needs {whole} bodies, more than {MOST_BODIES}")]
        cut = self._cut_by(stack)
        if cut and stack.gdim == 3 and self.shape.semi_axes is not None and whole > _MOST_ELLIPSOIDS:
            message = (
                f"needs {whole} ellipsoids, and the geometry kernel takes minutes for more than {_MOST_ELLIPSOIDS} in "
                f"three dimensions beside {cut}: balls and rods (a radius and a length) may be many"
            )
            return [Problem("volume_fraction", text, message)]
        if self.gap(stack) < _CLEARANCE * self.shape.mean_radius:
            message = f"must be at least {_CLEARANCE:g} of the radius: narrower gaps cannot be meshed"
            return [Problem("minimum_distance", number_text(self.gap(stack)), message)]
        remedy = "the size of the layer or of the bodies"
        number, factor = self.number(stack), self.factor(stack)
        wrong = rescaling_problem("volume_fraction", self.volume_fraction, "bodies", number, factor, remedy)
        if wrong:
            return wrong
        try:
            self.solids(stack)
        except MeshError as error:
            return [Problem("volume_fraction", text, str(error))]
        return room_problems(stack, self)

    def _cut_by(self, stack: Stack) -> str:
        """What may cut the bodies, so that they are no whole shells in the geometry ("": nothing)."""
        if self.grains is not None:
            return "their grains"
        return f"the grains of {self.layer}" if self.layer in filled_layers(stack) else ""

    def _size(self, stack: Stack) -> tuple[float, ...]:
        low, high = stack.span(self.layer)
        return (*stack.lateral, high - low)

    def _unit(self, dimension: int) -> float:
        """Content of a body in parts of its mean radius to the power of `dimension`."""
        solid = self.shape.solid(np.zeros(dimension), np.eye(dimension))
        return solid.content() / self.shape.mean_radius**dimension

    def _expected(self, stack: Stack) -> int:
        total = self.volume_fraction * math.prod(self._size(stack))
        return number_of_bodies(self.shape.mean_radius, self.sizes, stack.gdim, self._unit(stack.gdim), total)

    def _lengths(self, stack: Stack) -> tuple[Floats, float]:
        lengths, factor, _ = _drawn(self, self._size(stack))
        return lengths, factor


@lru_cache(maxsize=32)
def _drawn(packing: Packing, size: tuple[float, ...]) -> tuple[Floats, float, Floats]:
    """Mean radii (n,) of the bodies in metres, their common factor, and the sides (n, d) in which they are centred."""
    d, mean = len(size), packing.shape.mean_radius
    unit, total = packing._unit(d), packing.volume_fraction * math.prod(size)
    n = number_of_bodies(mean, packing.sizes, d, unit, total)
    sides = [(axis, end) for axis in range(d - 1) for end in (0.0, size[axis])] if packing.cut_by_sides else []
    on_each = [round(n * mean / size[axis]) for axis, _ in sides]
    n += round(0.5 * sum(on_each))
    pinned = np.full((n, d), np.nan)
    order = lists(shuffled(generator(packing.seed, "places", 99), n))
    for (axis, end), count in zip(sides, on_each, strict=True):
        for i in [order.pop() for _ in range(min(count, len(order)))]:
            pinned[i, axis] = end
    parts = 0.5 ** np.sum(~np.isnan(pinned), axis=1)
    radii, factor = draw_radii(mean, packing.sizes, d, unit, total, packing.seed, parts)
    return radii, factor, pinned


@lru_cache(maxsize=32)
def _placed(
    packing: Packing,
    size: tuple[float, ...],
    low: float,
    around: tuple[tuple[float, ...], ...],
    periodic: tuple[int, ...] = (),
) -> tuple[tuple[Solid, ...], tuple[Solid, ...]] | None:
    d = len(size)
    radii, factor, pinned = _drawn(packing, size)
    n, scales = len(radii), radii / packing.shape.mean_radius
    frames = _frames(packing, n, d)
    at = np.zeros(d)
    made = [packing.shape.solid(at, f, s) for f, s in zip(frames, lists(scales), strict=True)]
    bodies = swept(tuple(made))
    coat = packing.film_thickness
    gap = 0.1 * factor * packing.shape.mean_radius if packing.minimum_distance is None else packing.minimum_distance
    halves = bodies.halves if bodies.halves is not None else np.zeros(n)
    axes = bodies.axes if bodies.axes is not None else np.tile(np.eye(d)[0], (n, 1))
    parts = [(bodies.radii + coat, halves, axes, pinned)]
    if around:
        table = np.array(around)
        centres = table[:, :d] - np.array([*np.zeros(d - 1), low])
        parts.append((table[:, -1], table[:, -2], table[:, d : 2 * d], centres))
    everything = [np.concatenate(column) for column in zip(*parts, strict=True)]
    straight = bool(everything[1].any())
    crowd = Bodies(
        everything[0], everything[1] if straight else None, everything[2] if straight else None, everything[3]
    )
    places = pack(size, crowd, float(gap), packing.seed, periodic)
    if places is None:
        return None
    if periodic and not around:
        shells = Bodies(bodies.radii, bodies.halves, bodies.axes)
        places = clear_of_sides(places, shells.extents(d), size, periodic)
    shift = np.array([*np.zeros(d - 1), low])
    solids = tuple(
        packing.shape.solid(x + shift, f, s) for x, f, s in zip(places[:n], frames, lists(scales), strict=True)
    )
    if packing.neck_ratio is None:
        return solids, ()
    return joined(solids, pinned, packing.neck_ratio, coat, packing.volume_fraction * math.prod(size))


def _frames(packing: Packing, number: int, dimension: int) -> list[Floats]:
    shape = packing.shape
    if shape.ball or packing.alignment == "aligned":
        return [frame_along(shape.direction, dimension)] * number
    vectors = unit_vectors(generator(packing.seed, "directions"), number, dimension)
    return [frame_along(tuple(v), dimension) for v in lists(vectors)]
