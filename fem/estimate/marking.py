"""Which cells to divide: the fewest that carry a given share of the error, decided together by all ranks."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
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
