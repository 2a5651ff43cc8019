"""Quantities that remember what they depend on, so that their derivative needs no second formula.

Every observable is arithmetic on a few things that an `Assembly` returns: integrals (UFL forms) and numbers. Here
they are returned together with where they come from; sums, products and powers keep the partial derivatives by the
chain rule. What comes out is the value, and the quantity's derivative as a combination of derivatives of forms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import ufl
from dolfinx import fem

from fem.model import Model
from fem.observe.assembly import Assembly
from fem.solve.driver import Solver
from fem.unknowns import Field, Number, Tie

Real = float | int


@dataclass(frozen=True, eq=False)
class Integral:
    """A scalar UFL form that a quantity depends on."""

    form: Any


Origin = Integral | Number


@dataclass(frozen=True, eq=False)
class Recorded:
    """A number with its partial derivatives by integrals and numbers.

    Attributes:
        value: of the quantity.
        slopes: origin -> derivative of the value by it.
    """

    value: float
    slopes: Mapping[Origin, float] = field(default_factory=dict)

    def _with(self, other: Any, value: float, own: float, others: float) -> Recorded:
        slopes = {k: own * s for k, s in self.slopes.items()}
        if isinstance(other, Recorded):
            for k, s in other.slopes.items():
                slopes[k] = slopes.get(k, 0.0) + others * s
        return Recorded(value, slopes)

    def __add__(self, other: Recorded | Real) -> Recorded:
        return self._with(other, self.value + plain(other), 1.0, 1.0)

    __radd__ = __add__

    def __sub__(self, other: Recorded | Real) -> Recorded:
        return self._with(other, self.value - plain(other), 1.0, -1.0)

    def __rsub__(self, other: Real) -> Recorded:
        return -self + other

    def __neg__(self) -> Recorded:
        return self._with(None, -self.value, -1.0, 0.0)

    def __mul__(self, other: Recorded | Real) -> Recorded:
        return self._with(other, self.value * plain(other), plain(other), self.value)

    __rmul__ = __mul__

    def __truediv__(self, other: Recorded | Real) -> Recorded:
        below = plain(other)
        return self._with(other, self.value / below, 1.0 / below, -self.value / below**2)

    def __rtruediv__(self, other: Real) -> Recorded:
        return self._with(None, other / self.value, -other / self.value**2, 0.0)

    def __pow__(self, power: Real) -> Recorded:
        return self._with(None, self.value**power, power * self.value ** (power - 1), 0.0)

    def __abs__(self) -> Recorded:
        return -self if self.value < 0 else self

    def __eq__(self, other: object) -> bool:
        return self.value == (plain(other) if isinstance(other, Recorded | float | int) else other)

    def __lt__(self, other: Recorded | Real) -> bool:
        return self.value < plain(other)

    def __gt__(self, other: Recorded | Real) -> bool:
        return self.value > plain(other)

    __hash__ = None  # type: ignore[assignment]


def plain(value: Any) -> float:
    """The number alone."""
    return float(value.value if isinstance(value, Recorded) else value)


class Recorder(Assembly):
    """An `Assembly` whose scalars remember their origin; arguments as there."""

    def __init__(self, model: Model, solver: Solver, area: float) -> None:
        super().__init__(model, solver, area)
        self._origins: dict[Any, Integral] = {}
        self._reactions: dict[tuple[Field, int], Any] = {}

    @classmethod
    def of(cls, assembly: Assembly) -> Recorder:
        """A recorder of the same state, with the same state at rest."""
        made = cls(assembly.model, assembly.solver, assembly.area)
        made._rest = assembly._rest
        return made

    def number_value(self, number: Number) -> Any:
        """See `Assembly`."""
        return Recorded(number.value, {number: 1.0} if number.unknown else {})

    def scalar(self, form: Any, key: Any = None) -> Any:
        """See `Assembly`."""
        value = super().scalar(form, key)
        origin = self._origins.get(key) if key is not None else None
        if origin is None:
            origin = Integral(form)
            if key is not None:
                self._origins[key] = origin
        return Recorded(value, {origin: 1.0})

    def tie_resultant(self, field: Field, tie: Tie) -> Any:
        """See `Assembly`; as an integral: the residual with the function that is 1 on the tied nodes."""
        number = field.ties.index(tie)
        key = (field, number)
        if key not in self._reactions:
            weight = self._tied_weight(field, number)
            self._reactions[key] = ufl.replace(self.model.system.residuals[field], {field.test: weight})
        return self.scalar(self._reactions[key], ("reaction", field.name, number))

    def _tied_weight(self, field: Field, number: int) -> Any:
        """Function that is 1 on the nodes of a tie and 0 on all others."""
        weight = fem.Function(field.space)
        weight.x.array[field.ties[number].dofs] = 1.0
        return weight


class EnrichedRecorder(Recorder):
    """A recorder of an enriched model that evaluates the functionals of the coarse one.

    Reactions and currents through continuous interfaces are residuals weighted with a function that is 1 on some
    nodes: here that function is the one of the coarse model. Values at points and extreme values are sought with
    more care than in the coarse model, so that the error of seeking them is part of the difference.

    Args:
        model: enriched model. solver: of it.
        coarse: assembly of the model that was enriched.
    """

    sampling_degree = 6

    def __init__(self, model: Model, solver: Solver, coarse: Assembly) -> None:
        super().__init__(model, solver, coarse.area)
        self.coarse = coarse

    def point_mean(self, name: str, density: Any, points: Any, degree: int = 2) -> Any:
        """See `Assembly`; projected one degree higher."""
        return super().point_mean(name, density, points, degree + 1)

    def _tied_weight(self, field: Field, number: int) -> Any:
        coarse = self._coarse_field(field)
        weight = fem.Function(coarse.space)
        weight.x.array[coarse.ties[number].dofs] = 1.0
        return interpolated(weight, fem.Function(field.space))

    def _indicator(self, field: Field, facets: tuple[str, ...], component: int) -> Any:
        key = (field.name, facets, component)
        if key not in self._indicators:
            weight = self.coarse._indicator(self._coarse_field(field), facets, component)
            self._indicators[key] = interpolated(weight, fem.Function(field.space))
        return self._indicators[key]

    def marked(self, field: Field, tie: Tie, key: Any, where: Callable[[Any], Any]) -> Any:
        """See `Assembly`."""
        if key not in self._indicators:
            coarse = self._coarse_field(field)
            weight = self.coarse.marked(coarse, coarse.ties[field.ties.index(tie)], key, where)
            self._indicators[key] = interpolated(weight, fem.Function(field.space))
        return self._indicators[key]

    def _coarse_field(self, field: Field) -> Field:
        return self.coarse.model.fields[self.model.fields.index(field)]


def interpolated(source: Any, target: Any) -> Any:
    """``target`` with the nodal values of ``source``, whose mesh has the same cells in the same order."""
    import numpy as np

    index_map = source.function_space.mesh.topology.index_map(source.function_space.mesh.topology.dim)
    cells = np.arange(index_map.size_local + index_map.num_ghosts, dtype=np.int32)
    target.interpolate(source, cells0=cells, cells1=cells)
    target.x.scatter_forward()
    return target
