"""A spherical host that swells while it fills: stress of B6.1, and the series of Crank with what stress adds to D.

A sphere whose surface is free has the hydrostatic stress 2 E Omega (mean(c) - c) / (9 (1 - nu)) (Cheng & Verbrugge,
J. Power Sources 190 (2009) 453). With U = U0 - b x the potential of lithium is linear in c, too, and stress multiplies
the diffusivity by 1 + 2 E Omega^2 c_max / (9 (1 - nu) b F), exactly: the series holds with that.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import ufl
from mpi4py import MPI
from support.norms import integrate, sampled
from support.round import nested
from test_particle import Sphere, rise

from fem.conditions import Roller, Terminal
from fem.constants import FARADAY
from fem.dissipation.conduction import Conduction, Equipotential
from fem.dissipation.intercalation import Intercalation
from fem.energy.elastic import Elastic
from fem.energy.swelling import Swelling
from fem.estimate.enriched import curved
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.kinetics import LinearKinetics
from fem.model import Domain, Model
from fem.protocol import Protocol, Step
from fem.solve.transient import TimeSettings, Transient
from meshes.curvature import Shape

MAXIMUM, START, SLOPE = 5e4, 0.5, 0.3
YOUNG, POISSON = 1.4e11, 0.25


def particle(radius: float, diffusivity: float, swelling: Swelling) -> Model:
    """The particle of `test_particle`, elastic; nothing touches its surface that bears a force."""
    radii = radius, 1.4 * radius, 1.8 * radius
    straight = nested(MPI.COMM_SELF, ("particle", "shell", "lithium"), radii, 0.1, "axisymmetric")
    walls = dict(zip(("particle|shell", "shell|lithium", "outer"), map(Sphere, radii), strict=True))
    host = Intercalation(lambda x: 3.9 - SLOPE * x, MAXIMUM, diffusivity, START)
    law = LinearKinetics(1e-4)
    return Model(
        curved(straight, Shape(walls)),
        {
            "particle": Domain((Equipotential(),), (Elastic(YOUNG, POISSON, 0.0, swelling),), host=host),
            "shell": Domain((Conduction("ionic", 1.0),)),
            "lithium": Domain((Equipotential(),)),
        },
        {"particle|shell": [ChargeTransfer("particle", law)], "shell|lithium": [ChargeTransfer("lithium", law)]},
        [
            Terminal("cathode", "particle", current=0.0),
            Terminal("anode", "lithium", potential=0.0),
            Roller("left", 0),
            Roller("bottom", 1),
        ],
    )


@pytest.mark.parametrize("drives", [True, False])
@pytest.mark.parametrize(
    ("radius", "diffusivity", "flux", "volume"), [(5e-6, 1e-14, 1 / FARADAY, 2e-6), (2e-7, 3e-15, -4e-5, 4e-6)]
)
def test_sphere(radius: float, diffusivity: float, flux: float, volume: float, drives: bool) -> None:
    gain = 2 * YOUNG * volume**2 * MAXIMUM / (9 * (1 - POISSON) * SLOPE * FARADAY) if drives else 0.0
    assert not drives or gain > 0.25
    effective = diffusivity * (1 + gain)
    model = particle(radius, diffusivity, Swelling(volume, START * MAXIMUM, drives))
    assert model.transport is not None
    assert model.mechanics is not None
    assert bool(model.transport.stress) is drives
    function = model.transport.fields["particle"].function
    where = np.linalg.norm(function.function_space.tabulate_dof_coordinates(), axis=1) / radius
    duration = 0.4 * radius**2 / effective
    run = Transient(
        model,
        Protocol((Step.constant("fill", "current", -flux * FARADAY, duration),)),
        "cathode",
        2 * math.pi * radius**2,
        TimeSettings(tolerance=1e-5, largest_step=duration / 12),
    )
    unit, worst = flux * radius / effective, 0.0
    for point in run.points():
        tau = point.time * effective / radius**2
        if tau > 0.05:
            worst = max(worst, float(np.abs((function.x.array - START * MAXIMUM) / unit - rise(where, tau)).max()))
    assert worst < 4e-3
    run.follow()
    stress = volume * YOUNG * flux * radius / (15 * (1 - POISSON) * effective)
    if (radius, drives) == (5e-6, False):
        assert abs(stress) == pytest.approx(128.978e6, rel=1e-5)  # B6.1
    sigma = model.mechanics.stress("particle")
    x = ufl.SpatialCoordinate(model.geometry.mesh)
    normal = ufl.as_vector([x[0], x[1], 0]) / ufl.sqrt(ufl.dot(x, x))
    radial = ufl.dot(normal, sigma * normal)
    wanted = ufl.as_vector([x[0], x[1], ufl.tr(sigma) / 3, radial])
    r, z, mean, outward = sampled(model, wanted, "particle").T
    distance = np.hypot(r, z) / radius
    # 2 Omega E (mean(c) - c) / 9 (1 - nu) and Omega E (mean(c) - mean of c within r) 2 / 9 (1 - nu), where
    # c - mean(c) = (J R / D) (x^2 / 2 - 3 / 10)
    for found, shape in ((mean, 10 / 3 * (0.3 - distance**2 / 2)), (outward, 1 - distance**2)):
        assert np.abs(found - stress * shape).max() < 0.01 * abs(stress)
    # its share of the exact profile; strains around an axis are pointwise less accurate
    profile = 1 - ufl.dot(x, x) / 0.6 / radius**2
    total, square = (
        integrate(model, model.geometry.integral(v * profile, "particle")) for v in (ufl.tr(sigma) / 3, profile)
    )
    assert total / square == pytest.approx(stress, rel=1e-3)
    assert distance.max() > 0.97
    assert distance.min() < 0.05
    run.destroy()
