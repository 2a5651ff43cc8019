"""A mesh distributed over the ranks, with the names of its layers, interfaces and sides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import basix.ufl
import dolfinx
import numpy as np
import numpy.typing as npt
import ufl

from meshes.arrays import MeshArrays, facet_rows
from meshes.collective import agree, fetch_rows, on_root
from meshes.joined import join_sides
from meshes.problems import MeshError
from meshes.stack import Dimension, Stack
from meshes.unrolled import closed_mesh, fetch_floats

__all__ = ["TaggedMesh"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Tags = npt.NDArray[np.int32]


@dataclass(frozen=True)
class TaggedMesh:
    """A dolfinx mesh with tags that cover ghosts, and what the tags are called.

    Attributes:
        mesh: `dolfinx.mesh.Mesh` of straight simplices, with ghost cells across shared facets when there is
            more than one rank.
        cell_tags: `dolfinx.mesh.MeshTags` of every cell, ghosts included.
        facet_tags: of the named facets, those of ghost cells included.
        layers: name -> cell tag.
        facets: name -> facet tag.
        dimension: ``"1"``, ``"2"``, ``"axisymmetric"`` or ``"3"``.
        stack: what it was made from; None for a mesh from elsewhere.
        remarks: what a user should know about how it came about, one sentence each.
        periods: axis -> length in metres between sides that are one (see `meshes.unrolled`); they have no names.
    """

    mesh: Any
    cell_tags: Any
    facet_tags: Any
    layers: Mapping[str, int]
    facets: Mapping[str, int]
    dimension: Dimension
    stack: Stack | None = None
    remarks: tuple[str, ...] = ()
    periods: Mapping[int, float] = field(default_factory=dict)

    @classmethod
    def from_arrays(
        cls,
        arrays: MeshArrays | None,
        comm: Any,
        partitioner: Callable[..., Any] | None = None,
        periodic: Sequence[int] = (),
    ) -> TaggedMesh:
        """Distribute `arrays` of rank 0 (other ranks pass None) over `comm`. Collective.

        Args:
            partitioner: of dolfinx, with ghost cells across shared facets; needed on more than one rank.
            periodic: axes whose two outer sides are one.

        Raises:
            MeshError: arrays that do not fit together, or a mesh without ghost cells; on all ranks.
        """

        def prepare() -> tuple[Any, ...]:
            if arrays is None:
                raise MeshError("rank 0 has no mesh to distribute")
            arrays.check()
            made, vertices, periods = join_sides(arrays, periodic) if periodic else (arrays, None, {})
            rows = np.column_stack([made.cell_tags, facet_rows(made)]).astype(np.int32)
            header = (made.tdim, made.points.shape[1], dict(made.layers), dict(made.facet_names), periods)
            return made.points, made.cells, rows, vertices, header

        mine = on_root(comm, prepare)
        tdim, gdim, layers, names, periods = comm.bcast(None if mine is None else mine[4], root=0)
        if mine is None:
            points = np.zeros((0, gdim))
            cells, rows = np.zeros((0, tdim + 1), dtype=np.int64), np.zeros((0, tdim + 2), dtype=np.int32)
            vertices = cells
        else:
            points, cells, rows, vertices, _ = mine
        closed = (vertices, periods) if periods else None
        return cls._distribute(comm, points, cells, rows, layers, names, partitioner, closed)

    @classmethod
    def _distribute(
        cls,
        comm: Any,
        points: Floats,
        cells: Ints,
        rows: Tags,
        layers: Mapping[str, int],
        names: Mapping[str, int],
        partitioner: Callable[..., Any] | None,
        closed: tuple[Ints, Mapping[int, float]] | None = None,
    ) -> TaggedMesh:
        """Mesh of the `points` and `cells` (global point numbers) that the ranks hold, with their tags.

        `rows` (m, tdim + 2): cell tag and the tags of the cell's facets (0: none).
        `closed`: vertices (m, tdim + 1) of the cells where images of a point are one vertex, and the periods.
        """
        tdim = cells.shape[1] - 1
        shape = {1: "interval", 2: "triangle", 3: "tetrahedron"}[tdim]
        element = basix.ufl.element("Lagrange", shape, 1, shape=(points.shape[1],))
        # by keyword: the order of the arguments is not the same in all versions
        vertices, periods = (cells, {}) if closed is None else closed
        mesh = dolfinx.mesh.create_mesh(comm, cells=vertices, x=points, e=ufl.Mesh(element), partitioner=partitioner)
        if periods:
            topology = mesh.topology
            number = topology.index_map(tdim).size_local + topology.index_map(tdim).num_ghosts
            corners = fetch_floats(comm, points, cells.reshape(-1)).reshape(
                len(cells), cells.shape[1] * points.shape[1]
            )
            origin = np.asarray(topology.original_cell_index[:number], dtype=np.int64)
            places = fetch_floats(comm, corners, origin).reshape(number, tdim + 1, points.shape[1])
            mesh = closed_mesh(mesh, places, periods)
        return replace(cls.from_mesh(mesh, rows, layers, names), periods=dict(periods))

    @classmethod
    def from_mesh(cls, mesh: Any, rows: Tags, layers: Mapping[str, int], names: Mapping[str, int]) -> TaggedMesh:
        """A distributed mesh with the tags of the cells that it was made from. Collective.

        Args:
            mesh: of straight simplices, with ghost cells across shared facets.
            rows: (m, tdim + 2) cell tag and the tags of the cell's facets (0: none) of the cells that this rank
                put into the mesh, in that order.
            layers, names: name -> cell tag, name -> facet tag.
        """
        comm, tdim = mesh.comm, mesh.topology.dim
        _require_ghosts(mesh)
        topology = mesh.topology
        topology.create_entities(tdim - 1)
        topology.create_connectivity(tdim, tdim - 1)
        topology.create_connectivity(tdim - 1, tdim)
        own = topology.index_map(tdim)
        number = own.size_local + own.num_ghosts
        # a cell keeps the order of its vertices on its way through dolfinx, so its facets keep theirs
        origin = np.asarray(topology.original_cell_index[:number], dtype=np.int64)
        mine = fetch_rows(comm, rows, origin)
        cell_tags = dolfinx.mesh.meshtags(mesh, tdim, np.arange(number, dtype=np.int32), mine[:, 0].copy())
        cell_tags.name = "layers"
        links = topology.connectivity(tdim, tdim - 1).array.reshape(number, tdim + 1)
        marked = mine[:, 1:] > 0
        facets, first = np.unique(links[marked], return_index=True)
        values = mine[:, 1:][marked]
        # both cells of a facet must say the same: this would catch vertices in another order
        clash = bool(np.any(values[first][np.searchsorted(facets, links[marked])] != values))
        agree(comm, "two cells disagree about the tag of their common facet" if clash else None)
        facet_tags = dolfinx.mesh.meshtags(mesh, tdim - 1, facets.astype(np.int32), values[first].copy())
        facet_tags.name = "facets"
        dimension: Dimension = ("1", "2", "3")[tdim - 1]  # type: ignore[assignment]
        return cls(mesh, cell_tags, facet_tags, dict(layers), dict(names), dimension)

    @property
    def tdim(self) -> int:
        """Topological dimension of the cells."""
        return int(self.mesh.topology.dim)

    def cells(self, layer: str) -> Tags:
        """Cells (ghosts included) of `layer`, local numbers, sorted.

        Raises:
            KeyError: no layer of this name.
        """
        return np.asarray(self.cell_tags.find(_named(self.layers, layer, "layer")), dtype=np.int32)

    def facets_of(self, name: str) -> Tags:
        """Facets (ghosts included) called `name`, local numbers, sorted.

        Raises:
            KeyError: no facets of this name.
        """
        return np.asarray(self.facet_tags.find(_named(self.facets, name, "facets")), dtype=np.int32)

    def owned_cells(self) -> tuple[Floats, Ints, Tags]:
        """Points (n, gdim), cells (m, tdim + 1) and cell tags (m,) of this rank, ghosts left out."""
        number = self.mesh.topology.index_map(self.tdim).size_local
        owned = np.arange(number, dtype=np.int32)
        # dolfinx divides by the number of entities
        cells = dolfinx.mesh.entities_to_geometry(self.mesh, self.tdim, owned) if number else np.zeros(0)
        points = np.asarray(self.mesh.geometry.x[:, : self.mesh.geometry.dim])
        return points, np.asarray(cells, dtype=np.int64).reshape(number, self.tdim + 1), _dense(self.cell_tags, number)

    def write(self, folder: Path) -> None:
        """Write the mesh into `folder`, one part per rank; see `meshes.store`. Collective."""
        from meshes.store import write_parts

        write_parts(self, Path(folder))

    @classmethod
    def read(cls, folder: Path, comm: Any, partitioner: Callable[..., Any] | None = None) -> TaggedMesh:
        """Read what `write` wrote, on any number of ranks. The stack is not kept. Collective.

        Raises:
            MeshError: the folder is missing, damaged or something else; on all ranks.
        """
        from meshes.store import read_parts

        points, cells, rows, header = read_parts(Path(folder), comm)
        mesh = cls._distribute(comm, points, cells, rows, header["layers"], header["facets"], partitioner)
        return replace(mesh, dimension=header["dimension"])

    @classmethod
    def from_meshio(
        cls,
        path: Path,
        comm: Any,
        partitioner: Callable[..., Any] | None = None,
        layers: Mapping[str, int] | None = None,
        facets: Mapping[str, int] | None = None,
        axisymmetric: bool = False,
    ) -> TaggedMesh:
        """A mesh of straight simplices from any file that meshio reads; see `meshes.importing`. Collective.

        Args:
            layers, facets: name -> tag; default: the names in the file (Gmsh's physical groups).
            axisymmetric: a planar mesh holds (r, z).

        Raises:
            MeshError: the file cannot be read or used; on all ranks.
        """
        from meshes.importing import arrays_from_meshio

        arrays = on_root(comm, lambda: arrays_from_meshio(Path(path), layers, facets))
        mesh = cls.from_arrays(arrays, comm, partitioner)
        return replace(mesh, dimension="axisymmetric") if axisymmetric and mesh.tdim == 2 else mesh


def _named(names: Mapping[str, int], name: str, what: str) -> int:
    if name not in names:
        raise KeyError(f"no {what} {name!r}; there are {', '.join(names)}")
    return names[name]


def _dense(tags: Any, number: int) -> Tags:
    values = np.zeros(number, dtype=np.int32)
    inside = tags.indices < number
    values[tags.indices[inside]] = tags.values[inside]
    return values


def _require_ghosts(mesh: Any) -> None:
    """Raise unless the rank that owns an interior facet has both of its cells.

    Of a conforming mesh, (tdim + 1) cells - facets is the number of interior facets: as many must be seen
    with two cells by their owners.
    """
    comm = mesh.comm
    if comm.size == 1:
        return
    topology = mesh.topology
    tdim = topology.dim
    topology.create_entities(tdim - 1)
    topology.create_connectivity(tdim - 1, tdim)
    facets, cells = topology.index_map(tdim - 1), topology.index_map(tdim)
    offsets = topology.connectivity(tdim - 1, tdim).offsets[: facets.size_local + 1]
    seen = comm.allreduce(int(np.count_nonzero(np.diff(offsets) == 2)))
    text = "the mesh was distributed without ghost cells: pass a partitioner with GhostMode.shared_facet"
    agree(comm, text if seen != (tdim + 1) * cells.size_global - facets.size_global else None)
