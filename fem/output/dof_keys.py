"""Names of degrees of freedom that do not depend on how a mesh is distributed.

A degree of freedom that is the value at a point is named by the nodes of the cell, edge or facet that carries it and
by the barycentric coordinates of its point with respect to them. Nodes go by their numbers in the mesh before it was
distributed (`input_global_indices` of dolfinx, which submeshes inherit), so the name is the same on every number of
ranks, in regions and on interfaces, for continuous, discontinuous and quadrature elements of any degree. Coordinates
would not do: the faces of a slit coincide.
"""

from __future__ import annotations

from itertools import permutations
from typing import Any

import basix
import numpy as np
import numpy.typing as npt

from fem import compat
from fem.errors import ModelError

__all__ = ["difference_of_meshes", "dof_keys", "element_of", "hashed", "mesh_print"]

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

#: A column of a key is the number of a node and a weight: 2^20 is a weight of one.
_WEIGHT_BITS = 21
_ONE = 1 << (_WEIGHT_BITS - 1)

#: Relative agreement of the moments of two meshes: far above rounding, far below what anyone would change on purpose.
_SAME_POINTS = 1e-9


def dof_keys(space: Any) -> Ints:
    """(owned blocks, columns) the key of every owned block of degrees of freedom; no two blocks of a space share one.

    Args:
        space: scalar or blocked (vector, tensor) space whose degrees of freedom are values at points, on simplices.

    Raises:
        ModelError: the degrees of freedom are something else, or, on an interface, at points that do not look the
            same from all corners of a facet (the order of its corners depends on the distribution).
    """
    mesh = space.mesh
    weights, carried = _points_of(space)
    if mesh.topology.dim < mesh.geometry.dim and not _symmetric(weights, carried):
        raise ModelError(f"values of {space.ufl_element()} on an interface depend on the order of its corners")
    owned = space.dofmap.index_map.size_local
    dofs = np.asarray(space.dofmap.list).reshape(-1)
    inside = np.flatnonzero(dofs < owned)
    place = np.full(owned, -1, dtype=np.int64)
    place[dofs[inside]] = inside
    if np.any(place < 0):
        raise ModelError(f"{np.count_nonzero(place < 0)} degrees of freedom belong to no cell of their rank")
    cell, local = np.divmod(place, len(weights))
    nodes = np.asarray(mesh.geometry.input_global_indices, dtype=np.int64)
    corners = nodes[np.asarray(compat.geometry_dofmap(mesh), dtype=np.int64).reshape(-1, weights.shape[1])]
    keys = (corners[cell] << _WEIGHT_BITS) + weights[local]
    keys[~carried[local]] = -1
    keys.sort(axis=1)
    return np.ascontiguousarray(keys[:, weights.shape[1] - int(carried.sum(axis=1).max()) :])


def element_of(space: Any) -> dict[str, Any]:
    """What two spaces must have in common to hold the same functions, as plain data."""
    layout, scalar = space.dofmap.dof_layout, _scalar_element(space)
    return {
        "family": str(scalar.family_name),
        "degree": int(scalar.degree),
        "discontinuous": bool(getattr(scalar, "discontinuous", False)),
        "points": int(layout.num_dofs),
        "components": int(space.dofmap.index_map_bs),
        "cell": str(space.mesh.topology.cell_name()),
    }


def mesh_print(mesh: Any) -> dict[str, Any]:
    """What identifies a mesh whoever distributed it, as plain data. Collective.

    Counts and a checksum of its cells by the numbers of their nodes, and the first and second moments of its points.
    """
    comm, geometry = mesh.comm, mesh.geometry
    cells = mesh.topology.index_map(mesh.topology.dim)
    nodes = np.asarray(geometry.input_global_indices, dtype=np.int64)
    own = nodes[np.asarray(compat.geometry_dofmap(mesh), dtype=np.int64)[: cells.size_local]]
    own = np.sort(own.reshape(cells.size_local, mesh.topology.dim + 1), axis=1)
    points = geometry.x[: geometry.index_map().size_local]
    part = (
        int(hashed(own).sum(dtype=np.uint64)),
        points.sum(axis=0),
        (points**2).sum(axis=0),
        np.abs(points).max(initial=0.0),
    )
    parts = comm.allgather(part)
    return {
        "cells": int(cells.size_global),
        "nodes": int(geometry.index_map().size_global),
        "connectivity": f"{sum(p[0] for p in parts) % 2**64:016x}",
        "sum": np.sum([p[1] for p in parts], axis=0).tolist(),
        "squares": np.sum([p[2] for p in parts], axis=0).tolist(),
        "extent": float(max(p[3] for p in parts)),
    }


def difference_of_meshes(one: dict[str, Any], other: dict[str, Any]) -> str | None:
    """In which way two meshes differ by their `mesh_print`, in a few words; None: they are the same."""
    for count in ("cells", "nodes"):
        if one[count] != other[count]:
            return f"{one[count]} {count} against {other[count]}"
    if one["connectivity"] != other["connectivity"]:
        return f"as many cells ({one['cells']}), but between other nodes"
    scale = max(one["extent"], other["extent"])
    allowed = _SAME_POINTS * one["nodes"]
    for name, unit in (("sum", scale), ("squares", scale**2)):
        if not np.allclose(one[name], other[name], rtol=0.0, atol=allowed * unit):
            return "the same cells with nodes in other places"
    return None


def hashed(rows: Ints) -> Hashes:
    """(n,) evenly spread numbers, equal for equal rows (n, k) (finaliser of splitmix64 over the columns)."""
    mixed: Hashes = np.zeros(len(rows), dtype=np.uint64)
    for column in rows.T:
        mixed = (mixed ^ column.astype(np.uint64)) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return mixed


def _points_of(space: Any) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """(dofs, corners) barycentric weight of the point of each local dof, and whether its entity has the corner."""
    layout = space.dofmap.dof_layout
    _scalar_element(space)  # dolfinx has no points for mixed elements: it ends the process
    points = np.asarray(compat.interpolation_points(space), dtype=np.float64)
    if len(points) != layout.num_dofs or not space.element.interpolation_ident:
        raise ModelError(f"degrees of freedom of {space.ufl_element()} are not values at points")
    weights = np.column_stack([1.0 - points.sum(axis=1), points])
    carried = np.zeros(weights.shape, dtype=bool)
    for entities, found in enumerate(basix.topology(basix.CellType[space.mesh.topology.cell_name()])):
        for number, corners in enumerate(found):
            for dof in layout.entity_dofs(entities, number):
                carried[dof, corners] = True
    rounded = np.rint(weights * _ONE).astype(np.int64)
    if len(np.unique(np.where(carried, rounded, -1), axis=0)) < len(points):
        raise ModelError(f"{space.ufl_element()} has several values at one point")
    return rounded, carried


def _scalar_element(space: Any) -> Any:
    """The element of one component.

    Raises:
        ModelError: the components have different elements.
    """
    element = space.ufl_element()
    parts = list(element.sub_elements)
    if len(parts) > 1 and space.dofmap.index_map_bs == 1:
        raise ModelError(f"{element} is no field of one kind: its parts have names of their own")
    return parts[0] if parts else element


def _symmetric(weights: Ints, carried: npt.NDArray[np.bool_]) -> bool:
    """Whether every order of the corners gives the same set of points."""
    rows = np.where(carried, weights, -1)
    known = np.unique(rows, axis=0)
    orders = permutations(range(rows.shape[1]))
    return all(np.array_equal(np.unique(rows[:, order], axis=0), known) for order in orders)
