"""Flaws that open as voids: the current at which they do, what is conserved, and when they stay shut."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from scipy.special import i0, i1, k0, k1

from fem.constants import FARADAY, GAS
from fem.dissipation.norton import Norton
from fem.errors import ModelError
from fem.voids.body import Body
from fem.voids.evolve import Evolution, TimeSettings
from fem.voids.outline import Cell, arc_of_circle
from fem.voids.rates import Interface, Lithium, Physics
from fem.voids.sites import Site, vacancy_pressure

COMM = MPI.COMM_WORLD
UM = 1e-6
GAMMA, DIFFUSIVITY, OMEGA, TEMPERATURE = 0.48, 6.8e-15, 13e-6, 310.0
LITHIUM = Lithium(Norton(2e5, 1.0, 37e3), OMEGA, GAMMA, DIFFUSIVITY, TEMPERATURE)


def run_of(
    cell: Cell,
    sites: Sequence[Site],
    sink: float,
    pressure: float,
    current: Any,
    arcs: Sequence[Any] = (),
    lithium: Lithium = LITHIUM,
) -> Evolution:
    """Lithium with sites."""
    interface = Interface(sink_length=sink)
    loads = (lambda time, arcs: pressure), (lambda time, arcs: current(time))
    return Evolution(COMM, cell, arcs, lithium, interface, *loads, TimeSettings(edges=8, tolerance=1e-2), sites=sites)


def opening_current(pressure: float, barrier: float, sink: float, height: float) -> float:
    """A/m^2: in a flat layer w at the contact is Omega i / F l coth(h / l); RT/Omega ln(1 + w/D*) = P + gamma kappa."""
    excess = DIFFUSIVITY * math.expm1(OMEGA * (pressure + barrier) / (GAS * TEMPERATURE))
    return FARADAY * excess * math.tanh(height / sink) / (OMEGA * sink)


@pytest.mark.parametrize(
    ("axisymmetric", "radius", "angle", "sink", "pressure"),
    [
        pytest.param(False, 0.3, 60.0, 2.0, 2e6, marks=pytest.mark.mpi),
        (True, 0.2, 90.0, 1.0, 0.5e6),
    ],
)
def test_current_at_which_a_site_opens(
    axisymmetric: bool, radius: float, angle: float, sink: float, pressure: float
) -> None:
    """Under a current that grows: where the closed form says, to 0.15 %; the void's lithium lifts the platen."""
    height, width = 3 * UM, 2 * UM
    cell = Cell.box(width, height, axisymmetric, 0.4 * UM)
    site = Site(0.0 if axisymmetric else 0.9 * UM, radius * UM, angle)
    barrier = (2 if axisymmetric else 1) * GAMMA * math.sin(math.radians(angle)) / (radius * UM)
    assert site.barrier(cell, GAMMA) == pytest.approx(barrier, rel=1e-12)
    wanted = opening_current(pressure, barrier, sink * UM, height)
    run = run_of(cell, [site], sink * UM, pressure, lambda time: wanted * (0.9 + 0.01 * time))
    found = []
    for instant in run.run(20.0):
        found.append(instant)
        if instant.event:
            break
    last = found[-1]
    assert last.event == "opened"
    assert all(not i.arcs and i.driving[0] < barrier for i in found[:-1])
    assert 0.9 + 0.01 * last.time == pytest.approx(1.0, rel=1.5e-3)
    half = math.radians(angle)
    curved = radius * UM / math.sin(half)
    top = curved * (1 - math.cos(half))
    cap = math.pi * top**2 * (3 * curved - top) / 3 if axisymmetric else curved**2 * (half - math.sin(2 * half) / 2)
    assert last.volumes[0] == pytest.approx(cap, rel=0.03)
    assert np.isnan(last.driving[0])
    area = math.pi * width**2 if axisymmetric else width
    assert last.recession * area + last.volumes[0] == pytest.approx(last.stripped, rel=1e-9, abs=1e-9 * cap)
    assert last.contact == pytest.approx(
        1 - (2 * radius * UM / width if not axisymmetric else (radius / 2) ** 2), rel=1e-6
    )


@pytest.mark.parametrize(
    ("axisymmetric", "angle", "sink", "pressure"), [(True, 40.0, 4.0, 10e6), (False, 30.0, 1.0, 0.0)]
)
def test_a_site_at_its_barrier(axisymmetric: bool, angle: float, sink: float, pressure: float) -> None:
    """At the current of the closed form what drives a site is its barrier."""
    cell, site = Cell.box(2 * UM, 3 * UM, axisymmetric, 0.3 * UM), Site(0.0, 0.2 * UM, angle)
    physics = Physics(Body(COMM, cell, []), LITHIUM, Interface(sink_length=sink * UM), 1e6, [site])
    barrier = (2 if axisymmetric else 1) * GAMMA * math.sin(math.radians(angle)) / (0.2 * UM)
    rates = physics.rates(pressure, opening_current(pressure, barrier, sink * UM, 3 * UM))
    assert rates.driving == pytest.approx([barrier], rel=2e-3)
    assert rates.platen * (math.pi * 4 * UM**2 if axisymmetric else 2 * UM) == pytest.approx(rates.stripped, rel=1e-9)


def test_a_site_that_has_healed_opens_after_a_pause() -> None:
    """What heals while it is driven stays shut until it has not been driven; the lithium of all that is conserved."""
    cell, site = Cell.box(2 * UM, 2 * UM), Site(UM, 0.3 * UM)
    pressure, width = 20e6, 2 * UM
    wanted = opening_current(pressure, site.barrier(cell, GAMMA), UM, 2 * UM)
    factor = [1.2]
    soft = replace(LITHIUM, creep=Norton(2e3, 1.0, 37e3))
    run = run_of(cell, [site], UM, pressure, lambda time: factor[0] * wanted, (), soft)
    run.settings = replace(run.settings, healed=0.3)
    instants = list(run.run(70.0))
    assert [i.event for i in instants if i.event] == ["opened", "healed"]
    assert instants[-1].driving[0] > site.barrier(cell, GAMMA)
    assert instants[-1].time == pytest.approx(70.0)
    factor[0] = 0.5
    instants += list(run.run(70.5))[1:]
    state = run.state()
    assert state.armed == (True,)
    factor[0] = 1.2
    again = list(run.run(70.6))
    assert [i.event for i in again if i.event] == ["opened"]
    last = again[-1]
    made = last.volumes.sum() + last.healed
    assert last.stripped == pytest.approx(last.recession * width + made, rel=1e-9)
    assert 0 < last.healed < 0.3 * instants[1].volumes[0]
    resumed = run_of(cell, [site], UM, pressure, lambda time: factor[0] * wanted, (), soft)
    resumed.restore(state)
    same = list(resumed.run(70.6))[-1]
    assert [same.time, same.recession, *same.volumes] == pytest.approx(
        [last.time, last.recession, *last.volumes], rel=1e-9
    )


def test_sites_beside_voids() -> None:
    """A void draws vacancies from its neighbourhood; sites below it or in the way of each other do not open."""
    cell = Cell.box(8 * UM, 3 * UM)
    places = (0.5, 1.5, 3.0, 7.0, 7.3)
    sites = [Site(place * UM, 0.2 * UM) for place in places]
    barrier = sites[0].barrier(cell, GAMMA)
    current = 2 * opening_current(1e6, barrier, 3 * UM, 3 * UM)
    run = run_of(cell, sites, 3 * UM, 1e6, lambda time: current, [arc_of_circle(UM, 8)])
    first, second = (instant for instant, _ in zip(run.run(1e-3), range(2), strict=False))
    assert np.isnan(first.driving[0])
    assert first.driving[1] < first.driving[2] < first.driving[3]
    assert second.event == "opened"
    assert second.time == first.time == 0.0
    borders = sorted(float(arc[0, 0]) / UM for arc in second.arcs)
    assert borders[-1] == pytest.approx(6.8)  # that at 7.3 overlaps the one at 7 that came first
    assert len(second.arcs) == 1 + sum(first.driving[1:4] > barrier)
    assert -second.recession * 8 * UM == pytest.approx(second.volumes[1:].sum(), rel=1e-12)


@pytest.mark.parametrize(("temperature", "pressure"), [(298.15, 2e6), (333.15, 0.0)])
def test_pressure_and_tension_drive_vacancies_out_of_a_pore(temperature: float, pressure: float) -> None:
    """w = D* Omega / (R T) (P + gamma / a) at its surface: Bessel functions; the flow is that of the temperature."""
    sink, outer = 0.8 * UM, 3 * UM
    body = Body(COMM, Cell.sector(outer), [arc_of_circle(UM, 32)])
    lithium = replace(LITHIUM, temperature=temperature)
    physics = Physics(body, lithium, Interface(sink_length=sink), 1e6)
    physics.rates(pressure, 0.0)
    assert physics.vacancies is not None
    value = DIFFUSIVITY * OMEGA / (GAS * temperature) * (pressure + GAMMA / UM)
    a, b = UM / sink, outer / sink
    slope = (i1(b) * k1(a) - k1(b) * i1(a)) / (i1(b) * k0(a) + k1(b) * i0(a)) / sink
    assert sum(physics.vacancies.absorbed()[0]) == pytest.approx(value * slope * math.pi / 2 * UM, rel=5e-3)
    tight = Physics(body, lithium, Interface(), 1e6).rates(pressure, 0.0).growth[0]
    stress = math.sqrt(3) * (pressure + GAMMA / UM) / (1 - (UM / outer) ** 2)
    rate = math.sqrt(3) / 2 * stress / 2e5 * math.exp(-37e3 / (GAS * temperature))
    assert -tight / (math.pi / 2 * UM**2) == pytest.approx(rate, rel=0.01)


def test_vacancies_press() -> None:
    """RT/Omega ln(c/c_eq); nothing where there are none."""
    assert vacancy_pressure(DIFFUSIVITY, DIFFUSIVITY, OMEGA, 300.0) == pytest.approx(132.995e6, rel=1e-4)
    assert vacancy_pressure(-2 * DIFFUSIVITY, DIFFUSIVITY, OMEGA, 300.0) == -math.inf


def test_what_is_refused() -> None:
    """Messages name the value, or what is missing."""
    cell = Cell.box(4 * UM, 4 * UM)
    for words, match in (
        ((0.0, -1e-6), "radius.*-1e-06"),
        ((-1e-6, 1e-6), "place.*-1e-06"),
        ((0.0, 1e-6, 95), "angle.*95"),
    ):
        with pytest.raises(ModelError, match=match):
            Site(*words)
    with pytest.raises(ModelError, match="does not fit"):
        run_of(cell, [Site(0.1 * UM, 0.2 * UM)], UM, 0.0, lambda time: 0.0)
    with pytest.raises(ModelError, match="sink length"):
        run_of(cell, [Site(UM, 0.2 * UM)], 0.0, 0.0, lambda time: 0.0)
