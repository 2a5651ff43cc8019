"""Sparsity of a block matrix from the dofmaps, by sparse products instead of row-wise sets.

dolfinx collects the columns of every row in a growing list; at 1.6 million unknowns of two submeshes that takes
twice as long and twice the memory of assembling and solving. Here the pattern is R'C, with R and C the incidence of
elements and row or column unknowns. It holds exactly what can be non-zero: dolfinx 0.10 and 0.11 also want to write
zeros where one side of an interface facet is missing, which fills rows with as many entries as the interface has
nodes; those zeros are ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from petsc4py import PETSc
from scipy import sparse

from fem.compat import SubMesh
from fem.solve.multigrid import global_numbers, owned_size

Indices = npt.NDArray[np.int32]


def create_matrix(spaces: Sequence[Any], regions: Sequence[SubMesh], blocks: Sequence[Sequence[Any]]) -> Any:
    """AIJ matrix for a block of bilinear forms, zero, ready for ``compat.assemble_block_matrix``.

    Args:
        spaces: space of every block row and column.
        regions: submesh of every space; all of one parent, on which the forms are integrated.
        blocks: UFL forms, None where a block vanishes.

    Returns:
        PETSc matrix with the layout of ``multigrid.global_numbers``; collective.
    """
    pattern = _Pattern(spaces, regions)
    for i, row in enumerate(blocks):
        for j, form in enumerate(row):
            if form is not None:
                pattern.couple(i, j, form)
    pattern.add_diagonal()
    return pattern.matrix()


class _Pattern:
    """Elements collected so far: for each the unknowns of its rows and of its columns, in local block numbers."""

    def __init__(self, spaces: Sequence[Any], regions: Sequence[SubMesh]) -> None:
        self.spaces, self.regions = list(spaces), list(regions)
        self.comm = spaces[0].mesh.comm
        parent = regions[0].parent
        self.top, self.tdim = parent.topology, int(parent.topology.dim)
        self.owned_cells = int(self.top.index_map(self.tdim).size_local)
        self.inside = [r.from_parent() for r in regions]
        self.numbers = global_numbers(spaces)
        sizes = [len(n) for n in self.numbers]
        self.starts = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
        # (row, column) part of the matrix -> elements; parts with the same elements are not merged.
        self.elements: list[tuple[Indices, Indices]] = []

    # ------------------------------------------------------------------ elements
    def _unknowns(self, k: int, cells: Indices) -> Indices:
        """(cells, unknowns) local block numbers of space k on its own cells."""
        dofmap = self.spaces[k].dofmap
        bs = dofmap.index_map_bs
        dofs = dofmap.list[cells]
        if bs > 1:
            dofs = (dofs[:, :, None] * bs + np.arange(bs, dtype=np.int32)).reshape(len(cells), dofs.shape[1] * bs)
        return np.asarray(dofs + self.starts[k], dtype=np.int32)

    def couple(self, i: int, j: int, form: Any) -> None:
        """Add what a form couples in block (i, j)."""
        whole, facets = False, []
        for integral in form.integrals():
            if integral.integral_type() == "interior_facet":
                facets.append(_facet_rows(integral))
            else:
                whole = True
        if whole:
            a, b = self.inside[i][: self.owned_cells], self.inside[j][: self.owned_cells]
            both = (a >= 0) & (b >= 0)
            self.elements.append((self._unknowns(i, a[both]), self._unknowns(j, b[both])))
        if facets:
            rows = np.unique(np.concatenate(facets), axis=0)
            for k in self._on_facets(i, rows):
                for n in self._on_facets(j, rows):
                    both = (k >= 0) & (n >= 0)
                    self.elements.append((self._unknowns(i, k[both]), self._unknowns(j, n[both])))

    def add_diagonal(self) -> None:
        """Add the diagonal: rows of constrained unknowns that no element reaches become identity rows, too.

        dolfinx in release builds does not look at PETSc's error when such an entry is missing.
        """
        for start, space in zip(self.starts, self.spaces, strict=False):
            own = np.arange(start, start + owned_size(space), dtype=np.int32)[:, None]
            self.elements.append((own, own))

    def _on_facets(self, k: int, rows: Indices) -> list[Indices]:
        """Cells of space k at interface facets (cell, local facet, cell, local facet): one array per side."""
        inside, region = self.inside[k], self.regions[k]
        if region.dim == self.tdim:
            return [inside[rows[:, 0]], inside[rows[:, 2]]]
        self.top.create_connectivity(self.tdim, self.tdim - 1)
        links = self.top.connectivity(self.tdim, self.tdim - 1).array.reshape(-1, self.tdim + 1)
        return [inside[links[rows[:, 0], rows[:, 1]]]]

    # ------------------------------------------------------------------ matrix
    def matrix(self) -> Any:
        """The matrix."""
        indptr, columns = self._local() if self.comm.size == 1 else self._distributed()
        own = sum(owned_size(s) for s in self.spaces)
        indptr, columns = (part.astype(PETSc.IntType, copy=False) for part in (indptr, columns))
        size = ((own, None), (own, None))
        if self.comm.size == 1:
            arrays = (indptr, columns, np.zeros(len(columns), dtype=PETSc.ScalarType))
            matrix = PETSc.Mat().createAIJWithArrays(size, arrays, comm=self.comm)
        else:
            matrix = PETSc.Mat().createAIJ(size, csr=(indptr, columns), comm=self.comm)
        numbers = np.concatenate(self.numbers).astype(PETSc.IntType)
        local = PETSc.LGMap().create(numbers, comm=self.comm)
        matrix.setLGMap(local, local)
        local.destroy()
        matrix.setOption(PETSc.Mat.Option.NEW_NONZERO_LOCATION_ERR, True)
        matrix.setOption(PETSc.Mat.Option.IGNORE_ZERO_ENTRIES, True)
        return matrix

    def _product(self, position: npt.NDArray[np.int64]) -> Any:
        """(unknowns, unknowns) pattern of this rank's elements, rows and columns renumbered by ``position``."""
        count = len(position)
        left = _incidence([position[r].astype(np.int32) for r, _ in self.elements], count)
        same = all(r is c for r, c in self.elements)
        right = left if same else _incidence([position[c].astype(np.int32) for _, c in self.elements], count)
        # The transpose of C'R has its column numbers in order at the price of one pass.
        return (right.T.tocsr() @ left).tocsc()

    def _local(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        product = self._product(np.arange(self.starts[-1]))
        return product.indptr, product.indices

    def _distributed(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Rows of this rank: what its elements give, and what the elements of others give to its unknowns."""
        numbers = np.concatenate(self.numbers)
        own = sum(owned_size(s) for s in self.spaces)
        first = int(self.comm.exscan(own) or 0)
        ends = np.cumsum(self.comm.allgather(own))
        order = np.argsort(numbers)
        position = np.empty(len(numbers), dtype=np.int64)
        position[order] = np.arange(len(numbers))
        product = self._product(position)
        ordered = numbers[order]
        # In the order of the global numbers this rank's rows are one slice: only the others' rows are spelled out.
        low, high = np.searchsorted(ordered, (first, first + own))
        start, stop = product.indptr[low], product.indptr[high]
        shape = (own, int(ends[-1]))
        columns = ordered.astype(PETSc.IntType)[product.indices]
        rows = np.concatenate([ordered[:low], ordered[high:]])
        counts = np.concatenate([np.diff(product.indptr[: low + 1]), np.diff(product.indptr[high:])])
        pairs = np.stack([np.repeat(rows, counts), np.concatenate([columns[:start], columns[stop:]])], axis=1)
        owner = np.searchsorted(ends, pairs[:, 0], side="right")
        received = np.concatenate(self.comm.alltoall([pairs[owner == r] for r in range(self.comm.size)]))
        ones = np.ones(stop - start, dtype=np.int8)
        mine = sparse.csr_matrix((ones, columns[start:stop], product.indptr[low : high + 1] - start), shape=shape)
        del product, columns
        total = mine + _coordinates(received[:, 0] - first, received[:, 1], shape)
        total.sort_indices()
        return total.indptr, total.indices


def _incidence(parts: Sequence[Indices], count: int) -> Any:
    """(elements, count) matrix of ones."""
    widths = np.concatenate([np.full(len(p), p.shape[1], dtype=np.int64) for p in parts])
    indptr = np.concatenate(([0], np.cumsum(widths)))
    indices = np.concatenate([p.reshape(-1) for p in parts])
    kind = np.int32 if len(indices) < np.iinfo(np.int32).max else np.int64
    data = np.ones(len(indices), dtype=np.int8)
    return sparse.csr_matrix((data, indices.astype(kind), indptr.astype(kind)), shape=(len(widths), count))


def _coordinates(rows: npt.NDArray[Any], columns: npt.NDArray[Any], shape: tuple[int, int]) -> Any:
    ones = np.ones(len(rows), dtype=np.int8)
    return sparse.coo_matrix((ones, (rows, columns)), shape=shape).tocsr()


def _facet_rows(integral: Any) -> Indices:
    """(n, 4) facets that an integral runs over.

    Raises:
        TypeError: when the facets are not given by ordered sides.
    """
    data, chosen = integral.subdomain_data(), integral.subdomain_id()
    if not isinstance(data, list | tuple):
        raise TypeError("interior-facet integrals of a block matrix need facets with ordered sides")
    wanted = chosen if isinstance(chosen, tuple) else (chosen,)
    parts = [np.asarray(rows, dtype=np.int32).reshape(-1, 4) for tag, rows in data if tag in wanted]
    return np.concatenate(parts) if parts else np.empty((0, 4), dtype=np.int32)
