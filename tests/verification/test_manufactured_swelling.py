"""A manufactured solution of a host that swells: lithium that stress drives, and stress that lithium makes.

u does not change, c is linear in time, so that backward differentiation has it exactly and the error is that of the
mesh. Flux and stress are written out by hand (Larche & Cahn 1985; Cheng & Verbrugge 2009):

    N = -D grad(c) - (D / mu'(c)) grad(h),   h = -Omega tr(sigma) / 3,   tr(sigma) = 3 K (div u - Omega (c - c0)),

with mu'(c) = -(F / c_max) dU/dx of the open-circuit potential U.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import ufl
from mpi4py import MPI
from support.layered import layered
from support.norms import integrate, require_order

from fem.conditions import ImposedDisplacement, Source, SurfaceSource
from fem.constants import FARADAY
from fem.dissipation.intercalation import Intercalation
from fem.energy.elastic import Elastic
from fem.energy.swelling import Swelling
from fem.model import Domain, Model
from fem.protocol import Protocol, Step
from fem.solve.transient import Position, TimeSettings, Transient

WIDTH, HEIGHT, SPAN = 4e-6, 3e-6, 40.0
YOUNG, POISSON, OMEGA = 1.1e11, 0.28, 3e-6
MAXIMUM, REFERENCE, DIFFUSIVITY = 5e4, 2.2e4, 2e-13
BULK, SHEAR = YOUNG / (3 * (1 - 2 * POISSON)), YOUNG / (2 * (1 + POISSON))


def open_circuit(x: Any) -> Any:
    """V."""
    return 4.0 - 0.25 * x - 0.1 * x * x


def lithium(c: Any, t: Any, m: Any) -> Any:
    """mol/m^3."""
    z = c[1] / HEIGHT
    along = m.cos(math.pi * c[0] / WIDTH)
    return MAXIMUM * (0.45 + 0.08 * along * m.cos(1.4 * z) + 0.1 * z * z) * (1 + 0.2 * t / SPAN)


def moved(c: Any, m: Any) -> list[Any]:
    """m."""
    x, z, size = math.pi * c[0] / WIDTH, c[1] / HEIGHT, 2e-3 * HEIGHT
    return [size * m.sin(x) * (1 + 0.5 * m.sin(z)), size * (m.cos(x) * m.sin(1.2 * z) + 0.6 * z)]


def mechanical(x: Any, t: Any) -> Any:
    """h, J/mol."""
    free = OMEGA * (lithium(x, t, ufl) - REFERENCE)
    return -OMEGA * BULK * (ufl.div(ufl.as_vector(moved(x, ufl))) - free)


def force(x: Any, t: Any) -> Any:
    """N/m^3."""
    u = ufl.as_vector(moved(x, ufl))
    strain, volume = ufl.sym(ufl.grad(u)), ufl.div(u)
    stress = 2 * SHEAR * strain + (
        (BULK - 2 * SHEAR / 3) * volume - BULK * OMEGA * (lithium(x, t, ufl) - REFERENCE)
    ) * ufl.Identity(2)
    return -ufl.div(stress)


def flux(x: Any, t: Any) -> Any:
    """F N, A/m^2."""
    c = lithium(x, t, ufl)
    slope = FARADAY / MAXIMUM * (0.25 + 0.2 * c / MAXIMUM)
    return -FARADAY * DIFFUSIVITY * (ufl.grad(c) + ufl.grad(mechanical(x, t)) / slope)


def errors(boxes: int) -> dict[str, float]:
    """In L2 at the end, over the exact values."""
    tagged = layered(MPI.COMM_SELF, "2", [("h", HEIGHT)], WIDTH, lateral=boxes, across=boxes)
    host = Domain(
        (),
        (Elastic(YOUNG, POISSON, 0.0, Swelling(OMEGA, REFERENCE)),),
        host=Intercalation(open_circuit, MAXIMUM, DIFFUSIVITY, 0.45),
    )

    def inside(x: Any, t: Any) -> Any:
        rate = (lithium(x, SPAN, ufl) - lithium(x, 0.0, ufl)) / SPAN
        return FARADAY * rate + ufl.div(flux(x, t))

    conditions: list[Any] = [
        Source("h", "lithium", inside, timed=True),
        Source("h", "force", force, timed=True),
        SurfaceSource("bottom", "h", "lithium", lambda x, t: flux(x, t)[1], timed=True),
        SurfaceSource("top", "h", "lithium", lambda x, t: -flux(x, t)[1], timed=True),
    ]
    sides = ("left", "right", "bottom", "top")
    conditions += [ImposedDisplacement(s, lambda p: np.array(moved(p, np))) for s in sides]
    model = Model(tagged, {"h": host}, {}, conditions)
    assert model.transport is not None
    assert model.mechanics is not None
    concentration, h = model.transport.fields["h"].function, model.transport.stress["h"].function
    concentration.interpolate(lambda p: lithium(p, 0.0, np))
    settings = TimeSettings(tolerance=1e6, initial_step=SPAN / 3, largest_step=SPAN / 3)
    run = Transient(model, Protocol((Step.hold("on", SPAN),)), None, 1.0, settings)
    run.restore(Position())
    for _ in run.points():
        pass
    x = ufl.SpatialCoordinate(model.geometry.mesh)
    pairs = {
        "lithium": (concentration, lithium(x, SPAN, ufl)),
        "displacement": (model.mechanics.displacement.function, ufl.as_vector(moved(x, ufl))),
        "potential": (h, mechanical(x, SPAN)),
    }
    found = {}
    for name, (value, exact) in pairs.items():
        squares = [integrate(model, model.geometry.integral(ufl.inner(v, v), "h", 8)) for v in (value - exact, exact)]
        found[name] = math.sqrt(squares[0] / squares[1])
    run.destroy()
    return found


def test_swelling_both_ways() -> None:
    """Orders on three meshes; stress carries half as much lithium as diffusion and more.

    h is a derivative of the displacement: of second order, and the lithium that it drives with it.
    """
    boxes = (4, 8, 16)
    found = [errors(n) for n in boxes]
    assert OMEGA**2 * BULK / (FARADAY / MAXIMUM * 0.34) > 0.5
    for name, order in (("lithium", 2.0), ("displacement", 3.0), ("potential", 2.0)):
        require_order(name, [1 / n for n in boxes], [f[name] for f in found], order)
    assert found[-1]["lithium"] < 1e-4
