"""Circular hole in a loaded plate (Kirsch), with the exact displacement on the outer boundary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import ufl
from mpi4py import MPI
from support.norms import nodal_values
from support.round import plate_with_hole

from fem.conditions import ImposedDisplacement, Roller
from fem.energy.elastic import Elastic
from fem.model import Domain, Model, Settings
from fem.solve.driver import Solver

RADIUS = 2.0e-6


@dataclass(frozen=True)
class Plate:
    """An infinite plate with a hole under remote stresses along x and y, Pa."""

    along_x: float
    along_y: float
    young: float
    poisson: float
    plane: str

    def displacement(self, points: Any) -> Any:
        """(2, n) exact displacement at dolfinx' (3, n) points, m (Timoshenko and Goodier)."""
        x, y = points[0], points[1]
        first = self._uniaxial(x, y)
        second = self._uniaxial(y, x)
        return np.array([self.along_x * u + self.along_y * v for u, v in zip(first, second[::-1], strict=True)])

    def _uniaxial(self, x: Any, y: Any) -> tuple[Any, Any]:
        nu = self.poisson
        kappa = 3 - 4 * nu if self.plane == "strain" else (3 - nu) / (1 + nu)
        r, t = np.hypot(x, y) / RADIUS, np.arctan2(y, x)
        size = RADIUS * (1 + nu) / (4 * self.young)
        near, nearer = 2 / r, 2 / r**3
        along = r * (kappa + 1) * np.cos(t) + near * ((1 + kappa) * np.cos(t) + np.cos(3 * t))
        across = r * (kappa - 3) * np.sin(t) + near * ((1 - kappa) * np.sin(t) + np.sin(3 * t))
        return size * (along - nearer * np.cos(3 * t)), size * (across - nearer * np.sin(3 * t))

    def hoop_stress(self, angle: Any) -> Any:
        """Exact hoop stress on the hole at an angle from the x axis, Pa."""
        swing = 2 * np.cos(2 * angle)
        return self.along_x * (1 - swing) + self.along_y * (1 + swing)

    def error(self, size: float) -> tuple[float, float]:
        """Largest error of the hoop stress on the hole, and at its two apexes, over the largest stress."""
        tagged = plate_with_hole(MPI.COMM_SELF, RADIUS, 5 * RADIUS, size)
        conditions: list[Any] = [Roller("left", 0), Roller("bottom", 1)]
        conditions += [ImposedDisplacement(side, self.displacement) for side in ("right", "top")]
        domains = {"body": Domain((), (Elastic(self.young, self.poisson),))}
        settings = Settings(plane=self.plane)  # type: ignore[arg-type]
        model = Model(tagged, domains, {}, conditions, settings)
        Solver(model).solve()
        assert model.mechanics is not None
        sigma, x = model.mechanics.stress("body"), ufl.SpatialCoordinate(model.geometry.mesh)
        along = ufl.as_vector([-x[1], x[0], 0]) / ufl.sqrt(ufl.dot(x, x))
        points, values = nodal_values(model, ufl.dot(along, sigma * along), "body")
        hole = np.isclose(np.linalg.norm(points, axis=1), RADIUS, rtol=1e-6)
        angle = np.arctan2(points[hole, 1], points[hole, 0])
        exact = self.hoop_stress(angle)
        errors = np.abs(values[hole] - exact) / np.abs(exact).max()
        apexes = np.isclose(np.sin(2 * angle), 0.0, atol=1e-6)
        assert np.count_nonzero(apexes) == 2
        return float(errors.max()), float(errors[apexes].max())


def test_formula_gives_the_known_concentrations() -> None:
    """Three times the remote stress beside the hole, minus once ahead of it."""
    plate = Plate(1.0, 0.0, 1.0, 0.3, "strain")
    assert plate.hoop_stress(np.pi / 2) == pytest.approx(3.0)
    assert plate.hoop_stress(0.0) == pytest.approx(-1.0)


@pytest.mark.parametrize(
    "plate",
    [Plate(5.0e7, 0.0, 1.5e11, 0.26, "strain"), Plate(3.0e7, -2.0e7, 7.8e9, 0.38, "stress")],
    ids=["uniaxial", "biaxial"],
)
def test_hoop_stress_on_the_hole(plate: Plate) -> None:
    """Within 1 % all around the hole, within 0.5 % at the apexes, and better on the finer mesh."""
    coarse, fine = plate.error(0.1), plate.error(0.05)
    assert fine[0] < 1e-2
    assert fine[1] < 5e-3
    assert fine[0] < 0.5 * coarse[0]
