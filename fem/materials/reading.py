"""Material files and inline materials: YAML or a mapping in, a `Material` or all its problems out.

The format is flat: ``name``, ``formula``, ``kind``, ``description`` beside property keys. A property is a
quantity (``young_modulus: 150 GPa``) or a mapping with ``value`` and what is known of it. ``based_on: LLZO``
(with an optional ``variant``) starts from a material of the library.
"""

import difflib
import reprlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import yaml

from fem.constants import STANDARD_TEMPERATURE
from fem.materials.curve_reading import Dependence, read_dependence
from fem.materials.material import (
    Activation,
    ActivationForm,
    Datum,
    Kind,
    Material,
    MaterialError,
    Problem,
    Provenance,
)
from fem.materials.properties import PROPERTIES
from fem.units import UnitError, parse, split, to_si

KNOWN_DOUBT = "quoted from memory of the literature, not re-read"
"""The doubt that every value of provenance "known" carries."""

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_ALIASES = 1000
MAX_ENTRIES = 1000
_HEAD = ("name", "formula", "kind", "description", "based_on", "variant")
_DATUM = (
    "value",
    "table",
    "formula",
    "at",
    "temperature",
    "source",
    "provenance",
    "doubt",
    "activation",
    "range",
    "choice",
    "label",
)
_KINDS = get_args(Kind)
_PROVENANCES = get_args(Provenance)
_FORMS = get_args(ActivationForm)

Load = Callable[[str], Material]


class _UniqueKeyLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe loader that refuses a key given twice (YAML would silently keep the last)."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is not None and key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"'{key}' is given twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)  # type: ignore[no-any-return]

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        super().flatten_mapping(node)
        if len(node.value) > MAX_ENTRIES:  # merges of merges multiply
            raise yaml.constructor.ConstructorError(None, None, "too many merged entries", node.start_mark)


def _refuse_hostile(text: str) -> None:
    """Refuse what would exhaust the process: libyaml's composer recurses in C, merged aliases multiply."""
    depth = aliases = 0
    for event in yaml.parse(text, Loader=_UniqueKeyLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
        if aliases > MAX_ALIASES:
            raise ValueError(f"more than {MAX_ALIASES} aliases")
        if depth > MAX_DEPTH:
            raise ValueError(f"nested more than {MAX_DEPTH} deep")


def read_yaml(path: Path) -> Mapping[str, Any]:
    """The mapping in a material file.

    Raises:
        MaterialError: the file cannot be read, is not YAML, or is not a mapping.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise MaterialError(f"{path} is larger than {MAX_BYTES} bytes: not a material file")
        text = path.read_text(encoding="utf-8")
        _refuse_hostile(text)
        content = yaml.load(text, Loader=_UniqueKeyLoader)  # a SafeLoader
    except OSError as error:
        raise MaterialError(f"cannot read {path}: {error.strerror}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise MaterialError(f"{path} is not a YAML file: {' '.join(str(error).split())}") from error
    if not isinstance(content, Mapping):
        raise MaterialError(f"{path} must hold a mapping of properties, not {reprlib.repr(content)}")
    return content


def read_mapping(
    name: str,
    mapping: object,
    *,
    load: Load | None = None,
    path: str = "",
    strict: bool = False,
    folder: Path | None = None,
) -> tuple[Material | None, tuple[Problem, ...]]:
    """Read a material, collecting every problem.

    Args:
        name: the material's name.
        mapping: what the user wrote.
        load: looks up the material of ``based_on``; None refuses that key.
        path: prefix of the problems' paths, by default ``materials.NAME``.
        strict: the library's rule: also require a description, and a source and provenance of each value.
        folder: what the files of tables are relative to; None: the current folder.

    Returns:
        The material and no problems, or None and all of them.
    """
    reader = _Reader(name, path or f"materials.{name}", load, strict, folder)
    material = reader.material(mapping)
    return (None if reader.problems else material), tuple(reader.problems)


class _Reader:
    def __init__(self, name: str, path: str, load: Load | None, strict: bool, folder: Path | None) -> None:
        self.name = name
        self.path = path
        self.load = load
        self.strict = strict
        self.folder = folder
        self.problems: list[Problem] = []

    def problem(self, path: str, value: object, message: str) -> None:
        self.problems.append(Problem(path, value, message))

    def material(self, mapping: object) -> Material | None:
        if not isinstance(mapping, Mapping):
            self.problem(self.path, mapping, "a material is a mapping of properties")
            return None
        self.unknown(mapping, (*_HEAD, *PROPERTIES), self.path, "property")
        base = self.base(mapping)
        kind = self.choice(mapping, "kind", self.path, _KINDS, base.kind if base else None)
        if kind is None and mapping.get("kind") is None:
            self.problem(f"{self.path}.kind", None, f"is missing: one of {', '.join(_KINDS)}")
        texts = {key: self.text(mapping, key, self.path) for key in ("name", "formula", "description")}
        if self.strict and not texts["description"]:
            self.problem(f"{self.path}.description", None, "is missing")
        data = dict(base.data) if base else {}
        for key in PROPERTIES:
            if key in mapping:
                datum = self.datum(key, mapping[key], f"{self.path}.{key}", inner=False)
                if datum is not None:
                    data[key] = datum
        self.coherent(data)
        if not data and not self.problems:
            self.problem(self.path, None, "has no property")
        return Material(
            name=texts["name"] or self.name,
            formula=texts["formula"] or (base.formula if base else ""),
            description=texts["description"] or (base.description if base else ""),
            kind=kind or "metal",
            data=data,
        )

    def base(self, mapping: Mapping[Any, Any]) -> Material | None:
        """The material that this one starts from."""
        given, variant = mapping.get("based_on"), mapping.get("variant")
        if given is None:
            if variant is not None:
                self.problem(f"{self.path}.variant", variant, "needs based_on")
            return None
        if self.load is None or not isinstance(given, str):
            self.problem(f"{self.path}.based_on", given, "must be the name of a material of the library")
            return None
        where = "based_on"
        try:
            material = self.load(given)
            where = "variant"
            if variant is not None:
                material = material.with_variant(str(variant))
        except MaterialError as error:
            self.problem(f"{self.path}.{where}", mapping[where], str(error))
            return None
        return material

    def datum(self, key: str, given: object, path: str, *, inner: bool) -> Datum | None:
        """One value; `inner` for an alternative, which has no alternatives of its own."""
        where = f"{path}.value"
        if not isinstance(given, Mapping):
            given, where = {"value": given}, path
            if self.strict:
                self.problem(path, given["value"], "needs a source and a provenance")
        self.unknown(given, _DATUM if inner else (*_DATUM, "variants"), path, "key")
        depends = [kind for kind in ("table", "formula") if kind in given]
        if "value" not in given and not depends:
            self.problem(where, None, "is missing")
            return None
        before = len(self.problems)
        dimension = PROPERTIES[key].dimension
        dependence: Dependence | None = None
        if depends:
            if "value" in given:
                self.problem(where, given["value"], f"is given twice: as a value and as a {depends[0]}")
            dependence = read_dependence(given, PROPERTIES[key], path, self.problem, self.folder)
            value = None if dependence is None else to_si(dependence.value, dependence.unit, dimension)
        else:
            if "at" in given:
                self.problem(f"{path}.at", given["at"], "needs a table or a formula")
            value = self.quantity(given["value"], dimension, where)
        temperature = self.optional_quantity(given, "temperature", "temperature", path)
        provenance = self.choice(given, "provenance", path, _PROVENANCES, None if self.strict else "given")
        source = self.text(given, "source", path)
        if self.strict and (provenance is None or not source):
            self.problem(path, given.get("source"), "needs a source and a provenance")
        interval = self.interval(given, dimension, path)
        activation = self.activation(given, temperature, path)
        doubt = self.text(given, "doubt", path)
        if provenance == "known":
            doubt = f"{KNOWN_DOUBT}; {doubt}" if doubt else KNOWN_DOUBT
        if value is not None:
            objection = PROPERTIES[key].objection(value)
            if objection:
                self.problem(where, given.get("value"), objection)
            if interval is not None and not interval[0] <= value <= interval[1]:
                self.problem(f"{path}.range", given["range"], "does not contain the value")
        alternatives = [] if inner else self.variants(key, given, path)
        if value is None or len(self.problems) > before:
            return None
        if dependence is not None:
            number, unit = dependence.value, dependence.unit
        else:
            number, unit = split(given["value"]) if isinstance(given["value"], str) else (value, "")
        return Datum(
            value=value,
            given=number,
            unit=unit,
            temperature=temperature,
            source=source or "",
            provenance=provenance or "given",
            doubt=doubt,
            activation=activation,
            interval=interval,
            choice=self.text(given, "choice", path),
            label=self.text(given, "label", path),
            alternatives=tuple(alternatives),
            curve=None if dependence is None else dependence.curve,
            variable=None if dependence is None else dependence.variable,
            reference=None if dependence is None else dependence.reference,
        )

    def variants(self, key: str, given: Mapping[Any, Any], path: str) -> list[Datum]:
        several = given.get("variants", {})
        if not isinstance(several, Mapping):
            self.problem(f"{path}.variants", several, "must be a mapping of labels to values")
            return []
        alternatives = []
        for label, other in several.items():
            datum = self.datum(key, other, f"{path}.variants.{label}", inner=True)
            if datum is not None:
                alternatives.append(replace(datum, label=str(label)))
        return alternatives

    def interval(self, given: Mapping[Any, Any], dimension: str, path: str) -> tuple[float, float] | None:
        if "range" not in given:
            return None
        ends = given["range"]
        if not isinstance(ends, list) or len(ends) != 2:
            self.problem(f"{path}.range", ends, "must be a list of the smallest and the largest value")
            return None
        low, high = (self.quantity(end, dimension, f"{path}.range") for end in ends)
        if low is None or high is None:
            return None
        if not low <= high:
            self.problem(f"{path}.range", ends, "must have its smaller value first")
        return low, high

    def activation(self, given: Mapping[Any, Any], temperature: float | None, path: str) -> Activation | None:
        if "activation" not in given:
            return None
        path = f"{path}.activation"
        parts = given["activation"]
        if not isinstance(parts, Mapping):
            parts = {"energy": parts}
        self.unknown(parts, ("energy", "form"), path, "key")
        energy = self.quantity(parts.get("energy"), "molar energy", f"{path}.energy")
        form = self.choice(parts, "form", path, _FORMS, "exponential")
        if energy is None or form is None:
            return None
        return Activation(energy, form, STANDARD_TEMPERATURE if temperature is None else temperature)

    def coherent(self, data: Mapping[str, Datum]) -> None:
        """Bounds that involve two properties."""
        low, high = data.get("reduction_potential"), data.get("oxidation_potential")
        if low is not None and high is not None and low.value >= high.value:
            self.problem(f"{self.path}.oxidation_potential", high.given, "must be above reduction_potential")

    def quantity(self, given: object, dimension: str, path: str) -> float | None:
        try:
            return parse(given, dimension)
        except UnitError as error:
            self.problem(path, given, str(error))
            return None

    def optional_quantity(self, given: Mapping[Any, Any], key: str, dimension: str, path: str) -> float | None:
        return self.quantity(given[key], dimension, f"{path}.{key}") if key in given else None

    def text(self, given: Mapping[Any, Any], key: str, path: str) -> str | None:
        value = given.get(key)
        if value is None or isinstance(value, str):
            return " ".join(value.split()) if value else None
        self.problem(f"{path}.{key}", value, "must be text")
        return None

    def choice(
        self, given: Mapping[Any, Any], key: str, path: str, allowed: tuple[str, ...], default: str | None
    ) -> Any:
        value = given.get(key, default)
        if value is None or value in allowed:
            return value
        self.problem(f"{path}.{key}", value, f"must be one of {', '.join(allowed)}")
        return None

    def unknown(self, given: Mapping[Any, Any], allowed: tuple[str, ...], path: str, what: str) -> None:
        for key in given:
            if key not in allowed:
                close = difflib.get_close_matches(str(key), allowed, n=1)
                guess = f"; did you mean {close[0]}?" if close else ""
                self.problem(f"{path}.{key}", given[key], f"is not a {what} of a material{guess}")
