"""Grains drawn in Gmsh's OpenCASCADE kernel, with the faces, edges and points that they share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from meshes.random.arithmetic import lists
from meshes.random.grains import Grains
from meshes.random.tessellation import Tessellation

if TYPE_CHECKING:
    from meshes.build import LayeredModel

__all__ = ["draw_cells", "fill_with_grains"]

DimTag = tuple[int, int]


def draw_cells(occ: Any, cells: Tessellation, origin: npt.NDArray[np.float64], unit: float) -> list[DimTag]:
    """The cells as bodies (2-D: surfaces) at `origin` (metres), lengths in units of `unit` metres."""
    d = len(cells.size)
    x = np.zeros((len(cells.vertices), 3))
    x[:, :d] = (cells.vertices + origin) / unit
    points = [occ.addPoint(*map(float, row)) for row in x]
    lines = {(a, b): occ.addLine(points[a], points[b]) for a, b in lists(cells.edges)}

    def curve(loop: tuple[int, ...]) -> int:
        ends = zip(loop, loop[1:] + loop[:1], strict=True)
        return int(occ.addCurveLoop([lines[a, b] if a < b else -lines[b, a] for a, b in ends]))

    if d == 3:
        faces = [occ.addPlaneSurface([curve(loop)]) for loop in cells.faces]
        return [(3, occ.addVolume([occ.addSurfaceLoop([faces[f] for f in own])])) for own in cells.cell_faces]
    return [(2, occ.addPlaneSurface([curve(_around(cells, i))])) for i in range(cells.number)]


def fill_with_grains(
    model: LayeredModel, name: str, bodies: list[tuple[DimTag, Grains, npt.NDArray[np.float64]]], hosts: tuple[str, ...]
) -> None:
    """Fill regions ``name.1``, ``name.2``, ... with the grains of each body, by colour.

    Args:
        bodies: the body as drawn, its grains, and where (metres) the box of the grains begins.
    """
    tools: dict[int, list[DimTag]] = {}
    for body, grains, origin in bodies:
        drawn = draw_cells(model.occ, grains.cells, origin, model.unit)
        _, images = model.occ.intersect(drawn, [body])
        for image, colour in zip(images, lists(grains.colours), strict=False):
            tools.setdefault(colour, []).extend((d, t) for d, t in image if d == model.tdim)
    for colour in sorted(tools):
        model.fill(f"{name}.{colour + 1}", tools[colour], hosts)


def _around(cells: Tessellation, cell: int) -> tuple[int, ...]:
    """The corners of a plane cell in their order."""
    onward = {}
    for f in cells.cell_faces[cell]:
        a, b = cells.faces[f] if cells.sides[f, 0] == cell else cells.faces[f][::-1]
        onward[a] = b
    loop = [next(iter(onward))]
    while onward[loop[-1]] != loop[0]:
        loop.append(onward[loop[-1]])
    return tuple(loop)
