"""The Jacobian of a flow with local states, against differences of its residual."""

from __future__ import annotations

from typing import Any

import numpy as np


def require_tangent(made: Any, shift: float = 40.0) -> None:
    """Fail unless the Jacobian that Newton's method uses is the derivative of the residual, rates following the state.

    Args:
        made: a `fem.solve.transient.Transient` that has begun. shift: 1/s, d(rates)/d(state).
    """
    flow = made.flow
    made._control(0.5)
    state, rates = flow.flat(), np.zeros(flow.rows)
    fields = int(flow.stage.offsets[-1])
    rng = np.random.default_rng(3)
    direction = np.zeros(flow.rows)
    free = flow.stage.free(rng.standard_normal(fields) * np.abs(state[:fields]).max())
    direction[: len(free)] = 1e-2 * free
    flow.prepare(0.5, shift)
    flow.local.shift = shift
    flow._set(state, rates)
    product = flow.multiply(direction)

    def rows(amount: float) -> Any:
        return flow._rows(state + amount * direction, rates + shift * amount * direction)[0] * flow._weights

    step = 1e-4
    difference = (rows(step) - rows(-step)) / (2 * step)
    for part, within in ((slice(0, fields), 1e-6), (flow.local.rows, 1e-5)):
        scale = np.linalg.norm(difference[part])
        assert scale > 0
        assert np.linalg.norm(product[part] - difference[part]) < within * scale
