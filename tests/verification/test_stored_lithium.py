"""Interphases that store the lithium that passes them: Stefan's similarity solution, its limits and its balance."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from scipy.optimize import brentq
from scipy.special import erf
from support.cells import AREA
from support.norms import integrate
from support.ranks import alone
from test_interphase import HOUR, VOLUME, WINDOW, cell, rest

from fem.constants import FARADAY
from fem.interface.interphase import Interphase, InterphaseLayer
from fem.interface.stored import StoredLithium

SPREAD = 1e-16
#: what is stored at the electrode over what the product binds -> lambda of sqrt(pi) x exp(x^2) erf(x) = St
STEFAN = {0.1: 0.220016, 0.3: 0.369880, 1.0: 0.620063}


def storing(stefan: float, degree: int = 4, thickness: float = 1e-11, spread: float = SPREAD) -> InterphaseLayer:
    """A product of which lithium fills the share ``stefan`` at the electrode; electrons limit."""
    ambipolar = stefan / VOLUME * FARADAY * spread / WINDOW
    electronic = 1 / (1 / ambipolar - 1 / 1e3)
    return InterphaseLayer("p", 1e3, electronic, thickness, VOLUME, 1.0, stored=StoredLithium(spread, degree=degree))


def amounts(model: Any, product: InterphaseLayer, dimension: str = "1") -> tuple[float, float, float]:
    """(entered, held, converted) per area, mol/m^2."""
    profile = model.profiles["a|e"]
    (handle,) = model.thickness["a|e"].values()
    grown = (handle.value("+") - product.thickness) / VOLUME

    def mean(value: Any) -> float:
        return integrate(model, model.geometry.interface_integral(value * model.one, "a|e")) / AREA[dimension]

    return mean(profile.entered), mean(profile.held), mean(grown)


@pytest.mark.parametrize("stefan", STEFAN)
def test_one_phase_stefan_problem(stefan: float) -> None:
    """B9.3: L = 2 lambda sqrt(D t), whatever the layer was at first; lithium is neither lost nor made."""

    def excess(x: float) -> float:
        return math.sqrt(math.pi) * x * math.exp(x**2) * float(erf(x)) - stefan

    assert brentq(excess, 0.01, 2) == pytest.approx(STEFAN[stefan], abs=1e-6)
    product = storing(stefan)
    model = cell(Interphase((product,), reduction=WINDOW))
    time, length = rest(model, 10 * HOUR)[-1]
    assert length / (2 * math.sqrt(SPREAD * time)) == pytest.approx(STEFAN[stefan], rel=1e-4)
    entered, held, converted = amounts(model, product)
    assert held + converted == pytest.approx(entered, rel=1e-12)
    lam = STEFAN[stefan]
    # of the similarity solution: stored over bound
    over = stefan * ((1 - math.exp(-(lam**2))) / (math.sqrt(math.pi) * lam * float(erf(lam))))
    assert held / converted == pytest.approx(over, rel=1e-3)


def test_the_profile_converges_with_its_degree() -> None:
    """Errors of lambda at St = 1 fall by more than ten with every degree."""
    found = []
    for degree in (1, 2, 3):
        model = cell(Interphase((storing(1.0, degree),), reduction=WINDOW))
        time, length = rest(model, HOUR, 1e-5)[-1]
        found.append(abs(length / (2 * math.sqrt(SPREAD * time)) / 0.6200626333 - 1))
    assert found[0] == pytest.approx(0.14, rel=0.05)
    assert found[1] < 0.02 * found[0]
    assert found[2] < 0.1 * found[1]


def test_the_first_thickness_is_forgotten() -> None:
    """A layer that begins empty and a thousand times thicker grows like one from nothing once it is much thicker."""
    thick = rest(cell(Interphase((storing(1.0, 4, 1e-8),), reduction=WINDOW)), 1000 * HOUR)[-1]
    assert thick[1] > 1e-5
    assert thick[1] / (2 * math.sqrt(SPREAD * thick[0])) == pytest.approx(STEFAN[1.0], rel=1e-2)


def test_little_storage_gives_the_law_without() -> None:
    """St = 1e-5 at one conductivity: reaction, coating before and layer behind in series, as without storage."""
    product = storing(1e-5, spread=1e-11)
    plain = InterphaseLayer("p", 1e3, product.electronic_conductivity, product.thickness, VOLUME, 1.0)
    before = InterphaseLayer("before", 1e-4, 2e-9, 3e-8)
    behind = InterphaseLayer("behind", 1e-4, 1e-9, 3e-8)
    ends: dict[bool, float] = {}
    for stores in (True, False):
        layers = (before, product if stores else plain, behind)
        model = cell(Interphase(layers, reduction=WINDOW, reaction_current=5e-3))
        ends[stores] = rest(model, 100 * HOUR, 1e-4)[-1][1]
    assert ends[True] == pytest.approx(ends[False], rel=2e-4)
    assert ends[False] > 1e-7


def test_what_does_not_go_together() -> None:
    product = storing(1.0)
    with pytest.raises(ValueError, match="only one layer"):
        Interphase((product, replace(product, share=0.0)), reduction=WINDOW)
    with pytest.raises(ValueError, match="one end of the window"):
        Interphase((product,), reduction=WINDOW, oxidation=3.0)
    with pytest.raises(ValueError, match="where something grows"):
        Interphase((InterphaseLayer("c", 1.0, 1e-9, 1e-9, stored=StoredLithium(1e-16)),), reduction=WINDOW)


@pytest.mark.mpi
def test_fields_store_like_numbers_on_any_number_of_ranks() -> None:
    """In 2-D the profile is a field on the interface; it grows as in 1-D, on ranks without the interface, too."""
    product = storing(1.0, 3, 1e-9)
    model = cell(Interphase((product,), reduction=WINDOW), "2", MPI.COMM_WORLD)
    here = rest(model, HOUR, 1e-4, "2")
    line = alone(lambda: rest(cell(Interphase((product,), reduction=WINDOW)), HOUR, 1e-4))
    assert here[-1][1] == pytest.approx(line[-1][1], rel=1e-3)
    entered, held, converted = amounts(model, product, "2")
    assert held + converted == pytest.approx(entered, rel=1e-11)
    assert np.isfinite(held)
