"""The order parameter of voids in lithium alone: surface, shrinkage by curvature, and what it takes to be right.

Cahn & Hilliard, J. Chem. Phys. 28 (1958) 258: gamma = sqrt(kappa w / 18), profile 1 / (1 + exp(-s / l)). Allen & Cahn,
Acta Metall. 27 (1979) 1085: a surface moves with L kappa times its curvature.
"""

from __future__ import annotations

import numpy as np
import pytest
import ufl
from support.void_phase import Measured, never_rises, phase_of, relaxing

from fem.energy.phase_field import DoubleWell, Wetting, solid
from fem.void_phase import Seed, seeded

WELL = DoubleWell(barrier=3.5e6, gradient=4.5e-7)
UM = 1e-6


def test_surface_energy_and_width_make_the_well():
    assert WELL.surface_energy == pytest.approx(0.295804, rel=1e-5)
    assert WELL.width == pytest.approx(1.11408 * UM, rel=2e-4)
    again = DoubleWell.from_surface(WELL.surface_energy, WELL.width)
    assert (again.barrier, again.gradient) == pytest.approx((WELL.barrier, WELL.gradient), rel=1e-12)


@pytest.mark.parametrize("given", [(0.0, 1e-6), (0.3, -1e-6)])
def test_a_surface_without_energy_or_width_is_refused(given):
    with pytest.raises(ValueError, match="must be positive"):
        DoubleWell.from_surface(*given)


@pytest.mark.parametrize("well", [WELL, DoubleWell.from_surface(0.5, 1.4 * UM)], ids=["published", "stiffer"])
def test_flat_surface_has_its_energy_and_profile(well):
    """On three meshes, from a profile that is twice as wide."""
    errors = []
    for boxes in (40, 80, 160):
        spread = 2 * well.length
        run = relaxing(
            "1",
            well,
            1e-8,
            lambda x, s=spread: 1 / (1 + np.exp(-(x[:, -1] - 8 * UM) / s)),
            16 * UM,
            boxes,
            4e3,
            1e-5,
        )
        energies = [m["energy"] for m in [Measured(run.model)] for _ in run.points()]
        assert never_rises(energies, 1e-8)
        errors.append(abs(energies[-1] / well.surface_energy - 1))
    assert errors[1] < 1e-3
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all(orders > 3.0), (errors, orders)
    order = phase_of(run.model).order
    x, xi = order.space.tabulate_dof_coordinates()[:, 0], order.function.x.array
    places = np.interp([0.1, 0.5, 0.9], np.sort(xi), x[np.argsort(xi)])
    assert places[2] - places[0] == pytest.approx(well.width, rel=1e-2)
    exact = 1 / (1 + np.exp(-(x - places[1]) / well.length))
    assert np.abs(xi - exact).max() < 2e-3


@pytest.mark.parametrize(
    ("dimension", "scale"),
    [
        pytest.param("2", 1.0, id="circle"),
        pytest.param("2", 0.5, id="circle-narrow"),
        pytest.param("axisymmetric", 1.0, id="sphere"),
    ],
)
def test_round_voids_shrink_by_their_curvature(dimension, scale):
    """R^2 = R0^2 - 2 (d - 1) L kappa t, within 2 % until the radius is that of ten profiles."""
    well = DoubleWell.from_surface(0.3 / scale, 1.1 * UM * scale**0.5)
    mobility, radius, size = 2e-9 * scale, 5 * UM, 7.5 * UM
    bends = 2 if dimension == "axisymmetric" else 1
    speed = 2 * bends * mobility * float(well.gradient)
    boxes = round(20 / scale**0.5)
    run = relaxing(
        dimension, well, mobility, seeded(well, (Seed((0.0, 0.0), radius),)), size, boxes, 0.75 * radius**2 / speed
    )
    measured, rows = Measured(run.model), []
    for point in run.points():
        volume = measured["void"]
        # a quarter of a circle, half a sphere
        square = 4 * volume / np.pi if bends == 1 else (volume / (2 * np.pi / 3)) ** (2 / 3)
        rows.append((point.time, square, measured["energy"]))
    time, square, energy = np.array(rows).T
    assert never_rises(energy)
    slope = np.polyfit(time, square, 1)[0]
    assert -slope == pytest.approx(speed, rel=2e-2)
    assert np.abs(square - square[0] + speed * time).max() < 0.02 * radius**2


def test_contact_angle_tilts_a_surface_at_a_wall():
    """Wetting is in equilibrium with the profile: the derivative of its energy is kappa d(xi)/dn at every xi."""
    for degrees in (60.0, 120.0):
        cosine = float(np.cos(np.radians(degrees)))
        wetting = Wetting(WELL.surface_energy, cosine)
        for value in (0.2, 0.5, 0.9):
            xi = ufl.variable(ufl.as_ufl(value))
            pull = float(ufl.algorithms.expand_derivatives(ufl.diff(wetting.density(xi), xi)))
            slope = value * (1 - value) / WELL.length  # of the profile, along its normal
            assert pull == pytest.approx(-float(WELL.gradient) * slope * cosine, rel=1e-12)


def test_lithium_is_counted_flatly_at_both_ends():
    for end, share in ((0.0, 0.0), (1.0, 1.0)):
        assert solid(end) == share
        assert abs(solid(end + 1e-4) - share) < 1e-10
