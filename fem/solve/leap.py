"""Instants at which bonds jump in a model that is integrated in time: from one leg of the integrator to the next."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from fem.protocol import Cutoff, Step
from fem.solve.settling import jumps

if TYPE_CHECKING:
    from fem.solve.leg import Stuck
    from fem.solve.records import Point
    from fem.solve.transient import Transient

__all__ = ["leap"]


def leap(run: Transient, step: Step, stuck: Stuck) -> Generator[Point, None, Cutoff | None]:
    """Go over an instant at which bonds jump; returns the cut-off that has been met there.

    Raises:
        ConvergenceError: bonds begin to jump and no equilibrium is found behind. Where they do not even begin, the run
            stays where it is, and the next step that fails is cut as often as it takes (`Parting.patient`).
    """
    at, parting = run.position, run.parting
    assert parting is not None
    run.flow.take(stuck.state)
    parting.patient = not jumps(run, at.time, stuck.length)
    if parting.patient:
        return None
    at.time += stuck.length
    # potentials have jumped, and concentrations answer as to a new step of the protocol
    at.next_step = min(stuck.length, run.first_length(step))
    met = next((c for c in step.cutoffs if run.margin(c) <= 0.0), None)
    ended = met is not None or at.time >= step.duration * (1 - 1e-14)
    yield run._point(step, at.time, 0.0, (str(met) if met is not None else "duration") if ended else None)
    return met
