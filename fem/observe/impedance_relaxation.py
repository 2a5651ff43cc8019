"""Distribution of relaxation times of an impedance spectrum, and the arcs that it shows.

    Z(omega) = R_inf + 1 / (j omega C) + integral of gamma(ln tau) / (1 + j omega tau) over ln tau,    gamma >= 0

is solved for gamma on a grid of ln tau by Tikhonov regularisation with non-negative unknowns. The weight of the
regularisation is the largest with which the fit still misses the data by no more than they are trusted
(discrepancy principle). Sources: Wan, Saccoccio, Chen and Ciucci, Electrochim. Acta 184, 483 (2015); Hansen, Rank-
Deficient and Discrete Ill-Posed Problems (SIAM 1998), chapter 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

Array = npt.NDArray[np.floating[Any]]

# Points of the grid per decade, and decades by which it reaches beyond the spectrum on either side.
PER_DECADE, BEYOND = 10, 1.0
# How far measured (or computed) points are trusted, relative to their modulus.
TRUST = 1e-6
# A peak counts as an arc when it rises above its surroundings by this share of the largest.
PROMINENCE = 0.01
# What of a narrow peak counts, as a share of its height.
_FOOT = 0.02


@dataclass(frozen=True)
class Arc:
    """A peak of the distribution.

    Attributes:
        frequency: characteristic frequency 1 / (2 pi tau) at the peak, Hz.
        resistance: integral of gamma between the neighbouring minima, unit of the impedance.
    """

    frequency: float
    resistance: float

    @property
    def capacitance(self) -> float:
        """tau / R: that of one resistor and capacitor with the same time constant."""
        return 1.0 / (2 * np.pi * self.frequency * self.resistance)


@dataclass(frozen=True)
class Relaxation:
    """A distribution of relaxation times.

    Attributes:
        times: (n,) tau in s, rising.
        density: (n,) gamma per unit of ln tau, unit of the impedance.
        high_frequency: R_inf.
        elastance: 1 / C of a capacitor in series; 0 unless asked for.
        weight: of the regularisation.
        misfit: root mean square of the relative error of the fit.
    """

    times: Array
    density: Array
    high_frequency: float
    elastance: float
    weight: float
    misfit: float

    def impedance(self, frequencies: Any) -> Any:
        """Impedance of the fit."""
        s = 2j * np.pi * np.asarray(frequencies, dtype=float)
        step = np.log(self.times[1] / self.times[0])
        kernel = step / (1 + s[:, None] * self.times)
        return self.high_frequency + self.elastance / s + kernel @ self.density

    @property
    def arcs(self) -> tuple[Arc, ...]:
        """Peaks from high to low frequency."""
        from scipy.signal import find_peaks  # a third of a second, also for runs without an impedance

        padded = np.concatenate(([0.0], self.density, [0.0]))
        peaks, _ = find_peaks(padded, prominence=PROMINENCE * padded.max() if padded.max() > 0 else 1.0)
        step = np.log(self.times[1] / self.times[0])
        found = []
        ends = [0, *(a + int(np.argmin(padded[a:b])) for a, b in pairwise(peaks)), len(padded)]
        for peak, (low, high) in zip(peaks, pairwise(ends), strict=True):
            tau = np.exp(_middle(np.log(self.times), self.density, peak - 1))
            found.append(Arc(float(1 / (2 * np.pi * tau)), float(step * padded[low:high].sum())))
        return tuple(found)


def _middle(x: Array, y: Array, peak: int) -> float:
    """Where a peak is highest; its centre of gravity where it is narrower than the grid can show."""
    inside = 0 < peak < len(x) - 1
    if inside and min(y[peak - 1], y[peak + 1]) > 0.5 * y[peak]:
        bend = y[peak - 1] - 2 * y[peak] + y[peak + 1]
        return float(x[peak] + (x[1] - x[0]) * 0.5 * (y[peak - 1] - y[peak + 1]) / bend) if bend < 0 else float(x[peak])
    low = high = peak
    while low > 0 and _FOOT * y[peak] < y[low - 1] <= y[low]:
        low -= 1
    while high < len(x) - 1 and _FOOT * y[peak] < y[high + 1] <= y[high]:
        high += 1
    return float(np.sum(y[low : high + 1] * x[low : high + 1]) / np.sum(y[low : high + 1]))


def relaxation_times(
    frequencies: Any, impedance: Any, trust: float = TRUST, capacitive: bool = False, weight: float | None = None
) -> Relaxation:
    """Distribution of relaxation times of a spectrum.

    Args:
        frequencies: (n,) Hz.
        impedance: (n,) complex.
        trust: relative accuracy of the data.
        capacitive: allow a capacitor in series (no steady limit).
        weight: of the regularisation; None: by the discrepancy principle.
    """
    f, z = np.asarray(frequencies, dtype=float), np.asarray(impedance)
    low, high = 1 / (2 * np.pi * f.max()), 1 / (2 * np.pi * f.min())
    decades = np.log10(high / low) + 2 * BEYOND
    times = np.geomspace(low * 10**-BEYOND, high * 10**BEYOND, 1 + round(PER_DECADE * decades))
    step = np.log(times[1] / times[0])
    s = 2j * np.pi * f
    columns = [step / (1 + s * t) for t in times] + [np.ones_like(s)] + ([1 / s] if capacitive else [])
    size = np.abs(z)
    matrix = np.array(columns).T / size[:, None]
    target = z / size
    scale = float(np.max(size))
    units = np.array([scale] * (len(times) + 1) + [scale * 2 * np.pi * f.min()] * capacitive)
    system = np.concatenate((matrix.real, matrix.imag)) * units
    right = np.concatenate((target.real, target.imag))
    rough = np.zeros((len(times), len(units)))
    rough[:, : len(times)] = (np.eye(len(times)) - 2 * np.eye(len(times), k=1) + np.eye(len(times), k=2)) / step**1.5

    def solve(given: float) -> tuple[Array, float]:
        stacked = np.concatenate((system, np.sqrt(given) * rough))
        found, _ = nnls(stacked, np.concatenate((right, np.zeros(len(rough)))), maxiter=50 * len(units))
        left = system @ found - right
        return found, float(np.sqrt(np.sum(left**2) / len(z)))

    if weight is None:
        weight = _trusted(lambda w: solve(w)[1], trust)
    found, misfit = solve(weight)
    values = found * units
    elastance = float(values[-1]) if capacitive else 0.0
    return Relaxation(times, values[: len(times)], float(values[len(times)]), elastance, weight, misfit)


def _trusted(misfit: Any, trust: float) -> float:
    """The largest weight with which the misfit is at most ``trust``, or little above the smallest possible."""
    low, high = -14.0, 4.0
    limit = max(trust, 1.5 * misfit(10.0**low))
    if misfit(10.0**high) <= limit:
        return float(10.0**high)
    for _ in range(16):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if misfit(10.0**middle) <= limit else (low, middle)
    return float(10.0**low)
