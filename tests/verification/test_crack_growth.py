"""Cracks that run: strip, surfing load, crack under pressure, against linear fracture mechanics.

A discrete crack costs a little more than G_c, because its core is as wide as a cell (``effective``).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from support.cracked import brittle, effective, graded, lattice, mode_one

from fem.conditions import Anchor, FilledCrack, ImposedDisplacement, Roller
from fem.observe.assembly import Assembly
from fem.observe.fracture import energy_release_rate, straight_extension
from fem.solve.alternate import Breaking
from fem.solve.loadpath import LoadSettings, load_steps
from studies.validation.filled_crack import opening_at_middle

#: Young's modulus (Pa), Poisson's ratio, toughness (J/m^2).
LLZO, NCM = (1.5e11, 0.26, 9.7125), (1.4e11, 0.25, 0.60268)
SIDES = ("left", "right", "bottom", "top")


def tip(breaking: Breaking) -> float:
    """Largest x where the damage is above 0.9, metres. Collective."""
    unknown = breaking.damage.unknown
    points = unknown.space.tabulate_dof_coordinates()[: unknown.owned, 0]
    found = points[unknown.function.x.array[: unknown.owned] > 0.9]
    return float(breaking.comm.allreduce(float(found.max(initial=-np.inf)), op=MPI.MAX))


def across(value: float) -> Any:
    """Displacement along y alone."""
    return lambda p: np.array([0 * p[0], 0 * p[0] + value])


@pytest.mark.parametrize(("material", "resolved"), [(LLZO, 4.0), (NCM, 6.0)])
def test_clamped_strip(material: tuple[float, float, float], resolved: float) -> None:
    """Rivlin and Thomas: a crack in a strip of half height H runs at u_c = sqrt(G_c H / M), whatever its length.

    `resolved`: H over the length of the phase field, at four cells per length.
    """
    young, poisson, toughness = material
    half = 10e-6
    length = half / resolved
    size = length / 4
    modulus = young * (1 - poisson) / ((1 + poisson) * (1 - 2 * poisson))
    assert math.sqrt(toughness * half / modulus) == pytest.approx(
        {9.7125: 23.004e-9, 0.60268: 5.989e-9}[toughness], 1e-3
    )
    x = np.arange(round(4 * half / size) + 1) * size
    y = graded((-2.5 * length - size / 2, 2.5 * length + size / 2), size, -half, half)
    supports = [ImposedDisplacement("top", across(0)), ImposedDisplacement("bottom", across(0)), Roller("right", 0)]
    breaking = Breaking(brittle(lattice(x, y), young, poisson, toughness, length, supports, split="none"))
    begin = 1.5 * half
    breaking.damage.break_where(lambda p: (np.abs(p[1]) < 0.6 * size) & (p[0] <= begin + 1e-12))
    critical = math.sqrt(effective(toughness, size, length, "AT1") * half / modulus)
    loads = np.concatenate([[0.9], np.arange(0.94, 1.06, 0.01)])
    for load in loads:
        for side, sign in (("top", 1), ("bottom", -1)):
            breaking.mechanics.impose(side, across(sign * load * critical))
        # once a node near the tip breaks that was whole, the crack runs to the end
        breaking.solve(0.8)
        if tip(breaking) > begin + length:
            break
        breaking.accept()
    assert load == pytest.approx(1.0, abs=0.03)
    assert tip(breaking) > begin + length
    breaking.destroy()


def test_surfing_load() -> None:
    """A field of stress intensity K moves along: the crack follows it, and J is what the crack costs."""
    assert_surfing("AT2", "volumetric-deviatoric", NCM, MPI.COMM_SELF)


@pytest.mark.mpi
def test_surfing_load_on_ranks() -> None:
    """The same with the other model, split and material on all ranks."""
    assert_surfing("AT1", "spectral", LLZO, MPI.COMM_WORLD)


def assert_surfing(model: str, split: str, material: tuple[float, float, float], comm: Any) -> None:
    """J by the domain integral, and by the work that is neither stored, both within 3 % of the cost of a crack."""
    young, poisson, toughness = material
    length = 0.1e-6
    size = length / (4 if model == "AT1" else 5)
    x = np.arange(round(21 * length / size) + 1) * size
    y = graded((-2.5 * length - size / 2, 2.5 * length + size / 2), size, -8 * length, 8 * length)
    cost = effective(toughness, size, length, model)
    intensity = math.sqrt(cost * young / (1 - poisson**2))
    begin = 8 * length

    def field(travelled: float) -> Any:
        return mode_one(intensity, young, poisson, (begin + travelled, 0.0))

    conditions = [ImposedDisplacement(side, field(0)) for side in SIDES]
    built = brittle(lattice(x, y, comm), young, poisson, toughness, length, conditions, model=model, split=split)
    breaking = Breaking(built)
    breaking.damage.break_where(lambda p: (np.abs(p[1]) < 0.6 * size) & (p[0] <= begin + 1e-12))
    assembly = Assembly(breaking.model, breaking.solver, 1.0)

    def surf(load: float) -> None:
        for side in SIDES:
            breaking.mechanics.impose(side, field((6 * load - 1) * length))

    integrals, tips, released = [], [], []
    for point in load_steps(breaking, surf, LoadSettings(1 / 16, 1 / 16)):
        assembly.renew()
        extension = straight_extension((tip(breaking), 0.0), (1.0, 0.0), 3 * length, 7.5 * length)
        integrals.append(energy_release_rate(assembly, extension, ()) / cost)
        tips.append(tip(breaking))
        released.append(point.work - point.energies.stored)
    last = slice(-6, None)
    assert np.array(integrals[last]) == pytest.approx(1.0, abs=0.03)
    assert np.ptp(integrals[last]) < 0.01
    # the tip is known to a cell: the slope of the whole run is not
    advance = np.polyfit(np.linspace(0, 6, 17)[last], np.array(tips[last]), 1)[0]
    assert advance == pytest.approx(length, rel=0.1)
    slope = np.polyfit(np.linspace(0, 6, 17)[last], np.array(released[last]), 1)[0]
    assert slope == pytest.approx(cost * length, rel=0.03)
    assert tips[-1] > begin + 2.5 * length
    breaking.destroy()


@pytest.mark.parametrize("intensity", [1.25e6, 0.3e6])
def test_pressure_in_a_crack(intensity: float) -> None:
    """Sneddon: a filled crack of half length a grows at p = K_IC / sqrt(pi a), open by 4 p a / E' at its middle.

    LLZO and NCM polycrystals; the volume is given, so that growth is stable, and the length follows from its cost.
    """
    young, poisson, _ = LLZO if intensity > 1e6 else NCM
    modulus, half = young / (1 - poisson**2), 1e-6
    toughness = intensity**2 / modulus
    critical = intensity / math.sqrt(math.pi * half)
    assert critical == pytest.approx({1.25e6: 705.2e6, 0.3e6: 169.3e6}[intensity], rel=1e-3)
    assert 4 * critical * half / modulus == pytest.approx({1.25e6: 17.54e-9, 0.3e6: 4.53e-9}[intensity], rel=2e-3)
    length, far = half / 12, 10 * half
    size = length / 3
    x = graded((0.0, 1.35 * half), size, 0.0, far)
    y = graded((-2.5 * length - size / 2, 2.5 * length + size / 2), size, -far, far)
    cost = effective(toughness, size, length, "AT1")
    volume = math.pi * half**2 * math.sqrt(modulus * cost / (math.pi * half)) / modulus
    # half of the crack: x > 0
    conditions = [FilledCrack(volume=0.9 * volume), Roller("left", 0), Anchor((far, -far), 1)]
    breaking = Breaking(brittle(lattice(x, y), young, poisson, toughness, length, conditions, split="none"))
    breaking.damage.break_where(lambda p: (np.abs(p[1]) < 0.6 * size) & (p[0] <= half + 1e-12))
    pressure = breaking.damage.fills[0].pressure

    def inject(load: float) -> None:
        pressure.source = -(0.9 + 0.4 * load) * volume

    grown = []
    for point in load_steps(breaking, inject, LoadSettings(1 / 8, 1 / 16)):
        length_now = point.energies.fracture / cost
        if length_now < 1.1 * half:
            continue
        grown.append(length_now / half)
        p, held = pressure.value, (0.9 + 0.4 * point.load) * volume
        assert p == pytest.approx(math.sqrt(modulus * cost / (math.pi * length_now)), rel=0.03)
        assert held == pytest.approx(math.pi * p * length_now**2 / modulus, rel=0.03)
        assert opening_at_middle(breaking) == pytest.approx(4 * p * length_now / modulus, rel=0.03)
    assert len(grown) >= 3
    assert grown[-1] > 1.15
    breaking.destroy()


def test_a_short_notch_runs_through_at_once() -> None:
    """Snap-back at the settings that nobody touched: the load goes on to its end, energy is lost in the jump alone.

    A notch of an eighth of the width holds until its strip stores far more than a crack through it costs; then the
    crack crosses it while the ends stand still. Griffith's criterion without the finite width (K = 1.1215 s sqrt(pi a))
    bounds the load from above.
    """
    young, poisson, toughness = LLZO
    width, length = 4e-6, 0.2e-6
    size = length / 2
    x = np.arange(round(width / size) + 1) * size
    y = graded((-3 * length - size / 2, 3 * length + size / 2), size, -0.75 * width, 0.75 * width)
    supports = [Roller("bottom", 1), Roller("top", 1, 1e-12), Anchor((0.0, float(y[0])), 0)]
    breaking = Breaking(brittle(lattice(x, y), young, poisson, toughness, length, supports))
    notch = width / 8
    breaking.damage.break_where(lambda p: (np.abs(p[1]) < 0.6 * size) & (p[0] <= notch + 1e-12))
    cost = effective(toughness, size, length, "AT1")
    modulus = young / (1 - poisson**2)
    griffith = math.sqrt(cost * modulus / (math.pi * notch)) / 1.1215
    end = 1.2 * griffith / modulus * 1.5 * width

    def pull(load: float) -> None:
        breaking.mechanics.supports["top"].offset = load * end

    points = list(load_steps(breaking, pull))
    assert points[-1].load == 1.0
    jumps = [p for p in points if p.jumped]
    assert jumps
    before = points[points.index(jumps[0]) - 1]
    after = points[points.index(jumps[-1])]
    assert 0.7 < before.load * 1.2 < 1.0
    # whole before, through after: nothing is stored then, and a crack has crossed the rest of the strip
    assert before.energies.fracture < 1.3 * points[0].energies.fracture
    assert after.energies.stored < 1e-2 * before.energies.stored
    assert after.energies.fracture - points[0].energies.fracture == pytest.approx(cost * (width - notch), rel=0.1)
    # what the jump releases is lost, beyond what the crack costs; work goes on without a step, and all of it is known
    released = before.energies.stored - after.energies.stored
    spent = after.energies.fracture - before.energies.fracture
    done = after.work - before.work
    assert after.lost - before.lost == pytest.approx(released - spent + done, rel=1e-9)
    assert after.lost - before.lost > 0.15 * released
    assert abs(before.lost) < 1e-2 * before.work
    assert done < 0.05 * released
    assert max(abs(p.left) for p in points) < 1e-9 * points[-1].scale
    breaking.destroy()
