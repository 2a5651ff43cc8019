"""Kinetics of the charge transfer Li <-> Li+ + e-, as dissipation potentials of the affinity.

The affinity in volts is A = phi_electrode - phi_electrolyte - U_eq. Mechanical work enters as
W = dOmega p_n / F in volts (p_n: compression on the interface). Both give the driving force A + W that vanishes
at equilibrium, so phi_s - phi_e = U_eq - dOmega p_n / F there, whatever the kinetics.
The anodic current density (oxidation positive) is the derivative of the potential with respect to A.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import ufl

from fem.constants import thermal_voltage

# exp() is continued by its tangent beyond this argument: no overflow, still convex and once differentiable.
LARGEST_EXPONENT = 150.0


class Kinetics(Protocol):
    """A kinetic law of one interface."""

    @property
    def linear(self) -> bool:
        """True when the current is proportional to the driving force."""
        ...

    def charge_transfer_resistance(self, temperature: float) -> float:
        """Small-signal area-specific resistance in ohm m^2 at zero current and zero stress."""
        ...

    def potential(self, affinity: Any, work: Any, temperature: float, limit: Any = LARGEST_EXPONENT) -> Any:
        """Dissipation potential in W/m^2; its derivative with respect to the affinity is the current density."""
        ...

    def overpotential(self, current_density: float, temperature: float) -> float:
        """Affinity in V that drives a current density in A/m^2 at zero stress."""
        ...


def _exp_integral(slope: float, affinity: Any, shift: Any, limit: Any) -> Any:
    """Integral over the affinity of the bounded exp(slope*affinity + shift)."""
    x = slope * affinity + shift
    m = limit
    if slope == 0:
        return affinity * ufl.exp(shift)
    beyond = ufl.exp(m) * (1 + (x - m) + (x - m) ** 2 / 2)
    # both branches are evaluated: keep the argument of exp bounded
    bounded = ufl.conditional(ufl.lt(x, m), x, m)
    return ufl.conditional(ufl.lt(x, m), ufl.exp(bounded), beyond) / slope


@dataclass(frozen=True)
class ButlerVolmer:
    """i = i0 [exp(a_a F (A + a_m s W)/RT ...) - exp(...)] with any transfer coefficients.

    In full: i = i0 {exp[(a_a A + a_m s W) F/RT] - exp[-(a_c A + (1 - a_m) s W) F/RT]}, s = a_a + a_c, which is the
    stress-extended Butler-Volmer law of Ganser et al., J. Electrochem. Soc. 166 H167 (2019) for s = 1.

    Attributes:
        exchange_current: A/m^2, positive: a number, or UFL where it depends on concentrations.
        anodic: anodic transfer coefficient, >= 0.
        cathodic: cathodic transfer coefficient, >= 0, not both zero.
        mechanical: share of the mechanical work that acts on the anodic direction, 0..1 (None: a_a/s, a pure
            shift of the equilibrium potential).
    """

    exchange_current: Any
    anodic: float = 0.5
    cathodic: float = 0.5
    mechanical: float | None = None

    def __post_init__(self) -> None:
        if isinstance(self.exchange_current, int | float) and not self.exchange_current > 0:
            raise ValueError(f"exchange_current must be positive, got {self.exchange_current}")
        if self.anodic < 0 or self.cathodic < 0 or self.anodic + self.cathodic == 0:
            raise ValueError("transfer coefficients must not be negative and not both zero")
        if self.mechanical is not None and not 0 <= self.mechanical <= 1:
            raise ValueError(f"mechanical transfer coefficient must lie in 0..1, got {self.mechanical}")

    @property
    def linear(self) -> bool:
        """False."""
        return False

    def charge_transfer_resistance(self, temperature: float) -> float:
        """RT / (F i0 (a_a + a_c)) in ohm m^2."""
        return float(thermal_voltage(temperature) / (self.exchange_current * (self.anodic + self.cathodic)))

    def potential(self, affinity: Any, work: Any, temperature: float, limit: Any = LARGEST_EXPONENT) -> Any:
        """Dissipation potential in W/m^2 (up to a constant)."""
        f = 1.0 / thermal_voltage(temperature)
        total = self.anodic + self.cathodic
        share = self.anodic / total if self.mechanical is None else self.mechanical
        anodic = _exp_integral(self.anodic * f, affinity, share * total * f * work, limit)
        cathodic = _exp_integral(-self.cathodic * f, affinity, -(1 - share) * total * f * work, limit)
        return self.exchange_current * (anodic - cathodic)

    def overpotential(self, current_density: float, temperature: float) -> float:
        """Root of i(A) = current_density at zero stress."""
        from scipy.optimize import brentq

        if current_density == 0:
            return 0.0
        f = 1.0 / thermal_voltage(temperature)
        ratio = current_density / self.exchange_current

        def excess(x: float) -> float:
            return float(math.exp(min(self.anodic * x, 700.0)) - math.exp(min(-self.cathodic * x, 700.0)) - ratio)

        weight = self.anodic if ratio > 0 else self.cathodic
        if weight == 0:  # one-sided law saturates at i0
            return float(math.copysign(min(abs(ratio), 10.0), ratio) / f)
        bound = min((math.log1p(abs(ratio)) + 1.0) / weight, 690.0 / weight)
        low, high = (0.0, bound) if ratio > 0 else (-bound, 0.0)
        root: float = brentq(excess, low, high, xtol=1e-14)
        return root / f


@dataclass(frozen=True)
class LinearKinetics:
    """i = (A + W) / R_ct.

    Attributes:
        resistance: charge-transfer resistance R_ct in ohm m^2, positive (UFL where a film in series grows).
    """

    resistance: Any

    def __post_init__(self) -> None:
        if isinstance(self.resistance, int | float) and not self.resistance > 0:
            raise ValueError(f"charge-transfer resistance must be positive, got {self.resistance}")

    @classmethod
    def from_exchange_current(cls, exchange_current: float, temperature: float) -> LinearKinetics:
        """R_ct = RT/(F i0)."""
        return cls(thermal_voltage(temperature) / exchange_current)

    @property
    def linear(self) -> bool:
        """True."""
        return True

    def charge_transfer_resistance(self, temperature: float) -> Any:
        """R_ct in ohm m^2, as it was given."""
        return self.resistance

    def potential(self, affinity: Any, work: Any, temperature: float, limit: Any = LARGEST_EXPONENT) -> Any:
        """Dissipation potential in W/m^2."""
        return (affinity + work) ** 2 / (2 * self.resistance)

    def overpotential(self, current_density: float, temperature: float) -> float:
        """R_ct i."""
        return float(self.resistance) * current_density
