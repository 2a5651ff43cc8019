"""Cells with plane electrodes: voltage, resistance and polarisation against one-dimensional formulas."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pytest
from support.cells import AREA, DIMENSIONS, current_through, overpotential, planar_cell, solve

from fem.conditions import Terminal
from fem.constants import FARADAY, GAS
from fem.dissipation.conduction import Conduction, Equipotential
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.kinetics import ButlerVolmer, LinearKinetics
from fem.model import Domain, Model, Settings

METAL = Domain((Equipotential(),))


@dataclass(frozen=True)
class Cell:
    """Electrode | electrolyte | electrode.

    Attributes:
        thickness, conductivity: of the electrolyte.
        anode, cathode: laws of the two interfaces; the anode ``a`` lies below.
        temperature: K.
    """

    thickness: float
    conductivity: float
    anode: ChargeTransfer
    cathode: ChargeTransfer
    temperature: float = 298.15

    def voltage(self, current: float) -> float:
        """Potential of the anode minus that of the cathode at a current density that is anodic at the anode."""
        drops = overpotential(self.anode, current, self.temperature)
        drops -= overpotential(self.cathode, -current, self.temperature)
        return drops + current * self.thickness / self.conductivity

    def slope(self, current: float) -> float:
        """dV/di in ohm m^2 by central differences of the formula."""
        step = 1e-4 * max(abs(current), 1.0)
        return (self.voltage(current + step) - self.voltage(current - step)) / (2 * step)

    def model(self, dimension: str, *, current: float | None = None, potential: float | None = None) -> Model:
        """The cell with a current (A/m^2) or a potential at the anode and the cathode at 0 V."""
        return planar_cell(
            dimension,
            [("a", 1e-5), ("e", self.thickness), ("c", 2e-5)],
            {"a": METAL, "e": Domain((Conduction("ionic", self.conductivity),)), "c": METAL},
            {"a|e": [self.anode], "e|c": [self.cathode]},
            [Terminal("anode", "a", potential, current), Terminal("cathode", "c", potential=0.0)],
            Settings(temperature=self.temperature),
        )


def symmetric(kinetics: Any, film: float, thickness: float, conductivity: float) -> Cell:
    """The same law on both sides."""
    sides = (ChargeTransfer(name, kinetics, 0.0, film) for name in "ac")
    return Cell(thickness, conductivity, *sides)


REFERENCE = symmetric(ButlerVolmer(10.0), 5e-4, 1e-4, 0.05)
ASYMMETRIC = Cell(
    4e-5,
    0.02,
    ChargeTransfer("a", ButlerVolmer(10.0, 0.3, 0.7), 0.05, 2e-4, 0.7),
    ChargeTransfer("c", ButlerVolmer(25.0, 0.4, 0.9), 3.7, 8e-4, 0.9),
    330.0,
)


def test_formula_gives_the_reference_values() -> None:
    """79.4543 mV at 10 A/m^2, 81.385 ohm cm^2 at rest."""
    assert REFERENCE.voltage(10.0) == pytest.approx(79.4543e-3, rel=1e-6)
    closed = 10.0 * (1e-4 / 0.05 + 1e-3) + 4 * GAS * 298.15 / FARADAY * math.asinh(0.5)
    assert REFERENCE.voltage(10.0) == pytest.approx(closed, rel=1e-12)
    assert REFERENCE.slope(0.0) * 1e4 == pytest.approx(81.385, rel=1e-5)


@pytest.mark.parametrize("dimension", DIMENSIONS)
@pytest.mark.parametrize("cell", [REFERENCE, ASYMMETRIC], ids=["reference", "asymmetric"])
def test_voltage_and_differential_resistance(dimension: str, cell: Cell) -> None:
    """Galvanostatic operation in every dimension."""
    model = cell.model(dimension, current=10.0)
    solver = solve(model)
    assert model.terminals["anode"].value == pytest.approx(cell.voltage(10.0), rel=1e-8)
    slope = solver.differential_resistance(model.terminals["anode"]) * AREA[dimension]
    assert slope == pytest.approx(cell.slope(10.0), rel=1e-7)


@pytest.mark.parametrize("dimension", ["1", "3"])
@pytest.mark.parametrize("cell", [REFERENCE, ASYMMETRIC], ids=["reference", "asymmetric"])
def test_potentiostatic(dimension: str, cell: Cell) -> None:
    """The potential of the formula drives the current of the formula, the same on both sides."""
    model = cell.model(dimension, potential=cell.voltage(-37.0))
    solve(model)
    assert current_through(model, "a|e", dimension) == pytest.approx(-37.0, rel=1e-8)
    assert current_through(model, "e|c", dimension) == pytest.approx(37.0, rel=1e-8)


@pytest.mark.parametrize("cell", [REFERENCE, ASYMMETRIC], ids=["reference", "asymmetric"])
@pytest.mark.parametrize("dimension", ["1", "2"])
def test_polarisation_curve(dimension: str, cell: Cell) -> None:
    """From nothing to a thousand times the exchange current and back through zero, one solver, no options."""
    model = cell.model(dimension, current=0.0)
    solver = solve(model)
    terminal = model.terminals["anode"]
    assert terminal.value == pytest.approx(cell.voltage(0.0), abs=1e-10)
    for current in (1e-3, 1.0, 10.0, 100.0, 1e3, 1e4, -1e4, -10.0, -1e-2):
        terminal.source = current * AREA[dimension]
        solver.solve()
        assert terminal.value == pytest.approx(cell.voltage(current), rel=1e-8), current
        slope = solver.differential_resistance(terminal) * AREA[dimension]
        assert slope == pytest.approx(cell.slope(current), rel=1e-5), current


@pytest.mark.parametrize("current", [1e4, -1e4])
@pytest.mark.parametrize("cell", [REFERENCE, ASYMMETRIC], ids=["reference", "asymmetric"])
def test_far_from_equilibrium_at_once(cell: Cell, current: float) -> None:
    """A thousand times the exchange current as the first thing that is solved."""
    model = cell.model("2", current=current)
    solve(model)
    assert model.terminals["anode"].value == pytest.approx(cell.voltage(current), rel=1e-8)


def test_one_sided_kinetics() -> None:
    """Without a cathodic branch the anodic law of Tafel minus the exchange current is left."""
    law = ButlerVolmer(3.0, 0.5, 0.0)
    cell = Cell(1e-4, 0.1, ChargeTransfer("a", law), ChargeTransfer("c", LinearKinetics(2e-3), 0.1, 3e-4, 0.5))
    model = cell.model("1", current=12.0)
    solve(model)
    tafel = 2 * GAS * 298.15 / FARADAY * math.log(1 + 12.0 / 3.0)
    expected = tafel + 12.0 * (1e-4 / 0.1 + (2e-3 + 3e-4) / 0.5) - 0.1
    assert model.terminals["anode"].value == pytest.approx(expected, rel=1e-8)
