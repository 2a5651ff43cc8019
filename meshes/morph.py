"""Rough and wavy interfaces: the mesh of the flat stack is moved, point by point, along the stack.

A point between two interfaces moves with both of them, in proportion to its distance from each; outer sides stay
where they are. Of all such maps the linear one can bear the largest amplitudes: a column of a layer is compressed
evenly, until the interfaces touch. Its kinks lie in the interfaces, where cells end anyway.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from meshes.arrays import MeshArrays
from meshes.problems import MeshError, Problem, number_text
from meshes.repair import mended, signed_quality
from meshes.surfaces import Relief

if TYPE_CHECKING:
    from meshes.stack import Stack

__all__ = ["Deformation", "deformation", "flattened", "moved", "moved_arrays", "room_problems"]

Floats = npt.NDArray[np.float64]
#: The thinnest place of a layer keeps at least this part of its thickness.
_LEAST_THICKNESS = 0.15
#: Cells whose quality (mean ratio) falls below this, or below half the worst of the flat mesh, are mended; below the
#: second number times that the mesh is refused.
_LEAST_QUALITY = 0.05
_LEAST_SOUND = 0.1
#: Heights that are proposed leave every cell of the mesh at least this part of its volume.
_LEAST_VOLUME = 0.05
#: Rounds of the inverse map: it gains a digit in less than 15 even where a layer is thinnest.
_MOST_ROUNDS = 200


@dataclass(frozen=True, eq=False)
class Deformation:
    """The map from the flat stack to the rough one.

    Attributes:
        levels: heights in metres at which the flat layers begin and end.
        reliefs: heights of the surfaces to add, by level, where there are any.
    """

    levels: tuple[float, ...]
    reliefs: dict[int, tuple[Relief, ...]]

    def __call__(self, points: Floats) -> Floats:
        """Where the points (n, gdim) of the flat stack lie in the rough one."""
        points = np.array(points, dtype=np.float64)
        if not self.reliefs or not len(points):
            return points
        levels = np.asarray(self.levels)
        z = points[:, -1].copy()
        below = np.clip(np.searchsorted(levels, z, side="right") - 1, 0, len(levels) - 2)
        share = np.clip((z - levels[below]) / (levels[below + 1] - levels[below]), 0.0, 1.0)
        for level, reliefs in self.reliefs.items():
            for layer, weight in ((level, 1.0 - share), (level - 1, share)):
                here = np.flatnonzero((below == layer) & (weight > 0))
                for relief in reliefs:
                    points[here, -1] += weight[here] * relief.height(points[here, :-1])
        return points


def deformation(stack: Stack) -> Deformation:
    """The map from the flat layers of `stack` to its rough ones: what its rough and wavy interfaces make of it."""
    reliefs: dict[int, tuple[Relief, ...]] = {}
    for feature in stack.features:
        make: Callable[[Stack], Relief | None] | None = getattr(feature, "relief", None)
        relief = make(stack) if make is not None else None
        if relief is not None and feature.at is not None:
            level = stack.interfaces.index(feature.at) + 1
            reliefs[level] = (*reliefs.get(level, ()), relief)
    return Deformation(stack.levels, reliefs)


def moved(points: Floats, stack: Stack) -> Floats:
    """Where points (n, gdim) of the flat stack lie once its interfaces are rough; the same points where none is."""
    return deformation(stack)(points)


def flattened(points: Floats, stack: Stack) -> Floats:
    """Where points (n, gdim) of the rough stack lie in the flat one: the inverse of `moved`, by iteration."""
    move = deformation(stack)
    flat = np.array(points, dtype=np.float64)
    if not move.reliefs:
        return flat
    for _ in range(_MOST_ROUNDS):
        off = points - move(flat)
        flat += off
        if np.abs(off).max(initial=0.0) <= 1e-12 * stack.height:
            break
    return flat


def moved_arrays(arrays: MeshArrays, stack: Stack) -> MeshArrays:
    """The mesh of the flat stack, moved; points within the layers follow freely where cells would become flat.

    Raises:
        MeshError: a cell would be turned inside out; names its interfaces and the largest amplitude.
    """
    map_ = deformation(stack)
    if not map_.reliefs:
        return arrays
    points = map_(arrays.points)
    before, after = (_volumes(x, arrays.cells) for x in (arrays.points, points))
    sign, quality = np.sign(before), np.abs(signed_quality(arrays.points, arrays.cells))
    floor = min(_LEAST_QUALITY, 0.5 * float(quality.min()))
    if float((sign * signed_quality(points, arrays.cells)).min()) < floor:
        fixed = np.zeros(len(points), dtype=bool)
        fixed[arrays.facets] = True
        points = mended(points, arrays.cells, sign, fixed, floor)
    mean = sign * signed_quality(points, arrays.cells)
    if mean.min() < _LEAST_SOUND * floor:
        worst = int(mean.argmin())
        # points move along one axis only: volumes are linear in the amplitude
        most = (1.0 - _LEAST_VOLUME) / float((1.0 - after / before).max())
        z = float(arrays.points[arrays.cells[worst], -1].mean())
        layer = int(np.clip(np.searchsorted(stack.levels, z) - 1, 0, len(stack.layers) - 1))
        names = [stack.interfaces[i - 1] for i in (layer, layer + 1) if i in map_.reliefs]
        raise MeshError(
            f"the roughness of {' and '.join(names)} turns cells of layer {stack.layers[layer].name!r} inside out: "
            f"at most {most:.2g} times these heights fit on this mesh; smaller heights, longer wavelengths, or "
            f"smaller cells there"
        )
    return replace(arrays, points=points)


def room_problems(stack: Stack, interface: str) -> list[Problem]:
    """Problem of `interface` when its surface comes too near to the next one, or to an outer side.

    The path is that of the heights of the feature.
    """
    map_ = deformation(stack)
    level = stack.interfaces.index(interface) + 1
    mine = map_.reliefs.get(level, ())
    if not mine:
        return []
    most, found = math.inf, ""
    for layer in (level - 1, level):
        other = map_.reliefs.get(layer if layer != level else level + 1, ())
        axes = tuple(max(choices, key=len) for choices in zip(*(r.axes() for r in (*mine, *other)), strict=True))
        own = sum(r.on_grid(axes) for r in mine)
        apart = sum((r.on_grid(axes) for r in other), start=np.zeros_like(own))
        closing = float((own - apart if layer == level else apart - own).max())
        room = (1.0 - _LEAST_THICKNESS) * stack.layers[layer].thickness
        if closing > room and room / closing < most:
            most, found = room / closing, stack.layers[layer].name
    if not found:
        return []
    crest = max(float(np.abs(sum(r.on_grid(r.axes()) for r in mine)).max()), 0.0)
    message = (
        f"the surfaces of {interface} leave no room for the layer {found!r} (thickness "
        f"{number_text(stack.layer(found).thickness)}): at most {most:.3g} times these heights, a largest height of "
        f"{number_text(most * crest)}"
    )
    return [Problem("", number_text(crest), message)]


def _volumes(points: Floats, cells: npt.NDArray[np.int64]) -> Floats:
    """Signed volume of each cell (m,), up to a constant factor."""
    edges = points[cells[:, 1:]] - points[cells[:, :1]]
    if edges.shape[1] == 2:
        return np.asarray(edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0])
    return np.asarray(np.einsum("ij,ij->i", edges[:, 0], np.cross(edges[:, 1], edges[:, 2])))
