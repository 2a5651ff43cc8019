"""Richardson extrapolation over a mesh family: observed order, limit and an error bar.

With values f_k on meshes of size h_k, f_k = f + a h_k^p. Three sizes give p, f and a. The error bar of the
finest value is a safety factor times the difference from the limit (the grid convergence index): 1.25 where
the order is the expected one or the last two triplets agree on it, 3 otherwise. Near singular edges a graded
mesh shows a high order until their error, small and of low order, is all that is left: the bar is therefore
made with no more than the order that the singularity allows, whatever is seen. Where the family does not
converge monotonically the bar is three times the spread of the last three values, and there is no limit.

Source: L. F. Richardson, Phil. Trans. A 210 (1911) 307; P. J. Roache, Verification and Validation in
Computational Science and Engineering (1998); L. Eca and M. Hoekstra, J. Comput. Phys. 262 (2014) 104.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Kind = Literal["asymptotic", "monotone", "oscillatory", "divergent", "exact", "too-few", "undefined"]

_AGREE = 0.15
_BELOW_THEORY = 0.1
_MAX_ORDER = 20.0


@dataclass(frozen=True)
class Extrapolation:
    """What a mesh family says about one quantity.

    Attributes:
        order: observed order p on the three finest meshes; None where there is none.
        order_before: the same one mesh coarser, when there are four or more.
        limit: Richardson value; None where the family gives none.
        error: error bar of the finest value, same unit as the values (not negative).
        kind: *asymptotic* (monotone, and the order is as expected or steady), *monotone*, *oscillatory*,
            *divergent* (differences grow), *exact* (differences are rounding), *too-few* (fewer than three
            meshes), *undefined* (no value).
        remark: one sentence for the reader of the table; empty when all is as theory says.
    """

    order: float | None
    order_before: float | None
    limit: float | None
    error: float
    kind: Kind
    remark: str


def observed_order(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Order p with which three values approach their limit.

    Args:
        sizes: three mesh sizes, decreasing, any unit.
        values: the three values, with differences of the same sign that shrink.

    Returns:
        p > 0; `inf` when the finer difference vanishes or p is beyond 20.

    Raises:
        ValueError: the differences have opposite signs, or no p > 0 explains them.
    """
    h1, h2, h3 = (float(h) for h in sizes)
    if not h1 > h2 > h3 > 0:
        raise ValueError("mesh sizes must decrease and be positive")
    coarse, fine = values[0] - values[1], values[1] - values[2]
    if fine == 0:
        return math.inf
    ratio = coarse / fine
    if ratio <= 0:
        raise ValueError("the differences change sign")
    r, s = h1 / h2, h2 / h3

    def excess(p: float) -> float:
        # log of the predicted ratio of differences minus that of the seen one; grows with p.
        predicted = p * math.log(s) + math.log(math.expm1(p * math.log(r))) - math.log(math.expm1(p * math.log(s)))
        return predicted - math.log(ratio)

    low, high = 1e-9, _MAX_ORDER
    if excess(low) >= 0:
        raise ValueError("the differences do not shrink")
    if excess(high) <= 0:
        return math.inf
    for _ in range(200):
        middle = 0.5 * (low + high)
        if excess(middle) < 0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def extrapolate(
    sizes: Sequence[float],
    values: Sequence[float],
    theory: float | None = None,
    rounding: float = 1e-12,
    floor: float = 0.0,
    lowest: float | None = None,
) -> Extrapolation:
    """Observed order, Richardson value and error bar of a quantity on a mesh family.

    Args:
        sizes: (n,) mesh sizes, strictly decreasing; only their ratios matter.
        values: (n,) the quantity on each mesh.
        theory: order for a smooth solution; the order used for the limit never exceeds it.
        rounding: differences below this fraction of the largest value count as rounding.
        floor: so do differences below this, same unit as the values.
        lowest: order that the error takes in the end where the solution is singular, not above `theory`; the
            order used for the bar never exceeds it. None: the solution is smooth.

    Raises:
        ValueError: lengths differ, sizes do not decrease, or values are not finite.
    """
    if len(sizes) != len(values) or len(values) == 0:
        raise ValueError("as many sizes as values are needed, at least one of each")
    if any(not b < a for a, b in pairwise(sizes)) or min(sizes) <= 0:
        raise ValueError("mesh sizes must decrease and be positive")
    if not all(math.isfinite(v) for v in values):
        raise ValueError("values must be finite")
    noise = max(rounding * max(abs(v) for v in values), floor)
    last = values[-3:]
    spread = max(last) - min(last)
    if len(values) == 1:
        return Extrapolation(None, None, None, math.inf, "too-few", "one mesh tells nothing about the error")
    if spread <= noise:
        return Extrapolation(None, None, values[-1], max(spread, noise), "exact", "same on all meshes")
    if len(values) == 2:
        remark = "two meshes give no order; the bar is three times the difference"
        return Extrapolation(None, None, None, 3 * spread, "too-few", remark)
    return _three_or_more(sizes, values, theory, lowest, noise, spread)


def _three_or_more(
    sizes: Sequence[float],
    values: Sequence[float],
    theory: float | None,
    lowest: float | None,
    noise: float,
    spread: float,
) -> Extrapolation:
    coarse, fine = values[-3] - values[-2], values[-2] - values[-1]
    before = _order_or_none(sizes[-4:-1], values[-4:-1]) if len(values) > 3 else None
    if abs(fine) <= noise:
        # Converged to rounding between the two finest: the order can no longer be seen.
        return Extrapolation(None, before, values[-1], noise, "exact", "the two finest meshes agree to rounding")
    if coarse * fine < 0:
        remark = "oscillates: the bar is three times the spread, no order"
        return Extrapolation(None, before, None, 3 * spread, "oscillatory", remark)
    order = _order_or_none(sizes[-3:], values[-3:])
    if order is None:
        remark = "does not converge: the differences do not shrink"
        return Extrapolation(None, before, None, 3 * spread, "divergent", remark)
    used = min(order, _MAX_ORDER if theory is None else theory)
    ratio = math.log(sizes[-2] / sizes[-1])
    gap = -fine / math.expm1(used * ratio)
    final = theory if lowest is None else lowest
    worst = abs(fine) / math.expm1((used if final is None else min(used, final)) * ratio)
    steady = before is not None and math.isfinite(order) and abs(order - before) <= _AGREE * max(order, before)
    as_expected = final is not None and abs(order - final) <= _AGREE * final
    asymptotic = steady or as_expected
    error = (1.25 if asymptotic else 3.0) * worst
    shown = order if math.isfinite(order) else None
    kind: Kind = "asymptotic" if asymptotic else "monotone"
    return Extrapolation(shown, before, values[-1] + gap, max(error, noise), kind, _remark(order, theory, asymptotic))


def _order_or_none(sizes: Sequence[float], values: Sequence[float]) -> float | None:
    try:
        order = observed_order(sizes, values)
    except ValueError:
        return None
    return order


def _remark(order: float, theory: float | None, asymptotic: bool) -> str:
    parts = []
    if theory is not None and order < theory * (1 - _BELOW_THEORY):
        parts.append(f"order {order:.2f} is below theory ({theory:g}): singular edges or meshes too coarse")
    elif theory is not None and order > theory * (1 + _AGREE):
        seen = f"{order:.2f}" if math.isfinite(order) else f"beyond {_MAX_ORDER:g}"
        parts.append(f"order {seen} is above theory ({theory:g}), which the limit uses")
    if not asymptotic:
        parts.append("not asymptotic yet: safety factor 3")
    return "; ".join(parts)
