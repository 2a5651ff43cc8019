"""The jump of the displacement at an interface, as laws of contact and cohesion see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ufl

__all__ = ["Jump", "positive"]


@dataclass(frozen=True)
class Jump:
    """Displacement above minus displacement below, divided by the normal from below to above (UFL).

    Attributes:
        normal: opening, m; negative where the sides would overlap.
        shear: vector along the interface, m.
    """

    normal: Any
    shear: Any

    @classmethod
    def of(cls, vector: Any, normal: Any) -> Jump:
        """Divide a jump (vector of the model) by a unit normal."""
        opening = ufl.dot(vector, normal)
        return cls(opening, vector - opening * normal)


def positive(value: Any) -> Any:
    """max(value, 0) with the derivative 1 at zero: sides that just touch are closed."""
    return ufl.conditional(ufl.ge(value, 0.0), value, 0.0)
