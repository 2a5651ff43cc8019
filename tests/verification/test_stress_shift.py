"""The shift of the equilibrium potential and of the rates by stress, through coupled solves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.cells import AREA, DIMENSIONS, overpotential, planar_cell, solve
from support.layered import AXES

from fem.conditions import Pressure, Roller, Terminal
from fem.constants import FARADAY
from fem.dissipation.conduction import Conduction, Equipotential
from fem.energy.elastic import Elastic
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.kinetics import ButlerVolmer, LinearKinetics
from fem.model import Domain, Model
from fem.protocol import Course, Protocol, Step
from fem.solve.transient import TimeSettings, Transient

LITHIUM = 13.0e-6
SOFT, STIFF = Elastic(7.8e9, 0.38), Elastic(1.5e11, 0.26)
LAYERS = [("a", 1e-5), ("e", 2e-5), ("c", 1e-5)]
WALLS = {"1": (), "2": ("left", "right"), "axisymmetric": ("left", "right"), "3": ("left", "right", "front", "back")}


def walls(dimension: str) -> list[Any]:
    """Rollers on the bottom and on all lateral sides."""
    lateral = [Roller(side, 1 if side in ("front", "back") else 0) for side in WALLS[dimension]]
    return [Roller("bottom", AXES[dimension] - 1), *lateral]


def pressed_cell(
    dimension: str, laws: tuple[Any, Any], loads: list[Any], current: float, swelling: float = 0.0
) -> Model:
    """Soft electrodes around a stiff electrolyte (which may swell) between smooth walls."""
    filling = Elastic(STIFF.young_modulus, STIFF.poisson_ratio, swelling)
    return planar_cell(
        dimension,
        LAYERS,
        {
            "a": Domain((Equipotential(),), (SOFT,)),
            "e": Domain((Conduction("ionic", 0.05),), (filling,)),
            "c": Domain((Equipotential(),), (SOFT,)),
        },
        {"a|e": [laws[0]], "e|c": [laws[1]]},
        [Terminal("a", "a", current=current), Terminal("c", "c", potential=0.0), *walls(dimension), *loads],
    )


@pytest.mark.parametrize(("largest", "felt"), [(30e6, 30e6), (200e6, 100e6)])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_beyond_the_largest_pressure_the_shift_grows_no_further(sign: float, largest: float, felt: float) -> None:
    law = ChargeTransfer("a", ButlerVolmer(10.0), 0.0, 0.0, 1.0, LITHIUM, largest_pressure=largest)
    model = pressed_cell("1", (law, ChargeTransfer("c", ButlerVolmer(4.0))), [Pressure("top", sign * 100e6)], 0.0)
    solve(model)
    assert model.terminals["a"].value == pytest.approx(-sign * LITHIUM * felt / FARADAY, rel=1e-8)


@pytest.mark.parametrize("pressure", [1e6, 12e6, 100e6])
@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_open_circuit_voltage_under_pressure(dimension: str, pressure: float) -> None:
    """-Omega p / F of an electrode whose metal has a volume against one whose metal has none."""
    kinetics = ButlerVolmer(10.0, 0.3, 0.8, mechanical=0.9)
    laws = ChargeTransfer("a", kinetics, 0.0, 0.0, 1.0, LITHIUM), ChargeTransfer("c", ButlerVolmer(4.0))
    model = pressed_cell(dimension, laws, [Pressure("top", pressure)], 0.0)
    solve(model)
    known = {1e6: 0.1347e-3, 12e6: 1.617e-3, 100e6: 13.474e-3}[pressure]
    shift = LITHIUM * pressure / FARADAY
    assert shift == pytest.approx(known, rel=5e-4)
    assert model.terminals["a"].value == pytest.approx(-shift, rel=1e-8)


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_swelling_between_fixed_walls(dimension: str) -> None:
    """An electrolyte that swells in a fixed gap presses on both electrodes; only unequal volumes make a voltage."""
    swelling, volumes = 1.5e-3, (LITHIUM, -4.0e-6)
    kinetics = ButlerVolmer(7.0)
    laws = tuple(ChargeTransfer(n, kinetics, 0.0, 3e-4, 0.8, v) for n, v in zip("ac", volumes, strict=True))
    gap = [Roller("top", AXES[dimension] - 1)]
    model = pressed_cell(dimension, (laws[0], laws[1]), gap, 0.0, swelling)
    solve(model)
    # uniaxial strain of every layer: p t / M sums to the swelling of the electrolyte, (1 + nu) / (1 - nu) e t
    pressing = sum(t / uniaxial_modulus(STIFF if n == "e" else SOFT) for n, t in LAYERS)
    nu = STIFF.poisson_ratio
    pressure = swelling * (1 + nu) / (1 - nu) * LAYERS[1][1] / pressing
    expected = -(volumes[0] - volumes[1]) * pressure / FARADAY
    assert abs(expected) > 1e-3
    assert model.terminals["a"].value == pytest.approx(expected, rel=1e-8)


def uniaxial_modulus(material: Elastic) -> float:
    """Stiffness without lateral strain, Pa."""
    lam, mu = material.lame
    return lam + 2 * mu


@pytest.mark.parametrize("mechanical", [None, 0.0, 0.2, 1.0])
@pytest.mark.parametrize("current", [25.0, -60.0])
def test_rates_under_pressure(mechanical: float | None, current: float) -> None:
    """The share of the mechanical work in the anodic rate changes the rates but not the equilibrium."""
    pressure = 80e6
    law = ChargeTransfer("a", ButlerVolmer(10.0, 0.35, 0.75, mechanical), 0.1, 2e-4, 0.7, LITHIUM)
    other = ChargeTransfer("c", LinearKinetics(1e-3), 0.0, 3e-4, 0.9, 5e-6)
    model = pressed_cell("1", (law, other), [Pressure("top", pressure)], current)
    solver = solve(model)

    def voltage(density: float) -> float:
        low = overpotential(law, density, 298.15, LITHIUM * pressure / FARADAY)
        high = overpotential(other, -density, 298.15, 5e-6 * pressure / FARADAY)
        return low - high + density * LAYERS[1][1] / 0.05

    assert model.terminals["a"].value == pytest.approx(voltage(current), rel=1e-8)
    slope = (voltage(current + 0.01) - voltage(current - 0.01)) / 0.02
    found = solver.differential_resistance(model.terminals["a"]) * AREA["1"]
    assert found == pytest.approx(slope, rel=1e-6)


def test_pressure_follows_the_load_without_a_new_model() -> None:
    """The order of solution brings the stress first, then the potentials."""
    laws = ChargeTransfer("a", ButlerVolmer(10.0), 0.0, 0.0, 1.0, LITHIUM), ChargeTransfer("c", ButlerVolmer(4.0))
    model = pressed_cell("2", laws, [Pressure("top", 2e7)], 0.0)
    order = [{f.kind for f in fields} for fields, _ in model.system.stages]
    assert order[0] == {"displacement"}
    assert "potential" in order[-1]


@pytest.mark.parametrize("given", ["load of a step", "course of the pressure"])
def test_a_pressure_that_changes_in_time(given: str) -> None:
    """-Omega p(t) / F at rest, where stresses follow the pressure alone and only double layers have a memory."""
    highest, ramp = 50e6, Course.ramp(0.0, 50e6, 100.0)
    laws = [
        ChargeTransfer(n, ButlerVolmer(10.0), 0.0, 0.0, 1.0, v, double_layer_capacitance=0.1)
        for n, v in (("a", LITHIUM), ("c", 0.0))
    ]
    in_step = given == "load of a step"
    model = pressed_cell("2", (laws[0], laws[1]), [Pressure("top", 0.0 if in_step else ramp)], 0.0)
    loads = (("top", ramp),) if in_step else ()
    step = replace(Step.constant("press", "current", 0.0, 100.0), loads=loads)
    run = Transient(model, Protocol((step,)), "a", AREA["2"], TimeSettings(1e-5))
    points = list(run.points())
    assert len(points) > 5
    # a double layer follows within its time constant R_ct C = 0.26 ms of each electrode
    for point in points[2:]:
        expected = -LITHIUM * highest * point.time / 100.0 / FARADAY
        assert point.voltage == pytest.approx(expected, rel=1e-3, abs=1e-7)
    assert points[-1].voltage == pytest.approx(-LITHIUM * highest / FARADAY, rel=1e-4)
    run.destroy()
