"""Newton's method for one stage: PETSc SNES around a bordered linear solve."""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from petsc4py import PETSc

from fem.errors import ConvergenceError
from fem.solve.bordered import Bordered
from fem.solve.criteria import passing, roundoff
from fem.solve.stage import Stage

Array = npt.NDArray[np.float64]
log = logging.getLogger("ssbfem.solve")
_prefix = itertools.count()


@dataclass(frozen=True)
class NewtonOptions:
    """When to stop.

    Attributes:
        rtol: residual norm relative to the currents (forces) that pass through the model.
        max_iterations: Newton iterations before the attempt counts as failed.
    """

    rtol: float = 1e-11
    max_iterations: int = 40


@dataclass
class NewtonReport:
    """What a solve cost.

    Attributes:
        iterations: Newton iterations.
        linear_iterations: iterations of the linear solver, summed.
        residual: final residual norm over the reference.
    """

    iterations: int = 0
    linear_iterations: int = 0
    residual: float = 0.0
    history: list[float] = field(default_factory=list)


class NewtonSolver:
    """Solves a stage.

    Args:
        stage: assembly.
        linear: linear solver with ``set_operator(matrix)`` and ``solve(rhs, x)``.
        options: stopping criteria.
    """

    def __init__(self, stage: Stage, linear: Any, options: NewtonOptions | None = None) -> None:
        self.stage, self.linear, self.options = stage, linear, options or NewtonOptions()
        self.reference = 0.0
        self._assembled = False
        self._failure: BaseException | None = None
        self.bordered = Bordered(stage, linear)
        self.report = NewtonReport()
        n = int(stage.offsets[-1]) + stage.number_rows
        self.x, self.f = stage.create_vector(), stage.create_vector()
        shell = PETSc.Mat().createPython(((n, None), (n, None)), comm=stage.comm)
        shell.setPythonContext(_BorderedMatrix(self))
        shell.setUp()
        snes = PETSc.SNES().create(stage.comm)
        prefix = f"ssbfem_newton_{next(_prefix)}_"
        snes.setOptionsPrefix(prefix)
        self._prefix = prefix
        PETSc.Options()[f"{prefix}snes_linesearch_type"] = "basic" if stage.linear else "bt"
        snes.setFunction(self._function, self.f)
        snes.setJacobian(self._jacobian, shell)
        snes.setType("newtonls")
        snes.setConvergenceTest(self._converged)
        snes.setTolerances(max_it=self.options.max_iterations)
        snes.setFromOptions()
        del PETSc.Options()[f"{prefix}snes_linesearch_type"]
        ksp = snes.getKSP()
        ksp.setType("preonly")
        pc = ksp.getPC()
        pc.setType("python")
        pc.setPythonContext(_BorderedSolve(self))
        self.snes, self.shell = snes, shell

    # ---------------------------------------------------------------- SNES callbacks
    def _function(self, snes: Any, x: Any, f: Any) -> None:
        self.stage.set_state(np.array(x.array_r))
        f.array_w[:] = self.stage.residual() if self._failure is None else np.nan

    def _jacobian(self, snes: Any, x: Any, jac: Any, pre: Any) -> None:
        if self._assembled and self.stage.linear:
            return
        with self._remembering():
            self.stage.set_state(np.array(x.array_r))
            self.bordered.assemble()
        self._assembled = True

    @contextlib.contextmanager
    def _remembering(self) -> Iterator[None]:
        """Keep a failed linear solve and end the iteration in order: PETSc cannot carry Python's exceptions.

        Raised inside a callback they would leave vectors locked and reach the caller as a bare error code.
        """
        try:
            yield
        except (ConvergenceError, np.linalg.LinAlgError) as error:
            self._failure = error

    def _converged(self, snes: Any, iteration: int, norms: tuple[float, float, float]) -> int:
        _xnorm, _step, residual = norms
        reason = PETSc.SNES.ConvergedReason
        self.report.history.append(residual)
        if self._failure is not None:
            return int(reason.DIVERGED_LINEAR_SOLVE)
        if not np.isfinite(residual):
            return int(reason.DIVERGED_FNORM_NAN)
        if iteration == 0 and residual == 0.0:
            return int(reason.CONVERGED_FNORM_ABS)
        # without a matrix yet there is no scale of rounding, and a first guess must not pass for a solution
        if iteration > 0 or (self._assembled and self.stage.linear):
            reference = self._passing()
            if residual <= self.options.rtol * reference:
                return int(reason.CONVERGED_FNORM_RELATIVE)
            if residual <= roundoff(self.stage):
                return int(reason.CONVERGED_FNORM_ABS)
        return int(reason.CONVERGED_ITERATING)

    def search(self, kind: str) -> None:
        """Line search of later solves: ``bt`` (the residual must fall), ``basic`` (full steps) or ``l2``.

        Where stiffness jumps by many orders of magnitude (cracks that close), full steps find their way although the
        residual rises on it.
        """
        key = f"{self._prefix}snes_linesearch_type"
        PETSc.Options()[key] = kind
        self.snes.setFromOptions()
        del PETSc.Options()[key]

    def renew(self) -> None:
        """Assemble anew at the next solve: something outside of the stage has changed its matrix."""
        self._assembled = False

    def _passing(self) -> float:
        return passing(self.stage, self.reference if self.stage.linear else 0.0)

    # ---------------------------------------------------------------- solve
    def solve(self) -> NewtonReport:
        """Solve from the current state; the solution is written into the fields and numbers.

        Raises:
            ConvergenceError: the state is left at the last iterate.
        """
        self.report = NewtonReport()
        for item in self.stage.fields:
            item.apply_ties()
        self.x.array_w[:] = self.stage.get_state()
        if self.stage.linear:
            start = self.stage.residual()
            self.reference = max(self.reference, float(self.stage.comm.allreduce(np.sum(start**2))) ** 0.5)
        self._failure = None
        before = self.bordered.iterations
        self.snes.solve(None, self.x)
        if self._failure is not None:
            names = ", ".join(f.name for f in self.stage.fields)
            raise ConvergenceError(f"the Newton step failed for {names}: {self._failure}") from self._failure
        self.stage.set_state(np.array(self.x.array_r))
        reason = self.snes.getConvergedReason()
        self.report.iterations = int(self.snes.getIterationNumber())
        self.report.linear_iterations = self.bordered.iterations - before
        reference = self._passing()
        last = self.report.history[-1] if self.report.history else 0.0
        self.report.residual = last / reference if reference > 0 else last
        if reason < 0 and not self._stagnated(last, reference):
            names = ", ".join(f.name for f in self.stage.fields)
            raise ConvergenceError(f"Newton did not converge for {names} (reason {reason}, residual {last:.3e})")
        log.debug("newton: %d iterations, residual %.2e", self.report.iterations, self.report.residual)
        return self.report

    def _stagnated(self, last: float, reference: float) -> bool:
        """True when the residual is as small as rounding lets it be, although above the asked tolerance."""
        return bool(np.isfinite(last)) and last <= max(1e3 * roundoff(self.stage), 1e-9 * reference)

    def destroy(self) -> None:
        """Free PETSc objects."""
        for item in (self.snes, self.shell, self.x, self.f, self.bordered):
            item.destroy()


class _BorderedMatrix:
    def __init__(self, solver: NewtonSolver) -> None:
        self.solver = solver

    def mult(self, mat: Any, x: Any, y: Any) -> None:
        y.array_w[:] = self.solver.bordered.multiply(np.array(x.array_r))


class _BorderedSolve:
    def __init__(self, solver: NewtonSolver) -> None:
        self.solver = solver

    def apply(self, pc: Any, x: Any, y: Any) -> None:
        y.array_w[:] = 0.0
        with self.solver._remembering():
            y.array_w[:] = self.solver.bordered.solve(np.array(x.array_r))
