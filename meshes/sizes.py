"""How large the cells are: one size field h(x) that grows geometrically away from where it must be fine.

Sizes grow by the factor `growth` from one cell to the next, which is a size linear in the distance d:
h(d) = h_0 + (growth - 1) d. Multiplying all sizes and (growth - 1) by one factor multiplies h everywhere:
that is a mesh family (`MeshSizes.scaled`), on which convergence can be measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from meshes.problems import MeshProblem, Problem, length_problem, number_text

if TYPE_CHECKING:
    from meshes.features.base import Opening
    from meshes.stack import Stack

__all__ = ["MeshSizes"]

Floats = npt.NDArray[np.float64]
#: A size field gives the number of cells across a layer to a few tenths only: this short is not short.
_ROUNDING = 0.9
#: Cells between periodic sides, at least.
_CELLS_PER_PERIOD = 4
#: More cells than this are taken for a slip in the sizes: Gmsh makes about 1e5 of them in a second.
MOST_CELLS = 3e7
_ADVICE = {
    "edge": "a larger edge size, a larger distance to its neighbours, or a model in two dimensions",
    "wall": "a larger wall size, or fewer or larger voids",
    "bulk": "a larger edge size, larger lengths of it, or a collapsed law (a resistance of its interface, a slit "
    "without an opening) instead of its small parts",
}


@dataclass(frozen=True)
class MeshSizes:
    """Sizes of cells in metres. What is `None` is derived from the stack and its features.

    Attributes:
        bulk: largest size, away from everything; None: 1/16 (3-D: 1/8) of the smallest extent of the model,
            in 1-D 1/50 of the height.
        interface: size at all interfaces; None: half the bulk size, or finer where a layer beside the
            interface is thin.
        edge: size at contact edges, where the current is singular like r^(-1/2); None: `edge_fraction` of
            each feature's own radius.
        wall: size on the walls of voids; None: `wall_fraction` of each void's own radius of curvature.
        growth: factor from one cell to the next away from what is fine (> 1).
        edge_fraction: None: 1/200 in 2-D and axisymmetric models, 1/8 in 3-D.
        wall_fraction: see `wall`.
        layer_cells: every layer has at least this many cells across. Sizes that are derived see to it;
            sizes that are given and break it are a problem.
        factor: everything above times this: 0.5 is one uniform refinement.
    """

    bulk: float | None = None
    interface: float | None = None
    edge: float | None = None
    wall: float | None = None
    growth: float = 1.3
    edge_fraction: float | None = None
    wall_fraction: float = 0.25
    layer_cells: float = 2.0
    factor: float = 1.0

    @classmethod
    def default(cls, stack: Stack) -> MeshSizes:
        """Sizes that suit `stack`, with the numbers filled in that do not go by feature or interface."""
        sizes = cls()
        return replace(sizes, bulk=sizes.bulk_size(stack), edge_fraction=sizes._edge_fraction(stack))

    def scaled(self, factor: float) -> MeshSizes:
        """The same size field times `factor`, everywhere: a member of a mesh family.

        Raises:
            ValueError: factor is not positive.
        """
        if not factor > 0:
            raise ValueError(f"factor must be positive, not {factor!r}")
        return replace(self, factor=self.factor * factor)

    @property
    def slope(self) -> float:
        """Increase of the size per distance."""
        return self.factor * (self.growth - 1)

    def bulk_size(self, stack: Stack) -> float:
        """Largest size in metres."""
        if self.bulk is not None:
            size = self.factor * self.bulk
        elif stack.dimension == "1":
            size = self.factor * stack.height / 50
        else:
            size = self.factor * min(*stack.lateral, stack.height) / (8 if stack.dimension == "3" else 16)
        # fewer cells between periodic sides cannot be told from their images
        return min([size, *(length / _CELLS_PER_PERIOD for length in stack.periods.values())])

    def interface_size(self, stack: Stack, interface: str) -> float:
        """Size in metres at `interface`."""
        bulk = self.bulk_size(stack)
        if self.interface is not None:
            return min(bulk, self.factor * self.interface)
        thin = min(stack.layer(name).thickness for name in interface.split("|"))
        # the coarse members of a family still have cells within their films
        return min(bulk / 2, self.factor * thin / (1.5 * self.layer_cells), thin / 1.5)

    def edge_size(self, stack: Stack, opening: Opening, gap: float = math.inf) -> float:
        """Size in metres at the edge of `opening`; `gap`: distance to an edge around or within it, if it is near.

        Of the sizes that are derived, a third of the gap is the largest (in steps of 2, so that many voids
        share few sizes).
        """
        if self.edge is not None:
            return self.factor * self.edge
        size = self._edge_fraction(stack) * opening.radius
        halvings = max(0, math.ceil(math.log2(3 * size / gap))) if math.isfinite(gap) else 0
        return float(self.factor * size * 0.5**halvings)

    def wall_size(self, opening: Opening) -> float:
        """Size in metres on the wall of the void `opening`."""
        if self.wall is not None:
            return self.factor * self.wall
        depth = max(opening.below, opening.above)
        tip = opening.radius**2 / depth if opening.shape == "ellipsoid" else opening.radius
        return self.factor * self.wall_fraction * min(opening.radius, tip)

    def through(self, stack: Stack, z: Floats) -> Floats:
        """Size in metres (n,) at heights `z` (n,), far from features."""
        h = np.full_like(z, self.bulk_size(stack))
        for name in stack.interfaces:
            near = self.interface_size(stack, name) + self.slope * np.abs(z - stack.z_of(name))
            h = np.minimum(h, near)
        return h

    def across(self, stack: Stack, layer: str) -> float:
        """Expected number of cells across `layer`, far from features."""
        low, high = stack.span(layer)
        z = np.linspace(low, high, 801, dtype=np.float64)
        inverse = 1 / self.through(stack, z)
        return float(np.sum(0.5 * (inverse[1:] + inverse[:-1])) * (z[1] - z[0]))

    def expected_cells(self, stack: Stack) -> float:
        """About how many cells the mesh will have (within a factor of 2 or so), by the same size field."""
        from meshes.expected import count_cells

        return count_cells(stack, self).cells

    def problems(self, stack: Stack) -> list[Problem]:
        """Everything that is wrong with these sizes for `stack` (which is sound). Never raises."""
        found = []
        for name in ("bulk", "interface", "edge", "wall", "edge_fraction"):
            found += length_problem(name, getattr(self, name), optional=True)
        for name in ("wall_fraction", "layer_cells", "factor"):
            found += length_problem(name, getattr(self, name))
        number = isinstance(self.growth, int | float) and not isinstance(self.growth, bool)
        if not number or not 1.02 <= self.growth <= 4:
            found.append(Problem("growth", repr(self.growth), "must lie between 1.02 and 4"))
        if found:
            return found
        # a family member that is coarser on purpose may have fewer cells, but never less than one
        needed = max(1.0, self.layer_cells / max(self.factor, 1.0))
        for layer in stack.layers:
            cells = self.across(stack, layer.name)
            if cells < _ROUNDING * needed:
                key = "interface" if self.interface is not None else "bulk"
                message = (
                    f"too coarse for the film {layer.name!r} (thickness {number_text(layer.thickness)}): "
                    f"about {cells:.1f} cells across, {needed:g} are needed; a smaller size, or describe "
                    "the film as a resistance of its interface"
                )
                found.append(Problem(key, number_text(getattr(self, key)), message))
        return found or self._number_problems(stack)

    def _number_problems(self, stack: Stack) -> list[Problem]:
        """More cells than can be meshed; the message names what most of them resolve."""
        from meshes.expected import count_cells

        expected = count_cells(stack, self)
        if expected.cells <= MOST_CELLS:
            return []
        text = f"the mesh would have about {expected.cells:.0e} cells, more than {MOST_CELLS:.0e}"
        most = max(expected.of_features, key=lambda k: expected.of_features[k], default=None)
        if most is None or expected.of_features[most] < 0.5 * expected.cells:
            message = f"{text}: give larger sizes, or describe thin films as resistances of their interfaces"
            return [Problem("bulk", number_text(self.bulk_size(stack)), message)]
        key, smallest = expected.cause[most], expected.smallest[most]
        share = expected.of_features[most] / expected.cells
        message = (
            f"{text}; {share:.0%} of them resolve {stack.feature_label(most)} (features[{most}]), with cells down to "
            f"{number_text(smallest)}: {_ADVICE[key]}"
        )
        return [Problem(key, number_text(getattr(self, key)), message)]

    def check(self, stack: Stack) -> None:
        """Raise `MeshProblem` with all problems of the stack and of the sizes, if there are any."""
        stack.check()
        found = self.problems(stack)
        if found:
            raise MeshProblem(found)

    def plain(self) -> dict[str, float | None]:
        """Plain data, for records and the key of the mesh cache."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def _edge_fraction(self, stack: Stack) -> float:
        if self.edge_fraction is not None:
            return self.edge_fraction
        return 1 / 8 if stack.dimension == "3" else 1 / 200
