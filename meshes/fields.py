"""The size field of a stack as background field of the current Gmsh model."""

from __future__ import annotations

import math
from collections import defaultdict

import gmsh
import numpy as np

from meshes.build import LayeredModel, Named
from meshes.features.base import Opening
from meshes.overlap import edge_gaps
from meshes.sizes import MeshSizes

__all__ = ["set_size_field"]

#: Curves are replaced by points for distances: this many per cell along the curve.
_SAMPLES_PER_CELL = 1.0
_MOST_SAMPLES = 4000


def set_size_field(model: LayeredModel, named: Named, sizes: MeshSizes) -> None:
    """Set h(x) = min over interfaces, contact edges and void walls of (size there + slope * distance)."""
    field = gmsh.model.mesh.field
    stack, unit = model.stack, model.unit
    bulk = sizes.bulk_size(stack) / unit
    parts = [_plane(model, stack.z_of(name), sizes.interface_size(stack, name), sizes) for name in stack.interfaces]
    openings = [o for _, o in stack.openings()]
    edge_sizes = [sizes.edge_size(stack, o, gap) for o, gap in zip(openings, edge_gaps(stack), strict=True)]
    for interface, edges in named.edges.items():
        here = [(o, size) for o, size in zip(openings, edge_sizes, strict=True) if o.at == interface]
        for size, tags in _edges_by_size(edges, model, here).items():
            parts.append(_near(model.tdim - 2, tags, size / unit, bulk, sizes.slope))
    for size, tags in _walls_by_size(named, model, openings, sizes).items():
        parts.append(_near(model.tdim - 1, tags, size / unit, bulk, sizes.slope))
    if not parts:
        constant = field.add("Box")
        for key in ("VIn", "VOut"):
            field.setNumber(constant, key, bulk)
        parts = [constant]
    smallest = field.add("Min")
    field.setNumbers(smallest, "FieldsList", parts)
    field.setAsBackgroundMesh(smallest)
    gmsh.option.setNumber("Mesh.MeshSizeMax", bulk)


def _plane(model: LayeredModel, height: float, size: float, sizes: MeshSizes) -> int:
    """Size in the plane of an interface, growing on both sides: a flat box with a transition layer."""
    field = gmsh.model.mesh.field
    bulk, fine = sizes.bulk_size(model.stack) / model.unit, size / model.unit
    box = field.add("Box")
    far = 10 * sum(model.stack.lateral) / model.unit
    across = "XYZ"[model.tdim - 1]
    for axis in "XYZ":
        low, high = (height / model.unit,) * 2 if axis == across else (-far, far)
        field.setNumber(box, f"{axis}Min", low)
        field.setNumber(box, f"{axis}Max", high)
    field.setNumber(box, "VIn", fine)
    field.setNumber(box, "VOut", bulk)
    field.setNumber(box, "Thickness", max((bulk - fine) / sizes.slope, 1e-12))
    return int(box)


def _near(dim: int, tags: list[int], fine: float, bulk: float, slope: float) -> int:
    """Size at entities of dimension `dim`, growing with the distance from them."""
    field = gmsh.model.mesh.field
    distance = field.add("Distance")
    field.setNumbers(distance, ("PointsList", "CurvesList", "SurfacesList")[dim], tags)
    if dim > 0:
        longest = max(_size(dim, tag) for tag in tags)
        samples = min(_MOST_SAMPLES, math.ceil(_SAMPLES_PER_CELL * longest / fine))
        field.setNumber(distance, "Sampling", max(samples, 10))
    threshold = field.add("Threshold")
    field.setNumber(threshold, "InField", distance)
    field.setNumber(threshold, "SizeMin", fine)
    field.setNumber(threshold, "SizeMax", max(bulk, fine))
    field.setNumber(threshold, "DistMin", 0)
    field.setNumber(threshold, "DistMax", max((bulk - fine) / slope, 1e-12))
    return int(threshold)


def _size(dim: int, tag: int) -> float:
    """Length of a curve, or largest extent of a surface."""
    if dim == 1:
        return float(gmsh.model.occ.getMass(1, tag))
    box = gmsh.model.getBoundingBox(dim, tag)
    return float(max(box[3 + i] - box[i] for i in range(3)))


def _somewhere_on(dim: int, tag: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    if dim == 0:
        return np.array(gmsh.model.getValue(0, tag, []))
    low, high = gmsh.model.getParametrizationBounds(dim, tag)
    return np.array(gmsh.model.getValue(dim, tag, [0.5 * (a + b) for a, b in zip(low, high, strict=True)]))


def _edges_by_size(tags: list[int], model: LayeredModel, sized: list[tuple[Opening, float]]) -> dict[float, list[int]]:
    """Contact edges by their size in metres: each belongs to the footprint whose edge it lies on."""
    found: dict[float, list[int]] = defaultdict(list)
    wanted = {size for _, size in sized}
    if len(wanted) == 1:
        return {wanted.pop(): tags} if tags else {}
    centres = np.array([o.centre for o, _ in sized])
    radii = np.array([o.radius for o, _ in sized])
    for tag in tags:
        point = _somewhere_on(model.tdim - 2, tag)[: model.tdim - 1] * model.unit
        off = np.abs(np.linalg.norm(centres - point, axis=1) - radii)
        found[sized[int(off.argmin())][1]].append(tag)
    return found


def _walls_by_size(
    named: Named, model: LayeredModel, openings: list[Opening], sizes: MeshSizes
) -> dict[float, list[int]]:
    """Curved walls by their size in metres: each belongs to the void above or below whose disc it lies."""
    voids = [o for o in openings if not o.solid]
    found: dict[float, list[int]] = defaultdict(list)
    wanted = {sizes.wall_size(o) for o in voids}
    if len(wanted) == 1:
        return {wanted.pop(): named.walls} if named.walls else {}
    centres = np.array([o.centre for o in voids])
    radii = np.array([o.radius for o in voids])
    heights = np.array([model.stack.z_of(o.at) for o in voids])
    reach = np.array([max(o.below, o.above) for o in voids])
    for tag in named.walls:
        point = _somewhere_on(model.tdim - 1, tag)[: model.tdim] * model.unit
        lateral = np.linalg.norm(centres - point[:-1], axis=1) / radii
        off = np.maximum(lateral, np.abs(heights - point[-1]) / reach)
        found[sizes.wall_size(voids[int(off.argmin())])].append(tag)
    return found
