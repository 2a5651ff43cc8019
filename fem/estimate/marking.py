"""Which cells to divide: the fewest that carry a given share of the error, decided together by all ranks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from meshes.curvature import Shape
from meshes.refine import refine_with

if TYPE_CHECKING:
    from meshes.tagged import TaggedMesh

Floats = npt.NDArray[np.float64]
SHARE = 0.6
"""Share of the error in the cells that are divided."""
GAIN = 0.25
"""Divisions without a new solution stop when the error is expected to have fallen to this part of what it was."""
FEW = 0.05
"""They go on only while they divide no more than this part of the cells."""
SWEEPS = 4
SMALLEST = 1e-8
"""Cells below this part of the mesh in size are not divided: coordinates have no digits for much smaller ones."""
_HALVINGS = 60


def bulk_marks(comm: Any, indicators: Floats, share: float) -> npt.NDArray[np.bool_]:
    """Cells with the largest indicators that together carry a share of their sum (Doerfler). Collective.

    The threshold is found by bisection of its logarithm; nothing is gathered.

    Args:
        comm: communicator.
        indicators: (owned cells,) not negative.
        share: 0 < share <= 1 of the sum over all ranks.

    Returns:
        (owned cells,) True where the indicator is above the common threshold.
    """
    from mpi4py import MPI

    total = float(comm.allreduce(float(indicators.sum())))
    most = float(comm.allreduce(float(indicators.max(initial=0.0)), op=MPI.MAX))
    if total <= 0.0:
        return np.zeros(len(indicators), dtype=bool)
    low, high = np.log(most) - 60.0, np.log(most)  # at `low` everything that matters is marked
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        carried = float(comm.allreduce(float(indicators[indicators >= np.exp(middle)].sum())))
        if carried >= share * total:
            low = middle
        else:
            high = middle
    # a little below: indicators that are equal but for rounding are marked together, on any number of ranks
    return np.asarray(indicators >= np.exp(low) * (1 - 1e-6))


def divided(
    tagged: TaggedMesh, indicators: Floats, partitioner: Callable[..., Any], shape: Shape | None = None
) -> TaggedMesh | None:
    """A finer mesh; None where no cell contributes. Collective.

    Where a few cells carry most of the error, as at the edge of a contact, they are divided several times without
    solving in between. The contribution of their parts is taken to fall with the cell size, as it does for singular
    solutions, and to be spread evenly.

    Args:
        tagged: the mesh. indicators: (owned cells,) contributions, not negative.
        partitioner, shape: see ``meshes.refine.refine_with``.

    Raises:
        MeshError: see there.
    """
    comm, tdim = tagged.mesh.comm, tagged.tdim
    cells = tagged.mesh.topology.index_map(tdim).size_global
    start = float(comm.allreduce(float(indicators.sum())))
    for sweep in range(SWEEPS):
        volumes, reference = _volumes(tagged), _volume_unit(tagged)
        indicators = np.where(volumes < SMALLEST**tdim * reference, 0.0, indicators)
        marks = bulk_marks(comm, indicators, SHARE)
        count, total = comm.allreduce(np.array([float(np.count_nonzero(marks)), float(indicators.sum())]))
        if sweep == 0 and count == 0:
            return None
        if sweep > 0 and (count > FEW * cells or total <= GAIN * start):
            break
        # in units of the largest: single precision is enough, but has no room for tiny numbers
        unit = start / max(cells, 1)
        carried = np.column_stack([indicators / unit, volumes / reference])
        tagged, parents = refine_with(tagged, marks, carried, partitioner, shape)
        ratio = np.minimum(_volumes(tagged) / (parents[:, 1] * reference), 1.0)
        ratio[ratio > 0.99] = 1.0
        indicators = unit * parents[:, 0] * ratio ** (1 + 1 / tdim)
    return tagged


def _volumes(tagged: TaggedMesh) -> Floats:
    """(owned cells,) volumes."""
    points, cells, _ = tagged.owned_cells()
    edges = points[cells[:, 1:]] - points[cells[:, :1]]
    gram = np.einsum("nij,nkj->nik", edges, edges)
    return np.asarray(np.sqrt(np.abs(np.linalg.det(gram))) / math.factorial(tagged.tdim))


def _volume_unit(tagged: TaggedMesh) -> float:
    """A volume of the size of the mesh, the same on all ranks."""
    comm = tagged.mesh.comm
    return float(comm.allreduce(float(_volumes(tagged).sum()))) or 1.0
