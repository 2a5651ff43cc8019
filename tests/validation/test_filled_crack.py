"""Pressure and opening of a crack full of lithium, and the mesh that it is found on."""

from __future__ import annotations

import numpy as np
import pytest

from studies.validation.filled_crack import FAR, HALF, SOLIDS, grown, half_model


@pytest.mark.parametrize(("number", "pressure", "opening"), [(0, 705.2e6, 17.54e-9), (1, 169.3e6, 4.53e-9)])
def test_closed_forms(number: int, pressure: float, opening: float) -> None:
    assert SOLIDS[number].critical == pytest.approx(pressure, rel=1e-3)
    assert SOLIDS[number].opening == pytest.approx(opening, rel=2e-3)


def test_mesh_of_half_the_model() -> None:
    """Fills its rectangle once, fine and straight where the crack runs: a row of cells about y = 0."""
    size = HALF / 30
    arrays = half_model(size, 4.5 * size)
    arrays.check()
    corners = arrays.points[arrays.cells]
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    areas = 0.5 * np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])
    assert areas.sum() == pytest.approx(2 * FAR**2, rel=1e-12)
    near = np.unique(arrays.points[np.abs(arrays.points[:, 1]) < 0.6 * size, 1])
    assert near == pytest.approx([-size / 2, size / 2])
    assert np.all(arrays.points[arrays.facets][:, :, 0] == 0.0)


@pytest.mark.slow
def test_a_crack_that_lithium_opens() -> None:
    """Coarse: within 4 % of Sneddon's, and it has grown."""
    solid = SOLIDS[0]
    pressure, length, opening = grown(solid, 8.0)
    assert length > 1.1 * HALF
    assert pressure * (length / HALF) ** 0.5 == pytest.approx(solid.critical, rel=0.04)
    assert opening * (HALF / length) ** 0.5 == pytest.approx(solid.opening, rel=0.04)
