"""Damage in studies in time: when a host cracks, what the splitting costs, checkpoints and ranks."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import ufl
from mpi4py import MPI
from support.charged_bar import MAXIMUM, brittle, charged_bar, charging, rate_of
from support.layered import layered

from fem.conditions import FilledCrack, Roller, Terminal
from fem.constants import FARADAY
from fem.dissipation.conduction import Conduction, Equipotential
from fem.energy.elastic import Elastic
from fem.energy.fracture import Fracture
from fem.energy.swelling import Swelling
from fem.errors import ModelError
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.kinetics import LinearKinetics
from fem.model import Domain, Model, Settings
from fem.output import checkpoint
from fem.protocol import Protocol, Step
from fem.solve.alternate import Breaking
from fem.solve.cracking import CrackSettings
from fem.solve.loadpath import LoadSettings, load_steps
from fem.solve.transient import Position, TimeSettings, Transient

LENGTH = 0.1e-6
FACTOR = 1e-6  # m^3/mol
#: Young's modulus (Pa) and toughness (J/m^2) of NCM811, poly- and single-crystalline.
MATERIALS = [(1.4e11, 0.60268), (1.4e11, 6.6964)]


def damage_of(model: Model) -> float:
    """Largest damage."""
    assert model.damage is not None
    unknown = model.damage.unknown
    own = unknown.function.x.array[: unknown.owned]
    return float(model.geometry.comm.allreduce(float(own.max(initial=0.0)), op=MPI.MAX))


def stress_of(run: Transient) -> float:
    """Along the bar, Pa: the force on its top."""
    assert run.cracking is not None
    stage = run.cracking.breaking.stage
    return float(stage.reactions()[-1])


@pytest.mark.parametrize("kind", ["AT1", "AT2"])
@pytest.mark.parametrize("material", MATERIALS)
def test_a_host_cracks_at_the_instant_of_its_strength(material: tuple[float, float], kind: str) -> None:
    """B7.1 in time: sigma = E beta I t / (F L) reaches the strength at a time in closed form.

    AT1 damages from the strength on, 1 - d = (t_c / t)^2; AT2 from the beginning, d = E e^2 / (E e^2 + G_c / l), and
    bears most at d = 1/4, where the strain is (4/3)^2 times the strength over E.
    """
    young, toughness = material
    size, current = 0.5 * LENGTH, 1.0
    if kind == "AT1":
        strength = math.sqrt(3 * young * toughness / (8 * LENGTH))
        critical = strength / young
    else:
        strength = 9 / 16 * math.sqrt(young * toughness / (3 * LENGTH))
        critical = 16 / 9 * strength / young
    instant = critical / (FACTOR * rate_of(current, size))
    model = charged_bar(brittle(young, toughness, LENGTH, kind, FACTOR), size, 3)
    settings, cracks = TimeSettings(largest_share=0.02), CrackSettings(change=0.01, smallest=2e-4)
    run = Transient(model, charging(current, 1.15 * instant), "host", 1.0, settings, cracks=cracks)
    times, damages, stresses = [], [], []
    for point in run.points():
        times.append(point.time)
        damages.append(damage_of(model))
        stresses.append(stress_of(run))
    t, d, sigma = np.array(times), np.array(damages), np.array(stresses)
    strain = FACTOR * rate_of(current, size) * t
    exact = np.maximum(1 - (instant / np.maximum(t, 1e-9)) ** 2, 0.0)
    if kind == "AT2":
        exact = young * strain**2 / (young * strain**2 + toughness / LENGTH)
    assert np.abs(d - exact).max() < 1e-4
    assert np.abs(sigma - young * strain * (1 - exact) ** 2).max() < 1e-4 * strength
    top = int(np.argmax(sigma))
    assert sigma[top] == pytest.approx(strength, rel=1e-2)
    assert t[top] == pytest.approx(instant, rel=1e-2)
    if kind == "AT1":
        grown = int(np.argmax(d > 1e-6))
        assert t[grown] * math.sqrt(1 - d[grown]) == pytest.approx(instant, rel=5e-5)
    assert run.cracking is not None
    assert run.report.broken > 0 or kind == "AT2"
    assert abs(run.cracking.breaking.account.left) < 1e-11 * run.cracking.breaking.account.scale
    run.destroy()


def graded(comm: Any) -> Model:
    """A bar whose lithium is uneven, so that damage grows from one end and blocks what diffuses."""
    term = brittle(1.4e11, 0.60268, LENGTH, "AT1", FACTOR)
    return charged_bar(term, LENGTH, 8, 1e-16, comm)


def kept(model: Model) -> dict[str, Any]:
    """What a checkpoint stores."""
    found = {f.name: f.function for f in model.fields}
    for history in model.histories:
        found |= history.functions()
    return found


def course(run: Transient, model: Model) -> list[tuple[float, ...]]:
    """Time, voltage, largest damage, energy of cracks, work and charge at all points."""
    found: list[tuple[float, ...]] = []
    for point in run.points():
        assert run.cracking is not None
        assert run.cracking.point is not None
        state = run.cracking.point
        found.append((point.time, point.voltage, damage_of(model), state.energies.fracture, state.work, point.charge))
    return found


@pytest.mark.mpi
def test_a_resumed_run_is_the_uninterrupted_one(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Written on one rank less, read on all: the same damage, energies and voltages to ten digits."""
    world = MPI.COMM_WORLD
    folder = Path(world.bcast(str(tmp_path_factory.mktemp("kept")) if world.rank == 0 else None))
    fewer = world.Split(0 if world.rank < max(world.size - 1, 1) else 1, world.rank)
    protocol, settings = charging(0.4, 130.0), TimeSettings(tolerance=1e-3)
    cracks = CrackSettings(change=0.1)
    whole: list[tuple[float, ...]] | None = None
    if world.rank < max(world.size - 1, 1):
        model = graded(fewer)
        written: list[float] = []

        def keep(position: Position) -> None:
            if not written and damage_of(model) > 0.05:
                written.append(position.time)
                numbers = {n.name: n.value for n in model.numbers}
                checkpoint.write(folder, kept(model), numbers, asdict(position), fewer)

        run = Transient(model, protocol, "host", 1.0, settings, boundary=keep, cracks=cracks)
        whole = course(run, model)
        run.destroy()
        assert written
    whole = world.bcast(whole)
    assert whole is not None
    model = graded(world)
    path = checkpoint.latest(folder)
    assert path is not None
    numbers, meta = checkpoint.read(path, kept(model), world, [n.name for n in model.numbers])
    for number in model.numbers:
        number.value = numbers[number.name]
    run = Transient(model, protocol, "host", 1.0, settings, cracks=cracks)
    run.restore(Position(**meta))
    rest = course(run, model)
    run.destroy()
    before = np.array(whole[len(whole) - len(rest) - 1])
    after, uninterrupted = np.array(rest), np.array(whole[-len(rest) :])
    assert 5 < len(rest) < len(whole) - 5
    assert before[2] < 0.3 < after[-1, 2]
    largest = np.abs(uninterrupted).max(axis=0)
    assert np.all(np.abs(after - uninterrupted).max(axis=0) <= 1e-10 * largest)


def test_what_steps_lose_falls_with_them() -> None:
    """Work of lithium is stored, in cracks or lost, in every state; what growing damage loses is of second order."""
    lost = []
    for longest in (4.0, 1.0):
        model = graded(MPI.COMM_SELF)
        settings = TimeSettings(tolerance=1e-3, largest_step=longest)
        run = Transient(model, charging(0.4, 130.0), "host", 1.0, settings, cracks=CrackSettings(change=0.3))
        assert run.cracking is not None
        account = run.cracking.breaking.account
        for _ in run.points():
            assert abs(account.left) < 1e-11 * account.scale
        assert account.energies.fracture > 0.3 * account.book.work
        lost.append(account.lost / account.book.work)
        run.destroy()
    assert abs(lost[0]) < 5e-3
    assert abs(lost[1]) < 0.2 * abs(lost[0])


@dataclass(frozen=True)
class Kinked:
    """A stress-free strain along a bar that is no polynomial of the concentration, as tables are none."""

    drives: bool = False

    def strain(self, concentration: Any) -> Any:
        """(3, 3)."""
        less = concentration - 0.7 * MAXIMUM
        along = FACTOR * ufl.conditional(ufl.gt(less, 0.0), less, 3 * less)
        return ufl.as_matrix([[along, 0, 0], [0, 0, 0], [0, 0, 0]])


def test_one_quadrature_rule_for_all_of_the_account() -> None:
    """Uneven lithium on both sides of a kink, and a split: stored energy and work belong to one rule."""
    swelling: Any = Kinked()
    model = charged_bar(Fracture(Elastic(1.4e11, 0.0, 0.0, swelling), 0.60268, LENGTH), LENGTH, 8, 1e-16)
    run = Transient(model, charging(0.4, 130.0), "host", 1.0, TimeSettings(tolerance=1e-3))
    assert run.cracking is not None
    account = run.cracking.breaking.account
    for _ in run.points():
        assert abs(account.left) < 1e-12 * account.scale
    assert damage_of(model) > 0.01
    run.destroy()


def test_stress_keeps_lithium_where_damage_lets_it() -> None:
    """Two-way coupling beside damage: at rest chemical and elastic potential balance, each end with its stiffness.

    A free end, sides held: h = 2 beta^2 g(d) E / (1 - nu) (c - c0) with beta = Omega / 3, and an open-circuit slope of
    1 V: (c - c0) at both ends are as (a + b g2) to (a + b g1), a = F / c_max, b = 2 beta^2 E / (1 - nu).
    """
    young, poisson, omega, reference = 1.4e11, 0.25, 8e-6, 2.5e4
    solid = Elastic(young, poisson, 0.0, Swelling(omega, reference))
    # nothing more breaks, and nothing is blocked
    term = Fracture(solid, 1e6, LENGTH, split="none", blocks=False)
    model = charged_bar(term, 0.4e-6, 24, 1e-13, free=True)
    damage = model.damage
    assert damage is not None
    low, high = 0.2, 0.7
    for function in (damage.unknown.function, damage.accepted, damage.seen):
        function.interpolate(lambda x: np.where(x[0] < 2.2e-6 + 1e-12, low, high))
    run = Transient(model, charging(0.0, 40.0), "host", 1.0, TimeSettings(tolerance=1e-4))
    for _ in run.points():
        pass
    assert damage_of(model) == pytest.approx(high)
    assert model.transport is not None
    item = model.transport.fields["host"]
    places, values = item.space.tabulate_dof_coordinates()[:, 0], item.function.x.array
    ends = [float(values[np.argmin(places)]) - reference, float(values[np.argmax(places)]) - reference]
    a, b = FARADAY / MAXIMUM, 2 * (omega / 3) ** 2 * young / (1 - poisson)
    stiff = [b * (1 - d) ** 2 for d in (low, high)]
    wanted = (a + stiff[1]) / (a + stiff[0])
    assert wanted < 0.7
    assert ends[0] / ends[1] == pytest.approx(wanted, rel=1e-3)
    run.destroy()


UM = 1e-6
MOLAR = 1.3e-5


def plated_cell(fill: FilledCrack | None, lags: bool = True) -> Model:
    """Lithium | electrolyte with a crack in its middle | lithium."""
    layers = [("li", UM), ("body", 4 * UM), ("counter", UM)]
    tagged = layered(MPI.COMM_SELF, "2", layers, width=4 * UM, lateral=14, across=[1, 15, 1])
    lithium = Domain((Equipotential(),), (Elastic(7.8e9, 0.38),))
    term = Fracture(Elastic(1.5e11, 0.26), 9.7, 0.5 * UM, split="none", blocks=False)
    law = [ChargeTransfer(x, LinearKinetics(1e-3), double_layer_capacitance=0.1) for x in ("li", "counter")]
    conditions = [Roller("bottom", 1), Roller("left", 0), *([] if fill is None else [fill])]
    conditions += [Terminal("counter", "counter", potential=0.0), Terminal("li", "li", current=0.0)]
    domains = {"li": lithium, "body": Domain((Conduction("ionic", 0.05),), (term,)), "counter": lithium}
    interfaces = {"li|body": [law[0]], "body|counter": [law[1]]}
    settings = Settings(displacement_degree=1, damage_lags=lags)
    model = Model(tagged, domains, interfaces, conditions, settings)
    assert model.damage is not None
    model.damage.break_where(lambda x: (np.abs(x[1] - 3 * UM) < 0.15 * UM) & (x[0] < 1.5 * UM))
    return model


def filled(run: Transient) -> tuple[float, float, float]:
    """Pressure (Pa) and volume (m^2) in the cracks, and their energy (J/m)."""
    assert run.cracking is not None
    breaking = run.cracking.breaking
    fill = breaking.damage.fills[0]
    assert fill.pressure is not None
    (_, form), *_ = breaking.book._fills
    return fill.pressure.value, breaking.book._scalar(form), breaking.account.energies.fracture


def test_plated_lithium_fills_a_crack() -> None:
    """A share of what is plated opens the crack: the charge gives its volume, its pressure is that of a load path."""
    share, current, duration = 0.1, 20.0, 40.0
    volume = share * current * duration * 4 * UM / FARADAY * MOLAR
    run = Transient(
        plated_cell(FilledCrack(electrode="li", molar_volume=MOLAR, share=share)),
        Protocol((Step.constant("plating", "current", -current, duration),)),
        "li",
        4 * UM,
        TimeSettings(tolerance=0.1, initial_step=1.0),
        cracks=CrackSettings(restart=0.05),
    )
    assert run.cracking is not None
    account, course = run.cracking.breaking.account, []
    for point in run.points():
        course.append((point.time, *filled(run)))
        assert abs(account.left) < 1e-9 * account.scale
        assert course[-1][2] == pytest.approx(volume * point.time / duration, rel=1e-8, abs=1e-8 * volume)
    run.destroy()
    assert course[-1][3] > 1.05 * course[0][3]
    model = plated_cell(FilledCrack(volume=volume), lags=False)
    breaking = Breaking(model)
    pressure = breaking.damage.fills[0].pressure
    assert pressure is not None

    def inject(load: float) -> None:
        pressure.source = -load * volume

    loads, pressures, energies = [], [], []
    for state in load_steps(breaking, inject, LoadSettings(0.1, 0.025)):
        loads.append(state.load)
        pressures.append(pressure.value)
        energies.append(state.energies.fracture)
    breaking.destroy()
    times, found, _, spent = np.array(course).T
    course_of = [np.interp(times / duration, loads, values) for values in (pressures, energies)]
    assert found == pytest.approx(course_of[0], abs=0.01 * max(pressures))
    assert spent == pytest.approx(course_of[1], rel=2e-3)
    assert found[-1] == pytest.approx(pressures[-1], rel=1e-5)


def test_lithium_in_a_crack_presses_in_time() -> None:
    """A given voltage drives lithium into the crack with F eta / Omega: opened as by that pressure, and as at rest."""
    opened, volts = [], 0.05
    for fill in (FilledCrack(electrode="li", molar_volume=MOLAR), FilledCrack(pressure=FARADAY * 0.5 * volts / MOLAR)):
        protocol = Protocol((Step.constant("hold", "voltage", -volts, 1.0),))
        run = Transient(plated_cell(fill), protocol, "li", 4 * UM, TimeSettings(tolerance=1e-2))
        for _ in run.points():
            pass
        assert run.cracking is not None
        breaking = run.cracking.breaking
        account = breaking.account
        assert abs(account.left) < 1e-9 * account.scale
        form = breaking.model.geometry.entity_maps().form(breaking.damage.fills[0].volume)
        opened.append(breaking.book._scalar(form))
        run.destroy()
    # half of the voltage is spent at either electrode, a hundredth in the electrolyte: the crack lies in its middle
    assert opened[1] > 1e-16
    assert opened[0] == pytest.approx(opened[1], rel=0.02)


def test_lithium_of_no_electrode() -> None:
    """What a layer plates is known of the two electrodes alone; a share lies between nothing and all."""
    with pytest.raises(ValueError, match="share"):
        FilledCrack(electrode="li", molar_volume=MOLAR, share=1.5)
    with pytest.raises(ValueError, match="share"):
        FilledCrack(pressure=1e6, share=0.5)
    run = Transient(plated_cell(None), charging(1.0, 1.0), "li", 4 * UM)
    with pytest.raises(ModelError, match="conducts no electronic"):
        run._plated("body")
    run.destroy()
