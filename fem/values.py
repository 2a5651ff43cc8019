"""Numbers of a material as the forms see them: constants that may change without a new compilation, and fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt
from dolfinx import default_scalar_type, fem

from fem.orientations import GrainAxes, UniformAxes

if TYPE_CHECKING:
    from fem.domains import Domains

__all__ = ["Graded", "at", "constant", "realised"]

Floats = npt.NDArray[np.float64]
T = TypeVar("T")
#: Polynomials of this degree in every cell stand for a graded property.
_DEGREE = 2
#: Attributes that are parts of a term with numbers of their own.
_PARTS = ("eigenstrain", "swelling", "thermal", "stiffness", "solid")


@dataclass(frozen=True)
class Graded:
    """A property that varies within a region.

    Attributes:
        values: coordinates (n, gdim) in metres -> values (n,) in SI.
    """

    values: Callable[[Floats], Floats]

    def on(self, geometry: Domains, layer: str) -> Any:
        """The property as a discontinuous function on the region."""
        region = geometry.region((layer,))
        function = fem.Function(fem.functionspace(region.mesh, ("DG", _DEGREE)), name="graded property")
        function.interpolate(lambda x: self.values(np.ascontiguousarray(x[: geometry.gdim].T)))
        return function


def realised(term: T, geometry: Domains, layer: str) -> T:
    """The term with constants for its non-zero numbers and functions for what varies in the region.

    Zeros stay zeros: what they multiply is left out of the forms. All else (names, nested tuples, UFL) stays.
    """
    if not is_dataclass(term) or isinstance(term, type):
        return term
    changed: dict[str, Any] = {}
    for item in fields(term):
        value = getattr(term, item.name)
        if isinstance(value, Graded | UniformAxes | GrainAxes):
            changed[item.name] = value.on(geometry, layer)
        elif item.name in _PARTS and is_dataclass(value):
            changed[item.name] = realised(value, geometry, layer)
        elif isinstance(value, float) and value != 0.0:
            changed[item.name] = fem.Constant(geometry.mesh, default_scalar_type(value))
    return replace(term, **changed) if changed else term


def constant(mesh: Any, value: Any) -> Any:
    """A non-zero number as a constant of the forms, which may change without a new compilation; all else stays."""
    number = isinstance(value, int | float) and value != 0
    return fem.Constant(mesh, default_scalar_type(value)) if number else value


def at(value: Any, argument: Any) -> Any:
    """A property at a concentration or stoichiometry: the function's value (UFL or number), or the number itself."""
    return value(argument) if callable(value) and not isinstance(value, fem.Constant | fem.Function) else value
