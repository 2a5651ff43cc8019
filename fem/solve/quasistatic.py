"""Quasi-static loading of models with histories (bonds that break, contacts that stick) in steps that may fail.

A step that finds no equilibrium is taken back as a whole, histories included, and tried again with half its length; one
in which bonds lose more than they should, too. Where equilibrium jumps (snap-back under given displacements) no step is
short enough: let the run jump (`StepSettings.jumps`), give the bond a viscosity (what either dissipates is part of the
balance), or drive an opening (`fem.conditions.OpeningControl`) in the place of a load.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fem.errors import ConvergenceError
from fem.solve.bonds import Bonds
from fem.solve.driver import Solver
from fem.solve.work import Book, Energies

if TYPE_CHECKING:
    from fem.model import Model

log = logging.getLogger("ssbfem.solve")

__all__ = ["QuasiStatic", "StepPoint", "StepSettings"]


@dataclass(frozen=True)
class StepSettings:
    """Load steps, in parts of the whole path.

    Attributes:
        first: step. largest: step. smallest: below which the run ends.
        change: largest growth of damage at a point of an interface in one step; None: any.
        miss: work of the bonds that the mean of the forces at both ends of a step misses, over the energy that there
            is: more, and the step is cut. Where no cut helps, the bonds have jumped.
        duration: s that the whole path takes, for viscous bonds.
        jumps: where no step is short enough, follow the bonds in pseudo-time, in which their damage comes little by
            little at a fixed load; what they dissipate beyond their toughness is what a jump would radiate.
        begin: part of the path at which the first state is sought: more than nothing where it is the load that holds
            the bodies together.
    """

    first: float = 0.05
    largest: float = 0.05
    smallest: float = 1e-7
    change: float | None = None
    duration: float = 1.0
    miss: float = field(default=0.01, kw_only=True)
    jumps: bool = field(default=False, kw_only=True)
    begin: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        if not 0 < self.smallest <= self.first <= 1 or not 0 < self.largest <= 1:
            raise ValueError(f"steps must lie in 0 < smallest <= first, largest <= 1, got {self}")
        if not 0 <= self.begin <= 1:
            raise ValueError(f"begin must lie in 0 <= begin <= 1, got {self.begin}")


@dataclass(frozen=True)
class StepPoint:
    """An accepted state.

    Attributes:
        load: 0 to 1. step: that led here. iterations: of Newton's method.
        energies: J (per depth in 2-D). work: done on the model since the first state, J.
        jumped: a jump of bonds led here.
    """

    load: float
    step: float
    iterations: int
    energies: Energies
    work: float
    jumped: bool = False


class QuasiStatic:
    """Loads a model along a path.

    Args:
        model: with mechanics. apply: sets the loads at a part of the path, 0 to 1.
        settings: steps. solver: of the model.

    Attributes:
        failed: steps without an equilibrium. shortened: steps in which too much broke.
        load: that has been reached. next_step: length of the step that follows.
    """

    def __init__(
        self,
        model: Model,
        apply: Callable[[float], None],
        settings: StepSettings | None = None,
        solver: Solver | None = None,
    ) -> None:
        self.model, self.apply, self.settings = model, apply, settings or StepSettings()
        self.solver = solver or Solver(model)
        kinds = ("displacement", "contact")
        self._moving = [any(f.kind in kinds for f in stage.fields) for stage in self.solver.stages]
        self.book = Book(model)
        self.failed = self.shortened = 0
        self.load, self.next_step = self.settings.begin, self.settings.first
        self._bonds = Bonds(model)

    def _solve(self) -> None:
        """Solve; where no equilibrium is found nothing else is tried, because the step is shortened."""
        self.solver.prepare()
        for k, moving in enumerate(self._moving):
            self.solver.continuation = not moving
            if not moving:  # what conducts has changed
                self.solver.newtons[k].renew()
            self.solver.solve_stage(k)
        self.solver.continuation = True

    def _try(self, load: float, length: float) -> int | None:
        """Solve at a load; Newton iterations, or None when the step is too long."""
        self.apply(load)
        self._bonds.step(length * self.settings.duration)
        before = self.solver.report.newton_iterations
        try:
            self._solve()
        except ConvergenceError as error:
            log.debug("no equilibrium at %g after a step of %g: %s", load, length, error)
            self.failed += 1
            return None
        if self.settings.change is not None and self._bonds.growth() > self.settings.change:
            self.shortened += 1
            return None
        if load > self.load and self._bonds.missed(self.book.energies) > self.settings.miss:
            if length > 2 * self.settings.smallest:
                self.shortened += 1
                return None
            self._bonds.mark(True)
        return self.solver.report.newton_iterations - before

    def _point(self, load: float, step: float, iterations: int) -> StepPoint:
        jumped = self._bonds.jumped
        self.model.accept()
        self._bonds.mark(False)
        return StepPoint(load, step, iterations, self.book.energies(), self.book.advance(), jumped)

    def _state(self) -> list[Any]:
        return [stage.get_state() for stage in self.solver.stages]

    def _restore(self, state: list[Any]) -> None:
        for stage, values in zip(self.solver.stages, state, strict=True):
            stage.set_state(values)

    def _jump(self, load: float) -> Iterator[StepPoint]:
        """States on the way to the next equilibrium at a fixed load, and that one."""
        self.apply(load)
        before = self.solver.report.newton_iterations
        for _ in self._bonds.jump(self._solve, self._state, self._restore):
            yield self._point(load, 0.0, self.solver.report.newton_iterations - before)
            before = self.solver.report.newton_iterations

    def numbers(self) -> dict[str, float]:
        """What a checkpoint keeps beside the unknowns of the model and its histories; see `resume`."""
        return {"load": self.load, "step": self.next_step, "work": self.book.work}

    def resume(self, numbers: Mapping[str, float]) -> None:
        """Go on from a state whose unknowns and histories are in the model again: `run` begins with it."""
        self.load, self.next_step, self.book.work = (numbers[key] for key in ("load", "step", "work"))
        self.solver.keep_state()

    def run(self) -> Iterator[StepPoint]:
        """Every accepted state, from the first one on (or from where it was resumed). Collective.

        Raises:
            ConvergenceError: no equilibrium however short the step, with the load that was reached.
        """
        settings = self.settings
        found = self._try(self.load, 0.0)
        if found is None:
            raise ConvergenceError("no equilibrium before loading")
        yield self._point(self.load, 0.0, found)
        while self.load < 1.0:
            done, step = self.load, self.next_step
            state = self._state()
            load = 1.0 if done + step > 1.0 - 1e-12 else done + step
            found = self._try(load, load - done)
            if found is None:
                self._restore(state)
                self.next_step = 0.5 * (load - done)
                if self.next_step < settings.smallest:
                    if settings.jumps and self._bonds:
                        self.load, self.next_step = load, settings.first
                        yield from self._jump(load)
                        continue
                    raise ConvergenceError(
                        f"no equilibrium beyond {done:.6g} of the load path, however short the step: what breaks there "
                        "jumps; allow jumps, give the bond a viscosity, or control its opening"
                    )
                continue
            self.load, self.next_step = load, min(settings.largest, 1.5 * step)
            yield self._point(load, load - done, found)
