"""Meshes whose topology closes on itself: opposite sides are the same facets, but cells keep their own places.

Vertices of opposite sides are one vertex, so fields, ghosts, submeshes and refinement know nothing of the sides: they
are interior. The geometry has a node for every image of a vertex, one on each side, and every cell uses those that
lie beside it. Nothing is wrapped around when cells are drawn, measured or integrated over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import basix.ufl
import dolfinx
import numpy as np
import numpy.typing as npt
import ufl

from meshes.collective import fetch_rows

__all__ = ["Nodes", "cell_corners", "closed_mesh", "fetch_floats", "refinable", "repaired", "unrolled", "with_nodes"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

#: A node lies in a periodic side within this part of the period.
_ON = 1e-9
#: Places among which the cut for refinement is sought.
_CUTS = 16


@dataclass(frozen=True)
class Nodes:
    """Nodes of the geometry of a mesh that closes on itself.

    Attributes:
        index_map: `dolfinx.common.IndexMap` of the nodes.
        dofmap: (cells, k) node of every place of every cell, owned and ghost.
        points: (n, gdim) metres.
        of: (n,) unknown (of the space that the nodes were made from) that a node is an image of.
    """

    index_map: Any
    dofmap: Ints
    points: Floats
    of: Ints


def unrolled(index_map: Any, dofs: Ints, places: Floats, periods: Mapping[int, float]) -> Nodes:
    """One node for every image of every unknown. Collective.

    Args:
        index_map: of the unknowns (one per point).
        dofs: (cells, k) local unknown of every place of every cell, owned and ghost.
        places: (cells, k, gdim) where they lie, metres; the lower periodic sides at 0.
        periods: axis -> period in metres.
    """
    owned, total = int(index_map.size_local), int(index_map.size_local + index_map.num_ghosts)
    number = np.ones(total, dtype=np.int64)  # of images
    image = np.zeros(dofs.shape, dtype=np.int64)
    strides: dict[int, npt.NDArray[np.int64]] = {}
    for axis, period in periods.items():
        x = places[:, :, axis]
        upper = np.abs(x - period) <= _ON * period
        flat = np.zeros(total, dtype=bool)
        flat[dofs[upper | (np.abs(x) <= _ON * period)]] = True
        strides[axis] = np.where(flat, number, 0)
        image += np.where(upper, strides[axis][dofs], 0)
        number[flat] *= 2
    first = np.cumsum(number) - number
    mine = int(number[:owned].sum())
    start = int(index_map.comm.exscan(mine) or 0)
    table = dolfinx.la.vector(index_map, 1)
    table.array[:owned] = start + first[:owned]
    table.scatter_forward()
    begin = np.asarray(table.array[owned:], dtype=np.int64)
    of = np.repeat(np.arange(total, dtype=np.int32), number)
    which = np.arange(len(of)) - first[of]
    ghosts = np.repeat(begin, number[owned:]) + which[mine:]
    owners = np.repeat(np.asarray(index_map.owners, dtype=np.int32), number[owned:])
    base = np.zeros((total, places.shape[2]))
    base[dofs] = places
    points = base[of]
    for axis, period in periods.items():
        stride = strides[axis][of]
        held = stride > 0
        points[held, axis] = np.where((which[held] // stride[held]) % 2, period, 0.0)
    made = _index_map(index_map.comm, mine, ghosts, owners)
    return Nodes(made, np.asarray(first[dofs] + image, dtype=np.int32), points, of)


def _index_map(comm: Any, owned: int, ghosts: npt.NDArray[np.int64], owners: Ints) -> Any:
    try:
        return dolfinx.common.IndexMap(comm, owned, ghosts, owners)
    except TypeError:  # 0.11 wants a tag for its messages
        return dolfinx.common.IndexMap(comm, owned, ghosts, owners, 0)


def with_nodes(
    mesh: Any,
    index_map: Any,
    dofmap: Ints,
    points: Floats,
    degree: int = 1,
    numbers: npt.NDArray[np.int64] | None = None,
) -> Any:
    """A mesh that shares the topology of `mesh`, with other nodes.

    Args:
        mesh: of simplices. index_map, dofmap (cells, k), points (n, gdim): its nodes, owned and ghost.
        degree: of the cells.
        numbers: (n,) what the nodes are called in the input, whoever distributes it; None: their global numbers.
    """
    topology = mesh.topology
    if numbers is None:
        local = np.arange(index_map.size_local + index_map.num_ghosts, dtype=np.int32)
        numbers = np.asarray(index_map.local_to_global(local), dtype=np.int64)
    element = dolfinx.fem.coordinate_element(topology.cell_type, degree)
    wanted = getattr(element, "_cpp_object", element) if _OLD else element
    geometry = dolfinx.mesh.create_geometry(index_map, np.ascontiguousarray(dofmap), wanted, points, numbers)
    made = dolfinx.cpp.mesh.Mesh_float64(mesh.comm, topology._cpp_object, geometry._cpp_object)
    shape = (points.shape[1],)
    return dolfinx.mesh.Mesh(made, ufl.Mesh(basix.ufl.element("Lagrange", topology.cell_name(), degree, shape=shape)))


_OLD = tuple(int(p) for p in dolfinx.__version__.split(".")[:2]) < (0, 10)


def closed_mesh(mesh: Any, corners: Floats, periods: Mapping[int, float]) -> Any:
    """The mesh with the topology of `mesh` and its cells where their `corners` (cells, tdim + 1, gdim) are."""
    topology = mesh.topology
    topology.create_connectivity(topology.dim, 0)
    vertices = topology.connectivity(topology.dim, 0).array.reshape(corners.shape[:2])
    index_map = topology.index_map(0)
    nodes = unrolled(index_map, vertices, corners, periods)
    # all images of a vertex are called alike: a value there has one name, wherever it is looked up
    geometry = mesh.geometry
    before = geometry.dofmaps[0] if hasattr(geometry, "dofmaps") else geometry.dofmap
    called = np.zeros(index_map.size_local + index_map.num_ghosts, dtype=np.int64)
    called[vertices] = np.asarray(geometry.input_global_indices, dtype=np.int64)[np.asarray(before)]
    return with_nodes(mesh, nodes.index_map, nodes.dofmap, nodes.points, numbers=called[nodes.of])


def cell_corners(mesh: Any) -> Floats:
    """(cells, nodes per cell, gdim) nodes of all cells of this rank, ghosts included."""
    geometry = mesh.geometry
    dofmap = geometry.dofmaps[0] if hasattr(geometry, "dofmaps") else geometry.dofmap
    return np.asarray(geometry.x[:, : geometry.dim][np.asarray(dofmap)], dtype=np.float64)


def fetch_floats(comm: Any, rows: Floats, wanted: npt.NDArray[np.int64]) -> Floats:
    """As `fetch_rows`, of numbers in double precision."""
    plain = np.ascontiguousarray(rows, dtype=np.float64).view(np.int32)
    return np.ascontiguousarray(fetch_rows(comm, plain, wanted)).view(np.float64)


# ---------------------------------------------------------------------- refinement
def refinable(mesh: Any, marked: npt.NDArray[np.bool_], periods: Mapping[int, float]) -> Any:
    """The mesh with one node per vertex, as dolfinx divides it: cut open where few cells are `marked` (owned cells,).

    Cells over the cut are drawn across the whole model there. Their new points are put right by `repaired`; the
    choice of the edges to divide takes their sides for longer than they are, once, for the cut moves.
    """
    topology, comm = mesh.topology, mesh.comm
    corners = cell_corners(mesh)
    topology.create_connectivity(topology.dim, 0)
    vertices = topology.connectivity(topology.dim, 0).array.reshape(corners.shape[:2])
    index_map = topology.index_map(0)
    points = np.zeros((index_map.size_local + index_map.num_ghosts, corners.shape[2]))
    points[vertices] = corners
    for axis, period in periods.items():
        x = corners[: len(marked)][marked][:, :, axis]
        cuts = period * (np.arange(_CUTS) + 0.5) / _CUTS
        over = (x.min(axis=1)[:, None] < cuts) & (x.max(axis=1)[:, None] > cuts)
        cut = cuts[int(np.argmin(comm.allreduce(over.sum(axis=0))))]
        # images of one vertex must agree to the last bit, whichever a rank has seen last
        points[np.abs(points[:, axis] - period) <= _ON * period, axis] = 0.0
        points[points[:, axis] < cut, axis] += period
    return with_nodes(mesh, index_map, vertices, points)


def repaired(corners: Floats, low: Floats, high: Floats, periods: Mapping[int, float]) -> Floats:
    """Corners (cells, k, gdim) of cells moved by half periods into the boxes (cells, gdim) of their parents.

    A point halfway between two that are drawn a period apart is half a period off.
    """
    found = corners.copy()
    for axis, period in periods.items():
        middle = 0.5 * (low[:, axis] + high[:, axis])[:, None]
        x = found[:, :, axis]
        x = x - 0.5 * period * np.round((x - middle) / (0.5 * period))
        for value in (0.0, period):
            x = np.where(np.abs(x - value) <= _ON * period, value, x)
        found[:, :, axis] = x
    return found
