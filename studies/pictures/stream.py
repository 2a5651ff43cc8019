"""Current lines as level lines of a stream function: between two neighbours flows the same current.

In a plane i = rot(psi), so d(psi)/dx = i_y and d(psi)/dy = -i_x; about an axis the Stokes stream function has
d(psi)/dr = 2 pi r i_z and d(psi)/dz = -2 pi r i_r (Batchelor, An Introduction to Fluid Dynamics, 2.2). psi is the
linear finite-element function whose gradient is nearest to this one in the least-squares sense.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from studies.pictures.regions import Layer
from studies.pictures.style import figure

__all__ = ["CurrentLines", "current_lines"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: A field whose current is below this part of its largest one everywhere carries none.
_NOTHING = 1e-12
#: Triangles up to which lines are drawn smoothly, by a C1 interpolation between the nodes.
_MANY = 200_000


@dataclass(frozen=True)
class CurrentLines:
    """Lines that divide the current of a conductor into equal parts.

    Attributes:
        lines: (n, 2) points of every line, m, in the direction of the current.
    """

    lines: tuple[Floats, ...]


def current_lines(layers: Sequence[Layer], carrier: str, axisymmetric: bool, parts: int = 20) -> CurrentLines | None:
    """Lines of the current that layers in contact carry together; None when there is none.

    Args:
        layers: 2-D layers with cell means ``<carrier>_current_density``.
        carrier: ``ionic`` or ``electronic``.
        axisymmetric: whether the coordinates are (r, z).
        parts: number of equal parts.
    """
    from scipy.spatial import cKDTree

    points, cells, density, region = _joined(layers, f"{carrier}_current_density")
    if not len(cells) or np.abs(density).max() <= _NOTHING:
        return None
    psi = stream_function(points, cells, density, axisymmetric)
    low, high = float(psi.min()), float(psi.max())
    levels = low + (np.arange(parts) + 0.5) / parts * (high - low)
    middles = cKDTree(points[cells].mean(axis=1))
    lines = _level_lines(points, cells, region, psi, levels)
    return CurrentLines(tuple(_along(line, middles, density) for line in lines))


def stream_function(points: Floats, cells: Ints, density: Floats, axisymmetric: bool) -> Floats:
    """(n,) stream function at the points: A/m in a plane, A about an axis; zero at its least value.

    Args:
        points: (n, 2) m. cells: (m, 3). density: (m, 2) current density of every cell, A/m^2.
        axisymmetric: whether the coordinates are (r, z).
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.sparse.linalg import spsolve

    a, b, c = (points[cells[:, k]] for k in range(3))
    twice = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    gradients = np.stack([_turned(c - b), _turned(a - c), _turned(b - a)], axis=1) / twice[:, None, None]
    area = 0.5 * np.abs(twice)
    wanted = np.column_stack([density[:, 1], -density[:, 0]])
    weight = area
    if axisymmetric:
        radius = points[cells][:, :, 0].mean(axis=1)
        wanted = wanted * (2 * np.pi * radius)[:, None]
        weight = area / radius  # errors of the current count, not those of 2 pi r times it
    local = np.einsum("mik,mjk,m->mij", gradients, gradients, weight)
    load = np.einsum("mik,mk,m->mi", gradients, wanted, weight)
    rows, columns = np.repeat(cells, 3, axis=1).reshape(-1), np.tile(cells, (1, 3)).reshape(-1)
    size = len(points)
    used = np.zeros(size, dtype=bool)
    used[cells] = True
    matrix = coo_matrix((local.reshape(-1), (rows, columns)), shape=(size, size)).tocsr()
    right = np.bincount(cells.reshape(-1), load.reshape(-1), size)
    _, label = connected_components(matrix, directed=False)
    pinned = np.zeros(size, dtype=bool)
    pinned[np.unique(label, return_index=True)[1]] = True
    free = np.flatnonzero(used & ~pinned)
    psi = np.zeros(size)
    psi[free] = spsolve(matrix[free][:, free].tocsc(), right[free])
    return np.asarray(psi - psi[used].min())


def _turned(vectors: Floats) -> Floats:
    """Vectors turned by a right angle, anticlockwise."""
    return np.column_stack([-vectors[:, 1], vectors[:, 0]])


def _joined(layers: Sequence[Layer], name: str) -> tuple[Floats, Ints, Floats, Ints]:
    """Corner points, cells, their current density and the number of their layer, of layers in one mesh."""
    points = np.concatenate([x.points for x in layers]) + 0.0
    starts = np.cumsum([0, *(len(x.points) for x in layers)])
    cells = np.concatenate([x.corners + s for x, s in zip(layers, starts, strict=False)])
    density = np.concatenate([np.asarray(x.means[name], dtype=float)[:, :2] for x in layers])
    shape = cells.shape
    used, numbers = np.unique(cells, return_inverse=True)
    points, cells = points[used], numbers.reshape(shape)
    merged, inverse = np.unique(points, axis=0, return_inverse=True)
    region = np.repeat(np.arange(len(layers)), [len(x.corners) for x in layers])
    return merged, inverse.reshape(-1)[cells], density, region


def _level_lines(points: Floats, cells: Ints, region: Ints, psi: Floats, levels: Floats) -> list[Floats]:
    """Connected lines (n, 2) on which psi takes one of the levels."""
    from matplotlib.path import Path
    from matplotlib.tri import Triangulation

    scale = float(np.ptp(points, axis=0).max())  # matplotlib's tolerances suit coordinates of order one
    divisions = 0 if len(cells) > _MANY / 4 else (1 if len(cells) > _MANY / 16 else 2)
    scaled: Floats = np.asarray(points / scale, dtype=np.float64)
    if divisions:
        scaled, cells, psi = _refined(scaled, cells, region, psi, divisions)
    mesh = Triangulation(scaled[:, 0], scaled[:, 1], cells)
    axes = figure(1.0, 1.0).add_subplot()
    contours = axes.tricontour(mesh, psi, levels=levels)
    lines = []
    for path in contours.get_paths():
        if not len(path.vertices):
            continue
        starts = np.flatnonzero(path.codes == Path.MOVETO)
        lines += [part * scale for part in np.split(path.vertices, starts[1:]) if len(part) > 1]
    return lines


def _refined(points: Floats, cells: Ints, region: Ints, psi: Floats, divisions: int) -> tuple[Floats, Ints, Floats]:
    """Points, cells and psi of a finer mesh, smooth within every region: lines may have kinks between them."""
    from matplotlib.tri import CubicTriInterpolator, Triangulation, UniformTriRefiner

    parts, start = [], 0
    for number in np.unique(region):
        used, own = np.unique(cells[region == number], return_inverse=True)
        mesh = Triangulation(points[used, 0], points[used, 1], own.reshape(-1, 3))
        smooth = CubicTriInterpolator(mesh, psi[used], kind="geom")
        finer, values = UniformTriRefiner(mesh).refine_field(psi[used], smooth, subdiv=divisions)
        parts.append((np.column_stack([finer.x, finer.y]), finer.triangles + start, np.asarray(values)))
        start += len(finer.x)
    every, triangles, values = (np.concatenate(x) for x in zip(*parts, strict=True))
    # both sides of an interface have their own values between its nodes: their mean joins the lines
    first, inverse = np.unique(np.round(every, 10), axis=0, return_index=True, return_inverse=True)[1:]
    inverse = inverse.reshape(-1)
    mean = np.bincount(inverse, values) / np.bincount(inverse)
    return every[first], np.asarray(inverse[triangles], dtype=np.int64), mean


def _along(line: Floats, middles: Any, density: Floats) -> Floats:
    """The line, reversed when it runs against the current of the cells nearest to it."""
    steps = np.diff(line, axis=0)
    nearest = middles.query(0.5 * (line[1:] + line[:-1]))[1]
    return line if float(np.sum(steps * density[nearest])) >= 0 else line[::-1]
