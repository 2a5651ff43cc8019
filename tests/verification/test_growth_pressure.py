"""Interphases that need room: pressure between fixed platens, expansion under constant pressure, growth against it."""

from __future__ import annotations

import math
from typing import Any

import pytest
from mpi4py import MPI
from support.cells import AREA, planar_cell
from test_interphase import HOUR, METAL, VOLUME, layer, thickness

from fem.conditions import Pressure, Roller, Terminal
from fem.constants import FARADAY
from fem.dissipation.conduction import Conduction, Equipotential
from fem.energy.elastic import Elastic
from fem.errors import ModelError
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.interphase import Interphase, InterphaseLayer
from fem.interface.kinetics import ButlerVolmer
from fem.model import Domain, Model
from fem.observe.assembly import Assembly
from fem.observe.balances import force_balances
from fem.observe.mechanical import mean_interface_pressure
from fem.protocol import Protocol, Step
from fem.solve.transient import TimeSettings, Transient
from studies.transient import _Stages

SOFT, HARD, POISSON = 5e9, 20e9, 0.25
HEIGHTS = [("a", 1e-5), ("e", 5e-5), ("c", 1e-5)]
EXPANSION = 0.3


def product(start: float = 1e-9) -> InterphaseLayer:
    """Of which 0.3 of the thickness is new volume."""
    return InterphaseLayer("products", 1e-3, 1e-8, start, VOLUME, 1.0, expansion=EXPANSION)


def cell(window: float, dimension: str, top: Any, comm: Any = MPI.COMM_SELF) -> Model:
    """An elastic cell with a growing interphase, confined at its sides."""
    axis = {"1": 0, "2": 1, "axisymmetric": 1}[dimension]
    sides = [] if dimension == "1" else [Roller("left", 0), Roller("right", 0)]
    metal = Domain((Equipotential(),), (Elastic(SOFT, POISSON),))
    laws = {
        "a|e": [ChargeTransfer("a", ButlerVolmer(10.0), interphase=Interphase((product(),), reduction=window))],
        "e|c": [ChargeTransfer("c", ButlerVolmer(10.0))],
    }
    conditions = [
        Terminal("anode", "a", current=0.0),
        Terminal("cathode", "c", potential=0.0),
        Roller("bottom", axis),
        *sides,
        Roller("top", axis) if top is None else Pressure("top", top),
    ]
    electrolyte = Domain((Conduction("ionic", 0.2),), (Elastic(HARD, POISSON),))
    return planar_cell(dimension, HEIGHTS, {"a": metal, "e": electrolyte, "c": metal}, laws, conditions, comm=comm)


def grown(model: Model, dimension: str, duration: float) -> tuple[float, Assembly]:
    """Thickness after a rest, and the assembly there."""
    step = Step.constant("rest", "current", 0.0, duration)
    run = Transient(model, Protocol((step,)), "anode", AREA[dimension], TimeSettings(tolerance=1e-4))
    for _ in run.points():
        pass
    run.follow()
    return thickness(model), Assembly(model, _Stages(run), AREA[dimension])  # type: ignore[arg-type]


def compliance() -> float:
    """Shortening of the cell per pressure, uniaxial strain, m/Pa."""
    rigid = (1 - POISSON) / ((1 + POISSON) * (1 - 2 * POISSON))
    return sum(h / (rigid * e) for (_, h), e in zip(HEIGHTS, (SOFT, HARD, SOFT), strict=True))


@pytest.mark.parametrize("dimension", ["1", pytest.param("2", marks=pytest.mark.mpi), "axisymmetric"])
def test_fixed_platens_take_the_pressure(dimension: str) -> None:
    """p = expansion (L - L0) / (sum of h / M), exactly, and it is the same all over the cell."""
    comm = MPI.COMM_WORLD if dimension == "2" else MPI.COMM_SELF
    length, assembly = grown(cell(1.7, dimension, None, comm), dimension, 5 * HOUR)
    assert length > 1e-7
    wanted = EXPANSION * (length - 1e-9) / compliance()
    assert wanted > 1e7
    for name in ("a|e", "e|c"):
        assert mean_interface_pressure(assembly, name) == pytest.approx(wanted, rel=1e-8)
    for item in force_balances(assembly):
        assert abs(item.residual) < 1e-9 * item.scale, item.name


def test_a_constant_pressure_lets_the_cell_expand() -> None:
    """The top rises by the new volume, less what the pressure shortens; the pressure stays."""
    model = cell(1.7, "1", 5e6)
    length, assembly = grown(model, "1", 5 * HOUR)
    field = model.mechanics.displacement  # type: ignore[union-attr]
    top = field.function.x.array[field.space.tabulate_dof_coordinates()[:, 0].argmax()]
    assert top == pytest.approx(EXPANSION * (length - 1e-9) - 5e6 * compliance(), rel=1e-8)
    assert mean_interface_pressure(assembly, "a|e") == pytest.approx(5e6, rel=1e-9)


@pytest.mark.parametrize("pressure", [3e8, 2e9])
def test_pressure_opposes_the_growth(pressure: float) -> None:
    """L^2 = L0^2 + 2 k t with dE - p dV / F in the place of dE; beyond dE F / dV nothing grows."""
    window, duration = 0.1, 20 * HOUR
    left = window - pressure * EXPANSION * VOLUME / FARADAY
    length, _ = grown(cell(window, "1", pressure), "1", duration)
    rate = layer(1e-8).ambipolar(298.15) * max(left, 0.0) * VOLUME / FARADAY
    assert length == pytest.approx(math.sqrt(1e-18 + 2 * rate * duration), rel=5e-3)
    assert (left < 0) == (pressure == 2e9)


def test_growth_that_needs_room_needs_two_solids() -> None:
    laws = {
        "a|e": [ChargeTransfer("a", ButlerVolmer(10.0), interphase=Interphase((product(),), reduction=1.7))],
        "e|c": [ChargeTransfer("c", ButlerVolmer(10.0))],
    }
    domains = {"a": METAL, "e": Domain((Conduction("ionic", 0.2),), (Elastic(HARD, POISSON),)), "c": METAL}
    ends = [Terminal("anode", "a", current=0.0), Terminal("cathode", "c", potential=0.0), Roller("bottom", 0)]
    with pytest.raises(ModelError, match="needs room"):
        planar_cell("1", HEIGHTS, domains, laws, ends)
