"""Regions that are parted along facets: fields on them may jump there, while the parent mesh stays whole.

The parent keeps the facets as interior ones, so that both sides meet in one integral whatever the distribution. A
parted region has the cells of a submesh and a vertex more for every further group of cells that still hang together
around a vertex once these facets do not connect them. At a tip or a front all cells are in one group: fields are
continuous there, without a rule.

Groups are found by spreading the smallest cell of each from neighbour to neighbour over all ranks; nothing is gathered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from dolfinx import la
from mpi4py import MPI

from fem import compat
from meshes.unrolled import fetch_floats

__all__ = ["parted"]

IntArray = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
_BITS = 31
"""Of a group: number of its smallest cell before and after distribution, in one integer."""


def parted(base: compat.SubMesh, facets: IntArray) -> compat.SubMesh:
    """The region `base`, parted along facets of its parent. Collective.

    Args:
        base: cells of the parent. facets: (n,) local facets of the parent, owned and ghost, in any order.
    """
    mesh, tdim = base.mesh, base.dim
    topology = mesh.topology
    topology.create_connectivity(tdim, tdim - 1)
    topology.create_connectivity(tdim - 1, tdim)
    topology.create_connectivity(tdim, 0)
    cells = topology.index_map(tdim)
    count = cells.size_local + cells.num_ghosts
    vertices = topology.connectivity(tdim, 0).array.reshape(count, tdim + 1)
    facets_of = topology.connectivity(tdim, tdim - 1).array.reshape(count, tdim + 1)
    shut = np.zeros(topology.index_map(tdim - 1).size_local + topology.index_map(tdim - 1).num_ghosts, dtype=bool)
    shut[_in_region(base, facets, facets_of)] = True
    touched = _touched(topology, vertices, facets_of, shut)
    groups = _groups(base, vertices, facets_of, shut, touched)
    nodes = np.asarray(compat.geometry_dofmap(mesh))
    corners = _split(mesh.comm, cells, topology.index_map(0), vertices, groups)
    places = _split(mesh.comm, cells, mesh.geometry.index_map(), nodes, groups)
    names = np.asarray(mesh.geometry.input_global_indices, dtype=np.int64)
    most = mesh.comm.allreduce(int(names.max(initial=-1)), op=MPI.MAX) + 1
    copied = places.group >= 0
    called = np.where(copied, most + (places.group >> _BITS) * (tdim + 1) + places.position, names[places.of])
    made = compat.mesh_of(
        mesh,
        corners.index_map,
        corners.numbers,
        places.index_map,
        places.numbers,
        np.ascontiguousarray(mesh.geometry.x[places.of][:, : mesh.geometry.dim]),
        called,
    )
    return compat.with_cells_of(made, base)


def _in_region(base: compat.SubMesh, facets: IntArray, facets_of: IntArray) -> IntArray:
    """Facets of the region that facets of the parent are: a cell keeps the order of its facets."""
    parent = base.parent.topology
    parent.create_connectivity(base.dim, base.dim - 1)
    parent.create_connectivity(base.dim - 1, base.dim)
    own = parent.connectivity(base.dim, base.dim - 1).array.reshape(-1, base.dim + 1)[base.to_parent]
    return np.asarray(facets_of[np.isin(own, facets)], dtype=np.int32)


def _touched(topology: Any, vertices: IntArray, facets_of: IntArray, shut: npt.NDArray[np.bool_]) -> Any:
    """(vertices,) whether a vertex is of a facet that is shut, whichever rank sees that."""
    marker = la.vector(topology.index_map(0), 1)
    marker.array[:] = 0.0
    cell, local = np.nonzero(shut[facets_of])
    width = vertices.shape[1]
    others = np.array([[k for k in range(width) if k != i] for i in range(width)])
    marker.array[vertices[cell[:, None], others[local]].reshape(-1)] = 1.0
    marker.scatter_reverse(la.InsertMode.add)
    marker.scatter_forward()
    return marker.array > 0.5


def _groups(
    base: compat.SubMesh, vertices: IntArray, facets_of: IntArray, shut: npt.NDArray[np.bool_], touched: Any
) -> Longs:
    """(cells, corners) group of cells about a touched vertex that each corner belongs to; -1 elsewhere. Collective."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    topology, comm, width = base.mesh.topology, base.mesh.comm, vertices.shape[1]
    index = topology.index_map(base.dim)
    count = len(vertices)
    links = topology.connectivity(base.dim - 1, base.dim)
    two = np.flatnonzero((np.diff(links.offsets) == 2) & ~shut)
    first, second = links.array[links.offsets[two]], links.array[links.offsets[two] + 1]
    near = touched[vertices[first]].any(axis=1) & touched[vertices[second]].any(axis=1)
    first, second, common = first[near], second[near], two[near]
    # corners that the two cells have in common: those of the facet between them
    same = (vertices[first][:, :, None] == vertices[second][:, None, :]) & touched[vertices[first]][:, :, None]
    same &= (facets_of[first] != common[:, None])[:, :, None] & (facets_of[second] != common[:, None])[:, None, :]
    row, i, j = np.nonzero(same)
    edges = first[row].astype(np.int64) * width + i, second[row].astype(np.int64) * width + j
    inside = touched[vertices]
    graph = coo_matrix((np.ones(len(row), dtype=np.int8), edges), shape=(count * width,) * 2)
    pieces, piece = connected_components(graph, directed=False)
    numbers = np.asarray(index.local_to_global(np.arange(count, dtype=np.int32)), dtype=np.int64)
    found = np.where(inside, ((_original(base) << _BITS) + numbers)[:, None], -1)
    shared = la.vector(index, width, dtype=np.int64)
    while True:
        least = np.full(pieces, np.iinfo(np.int64).max)
        np.minimum.at(least, piece[inside.reshape(-1)], found[inside])
        shared.array[:] = np.where(inside, least[piece].reshape(count, width), -1).reshape(-1)
        shared.scatter_forward()
        spread = np.array(shared.array).reshape(count, width)
        changed = bool(np.any(spread != found))
        found = spread
        if not comm.allreduce(changed, op=MPI.LOR):
            return found


def _original(base: compat.SubMesh) -> Longs:
    """(cells,) numbers of the cells before they were distributed."""
    known = np.asarray(base.parent.topology.original_cell_index, dtype=np.int64)
    return known[base.to_parent]


@dataclass(frozen=True)
class _Split:
    """Vertices or nodes after parting.

    Attributes:
        index_map: of them. numbers: (cells, corners) local number of each corner.
        of: (n,) what each is a copy of. group: (n,) that it belongs to; -1: all cells about it.
        position: (n,) of the corner in the smallest cell of the group; 0 where there is none.
    """

    index_map: Any
    numbers: IntArray
    of: IntArray
    group: Longs
    position: Longs


def _split(comm: Any, cells: Any, index_map: Any, corners: IntArray, groups: Longs) -> _Split:
    """One vertex (node) per group, where there are groups. Collective."""
    corners = np.asarray(corners, dtype=np.int64)
    width, owned_cells = corners.shape[1], int(cells.size_local)
    owned, total = int(index_map.size_local), int(index_map.size_local + index_map.num_ghosts)
    inside = groups >= 0
    apart = np.zeros(total, dtype=bool)
    apart[corners[inside]] = True
    pairs, which = np.unique(np.column_stack([corners[inside], groups[inside]]), axis=0, return_inverse=True)
    which = which.reshape(-1)
    starts = np.concatenate([[0], np.cumsum(comm.allgather(owned_cells))])
    smallest = pairs[:, 1] & ((1 << _BITS) - 1)
    owner = np.searchsorted(starts, smallest, side="right") - 1
    mine = owner == comm.rank
    plain = np.flatnonzero(~apart[:owned])
    number = len(plain) + int(mine.sum())
    begin = int(comm.exscan(number) or 0)
    # numbers of what this rank owns
    glob: Longs = np.full(total, -1, dtype=np.int64)
    glob[plain] = begin + np.arange(len(plain))
    copy: Longs = np.full(len(pairs), -1, dtype=np.int64)
    copy[mine] = begin + len(plain) + np.arange(int(mine.sum()))
    # and of what others own
    table = la.vector(index_map, 1, dtype=np.int64)
    table.array[:] = glob
    table.scatter_forward()
    glob = np.asarray(table.array, dtype=np.int64)
    names = np.asarray(index_map.local_to_global(np.arange(total, dtype=np.int32)), dtype=np.int64)
    known: Longs = np.full(corners.shape, -1, dtype=np.int64)
    known[inside] = copy[which]
    rows = np.concatenate([names[corners[:owned_cells]], known[:owned_cells]], axis=1).astype(np.float64)
    told = fetch_floats(comm, rows, smallest).astype(np.int64).reshape(len(pairs), 2 * width)
    position = np.argmax(told[:, :width] == names[pairs[:, 0]][:, None], axis=1)
    copy = np.where(mine, copy, told[np.arange(len(pairs)), width + position])
    # local numbers: owned ones in order, then the others
    foreign = np.flatnonzero(~apart[owned:]) + owned
    local: Longs = np.full(total, -1, dtype=np.int64)
    local[plain] = np.arange(len(plain))
    local[foreign] = number + np.arange(len(foreign))
    local_copy: Longs = np.where(mine, copy - begin, 0)
    local_copy[~mine] = number + len(foreign) + np.arange(int((~mine).sum()))
    ghosts = np.concatenate([glob[foreign], copy[~mine]])
    owners = np.concatenate([np.asarray(index_map.owners)[foreign - owned], owner[~mine]]).astype(np.int32)
    made = compat.index_map(comm, number, ghosts, owners)
    numbers = np.array(local[corners], dtype=np.int64)
    numbers[inside] = local_copy[which]
    order = np.concatenate([np.flatnonzero(mine), np.flatnonzero(~mine)])
    here, there = order[: int(mine.sum())], order[int(mine.sum()) :]
    none = np.full(len(plain), -1), np.full(len(foreign), -1)
    return _Split(
        made,
        np.ascontiguousarray(numbers, dtype=np.int32),
        np.concatenate([plain, pairs[here, 0], foreign, pairs[there, 0]]).astype(np.int32),
        np.concatenate([none[0], pairs[here, 1], none[1], pairs[there, 1]]),
        np.concatenate([0 * none[0], position[here], 0 * none[1], position[there]]),
    )
