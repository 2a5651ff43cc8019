"""Flow of lithium against thick cylinders and hollow spheres that creep."""

from __future__ import annotations

import math
from typing import Any

import pytest
from mpi4py import MPI
from support.round import shell

from fem.dissipation.norton import Norton
from fem.errors import ModelError
from fem.voids.flow import Flow, Sides

HOLE, PRESSURE = 1e-6, 2e6
SLOW = pytest.mark.slow
CASES: list[Any] = [("2", 1.0), pytest.param("2", 3.0, marks=SLOW), pytest.param("2", 6.6, marks=SLOW)]
CASES += [pytest.param("axisymmetric", 3.0, marks=SLOW), ("axisymmetric", 6.6)]


def shrinking(
    dimension: str,
    n: float,
    size: float,
    ratio: float = 2.0,
    outer: float = 0.0,
    inner: float = 0.0,
    surface: float = 0.0,
) -> float:
    """Rate at which the hole of a quarter closes, (da/dt)/a in 1/s, by the volume that flows into it."""
    sides = Sides({"left": 0, "bottom": 1}, loaded=("inner", "outer"), surface="inner")
    tagged = shell(MPI.COMM_WORLD, HOLE, ratio * HOLE, size, dimension)
    flow = Flow(tagged, Norton(2e5, n, 37e3), sides, HOLE, PRESSURE)
    flow.surface_pressure.x.array[:] = surface
    flow.solve({"inner": inner, "outer": outer})
    area = math.pi / 2 * HOLE if dimension == "2" else 2 * math.pi * HOLE**2
    return flow.outflow("inner") / area / HOLE


def closed_form(dimension: str, n: float, pressure: float, ratio: float = 2.0) -> float:
    """Steady creep of a thick cylinder (plane strain) or hollow sphere under a difference of pressures, 1/s."""
    law = Norton(2e5, n, 37e3)
    if dimension == "2":
        stress = math.sqrt(3) * pressure / (n * (1 - ratio ** (-2 / n)))
        return math.sqrt(3) / 2 * math.exp(law.log_rate(math.log(stress), 298.15))
    stress = 3 * pressure / (2 * n * (1 - ratio ** (-3 / n)))
    return math.exp(law.log_rate(math.log(stress), 298.15)) / 2


@pytest.mark.parametrize(("dimension", "n"), CASES)
def test_shells_under_pressure(dimension: str, n: float) -> None:
    """Within 0.5 %, with the second order of straight sides; n = 6.6 without a hint to the solver."""
    exact = closed_form(dimension, n, PRESSURE)
    errors = [shrinking(dimension, n, size, outer=PRESSURE) / exact - 1 for size in (0.4, 0.2, 0.1)]
    assert abs(errors[-1]) < 5e-3
    assert math.log2(errors[0] / errors[1]) > 1.7
    assert math.log2(errors[1] / errors[2]) > 1.7


@pytest.mark.mpi
def test_pressure_inside_opens_as_pressure_outside_closes() -> None:
    """Only the difference of pressures counts; thicker walls."""
    rate = shrinking("axisymmetric", 6.6, 0.2, 5.0, outer=1e6, inner=1e6 + PRESSURE)
    assert rate == pytest.approx(-closed_form("axisymmetric", 6.6, PRESSURE, 5.0), rel=0.02)


@pytest.mark.parametrize("dimension", ["2", "axisymmetric"])
def test_a_pressure_that_varies_acts_as_it_is(dimension: str) -> None:
    """The field on a surface acts like the pressure of a side; a suction there like a pressure outside."""
    rate = shrinking(dimension, 3.0, 0.2, outer=PRESSURE / 2, surface=-PRESSURE / 2)
    assert rate == pytest.approx(shrinking(dimension, 3.0, 0.2, outer=PRESSURE), rel=1e-6)


def test_a_side_that_is_not_there() -> None:
    """The message names it."""
    tagged = shell(MPI.COMM_WORLD, HOLE, 2 * HOLE, 0.5, "2")
    with pytest.raises(ModelError, match="lid"):
        Flow(tagged, Norton(2e5, 3.0), Sides(platen="lid"), HOLE, PRESSURE)
