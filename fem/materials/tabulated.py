"""Tables of a property against a variable, as smooth curves without overshoot.

Between the points runs the monotone cubic of Fritsch and Butland (SIAM J. Sci. Stat. Comput. 5 (1984) 300): once
continuously differentiable, monotone where the points are, with its extrema at points. Integral and derivative are
those of the same polynomials.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fem.materials.curves import Curve, Floats, Operations, Order, horner

__all__ = ["Tabulated"]


@dataclass(frozen=True)
class Tabulated(Curve):
    """A table; beyond its ends the outer cubics go on, so wrap it in `LevelEnds` or `EntropicEnds`.

    Attributes:
        points: of the variable [SI], increasing; at least two.
        values: of the property there [SI].
    """

    points: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        x, y = np.asarray(self.points), np.asarray(self.values)
        if len(x) < 2 or x.shape != y.shape:
            raise ValueError(f"a table needs two points or more and as many values, not {len(x)} and {len(y)}")
        if not (np.all(np.isfinite(x)) and np.all(np.isfinite(y))):
            raise ValueError("a table holds finite numbers only")
        if not np.all(np.diff(x) > 0.0):
            raise ValueError("the variable of a table must increase from row to row")

    @property
    def low(self) -> float:  # type: ignore[override]
        return self.points[0]

    @property
    def high(self) -> float:  # type: ignore[override]
        return self.points[-1]

    @property
    def monotone(self) -> bool:
        """Whether the values never rise, or never fall."""
        steps = np.diff(self.values)
        return bool(np.all(steps >= 0.0) or np.all(steps <= 0.0))

    @cached_property
    def slopes(self) -> Floats:
        """Derivatives at the points."""
        return _slopes(np.asarray(self.points), np.asarray(self.values))

    @cached_property
    def _coefficients(self) -> tuple[list[float], ...]:
        """Of every piece: its beginning, then the coefficients of the distance from there; then the integral."""
        x, y, d = np.asarray(self.points), np.asarray(self.values), self.slopes
        h = np.diff(x)
        chord = np.diff(y) / h
        square = (3.0 * chord - 2.0 * d[:-1] - d[1:]) / h
        cube = (d[:-1] + d[1:] - 2.0 * chord) / h**2
        areas = h * (y[:-1] + h * (d[:-1] / 2.0 + h * (square / 3.0 + h * cube / 4.0)))
        before = np.concatenate([[0.0], np.cumsum(areas)[:-1]])
        columns = (x[:-1], y[:-1], d[:-1], square, cube, before)
        return tuple([float(v) for v in column] for column in columns)

    def evaluate(self, x: Any, order: Order, by: Operations) -> Any:
        begin, *known = self._coefficients
        inner = self.points[1:-1]
        if order == -1:
            start, a, b, c, d, before = by.pieces(x, inner, [begin, *known])
            return horner([before, a, b / 2.0, c / 3.0, d / 4.0], x - start)
        if order == 0:
            start, a, b, c, d = by.pieces(x, inner, [begin, *known[:4]])
            return horner([a, b, c, d], x - start)
        start, b, c, d = by.pieces(x, inner, [begin, *known[1:4]])
        return horner([b, 2.0 * c, 3.0 * d], x - start)


def _slopes(x: Floats, y: Floats) -> Floats:
    """Slopes of the monotone cubic at the points: weighted harmonic means, zero at extrema."""
    h = np.diff(x)
    chord = np.diff(y) / h
    if len(x) == 2:
        return np.repeat(chord, 2)
    left, right = chord[:-1], chord[1:]
    w_left, w_right = 2.0 * h[1:] + h[:-1], h[1:] + 2.0 * h[:-1]
    same = left * right > 0.0
    inner = np.zeros_like(left)
    inner[same] = (w_left + w_right)[same] / (w_left[same] / left[same] + w_right[same] / right[same])
    ends = [_end_slope(h[0], h[1], chord[0], chord[1]), _end_slope(h[-1], h[-2], chord[-1], chord[-2])]
    return np.concatenate([ends[:1], inner, ends[1:]])


def _end_slope(h0: float, h1: float, c0: float, c1: float) -> float:
    """Slope at an end from the three points there, limited so that the first piece stays monotone."""
    slope = ((2.0 * h0 + h1) * c0 - h0 * c1) / (h0 + h1)
    if slope * c0 <= 0.0:
        return 0.0
    return 3.0 * c0 if c0 * c1 <= 0.0 and abs(slope) > 3.0 * abs(c0) else slope


def from_rows(rows: Sequence[tuple[float, float]]) -> Tabulated:
    """A table from pairs of variable and value in any order.

    Raises:
        ValueError: fewer than two rows, or a variable given twice.
    """
    ordered = sorted(rows)
    return Tabulated(tuple(float(x) for x, _ in ordered), tuple(float(y) for _, y in ordered))
