"""Currents around slits: an interface that has come apart, a wall within a conductor, and slits that stop nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import ufl
from mpi4py import MPI
from support.norms import integrate, sampled
from test_constriction_strip import galerkin, primary

from fem.compat import shared_facet_partitioner
from fem.conditions import ImposedDisplacement, Terminal
from fem.dissipation.conduction import Conduction, Equipotential
from fem.energy.elastic import Elastic
from fem.interface.charge_transfer import Blocked, ChargeTransfer
from fem.interface.kinetics import LinearKinetics
from fem.model import Domain, Model, Settings
from fem.solve.driver import Solver
from meshes import Layer, MeshSizes, Stack
from meshes.features.block import Block
from meshes.features.crack import Crack
from meshes.features.delamination import Delamination
from meshes.generate import generate

HALF_PERIOD, CONDUCTIVITY, BULK = 1.0e-5, 0.05, 3.0
CURRENT = 1e-4


def column(feature: Any, kinetics: LinearKinetics | None, edge: float, comm: Any = MPI.COMM_SELF) -> Model:
    """Half a period of an electrolyte between two metals, the lower one at 1 V."""
    width = HALF_PERIOD
    layers = (Layer("metal", width / 4), Layer("column", BULK * width), Layer("counter", width / 4))
    stack = Stack("2", layers, width, None, (feature,))
    sizes = MeshSizes(bulk=width / 8, interface=width / 8, edge=edge, growth=1.25)
    metal = Domain((Equipotential(),))
    return Model(
        generate(stack, sizes, comm, shared_facet_partitioner()),
        {"metal": metal, "column": Domain((Conduction("ionic", CONDUCTIVITY),)), "counter": metal},
        {
            "metal|column": [ChargeTransfer("metal", kinetics)],
            "column|counter": [ChargeTransfer("counter", None)],
        },
        [Terminal("metal", "metal", potential=1.0), Terminal("counter", "counter", current=-CURRENT)],
    )


def excess(model: Model) -> float:
    """Area-specific resistance beyond that of the column, times sigma / b."""
    Solver(model).solve()
    voltage = model.terminals["metal"].value - model.terminals["counter"].value
    return float(voltage / CURRENT * CONDUCTIVITY - BULK)


@pytest.mark.parametrize(("ratio", "wagner"), [(0.5, 0.01), (0.5, 0.1), (0.5, 1.0), (0.5, 10.0)])
def test_secondary_distribution_beside_a_delamination(ratio: float, wagner: float) -> None:
    """Strips of contact between strips that have come apart, linear kinetics: 0.2 %."""
    lost = Delamination("metal|column", (1 - ratio) * HALF_PERIOD, (HALF_PERIOD,))
    kinetics = LinearKinetics(wagner * HALF_PERIOD / CONDUCTIVITY)
    model = column(lost, kinetics, HALF_PERIOD / 5000)
    area_specific, _ = galerkin(ratio, wagner)
    assert excess(model) == pytest.approx(area_specific, rel=2e-3)


@pytest.mark.mpi
def test_wall_within_a_conductor() -> None:
    """A slit across the column with an opening: two strip contacts back to back, 0.2 %; no current through it."""
    ratio, level = 0.4, (0.25 + 0.5 * BULK) * HALF_PERIOD
    wall = Crack(((HALF_PERIOD, level), (ratio * HALF_PERIOD, level)))
    model = column(wall, None, HALF_PERIOD / 5000, MPI.COMM_WORLD)
    assert excess(model) == pytest.approx(2 * primary(ratio), rel=2e-3)
    potential = model.handle("column", "ionic").value(None)
    normal = ufl.FacetNormal(model.geometry.mesh)
    means = [
        integrate(model, model.geometry.outer_integral(potential, f"crack:{face}")) / ((1 - ratio) * HALF_PERIOD)
        for face in ("lower", "upper")
    ]
    # the mean potentials on both faces lie around that of the opening, in the middle of the cell
    middle = 0.5 * (model.terminals["metal"].value + model.terminals["counter"].value)
    assert sum(means) / 2 == pytest.approx(middle, rel=1e-4)
    assert means[0] - means[1] > 0.1 * (model.terminals["metal"].value - model.terminals["counter"].value)
    through = integrate(model, model.geometry.outer_integral(ufl.dot(ufl.grad(potential), normal), "crack:lower"))
    assert abs(CONDUCTIVITY * through) < 0.05 * CURRENT


@pytest.mark.mpi
def test_blocked_sides_that_hang_together_elsewhere() -> None:
    """Two layers and a post that joins them: nothing passes their interface, as nothing passes a slit in its place."""
    size = 8e-6
    two = (Layer("low", size / 2), Layer("high", size / 2))
    post = Block("high", "post", x=(0.6 * size, size))
    slit = Crack(((0.0, size / 2), (0.6 * size, size / 2)))

    def voltage(layers: tuple[Layer, ...], feature: Any, laws: dict[str, Any]) -> float:
        stack = Stack("2", layers, size, None, (feature,))
        sizes = MeshSizes(bulk=size / 8, edge=size / 40)
        tagged = generate(stack, sizes, MPI.COMM_WORLD, shared_facet_partitioner())
        domains = {name: Domain((Conduction("electronic", 1.0),)) for name in tagged.layers}
        ends = [Terminal("bottom", "bottom", potential=0.0), Terminal("top", "top", current=1.0)]
        model = Model(tagged, domains, laws, ends)
        Solver(model).solve()
        return float(model.terminals["top"].value)

    known = voltage((Layer("body", size),), slit, {})
    assert known > 1.5
    assert voltage(two, post, {"low|high": [Blocked("electronic")]}) == pytest.approx(known, rel=0.01)


def test_slit_along_the_current_stops_nothing() -> None:
    """A uniform current along a slit, exactly."""
    slit = Crack(((0.3 * HALF_PERIOD, HALF_PERIOD), (0.3 * HALF_PERIOD, 2 * HALF_PERIOD)))
    model = column(slit, None, HALF_PERIOD / 20)
    assert abs(excess(model)) < 1e-9


def test_slit_along_the_load_weakens_nothing() -> None:
    """Uniform tension along a slit, with the displacement of the outside given: exactly uniform strain."""
    size, strain = 1e-5, 1e-3
    slit = Crack(((0.4 * size, 0.3 * size), (0.4 * size, 0.7 * size)))
    stack = Stack("2", (Layer("body", size),), size, None, (slit,))
    tagged = generate(stack, MeshSizes(bulk=size / 4, edge=size / 20), MPI.COMM_SELF)
    nu = 0.3
    across = -nu / (1 - nu) * strain  # plane strain, free across
    conditions = [
        ImposedDisplacement(side, lambda x: np.array([across * x[0], strain * x[1]]))
        for side in ("left", "right", "bottom", "top")
    ]
    model = Model(tagged, {"body": Domain((), (Elastic(1e11, nu),))}, {}, conditions, Settings())
    Solver(model).solve()
    assert model.mechanics is not None
    stress = sampled(model, model.mechanics.stress("body")[1, 1], "body")
    expected = 1e11 * strain / (1 - nu**2)
    assert np.allclose(stress, expected, rtol=1e-8)
    assert math.isclose(float(np.ptp(stress)), 0.0, abs_tol=1e-7 * expected)
