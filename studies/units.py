"""Quantities of study files and of reports.

Reading is `fem.units` (the material library needs it too, and `fem` knows nothing of `studies`); this module
adds what people read: a unit that suits the size of a number, for one value or for one axis of a picture.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from fem.dimensions import DIMENSIONS, Dimension
from fem.units import UnitError, from_si, parse, to_si

__all__ = ["DIMENSIONS", "Dimension", "Scale", "UnitError", "format", "from_si", "parse", "scale", "to_si"]


@dataclass(frozen=True)
class Scale:
    """A readable unit for numbers of one dimension.

    Attributes:
        unit: unit text that `parse` reads back; empty for pure numbers.
        dimension: key of `DIMENSIONS`.
    """

    unit: str
    dimension: str

    def __call__(self, value: float) -> float:
        """An SI value in this unit."""
        return from_si(value, self.unit, self.dimension)

    def label(self, what: str) -> str:
        """Axis or colour-bar title: ``"von Mises stress [MPa]"``."""
        return f"{what} [{self.unit}]" if self.unit else what


def scale(values: float | Iterable[float], dimension: str) -> Scale:
    """Choose the unit in which the largest finite magnitude of `values` reads best.

    Args:
        values: SI values; one number or many.
        dimension: key of `DIMENSIONS`.

    Returns:
        The largest readable unit in which that magnitude is at least 1, else the smallest readable unit.
    """
    wanted = DIMENSIONS[dimension]
    if not wanted.readable:
        return Scale(wanted.si, dimension)
    many = [values] if isinstance(values, int | float) else values
    largest = max((abs(float(v)) for v in many if math.isfinite(v)), default=0.0)
    chosen = wanted.readable[0] if largest > 0.0 else _unit_of_one(wanted)
    for unit in wanted.readable:
        # a hair below 1 so that 1000 nm, carried through floats, becomes 1 µm
        if not wanted.absolute_temperature and from_si(largest, unit, dimension) >= 1.0 - 1e-9:
            chosen = unit
    return Scale(chosen, dimension)


def format(value: float, dimension: str, digits: int = 6) -> str:
    """Write an SI value with a readable unit, e.g. ``format(10.0, "current density")`` -> ``"1 mA/cm²"``.

    `parse` reads the text back to the same value within the digits, unless it is NaN or infinite.

    Args:
        value: SI value; may be NaN or infinite.
        dimension: key of `DIMENSIONS`.
        digits: significant digits.
    """
    unit = scale(value, dimension)
    return f"{unit(value):.{digits}g} {unit.unit}".strip()


def _unit_of_one(wanted: Dimension) -> str:
    """The readable unit nearest to the SI unit, for zero."""
    if wanted.absolute_temperature:
        return wanted.readable[0]
    return min(wanted.readable, key=lambda unit: abs(math.log(from_si(1.0, unit, wanted.name))))
