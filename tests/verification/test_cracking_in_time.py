"""Damage in studies in time: when a host cracks, what the splitting costs, checkpoints and ranks."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from support.charged_bar import brittle, charged_bar, charging, rate_of

from fem.model import Model
from fem.output import checkpoint
from fem.solve.cracking import CrackSettings
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
