"""The balance laws: residual densities from derived fluxes, stresses and interface currents.

Fluxes and stresses come from dissipations and energies by ``ufl.diff``; this file holds what never changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ufl

from fem.interface.charge_transfer import ChargeTransfer, OhmicContact
from fem.interface.kinetics import LinearKinetics
from fem.terms import DissipationTerm, EnergyTerm, State


def current_density(term: DissipationTerm, potential: Any) -> Any:
    """i = d(Xi)/d(E) with E = -grad(phi), A/m^2."""
    force = ufl.variable(-ufl.grad(potential))
    return ufl.diff(term.potential(force), force)


def charge(term: DissipationTerm, potential: Any, test: Any) -> Any:
    """Residual density of div i = 0: what leaves counts positive."""
    return -ufl.inner(current_density(term, potential), ufl.grad(test))


def displacement(permittivity: Any, rate: Any, test: Any) -> Any:
    """Residual density of the displacement current d(D)/dt, D = -permittivity grad(phi), A/m^3."""
    return permittivity * ufl.inner(ufl.grad(rate), ufl.grad(test))


def stress(
    terms: Sequence[EnergyTerm], strain: Any, temperature: float, concentration: Any = None, damage: Any = None
) -> Any:
    """(3, 3) stress d(psi)/d(strain) in Pa."""
    variable = ufl.variable(strain)
    state = State(variable, temperature, concentration, damage)
    density = sum((term.density(state) for term in terms[1:]), start=terms[0].density(state))
    return ufl.diff(density, variable)


def elastic_potential(
    terms: Sequence[EnergyTerm], strain: Any, temperature: float, concentration: Any, damage: Any = None
) -> Any:
    """d(psi)/dc in J/mol at a fixed total strain."""
    variable = ufl.variable(concentration)
    state = State(strain, temperature, variable, damage)
    density = sum((term.density(state) for term in terms[1:]), start=terms[0].density(state))
    return ufl.diff(density, variable)


@dataclass(frozen=True)
class Passage:
    """Current density through an interface and the potential drops that drive it.

    Attributes:
        current: A/m^2 per nominal area, first to second node.
        driving: V, spent by the kinetics (or the contact).
        film_drop: V, spent by the film.
    """

    current: Any
    driving: Any
    film_drop: Any


def kinetic_current(law: ChargeTransfer, jump: Any, shift: Any, temperature: float, limit: Any) -> Passage:
    """Current of the kinetics alone, i = d(Phi)/dA, times the contact fraction.

    Args:
        law: interface law with kinetics.
        jump: phi_electrode - phi_inner, V.
        shift: stress work dOmega p_n / F, V.
        temperature: K.
        limit: exponent beyond which exp is continued by its tangent.
    """
    assert law.kinetics is not None
    affinity = ufl.variable(jump - law.equilibrium_potential)
    potential = law.contact_fraction * law.kinetics.potential(affinity, shift, temperature, limit)
    return Passage(ufl.diff(potential, affinity), affinity + shift, ufl.as_ufl(0.0))


def film_current(law: ChargeTransfer, drop: Any) -> Any:
    """Current through the film from its dissipation potential, A/m^2 per nominal area."""
    drop = ufl.variable(drop)
    return ufl.diff(law.contact_fraction * drop**2 / (2 * law.film_resistance), drop)


def series_current(law: ChargeTransfer, jump: Any, shift: Any, temperature: float, limit: Any) -> Passage:
    """Current of kinetics without film, or of linear kinetics and film in series."""
    if law.kinetics is not None and not law.kinetics.linear:
        return kinetic_current(law, jump, shift, temperature, limit)
    kinetic = 0.0 if law.kinetics is None else law.kinetics.charge_transfer_resistance(temperature)
    both = ChargeTransfer(
        law.electrode,
        LinearKinetics(kinetic + law.film_resistance),
        law.equilibrium_potential,
        0.0,
        law.contact_fraction,
        law.partial_molar_volume,
    )
    passage = kinetic_current(both, jump, shift, temperature, limit)
    share = kinetic / (kinetic + law.film_resistance)
    return Passage(passage.current, share * passage.driving, (1 - share) * passage.driving)


def ohmic_current(law: OhmicContact, jump: Any) -> Passage:
    """Current through a contact resistance between conductors of the same carrier."""
    drop = ufl.variable(jump)
    potential = law.contact_fraction * drop**2 / (2 * law.resistance)
    return Passage(ufl.diff(potential, drop), ufl.as_ufl(0.0), drop)
