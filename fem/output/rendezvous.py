"""Values that find their owners by key: rows that any ranks hold, delivered to the ranks that ask for them.

A key is sent to the rank that its hash names, from those who want it and from those who have it; there the two meet.
Every rank handles its share of the keys, so the cost is linear in the rows and nothing is gathered.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fem.output.dof_keys import hashed

__all__ = ["matched"]

Ints = npt.NDArray[np.int64]
Array = npt.NDArray[Any]


def matched(comm: Any, wanted: Ints, keys: Ints, values: Sequence[Array]) -> list[Array] | None:
    """The values that belong to the `wanted` keys, or None when wanted and given keys are not the same set. Collective.

    Args:
        wanted: (n, k) keys that this rank asks for; no key is wanted twice, on whatever ranks.
        keys: (m, k) keys that this rank has, each on one rank only.
        values: arrays (m, ...) that belong to `keys`.

    Returns:
        Arrays (n, ...) in the order of `wanted`.
    """
    asking, giving = _Route(comm, hashed(wanted)), _Route(comm, hashed(keys))
    asked, given = asking.send(wanted), giving.send(keys)
    by_asked, by_given = _sorted(asked), _sorted(given)
    same = len(asked) == len(given) and bool(np.array_equal(asked[by_asked], given[by_given]))
    if not all(comm.allgather(same)):
        return None
    found = []
    for array in values:
        arrived = giving.send(array)
        answer = np.empty_like(arrived)
        answer[by_asked] = arrived[by_given]
        found.append(asking.back(answer))
    return found


class _Route:
    """Where the rows of this rank go. Making one is collective, as is everything it does.

    Args:
        hashes: one per row: the same hash means the same rank.
    """

    def __init__(self, comm: Any, hashes: npt.NDArray[np.uint64]) -> None:
        self.comm = comm
        target = (hashes % np.uint64(comm.size)).astype(np.int64)
        self.order = np.argsort(target, kind="stable")
        self.sent = np.bincount(target, minlength=comm.size).astype(np.int64)
        self.received = np.empty_like(self.sent)
        comm.Alltoall(self.sent, self.received)

    def send(self, rows: Array) -> Array:
        """The rows that arrive here, in the order of the ranks they come from."""
        arrived = np.empty((int(self.received.sum()), *rows.shape[1:]), dtype=rows.dtype)
        _exchange(self.comm, np.ascontiguousarray(rows[self.order]), self.sent, arrived, self.received)
        return arrived

    def back(self, rows: Array) -> Array:
        """Answers, in the order in which `send` delivered the rows, at the place of the rows they answer."""
        arrived = np.empty((int(self.sent.sum()), *rows.shape[1:]), dtype=rows.dtype)
        _exchange(self.comm, np.ascontiguousarray(rows), self.received, arrived, self.sent)
        answers = np.empty_like(arrived)
        answers[self.order] = arrived
        return answers


def _exchange(comm: Any, rows: Array, sent: Ints, arrived: Array, received: Ints) -> None:
    from mpi4py import MPI

    # one row is one item, so that counts stay small
    row = MPI.BYTE.Create_contiguous(int(np.prod(rows.shape[1:], dtype=np.int64)) * rows.dtype.itemsize).Commit()
    try:
        comm.Alltoallv([rows, sent, row], [arrived, received, row])
    finally:
        row.Free()


def _sorted(rows: Ints) -> npt.NDArray[np.intp]:
    """Order of the rows by their columns."""
    return np.argsort(rows[:, 0], kind="stable") if rows.shape[1] == 1 else np.lexsort(rows.T)
