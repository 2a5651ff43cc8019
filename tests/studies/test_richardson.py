"""Richardson extrapolation on sequences whose order and limit are known."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.richardson import extrapolate, observed_order

SIZES = (8.0, 4.0, 2.0, 1.0)


def power(limit: float, factor: float, order: float, sizes: tuple[float, ...] = SIZES) -> list[float]:
    return [limit + factor * h**order for h in sizes]


def test_smooth_order_two() -> None:
    fit = extrapolate(SIZES, power(3.0, 0.01, 2.0), theory=2)
    assert fit.kind == "asymptotic"
    assert fit.order == pytest.approx(2.0, abs=1e-9)
    assert fit.order_before == pytest.approx(2.0, abs=1e-9)
    assert fit.limit == pytest.approx(3.0, abs=1e-12)
    # Grid convergence index: 1.25 times the exact error of the finest value.
    assert fit.error == pytest.approx(1.25 * 0.01, rel=1e-8)
    assert fit.remark == ""


def test_singular_order_one_is_below_theory_and_said_so() -> None:
    fit = extrapolate(SIZES, power(3.0, 0.01, 1.0), theory=4)
    assert fit.order == pytest.approx(1.0, abs=1e-9)
    assert fit.limit == pytest.approx(3.0, abs=1e-12)
    assert fit.kind == "asymptotic"  # two triplets agree
    assert "below theory" in fit.remark


def test_three_meshes_off_theory_are_not_trusted() -> None:
    fit = extrapolate(SIZES[1:], power(3.0, 0.01, 1.0, SIZES[1:]), theory=4)
    assert fit.kind == "monotone"
    assert fit.error == pytest.approx(3.0 * 0.01, rel=1e-8)
    assert "safety factor 3" in fit.remark


def test_order_above_theory_does_not_shrink_the_bar() -> None:
    values = power(3.0, 1e-4, 5.0)
    fit = extrapolate(SIZES, values, theory=2)
    assert fit.order == pytest.approx(5.0, abs=1e-8)
    # With the theoretical order the correction is the last difference over 2^2 - 1.
    assert abs((fit.limit or 0.0) - values[-1]) == pytest.approx((values[-2] - values[-1]) / 3)
    assert "above theory" in fit.remark


def test_oscillation_gives_no_limit_but_a_wide_bar() -> None:
    fit = extrapolate(SIZES, [1.0, 1.1, 0.98, 1.02], theory=2)
    assert (fit.kind, fit.order, fit.limit) == ("oscillatory", None, None)
    assert fit.error == pytest.approx(3 * 0.12)


def test_divergence_is_named() -> None:
    fit = extrapolate(SIZES, [1.0, 1.1, 1.3, 1.7], theory=2)
    assert (fit.kind, fit.order, fit.limit) == ("divergent", None, None)
    assert fit.error == pytest.approx(3 * 0.6)


def test_constant_differences_have_no_order() -> None:
    assert extrapolate(SIZES, [1.0, 1.1, 1.2, 1.3]).kind == "divergent"


def test_exact_zero_differences() -> None:
    fit = extrapolate(SIZES, [2.5, 2.5, 2.5, 2.5], theory=2)
    assert (fit.kind, fit.order, fit.limit) == ("exact", None, 2.5)
    assert 0 < fit.error <= 1e-11


def test_zeros_throughout() -> None:
    fit = extrapolate(SIZES, [0.0, 0.0, 0.0, 0.0])
    assert (fit.kind, fit.limit, fit.error) == ("exact", 0.0, 0.0)


def test_rounding_noise_is_no_oscillation() -> None:
    fit = extrapolate(SIZES, [1.0, 1.0 + 1e-14, 1.0 - 1e-14, 1.0 + 2e-14])
    assert fit.kind == "exact"


def test_converged_to_rounding_between_the_two_finest() -> None:
    fit = extrapolate(SIZES, [1.3, 1.1, 1.0, 1.0], theory=2)
    assert (fit.kind, fit.limit) == ("exact", 1.0)


def test_noise_on_a_smooth_sequence_stays_within_the_bar() -> None:
    exact = 3.0
    noisy = [v * (1 + s * 2e-4) for v, s in zip(power(exact, 0.01, 2.0), (1, -1, 1, -1), strict=True)]
    fit = extrapolate(SIZES, noisy, theory=2)
    assert abs(noisy[-1] - exact) <= fit.error


@pytest.mark.parametrize(("values", "bar"), [([1.0], math.inf), ([1.0, 1.5], 1.5)])
def test_too_few(values: list[float], bar: float) -> None:
    fit = extrapolate(SIZES[: len(values)], values)
    assert (fit.kind, fit.order, fit.error) == ("too-few", None, pytest.approx(bar))


@given(
    order=st.floats(0.3, 6.0),
    limit=st.floats(-10, 10),
    factor=st.floats(0.05, 2.0),
    first=st.floats(1.2, 3.0),
    second=st.floats(1.2, 3.0),
)
def test_any_power_law_on_any_ratios(order: float, limit: float, factor: float, first: float, second: float) -> None:
    sizes = (first * second, second, 1.0)
    values = power(limit, factor, order, sizes)
    fit = extrapolate(sizes, values)
    assert fit.order == pytest.approx(order, rel=1e-5)
    assert fit.limit == pytest.approx(limit, abs=1e-5 * (1 + abs(limit)))
    assert abs(values[-1] - limit) <= fit.error


@pytest.mark.parametrize("sizes", [(1.0, 2.0, 3.0), (2.0, 2.0, 1.0), (2.0, 1.0, 0.0)])
def test_sizes_must_decrease(sizes: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="decrease"):
        extrapolate(sizes, [1.0, 2.0, 3.0])


def test_values_must_be_finite_and_as_many() -> None:
    with pytest.raises(ValueError, match="finite"):
        extrapolate(SIZES[:3], [1.0, math.nan, 2.0])
    with pytest.raises(ValueError, match="as many"):
        extrapolate(SIZES, [1.0])


def test_observed_order_refuses_what_has_none() -> None:
    with pytest.raises(ValueError, match="sign"):
        observed_order(SIZES[:3], [1.0, 2.0, 1.5])
    with pytest.raises(ValueError, match="shrink"):
        observed_order(SIZES[:3], [1.0, 2.0, 4.0])
    assert observed_order(SIZES[:3], [2.0, 1.0, 1.0]) == math.inf
