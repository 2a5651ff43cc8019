"""Power-law creep (Norton, with the temperature dependence of Arrhenius)."""

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

_MOST = 100
_ROUNDING = 4 * float(np.finfo(float).eps)


@dataclass(frozen=True)
class Norton:
    """Equivalent creep rate exp(-Q / R T) (sigma_e / k)^n, along the deviatoric stress.

    The creep rate is the derivative of the potential phi* = rate(sigma_e) sigma_e / (n + 1) by the stress. Source:
    F. H. Norton, The Creep of Steel at High Temperatures (1929); for lithium LePage et al., J. Electrochem. Soc. 166
    (2019) A89.

    Attributes:
        coefficient: k = A^(-1/n) in Pa s^(1/n): the stress at which the rate would be 1/s at infinite temperature.
        exponent: n, at least 1.
        activation_energy: Q in J/mol, not negative.
    """

    coefficient: float
    exponent: float
    activation_energy: float = 0.0

    def __post_init__(self) -> None:
        if not self.coefficient > 0:
            raise ValueError(f"coefficient must be positive, got {self.coefficient}")
        if not self.exponent >= 1:
            raise ValueError(f"exponent must be at least 1, got {self.exponent}")
        if not self.activation_energy >= 0:
            raise ValueError(f"activation_energy must not be negative, got {self.activation_energy}")

    @property
    def beginnings(self) -> tuple[float, ...]:
        """Internal variables at the beginning: none."""
        return ()

    def log_rate(self, log_stress: Any, temperature: float) -> Any:
        """Logarithm of the equivalent creep rate (1/s) at the logarithm of the equivalent stress (Pa)."""
        return self.exponent * (log_stress - math.log(self.coefficient)) - self.activation_energy / (GAS * temperature)

    def potential(self, equivalent: Any, internals: Any, temperature: float) -> Any:
        """phi* in W/m^3 at an equivalent stress in Pa (UFL); its derivative is the equivalent creep rate."""
        rate = ufl.exp(self.log_rate(ufl.ln(equivalent), temperature))
        return rate * equivalent / (self.exponent + 1)

    def flow(self, trial: Array, compliance: Array | float, known: Array, shift: float, temperature: float) -> Flowed:
        """Solve sigma + compliance rate(sigma) = trial for the equivalent stress.

        With x = ln(sigma / trial) this is x + ln(1 + c exp((n - 1) x)) = 0, convex and rising: Newton's method goes
        down to the root from x = 0 without a safeguard, whatever n and c.

        Args:
            trial: (n,) equivalent stress without creep in this time step, Pa.
            compliance: 3 G / shift, Pa s. known, shift: of internal variables (none here).
            temperature: K.
        """
        n = self.exponent
        log_trial = np.log(np.maximum(trial, np.finfo(float).tiny))
        log_c = np.log(compliance) + self.log_rate(log_trial, temperature) - log_trial
        x = np.zeros_like(trial)
        for _ in range(_MOST):
            soft = np.logaddexp(0.0, log_c + (n - 1) * x)
            share = -np.expm1(-soft)  # of creep in the rate of the trial stress, c e^((n-1)x) / (1 + c e^((n-1)x))
            change = (x + soft) / (1 + (n - 1) * share)
            x = np.minimum(x - change, 0.0)
            if np.all(np.abs(change) <= _ROUNDING * (1 + np.abs(x))):
                break
        share = -np.expm1(-np.logaddexp(0.0, log_c + (n - 1) * x))
        slope = np.exp(x) / (1 + (n - 1) * share)
        return Flowed(-np.expm1(x), slope, known, known)
