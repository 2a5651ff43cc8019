"""A tagged mesh as plain arrays on one process: what Gmsh gives, the cache stores and dolfinx receives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from meshes.problems import MeshError

__all__ = ["MeshArrays", "arrays_from_gmsh", "cell_facets", "facet_rows"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Tags = npt.NDArray[np.int32]

_SIMPLEX = {1: 1, 2: 2, 3: 4}  # Gmsh's element type of the straight simplex, by dimension
_POINT = 15


@dataclass(frozen=True)
class MeshArrays:
    """Straight-sided simplices with tags and the names of the tags.

    Attributes:
        points: (n, gdim) coordinates in metres.
        cells: (m, tdim + 1) points of each cell.
        cell_tags: (m,) tag of each cell, every cell exactly one.
        facets: (k, tdim) points of the tagged facets.
        facet_tags: (k,) their tags, positive.
        layers: name -> cell tag.
        facet_names: name -> facet tag.
    """

    points: Floats
    cells: Ints
    cell_tags: Tags
    facets: Ints
    facet_tags: Tags
    layers: Mapping[str, int] = field(default_factory=dict)
    facet_names: Mapping[str, int] = field(default_factory=dict)

    @property
    def tdim(self) -> int:
        """Topological dimension."""
        return int(self.cells.shape[1]) - 1

    def check(self) -> None:
        """Raise `MeshError` unless shapes, indices, tags and orientation of the data fit together."""
        n, tdim = len(self.points), self.tdim
        sound = (
            self.points.ndim == 2
            and tdim in (1, 2, 3)
            and self.points.shape[1] >= tdim
            and self.cell_tags.shape == (len(self.cells),)
            and self.facet_tags.shape == (len(self.facets),)
            and self.facets.shape[1:] == (tdim,)
            and bool(np.isfinite(self.points).all())
        )
        if not sound:
            raise MeshError("the arrays of the mesh do not fit together (shapes or coordinates)")
        for name, array in (("cells", self.cells), ("facets", self.facets)):
            if array.size and (array.min() < 0 or array.max() >= n):
                raise MeshError(f"{name} refer to points that do not exist")
        if not len(self.cells):
            raise MeshError("the mesh has no cells")
        untagged = {int(t) for t in np.unique(self.cell_tags)} - set(self.layers.values())
        if untagged:
            raise MeshError(f"cells carry tags without a name: {sorted(untagged)}")
        unnamed = {int(t) for t in np.unique(self.facet_tags)} - set(self.facet_names.values())
        if unnamed or (self.facet_tags.size and self.facet_tags.min() <= 0):
            raise MeshError(f"facets carry tags without a name or not positive: {sorted(unnamed)}")
        missing = [name for name, tag in self.layers.items() if not np.any(self.cell_tags == tag)]
        missing += [name for name, tag in self.facet_names.items() if not np.any(self.facet_tags == tag)]
        if missing:
            raise MeshError(f"the mesh has nothing called {', '.join(missing)}")


def cell_facets(cells: Ints) -> Ints:
    """Points (m, tdim + 1, tdim) of the facets of `cells` (m, tdim + 1).

    Facet i of a triangle or tetrahedron is opposite to vertex i; facet i of an interval is vertex i.
    """
    tdim = cells.shape[1] - 1
    if tdim == 1:
        return cells[:, :, None]
    opposite = [[v for v in range(tdim + 1) if v != i] for i in range(tdim + 1)]
    return cells[:, opposite]


def facet_rows(arrays: MeshArrays) -> Tags:
    """Facet tags by cell: (m, tdim + 1), 0 where the facet has none.

    Facets are matched by their sorted points, packed into one integer where that fits.

    Raises:
        MeshError: a tagged facet belongs to no cell, or has two tags.
    """
    rows = np.zeros((len(arrays.cells), arrays.tdim + 1), dtype=np.int32)
    if not len(arrays.facets):
        return rows
    marked = _facet_keys(arrays.facets, len(arrays.points))
    marked, first = np.unique(marked, return_index=True)
    tags = arrays.facet_tags[first]
    if len(marked) != len(arrays.facets):
        again = _facet_keys(arrays.facets, len(arrays.points))
        if np.any(tags[np.searchsorted(marked, again)] != arrays.facet_tags):
            raise MeshError("a facet carries two tags")
    # only cells with tdim marked points can have a marked facet: the few, not all, are sorted
    point = np.zeros(len(arrays.points), dtype=bool)
    point[arrays.facets] = True
    candidates = np.flatnonzero(point[arrays.cells].sum(axis=1) >= arrays.tdim)
    facets = cell_facets(arrays.cells[candidates])
    keys = _facet_keys(facets.reshape(-1, arrays.tdim), len(arrays.points))
    at = np.minimum(np.searchsorted(marked, keys), len(marked) - 1)
    hit = marked[at] == keys
    if len(np.unique(at[hit])) != len(marked):
        raise MeshError("a tagged facet belongs to no cell: the mesh does not conform to its interfaces")
    rows[candidates] = np.where(hit, tags[at], 0).reshape(-1, arrays.tdim + 1)
    return rows


def _facet_keys(facets: Ints, points: int) -> npt.NDArray[np.generic]:
    f = np.sort(np.asarray(facets, dtype=np.int64), axis=1)
    if points ** f.shape[1] < 2**63:
        key = np.zeros(len(f), dtype=np.int64)
        for column in f.T:
            key = key * points + column
        return key
    kind = np.dtype([(f"p{i}", np.int64) for i in range(f.shape[1])])
    return np.ascontiguousarray(f).view(kind).reshape(-1)


def arrays_from_gmsh(tdim: int, gdim: int, unit: float = 1.0) -> MeshArrays:
    """Arrays of the mesh of the current Gmsh model, tags and names from its physical groups.

    Physical groups of dimension `tdim` name the cells, of `tdim` - 1 the facets. Nodes that no cell uses are
    left out. Everything is read in bulk.

    Args:
        tdim: dimension of the cells. gdim: number of coordinates to keep.
        unit: length of 1 of the Gmsh model, in metres.

    Raises:
        MeshError: elements that are no straight simplices, cells in no group or in two.
    """
    import gmsh

    node_tags, coordinates, _ = gmsh.model.mesh.getNodes()
    if not len(node_tags):
        raise MeshError("Gmsh made no mesh")
    number = np.full(int(node_tags.max()) + 1, -1, dtype=np.int64)
    number[node_tags.astype(np.int64)] = np.arange(len(node_tags))
    cells, cell_tags, layers = _tagged_elements(tdim, number)
    facets, facet_tags, names = _tagged_elements(tdim - 1, number)
    total = sum(len(tags) for tags in gmsh.model.mesh.getElements(tdim)[1])
    if len(cells) != total:
        raise MeshError(f"{abs(total - len(cells))} cells belong to no layer, or to two")
    used = np.zeros(len(node_tags), dtype=bool)
    used[cells] = True
    renumber = np.cumsum(used) - 1
    points = np.ascontiguousarray(coordinates.reshape(-1, 3)[used, :gdim]) * unit
    return MeshArrays(points, renumber[cells], cell_tags, renumber[facets], facet_tags, layers, names)


def _tagged_elements(dim: int, number: Ints) -> tuple[Ints, Tags, dict[str, int]]:
    import gmsh

    kind = _SIMPLEX[dim] if dim > 0 else _POINT
    blocks, tags, names = [np.zeros((0, dim + 1), dtype=np.int64)], [np.zeros(0, dtype=np.int32)], {}
    for _, group in gmsh.model.getPhysicalGroups(dim):
        name = gmsh.model.getPhysicalName(dim, group) or f"group {group}"
        names[name] = int(group)
        for entity in gmsh.model.getEntitiesForPhysicalGroup(dim, group):
            types, _, nodes = gmsh.model.mesh.getElements(dim, entity)
            if any(t != kind for t in types):
                raise MeshError(f"{name}: only straight triangles and tetrahedra can be used")
            if not any(len(block) for block in nodes):
                raise MeshError(f"{name}: a part of it could not be meshed")
            for block in nodes:
                blocks.append(number[block.astype(np.int64)].reshape(-1, dim + 1))
                tags.append(np.full(len(blocks[-1]), group, dtype=np.int32))
    return np.concatenate(blocks), np.concatenate(tags), names
