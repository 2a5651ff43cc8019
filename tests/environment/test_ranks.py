"""One rank alone, as the comparisons of the suite use it."""

from __future__ import annotations

import pytest
from mpi4py import MPI
from support.ranks import alone


def fail() -> int:
    raise ValueError(f"on rank {MPI.COMM_WORLD.rank}")


@pytest.mark.mpi
def test_what_rank_0_finds_or_fails_at_is_known_to_all() -> None:
    assert alone(lambda: 5 + MPI.COMM_WORLD.rank) == 5
    with pytest.raises((AssertionError, ValueError), match="on rank 0"):
        alone(fail)
    assert alone(lambda: [MPI.COMM_WORLD.rank]) == [0]
