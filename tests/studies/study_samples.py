"""A small sound study that tests change one thing of."""

from __future__ import annotations

import copy
from typing import Any

from studies.errors import InputError, Problem
from studies.schema import Study

_CELL: dict[str, Any] = {
    "study": "sample",
    "geometry": {
        "dimension": 2,
        "width": "20 um",
        "layers": [
            {"name": "anode", "material": "Li", "thickness": "10 um"},
            {"name": "electrolyte", "material": "LLZO", "thickness": "50 um"},
            {"name": "counter", "material": "Li", "thickness": "10 um"},
        ],
        "features": [{"void": {"at": "anode|electrolyte", "radius": "3 um", "depth": "1 um"}}],
    },
    "interfaces": {
        "anode|electrolyte": {
            "kinetics": "butler-volmer",
            "exchange_current": "10 A/m^2",
            "film_resistance": "5 ohm*cm^2",
        },
        "electrolyte|counter": {"kinetics": "butler-volmer", "exchange_current": "10 A/m^2"},
    },
    "operation": {"current": "1 mA/cm^2", "stack_pressure": "5 MPa", "temperature": "25 degC"},
    "quantities": ["area_specific_resistance", "current_focusing", "max_von_mises"],
}


def layered(width: int, feature: str, rest: str) -> str:
    """Text of a study in two dimensions with linear kinetics: lithium, 10 um of an electrolyte, lithium.

    Args:
        width: um. feature: one, in YAML. rest: lines that follow, from `operation` on.
    """
    return f"""
study: sample
geometry:
  dimension: 2
  width: {width} um
  layers:
    - {{name: anode, material: Li, thickness: 5 um}}
    - {{name: electrolyte, material: LLZO, thickness: 10 um, properties: {{ionic_conductivity: 0.05 S/m}}}}
    - {{name: counter, material: Li, thickness: 5 um}}
  features:
    - {feature}
interfaces:
  anode|electrolyte: {{kinetics: linear, exchange_current: 100 A/m^2}}
  electrolyte|counter: {{kinetics: linear, exchange_current: 100 A/m^2}}
{rest}"""


def cell() -> dict[str, Any]:
    """A fresh copy of the sample."""
    return copy.deepcopy(_CELL)


def load(**changes: Any) -> Study:
    """The sample with dotted paths changed (dots written as two underscores)."""
    return Study.from_mapping(cell(), overrides=_dotted(changes))


def changed(overrides: dict[str, Any]) -> Study:
    """The sample with dotted paths changed."""
    return Study.from_mapping(cell(), overrides=overrides)


def problems(overrides: dict[str, Any] | None = None, data: Any = None) -> dict[str, Problem]:
    """Problems of the changed sample by path; empty when there are none."""
    try:
        Study.from_mapping(cell() if data is None else data, overrides=overrides or {})
    except InputError as error:
        return {p.path: p for p in error.problems}
    return {}


def _dotted(changes: dict[str, Any]) -> dict[str, Any]:
    return {key.replace("__", "."): value for key, value in changes.items()}
