"""A study while it is being checked: the parts that are sound, and the problems found so far.

Structure is validated part by part, so that what follows from the sound parts can be checked although others
are wrong:
all problems of a file are reported at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from fem.materials import Material
from studies.errors import MISSING, Problem
from studies.schema.body import Body, Conduction, bodies_in, body_pair
from studies.schema.collapse import collapsed_films, film_between
from studies.schema.explain import locate, lookup, make_problem, show_path
from studies.schema.geometry import Feature, Layer, Widths, build_stack, periodic_axes
from studies.schema.interfaces import Interface
from studies.schema.media import Media, default_conduction
from studies.schema.numerics import Mechanics, Mesh
from studies.schema.operation import Operation
from studies.schema.outputs import Check, QuantityRequest
from studies.schema.reader import KeyPath

if TYPE_CHECKING:
    from meshes.problems import Problem as MeshIssue
    from meshes.stack import Stack

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

    @property
    def periodic(self) -> tuple[int, ...]:
        """Axes whose two sides are one."""
        sides = self.part(Widths, "geometry")
        if sides is None or self.dimension is None:
            return ()
        return periodic_axes(self.dimension, sides.lateral, sides.ends)

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
    def source(self) -> Literal["image", "mesh"] | None:
        """Where the geometry comes from, None when it is drawn."""
        given = [key for key in ("image", "mesh") if isinstance(lookup(self.data, ("geometry", key)), dict)]
        return given[0] if given else None  # type: ignore[return-value]

    @cached_property
    def layer_interfaces(self) -> list[str]:
        """`below|above` for all neighbours in the stack whose names are known."""
        return [f"{a}|{b}" for a, b in pairwise(self.names) if a and b]

    @cached_property
    def features(self) -> list[Feature | None]:
        """The features, None for those that are wrong."""
        return self._parts(Feature, "geometry", "features")

    @cached_property
    def meshed(self) -> list[int]:
        """Numbers of the features that are meshed, in the order in which the stack has them."""
        return [i for i, f in enumerate(self.features) if f is None or f.build() is not None]

    @cached_property
    def featured(self) -> set[str]:
        """Interfaces whose contact ends somewhere at a feature."""
        return {f.interrupts for f in self.features if f is not None and f.interrupts is not None}

    @cached_property
    def bodies(self) -> list[tuple[KeyPath, Body | None]]:
        """Raw path and content of the layers and of the bodies of features, None for what is wrong."""
        found: list[tuple[KeyPath, Body | None]] = [
            (("geometry", "layers", i), layer) for i, layer in enumerate(self.layers)
        ]
        for i, feature in enumerate(self.features):
            if feature is not None:
                found += bodies_in(feature, ("geometry", "features", i))
        return found

    @cached_property
    def stack(self) -> Stack | None:
        """What `meshes` would mesh, as far as its data can be read; it may have problems of its own."""
        geometry = self.data.get("geometry")
        if not isinstance(geometry, dict) or self.dimension is None or None in self.layers or not self.layers:
            return None
        if None in self.features or self.source is not None or any(x.thickness is None for x in self.layers if x):
            return None
        width = self.part(Widths, "geometry")
        if width is None:
            return None
        layers = [x for x in self.layers if x is not None]
        features = [x for x in self.features if x is not None]
        periodic = periodic_axes(self.dimension, width.lateral, width.ends)
        return build_stack(self.dimension, width.width, width.depth, layers, features, periodic)

    @cached_property
    def stack_problems(self) -> list[MeshIssue]:
        """What `meshes` finds wrong with the stack."""
        return [] if self.stack is None else self.stack.problems()

    @cached_property
    def places_known(self) -> bool:
        """Whether it is certain which interfaces there are."""
        if self.source is not None:
            return all(self.names)  # any two regions may touch; which do is said when there is a mesh
        return all(self.names) and (not self.bodied or (self.stack is not None and not self.stack_problems))

    @property
    def bodied(self) -> bool:
        """Whether some feature changes which regions touch (or might, as it cannot be read)."""
        grains = any(f is not None and f.key == "polycrystal" for f in self.features)
        return len(self.bodies) > len(self.layers) or grains or None in self.features

    @cached_property
    def interface_names(self) -> list[str]:
        """Interfaces by the names of the study file: neighbours in the stack, then what bodies touch."""
        if self.source is not None:
            return self._imported_interfaces()
        if self.bodied and self.stack is not None and not self.stack_problems:
            certain = [name for contact in self.stack.contacts for name in self._faces(body_pair(contact))]
            return list(dict.fromkeys([*certain, *self._touching_by_chance()]))
        return self.layer_interfaces

    def _faces(self, pair: str) -> list[str]:
        """The interface itself, or those that a collapsed film has in its place (beside it where it is in patches)."""
        films = collapsed_films(f.content for f in self.features if f is not None)
        film = film_between(films, pair)
        order = [body.name for _, body in self.bodies if body is not None]
        first, second = pair.split("|")
        if film is None:
            return [pair]
        return [*([] if film.closed else [pair]), *film.faces(first, second, order)]

    def _touching_by_chance(self) -> list[str]:
        """Pairs with a body of a feature that the file speaks of: the drawn geometry says whether they touch."""
        names = [body.name for _, body in self.bodies if body is not None]
        layers = set(self.names)
        possible = {f"{a}|{b}" for a, b in combinations(names, 2) if b not in layers}
        raw = self.data.get("interfaces")
        return [name for name in raw if name in possible] if isinstance(raw, dict) else []

    def _imported_interfaces(self) -> list[str]:
        """What touches in the image, and what the file speaks of."""
        from studies.schema.import_rules import touching_labels

        possible = {f"{a}|{b}" for a, b in combinations([name for name in self.names if name], 2)}
        raw = self.data.get("interfaces")
        told = [name for name in raw if name in possible] if isinstance(raw, dict) else []
        return list(dict.fromkeys([*(touching_labels(self) if self.source == "image" else ()), *told]))

    @cached_property
    def media(self) -> Media:
        """The study's materials."""
        given = self.data.get("materials")
        return Media(given if isinstance(given, dict) else {})

    @cached_property
    def materials(self) -> list[Material | None]:
        """Material of each of the `bodies` with its overrides, None where something is wrong with it."""
        found: list[Material | None] = []
        for _, layer in self.bodies:
            material = None if layer is None else self.media.named(layer.material)
            if layer is not None and isinstance(material, Material) and layer.properties:
                material = self.media.overridden(layer.material, layer.properties)[0]
            found.append(material if isinstance(material, Material) else None)
        return found

    def material_of(self, name: str) -> Material | None:
        """Material of the body of that name, None when it is wrong."""
        found = (m for (_, body), m in zip(self.bodies, self.materials, strict=True) if body and body.name == name)
        return next(found, None)

    @cached_property
    def conduction(self) -> dict[str, Conduction]:
        """What each body conducts, as far as known; nothing in studies of space charge at rest."""
        if self.data.get("space_charge") is not None:
            return {layer.name: "none" for _, layer in self.bodies if layer is not None}
        found: dict[str, Conduction] = {}
        for (_, layer), material in zip(self.bodies, self.materials, strict=True):
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
