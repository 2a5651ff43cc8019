"""Manufactured solutions of elasticity in two layers with eigenstrains: observed orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import ufl
from mpi4py import MPI
from support.layered import AXES, layered
from support.manufactured import divergence
from support.norms import relative_errors, require_order

from fem.conditions import ImposedDisplacement, Source, SurfaceSource
from fem.energy.elastic import Elastic
from fem.model import Domain, Model, Settings
from fem.solve.driver import Solver

WIDTH, LOWER, UPPER = 3.0e-5, 2.0e-5, 1.5e-5
LAYERS = ("soft", "stiff")
MODULI = {"soft": (2.2e10, 0.34), "stiff": (6.0e10, 0.26)}
SCALE = 1.0e-3
MESHES = {"2": (4, 8, 16), "axisymmetric": (6, 12, 18), "3": (2, 4, 6)}
NORMALS = {"bottom": (-1, -1), "top": (-1, 1), "left": (0, -1), "right": (0, 1), "front": (1, -1), "back": (1, 1)}


@dataclass(frozen=True)
class Body:
    """Two bonded layers with a smooth displacement that is neither polynomial nor symmetric.

    The top and the right side carry tractions, the other sides have the displacement imposed.

    Attributes:
        dimension: of the model.
        plane: plane strain or stress.
    """

    dimension: str
    plane: str = "strain"

    @property
    def sides(self) -> tuple[str, ...]:
        """Outer sides, without the axis."""
        some = {"2": ("left",), "axisymmetric": (), "3": ("left", "front", "back")}[self.dimension]
        return ("bottom", "top", "right", *some)

    def displacement(self, c: Any, m: Any) -> list[Any]:
        """Exact displacement, m."""
        c = [c[k] for k in range(AXES[self.dimension])]
        x, z = c[0] / WIDTH, c[-1] / WIDTH
        size = SCALE * WIDTH
        across = size * (m.sin(1.1 * z + 0.2) + 0.4 * z * m.cos(1.2 * x * x))
        if self.dimension == "axisymmetric":
            return [size * x * (0.6 + 0.5 * m.cos(0.9 * x * x + z)), across]
        first = size * m.sin(1.3 * x + 0.7 * z)
        if self.dimension == "2":
            return [first, across]
        y = c[1] / WIDTH
        return [first + size * 0.3 * m.cos(y + z), size * m.cos(0.8 * x - y) * (1 + 0.4 * z), across]

    def eigenstrain(self, layer: str) -> Any:
        """Stress-free strain of a layer, 3 x 3; shear and unequal lateral parts would be singular on an axis."""
        if layer == "soft":
            return tuple(tuple(4e-4 if i == j else 0.0 for j in range(3)) for i in range(3))
        if self.dimension == "axisymmetric":
            return ((6e-4, 0.0, 0.0), (0.0, -3e-4, 0.0), (0.0, 0.0, 6e-4))
        return ((6e-4, 2e-4, 0.0), (2e-4, -3e-4, 1e-4), (0.0, 1e-4, 2e-4))

    def stress(self, layer: str, x: Any) -> list[list[Any]]:
        """Exact stress, Pa: 3 x 3 list of UFL scalars."""
        young, nu = MODULI[layer]
        n = AXES[self.dimension]
        u = ufl.as_vector(self.displacement(x, ufl))
        free = self.eigenstrain(layer)
        e = [[(u[i].dx(j) + u[j].dx(i)) / 2 if max(i, j) < n else 0.0 for j in range(3)] for i in range(3)]
        if self.dimension == "axisymmetric":
            e[2][2] = u[0] / x[0]
        e = [[e[i][j] - free[i][j] for j in range(3)] for i in range(3)]
        shear = young / (1 + nu)
        if self.plane == "stress":
            factor = young / (1 - nu**2)
            normal = [factor * (e[0][0] + nu * e[1][1]), factor * (e[1][1] + nu * e[0][0]), 0.0]
        else:
            bulk = young * nu / ((1 + nu) * (1 - 2 * nu)) * (e[0][0] + e[1][1] + e[2][2])
            normal = [bulk + shear * e[k][k] for k in range(3)]
        return [[normal[i] if i == j else shear * e[i][j] for j in range(3)] for i in range(3)]

    def force(self, layer: str, x: Any) -> Any:
        """Body force, N/m^3."""
        n = AXES[self.dimension]
        s = self.stress(layer, x)
        rows = [divergence(s[i][:n], x, self.dimension) for i in range(n)]
        if self.dimension == "axisymmetric":
            rows[0] = rows[0] - s[2][2] / x[0]
        return -ufl.as_vector(rows)

    def traction(self, layer: str, side: str, x: Any) -> Any:
        """Traction on an outer side, Pa."""
        axis, sign = NORMALS[side]
        n = AXES[self.dimension]
        s = self.stress(layer, x)
        return sign * ufl.as_vector([s[i][axis % n] for i in range(n)])

    def conditions(self) -> list[Any]:
        """Everything that makes the displacement exact."""
        last = AXES[self.dimension] - 1

        def imposed(points: Any) -> Any:
            return np.array(self.displacement(points[: last + 1], np))

        def step(x: Any) -> Any:
            low, high = (self.stress(layer, x) for layer in LAYERS)
            return ufl.as_vector([low[i][last] - high[i][last] for i in range(last + 1)])

        conditions: list[Any] = [SurfaceSource("|".join(LAYERS), LAYERS[0], "force", step)]
        for layer in LAYERS:
            conditions.append(Source(layer, "force", lambda x, layer=layer: self.force(layer, x)))
        for side in self.sides:
            if side not in ("top", "right"):
                conditions.append(ImposedDisplacement(side, imposed))
                continue
            density = self._right if side == "right" else self._top
            conditions.append(SurfaceSource(side, LAYERS[1], "force", density))
        if self.dimension == "axisymmetric":
            conditions.append(ImposedDisplacement("left", imposed))
        return conditions

    def _top(self, x: Any) -> Any:
        return self.traction(LAYERS[1], "top", x)

    def _right(self, x: Any) -> Any:
        low, high = (self.traction(layer, "right", x) for layer in LAYERS)
        return ufl.conditional(ufl.lt(x[AXES[self.dimension] - 1], LOWER), low, high)

    def solve(self, comm: Any, n: int, degree: int) -> Model:
        """Solve on one structured mesh with `n` boxes along each axis of each layer."""
        heights = list(zip(LAYERS, (LOWER, UPPER), strict=True))
        tagged = layered(comm, self.dimension, heights, width=WIDTH, lateral=n, across=n)
        domains = {k: Domain((), (Elastic(*MODULI[k], eigenstrain=self.eigenstrain(k)),)) for k in LAYERS}
        settings = Settings(displacement_degree=degree, plane=self.plane)  # type: ignore[arg-type]
        model = Model(tagged, domains, {}, self.conditions(), settings)
        Solver(model).solve()
        return model


def observe(body: Body, degree: int, comm: Any) -> None:
    """Solve on three meshes and require theoretical orders in L2 and H1 in both layers."""
    found: dict[tuple[str, int], list[float]] = {}
    sizes = MESHES[body.dimension]
    for n in sizes:
        model = body.solve(comm, n, degree)
        assert model.mechanics is not None
        value = model.mechanics.displacement.function
        for layer in LAYERS:
            errors = relative_errors(model, value, lambda x: ufl.as_vector(body.displacement(x, ufl)), layer)
            for norm, error in enumerate(errors):
                found.setdefault((layer, norm), []).append(error)
    for (layer, norm), errors in found.items():
        what = f"{layer} in {('L2', 'H1')[norm]}"
        require_order(what, [1 / n for n in sizes], errors, degree + 1 - norm)


@pytest.mark.mpi
@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.parametrize("dimension", ["2", "3"])
def test_displacement(dimension: str, degree: int) -> None:
    """Plane strain and three dimensions."""
    observe(Body(dimension), degree, MPI.COMM_WORLD)


@pytest.mark.parametrize("degree", [1, 2])
def test_axisymmetric(degree: int) -> None:
    """With the hoop strain and the weight 2 pi r."""
    observe(Body("axisymmetric"), degree, MPI.COMM_SELF)


@pytest.mark.parametrize("degree", [1, 2])
def test_plane_stress(degree: int) -> None:
    """Without stress out of the plane, eigenstrain of the thickness notwithstanding."""
    observe(Body("2", plane="stress"), degree, MPI.COMM_SELF)
