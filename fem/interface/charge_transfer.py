"""Charge transfer between the electrons of an electrode and the ions of an electrolyte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fem.interface.interphase import Interphase
from fem.interface.kinetics import Kinetics
from fem.terms import Carrier


@dataclass(frozen=True)
class ChargeTransfer:
    """Kinetics, a resistive film in series, and a contact fraction, on one interface.

    Attributes:
        electrode: name of the layer whose electrons take part.
        kinetics: kinetic law, or None for perfect contact (phi_s - phi_e = U_eq on the interface).
        equilibrium_potential: U_eq in V against Li/Li+.
        film_resistance: area-specific resistance of a film in series, ohm m^2 (UFL where it grows).
        contact_fraction: share of the nominal area in contact below the resolution of the mesh, 0 < x <= 1.
        partial_molar_volume: dOmega = Omega_Li - Omega_Li+ in m^3/mol; 0 switches the stress shift off.
        double_layer_capacitance: F/m^2 of the area in contact, beside the kinetics.
        film_capacitance: F/m^2 of the area in contact, beside the film resistance.
        electrode_carrier: ``electronic``; ``ionic`` for the passage of lithium ions between two electrolytes (a
            polymer and a ceramic), where ``electrode`` names the one whose potential counts first and the equilibrium
            potential is the Donnan potential.
        interphase: layers that grow here; their resistance adds to ``film_resistance``.
        largest_pressure: Pa beyond which (of either sign) the stress shift grows no further, because the metal yields;
            None: no limit.
    """

    electrode: str
    kinetics: Kinetics | None
    equilibrium_potential: Any = 0.0
    film_resistance: Any = 0.0
    contact_fraction: float = 1.0
    partial_molar_volume: float = 0.0
    double_layer_capacitance: float = 0.0
    film_capacitance: float = 0.0
    electrode_carrier: Carrier = "electronic"
    interphase: Interphase | None = None
    largest_pressure: float | None = None

    def __post_init__(self) -> None:
        for name in ("double_layer_capacitance", "film_capacitance"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, got {getattr(self, name)}")
        if self.film_capacitance and self.interphase is not None and self.interphase.polarises:
            raise ValueError("a film has a film_capacitance or layers with a permittivity, not both")
        if isinstance(self.film_resistance, int | float) and self.film_resistance < 0:
            raise ValueError(f"film_resistance must not be negative, got {self.film_resistance}")
        if isinstance(self.contact_fraction, int | float) and not 0 < self.contact_fraction <= 1:
            raise ValueError(f"contact_fraction must lie in 0 < x <= 1, got {self.contact_fraction}")

    @property
    def perfect(self) -> bool:
        """True when nothing resists the passage."""
        return self.kinetics is None and not self.has_film

    @property
    def has_film(self) -> bool:
        """True when something beside the kinetics resists."""
        # a resistance that changes in time is an expression, and never zero
        given = self.film_resistance > 0 if isinstance(self.film_resistance, int | float) else True
        return given or self.interphase is not None

    @property
    def needs_inner_potential(self) -> bool:
        """True when the potential between film and reaction is an unknown of its own."""
        polarises = self.interphase is not None and self.interphase.polarises
        apart = self.double_layer_capacitance > 0 or self.film_capacitance > 0 or polarises
        both = self.kinetics is not None and self.has_film
        return both and (apart or (self.kinetics is not None and not self.kinetics.linear))


@dataclass(frozen=True)
class OhmicContact:
    """Contact resistance between two conductors of the same carrier.

    Attributes:
        carrier: the charge that passes.
        resistance: area-specific resistance in ohm m^2 (a constant of the forms in them); 0 means continuous.
        contact_fraction: share of the nominal area in contact, 0 < x <= 1.
        capacitance: F/m^2 of the area in contact, beside the resistance.
    """

    carrier: str
    resistance: Any = 0.0
    contact_fraction: float = 1.0
    capacitance: float = 0.0

    def __post_init__(self) -> None:
        if isinstance(self.resistance, int | float) and self.resistance < 0:
            raise ValueError(f"resistance must not be negative, got {self.resistance}")


@dataclass(frozen=True)
class Blocked:
    """No passage of this carrier.

    Attributes:
        carrier: the charge that is stopped.
    """

    carrier: str
