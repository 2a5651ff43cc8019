"""Newton's method with a direct solver for a convex functional under linear constraints, with one number at its border.

The number is the velocity of a rigid plate: the degrees of freedom on it share one value, and their residuals add up to
the balance of its force. Each iteration factorises once and solves twice (the response to the residual, and to a unit
of the number). The step is shortened where the functional would rise along it again, which a convex functional makes
safe: its slope along the step is the residual times the step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from dolfinx.fem import petsc
from petsc4py import PETSc

from fem.errors import ConvergenceError

Dofs = npt.NDArray[np.int32]

__all__ = ["Bordered", "Constraint"]

_TOLERANCE = 1e-8
_MOST = 60
#: Memory of the factorisation beyond what is expected, percent.
_ROOM = 200
#: The slope at the end of a step may be this share of that at its beginning, uphill.
_UPHILL = 0.5


@dataclass(frozen=True)
class Constraint:
    """Local dofs (ghosts included) with given values, and those that share the number (None: there is no number)."""

    fixed: Dofs
    shared: Dofs | None = None


class Bordered:
    """Solver of residual(state) = 0 with constraints.

    Args:
        state: `dolfinx.fem.Function`; the values at fixed dofs are kept.
        residual, jacobian: compiled forms, of a symmetric problem.
        constraint: what is fixed and what is shared.

    Attributes:
        border: the number. iterations: of the last solve.
    """

    def __init__(self, state: Any, residual: Any, jacobian: Any, constraint: Constraint) -> None:
        self.state, self._residual, self._jacobian = state, residual, jacobian
        self.constraint = constraint
        self.border, self.iterations = 0.0, 0
        self._matrix = petsc.create_matrix(jacobian)
        self._matrix.setOption(PETSc.Mat.Option.KEEP_NONZERO_PATTERN, True)
        self._right = petsc.assemble_vector(residual)
        self._step, self._response = self._right.duplicate(), self._right.duplicate()
        space_map, block = state.function_space.dofmap.index_map, state.function_space.dofmap.index_map_bs
        self._owned = space_map.size_local * block
        start = space_map.local_range[0] * block

        def own(dofs: Dofs) -> npt.NDArray[np.int32]:
            return np.asarray(dofs[dofs < self._owned] + start, dtype=np.int32)

        shared = constraint.shared if constraint.shared is not None else np.zeros(0, dtype=np.int32)
        self._own_fixed = own(constraint.fixed) - start
        self._own_shared = own(shared) - start
        self._rows = np.unique(np.concatenate([own(constraint.fixed), own(shared)])).astype(np.int32)
        self._one, self._spare = self._right.duplicate(), self._right.duplicate()
        self._rest, self._column = self._right.duplicate(), self._right.duplicate()
        self._one.set(0.0)
        self._one.array[self._own_shared] = 1.0
        self._ksp: Any = None
        self._factorise_with(_ROOM)

    def destroy(self) -> None:
        """Free what PETSc holds: on several ranks nothing else does. Collective; the solver is not used again."""
        work = (self._right, self._step, self._response, self._one, self._spare, self._rest, self._column)
        for thing in (self._ksp, self._matrix, *work):
            thing.destroy()

    def _factorise_with(self, room: int) -> None:
        """A new factorisation; pivots of a saddle point need more memory than MUMPS expects, `room` in percent."""
        if self._ksp is not None:
            self._ksp.destroy()
        self._ksp = PETSc.KSP().create(self.state.function_space.mesh.comm)
        self._ksp.setType("preonly")
        self._ksp.setOperators(self._matrix)
        factors = self._ksp.getPC()
        factors.setType("lu")
        factors.setFactorSolverType("mumps")
        factors.setFactorSetUpSolverType()
        factors.getFactorMatrix().setMumpsIcntl(14, room)

    def solve(self, raises: bool, what: str = "flow", tolerance: float = _TOLERANCE) -> bool:
        """Newton's method from the present state; True when it converged. Collective.

        Args:
            raises: whether to raise when it does not. what: subject of that message.
            tolerance: of the last step over the state.

        Raises:
            ConvergenceError: when it did not and `raises` is true.
        """
        self.iterations = 0
        if self.constraint.shared is not None:
            self.state.x.array[self.constraint.shared] = self.border
        self._evaluate()
        for _ in range(_MOST):
            self.iterations += 1
            change = self._direction()
            size = self._step.norm()
            if not np.isfinite(size):
                break
            length = self._advance(change)
            if length * size <= tolerance * max(self._norm(), 1e-300):
                return True
        if raises:
            raise ConvergenceError(f"{what}: Newton's method found no solution in {self.iterations} iterations")
        return False

    def _norm(self) -> float:
        self._spare.array[:] = self.state.x.array[: self._owned]
        return float(self._spare.norm())

    def _evaluate(self) -> None:
        """Residual of the present state into `_right`, constrained dofs included."""
        self.state.x.scatter_forward()
        with self._right.localForm() as local:
            local.set(0.0)
        petsc.assemble_vector(self._right, self._residual)
        self._right.ghostUpdate(addv=PETSc.InsertMode.ADD, mode=PETSc.ScatterMode.REVERSE)

    def _free(self, vector: Any) -> None:
        vector.array[self._own_fixed] = 0.0
        vector.array[self._own_shared] = 0.0

    def _direction(self) -> float:
        """Newton's step of the state into `_step`; returns that of the number."""
        self._matrix.zeroEntries()
        petsc.assemble_matrix(self._matrix, self._jacobian)
        self._matrix.assemble()
        bordered = self.constraint.shared is not None
        if bordered:
            column = self._column
            self._matrix.mult(self._one, column)
            corner = column.dot(self._one)
            balance = self._right.dot(self._one)
        self._matrix.zeroRowsColumns(self._rows, 1.0)
        self._ksp.setOperators(self._matrix)
        rest = self._rest
        self._right.copy(rest)
        self._free(rest)
        rest.scale(-1.0)
        self._ksp.solve(rest, self._step)
        if self._ksp.getConvergedReason() < 0:  # the order of pivots was that of another matrix
            self._factorise_with(10 * _ROOM)
            self._ksp.solve(rest, self._step)
        if not bordered:
            return 0.0
        self._free(column)
        self._ksp.solve(column, self._response)
        change = -(balance + column.dot(self._step)) / (corner - column.dot(self._response))
        self._step.axpy(-change, self._response)
        self._step.axpy(change, self._one)
        return float(change)

    def _advance(self, change: float) -> float:
        """Go along the step as far as the functional allows; returns the share of the step taken."""
        slope = self._right.dot(self._step)
        before, border = self.state.x.array[: self._owned].copy(), self.border
        step = self._step.array.copy()
        low, high, share = 0.0, 1.0, 1.0
        for _ in range(12):
            self.state.x.array[: self._owned] = before + share * step
            self.border = border + share * change
            self._evaluate()
            # constraints that the state does not meet yet (first step) make the slope meaningless: it is then positive
            there = self._right.dot(self._step)
            if slope >= 0 or there <= -_UPHILL * slope:
                break
            high = share
            secant = share * slope / (slope - there)
            share = min(max(secant, low + 0.1 * (high - low)), low + 0.7 * (high - low))
        return share
