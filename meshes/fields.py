"""The size field of a stack as background field of the current Gmsh model."""

from __future__ import annotations

import math
from collections import defaultdict

import gmsh
import numpy as np
import numpy.typing as npt

from meshes.build import LayeredModel, Named, somewhere_on
from meshes.features.base import Opening
from meshes.overlap import edge_gaps
from meshes.sizes import MeshSizes

__all__ = ["set_size_field"]

#: Curves are replaced by points for distances: this many per cell along the curve.
_SAMPLES_PER_CELL = 1.0
_MOST_SAMPLES = 4000
#: More different sizes than this are rounded to powers of two.
_MOST_SIZES = 4

Floats = npt.NDArray[np.float64]


def set_size_field(model: LayeredModel, named: Named, sizes: MeshSizes) -> None:
    """Set h(x) = min over interfaces, contact edges and voids of (size there + slope * distance)."""
    field = gmsh.model.mesh.field
    stack, unit = model.stack, model.unit
    bulk = sizes.bulk_size(stack) / unit
    parts = [_plane(model, stack.z_of(name), sizes.interface_size(stack, name), sizes) for name in stack.interfaces]
    openings = [o for _, o in stack.openings()]
    wanted = [sizes.edge_size(stack, o, gap) for o, gap in zip(openings, edge_gaps(stack), strict=True)]
    edge_sizes = _few(np.array(wanted))
    for interface, edges in named.edges.items():
        here = [(o, float(size)) for o, size in zip(openings, edge_sizes, strict=True) if o.at == interface]
        for size, tags in _edges_by_size(edges, model, here).items():
            parts.append(_near(model.tdim - 2, tags, size / unit, bulk, sizes.slope))
    voids = [o for o in openings if not o.solid and max(o.below, o.above) > 0]
    wall_sizes = _few(np.array([sizes.wall_size(o) for o in voids]))
    for wall in np.unique(wall_sizes):
        group = [o for o, size in zip(voids, wall_sizes, strict=True) if size == wall]
        parts.append(_around(model, group, float(wall) / unit, bulk, sizes.slope))
    parts += _refinements(model, sizes, bulk)
    if not parts:
        constant = field.add("Box")
        for key in ("VIn", "VOut"):
            field.setNumber(constant, key, bulk)
        parts = [constant]
    smallest = field.add("Min")
    field.setNumbers(smallest, "FieldsList", parts)
    field.setAsBackgroundMesh(smallest)
    gmsh.option.setNumber("Mesh.MeshSizeMax", bulk)


def _refinements(model: LayeredModel, sizes: MeshSizes, bulk: float) -> list[int]:
    """Fields of what the features ask for: those of one size and reach share one."""
    asked = [r for f in model.stack.features for r in f.refinements(model.stack, sizes) if len(r.points)]
    grouped: dict[tuple[float, float], list[Floats]] = defaultdict(list)
    for size, item in zip(_few(np.array([r.size for r in asked])), asked, strict=True):
        within = item.within / model.unit
        if within > 0 and len(asked) > _MOST_SIZES:
            within = 2.0 ** math.ceil(math.log2(within))
        grouped[float(size) / model.unit, within].append(item.points)
    made = []
    for (size, within), points in grouped.items():
        if size < bulk:
            x = np.zeros((sum(map(len, points)), 3))
            x[:, : model.stack.gdim] = np.concatenate(points) / model.unit
            tags = [model.occ.addPoint(*map(float, row)) for row in x]
            gmsh.model.occ.synchronize()
            made.append(_near(0, tags, size, bulk, sizes.slope, within))
    return made


def _few(sizes: Floats) -> Floats:
    """The same sizes, rounded down to powers of two when they are many: each size costs one field."""
    if len(np.unique(sizes)) <= _MOST_SIZES:
        return sizes
    return np.asarray(2.0 ** np.floor(np.log2(sizes)), dtype=np.float64)


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


def _around(model: LayeredModel, voids: list[Opening], fine: float, bulk: float, slope: float) -> int:
    """Size on the walls of `voids`, through points on their axes: distances from surfaces are slow in Gmsh.

    A wall is nowhere further than the radius from the part of the axis that ends a radius above its tip.
    """
    points = []
    for o in voids:
        for depth, sign in ((o.below, -1), (o.above, 1)):
            reach = max(depth - o.radius, 0.0)
            steps = math.ceil(4 * reach / o.radius) if depth > 0 else -1
            for k in range(steps + 1):
                z = model.stack.z_of(o.at) + sign * (reach * k / steps if steps else 0.0)
                x = [c / model.unit for c in (*o.centre, z)]
                points.append(gmsh.model.occ.addPoint(*x, *[0.0] * (3 - len(x))))
    gmsh.model.occ.synchronize()
    return _near(0, points, fine, bulk, slope, within=1.02 * max(o.radius for o in voids) / model.unit)


def _edges_by_size(tags: list[int], model: LayeredModel, sized: list[tuple[Opening, float]]) -> dict[float, list[int]]:
    """Contact edges by their size in metres: each belongs to the footprint whose edge it lies on."""
    found: dict[float, list[int]] = defaultdict(list)
    if not sized:
        return found  # contact ends at the walls of a notch, which sees to its own sizes
    wanted = {size for _, size in sized}
    if len(wanted) == 1:
        return {wanted.pop(): tags} if tags else {}
    centres = np.array([o.centre for o, _ in sized])
    radii = np.array([o.radius for o, _ in sized])
    for tag in tags:
        point = somewhere_on(model.tdim - 2, tag)[: model.tdim - 1] * model.unit
        off = np.abs(np.linalg.norm(centres - point, axis=1) - radii)
        found[sized[int(off.argmin())][1]].append(tag)
    return found
