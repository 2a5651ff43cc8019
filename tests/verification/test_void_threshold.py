"""Pressures that keep a flaw from growing: the closed form's numbers, scaling, and what heals by itself."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from mpi4py import MPI

from fem.dissipation.norton import Norton
from fem.errors import ModelError
from fem.voids.rates import Interface, Lithium
from fem.voids.threshold import Flaw, estimate, initial_growth, threshold

UM = 1e-6
LITHIUM = Lithium(Norton(2e5, 6.6, 37e3))
COARSE = Flaw(UM, 4.0, 4.0, 6)


@pytest.mark.parametrize(
    ("radius", "pressures"), [(0.1, (3.446, 4.885, 6.924)), (1.0, (2.431, 3.446, 4.885)), (10.0, (1.715, 2.431, 3.446))]
)
def test_estimate_for_a_ball(radius: float, pressures: tuple[float, ...]) -> None:
    """(2n/3) (2v/(Aa))^(1/n) at 0.1, 1 and 10 mA/cm^2."""
    found = [estimate(LITHIUM, radius * UM, current) / 1e6 for current in (1.0, 10.0, 100.0)]
    assert found == pytest.approx(pressures, abs=6e-4)


@pytest.mark.parametrize(("n", "radius"), [(6.6, UM), (3.0, 4 * UM)])
def test_threshold_goes_like_a_power_of_the_current(n: float, radius: float) -> None:
    """Ten times the current needs 10^(1/n) times the pressure; the flaw grows below it and shrinks above."""
    interface, lithium = Interface(sink_length=5 * radius), Lithium(Norton(2e5, n, 37e3))
    flaw = replace(COARSE, radius=radius)
    low, high = (threshold(MPI.COMM_SELF, flaw, lithium, interface, i, 1e-3) for i in (1.0, 10.0))
    assert high / low == pytest.approx(10 ** (1 / n), rel=3e-3)
    assert 0.3 < low / estimate(lithium, radius, 1.0) < 1.5
    physics = flaw.physics(MPI.COMM_SELF, lithium, interface, low)
    assert initial_growth(physics, 0.98 * low, 1.0) > 0 > initial_growth(physics, 1.02 * low, 1.0)


def test_what_heals_by_itself() -> None:
    """Where the contact itself takes up the vacancies the lattice comes down over the flaw: no pressure is needed."""
    physics = COARSE.physics(MPI.COMM_SELF, LITHIUM, Interface(), 1e6)
    assert initial_growth(physics, 1e3, 10.0) < 0


def test_faster_creep_of_the_library() -> None:
    """A factor on the creep rate is one."""
    from fem.materials import load

    slow, fast = (Lithium.of(load("Li"), 298.15, factor).creep.log_rate(math.log(1e6), 298.15) for factor in (1, 10))
    assert fast - slow == pytest.approx(math.log(10), rel=1e-12)
    assert math.exp(slow) == pytest.approx(0.013523, rel=1e-3)


def test_plating_is_refused() -> None:
    """There is no threshold without stripping."""
    with pytest.raises(ModelError, match="positive"):
        threshold(MPI.COMM_SELF, COARSE, LITHIUM, Interface(), -1.0)
