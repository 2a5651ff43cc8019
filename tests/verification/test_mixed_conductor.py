"""Electrolytes that conduct electrons as well: self-discharge after Wagner."""

from __future__ import annotations

from typing import Any

import pytest
import ufl
from scipy.optimize import brentq
from support.cells import AREA, overpotential, planar_cell, solve
from support.norms import integrate

from fem.conditions import Terminal
from fem.dissipation.conduction import Conduction, Equipotential
from fem.interface.charge_transfer import Blocked, ChargeTransfer
from fem.interface.kinetics import ButlerVolmer
from fem.model import Domain, Model

METAL = Domain((Equipotential(),))
REFERENCE = (1e-2, 1e-4, 3.8, 1e-5)
LEAKY = (0.03, 0.02, 2.1, 4e-5)


def mixed_cell(dimension: str, case: tuple[float, float, float, float], current: float, kinetics: Any = None) -> Model:
    """Cathode at the bottom, anode at the top with the potential 0; current (A/m^2) fed into the cathode."""
    ions, electrons, driving, thickness = case
    return planar_cell(
        dimension,
        [("cathode", 5e-6), ("mixed", thickness), ("anode", 5e-6)],
        {
            "cathode": METAL,
            "mixed": Domain((Conduction("ionic", ions), Conduction("electronic", electrons))),
            "anode": METAL,
        },
        {
            "cathode|mixed": [ChargeTransfer("cathode", kinetics, driving)],
            "mixed|anode": [ChargeTransfer("anode", kinetics)],
        },
        [Terminal("plus", "cathode", current=current), Terminal("minus", "anode", potential=0.0)],
    )


def mean_current(model: Model, carrier: str, dimension: str) -> float:
    """Mean current density of a carrier through the middle of the electrolyte, upwards, A/m^2."""
    conductor = next(c for c in model.domains["mixed"].conduction if c.carrier == carrier)
    assert isinstance(conductor, Conduction)
    upward = -conductor.conductivity * ufl.grad(model.handle("mixed", carrier).value(None))
    last = model.geometry.gdim - 1
    thickness = integrate(model, model.geometry.integral(model.one, "mixed")) / AREA[dimension]
    return integrate(model, model.geometry.integral(upward[last], "mixed")) / AREA[dimension] / thickness


def test_formula_gives_the_reference_values() -> None:
    """3.762376 V and 37.6238 A/m^2."""
    ions, electrons, driving, thickness = REFERENCE
    voltage = driving * ions / (ions + electrons)
    assert voltage == pytest.approx(3.762376, rel=1e-6)
    assert electrons * voltage / thickness == pytest.approx(37.6238, rel=1e-6)


@pytest.mark.parametrize("dimension", ["1", "2", "axisymmetric", "3"])
@pytest.mark.parametrize("case", [REFERENCE, LEAKY], ids=["reference", "leaky"])
def test_open_circuit(dimension: str, case: tuple[float, float, float, float]) -> None:
    """V = E s_i / (s_i + s_e); ions and electrons leak in opposite directions."""
    ions, electrons, driving, thickness = case
    model = mixed_cell(dimension, case, 0.0)
    solve(model)
    expected = driving * ions / (ions + electrons)
    assert model.terminals["plus"].value == pytest.approx(expected, rel=1e-8)
    leak = electrons * expected / thickness
    assert mean_current(model, "electronic", dimension) == pytest.approx(leak, rel=1e-8)
    assert mean_current(model, "ionic", dimension) == pytest.approx(-leak, rel=1e-8)


@pytest.mark.parametrize("current", [250.0, -90.0])
def test_under_load(current: float) -> None:
    """Perfect contacts: V = (i L + s_i E) / (s_i + s_e), and the resistance is that of both in parallel."""
    ions, electrons, driving, thickness = LEAKY
    model = mixed_cell("2", LEAKY, current)
    solver = solve(model)
    expected = (current * thickness + ions * driving) / (ions + electrons)
    assert model.terminals["plus"].value == pytest.approx(expected, rel=1e-8)
    slope = solver.differential_resistance(model.terminals["plus"]) * AREA["2"]
    assert slope == pytest.approx(thickness / (ions + electrons), rel=1e-8)


@pytest.mark.parametrize("dimension", ["1", "3"])
def test_leak_through_kinetics(dimension: str) -> None:
    """With Butler-Volmer kinetics on both sides the leak is the root of a scalar equation."""
    ions, electrons, driving, thickness = LEAKY
    kinetics = ButlerVolmer(20.0, 0.4, 0.7)
    law = ChargeTransfer("cathode", kinetics, driving)

    def excess(leak: float) -> float:
        # the cathode is reduced by the leak, the anode oxidised
        voltage = overpotential(law, -leak, 298.15) - overpotential(ChargeTransfer("anode", kinetics), leak, 298.15)
        return voltage - leak * thickness / ions - leak * thickness / electrons

    leak = float(brentq(excess, 1e-6, 1e5, xtol=1e-12, rtol=1e-14))
    model = mixed_cell(dimension, LEAKY, 0.0, kinetics)
    solve(model)
    assert model.terminals["plus"].value == pytest.approx(leak * thickness / electrons, rel=1e-8)
    assert mean_current(model, "electronic", dimension) == pytest.approx(leak, rel=1e-8)


def test_blocked_electrons_do_not_leak() -> None:
    """A coating that stops the electrons on one side restores the full voltage."""
    ions, electrons, driving, thickness = LEAKY
    coated = planar_cell(
        "2",
        [("cathode", 5e-6), ("mixed", thickness), ("anode", 5e-6)],
        {
            "cathode": METAL,
            "mixed": Domain((Conduction("ionic", ions), Conduction("electronic", electrons))),
            "anode": METAL,
        },
        {
            "cathode|mixed": [ChargeTransfer("cathode", None, driving), Blocked("electronic")],
            "mixed|anode": [ChargeTransfer("anode", None)],
        },
        [Terminal("plus", "cathode", current=0.0), Terminal("minus", "anode", potential=0.0)],
    )
    solve(coated)
    assert coated.terminals["plus"].value == pytest.approx(driving, rel=1e-10)
    assert abs(mean_current(coated, "electronic", "2")) < 1e-6
