"""Lithium that passes a held crystal which swells by its lattice: what its stress adds, from the rotated stiffness."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from test_crystal_elasticity import tensor
from test_newton_in_time import LATTICE, STIFF, crystal
from test_swelling import DIFFUSIVITY, LENGTH, MAXIMUM, TEMPERATURE, ends

from fem.constants import FARADAY, GAS
from fem.orientations import rotation_to


def mechanical(c: Any, axis: tuple[float, float, float]) -> Any:
    """h = -sigma : d(strain)/dc in J/mol of a film that is held at its sides and free along its first axis."""
    rotation = np.array(rotation_to(axis, (1.0, 0.2, 0.1)))
    m, stiff = rotation[:, 2], tensor(STIFF, rotation)
    across = np.outer(m, m)

    def free(c: Any) -> Any:
        within, along = ([float(f(x) / f(0.5) - 1) for x in c / MAXIMUM] for f in LATTICE)
        return np.einsum("n,ij->nij", within, np.eye(3) - across) + np.einsum("n,ij->nij", along, across)

    given, step = free(c), 1.0
    rise = np.einsum("kl,nkl->n", stiff[0, 0], given) / stiff[0, 0, 0, 0]  # sigma_xx = 0
    strain = -given
    strain[:, 0, 0] += rise
    stress = np.einsum("ijkl,nkl->nij", stiff, strain)
    return -np.einsum("nij,nij->n", stress, (free(c + step) - free(c - step)) / (2 * step))


@pytest.mark.parametrize(("axis", "current"), [((0.3, -0.5, 0.8), 40.0), ((1.0, 0.0, 0.4), 25.0)])
def test_steady_flux_through_a_crystal(axis: tuple[float, float, float], current: float) -> None:
    """D (c1 - c2) + D/(R T) integral of c dh = J L of an ideal host, with h by hand; stress counts."""
    run = crystal(axis, current, 16, tolerance=1e-2)
    for _ in run.points():
        pass
    high, low = ends(run.model)
    run.destroy()
    c = np.linspace(low, high, 4001)
    h = mechanical(c, axis)
    added = float(np.sum(0.5 * (c[1:] + c[:-1]) * np.diff(h))) / (GAS * TEMPERATURE)
    assert abs(added) > 0.05 * (high - low)
    assert DIFFUSIVITY * (high - low + added) == pytest.approx(current / FARADAY * LENGTH, rel=1e-3)
