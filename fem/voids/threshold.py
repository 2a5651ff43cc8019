"""The stack pressure at which a flaw on the electrolyte neither grows nor heals while lithium is stripped.

A flaw is half a ball on the electrolyte, in a cylinder of lithium under a platen. Its volume grows by the vacancies
that it catches and shrinks by creep, capillarity and the descent of the lattice; the rate falls with the pressure, and
the threshold is its root. The usual estimate, a wall that recedes at v = Omega i / F against the closure of a ball in
infinite lithium, is p = (2 n / 3) (2 v / (A a))^(1/n).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from scipy.optimize import brentq

from fem.errors import ModelError
from fem.voids.body import Body
from fem.voids.outline import Cell, arc_of_circle
from fem.voids.rates import Interface, Lithium, Physics

__all__ = ["Flaw", "estimate", "initial_growth", "neutral_pressure", "threshold"]

#: Pressures (Pa) between which a threshold is looked for; below the first none is needed.
_LEAST, _MOST = 1e3, 1e10


@dataclass(frozen=True)
class Flaw:
    """A hemispherical void on the electrolyte.

    Attributes:
        radius: m. spacing: radius of the lithium round it over its own; height: of the lithium over its radius.
        edges: of its arc.
    """

    radius: float
    spacing: float = 8.0
    height: float = 8.0
    edges: int = 12

    def physics(self, comm: Any, lithium: Lithium, interface: Interface, stress: float) -> Physics:
        """The flaw in its piece of lithium."""
        cell = Cell.box(self.spacing * self.radius, self.height * self.radius, True)
        body = Body(comm, cell, [arc_of_circle(self.radius, self.edges)])
        return Physics(body, lithium, interface, stress)


def estimate(lithium: Lithium, radius: float, current_density: float) -> float:
    """(2 n / 3) (2 v / (A a))^(1/n), Pa: a ball in infinite lithium whose wall recedes at v = Omega i / F."""
    n = lithium.creep.exponent
    log_rate = math.log(2 * lithium.strip_velocity(current_density) / radius)
    log_unit = lithium.creep.log_rate(0.0, lithium.temperature)  # of the rate at 1 Pa
    return 2 * n / 3 * math.exp((log_rate - log_unit) / n)


def initial_growth(physics: Physics, pressure: float, current_density: float) -> float:
    """Rate at which the flaw grows, m^3/s."""
    return float(physics.rates(pressure, current_density).growth[0])


def threshold(
    comm: Any, flaw: Flaw, lithium: Lithium, interface: Interface, current_density: float, accuracy: float = 1e-3
) -> float:
    """Pressure (Pa) at which the flaw keeps its volume; 0 where it heals without any. Collective.

    Args:
        current_density: A/m^2, stripping. accuracy: relative, of the pressure.

    Raises:
        ModelError: no stripping; or no pressure would do.
    """
    if not current_density > 0:
        raise ModelError(f"the current density must strip lithium (be positive), got {current_density}")
    guess = estimate(lithium, flaw.radius, current_density)
    return neutral_pressure(flaw.physics(comm, lithium, interface, guess), current_density, guess, accuracy)


def neutral_pressure(physics: Physics, current_density: float, guess: float, accuracy: float = 1e-3) -> float:
    """Pressure (Pa) at which the first void keeps its volume; 0 where it heals without any. Collective.

    Args:
        physics: of a shape. current_density: A/m^2, stripping. guess: Pa. accuracy: relative, of the pressure.

    Raises:
        ModelError: no pressure would do.
    """
    known: dict[float, float] = {}

    def growth(log_pressure: float) -> float:
        if log_pressure not in known:
            known[log_pressure] = initial_growth(physics, math.exp(log_pressure), current_density)
        return known[log_pressure]

    low = high = math.log(guess)
    while growth(high) > 0:
        low, high = high, high + 0.5
        if high > math.log(_MOST):
            raise ModelError("no stack pressure keeps this flaw from growing")
    while growth(low) <= 0:
        high, low = low, low - 0.5
        if low < math.log(_LEAST):
            return 0.0
    return math.exp(float(brentq(growth, low, high, xtol=accuracy)))
