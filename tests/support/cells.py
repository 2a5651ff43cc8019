"""Planar cells in every dimension: meshes, areas, and what their voltage must be."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mpi4py import MPI
from scipy.optimize import brentq

from fem.conditions import Terminal
from fem.constants import FARADAY, GAS
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.kinetics import ButlerVolmer, LinearKinetics
from fem.model import Domain, Model, Settings
from fem.solve.driver import Solver
from support.layered import layered
from support.norms import integrate

WIDTH, DEPTH = 3.0e-5, 2.0e-5
AREA = {"1": 1.0, "2": WIDTH, "axisymmetric": math.pi * WIDTH**2, "3": WIDTH * DEPTH}
DIMENSIONS = ("1", "2", "axisymmetric", "3")


def planar_cell(
    dimension: str,
    layers: Sequence[tuple[str, float]],
    domains: Mapping[str, Domain],
    interfaces: Mapping[str, Sequence[Any]],
    conditions: Sequence[Any],
    settings: Settings | None = None,
    comm: Any = MPI.COMM_SELF,
    boxes: int = 2,
) -> Model:
    """A model of uniform layers on a small structured mesh.

    Args:
        dimension: of the model.
        layers: (name, thickness) from bottom to top.
        domains, interfaces, settings: as for `Model`.
        conditions: as for `Model`, currents of terminals per area in A/m^2.
        comm: communicator. boxes: boxes along each lateral axis and across each layer.
    """
    tagged = layered(comm, dimension, layers, WIDTH, DEPTH, lateral=boxes, across=boxes)
    scaled = [_fed(c, AREA[dimension]) if isinstance(c, Terminal) else c for c in conditions]
    return Model(tagged, domains, interfaces, scaled, settings or Settings())


def _fed(terminal: Terminal, area: float) -> Terminal:
    if terminal.current is None:
        return terminal
    return Terminal(terminal.name, terminal.at, None, terminal.current * area, terminal.carrier)


def solve(model: Model) -> Solver:
    """Solve a model; returns its solver for more."""
    solver = Solver(model)
    solver.solve()
    return solver


def current_through(model: Model, interface: str, dimension: str) -> float:
    """Mean current density through an interface from its first to its second node, A/m^2."""
    (state,) = (s for s in model.states if s.link.interface == interface)
    return integrate(model, model.geometry.interface_integral(state.current, interface)) / AREA[dimension]


def overpotential(law: ChargeTransfer, current: float, temperature: float, work: float = 0.0) -> float:
    """Potential drop of electrode against electrolyte at an anodic current density, film included, V.

    Args:
        law: charge transfer. current: A/m^2 per nominal area. temperature: K.
        work: stress work dOmega p / F, V.
    """
    kinetics, local = law.kinetics, current / law.contact_fraction
    film = law.equilibrium_potential + law.film_resistance * local
    if kinetics is None:
        return film
    if isinstance(kinetics, LinearKinetics):
        return film + kinetics.resistance * local - work
    assert isinstance(kinetics, ButlerVolmer)
    f = FARADAY / (GAS * temperature)
    a, c = kinetics.anodic, kinetics.cathodic
    share = a / (a + c) if kinetics.mechanical is None else kinetics.mechanical

    def excess(drop: float) -> float:
        forth = math.exp(min(f * (a * drop + share * (a + c) * work), 600.0))
        back = math.exp(min(-f * (c * drop + (1 - share) * (a + c) * work), 600.0))
        return kinetics.exchange_current * (forth - back) - local

    return film + float(brentq(excess, -3.0, 3.0, xtol=1e-16, rtol=1e-14))
