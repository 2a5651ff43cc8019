"""The jump of the displacement at an interface, as laws of contact and cohesion see it."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, fields
from typing import Any, Protocol, TypeVar

import numpy as np
import ufl

__all__ = ["ARRAYS", "Jump", "Operations", "in_forms", "positive"]

T = TypeVar("T")


class Operations(Protocol):
    """What laws are written with, so that they hold for UFL and for arrays alike."""

    def conditional(self, condition: Any, true: Any, false: Any, /) -> Any:
        """One value or the other."""

    def lt(self, left: Any, right: Any, /) -> Any:
        """Less than."""

    def ge(self, left: Any, right: Any, /) -> Any:
        """Greater or equal."""

    def sqrt(self, value: Any, /) -> Any:
        """Square root."""

    def inner(self, left: Any, right: Any, /) -> Any:
        """Product of two vectors."""


class _Arrays:
    """`Operations` on values (...) and vectors (components, ...)."""

    def conditional(self, condition: Any, true: Any, false: Any, /) -> Any:
        """One value or the other; both are evaluated."""
        return np.where(condition, true, false)

    def lt(self, left: Any, right: Any, /) -> Any:
        """Less than."""
        return np.less(left, right)

    def ge(self, left: Any, right: Any, /) -> Any:
        """Greater or equal."""
        return np.greater_equal(left, right)

    def sqrt(self, value: Any, /) -> Any:
        """Square root."""
        return np.sqrt(value)

    def inner(self, left: Any, right: Any, /) -> Any:
        """Sum over the components."""
        return (left * right).sum(axis=0)


ARRAYS: Operations = _Arrays()
"""Operations on numpy arrays; those on UFL are the module itself."""


@dataclass(frozen=True)
class Jump:
    """Displacement above minus displacement below, divided by the normal from below to above (UFL or arrays).

    Attributes:
        normal: opening, m; negative where the sides would overlap.
        shear: vector along the interface, m (arrays: components first).
    """

    normal: Any
    shear: Any

    @classmethod
    def of(cls, vector: Any, normal: Any) -> Jump:
        """Divide a jump (vector of the model) by a unit normal."""
        opening = ufl.dot(vector, normal)
        return cls(opening, vector - opening * normal)


def positive(value: Any, on: Operations = ufl) -> Any:
    """max(value, 0) with the derivative 1 at zero: sides that just touch are closed."""
    return on.conditional(on.ge(value, 0.0), value, 0.0)


def in_forms(law: T, constant: Callable[[float], Any]) -> T:
    """A law (a frozen dataclass) whose non-zero numbers are constants of the forms: another value compiles nothing."""
    made = copy(law)
    for item in fields(law):  # type: ignore[arg-type]
        value = getattr(law, item.name)
        if isinstance(value, float | int) and not isinstance(value, bool) and value != 0:
            # what the numbers must be has been checked, and cannot be of constants
            object.__setattr__(made, item.name, constant(float(value)))
    return made
