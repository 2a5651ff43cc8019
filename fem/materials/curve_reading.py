"""Properties that depend on a variable, as material files write them: a table, or a formula of named terms.

    open_circuit_potential:
      table:
        against: stoichiometry
        unit: V
        rows: [[0.5, 4.2], [0.7, 4.0], [0.99, 3.8]]       # or file: ocv.csv
    ionic_conductivity:
      formula:
        against: {concentration: mol/L}
        unit: S/m
        between: [0.1, 3]
        terms: [{polynomial: [0.02, 0.1, -0.03]}, {exp: [0.01, -2]}]
      at: 1 mol/L

A formula is the sum of its terms, in the units given: ``polynomial: [a0, a1, ...]``, ``tanh: [a, b, x0]`` for
a tanh(b (x - x0)), ``exp: [a, b, x0]`` for a exp(b (x - x0)), ``power: [a, p]`` for a x^p; x0 may be left out.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from fem.columns import ColumnError, read_columns
from fem.materials.curves import Curve, Exponential, Polynomial, Power, Scaled, Sum, Tanh, Term
from fem.materials.properties import VARIABLES, Property
from fem.materials.tabulated import from_rows
from fem.units import UnitError, from_si, parse, to_si

__all__ = ["Dependence", "read_dependence"]

MAX_POINTS = 200
"""Points of a table: every one of them is in the compiled code."""

_TABLE = ("against", "unit", "rows", "file", "columns")
_FORMULA = ("against", "unit", "between", "terms")
_TERMS: Mapping[str, tuple[type[Term], int, int]] = {
    # class, fewest and most numbers
    "polynomial": (Polynomial, 1, 20),
    "tanh": (Tanh, 2, 3),
    "exp": (Exponential, 2, 3),
    "power": (Power, 2, 2),
}

Complain = Callable[[str, object, str], None]
"""Called with path, value and message of every problem."""


@dataclass(frozen=True)
class Dependence:
    """A property as a function of a variable.

    Attributes:
        curve: in SI.
        variable: key of `fem.materials.properties.VARIABLES`.
        reference: where its single value is taken [SI].
        value: there, in `unit`.
        unit: of the values, as written.
    """

    curve: Curve
    variable: str
    reference: float
    value: float
    unit: str


def read_dependence(
    given: Mapping[Any, Any], known: Property, path: str, complain: Complain, folder: Path | None
) -> Dependence | None:
    """The dependence that a datum describes with its ``table`` or ``formula``; None when something is wrong.

    Args:
        given: the datum.
        known: its property.
        path: of the datum.
        complain: takes the problems.
        folder: what files are relative to; None: the current folder.
    """
    kind = "table" if "table" in given else "formula"
    here, content = f"{path}.{kind}", given[kind]
    if "table" in given and "formula" in given:
        complain(f"{path}.formula", given["formula"], "give a table or a formula, not both")
        return None
    if not known.against:
        complain(here, None, f"{known.key} cannot depend on anything here: give a value")
        return None
    if not isinstance(content, Mapping):
        complain(here, content, "must be a mapping")
        return None
    for key in content:
        if key not in (allowed := _TABLE if kind == "table" else _FORMULA):
            complain(f"{here}.{key}", content[key], f"is not a key of a {kind}: {', '.join(allowed)}")
    axis = _axis(content, known, here, complain)
    unit = _unit(content.get("unit", ""), known.dimension, f"{here}.unit", complain)
    read = _read_table if kind == "table" else _read_formula
    bare = read(content, here, complain, folder)
    if axis is None or unit is None or bare is None:
        return None
    variable, variable_unit = axis
    dimension = VARIABLES[variable].dimension
    curve: Curve = Scaled(bare, to_si(1.0, unit, known.dimension), to_si(1.0, variable_unit, dimension))
    if not _sound(curve, known, variable, here, complain):
        return None
    reference = 0.5 * (curve.low + curve.high)
    if "at" in given:
        try:
            reference = parse(given["at"], dimension)
        except UnitError as error:
            complain(f"{path}.at", given["at"], str(error))
            return None
        if not curve.low <= reference <= curve.high:
            complain(f"{path}.at", given["at"], f"is outside of the {kind}")
            return None
    return Dependence(curve, variable, reference, from_si(curve(reference), unit, known.dimension), unit)


def _axis(content: Mapping[Any, Any], known: Property, here: str, complain: Complain) -> tuple[str, str] | None:
    """Name and unit of the variable."""
    against = content.get("against")
    if isinstance(against, Mapping) and len(against) == 1:
        ((name, unit),) = against.items()
    else:
        name, unit = against, ""
    if name not in known.against:
        ways = " or ".join(v if not VARIABLES[v].example else f"{{{v}: {VARIABLES[v].example}}}" for v in known.against)
        complain(f"{here}.against", against, f"must say what {known.key} is given against: {ways}")
        return None
    checked = _unit(unit, VARIABLES[name].dimension, f"{here}.against", complain)
    return None if checked is None else (name, checked)


def _unit(given: object, dimension: str, path: str, complain: Complain) -> str | None:
    try:
        if not isinstance(given, str):
            raise UnitError("must be the text of a unit")
        to_si(1.0, given, dimension)
    except UnitError as error:
        complain(path, given, str(error))
        return None
    return given


def _read_table(content: Mapping[Any, Any], here: str, complain: Complain, folder: Path | None) -> Curve | None:
    given = content.get("rows")
    if (given is None) == (content.get("file") is None):
        complain(here, None, "needs its rows, or a file with them")
        return None
    if given is None:
        rows = _rows_of_file(content, here, complain, folder)
        if rows is None:
            return None
    else:
        pairs = [_numbers(row) for row in given] if isinstance(given, list) else [None]
        rows = [(pair[0], pair[1]) for pair in pairs if pair is not None and len(pair) == 2]
        if len(rows) != len(pairs):
            complain(f"{here}.rows", None, "must be a list of pairs of numbers, [variable, value]")
            return None
    if len(rows) > MAX_POINTS:
        complain(here, len(rows), f"has more than {MAX_POINTS} points: thin it out")
        return None
    try:
        return from_rows(rows)
    except ValueError as error:
        complain(here, None, str(error))
        return None


def _rows_of_file(
    content: Mapping[Any, Any], here: str, complain: Complain, folder: Path | None
) -> list[tuple[float, float]] | None:
    file, columns = content["file"], content.get("columns", [1, 2])
    if not isinstance(file, str) or not file:
        complain(f"{here}.file", file, "must be the path of a CSV file")
        return None
    if (
        not isinstance(columns, list)
        or len(columns) != 2
        or not all(isinstance(c, int | str) and not isinstance(c, bool) for c in columns)
    ):
        complain(f"{here}.columns", columns, "must be two columns, [variable, value]: names of the header or numbers")
        return None
    try:
        x, y = read_columns((folder or Path()) / file, columns)
    except ColumnError as error:
        complain(f"{here}.file", file, str(error))
        return None
    return list(zip(x, y, strict=True))


def _read_formula(content: Mapping[Any, Any], here: str, complain: Complain, folder: Path | None) -> Curve | None:
    between, given = _numbers(content.get("between")), content.get("terms")
    if between is None or len(between) != 2 or not between[0] < between[1]:
        complain(
            f"{here}.between",
            content.get("between"),
            "must be two numbers, from and to, between which the formula holds",
        )
        return None
    if not isinstance(given, list) or not given:
        complain(f"{here}.terms", given, f"must be a list of terms: {', '.join(_TERMS)}")
        return None
    terms = [_term(item, f"{here}.terms[{i}]", complain) for i, item in enumerate(given)]
    sound = [term for term in terms if term is not None]
    return Sum(tuple(sound), between[0], between[1]) if len(sound) == len(terms) else None


def _term(given: object, path: str, complain: Complain) -> Term | None:
    if not isinstance(given, Mapping) or len(given) != 1 or next(iter(given)) not in _TERMS:
        complain(path, given, f"must be one of {', '.join(_TERMS)} with its numbers, for example {{tanh: [1, 2, 0.5]}}")
        return None
    ((name, values),) = given.items()
    kind, fewest, most = _TERMS[name]
    found = _numbers(values)
    if found is None or not fewest <= len(found) <= most:
        many = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        complain(f"{path}.{name}", values, f"needs a list of {many} finite numbers")
        return None
    floats = tuple(found)
    if (kind in (Tanh, Exponential) and floats[1] == 0.0) or (kind is Power and floats[1] == -1.0):
        complain(f"{path}.{name}", values, "has an integral only when its second number is another one")
        return None
    return Polynomial(floats) if kind is Polynomial else kind(*floats)


def _sound(curve: Curve, known: Property, variable: str, here: str, complain: Complain) -> bool:
    """Whether a curve can be this property wherever it is given."""
    axis = VARIABLES[variable]
    if curve.low < axis.least or curve.high > axis.most:
        complain(here, None, f"{variable} must lie between {axis.least:g} and {axis.most:g}".replace("inf", "infinity"))
        return False
    points = np.linspace(curve.low, curve.high, 257)
    values = curve(points)
    for x, value in zip(points, values, strict=True):
        objection = known.objection(value) if math.isfinite(value) else f"{known.key} is not finite"
        if objection:
            complain(here, None, f"{objection}; at {variable} {from_si(x, axis.example, axis.dimension):g} it is not")
            return False
    if known.ends == "entropic":
        if not (0.0 < curve.low < curve.high < 1.0):
            complain(here, None, f"must lie between an empty and a full host, 0 < {variable} < 1")
            return False
        rising = [x for (x, a), (_, b) in pairwise(zip(points, values, strict=True)) if b > a + 1e-4]
        if rising:
            complain(here, None, f"must fall with the {variable}; it rises beyond {rising[0]:.3g}")
            return False
    return True


def _number(value: object) -> float | None:
    """A finite number, also one that YAML takes for text (``1e-9`` has no dot)."""
    if isinstance(value, str) and "_" not in value:
        try:
            value = float(value)
        except ValueError:
            return None
    if not isinstance(value, numbers.Real) or isinstance(value, bool) or not math.isfinite(value):
        return None
    return float(value)


def _numbers(values: object) -> list[float] | None:
    """The finite numbers of a list; None when it is anything else."""
    if not isinstance(values, list):
        return None
    found = [_number(value) for value in values]
    return None if None in found else [value for value in found if value is not None]
