"""Jacobians against differences of residuals: of flows in time, with local states or without, and of steady stages."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from fem.solve.bordered import Bordered


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


def require_moving_tangent(made: Any, since: float, shift: float, within: float = 2e-6) -> None:
    """Fail unless every block of the Jacobian of a flow without local states is the derivative of the residual.

    Args:
        made: a `fem.solve.transient.Transient` that has begun. since: s since the step of the protocol began.
        shift: 1/s, d(rates)/d(state). within: of the size of every block.
    """
    flow = made.flow
    state, rates = flow.flat(), np.zeros(flow.rows)
    fields, rng = flow.stage.fields, np.random.default_rng(5)
    columns = [slice(int(a), int(b)) for a, b in itertools.pairwise(flow.stage.offsets)]
    sizes = [max(np.abs(state[c]).max(initial=0.0), 1e-9 * f.scale) for c, f in zip(columns, fields, strict=True)]
    known = int(flow.stage.offsets[-1])
    for column, size in zip(columns, sizes, strict=True):
        rates[column] = 1e-4 * shift * size * rng.standard_normal(column.stop - column.start)
    rates[:known] = flow.stage.free(rates[:known])
    flow.prepare(since, shift)
    made._control(since)
    flow._set(state, rates)
    flow.bordered.assemble()
    coupled = 0

    def rows(amount: float, direction: Any) -> Any:
        return flow._rows(state + amount * direction, rates + shift * amount * direction)[0] * flow._weights

    here, pairs = np.abs(rows(0.0, state)), []
    for column, size in zip(columns, sizes, strict=True):
        direction = np.zeros(flow.rows)
        direction[column] = 1e-2 * size * rng.standard_normal(column.stop - column.start)
        direction[:known] = flow.stage.free(direction[:known])
        product, step = flow.multiply(direction), 1e-3
        pairs.append((product, (rows(step, direction) - rows(-step, direction)) / (2 * step)))
    for own, row in zip(columns, fields, strict=True):
        sizes = [float(np.linalg.norm(wanted[own])) for _, wanted in pairs]
        rounding = 1e-12 * float(np.linalg.norm(here[own])) / step + 1e-10 * max(sizes)
        for (product, wanted), size, field in zip(pairs, sizes, fields, strict=True):
            gap = float(np.linalg.norm(product[own] - wanted[own]))
            assert gap <= within * size + rounding, (row.name, field.name, gap, size, rounding)
            coupled += int(size > 1e3 * rounding and field is not row)
    assert coupled > 0


def require_stage_tangent(stage: Any, state: Any, amounts: Sequence[float], within: float = 1e-5) -> None:
    """Fail unless the matrix and the borders of a steady stage are the derivatives of its residual at a state.

    Args:
        stage: `fem.solve.stage.Stage`. state: flat.
        amounts: by which every field, then every number, is changed in the differences.
    """
    rng = np.random.default_rng(7)
    known = int(stage.offsets[-1])
    parts = [slice(int(a), int(b)) for a, b in itertools.pairwise(stage.offsets)]
    parts += [slice(known + k, known + k + 1) for k in range(len(stage.numbers))]
    bordered = Bordered(stage, _Nothing())
    stage.set_state(state)
    state = stage.get_state()
    stage.assemble_jacobian()
    for column, amount in zip(parts, amounts, strict=True):
        direction = np.zeros(len(state))
        direction[column] = rng.standard_normal(column.stop - column.start)
        direction[:known] = stage.free(direction[:known])
        product = bordered.multiply(direction)
        product[:known] = stage.free(product[:known])
        both = []
        for sign in (1, -1):
            stage.set_state(state + sign * amount * direction)
            both.append(stage.residual())
        difference = (both[0] - both[1]) / (2 * amount)
        for own in parts:
            size = np.linalg.norm(difference[own])
            rounding = 1e-13 * np.linalg.norm(both[0][own]) / amount
            assert np.linalg.norm(product[own] - difference[own]) <= within * size + rounding, (column, own)
        assert np.linalg.norm(difference) > 0
    stage.set_state(state)
    bordered.destroy()


class _Nothing:
    """In the place of a linear solver: matrices are only multiplied with."""

    iterations = 0
