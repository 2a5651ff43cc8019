"""Patch tests: a constant strain and a constant current are exact on distorted meshes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import ufl
from mpi4py import MPI
from support.layered import AXES, layered
from support.norms import interpolation_error, sampled

from fem.conditions import ImposedDisplacement, ImposedPotential, SurfaceSource, Traction
from fem.dissipation.conduction import Conduction
from fem.energy.elastic import Elastic
from fem.interface.charge_transfer import OhmicContact
from fem.model import Domain, Model, Settings
from fem.solve.driver import Solver
from fem.unknowns import Field

LAYERS = [("low", 3.0e-6), ("high", 2.0e-6)]
WIDTH = 4.0e-6
SIDES = {
    "1": ("bottom", "top"),
    "2": ("bottom", "top", "left", "right"),
    "axisymmetric": ("bottom", "top", "left", "right"),
    "3": ("bottom", "top", "left", "right", "front", "back"),
}
NORMALS = {"top": (-1, 1.0), "right": (0, 1.0), "back": (1, 1.0)}
# gradients of the displacement; on a meridian only equal radial and hoop strains are in equilibrium
GRADIENTS = {
    "1": [[-1.1e-3]],
    "2": [[1.3e-3, -0.7e-3], [0.4e-3, -0.9e-3]],
    "axisymmetric": [[1.3e-3, 0.0], [0.0, -0.9e-3]],
    "3": [[1.3e-3, -0.7e-3, 0.2e-3], [0.4e-3, -0.9e-3, 0.8e-3], [-0.3e-3, 0.5e-3, 0.6e-3]],
}
CASES = [("1", "strain"), ("2", "strain"), ("2", "stress"), ("axisymmetric", "strain"), ("3", "strain")]
MATERIALS = [(1.5e11, 0.26), (7.8e9, 0.45)]
EXACT = 1e-11


def expected_stress(dimension: str, plane: str, young: float, nu: float) -> np.ndarray:
    """Hooke's law by its compliance: the stress whose strains are the given ones."""
    n = AXES[dimension]
    strain = np.zeros((3, 3))
    gradient = np.array(GRADIENTS[dimension])
    strain[:n, :n] = (gradient + gradient.T) / 2
    if dimension == "axisymmetric":
        strain[2, 2] = gradient[0, 0]
    compliance = np.full((3, 3), -nu / young) + np.eye(3) * (1 + nu) / young
    stress = young / (1 + nu) * strain
    if plane == "stress":
        stress[[0, 1], [0, 1]] = np.linalg.solve(compliance[:2, :2], np.diag(strain)[:2])
        stress[2, 2] = 0.0
    else:
        stress[[0, 1, 2], [0, 1, 2]] = np.linalg.solve(compliance, np.diag(strain))
    return stress


def mesh(dimension: str) -> Any:
    """Two layers with nodes displaced at random."""
    return layered(
        MPI.COMM_SELF, dimension, LAYERS, width=WIDTH, lateral=3, across=3, jitter=0.3 if dimension != "1" else 0.2
    )


def imposed(dimension: str) -> Any:
    """The linear displacement as a function of points."""
    n = AXES[dimension]
    return lambda p: np.array(GRADIENTS[dimension]) @ p[:n]


def require_constant(model: Model, dimension: str, stress: np.ndarray) -> None:
    """Displacement and stress are the exact ones everywhere."""
    assert model.mechanics is not None
    assert interpolation_error(model.mechanics.displacement.function, imposed(dimension)) < EXACT
    for layer, _ in LAYERS:
        found = sampled(model, model.mechanics.stress(layer), layer).reshape(-1, 3, 3)
        assert np.abs(found - stress).max() < 10 * EXACT * np.abs(stress).max()


@pytest.mark.parametrize(("degree", "material"), [(1, MATERIALS[0]), (2, MATERIALS[1])], ids=["1", "2"])
@pytest.mark.parametrize(("dimension", "plane"), CASES)
def test_constant_strain_by_displacement(
    dimension: str, plane: str, degree: int, material: tuple[float, float]
) -> None:
    """A linear displacement on all outer sides."""
    conditions = [ImposedDisplacement(side, imposed(dimension)) for side in SIDES[dimension]]
    layer = Domain((), (Elastic(*material),))
    settings = Settings(displacement_degree=degree, plane=plane)  # type: ignore[arg-type]
    model = Model(mesh(dimension), {"low": layer, "high": layer}, {}, conditions, settings)
    Solver(model).solve()
    require_constant(model, dimension, expected_stress(dimension, plane, *material))


@pytest.mark.parametrize(("dimension", "plane"), CASES)
def test_constant_strain_by_traction(dimension: str, plane: str) -> None:
    """The same with tractions on the sides that face outwards."""
    n, material = AXES[dimension], MATERIALS[0]
    stress = expected_stress(dimension, plane, *material)
    conditions: list[Any] = []
    for side in SIDES[dimension]:
        if side in NORMALS:
            axis, sign = NORMALS[side]
            conditions.append(Traction(side, tuple(float(sign * s) for s in stress[:n, axis % n])))
        else:
            conditions.append(ImposedDisplacement(side, imposed(dimension)))
    layer = Domain((), (Elastic(*material),))
    settings = Settings(plane=plane)  # type: ignore[arg-type]
    model = Model(mesh(dimension), {"low": layer, "high": layer}, {}, conditions, settings)
    Solver(model).solve()
    require_constant(model, dimension, stress)


@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.parametrize("dimension", ["1", "2", "axisymmetric", "3"])
def test_constant_current(dimension: str, degree: int) -> None:
    """A current across two conductors and the resistance between them; also along them where there is a plane."""
    n, current, along = AXES[dimension], 7.0, 900.0
    conductivity = {"low": 0.3, "high": 0.02}
    resistance, fraction = 2.0e-4, 0.4
    slope = 0.0 if dimension in ("1", "axisymmetric") else along
    level = LAYERS[0][1]

    def exact(layer: str) -> Any:
        start = 0.0 if layer == "low" else -current * (level / conductivity["low"] + resistance / fraction)
        base = 0.0 if layer == "low" else level
        return lambda x: start - current * (x[n - 1] - base) / conductivity[layer] + slope * x[0]

    conditions: list[Any] = []
    for layer, _ in LAYERS:
        for side in SIDES[dimension]:
            if side in ("bottom", "top") and side != {"low": "bottom", "high": "top"}[layer]:
                continue
            if dimension == "axisymmetric" and side in ("left", "right"):
                continue
            conditions.append(ImposedPotential(side, layer, "ionic", exact(layer)))
    domains = {k: Domain((Conduction("ionic", v),)) for k, v in conductivity.items()}
    laws = {"low|high": [OhmicContact("ionic", resistance, fraction)]}
    model = Model(mesh(dimension), domains, laws, conditions, Settings(potential_degree=degree))
    Solver(model).solve()
    for layer, _ in LAYERS:
        carrier = model.handle(layer, "ionic").carrier
        assert isinstance(carrier, Field)
        assert interpolation_error(carrier.function, exact(layer)) < EXACT


def test_traction_equals_surface_source() -> None:
    """A force density given as a function acts on an outer side like the equal constant traction."""
    found = []
    for load in (Traction("top", (1.0e6, -2.0e6)), SurfaceSource("top", "high", "force", _constant)):
        sides = [ImposedDisplacement(side, lambda p: 0 * p[:2]) for side in ("bottom", "left")]
        layer = Domain((), (Elastic(*MATERIALS[0]),))
        model = Model(mesh("2"), {"low": layer, "high": layer}, {}, [load, *sides])
        Solver(model).solve()
        assert model.mechanics is not None
        found.append(model.mechanics.displacement.function.x.array.copy())
    assert np.abs(found[0]).max() > 0
    assert np.allclose(found[0], found[1], rtol=1e-10, atol=1e-12 * np.abs(found[0]).max())


def _constant(x: Any) -> Any:
    return ufl.as_vector([1.0e6, -2.0e6])
