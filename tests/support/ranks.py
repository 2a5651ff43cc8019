"""Several ranks against one."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from typing import TypeVar

import pytest
from mpi4py import MPI

T = TypeVar("T")

PAUSE = 0.002
"""Seconds between two looks of a rank that waits."""

several = pytest.mark.skipif(MPI.COMM_WORLD.size == 1, reason="compares several ranks with one")


def alone(find: Callable[[], T]) -> T:
    """What rank 0 finds by itself, known to all ranks.

    The others sleep meanwhile: if each of three ranks solved alone, or waited in a call of MPI, two cores would take
    half as long again. What fails on rank 0 fails on all.
    """
    world = MPI.COMM_WORLD
    found, failure = None, ""
    if world.rank == 0:
        try:
            found = find()
        except Exception:
            if world.size == 1:
                raise
            failure = traceback.format_exc()
    request = world.Ibarrier()
    while not request.Test():
        time.sleep(PAUSE)
    answer: tuple[T, str] = world.bcast((found, failure), root=0)
    assert not answer[1], f"alone on rank 0:\n{answer[1]}"
    return answer[0]
