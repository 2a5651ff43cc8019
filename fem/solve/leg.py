"""Time steps of a transient run from one fresh start of PETSc's TS to the next, and where cut-offs end them."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from petsc4py import PETSc

from fem.errors import ConvergenceError
from fem.protocol import Cutoff, Step
from fem.solve.flow import Preconditioner

if TYPE_CHECKING:
    from fem.solve.transient import Point, Transient

log = logging.getLogger("ssbfem.solve")
_prefix = itertools.count()

LOCATED = 1e-6
"""Cut-offs are met to this share of the threshold's own scale (voltages: to this many volts)."""
MOST_TRIALS = 8


class Leg:
    """Time steps from one fresh start of the integrator to the next.

    Args:
        run: owner. step: step of the protocol. end: s since it began, where the leg ends at the latest.

    Attributes:
        time: s since the step began. next_step: s. met: the cut-off that ended the leg.
    """

    def __init__(self, run: Transient, step: Step, end: float) -> None:
        self.run, self.step, self.end = run, step, end
        self.time = run.position.time
        self.next_step = run.position.next_step or run.first_length(step)
        self.met: Cutoff | None = None
        run._leg_start = self.time
        self.vector = run.flow.vector()
        self._state, self._fresh = np.array(self.vector.array_r), True
        self.ts = make_ts(run, "bdf", self.time, min(self.next_step, end - self.time), end, run.longest(step))
        self.ts.setSolution(self.vector)

    def points(self) -> Iterator[Point]:
        """Accepted steps until the end, a cut-off, or the length of a leg."""
        run, flow = self.run, self.run.flow
        flow.take(np.array(self.vector.array_r))
        margins = [run.margin(c) for c in self.step.cutoffs]
        for c, m in zip(self.step.cutoffs, margins, strict=True):
            if m <= 0.0 and self.time == 0.0 and c.quantity == "voltage":
                self.met = c  # a jump of the current may pass it at once
                return
        for _ in range(run.settings.leg):
            begin, before = self.time, self._advance()
            now = [run.margin(c) for c in self.step.cutoffs]
            crossed = [k for k, (a, b) in enumerate(zip(margins, now, strict=True)) if b <= 0.0 < a]
            if crossed:
                self._locate(begin, before, crossed, margins, now)
            margins = now
            ended = str(self.met) if self.met else ("duration" if self._done() else None)
            run.report.steps += 1
            run.model.accept()
            yield run._point(self.step, self.time, self.time - begin, ended)
            if self.met is not None or self.time >= self.end * (1 - 1e-14):
                return

    def _done(self) -> bool:
        return self.time >= self.step.duration * (1 - 1e-14)

    def _advance(self, exact: bool = False) -> float:
        """One accepted step; returns its length as it was wanted. `exact`: of just that length, to meet a cut-off.

        Lengths are rounded to a few digits, those of steps that were cut, too: estimated errors depend on rounding,
        and runs on other numbers of ranks (or resumed ones) shall stop at the same times.
        """
        ts, begin = self.ts, self.time
        wanted = float(ts.getTimeStep())
        length = wanted if exact else self._rounded(begin, wanted)
        for _ in range(MOST_TRIALS):
            ts.setTimeStep(length)
            if not self._step() or exact:
                break
            cut = float(ts.getTime()) - begin
            length = self._rounded(begin, cut)
            if length == cut:
                break
            if self._fresh:
                self._begin_again(length)
                ts = self.ts
            else:
                ts.rollBack()
        self._fresh = False
        self.time = float(ts.getTime())
        run = self.run
        run.report.newton_iterations = run.flow.newton_iterations
        run.report.linear_iterations = run.flow.bordered.iterations
        run.report.linear_solver = run.flow.bordered.linear.describe()
        run.flow.take(np.array(self.vector.array_r))
        following = float(ts.getTimeStep())
        # a step that was cut to meet the end says nothing of how long the next may be
        self.next_step = max(following, wanted) if self.time >= self.end * (1 - 1e-14) else following
        return wanted

    def _step(self) -> bool:
        """Let PETSc take a step; whether it had to be cut."""
        run, ts = self.run, self.ts
        rejected, failed = int(ts.getStepRejections()), int(ts.getSNESFailures())
        run.flow.failure = None
        ts.step()
        rejected, failed = int(ts.getStepRejections()) - rejected, int(ts.getSNESFailures()) - failed
        run.report.rejected += rejected
        run.report.failed += failed
        if int(ts.getConvergedReason()) < 0:
            raise ConvergenceError(
                f"no time step longer than {run.settings.smallest_step * self.step.duration:.3g} s succeeds at "
                f"{run.position.begun + self.time:.6g} s (step {self.step.name!r}): the concentration may be "
                "exhausted; try a cut-off (until: {voltage: ...}), a smaller current, or a looser time tolerance"
            )
        return rejected > 0 or failed > 0

    def _rounded(self, begin: float, length: float) -> float:
        """A step no longer than ``length`` with few digits, or to the end where that is near."""
        if begin + length * (1 + 1e-3) >= self.end:
            return self.end - begin if begin + length >= self.end * (1 - 1e-12) else length * (1 - 1e-3)
        return float(f"{length * (1 - 5e-4):.3e}")

    def _begin_again(self, length: float) -> None:
        """Start the leg once more with a shorter step: its first one has no history to go back to."""
        run = self.run
        run.flow.take(self._state)
        self.ts.destroy()
        self.vector.destroy()
        self.vector = run.flow.vector()
        self.ts = make_ts(run, "bdf", self.time, length, self.end, run.longest(self.step))
        self.ts.setSolution(self.vector)

    def _locate(
        self, begin: float, wanted: float, crossed: Sequence[int], margins: Sequence[float], now: Sequence[float]
    ) -> None:
        """Take the step back and end it where the first cut-off is met."""
        ts = self.ts
        where, first = self.time, crossed[0]
        work = self.vector.duplicate()
        for k in crossed:
            t = self._root(self.step.cutoffs[k], work, begin, self.time, margins[k], now[k])
            if t < where:
                where, first = t, k
        work.destroy()
        # the interpolation errs like the step itself: a true step to that time, corrected by secants
        low, high = (begin, margins[first]), (self.time, now[first])
        for _ in range(MOST_TRIALS):
            ts.rollBack()
            ts.setMaxTime(where)
            ts.setTimeStep(where - begin)
            self.time = begin
            self._advance(exact=True)
            if self.time < where * (1 - 1e-12):
                return  # the step was cut: the cut-off lies ahead still
            margin = self.run.margin(self.step.cutoffs[first])
            if abs(margin) <= LOCATED:
                break
            low, high = ((where, margin), high) if margin > 0.0 else (low, (where, margin))
            share = low[1] / (low[1] - high[1])
            where = low[0] + min(max(share, 1e-3), 1 - 1e-3) * (high[0] - low[0])
        self.met = self.step.cutoffs[first]
        self.next_step = wanted
        log.debug("cut-off %s at %g s", self.met, where)

    def _root(self, cutoff: Cutoff, work: Any, low: float, high: float, a: float, b: float) -> float:
        run, flow = self.run, self.run.flow
        state = np.array(self.vector.array_r)
        begin, span = low, high - low
        for _ in range(60):
            guess = low + (high - low) * a / (a - b)
            guess = min(max(guess, low + 1e-3 * (high - low)), high - 1e-3 * (high - low))
            self.ts.interpolate(guess, work)
            flow.take(np.array(work.array_r))
            value = run.margin(cutoff)
            if abs(value) <= LOCATED or high - low <= LOCATED * span:
                break
            if value > 0.0:
                low, a = guess, value
            else:
                high, b = guess, value
        flow.take(state)
        return max(guess, begin + 1e-3 * span)

    def destroy(self) -> None:
        """Free PETSc objects."""
        self.ts.destroy()
        self.vector.destroy()


def make_ts(run: Transient, kind: str, time: float, length: float, end: float, longest: float | None) -> Any:
    """A PETSc TS on the flow of a run.

    Args:
        run: owner. kind: ``bdf`` with variable steps or ``beuler`` with one given step.
        time, length, end: s since the step of the protocol began.
        longest: s; None for a single step.
    """
    flow, settings = run.flow, run.settings
    if flow.loads and run.stage.matrix is None:
        flow.prepare(time, 1.0 / length)
    flow.weigh()
    ts = PETSc.TS().create(run.stage.comm)
    prefix = f"ssbfem_time_{next(_prefix)}_"
    ts.setOptionsPrefix(prefix)
    ts.setType(kind)
    ts.setIFunction(flow.residual)
    ts.setIJacobian(flow.jacobian, flow.shell)
    ts.setEquationType(PETSc.TS.EquationType.IMPLICIT)
    ts.setTime(time)
    ts.setTimeStep(length)
    ts.setMaxTime(end)
    ts.setMaxSteps(10**9)
    ts.setMaxSNESFailures(-1)
    ts.setMaxStepRejections(40)
    ts.setErrorIfStepFails(False)
    options: dict[str, Any] = {"snes_linesearch_type": "bt", "ts_adapt_type": "none"}
    if longest is not None:
        duration = run.protocol.steps[run.position.step].duration
        ts.setExactFinalTime(PETSc.TS.ExactFinalTime.MATCHSTEP)
        options |= {
            "ts_adapt_type": "basic",
            "ts_adapt_dt_max": longest,
            "ts_adapt_dt_min": settings.smallest_step * duration,
            "ts_adapt_clip": "0.1,4",
            "ts_bdf_order": settings.order,
        }
        tolerances = flow.tolerances(settings.tolerance)
        ts.setTolerances(atol=tolerances, rtol=0.0)
    snes = ts.getSNES()
    snes.setConvergenceTest(flow.converged)
    snes.setTolerances(max_it=25)
    ksp = snes.getKSP()
    ksp.setType("preonly")
    pc = ksp.getPC()
    pc.setType("python")
    pc.setPythonContext(Preconditioner(flow))
    database = PETSc.Options()
    for key, value in options.items():
        database[prefix + key] = value
    ts.setFromOptions()
    for key in options:
        database.delValue(prefix + key)
    return ts
