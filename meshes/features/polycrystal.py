"""A layer of grains, with the boundaries between them as interfaces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from meshes.features.base import FeatureDefaults, Refinement, Region
from meshes.features.hosts import filled_layers
from meshes.problems import Problem
from meshes.random.grains import Grains, GrainStructure

if TYPE_CHECKING:
    from meshes.build import LayeredModel
    from meshes.sizes import MeshSizes
    from meshes.stack import Stack

__all__ = ["Polycrystal"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
#: Cells across a grain.
_CELLS = {2: 5, 3: 4}


@dataclass(frozen=True)
class Polycrystal(FeatureDefaults):
    """The grains of a whole layer.

    Grains have few colours, so that touching ones differ: those of the first colour keep the name of the layer,
    the others are regions ``layer.2``, ``layer.3``, ... of the same material. Boundaries of grains are the
    interfaces ``layer|layer.2``, ``layer.2|layer.3`` and so on.

    Attributes:
        layer: that consists of grains.
        grains: their size, kind and regularity.
        name: for messages.
    """

    layer: str
    grains: GrainStructure
    name: str = "polycrystal"
    at: None = None

    @property
    def divided_layer(self) -> str:
        """The layer."""
        return self.layer

    def structure(self, stack: Stack) -> Grains:
        """The grains in the box of the layer, which begins at 0 and at the bottom of the layer.

        Raises:
            MeshError: the borders of the grains cannot be decided (practically never).
        """
        from meshes.random.grains import grow

        low, high = stack.span(self.layer)
        return grow(self.grains, (*stack.lateral, high - low))

    def parts(self, stack: Stack) -> tuple[str, ...]:
        """Regions of the grains, by colour; the first is the layer itself."""
        colours = self.structure(stack).number_of_colours
        return (self.layer, *(f"{self.layer}.{k}" for k in range(2, colours + 1)))

    def regions(self, stack: Stack) -> tuple[Region, ...]:
        """The colours but the first, which is the layer."""
        material = stack.layer(self.layer).material
        return tuple(Region(name, material) for name in self.parts(stack)[1:])

    def facet_names(self, stack: Stack) -> tuple[str, ...]:
        """Boundaries of grains, and their interfaces with the layers beside."""
        parts = self.parts(stack)
        filled = filled_layers(stack)
        names = [f"{a}|{b}" for a, b in combinations(parts, 2)] + [f"void|{p}" for p in parts]
        for interface in stack.interfaces:
            lower, upper = interface.split("|")
            if self.layer in (lower, upper):
                pairs = [f"{a}|{b}" for a in filled.get(lower, (lower,)) for b in filled.get(upper, (upper,))]
                gap = any(o.at == interface and o.solid for _, o in stack.openings())
                names += pairs + ([f"{pair}:gap" for pair in pairs] if gap else [])
        return tuple(dict.fromkeys(names))

    def optional_facets(self, stack: Stack) -> tuple[str, ...]:
        """All: which colours touch is left to chance."""
        return self.facet_names(stack)

    def grain_at(self, stack: Stack, points: Floats, region: str) -> tuple[Ints, Floats]:
        """Number (n,) and orientation (n, 3, 3) of the grain of `region` at `points` (n, gdim), metres."""
        from meshes.morph import flattened

        grains = self.structure(stack)
        origin = np.array([*np.zeros(len(stack.lateral)), stack.span(self.layer)[0]])
        number = grains.locate(flattened(points, stack) - origin, self.parts(stack).index(region))
        return number, grains.orientations[number]

    def grains_about(self, stack: Stack, points: Floats) -> Callable[[Floats], Ints]:
        """What says in which grain (n,) `points` (n, gdim) lie once they are moved by a vector (gdim,), metres."""
        from meshes.morph import flattened

        grains = self.structure(stack)
        origin = np.array([*np.zeros(len(stack.lateral)), stack.span(self.layer)[0]])
        x = flattened(points, stack) - origin
        return lambda shift: grains.locate(x + shift)

    def smallest_length(self, stack: Stack) -> float:
        """The shortest edge of a grain."""
        return float(self.structure(stack).cells.lengths.min())

    def refinements(self, stack: Stack, sizes: MeshSizes) -> tuple[Refinement, ...]:
        """A few cells across every grain."""
        cells = self.structure(stack).cells
        size = self.grains.grain_size
        points = cells.moments[1] + np.array([*np.zeros(len(stack.lateral)), stack.span(self.layer)[0]])
        return (Refinement(points, sizes.factor * size / _CELLS[stack.gdim], 0.6 * size),)

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it in this stack."""
        found = [p.under("grains") for p in self.grains.problems()]
        if stack.dimension == "axisymmetric":
            message = "grains of an axisymmetric model would be rings: use dimension 2 or 3"
            return [*found, Problem("", self.name, message)]
        if self.layer not in [x.name for x in stack.layers]:
            there = ", ".join(x.name for x in stack.layers)
            return [*found, Problem("layer", repr(self.layer), f"there is no such layer; the stack has {there}")]
        if stack.laterally_periodic:
            message = "grains do not repeat themselves, as periodic sides ask for: use lateral sides of symmetry"
            found.append(Problem("layer", repr(self.layer), message))
        twice = [f for f in stack.features if f is not self and f.divided_layer == self.layer]
        if twice:
            found.append(Problem("layer", repr(self.layer), "two features divide this layer into grains"))
        if not found:
            low, high = stack.span(self.layer)
            found += [p.under("grains") for p in self.grains.number_problems((*stack.lateral, high - low))]
        return found

    def cut(self, model: LayeredModel) -> None:
        """Paint the grains of all colours but the first over the layer."""
        from meshes.features.grain_drawing import draw_cells

        stack, grains = model.stack, self.structure(model.stack)
        origin = np.array([*np.zeros(len(stack.lateral)), stack.span(self.layer)[0]])
        drawn = draw_cells(model.occ, grains.cells, origin, model.unit)
        by_colour: list[list[tuple[int, int]]] = [[] for _ in range(grains.number_of_colours)]
        for cell, colour in zip(drawn, grains.colours, strict=True):
            by_colour[int(colour)].append(cell)
        if by_colour[0]:
            model.occ.remove(by_colour[0])
        for name, tools in zip(self.parts(stack)[1:], by_colour[1:], strict=True):
            model.fill(name, tools, (self.layer,))
