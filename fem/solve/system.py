"""The block system of a model: compiled forms, and the order in which its parts can be solved.

Blocks that depend on each other are solved together; blocks that only feed others are solved before them. Which is
which is read off the derivatives of the residuals, so a one-way coupling (stress that shifts the kinetics while the
current does not act back) costs one pass, and becomes a monolithic solve by itself once a term acts back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import ufl
from dolfinx import default_scalar_type, fem
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from fem.compat import EntityMaps
from fem.errors import ModelError
from fem.unknowns import Field, Number

if TYPE_CHECKING:
    from fem.creep import Creep
    from fem.domains import Domains


def _total(parts: Sequence[Any]) -> Any:
    return sum(parts[1:], start=parts[0])


def nonzero(form: Any) -> Any | None:
    """A form with its derivatives expanded, or None when it vanishes identically."""
    form = ufl.algorithms.expand_derivatives(form)
    return None if form.empty() else form


def nonzero_vector(expression: Any) -> bool:
    """Whether a UFL expression does not vanish identically."""
    return not isinstance(ufl.algorithms.expand_derivatives(expression), ufl.constantvalue.Zero)


class System:
    """Residuals of all fields and numbers of a model.

    Args:
        geometry: regions and measures.
        fields, numbers: unknowns (numbers may be prescribed).
        residuals: UFL forms of every field, to be summed.
        charges: UFL scalar forms of every number: what leaves it through interfaces.
        maps: entity maps of all submeshes involved.
        creeps: local states that are eliminated: what they depend on acts through them, too.
    """

    def __init__(
        self,
        geometry: Domains,
        fields: Sequence[Field],
        numbers: Sequence[Number],
        residuals: Mapping[Field, Sequence[Any]],
        charges: Mapping[Number, Sequence[Any]],
        maps: EntityMaps,
        creeps: Sequence[Creep] = (),
    ) -> None:
        self.geometry, self.maps, self.creeps = geometry, maps, tuple(creeps)
        self.fields, self.numbers = list(fields), list(numbers)
        for item in fields:
            if not residuals[item]:
                raise ModelError(f"nothing acts on {item.name}")
        self.shift = fem.Constant(geometry.mesh, default_scalar_type(0.0))
        self.residuals = {f: _total(residuals[f]) for f in fields}
        self.charges = {n: _total(charges[n]) for n in numbers if charges[n]}
        self.unknown_numbers = [n for n in numbers if n.unknown]
        self._jacobian: dict[tuple[Field, Field], Any] = {}
        for row in fields:
            for column in fields:
                block = nonzero(self._derivative(self.residuals[row], column))
                if block is not None:
                    self._jacobian[row, column] = block
        self.stages = self._order()

    def _derivative(self, form: Any, column: Field) -> Any:
        """d(form)/d(field) + shift d(form)/d(rate of the field): what an implicit step in time needs."""
        plain = ufl.derivative(form, column.function, column.trial) + self._through(form, column, column.trial)
        if not column.moves_in(form):
            return plain
        return plain + self.shift * ufl.derivative(form, column.rate, column.trial)

    def _creeping(self, form: Any) -> list[Creep]:
        """Local states that a form contains."""
        contained = form.coefficients()
        return [c for c in self.creeps if c.function in contained]

    def _through(self, form: Any, column: Field, direction: Any) -> Any:
        """Derivative of a form by a field through the local states that follow it."""
        total = ufl.Form([])
        for creep in self._creeping(form):
            change = ufl.algorithms.expand_derivatives(ufl.derivative(creep.driving(), column.function, direction))
            if nonzero_vector(change):
                total = total + ufl.derivative(form, creep.function, creep.increment(change))
        return total

    def mass(self, row: Field, column: Field) -> Any | None:
        """UFL block d(residual of row)/d(rate of column), None where it vanishes."""
        form = self.residuals[row]
        if not column.moves_in(form):
            return None
        return nonzero(ufl.derivative(form, column.rate, column.trial))

    def slope(self, form: Any, number: Number) -> Any | None:
        """d(form)/d(number) + shift d(form)/d(rate of the number), None where it vanishes."""
        slope = ufl.diff(form, number.variable)
        for creep in self._creeping(form):
            change = ufl.diff(creep.driving(), number.variable)
            if nonzero_vector(change):
                slope = slope + ufl.derivative(form, creep.function, creep.increment(change))
        if number.rate in form.constants():
            slope = slope + self.shift * ufl.diff(form, number.rate_variable)
        return nonzero(slope)

    def row(self, number: Number, column: Field) -> Any | None:
        """d(charge of the number)/d(field), with shifted rates, as a linear form; None where it vanishes."""
        form = self.charges.get(number)
        return None if form is None else self.gradient(form, column)

    def gradient(self, form: Any, column: Field) -> Any | None:
        """d(scalar form)/d(field), with shifted rates, as a linear form; None where it vanishes."""
        plain = ufl.derivative(form, column.function, column.test) + self._through(form, column, column.test)
        if column.moves_in(form):
            plain = plain + self.shift * ufl.derivative(form, column.rate, column.test)
        return nonzero(plain)

    @property
    def moves(self) -> bool:
        """Whether anything in the model depends on time by itself."""
        forms = [*self.residuals.values(), *self.charges.values()]
        return any(self.moved(form) for form in forms)

    def moved(self, form: Any) -> bool:
        """Whether a form contains a rate."""
        if self._creeping(form):
            return True
        numbers = {n.rate for n in self.numbers}
        return any(f.moves_in(form) for f in self.fields) or any(c in numbers for c in form.constants())

    def jacobian(self, row: Field, column: Field) -> Any | None:
        """UFL block d(residual of row)/d(column), None where it vanishes."""
        return self._jacobian.get((row, column))

    def _depends(self, number: Number) -> tuple[list[Field], list[Field]]:
        """Fields that a number acts on, and fields that act on it."""
        acts, hears = [], []
        for item in self.fields:
            tied = any(t.number is number for t in item.ties)
            if tied or self.slope(self.residuals[item], number) is not None:
                acts.append(item)
            if tied or self.row(number, item) is not None:
                hears.append(item)
        return acts, hears

    def _order(self) -> list[tuple[list[Field], list[Number]]]:
        unknowns: list[Field | Number] = [*self.fields, *self.unknown_numbers]
        index = {u: k for k, u in enumerate(unknowns)}
        graph = np.zeros((len(unknowns), len(unknowns)), dtype=int)  # graph[a, b]: b needs a
        for row, column in self._jacobian:
            graph[index[column], index[row]] = 1
        for number in self.unknown_numbers:
            acts, hears = self._depends(number)
            if not hears and number not in self.charges:
                raise ModelError(f"{number.name}: nothing is connected to it")
            for item in acts:
                graph[index[number], index[item]] = 1
            for item in hears:
                graph[index[item], index[number]] = 1
            for other in self.unknown_numbers:
                charge = self.charges.get(number)
                if charge is not None and self.slope(charge, other) is not None:
                    graph[index[other], index[number]] = 1
        count, label = connected_components(csr_matrix(graph), directed=True, connection="strong")
        needs: list[set[int]] = [set() for _ in range(count)]
        for a, b in zip(*np.nonzero(graph), strict=True):
            if label[a] != label[b]:
                needs[label[b]].add(int(label[a]))
        stages: list[tuple[list[Field], list[Number]]] = []
        done: set[int] = set()
        while len(done) < count:
            ready = [c for c in range(count) if c not in done and needs[c] <= done]
            for component in ready:
                members = [u for u in unknowns if label[index[u]] == component]
                stages.append(
                    (
                        [u for u in members if isinstance(u, Field)],
                        [u for u in members if isinstance(u, Number)],
                    )
                )
                done.add(component)
        return stages
