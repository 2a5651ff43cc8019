"""A model in time as PETSc sees it: F(t, u, du/dt) = 0 for one flat vector, with its bordered Jacobian.

The flat vector is that of the stage (owned entries of its fields, then on rank 0 its numbers), followed on rank 0 by
the charge that has passed the working electrode. Its own equation dQ/dt = I makes the integrator accumulate it with
the same formula as the concentrations, so that amounts and charge agree to the solver's tolerance and not to that of
the time step.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from mpi4py import MPI
from petsc4py import PETSc

from fem.constants import STANDARD_TEMPERATURE, thermal_voltage
from fem.errors import ConvergenceError
from fem.solve.bordered import Bordered
from fem.solve.criteria import rounding
from fem.solve.local import LocalRows
from fem.solve.stage import Stage
from fem.unknowns import Field, Number

Array = npt.NDArray[np.float64]

IGNORED = 1e100
"""Tolerance of what has no memory of its own (displacements): it does not limit the time step."""
FORCES = 1e-14
"""Forces that do not balance, relative to those that act on single nodes."""
ROUNDED, ROUNDED_IDLE, IDLE = 4.0, 64.0, 0.5
"""Estimates of rounding that a residual may have: at any time, and where an iteration left more than the third number
of what it found."""
LOADED = ("displacement", "traction", "contact")
"""Kinds of fields that loads act on."""
REFERENCES = {"potential": thermal_voltage(STANDARD_TEMPERATURE)}
"""What an error in a field of this kind is measured against; other fields have a ``scale`` of their own."""


class Flow:
    """Residual and Jacobian of a stage in time.

    Args:
        stage: everything that moves, and what it depends on.
        linear: linear solver with ``set_operator``, ``solve`` and ``iterations``.
        working: number of the working electrode; None: there is none.
        control: called with the time; sets sources and held values.
        rtol: residual norm relative to the largest current so far, that of accepted steps and the present one.
    """

    def __init__(
        self, stage: Stage, linear: Any, working: Number | None, control: Callable[[float], None], rtol: float = 1e-11
    ) -> None:
        self.stage, self.working, self.control, self.rtol = stage, working, control, rtol
        self.comm = stage.comm
        self.bordered = Bordered(stage, linear)
        self.shift = 0.0
        self.charge = 0.0
        self.reference = 0.0
        self.failure: BaseException | None = None
        self.rates: Array = np.empty(0)
        self._now = 0.0
        self._residual = 0.0
        self.newton_iterations = 0
        self.loads = [f for f in stage.fields if f.kind in LOADED]
        self._forces = self._mask(self.loads)
        moved = {t.number for f in self.loads for t in f.ties}
        self._platens = [(k, n) for k, n in enumerate(stage.numbers) if n in moved]
        self._weights: Array | float = 1.0
        self._known = int(stage.offsets[-1]) + stage.number_rows
        charged = self._known + (1 if self.comm.rank == 0 else 0)
        self.local = LocalRows(stage, charged)
        self._charge = slice(self._known, charged)
        self.rows = charged + self.local.size
        self._asking = False
        shell = PETSc.Mat().createPython(((self.rows, None), (self.rows, None)), comm=self.comm)
        shell.setPythonContext(_Matrix(self))
        shell.setUp()
        self.shell = shell

    def _mask(self, fields: list[Field]) -> npt.NDArray[np.bool_]:
        """(local rows of the fields,) which belong to some of them."""
        parts = [np.full(f.owned, f in fields) for f in self.stage.fields]
        return np.concatenate(parts) if parts else np.empty(0, dtype=bool)

    def weigh(self) -> None:
        """Measure forces in amperes, so that one norm of the residual serves the line search: a force that a strain of
        1e-4 causes counts like the current that RT/F causes."""
        if not self.loads:
            return
        stage, others = self.stage, [f for f in self.stage.fields if f.kind == "potential"]
        entries = stage.diagonal
        x = stage.system.geometry.mesh.geometry.x
        span = self.comm.allreduce(float(np.ptp(x, axis=0).max(initial=0.0)) if len(x) else 0.0, op=MPI.MAX)
        force = self._norm(np.where(self._forces, entries, 0.0)) * 1e-4 * span
        current = self._norm(np.where(self._mask(others), entries, 0.0)) * REFERENCES["potential"]
        weights = np.ones(self.rows)
        if force > 0 and current > 0:
            weights[: len(entries)][self._forces] = current / force
            force = current
        weights[self.local.rows] = self.local.weight(force)
        self._weights = weights

    def _norm(self, values: Array) -> float:
        square: float = self.comm.allreduce(float(values @ values))
        return math.sqrt(square)

    # ------------------------------------------------------------------ vectors
    def vector(self) -> Any:
        """Flat PETSc vector of the present state."""
        made = PETSc.Vec().createMPI((self.rows, None), comm=self.comm)
        made.array_w[:] = self.flat()
        return made

    def flat(self) -> Array:
        """(local rows,) present state."""
        return self._joined(self.stage.get_state(), self.charge, self.local.get())

    def _joined(self, known: Array, charge: float, local: Array) -> Array:
        """(local rows,) of the stage, of the charge (rank 0) and of local states."""
        return np.concatenate([known, [charge] if self.comm.rank == 0 else [], local])

    def take(self, values: Array) -> None:
        """Write a flat vector into the model."""
        self.stage.set_state(values[: self._known])
        last = values[self._known] if self.comm.rank == 0 else 0.0
        self.charge = float(self.comm.bcast(last, root=0))
        self.local.take(values)

    def tolerances(self, tolerance: float) -> Any:
        """Vector of absolute errors that a time step may make, in the units of every entry."""
        made = PETSc.Vec().createMPI((self.rows, None), comm=self.comm)
        parts: list[Any] = []
        for field in self.stage.fields:
            moves = field.kind not in LOADED
            scale = REFERENCES.get(field.kind, field.scale) * tolerance if moves else IGNORED
            parts.append(np.full(field.owned, scale))
        if self.comm.rank == 0:
            parts.append(np.array([n.scale for n in self.stage.numbers]) * tolerance)
            parts.append(np.array([IGNORED]))
        parts.append(self.local.allowed() * tolerance)
        made.array_w[:] = np.concatenate(parts) if parts else 0.0
        return made

    # ------------------------------------------------------------------ equations
    def current(self) -> float:
        """What the working electrode feeds into the model at the present state and rates, A."""
        return 0.0 if self.working is None else float(self.stage.leaving()[self.stage.numbers.index(self.working)])

    def accept(self) -> None:
        """A time step is accepted: residuals are measured against its current, too, not against those of iterates."""
        self.reference = max(self.reference, abs(self._now))

    def residual(self, ts: Any, time: float, u: Any, rates: Any, f: Any) -> None:
        """PETSc's IFunction."""
        self.control(time)
        self.rates = np.array(rates.array_r)
        if self.local.size_everywhere:
            # PETSc tells d(rates)/d(state) to the Jacobian alone: ask for it
            self._asking = True
            ts.getSNES().computeJacobian(u, self.shell, self.shell)
        self._last, self._now = self._rows(np.array(u.array_r), self.rates)
        f.array_w[:] = self._last * self._weights

    def _rows(self, values: Array, rates: Array) -> tuple[Array, float]:
        """(local rows,) residual, and the current of the working electrode in A."""
        self._set(values, rates)
        rows = self.stage.residual()
        current = 0.0 if self.working is None else self.stage.left[self.stage.numbers.index(self.working)]
        passed = float(rates[self._known]) - current if self.comm.rank == 0 else 0.0
        return self._joined(rows, passed, self.local.residual(values)), current

    def correction(self, values: Array, gap: Array) -> Array:
        """(local rows,) how a state would change to first order if its rates were off by `gap` (collective).

        The state has just been solved for: with its rates the residual is zero, and the matrix is that of its step.
        """
        if self.stage.matrix is None:
            return np.zeros(self.rows)  # no step has needed one: nothing has moved yet
        rates = self.rates
        rows, _ = self._rows(values, rates + gap)
        self._set(values, rates)
        return self.solve(rows * self._weights)

    def _set(self, values: Array, rates: Array) -> None:
        self.take(values)
        self.stage.set_rates(rates[: self._known])
        self.local.update(values, rates)

    def jacobian(self, ts: Any, time: float, u: Any, rates: Any, shift: float, jac: Any, pre: Any) -> None:
        """PETSc's IJacobian."""
        if self._asking:
            self._asking, self.local.shift = False, shift
            return
        with self.remembering():
            self.control(time)
            self.local.shift = shift
            self._set(np.array(u.array_r), np.array(rates.array_r))
            self.shift = shift
            self.stage.system.shift.value = shift
            self.bordered.assemble()
        if jac is not None:
            jac.assemble()

    def prepare(self, time: float, shift: float) -> None:
        """Assemble the Jacobian at the present state and no rates, before the first step."""
        zero = np.zeros(self.rows)
        with self.remembering():
            self.control(time)
            self.local.shift = shift
            here = self.flat()
            self._set(here, zero)
            self.shift = shift
            self.stage.system.shift.value = shift
            self.bordered.assemble()
            self.local.take(here)  # what has memory stays

    @contextlib.contextmanager
    def remembering(self) -> Iterator[None]:
        """Keep a failed linear solve and end the step in order: PETSc cannot carry Python's exceptions."""
        try:
            yield
        except (ConvergenceError, np.linalg.LinAlgError) as error:
            self.failure = error

    # ------------------------------------------------------------------ linear algebra
    def multiply(self, x: Array) -> Array:
        """(local rows,) Jacobian times a flat vector."""
        known = self.bordered.multiply(x[: self._known])
        passed = self._passed(x[: self._known])
        charge = self.shift * x[self._known] - passed if self.comm.rank == 0 else 0.0
        local = x[self.local.rows] - self.local.following(x[: self._known])
        return np.asarray(self._joined(known, charge, local) * self._weights)

    def solve(self, rhs: Array) -> Array:
        """(local rows,) solution of the Jacobian's system."""
        plain = np.asarray(rhs / self._weights)
        known = self.bordered.solve(plain[: self._known])
        passed = self._passed(known)
        charge = (plain[self._known] + passed) / self.shift if self.comm.rank == 0 else 0.0
        return self._joined(known, charge, plain[self.local.rows] + self.local.following(known))

    def _passed(self, x: Array) -> float:
        """Change of the current of the working electrode with the fields and numbers."""
        stage = self.stage
        if self.working is None:
            return 0.0
        k, n = stage.numbers.index(self.working), int(stage.offsets[-1])
        total = float(self.comm.allreduce(float(stage.rows[k] @ x[:n])))
        return total + float(stage.corner[k] @ x[n:]) if self.comm.rank == 0 else 0.0

    # ------------------------------------------------------------------ convergence
    def converged(self, snes: Any, iteration: int, norms: tuple[float, float, float]) -> int:
        """PETSc's test of the Newton iteration."""
        reason = PETSc.SNES.ConvergedReason
        residual = norms[2]
        if iteration == 0:
            self.failure = None  # of an earlier attempt, which was given up
        if self.failure is not None:
            return int(reason.DIVERGED_LINEAR_SOLVE)
        if not np.isfinite(residual):
            return int(reason.DIVERGED_FNORM_NAN)
        if iteration == 0:
            return int(reason.CONVERGED_FNORM_ABS if residual == 0.0 else reason.CONVERGED_ITERATING)
        self.newton_iterations += 1
        if not self.local.settled(self._last):
            return int(reason.CONVERGED_ITERATING)
        if self.loads:
            forces = np.where(self._forces, self._last[: len(self._forces)], 0.0)
            allowed = FORCES * rounding(self.stage, self.loads) + self._cancelling()
            gaps = [abs(n.source_gap(self.stage.left[k])) - FORCES * abs(n.source) for k, n in self._platens]
            if max([self._norm(forces), *gaps]) > allowed:
                return int(reason.CONVERGED_ITERATING)
            others = np.array(self._last)
            others[: len(forces)] -= forces
            others[self.local.rows] = 0.0
            for k, _ in self._platens if self.comm.rank == 0 else ():
                others[len(forces) + k] = 0.0
            residual = self._norm(others)
        if residual <= self.rtol * max(self.reference, abs(self._now)):
            return int(reason.CONVERGED_FNORM_RELATIVE)
        rest = [f for f in self.stage.fields if f not in self.loads]
        # the charge is a difference of large numbers in a short step
        sizes = rounding(self.stage, rest) + self.shift * abs(self.charge)
        rounded, before = float(np.finfo(float).eps) * sizes, self._residual
        self._residual = residual
        # an iteration that leaves as much as it found has met rounding: how much that is, is an estimate
        idle = iteration > 1 and residual > IDLE * before
        if residual <= (ROUNDED_IDLE if idle else ROUNDED) * rounded:
            return int(reason.CONVERGED_FNORM_ABS)
        return int(reason.CONVERGED_ITERATING)

    def _cancelling(self) -> float:
        """Rounding of forces that large concentrations cause where they hardly differ from those without stress.

        Those of neighbouring cells cancel in every node where a body is held all round: random signs leave their size.
        """
        state = self.stage.get_state()[: len(self._forces)]
        others = np.where(self._forces, 0.0, state)
        signs = np.random.default_rng(self.comm.rank).choice((-1.0, 1.0), len(others))
        caused = [self.bordered.field_product(x) for x in (others, signs * others)]
        size = max(self._norm(np.where(self._forces, x, 0.0)) for x in caused)
        return 40 * float(np.finfo(float).eps) * size

    def destroy(self) -> None:
        """Free PETSc objects."""
        self.shell.destroy()
        self.bordered.destroy()


class _Matrix:
    def __init__(self, flow: Flow) -> None:
        self.flow = flow

    def mult(self, mat: Any, x: Any, y: Any) -> None:
        y.array_w[:] = self.flow.multiply(np.array(x.array_r))


class Preconditioner:
    """Solves with the Jacobian of a flow, for PETSc."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow

    def apply(self, pc: Any, x: Any, y: Any) -> None:
        """Solve, or leave no numbers behind when the linear solver failed: a step of zeros would pass as converged."""
        y.array_w[:] = np.nan
        with self.flow.remembering():
            y.array_w[:] = self.flow.solve(np.array(x.array_r))
