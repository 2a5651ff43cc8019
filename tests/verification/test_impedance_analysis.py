"""Distribution of relaxation times and Kramers-Kronig test on spectra with closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fem.observe.impedance_consistency import kramers_kronig
from fem.observe.impedance_relaxation import relaxation_times

FREQUENCIES = np.geomspace(1e-2, 1e6, 81)
S = 2j * np.pi * FREQUENCIES


def zarc(resistance: float, tau: float, exponent: float, s: Any = S) -> Any:
    """Resistor beside a constant phase element."""
    return resistance / (1 + (s * tau) ** exponent)


def zarc_density(resistance: float, tau: float, exponent: float, times: Any) -> Any:
    """Its distribution of relaxation times (Cole and Cole 1941), per unit of ln tau."""
    rest = (1 - exponent) * np.pi
    return resistance / (2 * np.pi) * np.sin(rest) / (np.cosh(exponent * np.log(times / tau)) - np.cos(rest))


def test_formula_gives_the_reference_values() -> None:
    """25.0 - 19.7084j at 159.155 Hz, 4.06843 - 8.92763j at 1 kHz, gamma 33.1464 at the middle."""
    at = zarc(50.0, 1e-3, 0.85, 2j * np.pi * np.array([159.154943, 1e3]))
    assert at == pytest.approx([25.0 - 19.7084j, 4.06843 - 8.92763j], rel=1e-5)
    assert zarc_density(50.0, 1e-3, 0.85, 1e-3) == pytest.approx(33.1464, rel=1e-5)


@pytest.mark.parametrize(("exponent", "tau", "trust", "within"), [(0.85, 1e-3, 1e-9, 0.01), (0.6, 3e-2, 1e-6, 0.01)])
def test_distribution_of_a_constant_phase_element(exponent: float, tau: float, trust: float, within: float) -> None:
    """Height and shape of the distribution, resistance and frequency of the one arc."""
    found = relaxation_times(FREQUENCIES, 7.0 + zarc(50.0, tau, exponent), trust)
    exact = zarc_density(50.0, tau, exponent, found.times)
    assert np.max(np.abs(found.density - exact)) < within * exact.max()
    (arc,) = found.arcs
    assert arc.resistance == pytest.approx(50.0, rel=5e-3)
    assert arc.frequency == pytest.approx(1 / (2 * np.pi * tau), rel=1.5e-2)
    assert found.high_frequency == pytest.approx(7.0, rel=1e-2)
    assert np.max(np.abs(found.impedance(FREQUENCIES) / (7.0 + zarc(50.0, tau, exponent)) - 1)) < 10 * trust


@pytest.mark.parametrize("capacitive", [False, True])
def test_distribution_of_two_relaxations(capacitive: bool) -> None:
    """Two arcs with their resistances, frequencies and capacitances, also in series with a capacitor."""
    z = 5.0 + zarc(10.0, 1e-5, 1.0) + zarc(20.0, 0.1, 1.0) + (1 / (S * 0.5) if capacitive else 0.0)
    found = relaxation_times(FREQUENCIES, z, capacitive=capacitive)
    fast, slow = found.arcs
    assert fast.resistance == pytest.approx(10.0, rel=2e-3)
    assert slow.resistance == pytest.approx(20.0, rel=2e-3)
    assert fast.frequency == pytest.approx(1 / (2 * np.pi * 1e-5), rel=1e-2)
    assert slow.capacitance == pytest.approx(5e-3, rel=1e-2)
    assert found.high_frequency == pytest.approx(5.0, rel=1e-3)
    assert found.elastance == pytest.approx(2.0 if capacitive else 0.0, rel=1e-3)


def test_kramers_kronig_accepts_what_obeys_it() -> None:
    """Arcs, diffusion and capacitors: residuals below 0.3 %."""
    root = np.sqrt(S)
    for z in (
        zarc(50.0, 1e-3, 0.85),
        5.0 + zarc(10.0, 1e-5, 1.0) + zarc(20.0, 0.1, 1.0),
        10 * np.tanh(root) / root,
        3.0 + 1 / (S * 0.1),
    ):
        assert kramers_kronig(FREQUENCIES, z).largest < 3e-3


def test_kramers_kronig_refuses_what_does_not() -> None:
    """An unstable system, a drift while measuring, a wrong phase; noise shows as itself."""
    good = 5.0 + zarc(50.0, 1e-3, 0.85)
    drift = good * (1 + 0.1 * np.arange(len(S)) / len(S))
    for z in (good + 5 / (1 - S * 1e-2), drift - 0.05j * np.abs(good), good.real + 1.2j * good.imag):
        assert kramers_kronig(FREQUENCIES, z).largest > 0.02
    noise = np.random.default_rng(1).normal(size=len(S))
    assert 1e-3 < kramers_kronig(FREQUENCIES, good * (1 + 2e-3 * noise)).largest < 1e-2
