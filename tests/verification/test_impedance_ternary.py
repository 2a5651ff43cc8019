"""Impedance of a mixture of a salt and an ionic liquid: both ends of the spectrum, and what it consists of."""

from __future__ import annotations

import numpy as np
import pytest
from support.mixed_pair import closed
from support.mixtures import CONTACT, IDEAL, LENGTH, TEMPERATURE, cell, settled

from fem.constants import FARADAY, GAS
from fem.observe.impedance_parts import Splitter
from fem.solve.frequency import FrequencyResponse, rest

SLOW = 1e-6
"""Hz: half a thousandth of the rate at which the slowest mode decays."""


def test_both_ends_of_the_spectrum() -> None:
    """At rest: ohmic where nothing follows, R T L / (F^2 D_Li c_Li) where all does; the parts add up."""
    model = cell(IDEAL, 12)
    rest(model, model.terminals["anode"])
    frequencies = np.array([SLOW, 1e-2, 1e6])
    found = FrequencyResponse(model, model.terminals["anode"], frequencies)
    slow, _, fast = found.impedance()
    kappa = FARADAY**2 / (GAS * TEMPERATURE) * (2e-12 * 1000 + 6e-12 * 600 + 8e-12 * 1600)
    assert fast.real == pytest.approx(LENGTH / kappa + 2 * CONTACT, rel=1e-5)
    steady = GAS * TEMPERATURE * LENGTH / (FARADAY**2 * 2e-12 * 1000) + 2 * CONTACT
    assert slow.real == pytest.approx(steady, rel=1e-5)
    assert abs(slow.imag) < 1e-2 * steady
    parts = Splitter(found).parts(frequencies)
    assert parts.sum == pytest.approx(parts.total, rel=1e-9)
    assert parts.regions["e"] == pytest.approx(np.full(3, LENGTH / kappa), rel=1e-6)
    assert parts.diffusion["e"][0].real == pytest.approx(steady - LENGTH / kappa - 2 * CONTACT, rel=1e-4)


def test_low_frequencies_are_the_slope_of_the_steady_curve() -> None:
    """At a steady current the limit of low frequencies is dV/di of the closed form."""
    model, current = cell(IDEAL, 24), 7.0
    settled(model, current)
    found = FrequencyResponse(model, model.terminals["anode"], [SLOW, 1.0]).impedance()[0]

    def voltage(i: float) -> float:
        return float(closed(i, 2e-12, LENGTH, 1000.0, 600.0, TEMPERATURE)[0])

    slope = (voltage(current + 1e-3) - voltage(current - 1e-3)) / 2e-3 + 2 * CONTACT
    assert found.real == pytest.approx(slope, rel=1e-4)
