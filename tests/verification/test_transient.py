"""Cells in time: salt in a binary electrolyte, lithium in a host, amounts, cut-offs, restarts."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import ufl
from dolfinx import fem
from mpi4py import MPI
from support.cells import AREA, planar_cell
from support.ranks import alone, several

from fem.conditions import Terminal
from fem.constants import FARADAY, GAS
from fem.dissipation.conduction import Conduction, Equipotential
from fem.dissipation.electrolyte import BinaryElectrolyte
from fem.dissipation.intercalation import Intercalation
from fem.errors import ConvergenceError
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.exchange import InsertionKinetics
from fem.interface.kinetics import ButlerVolmer, LinearKinetics
from fem.model import Domain, Model
from fem.protocol import Cutoff, Protocol, Step
from fem.solve.flow import Flow
from fem.solve.transient import Point, Position, TimeSettings, Transient

METAL = Domain((Equipotential(),))
TEMPERATURE = 298.15
LENGTH, START = 5e-5, 1000.0


def electrolyte(diffusivity: float, transference: float) -> BinaryElectrolyte:
    """A dilute solution: its conductivity follows from the diffusivities of its ions (Nernst-Einstein)."""
    cations, anions = diffusivity / (2 * (1 - transference)), diffusivity / (2 * transference)

    def conductivity(c: Any) -> Any:
        return FARADAY**2 * c * (cations + anions) / (GAS * TEMPERATURE)

    return BinaryElectrolyte(conductivity, diffusivity, transference, START)


def salt_cell(medium: BinaryElectrolyte, dimension: str = "1", boxes: int = 8, comm: Any = MPI.COMM_SELF) -> Model:
    """Lithium on both sides of a binary electrolyte, with kinetics that hardly resist."""
    fast = LinearKinetics(1e-9)
    return planar_cell(
        dimension,
        [("a", 1e-5), ("e", LENGTH), ("c", 1e-5)],
        {"a": METAL, "e": Domain((medium,)), "c": METAL},
        {"a|e": [ChargeTransfer("a", fast)], "e|c": [ChargeTransfer("c", fast)]},
        [Terminal("anode", "a", current=0.0), Terminal("cathode", "c", potential=0.0)],
        comm=comm,
        boxes=boxes,
    )


def amount(model: Model, layer: str, dimension: str = "1") -> float:
    """mol/m^2 in a layer."""
    assert model.transport is not None
    density = model.transport.concentration(layer) * model.one
    form = model.geometry.entity_maps().form(model.geometry.integral(density, layer))
    return float(model.geometry.comm.allreduce(fem.assemble_scalar(form))) / AREA[dimension]


def extremes(model: Model, layer: str) -> tuple[float, float]:
    """Lowest and highest concentration."""
    assert model.transport is not None
    c = model.transport.fields[layer]
    own = c.function.x.array[: c.owned]
    comm = model.geometry.comm
    low = comm.allreduce(float(own.min(initial=math.inf)), op=MPI.MIN)
    return float(low), float(comm.allreduce(float(own.max(initial=-math.inf)), op=MPI.MAX))


def history(run: Transient) -> list[Point]:
    """All points of a run."""
    return list(run.points())


@pytest.mark.parametrize(("diffusivity", "transference", "share"), [(5e-12, 0.2, 10 / 24.1213), (2e-11, 0.45, 0.9)])
def test_steady_profile_and_voltage_of_a_salt(diffusivity: float, transference: float, share: float) -> None:
    """B2.1 and B2.2: linear profile c0 (1 +- i/i_lim), voltage (2RT/F) ln(c_a/c_c) without resistance of kinetics."""
    limit = 2 * FARADAY * diffusivity * START / ((1 - transference) * LENGTH)
    expected = 2 * GAS * TEMPERATURE / FARADAY * math.log((1 + share) / (1 - share)) + 2e-9 * share * limit
    step = Step.constant("pulse", "current", share * limit, 40 * LENGTH**2 / (math.pi**2 * diffusivity))
    errors = []
    for boxes in (8, 16, 32):
        model = salt_cell(electrolyte(diffusivity, transference), boxes=boxes)
        run = Transient(model, Protocol((step,)), "anode", 1.0)
        errors.append(abs(history(run)[-1].voltage / expected - 1))
        low, high = extremes(model, "e")
        assert low == pytest.approx(START * (1 - share), rel=1e-7)
        assert high == pytest.approx(START * (1 + share), rel=1e-7)
        assert amount(model, "e") == pytest.approx(START * LENGTH, rel=1e-12)
        run.destroy()
    assert math.log2(errors[0] / errors[2]) / 2 > 3
    assert errors[2] < 5e-5


def test_salt_relaxes_with_its_time_constant() -> None:
    """B2.5: after a current the slowest mode decays with L^2 / (pi^2 D)."""
    diffusivity = 5e-12
    model = salt_cell(electrolyte(diffusivity, 0.2))
    tau = LENGTH**2 / (math.pi**2 * diffusivity)
    assert tau == pytest.approx(50.66, rel=1e-4)
    steps = (Step.constant("pulse", "current", 10.0, 20 * tau), Step.constant("rest", "current", 0.0, 4 * tau))
    times, spreads = [], []
    run = Transient(model, Protocol(steps), "anode", 1.0, TimeSettings(tolerance=1e-6))
    for point in run.points():
        if point.name == "rest" and point.since > tau:
            low, high = extremes(model, "e")
            times.append(point.since)
            spreads.append(math.log(high - low))
    slope = np.polyfit(times, spreads, 1)[0]
    assert -1 / slope == pytest.approx(tau, rel=2e-3)
    run.destroy()


def open_circuit(x: Any) -> Any:
    """A smooth, falling curve in V."""
    return 4.2 - 0.6 * x + 0.05 * ufl.exp(-20 * x) - 0.1 * ufl.exp(20 * (x - 1))


HOST = Intercalation(open_circuit, 5e4, 1e-14, 0.5)
THICKNESS = 5e-6
ONE_HOUR = 5e4 * THICKNESS * FARADAY / 3600


def half_cell(dimension: str = "1", boxes: int = 10, comm: Any = MPI.COMM_SELF, capacitance: float = 0.0) -> Model:
    """Lithium, a ceramic, and a dense film of a host."""
    cathode = ChargeTransfer("c", InsertionKinetics(1e-10, 1000.0), double_layer_capacitance=capacitance)
    return planar_cell(
        dimension,
        [("a", 1e-5), ("e", 2e-5), ("c", THICKNESS)],
        {"a": METAL, "e": Domain((Conduction("ionic", 0.05),)), "c": Domain((Equipotential(),), host=HOST)},
        {"a|e": [ChargeTransfer("a", ButlerVolmer(100.0))], "e|c": [cathode]},
        [Terminal("cathode", "c", current=0.0), Terminal("anode", "a", potential=0.0)],
        comm=comm,
        boxes=boxes,
    )


CHARGE = (
    Step.constant("charge", "current", ONE_HOUR, 3600.0, [Cutoff("voltage", "above", 4.05)]),
    Step.constant("hold", "voltage", 4.05, 3600.0, [Cutoff("current", "below", 0.1 * ONE_HOUR)]),
    Step.constant("rest", "current", 0.0, 500.0),
    Step.constant("discharge", "current", -ONE_HOUR, 3600.0, [Cutoff("voltage", "below", 3.7)]),
)


def test_lithium_is_conserved_and_cutoffs_are_met() -> None:
    """What leaves the host is the charge, to 1e-10, through currents, voltages and rests; cut-offs to 1e-6."""
    model = half_cell()
    run = Transient(model, Protocol(CHARGE), "cathode", 1.0)
    first = amount(model, "c")
    ends = {}
    for point in run.points():
        assert abs((amount(model, "c") - first) * FARADAY + point.charge) < 1e-10 * first * FARADAY
        if point.ended:
            ends[point.name] = point
    assert ends["charge"].voltage == pytest.approx(4.05, abs=1e-6)
    assert ends["charge"].since < 3600.0
    assert ends["hold"].current == pytest.approx(0.1 * ONE_HOUR, rel=1e-5)
    assert ends["rest"].since == 500.0
    assert ends["discharge"].voltage == pytest.approx(3.7, abs=1e-6)
    assert ends["discharge"].ended == "voltage below 3.7"
    run.destroy()


def test_film_of_a_host_at_constant_current() -> None:
    """Quasi-steady profile of a plane host: c(surface) - mean = J L / (3 D), c(back) - mean = -J L / (6 D)."""
    model = half_cell(boxes=6)
    current = 0.05 * ONE_HOUR
    run = Transient(
        model, Protocol((Step.constant("slow", "current", current, 3600.0),)), "cathode", 1.0, TimeSettings(1e-6)
    )
    history(run)
    mean = amount(model, "c") / THICKNESS
    low, high = extremes(model, "c")
    span = current / FARADAY * THICKNESS / 1e-14
    assert mean - low == pytest.approx(span / 3, rel=1e-4)
    assert high - mean == pytest.approx(span / 6, rel=1e-4)
    run.destroy()


def test_error_in_time_follows_the_tolerance() -> None:
    """Pulses and rests at three tolerances alone: each tenth of it takes at least three fifths off the error."""
    pulse = Step.constant("charge", "current", ONE_HOUR, 60.0), Step.constant("rest", "current", 0.0, 30.0)

    def voltages(tolerance: float) -> np.ndarray[Any, Any]:
        settings = TimeSettings(tolerance=tolerance, largest_step=60.0)
        run = Transient(half_cell(), Protocol(pulse * 2), "cathode", 1.0, settings)
        found = np.array([p.voltage for p in history(run) if p.ended])
        run.destroy()
        return found

    true = voltages(1e-8)
    errors = [float(np.abs(voltages(t) - true).max()) for t in (1e-4, 1e-5, 1e-6)]
    assert errors[1] < 0.4 * errors[0]
    assert errors[2] < 0.4 * errors[1]
    assert errors[2] < 2e-6


def test_a_failed_linear_solve_cuts_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no converged Newton step of length zero; residuals are not measured against currents of wild iterates."""
    pulse = Step.constant("charge", "current", ONE_HOUR, 60.0), Step.constant("rest", "current", 0.0, 30.0)

    def ends() -> tuple[np.ndarray[Any, Any], Transient]:
        run = Transient(half_cell(), Protocol(pulse), "cathode", 1.0, TimeSettings(tolerance=1e-3))
        found = np.array([p.voltage for p in history(run) if p.ended])
        assert run.flow.reference == pytest.approx(ONE_HOUR, rel=1e-6)
        run.destroy()
        return found, run

    true, _ = ends()
    solve, calls = Flow.solve, itertools.count()

    def sometimes(flow: Flow, rhs: Any) -> Any:
        if next(calls) in (9, 60, 61, 90):
            raise ConvergenceError("no solution")
        return solve(flow, rhs)

    monkeypatch.setattr(Flow, "solve", sometimes)
    found, run = ends()
    assert run.report.failed > 0
    assert np.abs(found - true).max() < 1e-6


def test_a_restored_run_goes_on_like_the_first() -> None:
    """State and position between two legs are all that a run needs."""
    settings = TimeSettings(leg=25)
    kept: list[tuple[Position, dict[str, Any], dict[str, float]]] = []
    model = half_cell(capacitance=0.2)

    def keep(position: Position) -> None:
        fields = {f.name: f.function.x.array.copy() for f in model.fields}
        kept.append((replace(position), fields, {n.name: n.value for n in model.numbers}))

    whole = history(run := Transient(model, Protocol(CHARGE), "cathode", 1.0, settings, boundary=keep))
    run.destroy()
    assert len(kept) > 6
    for position, fields, numbers in kept[1:-1:3]:
        other = half_cell(capacitance=0.2)
        for f in other.fields:
            f.function.x.array[:] = fields[f.name]
        for n in other.numbers:
            n.value = numbers[n.name]
        again = Transient(other, Protocol(CHARGE), "cathode", 1.0, settings)
        again.restore(position)
        rest = history(again)
        again.destroy()
        for a, b in zip(rest, whole[-len(rest) :], strict=True):
            assert a.time == pytest.approx(b.time, rel=1e-10)
            assert a.voltage == pytest.approx(b.voltage, rel=1e-10)
            assert a.charge == pytest.approx(b.charge, rel=1e-9)


def test_double_layer_charges_through_the_resistance() -> None:
    """A capacitance beside linear kinetics: the overpotential rises with R C, and the charge on it is C eta."""
    resistance, capacitance, current = 2e-2, 0.5, 3.0
    law = ChargeTransfer("a", LinearKinetics(resistance), double_layer_capacitance=capacitance)
    model = planar_cell(
        "1",
        [("a", 1e-5), ("e", 2e-5), ("c", 1e-5)],
        {"a": METAL, "e": Domain((Conduction("ionic", 0.05),)), "c": METAL},
        {"a|e": [law], "e|c": [ChargeTransfer("c", None)]},
        [Terminal("anode", "a", current=0.0), Terminal("cathode", "c", potential=0.0)],
    )
    tau = resistance * capacitance
    run = Transient(
        model, Protocol((Step.constant("step", "current", current, 5 * tau),)), "anode", 1.0, TimeSettings(1e-7)
    )
    for point in run.points():
        bulk = current * 2e-5 / 0.05
        expected = bulk + current * resistance * (1 - math.exp(-point.since / tau))
        assert point.voltage == pytest.approx(expected, rel=2e-5)
    run.destroy()


@pytest.mark.mpi
@several
@pytest.mark.parametrize("dimension", ["2"])
def test_ranks_change_nothing(dimension: str) -> None:
    """The same times, voltages and amounts on any number of ranks, also where one rank has none of the host."""
    steps = Protocol(
        (
            Step.constant("charge", "current", ONE_HOUR, 400.0, [Cutoff("voltage", "above", 4.0)]),
            Step.constant("hold", "voltage", 4.0, 100.0),
        )
    )

    def found(comm: Any) -> tuple[list[tuple[float, float]], float]:
        model = half_cell(dimension, 3, comm, 0.1)
        run = Transient(model, steps, "cathode", AREA[dimension])
        points = [(p.time, p.voltage) for p in history(run)]
        result = points, amount(model, "c", dimension)
        run.destroy()
        return result

    (many, total), (one, of_one) = found(MPI.COMM_WORLD), alone(lambda: found(MPI.COMM_SELF))
    assert len(many) == len(one)
    for a, b in zip(many, one, strict=True):
        assert a == pytest.approx(b, rel=1e-8)
    assert total == pytest.approx(of_one, rel=1e-10)
