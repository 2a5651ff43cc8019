"""Manufactured solution of a bicrystal with stiffness, eigenstrain and axes of their own in every cell: orders."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import ufl
from mpi4py import MPI
from support.layered import AXES, layered
from support.manufactured import divergence
from support.norms import relative_errors, require_order

from fem.conditions import ImposedDisplacement, Source, SurfaceSource
from fem.energy.crystal import CrystalElastic, Stiffness
from fem.energy.eigenstrain import AxialStrain
from fem.model import Domain, Model, Settings
from fem.orientations import GrainAxes, rotation_to
from fem.solve.driver import Solver

Floats = npt.NDArray[np.float64]
WIDTH, LOWER, UPPER = 3.0e-5, 2.0e-5, 1.5e-5
LAYERS = ("grains", "grains.2")
STIFFNESS = Stiffness.hexagonal(233.05e9, 46.44e9, 83.46e9, 275.22e9, 95.26e9, -10.75e9)
WITHIN, ACROSS = 4e-4, -9e-4
ROTATIONS = {
    "grains": np.array(rotation_to((0.6, 0.8, 0.3), (1.0, 0.0, 0.4))),
    "grains.2": np.array(rotation_to((-0.4, 0.5, 0.9), (0.2, 1.0, 0.0))),
}
PAIRS = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
MESHES = {"2": (4, 8, 16), "3": (2, 4, 6)}


def tensor(rotation: Floats) -> Floats:
    """(3, 3, 3, 3) stiffness in model axes, as a fourth-rank tensor is transformed."""
    c, voigt = np.zeros((3, 3, 3, 3)), STIFFNESS.matrix()
    for m, (i, j) in enumerate(PAIRS):
        for n, (p, q) in enumerate(PAIRS):
            c[i, j, p, q] = c[j, i, p, q] = c[i, j, q, p] = c[j, i, q, p] = voigt[m, n]
    return np.einsum("ia,jb,kc,ld,abcd->ijkl", rotation, rotation, rotation, rotation, c)


def displacement(c: Any, m: Any, dimension: str) -> list[Any]:
    """Exact displacement, m: the same function in both crystals."""
    n = AXES[dimension]
    x, z, size = c[0] / WIDTH, c[n - 1] / WIDTH, 1e-3 * WIDTH
    across = size * (m.sin(1.1 * z + 0.2) + 0.4 * z * m.cos(1.2 * x * x))
    first = size * m.sin(1.3 * x + 0.7 * z)
    if dimension == "2":
        return [first, across]
    y = c[1] / WIDTH
    return [first + size * 0.3 * m.cos(y + z), size * m.cos(0.8 * x - y) * (1 + 0.4 * z), across]


def stress(layer: str, x: Any, dimension: str) -> list[list[Any]]:
    """Exact stress, Pa: 3 x 3 list of UFL scalars."""
    n, rotation = AXES[dimension], ROTATIONS[layer]
    u = ufl.as_vector(displacement(x, ufl, dimension))
    axis = rotation[:, 2]
    free = WITHIN * (np.eye(3) - np.outer(axis, axis)) + ACROSS * np.outer(axis, axis)
    e = [
        [((u[i].dx(j) + u[j].dx(i)) / 2 if max(i, j) < n else 0.0) - float(free[i, j]) for j in range(3)]
        for i in range(3)
    ]
    c = tensor(rotation)
    pairs = [(k, q) for k in range(3) for q in range(3)]
    return [[sum(float(c[i, j, k, q]) * e[k][q] for k, q in pairs) for j in range(3)] for i in range(3)]


def force(layer: str, x: Any, dimension: str) -> Any:
    """Body force, N/m^3."""
    n = AXES[dimension]
    s = stress(layer, x, dimension)
    return -ufl.as_vector([divergence(s[i][:n], x, dimension) for i in range(n)])


def solve(dimension: str, n: int, degree: int) -> Model:
    """On a structured mesh with `n` boxes along each axis of each crystal."""
    last = AXES[dimension] - 1

    def step(x: Any) -> Any:
        low, high = (stress(layer, x, dimension) for layer in LAYERS)
        return ufl.as_vector([low[i][last] - high[i][last] for i in range(last + 1)])

    def imposed(points: Any) -> Any:
        return np.array(displacement(points[: last + 1], np, dimension))

    def rotations(points: Floats, region: str) -> Floats:
        return np.broadcast_to(ROTATIONS[region], (len(points), 3, 3))

    sides = ("bottom", "top", "left", "right", *(("front", "back") if dimension == "3" else ()))
    conditions: list[Any] = [SurfaceSource("|".join(LAYERS), LAYERS[0], "force", step)]
    conditions += [Source(k, "force", lambda x, k=k: force(k, x, dimension)) for k in LAYERS]
    conditions += [ImposedDisplacement(side, imposed) for side in sides]
    heights = list(zip(LAYERS, (LOWER, UPPER), strict=True))
    tagged = layered(MPI.COMM_WORLD, dimension, heights, width=WIDTH, lateral=n, across=n)
    axes = GrainAxes(rotations)
    domains = {k: Domain((), (CrystalElastic(STIFFNESS, axes, AxialStrain(WITHIN, ACROSS, axes)),)) for k in LAYERS}
    model = Model(tagged, domains, {}, conditions, Settings(displacement_degree=degree))
    Solver(model).solve()
    return model


@pytest.mark.mpi
@pytest.mark.parametrize(("dimension", "degree"), [("2", 1), ("2", 2), ("3", 2)])
def test_displacement(dimension: str, degree: int) -> None:
    """Theoretical orders in L2 and H1 in both crystals."""
    found: dict[tuple[str, int], list[float]] = {}
    for n in MESHES[dimension]:
        model = solve(dimension, n, degree)
        assert model.mechanics is not None
        value = model.mechanics.displacement.function
        for layer in LAYERS:
            exact = relative_errors(model, value, lambda x: ufl.as_vector(displacement(x, ufl, dimension)), layer)
            for norm, error in enumerate(exact):
                found.setdefault((layer, norm), []).append(error)
    for (layer, norm), errors in found.items():
        what = f"{layer} in {('L2', 'H1')[norm]}"
        require_order(what, [1 / n for n in MESHES[dimension]], errors, degree + 1 - norm)
