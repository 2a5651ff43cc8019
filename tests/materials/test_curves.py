"""Curves: derivative and integral belong to the value, tables are smooth and monotone, UFL says what numpy says."""

import math

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from fem.constants import FARADAY, GAS, STANDARD_TEMPERATURE
from fem.materials.curves import (
    Constant,
    Curve,
    EntropicEnds,
    Exponential,
    LevelEnds,
    Polynomial,
    Power,
    Scaled,
    Sum,
    Tanh,
)
from fem.materials.tabulated import Tabulated, from_rows

RNG = np.random.default_rng(7)
STAIRS = Tabulated(
    tuple(np.cumsum(RNG.uniform(0.02, 0.05, 25)).tolist()), tuple((-np.cumsum(RNG.uniform(0, 1, 25) ** 4)).tolist())
)
BUMPY = Tabulated((0.0, 0.3, 0.5, 1.1, 1.2, 2.0), (1.0, 3.0, 3.0, 0.5, 0.7, 2.0))
TERMS = Sum(
    (Polynomial((2.0, -0.5, 0.3)), Tanh(0.4, -9.0, 0.3), Exponential(0.5, -12.0, 0.1), Power(0.3, 1.5)), 0.05, 0.9
)
POTENTIAL = EntropicEnds(Tabulated((0.1, 0.3, 0.5, 0.7, 0.9), (4.3, 4.0, 3.9, 3.8, 3.5)))
CURVES: dict[str, Curve] = {
    "constant": Constant(3.0),
    "stairs": STAIRS,
    "bumpy": BUMPY,
    "two points": Tabulated((1.0, 2.0), (3.0, 5.0)),
    "terms": TERMS,
    "scaled": Scaled(TERMS, factor=2.5, unit=4.0),
    "level terms": LevelEnds(TERMS),
    "level table": LevelEnds(BUMPY),
    "steep level": LevelEnds(Tabulated((0.0, 1.0, 2.0), (1e-3, 4.0, 5.0))),
    "potential": POTENTIAL,
    "flat potential": EntropicEnds(Tabulated((0.1, 0.5, 0.8, 0.9), (3.4, 3.4, 3.4, 3.4))),
}


def _samples(curve: Curve) -> np.ndarray:
    if isinstance(curve, Constant):
        return np.linspace(-2, 2, 9)
    if isinstance(curve, EntropicEnds):
        return np.concatenate(
            [np.geomspace(1e-3, 0.09, 7), np.linspace(0.101, 0.899, 40), 1 - np.geomspace(1e-3, 0.09, 7)]
        )
    reach = 0.25 * (curve.high - curve.low) if isinstance(curve, LevelEnds) else 0.0
    return np.linspace(curve.low - reach + 1e-7, curve.high + reach - 1e-7, 83)


@pytest.mark.parametrize("name", CURVES)
def test_derivative_and_integral_belong_to_the_value(name: str) -> None:
    curve = CURVES[name]
    x = _samples(curve)
    h = 1e-6 if not isinstance(curve, EntropicEnds) else 1e-6 * np.minimum(x, 1 - x)
    scale = np.max(np.abs(curve(x)))
    for order in (-1, 0):
        slope = (curve(x + h, order) - curve(x - h, order)) / (2 * h)
        assert slope == pytest.approx(curve(x, order + 1), rel=1e-5, abs=2e-6 * scale)
    if math.isfinite(curve.low):
        assert curve(curve.low, -1) == pytest.approx(0.0, abs=1e-13)


@pytest.mark.parametrize("name", [n for n, c in CURVES.items() if not isinstance(c, Constant)])
def test_no_jump_of_value_or_slope_anywhere(name: str) -> None:
    curve = CURVES[name]
    table = curve
    while hasattr(table, "curve"):
        table = table.curve
    unit = getattr(curve, "unit", 1.0)
    places = [*np.multiply(getattr(table, "points", ()), unit)[1:-1]]
    if isinstance(curve, LevelEnds | EntropicEnds):
        places += [curve.low, curve.high]
    for place in places:
        around = np.array([place - 1e-9, place + 1e-9])
        for order, size in ((-1, 1e-7), (0, 1e-6), (1, 1e-4)):
            a, b = curve(around, order)
            assert a == pytest.approx(b, rel=size, abs=size), (place, order)


def test_tables_are_the_monotone_cubics_of_scipy() -> None:
    for table in (STAIRS, BUMPY):
        x = np.linspace(table.low, table.high, 500)
        theirs = PchipInterpolator(table.points, table.values)
        assert table(x) == pytest.approx(theirs(x), rel=1e-12, abs=1e-12)
        assert table(x, 1) == pytest.approx(theirs(x, 1), rel=1e-10, abs=1e-10)
        assert table(x, -1) == pytest.approx(theirs.antiderivative()(x), rel=1e-11, abs=1e-12)


def test_tables_pass_through_their_points_and_do_not_overshoot() -> None:
    assert STAIRS.monotone
    assert not BUMPY.monotone
    assert STAIRS(np.array(STAIRS.points)) == pytest.approx(np.array(STAIRS.values), rel=1e-14)
    fine = STAIRS(np.linspace(STAIRS.low, STAIRS.high, 5000))
    assert np.all(np.diff(fine) <= 1e-14)
    inside = BUMPY(np.linspace(0.0, 2.0, 4001))
    assert inside.min() >= 0.5
    assert inside.max() <= 3.0


def test_levelled_ends_keep_their_sign_and_become_flat() -> None:
    for name in ("level terms", "level table", "steep level"):
        curve = CURVES[name]
        far = np.array([curve.low - 100.0, curve.high + 100.0])
        assert np.all(curve(far, 1) == 0.0)
        assert np.all(curve(far) * curve(np.array([curve.low, curve.high])) > 0.0)
        assert np.all(np.abs(curve(far)) >= 0.499 * np.abs(curve(np.array([curve.low, curve.high]))))


@pytest.mark.parametrize("name", ["potential", "flat potential"])
def test_potentials_diverge_at_empty_and_full_hosts_as_the_entropy_does(name: str) -> None:
    curve = CURVES[name]
    thermal = GAS * STANDARD_TEMPERATURE / FARADAY
    for towards in (lambda y: y, lambda y: 1.0 - y):
        decade = curve(towards(1e-7)) - curve(towards(1e-6))
        assert abs(decade) == pytest.approx(thermal * math.log(10.0), rel=1e-3)
    assert curve(1e-6) > curve(0.1) > curve(0.9) > curve(1 - 1e-6) or name == "flat potential"
    x = np.concatenate([np.geomspace(1e-15, 0.1, 50), np.linspace(0.11, 0.89, 50), 1 - np.geomspace(0.1, 1e-15, 50)])
    assert np.all(np.diff(curve(x)) <= 1e-12)
    # an iterate of Newton's method beyond the bounds is driven back, by finite numbers
    outside = curve(np.array([-0.1, -0.01, 1.01, 1.1]))
    assert np.all(np.isfinite(outside))
    assert np.all(np.diff(outside) < 0.0)


def test_wrong_tables_are_refused() -> None:
    for points, values, why in (
        ((1.0,), (1.0,), "two points"),
        ((1.0, 2.0), (1.0,), "as many"),
        ((1.0, 1.0), (1.0, 2.0), "must increase"),
        ((1.0, 2.0), (1.0, math.nan), "finite"),
    ):
        with pytest.raises(ValueError, match=why):
            Tabulated(points, values)
    assert from_rows([(2.0, 5.0), (1.0, 3.0)]) == CURVES["two points"]


def test_ufl_gives_the_numbers_of_numpy() -> None:
    """All curves and orders, and the derivative of the integral and of the value by UFL, in one compilation."""
    from mpi4py import MPI

    ufl = pytest.importorskip("ufl")
    dolfinx = pytest.importorskip("dolfinx")
    mesh = dolfinx.mesh.create_interval(MPI.COMM_SELF, 1, [0.0, 1.0])
    t = ufl.SpatialCoordinate(mesh)[0]
    shares = np.array([-0.03, 0.004, 0.11, 0.37, 0.5301, 0.77, 0.95, 1.04])
    names = [n for n in CURVES if n in ("stairs", "terms", "scaled", "level terms", "level table", "potential")]
    expressions, expected = [], []
    for name in names:
        curve = CURVES[name]
        first, width = curve.low, curve.high - curve.low
        x = ufl.variable(first + width * t)
        wanted = np.asarray(first + width * shares)
        parts = [curve(x, order) for order in (-1, 0, 1)]
        parts += [ufl.diff(parts[0], x), ufl.diff(parts[1], x)]
        expressions += parts
        expected += [curve(wanted, order) for order in (-1, 0, 1, 0, 1)]
    found = dolfinx.fem.Expression(ufl.as_vector(expressions), shares.reshape(-1, 1)).eval(mesh, np.array([0]))
    found = np.asarray(found).reshape(len(shares), -1)
    for column, values, k in zip(found.T, expected, range(len(expected)), strict=True):
        assert column == pytest.approx(values, rel=1e-10, abs=1e-12), (names[k // 5], k % 5)
