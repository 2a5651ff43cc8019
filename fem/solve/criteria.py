"""When a residual is as small as it can or need be, measured against what passes through the model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from mpi4py import MPI

from fem.constants import STANDARD_TEMPERATURE, thermal_voltage
from fem.solve.stage import Stage
from fem.unknowns import Field

REST = thermal_voltage(STANDARD_TEMPERATURE)
_METAL = 1e-6
"""Unknowns with a smaller diagonal, in parts of the largest of their field, are none of a metal's."""


def passing(stage: Stage, extra: float = 0.0) -> float:
    """The largest current (force) that passes through a contact, tie or terminal, or enters as a load."""
    candidates = [abs(v) for v in stage.reactions()]
    candidates += [abs(stage.charge(k)) for k in range(len(stage.numbers))]
    candidates += [abs(n.source) for n in stage.numbers]
    return max([*candidates, extra], default=0.0)


def roundoff(stage: Stage) -> float:
    """Residual that rounding alone produces, over all rows: see `rounding`."""
    return 4 * float(np.finfo(float).eps) * rounding(stage, list(stage.fields))


def rounding(stage: Stage, fields: Sequence[Field]) -> float:
    """Norm of diagonal times state over the rows of some fields, and of the numbers that are states.

    A potential counts with the thermal voltage at least: forward and backward currents that cancel at rest
    are rounded like those of a thermal voltage, although no potential differs from zero.
    """
    state = _magnitudes(stage)
    if stage.matrix is None:
        return 0.0
    wanted = [np.full(f.owned, 1.0 if f in fields else 0.0) for f in stage.fields]
    mask = np.concatenate(wanted) if wanted else state
    # identity rows of tied nodes do not round: in models of nanometres they would hide everything else
    entries = stage.free(mask * stage.diagonal * state) if wanted else state
    square = float(stage.comm.allreduce(np.sum(entries**2)))
    square += sum((stage.corner[k, k] * n.value) ** 2 for k, n in enumerate(stage.numbers) if n.state)
    return float(square**0.5)


def _magnitudes(stage: Stage) -> npt.NDArray[np.float64]:
    """(owned rows,) absolute state, of potentials a thermal voltage at least.

    Not so within a metal whose potential counts from that of its terminal (`fem.levels`).
    """
    state = np.abs(stage.get_state()[: int(stage.offsets[-1])])
    if stage.matrix is None:
        return state
    for k, item in enumerate(stage.fields):
        if item.kind != "potential":
            continue
        own = slice(int(stage.offsets[k]), int(stage.offsets[k + 1]))
        least = np.full(item.owned, REST)
        if item.level is not None:
            sizes = np.abs(stage.diagonal[own])
            least[sizes > _METAL * stage.comm.allreduce(float(sizes.max(initial=0.0)), op=MPI.MAX)] = 0.0
        state[own] = np.maximum(state[own], least)
    return state
