"""Solves mass matrices of interface quantities: conjugate gradients with their diagonal."""

from __future__ import annotations

from typing import Any

from petsc4py import PETSc

from fem.solve.errors import LinearSolveError

_ACCEPTED = 1e-6


class MassSolver:
    """Solver for a mass matrix on an interface, identity elsewhere; its condition does not grow with refinement.

    Args:
        comm: communicator.
        rtol: residual norm relative to that of the right-hand side.

    Attributes:
        iterations: of the last solve.
    """

    def __init__(self, comm: Any, rtol: float = 1e-12) -> None:
        self.iterations = 0
        self._ksp = PETSc.KSP().create(comm)
        self._ksp.setType("cg")
        self._ksp.getPC().setType("jacobi")
        self._ksp.setTolerances(rtol=rtol, atol=0.0, max_it=500)

    def set_operator(self, matrix: Any) -> None:
        """Take (new values of) the matrix."""
        self._ksp.setOperators(matrix)
        self._ksp.setUp()

    def solve(self, b: Any, x: Any) -> int:
        """Solve; returns iterations.

        Raises:
            LinearSolveError: not converged.
        """
        self._ksp.solve(b, x)
        self.iterations = int(self._ksp.getIterationNumber())
        # At the level of rounding CG can break down with the solution in hand: Newton judges what is left over.
        if self._ksp.getConvergedReason() <= 0 and self._left_over(b, x) > _ACCEPTED * b.norm():
            reason = self._ksp.getConvergedReason()
            raise LinearSolveError(f"mass matrix of an interface: {self.iterations} iterations, reason {reason}")
        return self.iterations

    def _left_over(self, b: Any, x: Any) -> float:
        """Norm of b - A x."""
        residual = b.duplicate()
        self._ksp.getOperators()[0].mult(x, residual)
        residual.aypx(-1.0, b)
        norm = float(residual.norm())
        residual.destroy()
        return norm

    def describe(self) -> str:
        """Method in words."""
        return "CG with the diagonal"

    def destroy(self) -> None:
        """Free PETSc objects."""
        self._ksp.destroy()
