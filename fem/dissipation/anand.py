"""Creep of a metal that hardens and softens towards a resistance of its own for every rate (Anand)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl

from fem.constants import GAS
from fem.terms import Flowed

Array = npt.NDArray[np.float64]

_MOST = 200
_ROUNDING = 1e-14
_WIDE = 40.0


@dataclass(frozen=True)
class Anand:
    """Equivalent creep rate A exp(-Q / R T) (sigma_e / S)^(1/m) with a resistance S that evolves.

        dS/dt = H0 |1 - S/S*|^a sign(1 - S/S*) rate,    S* = S0 (rate / (A exp(-Q / R T)))^n

    Source: L. Anand, Int. J. Plasticity 1 (1985) 213; for lithium Anand & Narayan, J. Electrochem. Soc. 166 (2019)
    A1092.
    The internal variable is ln(S / Pa).

    Attributes:
        prefactor: A in 1/s. activation_energy: Q in J/mol. sensitivity: m, above 0.
        resistance: S at the beginning, Pa.
        hardening: H0 in Pa. hardening_exponent: a, at least 1.
        saturation: S0 in Pa. saturation_exponent: n, not negative.
    """

    prefactor: float
    activation_energy: float
    sensitivity: float
    resistance: float
    hardening: float
    hardening_exponent: float
    saturation: float
    saturation_exponent: float

    def __post_init__(self) -> None:
        for key in ("prefactor", "sensitivity", "resistance", "saturation"):
            if not getattr(self, key) > 0:
                raise ValueError(f"{key} must be positive, got {getattr(self, key)}")
        for key in ("activation_energy", "hardening", "saturation_exponent"):
            if not getattr(self, key) >= 0:
                raise ValueError(f"{key} must not be negative, got {getattr(self, key)}")
        if not self.hardening_exponent >= 1:
            raise ValueError(f"hardening_exponent must be at least 1, got {self.hardening_exponent}")

    @property
    def beginnings(self) -> tuple[float, ...]:
        """ln S at the beginning."""
        return (math.log(self.resistance),)

    def _log_prefactor(self, temperature: float) -> float:
        return math.log(self.prefactor) - self.activation_energy / (GAS * temperature)

    def potential(self, equivalent: Any, internals: Any, temperature: float) -> Any:
        """phi* in W/m^3 at an equivalent stress in Pa and ln S (UFL); its derivative is the equivalent creep rate."""
        m = self.sensitivity
        rate = ufl.exp(self._log_prefactor(temperature) + (ufl.ln(equivalent) - internals[0]) / m)
        return rate * equivalent * m / (1 + m)

    def hardening_rate(self, log_rate: Array, y: Array, temperature: float) -> tuple[Array, Array, Array]:
        """d(ln S)/dt in 1/s at (n,) logarithms of the rate (1/s) and of S, and its derivatives by both."""
        ratio = np.exp(np.minimum(y - self._saturated(log_rate, temperature), _WIDE))
        gap = 1 - ratio
        a, size = self.hardening_exponent, np.abs(gap)
        value, steep = np.sign(gap) * size**a, a * size ** (a - 1)
        speed = self.hardening * np.exp(log_rate - y)
        by_rate = speed * (value + steep * self.saturation_exponent * ratio)
        return speed * value, by_rate, -speed * (value + steep * ratio)

    def _saturated(self, log_rate: Array, temperature: float) -> Array:
        drive = log_rate - self._log_prefactor(temperature)
        return math.log(self.saturation) + self.saturation_exponent * drive

    def _resistance(self, log_rate: Array, known: Array, shift: float, temperature: float) -> tuple[Array, Array]:
        """(n,) ln S at the end of the step for a logarithm of the rate, and its derivative: monotone, bracketed."""
        saturated = self._saturated(log_rate, temperature)
        low, high = np.minimum(known, saturated), np.maximum(known, saturated)
        y = known.copy()
        for _ in range(_MOST):
            value, _, by_y = self.hardening_rate(log_rate, y, temperature)
            gap, slope = shift * (y - known) - value, shift - by_y
            low, high = np.where(gap < 0, y, low), np.where(gap > 0, y, high)
            new = y - gap / slope
            new = np.where((new < low) | (new > high), 0.5 * (low + high), new)
            done = np.all(np.abs(new - y) <= _ROUNDING * np.abs(y))
            y = new
            if done:
                break
        _, by_rate, by_y = self.hardening_rate(log_rate, y, temperature)
        return y, by_rate / (shift - by_y)

    def flow(self, trial: Array, compliance: Array | float, known: Array, shift: float, temperature: float) -> Flowed:
        """Solve for the logarithm z of the rate: ln(sigma(z) + compliance e^z) = ln(trial), bracketed Newton.

        Args:
            trial: (n,) equivalent stress without creep in this time step, Pa.
            compliance: 3 G / shift, Pa s. known: (n, 1) ln S without change. shift: 1/s.
            temperature: K.
        """
        m, base = self.sensitivity, self._log_prefactor(temperature)
        start = known[:, 0]
        wanted = np.log(np.maximum(trial, np.finfo(float).tiny))
        log_c = np.log(compliance)
        high = wanted - log_c
        z = np.minimum(base + (wanted - start) / m, high)
        low = z - _WIDE / m
        y, bend = start, np.zeros_like(start)
        for _ in range(_MOST):
            y, bend = self._resistance(z, start, shift, temperature)
            stress, viscous = y + m * (z - base), log_c + z
            total = np.logaddexp(stress, viscous)
            gap = total - wanted
            slope = np.exp(stress - total) * (bend + m) + np.exp(viscous - total)
            low, high = np.where(gap < 0, z, low), np.where(gap > 0, z, high)
            new = z - gap / slope
            new = np.where((new < low) | (new > high) | (slope <= 0), 0.5 * (low + high), new)
            done = np.all(np.abs(new - z) <= _ROUNDING * (1 + np.abs(z)))
            z = new
            if done:
                break
        y, bend = self._resistance(z, start, shift, temperature)
        stress, viscous = np.exp(y + m * (z - base) - wanted), np.exp(log_c + z - wanted)
        stiff = stress * (bend + m)
        scale = np.maximum(trial, np.finfo(float).tiny) * (stiff + viscous)
        return Flowed(viscous, stiff / (stiff + viscous), y[:, None], np.where(trial > 0, bend / scale, 0.0)[:, None])
