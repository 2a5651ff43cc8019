"""Mutual slopes of what acts at interfaces and of voids as a phase: both are derivatives of one energy (Maxwell)."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
import ufl
from support.norms import integrate
from test_interphase_misfit import cell, product, straight
from ufl.algorithms import expand_derivatives

from fem.constants import FARADAY, GAS
from fem.energy.membrane import Membrane
from fem.energy.phase_field import LatticeVacancies
from fem.interface.cohesive import Cohesive
from fem.interface.jump import ARRAYS, Jump
from fem.kinematics import without_variables
from fem.solve.stage import Stage
from fem.unknowns import Field

Floats = npt.NDArray[np.float64]


@pytest.mark.parametrize(("omega", "fraction", "temperature"), [(13.1e-6, 2e-9, 298.15), (1.3e-3, 0.25, 310.0)])
def test_lithium_and_voids_have_one_grand_potential(omega: float, fraction: float, temperature: float) -> None:
    """d(lithium)/d(order) at a potential = -d(force on the order)/d(mu) at an order, mu = -R T u, at random states."""
    lattice, rng = LatticeVacancies(omega, fraction), np.random.default_rng(1)

    def lithium(xi: float, u: float) -> float:
        value = lattice.occupancy(ufl.as_ufl(xi), ufl.as_ufl(u))
        return float(without_variables(expand_derivatives(value))(())) / omega

    def force(xi: float, u: float) -> float:
        order = ufl.variable(ufl.as_ufl(xi))
        slope = ufl.diff(lattice.grand_density(order, ufl.as_ufl(u), temperature), order)
        return float(without_variables(expand_derivatives(slope))(()))

    step = 1e-5
    for _ in range(5):
        xi, u = float(rng.uniform(0.1, 0.9)), float(rng.uniform(-2.0, 2.0))
        one = (lithium(xi + step, u) - lithium(xi - step, u)) / (2 * step)
        other = (force(xi, u + step) - force(xi, u - step)) / (2 * step) / (GAS * temperature)
        assert abs(one) > 0
        assert other == pytest.approx(one, rel=1e-6)


def test_a_film_pulls_and_resists_its_growth_with_one_energy() -> None:
    """d(force on the solids)/d(thickness) against d(energy that growth costs)/d(displacement), at a random state."""
    given = product(Membrane(6e10, 0.2, 0.03), 3e-8)
    model = cell("2", given, (1e-5, 2e-5), straight("2"), boxes=3)
    assert model.mechanics is not None
    moving, layer = model.mechanics.displacement, model.thickness["a|e"]["products"].carrier
    assert isinstance(layer, Field)
    rng = np.random.default_rng(3)
    moving.function.x.array[:] = 1e-8 * rng.standard_normal(len(moving.function.x.array))
    stage = Stage(model.system, [moving], [])
    stage.set_state(stage.get_state())  # what holds the body
    way = stage.free(1e-8 * rng.standard_normal(len(stage.get_state())))
    state, grown = stage.get_state(), np.array(layer.function.x.array)
    more = 1e-9 * rng.uniform(0.5, 2.0, len(grown))

    def pulled(amount: float) -> float:
        layer.function.x.array[:] = grown + amount * more
        work = float(stage.full_residual() @ way)
        layer.function.x.array[:] = grown
        return work

    # opposed = share V psi / F, and psi is what a thicker film costs
    cost = model.mechanics.skins["a|e"].opposed * FARADAY / (given.share * given.molar_volume)
    layer.function.x.array[:] = more
    density = without_variables(cost) * layer.function("+")
    form = model.geometry.interface_integral(density, "a|e")

    def spent(amount: float) -> float:
        layer.function.x.array[:] = more
        stage.set_state(state + amount * way)
        found = integrate(model, form)
        layer.function.x.array[:] = grown
        stage.set_state(state)
        return found

    one = (pulled(1.0) - pulled(-1.0)) / 2
    other = (spent(1e-3) - spent(-1e-3)) / 2e-3
    assert abs(one) > 0
    assert other == pytest.approx(one, rel=1e-6)


@pytest.mark.parametrize(
    "law", [Cohesive(50e6, 2.0), Cohesive(40e6, 1.5, 60e6, 6.0, 2.2), Cohesive(40e6, 1.5, 20e6, 0.6, 1.4)]
)
def test_tractions_of_a_bond_are_slopes_of_its_energy(law: Cohesive) -> None:
    """At fixed damage: tractions against differences of the stored energy, and a.(H b) = b.(H a)."""
    rng = np.random.default_rng(2)
    scale = law.strength / law.penalty

    def jump(values: Floats) -> Jump:
        return Jump(values[0], values[1:])

    for opens in (1.0, -1.0):
        at = scale * np.array([opens * 2.0, 1.1, -0.7])
        damage = float(rng.uniform(0.2, 0.8))
        one, two = (scale * rng.standard_normal(3) for _ in range(2))
        step = 1e-4

        def power(x: Floats, along: Floats, damage: float = damage) -> float:
            return float(law.power(jump(x), jump(along), damage, ARRAYS))

        energies = [float(law.energy(jump(at + s * step * one), damage, ARRAYS)) for s in (1, -1)]
        assert (energies[0] - energies[1]) / (2 * step) == pytest.approx(power(at, one), rel=1e-7)
        mixed = (power(at + step * two, one) - power(at - step * two, one)) / (2 * step)
        back = (power(at + step * one, two) - power(at - step * one, two)) / (2 * step)
        assert mixed == pytest.approx(back, rel=1e-7)
        assert math.isfinite(mixed)
