"""Salt and ionic liquid in a polymer: Onsager matrix, energy, tangent, closed steady states, limiting currents."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import ufl
from mpi4py import MPI
from scipy.integrate import solve_ivp
from scipy.optimize import brentq
from scipy.sparse import csr_matrix
from support.cells import AREA
from support.mixed_pair import closed
from support.mixtures import CONTACT, DRAGGED, IDEAL, LENGTH, TEMPERATURE, cell, settled, transient
from support.norms import integrate, observed_orders, require_order
from support.ranks import alone

from fem.constants import FARADAY, GAS
from fem.dissipation.electrolyte import BinaryElectrolyte
from fem.dissipation.ternary import TernaryElectrolyte
from fem.energy.mixing import MixtureMixing
from fem.kinematics import without_variables
from fem.observe.assembly import Assembly
from fem.observe.rates import rate_balances
from fem.protocol import Cutoff, Protocol, Step
from fem.solve.frequency import stage_of
from fem.solve.transient import TimeSettings, Transient

RT = GAS * TEMPERATURE


# ------------------------------------------------------------------ energy and dissipation
def frictions(medium: TernaryElectrolyte, state: tuple[float, float]) -> Any:
    """(3, 3) matrix of the Stefan-Maxwell equations: the force on an ion per volume of the velocities."""
    c = np.array([*state, sum(state)])
    total = float(medium.solvent) + c.sum()
    matrix = np.diag(RT * c / np.array([medium.lithium, medium.cation, medium.anion]))
    pairs = {(0, 1): medium.lithium_cation, (0, 2): medium.lithium_anion, (1, 2): medium.cation_anion}
    for (j, k), drag in pairs.items():
        if drag is not None:
            apart = np.eye(3)[j] - np.eye(3)[k]
            matrix += RT * c[j] * c[k] / (total * drag) * np.outer(apart, apart)
    return matrix


MEDIA = {"ideal": IDEAL, "dragged": DRAGGED, "partly": replace(DRAGGED, lithium_cation=None, cation_anion=5e-13)}


@pytest.mark.parametrize("name", MEDIA)
def test_onsager_matrix(name: str) -> None:
    """Symmetric to the last digit, positive, and the inverse of the frictions, over eight orders of magnitude."""
    medium, random, charges = MEDIA[name], np.random.default_rng(3), np.array([1, 1, -1])
    for lithium, cation in 10 ** random.uniform(-4, 4, (50, 2)):
        state = (float(lithium), float(cation))
        found = np.array(medium.mobilities(state, TEMPERATURE), dtype=float)
        assert np.array_equal(found, found.T)
        scale = np.sqrt(np.outer(np.diag(found), np.diag(found)))
        assert np.linalg.eigvalsh(found / scale).min() > 0
        c = np.diag([*state, sum(state)])
        assert found / scale == pytest.approx(c @ np.linalg.inv(frictions(medium, state)) @ c / scale, abs=1e-11)
        kappa = medium.conductivity(state, TEMPERATURE)
        assert kappa == pytest.approx(FARADAY**2 * charges @ found @ charges, rel=1e-11)


def test_an_ion_that_vanishes_leaves_the_others() -> None:
    """No division by a concentration: without liquid the matrix is that of two ions."""
    found = np.array(DRAGGED.mobilities((800.0, 0.0), TEMPERATURE))
    assert not found[1].any()
    two = np.ix_((0, 2), (0, 2))
    pair = frictions(DRAGGED, (800.0, 0.0))[two]
    assert found[two] == pytest.approx(800.0**2 * np.linalg.inv(pair), rel=1e-12)


def test_slopes_are_second_derivatives_of_the_energy() -> None:
    """Against differences of the density written out."""
    b = np.array([[2e-4, -1e-4], [-1e-4, 3e-4]])

    def density(state: Any) -> float:
        ions = np.array([*state, sum(state)])
        return float(RT * (np.sum(ions * (np.log(ions) - 1)) + 0.5 * state @ b @ state))

    state, units = np.array([900.0, 400.0]), 2.0 * np.eye(2)
    mixing = MixtureMixing(b[0, 0], b[0, 1], b[1, 1])
    rows = mixing.slopes(*(ufl.as_ufl(float(c)) for c in state), TEMPERATURE)
    found = np.array([[float(without_variables(x)(())) for x in row] for row in rows])
    signs = [(s, t) for s in (1, -1) for t in (1, -1)]
    wanted = [[sum(s * t * density(state + s * u + t * v) for s, t in signs) / 16.0 for v in units] for u in units]
    assert found == pytest.approx(np.array(wanted), rel=1e-4)
    assert np.linalg.eigvalsh(found).min() > 0


def test_the_tangent_is_the_derivative() -> None:
    """All blocks of the Jacobian of a cell with drag and virial coefficients, against differences of residuals."""
    model = cell(DRAGGED, boxes=4)
    stage = stage_of(model, model.terminals["anode"])
    random = np.random.default_rng(5)
    state = stage.get_state()
    spread = np.concatenate(
        [np.full(f.owned, 0.02 if f.kind == "potential" else 0.1 * f.scale) for f in stage.fields]
        + [np.full(stage.number_rows, 0.02)]
    )
    state = state + spread * random.uniform(-1, 1, len(state))
    stage.set_state(state)
    state = stage.get_state()
    stage.assemble_jacobian()
    for k, item in enumerate(stage.fields):
        part = slice(int(stage.offsets[k]), int(stage.offsets[k + 1]))
        direction = np.zeros(int(stage.offsets[-1]))
        direction[part] = spread[part] * random.normal(size=item.owned)
        x, y = stage.matrix.createVecs()
        x.array_w[:] = direction
        stage.matrix.mult(x, y)
        whole = np.concatenate([direction, np.zeros(stage.number_rows)])
        both = []
        for sign in (1, -1):
            stage.set_state(state + sign * 1e-5 * whole)
            both.append(stage.residual()[: len(direction)])
        stage.set_state(state)
        slope = (both[0] - both[1]) / 2e-5
        for j in range(len(stage.fields)):
            rows = slice(int(stage.offsets[j]), int(stage.offsets[j + 1]))
            assert np.linalg.norm(np.array(y.array_r)[rows] - slope[rows]) < 1e-6 * np.linalg.norm(slope)
    assert {f.name for f in stage.fields} >= {"salt in e", "ionic liquid in e"}


# ------------------------------------------------------------------ steady states
@dataclass(frozen=True)
class Case:
    """A cell with an ideal mixture: length in m, salt and liquid in mol/m^3, D_Li in m^2/s, temperature in K."""

    length: float = LENGTH
    salt: float = 1000.0
    liquid: float = 600.0
    lithium: float = 2e-12
    temperature: float = TEMPERATURE

    @property
    def medium(self) -> TernaryElectrolyte:
        """With diffusivities of the others that a steady state does not know."""
        return replace(IDEAL, lithium=self.lithium, concentration=self.salt, liquid=self.liquid)

    def closed(self, current: float) -> Any:
        """Voltage and profiles."""
        return closed(current, self.lithium, self.length, self.salt, self.liquid, self.temperature)

    @property
    def limit(self) -> float:
        """Limiting current in A/m^2: c_X0 - Delta/2 = sqrt(K), Delta = i L / (2 F D_Li)."""
        middle = self.salt + self.liquid

        def left(fall: float) -> float:
            low, high = middle - fall / 2, middle + fall / 2
            return low - math.sqrt(self.liquid * fall / math.log(high / low))

        fall = brentq(left, 1e-6 * middle, 2 * middle * (1 - 1e-12), xtol=1e-12)
        return float(fall * 2 * FARADAY * self.lithium / self.length)

    def model(self, boxes: int) -> Any:
        """The cell."""
        return cell(self.medium, boxes, length=self.length, temperature=self.temperature)


CASES = {
    "thin": Case(),
    "much liquid": Case(8e-5, 700.0, 2500.0, 5e-12, 333.15),
    "little liquid": Case(3e-5, 1500.0, 100.0, 8e-13, 350.0),
}


def profile_errors(model: Any, case: Case, current: float) -> list[float]:
    """Relative errors in L2 of both concentrations."""
    x = (ufl.SpatialCoordinate(model.geometry.mesh)[0] - 1e-5) / case.length
    found = []
    fields = (model.transport.fields["e"], model.transport.liquids["e"])
    for item, exact in zip(fields, case.closed(current)[1:], strict=True):
        squares = [(item.function - exact(x)) ** 2, exact(x) ** 2]
        found.append([integrate(model, model.geometry.integral(s * model.one, "e", 8)) for s in squares])
    return [math.sqrt(a / b) for a, b in found]


@pytest.mark.parametrize(("name", "boxes"), [("thin", (4, 8, 16)), ("much liquid", (8, 16))])
def test_steady_state(name: str, boxes: tuple[int, ...]) -> None:
    """Profiles and voltage of the closed form on several meshes, with their orders."""
    case = CASES[name]
    current = 0.5 * case.limit
    voltage = case.closed(current)[0] + 2 * CONTACT * current
    errors: list[list[float]] = []
    for n in boxes:
        model = case.model(n)
        found = settled(model, current)
        errors.append([*profile_errors(model, case, current), abs(found / voltage - 1)])
    salt, liquid, voltages = zip(*errors, strict=True)
    require_order("voltage", [1 / n for n in boxes], voltages, 4.0, 0.15)
    for column in (salt, liquid, voltages):
        # profiles as flat as these gain up to one order
        assert 2.9 < observed_orders([1 / n for n in boxes], column)[-1] < 4.1, column
        assert column[-1] < 1e-6


@pytest.mark.parametrize("name", ["thin", "little liquid"])
def test_limiting_current(name: str) -> None:
    """What is left at the cathode falls to nothing at the closed limit; beyond it the salt runs out."""
    case = CASES[name]
    currents = np.array([0.97, 0.98, 1.02]) * case.limit
    empty = (Cutoff("lowest_concentration", "below", 1e-3 * case.salt),)
    steps = [Step.constant(str(k), "current", float(i), 1e4, empty) for k, i in enumerate(currents)]
    model = case.model(24)
    run = Transient(model, Protocol(tuple(steps)), "anode", 1.0, TimeSettings(1e-2))
    salt, left, times = model.transport.fields["e"].function.x.array, [], []
    for point in run.points():
        if point.ended:
            left.append(float(salt.min()))
            times.append(point.time)
    run.destroy()
    for current, found in zip(currents[:2], left[:2], strict=True):
        assert found == pytest.approx(case.closed(float(current))[1](1.0), rel=0.015)
    assert times[1] == pytest.approx(2e4)
    assert times[2] < 2.1e4
    assert left[2] == pytest.approx(1e-3 * case.salt, rel=1e-3)
    limit = currents[1] + (currents[1] - currents[0]) * left[1] / (left[0] - left[1])
    assert limit == pytest.approx(case.limit, rel=1.5e-3)


def test_no_liquid_is_the_limit_of_a_binary_electrolyte() -> None:
    """4 F D_Li c / L: the closed limit of a vanishing liquid is that of one salt with blocked anions."""
    case = Case(liquid=1e-6)
    assert case.limit == pytest.approx(4 * FARADAY * case.lithium * case.salt / case.length, rel=1e-4)
    assert CASES["thin"].limit == pytest.approx(10.015314, rel=1e-6)


def test_a_vanishing_liquid_leaves_a_binary_electrolyte() -> None:
    """With drag and a virial coefficient: conductivity, diffusivity, transference and factor of the salt by hand."""
    salt, anion, drag = DRAGGED.lithium, DRAGGED.anion, DRAGGED.lithium_anion

    def ions(c: Any) -> tuple[Any, Any, Any]:
        """L of lithium, of the anion, of both, over c / (R T)."""
        g = 1 / ((DRAGGED.solvent + 2 * c) * drag)
        own = 1 / salt + c * g, 1 / anion + c * g
        whole = own[0] * own[1] - (c * g) ** 2
        return own[1] / whole, own[0] / whole, c * g / whole

    def sum_of(c: Any) -> Any:
        a, b, both = ions(c)
        return a + b - 2 * both

    def transference(c: Any) -> Any:
        a, _, both = ions(c)
        return (a - both) / sum_of(c)

    def factor(c: Any) -> Any:
        return 1 + DRAGGED.virial_salt * c / 2

    def diffusivity(c: Any) -> Any:
        a, b, both = ions(c)
        return 2 * factor(c) * (a * b - both**2) / sum_of(c)

    binary = BinaryElectrolyte(lambda c: FARADAY**2 * c / RT * sum_of(c), diffusivity, transference, 1000.0, factor)
    runs = []
    step, settings = Step.constant("pass", "current", 6.0, 200.0), TimeSettings(1e9, 2, 20.0, 20.0)
    for medium in (replace(DRAGGED, liquid=1e-6), binary):
        model = cell(medium, boxes=6)
        runs.append([p.voltage for p in transient(model, step, settings)])
    assert len(runs[0]) == len(runs[1]) > 8
    assert runs[0] == pytest.approx(runs[1], rel=1e-7)
    assert runs[0][-1] > 1.5 * runs[0][1]


# ------------------------------------------------------------------ time, balances, ranks
def test_order_in_time() -> None:
    """Fixed steps through a ramp of the current: the error goes with the order of the formula."""
    step = Step.ramp("ramp", "current", (0.0, 8.0), 60.0)

    def end(steps: int, formula: int) -> float:
        length = 60.0 / steps
        return transient(cell(IDEAL, 2), step, TimeSettings(1e9, formula, length, length))[-1].voltage

    true = end(64, 3)
    for order in (1, 2):
        errors = [abs(end(n, order) - true) for n in (8, 16)]
        # the second order gains while the first step, of order one, is forgotten
        assert order - 0.2 < math.log2(errors[0] / errors[1]) < order + 0.6, errors


def lines(medium: TernaryElectrolyte, current: float, times: Sequence[float], cells: int) -> Any:
    """Voltage of the cell at some times by finite volumes in space and another integrator (method of lines).

    Fluxes are those of the Stefan-Maxwell equations between the middles of cells, potentials differ as logarithms do.
    """
    width = LENGTH / cells
    b = np.array([[medium.virial_salt, medium.virial_cross], [medium.virial_cross, medium.virial_liquid]])
    z = np.array([1.0, 1.0, -1.0])

    def between(state: Any) -> tuple[Any, Any]:
        """Electric field and fluxes (3) between the cells."""
        c = state.reshape(2, cells)
        mu = RT * (np.log(c) + np.log(c.sum(axis=0)) + b @ c)
        first, second = -np.diff(mu, axis=1) / width
        field, flux = np.empty(cells - 1), np.empty((3, cells - 1))
        for k, here in enumerate(0.5 * (c[:, 1:] + c[:, :-1]).T):
            ions = np.diag([*here, here.sum()])
            mobile = ions @ np.linalg.inv(frictions(medium, tuple(here))) @ ions
            salts = np.array([0.0, second[k] - first[k], first[k]])
            field[k] = (current / FARADAY - z @ mobile @ salts) / (FARADAY * z @ mobile @ z)
            flux[:, k] = mobile @ (FARADAY * field[k] * z + salts)
        return field, flux

    def rate(_: float, state: Any) -> Any:
        _, cation, anion = between(state)[1]
        return np.concatenate([-np.diff(n, prepend=0.0, append=0.0) / width for n in (anion - cation, cation)])

    def voltage(state: Any) -> float:
        field, _ = between(state)
        c = state.reshape(2, cells)
        total = width * field.sum()
        for near, beyond, inner in ((c[:, 0], c[:, 1], field[0]), (c[:, -1], c[:, -2], field[-1])):
            end = 1.5 * near - 0.5 * beyond  # where lithium alone moves
            wall = current / FARADAY**2 * frictions(medium, tuple(end))[0, 0] / end[0] ** 2
            total += 0.5 * width * (0.75 * wall + 0.25 * inner)
        return float(total + 2 * CONTACT * current)

    start = np.repeat([medium.concentration, medium.liquid], cells)
    pattern = np.kron(np.ones((2, 2)), np.eye(cells) + np.eye(cells, k=1) + np.eye(cells, k=-1))
    found = solve_ivp(
        rate, (0.0, times[-1]), start, "BDF", times, rtol=1e-6, atol=1e-4, jac_sparsity=csr_matrix(pattern)
    )
    return np.array([voltage(y) for y in found.y.T])


def test_drag_and_virials_against_finite_volumes() -> None:
    """A transient with all drags and virial coefficients: the voltage of an independent discretisation."""
    times, current = (20.0, 60.0, 200.0), 5.0
    coarse, fine = (lines(DRAGGED, current, times, n) for n in (16, 32))
    expected = fine + (fine - coarse) / 3
    lengths = np.diff([0.0, *times])
    steps = [Step.constant(str(k), "current", current, float(x)) for k, x in enumerate(lengths)]
    points = transient(cell(DRAGGED, 8), steps, TimeSettings(1e-4))
    found = [p.voltage for p in points if p.ended]
    assert found == pytest.approx(expected, rel=2e-4)
    assert found[2] > 1.2 * found[0]


@pytest.mark.mpi
def test_ranks_change_nothing() -> None:
    """Voltages, amounts and balances of every step of a transient in 2-D, alone and on all ranks."""
    step, settings = Step.constant("pass", "current", 7.0, 60.0), TimeSettings(1e9, 2, 15.0, 15.0)

    def history(comm: Any) -> list[float]:
        model = cell(IDEAL, 3, "2", comm=comm)
        values = [p.voltage for p in transient(model, step, settings, "2")]
        assert model.transport is not None

        class Stages:
            stages = [stage_of(model, model.terminals["anode"])]  # noqa: RUF012

        assembly = Assembly(model, Stages(), AREA["2"])  # type: ignore[arg-type]
        for kind in ("fields", "liquids"):
            item = getattr(model.transport, kind)["e"]
            held = assembly.in_layer(item.function, "e", (kind,)) / (AREA["2"] * LENGTH)
            assert held == pytest.approx(1000.0 if kind == "fields" else 600.0, rel=1e-12)
            values.append(assembly.in_layer(item.function**2, "e", (kind, "squared")))
        names = {item.name: abs(item.residual / item.scale) for item in rate_balances(assembly, 15.0, AREA["2"])}
        assert {"rate of salt in e", "rate of ionic liquid in e"} <= names.keys()
        assert max(names.values()) < 1e-8
        return values

    found = history(MPI.COMM_WORLD)
    if MPI.COMM_WORLD.size > 1:
        assert found == pytest.approx(alone(lambda: history(MPI.COMM_SELF)), rel=1e-9)
