"""Field types of study files: quantities with units, names, and the base of all parts.

In memory a quantity is a float in SI; in files and in the resolved study it is text with a unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from fem.units import DIMENSIONS, UnitError, from_si, parse


class Part(BaseModel):
    """Base of every part of a study: unknown keys are refused, instances do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def complaint(message: str) -> PydanticCustomError:
    """A validation error with a message that may hold any characters."""
    return PydanticCustomError("study", "{message}", {"message": message})


def write_quantity(value: float, dimension: str) -> str | float:
    """The shortest text with a unit that reads back as exactly this SI value; pure numbers stay numbers."""
    wanted = DIMENSIONS[dimension]
    if not wanted.si:
        return value
    best = f"{value!r} {wanted.si}"
    for unit in wanted.readable:
        text = f"{from_si(value, unit, dimension):.12g} {unit}"
        if len(text) < len(best) and parse(text, dimension) == value:
            best = text
    return best


@dataclass(frozen=True)
class Bounds:
    """Limits of an SI value; None where there is none."""

    above: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    below: float | None = None

    def explain(self, value: float) -> str | None:
        """What is wrong with the value, or None."""
        if self.above is not None and not value > self.above:
            return "must be positive" if self.above == 0 else f"must be more than {self.above:g}"
        if self.at_least is not None and not value >= self.at_least:
            return "must not be negative" if self.at_least == 0 else f"must be at least {self.at_least:g}"
        if self.at_most is not None and not value <= self.at_most:
            return f"must be at most {self.at_most:g}"
        if self.below is not None and not value < self.below:
            return f"must be less than {self.below:g}"
        return None


@dataclass(frozen=True)
class In:
    """Annotation of a float that files give with a unit of this dimension."""

    dimension: str
    bounds: Bounds = Bounds()

    def read(self, given: Any) -> float:
        """SI value of what a file gives.

        Raises:
            PydanticCustomError: not such a quantity, or out of bounds.
        """
        try:
            value = parse(given, self.dimension)
        except UnitError as error:
            raise complaint(str(error)) from error
        wrong = self.bounds.explain(value)
        if wrong is not None:
            raise complaint(wrong)
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.read,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda value: write_quantity(value, self.dimension), when_used="json-unless-none"
            ),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return quantity_json_schema([self.dimension])


def quantity_json_schema(dimensions: Sequence[str]) -> dict[str, Any]:
    """JSON Schema of a quantity of one of the dimensions, with examples for editors."""
    examples = [example for name in dimensions for example in DIMENSIONS[name].examples]
    kinds: list[dict[str, Any]] = [{"type": "string", "pattern": r"^\s*[-+−]?(\d|\.\d)"}]
    if any(not DIMENSIONS[name].si for name in dimensions):
        kinds.append({"type": "number"})
    schema: dict[str, Any] = {"examples": examples, "x-dimension": " or ".join(dimensions)}
    return {**schema, **kinds[0]} if len(kinds) == 1 else {**schema, "anyOf": kinds}


@dataclass(frozen=True)
class Applied:
    """A current as given: per area (A/m^2) or in total (A).

    Attributes:
        value: SI.
        dimension: ``current density`` or ``current``.
    """

    value: float
    dimension: str

    @classmethod
    def read(cls, given: Any) -> Applied:
        """From text with a unit of either dimension.

        Raises:
            PydanticCustomError: neither.
        """
        if isinstance(given, Applied):
            return given
        try:
            return cls(parse(given, "current density"), "current density")
        except UnitError as error:
            reason = error
        try:
            return cls(parse(given, "current"), "current")
        except UnitError:
            raise complaint(f"{reason}; or a total current, for example '1 mA'") from reason

    def density(self, area: float) -> float:
        """Current density in A/m^2 over an area in m^2."""
        return self.value if self.dimension == "current density" else self.value / area

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.read,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda applied: write_quantity(applied.value, applied.dimension), when_used="json-unless-none"
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return quantity_json_schema(["current density", "current"])


def _a_number(given: Any) -> Any:
    # For Python, true is 1; for a user it is not.
    if isinstance(given, bool):
        raise complaint("must be a number, not on or off")
    return int(given) if isinstance(given, float) and given.is_integer() else given


NotABoolean = BeforeValidator(_a_number)

_POSITIVE = Bounds(above=0.0)
_NOT_NEGATIVE = Bounds(at_least=0.0)

Length = Annotated[float, In("length")]
PositiveLength = Annotated[float, In("length", _POSITIVE)]
Potential = Annotated[float, In("potential")]
ElectricField = Annotated[float, In("electric field", Bounds(above=0.0))]
StackPressure = Annotated[float, In("pressure")]
PositivePressure = Annotated[float, In("pressure", _POSITIVE)]
PositiveTime = Annotated[float, In("time", _POSITIVE)]
PositiveConcentration = Annotated[float, In("concentration", _POSITIVE)]
ArealCapacitance = Annotated[float, In("capacitance per area", _NOT_NEGATIVE)]
PositiveVelocity = Annotated[float, In("velocity", _POSITIVE)]
Temperature = Annotated[float, In("temperature", _POSITIVE)]
PositiveCurrentDensity = Annotated[float, In("current density", _POSITIVE)]
AreaResistance = Annotated[float, In("area-specific resistance", _NOT_NEGATIVE)]
MolarVolume = Annotated[float, In("molar volume")]
Strain = Annotated[float, In("dimensionless", Bounds(above=-0.5, below=0.5))]
Shrinkage = Annotated[float, In("dimensionless", Bounds(at_least=0.0, below=0.5))]
Coefficient = Annotated[float, In("dimensionless", _NOT_NEGATIVE)]
Fraction = Annotated[float, In("dimensionless", Bounds(at_least=0.0, at_most=1.0))]
PositiveFraction = Annotated[float, In("dimensionless", Bounds(above=0.0, at_most=1.0))]

# Names become parts of facet names, of key paths and of file names.
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_+-]{0,49}$")]
StudyName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}$")]
InterfaceName = Annotated[str, Field(pattern=r"^[^|]+\|[^|]+$", examples=["anode|electrolyte"])]
