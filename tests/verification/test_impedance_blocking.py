"""Impedance of a solid electrolyte between blocking electrodes: Poisson-Nernst-Planck with one mobile ion (B11.4)."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.constants import Avogadro, elementary_charge, epsilon_0
from scipy.constants import k as boltzmann
from support.cells import planar_cell
from support.impedance import METAL

from fem.conditions import Terminal
from fem.constants import FARADAY, GAS
from fem.dissipation.electrolyte import BinaryElectrolyte
from fem.interface.charge_transfer import ChargeTransfer
from fem.model import Domain, Settings
from fem.solve.frequency import FrequencyResponse, rest

TEMPERATURE = 300.0
TABLE = {1e3: 1.587172e-3 - 9.892220e-4j, 1e4: 1.538465e-3 - 3.711534e-4j, 1e6: 4.980989e-6 - 8.958940e-5j}


def exact(frequencies: np.ndarray, number: float, relative: float, diffusivity: float, thickness: float) -> np.ndarray:
    """Z in ohm m^2 of one mobile ion of this number density (1/m^3) over a fixed background."""
    s, permittivity = 2j * np.pi * frequencies, relative * epsilon_0
    square = permittivity * boltzmann * TEMPERATURE / (elementary_charge**2 * number)
    beta = np.sqrt(1 / square + s / diffusivity)
    ends = np.tanh(beta * thickness / 2) / (square * beta)
    return 2 / (s * permittivity * beta**2) * (ends + s * thickness / (2 * diffusivity))


def test_formula_gives_the_reference_values() -> None:
    """The table of the reference."""
    found = exact(np.array(list(TABLE)), 1e26, 20.0, 1e-13, 1e-7)
    assert np.max(np.abs(found / np.array(list(TABLE.values())) - 1)) < 2e-6


@pytest.mark.parametrize(
    ("number", "relative", "diffusivity", "thickness"), [(1e26, 20.0, 1e-13, 1e-7), (2e25, 10.0, 1e-14, 5e-8)]
)
def test_blocking_cell(number: float, relative: float, diffusivity: float, thickness: float) -> None:
    """Both relaxations: of the bulk, and of the double layers at the electrodes.

    One mobile ion is a binary electrolyte whose anions move with its current alone: t = 2 and no diffusivity beside.
    """
    salt = number / Avogadro
    conductivity = FARADAY**2 * diffusivity * salt / (GAS * TEMPERATURE)
    ion = BinaryElectrolyte(conductivity, 0.0, 2.0, salt, thermodynamic_factor=0.5)
    model = planar_cell(
        "1",
        [("a", 1e-8), ("e", thickness), ("c", 1e-8)],
        {"a": METAL, "e": Domain((ion,), permittivity=relative * epsilon_0), "c": METAL},
        {"a|e": [ChargeTransfer("a", None)], "e|c": [ChargeTransfer("c", None)]},
        [Terminal("a", "a", current=0.0), Terminal("c", "c", potential=0.0)],
        Settings(temperature=TEMPERATURE),
        boxes=600,
    )
    rest(model, model.terminals["a"])
    frequencies = np.geomspace(1e2, 1e7, 26)
    found = FrequencyResponse(model, model.terminals["a"], frequencies, tolerance=1e-7)
    wanted = exact(frequencies, number, relative, diffusivity, thickness)
    assert np.max(np.abs(found.impedance() / wanted - 1)) < 1e-4
    if number == 1e26:
        at = list(TABLE)
        assert np.max(np.abs(found.impedance(at) / np.array(list(TABLE.values())) - 1)) < 1e-4
