"""One group of mutually coupled blocks: residual vector, Jacobian, and the borders that single numbers add.

Layout of the flat vector on each rank: owned entries of field 0, field 1, ..., then (rank 0 only) the numbers.
A number k enters through interface laws and through tied nodes; with w_k the indicator of its tied nodes the
reduced system is the bordered matrix

    [ A   B ] [du]     A: field blocks, identity on tied rows
    [ B'  D ] [dV]     B_k = (J w_k + dF/dV_k) on free rows

A stays sparse; the dense rows of the numbers never reach the preconditioner. With potentials and displacements alone
B' is the transpose of B, because every passage derives from a dissipation potential; where concentrations or states of
interfaces take part, the rows are assembled by themselves: B'_k = d(what leaves V_k)/du.

In transient models A stands for dF/du + shift dF/du', B and D likewise (``System.shift``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import default_scalar_type, fem, la
from petsc4py import PETSc

from fem import compat
from fem.solve.sparsity import create_matrix
from fem.solve.system import System
from fem.unknowns import SYMMETRIC, Field, Number

Array = npt.NDArray[np.float64]


class Stage:
    """Assembly of one group of blocks.

    Args:
        system: owner of the residuals.
        fields: coupled fields, in the order of the flat vector.
        numbers: coupled unknown numbers.
    """

    def __init__(self, system: System, fields: Sequence[Field], numbers: Sequence[Number]) -> None:
        self.system, self.fields, self.numbers = system, list(fields), list(numbers)
        self.comm = system.geometry.comm
        form = system.maps.form
        self.residual_forms = [form(system.residuals[f]) for f in self.fields]
        blocks = [[system.jacobian(r, c) for c in self.fields] for r in self.fields]
        self.jacobian_ufl = blocks
        self.jacobian_forms = [[form(b) for b in row] for row in blocks]
        self.charge_forms = [form(system.charges[n]) if n in system.charges else None for n in self.numbers]
        self.symmetric = all(f.kind in SYMMETRIC and not f.unsymmetric for f in self.fields) and not any(
            n.state for n in self.numbers
        )
        borders = self._border_forms()
        if not self.symmetric:
            self._row_forms()
        derivatives = [b for rows in (blocks, borders) for row in rows for b in row if b is not None]
        self.linear = not any(self._state_dependent(b) for b in derivatives)
        self.bcs = [self._markers(f) for f in self.fields]
        self._work = [la.vector(f.space.dofmap.index_map, f.space.dofmap.index_map_bs) for f in self.fields]
        self.offsets = np.concatenate(([0], np.cumsum([f.owned for f in self.fields]))).astype(int)
        self.number_rows = len(self.numbers) if self.comm.rank == 0 else 0
        self.constrained = [f.constrained() for f in self.fields]
        self.matrix: Any = None
        self.borders: list[Array] = []
        self.rows: list[Array] = []
        self.diagonal: Array = np.empty(0)  # of the matrix, when it was last assembled
        self.scales: dict[str, tuple[float, float]] = {}  # kind of field -> factors of its rows and columns
        self.left: list[float] = []  # what left the numbers when the residual was last taken
        self.corner = np.zeros((len(self.numbers), len(self.numbers)))

    # ------------------------------------------------------------------ forms
    def _state_dependent(self, block: Any) -> bool:
        functions = {f.function for f in self.fields}
        constants = {n.constant for n in self.numbers}
        return any(c in functions for c in block.coefficients()) or any(c in constants for c in block.constants())

    def _border_forms(self) -> list[list[Any]]:
        """Compile the derivatives by the numbers; returns them as UFL."""
        form, system = self.system.maps.form, self.system
        self.directions = [fem.Function(f.space) for f in self.fields]
        self.action_forms: list[list[Any]] = []
        for row in self.fields:
            actions = []
            for column, direction in zip(self.fields, self.directions, strict=True):
                tied = any(t.number in self.numbers for t in column.ties)
                block = system.jacobian(row, column)
                actions.append(form(ufl.action(block, direction)) if tied and block is not None else None)
            self.action_forms.append(actions)
        slopes = [[system.slope(system.residuals[f], n) for n in self.numbers] for f in self.fields]
        corners = [
            [system.slope(system.charges[k], n) if k in system.charges else None for n in self.numbers]
            for k in self.numbers
        ]
        self.slope_forms, self.corner_forms = form(slopes), form(corners)
        return [*slopes, *corners]

    def _row_forms(self) -> None:
        """Compile the derivatives of what leaves the numbers: through interfaces, and from tied nodes."""
        form, system = self.system.maps.form, self.system
        self.leaving_forms = [[form(system.row(n, c)) for c in self.fields] for n in self.numbers]
        self.reaction_forms: list[list[Any]] = []
        for row, direction in zip(self.fields, self.directions, strict=True):
            tied = any(t.number in self.numbers for t in row.ties)
            paired = ufl.replace(system.residuals[row], {row.test: direction}) if tied else None
            self.reaction_forms.append([form(system.gradient(paired, c)) if tied else None for c in self.fields])

    @staticmethod
    def _markers(field: Field) -> list[Any]:
        """Dirichlet conditions that only mark rows; the values are written by ``Field.apply_ties``."""
        dofs = field.constrained()
        size = field.space.dofmap.index_map_bs
        if size == 1:
            return [compat.homogeneous_condition(field.space, dofs)] if field.ties else []
        return (
            [fem.dirichletbc(default_scalar_type(0.0), dofs[dofs % size == k], field.space.sub(k)) for k in range(size)]
            if field.ties
            else []
        )

    # ------------------------------------------------------------------ vectors
    def create_vector(self) -> Any:
        """Flat PETSc vector of the stage."""
        vector = PETSc.Vec().createMPI((int(self.offsets[-1]) + self.number_rows, None), comm=self.comm)
        vector.setUp()
        return vector

    def get_state(self) -> Array:
        """(local rows,) current fields and numbers."""
        parts = [f.function.x.array[: f.owned] for f in self.fields]
        if self.comm.rank == 0:
            parts.append(np.array([n.beyond for n in self.numbers]))
        return np.concatenate(parts) if parts else np.empty(0)

    def set_state(self, values: Array) -> None:
        """Write a flat vector into fields and numbers, then apply the ties."""
        tail = np.array(values[self.offsets[-1] :]) if self.comm.rank == 0 else np.empty(len(self.numbers))
        if self.numbers:
            self.comm.Bcast(tail, root=0)
        for number, value in zip(self.numbers, tail, strict=True):
            number.beyond = float(value)
        for k, field in enumerate(self.fields):
            field.function.x.array[: field.owned] = values[self.offsets[k] : self.offsets[k + 1]]
            field.function.x.scatter_forward()
            field.apply_ties()

    def add_vector(self, form: Any, k: int, target: Array) -> None:
        """Add the owned entries of a compiled linear form of field k to flat rows; collective."""
        work = self._work[k]
        work.array[:] = 0.0
        fem.assemble_vector(work.array, form)
        work.scatter_reverse(la.InsertMode.add)
        target[self.offsets[k] : self.offsets[k + 1]] += work.array[: self.fields[k].owned]

    def full_residual(self) -> Array:
        """(owned field rows,) residual before ties are taken out: reactions stand on tied rows."""
        rows = np.zeros(int(self.offsets[-1]))
        for k, form in enumerate(self.residual_forms):
            self.add_vector(form, k, rows)
        return rows

    def leaving(self) -> list[float]:
        """What leaves every number through interfaces and tied nodes (A or N); collective."""
        rows = self.full_residual()
        return [self.charge(k) + self.tied_sum(n, rows) for k, n in enumerate(self.numbers)]

    def set_rates(self, values: Array) -> None:
        """Write a flat vector of time derivatives into the rates of fields and numbers."""
        tail = np.array(values[self.offsets[-1] :]) if self.comm.rank == 0 else np.empty(len(self.numbers))
        if self.numbers:
            self.comm.Bcast(tail, root=0)
        for number, value in zip(self.numbers, tail, strict=True):
            number.speed = float(value)
        for k, field in enumerate(self.fields):
            field.rate.x.array[: field.owned] = values[self.offsets[k] : self.offsets[k + 1]]
            field.rate.x.scatter_forward()
            field.apply_tied_rates()

    def free(self, rows: Array) -> Array:
        """The same rows with zeros where degrees of freedom are tied."""
        rows = rows.copy()
        for k, dofs in enumerate(self.constrained):
            own = dofs[dofs < self.fields[k].owned]
            rows[self.offsets[k] + own] = 0.0
        return rows

    def tied_sum(self, number: Number, rows: Array) -> float:
        """Sum over all ranks of the rows tied to a number."""
        total = 0.0
        for k, field in enumerate(self.fields):
            for tie in field.ties:
                if tie.number is number:
                    own = tie.dofs[tie.dofs < field.owned]
                    total += float(rows[self.offsets[k] + own].sum())
        return float(self.comm.allreduce(total))

    def charge(self, k: int) -> float:
        """What leaves number k through interfaces (A or N)."""
        form = self.charge_forms[k]
        return 0.0 if form is None else float(self.comm.allreduce(np.real(fem.assemble_scalar(form))))

    def residual(self) -> Array:
        """(local rows,) residual of the reduced system at the current state."""
        rows = self.full_residual()
        self.left = [self.charge(k) + self.tied_sum(n, rows) for k, n in enumerate(self.numbers)]
        tail = [n.source_gap(left) for n, left in zip(self.numbers, self.left, strict=True)]
        free = self.free(rows)
        return np.concatenate([free, np.array(tail)]) if self.comm.rank == 0 else free

    def reactions(self) -> list[float]:
        """Resultant (A or N) of every tie, summed over ranks."""
        rows = self.full_residual()
        out = []
        for k, field in enumerate(self.fields):
            for tie in field.ties:
                own = tie.dofs[tie.dofs < field.owned]
                out.append(float(rows[self.offsets[k] + own].sum()))
        return [float(v) for v in self.comm.allreduce(np.array(out))] if out else []

    # ------------------------------------------------------------------ Jacobian
    def assemble_jacobian(self) -> None:
        """Assemble A, B and D at the current state."""
        if self.matrix is None:
            spaces, regions = [f.space for f in self.fields], [f.region for f in self.fields]
            self.matrix = create_matrix(spaces, regions, self.jacobian_ufl)
        bcs = [bc for group in self.bcs for bc in group]
        compat.assemble_block_matrix(self.matrix, self.jacobian_forms, bcs)
        diagonal = self.matrix.getDiagonal()
        self.diagonal = np.array(diagonal.array_r)
        diagonal.destroy()
        slopes, tangents, leaving, rows = [], [], [], []
        for n, number in enumerate(self.numbers):
            slope = np.zeros(int(self.offsets[-1]))
            for k in range(len(self.fields)):
                if self.slope_forms[k][n] is not None:
                    self.add_vector(self.slope_forms[k][n], k, slope)
            tangent = slope.copy()
            self._set_directions(number)
            for k, actions in enumerate(self.action_forms):
                for column, action in enumerate(actions):
                    if action is not None and any(t.number is number for t in self.fields[column].ties):
                        self.add_vector(action, k, tangent)
            slopes.append(slope)
            tangents.append(tangent)
            if not self.symmetric:
                left, row = self._row(n, number)
                leaving.append(left)
                rows.append(row)
        self.borders = [self.free(t) for t in tangents]
        # what leaves a number follows the fields as the fields follow it, where all derives from one potential
        self.rows = self.borders if self.symmetric else [self.free(r) for r in rows]
        for k, number in enumerate(self.numbers):
            through = slopes[k] if self.symmetric else leaving[k]
            for n, other in enumerate(self.numbers):
                form = self.corner_forms[k][n]
                own = 0.0 if form is None else float(self.comm.allreduce(np.real(fem.assemble_scalar(form))))
                self.corner[k, n] = own + self.tied_sum(number, tangents[n]) + self.tied_sum(other, through)

    def _row(self, n: int, number: Number) -> tuple[Array, Array]:
        """Derivative of what leaves number n by the fields: through interfaces alone, and with its tied nodes."""
        left = np.zeros(int(self.offsets[-1]))
        for k, form in enumerate(self.leaving_forms[n]):
            if form is not None:
                self.add_vector(form, k, left)
        row = left.copy()
        for field, forms in zip(self.fields, self.reaction_forms, strict=True):
            if any(t.number is number for t in field.ties):
                for k, form in enumerate(forms):
                    if form is not None:
                        self.add_vector(form, k, row)
        return left, row

    def _set_directions(self, number: Number) -> None:
        for field, direction in zip(self.fields, self.directions, strict=True):
            direction.x.array[:] = 0.0
            for tie in field.ties:
                if tie.number is number:
                    direction.x.array[tie.dofs] = 1.0

    def constraint_indicator(self) -> Sequence[npt.NDArray[np.int32]]:
        """Tied dofs per field (owned and ghost)."""
        return self.constrained
