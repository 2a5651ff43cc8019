"""Bonds that soften and break: dissipated energy, mixed modes, irreversibility, peeling, tangents."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import ufl
from mpi4py import MPI
from support.layered import layered
from support.pressed import at_points, over, pair

from fem.conditions import Anchor, ImposedDisplacement, OpeningControl, Roller
from fem.dissipation.conduction import Conduction
from fem.energy.elastic import Elastic
from fem.interface.charge_transfer import OhmicContact
from fem.interface.cohesive import Cohesive
from fem.interface.contact import Contact
from fem.model import Domain, Model
from fem.solve.driver import Solver
from fem.solve.quasistatic import QuasiStatic, StepPoint, StepSettings
from fem.solve.work import eigenstrains

LAYERS = [("low", 3.0e-6), ("high", 2.0e-6)]
WIDTH = 4.0e-6
LOW, HIGH = (1.0e11, 0.3), (2.0e10, 0.2)


def pulled(dimension: str, law: Any, path: Any, settings: StepSettings) -> tuple[Model, list[StepPoint]]:
    """A bar whose end moves along a path (part of the load -> m)."""
    axis = {"1": 0, "2": 1}[dimension]
    sides = [Roller("bottom", axis), Roller("top", axis, 0.0)] + ([Roller("left", 0)] if dimension == "2" else [])
    tagged = layered(MPI.COMM_WORLD, dimension, LAYERS, WIDTH, lateral=2, across=2)
    model = pair(tagged, law, sides, LOW, HIGH)
    assert model.mechanics is not None
    top = model.mechanics.supports["top"]

    def apply(load: float) -> None:
        top.offset = path(load)

    return model, list(QuasiStatic(model, apply, settings).run())


@pytest.mark.mpi
@pytest.mark.parametrize(("dimension", "strength", "toughness"), [("1", 50e6, 2.0), ("1", 5e6, 0.3), ("2", 120e6, 9.0)])
def test_bar_dissipates_toughness_times_area(dimension: str, strength: float, toughness: float) -> None:
    """Pulled apart, the bond has dissipated G_c A, and that is the work, whatever the steps."""
    end = 1.1 * 2 * toughness / strength
    area = WIDTH if dimension == "2" else 1.0
    for step in (0.1, 0.03):
        law = Cohesive(strength, toughness)
        _, points = pulled(dimension, law, lambda load: load * end, StepSettings(step, step))
        last = points[-1]
        assert last.energies.fracture == pytest.approx(toughness * area, rel=1e-8)
        assert lost(points) < 1e-9


def lost(points: list[StepPoint]) -> float:
    """Largest part of the work that is neither stored nor dissipated."""
    begin = points[0].energies.stored + points[0].energies.fracture - points[0].work
    missing = [p.work + begin - p.energies.stored - p.energies.fracture for p in points]
    return max(abs(x) for x in missing) / max(abs(p.work) for p in points)


@pytest.mark.parametrize("viscosity", [0.0, 0.02])
def test_work_is_stored_or_dissipated(viscosity: float) -> None:
    """Sides that move apart, slide, tilt and close again on a distorted mesh, modes that change: no work is lost."""
    law = Cohesive(40e6, 1.5, 60e6, 6.0, 2.2, viscosity=viscosity)
    tagged = layered(MPI.COMM_SELF, "2", LAYERS, WIDTH, lateral=3, across=1, jitter=0.2)
    sides = [ImposedDisplacement(s, lambda p: 0 * p[:2]) for s in ("bottom", "top")]
    model = pair(tagged, law, sides, LOW, HIGH)

    def apply(load: float) -> None:
        def moved(p: Any) -> Any:
            return 0.1e-6 * np.array([load**2 + 0 * p[0], (0.6 + 0.3 * p[0] / WIDTH) * math.sin(4 * load)])

        assert model.mechanics is not None
        model.mechanics.impose("top", moved)

    points = list(QuasiStatic(model, apply, StepSettings(0.1, 0.1)).run())
    assert lost(points) < 1e-9
    assert points[-1].energies.fracture > 0.5 * 1.5 * WIDTH
    assert at_points(model, model.joints["low|high"].gap()).min() < 0


def test_snap_back_dissipates_what_was_stored() -> None:
    """A soft bar tears at its strength, at once: all that it held has been dissipated, far more than the toughness."""
    law = Cohesive(500e6, 2.0)
    end, soft = 0.3e-6, (1e10, 0.0)
    tagged = layered(MPI.COMM_SELF, "1", LAYERS, WIDTH, lateral=2, across=2)
    model = pair(tagged, law, [Roller("bottom", 0), Roller("top", 0, 0.0)], soft, soft)

    def apply(load: float) -> None:
        assert model.mechanics is not None
        model.mechanics.supports["top"].offset = load * end

    points = list(QuasiStatic(model, apply, StepSettings(0.1, 0.1, 2e-3, jumps=True)).run())
    held = 0.5 * law.strength**2 * 5e-6 / soft[0]
    assert points[-1].energies.fracture == pytest.approx(held, rel=1e-2)
    assert lost(points) < 1e-9
    assert any(p.jumped for p in points)


def test_bond_remembers() -> None:
    """Unloaded halfway it goes back to where it came from with the stiffness that is left, and closes like contact."""
    law = Cohesive(50e6, 2.0)
    half = 0.5 * 2 * law.toughness / law.strength
    model, points = pulled("1", law, lambda x: half * (1 - abs(2 * x - 1) if x < 0.9 else -0.1), StepSettings(0.1, 0.1))
    spent = [p.energies.fracture for p in points]
    assert spent[-1] == pytest.approx(max(spent))
    middle = len(points) // 2
    assert spent[middle] == pytest.approx(spent[-1], rel=1e-12)
    assert 0.3 < spent[-1] / law.toughness < 0.6
    joint = model.joints["low|high"]
    assert at_points(model, joint.pressure()).min() > 0
    assert np.all(np.abs(at_points(model, joint.jump().normal)) < 0.02 * half)


def test_viscous_bond_dissipates_more() -> None:
    """What follows with a delay resists longer, and less so with a shorter delay."""
    spent = []
    for viscosity in (0.0, 1e-3, 1e-2):
        law = Cohesive(50e6, 2.0, viscosity=viscosity)
        _, points = pulled("1", law, lambda x: x * 0.12e-6, StepSettings(0.01, 0.01))
        spent.append(points[-1].energies.fracture / law.toughness)
    assert spent[0] == pytest.approx(1.0, rel=1e-9)
    assert 1.005 < spent[1] < 0.5 * (1 + spent[2])


@pytest.mark.parametrize("angle", [0.0, 30.0, 60.0, 90.0])
def test_mixed_modes_after_benzeggagh_and_kenane(angle: float) -> None:
    """Rigid blocks that part at an angle: G_I + (G_II - G_I) B^eta, B the share of sliding."""
    law = Cohesive(40e6, 1.5, 60e6, 6.0, 2.2, stiffness=1e17)
    turn = math.radians(angle)
    end = 1.15 * 2 * law.shear_toughness / law.strength  # type: ignore[operator]
    tagged = layered(MPI.COMM_SELF, "2", [("low", 1e-6), ("high", 1e-6)], 1e-6, lateral=1, across=1)
    still = ImposedDisplacement("bottom", lambda p: 0 * p[:2])
    model = pair(tagged, law, [still, ImposedDisplacement("top", lambda p: 0 * p[:2])], (1e16, 0.0), (1e16, 0.0))
    assert model.mechanics is not None
    way = np.array([[math.sin(turn)], [math.cos(turn)]])

    def apply(load: float) -> None:
        model.mechanics.impose("top", lambda p: load * end * way * np.ones_like(p[:1]))  # type: ignore[union-attr]

    last = list(QuasiStatic(model, apply, StepSettings(0.01, 0.01)).run())[-1]
    expected = 1.5 + 4.5 * (math.sin(turn) ** 2) ** 2.2
    assert last.energies.fracture / 1e-6 == pytest.approx(expected, rel=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("solid", "toughness", "crack"), [pytest.param(LOW, 2.0, 10e-6, marks=pytest.mark.mpi), (HIGH, 0.6, 8e-6)]
)
def test_double_cantilever_beam(solid: tuple[float, float], toughness: float, crack: float) -> None:
    """P^2 = h^3 E' G_c / (12 a^2) while the crack grows by a third; a from the compliance, D = 2 P a^3 / (3 E' I)."""
    height, length = 1e-6, 26e-6
    modulus, inertia = solid[0] / (1 - solid[1] ** 2), height**3 / 12
    strength = math.sqrt(modulus * toughness / 3.5e-6)  # the same size of what softens, in cells
    end = 0.164 * math.sqrt(toughness / modulus) * (crack / 10e-6) ** 3  # m; it grows by a third
    tagged = layered(MPI.COMM_WORLD, "2", [("low", height), ("high", height)], length, lateral=104, across=2)
    ends = {("left", "high"): (0.0, 1.0), ("left", "low"): (0.0, -1.0)}
    conditions = [Roller("right", 0), Anchor((length, 0.0), 1), OpeningControl("low|high", 0.0, ends)]
    model = pair(tagged, Cohesive(strength, toughness), conditions, solid, solid)
    joint, driven = model.joints["low|high"], model.opened["low|high"]
    joint.break_where(lambda x: ufl.lt(x[0], crack))
    assert model.mechanics is not None
    sides = [model.geometry.entity_maps().form(f) for _, f in model.mechanics.on_side(lambda u: u.function[1], "left")]
    run = QuasiStatic(model, lambda load: driven.set(load * end), StepSettings(0.05, 0.05))
    ratios, lengths = [], []
    for point in run.run():
        from dolfinx import fem

        force = driven.number.value * height
        below, above = (model.geometry.comm.allreduce(fem.assemble_scalar(f)) / height for f in sides)
        if point.load > 0.35:
            arm = (3 * modulus * inertia * (above - below) / (2 * force)) ** (1 / 3)
            ratios.append(12 * (force * arm) ** 2 / (height**3 * modulus * toughness))
            lengths.append(crack + point.energies.fracture / toughness)
    assert np.allclose(ratios, 1.0, atol=0.03)
    assert lengths[-1] - lengths[0] > 3e-6
    assert abs(point.work - point.energies.stored - point.energies.fracture) < 5e-3 * point.work


@pytest.mark.slow
@pytest.mark.parametrize(("nu", "toughness", "height"), [(0.3, 2.0, 1e-6), (0.2, 8.0, 2e-6)])
def test_film_peels_at_its_stress(nu: float, toughness: float, height: float) -> None:
    """G = (1 - nu^2) sigma^2 h / (2 E) of the biaxial stress of a film (Hutchinson and Suo, Adv. Appl. Mech. 29, 1992).

    The front of a crack of four thicknesses runs on when G reaches the toughness. A small viscosity carries it on.
    """
    young, crack, width = 1e11, 4 * height, 12 * height
    critical = math.sqrt(2 * young * toughness / ((1 - nu**2) * height))
    strain = -1.25 * critical * (1 - nu) / young
    tagged = layered(MPI.COMM_SELF, "2", [("low", height), ("high", height)], width, lateral=48, across=[2, 4])
    domains = {"low": Domain((), (Elastic(1e14, nu),)), "high": Domain((), (Elastic(young, nu, strain),))}
    law = Cohesive(0.4e9 * math.sqrt(toughness / 2e6 / height), toughness, viscosity=2e-6)
    model = Model(tagged, domains, {"low|high": [law]}, [Roller("right", 0), Roller("bottom", 1)])
    model.joints["low|high"].break_where(lambda x: ufl.lt(x[0], crack))  # type: ignore[union-attr]
    (constant,) = eigenstrains(model)
    whole = float(constant.value)

    def apply(load: float) -> None:
        constant.value = load * whole

    for point in QuasiStatic(model, apply, StepSettings(0.05, 0.05, change=0.3)).run():
        if point.energies.fracture > 2 * height * toughness:
            break
    assert (1.25 * point.load) ** 2 == pytest.approx(1.0, abs=0.02)


LAWS = {
    "one mode": Cohesive(50e6, 2.0),
    "two modes": Cohesive(40e6, 1.5, 60e6, 6.0),
    "contact": Contact(),
    "sticking": Contact(sticking=True),
}


@pytest.mark.parametrize("name", list(LAWS))
def test_tangents_are_derivatives(name: str) -> None:
    """Matrix times a direction against differences of the residual, at a random state."""
    tagged = layered(MPI.COMM_SELF, "2", LAYERS, WIDTH, lateral=2, across=1, jitter=0.2)
    model = pair(tagged, LAWS[name], [Roller("bottom", 1), Roller("left", 0)], LOW, HIGH)
    solver = Solver(model)
    (stage,) = solver.stages
    random = np.random.default_rng(3)
    state = random.uniform(-1, 1, len(stage.get_state())) * 3e-8
    state[stage.constrained[0]] = 0.0
    way = stage.free(random.uniform(-1, 1, len(state)))
    stage.set_state(state)
    stage.assemble_jacobian()
    x, y = stage.matrix.createVecs()
    x.array[:] = way
    stage.matrix.mult(x, y)
    step, found = 1e-14, []
    for sign in (1, -1):
        stage.set_state(state + sign * step * way)
        found.append(stage.residual())
    slope = (found[0] - found[1]) / (2 * step)
    assert np.abs(slope - stage.free(y.array)).max() < 1e-5 * np.abs(y.array).max()


def test_broken_bond_passes_no_current() -> None:
    """Current through a bond of which half is broken: half the conductance."""
    resistance, share = 2.0e-4, 0.5
    domains = {n: Domain((Conduction("ionic", 1e3),), (Elastic(*LOW),)) for n in ("low", "high")}
    laws: dict[str, Any] = {"low|high": [OhmicContact("ionic", resistance), Cohesive(50e6, 2.0)]}
    from fem.conditions import ImposedPotential

    sides: list[Any] = [
        ImposedPotential("bottom", "low", "ionic", lambda p: 0 * p[0]),
        ImposedPotential("top", "high", "ionic", lambda p: 0 * p[0] + 1.0),
        Roller("bottom", 1),
        Roller("left", 0),
    ]
    model = Model(layered(MPI.COMM_SELF, "2", LAYERS, WIDTH, lateral=4, across=1), domains, laws, sides)
    model.joints["low|high"].break_where(lambda x: ufl.lt(x[0], share * WIDTH))  # type: ignore[union-attr]
    Solver(model).solve()
    (state,) = model.states
    assert -over(model, state.current) == pytest.approx((1 - share) * WIDTH / resistance, rel=1e-2)


def test_impossible_bonds_are_refused() -> None:
    """What would break before it softens, and numbers without a sign."""
    with pytest.raises(ValueError, match="break at once"):
        Cohesive(50e6, 2.0, stiffness=1e14)
    with pytest.raises(ValueError, match="toughness must be positive"):
        Cohesive(50e6, 0.0)
