"""A spherical particle at constant current against the series of Crank (B6.1 without stress, B6.2)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from mpi4py import MPI
from scipy.optimize import brentq
from support.norms import integrate, observed_orders
from support.round import nested

from fem.conditions import Terminal
from fem.constants import FARADAY
from fem.dissipation.conduction import Conduction, Equipotential
from fem.dissipation.intercalation import Intercalation
from fem.estimate.enriched import curved
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.exchange import InsertionKinetics
from fem.interface.kinetics import LinearKinetics
from fem.model import Domain, Model
from fem.protocol import Protocol, Step
from fem.solve.transient import TimeSettings, Transient
from meshes.curvature import Shape

Floats = npt.NDArray[np.float64]

MODES = 80
#: positive roots of tan(x) = x, one in every interval between poles
ROOTS = np.array(
    [brentq(lambda x: math.sin(x) - x * math.cos(x), k * math.pi, (k + 0.5) * math.pi) for k in range(1, MODES)]
)


def test_the_roots_are_those_of_the_table() -> None:
    """The first three, as tabulated (Crank, The Mathematics of Diffusion, table 6.4)."""
    assert ROOTS[:3] == pytest.approx([4.493409, 7.725252, 10.904122], abs=1e-6)


def rise(x: Floats, tau: float) -> Floats:
    """(c - c0) D / (J R) at r = x R and the time tau R^2 / D, for a flux J into the sphere (Crank, eq. 6.45)."""
    x = np.maximum(x, 1e-6)
    phases = np.outer(x, ROOTS)
    modes = np.sin(phases) * np.exp(-(ROOTS**2) * tau) / (ROOTS**2 * np.sin(ROOTS))
    total: Floats = 3 * tau + x**2 / 2 - 0.3 - 2 / x * modes.sum(axis=1)
    return total


def open_circuit(x: Any) -> Any:
    """Falls gently, so that the particle fills evenly, V."""
    return 3.9 - 0.3 * x


@dataclass(frozen=True)
class Sphere:
    """The surface that straight facets stand for."""

    radius: float

    def project(self, points: Floats) -> Floats:
        """Onto the sphere, along the radius."""
        onto: Floats = points * (self.radius / np.linalg.norm(points, axis=1))[:, None]
        return onto


def particle(dimension: str, size: float, radius: float, diffusivity: float, comm: Any) -> Model:
    """The particle in a shell of electrolyte in a shell of lithium."""
    radii = radius, 1.4 * radius, 1.8 * radius
    straight = nested(comm, ("particle", "shell", "lithium"), radii, size, dimension)
    walls = dict(zip(("particle|shell", "shell|lithium", "outer"), map(Sphere, radii), strict=True))
    return Model(
        curved(straight, Shape(walls)),
        {
            "particle": Domain((Equipotential(),), host=Intercalation(open_circuit, 5e4, diffusivity, 0.3)),
            "shell": Domain((Conduction("ionic", 1.0),)),
            "lithium": Domain((Equipotential(),)),
        },
        {
            "particle|shell": [ChargeTransfer("particle", InsertionKinetics(1e-10, 1000.0))],
            "shell|lithium": [ChargeTransfer("lithium", LinearKinetics(1e-4))],
        },
        [Terminal("cathode", "particle", current=0.0), Terminal("anode", "lithium", potential=0.0)],
    )


#: area of the sphere over R^2 that a mesh holds
PART = {"axisymmetric": 2 * math.pi, "3": math.pi / 2}


def deviations(dimension: str, size: float, radius: float, diffusivity: float, flux: float) -> tuple[float, float]:
    """Largest error at all nodes and times beyond tau = 0.02 over J R / D, and relative error of both parts of B6.1."""
    comm = MPI.COMM_SELF
    model = particle(dimension, size, radius, diffusivity, comm)
    assert model.transport is not None
    function = model.transport.fields["particle"].function
    where = np.linalg.norm(function.function_space.tabulate_dof_coordinates(), axis=1) / radius
    unit, area = flux * radius / diffusivity, PART[dimension] * radius**2
    duration = 0.45 * radius**2 / diffusivity
    step = Step.constant("fill", "current", -flux * FARADAY, duration)
    settings = TimeSettings(tolerance=2e-6, largest_step=duration / 12)
    run = Transient(model, Protocol((step,)), "cathode", area, settings)
    worst = 0.0
    for point in run.points():
        tau = point.time * diffusivity / radius**2
        if tau > 0.02:
            found = (function.x.array - 0.3 * 5e4) / unit
            worst = max(worst, float(np.abs(found - rise(where, tau)).max()))
    mean, volume = (integrate(model, model.geometry.integral(v * model.one, "particle")) for v in (function, 1.0))
    mean /= volume
    surface = float(function.x.array[np.argmax(where)])
    centre = float(function.x.array[np.argmin(where)])
    run.destroy()
    return worst, max(abs((surface - mean) / unit * 5 - 1), abs((surface - centre) / unit * 2 - 1))


SETS = [(5e-6, 1e-14, 1 / FARADAY), (2e-7, 3e-15, -4e-5)]


@pytest.mark.parametrize(("radius", "diffusivity", "flux"), SETS)
def test_sphere_about_an_axis(radius: float, diffusivity: float, flux: float) -> None:
    """B6.2 at all nodes and times, B6.1 at the end; cells are bent to the wall."""
    sizes = (0.5, 0.25, 0.125)
    found = [deviations("axisymmetric", s, radius, diffusivity, flux) for s in sizes]
    errors = [worst for worst, _ in found]
    assert observed_orders(sizes, errors)[0] > 2.5, errors
    assert observed_orders(sizes, errors)[1] > 2, errors
    assert errors[-1] < 5e-4
    assert found[-1][1] < 5e-4


@pytest.mark.slow
def test_sphere_in_three_dimensions() -> None:
    """The same in an octant of tetrahedra."""
    sizes = (0.7, 0.5, 0.35)
    found = [deviations("3", s, *SETS[0]) for s in sizes]
    errors = [worst for worst, _ in found]
    assert min(observed_orders(sizes, errors)) > 2, errors
    assert errors[-1] < 1e-2
    assert found[-1][1] < 3e-3
