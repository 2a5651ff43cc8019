"""Diffusion along the surfaces of voids: the decay of waves on circles and spheres, volumes, energy, runs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from mpi4py import MPI
from numpy.polynomial.legendre import Legendre
from scipy.optimize import fsolve

from fem.dissipation.norton import Norton
from fem.errors import ModelError
from fem.voids.diffusion import smoothed, surface_flows
from fem.voids.evolve import Evolution, TimeSettings
from fem.voids.outline import CONTACT, Cell, arc_of_circle
from fem.voids.points import capillary_pressures, void_volume, weights_of_points
from fem.voids.rates import Interface, Lithium
from fem.voids.sites import Site

Floats = npt.NDArray[np.float64]
UM = 1e-6
GAMMA, MOBILITY = 0.5, 3e-29
HELD = Norton(1e9, 1.0, 37e3)
"""Lithium that hardly creeps."""


def wave(n: int, sphere: bool, angles: Floats) -> Floats:
    """Shape of mode n; angles from the y axis."""
    return np.asarray(Legendre.basis(n)(np.cos(angles)) if sphere else np.cos(n * angles))


def mullins(n: int, sphere: bool) -> float:
    """Rate at which a wave on a circle (sphere) of 1 um decays, 1/s."""
    return GAMMA * MOBILITY / UM**4 * ((n - 1) * n * (n + 1) * (n + 2) if sphere else n**2 * (n**2 - 1))


def wavy(n: int, sphere: bool, edges: int, height: float) -> tuple[Floats, Floats]:
    """Quarter of a circle of 1 um with a wave; and the angles of its points."""
    angles = np.linspace(0.0, np.pi / 2, edges + 1, dtype=np.float64)
    radius = np.asarray(UM * (1 + height * wave(n, sphere, angles)), dtype=np.float64)
    arc = radius[:, None] * np.column_stack([np.sin(angles), np.cos(angles)])
    arc[0, 0] = arc[-1, 1] = 0.0
    return arc, angles


def amplitude(n: int, sphere: bool, angles: Floats, values: Floats) -> float:
    """Share of mode n in values at even angles."""
    shape = wave(n, sphere, angles)
    weight = np.sin(angles) if sphere else np.ones(len(angles))
    weight[[0, -1]] /= 2
    return float(np.sum(weight * shape * (values - np.average(values, weights=weight))) / np.sum(weight * shape**2))


@pytest.mark.parametrize("n", [2, 4, 6])
def test_waves_decay_as_mullins_says(n: int) -> None:
    """B n^2 (n^2 - 1) / R^4 on a circle, with second order."""
    cell, height, errors = Cell.sector(8 * UM), 1e-4, []
    for edges in (16, 32, 64):
        arc, angles = wavy(n, False, edges, height)
        flows = surface_flows(cell, arc, capillary_pressures(cell, arc, GAMMA, GAMMA), MOBILITY)
        found = amplitude(n, False, angles, flows / weights_of_points(cell, arc)[0])
        errors.append(abs(found / (height * UM) / mullins(n, False) - 1))
    assert errors[-1] < 1e-3 * n
    if n > 2:  # the errors of 2 cancel, down to rounding
        assert math.log2(errors[0] / errors[1]) > 1.8
        assert math.log2(errors[1] / errors[2]) > 1.8


@pytest.mark.parametrize("sphere", [False, True])
def test_the_volume_stays_and_the_energy_falls(sphere: bool) -> None:
    """On a crooked arc; without a work of adhesion its lines of contact stay where they are."""
    rng = np.random.default_rng(3)
    cell = Cell.box(6 * UM, 6 * UM, sphere)
    arc = arc_of_circle(UM, 12, (3 * UM, 0.0), 180.0)
    arc[1:-1] += 0.05 * UM * rng.random((11, 2))
    for adhesion in (None, 0.8 * GAMMA):
        pressures = capillary_pressures(cell, arc, GAMMA, adhesion)
        flows = surface_flows(cell, arc, pressures, MOBILITY)
        assert abs(flows.sum()) < 1e-12 * np.abs(flows).sum()
        assert np.dot(flows, pressures) < -1e-3 * np.linalg.norm(flows) * np.linalg.norm(pressures)
        assert (flows[0] == 0) == (adhesion is None)


@pytest.mark.parametrize(("n", "sphere"), [(4, False), (2, True), (4, True)])
def test_implicit_steps(n: int, sphere: bool) -> None:
    """One call over the time in which a wave falls to 1/e, on spheres at B (n - 1) n (n + 1) (n + 2) / R^4."""
    cell, time, height, errors = Cell.sector(8 * UM, sphere), 1 / mullins(n, sphere), 1e-2, []
    for edges in (16, 32):
        left = []
        for sign in (1, -1):  # a polygon in a sphere is not quite at rest: half of the difference
            arc, angles = wavy(n, sphere, edges, sign * height)
            made = smoothed(cell, arc, time, MOBILITY, GAMMA, GAMMA)
            left.append(amplitude(n, sphere, angles, np.hypot(*made.T)) / (height * UM))
            assert void_volume(cell, made) == pytest.approx(void_volume(cell, arc), rel=1e-6)
            assert (made[0, 0], made[-1, 1]) == (0.0, 0.0)
        errors.append(abs(-math.log((left[0] - left[1]) / 2) - 1))
    assert time > 20 * (math.pi / 64 * UM) ** 4 / (8 * GAMMA * MOBILITY)  # explicit steps of this length are unstable
    assert errors[1] < 0.01
    assert math.log2(errors[0] / errors[1]) > 1.7


def test_contact_angle_of_a_cap() -> None:
    """Young's angle comes by itself: half a disc becomes the cap of 60 degrees with the same volume."""
    cell, angle = Cell.box(12 * UM, 6 * UM), math.radians(60.0)
    arc = arc_of_circle(UM, 16, (6 * UM, 0.0), 180.0)
    adhesion = GAMMA * (1 - math.cos(angle))  # cos through the lithium is minus that through the void
    made = smoothed(cell, arc, 3 / (GAMMA * MOBILITY) * UM**4, MOBILITY, GAMMA, adhesion)
    volume = void_volume(cell, arc)
    assert void_volume(cell, made) == pytest.approx(volume, rel=1e-4)
    curved = math.sqrt(volume / (angle - math.sin(angle) * math.cos(angle)))
    assert np.ptp(made[:, 0]) / 2 == pytest.approx(curved * math.sin(angle), rel=0.02)
    assert made[:, 1].max() == pytest.approx(curved * (1 - math.cos(angle)), rel=0.02)


@pytest.mark.parametrize("angle", [40.0, 75.0])
def test_a_cap_at_rest_round_an_axis(angle: float) -> None:
    """A spherical cap at Young's angle is pulled evenly, its line of contact included; another angle pulls the line."""
    cell, mouth = Cell.box(4 * UM, 4 * UM, True), UM
    arc = Site(0.0, mouth, angle).arc(cell, 60)
    cosine, even = math.cos(math.radians(angle)), -2 * GAMMA * math.sin(math.radians(angle)) / mouth
    pressures = capillary_pressures(cell, arc, GAMMA, GAMMA * (1 - cosine))
    np.testing.assert_allclose(pressures[1:], even, rtol=0.03)
    assert pressures[0] == pytest.approx(0.75 * even, rel=0.01)  # on the axis: see decision 21
    assert capillary_pressures(cell, arc, GAMMA, GAMMA * (0.9 - cosine))[-1] > 2 * abs(even)
    assert capillary_pressures(cell, arc, GAMMA, None)[-1] == pytest.approx(even, rel=0.03)


def test_a_polygon_at_rest_round_an_axis() -> None:
    """Points on a sphere: 3/4 of the pressure on the axis. One at even pressure exists, and is a sphere to h^2 ln h."""
    sector, errors = Cell.sector(8 * UM, True), []
    walls = tuple(replace(wall, name="below" if wall.name == CONTACT else wall.name) for wall in sector.walls)
    cell = replace(sector, walls=walls)  # no line of contact: a plane of symmetry
    for edges in (12, 24, 48):
        arc, h = arc_of_circle(UM, edges), math.pi / 2 / edges

        def beyond(shift: Floats, arc: Floats = arc) -> Floats:
            pressures = capillary_pressures(cell, arc * (1 + shift[:, None]), GAMMA, None)
            return np.asarray(pressures * UM / (-2 * GAMMA) - 1)

        inside = beyond(np.zeros(edges + 1))
        assert inside[0] == pytest.approx(-0.25, abs=0.01)
        assert np.abs(inside[1:]).max() < 0.5 * h**2
        shift = fsolve(beyond, np.zeros(edges + 1), xtol=1e-12)
        assert np.abs(beyond(shift)).max() < 1e-10
        assert (shift[0] - shift[1]) / (h**2 / 6) == pytest.approx(1.0, abs=0.03)
        errors.append(float(np.abs(shift).max() / h**2))
    assert np.diff(errors) == pytest.approx(math.log(2) / 12, rel=0.05)  # of h^2


@pytest.mark.mpi
def test_waves_decay_in_a_run() -> None:
    """A run beside creep, with the diffusivity of the lithium: the same decay, the volume kept, few steps."""
    thickness = MOBILITY * 8.314462618 * 298.15 / 13e-6
    lithium = Lithium(HELD, surface_energy=GAMMA, surface_diffusivity=thickness)
    arc, angles = wavy(2, False, 16, 0.02)
    still = (lambda time, arcs: 0.0), (lambda time, arcs: 0.0)
    adhesive, settings = Interface(work_of_adhesion=GAMMA), TimeSettings(edges=16)
    run = Evolution(MPI.COMM_WORLD, Cell.sector(4 * UM), [arc], lithium, adhesive, *still, settings)
    instants = list(run.run(1 / mullins(2, False)))
    last = instants[-1]
    assert len(instants) < 20
    assert last.volumes[0] == pytest.approx(instants[0].volumes[0], rel=1e-3)  # what creep has closed
    assert void_volume(run.cell, last.arcs[0]) == pytest.approx(last.volumes[0], rel=1e-8)
    left = amplitude(2, False, angles, np.hypot(*last.arcs[0].T)) / (0.02 * UM)
    assert left == pytest.approx(math.exp(-1), rel=0.02)


def test_negative_diffusivity_is_refused() -> None:
    """The message names the value."""
    still = (lambda time, arcs: 0.0), (lambda time, arcs: 0.0)
    lithium = Lithium(HELD, surface_diffusivity=-1e-20)
    with pytest.raises(ModelError, match=r"surface_diffusivity.*-1e-20"):
        Evolution(MPI.COMM_SELF, Cell.sector(4 * UM), [arc_of_circle(UM, 8)], lithium, Interface(), *still)
