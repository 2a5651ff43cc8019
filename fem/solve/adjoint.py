"""Adjoint solutions: how a quantity answers to residuals.

The reduced residual of a model, paired with a test vector z, is

    rho(u; z) = sum_f R_f(u; z_f) + sum_n z_n (charge_n(u) - source_n),

where z_f takes the value z_n on nodes tied to the number n and 0 on nodes with given values. The adjoint z of a
quantity J solves rho'(u)(v; z) = J'(u)(v) for every admissible v. Between stages the order is reversed: what a
stage does to later ones is known when it is solved. Within a stage the bordered matrix is symmetric (every passage
derives from a potential, see ``fem.solve.stage``), so the solver of the Newton step solves the adjoint system.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import default_scalar_type, fem

from fem.solve.driver import Solver
from fem.solve.newton import NewtonSolver
from fem.solve.stage import Stage
from fem.solve.system import nonzero
from fem.unknowns import Field, Number

Array = npt.NDArray[np.float64]


class Adjoint:
    """Solves adjoint problems at the present state of a model.

    Args:
        solver: of the model.

    Attributes:
        functions: field -> its part of the adjoint, with the values of tied nodes.
        numbers: number -> its part; 0 where the number is prescribed.
    """

    def __init__(self, solver: Solver) -> None:
        self.solver, self.model = solver, solver.model
        self.functions: dict[Field, Any] = {f: fem.Function(f.space) for f in self.model.fields}
        self.numbers: dict[Number, float] = dict.fromkeys(self.model.numbers, 0.0)
        mesh = self.model.geometry.mesh
        self._values = {n: fem.Constant(mesh, default_scalar_type(0.0)) for n in self.model.numbers}

    def linearise(self) -> None:
        """Assemble and factorise (or precondition) the Jacobian of every stage at the present state."""
        for newton in self.solver.newtons:
            newton.bordered.assemble()

    def solve(self, forms: Mapping[Any, float], numbers: Mapping[Number, float]) -> None:
        """Find the adjoint of a quantity; collective. The Jacobian must be that of the present state.

        Args:
            forms: UFL scalar form -> derivative of the quantity by it.
            numbers: number -> partial derivative of the quantity by it.
        """
        mesh = self.model.geometry.mesh
        parts = [fem.Constant(mesh, default_scalar_type(c)) * form for form, c in forms.items() if c != 0.0]
        done: list[Any] = []
        pairs = list(zip(self.solver.stages, self.solver.newtons, strict=True))
        for stage, newton in reversed(pairs):
            whole = [*parts, *done]
            right = self._right_side(stage, sum(whole[1:], start=whole[0]) if whole else None, numbers)
            self._keep(stage, newton, newton.bordered.solve(right))
            done += [-form for form in self._paired(stage)]

    def pairing(self, stage: Stage, rows: Array) -> float:
        """Residual rows of a stage (fields, then on rank 0 the numbers) times the adjoint, over all ranks."""
        return float(stage.comm.allreduce(float(rows @ self._flat(stage))))

    def _flat(self, stage: Stage) -> Array:
        parts = [self.functions[f].x.array[: f.owned] for f in stage.fields]
        if stage.comm.rank == 0:
            parts.append(np.array([self.numbers[n] for n in stage.numbers]))
        return np.concatenate(parts) if parts else np.empty(0)

    def _right_side(self, stage: Stage, form: Any, numbers: Mapping[Number, float]) -> Array:
        """Derivative of a form by the unknowns of a stage, tied rows added to their numbers."""
        compiled = self.model.geometry.entity_maps().form
        rows = np.zeros(int(stage.offsets[-1]))
        tail = [numbers.get(n, 0.0) for n in stage.numbers]
        if form is not None:
            for k, field in enumerate(stage.fields):
                slope = nonzero(ufl.derivative(form, field.function, field.test))
                if slope is not None:
                    stage.add_vector(compiled(slope), k, rows)
            for k, number in enumerate(stage.numbers):
                slope = nonzero(ufl.diff(form, number.variable))
                if slope is not None:
                    tail[k] += float(stage.comm.allreduce(np.real(fem.assemble_scalar(compiled(slope)))))
        tail = [t + stage.tied_sum(n, rows) for t, n in zip(tail, stage.numbers, strict=True)]
        free = stage.free(rows)
        return np.concatenate([free, np.array(tail)]) if stage.comm.rank == 0 else free

    def _keep(self, stage: Stage, newton: NewtonSolver, solution: Array) -> None:
        end = int(stage.offsets[-1])
        tail = np.array(solution[end:]) if stage.comm.rank == 0 else np.empty(len(stage.numbers))
        if stage.numbers:
            stage.comm.Bcast(tail, root=0)
        for number, value in zip(stage.numbers, tail, strict=True):
            self.numbers[number] = float(value)
            self._values[number].value = float(value)
        for k, field in enumerate(stage.fields):
            array = self.functions[field].x.array
            array[: field.owned] = solution[stage.offsets[k] : stage.offsets[k + 1]]
            self.functions[field].x.scatter_forward()
            for tie in field.ties:
                array[tie.dofs] = 0.0 if tie.number is None else self.numbers[tie.number]

    def _paired(self, stage: Stage) -> list[Any]:
        """Forms whose sum is the residual of a stage paired with the adjoint."""
        system = self.model.system
        found = [ufl.replace(system.residuals[f], {f.test: self.functions[f]}) for f in stage.fields]
        return found + [self._values[n] * system.charges[n] for n in stage.numbers if n in system.charges]
