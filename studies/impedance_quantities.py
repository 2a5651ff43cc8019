"""Quantities of an impedance spectrum."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fem.units import parse

if TYPE_CHECKING:
    from studies.evaluate import Point
    from studies.schema.outputs import QuantityRequest

__all__ = ["EVALUATE"]


def _spectrum(point: Point) -> Any:
    assert point.spectrum is not None
    return point.spectrum()


def _frequency(request: QuantityRequest) -> float:
    return parse(request.parameters["frequency"], "frequency")


def _component(value: complex, request: QuantityRequest) -> float:
    from studies.impedance import component

    return component(value, str(request.parameters["component"]))


def _arc(key: str) -> Callable[[Point, QuantityRequest], float]:
    def find(point: Point, request: QuantityRequest) -> float:
        from studies.impedance import arc

        return arc(_spectrum(point), int(str(request.parameters["arc"])))[key]

    return find


def _part(point: Point, request: QuantityRequest) -> float:
    groups = _spectrum(point).groups(_frequency(request))
    return _component(complex(groups[str(request.parameters["of"])][0]), request)


EVALUATE: dict[str, Callable[[Point, QuantityRequest], float]] = {
    "high_frequency_resistance": lambda p, r: float(_spectrum(p).impedance[-1].real),
    "polarisation_resistance": lambda p, r: float(_spectrum(p).impedance[0].real - _spectrum(p).impedance[-1].real),
    "impedance": lambda p, r: _component(_spectrum(p).at(_frequency(r)), r),
    "impedance_part": _part,
    "arc_resistance": _arc("resistance"),
    "arc_frequency": _arc("frequency"),
    "kramers_kronig_residual": lambda p, r: _spectrum(p).consistency.largest,
}
"""Name -> value in SI at a point."""
