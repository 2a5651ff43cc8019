"""Lattice planes against the calibrated LLZO stack, against their own conservation laws, and against the continuum."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.space_charge import gouy_chapman, lattice_gas, layer_resistance, saturating_defects, wall_charge

from fem.constants import FARADAY, GAS, STANDARD_TEMPERATURE
from fem.errors import ModelError
from fem.space_charge.media import Ion, Medium, Sublattice
from fem.space_charge.planes import Planes, Slab, planes_of

SPACING = 1.297e-9 / 8
FLAT_BAND = 3.7157
LLZO = lattice_gas(5.4995e28, 7 / 15, 28.45, conductivity=0.05)


def llzo(potential: float, medium: Medium = LLZO, planes: int = 40) -> Planes:
    return Planes((Slab(medium, SPACING, planes),), potential - FLAT_BAND)


def test_depletion_of_the_first_plane_of_llzo() -> None:
    """One permittivity and one flat-band potential give 35 % at 3.9 V and 95 % at 4.3 V; the rest follows."""
    expected = {3.9: 0.35, 4.0: 0.532, 4.1: 0.703, 4.2: 0.849, 4.3: 0.95}
    for potential, depletion in expected.items():
        found = llzo(potential).solve()
        assert 1 - found.fractions["Li+"][0] / (7 / 15) == pytest.approx(depletion, abs=1e-3)
        assert found.position[0] == pytest.approx(SPACING)
    full = llzo(4.3)
    # published: below 1 ohm cm^2
    assert full.resistance(full.solve()) == pytest.approx(3.2e-8, rel=2e-2)
    # graphite, 0.1 V: enriched
    assert llzo(0.1).solve().fractions["Li+"][0] > 7 / 15


def test_reference_values_do_not_change() -> None:
    """Self-test of the second difference, written out here with all its factors."""
    found = llzo(4.2).solve()
    phi = np.concatenate([[4.2 - FLAT_BAND], found.potential, [found.potential[-1]]])
    odds = 7 / 8 * np.exp(-found.potential * FARADAY / (GAS * STANDARD_TEMPERATURE))
    theta = odds / (1 + odds)
    density = 1.602176634e-19 * 5.4995e28 * (theta - 7 / 15)
    curvature = (phi[:-2] - 2 * phi[1:-1] + phi[2:]) / SPACING**2
    assert curvature * 28.45 * 8.8541878128e-12 == pytest.approx(-density, rel=1e-6, abs=1e-8 * np.abs(density).max())
    assert found.fractions["Li+"] == pytest.approx(theta, rel=1e-12)


@pytest.mark.parametrize("interaction", [0.0, 6000.0, -4000.0])
def test_charges_and_capacitance_belong_together(interaction: float) -> None:
    group = Sublattice(LLZO.sublattices[0].statistics, LLZO.sublattices[0].ions, interaction)
    medium = replace(LLZO, sublattices=(group,))
    for potential in (0.1, 3.9, 4.4):
        found = llzo(potential, medium).solve()
        assert found.charge.sum() == pytest.approx(-found.lower_charge, rel=1e-10)
        step = 1e-4
        sides = [llzo(potential + s, medium).solve().lower_charge for s in (step, -step)]
        assert found.lower_capacitance == pytest.approx((sides[0] - sides[1]) / (2 * step), rel=1e-6)
        theta, rest = found.fractions["Li+"], found.potential / (GAS * STANDARD_TEMPERATURE / FARADAY)
        clear = 1 - theta > 1e-6  # where the sites are fuller, rounding spoils the logarithm
        theta, rest = theta[clear], rest[clear]
        level = np.log(theta / (1 - theta)) + interaction / (GAS * STANDARD_TEMPERATURE) * (theta - 7 / 15) + rest
        assert level == pytest.approx(np.log(7 / 8), rel=1e-8)


def test_interaction_and_coulomb_forces_set_the_thickness() -> None:
    """Repulsion beyond the mean field spreads the charge; with weaker Coulomb forces the layer is thicker."""
    depleted = []
    for interaction, coulomb in ((0.0, 1.0), (6000.0, 1.0), (0.0, 0.1), (0.0, 0.01)):
        group = Sublattice(LLZO.sublattices[0].statistics, LLZO.sublattices[0].ions, interaction)
        found = llzo(4.3, replace(LLZO, sublattices=(group,), coulomb=coulomb), 200).solve()
        depleted.append(float(np.sum(1 - found.fractions["Li+"] / (7 / 15))))
    assert depleted[0] < depleted[2] < depleted[3]
    plain = llzo(4.3, planes=60).solve().fractions["Li+"]
    group = Sublattice(LLZO.sublattices[0].statistics, LLZO.sublattices[0].ions, 6000.0)
    spread = llzo(4.3, replace(LLZO, sublattices=(group,)), 60).solve().fractions["Li+"]
    assert spread[0] > plain[0]
    assert spread[3] < plain[3]


@pytest.mark.parametrize("potential", [0.15, -0.2])
def test_fine_planes_are_the_continuum(potential: float) -> None:
    """Planes much closer than the screening length: charge and resistance of the continuum, to first order."""
    kelvin = 300.0
    medium = lattice_gas(3.084e26, 0.8, 20.0, conductivity=0.05)
    length = medium.debye_length(kelvin)
    exact = wall_charge(medium, potential, kelvin)
    errors = []
    for cells in (20, 40, 80):
        planes = planes_of([(medium, length / cells, 20 * length)], potential, temperature=kelvin)
        found = planes.solve()
        errors.append(abs(found.lower_charge / exact - 1))
        if potential > 0 and cells == 80:
            assert planes.resistance(found) == pytest.approx(layer_resistance(medium, potential, kelvin), rel=0.1)
    assert errors[-1] < 0.02
    assert np.log2(errors[1] / errors[2]) == pytest.approx(1.0, abs=0.15)


def test_continuum_and_planes_agree_with_several_species() -> None:
    kelvin = 300.0
    for medium, potential in (
        (gouy_chapman(1e25, 10.0), 0.1),
        (saturating_defects(3e27, 0.1, 0.02, 50.0, kelvin), 0.2),
    ):
        length = medium.debye_length(kelvin)
        planes = planes_of([(medium, length / 200, 15 * length)], potential, temperature=kelvin)
        assert planes.solve().lower_charge == pytest.approx(wall_charge(medium, potential, kelvin), rel=1e-2)


def test_two_slabs_between_two_electrodes() -> None:
    """Opposite charges at a junction of two electrolytes, and a full balance of charge."""
    above = lattice_gas(2e28, 0.3, 10.0, bulk_potential=0.4)
    planes = Planes((Slab(LLZO, SPACING, 30), Slab(above, 2e-10, 30)), 0.1, 0.6)
    found = planes.solve()
    total = found.lower_charge + found.upper_charge + found.charge.sum()
    assert total == pytest.approx(0.0, abs=1e-11)
    assert found.potential[15] == pytest.approx(0.0, abs=1e-6)
    assert found.potential[45] == pytest.approx(0.4, abs=1e-6)
    assert found.lower_charge > 0
    assert found.upper_charge > 0
    assert len(found.field) == planes.count + 1


def test_empty_planes_are_capacitors_in_series() -> None:
    """Two insulators: half a spacing of each lies at their junction, a whole one at each electrode."""
    one, other = Medium(10.0), Medium(40.0)
    found = Planes((Slab(one, 2e-10, 4), Slab(other, 5e-10, 3)), 1.0, 0.0).solve()
    series = 2e-10 * 4.5 / one.permittivity + 5e-10 * 3.5 / other.permittivity
    for charge in (found.lower_charge, -found.upper_charge, found.lower_capacitance, found.upper_capacitance):
        assert charge == pytest.approx(1 / series, rel=1e-12)
    assert found.field[-1] == pytest.approx(1 / series / other.permittivity, rel=1e-12)
    # one field of displacement: the field in the gap between the two is its mean over both halves
    assert found.field[4] == pytest.approx((2e-10 / 10 + 5e-10 / 40) / 7e-10 / series / 8.8541878128e-12, rel=1e-12)


def test_what_planes_refuse() -> None:
    with pytest.raises(ModelError, match="nothing fixes the potential"):
        Planes((Slab(Medium(10.0), SPACING, 3),), None)
    planes = Planes((Slab(replace(LLZO, conductivity=None), SPACING, 3),), 0.1)
    found = planes.solve()
    with pytest.raises(ModelError, match="conductivity"):
        planes.resistance(found)
    with pytest.raises(ValueError, match="equilibrium with the bulk"):
        Slab(Medium(10.0, (Sublattice(LLZO.sublattices[0].statistics, (Ion("e", -1, 0.1, level="m"),)),)), SPACING, 3)
