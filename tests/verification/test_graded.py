"""Properties that vary within a layer, against integrals; and no new compilation for a new number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from support.cells import DIMENSIONS, planar_cell, solve

from fem.conditions import Pressure, Roller, Terminal
from fem.dissipation.conduction import Conduction, Equipotential
from fem.energy.elastic import Elastic
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.kinetics import LinearKinetics
from fem.model import Domain, Model, Settings
from fem.values import Graded

THICKNESS = 2e-5
LAYERS = [("a", 1e-5), ("e", THICKNESS), ("c", 1e-5)]


def exponential(axis: int, first: float, last: float) -> Graded:
    """From `first` at the lower face of the electrolyte to `last` at its upper face."""
    rate = math.log(last / first) / THICKNESS
    return Graded(lambda x: first * np.exp(rate * (x[:, axis] - 1e-5)))


def cell(dimension: str, conductivity: Any, resistance: float, boxes: int, settings: Settings | None = None) -> Model:
    metal = Domain((Equipotential(),))
    law = LinearKinetics(resistance)
    return planar_cell(
        dimension,
        LAYERS,
        {"a": metal, "e": Domain((Conduction("ionic", conductivity),)), "c": metal},
        {"a|e": [ChargeTransfer("a", law)], "e|c": [ChargeTransfer("c", law)]},
        [Terminal("a", "a", current=10.0), Terminal("c", "c", potential=0.0)],
        boxes=boxes,
        settings=settings,
    )


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_resistance_of_a_graded_layer(dimension: str) -> None:
    """R = integral dz / sigma = (1/s0 - 1/s1) L / ln(s1/s0): on finer meshes nearer, at least to fourth order."""
    first, last = 1e-2, 0.3
    exact = 2e-3 + THICKNESS * (1 / first - 1 / last) / math.log(last / first)
    axis = {"1": 0, "2": 1, "axisymmetric": 1, "3": 2}[dimension]
    errors = []
    for boxes in (2, 4):
        model = cell(dimension, exponential(axis, first, last), 1e-3, boxes)
        solve(model)
        errors.append(abs(model.terminals["a"].value / 10.0 / exact - 1))
    assert errors[1] < 2e-4, errors
    assert errors[1] < errors[0] / 10, errors


def test_a_graded_modulus_under_pressure() -> None:
    """1-D: u = P integral dz / M with M = E (1 - nu) / ((1 + nu) (1 - 2 nu))."""
    pressure, nu = 1e7, 0.3
    factor = (1 - nu) / ((1 + nu) * (1 - 2 * nu))
    first, last = 1e9, 1e11
    stiff = Elastic(1e10, nu)
    model = planar_cell(
        "1",
        LAYERS,
        {
            "a": Domain((), (stiff,)),
            "e": Domain((), (Elastic(exponential(0, first, last), nu),)),
            "c": Domain((), (stiff,)),
        },
        {},
        [Roller("bottom", 0), Pressure("top", pressure)],
        boxes=16,
    )
    solve(model)
    shortening = THICKNESS * (1 / first - 1 / last) / math.log(last / first) + 2e-5 / 1e10
    assert model.mechanics is not None
    top = model.mechanics.displacement.function.x.array.min()
    assert top / (-pressure / factor * shortening) == pytest.approx(1, rel=1e-4)


def test_a_new_number_needs_no_new_compilation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Conductivities, moduli and resistances of interfaces are constants of the forms, not part of them."""
    solve(cell("2", 0.1, 1e-3, 2))

    def compile_nothing(*_: object, **__: object) -> None:
        raise AssertionError("a form was compiled")

    monkeypatch.setattr("ffcx.codegeneration.jit._compile_objects", compile_nothing)
    solve(cell("2", 0.12345, 1.234567e-3, 2))
    # the check can fail: forms that no other test has compiled
    unusual = Settings(potential_degree=5)
    with pytest.raises(Exception, match="a form was compiled"):
        solve(cell("2", 0.12345, 1e-3, 2, unusual))
