"""Time steps of a transient run from one fresh start of PETSc's TS to the next, and where cut-offs end them."""

from __future__ import annotations

import itertools
import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from petsc4py import PETSc

from fem.errors import ConvergenceError
from fem.protocol import Cutoff, Step
from fem.solve.control import GROWTH, History, fitted, shortened
from fem.solve.flow import Preconditioner

if TYPE_CHECKING:
    from fem.solve.transient import Point, Transient

log = logging.getLogger("ssbfem.solve")
_prefix = itertools.count()

LOCATED = 1e-6
"""Cut-offs are met to this share of the threshold's own scale (voltages: to this many volts)."""
MOST_TRIALS = 8
CUT = 0.25
"""Where too much breaks in a step, the next attempt has this share of its length."""
MOST_REJECTIONS = 40
"""How often a step is cut to a quarter because Newton's iteration failed."""
APART = 1e-3
"""Share of a time step over which the slope of the interpolated charge is taken: the current within the step."""


@dataclass(frozen=True)
class Stuck:
    """Where no time step succeeds that is as long as bonds allow.

    Attributes:
        state: (local rows,) of the last accepted step. length: of the shortest step that was tried, s.
    """

    state: npt.NDArray[np.float64]
    length: float


class Leg:
    """Time steps from one fresh start of the integrator to the next.

    Args:
        run: owner. step: step of the protocol. end: s since it began, where the leg ends at the latest.

    Attributes:
        time: s since the step began. next_step: s. met: the cut-off that ended the leg.
        broken: damage that grew, or a jump of bonds, has ended it. stuck: a step that does not succeed has.
    """

    def __init__(self, run: Transient, step: Step, end: float) -> None:
        self.run, self.step, self.end = run, step, end
        self.time = run.position.time
        self.next_step = run.position.next_step or run.first_length(step)
        self.met: Cutoff | None = None
        self.broken = False
        self.stuck: Stuck | None = None
        self._tried = 0.0
        run._leg_start = self.time
        self.vector = run.flow.vector()
        self._state = np.array(self.vector.array_r)
        self.history = self._no_history()
        self.ts = make_ts(run, "bdf", self.time, self.next_step)
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
            begin, here = self.time, run.flow.flat()
            try:
                before = self._advance()
            except ConvergenceError:
                if run.parting is None or not run.parting.impatient:
                    raise
                self.time, self.stuck = begin, Stuck(here, self._tried)
                return
            now = [run.margin(c) for c in self.step.cutoffs]
            crossed = [k for k, (a, b) in enumerate(zip(margins, now, strict=True)) if b <= 0.0 < a]
            if crossed:
                self._locate(begin, before, crossed, margins, now)
            margins = now
            ended = str(self.met) if self.met else ("duration" if self._done() else None)
            run.report.steps += 1
            yield from self._between(begin)
            run.accept(self.time)
            yield run._point(self.step, self.time, self.time - begin, ended)
            if self.met is not None or self._at_end() or self.broken:
                return

    def _between(self, begin: float) -> Iterator[Point]:
        """Points within the step that has just been accepted, where some are wanted; leaves its end behind."""
        run, flow = self.run, self.run.flow
        wanted = run.asked_between(begin, self.time)
        if not wanted:
            return
        end, work = np.array(self.vector.array_r), self.vector.duplicate()
        near = APART * (self.time - begin)
        for time in wanted:
            passed = []
            for beside in (time - near, time + near):
                self.ts.interpolate(beside, work)
                flow.take(np.array(work.array_r))
                passed.append(flow.charge)
            self.ts.interpolate(time, work)
            flow.take(np.array(work.array_r))
            current = (passed[1] - passed[0]) / (2 * near)
            yield run._point(self.step, time, time - begin, between=current)
        work.destroy()
        flow.take(end)

    def _done(self) -> bool:
        return self.time >= self.step.duration * (1 - 1e-14)

    def _no_history(self) -> History:
        settings = self.run.settings
        return History(self.run.flow, settings.tolerance, settings.order, self.time, self._state)

    def _advance(self, exact: float | None = None) -> float:
        """One accepted step; returns its length as it was wanted. `exact`: s, of just that length, to meet a cut-off.

        Lengths have few digits: estimated errors depend on rounding, and runs on other numbers of ranks (or resumed
        ones) shall stop at the same times.
        """
        begin, wanted, run = self.time, self.next_step, self.run
        length = exact or fitted(wanted, self.end - begin)
        shortest = run.settings.smallest_step * self.step.duration
        growth, tried = GROWTH, list[tuple[float, float]]()
        while True:
            if run.cracking is not None:
                run.cracking.begin()
            self.ts.setTimeStep(length)
            cut = self._step()
            taken = float(self.ts.getTime()) - begin
            self._remember(begin, taken)
            if exact:
                self._follow_damage(taken, math.inf)
                self._follow_bonds(taken, math.inf)
                break
            estimate = self.history.estimate()
            growth = min(growth, 1.0) if cut else growth
            if estimate.accepted or taken <= shortest:
                least = self._least()
                if not (self._follow_damage(taken, least) and self._follow_bonds(taken, least)):
                    run.report.broken += 1
                    growth, tried = 1.0, []
                    length = fitted(max(CUT * taken, least), math.inf)
                    self._take_back(begin, length)
                    continue
                following = taken * min(estimate.factor, growth)
                # a step that was cut to meet the end says nothing of how long the next may be
                self.next_step = min(max(following, wanted if self._at_end() else 0.0), run.longest(self.step))
                break
            run.report.rejected += 1
            growth = 1.0
            assert estimate.error is not None
            tried.append((taken, estimate.error))
            length = fitted(shortened(tried, estimate.order), math.inf)
            self._take_back(begin, length)
        run.flow.accept()
        run.report.newton_iterations = run.flow.newton_iterations
        run.report.linear_iterations = run.flow.bordered.iterations
        run.report.linear_solver = run.flow.bordered.linear.describe()
        return wanted

    def _least(self) -> float:
        """Shortest time step that damage asks for, s."""
        cracking, parting = self.run.cracking, self.run.parting
        if parting is not None:
            return parting.settings.smallest * self.step.duration
        return 0.0 if cracking is None else cracking.settings.smallest * self.step.duration

    def _follow_damage(self, taken: float, shortest: float) -> bool:
        """Find the damage at the end of a step; whether the step may stay. The state of the integrator follows."""
        run = self.run
        if run.cracking is None:
            return True
        stays = run.cracking.follow(taken, shortest)
        if stays:
            self.vector.array_w[:] = run.flow.flat()
            self.broken = run.cracking.anew
        return stays

    def _follow_bonds(self, taken: float, shortest: float) -> bool:
        """Whether a step may stay, for what bonds do in it."""
        parting = self.run.parting
        if parting is None:
            return True
        stays = parting.stays(taken, shortest)
        self.broken = self.broken or parting.bonds.jumped
        return stays

    @property
    def _fresh(self) -> bool:
        return len(self.history.times) == 1

    def _remember(self, begin: float, taken: float) -> None:
        """The step that has been taken is the state of the model and the newest of the history."""
        if self._fresh and self.run.settings.order > 1:
            work = self.vector.duplicate()  # PETSc begins with half a step of order 1
            self.ts.interpolate(begin + taken / 2, work)
            self.history.push(begin + taken / 2, np.array(work.array_r))
            work.destroy()
        now = float(self.ts.getTime())
        self.time = self.end if abs(now - self.end) <= 1e-14 * abs(self.end) else now
        state = np.array(self.vector.array_r)
        self.history.push(self.time, state)
        self.run.flow.take(state)

    def _take_back(self, begin: float, length: float) -> None:
        """Be where the last step began, to try it with another length."""
        self.time = begin
        if len(self.history.times) - (self.run.settings.order > 1) > 2:
            self.history.pop()
            self.ts.rollBack()
        else:
            self._begin_again(length)

    def _at_end(self) -> bool:
        return self.time >= self.end * (1 - 1e-14)

    def _step(self) -> bool:
        """Let PETSc take a step; whether it had to be cut because Newton's iteration failed."""
        run, ts = self.run, self.ts
        failed = int(ts.getSNESFailures())
        run.flow.failure = None
        most, length = MOST_REJECTIONS, float(ts.getTimeStep())
        if run.parting is not None:
            most = run.parting.cuts(length, self._least(), most)
        self._tried = length * 0.25**most
        ts.setMaxStepRejections(most)
        ts.step()
        failed = int(ts.getSNESFailures()) - failed
        run.report.failed += failed
        if int(ts.getConvergedReason()) < 0:
            raise ConvergenceError(
                f"no time step longer than {run.settings.smallest_step * self.step.duration:.3g} s succeeds at "
                f"{run.position.begun + self.time:.6g} s (step {self.step.name!r}): the concentration may be "
                "exhausted; try a cut-off (until: {voltage: ...}), a smaller current, or a looser time tolerance"
            )
        return failed > 0

    def _begin_again(self, length: float) -> None:
        """Start the leg once more with another step: its first one has no history to go back to."""
        run, self.history = self.run, self._no_history()
        run.flow.take(self._state)
        self.ts.destroy()
        self.vector.destroy()
        self.vector = run.flow.vector()
        self.ts = make_ts(run, "bdf", self.time, length)
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
            self.history.pop()
            self.time = begin
            self._advance(exact=where - begin)
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


def make_ts(run: Transient, kind: str, time: float, length: float) -> Any:
    """A PETSc TS on the flow of a run.

    Args:
        run: owner. kind: ``bdf`` or ``beuler``.
        time: s since the step of the protocol began. length: s, of the first time step; who steps sets the others.
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
    ts.setMaxTime(1e300)
    ts.setMaxSteps(10**9)
    ts.setMaxSNESFailures(-1)
    ts.setMaxStepRejections(MOST_REJECTIONS)
    ts.setErrorIfStepFails(False)
    ts.setExactFinalTime(PETSc.TS.ExactFinalTime.STEPOVER)
    # the residual may rise on the way to which facets are closed, or softened
    abrupt = any(f.kind == "contact" or f.softens for f in run.stage.fields)
    options: dict[str, Any] = {"snes_linesearch_type": "basic" if abrupt else "bt", "ts_adapt_type": "none"}
    if kind == "bdf":
        options["ts_bdf_order"] = settings.order
    snes = ts.getSNES()
    snes.setConvergenceTest(flow.converged)
    # where no line search helps, PETSc calls a step converged that is this small; concentrations make norms large
    # contact opens and closes facet by facet
    many = any(f.kind == "contact" for f in run.stage.fields)
    snes.setTolerances(stol=1e-13, max_it=60 if many else 25)
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
