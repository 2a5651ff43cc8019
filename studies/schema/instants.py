"""Instants of a run in time, as study files name them: ``start``, a time such as ``10 h``, or ``end of rest``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from fem.columns import ColumnError
from fem.units import UnitError, parse
from studies.schema.fields import complaint, write_quantity
from studies.schema.protocol import Entry
from studies.schema.protocol_steps import table_points
from studies.units import format

__all__ = ["Instant", "longest", "step_names"]

START = "start"
_END_OF = re.compile(r"\s*end of\s+(.+?)\s*", re.DOTALL)
_CYCLES = re.compile(r"(cycle \d+: )*")


@dataclass(frozen=True)
class Instant:
    """A time since the run began, or the end of every step of a name.

    Attributes:
        time: s; None for the ends of steps.
        step: name of the steps; None for a time.
    """

    time: float | None = None
    step: str | None = None

    @classmethod
    def read(cls, given: Any) -> Instant:
        """From the text of a file.

        Raises:
            PydanticCustomError: no such text.
        """
        if isinstance(given, Instant):
            return given
        if isinstance(given, str) and given.strip() == START:
            return cls(time=0.0)
        if isinstance(given, str) and (match := _END_OF.fullmatch(given)):
            return cls(step=match.group(1))
        try:
            time = parse(given, "time")
        except UnitError as error:
            raise complaint(f"{error}; or '{START}', or 'end of rest' with the name of a step") from error
        if time < 0.0:
            raise complaint("must not be negative")
        return cls(time=time)

    def ends(self, step: str) -> bool:
        """Whether it means the end of a step of this name, in whatever cycle."""
        return self.step is not None and self.step in (step, _CYCLES.sub("", step, count=1))

    def __str__(self) -> str:
        if self.step is not None:
            return f"end of {self.step}"
        return START if self.time == 0.0 else str(write_quantity(self.time or 0.0, "time"))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.read,
            serialization=core_schema.plain_serializer_function_ser_schema(str, when_used="json-unless-none"),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {
            "type": "string",
            "pattern": r"^\s*(start\s*$|end of\s+\S|[-+−]?(\d|\.\d))",
            "examples": [START, "10 h", "end of rest"],
            "x-dimension": "time",
        }


def step_names(entries: Sequence[Entry]) -> Iterator[str]:
    """Names of the steps of a protocol without those of their cycles, as far as the entries alone tell them."""
    for entry in entries:
        if entry.cycle is not None:
            yield from step_names(entry.cycle)
        elif entry.name is not None:
            yield entry.name
        elif entry.what in ("rest", "ramp"):
            yield entry.what
        elif entry.pulse is not None:
            yield "pulses"
        elif entry.table is not None:
            yield f"table {Path(entry.table.file).name}"[:60]
        elif entry.voltage is not None:
            yield format(entry.voltage, "potential", 4)
        elif entry.current is not None and entry.current.dimension == "current density":
            yield format(entry.current.value, "current density", 4)


def longest(entries: Sequence[Entry]) -> float:
    """Longest time that a protocol lasts, s; without tables that cannot be read."""
    total = 0.0
    for entry in entries:
        if entry.cycle is not None:
            total += (entry.times or 1) * longest(entry.cycle)
        elif entry.table is not None:
            try:
                total += table_points(entry.table)[0][-1]
            except ColumnError:  # that is said elsewhere
                continue
        elif entry.pulse is not None:
            total += entry.pulse.count * (entry.pulse.on + entry.pulse.off)
        elif entry.ramp is not None:
            total += entry.ramp.duration
        else:
            total += entry.rest or entry.for_ or 0.0
    return total
