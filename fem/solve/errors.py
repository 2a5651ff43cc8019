"""What the solvers raise."""

from __future__ import annotations

from fem.errors import ConvergenceError


class LinearSolveError(ConvergenceError):
    """A linear system was not solved to its tolerance; the message names the method and PETSc's reason."""
