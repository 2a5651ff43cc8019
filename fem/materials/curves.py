"""Properties as functions of one variable: evaluated in numpy and as UFL, with integral and derivative.

Every curve is continuously differentiable on the whole line. What is known ends somewhere; beyond, a property of
transport levels off, and a potential of a host continues with the entropy of mixing of ever fewer ions (or
vacancies), so that it diverges at an empty and at a full lattice and no potential drives a host beyond them.

Integrals begin at `Curve.low`, so that the free energy of a host is ``-F c_max`` times the integral of its
open-circuit potential, up to a constant.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from fem.constants import FARADAY, GAS, STANDARD_TEMPERATURE

__all__ = [
    "Constant",
    "Curve",
    "EntropicEnds",
    "Exponential",
    "LevelEnds",
    "Polynomial",
    "Power",
    "Scaled",
    "Sum",
    "Tanh",
]

Floats = npt.NDArray[np.float64]
Order = Literal[-1, 0, 1]
"""-1: integral, 0: value, 1: derivative."""

#: Below this share of the last known filling, the diverging logarithm goes on as a straight line (for Newton).
_NEARLY_EMPTY = 1e-12


class Operations(ABC):
    """The functions that curves are made of, for numbers or for symbols."""

    ln: Any
    exp: Any
    tanh: Any
    least: Any
    greatest: Any
    magnitude: Any

    @abstractmethod
    def below(self, x: Any, limit: float, yes: Any, no: Any) -> Any:
        """`yes` where ``x < limit``, else `no`."""

    @abstractmethod
    def pieces(self, x: Any, breaks: Sequence[float], tables: Sequence[Sequence[float]]) -> list[Any]:
        """Of every table, the entry of the piece that `x` lies in; piece k ends at ``breaks[k]``."""


class _Numbers(Operations):
    ln, exp, tanh = staticmethod(np.log), staticmethod(np.exp), staticmethod(np.tanh)
    least, greatest, magnitude = staticmethod(np.minimum), staticmethod(np.maximum), staticmethod(np.abs)

    def below(self, x: Any, limit: float, yes: Any, no: Any) -> Any:
        return np.where(x < limit, yes, no)

    def pieces(self, x: Any, breaks: Sequence[float], tables: Sequence[Sequence[float]]) -> list[Any]:
        where = np.searchsorted(breaks, x, side="right")
        return [np.asarray(table)[where] for table in tables]


class _Symbols(Operations):
    def __init__(self) -> None:
        import ufl

        self._ufl = ufl
        self.ln, self.exp, self.tanh = ufl.ln, ufl.exp, ufl.tanh
        self.least, self.greatest, self.magnitude = ufl.min_value, ufl.max_value, abs

    def below(self, x: Any, limit: float, yes: Any, no: Any) -> Any:
        return self._ufl.conditional(self._ufl.lt(x, limit), yes, no)

    def pieces(self, x: Any, breaks: Sequence[float], tables: Sequence[Sequence[float]]) -> list[Any]:
        # By bisection. The coefficients are selected, not the finished pieces: their derivative is zero, so that
        # the code of residual and Jacobian stays small.
        def selected(table: Sequence[float], first: int, last: int) -> Any:
            if first == last:
                return self._ufl.as_ufl(float(table[first]))
            middle = (first + last) // 2
            yes, no = selected(table, first, middle), selected(table, middle + 1, last)
            return self.below(x, float(breaks[middle]), yes, no)

        return [selected(table, 0, len(breaks)) for table in tables]


class Curve(ABC):
    """A property [SI] as a continuously differentiable function of one variable [SI].

    Attributes:
        low, high: between these it is known; beyond, it is continued.
    """

    low: float
    high: float

    @abstractmethod
    def evaluate(self, x: Any, order: Order, by: Operations) -> Any:
        """Integral (-1), value (0) or derivative (1) at `x`, with the operations for it."""

    def __call__(self, x: Any, order: Order = 0) -> Any:
        """Values at a number, at an array of any shape, or at a UFL expression (then a UFL expression).

        Args:
            x: where.
            order: -1: integral from `low`, 0: value, 1: derivative.
        """
        if hasattr(x, "ufl_shape"):
            return self.ufl(x, order)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # in pieces that are not selected
            found = self.evaluate(np.asarray(x, dtype=np.float64), order, _Numbers())
        found = np.broadcast_to(found, np.shape(x))
        return float(found) if np.ndim(x) == 0 else np.array(found)

    def ufl(self, x: Any, order: Order = 0) -> Any:
        """The curve as a UFL expression of the expression `x`; its numbers are part of the compiled code.

        `ufl.diff` and `ufl.derivative` of the integral give the value, and of the value the derivative.
        """
        import ufl

        return ufl.as_ufl(self.evaluate(x, order, _Symbols()))


@dataclass(frozen=True)
class Constant(Curve):
    """The same everywhere."""

    value: float
    low: float = -math.inf
    high: float = math.inf

    def evaluate(self, x: Any, order: Order, by: Operations) -> Any:
        if order == 0:
            return 0.0 * x + self.value if isinstance(x, np.ndarray) else self.value
        start = self.low if math.isfinite(self.low) else 0.0
        return 0.0 * x if order == 1 else self.value * (x - start)


@dataclass(frozen=True)
class Scaled(Curve):
    """``factor * curve(x / unit)``: a curve in other units, or at another temperature."""

    curve: Curve
    factor: float = 1.0
    unit: float = 1.0

    @property
    def low(self) -> float:  # type: ignore[override]
        return self.curve.low * self.unit

    @property
    def high(self) -> float:  # type: ignore[override]
        return self.curve.high * self.unit

    def evaluate(self, x: Any, order: Order, by: Operations) -> Any:
        return self.factor * self.unit**-order * self.curve.evaluate(x / self.unit, order, by)


class Term(ABC):
    """A summand with a closed-form integral."""

    @abstractmethod
    def evaluate(self, x: Any, order: Order, by: Operations) -> Any:
        """As `Curve.evaluate`; integrals begin anywhere."""


@dataclass(frozen=True)
class Polynomial(Term):
    """Sum of ``coefficients[k] * x**k``."""

    coefficients: tuple[float, ...]

    def evaluate(self, x: Any, order: Order, by: Operations) -> Any:
        given = list(self.coefficients)
        if order == 1:
            given = [k * a for k, a in enumerate(given)][1:]
        elif order == -1:
            given = [0.0, *(a / (k + 1) for k, a in enumerate(given))]
        return horner(given, x)


@dataclass(frozen=True)
class Power(Term):
    """``amplitude * x**exponent`` of a positive x; the exponent is not -1."""

    amplitude: float
    exponent: float

    def evaluate(self, x: Any, order: Order, by: Operations) -> Any:
        a, p = self.amplitude, self.exponent
        if order == 1:
            return a * p * x ** (p - 1.0)
        return a * x**p if order == 0 else a / (p + 1.0) * x ** (p + 1.0)


@dataclass(frozen=True)
class Exponential(Term):
    """``amplitude * exp(rate * (x - centre))``."""

    amplitude: float
    rate: float
    centre: float = 0.0

    def evaluate(self, x: Any, order: Order, by: Operations) -> Any:
        return self.amplitude * self.rate**order * by.exp(self.rate * (x - self.centre))


@dataclass(frozen=True)
class Tanh(Term):
    """``amplitude * tanh(rate * (x - centre))``."""

    amplitude: float
    rate: float
    centre: float = 0.0

    def evaluate(self, x: Any, order: Order, by: Operations) -> Any:
        u = self.rate * (x - self.centre)
        if order == -1:  # ln cosh, without overflow
            size = by.magnitude(u)
            return self.amplitude / self.rate * (size + by.ln(1.0 + by.exp(-2.0 * size)) - math.log(2.0))
        value = by.tanh(u)
        return self.amplitude * value if order == 0 else self.amplitude * self.rate * (1.0 - value * value)


@dataclass(frozen=True)
class Sum(Curve):
    """A sum of terms, valid between `low` and `high`."""

    terms: tuple[Term, ...]
    low: float
    high: float

    def evaluate(self, x: Any, order: Order, by: Operations) -> Any:
        total = sum(term.evaluate(x, order, by) for term in self.terms)
        return total - self._start if order == -1 else total

    @cached_property
    def _start(self) -> float:
        return float(sum(term.evaluate(np.float64(self.low), -1, _Numbers()) for term in self.terms))


@dataclass(frozen=True)
class _Ends(Curve):
    """A curve between `low` and `high`, continued beyond."""

    curve: Curve

    @property
    def low(self) -> float:  # type: ignore[override]
        return self.curve.low

    @property
    def high(self) -> float:  # type: ignore[override]
        return self.curve.high

    @cached_property
    def _known(self) -> tuple[float, float, float, float, float]:
        """Value and slope at both ends, and the integral between them."""
        a, b = self.low, self.high
        return self.curve(a), self.curve(a, 1), self.curve(b), self.curve(b, 1), self.curve(b, -1)

    def evaluate(self, x: Any, order: Order, by: Operations) -> Any:
        value_a, slope_a, value_b, slope_b, area = self._known
        # both continuations are written for a distance that grows outwards
        sign = -1.0 if order != 0 else 1.0
        before = sign * self._beyond(self.low - x, value_a, -slope_a, order, by, "low")
        after = self._beyond(x - self.high, value_b, slope_b, order, by, "high")
        after = after + area if order == -1 else after
        return by.below(x, self.low, before, by.below(x, self.high, self.curve.evaluate(x, order, by), after))

    @abstractmethod
    def _beyond(self, s: Any, value: float, slope: float, order: Order, by: Operations, side: str) -> Any:
        """Continuation at a distance `s` from an end with that value and slope, in the direction of `s`."""


@dataclass(frozen=True)
class LevelEnds(_Ends):
    """A curve that levels off beyond its ends, and keeps its sign there.

    The slope falls linearly to zero over a tenth of the range, or less where the value would fall below half of what
    it is at the end.
    """

    def _beyond(self, s: Any, value: float, slope: float, order: Order, by: Operations, side: str) -> Any:
        width = 0.1 * (self.high - self.low)
        if slope != 0.0:
            width = min(width, abs(value / slope)) or width
        t = by.least(s, width)
        if order == 1:
            return slope * (1.0 - t / width)
        if order == 0:
            return value + slope * (t - t * t / (2.0 * width))
        return value * s + slope * (t * t / 2.0 - t**3 / (6.0 * width) + 0.5 * width * (s - t))


@dataclass(frozen=True)
class EntropicEnds(_Ends):
    """A potential against lithiation x in (0, 1) that goes to plus infinity as x -> 0, to minus infinity as x -> 1.

    Beyond the last known lithiation a: U = U(a) + U'(a) (x - a) - (RT/F) [ln(x/a) + 1 - x/a], the straight line and
    the ideal entropy of the few ions that are left; beyond the highest, the same for vacancies.

    Attributes:
        temperature: T [K].
    """

    temperature: float = STANDARD_TEMPERATURE

    def _beyond(self, s: Any, value: float, slope: float, order: Order, by: Operations, side: str) -> Any:
        room = self.low if side == "low" else 1.0 - self.high
        strength = GAS * self.temperature / FARADAY * (1.0 if side == "low" else -1.0)
        left = 1.0 - s / room  # of ions or vacancies, 1 at the end
        y = by.greatest(left, _NEARLY_EMPTY)
        short = by.least(left - _NEARLY_EMPTY, 0.0)
        steep = 1.0 - 1.0 / _NEARLY_EMPTY
        if order == 1:  # the derivative of the entropy in y, times dy/ds
            return slope - strength / room * (1.0 - 1.0 / y)
        if order == 0:
            return value + slope * s + strength * (y - 1.0 - by.ln(y) + steep * short)
        gone = (_NEARLY_EMPTY - 1.0 - math.log(_NEARLY_EMPTY)) * short + 0.5 * steep * short * short
        integral = 0.5 * (y * y - 1.0) - y * by.ln(y) + gone
        return value * s + 0.5 * slope * s * s - strength * room * integral


def horner(coefficients: Sequence[Any], x: Any) -> Any:
    """Sum of ``coefficients[k] * x**k``; zero of the kind of x when there is none."""
    if not coefficients:
        return 0.0 * x
    total = coefficients[-1] + 0.0 * x if len(coefficients) == 1 else coefficients[-1]
    for a in reversed(coefficients[:-1]):
        total = a + x * total
    return total
