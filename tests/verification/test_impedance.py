"""Impedance against closed forms: planar cells, diffusion, limits; and against complex solves at every frequency."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from scipy.sparse import bmat, csr_matrix
from scipy.sparse.linalg import spsolve
from support.cells import AREA, DIMENSIONS, planar_cell
from support.impedance import half_contact
from support.ranks import alone, several

from fem.conditions import Terminal
from fem.constants import FARADAY, GAS, STANDARD_TEMPERATURE
from fem.dissipation.conduction import Conduction, Equipotential
from fem.dissipation.electrolyte import BinaryElectrolyte
from fem.dissipation.intercalation import Intercalation
from fem.energy.dielectric import VACUUM_PERMITTIVITY
from fem.errors import ConvergenceError
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.kinetics import ButlerVolmer, LinearKinetics
from fem.model import Domain, Model
from fem.solve.driver import Solver
from fem.solve.frequency import FrequencyResponse, rest

METAL = Domain((Equipotential(),))
WIDE = np.geomspace(1e-3, 1e7, 61)
VOLT = GAS * STANDARD_TEMPERATURE / FARADAY
TERMINALS = (Terminal("a", "a", current=0.0), Terminal("c", "c", potential=0.0))


@dataclass(frozen=True)
class Cell:
    """Li | electrolyte | Li with double layers, films and a dielectric electrolyte, all in SI."""

    thickness: float
    conductivity: float
    relative_permittivity: float
    exchange_current: float
    film: float
    double_layer: float
    film_capacitance: float
    share: float = 1.0

    def impedance(self, frequencies: Any, slope: float | None = None) -> Any:
        """Closed form (Z of the electrolyte, then twice kinetics and film), ohm m^2; ``slope``: of the kinetics."""
        s = 2j * np.pi * np.asarray(frequencies)
        dielectric = self.relative_permittivity * VACUUM_PERMITTIVITY
        kinetic = VOLT / self.exchange_current if slope is None else slope
        return self.thickness / (self.conductivity + s * dielectric) + 2 / self.share * (
            1 / (1 / kinetic + s * self.double_layer) + 1 / (1 / self.film + s * self.film_capacitance)
        )

    def model(self, dimension: str, current: float = 0.0) -> Model:
        """The cell, with a current at the electrode ``a``."""
        laws = {
            name: ChargeTransfer(
                name,
                ButlerVolmer(self.exchange_current),
                film_resistance=self.film,
                contact_fraction=self.share,
                double_layer_capacitance=self.double_layer,
                film_capacitance=self.film_capacitance,
            )
            for name in "ac"
        }
        filling = Domain(
            (Conduction("ionic", self.conductivity),), permittivity=self.relative_permittivity * VACUUM_PERMITTIVITY
        )
        return planar_cell(
            dimension,
            [("a", 1e-5), ("e", self.thickness), ("c", 2e-5)],
            {"a": METAL, "e": filling, "c": METAL},
            {"a|e": [laws["a"]], "e|c": [laws["c"]]},
            [Terminal("a", "a", current=current), TERMINALS[1]],
        )


CELLS = {
    "LLZO": Cell(1e-4, 0.05, 50.0, 10.0, 5e-4, 0.1, 1e-3),
    "polymer": Cell(3e-5, 1e-3, 8.0, 40.0, 2e-3, 0.02, 5e-2, 0.6),
}


def response(model: Model, terminal: str = "a", frequencies: Any = WIDE, **options: Any) -> FrequencyResponse:
    """The linear response of a model at rest."""
    rest(model, model.terminals[terminal])
    return FrequencyResponse(model, model.terminals[terminal], frequencies, **options)


@pytest.mark.parametrize(
    ("dimension", "name"), [*((d, "LLZO") for d in DIMENSIONS), ("1", "polymer"), ("2", "polymer")]
)
def test_planar_cell(dimension: str, name: str) -> None:
    """Ten decades of frequency in every dimension, and the limit of low frequencies."""
    cell = CELLS[name]
    found = response(cell.model(dimension))
    assert np.max(np.abs(found.impedance() * AREA[dimension] / cell.impedance(WIDE) - 1)) < 1e-8
    assert found.steady_resistance() * AREA[dimension] == pytest.approx(cell.impedance(0.0).real, rel=1e-10)


@pytest.mark.parametrize("dielectric", [True, False])
def test_high_frequencies(dielectric: bool) -> None:
    """All capacitances in series; without the dielectric what is left is the resistance of the electrolyte."""
    cell = CELLS["LLZO"] if dielectric else replace(CELLS["LLZO"], relative_permittivity=0.0)
    end = response(cell.model("1"), frequencies=[1e3, 1e13]).impedance()[-1]
    inverse = 2 / cell.double_layer + 2 / cell.film_capacitance
    if dielectric:
        inverse += cell.thickness / (cell.relative_permittivity * VACUUM_PERMITTIVITY)
        assert end * 2j * np.pi * 1e13 == pytest.approx(inverse, rel=1e-5)
    else:
        assert end == pytest.approx(cell.thickness / cell.conductivity, rel=1e-6)


def test_bias_current() -> None:
    """At 30 A/m^2 the charge transfer has the slope of its curve there, on both electrodes."""
    cell = CELLS["LLZO"]
    model = cell.model("1", 30.0)
    rest(model, model.terminals["a"], source=30.0)
    found = FrequencyResponse(model, model.terminals["a"], WIDE)
    slope = 2 * VOLT / np.hypot(2 * cell.exchange_current, 30.0)
    assert np.max(np.abs(found.impedance() / cell.impedance(WIDE, slope) - 1)) < 1e-8


def test_zero_frequency_is_the_slope_of_the_steady_solver() -> None:
    """Nothing uniform: half a contact, with a current."""
    model = half_contact(MPI.COMM_SELF)
    solver = Solver(model)
    solver.solve()
    found = FrequencyResponse(model, model.terminals["a"], WIDE, solver.stages[-1])
    slope = solver.differential_resistance(model.terminals["a"])
    assert found.steady_resistance() == pytest.approx(slope, rel=1e-8)
    assert found.impedance([WIDE[0]])[0].real == pytest.approx(slope, rel=1e-6)


def test_projection_against_complex_solves() -> None:
    """The spectrum of few real solves is that of a complex solve at every frequency."""
    model = half_contact(MPI.COMM_SELF)
    solver = Solver(model)
    solver.solve()
    found = FrequencyResponse(model, model.terminals["a"], WIDE, solver.stages[-1], tolerance=1e-9)
    pencil, stage = found.pencil, found.stage
    parts = [(m.getValuesCSR(), m.size) for m in (pencil.static, pencil.dynamic)]
    static, dynamic = (csr_matrix((v, j, i), shape=size) for (i, j, v), size in parts)
    load = np.zeros(static.shape[0] + len(stage.numbers))
    load[static.shape[0] + stage.numbers.index(model.terminals["a"])] = 1.0
    exact = []
    for w in 2 * np.pi * WIDE:
        sides = [np.array(x).T for x in (pencil.border(1j * w), [j + 1j * w * m for j, m in pencil.rows])]
        corner = pencil.corner[0] + 1j * w * pencil.corner[1]
        whole = bmat([[static + 1j * w * dynamic, sides[0]], [sides[1].T, corner]], format="csc")
        exact.append(spsolve(whole, load) @ load)
    assert np.max(np.abs(found.impedance() / np.array(exact) - 1)) < 1e-8
    assert len(found.report.shifts) < 25


@pytest.mark.parametrize(("resistance", "tau", "transference"), [(10.0, 100.0, 0.2), (2e-3, 4.0, 0.45)])
def test_transmissive_diffusion(resistance: float, tau: float, transference: float) -> None:
    """Salt between two electrodes: each half of the cell is a finite-length Warburg element with tanh."""
    diffusivity, salt, conductivity = 1e-11, 1000.0, 0.1
    length = 2 * np.sqrt(tau * diffusivity)
    unit = GAS * STANDARD_TEMPERATURE * (1 - transference) ** 2 * length / (FARADAY**2 * diffusivity * salt)
    electrolyte = BinaryElectrolyte(conductivity, diffusivity, transference, salt, resistance / unit)
    model = planar_cell(
        "1",
        [("a", 1e-5), ("e", length), ("c", 1e-5)],
        {"a": METAL, "e": Domain((electrolyte,)), "c": METAL},
        {"a|e": [ChargeTransfer("a", None)], "e|c": [ChargeTransfer("c", LinearKinetics(1e-3))]},
        TERMINALS,
        boxes=100,
    )
    frequencies = np.geomspace(0.01, 10.0, 31) / tau
    found = response(model, frequencies=frequencies, tolerance=1e-7).impedance()
    warburg = (found - length / conductivity - 1e-3) / (2 * resistance)
    root = np.sqrt(2j * np.pi * frequencies * tau)
    assert np.max(np.abs(warburg / (np.tanh(root) / root) - 1)) < 1e-5
    if tau == 100.0:
        table = [9.50563 - 1.96868j, 2.90661 - 3.04152j, 0.892033 - 0.892081j]
        at = [int(np.argmin(np.abs(frequencies - f))) for f in (1e-3, 1e-2, 0.1)]
        assert np.max(np.abs(resistance * warburg[at] / table - 1)) < 1e-5


@pytest.mark.parametrize(("resistance", "tau"), [(10.0, 100.0), (5e-3, 900.0)])
def test_reflective_diffusion(resistance: float, tau: float) -> None:
    """Lithium in a host with one open side: a finite-length Warburg element with coth, no steady limit."""
    diffusivity, maximum = 1e-14, 5e4
    length = np.sqrt(tau * diffusivity)
    slope = resistance * FARADAY * diffusivity / length * maximum
    host = Intercalation(lambda x: 4.0 - slope * (x - 0.5), maximum, diffusivity, 0.5)
    model = planar_cell(
        "1",
        [("a", 1e-5), ("e", 1e-5), ("c", length)],
        {"a": METAL, "e": Domain((Conduction("ionic", 0.1),)), "c": Domain((Equipotential(),), host=host)},
        {"a|e": [ChargeTransfer("a", None)], "e|c": [ChargeTransfer("c", LinearKinetics(1e-3))]},
        [Terminal("c", "c", current=0.0), Terminal("a", "a", potential=0.0)],
        boxes=100,
    )
    frequencies = np.geomspace(0.01, 10.0, 31) / tau
    response_ = response(model, "c", frequencies, tolerance=1e-7)
    assert model.terminals["c"].value == pytest.approx(4.0, rel=1e-10)
    assert response_.steady_resistance() == float("inf")
    warburg = (response_.impedance() - 1e-4 - 1e-3) / resistance
    root = np.sqrt(2j * np.pi * frequencies * tau)
    assert np.max(np.abs(warburg * np.tanh(root) * root - 1)) < 1e-5
    if tau == 100.0:
        table = [3.32501 - 16.0546j, 2.73499 - 2.61368j]
        at = [int(np.argmin(np.abs(frequencies - f))) for f in (1e-3, 1e-2)]
        assert np.max(np.abs(resistance * warburg[at] / table - 1)) < 1e-5


def test_a_prescribed_potential_has_no_impedance() -> None:
    """One message instead of a singular matrix."""
    model = CELLS["LLZO"].model("1")
    rest(model, model.terminals["a"])
    with pytest.raises(ConvergenceError, match="prescribed"):
        FrequencyResponse(model, model.terminals["c"], WIDE)
    with pytest.raises(ConvergenceError, match="above zero"):
        FrequencyResponse(model, model.terminals["a"], [0.0, 1.0])


@pytest.mark.mpi
@several
@pytest.mark.parametrize("dimension", ["2", "3"])
def test_ranks_change_nothing(dimension: str) -> None:
    """Impedance and a field of the response, with one rank and with all."""

    def answer(comm: Any) -> tuple[Any, float]:
        model = half_contact(comm, dimension)
        rest(model, model.terminals["a"], source=model.terminals["a"].source)
        found = FrequencyResponse(model, model.terminals["a"], WIDE, method="iterative", tolerance=1e-9)
        spectrum = found.impedance()
        fields, _ = found.solution(1e5)
        (values,) = (v for f, v in fields.items() if f.layers == ("e",))
        (item,) = (f for f in fields if f.layers == ("e",))
        total = comm.allreduce(np.sum(np.abs(values[: item.owned])))
        found.destroy()
        return spectrum, total

    together, other = answer(MPI.COMM_WORLD), alone(lambda: answer(MPI.COMM_SELF))
    assert np.max(np.abs(together[0] / other[0] - 1)) < 1e-8
    # the error of the impedance is the square of that of the fields
    assert together[1] == pytest.approx(other[1], rel=1e-5)
