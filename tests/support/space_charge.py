"""Half spaces beside an electrode: closed forms from the first integral of Poisson's equation, and the model itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.integrate import quad

from fem.compat import shared_facet_partitioner
from fem.constants import FARADAY, GAS
from fem.energy.dielectric import VACUUM_PERMITTIVITY
from fem.energy.dilute import Dilute
from fem.energy.lattice_gas import LatticeGas
from fem.space_charge.media import Electrode, Ion, Medium, Sublattice
from fem.space_charge.problem import SpaceChargeProblem
from fem.space_charge.solver import SpaceChargeSolver
from meshes.generate import generate
from meshes.sizes import MeshSizes
from meshes.stack import Layer, Stack

AVOGADRO = 6.02214076e23


def gouy_chapman(density: float, relative_permittivity: float) -> Medium:
    """Two dilute ions of charge +1 and -1, `density` per m^3 each."""
    ions = (Ion("cation", 1, 1.0), Ion("anion", -1, 1.0))
    return Medium(relative_permittivity, (Sublattice(Dilute(density / AVOGADRO), ions),))


def bikerman(density: float, crowding: float, relative_permittivity: float) -> Medium:
    """The same ions on common sites, of which they fill the share `crowding` in the bulk."""
    ions = (Ion("cation", 1, crowding / 2), Ion("anion", -1, crowding / 2))
    sites = LatticeGas(2 * density / crowding / AVOGADRO)
    return Medium(relative_permittivity, (Sublattice(sites, ions),))


def lattice_gas(sites: float, occupancy: float, relative_permittivity: float, **others: Any) -> Medium:
    """One cation on `sites` per m^3 in a fixed background."""
    group = Sublattice(LatticeGas(sites / AVOGADRO), (Ion("Li+", 1, occupancy),))
    return Medium(relative_permittivity, (group,), **others)


def saturating_defects(
    sites: float, saturation: float, energy: float, relative_permittivity: float, temperature: float
) -> Medium:
    """Vacancies and interstitials, each on `saturation` of the sites per m^3, of formation energy `energy` in eV."""
    factor = saturation * np.exp(energy * FARADAY / (GAS * temperature))
    own = LatticeGas(saturation * sites / AVOGADRO)
    groups = (
        Sublattice(own, (Ion("Li_i", 1, 1 / (1 + factor)),)),
        Sublattice(own, (Ion("V_Li", -1, 1 / (1 + factor)),)),
    )
    return Medium(relative_permittivity, groups)


def half_space(
    comm: Any,
    medium: Medium,
    potential: float | None,
    size: float,
    thickness: float,
    *,
    temperature: float = 300.0,
    degree: int = 2,
    factor: float = 1.0,
    charge: float = 0.0,
) -> tuple[SpaceChargeProblem, SpaceChargeSolver]:
    """A solved half space on a 1-D mesh, graded from cells of ``size`` at the electrode, all times ``factor``."""
    sizes = MeshSizes(bulk=thickness / 12, interface=size, growth=1.15).scaled(factor)
    stack = Stack("1", (Layer("m", thickness / 12, "Li"), Layer("e", thickness, "LLZO")))
    tagged = generate(stack, sizes, comm, shared_facet_partitioner())
    electrode = Electrode("m", potential, charge=charge)
    problem = SpaceChargeProblem(tagged, {"e": medium}, [electrode], temperature=temperature, degree=degree)
    solver = SpaceChargeSolver(problem)
    solver.solve()
    return problem, solver


def screening(medium: Medium, temperature: float) -> Callable[[float], float]:
    """eps/2 (dphi/dx)^2 in J/m^3 where the potential is phi: what the charges have done on the way from the bulk."""
    unit = GAS * temperature / FARADAY

    def energy(phi: float) -> float:
        u = phi / unit
        total = -medium.background * phi
        for group in medium.sublattices:
            scale = group.concentration * GAS * temperature
            fractions = [ion.fraction for ion in group.ions]
            factors = [np.expm1(-ion.charge * u) for ion in group.ions]
            if isinstance(group.statistics, LatticeGas):
                total += scale * np.log1p(sum(f * e for f, e in zip(fractions, factors, strict=True)))
            else:
                total += scale * sum(f * e for f, e in zip(fractions, factors, strict=True))
        return float(total)

    return energy


def wall_charge(medium: Medium, potential: float, temperature: float) -> float:
    """Charge of the electrode beside a half space, C/m^2: eps |dphi/dx| with the sign of the potential."""
    energy = screening(medium, temperature)(potential)
    eps = VACUUM_PERMITTIVITY * medium.relative_permittivity
    return float(np.sign(potential) * np.sqrt(2 * eps * energy))


def slope(function: Callable[[float], float], x: float, step: float) -> float:
    """Central difference of fourth order."""
    h = step
    return (8 * (function(x + h) - function(x - h)) - (function(x + 2 * h) - function(x - 2 * h))) / (12 * h)


def layer_resistance(medium: Medium, potential: float, temperature: float) -> float:
    """int (1/sigma - 1/sigma_bulk) dx of one ion with sigma ~ theta (1 - theta), by quadrature over the potential."""
    (group,) = medium.sublattices
    theta_bulk = group.ions[0].fraction
    unit = GAS * temperature / FARADAY
    energy = screening(medium, temperature)
    eps = VACUUM_PERMITTIVITY * medium.relative_permittivity

    def integrand(phi: float) -> float:
        odds = theta_bulk / (1 - theta_bulk) * np.exp(-phi / unit)
        ratio = theta_bulk * (1 - theta_bulk) * (1 + odds) ** 2 / odds
        return float((ratio - 1) / np.sqrt(2 * energy(phi) / eps))

    least = 1e-5  # below, rounding spoils the integrand, which is smooth there
    value, _ = quad(integrand, least, potential, limit=400, epsabs=0, epsrel=1e-10)
    value += least * integrand(0.5 * least)
    assert medium.conductivity is not None
    return float(value / medium.conductivity)


def observed_orders(errors: Sequence[float], ratio: float) -> list[float]:
    """Orders between neighbours of a mesh family."""
    return [float(np.log(a / b) / np.log(ratio)) for a, b in pairwise(errors)]
