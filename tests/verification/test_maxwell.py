"""Every energy that couples: its forces are slopes of one energy, and their mutual slopes agree (Maxwell relations).

States are total strain, creep strain, concentration and damage; what the package derives (stress, mechanical potential
of lithium, driving force of damage) is taken along random directions and compared with finite differences.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import ufl
from dolfinx import fem
from dolfinx.mesh import create_unit_cube
from mpi4py import MPI

from fem import balance
from fem.energy.crystal import CrystalElastic, Stiffness
from fem.energy.eigenstrain import ThermalExpansion
from fem.energy.elastic import Elastic
from fem.energy.fracture import Fracture
from fem.energy.swelling import LatticeSwelling, Swelling
from fem.kinematics import without_variables
from fem.materials.tabulated import from_rows
from fem.orientations import rotation_to
from fem.terms import State

Floats = npt.NDArray[np.float64]
TEMPERATURE = 298.15
LATTICE = from_rows([(0.0, 2.815), (0.5, 2.826), (1.0, 2.872)]), from_rows([(0.0, 13.6), (0.4, 14.47), (1.0, 14.2)])
AXES = ufl.as_matrix(np.array(rotation_to((0.3, -0.5, 0.8), (1.0, 0.2, 0.1))).tolist())
SWOLLEN = Elastic(1.4e11, 0.25, 1e-3, Swelling(2e-6, 2.5e4), ThermalExpansion(1e-5, 80.0))
TERMS: dict[str, Any] = {
    "swelling": SWOLLEN,
    "lattice": Elastic(1.4e11, 0.25, 0.0, LatticeSwelling.since(LATTICE, 5e4, 0.9, AXES)),
    "crystal": CrystalElastic(
        Stiffness.hexagonal(233.05e9, 46.44e9, 83.46e9, 275.22e9, 95.26e9, -10.75e9),
        AXES,
        0.0,
        LatticeSwelling.since(LATTICE, 5e4, 0.9, AXES),
    ),
    "fracture": Fracture(SWOLLEN, 10.0, 1e-6, split="none"),
    "fracture, star-convex": Fracture(SWOLLEN, 10.0, 1e-6, split="star-convex", star=2.0),
    "fracture, volumetric-deviatoric": Fracture(SWOLLEN, 10.0, 1e-6, split="volumetric-deviatoric"),
    "fracture, spectral": Fracture(SWOLLEN, 10.0, 1e-6, split="spectral"),
}
SIZES = np.array([*np.full(9, 2e-3), *np.full(9, 1e-3), 1e3, 0.2])
"""Of random changes: strain, creep strain, mol/m^3, damage."""


class Local:
    """Energy of a term and its forces along a direction, at one point of a mesh of one cell."""

    def __init__(self, term: Any) -> None:
        mesh = create_unit_cube(MPI.COMM_SELF, 1, 1, 1)
        self.state, self.change = (fem.Constant(mesh, np.zeros(20)) for _ in range(2))
        q, by = self.state, self.change
        strain, change = (_tensor(x, 0) - _tensor(x, 9) for x in (q, by))
        damage = q[19] if isinstance(term, Fracture) else None
        stress = balance.stress([term], strain, TEMPERATURE, q[18], damage)
        along = ufl.inner(stress, change)
        along += by[18] * balance.elastic_potential([term], strain, TEMPERATURE, q[18], damage)
        if damage is not None:
            variable = ufl.variable(damage)
            along += by[19] * ufl.diff(term.density(State(strain, TEMPERATURE, q[18], variable)), variable)
        both = ufl.as_vector([term.density(State(strain, TEMPERATURE, q[18], damage)), along])
        self._both = fem.Expression(without_variables(both), np.array([[0.25, 0.25, 0.25]]))
        self._mesh = mesh

    def __call__(self, q: Floats, direction: Floats) -> tuple[float, float]:
        """Energy, and forces times the direction, J/m^3."""
        self.state.value, self.change.value = q, direction
        energy, along = self._both.eval(self._mesh, np.array([0], dtype=np.int32)).reshape(-1)
        return float(energy), float(along)


def _tensor(values: Any, start: int) -> Any:
    return ufl.sym(ufl.as_matrix([[values[start + 3 * i + j] for j in range(3)] for i in range(3)]))


def _slope(f: Callable[[Floats], float], q: Floats, direction: Floats) -> float:
    step = 1e-4
    return (f(q + step * direction) - f(q - step * direction)) / (2 * step)


@pytest.mark.parametrize("name", TERMS)
def test_forces_are_slopes_of_one_energy(name: str) -> None:
    """At a random state: forces against differences of the energy, and a.(H b) = b.(H a)."""
    term, rng = TERMS[name], np.random.default_rng(len(name))
    at = Local(term)
    q = np.concatenate([2e-2 * rng.standard_normal(9), 5e-3 * rng.standard_normal(9), [2.1e4, 0.35]])
    first, second = (SIZES * rng.standard_normal(20) for _ in range(2))
    for direction in (first, second):
        assert at(q, direction)[1] == pytest.approx(_slope(lambda x: at(x, first)[0], q, direction), rel=1e-6)
    one = _slope(lambda x: at(x, first)[1], q, second)
    assert one == pytest.approx(_slope(lambda x: at(x, second)[1], q, first), rel=1e-6)
    # what couples does couple: lithium and damage change the stress, and strain changes their forces as much
    pull = np.concatenate([first[:9], np.zeros(11)])
    alone = (SIZES * np.eye(20))[18:]
    states = [q, *(_elsewhere(q, rng) for _ in range(2))] if isinstance(term, Fracture) else [q]
    for x in states:
        lithium, damage = (
            [_slope(lambda y, b=by: at(y, b)[1], x, to) for by, to in ((pull, a), (a, pull))]  # type: ignore[misc]
            for a in alone
        )
        assert lithium[0] == pytest.approx(lithium[1], rel=1e-6)
        assert abs(lithium[0]) > 1e-3 * abs(one)
        if isinstance(term, Fracture):
            assert damage[0] == pytest.approx(damage[1], rel=1e-6)
            assert abs(damage[0]) > 1e-3 * abs(one)


def _elsewhere(q: Floats, rng: np.random.Generator) -> Floats:
    """Another state, as far from a whole solid as from a broken one."""
    strains = np.concatenate([2e-2 * rng.standard_normal(9), 5e-3 * rng.standard_normal(9)])
    return np.concatenate([strains, [q[18] * rng.uniform(0.8, 1.2), rng.uniform(0.1, 0.9)]])
