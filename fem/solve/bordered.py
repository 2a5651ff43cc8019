"""The linear system of a stage: sparse field blocks, bordered by the dense rows and columns of its numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from mpi4py import MPI
from petsc4py import PETSc

from fem.solve.criteria import REST
from fem.solve.stage import Stage

Array = npt.NDArray[np.float64]


class Bordered:
    """Solves with the matrix of a stage by block elimination of the numbers.

    Args:
        stage: assembly.
        linear: linear solver with ``set_operator(matrix)``, ``solve(rhs, x)`` and ``iterations``.

    Attributes:
        iterations: of the linear solver, summed over all solves.
        solves: how many.
    """

    def __init__(self, stage: Stage, linear: Any) -> None:
        self.stage, self.linear = stage, linear
        self.iterations = self.solves = 0
        self._schur: Any = None
        self._left: Array | float = 1.0
        self._right: Array | float = 1.0
        self._solved: list[Array] = []
        self._rhs = PETSc.Vec().createMPI((int(stage.offsets[-1]), None), comm=stage.comm)
        self._sol = self._rhs.duplicate()

    def assemble(self) -> None:
        """Assemble at the present state and prepare the solver and the borders."""
        self.stage.assemble_jacobian()
        self._equilibrate()
        self.linear.set_operator(self.stage.matrix)
        self.prepare()

    def field_solve(self, rows: Array) -> Array:
        """A^-1 applied to the field rows."""
        self._rhs.array_w[:] = rows * self._left
        self._sol.set(0.0)
        self.linear.solve(self._rhs, self._sol)
        self.iterations += int(self.linear.iterations)
        self.solves += 1
        return np.asarray(self._sol.array_r * self._right)

    def field_product(self, x: Array) -> Array:
        """A applied to the fields."""
        self._sol.array_w[:] = x / self._right
        self.stage.matrix.mult(self._sol, self._rhs)
        return np.asarray(self._rhs.array_r / self._left)

    def _equilibrate(self) -> None:
        """Scale rows and columns by kind of field, so that forces, currents and amounts compare."""
        factors = equilibration(self.stage, self.stage.diagonal)
        if factors is None:
            return
        self._left, self._right = factors
        scale(self.stage.matrix, *factors)

    def prepare(self) -> None:
        """Solve for the borders and form the Schur complement of the numbers."""
        stage = self.stage
        self._solved = [self.field_solve(b) for b in stage.borders]
        if stage.numbers:
            coupling = np.array([[b @ y for y in self._solved] for b in stage.rows])
            self._schur = stage.corner - stage.comm.allreduce(coupling)
            for k in self._held():
                self._schur[k] = np.eye(len(stage.numbers))[k]

    def _held(self) -> list[int]:
        return [k for k, n in enumerate(self.stage.numbers) if n.held is not None]

    def _tail(self, flat: Array) -> Array:
        """The entries of the numbers, on every rank."""
        stage = self.stage
        tail = np.array(flat[int(stage.offsets[-1]) :]) if stage.comm.rank == 0 else np.empty(len(stage.numbers))
        stage.comm.Bcast(tail, root=0)
        return tail

    def solve(self, rhs: Array) -> Array:
        """(local rows,) solution of the bordered system for a flat right-hand side."""
        stage = self.stage
        z = self.field_solve(rhs[: int(stage.offsets[-1])])
        if not stage.numbers:
            return z
        tail = self._tail(rhs)
        passing = stage.comm.allreduce(np.array([b @ z for b in stage.rows]))
        passing[self._held()] = 0.0
        values = np.linalg.solve(self._schur, tail - passing)
        for value, y in zip(values, self._solved, strict=True):
            z = z - value * y
        return np.concatenate([z, values]) if stage.comm.rank == 0 else z

    def multiply(self, x: Array) -> Array:
        """(local rows,) bordered matrix times a flat vector."""
        stage = self.stage
        n = int(stage.offsets[-1])
        rows = self.field_product(x[:n])
        if not stage.numbers:
            return rows
        tail = self._tail(x)
        for value, border in zip(tail, stage.borders, strict=True):
            rows += value * border
        bottom = stage.comm.allreduce(np.array([b @ x[:n] for b in stage.rows])) + stage.corner @ tail
        held = self._held()
        bottom[held] = tail[held]
        return np.concatenate([rows, bottom]) if stage.comm.rank == 0 else rows

    def destroy(self) -> None:
        """Free PETSc objects."""
        for item in (self._rhs, self._sol):
            item.destroy()


def equilibration(stage: Stage, diagonal: Array) -> tuple[Array, Array] | None:
    """Factors of the rows and columns of a stage by kind of field; None where nothing needs scaling. Collective.

    In SI the diagonal of a stage with stresses and lithium spans thirty powers of ten, which no solver survives.
    Kinds have one factor each: multigrid within a kind does not notice. They are kept in ``stage.scales``, too.

    Args:
        stage: assembly. diagonal: (owned field rows,) of its matrix.
    """
    kinds = {f.kind for f in stage.fields}
    if stage.symmetric or len(kinds) < 2:
        return None
    x = stage.system.geometry.mesh.geometry.x
    span = stage.comm.allreduce(float(np.ptp(x, axis=0).max(initial=0.0)) if len(x) else 0.0, op=MPI.MAX)
    left, right = np.ones(int(stage.offsets[-1])), np.ones(int(stage.offsets[-1]))
    for kind in sorted(kinds):
        rows = np.concatenate([np.full(f.owned, f.kind == kind) for f in stage.fields])
        free = rows.copy()
        for k, dofs in enumerate(stage.constrained):
            free[int(stage.offsets[k]) + dofs[dofs < stage.fields[k].owned]] = False
        entries = diagonal[free]
        square, count = stage.comm.allreduce(np.array([entries @ entries, len(entries)]))
        column = _typical(kind, span, max(f.scale for f in stage.fields if f.kind == kind))
        size = math.sqrt(square / count) if count and square > 0 else 1.0
        stage.scales[kind] = (1.0 / (size * column), column)
        left[rows], right[rows] = stage.scales[kind]
    return left, right


def scale(matrix: Any, left: Array, right: Array) -> None:
    """Multiply the rows and columns of a PETSc matrix with factors of the owned rows."""
    columns, rows = matrix.createVecs()
    rows.array_w[:], columns.array_w[:] = left, right
    matrix.diagonalScale(rows, columns)
    rows.destroy()
    columns.destroy()


def _typical(kind: str, span: float, scale: float) -> float:
    """A typical value of a field of a kind: strains of 1e-4 over the model, RT/F, tractions of 1 MPa, its own scale."""
    if kind == "displacement":
        return 1e-4 * span
    return {"potential": REST, "traction": 1e6}.get(kind, scale)
