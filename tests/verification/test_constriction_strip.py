"""Strip contacts: primary distribution in closed form, secondary distribution by an independent Galerkin solution."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
import ufl
from scipy.special import spherical_jn
from support.spots import contact_model, resistance, values_at

from fem.interface.kinetics import LinearKinetics
from fem.model import Model
from fem.unknowns import Field

HALF_PERIOD, CONDUCTIVITY = 1.0e-5, 0.05
CURRENT = 1e-4
BULK = 3.0  # height of the column in half periods


TERMS, WAVES = 50, 8000


@cache
def _wave_coefficients(ratio: float) -> np.ndarray:
    n = np.arange(1, WAVES + 1) * math.pi * ratio
    return np.array([(-1) ** k * spherical_jn(2 * k, n) for k in range(TERMS)]) * ratio


def galerkin(ratio: float, wagner: float) -> tuple[float, float]:
    """ASR sigma / b and edge current over the mean one, of strips with linear kinetics.

    The current on the contact is expanded in even Legendre polynomials, whose cosine coefficients are spherical
    Bessel functions; the column above answers to the wave n with b / (n pi sigma).
    """
    coefficients, n = _wave_coefficients(ratio), np.arange(1, WAVES + 1)
    norms = np.diag(wagner * ratio / (4 * np.arange(TERMS) + 1))
    matrix = 2 * (coefficients / (n * math.pi)) @ coefficients.T + norms
    right = np.zeros(TERMS)
    right[0] = ratio
    shape = np.linalg.solve(matrix, right)
    mean = ratio * shape[0]
    return 1 / mean, float(shape.sum() / mean)


def excess(model: Model) -> float:
    """Area-specific resistance beyond that of the column, times sigma / b."""
    area_specific = resistance(model, CURRENT) * HALF_PERIOD
    return area_specific * CONDUCTIVITY / HALF_PERIOD - BULK


def primary(ratio: float) -> float:
    """ASR sigma / b of perfect strip contacts: (2 / pi) ln 1 / sin(pi ratio / 2)."""
    return 2 / math.pi * math.log(1 / math.sin(math.pi * ratio / 2))


def test_formulas_give_the_reference_values() -> None:
    """Closed form of the primary, table of the secondary distribution."""
    assert primary(0.1) / 2 == pytest.approx(0.590502, abs=1e-6)
    assert primary(0.5) / 2 == pytest.approx(0.110318, abs=1e-6)
    table = {0.01: (0.24888, 10.31), 0.1: (0.44907, 3.831), 1.0: (2.26707, 2.255), 10.0: (20.2709, 2.027)}
    for wagner, (area_specific, edge) in table.items():
        found = galerkin(0.5, wagner)
        assert found[0] == pytest.approx(area_specific, rel=2e-4)
        assert found[1] == pytest.approx(edge, rel=4e-3)  # the sum of the series converges slowly at the edge


@pytest.mark.parametrize("ratio", [0.1, 0.5, 0.8])
def test_primary_resistance(ratio: float) -> None:
    """Perfect contact; 0.2 %."""
    contact = ratio * HALF_PERIOD
    model = contact_model("2", contact, HALF_PERIOD, CONDUCTIVITY, None, edge=HALF_PERIOD / 5000, height=BULK)
    assert excess(model) == pytest.approx(primary(ratio), rel=2e-3)


def test_current_focusing() -> None:
    """Current beside the edge of the contact: values, and the slope -1/2 within 2 %."""
    contact = HALF_PERIOD / 2
    edge = HALF_PERIOD * 1e-6
    model = contact_model("2", contact, HALF_PERIOD, CONDUCTIVITY, None, edge=edge, height=BULK, growth=1.15)
    resistance(model, CURRENT)
    carrier = model.handle("column", "ionic").carrier
    assert isinstance(carrier, Field)
    distances = np.array([1e-6, 1e-7, 1e-8, 1e-9])
    level = HALF_PERIOD / 4
    points = np.column_stack([contact - distances, np.full(4, level)])
    upward = -CONDUCTIVITY * ufl.grad(carrier.function)[1]
    found = values_at(carrier.region.mesh, upward, points)[:, 0] / (CURRENT / HALF_PERIOD)
    scaled = math.pi * (contact - distances) / (2 * HALF_PERIOD)
    edge_sine = math.sin(math.pi * contact / (2 * HALF_PERIOD))
    exact = np.cos(scaled) / np.sqrt(edge_sine**2 - np.sin(scaled) ** 2)
    assert exact == pytest.approx([2.058, 5.730, 17.87, 56.43], rel=1e-3)
    assert found == pytest.approx(exact, rel=2e-2)
    slope = math.log(found[2] / found[1]) / math.log(distances[2] / distances[1])
    assert slope == pytest.approx(-0.5, rel=2e-2)


@pytest.mark.parametrize(("ratio", "wagner"), [(0.5, 0.01), (0.5, 0.1), (0.5, 1.0), (0.5, 10.0), (0.25, 0.05)])
def test_secondary_distribution(ratio: float, wagner: float) -> None:
    """Linear kinetics: resistance within 0.2 %, current at the edge within 1 %."""
    contact = ratio * HALF_PERIOD
    kinetics = LinearKinetics(wagner * HALF_PERIOD / CONDUCTIVITY)
    edge = HALF_PERIOD / 5000
    model = contact_model("2", contact, HALF_PERIOD, CONDUCTIVITY, kinetics, edge=edge, height=BULK)
    area_specific, at_edge = galerkin(ratio, wagner)
    assert excess(model) == pytest.approx(area_specific, rel=2e-3)
    carrier = model.handle("column", "ionic").carrier
    assert isinstance(carrier, Field)
    point = np.array([[contact * (1 - 1e-9), HALF_PERIOD / 4]])
    potential = values_at(carrier.region.mesh, carrier.function, point)[0, 0]
    current = (model.terminals["metal"].value - potential) / kinetics.resistance
    assert current / (CURRENT / HALF_PERIOD) == pytest.approx(at_edge, rel=1e-2)


@pytest.mark.parametrize("ratio", [0.3, 0.5])
def test_limits_of_the_secondary_distribution(ratio: float) -> None:
    """Slow kinetics see only the contact area, fast kinetics only the constriction."""
    contact, scale = ratio * HALF_PERIOD, HALF_PERIOD / CONDUCTIVITY
    for wagner, expected in ((1e4, 1e4 / ratio), (1e-6, primary(ratio))):
        kinetics = LinearKinetics(wagner * scale)
        edge = HALF_PERIOD / 5000
        model = contact_model("2", contact, HALF_PERIOD, CONDUCTIVITY, kinetics, edge=edge, height=BULK)
        assert excess(model) == pytest.approx(expected, rel=2e-3)
