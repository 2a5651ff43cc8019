"""Elastic crystals: rotated exact solutions, classes of symmetry, plane stress, and the symmetry of every coupling."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import ufl
from mpi4py import MPI
from support.layered import AXES, layered
from support.norms import integrate

from fem import balance
from fem.conditions import ImposedDisplacement
from fem.energy.crystal import CrystalElastic, Stiffness
from fem.energy.eigenstrain import AxialStrain, ThermalExpansion
from fem.energy.elastic import Elastic
from fem.energy.swelling import LatticeSwelling, Swelling
from fem.materials.tabulated import from_rows
from fem.model import Domain, Model, Settings
from fem.orientations import GrainAxes, UniformAxes, rotation_to
from fem.solve.driver import Solver

Floats = npt.NDArray[np.float64]
#: lithium tantalate (Kushibiki), a hexagonal and a cubic crystal; Pa
TRIGONAL = Stiffness.hexagonal(233.05e9, 46.44e9, 83.46e9, 275.22e9, 95.26e9, -10.75e9)
HEXAGONAL = Stiffness.hexagonal(351e9, 106e9, 69e9, 203e9, 54e9)
CUBIC = Stiffness.cubic(275e9, 179e9, 54.3e9)
AXES_OF_IT = rotation_to((0.3, -0.5, 0.8), (1.0, 0.2, 0.1))
PAIRS = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


def tensor(stiffness: Stiffness, rotation: Any) -> Floats:
    """(3, 3, 3, 3) stiffness in model axes, by the textbook's transformation of the fourth-rank tensor."""
    c = np.zeros((3, 3, 3, 3))
    voigt = stiffness.matrix()
    for m, (i, j) in enumerate(PAIRS):
        for n, (p, q) in enumerate(PAIRS):
            c[i, j, p, q] = c[j, i, p, q] = c[i, j, q, p] = c[j, i, q, p] = voigt[m, n]
    r = np.array(rotation)
    return np.einsum("ia,jb,kc,ld,abcd->ijkl", r, r, r, r, c)


def value(expression: Any) -> Floats:
    """A UFL tensor of plain numbers, evaluated."""
    shape = expression.ufl_shape
    flat = [float(expression[index](())) for index in np.ndindex(*shape)] if shape else [float(expression(()))]
    return np.reshape(flat, shape)


def as_ufl(matrix: Floats) -> Any:
    return ufl.as_matrix([[float(v) for v in row] for row in matrix])


def random_strain(seed: int) -> Floats:
    a = np.random.default_rng(seed).uniform(-1e-3, 1e-3, (3, 3))
    return np.asarray((a + a.T) / 2)


@pytest.mark.parametrize("stiffness", [TRIGONAL, HEXAGONAL, CUBIC], ids=["trigonal", "hexagonal", "cubic"])
def test_stress_is_that_of_the_rotated_tensor(stiffness: Stiffness) -> None:
    strain = random_strain(3)
    term = CrystalElastic(stiffness, as_ufl(np.array(AXES_OF_IT)))
    # labels of variables cannot be evaluated: the law itself, and the energy as half the work of it
    found = value(term._stress(as_ufl(strain)))
    expected = np.einsum("ijkl,kl->ij", tensor(stiffness, AXES_OF_IT), strain)
    assert np.abs(found - expected).max() < 1e-10 * np.abs(expected).max()


def test_an_isotropic_crystal_is_an_isotropic_solid() -> None:
    stiffness = Stiffness.isotropic(1.4e11, 0.25)
    lam, mu = Elastic(1.4e11, 0.25).lame
    strain = random_strain(4)
    expected = lam * np.trace(strain) * np.eye(3) + 2 * mu * strain
    found = np.einsum("ijkl,kl->ij", tensor(stiffness, AXES_OF_IT), strain)
    assert np.abs(found - expected).max() < 1e-10 * np.abs(expected).max()


def test_unstable_crystals_are_refused() -> None:
    with pytest.raises(ValueError, match="cost energy"):
        Stiffness.cubic(100e9, 120e9, 50e9)


def test_axes_must_be_a_rotation() -> None:
    with pytest.raises(ValueError, match="proper"):
        UniformAxes(((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0)))
    with pytest.raises(ValueError, match="parallel"):
        rotation_to((0, 0, 1), (0, 0, 2))
    r = np.array(rotation_to((1.0, 1.0, 0.0)))
    assert r[:, 2] == pytest.approx(np.array([1, 1, 0]) / 2**0.5)


def uniform_stress(term: Any, gradient: Floats, dimension: str, plane: str = "strain") -> Floats:
    """Mean stress of a body whose surface moves as a uniform strain."""
    gdim = AXES[dimension]
    tagged = layered(MPI.COMM_SELF, dimension, [("body", 1e-6)], width=1e-6, lateral=2, across=2, jitter=0.2)
    sides = {"2": ("left", "right", "bottom", "top"), "3": ("left", "right", "front", "back", "bottom", "top")}
    sides_of_it = sides[dimension]
    moved = [ImposedDisplacement(s, lambda x: gradient[:gdim, :gdim] @ x[:gdim]) for s in sides_of_it]
    model = Model(tagged, {"body": Domain((), (term,))}, {}, moved, Settings(plane=plane))  # type: ignore[arg-type]
    Solver(model).solve()
    assert model.mechanics is not None
    stress = model.mechanics.stress("body")
    size = integrate(model, model.geometry.integral(model.one, "body"))
    return np.array(
        [
            [integrate(model, model.geometry.integral(stress[i, j] * model.one, "body")) / size for j in range(3)]
            for i in range(3)
        ]
    )


@pytest.mark.parametrize("dimension", ["2", "3"])
def test_a_strained_crystal_with_eigenstrains(dimension: str) -> None:
    """Stress of a turned crystal under a strain, less what it has of its own along its axis and from heat."""
    within, across, heat = 2e-3, -5e-3, 1e-5 * 80.0
    axes = UniformAxes(AXES_OF_IT)
    term = CrystalElastic(TRIGONAL, axes, AxialStrain(within, across, axes), None, ThermalExpansion(1e-5, 80.0))
    strain = random_strain(7)
    if dimension == "2":
        strain[2, :] = strain[:, 2] = 0.0
    m = np.array(AXES_OF_IT)[:, 2]
    free = within * (np.eye(3) - np.outer(m, m)) + across * np.outer(m, m) + heat * np.eye(3)
    expected = np.einsum("ijkl,kl->ij", tensor(TRIGONAL, AXES_OF_IT), strain - free)
    found = uniform_stress(term, strain, dimension)
    assert np.abs(found - expected).max() < 1e-9 * np.abs(expected).max()


def test_plane_stress_of_a_turned_crystal() -> None:
    """Compliances of the plane: the inverse of the rotated stiffness, of which the rows of the plane are taken."""
    axes = UniformAxes(AXES_OF_IT)
    strain = random_strain(9)
    strain[2, :] = strain[:, 2] = 0.0
    free = 1e-3 * np.outer(np.array(AXES_OF_IT)[:, 2], np.array(AXES_OF_IT)[:, 2])
    found = uniform_stress(CrystalElastic(TRIGONAL, axes, AxialStrain(0.0, 1e-3, axes)), strain, "2", "stress")
    c = tensor(TRIGONAL, AXES_OF_IT)
    factor = np.array([1, 1, 1, 2, 2, 2])
    voigt = np.array([[c[i, j, p, q] for p, q in PAIRS] for i, j in PAIRS])
    compliance = np.linalg.inv(voigt)
    plane = [0, 1, 5]
    elastic = np.array([(strain - free)[i, j] for i, j in PAIRS]) * factor
    s = np.linalg.solve(compliance[np.ix_(plane, plane)], elastic[plane])
    expected = np.array([[s[0], s[2], 0], [s[2], s[1], 0], [0, 0, 0]])
    assert np.abs(found - expected).max() < 1e-9 * np.abs(expected).max()


LATTICE = from_rows([(0.0, 2.815), (0.5, 2.826), (1.0, 2.872)]), from_rows([(0.0, 13.6), (0.4, 14.47), (1.0, 14.2)])
TURNED = as_ufl(np.array(AXES_OF_IT))
HOSTS = {
    "isotropic": Elastic(1.4e11, 0.25, 1e-3, Swelling(2e-6, 2.5e4)),
    "lattice mean": Elastic(1.4e11, 0.25, 0.0, LatticeSwelling.since(LATTICE, 5e4, 0.9)),
    "layers": Elastic(1.4e11, 0.25, 0.0, LatticeSwelling.since(LATTICE, 5e4, 0.9, TURNED)),
    "crystal": CrystalElastic(TRIGONAL, TURNED, 0.0, LatticeSwelling.since(LATTICE, 5e4, 0.9, TURNED)),
}


@pytest.mark.parametrize("name", HOSTS)
@pytest.mark.parametrize("seed", [1, 2])
def test_maxwell_relation(name: str, seed: int) -> None:
    """d(sigma)/dc = d(h)/d(strain), both by finite differences of what the package derives, at a random state."""
    from fem.terms import State

    term = HOSTS[name]
    strain, rng = random_strain(seed), np.random.default_rng(seed)
    c = float(rng.uniform(1e4, 4e4))

    def energy(e: Floats, concentration: float) -> float:
        # a concentration as UFL, since curves are evaluated symbolically
        state = State(as_ufl(e), 298.15, ufl.as_ufl(concentration))
        return float(value(term.density(state)))

    def derived(e: Floats, concentration: float) -> tuple[Floats, float]:
        """Stress by the law and h by the energy, at numbers."""
        from ufl.algorithms import expand_derivatives

        v = ufl.variable(ufl.as_ufl(concentration))
        h = expand_derivatives(ufl.diff(term.density(State(as_ufl(e), 298.15, v)), v))
        w = ufl.variable(as_ufl(e))
        s = expand_derivatives(ufl.diff(term.density(State(w, 298.15, ufl.as_ufl(concentration))), w))
        return value(_plain(s)), float(value(_plain(h)))

    step, dc = 1e-6, 1.0
    rate = (derived(strain, c + dc)[0] - derived(strain, c - dc)[0]) / (2 * dc)
    assert np.abs(rate).max() > 0
    for i, j in PAIRS:
        unit = np.zeros((3, 3))
        unit[i, j] += 0.5
        unit[j, i] += 0.5
        slope = (derived(strain + step * unit, c)[1] - derived(strain - step * unit, c)[1]) / (2 * step)
        assert slope == pytest.approx(rate[i, j], rel=2e-5, abs=2e-5 * float(np.abs(rate).max()))
    # and both are slopes of the one energy
    found = derived(strain, c)[1]
    assert found == pytest.approx((energy(strain, c + dc) - energy(strain, c - dc)) / (2 * dc), rel=1e-6)


def _plain(expression: Any) -> Any:
    from fem.kinematics import without_variables

    return without_variables(expression)


def test_another_number_compiles_nothing() -> None:
    """Stiffness, rotation and eigenstrains are constants of the forms: their signatures agree."""
    signatures = []
    for scale, axes in ((1.0, UniformAxes(AXES_OF_IT)), (1.3, UniformAxes(rotation_to((1, 1, 0))))):
        stiffness = Stiffness.hexagonal(*(scale * v for v in (351e9, 106e9, 69e9, 203e9, 54e9)))
        tagged = layered(MPI.COMM_SELF, "2", [("body", 1e-6)], width=1e-6, lateral=1, across=1)
        term = CrystalElastic(stiffness, axes, AxialStrain(1e-3 * scale, 2e-3, axes), None, ThermalExpansion(1e-5, 9.0))
        model = Model(tagged, {"body": Domain((), (term,))}, {}, [])
        assert model.mechanics is not None
        stored = model.geometry.integral(model.mechanics.energy_density("body"), "body")
        signatures.append(stored.signature())
    assert signatures[0] == signatures[1]


@pytest.mark.mpi
def test_grains_have_axes_of_their_own() -> None:
    """A bicrystal whose halves have different axes: the rotations lie in the cells, on any number of ranks."""
    first, second = np.array(rotation_to((0, 0, 1))), np.array(rotation_to((1, 0, 0)))

    def rotations(points: Floats, region: str) -> Floats:
        assert region == "body"
        return np.where((points[:, 0] < 5e-7)[:, None, None], first, second)

    tagged = layered(MPI.COMM_WORLD, "2", [("body", 1e-6)], width=1e-6, lateral=4, across=4)
    axes = GrainAxes(rotations)
    model = Model(tagged, {"body": Domain((), (CrystalElastic(HEXAGONAL, axes, AxialStrain(1e-3, -2e-3, axes)),))}, {})
    assert model.mechanics is not None
    free = model.energies["body"][0].stress_free_strain()  # type: ignore[attr-defined]
    mean = [integrate(model, model.geometry.integral(free[i, i] * model.one, "body")) / 1e-12 for i in range(3)]
    assert mean == pytest.approx([-0.5e-3, 1e-3, -0.5e-3], rel=1e-9)


def test_maxwell_needs_the_balance_of_the_package() -> None:
    """`balance.elastic_potential` is the derivative of the same energy."""
    term = HOSTS["isotropic"]
    strain = random_strain(5)
    found = balance.elastic_potential([term], as_ufl(strain), 298.15, ufl.as_ufl(3e4))
    lam, mu = term.lame  # type: ignore[union-attr]
    elastic = strain - (1e-3 + 2e-6 * 5e3 / 3) * np.eye(3)
    trace = (3 * lam + 2 * mu) * np.trace(elastic)
    assert float(value(_plain(found))) == pytest.approx(-2e-6 * trace / 3, rel=1e-9)
