"""A material: named data, each with unit, temperature, source and doubt."""

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from fem.constants import GAS, STANDARD_TEMPERATURE
from fem.materials.curves import Constant, Curve, EntropicEnds, LevelEnds, Scaled
from fem.materials.properties import PROPERTIES

Kind = Literal[
    "metal",
    "single-ion conductor",
    "polymer electrolyte",
    "gel electrolyte",
    "liquid electrolyte",
    "cathode",
    "anode",
    "coating",
    "interphase",
    "dielectric",
]
"""What a material is used as; ``metal`` is an equipotential unless a study asks otherwise."""

Provenance = Literal["found", "known", "computed", "review", "given"]
"""Where a value comes from.

found: read in the source named; known: remembered, not re-read; computed: derived from other values; review:
quoted from the review of Liu et al., Nano Energy 2025, 110749; given: set by a user.
"""

ActivationForm = Literal["exponential", "prefactor-over-T"]


class Problem(NamedTuple):
    """One thing wrong with a material that a user wrote.

    Attributes:
        path: key path, such as ``materials.my-LLZO.young_modulus``.
        value: what was given there; None when something is missing.
        message: what is wrong and what is allowed.
    """

    path: str
    value: object
    message: str


class MaterialError(KeyError):
    """A material or a property that is not there, or a material file that is wrong.

    Attributes:
        problems: everything wrong with a user's material; empty for a failed look-up.
    """

    def __init__(self, message: str, problems: Iterable[Problem] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.problems = tuple(problems)

    def __str__(self) -> str:  # KeyError would print the repr
        return self.message


@dataclass(frozen=True)
class Activation:
    """Thermal activation about a reference temperature.

    Attributes:
        energy: activation energy [J/mol].
        form: ``"exponential"``: x = x_0 exp(-E/RT); ``"prefactor-over-T"``: x = (A/T) exp(-E/RT).
        reference_temperature: temperature at which the value of the datum holds [K].
    """

    energy: float
    form: ActivationForm = "exponential"
    reference_temperature: float = STANDARD_TEMPERATURE

    def factor(self, temperature: float) -> float:
        """x(T) / x(reference temperature) for a temperature in kelvin."""
        reference = self.reference_temperature
        factor = math.exp(-self.energy / GAS * (1.0 / temperature - 1.0 / reference))
        return factor * reference / temperature if self.form == "prefactor-over-T" else factor


@dataclass(frozen=True)
class Datum:
    """One value of one property.

    Attributes:
        value: in SI.
        given: the number as written, in `unit`.
        unit: unit as written; empty for pure numbers.
        temperature: at which the value was found [K]; None when the source says none.
        source: where it was read, or how it was computed.
        provenance: how far to trust that.
        doubt: what speaks against the value; None when nothing is known to.
        activation: how it changes with temperature; None: taken as constant.
        interval: smallest and largest value reported [SI], where sources give a range.
        choice: how `value` was chosen from the interval.
        label: which preparation, sample or direction it is; what `variant` selects.
        alternatives: other values of the same property, each with its own label.
        curve: the property [SI] as a function of `variable`, where it is known; `value` is the one at `reference`.
        variable: key of `fem.materials.properties.VARIABLES`; None without a curve.
        reference: of the variable [SI].
    """

    value: float
    given: float
    unit: str
    temperature: float | None = None
    source: str = ""
    provenance: Provenance = "given"
    doubt: str | None = None
    activation: Activation | None = None
    interval: tuple[float, float] | None = None
    choice: str | None = None
    label: str | None = None
    alternatives: tuple["Datum", ...] = ()
    curve: Curve | None = None
    variable: str | None = None
    reference: float | None = None

    def at(self, temperature: float) -> float:
        """The value [SI] at a temperature [K]."""
        return self.value if self.activation is None else self.value * self.activation.factor(temperature)

    def variant(self, label: str) -> "Datum | None":
        """This datum or the alternative with that label; letter case does not matter."""
        wanted = label.casefold()
        for datum in (self, *self.alternatives):
            if datum.label is not None and datum.label.casefold() == wanted:
                return datum
        return None

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of this datum and its alternatives."""
        return tuple(d.label for d in (self, *self.alternatives) if d.label is not None)


@dataclass(frozen=True)
class Material:
    """A material and what is known of it.

    Attributes:
        name: ASCII name, such as ``LiNbO3``.
        formula: chemical formula with its subscripts.
        description: one or two sentences.
        kind: what it is used as.
        data: the values by property key; treat as read-only.
    """

    name: str
    formula: str
    description: str
    kind: Kind
    data: Mapping[str, Datum] = field(default_factory=dict, hash=False)

    def has(self, key: str) -> bool:
        """Whether `value` would find the property, given or derived."""
        try:
            self.datum(key)
        except MaterialError:
            return False
        return True

    def datum(self, key: str, variant: str | None = None) -> Datum:
        """The datum of a property.

        Args:
            key: a key of `fem.materials.properties.PROPERTIES`.
            variant: label of an alternative; None for the default.

        Raises:
            MaterialError: no such property or variant; the message names what there is.
        """
        found = self.data.get(key)
        if found is None:
            found = _derived(self if variant is None else self.with_variant(variant), key)
            if found is None:
                raise MaterialError(self._missing(key))
            return found
        if variant is None:
            return found
        chosen = found.variant(variant)
        if chosen is None:
            there = ", ".join(repr(label) for label in found.labels) or "none"
            raise MaterialError(f"{self.name} has no variant '{variant}' of {key}; variants there: {there}")
        return chosen

    def value(self, key: str, temperature: float = STANDARD_TEMPERATURE, variant: str | None = None) -> float:
        """The value of a property in SI units at a temperature.

        Args:
            key: a key of `fem.materials.properties.PROPERTIES`.
            temperature: [K]; changes only values that carry an activation energy.
            variant: label of an alternative; None for the default.

        Raises:
            MaterialError: no such property or variant, or a temperature not above absolute zero.
        """
        if not (math.isfinite(temperature) and temperature > 0.0):
            raise MaterialError(f"{self.name}: {temperature} K is not a temperature")
        return self.datum(key, variant).at(temperature)

    def curve(self, key: str, temperature: float = STANDARD_TEMPERATURE, variant: str | None = None) -> Curve:
        """The property [SI] as a function of what it is given against, continued beyond what is known.

        Transport properties level off there, open-circuit potentials go on with the entropy of mixing (see
        `fem.materials.curves`). A property given as a number is the same everywhere.

        Args:
            key, temperature, variant: as for `value`.

        Raises:
            MaterialError: no such property or variant, or a temperature not above absolute zero.
        """
        value = self.value(key, temperature, variant)
        datum = self.datum(key, variant)
        entropic = key in PROPERTIES and PROPERTIES[key].ends == "entropic"
        if datum.curve is None:
            return EntropicEnds(Constant(value, 0.01, 0.99), temperature) if entropic else Constant(value)
        known = datum.curve
        if datum.activation is not None:
            known = Scaled(known, datum.activation.factor(temperature))
        return EntropicEnds(known, temperature) if entropic else LevelEnds(known)

    @property
    def variants(self) -> tuple[str, ...]:
        """All labels that some property has, in order of appearance."""
        return tuple(dict.fromkeys(label for datum in self.data.values() for label in datum.labels))

    def with_variant(self, label: str) -> "Material":
        """This material with every property that has a value of that label set to it.

        Raises:
            MaterialError: no property has such a variant.
        """
        chosen = {key: datum.variant(label) for key, datum in self.data.items()}
        if not any(chosen.values()):
            there = ", ".join(repr(v) for v in self.variants) or "none"
            raise MaterialError(f"{self.name} has no variant '{label}'; variants there: {there}")
        data = {
            key: datum if chosen[key] is None else _promoted(datum, chosen[key]) for key, datum in self.data.items()
        }
        return replace(self, data=data)

    def _missing(self, key: str) -> str:
        there = ", ".join(self.data)
        if key not in PROPERTIES:
            close = difflib.get_close_matches(key, PROPERTIES, n=1)
            guess = f" (did you mean {close[0]}?)" if close else ""
            return f"'{key}' is not a property of any material{guess}; {self.name} has: {there}"
        return f"{self.name} has no {key}; it has: {there}. Give it in the study's materials"


def _promoted(default: Datum, chosen: Datum | None) -> Datum:
    """The datum with `chosen` as its default and the former default among the alternatives."""
    if chosen is None or chosen is default:
        return default
    others = tuple(d for d in (replace(default, alternatives=()), *default.alternatives) if d is not chosen)
    return replace(chosen, alternatives=others)


def _derived(material: Material, key: str) -> Datum | None:
    """Properties that follow from others of the same material."""
    needed, how = _DERIVATIONS.get(key, ((), ""))
    if not needed or any(name not in material.data for name in needed):
        return None
    parts = {name: material.data[name] for name in needed}
    e, nu = parts["young_modulus"].value, parts["poisson_ratio"].value
    if key == "shear_modulus":
        value = e / (2.0 * (1.0 + nu))
    elif key == "bulk_modulus":
        value = e / (3.0 * (1.0 - 2.0 * nu))
    else:
        value = parts["fracture_toughness"].value ** 2 * (1.0 - nu**2) / e
    doubts = [f"{name}: {datum.doubt}" for name, datum in parts.items() if datum.doubt]
    return Datum(
        value=value,
        given=value,
        unit=PROPERTIES[key].si_unit,
        source=how,
        provenance="computed",
        doubt="; ".join(doubts) or None,
    )


_DERIVATIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "shear_modulus": (("young_modulus", "poisson_ratio"), "E / (2 (1 + ν))"),
    "bulk_modulus": (("young_modulus", "poisson_ratio"), "E / (3 (1 - 2 ν))"),
    "fracture_energy": (
        ("fracture_toughness", "young_modulus", "poisson_ratio"),
        "K_IC² (1 - ν²) / E, plane strain",
    ),
}
