"""Displacement and damage together: Newton's method with the nodes at their bounds taken out (semismooth Newton).

Alternating minimisation comes close to a state quickly and then crawls; Newton's method does not find a state from far
away and then converges in a few steps. The matrix is symmetric and indefinite away from a stable state, and its
inertia tells a minimum from a saddle: a state that a small disturbance would leave is none to stop at.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from dolfinx import default_scalar_type, fem
from petsc4py import PETSc

from fem.errors import ConvergenceError
from fem.solve.bordered import Bordered
from fem.solve.choose import direct_options
from fem.solve.stage import Stage
from fem.solve.system import System
from fem.unknowns import Number

if TYPE_CHECKING:
    from fem.model import Model

Array = npt.NDArray[np.float64]
_prefix = itertools.count()
_MOST = 12
_GROWTH = 3.0
"""Residuals that grow by more than this lead nowhere."""


class SymmetricFactor:
    """LDL' of a symmetric matrix that may be indefinite, scaled to a diagonal of ones, with its inertia."""

    def __init__(self, comm: Any) -> None:
        self.comm, self.iterations = comm, 0
        self._ksp: Any = None
        self._scaled: Any = None
        self._scale: Any = None
        self._work: Any = None

    def set_operator(self, matrix: Any) -> None:
        """Factorise.

        Raises:
            ConvergenceError: the matrix is singular.
        """
        self.destroy()
        self._scale = matrix.getDiagonal()
        values = np.abs(self._scale.array_r)
        self._scale.array_w[:] = 1.0 / np.sqrt(np.where(values > 0, values, 1.0))
        self._scaled = matrix.copy()
        self._scaled.diagonalScale(self._scale, self._scale)
        self._scaled.setOption(PETSc.Mat.Option.SYMMETRIC, True)
        self._work = self._scale.duplicate()
        prefix = f"ssbfem_joint_{next(_prefix)}_"
        # a root that is not shared and a search for null pivots: else the inertia is not known
        options = {**direct_options(True), "mat_mumps_icntl_13": 1, "mat_mumps_icntl_24": 1}
        for key, value in options.items():
            PETSc.Options()[prefix + key] = value
        self._ksp = PETSc.KSP().create(self.comm)
        self._ksp.setOptionsPrefix(prefix)
        self._ksp.setOperators(self._scaled)
        self._ksp.setFromOptions()
        try:
            self._ksp.setUp()
        except PETSc.Error as error:
            raise ConvergenceError(f"the factorisation failed ({error})") from error
        finally:
            for key in options:
                PETSc.Options().delValue(prefix + key)

    def solve(self, b: Any, x: Any) -> int:
        """Solve; `x` is overwritten."""
        self._work.pointwiseMult(b, self._scale)
        self._ksp.solve(self._work, x)
        x.pointwiseMult(x, self._scale)
        self.iterations = 1
        if not np.isfinite(x.norm()):
            raise ConvergenceError("the matrix of displacement and damage is singular")
        return 1

    def negative(self) -> int:
        """Number of negative eigenvalues."""
        return int(self._ksp.getPC().getFactorMatrix().getInertia()[0])

    def destroy(self) -> None:
        """Free PETSc objects."""
        for item in (self._ksp, self._scaled, self._scale, self._work):
            if item is not None:
                item.destroy()
        self._ksp = self._scaled = self._scale = self._work = None


class JointNewton:
    """Solves for displacement (with its numbers) and damage at once, from a state that is close.

    Args:
        model: with damage. fields, numbers: of the stage of the displacement, all of symmetric kinds.
        resistance: norm that residuals of the damage are measured against, J. force: same of the displacement, N.
    """

    def __init__(self, model: Model, fields: list[Any], numbers: list[Number]) -> None:
        assert model.damage is not None
        self.damage, self.model = model.damage, model
        members = [*fields, self.damage.unknown]
        residuals = {f: [model.system.residuals[f]] for f in fields} | {self.damage.unknown: [self.damage.residual]}
        charges = {n: [model.system.charges[n]] if n in model.system.charges else [] for n in model.numbers}
        system = System(model.geometry, members, model.numbers, residuals, charges, model.geometry.entity_maps())
        self.stage = Stage(system, members, numbers)
        self.comm = self.stage.comm
        self.factor = SymmetricFactor(self.comm)
        self.bordered = Bordered(self.stage, self.factor)
        self.iterations = 0
        # a multiplier of a given volume adds a negative eigenvalue that is none of an instability
        self.multipliers = sum(1 for n in numbers if any(n is fill.pressure for fill in self.damage.fills))

    @property
    def _rows(self) -> slice:
        """Flat rows of the damage."""
        k = len(self.stage.fields) - 1
        return slice(int(self.stage.offsets[k]), int(self.stage.offsets[k + 1]))

    def _active(self, flat: Array) -> npt.NDArray[np.bool_]:
        """(owned + ghost nodes,) whether the damage is pressed against a bound, by a flat residual."""
        unknown = self.damage.unknown
        drive = fem.Function(unknown.space)
        drive.x.array[: unknown.owned] = flat[self._rows]
        drive.x.scatter_forward()
        d, low = unknown.function.x.array, self.damage.accepted.x.array
        return np.asarray(((d <= low) & (drive.x.array > 0)) | ((d >= 1.0) & (drive.x.array < 0)))

    def _clip(self) -> None:
        function = self.damage.unknown.function
        function.x.array[:] = np.clip(function.x.array, self.damage.accepted.x.array, 1.0)

    def solve(self, resistance: float, force: float, tolerance: float) -> bool:
        """Iterate from the present state; whether a stable state was reached (else the state is the first one).

        Args:
            resistance, force: sizes of the residuals of the damage (J) and of the displacement (N).
            tolerance: of both residuals, in parts of these sizes.
        """
        stage, unknown = self.stage, self.damage.unknown
        start = stage.get_state()
        before = np.inf
        try:
            for _ in range(_MOST):
                self._clip()
                stage.constrained[-1] = np.flatnonzero(self._active(stage.full_residual())).astype(np.int32)
                stage.bcs[-1] = [fem.dirichletbc(default_scalar_type(0.0), stage.constrained[-1], unknown.space)]
                free = stage.residual()
                size = self._size(free, resistance, force)
                if size <= tolerance:
                    self.bordered.assemble()
                    if self._negative() == self.multipliers:
                        return True
                    break
                if not np.isfinite(size) or size > _GROWTH * before:
                    break
                before = min(size, before)
                self.bordered.assemble()
                stage.set_state(stage.get_state() - self.bordered.solve(free))
                self.iterations += 1
        except ConvergenceError:
            pass
        stage.set_state(start)
        return False

    def _negative(self) -> int:
        """Negative eigenvalues of the bordered matrix."""
        found = self.factor.negative()
        if self.stage.numbers:
            schur = np.asarray(self.bordered._schur)
            found += int(np.count_nonzero(np.linalg.eigvalsh(0.5 * (schur + schur.T)) < 0))
        return found

    def _size(self, free: Array, resistance: float, force: float) -> float:
        """The larger of both residuals over their sizes."""
        damage = free[self._rows]
        others = free[: self._rows.start]
        sums = self.comm.allreduce(np.array([damage @ damage, others @ others]))
        return float(max(np.sqrt(sums[0]) / resistance, np.sqrt(sums[1]) / force if force > 0 else 0.0))

    def destroy(self) -> None:
        """Free PETSc objects."""
        self.bordered.destroy()
        self.factor.destroy()
