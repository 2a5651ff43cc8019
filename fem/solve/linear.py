"""Linear solvers of a stage: a factorisation for small systems, preconditioned iterations for the rest.

* Potentials: conjugate gradients; linear elements with hypre BoomerAMG, quadratic elements with two-level
  p-multigrid (Gauss-Seidel or Chebyshev smoothing, linear elements below, one BoomerAMG V-cycle there).
* Displacements: the same with smoothed aggregation and the rigid-body modes in the place of BoomerAMG.
* Both in one system: GMRES with a multiplicative field split, each part as above.

Where p-multigrid fails, which needs very flat elements, BoomerAMG on the quadratic potentials follows, then (if the
system is not too large) a factorisation. Every such step is announced in the log and in ``describe``.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from petsc4py import PETSc

from fem.solve import multigrid
from fem.solve.choose import Method, Options, UnknownKind, direct_options, make_plan
from fem.solve.errors import LinearSolveError
from fem.solve.groups import Block, CoarseAssembly, Group
from fem.unknowns import SYMMETRIC

if TYPE_CHECKING:
    from fem.solve.stage import Stage

log = logging.getLogger("ssbfem.solve")
# Small problems have fewer multigrid levels than there are options for: PETSc need not warn the user of it at the end.
PETSc.Options().setValue("options_left", "no")
_numbers = itertools.count()

TIGHTEST = 1e-10


class LinearSolver:
    """Solves systems with one matrix (positive definite without concentrations) and any number of right-hand sides.

    Args:
        blocks: the fields in the order of the rows; on each rank the rows are the owned unknowns of the first
            block, then of the second, and so on.
        method: ``auto`` chooses by dimension and size.
        coarse: assembles the operator of a group on linear elements; Galerkin products when it is not given.
        rtol: residual norm relative to that of the right-hand side.
        max_iterations: iterations after which an iterative solve has failed.

    Attributes:
        iterations: of the last solve.
        failed: what was tried before the present method, and why it failed.
    """

    def __init__(
        self,
        blocks: Sequence[Block],
        method: Method = "auto",
        coarse: CoarseAssembly | None = None,
        rtol: float = TIGHTEST,
        max_iterations: int = 300,
    ) -> None:
        self.blocks, self.rtol, self.max_iterations = tuple(blocks), rtol, max_iterations
        self.comm = blocks[0].space.mesh.comm
        self.unknowns = sum(multigrid.global_size(b.space) for b in blocks)
        self.plan = make_plan(method, max(int(b.space.mesh.topology.dim) for b in blocks), self.unknowns)
        self.direct = self.plan.direct
        self.iterations = 0
        self.failed: list[str] = []
        self._coarse = coarse
        self._ksp: Any = None
        self._matrix: Any = None
        self._options: dict[str, None] = {}
        kinds: list[UnknownKind] = [
            "state",
            "concentration",
            "phase",
            "potential",
            "displacement",
            "traction",
            "damage",
            "contact",
        ]
        members = {kind: [k for k, b in enumerate(blocks) if b.kind == kind] for kind in kinds}
        self.groups = [Group(index, [blocks[k] for k in index]) for index in members.values() if index]
        definite = all(b.definite for b in blocks)
        self.symmetric = len(self.groups) == 1 and self.groups[0].kind in SYMMETRIC and definite
        self._prepared = False

    # ------------------------------------------------------------------ set-up
    def set_operator(self, matrix: Any) -> None:
        """Take (new values of) the matrix; the preconditioner is renewed.

        Args:
            matrix: assembled AIJ matrix, identity on constrained rows and columns.
        """
        matrix.setOption(PETSc.Mat.Option.SYMMETRIC, self.symmetric)
        fresh = self._ksp is None or matrix is not self._matrix
        self._matrix = matrix
        if self.direct:
            if fresh:
                self._create(direct_options(self.symmetric))
                self._ksp.setFromOptions()
            self._ksp.setOperators(matrix)
            self._set_up()
            return
        if not self._prepared:
            for group in self.groups:
                group.prepare()
            self._prepared = True
        if len(self.groups) == 1:
            self._set_single(matrix, fresh)
        else:
            self._set_split(matrix, fresh)
        self._set_up()

    def _create(self, options: Options) -> None:
        """A new KSP under a prefix of its own, whose options stay in the data base until it is destroyed."""
        self._release()
        prefix = f"ssbfem_linear_{next(_numbers)}_"
        database = PETSc.Options()
        for key, value in options.items():
            database[prefix + key] = value
            self._options[prefix + key] = None
        self._ksp = PETSc.KSP().create(self.comm)
        self._ksp.setOptionsPrefix(prefix)
        self._ksp.setTolerances(rtol=self.rtol, atol=0.0, max_it=self.max_iterations)

    def _iterative_options(self) -> Options:
        if self.symmetric:
            return {"ksp_type": "cg", "ksp_norm_type": "unpreconditioned", **self.groups[0].options()}
        if len(self.groups) == 1:
            return {"ksp_type": "fgmres", "ksp_gmres_restart": 60, **self.groups[0].options()}
        options: Options = {
            "ksp_type": "fgmres",
            "ksp_gmres_restart": 60,
            "pc_type": "fieldsplit",
            "pc_fieldsplit_type": "multiplicative",
        }
        for group in self.groups:
            options[f"fieldsplit_{group.kind}_ksp_type"] = "preonly"
            options |= {f"fieldsplit_{group.kind}_{key}": value for key, value in group.options().items()}
        return options

    def _set_single(self, matrix: Any, fresh: bool) -> None:
        (group,) = self.groups
        group.update(matrix, self._coarse)
        if fresh:
            self._create(self._iterative_options())
        self._ksp.setOperators(matrix)
        if fresh:
            group.attach(self._ksp.getPC())
            self._ksp.setFromOptions()
        elif group.technique == "p-multigrid":
            self._ksp.getPC().getMGCoarseSolve().setOperators(group.coarse)

    def _set_split(self, matrix: Any, fresh: bool) -> None:
        if fresh:
            self._create(self._iterative_options())
        self._ksp.setOperators(matrix)
        pc = self._ksp.getPC()
        if fresh:
            pc.setType("fieldsplit")
            rows = self._group_rows(matrix)
            pc.setFieldSplitIS(*[(g.kind, r) for g, r in zip(self.groups, rows, strict=True)])
            self._ksp.setFromOptions()
        pc.setUp()
        for group, part in zip(self.groups, pc.getFieldSplitSubKSP(), strict=True):
            own, _ = part.getOperators()
            if group.kind == "contact":
                part.setOperators(group.stand_in(own))
            else:
                group.update(own, self._coarse)
            if fresh:
                group.attach(part.getPC())
                part.setFromOptions()
            elif group.technique == "p-multigrid":
                part.getPC().getMGCoarseSolve().setOperators(group.coarse)

    def _group_rows(self, matrix: Any) -> list[Any]:
        sizes = [multigrid.owned_size(b.space) for b in self.blocks]
        starts = matrix.getOwnershipRange()[0] + np.concatenate(([0], np.cumsum(sizes)))
        sets = []
        for group in self.groups:
            rows = np.concatenate([np.arange(starts[k], starts[k + 1]) for k in group.indices])
            index = PETSc.IS().createGeneral(rows.astype(PETSc.IntType), comm=self.comm)
            if len(group.indices) == 1:
                index.setBlockSize(self.blocks[group.indices[0]].space.dofmap.index_map_bs)
            sets.append(index)
        return sets

    def _set_up(self) -> None:
        try:
            self._ksp.setUp()
        except PETSc.Error as error:
            raise LinearSolveError(f"{self.describe()}: the set-up failed ({error})") from error

    # ------------------------------------------------------------------ solve
    def solve(self, b: Any, x: Any) -> int:
        """Solve ``A x = b``; ``x`` is overwritten.

        Returns:
            Iterations.

        Raises:
            LinearSolveError: when the tolerance was not reached and a factorisation could not help.
        """
        x.set(0.0)
        size = b.norm()
        if not np.isfinite(size):
            raise LinearSolveError(f"{self.describe()}: the right-hand side is not finite")
        self.iterations = 0
        if size == 0.0:
            return 0
        reason = self._attempt(b, x)
        while reason <= 0 and self._fall_back(_reason_name(reason)):
            reason = self._attempt(b, x)
        if reason <= 0:
            raise LinearSolveError(
                f"{self.describe()}: no solution within {self.rtol:g} after {self.iterations} iterations "
                f"({_reason_name(reason)})"
            )
        return self.iterations

    def _attempt(self, b: Any, x: Any) -> int:
        given = b.copy()  # PETSc keeps a right-hand side locked when it fails, and the next one could not be written
        try:
            self._ksp.solve(given, x)
        except PETSc.Error as error:
            raise LinearSolveError(f"{self.describe()}: {error}") from error
        finally:
            given.destroy()
        self.iterations = int(self._ksp.getIterationNumber())
        reason = int(self._ksp.getConvergedReason())
        if reason > 0 and self._residual(b, x) > max(1e3 * self.rtol, 1e-6) * b.norm():
            return int(PETSc.KSP.ConvergedReason.DIVERGED_BREAKDOWN)
        return reason

    def _residual(self, b: Any, x: Any) -> float:
        """Norm of b - A x: a factorisation and a wrong preconditioner can both claim success."""
        residual = b.duplicate()
        self._matrix.mult(x, residual)
        residual.aypx(-1.0, b)
        norm = float(residual.norm())
        residual.destroy()
        return norm if np.isfinite(norm) else float("inf")

    def _fall_back(self, why: str) -> bool:
        """Set up the next more robust method; False when there is none."""
        before = self.describe().split(",")[0]
        weak = [g for g in self.groups if g.technique == "p-multigrid" and g.kind == "potential"]
        if self.direct or not (weak or self.plan.fallback):
            return False
        if weak:
            for group in weak:
                group.renounce_coarse()
        else:
            self.direct = True
        self.failed.append(f"{before} ({why})")
        log.warning("%s failed (%s): now %s", before, why, self.describe())
        matrix = self._matrix
        self._release()
        self.set_operator(matrix)
        return True

    # ------------------------------------------------------------------ report and end
    def describe(self) -> str:
        """Method, preconditioner and size in words, and what had been tried before."""
        if self.direct:
            method = "factorisation (MUMPS)"
        else:
            krylov = "CG" if self.symmetric else "flexible GMRES"
            krylov += " over a field split" if len(self.groups) > 1 else ""
            method = f"{krylov} with {' and '.join(g.describe() for g in self.groups)}"
        after = f", after the failure of {' and of '.join(self.failed)}" if self.failed else ""
        return f"{method}, {self.unknowns} unknowns{after}"

    def _release(self) -> None:
        if self._ksp is not None:
            self._ksp.destroy()
            self._ksp = None
        database = PETSc.Options()
        for key in self._options:
            database.delValue(key)
        self._options.clear()

    def destroy(self) -> None:
        """Free PETSc objects and remove the options; the matrix belongs to the caller."""
        self._release()
        for group in self.groups:
            group.destroy()
        self._prepared = False
        self._matrix = None

    def __enter__(self) -> LinearSolver:
        return self

    def __exit__(self, *_: object) -> None:
        self.destroy()


def _reason_name(reason: int) -> str:
    names = {v: k for k, v in vars(PETSc.KSP.ConvergedReason).items() if isinstance(v, int)}
    return str(names.get(reason, reason)).lower().replace("_", " ")


class NoSystem:
    """Stands in where a stage has numbers but no fields."""

    iterations = 0
    unknowns = 0

    def set_operator(self, matrix: Any) -> None:
        """Nothing to prepare."""

    def solve(self, b: Any, x: Any) -> int:
        """Nothing to solve."""
        return 0

    def describe(self) -> str:
        """Says that there is nothing."""
        return "no field"

    def destroy(self) -> None:
        """Nothing to free."""


def linear_solver(stage: Stage, method: str = "auto", rtol: float = TIGHTEST) -> LinearSolver | NoSystem:
    """The linear solver of a stage.

    Args:
        stage: assembly of the coupled blocks.
        method: ``auto``, ``direct`` or ``iterative``.
        rtol: residual norm relative to that of the right-hand side.

    Raises:
        ValueError: for an unknown method.
    """
    from fem.solve.coarse import StageCoarse

    if not stage.fields:
        return NoSystem()
    blocks = [
        Block(f.space, f.kind, c, not (f.softens or f.unsymmetric), f.weights)
        for f, c in zip(stage.fields, stage.constrained, strict=True)
    ]
    return LinearSolver(blocks, method, StageCoarse(stage), rtol)  # type: ignore[arg-type]
