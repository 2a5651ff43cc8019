"""Finds the equilibrium by Newton's method, following it from zero load, and linearises it."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from fem.errors import ConvergenceError
from fem.solve.bordered import Bordered
from fem.solve.linear import linear_solver
from fem.solve.newton import NewtonOptions, NewtonSolver
from fem.solve.stage import Stage
from fem.space_charge.problem import SpaceChargeProblem

Array = npt.NDArray[np.float64]
log = logging.getLogger("ssbfem.space_charge")

#: Steps of the load in units of the thermal voltage: the first one, and those below which there is no hope.
FIRST_STEP, SMALLEST_STEP = 8.0, 1e-3
MOST_ITERATIONS = 25


@dataclass
class SpaceChargeReport:
    """What solving cost, summed over all solves."""

    newton_iterations: int = 0
    linear_iterations: int = 0
    load_steps: int = 0
    wall_seconds: float = 0.0
    linear_solver: str = ""
    notes: list[str] = field(default_factory=list)


class SpaceChargeSolver:
    """Solves a problem; repeated solves start from the last state.

    Args:
        problem: the problem; its controls say what is imposed.
        method: ``auto``, ``direct`` or ``iterative`` linear solver.
        tolerance: residual of a solve relative to the largest charge.
    """

    def __init__(self, problem: SpaceChargeProblem, method: str = "auto", tolerance: float = 1e-11) -> None:
        self.problem = problem
        self.report = SpaceChargeReport()
        self._options = NewtonOptions(tolerance, MOST_ITERATIONS)
        unknown = [n for n in problem.numbers.values() if n.unknown]
        attraction = any(g.interaction < 0 for m in problem.media.values() for g in m.sublattices)
        # attraction makes a saddle, which conjugate gradients cannot climb
        self._method = "direct" if attraction else method
        self._main = self._newton(Stage(problem.system, problem.fields, unknown))

    def _newton(self, stage: Stage) -> NewtonSolver:
        return NewtonSolver(stage, linear_solver(stage, self._method), self._options)

    @property
    def dofs(self) -> int:
        """Number of scalar unknowns."""
        return sum(f.global_size() for f in self.problem.fields) + len(self._main.stage.numbers)

    # ------------------------------------------------------------------ solving
    def solve(self) -> SpaceChargeReport:
        """Move every control to its target, from the present state, in steps as large as Newton's method takes.

        Raises:
            ConvergenceError: naming how far the load could be raised.
        """
        start = time.perf_counter()
        controls = self.problem.controls
        origin = [c.value for c in controls]
        change = [c.target - a for c, a in zip(controls, origin, strict=True)]
        size = max((abs(d) / c.scale for c, d in zip(controls, change, strict=True)), default=0.0)
        done, step = 0.0, min(1.0, FIRST_STEP / size) if size > 0 else 1.0
        good = self._main.stage.get_state()
        before = good
        width = 0.0
        while done < 1.0:
            now = 1.0 if done + step > 1.0 - 1e-9 else done + step
            for control, a, d in zip(controls, origin, change, strict=True):
                control.value = a + now * d
            # the layer that is there already grows on: continue it along the last step
            guess = good + (good - before) * ((now - done) / width) if width > 0 else good
            self._main.stage.set_state(guess)
            try:
                self._solve_once()
            except ConvergenceError as error:
                if width > 0:
                    width = 0.0  # next time without the prediction
                    continue
                step /= 4
                if step * max(size, 1.0) < SMALLEST_STEP:
                    self._restore(controls, [a + done * d for a, d in zip(origin, change, strict=True)], good)
                    raise ConvergenceError(
                        f"no space charge beyond {100 * done:.3g} % of the load ({error}); try a finer mesh at the "
                        "interfaces or a smaller potential"
                    ) from error
                continue
            self.report.load_steps += 1
            before, good, width = good, self._main.stage.get_state(), now - done
            done, step = now, 2 * step
        self.report.wall_seconds += time.perf_counter() - start
        self.report.linear_solver = self._main.linear.describe()
        return self.report

    def _solve_once(self) -> None:
        report = self._main.solve()
        self.report.newton_iterations += report.iterations
        self.report.linear_iterations += report.linear_iterations

    def _restore(self, controls: Any, values: list[float], state: Array) -> None:
        for control, value in zip(controls, values, strict=True):
            control.value = value
        self._main.stage.set_state(state)

    # ------------------------------------------------------------------ charges and their slopes
    def charge(self, name: str) -> float:
        """Charge that an electrode (or the conserved amount of an ion) feeds into the model, C/m^2 of nominal area."""
        stage = self._linearised.stage
        number = self.problem.numbers[name]
        return stage.charge(stage.numbers.index(number)) + stage.tied_sum(number, stage.full_residual())

    def surface_charge(self, electrode: str) -> float:
        """Charge on the surface of an electrode, C/m^2 of nominal area, without the electrons that it gave away."""
        stage = self._linearised.stage
        return stage.tied_sum(self.problem.numbers[electrode], stage.full_residual())

    def capacitance(self) -> tuple[tuple[str, ...], Array]:
        """Names of the electrodes and their (n, n) differential capacitances dq_i/dV_j, F/m^2 of nominal area.

        All other potentials are fixed, and so are the amounts of conserved ions. From the linearised problem: the
        Schur complement of its Jacobian.
        """
        stage = self._linearised.stage
        stage.assemble_jacobian()
        self._linearised.linear.set_operator(stage.matrix)
        solved = [self._linearised.field_solve(b) for b in stage.borders]
        through = stage.comm.allreduce(np.array([[b @ y for y in solved] for b in stage.borders]))
        full = np.asarray(stage.corner - through, dtype=np.float64)
        names = list(self.problem.numbers)
        inner = [k for k, name in enumerate(names) if name not in self.problem.electrodes]
        outer = [k for k, name in enumerate(names) if name in self.problem.electrodes]
        found = full[np.ix_(outer, outer)]
        if inner:
            found = found - full[np.ix_(outer, inner)] @ np.linalg.solve(
                full[np.ix_(inner, inner)], full[np.ix_(inner, outer)]
            )
        return tuple(names[k] for k in outer), found

    def electrode_capacitance(self, electrode: str) -> float:
        """dq/dV of one electrode, F/m^2; electrodes with given charge follow, the others keep their potentials."""
        names, matrix = self.capacitance()
        k = names.index(electrode)
        floating = [n for n, name in enumerate(names) if n != k and self.problem.electrodes[name].potential is None]
        if not floating:
            return float(matrix[k, k])
        block = matrix[np.ix_(floating, floating)]
        return float(matrix[k, k] - matrix[k, floating] @ np.linalg.solve(block, matrix[floating, k]))

    @cached_property
    def _linearised(self) -> Bordered:
        """The stage in which every number is unknown: its borders are what electrodes do to the potential."""
        problem = self.problem
        stage = Stage(problem.system, problem.fields, list(problem.numbers.values()))
        return Bordered(stage, linear_solver(stage, self._method))

    def destroy(self) -> None:
        """Free PETSc objects."""
        self._main.linear.destroy()
        self._main.destroy()
        if "_linearised" in self.__dict__:
            self._linearised.linear.destroy()
            self._linearised.destroy()
