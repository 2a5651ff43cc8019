"""Lengths of time steps and the local error of backward differentiation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI

from fem.solve.control import Estimate, History, fitted, shortened, slope_weights


class Decay:
    """u' = -k u in two entries, one of which has no memory: 0 = v - u."""

    comm = MPI.COMM_SELF

    def __init__(self, rate: float, shift: float = 0.0) -> None:
        self.rate, self.shift = rate, shift

    def tolerances(self, tolerance: float) -> Any:
        """Allowed errors; the vector is destroyed after use."""

        class Vector:
            array_r = np.full(2, tolerance)

            def destroy(self) -> None:
                """Nothing to free."""

        return Vector()

    def correction(self, state: Any, gap: Any) -> Any:
        """J^-1 of what a wrong rate leaves."""
        matrix = np.array([[self.shift + self.rate, 0.0], [-1.0, 1.0]])
        return np.linalg.solve(matrix, np.array([gap[0], 0.0]))


@pytest.mark.parametrize("n", [2, 3, 5])
def test_slopes_of_polynomials_are_exact(n: int) -> None:
    """The slope at the first time, on uneven times."""
    times = [1.0, 0.7, 0.45, 0.4, -0.3][:n]
    values = np.array([t ** (n - 1) - 2 * t for t in times])
    assert slope_weights(times) @ values == pytest.approx((n - 1) - 2, abs=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("stiffness", [0.2, 30.0])
def test_estimate_is_the_error_that_a_step_makes(order: int, stiffness: float) -> None:
    """From exact past states; a mode that is 30 times as fast as the step must not look worse than it is."""
    length = 0.1
    rate = 1.0  # what varies is slow, what damps may be fast
    damping = stiffness / length
    times = [0.0, *(-length * (1.0 + 0.2 * j) * j for j in range(1, order + 2))]
    weights = slope_weights(times[: order + 1])

    def exact(t: float) -> float:
        return math.exp(-rate * t)

    # u' = -damping (u - exact) + exact': the formula's answer from exact past states
    past = [exact(t) for t in times[1:]]
    forcing = damping * exact(0.0) - rate * exact(0.0)
    found = (forcing - weights[1:] @ np.array(past[:order])) / (weights[0] + damping)
    flow: Any = Decay(damping, weights[0])
    history = History(flow, 1.0, order, times[-1], np.full(2, exact(times[-1])))
    for t in times[-2:0:-1]:
        history.push(t, np.full(2, exact(t)))
    history.push(0.0, np.full(2, found))
    estimate = history.estimate()
    assert estimate.order == order + 1
    assert estimate.error == pytest.approx(abs(found - exact(0.0)), rel=0.6)
    history.pop()
    assert len(history.times) == order + 1


def test_no_estimate_before_there_are_states_enough() -> None:
    """Two states tell nothing of a formula of order 1."""
    flow: Any = Decay(1.0, 1.0)
    history = History(flow, 1.0, 3, 0.0, np.ones(2))
    history.push(0.1, np.ones(2))
    estimate = history.estimate()
    assert estimate.accepted
    assert estimate.factor == 1.0


def test_factor_follows_the_order() -> None:
    """An error of 2^-4 at order 4 allows twice the length, with some safety."""
    assert Estimate(2.0**-4, 4).factor == pytest.approx(1.8)
    assert not Estimate(1.01, 3).accepted
    assert Estimate(0.0, 3).factor == math.inf


def test_too_long_steps_are_shortened_by_what_has_been_seen() -> None:
    """An error of order 2 that goes with the square root of the length, as after a jump, needs one trial more."""
    assert shortened([(1.0, 4.0)], 2) == pytest.approx(0.45)
    assert shortened([(1.0, 4.0), (0.25, 2.0)], 2) == pytest.approx(0.25 * 0.9 / 4)
    assert shortened([(1.0, 4.0), (0.5, 3.99)], 2) == pytest.approx(0.05)
    assert shortened([(1.0, 1e9)], 2) == pytest.approx(0.1)


def test_lengths_have_few_digits_and_meet_the_end() -> None:
    """The same on all ranks, whatever the last digits of an estimate."""
    assert fitted(1.23456789e-3, 1.0) == 1.234e-3
    assert fitted(1.2345678901e-3, 1.0) == fitted(1.2345678909e-3, 1.0)
    assert fitted(15.0, 30.0) == 15.0
    assert fitted(15.0 * (1 - 1e-15), math.inf) == 15.0
    assert fitted(1.0, 1.005) == 1.005
    assert fitted(1.0, 0.4) == 0.4
    assert fitted(1.0, 1.5) == 0.75
    assert fitted(1000.0, 1e9) == 1000.0
