"""Solves a model stage by stage, from a guess that needs no user, with continuation when Newton fails."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fem.errors import ConvergenceError
from fem.solve.initial import guess_potentials
from fem.solve.newton import NewtonOptions, NewtonReport, NewtonSolver
from fem.solve.stage import Stage
from fem.unknowns import Number

if TYPE_CHECKING:
    from fem.model import Model

log = logging.getLogger("ssbfem.solve")

# Exponent at which kinetics are continued by their tangent, tightest first, when Newton fails from the guess.
EXPONENT_LADDER = (2.0, 6.0, 15.0, 40.0, 150.0)
# Solves, each about potentials that count from those of the one before, until a metal's currents have all digits.
MOST_ANCHORINGS = 4
SMALLEST_LOAD_STEP = 1.0 / 1024


@dataclass
class SolveReport:
    """What solving a model cost.

    Attributes:
        newton_iterations, linear_iterations: sums over stages.
        wall_seconds: phase -> seconds.
        stages: report of every stage, by the names of its fields.
        linear_solver: description of the linear solver of every stage.
        notes: what had to be done beyond a plain Newton iteration.
    """

    newton_iterations: int = 0
    linear_iterations: int = 0
    wall_seconds: dict[str, float] = field(default_factory=dict)
    stages: dict[str, NewtonReport] = field(default_factory=dict)
    linear_solver: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class Solver:
    """Solves a model; keeps set-up (matrices, preconditioners) for repeated solves such as sweeps.

    Args:
        model: the model.
        method: ``auto``, ``direct`` or ``iterative`` linear solver.
        options: Newton criteria.
    """

    def __init__(self, model: Model, method: str = "auto", options: NewtonOptions | None = None) -> None:
        self.model = model
        self.report = SolveReport()
        start = time.perf_counter()
        self.stages: list[Stage] = [Stage(model.system, f, n) for f, n in model.system.stages]
        self.report.wall_seconds["compile forms"] = time.perf_counter() - start
        self.newtons = [NewtonSolver(s, self.linear_for(s, method), options) for s in self.stages]
        self._guessed = self._begun = False
        self.continuation = True  # False: one attempt, because the caller shortens its steps
        for stage, newton in zip(self.stages, self.newtons, strict=True):
            if any(f.kind == "contact" or f.softens for f in stage.fields):
                # an active set is found in full steps, on which the residual may rise, facet by facet where it is large
                newton.search("basic")
                if not any(f.softens for f in stage.fields):
                    newton.snes.setTolerances(max_it=5 * newton.options.max_iterations)

    @staticmethod
    def linear_for(stage: Stage, method: str) -> Any:
        """The linear solver that suits a stage."""
        from fem.solve.linear import linear_solver
        from fem.solve.mass import MassSolver

        if stage.fields and all(f.kind == "traction" for f in stage.fields):
            return MassSolver(stage.comm)
        return linear_solver(stage, method)

    @property
    def dofs(self) -> int:
        """Number of scalar unknowns."""
        return sum(f.global_size() for f in self.model.fields if f.kind != "traction") + len(
            self.model.system.unknown_numbers
        )

    def fresh_guess(self) -> None:
        """Start the next solve from a guess of the potentials at the present loads instead of the present ones."""
        self._guessed = False

    def keep_state(self) -> None:
        """Start the next solve from the present state, which need not be a solution."""
        self._guessed = self._begun = True

    def prepare(self) -> None:
        """Guess a state, unless there is one to start from."""
        if not self._guessed:
            guess_potentials(self.model)
            for joint in self.model.joints.values() if not self._begun else ():
                joint.start()
            self._guessed = self._begun = True

    def solve(self) -> SolveReport:
        """Solve at the present loads, from the present state (the first time: from a guess).

        Raises:
            ConvergenceError: with advice, after cut-backs and continuation have failed.
        """
        self.prepare()
        for k in range(len(self.stages)):
            self.solve_stage(k)
        return self.report

    def solve_stage(self, index: int) -> NewtonReport:
        """Solve one stage with the others as they are.

        Raises:
            ConvergenceError: with advice, after cut-backs and continuation have failed.
        """
        stage, newton = self.stages[index], self.newtons[index]
        name = " + ".join(f.name for f in stage.fields) or "numbers"
        start = time.perf_counter()
        report = self._solve_stage(stage, newton)
        for _ in range(MOST_ANCHORINGS):
            moved = [f.count_from_anchor() for f in stage.fields]
            if not any(moved):
                break
            again = newton.solve()
            report.iterations += again.iterations
            report.linear_iterations += again.linear_iterations
            report.residual = again.residual
        self.report.wall_seconds[f"solve {name}"] = (
            self.report.wall_seconds.get(f"solve {name}", 0.0) + time.perf_counter() - start
        )
        self.report.newton_iterations += report.iterations
        self.report.linear_iterations += report.linear_iterations
        self.report.stages[name] = report
        self.report.linear_solver[name] = newton.linear.describe()
        return report

    def _solve_stage(self, stage: Stage, newton: NewtonSolver) -> NewtonReport:
        start = stage.get_state()
        try:
            return newton.solve()
        except ConvergenceError as first:
            if not self.continuation:
                raise
            if stage.linear:
                raise ConvergenceError(f"{first}; try solver: {{method: direct}} or a finer mesh") from first
            self.report.notes.append(f"Newton failed from the first guess ({first}); continued in the exponent")
        try:
            return self._exponent_continuation(stage, newton, start)
        except ConvergenceError:
            self.report.notes.append("continuation in the exponent failed; continued in the load")
        return self._load_continuation(stage, newton)

    def _exponent_continuation(self, stage: Stage, newton: NewtonSolver, start: Any) -> NewtonReport:
        """Solve with kinetics that turn linear beyond a small exponent, then widen the range."""
        limit = self.model.exponent_limit
        full = float(limit.value)
        stage.set_state(start)
        total = NewtonReport()
        try:
            for value in EXPONENT_LADDER:
                limit.value = value
                report = newton.solve()
                total.iterations += report.iterations
                total.linear_iterations += report.linear_iterations
                total.residual = report.residual
        finally:
            limit.value = full
        return total

    def _load_continuation(self, stage: Stage, newton: NewtonSolver) -> NewtonReport:
        """Raise the currents from zero with steps that shrink on failure and grow on success."""
        targets = {n: n.source for n in stage.numbers}
        total = NewtonReport()
        self._scale(targets, 0.0)
        guess_potentials(self.model)
        done, step = 0.0, 0.125
        good = stage.get_state()
        try:
            while done < 1.0:
                now = min(1.0, done + step)
                self._scale(targets, now)
                try:
                    report = newton.solve()
                except ConvergenceError as error:
                    step /= 2
                    stage.set_state(good)
                    if step < SMALLEST_LOAD_STEP:
                        raise ConvergenceError(
                            f"no convergence beyond {100 * done:.3g} % of the current ({error}); try a smaller "
                            "current, a finer mesh at the contact edges, or a larger exchange current"
                        ) from error
                    continue
                done, step, good = now, min(2 * step, 0.5), stage.get_state()
                total.iterations += report.iterations
                total.linear_iterations += report.linear_iterations
                total.residual = report.residual
        finally:
            self._scale(targets, 1.0)
        return total

    @staticmethod
    def _scale(targets: dict[Number, float], factor: float) -> None:
        for number, source in targets.items():
            number.source = factor * source

    def differential_resistance(self, number: Number) -> float:
        """d(number)/d(its source) at the present state: ohm for a terminal (ohm m, ohm m^2 in 2-D, 1-D)."""
        for stage, newton in zip(self.stages, self.newtons, strict=True):
            if number in stage.numbers:
                newton.bordered.assemble()
                rhs = np.zeros(int(stage.offsets[-1]) + stage.number_rows)
                k = stage.numbers.index(number)
                if stage.comm.rank == 0:
                    rhs[int(stage.offsets[-1]) + k] = 1.0
                solution = newton.bordered.solve(rhs)
                value = solution[int(stage.offsets[-1]) + k] if stage.comm.rank == 0 else None
                return float(stage.comm.bcast(value, root=0))
        raise ConvergenceError(f"{number.name} is prescribed: it has no differential resistance")

    def destroy(self) -> None:
        """Free PETSc objects."""
        for newton in self.newtons:
            newton.linear.destroy()
            newton.destroy()
