"""A block: a part of one layer between given coordinates, of another material."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meshes.features.base import FeatureDefaults, Region
from meshes.features.hosts import hosts_in
from meshes.problems import Problem, number_text

if TYPE_CHECKING:
    from meshes.build import LayeredModel
    from meshes.stack import Stack

__all__ = ["Block"]

_AXES = {"2": ("x", "z"), "axisymmetric": ("x", "z"), "3": ("x", "y", "z")}
#: Nearer to a side than this part of the extent, a face of the block counts as lying in the side.
_SNAP = 1e-9
#: Thinner than this part of the extent no cells fit.
_THINNEST = 1e-4


@dataclass(frozen=True)
class Block(FeatureDefaults):
    """A rectangle (2-D), a ring or disc (axisymmetric) or a box (3-D) of `layer` that is a region of its own.

    Attributes:
        layer: that it lies in.
        name: of the region.
        x, y: (from, to) lateral coordinates in metres, x the radius when axisymmetric, y in 3-D only; None: all.
        z: (from, to) heights in metres above the lower face of the layer; None: all of the layer.
        material: only carried along.
    """

    layer: str
    name: str = "block"
    x: tuple[float, float] | None = None
    y: tuple[float, float] | None = None
    z: tuple[float, float] | None = None
    material: str = ""
    at: None = None

    def extents(self, stack: Stack) -> dict[str, tuple[float, float]]:
        """(from, to) in metres by axis; heights above the bottom of the model."""
        low, high = stack.span(self.layer)
        whole = {axis: (0.0, size) for axis, size in zip(("x", "y"), stack.lateral, strict=False)}
        whole["z"] = (low, high)
        found = {}
        for axis, (first, last) in whole.items():
            given = getattr(self, axis)
            shift = low if axis == "z" else 0.0
            a, b = (first, last) if given is None else (given[0] + shift, given[1] + shift)
            room = _SNAP * (last - first)
            found[axis] = (first if abs(a - first) < room else a, last if abs(b - last) < room else b)
        return found

    def regions(self, stack: Stack) -> tuple[Region, ...]:
        """The block."""
        return (Region(self.name, self.material),)

    def facet_names(self, stack: Stack) -> tuple[str, ...]:
        """Its faces towards its layer and, where it reaches them, the neighbours of the layer."""
        names = [layer.name for layer in stack.layers]
        k, (low, high) = names.index(self.layer), stack.span(self.layer)
        first, last = self.extents(stack)["z"]
        beside = [] if self._whole(stack) else [self.layer]
        if first == low and k > 0:
            beside.append(names[k - 1])
        if last == high and k + 1 < len(names):
            beside.append(names[k + 1])
        return tuple(f"{name}|{self.name}" for name in hosts_in(stack, tuple(beside)))

    def optional_facets(self, stack: Stack) -> tuple[str, ...]:
        """All, where other bodies may cover them."""
        return self.facet_names(stack) if len(stack.features) > 1 else ()

    def closed_interfaces(self, stack: Stack) -> tuple[str, ...]:
        """Those that it covers from side to side."""
        extents, (low, high) = self.extents(stack), stack.span(self.layer)
        lateral = dict(zip(("x", "y"), stack.lateral, strict=False))
        if any(extents[axis] != (0.0, size) for axis, size in lateral.items()):
            return ()
        ends = {low: extents["z"][0], high: extents["z"][1]}
        return tuple(name for name in stack.interfaces if ends.get(stack.z_of(name), math.nan) == stack.z_of(name))

    def smallest_length(self, stack: Stack) -> float:
        """Its shortest edge."""
        return min(b - a for a, b in self.extents(stack).values())

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it in this stack."""
        names = [layer.name for layer in stack.layers]
        if self.layer not in names:
            return [Problem("layer", repr(self.layer), f"must be one of the layers {', '.join(names)}")]
        found = []
        allowed = _AXES[stack.dimension]
        low, high = stack.span(self.layer)
        sizes = {**dict(zip(("x", "y"), stack.lateral, strict=False)), "z": high - low}
        for axis in ("x", "y", "z"):
            given = getattr(self, axis)
            if given is None:
                continue
            text = str(given)
            if axis not in allowed:
                found.append(Problem(axis, text, f"only a model in 3 dimensions has {axis}"))
                continue
            room = _SNAP * sizes[axis]
            if not (len(given) == 2 and all(map(math.isfinite, given)) and given[0] < given[1]):
                found.append(Problem(axis, text, "must be two lengths: from and to"))
            elif given[0] < -room or given[1] > sizes[axis] + room:
                message = f"must lie within 0 and {number_text(sizes[axis])}" + (" of its layer" if axis == "z" else "")
                found.append(Problem(axis, text, message))
            elif given[1] - given[0] < _THINNEST * sizes[axis]:
                found.append(Problem(axis, text, "too thin for cells: describe it as a resistance of an interface"))
        if not found and self._whole(stack):
            found.append(Problem("layer", self.layer, "the block is all of the layer: give the layer its material"))
        return found

    def cut(self, model: LayeredModel) -> None:
        """Paint the block over its layer."""
        extents = [
            tuple(v / model.unit for v in self.extents(model.stack)[axis]) for axis in _AXES[model.stack.dimension]
        ]
        corner, sizes = [a for a, _ in extents], [b - a for a, b in extents]
        if model.tdim == 3:
            tool = (3, model.occ.addBox(*corner, *sizes))
        else:
            tool = (2, model.occ.addRectangle(*corner, 0, *sizes))
        model.fill(self.name, [tool], hosts_in(model.stack, (self.layer,)))

    def _whole(self, stack: Stack) -> bool:
        low, high = stack.span(self.layer)
        lateral = dict(zip(("x", "y"), stack.lateral, strict=False))
        whole = {axis: (0.0, size) for axis, size in lateral.items()} | {"z": (low, high)}
        return self.extents(stack) == whole
