"""Local refinement of a distributed mesh: tags, interface sides and ghost cells stay, round walls become rounder.

Every rank divides its own cells (edges of marked cells are halved, neighbours are divided so that the mesh
conforms: Plaza and Carey, Appl. Numer. Math. 32 (2000) 195). The new mesh is distributed afresh, so the load stays
balanced, with ghost cells across shared facets; tags travel with the cells, as rows of a distributed table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import dolfinx
import numpy as np
import numpy.typing as npt

from meshes.collective import agree, fetch_rows
from meshes.curvature import Shape, moved_within, shape_of
from meshes.tagged import TaggedMesh
from meshes.unrolled import cell_corners, closed_mesh, fetch_floats, refinable, repaired

__all__ = ["known_shape", "refine", "refine_with"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Tags = npt.NDArray[np.int32]
#: Points of facets lie on their true surface within this part of the facet size.
_CONFIRMED = 2e-3


def refine(
    tagged: TaggedMesh, marked: Bools, partitioner: Callable[..., Any] | None = None, shape: Shape | None = None
) -> TaggedMesh:
    """Divide cells; see `refine_with`. Collective."""
    return refine_with(tagged, marked, np.zeros((len(marked), 1)), partitioner, shape)[0]


def refine_with(
    tagged: TaggedMesh,
    marked: Bools,
    values: Floats,
    partitioner: Callable[..., Any] | None = None,
    shape: Shape | None = None,
) -> tuple[TaggedMesh, Floats]:
    """Divide cells, and tell every new cell some numbers that its parent has. Collective.

    Args:
        tagged: the mesh.
        marked: (owned cells,) which cells of this rank to divide.
        values: (owned cells, k) numbers, kept in single precision.
        partitioner: of dolfinx, with ghost cells across shared facets (needed on more than one rank).
        shape: true shape of curved facets, onto which new points are put; None: what the stack of the mesh knows.

    Returns:
        The finer mesh, with the same names and stack, and the parents' numbers (owned cells of it, k).

    Raises:
        MeshError: the true surface cannot be followed without folding cells; on all ranks.
    """
    shape = known_shape(tagged) if shape is None else shape
    if tagged.tdim == 1:
        return _halved(tagged, marked, values, partitioner)
    mesh, tdim = tagged.mesh, tagged.tdim
    topology = mesh.topology
    topology.create_entities(1)
    topology.create_connectivity(tdim, 1)
    edges = topology.connectivity(tdim, 1).array.reshape(-1, 3 if tdim == 2 else 6)
    chosen = np.unique(edges[: len(marked)][marked]).astype(np.int32)
    option = dolfinx.mesh.RefinementOption.parent_cell_and_facet
    divisible = refinable(mesh, marked, tagged.periods) if tagged.periods else mesh
    fine, parents, facets = dolfinx.mesh.refine(divisible, chosen, partitioner, option)
    if tagged.periods:
        fine = _closed(tagged, fine, np.asarray(parents))
    rows = _inherited(tagged, np.asarray(parents), np.asarray(facets).reshape(-1, tdim + 1))
    made = _alike(tagged, TaggedMesh.from_mesh(fine, rows, tagged.layers, tagged.facets))
    if shape:
        _follow(made, shape)
    return made, _handed_down(made, values[np.asarray(parents)])


def _closed(tagged: TaggedMesh, fine: Any, parents: Tags) -> Any:
    """The finer mesh with its cells where their parents (of those that this rank made) are."""
    corners = cell_corners(tagged.mesh)[parents]
    boxes = np.hstack([corners.min(axis=1), corners.max(axis=1)])
    topology, gdim = fine.topology, tagged.mesh.geometry.dim
    cells = topology.index_map(topology.dim)
    origin = np.asarray(topology.original_cell_index[: cells.size_local + cells.num_ghosts], dtype=np.int64)
    boxes = fetch_floats(fine.comm, boxes, origin)
    places = repaired(cell_corners(fine), boxes[:, :gdim], boxes[:, gdim:], tagged.periods)
    return closed_mesh(fine, places, tagged.periods)


def _handed_down(tagged: TaggedMesh, values: Floats) -> Floats:
    """Numbers (owned cells, k) from those of the cells that this rank put into the mesh, in that order."""
    topology = tagged.mesh.topology
    origin = np.asarray(topology.original_cell_index[: topology.index_map(tagged.tdim).size_local], dtype=np.int64)
    rows = np.ascontiguousarray(values, dtype=np.float32).view(np.int32)
    found = fetch_rows(tagged.mesh.comm, rows, origin)
    return np.ascontiguousarray(found).view(np.float32).astype(np.float64)


def _inherited(tagged: TaggedMesh, parents: Tags, parent_facets: npt.NDArray[Any]) -> Tags:
    """(m, tdim + 2) cell tag and facet tags of new cells, in the order in which they were made on this rank."""
    cells, links, tags = _dense_tags(tagged)
    inside = parent_facets.astype(np.int64)
    known = inside >= 0
    local = np.take_along_axis(links[parents], np.where(known, inside, 0), axis=1)
    return np.column_stack([cells[parents], np.where(known, tags[local], 0)]).astype(np.int32)


def _dense_tags(tagged: TaggedMesh) -> tuple[Tags, Tags, Tags]:
    """Tag of every local cell, facets (cells, tdim + 1) of every local cell, tag of every local facet (0: none)."""
    topology, tdim = tagged.mesh.topology, tagged.tdim
    topology.create_connectivity(tdim, tdim - 1)
    values = []
    for dim, tags in ((tdim, tagged.cell_tags), (tdim - 1, tagged.facet_tags)):
        index_map = topology.index_map(dim)
        dense = np.zeros(index_map.size_local + index_map.num_ghosts, dtype=np.int32)
        dense[tags.indices] = tags.values
        values.append(dense)
    links = topology.connectivity(tdim, tdim - 1).array.reshape(-1, tdim + 1)
    return values[0], links, values[1]


def _halved(
    tagged: TaggedMesh, marked: Bools, values: Floats, partitioner: Callable[..., Any] | None
) -> tuple[TaggedMesh, Floats]:
    """One dimension: intervals are independent of their neighbours."""
    mesh, comm = tagged.mesh, tagged.mesh.comm
    nodes = mesh.geometry.index_map()
    number = mesh.topology.index_map(1).size_local
    local = _geometry_dofs(mesh)[:number]
    ends = nodes.local_to_global(local.reshape(-1).astype(np.int32)).reshape(number, 2).astype(np.int64)
    x = mesh.geometry.x[:, : mesh.geometry.dim]
    # new points follow the owned ones of the same rank in the global numbering
    made = int(np.count_nonzero(marked))
    counts = comm.allgather((nodes.size_local, made))
    old_starts = np.cumsum([0, *(a for a, _ in counts)])
    extra = np.cumsum([0, *(b for _, b in counts)])
    owner = np.searchsorted(old_starts, ends, side="right") - 1
    ends = ends + extra[owner]
    middle = old_starts[comm.rank + 1] + extra[comm.rank] + np.arange(made, dtype=np.int64)
    points = np.concatenate([x[: nodes.size_local], x[local[marked]].mean(axis=1)])
    cells, links, tags = _dense_tags(tagged)
    cells, links = cells[:number], links[:number]
    first, second = ends[marked][:, 0], ends[marked][:, 1]
    kept = ~marked
    new_cells = np.concatenate(
        [ends[kept], np.column_stack([first, middle]), np.column_stack([middle, second])]
    ).astype(np.int64)
    own = np.column_stack([cells, tags[links]])
    lower, upper = own[marked].copy(), own[marked].copy()
    lower[:, 2], upper[:, 1] = 0, 0
    rows = np.concatenate([own[kept], lower, upper]).astype(np.int32)
    fine = TaggedMesh._distribute(comm, points, new_cells, rows, tagged.layers, tagged.facets, partitioner)
    passed = np.concatenate([values[kept], values[marked], values[marked]])
    return _alike(tagged, fine), _handed_down(fine, passed)


def _alike(tagged: TaggedMesh, made: TaggedMesh) -> TaggedMesh:
    """Everything but the mesh and its tags is that of `tagged`."""
    return replace(tagged, mesh=made.mesh, cell_tags=made.cell_tags, facet_tags=made.facet_tags)


def known_shape(tagged: TaggedMesh) -> Shape:
    """The true shape of the curved facets of a mesh, as far as its stack tells and its points confirm. Collective.

    A surface that the points of its facets do not lie on is another one (something was painted over it, say): such
    facets stay as they are.
    """
    shape = shape_of(tagged.stack)
    if not shape:
        return shape
    mesh = tagged.mesh
    x = np.asarray(mesh.geometry.x[:, : mesh.geometry.dim])
    masks = {name: _points_on(tagged, name) for name in tagged.facets}
    walls = {
        name: surface
        for name, surface in shape.walls.items()
        if name in masks and _confirmed(tagged, name, surface.project(x[masks[name]]) - x[masks[name]])
    }
    rims = []
    for (first, second), curve in shape.rims:
        if first in masks and second in masks:
            both = masks[first] & masks[second]
            if _confirmed(tagged, first, curve.project(x[both]) - x[both]):
                rims.append(((first, second), curve))
    return Shape(walls, rims)


def _confirmed(tagged: TaggedMesh, name: str, moves: Floats) -> bool:
    """Whether points would not be moved noticeably, measured by the size of the facets of a name."""
    from mpi4py import MPI

    mesh, comm = tagged.mesh, tagged.mesh.comm
    facets = tagged.facets_of(name)
    sizes = mesh.h(tagged.tdim - 1, facets) if len(facets) else np.zeros(0)
    total, count = comm.allreduce(np.array([float(np.sum(sizes)), float(len(facets))]))
    worst = float(comm.allreduce(float(np.linalg.norm(moves, axis=1).max(initial=0.0)), op=MPI.MAX))
    return bool(count > 0 and worst <= _CONFIRMED * total / count)


def _follow(tagged: TaggedMesh, shape: Shape) -> None:
    """Put the points of curved facets onto the true surface (in place)."""
    mesh = tagged.mesh
    gdim = mesh.geometry.dim
    x = mesh.geometry.x
    before = x[:, :gdim].copy()
    signs = np.sign(_volumes(tagged, before))
    masks = {name: _points_on(tagged, name) for name in tagged.facets}
    after = moved_within(shape, before, masks.get, tagged.periods)
    folded = int(np.count_nonzero(np.sign(_volumes(tagged, after)) != signs))
    total = mesh.comm.allreduce(folded)
    message = f"refinement towards a curved wall would fold {total} cells: the mesh there is too coarse to start with"
    agree(mesh.comm, message if total else None)
    x[:, :gdim] = after


def _volumes(tagged: TaggedMesh, points: Floats) -> Floats:
    """(local cells,) signed volumes times a constant, ghosts included."""
    nodes = _geometry_dofs(tagged.mesh)
    edges = points[nodes[:, 1:]] - points[nodes[:, :1]]
    return np.asarray(np.linalg.det(edges)) if edges.shape[1] == edges.shape[2] else np.ones(len(nodes))


def _geometry_dofs(mesh: Any) -> Tags:
    geometry = mesh.geometry
    found = geometry.dofmaps[0] if hasattr(geometry, "dofmaps") else geometry.dofmap
    return np.asarray(found)


def _points_on(tagged: TaggedMesh, name: str) -> Bools:
    """(points,) which local points lie on facets called `name`: a rank may have the point without the facet."""
    mesh, tdim = tagged.mesh, tagged.tdim
    topology = mesh.topology
    topology.create_connectivity(tdim - 1, tdim)
    marker = dolfinx.la.vector(mesh.geometry.index_map(), 1)
    facets = tagged.facets_of(name)
    if len(facets):  # dolfinx divides by their number
        marker.array[dolfinx.mesh.entities_to_geometry(mesh, tdim - 1, facets).reshape(-1)] = 1.0
    marker.scatter_reverse(dolfinx.la.InsertMode.add)
    marker.scatter_forward()
    return np.asarray(marker.array > 0.5)
