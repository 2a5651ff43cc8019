"""A manufactured solution of lithium with voids as a phase below an electrolyte: everything varies, also in time.

Order parameter and lithium content are linear in time, so that backward differentiation has them exactly and the error
is that of the mesh; the potential of vacancies follows from both. Fluxes, driving forces and the current are written
out by hand from the equations (Zhao, Wang & Martinez-Paneda 2022).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import ufl
from mpi4py import MPI
from support.layered import layered
from support.norms import integrate
from support.void_phase import LITHIUM, phase_of

from fem.conditions import ImposedPotential, Source, SurfaceSource, Terminal
from fem.dissipation.conduction import Conduction, Equipotential
from fem.dissipation.phase_field import AllenCahn, SelfDiffusion
from fem.energy.phase_field import DoubleWell, LatticeVacancies
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.kinetics import ButlerVolmer
from fem.model import Domain, Model, Settings
from fem.protocol import Protocol, Step
from fem.solve.transient import TimeSettings, Transient
from fem.void_phase import Vacancies, VoidPhase

FARADAY, GAS, TEMPERATURE = 96485.33212331001, 8.31446261815324, 310.0
THERMAL = GAS * TEMPERATURE / FARADAY
WIDTH, LOWER, UPPER, SPAN = 4e-6, 3e-6, 2e-6, 50.0
# numbers of no material, so that no term is small beside the others
BARRIER, GRADIENT, MOBILITY, COSINE = 1e6, 2e-5, 1e-9, 0.4
OMEGA, FRACTION, DIFFUSIVITY, SINK = 1.3e-3, 0.25, 3e-15, 2.5e-6
CONDUCTIVITY, EXCHANGE, EQUILIBRIUM, VOLTAGE = 2e-5, 0.08, 0.01, 0.03
SURFACE = math.sqrt(GRADIENT * BARRIER / 18)
NAME = f"{LITHIUM}|se"


def order(c: Any, t: Any, m: Any) -> Any:
    """xi."""
    along, z = m.cos(math.pi * c[0] / WIDTH), c[1] / LOWER
    return (0.74 + 0.05 * along * m.cos(1.3 * z) + 0.04 * z) * (1 + 0.08 * t / SPAN)


def content(c: Any, t: Any, m: Any) -> Any:
    """Lithium per site."""
    along, z = m.cos(math.pi * c[0] / WIDTH), c[1] / LOWER
    return 0.5 + 0.05 * along * m.sin(z + 0.3) + 0.03 * z + (0.04 + 0.02 * along) * t / SPAN


def share(xi: Any) -> Any:
    """h."""
    return 10 * xi**3 - 15 * xi**4 + 6 * xi**5


def excess(c: Any, t: Any, m: Any) -> Any:
    """u, from content = h (1 - x)."""
    x = 1 - content(c, t, m) / share(order(c, t, m))
    return (
        m.log(x / FRACTION * (1 - FRACTION) / (1 - x)) if m is np else ufl.ln(x / FRACTION * (1 - FRACTION) / (1 - x))
    )


def potential(c: Any, m: Any) -> Any:
    """Of the electrolyte, V."""
    return 0.02 * m.cos(math.pi * c[0] / WIDTH) * m.sin(c[1] / LOWER) + 0.01 * (c[1] / LOWER) ** 2


def current(x: Any, t: Any) -> Any:
    """Through the interface, A/m^2, without what is left of it in voids."""
    u = excess(x, t, ufl)
    drive = VOLTAGE - potential(x, ufl) - EQUILIBRIUM - THERMAL * u
    passing = 1e-6 + (1 - 1e-6) * share(order(x, t, ufl))
    return passing * EXCHANGE * (ufl.exp(0.4 * drive / THERMAL) - ufl.exp(-0.6 * drive / THERMAL))


def amperes() -> float:
    """What a driving force in J/m^3 counts as in A/m^3."""
    return FARADAY / (GAS * TEMPERATURE) * BARRIER * MOBILITY


def order_source(x: Any, t: Any) -> Any:
    """What the relaxation lacks, A/m^3."""
    xi = order(x, t, ufl)
    rate = (order(x, SPAN, ufl) - order(x, 0.0, ufl)) / SPAN
    vacant = 1 - content(x, t, ufl) / share(xi)
    force = 2 * BARRIER * xi * (1 - xi) * (1 - 2 * xi) - GRADIENT * ufl.div(ufl.grad(xi))
    force += GAS * TEMPERATURE / OMEGA * 30 * xi**2 * (1 - xi) ** 2 * ufl.ln(vacant / FRACTION)
    return amperes() * (rate / MOBILITY + force)


def flux(x: Any, t: Any) -> Any:
    """Of lithium, times F, A/m^2."""
    mobile = DIFFUSIVITY * (share(order(x, t, ufl)) + 1e-6) / OMEGA
    return FARADAY * mobile * ufl.grad(excess(x, t, ufl))


def lithium_source(x: Any, t: Any) -> Any:
    """What the balance of lithium lacks, A/m^3."""
    storage = FARADAY / OMEGA * (content(x, SPAN, ufl) - content(x, 0.0, ufl)) / SPAN
    mobile = DIFFUSIVITY * (share(order(x, t, ufl)) + 1e-6) / OMEGA
    sinks = FARADAY * mobile / SINK**2 * excess(x, t, ufl)
    return storage + ufl.div(flux(x, t)) - sinks


def solved(boxes: int) -> dict[str, float]:
    """Errors in L2 at the end: of the order parameter, the excess and the potential of the electrolyte."""
    tagged = layered(
        MPI.COMM_SELF, "2", [(LITHIUM, LOWER), ("se", UPPER)], WIDTH, lateral=boxes, across=boxes, jitter=0.1
    )
    voids = VoidPhase(
        DoubleWell(BARRIER, GRADIENT),
        AllenCahn(MOBILITY),
        Vacancies(LatticeVacancies(OMEGA, FRACTION), SelfDiffusion(DIFFUSIVITY, SINK)),
        lambda x: order(x.T, 0.0, np),
        COSINE,
    )

    def surface(side: str, quantity: str, density: Any) -> SurfaceSource:
        return SurfaceSource(side, LITHIUM, quantity, density, timed=True)

    def pull(x: Any, t: Any) -> Any:
        xi = order(x, t, ufl)
        return amperes() * (GRADIENT * ufl.grad(xi)[1] - SURFACE * COSINE * 6 * xi * (1 - xi))

    conditions = [
        Terminal("anode", LITHIUM, potential=VOLTAGE),
        ImposedPotential("top", "se", "ionic", lambda x: potential(x, np)),
        Source(LITHIUM, "order", order_source, timed=True, degree=8),
        Source(LITHIUM, "lithium", lithium_source, timed=True, degree=8),
        surface("bottom", "order", lambda x, t: -amperes() * GRADIENT * ufl.grad(order(x, t, ufl))[1]),
        surface(NAME, "order", pull),
        surface("bottom", "lithium", lambda x, t: flux(x, t)[1]),
        surface(NAME, "lithium", lambda x, t: current(x, t) - flux(x, t)[1]),
        Source("se", "ionic", lambda x: -CONDUCTIVITY * ufl.div(ufl.grad(potential(x, ufl)))),
        SurfaceSource(
            NAME,
            "se",
            "ionic",
            lambda x, t: -CONDUCTIVITY * ufl.grad(potential(x, ufl))[1] - current(x, t),
            timed=True,
        ),
    ]
    model = Model(
        tagged,
        {LITHIUM: Domain((Equipotential(),), voids=voids), "se": Domain((Conduction("ionic", CONDUCTIVITY),))},
        {NAME: [ChargeTransfer(LITHIUM, ButlerVolmer(EXCHANGE, 0.4, 0.6), EQUILIBRIUM)]},
        conditions,
        Settings(temperature=TEMPERATURE),
    )
    phase = phase_of(model)
    assert phase.excess is not None
    assert phase.change is not None
    phase.excess.function.interpolate(lambda x: excess(x, 0.0, np))

    def grown(x: Any) -> Any:
        return content(x, 0.0, np) - share(order(x, 0.0, np)) * (1 - FRACTION)

    phase.change.function.interpolate(grown)
    protocol = Protocol((Step.constant("on", "current", 0.0, SPAN),))
    for _ in Transient(model, protocol, None, 1.0, TimeSettings(tolerance=1e-4)).points():
        pass
    x = ufl.SpatialCoordinate(model.geometry.mesh)
    gaps = {
        "order": (phase.order.function - order(x, SPAN, ufl), LITHIUM),
        "excess": (phase.excess.function - excess(x, SPAN, ufl), LITHIUM),
        "potential": (model.handle("se", "ionic").value(None) - potential(x, ufl), "se"),
    }
    return {
        name: math.sqrt(integrate(model, model.geometry.integral(gap**2, layer, 8)))
        for name, (gap, layer) in gaps.items()
    }


def test_manufactured_solution() -> None:
    coarse, fine = solved(4), solved(8)
    for name, least in (("order", 2.8), ("excess", 2.8), ("potential", 2.8)):
        assert math.log2(coarse[name] / fine[name]) > least, (name, coarse, fine)
    area = math.sqrt(WIDTH * LOWER)
    assert fine["order"] < 1e-4 * area
    assert fine["excess"] < 1e-3 * area
