"""Voids in lithium: shapes, capillarity, vacancies, current, balances, and a void that closes altogether."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import ufl
from dolfinx import fem
from mpi4py import MPI
from scipy.special import i0, i1, k0, k1
from support.ranks import alone, several

from fem.dissipation.norton import Norton
from fem.voids.body import Body
from fem.voids.current import Electrolyte, Focusing
from fem.voids.evolve import Evolution, Instant, TimeSettings
from fem.voids.outline import CONTACT, Cell, Outline, arc_of_circle, resampled
from fem.voids.rates import Interface, Lithium, Physics, void_volume, weights_of_points
from fem.voids.surface import area_vectors, surface_gradient, volume
from fem.voids.vacancies import Vacancies

Floats = npt.NDArray[np.float64]
COMM = MPI.COMM_WORLD
UM = 1e-6


def creep(n: float) -> Norton:
    """Law of lithium with another exponent."""
    return Norton(2e5, n, 37e3)


def pressed_shell(n: float, ratio: float, pressure: float, sphere: bool) -> float:
    """-(da/dt)/a of a thick cylinder in plane strain, or of a hollow sphere, 1/s (ratio b/a, inf: infinite)."""
    if sphere:
        stress = 3 * pressure / (2 * n * (1 - ratio ** (-3 / n)))
    else:
        stress = math.sqrt(3) * pressure / (n * (1 - ratio ** (-2 / n)))
    return (1 / 2 if sphere else math.sqrt(3) / 2) * math.exp(creep(n).log_rate(math.log(stress), 298.15))


# ---------------------------------------------------------------------- shapes
@pytest.mark.parametrize("axisymmetric", [False, True])
def test_derivatives_of_volume_and_surface(axisymmetric: bool) -> None:
    """Area vectors and gradients of the surface against differences, on a polygon without symmetry."""
    rng = np.random.default_rng(1)
    angles = np.linspace(0.0, 2 * np.pi, 9, endpoint=False)
    polygon = np.column_stack([3 + np.cos(angles), np.sin(angles)]) + 0.1 * rng.random((9, 2))

    def surface(points: Floats) -> float:
        step = np.diff(points, axis=0)
        width = np.pi * (points[:-1, 0] + points[1:, 0]) if axisymmetric else 1.0
        return float(np.sum(width * np.hypot(*step.T)))

    arc = polygon[:6]
    vectors, gradient = area_vectors(arc, axisymmetric), surface_gradient(arc, axisymmetric)
    for k in range(1, 5):
        for axis in (0, 1):
            shifted = [polygon.copy() for _ in range(2)]
            for sign, points in zip((1, -1), shifted, strict=True):
                points[k, axis] += sign * 1e-6
            up, down = shifted
            difference = (volume(up, axisymmetric) - volume(down, axisymmetric)) / 2e-6
            assert vectors[k, axis] == pytest.approx(difference, abs=1e-8)
            assert gradient[k, axis] == pytest.approx((surface(up[:6]) - surface(down[:6])) / 2e-6, abs=1e-7)


def test_outlines() -> None:
    """Voids at the axis, on the electrolyte and inside; numbers of points; what overlaps is refused."""
    cell = Cell.box(10 * UM, 6 * UM)
    corner, middle = arc_of_circle(UM, 12), arc_of_circle(UM, 24, (5 * UM, 0.0), 180.0)
    inside = np.array([[0.0, 4.0], [0.5, 3.5], [0.0, 3.0]]) * UM
    arcs = [middle, corner, inside]
    outline = Outline.of(cell, arcs)
    for arc, span in zip(arcs, outline.spans, strict=True):
        np.testing.assert_allclose(outline.points[span], arc, atol=1e-15 * UM)
    holes = [void_volume(cell, arc) for arc in arcs]
    assert holes[2] == pytest.approx(0.25 * UM**2, rel=1e-12)
    assert holes[0] == pytest.approx(math.pi / 2 * UM**2, rel=4e-3)
    assert volume(outline.points, False) == pytest.approx(60 * UM**2 - sum(holes), rel=1e-12)
    contact = sum(np.ptp(points[:, 0]) for name, points in outline.parts if name == CONTACT)
    assert contact == pytest.approx(7 * UM, rel=1e-12)
    with pytest.raises(Exception, match="overlap"):
        Outline.of(cell, [corner, arc_of_circle(UM, 24, (1.5 * UM, 0.0), 180.0)])
    with pytest.raises(Exception, match="no wall"):
        Outline.of(cell, [corner + 0.1 * UM])


def test_even_edges() -> None:
    """A circle with uneven points stays one."""
    angles = np.radians(90 * (1 - np.linspace(0, 1, 25) ** 1.5))
    made = resampled(np.column_stack([np.cos(angles), np.sin(angles)]), 20)
    np.testing.assert_allclose(np.hypot(*made.T), 1.0, atol=1e-5)
    edges = np.hypot(*np.diff(made, axis=0).T)
    assert edges.max() / edges.min() < 1.001


# ---------------------------------------------------------------------- capillarity
@pytest.mark.parametrize(("sphere", "n"), [(False, 1.0), (True, 1.0), pytest.param(True, 6.6, marks=pytest.mark.slow)])
def test_capillarity_closes_a_bubble(sphere: bool, n: float) -> None:
    """Surface tension acts as gamma/a on a cylinder and 2 gamma/a on a sphere, on polygons, also for n = 6.6."""
    gamma, radius = 0.48, UM
    body = Body(COMM, Cell.sector(3 * radius, sphere), [arc_of_circle(radius, 24)])
    lithium = Lithium(creep(n), surface_energy=gamma)
    growth = Physics(body, lithium, Interface(), 1e6).rates(0.0, 0.0).growth[0]
    area = 2 * math.pi * radius**2 if sphere else math.pi / 2 * radius
    wanted = pressed_shell(n, 3.0, (2 if sphere else 1) * gamma / radius, sphere)
    assert -growth / area / radius == pytest.approx(wanted, rel=0.01)


@pytest.mark.parametrize("angle", [60.0, 120.0])
def test_contact_angle(angle: float) -> None:
    """A cap that meets the electrolyte at Young's angle is pulled evenly, its lines of contact included."""
    gamma, radius = 0.5, UM
    half = np.radians(180.0 - angle)  # the angle is measured through the lithium, the cap is void
    angles = np.linspace(np.pi / 2 + half, np.pi / 2 - half, 41)
    cap = np.column_stack([np.cos(angles), np.sin(angles) - np.cos(half)]) * radius + [4 * UM, 0.0]
    cap[[0, -1], 1] = 0.0
    body = Body(COMM, Cell.box(8 * UM, 5 * UM), [cap])
    adhesion = gamma * (1 + math.cos(math.radians(angle)))
    lithium = Lithium(creep(3.0), surface_energy=gamma)
    physics = Physics(body, lithium, Interface(work_of_adhesion=adhesion), 1e6)
    np.testing.assert_allclose(physics.capillary_pressures()[0], -gamma / radius, rtol=0.02)
    wrong = Physics(body, lithium, Interface(work_of_adhesion=gamma), 1e6).capillary_pressures()[0]
    assert abs(wrong[0] + gamma / radius) > gamma / radius
    free = Physics(body, lithium, Interface(), 1e6).capillary_pressures()[0]
    np.testing.assert_allclose(free, -gamma / radius, rtol=0.02)


# ---------------------------------------------------------------------- vacancies
def test_vacancies_of_a_pore_in_a_disc() -> None:
    """A pore gives off vacancies to sinks: Bessel functions."""
    sink, outer = 0.8 * UM, 3 * UM
    body = Body(COMM, Cell.sector(outer), [arc_of_circle(UM, 32)])
    lithium = Lithium(creep(3.0), self_diffusivity=6.8e-15)
    physics = Physics(body, lithium, Interface(sink_length=sink), 1e6)
    vacancies = physics.vacancies
    assert vacancies is not None
    vacancies.solve([np.full(33, 1e-16)])
    a, b = UM / sink, outer / sink
    slope = (i1(b) * k1(a) - k1(b) * i1(a)) / (i1(b) * k0(a) + k1(b) * i0(a)) / sink
    assert -sum(vacancies.absorbed()[0]) == pytest.approx(-1e-16 * slope * math.pi / 2 * UM, rel=3e-3)


def test_injected_vacancies_find_sinks_or_the_surface() -> None:
    """Between contact and a free surface: of what is injected 1/cosh(h/l) arrives."""
    sink, height = 1.5 * UM, 2 * UM
    cell = Cell.box(3 * UM, 5 * UM)
    roof = np.column_stack([np.linspace(3, 0, 13), np.full(13, 2.0)]) * UM
    body = Body(COMM, cell, [roof])

    space = fem.functionspace(body.mesh, ("Lagrange", 2))
    ds = ufl.Measure("ds", domain=body.mesh, subdomain_data=body.tagged.facet_tags)
    injected = fem.Function(space)
    injected.x.array[:] = 2e-9
    one = fem.Constant(body.mesh, 1.0)
    vacancies = Vacancies(body, space, one, ds, sink, injected)
    vacancies.solve([np.zeros(13)])
    arrived = -vacancies.absorbed()[0]
    assert arrived.sum() == pytest.approx(2e-9 * 3 * UM / math.cosh(height / sink), rel=1e-4)
    np.testing.assert_allclose(arrived[1:-1], arrived.sum() / 12, rtol=1e-3)


# ---------------------------------------------------------------------- current
@pytest.mark.parametrize("fraction", [0.25, 0.5])
def test_constriction_without_kinetics(fraction: float) -> None:
    """Stripes of contact: 2b/(pi sigma) ln(1/sin(pi f/2)) beside the layer (half the period of 2b is meshed)."""
    half, depth, sigma = 10 * UM, 20 * UM, 0.05
    focusing = Focusing(COMM, Electrolyte(sigma, 1e-8, depth), [0.0, fraction * half], half, False)
    focusing.distribution([0.0, fraction * half])
    wanted = 2 * half / (math.pi * sigma) * math.log(1 / math.sin(math.pi * fraction / 2)) + depth / sigma
    assert half / focusing.current() == pytest.approx(wanted, rel=0.02)


def test_current_evens_out_by_kinetics() -> None:
    """Slow kinetics leave no focusing; the edge of the contact moves with the mesh."""
    made = Focusing(COMM, Electrolyte(10.0, 1e-3, 20 * UM), [2 * UM, 10 * UM], 10 * UM, True)
    places, density = made.distribution([4 * UM, 10 * UM])
    assert places[0] == pytest.approx(4 * UM, rel=1e-9)
    np.testing.assert_allclose(density, density.mean(), rtol=0.02)


# ---------------------------------------------------------------------- balances
def stripping(comm: Any, axisymmetric: bool, sink: float, n: float = 3.0, edges: int = 10) -> Evolution:
    """A void on the electrolyte under pressure and current."""
    cell = Cell.box(5 * UM, 5 * UM, axisymmetric)
    lithium = Lithium(creep(n), surface_energy=0.1, self_diffusivity=6.8e-15)
    interface = Interface(sink_length=sink, electrolyte=Electrolyte(0.046, 0.5e-4, 20 * UM))
    settings = TimeSettings(edges=edges)
    course: tuple[Callable[[float, Sequence[Floats]], float], ...] = (lambda t, a: 1e6, lambda t, a: 20.0)
    return Evolution(comm, cell, [arc_of_circle(UM, edges)], lithium, interface, *course, settings)


@pytest.mark.parametrize(("axisymmetric", "sink"), [(False, 0.0), (True, 2 * UM)])
def test_stripped_lithium_is_recession_and_voids(axisymmetric: bool, sink: float) -> None:
    """Omega i t / F = way of the platen and growth of the void, to 1e-6, through new meshes."""
    run = stripping(COMM, axisymmetric, sink)
    instants = list(run.run(16.0))
    area = math.pi * 25 * UM**2 if axisymmetric else 5 * UM
    first, last = instants[0], instants[-1]
    charge = 13.0e-6 * 20.0 / 96485.33212331001 * last.time * area
    assert last.stripped == pytest.approx(charge, rel=1e-9)
    void = last.volumes.sum() - first.volumes.sum()
    assert abs(void) > 1e-4 * charge
    assert last.recession * area + void + last.healed == pytest.approx(charge, rel=1e-6)
    found = void_volume(run.cell, last.arcs[0])
    assert found == pytest.approx(last.volumes[0], rel=1e-6)
    assert max(i.correction for i in instants) < 3e-3


@pytest.mark.mpi
@several
def test_rates_do_not_know_ranks() -> None:
    """The same on any number of ranks, ranks without a piece of the void included."""

    def found(comm: Any) -> tuple[Any, Any, float, float]:
        run = stripping(comm, True, 2 * UM, 1.0, 6)
        run.body.move([arc_of_circle(1.1 * UM, 6)])
        rates = run.physics.rates(1e6, 20.0)
        return rates.velocities[0], rates.growth, rates.platen, rates.focusing

    one, other = alone(lambda: found(MPI.COMM_SELF)), found(COMM)
    np.testing.assert_allclose(other[0], one[0], rtol=1e-5, atol=1e-6 * abs(one[2]))
    np.testing.assert_allclose(other[1], one[1], rtol=1e-6)
    assert other[2:] == pytest.approx(one[2:], rel=1e-6)


# ---------------------------------------------------------------------- large change of shape
def closing(sphere: bool, n: float, edges: int, tolerance: float) -> tuple[list[Instant], float]:
    """A hole in infinite lithium (the traction of the closed form at a rim) until 1 % of its volume; and its rate."""
    rim, pressure = 4 * UM, 5e6
    power = (3 if sphere else 2) / n

    def load(time: float, arcs: Sequence[Floats]) -> float:
        inside = volume(np.concatenate([arcs[0][::-1], [[0.0, 0.0]]]), sphere)
        radius = (inside / (2 * math.pi / 3)) ** (1 / 3) if sphere else math.sqrt(inside / (math.pi / 4))
        return float(pressure * (1 - (radius / rim) ** power))

    cell, lithium = Cell.sector(rim, sphere), Lithium(creep(n))
    settings = TimeSettings(edges=edges, tolerance=tolerance)
    run = Evolution(COMM, cell, [arc_of_circle(UM, edges)], lithium, Interface(), load, lambda t, a: 0.0, settings)
    rate = pressed_shell(n, math.inf, pressure, sphere)
    return list(run.run(4 / rate)), rate


@pytest.mark.parametrize(
    ("sphere", "n", "edges", "tolerance"),
    [
        (False, 3.0, 10, 2e-3),
        pytest.param(False, 6.6, 16, 5e-4, marks=pytest.mark.slow),
        pytest.param(True, 6.6, 24, 5e-4, marks=pytest.mark.slow),
    ],
)
def test_a_void_closes_exponentially_to_the_end(sphere: bool, n: float, edges: int, tolerance: float) -> None:
    """a = a0 exp(-t/tau) within 1 %, from the whole to 1 % of the volume, through several meshes."""
    instants, rate = closing(sphere, n, edges, tolerance)
    assert instants[-1].event == "healed"
    assert instants[-1].healed < 0.01 * instants[0].volumes[0]
    for k, instant in enumerate(instants[1:], start=1):
        left = instant.volumes[0] if len(instant.volumes) else instant.healed
        tau = -math.log(left / instants[0].volumes[0]) / (3 if sphere else 2) / (instant.time * rate)
        assert tau == pytest.approx(1.0, rel=0.01), k
    shape = np.hypot(*instants[-2].arcs[0].T)
    assert shape.max() / shape.min() < 1.03


def test_weights_follow_walls() -> None:
    """Ends of arcs move along their walls only."""
    _, along = weights_of_points(Cell.box(4 * UM, 4 * UM), arc_of_circle(UM, 8))
    assert along[0, 0] == 0
    assert along[-1, 1] == 0
