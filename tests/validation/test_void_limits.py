"""No pressure and too much of it: creep into pores against flow, cracks against their toughness."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from mpi4py import MPI
from support.layered import layered

from fem.voids.flow import Flow, Sides
from fem.voids.rates import Lithium
from studies.validation.void_limits import HOUR, bearable, depth, half_length, time_at
from studies.validation.void_map import hardened, lithium

METALS = {"creep of LePage": lithium(), "hardened lithium": hardened()}


@pytest.mark.parametrize("metal", METALS.values(), ids=METALS)
def test_time_to_a_depth(metal: Lithium) -> None:
    """What another pressure reaches in its time is the same depth, and depth goes like t^(1/(n+1))."""
    known = (25e6, 48 * HOUR)
    for pressure in (5e6, 75e6):
        assert depth(pressure, time_at(pressure, known, metal), metal) == pytest.approx(depth(*known, metal))
    n = metal.creep.exponent
    assert depth(5e6, 10 * HOUR, metal) / depth(5e6, HOUR, metal) == pytest.approx(10 ** (1 / (n + 1)))


@pytest.mark.parametrize("metal", METALS.values(), ids=METALS)
def test_lithium_in_a_pore(metal: Lithium) -> None:
    """dL/dt of the closed form is what a thread of that length flows like when it sticks to its wall."""
    radius, length, pressure = 1e-6, 2e-6, 5e6
    tagged = layered(MPI.COMM_SELF, "axisymmetric", [("pore", length)], radius, lateral=12, across=4)
    sides = Sides({"left": 0, "bottom": 0, "top": 0, "right": 0}, stuck=("right",), loaded=("bottom", "top"))
    flow = Flow(tagged, metal.creep, sides, radius, pressure, metal.temperature)
    flow.solve({"bottom": pressure, "top": 0.0})
    speed = abs(flow.outflow("top")) / (math.pi * radius**2)
    reached = depth(pressure, HOUR, metal) * radius
    # L^(n+1) = C t: dL/dt = L / (n + 1) / t, at another length times (L_t / L)^n
    n = metal.creep.exponent
    rate = reached / ((n + 1) * HOUR) * (reached / length) ** n
    assert speed == pytest.approx(rate, rel=1e-2)


def test_hardened_lithium_creeps_slowly() -> None:
    """A' (sigma / 2 MPa)^5 is the rate at which Anand's law has the resistance of that rate."""
    metal = hardened()
    assert metal.creep.exponent == pytest.approx(5.0)
    prefactor = 4.25e4 * math.exp(-37e3 / 8.314462618 / 298.15)
    rate = math.exp(metal.creep.log_rate(math.log(1.3e6), 298.15))
    resistance = 2.0e6 * (rate / prefactor) ** 0.05
    assert rate == pytest.approx(prefactor * (1.3e6 / resistance) ** (1 / 0.15), rel=1e-9)


def test_cracks_full_of_lithium() -> None:
    """K_IC = p sqrt(pi a) with 0.23 MPa m^0.5: 0.67 mm, 27 um and 3.0 um at 5, 25 and 75 MPa."""
    assert [half_length(p) for p in (5e6, 25e6, 75e6)] == pytest.approx([673.5e-6, 26.94e-6, 2.994e-6], rel=1e-3)


@pytest.mark.slow
def test_small_flaws_need_no_pressure() -> None:
    """Capillarity 2 gamma / a closes them: the current that a flaw bears goes like its radius to the power 1 - n."""
    metal = replace(lithium(), self_diffusivity=0.0)
    smaller, larger = bearable(0.2e-6, metal), bearable(0.4e-6, metal)
    assert math.log2(smaller / larger) == pytest.approx(5.6, abs=0.6)
