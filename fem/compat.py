"""The only file that knows that dolfinx has versions (0.9, 0.10, 0.11).

The rest of the package is written against the names below, which follow the newest idiom.
Every function is a thin adapter: when 0.9 is dropped this file shrinks to almost nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import dolfinx
import numpy as np
import numpy.typing as npt
from dolfinx import default_scalar_type, fem
from dolfinx import mesh as dmesh

IntArray = npt.NDArray[np.int32]

VERSION: tuple[int, ...] = tuple(int(p) for p in dolfinx.__version__.split(".")[:2])
_HAS_ENTITY_MAP = hasattr(dmesh, "EntityMap")


def shared_facet_partitioner() -> Any:
    """Cell partitioner that gives every rank the neighbours of its facets as ghosts.

    Interior-facet integrals at a partition boundary are wrong or impossible without them.
    """
    mode = dmesh.GhostMode.shared_facet
    try:
        return dmesh.create_cell_partitioner(mode, 2)  # 0.11: links per facet are mandatory
    except TypeError:
        return dmesh.create_cell_partitioner(mode)


@dataclass(frozen=True)
class SubMesh:
    """A submesh and its relation to the parent.

    Attributes:
        mesh: the submesh; equal to ``parent`` when it covers every cell of it.
        parent: the mesh on which all integrals live.
        dim: topological dimension of the submesh.
        to_parent: (cells,) parent entity of every submesh cell, owned and ghost.
        native: dolfinx' own EntityMap (None before 0.10 and for the trivial submesh).
    """

    mesh: Any
    parent: Any
    dim: int
    to_parent: IntArray
    native: Any = None

    @property
    def trivial(self) -> bool:
        """True when the submesh is the parent itself."""
        return self.mesh is self.parent

    def from_parent(self) -> IntArray:
        """(parent entities,) submesh cell of every parent entity, -1 outside."""
        im = self.parent.topology.index_map(self.dim)
        inverse = np.full(im.size_local + im.num_ghosts, -1, dtype=np.int32)
        inverse[self.to_parent] = np.arange(len(self.to_parent), dtype=np.int32)
        return inverse


def create_submesh(parent: Any, dim: int, entities: IntArray) -> SubMesh:
    """Submesh of the given parent entities (owned and ghost, local numbering)."""
    sub, emap, _vertex_map, _nodes = dmesh.create_submesh(parent, dim, entities)
    if _HAS_ENTITY_MAP:
        im = sub.topology.index_map(dim)
        cells = np.arange(im.size_local + im.num_ghosts, dtype=np.int32)
        to_parent = np.asarray(emap.sub_topology_to_topology(cells, False), dtype=np.int32)
        return SubMesh(sub, parent, dim, to_parent, emap)
    return SubMesh(sub, parent, dim, np.asarray(emap, dtype=np.int32))


def _filled_map(sub: SubMesh) -> IntArray:
    """Parent -> submesh map in which an outside cell borrows the index of an inside neighbour.

    dolfinx 0.9 dereferences the map for both cells of an interior facet without a test; what it reads for
    the outside cell is multiplied by zero.
    """
    inverse = sub.from_parent()
    top = sub.parent.topology
    if sub.dim != top.dim:
        return inverse
    top.create_connectivity(top.dim - 1, top.dim)
    links = top.connectivity(top.dim - 1, top.dim)
    two = np.flatnonzero(np.diff(links.offsets) == 2)
    first, second = links.array[links.offsets[two]], links.array[links.offsets[two] + 1]
    filled = inverse.copy()
    mask = (inverse[first] >= 0) & (inverse[second] < 0)
    filled[second[mask]] = inverse[first[mask]]
    mask = (inverse[second] >= 0) & (inverse[first] < 0)
    filled[first[mask]] = inverse[second[mask]]
    return filled


class EntityMaps:
    """What ``dolfinx.fem.form`` wants to know about the submeshes of one parent, computed once."""

    def __init__(self, submeshes: Iterable[SubMesh]) -> None:
        self.submeshes = [s for s in submeshes if not s.trivial]
        self._native: Any
        if _HAS_ENTITY_MAP:
            self._native = [s.native for s in self.submeshes]
        else:
            self._native = {s.mesh: _filled_map(s) for s in self.submeshes}

    def form(self, expression: Any, **options: Any) -> Any:
        """Compile a UFL form (or nested list of forms, None where empty)."""
        if isinstance(expression, list | tuple):
            return [self.form(e, **options) for e in expression]
        if expression is None:
            return None
        options.setdefault("jit_options", JIT_OPTIONS)
        if not self.submeshes:
            return fem.form(expression, **options)
        return fem.form(expression, entity_maps=self._native, **options)


# The default limit of 10 s is too short for coupled forms when several ranks wait for one compiler.
JIT_OPTIONS: dict[str, Any] = {"timeout": 300}


def homogeneous_condition(space: Any, dofs: IntArray) -> Any:
    """Dirichlet condition of zero on ``dofs`` of a space with one component.

    A vector with one component (displacement in 1-D) is a vector for 0.9 and a scalar for 0.11: a function of
    the space suits both.
    """
    if not space.value_shape:
        return fem.dirichletbc(default_scalar_type(0.0), dofs, space)
    return fem.dirichletbc(fem.Function(space), dofs)


def interior_facet_entities(mesh: Any, facets: IntArray) -> npt.NDArray[np.int32]:
    """(n, 4) rows (cell, local facet, cell, local facet) of the given interior facets."""
    top = mesh.topology
    top.create_connectivity(top.dim - 1, top.dim)
    top.create_connectivity(top.dim, top.dim - 1)
    kind = fem.IntegralType.interior_facet
    try:
        entities = fem.compute_integration_domains(kind, top, facets)
    except TypeError:  # 0.9 wants the dimension of the entities
        entities = fem.compute_integration_domains(kind, top, facets, top.dim - 1)
    return np.asarray(entities, dtype=np.int32).reshape(-1, 4)


def coordinate_map(mesh: Any) -> Any:
    """The coordinate element of a mesh with one cell type."""
    geometry = mesh.geometry
    return geometry.cmaps[0] if hasattr(geometry, "cmaps") else geometry.cmap


def geometry_dofmap(mesh: Any) -> Any:
    """(cells, nodes) geometry nodes of every cell of a mesh with one cell type."""
    geometry = mesh.geometry
    return geometry.dofmaps[0] if hasattr(geometry, "dofmaps") else geometry.dofmap


def interpolation_points(space: Any) -> Any:
    """Reference points at which the element of a space wants values."""
    points = space.element.interpolation_points
    return points() if callable(points) else points


def quadratic_mesh(mesh: Any, space: Any, points: npt.NDArray[np.float64]) -> Any:
    """The same cells with curved sides: a mesh that shares the topology of ``mesh``.

    Args:
        mesh: of straight simplices.
        space: scalar quadratic Lagrange space on it.
        points: (nodes of ``space``, gdim) where its nodes shall lie, owned and ghost.
    """
    import basix.ufl
    import ufl

    gdim, topology = mesh.geometry.dim, mesh.topology
    index_map = space.dofmap.index_map
    local = np.arange(index_map.size_local + index_map.num_ghosts, dtype=np.int32)
    numbers = np.asarray(index_map.local_to_global(local), dtype=np.int64)
    element = fem.coordinate_element(topology.cell_type, 2)
    wanted = element if VERSION >= (0, 10) else element._cpp_object
    geometry = dmesh.create_geometry(index_map, space.dofmap.list.copy(), wanted, points, numbers)
    made = dolfinx.cpp.mesh.Mesh_float64(mesh.comm, topology._cpp_object, geometry._cpp_object)
    domain = ufl.Mesh(basix.ufl.element("Lagrange", topology.cell_name(), 2, shape=(gdim,)))
    return dmesh.Mesh(made, domain)


def index_map(comm: Any, owned: int, ghosts: npt.NDArray[np.int64], owners: IntArray) -> Any:
    """Index map of ``owned`` entries and ghosts (global numbers) of other ranks. Collective."""
    try:
        return dolfinx.common.IndexMap(comm, owned, ghosts, owners)
    except TypeError:  # 0.11 wants a tag for its messages
        return dolfinx.common.IndexMap(comm, owned, ghosts, owners, 0)


def mesh_of(
    base: Any,
    vertices: Any,
    corners: IntArray,
    nodes: Any,
    dofmap: IntArray,
    points: npt.NDArray[np.float64],
    numbers: npt.NDArray[np.int64],
) -> Any:
    """A mesh with the cells of ``base`` (straight simplices) between other vertices.

    Args:
        vertices: index map. corners: (cells, tdim + 1) local vertices of owned and ghost cells.
        nodes: index map of the geometry. dofmap: (cells, tdim + 1). points: (n, gdim). numbers: (n,) input numbers.
    """
    import basix.ufl
    import ufl

    old, cpp = base.topology, dolfinx.cpp.mesh
    tdim, gdim = old.dim, points.shape[1]
    cells, links = old.index_map(tdim), dolfinx.cpp.graph.AdjacencyList_int32(corners)
    if VERSION >= (0, 10):
        known = getattr(old, "original_cell_index", None)
        topology = cpp.Topology(old.cell_type, vertices, cells, links, known)
    else:
        topology = cpp.Topology(base.comm, old.cell_type)
        topology.set_index_map(0, vertices)
        topology.set_index_map(tdim, cells)
        count = vertices.size_local + vertices.num_ghosts
        itself = np.arange(count, dtype=np.int32)[:, None]
        topology.set_connectivity(dolfinx.cpp.graph.AdjacencyList_int32(itself), 0, 0)
        topology.set_connectivity(links, tdim, 0)
    element = fem.coordinate_element(old.cell_type, 1)
    wanted = element if VERSION >= (0, 10) else element._cpp_object
    geometry = dmesh.create_geometry(nodes, dofmap, wanted, points, numbers)
    made = cpp.Mesh_float64(base.comm, topology, geometry._cpp_object)
    return dmesh.Mesh(made, ufl.Mesh(basix.ufl.element("Lagrange", old.cell_name(), 1, shape=(gdim,))))


def with_cells_of(mesh: Any, base: SubMesh) -> SubMesh:
    """A mesh with the cells of the submesh ``base``, in its order, as a submesh of the same parent."""
    native = None
    if _HAS_ENTITY_MAP:
        whole, part = (m.topology._cpp_object for m in (base.parent, mesh))
        native = dmesh.EntityMap(dolfinx.cpp.mesh.EntityMap(whole, part, base.dim, base.to_parent))
    return SubMesh(mesh, base.parent, base.dim, base.to_parent, native)


def create_block_matrix(forms: Sequence[Sequence[Any]]) -> Any:
    """Monolithic AIJ matrix by dolfinx itself: what ``fem.solve.sparsity`` is tested against."""
    import dolfinx.fem.petsc as petsc

    if VERSION >= (0, 10):
        return petsc.create_matrix([list(row) for row in forms], kind=None)
    return petsc.create_matrix_block([list(row) for row in forms])


def assemble_block_matrix(matrix: Any, forms: Sequence[Sequence[Any]], bcs: Sequence[Any]) -> None:
    """Assemble into ``matrix`` (zeroed first); rows and columns of ``bcs`` become identity rows."""
    import dolfinx.fem.petsc as petsc

    matrix.zeroEntries()
    rows = [list(row) for row in forms]
    if VERSION >= (0, 10):
        petsc.assemble_matrix(matrix, rows, bcs=list(bcs))
    else:
        petsc.assemble_matrix_block(matrix, rows, bcs=list(bcs))
    matrix.assemble()


def same_space(condition: Any, space: Any) -> bool:
    """True when a Dirichlet condition belongs to ``space``."""
    own = condition.function_space
    return bool(space._cpp_object.contains(getattr(own, "_cpp_object", own)))
