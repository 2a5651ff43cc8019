"""Solves mass matrices of interface quantities: conjugate gradients with their diagonal."""

from __future__ import annotations

from typing import Any

from petsc4py import PETSc

from fem.solve.errors import LinearSolveError


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
        if self._ksp.getConvergedReason() <= 0 and b.norm() > 0:
            raise LinearSolveError(f"mass matrix of an interface: not solved in {self.iterations} iterations")
        return self.iterations

    def describe(self) -> str:
        """Method in words."""
        return "CG with the diagonal"

    def destroy(self) -> None:
        """Free PETSc objects."""
        self._ksp.destroy()
