"""Where the current goes below voids: the distribution on stripes of contact."""

from __future__ import annotations

import math

import numpy as np
import pytest
from mpi4py import MPI

from fem.voids.current import Electrolyte, Focusing

UM = 1e-6


@pytest.mark.parametrize("fraction", [0.3, 0.6])
def test_distribution_on_stripes_without_kinetics(fraction: float) -> None:
    """i / mean = cos(pi x / 2b) / sqrt(sin^2(pi f / 2) - sin^2(pi x / 2b)) from the middle of a contact, half period b.

    Source: the potential of a strip between insulated ones by the map u = sin(pi x / 2b).
    """
    half = 10 * UM
    borders = [0.0, fraction * half]
    focusing = Focusing(MPI.COMM_WORLD, Electrolyte(0.05, 1e-8, 2 * half), borders, half, False)
    places, density = focusing.distribution(borders)
    mean = focusing.current() / half
    sine = math.sin(math.pi * fraction / 2)
    for share in (0.0, 0.4, 0.7):
        angle = math.pi / 2 * share * fraction
        wanted = math.cos(angle) / math.sqrt(sine**2 - math.sin(angle) ** 2)
        found = float(np.interp(share * fraction * half, places, density)) / mean
        assert found == pytest.approx(wanted, rel=0.03)


def test_the_distribution_adds_up_to_the_current() -> None:
    """Its integral is the current; the slower the kinetics, the more even."""
    half, borders, steepest = 10 * UM, [3 * UM, 10 * UM], []
    for resistance in (1e-3, 1e-4, 1e-5):
        focusing = Focusing(MPI.COMM_WORLD, Electrolyte(0.05, resistance, half), borders, half, False)
        places, density = focusing.distribution(borders)
        assert np.trapezoid(density, places) == pytest.approx(focusing.current(), rel=2e-3)
        steepest.append(density.max() / density.mean())
    assert 1.0 < steepest[0] < steepest[1] < steepest[2]
