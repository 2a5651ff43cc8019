"""Newton's method down a convex energy, for a stiffness that jumps: full steps may go in circles there.

Cells of a crack that closes become a million times stiffer. Along every Newton step the slope of the energy rises, so
that the step ends where it vanishes; the energy falls in every step, and the minimum is the only state to end at.
Residuals are no measure on the way: a cell on the verge of closing changes them much and the energy hardly.
"""

from __future__ import annotations

import logging
import math

import numpy as np
import numpy.typing as npt

from fem.errors import ConvergenceError
from fem.solve.bordered import Bordered
from fem.solve.criteria import passing
from fem.solve.stage import Stage

log = logging.getLogger("ssbfem.solve")
Array = npt.NDArray[np.float64]
GAINED = 1e-11
"""A state is the minimum when a Newton step would lower the energy by less than this share of what is stored."""
BALANCED = 1e-11
"""Or when forces balance to this share of those that pass."""
_MOST, _TRIALS = 100, 30
_FLAT = 0.1
"""A step ends where the slope of the energy is this share of what it was, or less."""


def descend(stage: Stage, bordered: Bordered, stored: float) -> int:
    """Minimise the energy of a stage whose residual is its derivative, from the present state. Collective.

    Args:
        stage: symmetric, its energy convex. bordered: solves with its Jacobian. stored: energy in J to compare with.

    Returns:
        Number of Newton steps.

    Raises:
        ConvergenceError: the minimum is not found.
    """
    for number in range(_MOST):
        residual = stage.residual()
        if _norm(stage, residual) <= BALANCED * passing(stage):
            return number
        state = stage.get_state()
        bordered.assemble()
        step = -bordered.solve(residual)
        slope = _product(stage, residual, step)
        if not np.isfinite(slope):
            break
        if abs(slope) <= GAINED * abs(stored):
            log.debug("descent: %d steps, a gain of %.1e of %.1e J is left", number, -slope, stored)
            return number
        stage.set_state(state + _along(stage, state, step, slope) * step)
    raise ConvergenceError(f"no equilibrium in {_MOST} steps down the energy: something may be torn off")


def _along(stage: Stage, state: Array, step: Array, slope: float) -> float:
    """How far to go along a step: to where the slope of the energy nearly vanishes."""
    low, below, high, above = 0.0, slope, np.inf, np.inf
    length = 1.0
    for trial in range(_TRIALS):
        stage.set_state(state + length * step)
        now = _product(stage, stage.residual(), step)
        if abs(now) <= _FLAT * abs(slope):
            break
        if now < 0.0:
            low, below = length, now
        else:
            high, above = length, now
        if not np.isfinite(high):
            length *= 2.0
        elif trial % 3 == 2:  # secants alone may crawl at a kink
            length = 0.5 * (low + high)
        else:
            length = low - (high - low) * below / (above - below)
    return length


def _product(stage: Stage, a: Array, b: Array) -> float:
    total: float = stage.comm.allreduce(float(a @ b))
    return total


def _norm(stage: Stage, values: Array) -> float:
    return math.sqrt(_product(stage, values, values))
