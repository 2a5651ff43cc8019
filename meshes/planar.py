"""Meshes of a plane region inside one closed polygon, whose edges stay edges of the mesh."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from meshes.arrays import MeshArrays, arrays_from_gmsh
from meshes.generate import gmsh_session
from meshes.problems import MeshError

__all__ = ["planar_arrays"]

Floats = npt.NDArray[np.float64]


def planar_arrays(parts: Sequence[tuple[str, Floats]], layer: str) -> MeshArrays:
    """Triangles inside a polygon; their size follows from the lengths of the edges of the polygon.

    Args:
        parts: name and points (k, 2) in metres of the parts of the polygon, counter-clockwise; each begins where the
            one before ends, the first where the last ends. A name may come again.
        layer: name of the cells.

    Returns:
        The mesh; its first points are those of the polygon, in order from the beginning of the first part.

    Raises:
        MeshError: the polygon is not closed, crosses itself, or Gmsh fails.
    """
    corners = np.concatenate([points[:-1] for _, points in parts])
    unit = float(np.ptp(corners, axis=0).max())
    begins = [points[0] for _, points in parts]
    ends = [points[-1] for _, points in parts]
    if not all(np.allclose(e, b, atol=1e-9 * unit) for e, b in zip(ends, begins[1:] + begins[:1], strict=True)):
        raise MeshError("the parts of the outline do not follow each other")
    number = len(corners)
    import gmsh

    with gmsh_session(unit):
        geo = gmsh.model.geo
        points = [geo.addPoint(x, y, 0) for x, y in corners / unit]
        lines = [geo.addLine(points[k], points[(k + 1) % number]) for k in range(number)]
        surface = geo.addPlaneSurface([geo.addCurveLoop(lines)])
        geo.synchronize()
        groups: dict[str, list[int]] = {}
        first = 0
        for name, part in parts:
            groups.setdefault(name, []).extend(lines[first : first + len(part) - 1])
            first += len(part) - 1
        for line in lines:
            gmsh.model.mesh.setTransfiniteCurve(line, 2)
        gmsh.model.addPhysicalGroup(2, [surface], 1, layer)
        for tag, (name, members) in enumerate(groups.items(), start=1):
            gmsh.model.addPhysicalGroup(1, members, tag, name)
        gmsh.option.setNumber("Mesh.Algorithm", 6)
        gmsh.option.setNumber("Mesh.MeshSizeExtendFromBoundary", 1)
        gmsh.option.setNumber("Mesh.MeshSizeFromPoints", 0)
        gmsh.model.mesh.generate(2)
        tags = [int(gmsh.model.mesh.getNodes(0, point)[0][0]) for point in points]
        order = {int(tag): k for k, tag in enumerate(gmsh.model.mesh.getNodes()[0])}
        made = arrays_from_gmsh(2, 2, unit)
    front = np.array([order[tag] for tag in tags], dtype=np.int64)
    if len(made.points) != len(order) or not np.allclose(made.points[front], corners, atol=1e-9 * unit):
        raise MeshError("Gmsh moved the outline")
    renumber = np.full(len(made.points), -1, dtype=np.int64)
    renumber[front] = np.arange(number)
    renumber[renumber < 0] = np.arange(number, len(made.points))
    placed = np.empty_like(made.points)
    placed[renumber] = made.points
    placed[:number] = corners
    return MeshArrays(
        placed,
        renumber[made.cells],
        made.cell_tags,
        renumber[made.facets],
        made.facet_tags,
        made.layers,
        made.facet_names,
    )
