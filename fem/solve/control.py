"""How long a time step may be: the local error of backward differentiation, and the length that follows from it.

The formula of order k replaces du/dt at the end of a step by D_k u, the slope of the polynomial through the last k + 1
states. What one order more would have changed is to first order a Newton step,

    e = J^-1 F(t, u, D_k u + (D_k u - D_(k+1) u)),       J = dF/du + shift dF/du',

with the matrix that the step was solved with. Without J (the usual estimate, (D_k u - D_(k+1) u) / shift) the error of
stiff parts is overrated, which the step itself damps, and that of algebraic unknowns is one of their interpolation
instead of one that they inherit (Shampine and Baca, J. Comput. Appl. Math. 11 (1984) 197; Hairer and Wanner, Solving
Ordinary Differential Equations II, IV.8). Where a current jumps, concentrations follow the square root of the time, and
all steps of the first decades are of that kind.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from mpi4py import MPI

from fem.errors import ConvergenceError
from fem.solve.flow import IGNORED

if TYPE_CHECKING:
    from fem.solve.flow import Flow

Array = npt.NDArray[np.float64]

SAFETY = 0.9
"""Share of the length that would just be allowed."""
SHRINK = 0.1
GROWTH = 4.0
"""Bounds of the ratio of two lengths: Newton begins at an extrapolation, which longer steps would carry too far."""
LEAST_ORDER = 0.25
"""Least power of the length that an error is expected to go with."""
DIGITS = 4
"""Digits of a length, so that estimates that differ in their last digits between ranks give the same steps."""
STRETCH = 1e-2
"""A step is stretched by this share to meet an end, rather than leaving a tiny one behind."""


@dataclass(frozen=True)
class Estimate:
    """Local error of a step.

    Attributes:
        error: relative to what is allowed; None where too few states are known yet.
        order: power of the length with which it goes.
    """

    error: float | None
    order: int

    @property
    def accepted(self) -> bool:
        """Whether the step is accurate enough."""
        return self.error is None or self.error <= 1.0

    @property
    def factor(self) -> float:
        """What the length should be multiplied with."""
        if self.error is None:
            return 1.0
        return math.inf if self.error == 0.0 else SAFETY * float(self.error ** (-1.0 / self.order))


def shortened(tried: Sequence[tuple[float, float]], order: int) -> float:
    """Length after steps from one state that were all too long, s.

    Args:
        tried: their lengths (s) and relative errors, in turn. order: power of the length with which an error should go.
            After a jump it goes with less, which the last two tell.
    """
    length, error = tried[-1]
    power = float(order)
    if len(tried) > 1:
        before, worse = tried[-2]
        power = min(power, max(math.log(worse / error) / math.log(before / length), LEAST_ORDER))
    return length * max(SAFETY * float(error ** (-1.0 / power)), SHRINK)


class History:
    """The states behind a step, newest first, and the error that they tell.

    Args:
        flow: equations.
        tolerance: error that a step may make, in scaled units (`Flow.tolerances`).
        order: of the formula.
        time: s. state: (local rows,) where it begins.
    """

    def __init__(self, flow: Flow, tolerance: float, order: int, time: float, state: Array) -> None:
        self.flow, self.order = flow, order
        allowed = flow.tolerances(tolerance)
        self._allowed = np.array(allowed.array_r)
        allowed.destroy()
        self._counted = self._allowed < IGNORED
        self._number = max(1, flow.comm.allreduce(int(self._counted.sum()), op=MPI.SUM))
        self.times, self.states = [time], [state]

    def push(self, time: float, state: Array) -> None:
        """Add the end of a step."""
        self.times, self.states = [time, *self.times[: self.order + 1]], [state, *self.states[: self.order + 1]]

    def pop(self) -> None:
        """Take the last step back."""
        self.times, self.states = self.times[1:], self.states[1:]

    def estimate(self) -> Estimate:
        """Error of the last step; the state of the model must be its end (collective)."""
        k = min(self.order, len(self.times) - 2)
        if k < 1:
            return Estimate(None, 1)
        weights = -slope_weights(self.times[: k + 2])
        weights[: k + 1] += slope_weights(self.times[: k + 1])
        gap = sum((w * s for w, s in zip(weights, self.states, strict=False)), np.zeros_like(self.states[0]))
        try:
            error = self.flow.correction(self.states[0], gap)
        except (ConvergenceError, np.linalg.LinAlgError):
            return Estimate(None, k + 1)
        shares = error[self._counted] / self._allowed[self._counted]
        square = float(self.flow.comm.allreduce(float(shares @ shares))) / self._number
        return Estimate(math.sqrt(square) if math.isfinite(square) else 1.0 / SHRINK**2, k + 1)


def slope_weights(times: Sequence[float]) -> Array:
    """(n,) weights of the values at n times in the slope at times[0] of the polynomial through them, 1/s."""
    n = len(times)
    weights = np.zeros(n)
    for i in range(1, n):
        others = [j for j in range(1, n) if j != i]
        product = math.prod((times[0] - times[j]) / (times[i] - times[j]) for j in others)
        weights[i] = product / (times[i] - times[0])
    weights[0] = -weights.sum()
    return weights


def fitted(length: float, left: float) -> float:
    """A step with few digits that is no longer than `length`, or ends just where something else begins.

    Args:
        length: s, wanted. left: s until the end.
    """
    if left <= length * (1 + STRETCH):
        return left
    if left < 2 * length:
        length = left / 2  # two equal steps rather than a long and a short one
    unit = 10.0 ** (math.floor(math.log10(length)) + 1 - DIGITS)
    return float(f"{math.floor(length / unit + 1e-6) * unit:.{DIGITS - 1}e}")
