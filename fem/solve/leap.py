"""Instants at which bonds jump in a model that is integrated in time: from one leg of the integrator to the next."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from fem.errors import ConvergenceError
from fem.protocol import Cutoff, Step

if TYPE_CHECKING:
    from fem.solve.leg import Stuck
    from fem.solve.records import Point
    from fem.solve.transient import Transient

__all__ = ["SETTLING", "jumps", "leap"]

SETTLING = 1e-7
"""A jump of the controlled value is passed in this share of the first time step."""


def leap(run: Transient, step: Step, stuck: Stuck) -> Generator[Point, None, Cutoff | None]:
    """Go over an instant at which bonds jump; returns the cut-off that has been met there.

    Raises:
        ConvergenceError: of the time step that failed, when it is not for bonds that none succeeds.
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


def jumps(run: Transient, time: float, length: float) -> bool:
    """Let bonds jump in a step from a time (s since that of the protocol began) on; whether they could.

    The first state is that at the end of the step with a small part of the damage that it asks for; the others
    follow at that instant.
    """
    if run.parting is None or not run.parting.bonds:
        return False
    begin, span, tiny = time, length, SETTLING * length

    def solve() -> None:
        run._one_short_step(begin, span, cuts=0)

    before = run.flow.flat()
    try:
        for _ in run.parting.bonds.jump(solve, run.flow.flat, run.flow.take):
            begin, span = time + length, tiny
            run.accept(begin)
    except ConvergenceError as error:
        if begin > time and any(run.margin(c) <= 0.0 for c in run.protocol.steps[run.position.step].cutoffs):
            return True  # ends the step of the protocol before the bonds have come to rest
        if begin > time:
            raise ConvergenceError(
                f"bonds jump at {run.position.begun + begin:.6g} s, and no equilibrium is found behind: try a "
                f"finer mesh at the interface, or give the bond a viscosity ({error})"
            ) from error
        run.flow.take(before)
        return False
    return True
