"""A study: the file in memory, checked, with every default written out, in SI."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError, model_validator

from fem.interface.names import both_sides, is_covered
from fem.units import parse
from studies.errors import MISSING, InputError, Problem
from studies.quantities import QUANTITIES, QuantitySpec
from studies.schema.body import Body, body_name, body_pair
from studies.schema.checking import check, ordered
from studies.schema.collapse import collapsed_films, collapsed_interface, film_between
from studies.schema.completing import completed
from studies.schema.contacts import (
    Passage,
    complete_interface,
)
from studies.schema.draft import Draft
from studies.schema.explain import structural_problems
from studies.schema.fields import InterfaceName, Name, Part, StudyName
from studies.schema.geometry import Geometry, Layer
from studies.schema.impedance import Impedance
from studies.schema.imported import absolute_files, without_place
from studies.schema.interfaces import Interface
from studies.schema.media import Media
from studies.schema.numerics import Discretisation, Mechanics, Mesh, Solver, shorthand_mechanics
from studies.schema.operation import Operation
from studies.schema.outputs import Check, Checks, Pictures, Quantities, QuantityRequest
from studies.schema.overrides import apply_overrides
from studies.schema.protocol import Time
from studies.schema.protocol_files import absolute_tables, without_tables
from studies.schema.reader import KeyPath, read_text, read_yaml
from studies.schema.space_charge import SpaceCharge

if TYPE_CHECKING:
    from fem.materials import Material
    from meshes.sizes import MeshSizes
    from meshes.stack import Stack


@dataclass(frozen=True)
class Expectation:
    """A check of a study in SI.

    Attributes:
        label: quantity of the results that is checked.
        expected: value.
        tolerance: largest absolute deviation.
        relative: the relative tolerance that it came from, if any.
        source: where the expected value comes from.
    """

    label: str
    expected: float
    tolerance: float
    relative: float | None
    source: str


class Study(Part):
    """A study. Read one with `load`, `from_text` or `from_mapping`: these check everything and fill in
    defaults.

    Quantities are floats in SI. After completion `geometry.layers[i].conduction`, `mechanics.on`, all
    interfaces of the stack, `operation.working_electrode` and the parameters of the quantities are set.
    """

    study: StudyName = Field(description="Name of the study; results are called so.")
    title: str = Field(default="", max_length=200, description="One line for people.")
    description: str = Field(
        default="", max_length=20_000, description="What the study shows, and where its numbers come from."
    )
    geometry: Geometry = Field(description="Layers, sizes, voids.")
    materials: dict[Name, dict[str, Any]] = Field(
        default_factory=dict,
        description="Materials of this study: properties with units, and `kind` or `based_on`, by name.",
    )
    mechanics: Mechanics = Field(default_factory=Mechanics, description="Stresses: on or off, and conditions.")
    interfaces: dict[InterfaceName, Interface] = Field(
        default_factory=dict, description="What happens at the interfaces, by name below|above."
    )
    space_charge: SpaceCharge | None = Field(
        default=None, description="Space charge at rest between the layers, instead of currents."
    )
    operation: Operation = Field(description="Current or voltage, stack pressure, temperature.")
    time: Time | None = Field(default=None, description="Steps in time, for operation.protocol.")
    impedance: Impedance | None = Field(default=None, description="Impedance spectrum at the operating point.")
    discretisation: Discretisation = Field(default_factory=Discretisation, description="Degrees of the elements.")
    solver: Solver = Field(default_factory=Solver, description="Solver options; rarely needed.")
    mesh: Mesh = Field(default_factory=Mesh, description="Cell sizes and error estimate.")
    quantities: Quantities = Field(default_factory=list, description="What results.json reports.")
    checks: Checks = Field(default_factory=list, description="Values that the study must reproduce.")
    pictures: Pictures = Field(default=None, description="Pictures to make; default: all that apply.")

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, data: Any) -> Any:
        return shorthand_mechanics(data)

    # ---------------------------------------------------------------- reading
    @classmethod
    def load(cls, path: str | Path, overrides: Mapping[str, Any] | None = None) -> Study:
        """A study from a YAML file.

        Args:
            path: the file.
            overrides: dotted key path -> value, as in `from_mapping`.

        Raises:
            InputError: with every problem of the file.
        """
        return cls.from_text(read_text(Path(path)), str(path), overrides)

    @classmethod
    def from_text(cls, text: str, source: str = "study", overrides: Mapping[str, Any] | None = None) -> Study:
        """A study from YAML text; see `load`."""
        document = read_yaml(text, source)
        return cls.from_mapping(document.data, source, overrides, document.lines, document.problems)

    @classmethod
    def from_mapping(
        cls,
        data: Any,
        source: str = "study",
        overrides: Mapping[str, Any] | None = None,
        lines: Mapping[KeyPath, int] | None = None,
        problems: list[Problem] | None = None,
    ) -> Study:
        """A study from plain data with units in the values.

        Args:
            data: what a study file holds.
            source: what to call it in messages.
            overrides: dotted key path -> value, applied before anything is checked; entries of lists by
                their name or number from 0.
            lines: raw key path -> line, for messages.
            problems: found while reading, reported with the others.

        Raises:
            InputError: with every problem.
        """
        problems = list(problems or [])
        lines = dict(lines or {})
        data = _plain(data)
        if not isinstance(data, dict):
            raise InputError([*problems, Problem("", MISSING, "a study is a mapping of keys to values")], source)
        if overrides:
            data, changed, wrong = apply_overrides(data, overrides)
            problems += wrong
            lines = {k: v for k, v in lines.items() if not any(k[: len(p)] == p for p in changed)}
        data = absolute_tables(absolute_files(shorthand_mechanics(data), source), source)
        study: Study | None = None
        try:
            study = cls.model_validate(data)
        except ValidationError as error:
            problems += structural_problems(error, data, cls, lines)
        draft = Draft(data, lines)
        check(draft)
        problems += draft.problems
        if problems or study is None:
            raise InputError(ordered(problems), source)
        return completed(study, draft)

    # ---------------------------------------------------------------- writing
    def resolved(self) -> dict[str, Any]:
        """The study as plain data with units and every default written out; `from_mapping` reads it back as
        equal."""
        data = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        sweep = data["operation"].get("sweep", {}).get("current", {})
        if "values" in sweep:
            data["operation"]["sweep"]["current"] = sweep["values"]
        return data

    @property
    def hash(self) -> str:
        """sha256 of the study in SI and of the material data that it uses; units and titles do not matter."""
        plain = self.model_dump(mode="python", by_alias=True, exclude_none=True)
        for key in ("title", "description", "checks", "pictures"):
            plain.pop(key, None)
        plain["geometry"] = without_place(plain["geometry"])
        plain = without_tables(plain)
        used = {body.name: _material_data(self.material(body.name)) for body in self.geometry.bodies}
        canonical = _canonical({"study": plain, "materials": used})
        return hashlib.sha256(json.dumps(canonical, sort_keys=True, allow_nan=False).encode()).hexdigest()

    # ------------------------------------------------------------------ using
    def stack(self) -> Stack:
        """The geometry for `meshes`, in metres."""
        return self.geometry.stack()

    def sizes(self) -> MeshSizes:
        """Mesh sizes for `meshes`, divided by the refinement; None where they follow from the stack."""
        sizes = self.mesh.sizes()
        if self.space_charge is not None:
            from studies.space_charge.build import graded

            sizes = graded(self, sizes)
        return sizes.scaled(1.0 / self.mesh.refinement)

    def body(self, region: str) -> Body:
        """The layer or body that a region of the mesh belongs to.

        Raises:
            KeyError: no such region.
        """
        for item in self.geometry.bodies:
            if item.name == body_name(region):
                return item
        raise KeyError(region)

    def material(self, region: str) -> Material:
        """Material of a region of the mesh, the body's own values included.

        Raises:
            KeyError: no such region.
        """
        body = self.body(region)
        material, wrong = Media(self.materials).overridden(body.material, body.properties)
        if material is None:
            raise InputError.single(str(wrong), path=f"{body.name}.properties")
        return material

    def interface(self, name: str) -> Interface:
        """What happens at the interface of the mesh called `name`.

        Raises:
            InputError: it was not foreseen, and needs kinetics.
        """
        pair = body_pair(name)
        film = film_between(collapsed_films(f.content for f in self.geometry.features), pair)
        if film is not None and (film.closed or is_covered(name)):
            return collapsed_interface(self, pair, film)
        return self.interfaces[pair] if pair in self.interfaces else self._plain_interface(pair)

    def passage(self, interface: str) -> Passage:
        """What may pass an interface of the mesh."""
        first, second = (self.body(side).conduction for side in both_sides(interface))
        assert first is not None
        assert second is not None
        return Passage.between(first, second)

    def _plain_interface(self, name: str) -> Interface:
        """An interface that turned up in the mesh and needs nothing to be said about it."""
        passage = self.passage(name)
        if passage.needs_kinetics:
            message = "the mesh has this interface, and its charge transfer is not described: kinetics is required"
            raise InputError.single(message, path=f"interfaces.{name}")
        return complete_interface(Interface(), passage, None, self.operation.temperature, bool(self.mechanics.on))

    def told(self, interface: str) -> bool:
        """Whether the file says anything about an interface (what it did not say is in `interfaces`, too)."""
        passage = self.passage(interface)
        if passage.needs_kinetics:
            return True
        plain = complete_interface(Interface(), passage, None, self.operation.temperature, bool(self.mechanics.on))
        return self.interfaces[interface] != plain

    @property
    def current_densities(self) -> tuple[float, ...]:
        """All operating currents in A/m^2 of nominal area, in order; empty when potentiostatic."""
        return tuple(applied.density(self.geometry.area) for applied in self.operation.currents)

    @property
    def void_layer(self) -> Layer | None:
        """The layer whose voids have a sharp surface, of studies of such voids; they are run by themselves."""
        return next((layer for layer in self.geometry.layers if layer.void_surface is not None), None)

    @property
    def counter_electrode(self) -> str:
        """The end of the stack that is not the working electrode."""
        ends = self.geometry.layers[0].name, self.geometry.layers[-1].name
        return ends[1] if self.operation.working_electrode == ends[0] else ends[0]

    def spec(self, label: str) -> QuantitySpec:
        """Registry entry of a quantity of this study, by its label."""
        return QUANTITIES[self.request(label).name]

    def request(self, label: str) -> QuantityRequest:
        """The request with this label.

        Raises:
            KeyError: the study does not ask for it.
        """
        for request in self.quantities:
            if request.label == label:
                return request
        raise KeyError(label)

    def expectations(self) -> tuple[Expectation, ...]:
        """The checks in SI."""
        return tuple(self._expectation(check) for check in self.checks)

    def _expectation(self, check: Check) -> Expectation:
        dimension = self.spec(check.quantity).dimension
        expected = parse(check.expect, dimension)
        if check.within is not None:
            return Expectation(check.quantity, expected, check.within * abs(expected), check.within, check.source)
        return Expectation(check.quantity, expected, parse(check.tolerance, dimension), None, check.source)


def _plain(data: Any) -> Any:
    """Mappings and sequences as dict and list, keys as text: what a YAML file gives."""
    if isinstance(data, Mapping):
        return {str(k): _plain(v) for k, v in data.items()}
    return [_plain(v) for v in data] if isinstance(data, list | tuple) else data


def _material_data(material: Material) -> dict[str, Any]:
    return {
        key: [
            datum.value,
            *((a.energy, a.form, a.reference_temperature) if (a := datum.activation) else ()),
            *(() if datum.curve is None else (repr(datum.curve),)),
        ]
        for key, datum in material.data.items()
    }


def _canonical(value: Any) -> Any:
    """Plain data without classes, for JSON."""
    if isinstance(value, Mapping):
        return {str(k): _canonical(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(v) for v in value]
    if hasattr(value, "__dataclass_fields__"):
        return [_canonical(getattr(value, name)) for name in value.__dataclass_fields__]
    return value
