"""Where the error of quantities comes from: dual-weighted residuals, shared out to cells.

With u the coarse solution, U the enriched one and z the adjoint of a quantity J in the enriched model, linearised
half-way between u and U,

    J(U) - J(u) = -rho(u; z) = -rho(u; z - z_h)      up to third order in U - u,

for any z_h of the coarse space, because the coarse residual vanishes there (Becker and Rannacher, Acta Numerica 10
(2001) 1). The residuals are those of the model, so that interface laws, films, numbers and stress shifts are part of
it. Localised with the linear hat functions q_i of the mesh (Richter and Wick, J. Comput. Appl. Math. 279 (2015) 192),

    eta_i = -[rho_enriched(u; z q_i) - rho_coarse(u; z_h q_i)],

and what evaluating the quantity itself adds is shared out in the same way. Each integral is on the cells of its own
model, straight ones for the coarse residual, curved ones for the enriched one, with its own quadrature rule: the error
of straight facets and of sharp kernels appears where it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import default_scalar_type, fem, la

from fem.estimate.enriched import transfer
from fem.estimate.recorded import EnrichedRecorder, Integral, Recorded, Recorder, interpolated
from fem.model import Model
from fem.observe.assembly import Assembly
from fem.solve.adjoint import Adjoint
from fem.unknowns import Number

Floats = npt.NDArray[np.float64]
Goal = Callable[[Assembly], Any]
"""A quantity as a function of an assembly: arithmetic on what the assembly returns."""


@dataclass(frozen=True)
class Localised:
    """The error of a quantity, or of a weighted sum of quantities, and where it comes from.

    Attributes:
        error: estimate of (exact - coarse value), signed.
        difference: the same from the quantity at the enriched solution; differs by terms of third order.
        evaluation: part of it that comes from evaluating the quantity itself: on straight facets, with a
            quadrature rule, by values at points.
        indicators: (owned cells,) share of each cell in the sum of absolute contributions.
    """

    error: float
    difference: float
    evaluation: float
    indicators: Floats


class DualWeighted:
    """Estimates errors of a solved model by its solved enriched copy.

    Args:
        coarse: assembly of the model, at its solution.
        fine: recorder of the enriched model, at its solution; left there.
    """

    def __init__(self, coarse: Assembly, fine: EnrichedRecorder) -> None:
        self.coarse, self.fine = Recorder.of(coarse), fine
        self.adjoint = Adjoint(fine.solver)
        self._top = _state(fine.model)
        transfer(coarse.model, fine.model)
        self._base = _state(fine.model)
        self._residuals = [s.residual() for s in fine.solver.stages]
        self._at([0.5 * (a + b) for a, b in zip(self._top, self._base, strict=True)])
        self.adjoint.linearise()
        self._at(self._top)

    def localise(self, goals: Mapping[str, tuple[Goal, float]]) -> Localised:
        """Error of a weighted sum of quantities; collective.

        Args:
            goals: name -> quantity and its weight in the sum.

        Raises:
            TypeError: a quantity that cannot be differentiated (a maximum, say).
        """
        below = _sum(goals, self.coarse)
        top = _sum(goals, self.fine)
        self._at([0.5 * (a + b) for a, b in zip(self._top, self._base, strict=True)])
        middle = _sum(goals, self.fine)
        forms = {o.form: c for o, c in middle.slopes.items() if isinstance(o, Integral)}
        self.adjoint.solve(forms, {o: c for o, c in middle.slopes.items() if isinstance(o, Number)})
        self._at(self._base)
        base = _sum(goals, self.fine)
        pairs = zip(self.fine.solver.stages, self._residuals, strict=True)
        error = -sum(self.adjoint.pairing(stage, rows) for stage, rows in pairs)
        nodes = self._nodal(base, below)
        self._at(self._top)
        evaluation = base.value - below.value
        indicators = _to_cells(self.coarse.model, nodes)
        return Localised(error + evaluation, top.value - below.value, evaluation, indicators)

    def _at(self, state: list[Floats]) -> None:
        """Set the enriched model to a state."""
        for field, values in zip(self.fine.model.fields, state, strict=False):
            field.function.x.array[:] = values
        for number, value in zip(self.fine.model.numbers, state[-1], strict=True):
            number.value = float(value)
        self.fine.renew()

    def _nodal(self, base: Recorded, below: Recorded) -> Any:
        """eta_i by vertex (ghosted vector); the enriched model is at the coarse state.

        Args:
            base, below: the quantity in the enriched model at this state, and in the coarse model.
        """
        rich = {f: self.adjoint.functions[f] for f in self.fine.model.fields}
        plain_weights = {
            mine: interpolated(rich[theirs], fem.Function(mine.space))
            for mine, theirs in zip(self.coarse.model.fields, self.fine.model.fields, strict=True)
        }
        for mine, weight in plain_weights.items():
            for tie in mine.ties:
                weight.x.array[tie.dofs] = 0.0 if tie.number is None else self._number_weight(tie.number)
        enriched = _weighted(self.fine.model, rich, base)
        straight = _weighted(self.coarse.model, plain_weights, below)
        enriched.array[:] = straight.array - enriched.array
        return enriched

    def _number_weight(self, number: Number) -> float:
        return self.adjoint.numbers[self.fine.model.numbers[self.coarse.model.numbers.index(number)]]


def _sum(goals: Mapping[str, tuple[Goal, float]], assembly: Assembly) -> Recorded:
    total = Recorded(0.0)
    for name, (goal, weight) in goals.items():
        value = goal(assembly)
        if not isinstance(value, Recorded):
            raise TypeError(f"{name} is not a differentiable quantity")
        total = total + weight * value
    return total


def _weighted(model: Model, weights: Mapping[Any, Any], quantity: Recorded) -> Any:
    """Residual of all fields weighted with functions, minus the linearised quantity, times the hat of every vertex."""
    mesh = model.geometry.mesh
    space = fem.functionspace(mesh, ("Lagrange", 1))
    hat = ufl.TestFunction(space)
    parts = [ufl.replace(model.system.residuals[f], {f.test: w * hat}) for f, w in weights.items()]
    for origin, slope in quantity.slopes.items():
        if isinstance(origin, Integral) and slope != 0.0:
            parts.append(fem.Constant(mesh, default_scalar_type(-slope)) * _times(origin.form, hat))
    vector = la.vector(space.dofmap.index_map, 1)
    fem.assemble_vector(vector.array, model.geometry.entity_maps().form(sum(parts[1:], start=parts[0])))
    vector.scatter_reverse(la.InsertMode.add)
    vector.scatter_forward()
    return vector


def _times(form: Any, hat: Any) -> Any:
    """A scalar form with its integrands multiplied by a continuous test function."""
    integrals = []
    for integral in form.integrals():
        factor = hat("+") if integral.integral_type() == "interior_facet" else hat
        integrals.append(integral.reconstruct(integrand=integral.integrand() * factor))
    return ufl.Form(integrals)


def _to_cells(model: Model, nodes: Any) -> Floats:
    """(owned cells,) every vertex shares its contribution out to its cells."""
    mesh = model.geometry.mesh
    space = fem.functionspace(mesh, ("Lagrange", 1))
    owned = mesh.topology.index_map(mesh.topology.dim).size_local
    dofs = space.dofmap.list[:owned]
    count = la.vector(space.dofmap.index_map, 1)
    count.array[:] = np.bincount(dofs.reshape(-1), minlength=len(count.array))
    count.scatter_reverse(la.InsertMode.add)
    count.scatter_forward()
    share = np.abs(nodes.array) / np.maximum(count.array, 1.0)
    return np.asarray(share[dofs].sum(axis=1))


def _state(model: Model) -> list[Floats]:
    """Copies of all fields (owned and ghost), then the numbers."""
    fields = [np.array(f.function.x.array) for f in model.fields]
    return [*fields, np.array([n.value for n in model.numbers])]
