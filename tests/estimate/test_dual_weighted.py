"""The dual-weighted residual of coupled models is the difference to the enriched model, for every kind of quantity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from support.adaptive import localised, solved, solved_enriched
from support.layered import AXES, layered
from support.ranks import alone, several

from fem.conditions import Platen, Pressure, Roller, Terminal
from fem.dissipation.conduction import Conduction, Equipotential
from fem.energy.elastic import Elastic
from fem.estimate.dual_weighted import DualWeighted
from fem.estimate.recorded import Recorder, plain
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.kinetics import ButlerVolmer
from fem.model import Domain, Model, Settings
from fem.observe import electrical, mechanical
from fem.observe.assembly import Assembly
from fem.solve.adjoint import Adjoint

COMM = MPI.COMM_WORLD
WIDTH = 2.0e-5
LAYERS = (("a", 1.0e-5), ("e", 2.0e-5), ("c", 1.0e-5))
LITHIUM = 13.0e-6
SOFT, STIFF = Elastic(7.8e9, 0.38), Elastic(1.5e11, 0.26, 2e-4)


def cell(
    dimension: str, comm: Any = COMM, current: float | None = 200.0, platen: bool = False, resolved: bool = False
) -> Model:
    """Metal, electrolyte, metal; contact on a part of the lower interface, a film there, rates that feel the stress.

    Args:
        dimension: of the model. comm: of the mesh.
        current: A per m^2 of the lateral sizes; None: at a given voltage.
        platen: a rigid plate presses on the top; else a pressure.
        resolved: the upper electrode is a conductor in perfect contact with the electrolyte.
    """
    gaps = {"a|e": lambda x: x[:, 0] > 0.5 * WIDTH} if dimension != "1" else None
    tagged = layered(comm, dimension, LAYERS, width=WIDTH, lateral=4, across=2, jitter=0.15, gaps=gaps)
    axis = AXES[dimension] - 1
    area = {"1": 1.0, "2": WIDTH, "axisymmetric": np.pi * WIDTH**2, "3": WIDTH**2}[dimension]
    upper: Any = Conduction("electronic", 30.0) if resolved else Equipotential()
    conditions: list[Any] = [Terminal("c", "top" if resolved else "c", potential=0.0), Roller("bottom", axis)]
    conditions.append(
        Terminal("a", "a", potential=0.3) if current is None else Terminal("a", "a", current=current * area)
    )
    conditions.append(Platen("top", axis, -2e7 * area) if platen else Pressure("top", 2e7))
    conditions += [Roller("left", 0)] if axis else []
    conditions += [Roller("front", 1)] if axis == 2 else []
    return Model(
        tagged,
        {
            "a": Domain((Equipotential(),), (SOFT,)),
            "e": Domain((Conduction("ionic", 0.05),), (STIFF,)),
            "c": Domain((upper,), (SOFT,)),
        },
        {
            "a|e": [ChargeTransfer("a", ButlerVolmer(10.0, mechanical=0.3), 0.1, 3e-4, 0.9, 200 * LITHIUM)],
            "e|c": [ChargeTransfer("c", None if resolved else ButlerVolmer(5.0))],
        },
        conditions,
        Settings(1, 1),
    )


def drop(assembly: Assembly) -> Any:
    """Voltage of the cell."""
    terminals = assembly.model.terminals
    return assembly.number_value(terminals["a"]) - assembly.number_value(terminals["c"])


GOALS: dict[str, Callable[[Assembly], Any]] = {
    "voltage": drop,
    "dissipation": lambda a: electrical.power(a).total,
    "focusing": lambda a: electrical.focusing(a, "a|e"),
    "overpotential": lambda a: electrical.mean_overpotential(a, "a|e"),
    "shift": lambda a: mechanical.stress_shift(a, "a|e"),
    "pressure": lambda a: mechanical.mean_interface_pressure(a, "a|e"),
    "stress": lambda a: mechanical.mean_stress(a, ("e",), "hydrostatic"),
    "energy": lambda a: mechanical.elastic_energy(a, ("a", "e", "c")),
    "shortening": mechanical.stack_shortening,
    "reaction": mechanical.stack_force,
    "current": lambda a: a.number_charge(a.model.terminals["c"]),
    "point": lambda a: a.point_mean("a|e", a.current_density("a|e"), np.array([[0.2 * WIDTH, LAYERS[0][1]]]))
    * a.area / electrical.power(a).total,
}  # fmt: skip
FIXED = ("reaction", "pressure")  # given by force balance: no error


@pytest.fixture(scope="module")
def both() -> DualWeighted:
    """The cell in two dimensions, solved, and its enriched copy."""
    coarse = solved(cell("2", MPI.COMM_SELF), WIDTH)
    return DualWeighted(coarse, solved_enriched(coarse))


@pytest.mark.parametrize("name", [n for n in GOALS if n != "current"])
def test_every_kind_of_quantity(both: DualWeighted, name: str) -> None:
    """Dual-weighted residual and difference agree to third order; the cells' shares add up to no less."""
    found = both.localise({name: (GOALS[name], 1.0)})
    if name in FIXED:
        assert abs(found.error - found.difference) < 1e-6 * abs(plain(GOALS[name](both.coarse)))
        return
    assert found.difference != 0.0
    assert found.error == pytest.approx(found.difference, rel=0.15)
    assert found.indicators.sum() >= 0.95 * abs(found.difference)
    assert (found.indicators >= 0).all()


def test_weighted_sums(both: DualWeighted) -> None:
    """The error of a sum is the sum of the errors, and its shares are not those of one part."""
    parts = [both.localise({n: (GOALS[n], 1.0)}) for n in ("voltage", "energy")]
    weights = [1.0 / p.difference for p in parts]
    total = both.localise({n: (GOALS[n], w) for n, w in zip(("voltage", "energy"), weights, strict=True)})
    assert total.difference == pytest.approx(2.0, rel=1e-9)
    shared = sum(w * p.error for w, p in zip(weights, parts, strict=True))
    assert total.error == pytest.approx(shared, rel=1e-6)
    assert total.indicators.sum() >= 1.9


@pytest.mark.parametrize(
    ("dimension", "options"),
    [
        ("1", {}),
        ("axisymmetric", {}),
        ("3", {}),
        ("2", {"current": None}),
        ("2", {"platen": True}),
        ("2", {"resolved": True}),
        ("2", {"resolved": True, "current": None, "platen": True}),
    ],
    ids=str,
)
def test_every_kind_of_model(dimension: str, options: dict[str, Any]) -> None:
    """Single numbers, ties, films, stages and loads are all part of the adjoint."""
    goal = GOALS["current"] if options.get("current", 0) is None else GOALS["voltage"]
    found = localised(solved(cell(dimension, **options), WIDTH), goal)
    if dimension == "1":  # linear potentials are exact
        assert abs(found.error) < 1e-9
        return
    assert found.difference != 0.0
    assert found.error == pytest.approx(found.difference, rel=0.03)


def test_linear_models_agree_to_rounding(both: DualWeighted) -> None:
    """Nothing is of third order there."""
    found = both.localise({"shortening": (GOALS["shortening"], 1.0)})
    assert found.error == pytest.approx(found.difference, rel=1e-7)


def test_adjoint_of_the_voltage_is_the_differential_resistance() -> None:
    """The part of the adjoint that belongs to a terminal is the slope of the quantity over its current."""
    assembly = solved(cell("2"), WIDTH)
    number = assembly.model.terminals["a"]
    adjoint = Adjoint(assembly.solver)
    adjoint.linearise()
    for name in ("voltage", "dissipation", "focusing"):
        recorded = GOALS[name](Recorder.of(assembly))
        forms = {o.form: c for o, c in recorded.slopes.items() if o is not number}
        adjoint.solve(forms, {number: recorded.slopes.get(number, 0.0)})
        values = []
        for factor in (1.001, 0.999):
            other = cell("2")
            other.terminals["a"].source *= factor
            values.append(plain(GOALS[name](solved(other, WIDTH))))
        slope = (values[0] - values[1]) / (0.002 * number.source)
        assert adjoint.numbers[number] == pytest.approx(slope, rel=1e-4)
    resistance = assembly.solver.differential_resistance(number)
    adjoint.linearise()
    adjoint.solve({}, {number: 1.0})
    assert adjoint.numbers[number] == pytest.approx(resistance, rel=1e-9)


def test_maxima_are_refused(both: DualWeighted) -> None:
    """They have no derivative, and say so."""

    def largest(assembly: Assembly) -> float:
        return mechanical.largest(assembly, mechanical.equivalent, ("e",), None, 0.0)

    with pytest.raises(TypeError, match="differentiable"):
        both.localise({"largest": (largest, 1.0)})


def test_state_is_left_as_it_was(both: DualWeighted) -> None:
    """The enriched solution is still there after an estimate, and the coarse one is not touched."""
    before = [f.function.x.array.copy() for f in both.coarse.model.fields]
    top = plain(drop(both.fine))
    both.localise({"voltage": (drop, 1.0)})
    assert plain(drop(both.fine)) == top
    for field, values in zip(both.coarse.model.fields, before, strict=True):
        assert (field.function.x.array == values).all()


@pytest.mark.mpi
@several
def test_same_on_any_number_of_ranks() -> None:
    """Error and the sum of the cells' shares."""

    def found(comm: Any) -> tuple[float, float]:
        local = localised(solved(cell("2", comm), WIDTH), GOALS["dissipation"])
        return local.error, comm.allreduce(float(local.indicators.sum()))

    assert found(COMM) == pytest.approx(alone(lambda: found(MPI.COMM_SELF)), rel=1e-6)
