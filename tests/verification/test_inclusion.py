"""A sphere that wants to expand inside a matrix (Eshelby), with a free outer surface at a finite distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import ufl
from mpi4py import MPI
from support.norms import integrate, nodal_values
from support.round import shell

from fem.conditions import Roller
from fem.energy.elastic import Elastic
from fem.kinematics import strain
from fem.model import Domain, Model
from fem.solve.driver import Solver

RADIUS = 3.0e-6


@dataclass(frozen=True)
class Inclusion:
    """A misfitting sphere in a concentric sphere of `ratio` times its radius.

    Attributes:
        ratio: of the radii.
        misfit: stress-free strain of the inner sphere.
        inner, outer: (Young's modulus, Poisson's ratio) of both.
    """

    ratio: float
    misfit: float
    inner: tuple[float, float]
    outer: tuple[float, float]

    @property
    def stress(self) -> float:
        """Exact (uniform, hydrostatic) stress in the inner sphere, Pa.

        Its strain misfit - p (1 - 2 nu) / E equals the widening of a hollow sphere under the inner pressure p.
        """
        (e1, nu1), (e2, nu2) = self.inner, self.outer
        power = self.ratio**3
        widening = ((1 - 2 * nu2) + (1 + nu2) * power / 2) / (power - 1) / e2
        return -self.misfit / (widening + (1 - 2 * nu1) / e1)

    def solve(self, dimension: str, size: float) -> Model:
        """Solve with quadratic elements."""
        tagged = shell(MPI.COMM_SELF, RADIUS, self.ratio * RADIUS, size, dimension, core="core")
        planes: tuple[Any, ...] = (Roller("left", 0), Roller("bottom", 1))
        if dimension == "3":
            planes = (Roller("left", 0), Roller("front", 1), Roller("bottom", 2))
        domains = {
            "core": Domain((), (Elastic(*self.inner, eigenstrain=self.misfit),)),
            "body": Domain((), (Elastic(*self.outer),)),
        }
        model = Model(tagged, domains, {}, planes)
        Solver(model).solve()
        return model


REFERENCE = Inclusion(4.0, 0.01, (1.5e11, 0.26), (1.5e11, 0.26))
SOFT_IN_STIFF = Inclusion(2.5, -0.004, (2.2e10, 0.37), (1.2e11, 0.22))


def test_formula_tends_to_the_solution_in_an_infinite_matrix() -> None:
    """-2 E e / [3 (1 - nu)] and e (1 + nu) / [3 (1 - nu)] for a matrix of the same material."""
    far = Inclusion(1e4, 0.01, (1.5e11, 0.26), (1.5e11, 0.26))
    assert far.stress == pytest.approx(-1351.35e6, rel=1e-5)
    inside = far.misfit + far.stress * (1 - 2 * 0.26) / 1.5e11
    assert inside / far.misfit == pytest.approx(0.567568, rel=1e-5)


@pytest.mark.parametrize("case", [REFERENCE, SOFT_IN_STIFF], ids=["same", "soft-in-stiff"])
@pytest.mark.parametrize(("dimension", "sizes"), [("axisymmetric", (0.1, 0.05)), ("3", (0.4, 0.2))])
def test_stress_and_strain_in_the_sphere(case: Inclusion, dimension: str, sizes: tuple[float, float]) -> None:
    """Mean of stress and strain within 0.5 %, stress uniform, the error falling with the mesh size."""
    errors = []
    for size in sizes:
        model = case.solve(dimension, size)
        assert model.mechanics is not None
        pressure = ufl.tr(model.mechanics.stress("core")) / 3
        displacement = model.mechanics.displacement.function
        widening = ufl.tr(strain(displacement, model.geometry.mesh, dimension == "axisymmetric")) / 3
        volume, mean, linear = (
            integrate(model, model.geometry.integral(v, "core")) for v in (model.one, pressure, widening)
        )
        errors.append(abs(mean / volume / case.stress - 1))
    young, nu = case.inner
    assert errors[1] < 5e-3, errors
    assert linear / volume == pytest.approx(case.misfit + case.stress * (1 - 2 * nu) / young, rel=5e-3)
    assert errors[1] < 0.5 * errors[0], errors
    points, values = nodal_values(model, pressure, "core")
    inside = np.linalg.norm(points, axis=1) < 0.7 * RADIUS
    if dimension == "axisymmetric":
        inside &= points[:, 0] > 0.2 * RADIUS
    assert np.abs(values[inside] / case.stress - 1).max() < 1e-2
