"""Bars and shells of creeping lithium."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem
from mpi4py import MPI

from fem.conditions import Pressure, Roller
from fem.dissipation.anand import Anand
from fem.dissipation.norton import Norton
from fem.energy.elastic import Elastic
from fem.model import Domain, Model, Settings
from fem.protocol import Course, Protocol, Step
from fem.solve.transient import TimeSettings, Transient
from fem.terms import CreepLaw
from support.layered import AXES, layered
from support.round import shell

GAS, ROOM = 8.31446261815324, 298.15
NORTON = Norton(2e5, 6.6, 37e3)
ANAND = Anand(4.25e4, 37e3, 0.15, 1.1e6, 10e6, 2.0, 2e6, 0.05)
HEIGHT = 1e-5
HOLE = 1e-6


def rate_of(law: Norton, stress: float, temperature: float = ROOM) -> float:
    """Equivalent creep rate, 1/s."""
    return float((stress / law.coefficient) ** law.exponent * math.exp(-law.activation_energy / GAS / temperature))


def bar(
    dimension: str,
    load: Any,
    law: CreepLaw = NORTON,
    solid: Elastic | None = None,
    temperature: float = ROOM,
    comm: Any = MPI.COMM_WORLD,
    degree: int = 2,
) -> Model:
    """A bar along the last axis that is free at its sides, with a load on its top."""
    axis = AXES[dimension] - 1
    held = [Roller("bottom", axis), *(Roller(side, k) for k, side in enumerate(("left", "front")[:axis]))]
    tagged = layered(comm, dimension, [("li", HEIGHT)], width=HEIGHT, lateral=2, across=2, jitter=0.1)
    domain = Domain(energy=(solid or Elastic(7.82e9, 0.381),), creep=law)
    settings = Settings(temperature=temperature, displacement_degree=degree)
    return Model(tagged, {"li": domain}, {}, [*held, load], settings)


def hollow(
    dimension: str,
    law: Norton,
    side: str,
    pressure: float | Course,
    ratio: float,
    size: float,
    comm: Any = MPI.COMM_WORLD,
) -> Model:
    """A thick cylinder in plane strain ("2") or a hollow sphere ("axisymmetric", "3") under pressure."""
    rollers = [Roller("left", 0), Roller("bottom", 2 if dimension == "3" else 1)]
    rollers += [Roller("front", 1)] if dimension == "3" else []
    tagged = shell(comm, HOLE, ratio * HOLE, size, dimension)
    domain = Domain(energy=(Elastic(7.8e9, 0.38),), creep=law)
    return Model(tagged, {"body": domain}, {}, [*rollers, Pressure(side, pressure)], Settings(temperature=ROOM))


def run(model: Model, steps: Sequence[Step], tolerance: float = 1e-4, **more: Any) -> Transient:
    """A run without electrodes."""
    return Transient(model, Protocol(tuple(steps)), None, 1.0, TimeSettings(tolerance=tolerance), **more)


def mean_of(model: Model, density: Any, layer: str) -> Any:
    """Function that evaluates the mean of a density over a layer."""
    form = model.geometry.entity_maps().form
    top, bottom = form(model.geometry.integral(density, layer)), form(model.geometry.integral(model.one, layer, 2))
    comm = model.geometry.comm
    return lambda: float(comm.allreduce(fem.assemble_scalar(top)) / comm.allreduce(fem.assemble_scalar(bottom)))


def opening(model: Model) -> Any:
    """Function that evaluates the mean outward displacement of the wall of the hole over its radius."""
    assert model.mechanics is not None
    form, geometry = model.geometry.entity_maps().form, model.geometry
    inward = ufl.dot(model.mechanics.displacement.function, ufl.FacetNormal(geometry.mesh))
    moved, area = (form(geometry.outer_integral(d, "inner")) for d in (inward, model.one))
    comm = geometry.comm
    return lambda: -float(comm.allreduce(fem.assemble_scalar(moved)) / comm.allreduce(fem.assemble_scalar(area))) / HOLE


def final_rate(model: Model, length: float, measure: Any) -> float:
    """Rate of a measure over the last time step of a hold, 1/s."""
    found: npt.NDArray[np.float64] = np.array(
        [(p.time, measure()) for p in run(model, [Step.hold("creep", length)]).points()]
    )
    return float((found[-1, 1] - found[-2, 1]) / (found[-1, 0] - found[-2, 0]))
