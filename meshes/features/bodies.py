"""What particles, packings and inclusions share: solid bodies of one material, bare or coated, whole or in grains."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from meshes.features.base import FeatureDefaults, Refinement, Region
from meshes.features.hosts import hosts_in
from meshes.features.neighbours import Crowd, away_from_sides, near_solids, on_sides, room_around, swept
from meshes.features.solids import Solid, draw_neck, draw_solid
from meshes.films import Coat, Film
from meshes.morph import flattened
from meshes.problems import Problem, length_problem, number_text
from meshes.random.arithmetic import lists
from meshes.random.packing import middles
from meshes.random.patches import Caps, Patches, caps_on_ball

if TYPE_CHECKING:
    from meshes.build import LayeredModel
    from meshes.random.grains import Grains, GrainStructure
    from meshes.sizes import MeshSizes
    from meshes.stack import Stack

__all__ = ["SolidFeature", "coat_problems", "room_problems"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
#: A film pushes what lies outside of it away up to this many times its thickness from the surface.
_REACH = 5.0
#: Cells on the surface of a body, in parts of what is asked for on walls of voids: then the polyhedron that is
#: meshed has 99 % of the volume of a ball (3-D), and more in 2-D, where cells are cheap.
_FINER = {2: 0.5, 3: 0.65}
_FEWEST_COAT_CELLS = 3
#: Every so-manieth sample of a surface is enough to count cells.
_FEWER = 16
#: Gaps below this part of the smallest semi-axis are refined, for one cell across (two nodes between, in elements
#: of second order), but not below the second part.
_NEAR, _NARROWEST = 0.08, 0.05
#: Cells across a grain and along the radius of a patch.
_GRAIN_CELLS, _PATCH_CELLS = 4, 6


class SolidFeature(FeatureDefaults):
    """Bodies that displace parts of layers. A subclass says where its solids are.

    Films are grown in the finished mesh (`meshes.films`): the bodies are drawn and meshed bare.
    """

    name: str
    material: str | None
    coats: tuple[Coat, ...]
    patches: Patches | None
    grains: GrainStructure | None

    @abstractmethod
    def solids(self, stack: Stack) -> tuple[Solid, ...]:
        """All bodies."""

    def necks(self, stack: Stack) -> tuple[Solid, ...]:
        """Rods that join bodies which touch."""
        return ()

    @abstractmethod
    def layers(self, stack: Stack) -> tuple[str, ...]:
        """Layers that the bodies reach into, from bottom to top."""

    @property
    def film_thickness(self) -> float:
        """Sum of the coats in metres."""
        return float(sum(c.thickness for c in self.coats))

    def grains_of(self, stack: Stack) -> tuple[Grains, ...]:
        """The grains of each body, in the upright box that holds it (empty: single crystals)."""
        if self.grains is None:
            return ()
        return tuple(
            _grains_in(self.grains, i, _numbers(solid), solid.rod, stack.lateral)
            for i, solid in enumerate(self.solids(stack))
        )

    def parts(self, stack: Stack) -> tuple[str, ...]:
        """Regions of the bodies themselves: one, or one for each colour of grains."""
        if self.material is None:
            return ()
        if self.grains is None:
            return (self.name,)
        colours = max((g.number_of_colours for g in self.grains_of(stack)), default=1)
        return tuple(f"{self.name}.{k}" for k in range(1, colours + 1))

    def regions(self, stack: Stack) -> tuple[Region, ...]:
        """The bodies (by colour of grains), then their coats from the inside out."""
        bodies = tuple(Region(name, self.material or "") for name in self.parts(stack))
        return (*bodies, *(Region(c.name, c.material) for c in self.coats))

    def facet_names(self, stack: Stack) -> tuple[str, ...]:
        """Surfaces of bodies and coats, and the boundaries between grains."""
        hosts, parts = hosts_in(stack, self.layers(stack)), self.parts(stack)
        if self.material is None:
            return tuple(f"void|{h}" for h in hosts)
        between = [f"{a}|{b}" for a, b in combinations(parts, 2)]
        bare = [f"{h}|{p}" for h in hosts for p in parts]
        if not self.coats:
            return (*bare, *between)
        outer = [f"{h}|{self.coats[-1].name}" for h in hosts]
        inner = [f"{p}|{self.coats[0].name}" for p in parts]
        within = [f"{a.name}|{b.name}" for a, b in zip(self.coats, self.coats[1:], strict=False)]
        return (*outer, *(bare if self.patches else ()), *inner, *within, *between)

    def optional_facets(self, stack: Stack) -> tuple[str, ...]:
        """All, where it is left to chance which grain touches which."""
        names = self.facet_names(stack)
        plain = len(self.layers(stack)) == len(hosts_in(stack, self.layers(stack))) and len(self.parts(stack)) <= 1
        return () if plain else names

    def bare_facets(self, stack: Stack) -> tuple[str, ...]:
        """Facets before the films are grown that are not there afterwards."""
        if not self.coats or self.patches is not None:
            return ()
        return tuple(f"{h}|{p}" for h in hosts_in(stack, self.layers(stack)) for p in self.parts(stack))

    def grown_regions(self, stack: Stack) -> tuple[str, ...]:
        """The coats: regions that are not drawn."""
        return tuple(c.name for c in self.coats)

    def films(self, stack: Stack) -> tuple[Film, ...]:
        """The film on the bodies, if they are coated; one without coats only marks its patches."""
        if not self.coats and self.patches is None:
            return ()
        necks = self.necks(stack)
        rooms = [min(_REACH * self.film_thickness, room) for room in room_around(stack, self)]
        crowd = Crowd(self.solids(stack) + necks, np.array(rooms + [min(rooms)] * len(necks)))
        planes = tuple((stack.gdim - 1, z) for z in stack.levels[1:-1])
        return (
            Film(
                self.name,
                frozenset(self.parts(stack)),
                frozenset(hosts_in(stack, self.layers(stack))),
                self.coats,
                crowd.offset,
                planes,
                self._level(stack),
                1.0 if self.patches is None else self.patches.coverage,
            ),
        )

    def coated(self, stack: Stack) -> tuple[Floats, Floats]:
        """A few points on each body."""
        solids = self.solids(stack)
        if not self.coats:
            return super().coated(stack)
        points = [s.samples()[0][::_FEWER] for s in solids]
        areas = [np.full(len(x), s.surface_content() / len(x)) for x, s in zip(points, solids, strict=True)]
        return np.concatenate(points), np.concatenate(areas)

    def distance(self, stack: Stack, points: Floats) -> Floats:
        """Distance (n,) in metres of `points` (n, gdim) in the films from the surface of the bodies."""
        solids = self.solids(stack) + self.necks(stack)
        return Crowd(solids, np.full(len(solids), 1.01 * self.film_thickness)).offset(flattened(points, stack))[0]

    def grain_at(self, stack: Stack, points: Floats, region: str) -> tuple[Ints, Floats]:
        """Number (n,) and orientation (n, 3, 3) of the grain of `region` at `points` (n, gdim), metres."""
        all_grains, solids = self.grains_of(stack), self.solids(stack)
        body = Crowd(solids, np.full(len(solids), np.inf)).nearest(points)
        first = np.concatenate([[0], np.cumsum([g.cells.number for g in all_grains])])
        number, turned = np.zeros(len(points), dtype=np.int64), np.zeros((len(points), 3, 3))
        for i in np.unique(body):
            here, grains = body == i, all_grains[i]
            local = grains.locate(points[here] - (solids[i].centre - solids[i].extents), int(region.split(".")[-1]) - 1)
            number[here], turned[here] = first[i] + local, grains.orientations[local]
        return number, turned

    def grains_about(self, stack: Stack, points: Floats) -> Callable[[Floats], Ints]:
        """What says in which grain (n,) `points` (n, gdim) lie once they are moved by a vector (gdim,), metres.

        Every point stays with its own body: where two of them touch is no boundary of grains.
        """
        all_grains, solids = self.grains_of(stack), self.solids(stack)
        body = Crowd(solids, np.full(len(solids), np.inf)).nearest(points)
        first = np.concatenate([[0], np.cumsum([g.cells.number for g in all_grains])])

        def numbers(shift: Floats) -> Ints:
            found = np.zeros(len(points), dtype=np.int64)
            for i in np.unique(body):
                here, corner = body == i, solids[i].centre - solids[i].extents
                found[here] = first[i] + all_grains[i].locate(points[here] + shift - corner)
            return found

        return numbers

    def smallest_length(self, stack: Stack) -> float:
        """The smallest semi-axis or grain."""
        smallest = min((s.thinnest for s in self.solids(stack) + self.necks(stack)), default=math.inf)
        return smallest if self.grains is None else min(smallest, self.grains.grain_size)

    def refinements(self, stack: Stack, sizes: MeshSizes) -> tuple[Refinement, ...]:
        """Cells that follow the curvature of the surfaces, the gaps between near bodies and edges of patches."""
        part = sizes.wall_fraction * _FINER[stack.gdim]
        solids = self.solids(stack) + self.necks(stack)
        wanted = np.array([sizes.wall or part * math.sqrt(s.curvature_radius * s.thinnest) for s in solids])
        wanted[len(self.solids(stack)) :] *= 1.0 if sizes.wall else 2.0  # a neck is short
        if self.grains is not None:
            wanted = np.minimum(wanted, self.grains.grain_size / _GRAIN_CELLS)
        found = []
        for solid, size in zip(solids, _stepped(wanted), strict=True):
            points, within = solid.samples()
            found.append(Refinement(points, sizes.factor * size, within))
        if self.patches is not None:
            size = self.patches.size / _PATCH_CELLS
            steps = math.ceil(2 * math.pi * _PATCH_CELLS)
            edges = [s.surface(self._caps(s, i).border(steps)) for i, s in enumerate(solids)]
            found.append(Refinement(np.concatenate(edges), sizes.factor * size))
        return (*found, *self._gaps(stack, sizes))

    def _gaps(self, stack: Stack, sizes: MeshSizes) -> list[Refinement]:
        """Cells that are not much wider than the gaps between bodies."""
        solids = self.solids(stack)
        if len(solids) < 2:
            return []
        least = min(s.thinnest for s in solids)
        i, j, away = near_solids(solids, _NEAR * least)
        if not len(i):
            return []
        points = middles(swept(solids), np.array([s.centre for s in solids]), i, j)
        wanted = _stepped(np.maximum(away, _NARROWEST * least))
        return [Refinement(points[wanted == size], sizes.factor * float(size)) for size in np.unique(wanted)]

    def _caps(self, solid: Solid, number: int) -> Caps:
        assert self.patches is not None
        radius = float(np.prod(solid.semi_axes) ** (1 / solid.dimension))
        return caps_on_ball(self.patches, radius, solid.dimension, number)

    def _level(self, stack: Stack) -> Callable[[Floats], Floats] | None:
        """How far within a patch points (n, d) of the surfaces lie."""
        if self.patches is None:
            return None
        solids, inverted = self.solids(stack), self.patches.inverted
        crowd = Crowd(solids, np.full(len(solids), np.inf))
        caps = [self._caps(s, i) for i, s in enumerate(solids)]

        def level(points: Floats) -> Floats:
            body = crowd.nearest(points)
            value = np.zeros(len(points))
            for i in np.unique(body):
                value[body == i] = caps[i].level(solids[i].direction(points[body == i]))
            return -value if inverted else value

        return level

    def cut(self, model: LayeredModel) -> None:
        """Draw the bodies; they displace what their layers consist of."""
        stack = model.stack
        hosts = hosts_in(stack, self.layers(stack))
        solids, necks = self.solids(stack), self.necks(stack)
        joints = _joints(solids, necks)
        drawn = [
            draw_solid(s, model.unit, on_sides(s, stack), j, away_from_sides(s, stack))
            for s, j in zip(solids, joints, strict=True)
        ]
        if necks:
            drawn = model.occ.fuse(drawn, [draw_neck(s, model.unit) for s in necks])[0]
        layers = self.layers(stack)
        if len(layers) == 1 and not necks and self.grains is None:
            extents = np.array([[s.centre - s.extents, s.centre + s.extents] for s in solids])
            model.insert(None if self.material is None else self.name, drawn, layers[0], hosts, extents)
        elif self.material is None:
            first, *others = layers
            for tool in drawn:
                for layer in others:
                    model.carve(layer, model.occ.copy([tool])[0])  # a cut uses its tools up
                model.carve(first, tool)
        elif self.grains is None:
            model.fill(self.name, drawn, hosts)
        else:
            from meshes.features.grain_drawing import fill_with_grains

            origins = [s.centre - s.extents for s in self.solids(stack)]
            fill_with_grains(model, self.name, list(zip(drawn, self.grains_of(stack), origins, strict=True)), hosts)

    def common_problems(self, stack: Stack) -> list[Problem]:
        """Problems of coats, patches and grains, whatever the bodies are."""
        found = coat_problems(self.coats, self.patches)
        if self.material is None and (self.coats or self.grains is not None):
            found.append(Problem("material", "none", "a pore has neither coats nor grains"))
        if self.grains is not None:
            found += [p.under("grains") for p in self.grains.problems()]
        if stack.dimension == "axisymmetric":
            for key in ("grains", "patches"):
                if getattr(self, key) is not None:
                    message = "an axisymmetric model cannot have them: use dimension 2 or 3"
                    found.append(Problem(key, "given", message))
        return found


def _stepped(sizes: Floats) -> Floats:
    """The sizes (n,) rounded down to the smallest times a power of 2: each different one costs a field."""
    least = sizes.min()
    return np.asarray(least * 2.0 ** np.floor(np.log2(sizes / least * (1 + 1e-9))))


def _joints(solids: tuple[Solid, ...], necks: tuple[Solid, ...]) -> list[Floats | None]:
    """Directions (k, d) in which necks leave each ball, None where there are none."""
    from scipy.spatial import cKDTree

    if not necks:
        return [None] * len(solids)
    found: list[list[Floats]] = [[] for _ in solids]
    straight = [(s.semi_axes[0] - s.semi_axes[1]) * s.frame[:, 0] for s in necks]
    ends = np.array([s.centre + sign * x for s, x in zip(necks, straight, strict=True) for sign in (-1, 1)])
    # an end lies within its ball, and in no other
    candidates = np.asarray(cKDTree([s.centre for s in solids]).query(ends, k=min(8, len(solids)))[1]).reshape(
        len(ends), -1
    )
    for n, end in enumerate(ends):
        depths = [float(np.linalg.norm(end - solids[b].centre)) / solids[b].reach for b in candidates[n]]
        ball = int(candidates[n, int(np.argmin(depths))])
        towards = necks[n // 2].frame[:, 0] * (1 if n % 2 == 0 else -1)
        found[ball].append(towards)
    return [np.array(x) if x else None for x in found]


def _numbers(solid: Solid) -> tuple[tuple[float, ...], ...]:
    """Centre, semi-axes and rows of the frame of a body, as plain numbers."""
    return (tuple(lists(solid.centre)), tuple(lists(solid.semi_axes)), *(tuple(row) for row in lists(solid.frame)))


@lru_cache(maxsize=4096)
def _grains_in(
    structure: GrainStructure,
    number: int,
    numbers: tuple[tuple[float, ...], ...],
    rod: bool,
    lateral: tuple[float, ...],
) -> Grains:
    """The grains of body `number`, kept: a stack asks for its regions, and so for the colours of grains, often."""
    from meshes.random.grains import grow_clear

    solid = Solid(np.array(numbers[0]), np.array(numbers[1]), np.array(numbers[2:]), rod)
    size = tuple(float(v) for v in 2 * solid.extents)
    return grow_clear(structure, size, number, _depth_in_box(solid, lateral))


def _depth_in_box(solid: Solid, lateral: tuple[float, ...]) -> Callable[[Floats], Floats]:
    """Distance from the surface at points that count from the corner of the upright box about the body.

    Infinite beyond the sides of the model, which may cut the body.
    """

    def depth(points: Floats) -> Floats:
        x = points + solid.centre - solid.extents
        beyond = np.any((x[:, :-1] < 0) | (x[:, :-1] > np.asarray(lateral)), axis=1)
        return np.where(beyond, np.inf, solid.offset(x)[0])

    return depth


def coat_problems(coats: tuple[Coat, ...], patches: Patches | None) -> list[Problem]:
    """What is wrong with the coats of a film."""
    found = []
    for i, coat in enumerate(coats):
        found += length_problem(f"coats[{i}].thickness", coat.thickness)
        if isinstance(coat.cells, bool) or not isinstance(coat.cells, int) or coat.cells < _FEWEST_COAT_CELLS:
            message = f"at least {_FEWEST_COAT_CELLS} cells are needed across a film, as a whole number"
            found.append(Problem(f"coats[{i}].cells", repr(coat.cells), message))
    if patches is not None:
        found += [p.under("patches") for p in patches.problems()]
        if not coats and not patches.marked:
            found.append(Problem("patches", "given", "there are no coats that could be patchy"))
    return found


def room_problems(stack: Stack, feature: SolidFeature) -> list[Problem]:
    """No room for the film around a body."""
    thick = feature.film_thickness
    room = min(room_around(stack, feature), default=math.inf)
    if feature.coats and not room > 1.1 * thick:
        message = (
            f"there is no room for the film of {number_text(thick)}: {number_text(room)} are free around a body; "
            "a thinner film, more distance, or describe the film as a resistance of its interface"
        )
        return [Problem("coats", number_text(thick), message)]
    return []
