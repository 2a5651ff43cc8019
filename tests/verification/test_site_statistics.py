"""Statistics of mobile species: one convex function each, whose derivatives are fractions and responses."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest

from fem.energy.dilute import Dilute
from fem.energy.lattice_gas import LatticeGas
from fem.energy.populations import NUMBERS

CASES: list[tuple[Any, Sequence[float]]] = [
    (LatticeGas(1.0), (0.3,)),
    (LatticeGas(1.0), (-4.0,)),
    (LatticeGas(1.0), (0.5, -1.5)),
    (LatticeGas(1.0), (2.0, 1.0, -0.5)),
    (Dilute(1.0), (0.7,)),
    (Dilute(1.0), (-1.0, 1.2)),
]


def values(x: Sequence[float]) -> list[np.ndarray[Any, Any]]:
    return [np.array([v]) for v in x]


@pytest.mark.parametrize(("statistics", "x"), CASES)
def test_fractions_and_responses_are_derivatives(statistics: Any, x: Sequence[float]) -> None:
    h = 1e-5

    def moved(k: int, step: float) -> list[np.ndarray[Any, Any]]:
        return values([v + (step if n == k else 0.0) for n, v in enumerate(x)])

    fractions, vacant = statistics.fractions(values(x), NUMBERS)
    response = statistics.response(values(x))
    for k in range(len(x)):
        sides = [statistics.reduced_potential(moved(k, s), NUMBERS)[0] for s in (h, -h)]
        assert (sides[0] - sides[1]) / (2 * h) == pytest.approx(fractions[k][0], rel=1e-8)
        for n in range(len(x)):
            sides = [statistics.fractions(moved(k, s), NUMBERS)[0][n][0] for s in (h, -h)]
            assert (sides[0] - sides[1]) / (2 * h) == pytest.approx(response[n, k, 0], rel=1e-7, abs=1e-10)
    if isinstance(statistics, LatticeGas):
        assert sum(f[0] for f in fractions) + vacant[0] == pytest.approx(1.0, rel=1e-14)
    assert np.linalg.eigvalsh(response[..., 0]).min() > 0


@pytest.mark.parametrize(("statistics", "x"), CASES)
def test_levels_give_the_fractions_back(statistics: Any, x: Sequence[float]) -> None:
    fractions, _ = statistics.fractions(values(x), NUMBERS)
    assert statistics.potentials([float(f[0]) for f in fractions]) == pytest.approx(list(x), rel=1e-9)


@pytest.mark.parametrize("x", list(product((-900.0, 0.0, 900.0), repeat=2)))
def test_sites_never_overflow(x: tuple[float, float]) -> None:
    """Beyond 35 V the exponentials alone would leave floating point."""
    sites = LatticeGas(1.0)
    with np.errstate(over="raise", invalid="raise"):
        found = sites.reduced_potential(values(x), NUMBERS)[0]
        fractions, vacant = sites.fractions(values(x), NUMBERS)
        response = sites.response(values(x))
    assert found == pytest.approx(max(0.0, *x), abs=np.log(3) + 1e-9)
    assert 0 <= vacant[0] <= 1
    assert all(0 <= f[0] <= 1 for f in fractions)
    assert np.all(np.isfinite(response))


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="leave vacancies"):
        LatticeGas(1.0).potentials([0.6, 0.4])
    with pytest.raises(ValueError, match="must be positive"):
        Dilute(1.0).potentials([0.0])
    for made in (LatticeGas, Dilute):
        with pytest.raises(ValueError, match="concentration must be positive"):
            made(0.0)
