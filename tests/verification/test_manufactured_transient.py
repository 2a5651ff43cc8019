"""Manufactured solutions in time for salts, hosts, kinetics that follow them, capacitances, films and interphases."""

from __future__ import annotations

import pytest
from mpi4py import MPI
from support.moving_pair import MovingPair
from support.norms import require_order

#: Orders in L2: quadratic potentials and concentrations, linear thicknesses, which a film's potential follows.
ORDERS = {"lower": 3.0, "upper": 3.0, "salt": 3.0, "lithium": 3.0, "inner": 2.5, "thickness": 2.0}


def check(pair: MovingPair, boxes: tuple[int, ...], tolerance: float = 0.25) -> None:
    """Every unknown converges with its order."""
    found: dict[str, list[float]] = {}
    for n in boxes:
        model, _ = pair.run(MPI.COMM_SELF, n, n)
        for name, error in pair.errors(model).items():
            found.setdefault(name, []).append(error)
    for name, errors in found.items():
        slack = 0.6 if name == "inner" else tolerance
        require_order(name, [1 / n for n in boxes], errors, ORDERS[name], slack)
        assert errors[-1] < 2e-3


def test_host_and_electrolyte_with_film_and_interphase() -> None:
    """Everything at once: anisotropic D(x), salt, insertion, two capacitances, growing film, displacement."""
    check(MovingPair("2", film=True), (3, 6, 12))


def test_host_and_electrolyte_about_an_axis() -> None:
    """Without film: the double layer lies between the two potentials."""
    check(MovingPair("axisymmetric"), (3, 6, 12))


def test_polymer_and_ceramic() -> None:
    """Ions pass between two electrolytes, the salt does not."""
    check(MovingPair("2", polymer=True), (3, 6, 12))


@pytest.mark.parametrize("polymer", [False, True])
def test_planes(polymer: bool) -> None:
    """1-D, where the potential of a film and the thickness are numbers, which only the settling shifts."""
    pair = MovingPair("1", polymer=polymer, film=True)
    found = [pair.errors(pair.run(MPI.COMM_SELF, n, n)[0]) for n in (4, 8, 16)]
    for name in found[0]:
        errors = [f[name] for f in found]
        if name in ("inner", "thickness"):
            assert errors[-1] < 1e-8
        else:
            require_order(name, [1 / 4, 1 / 8, 1 / 16], errors, ORDERS[name], 0.4)
