"""Published space-charge layers beside ours: LLZO beside LiCoO2 and graphite, double layers on lithium, holography.

Sources: Liu et al., Nano Energy 2025, 110749, section 2.3 (depletion after de Klerk and Wagemaker 2018; signs after
Swift and Qi 2019; holography after Nomura et al. 2019); Swift, Swift and Qi, Nat. Comput. Sci. 1 (2021) 212.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from mpi4py import MPI
from support.space_charge import AVOGADRO, half_space, lattice_gas, saturating_defects, wall_charge

from fem.constants import FARADAY
from fem.energy.dilute import Dilute
from fem.materials import load
from fem.observe.space_charge import SpaceChargeObserver
from fem.space_charge.media import Ion, Medium, Sublattice
from fem.space_charge.planes import Planes, PlanesSolution, Slab

SPACING, FLAT_BAND = 1.297e-9 / 8, 3.7157
LLZO = lattice_gas(5.4995e28, 7 / 15, 28.45, conductivity=0.05)
ELEMENTARY = FARADAY / AVOGADRO


def llzo(potential: float, medium: Medium = LLZO, planes: int = 60) -> tuple[Planes, PlanesSolution]:
    made = Planes((Slab(medium, SPACING, planes),), potential - FLAT_BAND)
    return made, made.solve()


def disturbed(solution: PlanesSolution) -> int:
    """Planes whose occupancy differs from that of the bulk by more than 1 %."""
    return int(np.sum(np.abs(solution.fractions["Li+"] / (7 / 15) - 1) > 0.01))


def test_llzo_beside_licoo2_and_graphite() -> None:
    """Published: 35 % and 95 % (calibrated), thickness about a nanometre, below 1 ohm cm^2, enriched at graphite."""
    for potential, published in ((3.9, 0.35), (4.3, 0.95)):
        planes, found = llzo(potential)
        assert 1 - found.fractions["Li+"][0] / (7 / 15) == pytest.approx(published, abs=1e-3)
        assert disturbed(found) * SPACING < 1e-9
        assert planes.resistance(found) < 1e-4
    assert llzo(0.1)[1].fractions["Li+"][0] > 0.99


def test_coulomb_interactions_make_the_layer_thinner() -> None:
    """Published: with them it is thinner. Here they are the field that the ions' own charge makes."""
    thickness = []
    for share in (1.0, 0.3, 0.1, 0.03):
        found = llzo(4.3, replace(LLZO, coulomb=share), 200)[1]
        thickness.append(disturbed(found))
    assert thickness == sorted(thickness)
    assert thickness[-1] > 3 * thickness[0]


def test_resistive_only_when_completely_depleted() -> None:
    """Published: negligible except for completely depleted layers. With planes 1 ohm cm^2 takes far more than 4.3 V."""
    resistances = {v: p.resistance(s) for v in (4.3, 4.5, 5.0, 5.5) for p, s in [llzo(v)]}
    assert list(resistances.values()) == sorted(resistances.values())
    first = next(v for v, r in resistances.items() if r > 1e-4)
    assert 1 - llzo(first)[1].fractions["Li+"][0] / (7 / 15) > 0.99999


@pytest.mark.parametrize("name", ["LLZO", "LiF", "Li2O", "Li2CO3"])
def test_lithium_charges_electrolyte_and_interphases_positively(name: str) -> None:
    """The sign at lithium: interstitials enter, the electrolyte lies above the metal, which is negative."""
    material = load(name)
    phi = material.value("pfd_neutrality_potential")
    medium = saturating_defects(
        material.value("pfd_site_density"),
        material.value("pfd_saturation"),
        material.value("pfd_formation_energy") / FARADAY,
        material.value("relative_permittivity"),
        300.0,
    )
    assert phi > 0
    assert wall_charge(medium, 0.0 - phi, 300.0) < 0
    # a cathode of 3.9 V lies above the neutrality potential of all four: vacancies take over, and it is positive
    assert wall_charge(medium, 3.9 - phi, 300.0) > 0


@pytest.mark.parametrize(("permittivity", "density"), [(10.0, 1.44e25), (15.0, 2.16e25), (30.0, 4.31e25)])
def test_holography_needs_few_mobile_charges(permittivity: float, density: float) -> None:
    """1.3 V over 10 nm: N = 2 eps phi / (e w^2), 0.2 to 0.7 % of all lithium; the model with that N drops so."""
    eps = permittivity * 8.8541878128e-12
    fitted = 2 * eps * 1.3 / (ELEMENTARY * (10e-9) ** 2)
    assert fitted == pytest.approx(density, rel=5e-3)
    assert 0.002 < fitted / 6.0e27 < 0.0075
    ion = Ion("Li+", 1, 1.0, transport="carriers")
    medium = Medium(permittivity, (Sublattice(Dilute(fitted / AVOGADRO), (ion,)),))
    problem, solver = half_space(MPI.COMM_SELF, medium, 1.3, 0.2e-9, 30e-9)
    observer = SpaceChargeObserver(problem)
    assert observer.potential_at(np.array([[30e-9 / 12 + 10e-9]]))[0] < 0.02 * 1.3
    assert observer.potential_at(np.array([[30e-9 / 12 + 5e-9]]))[0] > 0.2 * 1.3
    solver.destroy()


def test_all_lithium_would_screen_within_a_nanometre() -> None:
    """A lattice gas of all lithium of LATP cannot match 10 nm: width of the charge below 1 nm at 1.3 V."""
    medium = lattice_gas(2 * 6.0e27, 0.5, 15.0)
    problem, solver = half_space(MPI.COMM_SELF, medium, 1.3, 1e-11, 4e-9)
    assert SpaceChargeObserver(problem).width("e", below=True) < 1e-9
    assert medium.debye_length(300.0) < 0.2e-9
    solver.destroy()
