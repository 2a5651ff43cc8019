"""Tangents and the order of Newton's method where interfaces part, materials break and lithium flows, at rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from dolfinx.fem import petsc
from mpi4py import MPI
from support.cracked import brittle, lattice
from support.layered import layered
from support.newton import require_ending, require_quadratic, residuals_of
from support.pressed import pair
from support.round import shell
from support.tangents import require_stage_tangent
from test_cohesive import HIGH, LAYERS, LOW, WIDTH
from test_lithium_flow import HOLE, PRESSURE
from test_stress_shift import pressed_cell

from fem.conditions import FilledCrack, ImposedDisplacement, Pressure, Roller
from fem.dissipation.norton import Norton
from fem.energy.fracture import Profile
from fem.energy.splits import SPLITS, Split
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.cohesive import Cohesive
from fem.interface.contact import Contact
from fem.interface.kinetics import ButlerVolmer
from fem.solve.alternate import Breaking
from fem.solve.driver import Solver
from fem.voids.flow import Flow, Sides


# ---------------------------------------------------------------- interfaces
def opened(size: float) -> Any:
    """Displacement of the upper side: away, along and turned."""
    return lambda p: size * np.array([0.7 + 0 * p[0], 1 + 0.3 * p[0] / WIDTH])


def test_a_bond_of_two_modes() -> None:
    """From a state in which all of the bond softens to one in which it has softened more."""
    law = Cohesive(40e6, 1.5, 60e6, 6.0, 2.2)
    tagged = layered(MPI.COMM_SELF, "2", LAYERS, WIDTH, lateral=3, across=1, jitter=0.2)
    sides = [ImposedDisplacement(s, lambda p: 0 * p[:2]) for s in ("bottom", "top")]
    model = pair(tagged, law, sides, LOW, HIGH)
    solver = Solver(model)
    assert model.mechanics is not None
    norms: list[float] = []
    for size in (0.01e-6, 0.03e-6, 0.04e-6):
        model.mechanics.impose("top", opened(size))
        solver.solve()
        norms = residuals_of(solver, "displacement")
        model.accept()
    require_quadratic(norms)


def test_kinetics_under_pressure() -> None:
    """Butler and Volmer with the work of the pressure, far from equilibrium and uneven along the interface."""
    laws = [ChargeTransfer(n, ButlerVolmer(8.0, 0.4, 0.6), 0.0, 2e-5, 0.8, v) for n, v in (("a", 1.3e-5), ("c", 4e-6))]
    model = pressed_cell("2", (laws[0], laws[1]), [Pressure("top", 50e6)], 400.0)
    solver = Solver(model)
    solver.solve()
    require_quadratic(residuals_of(solver, "potential"))
    (stage,) = (s for s in solver.stages if s.numbers)
    state, rng = stage.get_state(), np.random.default_rng(6)
    state[: stage.offsets[-1]] += 0.02 * rng.standard_normal(int(stage.offsets[-1]))
    require_stage_tangent(stage, state, [1e-6] * (len(stage.fields) + len(stage.numbers)))


@pytest.mark.parametrize("sticking", [False, True])
def test_contact_is_found_in_finitely_many_steps(sticking: bool) -> None:
    """Its law is piecewise linear: once it is known what touches, one step ends the iteration."""
    tagged = layered(MPI.COMM_SELF, "2", LAYERS, 4.0e-6, lateral=8, across=2)
    bumps = Contact(gap=lambda x: 2e-9 * (x[0] / 4e-6) ** 2, sticking=sticking)
    model = pair(tagged, bumps, [Roller("bottom", 1), Roller("left", 0), Pressure("top", 3e6)], LOW, HIGH)
    solver = Solver(model)
    solver.solve()
    norms = residuals_of(solver, "displacement")
    assert len(norms) >= 3
    require_ending(norms)


# ---------------------------------------------------------------- fracture
def torn(split: Split, profile: Profile, fill: FilledCrack | None = None) -> Breaking:
    """A square with a crack from its left side, pulled apart (or filled)."""
    lines: Any = np.linspace(0, 1e-6, 13)
    load = Roller("top", 1) if fill is None else fill
    supports = [Roller("left", 0), Roller("right", 0), Roller("bottom", 1), load]
    model = brittle(lattice(lines, lines), 1.5e11, 0.26, 9.7, 0.2e-6, supports, model=profile, split=split, star=1.0)
    breaking = Breaking(model)
    breaking.damage.break_where(lambda p: (np.abs(p[1] - 0.5e-6) < 1e-9) & (p[0] < 0.3e-6))
    return breaking


def observe(breaking: Breaking, monkeypatch: pytest.MonkeyPatch, step: Any) -> None:
    """Find a state, move the load, and watch Newton's method on displacement and damage together."""
    joint = breaking.joint
    assert joint is not None
    breaking.solve()
    breaking.accept()
    stage = joint.stage
    state = stage.get_state()
    amounts = [1e-7 * float(np.abs(f.function.x.array).max()) for f in stage.fields] + [
        1e-6 * abs(n.beyond) for n in stage.numbers
    ]
    rng = np.random.default_rng(2)
    own = slice(int(stage.offsets[-2]), int(stage.offsets[-1]))
    inside = np.array(state)
    inside[own] = np.clip(state[own], 0.05, 0.9) + 0.02 * rng.standard_normal(own.stop - own.start)
    require_stage_tangent(stage, inside, amounts)
    stage.set_state(state)
    step()
    norms: list[float] = []
    size = joint._size

    def watched(*args: Any) -> float:
        found = size(*args)
        norms.append(found)
        return found

    monkeypatch.setattr(joint, "_size", watched)
    reference, force = breaking.half.reference(), max(breaking._typical_force(), 1e-30)
    breaking._equilibrium()
    assert joint.solve(reference, force, 1e-11)
    require_quadratic(norms, 1.6)
    breaking.destroy()


@pytest.mark.parametrize("profile", ["AT1", "AT2"])
@pytest.mark.parametrize("split", SPLITS)
def test_cracks(split: Split, profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    """All splits with both profiles of the damage, ahead of a crack that is pulled a little more."""
    breaking = torn(split, profile)
    top = breaking.mechanics.supports["top"]
    top.offset = 5e-9

    def more() -> None:
        top.offset = 7e-9

    observe(breaking, monkeypatch, more)


def test_filled_crack(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its volume is given, and the pressure is one more unknown."""
    breaking = torn("none", "AT1", FilledCrack(volume=1e-15))
    pressure = breaking.damage.fills[0].pressure
    assert pressure is not None

    def more() -> None:
        pressure.source *= 1.02

    observe(breaking, monkeypatch, more)


# ---------------------------------------------------------------- flow
@pytest.mark.parametrize(("dimension", "n"), [("axisymmetric", 6.6), ("2", 3.0)])
def test_flow_of_lithium(dimension: str, n: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Jacobian against differences; then the pressure rises by half at the full exponent."""
    sides = Sides({"left": 0, "bottom": 1}, loaded=("inner", "outer"), surface="inner")
    flow = Flow(shell(MPI.COMM_SELF, HOLE, 2 * HOLE, 0.2, dimension), Norton(2e5, n, 37e3), sides, HOLE, PRESSURE)
    flow.solve({"outer": PRESSURE})
    newton, values = flow._newton, flow.state.x.array
    state, rng = np.array(values), np.random.default_rng(4)
    way = rng.standard_normal(len(state)) * np.abs(state).max()

    def residual(amount: float) -> Any:
        values[:] = state + amount * way
        newton._evaluate()
        return np.array(newton._right.array_r)

    both = [residual(a) for a in (1e-8, -1e-8, 0.0)]
    newton._direction()
    newton._matrix.zeroEntries()
    petsc.assemble_matrix(newton._matrix, flow._jacobian)
    newton._matrix.assemble()
    x, y = newton._matrix.createVecs()
    x.array_w[:] = way
    newton._matrix.mult(x, y)
    slope = (both[0] - both[1]) / 2e-8
    assert np.linalg.norm(y.array_r - slope) < 1e-5 * np.linalg.norm(slope)
    norms: list[float] = []
    advance = newton._advance

    def watched(change: float) -> float:
        free = newton._right.copy()
        newton._free(free)
        norms.append(free.norm())
        return float(advance(change))

    monkeypatch.setattr(newton, "_advance", watched)
    flow.solve({"outer": 1.5 * PRESSURE})
    require_quadratic(norms)
