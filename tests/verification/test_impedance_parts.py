"""Complex powers of regions and interfaces add up to the impedance, and are what they are called."""

from __future__ import annotations

import numpy as np
import pytest
from mpi4py import MPI
from support.cells import planar_cell
from support.impedance import METAL, half_contact

from fem.conditions import Terminal
from fem.constants import FARADAY, GAS, STANDARD_TEMPERATURE
from fem.dissipation.conduction import Conduction, Equipotential
from fem.dissipation.electrolyte import BinaryElectrolyte
from fem.dissipation.intercalation import Intercalation
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.kinetics import LinearKinetics
from fem.model import Domain
from fem.observe.impedance_parts import Splitter
from fem.solve.frequency import FrequencyResponse, rest

FREQUENCIES = np.geomspace(1e-3, 1e7, 11)


def test_every_part_of_a_planar_cell() -> None:
    """Salt, host, kinetics and dielectric in series: each part has its closed form."""
    slope, tau = 2e-3, 40.0
    host = Intercalation(lambda x: 4.0 - slope * 1e4 * (x - 0.5), 1e4, 1e-12, 0.5)
    salt = BinaryElectrolyte(0.1, 1e-11, 0.3, 1000.0)
    model = planar_cell(
        "1",
        [("a", 1e-5), ("p", 2e-5), ("e", 1e-5), ("c", np.sqrt(tau * 1e-12))],
        {
            "a": METAL,
            "p": Domain((salt,)),
            "e": Domain((Conduction("ionic", 0.02),), permittivity=1e-10),
            "c": Domain((Equipotential(),), host=host),
        },
        {
            "a|p": [ChargeTransfer("a", LinearKinetics(1e-3), double_layer_capacitance=0.1)],
            "p|e": [ChargeTransfer("p", LinearKinetics(3e-4), electrode_carrier="ionic")],
            "e|c": [ChargeTransfer("c", LinearKinetics(2e-3), film_resistance=5e-4, film_capacitance=1e-3)],
        },
        [Terminal("c", "c", current=0.0), Terminal("a", "a", potential=0.0)],
        boxes=120,
    )
    rest(model, model.terminals["c"])
    frequencies = np.geomspace(1e-3, 1.0, 7)
    found = Splitter(FrequencyResponse(model, model.terminals["c"], frequencies)).parts(frequencies)
    s = 2j * np.pi * frequencies
    assert found.sum == pytest.approx(found.total, rel=1e-9)
    assert found.kinetics["a|p"] == pytest.approx(1 / (1e3 + 0.1 * s), rel=1e-8)
    assert found.kinetics["p|e"] == pytest.approx(np.full(7, 3e-4), rel=1e-8)
    assert found.kinetics["e|c"] == pytest.approx(np.full(7, 2e-3), rel=1e-8)
    assert found.films["e|c"] == pytest.approx(1 / (1 / 5e-4 + 1e-3 * s), rel=1e-8)
    assert found.regions["p"] == pytest.approx(np.full(7, 2e-5 / 0.1), rel=1e-8)
    assert found.regions["e"] == pytest.approx(1e-5 / (0.02 + 1e-10 * s), rel=1e-8)
    root = np.sqrt(s * tau)
    resistance = slope * np.sqrt(tau / 1e-12) / FARADAY
    assert found.diffusion["c"] == pytest.approx(resistance / (np.tanh(root) * root), rel=1e-4)
    # each half of the polymer is an element with tanh, because no salt leaves it at either end
    half = np.sqrt(s * 1e-5**2 / 1e-11)
    unit = GAS * STANDARD_TEMPERATURE * 0.7**2 * 2e-5 / (FARADAY**2 * 1e-11 * 1000.0)
    assert found.diffusion["p"] == pytest.approx(2 * unit * np.tanh(half) / half, rel=1e-4)


@pytest.mark.mpi
@pytest.mark.parametrize("dimension", ["2"])
def test_parts_add_up(dimension: str) -> None:
    """Uneven currents, films with capacitances, contacts: the sum is the impedance, on any number of ranks."""
    model = half_contact(MPI.COMM_WORLD, dimension)
    working = model.terminals["a"]
    rest(model, working, source=working.source)
    found = Splitter(FrequencyResponse(model, working, FREQUENCIES)).parts(FREQUENCIES)
    assert np.max(np.abs(found.sum / found.total - 1)) < 1e-9
    names = {kind: set(group) for kind, group in found.groups.items()}
    assert names["kinetics"] == {"a|e", "f|c"}
    assert names["films"] == {"a|e"}
    assert names["contacts"] == {"e|f", "a|e:gap"}
    every = [part for group in found.groups.values() for part in group.values()]
    least = -1e-9 * np.abs(found.total)
    assert all(np.all(part.real > least) and np.all(-part.imag > least) for part in every)
