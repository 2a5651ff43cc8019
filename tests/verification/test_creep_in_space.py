"""Creep in two and three dimensions: a manufactured flow with a power law, tangents against differences.

The manufactured flow depends on one skew coordinate k.x and shears along m, with k and m orthogonal: all components of
the stress occur. A stress tau(k.x) that does not change in time makes the creep strain grow evenly, so that backward
differentiation has it exactly and the error is that of the mesh.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import ufl
from mpi4py import MPI
from support.creeping import ANAND, NORTON, ROOM, hollow
from support.layered import layered
from support.norms import integrate, require_order
from support.tangents import require_tangent

from fem.conditions import ImposedDisplacement, Source
from fem.dissipation.norton import Norton
from fem.energy.elastic import Elastic
from fem.model import Condition, Domain, Model, Settings
from fem.protocol import Protocol, Step
from fem.solve.transient import TimeSettings, Transient
from fem.terms import CreepLaw

SHEAR = 2e9
SOLID = Elastic(2 * SHEAR * 1.3, 0.3)
POWER, BASE, LIFT = 3, 2e6, 0.8
LAW = Norton(2e7, POWER)
SKEW = {"2": ((0.6, 0.8), (-0.8, 0.6)), "3": ((2 / 3, 2 / 3, 1 / 3), (1 / 3, -2 / 3, 2 / 3))}
"""Dimension -> unit vectors k and m."""
SIDES = {"2": ("left", "right", "bottom", "top"), "3": ("left", "right", "front", "back", "bottom", "top")}


def _sheared(xi: Any, t: float) -> Any:
    """Displacement along m: the integral of tau / G + 3 A (sqrt(3) |tau|)^(n-1) tau t with tau = BASE (1 + LIFT xi)."""
    rate = 3 * LAW.coefficient**-POWER * 3 ** ((POWER - 1) / 2)
    flowed = rate * BASE**POWER * ((1 + LIFT * xi) ** (POWER + 1) - 1) / ((POWER + 1) * LIFT)
    return BASE * ((1 + LIFT * xi) ** 2 - 1) / (2 * LIFT * SHEAR) + flowed * t


class Sheared(Transient):
    """A run whose sides move as the exact solution does."""

    axes: tuple[Any, Any]

    def _control(self, time: float) -> None:
        super()._control(time)
        along, shear = (np.array(v) for v in self.axes)
        assert self.model.mechanics is not None
        for side in self.model.mechanics.imposed:
            self.model.mechanics.impose(side, lambda x: np.outer(shear, _sheared(along @ x[: len(along)], time)))


@pytest.mark.parametrize("dimension", ["2", "3"])
def test_power_law_flow(dimension: str) -> None:
    """Third order in the displacement, second in the deviator of the stress.

    The creep strain is nine to thirty times the elastic one.
    """
    along, shear = SKEW[dimension]
    count = len(along)
    errors: dict[str, list[float]] = {"displacement": [], "stress": []}
    boxes = (2, 4, 8) if dimension == "2" else (2, 4)
    for n in boxes:
        tagged = layered(MPI.COMM_SELF, dimension, [("li", 1.0)], lateral=n, across=n)
        conditions: list[Condition] = [ImposedDisplacement(s, lambda x: 0 * x[:count]) for s in SIDES[dimension]]
        # div(2 tau sym(m k)) = tau' m
        load = [-BASE * LIFT * m for m in shear]
        conditions.append(Source("li", "force", lambda x, load=load: ufl.as_vector(load) + 0 * x))
        model = Model(tagged, {"li": Domain(energy=(SOLID,), creep=LAW)}, {}, conditions, Settings(temperature=ROOM))
        settings = TimeSettings(tolerance=1e-3, initial_step=0.1, largest_step=0.5)
        made = Sheared(model, Protocol((Step.hold("flow", 1.0),)), None, 1.0, settings)
        made.axes = SKEW[dimension]
        for _ in made.points():
            pass
        made.destroy()
        assert model.mechanics is not None
        x = ufl.SpatialCoordinate(model.geometry.mesh)
        xi = sum(a * x[j] for j, a in enumerate(along))
        exact = ufl.as_vector([m * _sheared(xi, 1.0) for m in shear])
        both = ufl.outer(ufl.as_vector([*shear, 0][:3]), ufl.as_vector([*along, 0][:3]))
        stress = 2 * BASE * (1 + LIFT * xi) * ufl.sym(both)
        gaps = (model.mechanics.displacement.function - exact, ufl.dev(model.mechanics.stress("li")) - stress)
        for gap, size, found in zip(gaps, (_sheared(1.0, 1.0), BASE), errors.values(), strict=True):
            square = model.geometry.integral(ufl.inner(gap, gap), "li", 8)
            found.append(math.sqrt(integrate(model, square)) / size)
    require_order("displacement", [1 / n for n in boxes], errors["displacement"], 3.0, 0.4)
    require_order("stress", [1 / n for n in boxes], errors["stress"], 2.0, 0.4)
    assert errors["displacement"][-1] < 1e-3
    assert errors["stress"][-1] < 0.02
    elastic = BASE / SHEAR
    assert _sheared(1e-6, 1.0) / 1e-6 > 10 * elastic


@pytest.mark.parametrize("law", [NORTON, ANAND])
def test_the_tangent_is_the_derivative_in_three_dimensions(law: CreepLaw) -> None:
    """The Jacobian of a shell that creeps unevenly, against differences of the residual with the rates that follow."""
    model = hollow("3", law, "outer", 3e6, 2.0, 0.9, MPI.COMM_SELF)  # type: ignore[arg-type]
    made = Transient(model, Protocol((Step.hold("creep", 1.0),)), None, 1.0, TimeSettings(tolerance=1e-3))
    for _, _ in zip(made.points(), range(5), strict=False):
        pass
    require_tangent(made)
    made.destroy()
