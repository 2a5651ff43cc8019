"""Creep of lithium: closed forms, an independent integration, tangents, Newton's order, work.

Cases of uniaxial creep and relaxation, thick cylinder and spherical void after F. K. G. Odqvist, Mathematical Theory of
Creep and Creep Rupture (1974), and B. Budiansky, J. W. Hutchinson and S. Slutsky (1982) for the void.
"""

from __future__ import annotations

import itertools
import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import ufl
from dolfinx import fem
from mpi4py import MPI
from scipy.integrate import solve_ivp
from support.creeping import ANAND, HEIGHT, HOLE, NORTON, ROOM, bar, final_rate, hollow, mean_of, opening, rate_of, run
from support.layered import AXES, layered
from support.norms import nodal_values
from support.tangents import require_tangent

from fem.conditions import Platen, Pressure, Roller
from fem.dissipation.norton import Norton
from fem.energy.elastic import Elastic
from fem.errors import ModelError
from fem.kinematics import from_mandel, mandel
from fem.model import Domain, Model, Settings
from fem.protocol import Course, Step
from fem.solve.settling import short_step
from fem.solve.work import Book
from fem.terms import CreepLaw

RATES = {0.4e6: 3.197e-5, 0.6e6: 4.644e-4, 0.8e6: 3.101e-3, 1e6: 1.3523e-2, 2e6: 1.3118}
"""Pa -> 1/s of lithium at 298.15 K (LePage et al. 2019)."""


# ---------------------------------------------------------------- laws
@pytest.mark.parametrize("law", [NORTON, Norton(5e4, 1.0, 2e4), ANAND])
def test_the_flow_is_the_derivative_of_the_potential(law: CreepLaw) -> None:
    """Backward Euler with the rate that `ufl.diff` takes from the potential, to rounding; its slope by differences."""
    trial = np.array([0.0, 1e3, 2e5, 8e5, 1.3e6, 5e6, 4e7])
    compliance, shift = 3 * 2.8e9 / 50.0, 50.0
    known = np.tile(np.array(law.beginnings), (len(trial), 1))
    flowed = law.flow(trial, compliance, known, shift, ROOM)
    sigma, y = ufl.variable(ufl.Coefficient(_reals())), ufl.Coefficient(_reals())
    rate = ufl.diff(law.potential(sigma, [y], ROOM), sigma)
    for k, t in enumerate(trial[1:], start=1):
        stress = t * (1 - flowed.share[k])
        inner = float(flowed.internals[k, 0]) if law.beginnings else 0.0
        value = ufl.algorithms.apply_derivatives.apply_derivatives(rate)
        found = float(value((0.0,), {sigma.ufl_operands[0]: stress, y: inner}))
        assert stress + compliance * found == pytest.approx(t, rel=1e-10)
        if flowed.share[k] > 0.01:
            assert flowed.share[k] * t == pytest.approx(compliance * found, rel=1e-9)
    step = 1e-5
    up, down = (law.flow(trial * (1 + s), compliance, known, shift, ROOM) for s in (step, -step))
    stresses = [trial * (1 + s) * (1 - f.share) for s, f in ((step, up), (-step, down))]
    slope = (stresses[0] - stresses[1])[1:] / (2 * step * trial[1:])
    assert slope == pytest.approx(flowed.slope[1:], rel=1e-6)
    bends = (up.internals - down.internals)[1:] / (2 * step * trial[1:, None])
    assert bends == pytest.approx(flowed.bends[1:], rel=1e-4, abs=1e-16)
    assert np.isfinite(flowed.share[0])


def _reals() -> Any:
    import basix.ufl

    mesh = ufl.Mesh(basix.ufl.element("Lagrange", "interval", 1, shape=(1,)))
    return ufl.FunctionSpace(mesh, basix.ufl.element("DG", "interval", 0))


def test_resistance_follows_the_rate_equation() -> None:
    """The internal variable of a step of Anand's law solves its own equation."""
    trial, shift = np.array([5e5, 1.2e6, 3e6]), 2.0
    known = np.full((3, 1), math.log(1.1e6))
    flowed = ANAND.flow(trial, 3 * 2e9 / shift, known, shift, ROOM)
    rate = flowed.share * trial / (3 * 2e9 / shift)
    y = flowed.internals[:, 0]
    saturated = ANAND.saturation * (rate / ANAND.prefactor * math.exp(37e3 / 8.31446261815324 / ROOM)) ** 0.05
    gap = 1 - np.exp(y) / saturated
    assert shift * (y - known[:, 0]) * np.exp(y) == pytest.approx(10e6 * gap**2 * np.sign(gap) * rate, rel=1e-6)


@pytest.mark.parametrize("gdim", [1, 2, 3])
def test_mandel_components(gdim: int) -> None:
    """There and back, and the length is that of the tensor."""
    pairs = {1: [], 2: [(0, 1)], 3: [(0, 1), (0, 2), (1, 2)]}[gdim]
    a = np.diag([1.0, -3.0, 2.0])
    for k, (i, j) in enumerate(pairs):
        a[i, j] = a[j, i] = 0.7 + k
    tensor = ufl.as_matrix(a.tolist())
    vector = mandel(tensor, gdim)
    values = [float(vector[k](())) for k in range(vector.ufl_shape[0])]
    assert sum(v * v for v in values) == pytest.approx(np.sum(a * a))
    back = from_mandel(ufl.as_vector(values), gdim)
    assert [[float(back[i, j](())) for j in range(3)] for i in range(3)] == [pytest.approx(row) for row in a.tolist()]


# ---------------------------------------------------------------- bars
@pytest.mark.parametrize(
    ("dimension", "law", "temperature"),
    [
        pytest.param("axisymmetric", NORTON, ROOM, marks=pytest.mark.mpi),
        pytest.param("3", NORTON, ROOM, marks=pytest.mark.mpi),
        ("axisymmetric", Norton(1e5, 3.0, 30e3), 333.15),
    ],
)
def test_uniaxial_rates(dimension: str, law: Norton, temperature: float) -> None:
    """Stresses one after the other, held for a strain of about a thousandth each: the strain grows with the law."""
    axis = 2 if dimension == "3" else 1
    model = bar(dimension, Pressure("top", 1e5), law, temperature=temperature)
    assert model.mechanics is not None
    strain = mean_of(model, -ufl.grad(model.mechanics.displacement.function)[axis, axis], "li")
    rates = {p: rate_of(law, p, temperature) for p in RATES}
    steps = [Step.hold(f"{p:g}", 1e-3 / rate, {"top": p}) for p, rate in rates.items()]
    found: dict[str, list[tuple[float, float]]] = {}
    for point in run(model, steps).points():
        found.setdefault(point.name, []).append((point.since, strain()))
    for pressure, expected in RATES.items():
        (t0, e0), (t1, e1) = found[f"{pressure:g}"][0], found[f"{pressure:g}"][-1]
        assert (e1 - e0) / (t1 - t0) == pytest.approx(rates[pressure], rel=1e-8)
        assert rate_of(NORTON, pressure) == pytest.approx(expected, rel=3e-4)


@pytest.mark.parametrize(("law", "temperature"), [(NORTON, ROOM), (NORTON, 333.15), (Norton(1e5, 3.0, 37e3), ROOM)])
def test_relaxation(law: Norton, temperature: float) -> None:
    """A strain that is held: power-law decay of the stress over four decades."""
    young, start, n = 7.82e9, 1e6, law.exponent
    model = bar("axisymmetric", Roller("top", 1, -start / young * HEIGHT), law, temperature=temperature)
    assert model.mechanics is not None
    stress = mean_of(model, -model.mechanics.stress("li")[1, 1], "li")
    factor = rate_of(law, 1.0, temperature)
    times = (1.0, 10.0, 100.0, 1e3)
    seen = 0
    for p in run(model, [Step.hold("relax", 1e4)], 1e-6, instants=times).points():
        if p.between or p.ended or p.time == 0.0:
            exact = (start ** (1 - n) + (n - 1) * young * factor * p.time) ** (1 / (1 - n))
            assert stress() == pytest.approx(exact, rel=1e-3), p.time
            seen += 1
    assert seen == 6


@pytest.mark.parametrize("rate", [1e-2, 1e-1])
def test_anand_at_a_given_strain_rate(rate: float) -> None:
    """Against the two ordinary differential equations of uniaxial tension, by another integrator."""
    young, length = 4.9e9, 0.05 / rate
    model = bar(
        "axisymmetric", Roller("top", 1, Course((0.0, length), (0.0, 0.05 * HEIGHT))), ANAND, Elastic(young, 0.38)
    )
    assert model.mechanics is not None
    stress = mean_of(model, model.mechanics.stress("li")[1, 1], "li")
    base = ANAND.prefactor * math.exp(-37e3 / 8.31446261815324 / ROOM)

    def slopes(_t: float, x: Any) -> list[float]:
        flow = base * (max(x[0], 0.0) / x[1]) ** (1 / 0.15)
        gap = 1 - x[1] / (2e6 * max(flow / base, 1e-30) ** 0.05)
        return [young * (rate - flow), 10e6 * abs(gap) ** 2 * math.copysign(1, gap) * flow]

    exact = solve_ivp(slopes, (0, length), [0.0, 1.1e6], method="Radau", rtol=1e-9, atol=1.0, dense_output=True)
    largest = float(exact.y[0].max())
    for p in run(model, [Step.hold("pull", length)], 1e-5).points():
        assert stress() == pytest.approx(float(exact.sol(p.time)[0]), abs=1e-3 * largest)
    resistance = np.exp(model.creeps["li"].function.x.array.reshape(-1, 5)[:, 4])
    assert resistance == pytest.approx(float(exact.y[1, -1]), rel=1e-4)
    assert exact.y[1, -1] > 1.05 * 1.1e6


# ---------------------------------------------------------------- shells
@pytest.mark.parametrize(
    ("n", "ratio", "size", "within"), [(6.6, 2.0, 0.1, 5e-3), (3.0, 2.0, 0.1, 5e-3), (6.6, 4.0, 0.1, 5e-3)]
)
def test_thick_cylinder(n: float, ratio: float, size: float, within: float) -> None:
    """Steady creep in plane strain under pressure inside, and its hoop stress through the wall: no locking."""
    law, p = Norton(2e5, n, 37e3), 2e6
    exact = math.sqrt(3) / 2 * rate_of(law, math.sqrt(3) * p / (n * (1 - ratio ** (-2 / n))))
    model = hollow("2", law, "inner", p, ratio, size)
    assert final_rate(model, 0.02 / exact, opening(model)) == pytest.approx(exact, rel=within)
    assert np.sqrt(np.mean(hoop_errors(model, n, ratio, p)[0] ** 2)) < 5e-3


def hoop_errors(model: Any, n: float, ratio: float, pressure: float) -> tuple[Any, list[float]]:
    """Errors of the hoop stress at all nodes, over the largest; those of its means over the two walls."""
    sigma, x = model.mechanics.stress("body"), ufl.SpatialCoordinate(model.geometry.mesh)
    along = ufl.as_vector([-x[1], x[0], 0]) / ufl.sqrt(ufl.dot(x, x))
    points, values = nodal_values(model, ufl.dot(along, sigma * along), "body")
    radius = np.linalg.norm(points, axis=1) / HOLE
    exact = pressure * ((2 / n - 1) * (ratio / radius) ** (2 / n) + 1) / (ratio ** (2 / n) - 1)
    walls = [np.isclose(radius, r, rtol=1e-3) for r in (1.0, ratio)]
    return (values - exact) / np.abs(exact).max(), [float(values[w].mean() / exact[w].mean() - 1) for w in walls]


def test_thick_cylinder_converges() -> None:
    """Of second order, that of the polygons that stand for circles."""
    law, p = NORTON, 1e6
    exact = math.sqrt(3) / 2 * rate_of(law, math.sqrt(3) * p / (6.6 * (1 - 2 ** (-2 / 6.6))))
    errors = []
    for size in (0.3, 0.15, 0.075):
        model = hollow("2", law, "inner", p, 2.0, size)
        errors.append(abs(final_rate(model, 0.03 / exact, opening(model)) / exact - 1))
    assert all(a > 2.8 * b for a, b in itertools.pairwise(errors))
    _, walls = hoop_errors(model, 6.6, 2.0, p)
    assert max(abs(w) for w in walls) < 5e-3


@pytest.mark.parametrize(("n", "pressure", "ratio"), [(6.6, 5e6, 5.0), (6.6, 1e6, 3.0), (3.0, 2e6, 4.0)])
def test_void_in_a_shell_collapses(n: float, pressure: float, ratio: float) -> None:
    """Rate of a spherical void under pressure from far, with the factor of a finite shell."""
    law = Norton(2e5, n, 37e3)
    exact = 0.5 * rate_of(law, 1.5 * pressure / n / (1 - ratio ** (-3 / n)))
    model = hollow("axisymmetric", law, "outer", pressure, ratio, 0.12)
    assert -final_rate(model, 0.03 / exact, opening(model)) == pytest.approx(exact, rel=1e-2)


# ---------------------------------------------------------------- numerics
def _loaded(law: CreepLaw) -> Any:
    """A run that has begun on a shell, and its flow."""
    model = hollow("axisymmetric", NORTON, "outer", 3e6, 3.0, 0.4, MPI.COMM_SELF)
    if law is not NORTON:
        model = bar("2", Pressure("top", 1.5e6), law, comm=MPI.COMM_SELF)
    made = run(model, [Step.hold("creep", 1.0)])
    for point, _ in zip(made.points(), range(6), strict=False):
        assert point.length >= 0
    return made


@pytest.mark.parametrize("law", [NORTON, ANAND])
def test_the_tangent_is_the_derivative(law: CreepLaw) -> None:
    """The Jacobian that Newton's method uses against differences of the residual, with the rates that follow."""
    made = _loaded(law)
    require_tangent(made)


@pytest.mark.parametrize("law", [NORTON, ANAND])
def test_a_trial_that_is_no_number_is_told_by_the_state_alone(law: CreepLaw) -> None:
    """Newton's method takes such a step back: nobody else is told."""
    model = bar("2", Pressure("top", 1e6), law, comm=MPI.COMM_SELF)
    (creep,) = model.creeps.values()
    assert model.mechanics is not None
    model.mechanics.displacement.function.x.array[:] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        creep.update(np.zeros(creep.owned), 1.0)
    assert np.isnan(creep.function.x.array[:3]).all()


def test_newton_is_quadratic(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long step of backward Euler far from equilibrium: every residual is like the square of the one before."""
    made = _loaded(NORTON)
    norms: list[float] = []
    test = made.flow.converged

    def watched(snes: Any, iteration: int, found: Any) -> int:
        forces = np.where(made.flow._forces, made.flow._last[: len(made.flow._forces)], 0.0)
        norms.append(float(np.linalg.norm(forces)))
        return int(test(snes, iteration, found))

    monkeypatch.setattr(made.flow, "converged", watched)
    made.model.mechanics.set_load("outer", 6e6)
    short_step(made, 1.0, 0.5)
    assert norms[0] > 1e6 * norms[-1]
    orders = [
        math.log(c / b) / math.log(b / a)
        for a, b, c in zip(norms, norms[1:], norms[2:], strict=False)
        if c > 1e-9 * norms[0]
    ]
    assert orders
    assert orders[-1] > 1.7


@pytest.mark.parametrize("load", [Course((0.0, 2.0, 3.0, 3.0, 6.0), (0.0, 1.2e6, 1.2e6, 6e5, 2e5)), 1e6])
def test_work_of_the_loads(load: Any) -> None:
    """Work = stored + dissipated, also through jumps of the load, with time steps of any accuracy."""
    model = hollow("2", NORTON, "inner", load, 2.0, 0.4)
    assert model.mechanics is not None
    model.mechanics.set_load("inner", 0.0)
    book = Book(model)
    book.advance()
    model.histories.append(Booked(book))
    dissipated = model.geometry.entity_maps().form(
        model.geometry.integral(model.dissipations["body"].function, "body", model.creeps["body"].degree)
    )
    for _ in run(model, [Step.hold("load", 6.0, None if isinstance(load, Course) else {"inner": load})], 1e-3).points():
        pass
    lost = model.geometry.comm.allreduce(fem.assemble_scalar(dissipated))
    assert lost > 0.05 * abs(book.work)
    assert book.energies().stored + lost == pytest.approx(book.work, rel=1e-6)


@dataclass
class Booked:
    """Adds up the work whenever a state is accepted."""

    book: Book

    def accept(self) -> None:
        """The next state."""
        self.book.advance()

    def functions(self) -> dict[str, Any]:
        """Nothing to store."""
        return {}


def test_a_platen_moves_under_its_force() -> None:
    """A force in the place of a pressure: the number of the platen is solved with the creep."""
    by_force = bar("2", Platen("top", 1, -8e5 * HEIGHT))
    by_pressure = bar("2", Pressure("top", 8e5))
    ends = []
    for model in (by_force, by_pressure):
        for _ in run(model, [Step.hold("creep", 2.0)], 1e-5).points():
            pass
        assert model.mechanics is not None
        ends.append(mean_of(model, model.mechanics.displacement.function[1], "li")())
    assert ends[0] == pytest.approx(ends[1], rel=1e-5)


def test_plane_stress_is_refused() -> None:
    """The stress across a sheet would be one more unknown: said by the name of the layer."""
    tagged = layered(MPI.COMM_SELF, "2", [("li", HEIGHT)], width=HEIGHT, lateral=1, across=1)
    domain = Domain(energy=(Elastic(7.82e9, 0.381),), creep=NORTON)
    with pytest.raises(ModelError, match="'li'"):
        Model(tagged, {"li": domain}, {}, [], Settings(plane="stress"))


@pytest.mark.parametrize("degree", [1, 2])
def test_discretisations(degree: int) -> None:
    """Linear elements creep, too, in one, two and three dimensions: a uniform stress is exact."""
    for dimension in ("1", "2", "3"):
        model = bar(dimension, Pressure("top", 1e6), degree=degree)
        assert model.mechanics is not None
        stress = mean_of(model, model.mechanics.stress("li")[(AXES[dimension] - 1,) * 2], "li")
        for _ in run(model, [Step.hold("creep", 1.0)]).points():
            assert stress() == pytest.approx(-1e6, rel=1e-9)
