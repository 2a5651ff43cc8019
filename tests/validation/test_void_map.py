"""The map of stack pressure against current density as it is stored, and the run of growth and healing."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from studies.validation import void_map
from studies.validation.void_cycle import run
from studies.validation.void_map import CURRENTS, RADII, TEMPERATURES, lithium, pressure, slope, stored


def test_stored_map_is_that_of_the_program() -> None:
    """A point for every flaw, temperature and current; the pressure rises with the current and falls with the heat."""
    points = stored()
    cases = [(t, a, i) for t in TEMPERATURES for a in RADII for i in CURRENTS]
    assert [(p.temperature, p.radius, p.current) for p in points] == cases
    half = len(points) // 2
    for cold, warm in zip(points[:half], points[half:], strict=True):
        assert warm.pressure < cold.pressure < cold.band[0] < void_map.SAFE
        assert cold.band[1] <= cold.pressure < cold.hardened
    for p, q in pairwise(points):
        assert q.current < p.current or (p.pressure < q.pressure and p.hardened < q.hardened)
        # ten times slower creep is ten times the current
        tenfold = [r for r in points if (r.temperature, r.radius) == (p.temperature, p.radius)]
        assert [r.pressure for r in tenfold if r.current == pytest.approx(10 * p.current)] in ([], [p.band[0]])
    assert slope([1.0, 10.0, 100.0], [2.0, 4.0, 8.0]) == pytest.approx(0.30103, rel=1e-4)


def test_warmer_lithium_is_lithium_that_is_stripped_more_slowly() -> None:
    """At 333 K everything creeps 4.8 times faster: thresholds are those of 298 K at the 4.8th part of the current.

    Self-diffusion, ten times faster, heals flaws of half a micrometre besides.
    """
    points = stored()
    ratio = math.exp(37e3 / 8.314462618 * (1 / 298.15 - 1 / 333.15))
    assert ratio == pytest.approx(4.80, rel=2e-3)
    for radius, off in ((2e-6, 0.03), (20e-6, 0.03)):
        cold, warm = ([p for p in points if (p.temperature, p.radius) == (t, radius)] for t in TEMPERATURES)
        for p in warm:
            if p.current < 0.5:
                continue
            logs = np.interp(math.log(p.current / ratio), *np.log([[q.current, q.pressure] for q in cold]).T)
            assert p.pressure == pytest.approx(math.exp(logs), rel=off)


@pytest.mark.slow
def test_a_number_of_the_map() -> None:
    """The stored threshold of 2 um at 1 mA/cm^2, and that capillarity helps by 2 gamma / a."""
    from dataclasses import replace

    own = pressure(1.0, 2e-6, lithium())
    bare = pressure(1.0, 2e-6, replace(lithium(), surface_energy=0.0))
    assert own == pytest.approx(1.908e6, rel=0.01)
    assert bare - own == pytest.approx(2 * 0.48 / 2e-6, rel=0.05)


@pytest.mark.slow
def test_growth_then_healing_conserves_lithium() -> None:
    """The void grows along the electrolyte while the current crowds, then shrinks; lithium is accounted for."""
    story = run(stripping=25.0, rest=5.0, edges=10)
    growing = [i for i in story.instants if i.time <= story.stopped]
    assert growing[-1].volumes[0] > growing[0].volumes[0]
    assert growing[-1].contact < growing[0].contact
    assert growing[-1].focusing > growing[0].focusing
    assert story.instants[-1].volumes[0] < growing[-1].volumes[0]
    assert abs(story.imbalance()) < 1e-6
