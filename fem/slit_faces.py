"""The two faces of a slit within a mesh that is whole there: which of the two cells of a facet is the lower one.

Which is which changes signs alone, as long as neighbouring facets agree.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from mpi4py import MPI

from fem import compat

__all__ = ["least_agreement", "lower_first"]

IntArray = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
_NOTHING = 1e-6
"""Components of a unit normal below this do not say what is up."""


def lower_first(mesh: Any, rows: IntArray) -> IntArray:
    """Rows (cell, local facet, cell, local facet) of a slit with the cell first from which the mean normal points up.

    Of an upright slit up is along x, as in the names of the faces of open slits. Collective.
    """
    normals = _normals(mesh, rows)
    upward = normals * np.where(_leaning(normals) < 0, -1.0, 1.0)[:, None]
    mean = mesh.comm.allreduce(upward.sum(axis=0))
    down = normals @ mean < 0
    turned = rows.copy()
    turned[down] = rows[down][:, [2, 3, 0, 1]]
    return turned


def least_agreement(mesh: Any, rows: IntArray) -> float:
    """Smallest cosine between a normal of a slit and their mean; where it is positive, neighbours agree. Collective."""
    normals = _normals(mesh, rows)
    normals = normals / _lengths(normals)[:, None]
    mean = mesh.comm.allreduce(normals.sum(axis=0))
    size = float(np.linalg.norm(mean))
    here = float(np.min(normals @ mean, initial=size))
    return float(mesh.comm.allreduce(here, op=MPI.MIN)) / size if size > 0 else 0.0


def _normals(mesh: Any, rows: IntArray) -> Floats:
    """(n, gdim) from the first cell to the second, as long as the facet is large."""
    gdim, width = mesh.geometry.dim, mesh.topology.dim + 1
    x = mesh.geometry.x[np.asarray(compat.geometry_dofmap(mesh))[rows[:, 0]]][:, :, :gdim]
    others = np.array([[k for k in range(width) if k != i] for i in range(width)])
    corners = np.take_along_axis(x, others[rows[:, 1]][:, :, None], axis=1)
    along = corners[:, 1:] - corners[:, :1]
    if gdim == 2:
        normals = np.stack([along[:, 0, 1], -along[:, 0, 0]], axis=1)
    else:
        normals = 0.5 * np.cross(along[:, 0], along[:, 1])
    inward = x[np.arange(len(rows)), rows[:, 1]] - corners[:, 0]
    return np.asarray(normals * np.where((normals * inward).sum(axis=1) > 0, -1.0, 1.0)[:, None])


def _leaning(normals: Floats) -> Floats:
    """(n,) component that says what is up: the last, or the first of the others that is not nothing."""
    found: Floats = np.zeros(len(normals))
    for component in np.roll(normals, 1, axis=1).T:
        there = (found == 0) & (np.abs(component) > _NOTHING * _lengths(normals))
        found = np.where(there, component, found)
    return found


def _lengths(vectors: Floats) -> Floats:
    return np.asarray(np.linalg.norm(vectors, axis=1))
