"""Films with an eigenstrain: free, clamped, and bonded to each other. Exact on every mesh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from support.layered import AXES, layered
from support.norms import interpolation_error, sampled

from fem.conditions import Platen, Pressure, Roller
from fem.energy.elastic import Elastic
from fem.model import Domain, Model, Settings
from fem.solve.driver import Solver

FILM, BASE = 2.0e-7, 1.0e-6
WIDTH = 3.0e-6
LATERAL = {"1": {}, "2": {"left": 0, "right": 0}, "axisymmetric": {"left": 0, "right": 0}}
LATERAL["3"] = {"left": 0, "right": 0, "front": 1, "back": 1}
EXACT = 1e-10


@dataclass(frozen=True)
class Material:
    """Elastic constants and stress-free strain of a layer."""

    young: float
    poisson: float
    strain: float

    def biaxial(self, dimension: str, plane: str) -> float:
        """Stress over lateral strain with a free top, Pa."""
        return self.young if (dimension, plane) == ("2", "stress") else self.young / (1 - self.poisson)

    @property
    def domain(self) -> Domain:
        """The layer in a model."""
        return Domain((), (Elastic(self.young, self.poisson, self.strain),))


BASE_FILM = (Material(1.0e11, 0.25, -3e-4), Material(1.5e11, 0.26, 0.01))
SOFT_FILM = (Material(7.8e9, 0.38, 4e-3), Material(9.0e10, 0.22, -2e-3))
CASES = [("1", "strain"), ("2", "strain"), ("2", "stress"), ("axisymmetric", "strain"), ("3", "strain")]


def solve(pair: tuple[Material, Material], dimension: str, plane: str, conditions: list[Any]) -> Model:
    """A film on a base on a distorted mesh."""
    layers = [("base", BASE), ("film", FILM)]
    jitter = 0.0 if dimension == "1" else 0.2
    tagged = layered(MPI.COMM_SELF, dimension, layers, width=WIDTH, lateral=3, across=2, jitter=jitter)
    domains = {"base": pair[0].domain, "film": pair[1].domain}
    settings = Settings(plane=plane)  # type: ignore[arg-type]
    model = Model(tagged, domains, {}, [Roller("bottom", AXES[dimension] - 1), *conditions], settings)
    Solver(model).solve()
    return model


def stresses(model: Model, layer: str) -> np.ndarray:
    """Stress (points, 3, 3) all over a layer, Pa."""
    assert model.mechanics is not None
    return sampled(model, model.mechanics.stress(layer), layer).reshape(-1, 3, 3)


@pytest.mark.parametrize(("dimension", "plane"), CASES)
def test_clamped_between_rigid_walls(dimension: str, plane: str) -> None:
    """sigma = -E e / (1 - nu) along each layer (-E e in plane stress), none across it."""
    model = solve(BASE_FILM, dimension, plane, [Roller(s, k) for s, k in LATERAL[dimension].items()])
    for layer, material in zip(("base", "film"), BASE_FILM, strict=True):
        along = -material.biaxial(dimension, plane) * material.strain
        expected = along * np.eye(3)
        expected[AXES[dimension] - 1, AXES[dimension] - 1] = 0.0
        if plane == "stress":
            expected[2, 2] = 0.0
        assert np.abs(stresses(model, layer) - expected).max() < EXACT * BASE_FILM[1].young * 0.01


@pytest.mark.parametrize("dimension", ["1", "2", "axisymmetric", "3"])
def test_clamped_on_all_sides(dimension: str) -> None:
    """A fixed gap on a single material: hydrostatic -E e / (1 - 2 nu)."""
    material = SOFT_FILM[0]
    walls = [Roller(s, k) for s, k in LATERAL[dimension].items()] + [Roller("top", AXES[dimension] - 1)]
    model = solve((material, material), dimension, "strain", walls)
    expected = -material.young * material.strain / (1 - 2 * material.poisson)
    error = stresses(model, "film") - expected * np.eye(3)
    assert np.abs(error).max() < EXACT * abs(expected)


@pytest.mark.parametrize(("dimension", "plane"), [("2", "stress"), ("axisymmetric", "strain"), ("3", "strain")])
def test_free_film_is_without_stress(dimension: str, plane: str) -> None:
    """Free sides: it grows by its eigenstrain and bears no stress."""
    material = BASE_FILM[1]
    held = {s: k for s, k in LATERAL[dimension].items() if s in ("left", "front")}
    model = solve((material, material), dimension, plane, [Roller(s, k) for s, k in held.items()])
    assert model.mechanics is not None
    assert np.abs(stresses(model, "film")).max() < EXACT * material.young * material.strain
    n = AXES[dimension]
    growth = model.mechanics.displacement.function
    assert interpolation_error(growth, lambda x: material.strain * x[:n]) < EXACT


@pytest.mark.parametrize("pair", [BASE_FILM, SOFT_FILM], ids=["expanding", "shrinking"])
@pytest.mark.parametrize(("dimension", "plane"), [("2", "stress"), ("2", "strain"), ("3", "strain")])
def test_bonded_layers_between_platens(dimension: str, plane: str, pair: tuple[Material, Material]) -> None:
    """Layers that must widen together, without bending and without a net force, under a stack pressure."""
    pressure = 5.0e6
    held = [Roller(s, k) for s, k in LATERAL[dimension].items() if s in ("left", "front")]
    free = [Platen(s, k, 0.0) for s, k in LATERAL[dimension].items() if s in ("right", "back")]
    model = solve(pair, dimension, plane, [*held, *free, Pressure("top", pressure)])
    thickness = np.array([BASE, FILM])
    # lateral stress M e + c of each layer, from Hooke's law with sigma_across = -p
    modulus, offset = [], []
    for m in pair:
        share = m.poisson if plane == "stress" else m.poisson / (1 - m.poisson)
        plate = (dimension, plane) == ("2", "strain")  # no strain out of the plane
        modulus.append(m.young / (1 - m.poisson**2) if plate else m.biaxial(dimension, plane))
        offset.append(-m.biaxial(dimension, plane) * m.strain - share * pressure)
    strain = -np.dot(thickness, offset) / np.dot(thickness, modulus)
    for layer, stiff, shift in zip(("base", "film"), modulus, offset, strict=True):
        found = stresses(model, layer)
        assert found[:, 0, 0] == pytest.approx(stiff * strain + shift, rel=1e-9)
        across = AXES[dimension] - 1
        assert found[:, across, across] == pytest.approx(-pressure, rel=1e-7)


def test_eigenstrain_may_differ_by_direction() -> None:
    """An anisotropic misfit in plane strain: sigma_xx = -E (e_x + nu e_z) / (1 - nu^2)."""
    young, nu = 9.0e10, 0.24
    misfit = ((2e-3, 0.0, 0.0), (0.0, -5e-3, 0.0), (0.0, 0.0, 1e-3))
    tagged = layered(MPI.COMM_SELF, "2", [("base", BASE), ("film", FILM)], width=WIDTH, lateral=2, across=2)
    layer = Domain((), (Elastic(young, nu, misfit),))
    walls = [Roller("bottom", 1), Roller("left", 0), Roller("right", 0)]
    model = Model(tagged, {"base": layer, "film": layer}, {}, walls)
    Solver(model).solve()
    expected = -young * (2e-3 + nu * 1e-3) / (1 - nu**2)
    assert stresses(model, "film")[:, 0, 0] == pytest.approx(expected, rel=1e-9)
