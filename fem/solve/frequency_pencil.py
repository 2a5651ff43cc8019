"""The linearised model as a matrix pencil: J + s M with its borders, at any real shift s.

J = dF/du and M = dF/du' at the present state. Both come from the same forms, assembled at two shifts: at zero, and at
one far above all frequencies of interest, where M is known to machine precision however small it is beside J.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from petsc4py import PETSc

from fem.solve.bordered import equilibration, scale
from fem.solve.coarse import StageCoarse
from fem.solve.groups import Block, Group
from fem.solve.linear import LinearSolver
from fem.solve.stage import Stage

Array = npt.NDArray[np.floating[Any]]

# The reference shift lies this far above the largest frequency: the rounding of J then leaves M alone.
ABOVE = 10.0


class Pencil:
    """J + s M of a stage at its present state.

    Layout of flat vectors: that of the stage without its numbers (owned rows of its fields).

    Args:
        stage: group of coupled fields and numbers; left as assembled at rest.
        fastest: largest angular frequency of interest, rad/s.
        method: ``auto``, ``direct`` or ``iterative`` solves.
        rtol: tolerance of the solves, relative to the right-hand side.

    Attributes:
        iterations: linear iterations so far.
        borders, rows: per number (J part, M part) of its column and row.
        corner: (numbers, numbers) J part and M part.
    """

    def __init__(self, stage: Stage, fastest: float, method: str = "auto", rtol: float = 1e-9) -> None:
        self.stage, self.comm, self.iterations = stage, stage.comm, 0
        system = stage.system
        self.reference = ABOVE * max(fastest, 1.0)
        system.shift.value = self.reference
        stage.assemble_jacobian()
        self.dynamic = stage.matrix.copy()
        fast = self._dense()
        system.shift.value = 0.0
        stage.assemble_jacobian()
        self.static = stage.matrix.copy()
        self.dynamic.axpy(-1.0, self.static, PETSc.Mat.Structure.SAME_NONZERO_PATTERN)
        self.dynamic.scale(1.0 / self.reference)
        slow = self._dense()
        pairs = [(j, (f - j) / self.reference) for j, f in zip(slow, fast, strict=True)]
        count = len(stage.numbers)
        self.borders, self.rows, self.corner = pairs[:count], pairs[count : 2 * count], pairs[-1]
        self.matrix = self.static.copy()
        self._scales = equilibration(stage, np.asarray(self.diagonal(), dtype=np.float64))
        self.linear = self._solver(method, rtol)
        self._right, self._left = self.matrix.createVecs()

    def _dense(self) -> list[Any]:
        stage = self.stage
        found: list[Any] = [b.copy() for b in stage.borders] + [r.copy() for r in stage.rows] + [stage.corner.copy()]
        return found

    def _solver(self, method: str, rtol: float) -> LinearSolver:
        stage = self.stage
        blocks = [Block(f.space, f.kind, c) for f, c in zip(stage.fields, stage.constrained, strict=True)]
        return LinearSolver(blocks, method, ShiftedCoarse(self), rtol)  # type: ignore[arg-type]

    @property
    def size(self) -> int:
        """Owned rows of the fields on this rank."""
        return int(self.stage.offsets[-1])

    def set_shift(self, shift: float) -> None:
        """Prepare solves with J + shift M; a real shift of at least zero, 1/s."""
        self.shift = shift
        self.static.copy(self.matrix, PETSc.Mat.Structure.SAME_NONZERO_PATTERN)
        if shift:
            self.matrix.axpy(shift, self.dynamic, PETSc.Mat.Structure.SAME_NONZERO_PATTERN)
        if self._scales is not None:
            scale(self.matrix, *self._scales)
        self.linear.set_operator(self.matrix)

    def solve(self, rows: Array) -> Array:
        """(J + shift M)^-1 applied to the rows of the fields."""
        left, right = (1.0, 1.0) if self._scales is None else self._scales
        self._right.array_w[:] = rows * left
        self.linear.solve(self._right, self._left)
        self.iterations += int(self.linear.iterations)
        return np.array(self._left.array_r * right)

    def multiply(self, x: Array) -> tuple[Array, Array]:
        """J x and M x on the rows of the fields."""
        self._right.array_w[:] = x
        products = []
        for matrix in (self.static, self.dynamic):
            matrix.mult(self._right, self._left)
            products.append(np.array(self._left.array_r))
        return products[0], products[1]

    def border(self, shift: complex) -> list[Array]:
        """Columns of the numbers at a shift."""
        return [j + shift * m for j, m in self.borders]

    def diagonal(self) -> Array:
        """Diagonal of J, of J + reference M where that vanishes."""
        static = np.abs(self.static.getDiagonal().array_r)
        dynamic = np.abs(self.dynamic.getDiagonal().array_r)
        full = static + self.reference * dynamic
        return np.where(static > 1e-14 * full, static, np.where(full > 0, full, 1.0))

    def destroy(self) -> None:
        """Free PETSc objects."""
        self.linear.destroy()
        for item in (self.static, self.dynamic, self.matrix, self._right, self._left):
            item.destroy()


class ShiftedCoarse:
    """Operators of p-multigrid on linear elements: assembled at two shifts, combined at all others.

    Args:
        pencil: owner of the stage and of the present shift.
    """

    def __init__(self, pencil: Pencil) -> None:
        self.pencil = pencil
        self._assemble = StageCoarse(pencil.stage)
        self._parts: dict[tuple[int, ...], tuple[Any, Any]] = {}

    def __call__(self, group: Group) -> Any:
        """Matrix of the group at the present shift."""
        if group.indices not in self._parts or group.coarse is None:
            return self._first(group)
        static, dynamic = self._parts[group.indices]
        static.copy(group.coarse, PETSc.Mat.Structure.SAME_NONZERO_PATTERN)
        group.coarse.axpy(self.pencil.shift, dynamic, PETSc.Mat.Structure.SAME_NONZERO_PATTERN)
        return group.coarse

    def _first(self, group: Group) -> Any:
        system, reference = self.pencil.stage.system, self.pencil.reference
        system.shift.value = reference
        group.coarse = self._assemble(group)
        dynamic = group.coarse.copy()
        system.shift.value = 0.0
        static = self._assemble(group).copy()
        dynamic.axpy(-1.0, static, PETSc.Mat.Structure.SAME_NONZERO_PATTERN)
        dynamic.scale(1.0 / reference)
        self._parts[group.indices] = static, dynamic
        group.coarse.axpy(self.pencil.shift, dynamic, PETSc.Mat.Structure.SAME_NONZERO_PATTERN)
        return group.coarse
