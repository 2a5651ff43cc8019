"""Spreading resistance of a round contact: confocal spheroid, and disc in a flux tube."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import ufl
from dolfinx import default_scalar_type, fem
from support.norms import integrate
from support.spots import contact_model, half_spheroid, quarter_tube, resistance

from fem.conditions import ImposedPotential
from fem.dissipation.conduction import Conduction
from fem.model import Domain, Model
from fem.solve.driver import Solver

RADIUS = 1.0e-6
# sizes at the edge of the contact, and their growth
FAMILY = ((0.04, 0.2), (0.01, 0.12))


def tube_factor(ratio: float) -> float:
    """psi = 4 sigma a R_c of an isothermal disc in a tube; agrees with a Galerkin solution to four digits."""
    return 1 - 1.40978 * ratio + 0.34406 * ratio**3 + 0.0435 * ratio**5 + 0.02271 * ratio**7


def body_resistance(tagged: Any, conductivity: float, share: float) -> float:
    """Resistance between ``contact`` at 1 V and ``outer`` at 0 V by the heat, for a part `share` of the body."""
    one, none = (lambda p: np.ones(p.shape[1])), (lambda p: np.zeros(p.shape[1]))
    ends = [
        ImposedPotential("contact", "body", "ionic", one),
        ImposedPotential("outer", "body", "ionic", none),
    ]
    model = Model(tagged, {"body": Domain((Conduction("ionic", conductivity),))}, {}, ends)
    Solver(model).solve()
    slope = ufl.grad(model.handle("body", "ionic").value(None))
    heat = integrate(model, model.geometry.integral(conductivity * ufl.inner(slope, slope), "body"))
    return share / heat


def test_formulas_give_the_reference_values() -> None:
    """2.185835e6 ohm; .85937, .72081, .58647."""
    assert math.atan(5) / (2 * math.pi * 0.1 * RADIUS) == pytest.approx(2.185835e6, rel=1e-6)
    for ratio, factor in ((0.1, 0.85937), (0.2, 0.72081), (0.3, 0.58647)):
        assert tube_factor(ratio) == pytest.approx(factor, abs=1e-5)


@pytest.mark.parametrize(("zeta", "conductivity"), [(5.0, 0.1), (2.0, 0.04)])
def test_confocal_spheroid(zeta: float, conductivity: float) -> None:
    """R = atan(zeta) / (2 pi sigma a): the whole half space below a finite equipotential; 0.1 %."""
    exact = math.atan(zeta) / (2 * math.pi * conductivity * RADIUS)
    errors = [
        body_resistance(half_spheroid("axisymmetric", zeta, edge, growth), conductivity, 1.0) / exact - 1
        for edge, growth in ((0.01, 0.2), (0.001, 0.1))
    ]
    assert abs(errors[1]) < 1e-3, errors
    assert abs(errors[1]) < 0.5 * abs(errors[0]), errors


@pytest.mark.slow
@pytest.mark.parametrize("zeta", [5.0, 2.0])
def test_confocal_spheroid_in_three_dimensions(zeta: float) -> None:
    """0.5 %, and less on the finer mesh: the edge of the contact and its straight facets leave an error."""
    exact = math.atan(zeta) / (2 * math.pi * 0.1 * RADIUS)
    coarse, fine = (
        body_resistance(half_spheroid("3", zeta, edge, growth), 0.1, 0.25) / exact - 1 for edge, growth in FAMILY
    )
    assert abs(fine) < 0.6 * abs(coarse), (coarse, fine)
    assert abs(fine) < 5e-3, (coarse, fine)


@pytest.mark.parametrize("ratio", [0.1, 0.2, 0.3])
def test_disc_in_a_tube(ratio: float) -> None:
    """Through an equipotential with a perfect contact on part of its area; 0.1 %."""
    width, conductivity = 1.0e-5, 0.1
    contact = ratio * width
    model = contact_model("axisymmetric", contact, width, conductivity, None, edge=contact / 2000)
    total = resistance(model, 1e-7)
    spread = total - 3 * width / (conductivity * math.pi * width**2)
    assert 4 * conductivity * contact * spread == pytest.approx(tube_factor(ratio), rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("ratio", [0.3, 0.5])
def test_disc_in_a_tube_in_three_dimensions(ratio: float) -> None:
    """0.5 % as above; the tube itself has the section of its straight facets."""
    conductivity, height = 0.1, 1.5 / ratio
    errors = []
    for edge, growth in FAMILY:
        tagged = quarter_tube(1 / ratio, height, edge, growth)
        total = body_resistance(tagged, conductivity, 0.25)
        one = fem.Constant(tagged.mesh, default_scalar_type(1.0))
        volume = 4 * fem.assemble_scalar(fem.form(one * ufl.dx))
        bulk = (height * RADIUS) ** 2 / (conductivity * volume)
        errors.append(4 * conductivity * RADIUS * (total - bulk) / tube_factor(ratio) - 1)
    coarse, fine = errors
    assert abs(fine) < 0.6 * abs(coarse), errors
    assert abs(fine) < 5e-3, errors
