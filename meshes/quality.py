"""How good a mesh is: shape of the cells, sizes, and cells across each layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from meshes.arrays import MeshArrays
from meshes.problems import MeshProblem, Problem

if TYPE_CHECKING:
    from meshes.tagged import TaggedMesh

__all__ = ["MeshReport", "layer_cells", "radius_ratio", "report", "require_layer_cells"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_BINS = 10


@dataclass(frozen=True)
class MeshReport:
    """Numbers that describe a mesh.

    Attributes:
        points, cells: how many.
        cells_of: number of cells by layer.
        worst, mean: quality (radius ratio: 1 equilateral, 0 flat).
        histogram: number of cells by quality, in ten equal bins from 0 to 1.
        smallest, largest: edge length in metres.
        across: fewest cells across each layer, where it is known (see `layer_cells`).
    """

    points: int
    cells: int
    cells_of: dict[str, int]
    worst: float
    mean: float
    histogram: tuple[int, ...]
    smallest: float
    largest: float
    across: dict[str, int]


def radius_ratio(points: Floats, cells: Ints) -> Floats:
    """tdim times inscribed over circumscribed radius of each cell (m,): 1 for the regular simplex."""
    x = points[cells]
    e = x[:, 1:] - x[:, :1]
    if cells.shape[1] == 2:
        return np.ones(len(cells))
    if cells.shape[1] == 3:
        a, b, c = (np.linalg.norm(x[:, i] - x[:, j], axis=1) for i, j in ((1, 2), (2, 0), (0, 1)))
        s = 0.5 * (a + b + c)
        area2 = np.clip(s * (s - a) * (s - b) * (s - c), 0, None)
        return np.asarray(8 * area2 / np.maximum(s * a * b * c, np.finfo(float).tiny))
    u, v, w = e[:, 0], e[:, 1], e[:, 2]
    volume6 = np.abs(np.einsum("ij,ij->i", u, np.cross(v, w)))
    faces = x[:, [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]]
    normals = np.cross(faces[:, :, 1] - faces[:, :, 0], faces[:, :, 2] - faces[:, :, 0])
    surface2 = np.linalg.norm(normals, axis=2).sum(axis=1)
    squares = [np.einsum("ij,ij->i", k, k)[:, None] for k in (u, v, w)]
    towards = squares[0] * np.cross(v, w) + squares[1] * np.cross(w, u) + squares[2] * np.cross(u, v)
    circum = np.linalg.norm(towards, axis=1) / (2 * np.maximum(volume6, np.finfo(float).tiny))
    inscribed = volume6 / np.maximum(surface2, np.finfo(float).tiny)
    return np.asarray(3 * inscribed / np.maximum(circum, np.finfo(float).tiny))


def _boundaries(order: Sequence[str], k: int) -> tuple[str, str]:
    below = "bottom" if k == 0 else f"{order[k - 1]}|{order[k]}"
    above = "top" if k == len(order) - 1 else f"{order[k]}|{order[k + 1]}"
    return below, above


def layer_cells(arrays: MeshArrays, layer: str, order: Sequence[str] | None = None, limit: int = 8) -> int:
    """Rows of cells across `layer` where it has fewest: edges from its lower to its upper boundary.

    `order`: layers from bottom to top; default: all regions of the mesh. Boundaries are the facets of the
    interfaces (gaps included) and of ``bottom`` and ``top``. Counts to `limit` at most; 0 where a boundary is
    not named or not connected to the other.
    """
    order = list(arrays.layers) if order is None else order
    below, above = _boundaries(order, order.index(layer))
    cells = arrays.cells[arrays.cell_tags == arrays.layers[layer]]
    reached, goal = (_points_on(arrays, name) for name in (below, above))
    for rows in range(1, limit + 1):
        touched = reached[cells].any(axis=1)
        grown = reached.copy()
        grown[cells[touched]] = True
        if (grown & goal).any():
            return rows
        if (grown == reached).all():
            return 0
        reached = grown
    return limit


def require_layer_cells(arrays: MeshArrays, order: Sequence[str] | None = None, minimum: int = 1) -> None:
    """Refuse a mesh with fewer than `minimum` rows of cells across any layer of `order` (bottom to top; None: all).

    A layer without an interface to one of its neighbours (a body lies between them) is not looked at.

    Raises:
        MeshProblem: names all such layers.
    """
    found = []
    order = list(arrays.layers) if order is None else order
    for i, name in enumerate(order):
        below, above = _boundaries(order, i)
        if any(region.startswith(f"{name}.") for region in arrays.layers):
            continue  # grains: none of them need reach from one side to the other
        if not {below, above} <= {facet.removesuffix(":gap") for facet in arrays.facet_names}:
            continue
        rows = layer_cells(arrays, name, order, limit=minimum)
        if rows < minimum:
            message = f"the mesh has {rows} rows of cells across the film, {minimum} are needed"
            found.append(Problem(f"layers[{i}]", name, message))
    if found:
        raise MeshProblem(found)


def report(mesh: TaggedMesh | MeshArrays) -> MeshReport:
    """Describe a mesh: arrays of this process, or (collective, same on all ranks) a distributed one."""
    if isinstance(mesh, MeshArrays):
        across = {name: layer_cells(mesh, name) for name in mesh.layers}
        return _describe(mesh.points, mesh.cells, mesh.cell_tags, mesh.layers, len(mesh.points), None, across)
    points, cells, tags = mesh.owned_cells()
    total = mesh.mesh.topology.index_map(0).size_global
    return _describe(points, cells, tags, mesh.layers, total, mesh.mesh.comm, {})


def _describe(
    points: Floats,
    cells: Ints,
    tags: npt.NDArray[np.int32],
    layers: Mapping[str, int],
    total_points: int,
    comm: Any,
    across: dict[str, int],
) -> MeshReport:
    quality = radius_ratio(points, cells)
    counts = np.histogram(np.clip(quality, 0, 1), bins=_BINS, range=(0, 1))[0]
    sums = np.array([*counts, *(np.count_nonzero(tags == t) for t in layers.values())], dtype=np.int64)
    n = cells.shape[1]
    pairs = [(i, j) for i in range(n) for j in range(i)]
    edges = [np.linalg.norm(points[cells[:, i]] - points[cells[:, j]], axis=1) for i, j in pairs]
    low = [float(quality.min(initial=np.inf)), min(float(e.min(initial=np.inf)) for e in edges)]
    high, mean = max(float(e.max(initial=0)) for e in edges), float(quality.sum())
    if comm is not None:
        from mpi4py import MPI

        sums = comm.allreduce(sums)
        low = [comm.allreduce(v, op=MPI.MIN) for v in low]
        high, mean = comm.allreduce(high, op=MPI.MAX), comm.allreduce(mean)
    number = int(sums[:_BINS].sum())
    cells_of = {name: int(n) for name, n in zip(layers, sums[_BINS:], strict=True)}
    histogram = tuple(int(n) for n in sums[:_BINS])
    return MeshReport(int(total_points), number, cells_of, low[0], mean / number, histogram, low[1], high, across)


def _points_on(arrays: MeshArrays, name: str) -> npt.NDArray[np.bool_]:
    on = np.zeros(len(arrays.points), dtype=bool)
    for facet_name in (name, f"{name}:gap"):
        if facet_name in arrays.facet_names:
            on[arrays.facets[arrays.facet_tags == arrays.facet_names[facet_name]]] = True
    return on
