"""Load paths of bonds and contacts that are interrupted: what is resumed ends as what went through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from support.layered import layered
from support.pressed import over, pair

from fem.conditions import Roller, Traction
from fem.interface.cohesive import Cohesive
from fem.interface.contact import Contact
from fem.model import Model
from fem.output import checkpoint
from fem.solve.quasistatic import QuasiStatic, StepPoint, StepSettings

COMM = MPI.COMM_WORLD
WIDTH, LAYERS = 1.0e-6, [("low", 4.0e-6), ("high", 3.0e-6)]
LOW, HIGH = (1.0e11, 0.3), (2.0e10, 0.2)
LAWS: dict[str, tuple[Any, float]] = {
    "bond": (Cohesive(50e6, 2.0, 70e6, 5.0, viscosity=0.01), 60e-9),
    "sticking": (Contact(sticking=True), -4e-9),
}


def posed(law: Any, end: float, comm: MPI.Comm) -> tuple[Model, QuasiStatic]:
    """A slender pair whose end is moved there and back, and sheared."""
    tagged = layered(comm, "2", LAYERS, WIDTH, lateral=1, across=4)
    sides: list[Any] = [Roller("bottom", 1), Roller("bottom", 0), Roller("top", 1, 0.0), Traction("right", (2e5, 0.0))]
    model = pair(tagged, law, sides, LOW, HIGH)

    def apply(load: float) -> None:
        assert model.mechanics is not None
        model.mechanics.supports["top"].offset = end * (1.6 * load if load < 0.6 else 1.92 - 1.6 * load)

    return model, QuasiStatic(model, apply, StepSettings(0.1, 0.1))


def kept(model: Model) -> dict[str, Any]:
    """What a checkpoint holds: unknowns and memories."""
    found = {f.name: f.function for f in model.fields}
    for history in model.histories:
        found |= history.functions()
    return found


def measures(model: Model, last: StepPoint) -> list[float]:
    """Energies, work and what the interface has seen."""
    joint = model.joints["low|high"]
    found = [last.work, last.energies.stored, last.energies.fracture, over(model, joint.pressure())]
    found.append(over(model, joint.gap()))
    return [*found, over(model, joint.damage())] if joint.damage() is not None else found


@pytest.mark.mpi
@pytest.mark.parametrize("kind", list(LAWS))
def test_resumed_is_uninterrupted(kind: str, shared_tmp_path: Path) -> None:
    """Written by all ranks, of which one has nothing of the interface, and gone on with by each rank alone."""
    law, end = LAWS[kind]
    whole, run = posed(law, end, COMM)
    if COMM.size == 3:
        points = whole.joints["low|high"].points.function("mine")
        assert 0 in COMM.allgather(points.function_space.dofmap.index_map.size_local)
    half = True
    for point in run.run():
        if half and point.load > 0.5:
            path = checkpoint.write(shared_tmp_path, kept(whole), run.numbers(), {}, COMM)
            half = False
    expected = measures(whole, point)

    model, again = posed(law, end, MPI.COMM_SELF)
    numbers, _ = checkpoint.read(path, kept(model), MPI.COMM_SELF)
    again.resume(numbers)
    points_left = list(again.run())
    assert points_left[0].load == pytest.approx(numbers["load"])
    scale = np.abs(expected[:3]).max()
    found = measures(model, points_left[-1])
    assert found[:3] == pytest.approx(expected[:3], rel=1e-8, abs=1e-9 * scale)
    assert found[3:] == pytest.approx(expected[3:], rel=1e-7, abs=1e-20)
