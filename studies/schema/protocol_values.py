"""Values in protocols: currents or voltages, and thresholds such as ``below 2.8 V``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from fem.units import DIMENSIONS, UnitError, parse
from studies.schema.fields import complaint, quantity_json_schema, write_quantity

__all__ = ["Capacity", "Crossing", "Level", "Span", "Threshold"]

_WORDS = {"<": "below", "below": "below", ">": "above", "above": "above"}
_THRESHOLD = re.compile(r"\s*(<|>|below\b|above\b)\s*(.*)", re.DOTALL)


def _read(given: Any, dimensions: tuple[str, ...]) -> tuple[float, str]:
    """SI value and dimension of a quantity that may have one of several.

    Raises:
        PydanticCustomError: none of them; the message is that of the first.
    """
    reason: UnitError | None = None
    for dimension in dimensions:
        try:
            return parse(given, dimension), dimension
        except UnitError as error:
            reason = reason or error
    others = "".join(f"; or {DIMENSIONS[d].examples[0]!r}" for d in dimensions[1:])
    raise complaint(f"{reason}{others}")


@dataclass(frozen=True)
class _Quantity:
    """A quantity of one of several dimensions."""

    value: float
    dimension: str

    dimensions: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def read(cls, given: Any) -> Any:
        """From text with a unit of one of the dimensions.

        Raises:
            PydanticCustomError: none of them.
        """
        return given if isinstance(given, cls) else cls(*_read(given, cls.dimensions))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.read,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda x: write_quantity(x.value, x.dimension), when_used="json-unless-none"
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return quantity_json_schema(list(cls.dimensions))


@dataclass(frozen=True)
class Level(_Quantity):
    """A voltage (V), a current density (A/m^2) or a total current (A)."""

    dimensions: ClassVar[tuple[str, ...]] = ("current density", "current", "potential")


@dataclass(frozen=True)
class Capacity(_Quantity):
    """A charge per area (C/m^2) or in total (C); positive."""

    dimensions: ClassVar[tuple[str, ...]] = ("areal capacity", "charge")

    @classmethod
    def read(cls, given: Any) -> Any:
        """See `_Quantity.read`."""
        found = super().read(given)
        if not found.value > 0.0:
            raise complaint("must be positive")
        return found


@dataclass(frozen=True)
class Threshold:
    """One side of a value.

    Attributes:
        direction: which side.
        value: SI.
        dimension: key of `fem.units.DIMENSIONS`.
    """

    direction: Literal["below", "above"]
    value: float
    dimension: str

    def __str__(self) -> str:
        return f"{self.direction} {write_quantity(self.value, self.dimension)}"


@dataclass(frozen=True)
class Span:
    """One threshold, or one of each direction.

    Attributes:
        crossings: one or two.
    """

    crossings: tuple[Threshold, ...]


@dataclass(frozen=True)
class Crossing:
    """Annotation of a `Span`, which files give as ``below 2.8 V``, ``"> 4.2 V"`` or a list of the two.

    Attributes:
        dimensions: that the value may have.
        positive: whether it must be positive.
    """

    dimensions: tuple[str, ...]
    positive: bool

    def __init__(self, *dimensions: str, positive: bool = False) -> None:
        object.__setattr__(self, "dimensions", dimensions)
        object.__setattr__(self, "positive", positive)

    def read(self, given: Any) -> Span:
        """The thresholds that a file gives.

        Raises:
            PydanticCustomError: none, too many, or two that contradict each other.
        """
        if isinstance(given, Span):
            return given
        found = [self._one(item) for item in (given if isinstance(given, list) else [given])]
        if not 1 <= len(found) <= 2 or len({x.direction for x in found}) != len(found):
            raise complaint("must be one threshold, or a list of one below and one above")
        if len(found) == 2:
            low, high = sorted(found, key=lambda x: x.direction, reverse=True)  # below, then above
            if not low.value < high.value:
                raise complaint("is always met: the upper threshold must be above the lower one")
        return Span(tuple(found))

    def _one(self, given: Any) -> Threshold:
        match = _THRESHOLD.match(given) if isinstance(given, str) else None
        if match is None:
            raise complaint(f"must say below or above what, for example 'below {self._example}'")
        value, dimension = _read(match.group(2), self.dimensions)
        if self.positive and not value > 0.0:
            raise complaint("must be positive")
        return Threshold(_WORDS[match.group(1)], value, dimension)  # type: ignore[arg-type]

    @property
    def _example(self) -> str:
        return DIMENSIONS[self.dimensions[0]].examples[-1]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.read,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda span: str(span.crossings[0]) if len(span.crossings) == 1 else [str(x) for x in span.crossings],
                when_used="json-unless-none",
            ),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        one = {
            "type": "string",
            "pattern": r"^\s*(<|>|below|above)\s*[-+−]?(\d|\.\d)",
            "examples": [f"{word} {self._example}" for word in ("below", "above")],
        }
        return {
            "x-dimension": " or ".join(self.dimensions),
            "anyOf": [one, {"type": "array", "minItems": 1, "maxItems": 2, "items": one}],
        }
