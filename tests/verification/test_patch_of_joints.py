"""Patch tests of what sticks and of lithium that flows; laws of rough contact against their formulas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import ufl
from mpi4py import MPI
from support.layered import layered
from support.norms import interpolation_error, sampled
from support.pressed import at_points, pair

from fem.conditions import ImposedDisplacement
from fem.dissipation.norton import Norton
from fem.interface.asperities import Asperities, ElasticAsperities, PlasticAsperities
from fem.interface.contact import Contact
from fem.solve.driver import Solver
from fem.voids.flow import Flow, Sides

LAYERS = [("low", 3.0e-6), ("high", 2.0e-6)]
SOLID = (2.0e10, 0.2)


@pytest.mark.parametrize(
    "part", [np.array([[-4e-4, 5e-4], [4e-4, -1.1e-3]]), np.array([[2e-4, -1.5e-3], [-0.5e-3, -0.9e-3]])]
)
def test_what_sticks_passes_shear(part: Any) -> None:
    """A constant strain of compression and shear, imposed on all sides, goes through a contact that sticks."""
    tagged = layered(MPI.COMM_SELF, "2", LAYERS, 4.0e-6, lateral=4, across=2, jitter=0.25)
    moved = [ImposedDisplacement(side, lambda p: part @ p[:2]) for side in ("bottom", "top", "left", "right")]
    model = pair(tagged, Contact(sticking=True), moved, SOLID, SOLID)
    Solver(model).solve()
    assert model.mechanics is not None
    strain = np.zeros((3, 3))
    strain[:2, :2] = (part + part.T) / 2
    young, nu = SOLID
    stress = young / (1 + nu) * (strain + nu / (1 - 2 * nu) * np.trace(strain) * np.eye(3))
    for layer in ("low", "high"):
        found = sampled(model, model.mechanics.stress(layer), layer).reshape(-1, 3, 3)
        assert np.abs(found - stress).max() < 1e-9 * np.abs(stress).max()
    assert np.abs(stress[0, 1]) > 0.1 * np.abs(stress).max()
    assert np.allclose(at_points(model, model.joints["low|high"].pressure()), -stress[1, 1], rtol=1e-9)


@pytest.mark.parametrize(("dimension", "n"), [("2", 1.0), ("2", 6.6), ("axisymmetric", 3.0)])
def test_lithium_under_a_platen_flows_evenly(dimension: str, n: float) -> None:
    """A block whose sides slip: one strain rate everywhere, A P^n (plane strain: sqrt(3)/2 A (sqrt(3)/2 P)^n).

    The regularisation of slow lithium is all that is left of the difference.
    """
    size, pressure, law = 2e-6, 1.3e6, Norton(2e5, n, 37e3)
    tagged = layered(MPI.COMM_SELF, dimension, [("li", size)], size, lateral=3, across=3, jitter=0.25)
    sides = Sides({"left": 0, "bottom": 1}, platen="top", loaded=("top",))
    flow = Flow(tagged, law, sides, size, pressure)
    flow.solve({"top": pressure})
    plane = math.sqrt(3) / 2 if dimension == "2" else 1.0
    rate = plane * math.exp(law.log_rate(math.log(plane * pressure), 298.15))
    assert flow.platen_velocity == pytest.approx(-rate * size, rel=1e-6)
    across = rate if dimension == "2" else rate / 2
    velocity = flow.state.sub(0).collapse()
    measured = -flow.platen_velocity / size / rate
    exact = measured * np.array([across, -rate]) * size / flow.speed
    assert interpolation_error(velocity, lambda p: exact[:, None] * p[:2] / size) < 1e-7


@pytest.mark.parametrize(
    ("law", "formula"),
    [
        (PlasticAsperities(2.4e6), lambda p: min(max(p / 2.4e6, 0.0), 1.0)),
        (PlasticAsperities(0.9e9), lambda p: min(max(p / 0.9e9, 0.0), 1.0)),
        (ElasticAsperities(2e10, 0.1), lambda p: math.erf(math.sqrt(2) * max(p, 0.0) / 2e9)),
        (ElasticAsperities(7e9, 0.03), lambda p: math.erf(math.sqrt(2) * max(p, 0.0) / 2.1e8)),
    ],
)
def test_real_area_of_rough_contact(law: Asperities, formula: Any) -> None:
    """P/H and Persson's erf, from no pressure to full contact, with the slope sqrt(8/pi) P/(E* h') at its beginning."""
    for pressure in (-1e6, 0.0, 1e3, 1e5, 2e6, 5e7, 8e8, 3e9, 1e11):
        assert float(law.share(ufl.as_ufl(pressure))(())) == pytest.approx(formula(pressure), rel=1e-12, abs=1e-15)
    if isinstance(law, ElasticAsperities):
        light = 1e-4 * law.modulus * law.slope
        assert float(law.share(ufl.as_ufl(light))(())) == pytest.approx(1e-4 * math.sqrt(8 / math.pi), rel=1e-6)
