"""Tangents and the order of Newton's method where mechanics and what moves in time act on each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from mpi4py import MPI
from support.cells import AREA
from support.creeping import ANAND, bar
from support.creeping import run as run_of
from support.newton import require_quadratic, watched
from support.tangents import require_moving_tangent
from test_interphase_misfit import cell as plated
from test_interphase_misfit import product, straight
from test_phase_field_void_balance import WIDTH as VOID_WIDTH
from test_phase_field_void_balance import _cell as with_voids
from test_swelling import LENGTH, MAXIMUM, YOUNG, membrane

from fem.conditions import Pressure
from fem.energy.crystal import CrystalElastic, Stiffness
from fem.energy.membrane import Membrane
from fem.energy.swelling import LatticeSwelling
from fem.materials.tabulated import from_rows
from fem.model import Model
from fem.orientations import UniformAxes, rotation_to
from fem.protocol import Protocol, Step
from fem.solve.settling import short_step
from fem.solve.transient import TimeSettings, Transient

LATTICE = from_rows([(0.0, 2.815), (0.5, 2.826), (1.0, 2.872)]), from_rows([(0.0, 13.6), (0.4, 14.47), (1.0, 14.2)])


def swelling() -> Transient:
    """Lithium passes a host that is held at its sides, and its stress drives it."""
    model = membrane("2", boxes=4)
    return Transient(model, Protocol((Step.constant("pass", "current", 40.0, 300.0),)), "anode", AREA["2"])


STIFF = Stiffness.hexagonal(2.2 * YOUNG, 0.6 * YOUNG, 0.5 * YOUNG, 1.5 * YOUNG, 0.4 * YOUNG)


def crystal(
    axis: tuple[float, float, float] = (0.3, -0.5, 0.8), current: float = 40.0, boxes: int = 4, tolerance: float = 1e-4
) -> Transient:
    """The same through a crystal that swells differently along and across its layers, which lie askew."""
    plain = membrane("1", boxes=boxes)
    axes = UniformAxes(rotation_to(axis, (1.0, 0.2, 0.1)))
    strain = LatticeSwelling.since(LATTICE, MAXIMUM, 0.5, axes)
    host = replace(plain.domains["h"], energy=(CrystalElastic(STIFF, axes, 0.0, strain),))
    model = Model(plain.tagged, {**plain.domains, "h": host}, plain.interfaces, plain.conditions, plain.settings)
    step = Step.constant("pass", "current", current, 300.0)
    return Transient(model, Protocol((step,)), "anode", AREA["1"], TimeSettings(tolerance=tolerance))


def reaction() -> Transient:
    """Products whose misfit stretches their neighbours, and is stretched by them, while they grow."""
    model = plated("2", product(Membrane(6e10, 0.2, 0.03)), (1e-5, 2e-5), straight("2"))
    return Transient(model, Protocol((Step.constant("rest", "current", 0.0, 18000.0),)), "anode", AREA["2"])


def voids() -> Transient:
    """Lithium that is stripped beside a void as a phase."""
    model = with_voids(MPI.COMM_SELF, 6)
    step = Step.constant("strip", "current", 2.0, 800.0)
    return Transient(model, Protocol((step,)), "anode", VOID_WIDTH, TimeSettings(tolerance=1e-3))


@dataclass(frozen=True)
class Case:
    """A run.

    Attributes:
        begin: makes it. points: time steps before the tangent is taken. shift: 1/s of that tangent.
        length: s of the long step of backward Euler in which Newton's method is watched.
    """

    begin: Callable[[], Transient]
    points: int
    shift: float
    length: float


CASES = {
    "swelling": Case(swelling, 6, 0.1, 0.3 * LENGTH**2 / 1e-14),
    "crystal": Case(crystal, 6, 0.1, 0.3 * LENGTH**2 / 1e-14),
    "reaction": Case(reaction, 6, 1e-3, 3e3),
    "voids": Case(voids, 8, 0.05, 150.0),
}


@pytest.mark.parametrize("name", CASES)
def test_what_couples_is_solved_by_newton(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every block of the Jacobian against differences; then a long step, with residuals that go like squares."""
    case = CASES[name]
    made = case.begin()
    for point, _ in zip(made.points(), range(case.points), strict=False):
        since = point.since
    require_moving_tangent(made, since, case.shift)
    made.flow.take(made.flow.flat())
    norms = watched(monkeypatch, made.flow)
    short_step(made, since, case.length)
    require_quadratic(norms)
    made.destroy()


def test_anand_is_solved_by_newton(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bar whose resistance grows with its creep: a long step under twice the load."""
    model = bar("2", Pressure("top", 1.5e6), ANAND, comm=MPI.COMM_SELF)
    made = run_of(model, [Step.hold("creep", 1.0)])
    for point, _ in zip(made.points(), range(6), strict=False):
        since = point.since
    assert model.mechanics is not None
    norms = watched(monkeypatch, made.flow, "displacement")
    model.mechanics.set_load("top", 2.5e6)
    short_step(made, since, 0.5)
    require_quadratic(norms)
    made.destroy()
