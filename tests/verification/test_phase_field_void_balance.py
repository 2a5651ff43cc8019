"""Vacancies and voids: what current takes is what voids gain, in equilibrium with their curvature; one of two voids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from support.layered import layered
from support.ranks import alone, several
from support.void_phase import LITHIUM, Measured, cell, never_rises, phase_of

from fem.constants import FARADAY, GAS, STANDARD_TEMPERATURE
from fem.dissipation.phase_field import AllenCahn, SelfDiffusion
from fem.energy.phase_field import DoubleWell, LatticeVacancies, solid
from fem.errors import ModelError
from fem.interface.charge_transfer import ChargeTransfer
from fem.model import Domain, Model
from fem.output import checkpoint
from fem.protocol import Protocol, Step
from fem.solve.transient import Position, TimeSettings, Transient
from fem.void_phase import Seed, Vacancies, VoidPhase, seeded

UM = 1e-6
OMEGA = 13.1e-6
WELL = DoubleWell.from_surface(0.3, 1.8 * UM)
LATTICE = LatticeVacancies(OMEGA, 2e-9)
WIDTH, HEIGHT = 9 * UM, 6 * UM
SINKING = Vacancies(LATTICE, SelfDiffusion(7.5e-13, 8 * UM))
CLOSED = Vacancies(LATTICE, SelfDiffusion(7.5e-13))
PROTOCOL = Protocol(
    (
        Step.constant("strip", "current", 2.0, 800.0),
        Step.constant("rest", "current", 0.0, 300.0),
        Step.constant("plate", "current", -2.0, 600.0),
    )
)
SHORT = Protocol(tuple(replace(step, duration=60.0) for step in PROTOCOL.steps[:2]))


def _cell(comm: Any, boxes: int = 9) -> Model:
    return cell(comm, seeded(WELL, (Seed((0.0, HEIGHT), 2.5 * UM),)), WELL, SINKING, cosine=0.3, boxes=boxes)


def _run(model: Model, protocol: Protocol = PROTOCOL, **more: Any) -> Transient:
    return Transient(model, protocol, "anode", WIDTH, TimeSettings(tolerance=1e-3), **more)


def _history(comm: Any, boxes: int = 9, protocol: Protocol = PROTOCOL, most: int = 1000) -> dict[str, Any]:
    """(points,) of a run with stripping, rest and plating."""
    model = _cell(comm, boxes)
    phase, geometry = phase_of(model), model.geometry
    assert phase.absorbed is not None
    touching = geometry.interface_integral(solid(phase.order.function("+")), f"{LITHIUM}|se")
    lithium = geometry.integral(phase.lithium, LITHIUM, 8)
    crossed = geometry.interface_integral(model.states[0].current, f"{LITHIUM}|se")
    measured = Measured(model, touching=touching, lithium=lithium, crossed=crossed)
    rows: dict[str, list[float]] = {k: [] for k in ("time", "charge", "voltage", "lost", "void", "touching", "crossed")}
    begun = measured["lithium"]
    for point, _ in zip(_run(model, protocol).points(), range(most), strict=False):
        rows["time"].append(point.time)
        rows["charge"].append(point.charge)
        rows["voltage"].append(point.voltage)
        rows["void"].append(measured["void"] / WIDTH)
        rows["touching"].append(measured["touching"] / WIDTH)
        rows["crossed"].append(measured["crossed"] / WIDTH)
        # of the fields themselves, with what sinks have brought
        rows["lost"].append((begun - measured["lithium"]) / WIDTH + phase.absorbed.value * HEIGHT)
    return {k: np.array(v) for k, v in rows.items()}


def test_charge_is_vacancies():
    """What voids, lattice and sinks have taken up is Omega Q / F at every time."""
    rows = _history(MPI.COMM_SELF)
    expected = OMEGA / FARADAY * rows["charge"]
    assert np.abs(rows["lost"] - expected).max() < 1e-10 * expected.max()
    end = {name: int(np.flatnonzero(rows["time"] == t)[0]) for name, t in (("strip", 800.0), ("plate", 1100.0))}
    strip, plate = slice(1, end["strip"] + 1), slice(end["plate"] + 2, None)
    assert np.all(np.diff(rows["void"][strip]) > 0)
    late = slice(end["strip"] - 8, end["strip"] + 1)  # the contact angle has been found
    assert np.all(np.diff(rows["touching"][late]) < 0)
    assert np.all(np.diff(rows["touching"][plate]) > 0)
    assert np.all(np.diff(rows["voltage"][late]) > 0)  # ever less contact for the same current
    assert rows["crossed"][end["strip"]] == pytest.approx(2.0, rel=1e-9)
    # sinks have taken a part of what was stripped
    assert rows["void"][end["strip"]] - rows["void"][0] < 0.8 * expected[end["strip"]]


@pytest.mark.mpi
@several
def test_ranks_change_nothing():
    """Time steps, balances, contact and voltage on the ranks that there are, and on one."""
    rows = _history(MPI.COMM_WORLD, 6, SHORT, 8)
    other = alone(lambda: _history(MPI.COMM_SELF, 6, SHORT, 8))
    # against the lithium of the layer: hardly any charge has passed yet
    assert np.abs(rows["lost"] - OMEGA / FARADAY * rows["charge"]).max() < 1e-11 * HEIGHT
    for name, values in other.items():
        difference = np.abs(rows[name] - values).max() / np.abs(values).max()
        assert difference < 1e-6, (name, difference)


def test_a_resumed_run_goes_on_as_the_first(tmp_path: Path):
    def functions(model: Model) -> dict[str, Any]:
        return {f.name: f.function for f in model.fields}

    def numbers(model: Model) -> dict[str, float]:
        return {n.name: n.value for n in model.numbers}

    kept: list[Position] = []
    first = _cell(MPI.COMM_SELF)

    def keep(position: Position) -> None:
        if not kept:
            kept.append(replace(position))
            checkpoint.write(tmp_path, functions(first), numbers(first), asdict(position), MPI.COMM_SELF)

    whole = [(p.time, p.voltage) for p in _run(first, SHORT, boundary=keep).points()]
    second = _cell(MPI.COMM_SELF)
    path = checkpoint.latest(tmp_path)
    assert path is not None
    found, meta = checkpoint.read(path, functions(second), MPI.COMM_SELF, list(numbers(second)))
    for number in second.numbers:
        number.value = found[number.name]
    later = _run(second, SHORT)
    later.restore(Position(**meta))
    rest = [(p.time, p.voltage) for p in later.points()]
    assert 10 < len(rest) < len(whole) - 5
    assert np.array(rest) == pytest.approx(np.array(whole[-len(rest) :]), rel=1e-9, abs=1e-12)
    for name, function in functions(first).items():
        other = functions(second)[name].x.array
        assert np.abs(other - function.x.array).max() <= 1e-8 * np.abs(function.x.array).max(), name


def test_the_tangent_is_the_derivative():
    """The Jacobian of a time step against differences of the residual, in a state where everything is at work."""
    run = _run(_cell(MPI.COMM_SELF, 6))
    for point, _ in zip(run.points(), range(8), strict=False):
        assert point.length >= 0
    flow, shift = run.flow, 0.05
    state, rates = flow.flat(), np.zeros(flow.rows)
    rng = np.random.default_rng(5)
    rates[: flow._known] = 1e-3 * rng.standard_normal(flow._known)
    direction = np.zeros(flow.rows)
    known = int(flow.stage.offsets[-1])
    direction[:known] = flow.stage.free(1e-2 * rng.standard_normal(known))
    flow.prepare(point.since, shift)
    flow._set(state, rates)
    flow.bordered.assemble()
    product = flow.multiply(direction)

    def rows(amount: float) -> Any:
        return flow._rows(state + amount * direction, rates + shift * amount * direction)[0]

    difference = (rows(1e-3) - rows(-1e-3)) / 2e-3
    for k, item in enumerate(flow.stage.fields):
        own = slice(int(flow.stage.offsets[k]), int(flow.stage.offsets[k + 1]))
        size = np.linalg.norm(difference[own])
        assert size > 0
        assert np.linalg.norm(product[own] - difference[own]) < 2e-6 * size, item.name


# ---------------------------------------------------------------- closed: no current, no sinks
def _closed(seed: Seed, boxes: int, duration: float) -> tuple[Model, Transient]:
    size = 7.2 * UM
    tagged = layered(MPI.COMM_SELF, "axisymmetric", [(LITHIUM, size)], size, lateral=boxes, across=boxes)
    voids = VoidPhase(WELL, AllenCahn(1e-8), CLOSED, seeded(WELL, (seed,)))
    model = Model(tagged, {LITHIUM: Domain(voids=voids)}, {})
    protocol = Protocol((Step.constant("rest", "current", 0.0, duration),))
    return model, Transient(model, protocol, None, 1.0, TimeSettings(tolerance=1e-3))


def test_vacancies_around_a_void_in_equilibrium():
    """Gibbs and Thomson: R T ln(x / x0) / Omega = 2 gamma / R, everywhere in lithium; the void keeps its volume."""
    model, run = _closed(Seed((0.0, 0.0), 4 * UM), 10, 3e4)
    measured = Measured(model)
    rows = np.array([(measured["void"], measured["energy"]) for _ in run.points()])
    assert rows[-1, 0] == pytest.approx(rows[0, 0], rel=1e-9)
    assert never_rises(rows[:, 1], 1e-6)
    phase = phase_of(model)
    assert phase.excess is not None
    full = phase.order.function.x.array > 0.99
    excess = phase.excess.function.x.array[full]
    assert np.ptp(excess) < 1e-3 * excess.mean()
    radius = (rows[-1, 0] / (2 * np.pi / 3)) ** (1 / 3)
    expected = 2 * WELL.surface_energy / radius * OMEGA / (GAS * STANDARD_TEMPERATURE)
    assert excess.mean() == pytest.approx(expected, rel=2e-2)


def test_two_voids_become_one():
    """A void beside its mirror image: the volume stays, the energy falls to that of one round void."""
    model, run = _closed(Seed((0.0, 2.7 * UM), 2.5 * UM), 12, 2e5)
    measured = Measured(model)
    rows = np.array([(measured["void"], measured["energy"]) for _ in run.points()])
    assert never_rises(rows[:, 1], 1e-6)
    assert rows[-1, 0] == pytest.approx(rows[0, 0], rel=1e-9)
    radius = (rows[-1, 0] / (2 * np.pi / 3)) ** (1 / 3)
    assert rows[-1, 1] == pytest.approx(WELL.surface_energy * 2 * np.pi * radius**2, rel=2e-2)
    assert rows[0, 1] > 1.2 * rows[-1, 1]


# ---------------------------------------------------------------- refused
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda: LatticeVacancies(OMEGA, 0.0), "between 0 and 1"),
        (lambda: SelfDiffusion(0.0), "must be positive"),
        (lambda: AllenCahn(-1.0), "must be positive"),
        (lambda: _cell_with(1.0), "contact angle"),
        (lambda: _cell_with(0.0, kinetics=None), "can come apart"),
    ],
)
def test_wrong_numbers_are_refused(change: Callable[[], Any], message: str):
    with pytest.raises((ValueError, ModelError), match=message):
        change()


def _cell_with(cosine: float, **law: Any) -> Model:
    good = _cell(MPI.COMM_SELF, 6)
    lithium = good.domains[LITHIUM]
    assert lithium.voids is not None
    changed = replace(lithium, voids=replace(lithium.voids, cosine=cosine))
    laws = {f"{LITHIUM}|se": [ChargeTransfer(LITHIUM, **law)]} if law else good.interfaces
    return Model(good.tagged, {**good.domains, LITHIUM: changed}, laws, good.conditions)
