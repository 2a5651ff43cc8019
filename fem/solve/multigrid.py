"""Two-level p-multigrid: linear elements as the coarse space of quadratic ones, block by block.

The interpolation is built from the dofmaps by array operations; it agrees with dolfinx' own interpolation
matrix and takes a fraction of its time. Columns of constrained linear unknowns are left empty, so that the
scale of the identity rows of Dirichlet conditions cannot reach the correction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import basix
import numpy as np
import numpy.typing as npt
from dolfinx import fem
from petsc4py import PETSc

IndexArray = npt.NDArray[np.int32]


def degree(space: Any) -> int:
    """Polynomial degree of a Lagrange space."""
    return int(space.ufl_element().degree)


def owned_size(space: Any) -> int:
    """Number of owned scalar unknowns."""
    return int(space.dofmap.index_map.size_local * space.dofmap.index_map_bs)


def global_size(space: Any) -> int:
    """Number of scalar unknowns on all ranks."""
    return int(space.dofmap.index_map.size_global * space.dofmap.index_map_bs)


def linear_space(space: Any) -> Any:
    """Linear Lagrange space with the shape of ``space`` on its mesh; ``space`` itself when it is linear."""
    if degree(space) == 1:
        return space
    shape = space.ufl_element().reference_value_shape
    return fem.functionspace(space.mesh, ("Lagrange", 1, tuple(shape)) if shape else ("Lagrange", 1))


def _reference_interpolation(space: Any) -> npt.NDArray[np.float64]:
    """(nodes of the element, vertices) values of the linear shape functions at the nodes of ``space``."""
    cell = space.mesh.basix_cell()
    variant = basix.LagrangeVariant.gll_warped
    nodes = basix.create_element(basix.ElementFamily.P, cell, degree(space), variant).points
    linear = basix.create_element(basix.ElementFamily.P, cell, 1, variant)
    # Rounded, so that vertices are recognised by weights of exactly 1.
    return np.asarray(np.round(linear.tabulate(0, nodes)[0, :, :, 0], 13))


def global_numbers(spaces: Sequence[Any]) -> list[npt.NDArray[np.int64]]:
    """Row numbers, in a block matrix, of all local scalar unknowns (owned, then ghosts) of every space.

    On each rank the rows are the owned unknowns of the first space, then of the second, and so on.
    """
    comm = spaces[0].mesh.comm
    maps = [(s.dofmap.index_map, s.dofmap.index_map_bs) for s in spaces]
    owned = np.array([m.size_local * bs for m, bs in maps], dtype=np.int64)
    table = np.array(comm.allgather(owned), dtype=np.int64)  # (ranks, spaces)
    rank_start = np.concatenate(([0], np.cumsum(table.sum(axis=1))))[:-1]
    starts = rank_start[:, None] + np.cumsum(table, axis=1) - table  # first row of every block on every rank
    numbers = []
    for k, (index_map, bs) in enumerate(maps):
        own = starts[comm.rank, k] + np.arange(owned[k], dtype=np.int64)
        first = np.array(comm.allgather(index_map.local_range[0]), dtype=np.int64)
        owners = np.asarray(index_map.owners, dtype=np.int64)
        ghosts = np.asarray(index_map.ghosts, dtype=np.int64) - first[owners]
        ghost_rows = (starts[owners, k] + ghosts * bs)[:, None] + np.arange(bs)
        numbers.append(np.concatenate([own, ghost_rows.reshape(-1)]))
    return numbers


def _links(coarse: Any, fine: Any) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    """For every local node of ``fine``: the local nodes of ``coarse`` it interpolates, and the weights.

    Returns:
        (nodes, w) indices, -1 where unused, and (nodes, w) weights; w: most vertices that a node depends on.
    """
    table = _reference_interpolation(fine)
    width = int((table != 0.0).sum(axis=1).max())
    fine_map, coarse_map = fine.dofmap.list, coarse.dofmap.list
    index_map = fine.dofmap.index_map
    count = index_map.size_local + index_map.num_ghosts
    columns = np.full((count, width), -1, dtype=np.int32)
    weights = np.zeros((count, width))
    for node, row in enumerate(table):
        used = np.flatnonzero(row)
        target = fine_map[:, node]
        # Cells that share the node write the same set, each row as a whole.
        columns[target, : used.size] = coarse_map[:, used]
        weights[target, : used.size] = row[used]
    return columns, weights


def coarse_constraints(coarse: Any, fine: Any, constrained: IndexArray) -> IndexArray:
    """Unrolled local unknowns of ``coarse`` that coincide with constrained unknowns of ``fine``."""
    if coarse is fine:
        return constrained
    bs = fine.dofmap.index_map_bs
    columns, weights = _links(coarse, fine)
    node, component = constrained // bs, constrained % bs
    at_vertex = (weights[node, 0] == 1.0) & (columns[node, 0] >= 0)
    found: IndexArray = np.unique(columns[node[at_vertex], 0] * bs + component[at_vertex]).astype(np.int32)
    return found


def prolongation(coarse: Sequence[Any], fine: Sequence[Any], constrained: Sequence[IndexArray]) -> PETSc.Mat:
    """Interpolation from linear to quadratic elements, block-diagonal over the fields.

    Args:
        coarse: linear space of every field.
        fine: space of every field.
        constrained: per field the unrolled local unknowns of the coarse space whose columns stay empty.

    Returns:
        AIJ matrix with the row layout of the fine and the column layout of the coarse block matrix.
    """
    numbers = global_numbers(coarse)
    counts, columns, values = [], [], []
    for k, (c, f) in enumerate(zip(coarse, fine, strict=True)):
        bs = f.dofmap.index_map_bs
        owned = f.dofmap.index_map.size_local
        link, weight = _links(c, f)
        link, weight = link[:owned], weight[:owned]
        open_columns = np.ones(len(numbers[k]), dtype=bool)
        open_columns[constrained[k]] = False
        unrolled = (link[:, None, :] * bs + np.arange(bs)[None, :, None]).reshape(owned * bs, link.shape[1])
        spread = np.repeat(weight, bs, axis=0)
        keep = np.repeat(link >= 0, bs, axis=0)
        keep[keep] = open_columns[unrolled[keep]]
        rank = np.where(keep, numbers[k][unrolled], np.iinfo(np.int64).max)
        order = np.argsort(rank, axis=1)
        unrolled, spread, keep = (np.take_along_axis(a, order, axis=1) for a in (unrolled, spread, keep))
        counts.append(keep.sum(axis=1))
        columns.append(numbers[k][unrolled[keep]])
        values.append(spread[keep])
    indptr = np.concatenate(([0], np.cumsum(np.concatenate(counts)))).astype(PETSc.IntType)
    rows = len(indptr) - 1
    width = sum(owned_size(s) for s in coarse)
    matrix = PETSc.Mat().createAIJ(
        size=((rows, None), (width, None)),
        csr=(indptr, np.concatenate(columns).astype(PETSc.IntType), np.concatenate(values)),
        comm=coarse[0].mesh.comm,
    )
    matrix.assemble()
    return matrix


def galerkin(matrix: Any, interpolation: Any, constrained_rows: npt.NDArray[np.int64], old: Any) -> Any:
    """Coarse operator P'AP, with ones on the diagonal of constrained rows.

    Args:
        matrix: fine operator A.
        interpolation: P.
        constrained_rows: owned global rows of the coarse space without a column in P.
        old: result of an earlier call, which is destroyed; None the first time.
    """
    # P'AP has no entry in constrained rows: their diagonal changes its sparsity, so it cannot be reused.
    product = matrix.ptap(interpolation)
    diagonal = product.createVecLeft()
    diagonal.set(0.0)
    diagonal.setValues(constrained_rows.astype(PETSc.IntType), np.ones(len(constrained_rows)))
    diagonal.assemble()
    product.setOption(PETSc.Mat.Option.NEW_NONZERO_ALLOCATION_ERR, False)
    product.setDiagonal(diagonal, PETSc.InsertMode.ADD_VALUES)
    diagonal.destroy()
    if old is not None:
        old.destroy()
    return product


def rigid_body_modes(spaces: Sequence[Any]) -> PETSc.NullSpace:
    """Translations and rotations of displacement spaces, the near null space of elasticity."""
    gdim = spaces[0].mesh.geometry.dim
    points = [s.tabulate_dof_coordinates()[: s.dofmap.index_map.size_local, :gdim].reshape(-1) for s in spaces]
    coordinates = PETSc.Vec().createWithArray(np.concatenate(points), bsize=gdim, comm=spaces[0].mesh.comm)
    modes = PETSc.NullSpace().createRigidBody(coordinates)
    coordinates.destroy()
    return modes
