"""Error bars from estimates on a sequence of meshes: what the enriched model itself misses is measured on the way.

The enriched model gives E = J(U) - J(u) for the error T = J - J(u). Where the solution is smooth U is far better than
u, and E = T. Where it is singular (edges of contacts and voids, crack tips) one degree more removes only a part of
the error: for r^(1/2) and quadratic elements about a half. Two meshes tell: the value moves by

    J(u_2) - J(u_1) = T_1 - T_2 = c (E_1 - E_2)      when T = c E on both,

so c is known from the second mesh on. It is bounded, and a movement that no such c explains (a value at a point
that cells do not resolve yet, a quantity that diverges) is added to the bar as what it is: unknown. On the first mesh
c is the one of a singular solution. All of it with a small margin, because T = c E is no law.
"""

from __future__ import annotations

from dataclasses import dataclass, field

LEAST, EXPECTED, MOST = 1.0, 2.0, 4.0
"""Ratio of error and estimate: of smooth solutions, of singular ones like r^(1/2) (taken where nothing is known), and
of quantities that the edge itself makes slow, such as a flux right at it."""
MARGIN = 1.1
_SILENT = 1e-3


@dataclass
class ErrorBars:
    """Values and estimates of one quantity on ever finer meshes.

    Attributes:
        values: of the quantity, coarsest mesh first.
        estimates: signed, of (exact - value), by the enriched model.
    """

    values: list[float] = field(default_factory=list)
    estimates: list[float] = field(default_factory=list)

    def add(self, value: float, estimate: float) -> float:
        """Take the next mesh; returns its error bar (absolute, not negative)."""
        self.values.append(value)
        self.estimates.append(estimate)
        return self.bar

    @property
    def factor(self) -> float:
        """Ratio c of error and estimate on the last mesh, within its bounds."""
        moved, predicted = self._movement
        if abs(predicted) <= _SILENT * abs(self.estimates[-1]):
            return EXPECTED
        return min(max(moved / predicted, LEAST), MOST)

    @property
    def _movement(self) -> tuple[float, float]:
        """How far the value moved since the mesh before, and how far the estimates say it should have."""
        if len(self.values) < 2:
            return 0.0, 0.0
        return self.values[-1] - self.values[-2], self.estimates[-2] - self.estimates[-1]

    @property
    def bar(self) -> float:
        """Error bar of the last value."""
        moved, predicted = self._movement
        return MARGIN * max(self.factor * abs(self.estimates[-1]), abs(moved - self.factor * predicted))
