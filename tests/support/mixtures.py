"""Lithium | polymer with salt and ionic liquid | lithium, for transients, steady states and impedance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mpi4py import MPI

from fem.conditions import Terminal
from fem.dissipation.conduction import Equipotential
from fem.dissipation.ternary import TernaryElectrolyte
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.kinetics import LinearKinetics
from fem.model import Domain, Model, Settings
from fem.protocol import Protocol, Step
from fem.solve.transient import Point, TimeSettings, Transient
from support.cells import AREA, planar_cell

METAL = Domain((Equipotential(),))
LENGTH, TEMPERATURE = 5e-5, 298.15
CONTACT = 1e-9
"""ohm m^2 of either electrode."""
IDEAL = TernaryElectrolyte(2e-12, 6e-12, 8e-12, 1000.0, 600.0)
DRAGGED = TernaryElectrolyte(
    *(2e-12, 6e-12, 8e-12, 1000.0, 600.0),
    *(3e-12, 1e-12, 2e-12),
    solvent=1.2e4,
    virial_salt=2e-4,
    virial_cross=1e-4,
    virial_liquid=1.5e-4,
)


def cell(
    medium: Any,
    boxes: int = 16,
    dimension: str = "1",
    length: float = LENGTH,
    temperature: float = TEMPERATURE,
    comm: Any = MPI.COMM_SELF,
) -> Model:
    """The cell without current."""
    laws = {f"{a}|{b}": [ChargeTransfer(m, LinearKinetics(CONTACT))] for a, b, m in (("a", "e", "a"), ("e", "c", "c"))}
    return planar_cell(
        dimension,
        [("a", 1e-5), ("e", length), ("c", 1e-5)],
        {"a": METAL, "e": Domain((medium,)), "c": METAL},
        laws,
        [Terminal("anode", "a", current=0.0), Terminal("cathode", "c", potential=0.0)],
        Settings(temperature=temperature),
        comm,
        boxes,
    )


def transient(model: Model, steps: Step | Sequence[Step], settings: TimeSettings, dimension: str = "1") -> list[Point]:
    """All points of a run; the model is left at its end."""
    steps = (steps,) if isinstance(steps, Step) else tuple(steps)
    run = Transient(model, Protocol(steps), "anode", AREA[dimension], settings)
    found = list(run.points())
    run.destroy()
    return found


def settled(model: Model, current: float) -> float:
    """Voltage at a current (A/m^2) when nothing moves any more: few long steps of backward Euler get there."""
    steps = TimeSettings(1e9, 1, initial_step=3e3, largest_step=3e4)
    return transient(model, Step.constant("settle", "current", current, 2e5), steps)[-1].voltage
