"""The size field of a stack as background field of the current Gmsh model."""

from __future__ import annotations

import math
from collections import defaultdict

import gmsh
import numpy as np
import numpy.typing as npt

from meshes.build import LayeredModel, Named, somewhere_on
from meshes.features.base import Opening
from meshes.overlap import nearest_edge
from meshes.resolution import contact_edges, zones
from meshes.sizes import MeshSizes

__all__ = ["set_size_field"]

#: Curves are replaced by points for distances: this many per cell along the curve.
_SAMPLES_PER_CELL = 1.0
_MOST_SAMPLES = 4000

Floats = npt.NDArray[np.float64]


def set_size_field(model: LayeredModel, named: Named, sizes: MeshSizes) -> None:
    """Set h(x) = min over interfaces, contact edges and zones of (size there + slope * distance)."""
    field = gmsh.model.mesh.field
    stack, unit = model.stack, model.unit
    bulk = sizes.bulk_size(stack) / unit
    parts = [_plane(model, stack.z_of(name), sizes.interface_size(stack, name), sizes) for name in stack.interfaces]
    groups = contact_edges(stack, sizes)
    for interface, edges in named.edges.items():
        here = [(o, group.size) for group in groups for o in group.openings if o.at == interface]
        for size, tags in _edges_by_size(edges, model, here).items():
            parts.append(_near(model.tdim - 2, tags, size / unit, bulk, sizes.slope))
    asked = zones(stack, sizes)
    for zone, tags in zip(asked, _points(model, [zone.points for zone in asked]), strict=True):
        parts.append(_near(0, tags, zone.size / unit, bulk, sizes.slope, zone.within / unit))
    if not parts:
        constant = field.add("Box")
        for key in ("VIn", "VOut"):
            field.setNumber(constant, key, bulk)
        parts = [constant]
    smallest = field.add("Min")
    field.setNumbers(smallest, "FieldsList", parts)
    field.setAsBackgroundMesh(smallest)
    gmsh.option.setNumber("Mesh.MeshSizeMax", bulk)


def _points(model: LayeredModel, groups: list[Floats]) -> list[list[int]]:
    """Points of the model at the `groups` of points (n, gdim) in metres, by Gmsh's own kernel: it is quicker."""
    found = []
    last = max(tag for _, tag in gmsh.model.getEntities(0))
    for points in groups:
        x = np.zeros((len(points), 3))
        x[:, : model.stack.gdim] = points / model.unit
        found.append([gmsh.model.geo.addPoint(*row, 0, last + k) for k, row in enumerate(x.tolist(), start=1)])
        last += len(points)
    gmsh.model.geo.synchronize()
    return found


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


def _near(dim: int, tags: list[int], fine: float, bulk: float, slope: float, within: float = 0.0) -> int:
    """Size at points or curves and `within` a distance from them, growing beyond."""
    field = gmsh.model.mesh.field
    distance = field.add("Distance")
    field.setNumbers(distance, ("PointsList", "CurvesList")[dim], tags)
    if dim > 0:
        longest = max(float(gmsh.model.occ.getMass(1, tag)) for tag in tags)
        samples = min(_MOST_SAMPLES, math.ceil(_SAMPLES_PER_CELL * longest / fine))
        field.setNumber(distance, "Sampling", max(samples, 10))
    threshold = field.add("Threshold")
    field.setNumber(threshold, "InField", distance)
    field.setNumber(threshold, "SizeMin", fine)
    field.setNumber(threshold, "SizeMax", max(bulk, fine))
    field.setNumber(threshold, "DistMin", within)
    field.setNumber(threshold, "DistMax", within + max((bulk - fine) / slope, 1e-12))
    return int(threshold)


def _edges_by_size(tags: list[int], model: LayeredModel, sized: list[tuple[Opening, float]]) -> dict[float, list[int]]:
    """Contact edges by their size in metres: each belongs to the footprint whose edge it lies on."""
    found: dict[float, list[int]] = defaultdict(list)
    if not sized or not tags:
        return found  # contact ends at the walls of a notch, which sees to its own sizes
    wanted = {size for _, size in sized}
    if len(wanted) == 1:
        return {wanted.pop(): tags}
    x = np.array([somewhere_on(model.tdim - 2, tag)[: model.tdim - 1] for tag in tags]) * model.unit
    for tag, k in zip(tags, nearest_edge(x, [o for o, _ in sized]), strict=True):
        found[sized[k][1]].append(tag)
    return found
