"""What a term may be: the protocols that energies, dissipations and interface laws satisfy.

A new effect is one new class in one new file that has one of these shapes. Stresses, fluxes and interface
currents are derived from the returned densities by ``ufl.diff``; no term ever writes a flux by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

Carrier = Literal["ionic", "electronic"]
"""Which charge moves: lithium ions or electrons; each has an electric potential of its own."""


@dataclass(frozen=True)
class State:
    """The local thermodynamic state that energies depend on (UFL expressions).

    Attributes:
        strain: (3, 3) total strain, a ``ufl.variable``.
        temperature: kelvin.
        concentration: mol/m^3 of lithium in a host; None where nothing is stored.
        damage: 0 whole, 1 broken; None where nothing breaks.
    """

    strain: Any
    temperature: float
    concentration: Any = None
    damage: Any = None


class EnergyTerm(Protocol):
    """A contribution to the free energy density of a domain."""

    def density(self, state: State) -> Any:
        """Scalar UFL expression in J/m^3."""
        ...


class DissipationTerm(Protocol):
    """A contribution to the dissipation potential of a domain for one carrier."""

    @property
    def carrier(self) -> Carrier:
        """The charge that it moves."""
        ...

    def potential(self, force: Any) -> Any:
        """Dissipation potential in W/m^3 of the force -grad(phi) in V/m; the current density is its derivative."""
        ...


class Flowed(NamedTuple):
    """What an implicit step of a creep law gives at n points.

    Attributes:
        share: (n,) part of the trial stress that creep takes away: 1 - sigma / trial.
        slope: (n,) d(sigma) / d(trial).
        internals: (n, k) internal variables.
        bends: (n, k) d(internals) / d(trial), 1/Pa.
    """

    share: Any
    slope: Any
    internals: Any
    bends: Any


class CreepLaw(Protocol):
    """A dissipation potential of the equivalent deviatoric stress, whose derivative is the creep rate."""

    @property
    def beginnings(self) -> tuple[float, ...]:
        """Internal variables (logarithms of what is positive) at the beginning."""
        ...

    def potential(self, equivalent: Any, internals: Any, temperature: float) -> Any:
        """phi* in W/m^3 at an equivalent stress in Pa and internal variables (UFL)."""
        ...

    def flow(self, trial: Any, compliance: Any, known: Any, shift: float, temperature: float) -> Flowed:
        """Solve sigma + compliance rate(sigma, y) = trial and shift (y - known) = dy/dt(sigma, y) at (n,) points.

        Args:
            trial: (n,) equivalent stress without creep, Pa. compliance: 3 G / shift, Pa s.
            known: (n, k) internal variables without change. shift: 1/s.
            temperature: K.
        """
        ...
