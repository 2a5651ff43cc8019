"""Work of one rank that concerns all, and rows of a distributed table: collective, never a deadlock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from meshes.problems import MeshError, MeshProblem

__all__ = ["agree", "fetch_rows", "on_root"]

T = TypeVar("T")


def on_root(comm: Any, work: Callable[[], T]) -> T | None:
    """Result of `work()` on rank 0, None on the others. An exception of rank 0 is raised on all ranks.

    Raises:
        MeshProblem, MeshError: raised by `work` (any other exception arrives as `MeshError`).
    """
    result: T | None = None
    failure: Exception | None = None
    if comm.rank == 0:
        try:
            result = work()
        except Exception as error:  # whatever it is, the other ranks wait in the broadcast below
            failure = error
    told: tuple[str, Any] | None = None
    if failure is not None:
        told = ("problem", failure.problems) if isinstance(failure, MeshProblem) else ("error", _text(failure))
    told = comm.bcast(told, root=0)
    if told is None:
        return result
    kind, content = told
    raise (MeshProblem(content) if kind == "problem" else MeshError(content)) from failure


def agree(comm: Any, failure: str | None) -> None:
    """Raise `MeshError` on all ranks when any rank brings a message (the lowest such rank's is shown)."""
    found = [text for text in comm.allgather(failure) if text is not None]
    if found:
        raise MeshError(found[0])


def fetch_rows(comm: Any, rows: npt.NDArray[np.int32], wanted: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Rows `wanted` (n,) of the table whose rows are distributed over the ranks, in rank order.

    Each rank holds `rows` (m, k) of the table and receives (n, k). Every rank asks the owners only for what
    it needs; nothing is gathered.
    """
    from mpi4py import MPI

    starts = np.concatenate([[0], np.cumsum(comm.allgather(len(rows)))])
    width = rows.shape[1]
    owner = np.searchsorted(starts, wanted, side="right") - 1
    order = np.argsort(owner, kind="stable")
    ask = np.bincount(owner, minlength=comm.size).astype(np.int64)
    asked = np.empty_like(ask)
    comm.Alltoall(ask, asked)
    requests = np.empty(int(asked.sum()), dtype=np.int64)
    sorted_wanted = np.ascontiguousarray(wanted[order], dtype=np.int64)
    comm.Alltoallv([sorted_wanted, ask, MPI.INT64_T], [requests, asked, MPI.INT64_T])
    answers = np.ascontiguousarray(rows[requests - starts[comm.rank]], dtype=np.int32)
    received = np.empty((len(wanted), width), dtype=np.int32)
    comm.Alltoallv([answers, asked * width, MPI.INT32_T], [received, ask * width, MPI.INT32_T])
    result = np.empty_like(received)
    result[order] = received
    return result


def _text(error: Exception) -> str:
    return str(error) if isinstance(error, MeshError) else f"{type(error).__name__}: {error}"
