"""Order in time, balances of every step, ions between two electrolytes, coatings: transients against closed forms."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from scipy.optimize import brentq
from support.cells import AREA, planar_cell

from fem.conditions import Terminal
from fem.constants import FARADAY, GAS
from fem.dissipation.conduction import Conduction, Equipotential
from fem.dissipation.electrolyte import BinaryElectrolyte
from fem.dissipation.intercalation import Intercalation
from fem.errors import ModelError
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.exchange import InsertionKinetics, PlatingKinetics
from fem.interface.interphase import Interphase, InterphaseLayer
from fem.interface.kinetics import ButlerVolmer, LinearKinetics
from fem.model import Domain, Model
from fem.observe.assembly import Assembly
from fem.observe.rates import rate_balances
from fem.protocol import Protocol, Step
from fem.solve.transient import TimeSettings, Transient

METAL = Domain((Equipotential(),))
TEMPERATURE, START = 298.15, 1000.0
THERMAL = GAS * TEMPERATURE / FARADAY


def dilute(diffusivity: float, transference: float) -> BinaryElectrolyte:
    """Conductivity by Nernst and Einstein."""
    both = diffusivity / (2 * transference * (1 - transference))
    return BinaryElectrolyte(lambda c: FARADAY / THERMAL * c * both, diffusivity, transference, START)


def half_cell(
    dimension: str = "1", boxes: int = 6, film: float = 0.0, comm: Any = MPI.COMM_SELF, permittivity: float = 0.0
) -> Model:
    """Lithium, an electrolyte with salt, and a host that gives lithium through a double layer."""
    host = Intercalation(lambda x: 4.1 - 0.6 * x, 5e4, lambda x: 1e-14 * (0.5 + x), 0.5)
    insertion: Any = InsertionKinetics(1e-10)
    plating: Any = PlatingKinetics(30.0, START)
    cathode = ChargeTransfer(
        "c", insertion, film_resistance=film, double_layer_capacitance=0.4, film_capacitance=0.1 if film else 0.0
    )
    return planar_cell(
        dimension,
        [("a", 1e-5), ("e", 3e-5), ("c", 3e-6)],
        {
            "a": METAL,
            "e": Domain((dilute(2e-11, 0.3),), permittivity=permittivity),
            "c": Domain((Equipotential(),), host=host),
        },
        {"a|e": [ChargeTransfer("a", plating)], "e|c": [cathode]},
        [Terminal("cathode", "c", current=0.0), Terminal("anode", "a", potential=0.0)],
        comm=comm,
        boxes=boxes,
    )


@pytest.mark.parametrize("order", [1, 2])
def test_order_in_time(order: int) -> None:
    """Fixed steps through a ramp of the current: the error goes with the order of the formula."""
    step = Step.ramp("ramp", "current", (0.0, 15.0), 40.0)

    def end(steps: int, formula: int, tolerance: float) -> float:
        length = 40.0 / steps
        settings = TimeSettings(tolerance, formula, initial_step=length, largest_step=length)
        run = Transient(half_cell(boxes=3), Protocol((step,)), "cathode", 1.0, settings)
        voltage = list(run.points())[-1].voltage
        run.destroy()
        return voltage

    true = end(120, 3, 1e9)
    errors = [abs(end(n, order, 1e9) - true) for n in (10, 20, 40)]
    observed = [math.log2(a / b) for a, b in pairwise(errors)]
    assert observed[-1] == pytest.approx(order, abs=0.25), (observed, errors)


@pytest.mark.mpi
@pytest.mark.parametrize(("dimension", "film"), [("1", 2e-3), ("2", 0.0)])
def test_every_step_balances(dimension: str, film: float) -> None:
    """Salt, lithium, and the charge through every interface, at every accepted step, with all that is stored."""
    comm = MPI.COMM_WORLD if dimension == "2" else MPI.COMM_SELF
    model = half_cell(dimension, 3, film, comm)
    run = Transient(
        model,
        Protocol((Step.constant("charge", "current", 10.0, 20.0), Step.constant("hold", "voltage", 3.9, 20.0))),
        "cathode",
        AREA[dimension],
        TimeSettings(1e-3),
    )

    class Stages:
        stages = [run.stage]  # noqa: RUF012

    assembly = Assembly(model, Stages(), AREA[dimension])  # type: ignore[arg-type]
    names: set[str] = set()
    for point in run.points():
        if point.length == 0.0:
            continue
        assembly.renew()
        for item in rate_balances(assembly, point.length, AREA[dimension]):
            names.add(item.name)
            assert abs(item.residual) < 1e-8 * item.scale, (item, point)
    assert names == {"rate of salt in e", "rate of lithium in c", "charge at a|e", "charge at e|c"}
    run.destroy()


@pytest.mark.slow
def test_three_dimensions_are_as_one() -> None:
    """A pulse in 3-D gives the voltages of 1-D, with a film, capacitances and a displacement current."""
    found = []
    for dimension in ("1", "3"):
        model = half_cell(dimension, 3, 2e-3, permittivity=0.5)
        settings = TimeSettings(1e9, initial_step=200.0, largest_step=200.0)
        step = Step.constant("charge", "current", 2.0, 600.0)
        run = Transient(model, Protocol((step,)), "cathode", AREA[dimension], settings)
        found.append([p.voltage for p in run.points() if p.length])
        run.destroy()
    assert found[1] == pytest.approx(found[0], abs=1e-5)


def transfer_cell(donnan: float, exchange: float, anodic: float, below: str) -> Model:
    """Lithium, two electrolytes, lithium: ions pass between a polymer with salt and a ceramic, `below` the first."""
    plating: Any = PlatingKinetics(exchange, START, anodic, 1 - anodic)
    fast = LinearKinetics(1e-9)
    both = {"p": (Domain((dilute(5e-12, 0.2),)), 5e-5), "s": (Domain((Conduction("ionic", 0.05),)), 2e-5)}
    above = "s" if below == "p" else "p"
    between = ChargeTransfer(below, plating, donnan, electrode_carrier="ionic")
    return planar_cell(
        "1",
        [("a", 1e-5), (below, both[below][1]), (above, both[above][1]), ("c", 1e-5)],
        {"a": METAL, **{name: domain for name, (domain, _) in both.items()}, "c": METAL},
        {
            f"a|{below}": [ChargeTransfer("a", fast)],
            f"{below}|{above}": [between],
            f"{above}|c": [ChargeTransfer("c", fast)],
        },
        [Terminal("anode", "a", current=0.0), Terminal("cathode", "c", potential=0.0)],
        boxes=16,
    )


@pytest.mark.parametrize(
    ("donnan", "exchange", "current", "anodic", "below"),
    [(0.05, 8.0, 10.0, 0.5, "p"), (-0.02, 2.0, -6.0, 0.5, "p"), (0.0, 5.0, 8.0, 0.7, "p"), (0.0, 5.0, 8.0, 0.7, "s")],
)
def test_ions_between_two_electrolytes(
    donnan: float, exchange: float, current: float, anodic: float, below: str
) -> None:
    """At rest the Donnan potential; in the steady state salt stays in the polymer and each part drops what it must.

    The exchange current goes with the coefficient of the direction in which ions enter the salt.
    """
    model = transfer_cell(donnan, exchange, anodic, below)
    tau = (5e-5) ** 2 / (math.pi**2 * 5e-12)
    steps = Step.constant("rest", "current", 0.0, 1.0), Step.constant("pass", "current", current, 30 * tau)
    run = Transient(model, Protocol(steps), "anode", 1.0)
    found = {p.name: p.voltage for p in run.points() if p.ended}
    assert found["rest"] == pytest.approx(donnan, abs=1e-9)
    share = current / (2 * FARADAY * 5e-12 * START / (0.8 * 5e-5))
    left, right = START * (1 + share), START * (1 - share)
    beside, into = (right, 1 - anodic) if below == "p" else (left, anodic)
    exchange *= (beside / START) ** into

    def balance(eta: float) -> float:
        return exchange * (math.exp(anodic * eta / THERMAL) - math.exp(-(1 - anodic) * eta / THERMAL)) - current

    kinetic = brentq(balance, -1.0, 1.0, xtol=1e-14)
    expected = 2 * THERMAL * math.log(left / right) + donnan + kinetic + current * (2e-5 / 0.05 + 2e-9)
    assert found["pass"] == pytest.approx(expected, abs=2e-6)
    run.destroy()


def two_polymers(first: BinaryElectrolyte, second: BinaryElectrolyte, laws: list[Any]) -> Model:
    """Lithium, two electrolytes with salt, lithium."""
    fast = LinearKinetics(1e-9)
    return planar_cell(
        "1",
        [("a", 1e-5), ("p", 3e-5), ("q", 2e-5), ("c", 1e-5)],
        {"a": METAL, "p": Domain((first,)), "q": Domain((second,)), "c": METAL},
        {"a|p": [ChargeTransfer("a", fast)], "p|q": laws, "q|c": [ChargeTransfer("c", fast)]},
        [Terminal("anode", "a", current=0.0), Terminal("cathode", "c", potential=0.0)],
    )


def test_salt_of_two_electrolytes_that_touch() -> None:
    """The same electrolyte is one; kinetics between the two keep the salt apart; different ones have to say."""
    medium = BinaryElectrolyte(0.1, 5e-12, 0.2, START)
    law = ChargeTransfer("p", LinearKinetics(1e-3), electrode_carrier="ionic")
    joined, apart = two_polymers(medium, medium, []), two_polymers(medium, medium, [law])
    assert joined.transport is not None
    assert apart.transport is not None
    assert joined.transport.fields["p"] is joined.transport.fields["q"]
    assert apart.transport.fields["p"] is not apart.transport.fields["q"]
    with pytest.raises(ModelError, match=r"'p\|q'.*salts of 'p' and 'q' differ"):
        two_polymers(medium, replace(medium, concentration=500.0), [])


MOLAR, REDUCTION = 2.4e-5, 1.7


def grown(layers: tuple[InterphaseLayer, ...], reaction: float | None, duration: float) -> tuple[float, float]:
    """Thickness (m) at the end of a rest, and the resistance (ohm m^2) that the interphase then opposes."""
    interphase = Interphase(layers, reduction=REDUCTION, reaction_current=reaction)
    model = planar_cell(
        "1",
        [("a", 1e-5), ("e", 5e-5), ("c", 1e-5)],
        {"a": METAL, "e": Domain((Conduction("ionic", 0.2),)), "c": METAL},
        {
            "a|e": [ChargeTransfer("a", ButlerVolmer(10.0), interphase=interphase)],
            "e|c": [ChargeTransfer("c", ButlerVolmer(10.0))],
        },
        [Terminal("anode", "a", current=0.0), Terminal("cathode", "c", potential=0.0)],
    )
    rest = Step.constant("rest", "current", 0.0, duration, initial_step=1e-6 * duration)
    probe = Step.constant("probe", "current", 1e-4, 1e-6 * duration)
    run = Transient(model, Protocol((rest, probe)), "anode", 1.0, TimeSettings(1e-5))
    last = list(run.points())[-1]
    (handle,) = model.thickness["a|e"].values()
    thickness = float(handle.carrier.value)  # type: ignore[union-attr]
    run.destroy()
    return thickness, last.voltage / last.current - 5e-5 / 0.2 - 2 * THERMAL / 10.0


def coated(thickness: float) -> float:
    """Resistance of coating and products after a time, ohm m^2: 0.1 ohm m^2 without coating, d0 = 1 nm."""
    reaction = 1e-3
    products = InterphaseLayer("products", 1e-6, 1.0, 1e-11, MOLAR, 1.0)
    electrons = 1e-9 * reaction / REDUCTION
    coating = InterphaseLayer("coating", 1e-4, electrons, thickness)
    duration = 0.1 * 1e-6 * FARADAY / (MOLAR * reaction)
    # what lies there at the beginning opposes a current, too
    return grown((products, coating), reaction, duration)[1] - products.thickness / 1e-6


def test_best_thickness_of_a_coating() -> None:
    """B9.4: R = d/s + R0/(1 + d/d0), d* = sqrt(R0 d0 s) - d0 = 99 nm and 19.9 ohm cm^2."""
    best = math.sqrt(0.1 * 1e-9 * 1e-4) - 1e-9
    assert best == pytest.approx(99e-9, rel=1e-9)
    around = np.array([0.8, 1.0, 1.25]) * best
    found = np.array([coated(d) for d in around])
    for d, value in zip(around, found, strict=True):
        assert value == pytest.approx(d / 1e-4 + 0.1 / (1 + d / 1e-9), rel=2e-3)
    assert found[1] == pytest.approx(19.9e-4, rel=2e-3)
    bend = np.polyfit(np.log(around), found, 2)
    assert math.exp(-bend[1] / (2 * bend[0])) == pytest.approx(best, rel=0.02)


@pytest.mark.parametrize("number", [0.1, 1e-3])
def test_growth_is_the_limit_of_a_slow_front(number: float) -> None:
    """B9.3: the layer stores nothing that moves, so that it grows like Stefan's front for a small Stefan number.

    L = 2 l sqrt(a t) with sqrt(pi) l exp(l^2) erf(l) = St; a quasi-steady layer has l = sqrt(St / 2), more by St/6.
    """
    front = brentq(lambda x: math.sqrt(math.pi) * x * math.exp(x * x) * math.erf(x) - number, 1e-6, 2.0, xtol=1e-14)
    if number == 0.1:
        assert front == pytest.approx(0.220016, abs=1e-6)
    products = InterphaseLayer("products", 1e-3, 1e-9, 1e-11, MOLAR, 1.0)
    rate = products.ambipolar(TEMPERATURE) * REDUCTION * MOLAR / FARADAY
    spread, duration = rate / number, 1e5
    thickness, _ = grown((products,), None, duration)
    measured = thickness / (2 * math.sqrt(spread * duration))
    assert measured == pytest.approx(front * (1 + number / 6), rel=2e-3)
