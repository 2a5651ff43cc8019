"""Lithium with voids as a phase: layers alone, and cells with an electrolyte."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from dolfinx import fem
from mpi4py import MPI

from fem.conditions import Terminal
from fem.dissipation.conduction import Conduction, Equipotential
from fem.dissipation.phase_field import AllenCahn
from fem.energy.phase_field import DoubleWell, solid
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.kinetics import ButlerVolmer
from fem.model import Domain, Model, Settings
from fem.protocol import Protocol, Step
from fem.solve.transient import TimeSettings, Transient
from fem.void_phase import LayerPhase, Vacancies, VoidPhase
from support.layered import layered

LITHIUM = "lithium"


def relaxing(
    dimension: str,
    well: DoubleWell,
    mobility: float,
    start: Callable[[Any], Any],
    size: float,
    boxes: int,
    duration: float,
    tolerance: float = 1e-4,
    degree: int = 2,
    cosine: float = 0.0,
) -> Transient:
    """A layer of lithium without vacancies, `size` high and wide, whose order parameter relaxes for a time."""
    tagged = layered(MPI.COMM_WORLD, dimension, [(LITHIUM, size)], size, lateral=boxes, across=boxes, jitter=0.1)
    voids = VoidPhase(well, AllenCahn(mobility), None, start, cosine)
    model = Model(tagged, {LITHIUM: Domain(voids=voids)}, {}, settings=Settings(phase_degree=degree))
    protocol = Protocol((Step.constant("relaxation", "current", 0.0, duration),))
    return Transient(model, protocol, None, 1.0, TimeSettings(tolerance=tolerance))


def phase_of(model: Model) -> LayerPhase:
    """The voids of the lithium."""
    assert model.void_phases is not None
    return model.void_phases.layers[LITHIUM]


class Measured:
    """Integrals of a model that are taken again and again.

    Args:
        model: with voids in its lithium.
        more: names -> UFL forms beside ``void`` (volume) and ``energy`` (free energy).
    """

    def __init__(self, model: Model, **more: Any) -> None:
        assert model.void_phases is not None
        hollow = 1 - solid(phase_of(model).order.function)
        forms = {"void": model.geometry.integral(hollow, LITHIUM), "energy": model.void_phases.free_energy(LITHIUM)}
        self.comm = model.geometry.comm
        self.forms = {name: model.system.maps.form(form) for name, form in (forms | more).items()}

    def __getitem__(self, name: str) -> float:
        return float(self.comm.allreduce(fem.assemble_scalar(self.forms[name]).real))


def never_rises(values: Sequence[float], rounding: float = 1e-12) -> bool:
    """Whether a sequence falls, but for rounding."""
    rows = np.asarray(values)
    return bool(np.all(np.diff(rows) <= rounding * np.abs(rows[:-1])))


def cell(
    comm: Any,
    start: Callable[[Any], Any],
    well: DoubleWell,
    vacancies: Vacancies,
    mobility: float = 1e-8,
    cosine: float = 0.0,
    boxes: int = 12,
) -> Model:
    """Lithium of 6 um below 3 um of electrolyte, 9 um wide, with Butler-Volmer kinetics between them."""
    um = 1e-6
    tagged = layered(
        comm, "2", [(LITHIUM, 6 * um), ("se", 3 * um)], 9 * um, lateral=boxes, across=[2 * boxes // 3, boxes // 3]
    )
    voids = VoidPhase(well, AllenCahn(mobility), vacancies, start, cosine)
    return Model(
        tagged,
        {LITHIUM: Domain((Equipotential(),), voids=voids), "se": Domain((Conduction("ionic", 0.05),))},
        {f"{LITHIUM}|se": [ChargeTransfer(LITHIUM, ButlerVolmer(10.0))]},
        [Terminal("anode", LITHIUM, current=0.0), Terminal("cathode", "top", potential=0.0, carrier="ionic")],
    )
