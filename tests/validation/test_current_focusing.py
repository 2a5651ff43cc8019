"""Current at the edge of a void: closed form without kinetics, saturation with them (E1)."""

from __future__ import annotations

import numpy as np
import pytest

from studies.validation.current_focusing import EDGES, HALF, LLZO, NANOMETRE, REFERENCE, SHARE, primary, spot, strip


def test_without_kinetics_the_current_diverges() -> None:
    """Like the root of the distance, within 1 % of the closed form from 1 um to 1 nm."""
    distances = np.array([1e-9, 1e-8, 1e-7, 1e-6])
    found = strip(0.0, distances.tolist())[0]
    assert primary(distances) == pytest.approx([56.43, 17.87, 5.730, 2.058], rel=1e-3)
    assert found == pytest.approx(primary(distances), rel=1e-2)
    assert np.log10(found[1] / found[0]) == pytest.approx(-0.5, rel=2e-2)


@pytest.mark.parametrize("wagner", [0.01, 1.0])
def test_kinetics_limit_it(wagner: float) -> None:
    """Resistance and edge current of the secondary distribution within 0.5 %."""
    values, excess = strip(wagner * HALF / LLZO, (0.1 * NANOMETRE, NANOMETRE))
    assert excess == pytest.approx(REFERENCE[wagner], rel=5e-3)
    assert values[0] == pytest.approx(EDGES[wagner], rel=5e-3)
    assert values[1] == pytest.approx(values[0], rel=2e-2)


def test_four_orders_need_small_spots() -> None:
    """Round contact on a thousandth of the face, 1 nm from its edge: (1 / 2 share) (2 d / a)^(-1/2) of the mean."""
    (found,) = spot(0.0, (NANOMETRE,), 1e-6, SHARE)
    place = 1 - 1e-3
    assert found == pytest.approx(0.5 / SHARE / np.sqrt(1 - place**2), rel=2e-2)
    assert found > 1e4
