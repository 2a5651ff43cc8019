"""A polycrystal in a box: grains with orientations, in few colours so that touching grains differ."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from meshes.problems import Problem, length_problem
from meshes.random.arithmetic import generator
from meshes.random.colouring import colour
from meshes.random.directions import rotations
from meshes.random.packing import Bodies, pack
from meshes.random.regularise import merge_short_edges, rounder
from meshes.random.sizes import MOST_BODIES, SizeDistribution, draw_radii
from meshes.random.tessellation import Tessellation, tessellate

__all__ = ["GrainKind", "GrainStructure", "Grains", "grow", "grow_clear"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
GrainKind = Literal["voronoi", "laguerre"]

#: Part of the box that the spheres fill about which Laguerre cells are built: random addition reaches it.
_FILLED = {2: 0.45, 3: 0.28}
#: Edges shorter than this part of the grain size are merged. In space a merger bends faces, which are then
#: divided: fewer are worth it.
_SHORTEST = {2: 0.12, 3: 0.06}
_MOST_SWEEPS = 100
_SMALLER = 8
#: Sets of grains of which the one that suits a curved surface best is taken.
_CHOICES = 8
#: Points per grain by which it is decided whether it has a part in a body.
_SAMPLES = 200


@dataclass(frozen=True)
class GrainStructure:
    """How a polycrystal looks, as plain data.

    Attributes:
        grain_size: mean diameter of the circle (2-D) or sphere (3-D) with the content of a grain, metres.
        kind: ``voronoi`` (about random points) or ``laguerre`` (about spheres with a distribution of sizes).
        spread: of the diameters of Laguerre grains, standard deviation over mean (lognormal).
        regularity: sweeps of Lloyd's iteration; 0 is fully random, ten are nearly honeycombs.
        shortest_edge: edges of grains below this are merged, metres; None: 0.12 (3-D: 0.06) of the grain
            size. 0: none.
        seed: of places and orientations.
    """

    grain_size: float
    kind: GrainKind = "voronoi"
    spread: float = 0.3
    regularity: int = 2
    shortest_edge: float | None = None
    seed: int = 0

    def problems(self) -> list[Problem]:
        """What is wrong with it."""
        found = length_problem("grain_size", self.grain_size)
        if self.kind not in get_args(GrainKind):
            found.append(Problem("kind", repr(self.kind), f"must be one of {', '.join(get_args(GrainKind))}"))
        if self.kind == "laguerre":
            found += [p for p in self.sizes.problems() if p.path == "spread"]
        for key, most in (("regularity", _MOST_SWEEPS), ("seed", 2**63 - 1)):
            value = getattr(self, key)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
                text = f"must be a whole number from 0 to {most}" if key == "regularity" else "must be a whole number"
                found.append(Problem(key, repr(value), f"{text}, not negative"))
        if self.shortest_edge != 0:
            found += length_problem("shortest_edge", self.shortest_edge, optional=True)
        if not found and self.shortest_edge is not None and self.shortest_edge > 0.3 * self.grain_size:
            message = "must be less than 0.3 of the grain size: larger mergers leave no grains"
            found.append(Problem("shortest_edge", repr(self.shortest_edge), message))
        return found

    @property
    def sizes(self) -> SizeDistribution:
        """Distribution of the spheres of Laguerre grains."""
        return SizeDistribution("lognormal", self.spread, 0.4, 2.5)

    def number(self, size: tuple[float, ...]) -> int:
        """Number of grains in a box of `size` metres."""
        ball = {2: math.pi / 4, 3: math.pi / 6}[len(size)]
        return max(1, round(math.prod(size) / (ball * self.grain_size ** len(size))))

    def number_problems(self, size: tuple[float, ...]) -> list[Problem]:
        """Too many grains in a box of `size` metres."""
        if self.number(size) > MOST_BODIES:
            message = f"needs {self.number(size)} grains, more than {MOST_BODIES}"
            return [Problem("grain_size", repr(self.grain_size), message)]
        return []


@dataclass(frozen=True, eq=False)
class Grains:
    """Grains of a box.

    Attributes:
        cells: their polygons or polyhedra; cell i is grain i.
        colours: (n,) 0, 1, ...; two grains that share a vertex have different ones.
        orientations: (n, 3, 3) rotations from the axes of the crystal to those of the model.
    """

    cells: Tessellation
    colours: Ints
    orientations: Floats

    @property
    def number_of_colours(self) -> int:
        """How many colours there are."""
        return int(self.colours.max()) + 1

    def locate(self, points: Floats, colour: int | None = None) -> Ints:
        """The grain (m,) at each of `points` (m, d), metres; with a colour, among its grains alone.

        The nearest seed in power distance: exact but for the strips that merging of short edges moved, which
        the colour settles, because no two of its grains touch.
        """
        members, tree = self._trees[-1 if colour is None else colour]
        x = np.column_stack([points, np.zeros(len(points))])
        return members[tree.query(x)[1]]  # type: ignore[no-any-return]

    @cached_property
    def _trees(self) -> dict[int, tuple[Ints, Any]]:
        from scipy.spatial import cKDTree

        # one coordinate more turns power distances into plain ones, up to a constant
        w = self.cells.weights
        lifted = np.column_stack([self.cells.seeds, np.sqrt(w.max() - w)])
        found: dict[int, tuple[Ints, Any]] = {}
        for c in range(-1, self.number_of_colours):
            members = np.flatnonzero(self.colours == c) if c >= 0 else np.arange(len(w))
            found[c] = (members, cKDTree(lifted[members]))
        return found


@lru_cache(maxsize=4096)
def grow(structure: GrainStructure, size: tuple[float, ...]) -> Grains:
    """The grains of `structure` in a box from 0 to `size` (metres): the same on every machine.

    Raises:
        MeshError: the seeds leave the borders undecided (practically never).
    """
    n, d = structure.number(size), len(size)
    rng = generator(structure.seed, "grains")
    box = np.asarray(size)
    seeds, weights = rng.random((n, d)) * box, None
    if structure.kind == "laguerre":
        unit = {2: math.pi, 3: 4 / 3 * math.pi}[d]
        total = _FILLED[d] * math.prod(size)
        radius = 0.5 * structure.grain_size
        radii, _ = draw_radii(radius, structure.sizes, d, unit, total, structure.seed, np.ones(n))
        for _ in range(_SMALLER):
            places = pack(size, Bodies(radii), 0.0, structure.seed)
            if places is not None:
                seeds, weights = places, radii * radii
                break
            radii = 0.8 * radii  # in a box of a few grains the spheres may find no room
    cells = rounder(tessellate(size, seeds, weights), structure.regularity)
    shortest = structure.shortest_edge
    shortest = _SHORTEST[d] * structure.grain_size if shortest is None else shortest
    cells = merge_short_edges(cells, shortest)
    return Grains(cells, colour(cells.number, cells.touching), rotations(rng, cells.number))


def grow_clear(
    structure: GrainStructure, size: tuple[float, ...], number: int, distance: Callable[[Floats], Floats]
) -> Grains:
    """Grains of body `number` in its box, of several sets the one whose vertices keep away from its surface.

    A vertex next to the surface makes short edges, which cost cells and their quality.

    A grain that has almost no part in the body takes the first colour, whatever it touches.

    Args:
        distance: points (n, d) in the box -> distance (n,) from the surface of the body, metres.
    """
    sets = [grow(replace(structure, seed=structure.seed + 1000 * number + k), size) for k in range(_CHOICES)]
    clear = [float(np.abs(distance(g.cells.vertices)).min()) for g in sets]
    grains = sets[int(np.argmax(clear))]
    n = grains.cells.number
    points = generator(structure.seed, "grains", 1).random((_SAMPLES * n, len(size))) * np.asarray(size)
    present = np.bincount(grains.locate(points[distance(points) < 0]), minlength=n) >= _SAMPLES // 100
    touching = grains.cells.touching
    colours = colour(n, touching[present[touching].all(axis=1)])
    return replace(grains, colours=np.where(present, colours, 0))
