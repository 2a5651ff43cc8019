"""Damage with all other fields fixed: the minimum of a convex quadratic energy between the accepted damage and 1.

PETSc's reduced-space active-set Newton for variational inequalities (SNES ``vinewtonrsls``): nodes at a bound are
taken out, the rest is a linear system, until no node wants to change sides.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import ufl
from dolfinx import fem, la
from mpi4py import MPI
from petsc4py import PETSc

from fem import compat
from fem.errors import ConvergenceError
from fem.solve.choose import DIRECT_LIMIT
from fem.solve.sparsity import create_matrix

if TYPE_CHECKING:
    from fem.damage import Damage
    from fem.model import Model

_prefix = itertools.count()
#: Residual of the free nodes over that of the toughness alone.
TOLERANCE = 1e-10
_MOST = 200


class DamageSolver:
    """Minimises the energy of a model over its damage.

    Args:
        model: with damage.
        tolerance: norm of the residual of the nodes that are free to move, relative to that of the toughness; no scale
            of the problem enters.
    """

    def __init__(self, model: Model, tolerance: float = TOLERANCE) -> None:
        assert model.damage is not None
        self.damage: Damage = model.damage
        self.tolerance, self.comm = tolerance, model.geometry.comm
        self.iterations = 0
        unknown = self.damage.unknown
        form = model.geometry.entity_maps().form
        self._residual_form = form(self.damage.residual)
        jacobian = ufl.derivative(self.damage.residual, unknown.function, unknown.trial)
        self._jacobian_forms = [[form(jacobian)]]
        self._resistance_form = form(self.damage.resistance())
        self._work = la.vector(unknown.space.dofmap.index_map, 1)
        self._reference = 0.0
        self._failure: Exception | None = None
        self.matrix = create_matrix([unknown.space], [unknown.region], [[jacobian]])
        self.x, self.f = self.matrix.createVecs()
        self.low, self.high = self.x.duplicate(), self.x.duplicate()
        self.high.set(1.0)
        snes = PETSc.SNES().create(self.comm)
        prefix = f"ssbfem_damage_{next(_prefix)}_"
        snes.setOptionsPrefix(prefix)
        snes.setType("vinewtonrsls")
        snes.setFunction(self._function, self.f)
        snes.setJacobian(self._jacobian, self.matrix)
        snes.setConvergenceTest(self._converged)
        snes.setTolerances(max_it=_MOST)
        snes.setVariableBounds(self.low, self.high)
        direct = unknown.global_size() <= DIRECT_LIMIT[int(unknown.space.mesh.topology.dim)]
        options: dict[str, Any] = {"snes_linesearch_type": "basic", "snes_vi_zero_tolerance": 1e-12}
        if direct:
            options |= {"ksp_type": "preonly", "pc_type": "cholesky", "pc_factor_mat_solver_type": "mumps"}
        else:  # mass and stiffness of comparable size: well conditioned as long as cells resolve the length
            options |= {"ksp_type": "cg", "ksp_rtol": 1e-8, "pc_type": "jacobi", "ksp_max_it": 2000}
        self._options = {prefix + key: value for key, value in options.items()}
        for key, value in self._options.items():
            PETSc.Options()[key] = value
        snes.setFromOptions()
        self.snes = snes

    # ------------------------------------------------------------------ assembly
    def _assembled(self, form: Any) -> Any:
        self._work.array[:] = 0.0
        fem.assemble_vector(self._work.array, form)
        self._work.scatter_reverse(la.InsertMode.add)
        return self._work.array[: self.damage.unknown.owned]

    def residual(self) -> Any:
        """(owned nodes,) derivative of the energy by the damage at the present state, J."""
        return np.array(self._assembled(self._residual_form))

    def reference(self) -> float:
        """Norm of what the toughness alone contributes to the residual, J: its scale."""
        own = self._assembled(self._resistance_form)
        return float(self.comm.allreduce(float(own @ own)) ** 0.5)

    def imbalance(self) -> float:
        """Norm of the residual of the nodes that the bounds do not hold, J. Collective."""
        rows, own = self.residual(), self.damage.unknown.owned
        d, low = self.damage.unknown.function.x.array[:own], self.damage.accepted.x.array[:own]
        free = ((d > low) | (rows < 0)) & ((d < 1.0) | (rows > 0))
        return float(self.comm.allreduce(float(rows[free] @ rows[free])) ** 0.5)

    def _write(self, x: Any) -> None:
        function = self.damage.unknown.function
        function.x.array[: self.damage.unknown.owned] = x.array_r
        function.x.scatter_forward()

    # ------------------------------------------------------------------ SNES callbacks
    @contextlib.contextmanager
    def _remembering(self) -> Iterator[None]:
        """PETSc cannot carry Python's exceptions: keep them and end the iteration in order."""
        try:
            yield
        except Exception as error:
            self._failure = error

    def _function(self, snes: Any, x: Any, f: Any) -> None:
        with self._remembering():
            self._write(x)
            f.array_w[:] = self.residual() if self._failure is None else np.nan

    def _jacobian(self, snes: Any, x: Any, jac: Any, pre: Any) -> None:
        with self._remembering():
            compat.assemble_block_matrix(self.matrix, self._jacobian_forms, [])

    def _converged(self, snes: Any, iteration: int, norms: tuple[float, float, float]) -> int:
        reason = PETSc.SNES.ConvergedReason
        if self._failure is not None or not np.isfinite(norms[2]):
            return int(reason.DIVERGED_FNORM_NAN)
        if norms[2] <= self.tolerance * self._reference:
            return int(reason.CONVERGED_FNORM_RELATIVE)
        return int(reason.CONVERGED_ITERATING)

    # ------------------------------------------------------------------ solve
    def solve(self) -> float:
        """Minimise over the damage; the other fields stay.

        Returns:
            Largest change of the damage.

        Raises:
            ConvergenceError: the damage is left as it was.
        """
        unknown = self.damage.unknown
        before = np.array(unknown.function.x.array)
        self._reference, self._failure = self.reference(), None
        self.low.array_w[:] = self.damage.accepted.x.array[: unknown.owned]
        self.x.array_w[:] = np.clip(before[: unknown.owned], self.low.array_r, 1.0)
        self.snes.solve(None, self.x)
        reason = int(self.snes.getConvergedReason())
        self.iterations += int(self.snes.getIterationNumber())
        if reason < 0 or self._failure is not None:
            unknown.function.x.array[:] = before
            why = self._failure if self._failure is not None else f"reason {reason}"
            raise ConvergenceError(f"the damage did not converge: {why}") from self._failure
        self._write(self.x)
        change = np.abs(unknown.function.x.array - before)
        return float(self.comm.allreduce(float(change.max(initial=0.0)), op=MPI.MAX))

    def destroy(self) -> None:
        """Free PETSc objects and remove the options."""
        for item in (self.snes, self.matrix, self.x, self.f, self.low, self.high):
            item.destroy()
        for key in self._options:
            PETSc.Options().delValue(key)
