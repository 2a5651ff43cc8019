"""A study while it is being checked: the parts that are sound, and the problems found so far.

Structure is validated part by part, so that what follows from the sound parts can be checked although others
are wrong:
all problems of a file are reported at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from fem.materials import Material
from studies.errors import MISSING, Problem
from studies.schema.explain import locate, lookup, make_problem, show_path
from studies.schema.geometry import Conduction, Feature, Layer
from studies.schema.interfaces import Interface
from studies.schema.media import Media, default_conduction
from studies.schema.numerics import Mechanics, Mesh
from studies.schema.operation import Operation
from studies.schema.outputs import Check, QuantityRequest
from studies.schema.reader import KeyPath

T = TypeVar("T")


@dataclass
class Draft:
    """Plain data of a study and what could be made of it.

    Attributes:
        data: the file as plain data (mechanics in its long form).
        lines: raw path -> line of the file.
        problems: found so far.
    """

    data: dict[str, Any]
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _dropped: set[KeyPath] = field(default_factory=set)

    def report(self, path: KeyPath, message: str, value: Any = None) -> None:
        """Add a problem at a raw path, unless its structure is wrong; `value` replaces what the file has
        there."""
        if path in self._dropped:
            return
        if value is None and lookup(self.data, path) is MISSING:
            self.problems.append(Problem(show_path(self.data, path), MISSING, message, locate(path, self.lines)))
        else:
            self.problems.append(make_problem(self.data, path, message, self.lines, value))

    def part(self, kind: type[T], *path: str | int, default: Any = None) -> T | None:
        """The part at a path, or None when its structure is wrong."""
        raw = lookup(self.data, path)
        if raw is MISSING or raw is None:
            raw = default
        try:
            return TypeAdapter(kind).validate_python(raw)
        except ValidationError:
            return None

    def salvaged(self, kind: type[T], *path: str | int) -> T | None:
        """As `part`, but keys that are wrong are left out if the others make a part."""
        raw = lookup(self.data, path)
        given = {} if raw is MISSING or raw is None else raw
        adapter = TypeAdapter(kind)
        try:
            return adapter.validate_python(given)
        except ValidationError as error:
            wrong = {entry["loc"][0] for entry in error.errors() if entry["loc"]}
        if not isinstance(given, dict) or not wrong & set(given):
            return None
        self._dropped |= {(*path, key) for key in wrong}
        try:
            return adapter.validate_python({k: v for k, v in given.items() if k not in wrong})
        except ValidationError:
            return None

    def _parts(self, kind: type[T], *path: str) -> list[T | None]:
        raw = lookup(self.data, path)
        return [self.part(kind, *path, i) for i in range(len(raw))] if isinstance(raw, list) else []

    @cached_property
    def dimension(self) -> int | str | None:
        """Dimension of the model, None when wrong."""
        given = lookup(self.data, ("geometry", "dimension"))
        return given if given in (1, 2, 3, "axisymmetric") and not isinstance(given, bool) else None

    @cached_property
    def layers(self) -> list[Layer | None]:
        """The layers, None for those that are wrong."""
        return self._parts(Layer, "geometry", "layers")

    @cached_property
    def names(self) -> list[str]:
        """Names of all layers, also of those with other problems; empty texts where there is none."""
        raw = lookup(self.data, ("geometry", "layers"))
        items = raw if isinstance(raw, list) else []
        given = [item.get("name") if isinstance(item, dict) else None for item in items]
        return [name if isinstance(name, str) else "" for name in given]

    @cached_property
    def interface_names(self) -> list[str]:
        """`below|above` for all neighbours whose names are known."""
        return [f"{a}|{b}" for a, b in pairwise(self.names) if a and b]

    @cached_property
    def features(self) -> list[Feature | None]:
        """The features, None for those that are wrong."""
        return self._parts(Feature, "geometry", "features")

    @cached_property
    def featured(self) -> set[str]:
        """Interfaces that some feature lies at."""
        return {f.content.at for f in self.features if f is not None and f.content is not None}

    @cached_property
    def media(self) -> Media:
        """The study's materials."""
        given = self.data.get("materials")
        return Media(given if isinstance(given, dict) else {})

    @cached_property
    def materials(self) -> list[Material | None]:
        """Material of each layer with its overrides, None where something is wrong with it."""
        found: list[Material | None] = []
        for layer in self.layers:
            material = None if layer is None else self.media.named(layer.material)
            if layer is not None and isinstance(material, Material) and layer.properties:
                material = self.media.overridden(layer.material, layer.properties)[0]
            found.append(material if isinstance(material, Material) else None)
        return found

    @cached_property
    def conduction(self) -> dict[str, Conduction]:
        """What each layer conducts, as far as known."""
        found: dict[str, Conduction] = {}
        for layer, material in zip(self.layers, self.materials, strict=True):
            if layer is not None and layer.conduction is not None:
                found[layer.name] = layer.conduction
            elif layer is not None and material is not None:
                found[layer.name] = default_conduction(material)
        return found

    @cached_property
    def interfaces(self) -> dict[str, Interface | None]:
        """The interfaces that the file speaks of, None for those that are wrong."""
        raw = self.data.get("interfaces")
        return {k: self.salvaged(Interface, "interfaces", k) for k in raw} if isinstance(raw, dict) else {}

    @cached_property
    def operation(self) -> Operation | None:
        """The operation, None when wrong."""
        return self.salvaged(Operation, "operation")

    @cached_property
    def mechanics(self) -> Mechanics | None:
        """The mechanics switches, None when wrong."""
        return self.salvaged(Mechanics, "mechanics")

    @cached_property
    def mesh(self) -> Mesh | None:
        """The mesh sizes, None when wrong."""
        return self.salvaged(Mesh, "mesh")

    @cached_property
    def requests(self) -> list[QuantityRequest | None]:
        """The quantities asked for, None for those that are wrong."""
        return self._parts(QuantityRequest, "quantities")

    @cached_property
    def checks(self) -> list[Check | None]:
        """The checks, None for those that are wrong."""
        return self._parts(Check, "checks")
