"""Consistent states at an instant of a run in time: where what is controlled jumps, and where bonds do.

What has memory stays, the rest follows: steps of implicit Euler that are too short for anything to change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fem.errors import ConvergenceError
from fem.protocol import Step
from fem.solve.leg import MOST_REJECTIONS, make_ts

if TYPE_CHECKING:
    from fem.solve.transient import Transient

__all__ = ["jumps", "settle", "short_step"]

SETTLING = 1e-7
"""A jump of the controlled value is passed in this share of the first time step."""


def settle(run: Transient, step: Step, time: float) -> None:
    """Make the state consistent with what the protocol wants now, and accept it.

    Args:
        run: owner. step: of the protocol. time: s since it began.

    Raises:
        ConvergenceError: there is no such state.
    """
    run._leg_start = time
    length = SETTLING * run.first_length(step)
    _approach(run, time, length)
    if run.cracking is not None:
        run.cracking.follow(0.0, 0.0)
        if run.cracking.anew:  # the jump has broken something
            run.accept(time)
            _approach(run, time, length)
            run.cracking.follow(0.0, 0.0)
    run.accept(time)


def _approach(run: Transient, time: float, length: float) -> None:
    if run.cracking is not None:
        run.cracking.begin()
    try:
        short_step(run, time, length)
    except ConvergenceError:
        try:
            _ramp(run, time, length)
        except ConvergenceError:
            if not jumps(run, time, length):
                raise
    if run.parting is not None:
        run.parting.stays(0.0, 0.0)


def short_step(run: Transient, time: float, length: float, cuts: int = MOST_REJECTIONS) -> None:
    """Take one step of implicit Euler outside the legs of the integrator.

    Args:
        run: owner; keeps its state where the step fails.
        time: s since the step of the protocol began. length: s. cuts: how often it is cut to a quarter at most.

    Raises:
        ConvergenceError: it fails.
    """
    before = run.flow.flat()
    ts = make_ts(run, "beuler", time, length)
    ts.setMaxStepRejections(cuts)
    vector = run.flow.vector()
    ts.setSolution(vector)
    try:
        ts.step()
        bad = ts.getConvergedReason() < 0 or run.flow.failure is not None
        found = np.array(vector.array_r)
    finally:
        ts.destroy()
        vector.destroy()
    if bad:
        run.flow.failure = None
        run.flow.take(before)
        raise ConvergenceError("no consistent state")
    run.flow.take(found)


def _ramp(run: Transient, time: float, length: float) -> None:
    """Approach the wanted value in halves from the present one, when a jump is too large for Newton."""
    number, control = run.working, run.flow.control
    name = run.protocol.steps[run.position.step].name
    if number is None:
        raise ConvergenceError(f"no state at the beginning of {name!r}: try a ramp of the load")
    control(time)
    held = number.held
    begin = number.value if held is not None else run.flow.current()
    target = held if held is not None else number.source
    done, part = 0.0, 0.25

    def partly(_time: float) -> None:
        value = begin + min(1.0, done + part) * (target - begin)
        if held is not None:
            number.held = value
        else:
            number.held, number.source = None, value

    run.flow.control = partly
    try:
        while done < 1.0:
            try:
                short_step(run, time, length)
                done, part = min(1.0, done + part), min(2 * part, 0.5)
            except ConvergenceError as error:
                part /= 2
                if part < 1e-4:
                    raise ConvergenceError(
                        f"no state at {100 * done:.3g} % of the jump to {name!r}; try a ramp in the protocol, "
                        "a smaller current, or a finer mesh at the contact edges"
                    ) from error
    finally:
        run.flow.control = control


def jumps(run: Transient, time: float, length: float) -> bool:
    """Let bonds jump in a step from a time (s since that of the protocol began) on; whether they could.

    The first state is that at the end of the step with a small part of the damage that it asks for; the others
    follow at that instant.
    """
    if run.parting is None or not run.parting.bonds:
        return False
    begin, span, tiny = time, length, SETTLING * length

    def solve() -> None:
        short_step(run, begin, span, cuts=0)

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
