"""Impedance of hosts whose stress drives lithium: finite-length diffusion with D (1 + Theta c), held at the sides.

The stress of a held film takes part in the chemical potential, dmu/dc = (RT/c) (1 + Theta c), and in the diffusivity
with the same factor; the mobility D c / (RT) has none of it. The resistance RT l / (F^2 D c) of an element of length l
is therefore that without stress, its time l^2 / (D (1 + Theta c)) is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from scipy.optimize import brentq
from support.cells import AREA, planar_cell
from test_swelling import (
    DIFFUSIVITY,
    FACTOR,
    LENGTH,
    POISSON,
    RESISTANCE,
    START,
    TEMPERATURE,
    VOLUME,
    YOUNG,
    ideal,
    membrane,
)

from fem.conditions import Roller, Terminal
from fem.constants import FARADAY, GAS
from fem.dissipation.conduction import Conduction, Equipotential
from fem.dissipation.intercalation import Intercalation
from fem.energy.elastic import Elastic
from fem.energy.swelling import Swelling
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.kinetics import LinearKinetics
from fem.model import Domain, Model
from fem.observe.impedance_parts import Splitter
from fem.protocol import Protocol, Step
from fem.solve.frequency import FrequencyResponse, rest
from fem.solve.transient import Transient

THERMAL = GAS * TEMPERATURE / FARADAY
MAXIMUM = 5e4


@dataclass(frozen=True)
class Film:
    """A host with one open side, held at its edges and free along the stack, in SI."""

    young: float
    poisson: float
    volume: float
    diffusivity: float
    concentration: float
    unstressed: float
    thickness: float

    @property
    def stiffening(self) -> float:
        """dh/dc = 2 Omega^2 E / (9 (1 - nu)), J m^3/mol^2."""
        return 2 * self.volume**2 * self.young / (9 * (1 - self.poisson))

    @property
    def potential(self) -> float:
        """Against lithium, at rest, V."""
        stress = self.stiffening * (self.concentration - self.unstressed)
        return float(-THERMAL * np.log(self.concentration / MAXIMUM) - stress / FARADAY)

    @property
    def time(self) -> float:
        """Of diffusion, s."""
        factor = 1 + self.stiffening * self.concentration / (GAS * TEMPERATURE)
        return self.thickness**2 / (self.diffusivity * factor)

    def impedance(self, frequencies: Any) -> Any:
        """Closed form of the whole cell, ohm m^2."""
        root = np.sqrt(2j * np.pi * frequencies * self.time)
        resistance = THERMAL * self.thickness / (FARADAY * self.diffusivity * self.concentration)
        return 2 * RESISTANCE + 1e-6 + resistance / (np.tanh(root) * root)

    def model(self, dimension: str, comm: Any, boxes: int) -> Model:
        """Lithium | ceramic | film."""
        swelling = Swelling(self.volume, self.unstressed)
        host = Intercalation(ideal, MAXIMUM, self.diffusivity, self.concentration / MAXIMUM)
        metal = Domain((Equipotential(),))
        held = [] if dimension == "1" else [Roller(side, 0) for side in ("left", "right")]
        made: Model = planar_cell(
            dimension,
            [("a", 1e-6), ("e", 1e-6), ("h", self.thickness)],
            {
                "a": metal,
                "e": Domain((Conduction("ionic", 1.0),)),
                "h": Domain((Equipotential(),), (Elastic(self.young, self.poisson, 0.0, swelling),), host=host),
            },
            {
                "a|e": [ChargeTransfer("a", LinearKinetics(RESISTANCE))],
                "e|h": [ChargeTransfer("h", LinearKinetics(RESISTANCE))],
            },
            [
                Terminal("anode", "a", potential=0.0),
                Terminal("cathode", "h", current=0.0),
                *held,
                Roller("top", 0 if dimension == "1" else 1),
            ],
            comm=comm,
            boxes=boxes,
        )
        return made


#: Theta c is 1.67 and 1.48; the second film is under stress at rest, and without it would be 2.5 times as slow
FILMS = {
    "stiff": Film(YOUNG, POISSON, VOLUME, DIFFUSIVITY, START, START, LENGTH),
    "soft, stressed": Film(6e10, 0.3, 4e-6, 3e-15, 1.2e4, 3e4, 5e-7),
}


@pytest.mark.mpi
@pytest.mark.parametrize(("name", "dimension"), [("stiff", "1"), ("soft, stressed", "1"), ("soft, stressed", "2")])
def test_one_open_side(name: str, dimension: str) -> None:
    """A Warburg element with coth and the time of the stressed film, from few solves."""
    film, comm = FILMS[name], MPI.COMM_WORLD if dimension == "2" else MPI.COMM_SELF
    model = film.model(dimension, comm, 24 if dimension == "1" else 8)
    frequencies = np.geomspace(1e-2, 10.0 if dimension == "1" else 1.0, 13) / film.time
    rest(model, model.terminals["cathode"])
    assert model.terminals["cathode"].value == pytest.approx(film.potential, rel=1e-9)
    found = FrequencyResponse(model, model.terminals["cathode"], frequencies)
    assert found.steady_resistance() == float("inf")
    spectrum = found.impedance() * AREA[dimension]
    assert np.max(np.abs(spectrum / film.impedance(frequencies) - 1)) < 2e-5
    assert len(found.report.shifts) < 25
    found.destroy()


def test_parts_add_up() -> None:
    """What stress adds to the potential of the host counts as diffusion."""
    film = FILMS["soft, stressed"]
    model = film.model("1", MPI.COMM_SELF, 24)
    rest(model, model.terminals["cathode"])
    frequencies = np.array([0.05, 2.0]) / film.time
    found = FrequencyResponse(model, model.terminals["cathode"], frequencies)
    parts = Splitter(found).parts(frequencies)
    assert np.max(np.abs(parts.sum / parts.total - 1)) < 1e-9
    assert parts.diffusion["h"] == pytest.approx(film.impedance(frequencies) - 2 * RESISTANCE - 1e-6, rel=1e-4)


def _drop(current: float) -> float:
    """Steady voltage over the membrane of test_swelling, V: lithium in it stays what it was at the beginning.

    D (c + Theta c^2 / 2) falls in a line from one side to the other; its mean over that line is the mean of c.
    """

    def other(low: float) -> float:
        higher = low + FACTOR * low**2 / 2 + current / FARADAY * LENGTH / DIFFUSIVITY
        return float((np.sqrt(1 + 2 * FACTOR * higher) - 1) / FACTOR)

    def amount(c: float) -> float:
        return c**2 / 2 + FACTOR * c**3 / 3

    def missing(low: float) -> float:
        high = other(low)
        return (amount(high) - amount(low)) / (high + FACTOR * high**2 / 2 - low - FACTOR * low**2 / 2) - START

    low = float(brentq(missing, 1e-6 * START, START, xtol=1e-9, rtol=1e-14))
    ends = [np.log(c) + FACTOR * c for c in (other(low), low)]
    return float(current * (4 * RESISTANCE + 2e-6) + THERMAL * (ends[0] - ends[1]))


@pytest.mark.parametrize("current", [20.0, 60.0])
def test_zero_frequency_is_the_slope_of_the_steady_characteristic(current: float) -> None:
    """A membrane that passes a current, so that its concentration is no line: B11.6 away from equilibrium."""
    model = membrane("1", boxes=16)
    duration = 3 * LENGTH**2 / DIFFUSIVITY
    run = Transient(model, Protocol((Step.constant("pass", "current", current, duration),)), "anode", 1.0)
    voltage = list(run.points())[-1].voltage
    assert voltage == pytest.approx(_drop(current), rel=1e-5)
    slope = (_drop(1.001 * current) - _drop(0.999 * current)) / (0.002 * current)
    low = 1e-3 * DIFFUSIVITY / LENGTH**2
    found = FrequencyResponse(model, model.terminals["anode"], np.geomspace(low, 1e3 * low, 4))
    assert found.impedance()[0].real == pytest.approx(slope, rel=1e-5)
    # far from the slope at rest
    assert abs(slope / _drop(0.1) * 0.1 - 1) > (0.1 if current > 30 else 0.01)
    run.destroy()


def test_both_sides_open() -> None:
    """The membrane at rest: two elements with tanh of half its thickness."""
    model = membrane("1", boxes=16)
    rest(model, model.terminals["anode"])
    half = LENGTH / 2
    time = half**2 / (DIFFUSIVITY * (1 + FACTOR * START))
    frequencies = np.geomspace(1e-2, 3.0, 13) / time
    root = np.sqrt(2j * np.pi * frequencies * time)
    element = THERMAL * half / (FARADAY * DIFFUSIVITY * START) * np.tanh(root) / root
    found = FrequencyResponse(model, model.terminals["anode"], frequencies).impedance()
    assert np.max(np.abs(found / (4 * RESISTANCE + 2e-6 + 2 * element) - 1)) < 2e-5
