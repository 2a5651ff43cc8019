"""Local states (creep strains) in the flat vector of a transient: rows that Newton's method finds solved.

Their rows are what the integrator has minus what belongs to the present fields (`fem.creep`), so that a solve with the
Jacobian needs no more than the change of the fields.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from fem.creep import SCALE
from fem.solve.stage import Stage

Array = npt.NDArray[np.float64]

_LIGHT = 1e-3
"""Share with which local rows count in the norm that the line search sees: they are solved by any full step."""
_SETTLED = 1e-9
"""Largest gap, relative to what errors are measured against, between a local state and what belongs to the fields."""
_ROUNDING = 1e-13


class LocalRows:
    """The local states of a stage.

    Args:
        stage: their forms. begin: number of rows of this rank before them.

    Attributes:
        rows: where they stand in the flat vector.
        size: number of rows of this rank; `size_everywhere`: of all ranks.
        shift: d(rates)/d(state), 1/s.
    """

    def __init__(self, stage: Stage, begin: int) -> None:
        forms = [stage.system.residuals[f] for f in stage.fields]
        self.creeps = [c for c in stage.system.creeps if any(c.function in f.coefficients() for f in forms)]
        self.stage, self.comm = stage, stage.comm
        ends = np.cumsum([begin, *(c.owned for c in self.creeps)])
        self._parts = [slice(int(a), int(b)) for a, b in pairwise(ends)]
        self.rows = slice(begin, int(ends[-1]))
        self.size = int(ends[-1]) - begin
        self.size_everywhere = int(self.comm.allreduce(self.size))
        self.shift = 1.0

    def get(self) -> Array:
        """(size,) present states."""
        return np.concatenate([c.get() for c in self.creeps]) if self.creeps else np.empty(0)

    def take(self, values: Array) -> None:
        """Write the entries of a flat vector into the states."""
        for creep, part in zip(self.creeps, self._parts, strict=True):
            creep.set(values[part])

    def update(self, values: Array, rates: Array) -> None:
        """Replace the states by those that belong to the present fields, given flat vectors of states and rates."""
        for creep, part in zip(self.creeps, self._parts, strict=True):
            creep.update(rates[part] - self.shift * values[part], self.shift)

    def residual(self, values: Array) -> Array:
        """(size,) entries of a flat vector minus the present states."""
        return np.asarray(values[self.rows] - self.get()) if self.creeps else np.empty(0)

    def following(self, change: Array) -> Array:
        """(size,) change of the states with a change of the stage's rows, from the present point. Collective."""
        if not self.creeps:
            return np.empty(0)
        here = self.stage.get_state()
        self.stage.set_state(here + change)
        made = np.concatenate([c.follow() for c in self.creeps])
        self.stage.set_state(here)
        return made

    def allowed(self) -> Array:
        """(size,) what errors are measured against."""
        return np.concatenate([c.allowed() for c in self.creeps]) if self.creeps else np.empty(0)

    def weight(self, force: float) -> float:
        """Factor of the rows, when a strain of 1e-4 counts `force` in the norm of the residual."""
        return _LIGHT * (force or 1.0) / (SCALE * math.sqrt(max(self.size_everywhere, 1)))

    def settled(self, residual: Array) -> bool:
        """Whether the states belong to the fields. Collective."""
        if not self.size_everywhere:
            return True
        gap, state = residual[self.rows], self.get()
        square, size = self.comm.allreduce(np.array([gap @ gap, state @ state]))
        least = _SETTLED * SCALE * math.sqrt(self.size_everywhere)
        return bool(math.sqrt(square) <= least + _ROUNDING * math.sqrt(size))
