"""Quasi-static loading of models with histories (bonds that break, contacts that stick) in steps that may fail.

A step that finds no equilibrium is taken back as a whole, histories included, and tried again with half its length; one
in which bonds lose more than they should, too. Where equilibrium jumps (snap-back under given displacements) no step is
short enough: give the bond a viscosity, whose work is part of the balance, or drive an opening
(`fem.conditions.OpeningControl`) in the place of a load.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from mpi4py import MPI

from fem.errors import ConvergenceError
from fem.joints import CohesiveJoint
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
        duration: s that the whole path takes, for viscous bonds.
        begin: part of the path at which the first state is sought: more than nothing where it is the load that holds
            the bodies together.
    """

    first: float = 0.05
    largest: float = 0.05
    smallest: float = 1e-7
    change: float | None = None
    duration: float = 1.0
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
    """

    load: float
    step: float
    iterations: int
    energies: Energies
    work: float


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
        self.solver.continuation = False
        self.book = Book(model)
        self.failed = self.shortened = 0
        self.load, self.next_step = self.settings.begin, self.settings.first
        self._bonds = [joint for joint in model.joints.values() if isinstance(joint, CohesiveJoint)]
        self._asked: list[Any] = []

    def _growth(self) -> float:
        """Largest growth of damage since the last accepted state."""
        if not self._asked:
            self._asked = [b.points.sampler(b.damage(), b.before.function_space) for b in self._bonds]
        pairs = zip(self._asked, self._bonds, strict=True)
        here = max((float(np.max(sample() - b.before.x.array, initial=0.0)) for sample, b in pairs), default=0.0)
        return float(self.model.geometry.comm.allreduce(here, op=MPI.MAX))

    def _try(self, load: float, length: float) -> int | None:
        """Solve at a load; Newton iterations, or None when the step is too long."""
        self.apply(load)
        for bond in self._bonds:
            bond.step(length * self.settings.duration)
        before = self.solver.report.newton_iterations
        try:
            self.solver.solve()
        except ConvergenceError as error:
            log.debug("no equilibrium at %g after a step of %g: %s", load, length, error)
            self.failed += 1
            return None
        if self.settings.change is not None and self._bonds and self._growth() > self.settings.change:
            self.shortened += 1
            return None
        return self.solver.report.newton_iterations - before

    def _point(self, load: float, step: float, iterations: int) -> StepPoint:
        self.model.accept()
        return StepPoint(load, step, iterations, self.book.energies(), self.book.advance())

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
            state = [stage.get_state() for stage in self.solver.stages]
            load = 1.0 if done + step > 1.0 - 1e-12 else done + step
            found = self._try(load, load - done)
            if found is None:
                for stage, values in zip(self.solver.stages, state, strict=True):
                    stage.set_state(values)
                self.next_step = 0.5 * (load - done)
                if self.next_step < settings.smallest:
                    raise ConvergenceError(
                        f"no equilibrium beyond {done:.6g} of the load path, however short the step: what breaks there "
                        "jumps; a viscosity of the bond or control of its opening carries on"
                    )
                continue
            self.load, self.next_step = load, min(settings.largest, 1.5 * step)
            yield self._point(load, load - done, found)
