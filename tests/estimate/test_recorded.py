"""Arithmetic that keeps derivatives, error bars from sequences, and the choice of cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpi4py import MPI
from support.layered import layered

from fem.compat import shared_facet_partitioner
from fem.estimate.bars import MARGIN, ErrorBars
from fem.estimate.marking import bulk_marks, divided
from fem.estimate.recorded import Integral, Recorded, plain

COMM = MPI.COMM_WORLD
X, Y = Integral("x"), Integral("y")
POSITIVE = st.floats(0.5, 3.0)


def formula(x, y):  # type: ignore[no-untyped-def]
    """Every operation that quantities use."""
    return 3 * (x - y) / (2 + x) + y**2 * x - 1 / (x * y) + abs(-x) ** 0.5 - (4 - y) / 2


@given(POSITIVE, POSITIVE)
def test_derivatives_of_arithmetic(x: float, y: float) -> None:
    """Against central differences."""
    found = formula(Recorded(x, {X: 1.0}), Recorded(y, {Y: 1.0}))
    step = 1e-5
    assert found.value == pytest.approx(formula(x, y), rel=1e-12)
    slopes = {
        X: (formula(x + step, y) - formula(x - step, y)) / (2 * step),
        Y: (formula(x, y + step) - formula(x, y - step)) / (2 * step),
    }
    for origin, slope in slopes.items():
        assert found.slopes[origin] == pytest.approx(slope, rel=1e-6, abs=1e-6)


def test_comparisons_and_conversion() -> None:
    """Compared by value; a silent loss of the derivative is an error."""
    one = Recorded(1.0, {X: 1.0})
    assert one == 1.0
    assert one < 2.0
    assert plain(one) == 1.0
    with pytest.raises(TypeError):
        float(one)  # type: ignore[arg-type]


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_bars_learn_what_the_estimate_misses(ratio: float) -> None:
    """Where the error is a fixed multiple of the estimate, the bar is the error (and the margin)."""
    bars = ErrorBars()
    errors = [0.4, 0.1, 0.03]
    found = [bars.add(7.0 - e, e / ratio) for e in errors]
    assert found[0] == pytest.approx(MARGIN * 2 * errors[0] / ratio)
    assert found[1:] == pytest.approx([MARGIN * e for e in errors[1:]])


def test_bars_show_a_movement_that_estimates_do_not_explain() -> None:
    """A value that wanders although its estimates vanish has the bar of its last step."""
    bars = ErrorBars()
    bars.add(1.0, 1e-6)
    assert bars.add(1.3, 1e-6) >= 0.3
    assert bars.add(1.3, 1e-6) == pytest.approx(MARGIN * 2e-6)


def test_bars_of_exact_values_vanish() -> None:
    """Nothing is divided by."""
    bars = ErrorBars()
    assert [bars.add(1.0, 0.0) for _ in range(3)] == [0.0, 0.0, 0.0]


@pytest.mark.mpi
@pytest.mark.parametrize("share", [0.1, 0.6, 1.0])
def test_marked_cells_are_the_fewest_that_carry_the_share(share: float) -> None:
    """Against sorting all indicators on one rank."""
    everything = np.random.default_rng(4).pareto(1.0, 400)
    mine = np.array_split(everything, COMM.size)[COMM.rank]
    marked = COMM.allreduce(int(np.count_nonzero(bulk_marks(COMM, mine, share))))
    carried = np.cumsum(np.sort(everything)[::-1])
    needed = int(np.searchsorted(carried, share * carried[-1] * (1 - 1e-12))) + 1
    assert marked == needed


@pytest.mark.mpi
def test_nothing_to_divide() -> None:
    """Indicators of zero mark nothing and give no mesh."""
    tagged = layered(COMM, "2", (("a", 1.0),))
    nothing = np.zeros(tagged.mesh.topology.index_map(2).size_local)
    assert not bulk_marks(COMM, nothing, 0.5).any()
    assert divided(tagged, nothing, shared_facet_partitioner()) is None


@pytest.mark.mpi
def test_a_lonely_cell_is_divided_several_times() -> None:
    """One cell with all of the error: divided until its parts are expected to carry a quarter."""
    tagged = layered(COMM, "2", (("a", 1.0),), lateral=8, across=8)
    points, cells, _ = tagged.owned_cells()
    away = np.linalg.norm(points[cells].mean(axis=1) - (0.52, 0.56), axis=1)
    least = COMM.allreduce(float(away.min(initial=9.0)), op=MPI.MIN)
    finer = divided(tagged, np.where(away <= least, 1.0, 0.0), shared_facet_partitioner())
    assert finer is not None
    owned = np.arange(finer.mesh.topology.index_map(2).size_local, dtype=np.int32)
    smallest = COMM.allreduce(float(finer.mesh.h(2, owned).min(initial=9.0)), op=MPI.MIN)
    assert smallest == pytest.approx(np.sqrt(2) / 8 / 4, rel=1e-9)
    assert finer.mesh.topology.index_map(2).size_global < 2 * tagged.mesh.topology.index_map(2).size_global


@pytest.mark.mpi
def test_cells_without_digits_are_left_alone() -> None:
    """However much error a point carries, cells there stay far above the spacing of coordinates."""
    tagged = layered(COMM, "2", (("a", 1.0),), lateral=2, across=2)
    for _ in range(40):
        points, cells, _ = tagged.owned_cells()
        at_corner = np.linalg.norm(points[cells], axis=2).min(axis=1) < 1e-14
        finer = divided(tagged, np.where(at_corner, 1.0, 0.0), shared_facet_partitioner())
        if finer is None:
            break
        tagged = finer
    assert finer is None
    owned = np.arange(tagged.mesh.topology.index_map(2).size_local, dtype=np.int32)
    smallest = COMM.allreduce(float(tagged.mesh.h(2, owned).min(initial=9.0)), op=MPI.MIN)
    assert 1e-9 < smallest < 1e-7
