"""When a residual is as small as it can or need be, measured against what passes through the model."""

from __future__ import annotations

import numpy as np

from fem.constants import STANDARD_TEMPERATURE, thermal_voltage
from fem.solve.stage import Stage

REST = thermal_voltage(STANDARD_TEMPERATURE)


def passing(stage: Stage, extra: float = 0.0) -> float:
    """The largest current (force) that passes through a contact, tie or terminal, or enters as a load."""
    candidates = [abs(v) for v in stage.reactions()]
    candidates += [abs(stage.charge(k)) for k in range(len(stage.numbers))]
    candidates += [abs(n.source) for n in stage.numbers]
    return max([*candidates, extra], default=0.0)


def roundoff(stage: Stage) -> float:
    """Residual that rounding alone produces: diagonal times state times machine precision.

    A potential counts with the thermal voltage at least: forward and backward currents that cancel at rest
    are rounded like those of a thermal voltage, although no potential differs from zero.
    """
    fields = stage.fields
    least = [np.full(f.owned, REST if f.kind == "potential" else 0.0) for f in fields]
    state = np.abs(stage.get_state()[: int(stage.offsets[-1])])
    state = np.maximum(state, np.concatenate(least)) if least else state
    if stage.matrix is None:
        return 0.0
    diagonal = stage.matrix.getDiagonal()
    square = float(stage.comm.allreduce(np.sum((diagonal.array_r * state) ** 2)))
    square += sum((stage.corner[k, k] * n.value) ** 2 for k, n in enumerate(stage.numbers) if n.state)
    return float(4 * np.finfo(float).eps * square**0.5)
