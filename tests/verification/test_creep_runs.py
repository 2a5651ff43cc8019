"""Runs with creep: on several ranks, resumed from a checkpoint, beside potentials, against a manufactured solution."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import ufl
from mpi4py import MPI
from support.creeping import ANAND, HEIGHT, NORTON, ROOM, bar, hollow, mean_of, opening, run
from support.layered import layered
from support.norms import integrate, require_order
from support.ranks import alone, several

from fem.conditions import Pressure, Roller, Source, Terminal
from fem.dissipation.conduction import Conduction, Equipotential
from fem.dissipation.norton import Norton
from fem.energy.elastic import Elastic
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.kinetics import ButlerVolmer
from fem.model import Condition, Domain, Model, Settings
from fem.output import checkpoint
from fem.protocol import Course, Protocol, Step
from fem.solve.transient import Position, TimeSettings, Transient

LOAD = Course((0.0, 1.0, 3.0), (0.0, 2e6, 1e6))


@pytest.mark.mpi
@several
@pytest.mark.parametrize("dimension", ["axisymmetric", "3"])
def test_ranks_change_nothing(dimension: str) -> None:
    """A shell under a pressure that comes and goes, on all ranks and on one."""

    def history(comm: Any) -> list[tuple[float, float]]:
        model = hollow(dimension, NORTON, "outer", LOAD, 2.0, 0.5, comm)
        measure = opening(model)
        made = run(model, [Step.hold("load", 3.0)])
        return [(p.time, measure()) for p in made.points()]

    found = history(MPI.COMM_WORLD), alone(lambda: history(MPI.COMM_SELF))
    times, values = (np.array([[x[k] for x in series] for series in found]) for k in (0, 1))
    assert times[0] == pytest.approx(times[1], rel=1e-12)
    assert values[0] == pytest.approx(values[1], rel=1e-7, abs=1e-12)


@pytest.mark.mpi
@several
def test_ranks_without_a_creeping_cell() -> None:
    """A thin layer of one cell creeps under an elastic one: most ranks own nothing of it."""

    def strains(comm: Any) -> list[float]:
        tagged = layered(comm, "1", [("li", HEIGHT), ("se", 9 * HEIGHT)], across=(1, 9))
        domains = {
            "li": Domain(energy=(Elastic(7.8e9, 0.38),), creep=NORTON),
            "se": Domain(energy=(Elastic(20e9, 0.3),)),
        }
        model = Model(tagged, domains, {}, [Roller("bottom", 0), Pressure("top", 1e6)], Settings())
        assert model.mechanics is not None
        strain = mean_of(model, -ufl.grad(model.mechanics.displacement.function)[0, 0], "li")
        return [strain() for _ in run(model, [Step.hold("load", 1.0)], 1e-2).points()]

    together = strains(MPI.COMM_WORLD)
    assert together == pytest.approx(alone(lambda: strains(MPI.COMM_SELF)), rel=1e-9)
    assert together[-1] > 0


@pytest.mark.mpi
@pytest.mark.parametrize("law", [NORTON, ANAND])
def test_a_resumed_run_is_the_uninterrupted_one(law: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Checkpoints contain the creep strain, the resistance and what has been dissipated."""
    folder = Path(MPI.COMM_WORLD.bcast(str(tmp_path_factory.mktemp("kept")) if MPI.COMM_WORLD.rank == 0 else None))
    steps, settings = [Step.hold("load", 3.0)], TimeSettings(leg=10)

    def functions(model: Model) -> dict[str, Any]:
        wanted = {f.name: f.function for f in model.fields} | {c.name: c.function for c in model.creeps.values()}
        for history in model.histories:
            wanted |= history.functions()
        return wanted

    kept: list[Position] = []
    first = bar("axisymmetric", Pressure("top", LOAD), law)

    def keep(position: Position) -> None:
        if len(kept) < 2:
            kept.append(replace(position))
            checkpoint.write(folder, functions(first), {}, asdict(position), MPI.COMM_WORLD)

    whole = [p.time for p in Transient(first, Protocol(tuple(steps)), None, 1.0, settings, boundary=keep).points()]
    assert len(kept) == 2
    second = bar("axisymmetric", Pressure("top", LOAD), law)
    path = checkpoint.latest(folder)
    assert path is not None
    _, meta = checkpoint.read(path, functions(second), MPI.COMM_WORLD, [])
    later = Transient(second, Protocol(tuple(steps)), None, 1.0, settings)
    later.restore(Position(**meta))
    rest = [p.time for p in later.points()]
    assert rest == pytest.approx(whole[-len(rest) :], rel=1e-12)
    assert len(rest) < len(whole) - 10
    for name, function in functions(first).items():
        other = functions(second)[name].x.array
        assert np.abs(other - function.x.array).max() <= 1e-9 * max(np.abs(function.x.array).max(), 1e-300), name


def test_lithium_creeps_while_current_flows() -> None:
    """Potentials, creep and stress that shifts the kinetics act in one run; the pressure on the contact is the load."""
    tagged = layered(MPI.COMM_SELF, "2", [("li", HEIGHT), ("se", HEIGHT)], width=HEIGHT, lateral=3, across=3)
    law = ChargeTransfer("li", ButlerVolmer(10.0, 0.5, 0.5), 0.0, partial_molar_volume=1.3e-5)
    domains = {
        "li": Domain((Equipotential(),), (Elastic(7.8e9, 0.38),), creep=NORTON),
        "se": Domain((Conduction("ionic", 0.1),), (Elastic(20e9, 0.3),)),
    }
    conditions: list[Condition] = [
        Terminal("li", "li", current=1e-3),
        Terminal("se", "top", potential=0.0, carrier="ionic"),
        Roller("bottom", 1),
        Roller("left", 0),
        Pressure("top", 1e6),
    ]
    model = Model(tagged, domains, {"li|se": [replace(law, double_layer_capacitance=0.1)]}, conditions, Settings())
    made = Transient(model, Protocol((Step.constant("pass", "current", 50.0, 5.0),)), "li", HEIGHT, TimeSettings())
    *_, last = made.points()
    assert last.current == pytest.approx(50.0, rel=1e-9)
    assert model.mechanics is not None
    strain = mean_of(model, -ufl.grad(model.mechanics.displacement.function)[1, 1], "li")()
    assert strain > 20 * 1e6 / 7.8e9  # it has flowed
    stress = mean_of(model, model.mechanics.stress("li")[1, 1], "li")()
    assert stress == pytest.approx(-1e6, rel=1e-6)


# ---------------------------------------------------------------- manufactured
SHEAR, BULK = 2e9, 4e9
SOLID = Elastic(9 * BULK * SHEAR / (3 * BULK + SHEAR), (3 * BULK - 2 * SHEAR) / (2 * (3 * BULK + SHEAR)))


def _error(model: Model, exact: Any) -> float:
    """Of the displacement in L2."""
    assert model.mechanics is not None
    difference = model.mechanics.displacement.function - exact
    return math.sqrt(integrate(model, model.geometry.integral(ufl.inner(difference, difference), "li", 8)))


def test_power_law_flow_in_space() -> None:
    """1-D: a deviator s(x) that does not change in time makes the creep strain grow evenly in time."""
    law, base, lift = Norton(2e7, 3.0), 2e6, 0.8
    a = law.coefficient**-3.0
    rate = 1.5**3 * a  # creep rate along x over s^3

    def moved(x: Any, t: Any) -> Any:
        s2, s4 = ((1 + lift * x) ** k / (k * lift) for k in (2, 4))
        start = 1.5 * (base / 2 / SHEAR / (2 * lift) + rate * base**3 * t / (4 * lift))
        return 1.5 * (base * s2 / (2 * SHEAR) + rate * base**3 * s4 * t) - start

    def force(x: Any, t: Any) -> Any:
        s, slope = base * (1 + lift * x[0]), base * lift
        strain_slope = 1.5 * (slope / (2 * SHEAR) + 3 * rate * s**2 * slope * t)
        return ufl.as_vector([-(slope + BULK * strain_slope)])

    errors = []
    for boxes in (2, 4, 8):
        tagged = layered(MPI.COMM_SELF, "1", [("li", 1.0)], across=boxes)
        end = Course((0.0, 1.0), (moved(1.0, 0.0), moved(1.0, 1.0)))
        conditions: list[Condition] = [
            Roller("bottom", 0),
            Roller("top", 0, end),
            Source("li", "force", force, timed=True),
        ]
        model = Model(tagged, {"li": Domain(energy=(SOLID,), creep=law)}, {}, conditions, Settings(temperature=ROOM))
        for _ in run(model, [Step.hold("flow", 1.0)]).points():
            pass
        x = ufl.SpatialCoordinate(model.geometry.mesh)
        errors.append(_error(model, ufl.as_vector([moved(x[0], 1.0)])) / moved(1.0, 1.0))
    require_order("displacement", [1 / 2, 1 / 4, 1 / 8], errors, 3.0, 0.4)
    assert errors[-1] < 1e-3


@pytest.mark.parametrize("dimension", ["2", "3"])
def test_linear_flow_in_space_and_time(dimension: str) -> None:
    """n = 1: u = U(x) t, e = dev(U) (t - (1 - exp(-k t)) / k) with k = 3 G A, all components of the stress."""
    law = Norton(2e9, 1.0)
    k = 3 * SHEAR / law.coefficient
    count = {"2": 2, "3": 3}[dimension]
    sizes = (1e-3, -0.6e-3, 0.8e-3)

    def shape(x: Any) -> Any:
        waves = []
        for i in range(count):
            parts = [ufl.sin(ufl.pi * x[j]) if i == j else ufl.cos(ufl.pi * x[j]) for j in range(count)]
            product = parts[0]
            for part in parts[1:]:
                product = product * part
            waves.append(sizes[i] * product)
        return ufl.as_vector(waves)

    def force(x: Any, t: Any) -> Any:
        u = shape(x)
        eps = ufl.sym(ufl.grad(u))
        volume = ufl.tr(eps)
        deviator = eps - volume / 3 * ufl.Identity(count)
        stress = 2 * SHEAR * deviator * (1 - ufl.exp(-k * t)) / k + BULK * volume * t * ufl.Identity(count)
        return -ufl.div(stress)

    errors, boxes = [], (3, 6, 12) if count == 2 else (2, 4)
    axis = count - 1
    for n in boxes:
        tagged = layered(MPI.COMM_SELF, dimension, [("li", 1.0)], lateral=n, across=n)
        sides = [("left", 0), ("right", 0), ("front", 1), ("back", 1)][: 2 * axis]
        conditions: list[Condition] = [Roller("bottom", axis), Roller("top", axis), *(Roller(s, j) for s, j in sides)]
        conditions.append(Source("li", "force", force, timed=True))  # type: ignore[arg-type]
        model = Model(tagged, {"li": Domain(energy=(SOLID,), creep=law)}, {}, conditions, Settings(temperature=ROOM))
        for _ in run(model, [Step.hold("flow", 1.0)], 1e-6).points():
            pass
        errors.append(_error(model, shape(ufl.SpatialCoordinate(model.geometry.mesh))) / 1e-3)
    require_order("displacement", [1 / n for n in boxes], errors, 3.0, 0.5)
