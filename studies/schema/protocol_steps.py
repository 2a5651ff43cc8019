"""From the words of a protocol to its steps in SI, cycles written out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

from fem.columns import ColumnError, read_columns
from fem.protocol import Course, Cutoff, CutoffQuantity, Protocol, Step, repeated
from fem.units import to_si
from studies.schema.fields import Applied
from studies.schema.protocol import Entry, PressureRamp, Pulse, Ramp, Table, Time, Until
from studies.schema.protocol_values import Capacity, Level, Span
from studies.units import format

__all__ = ["build_protocol", "table_points"]

HOUR = 3600.0


def build_protocol(
    entries: Sequence[Entry],
    area: float,
    capacity: float | None,
    time: Time,
    stop_when: Until | None = None,
    pressure: float = 0.0,
) -> Protocol:
    """The steps that entries describe.

    Args:
        entries: checked.
        area: nominal area of the cell in m^2, for total currents.
        capacity: C/m^2, for currents relative to it.
        time: intervals that apply where an entry has none of its own.
        stop_when: what ends the protocol in any step.
        pressure: Pa, of the stack before the first entry with one of its own.
    """
    return Protocol(_held(tuple(_Steps(area, capacity, time, stop_when).of(entries)), pressure))


def _held(steps: tuple[Step, ...], pressure: float) -> tuple[Step, ...]:
    """The steps with the stack pressure that those without one of their own go on with."""
    if not any(step.loads for step in steps):
        return steps
    made = []
    for step in steps:
        loads = step.loads or (("top", Course((0.0,), (pressure,))),)
        pressure = loads[0][1].values[-1]
        made.append(replace(step, loads=loads))
    return tuple(made)


class _Steps:
    def __init__(self, area: float, capacity: float | None, time: Time, stop_when: Until | None) -> None:
        self.area = area
        self.capacity = capacity
        self.time = time
        self.stop_when = stop_when

    def of(self, entries: Sequence[Entry]) -> Iterator[Step]:
        """The steps of some entries."""
        for entry in entries:
            if entry.cycle is not None:
                yield from repeated(tuple(self.of(entry.cycle)), entry.times or 1)
            else:
                yield self._step(entry)

    def _step(self, entry: Entry) -> Step:
        name, control, times, values, duration = self._course(entry)
        cutoffs = [
            *self._cutoffs(entry.until, "next"),
            *self._cutoffs(entry.stop_when, "stop"),
            *self._cutoffs(self.stop_when, "stop"),
        ]
        return Step(
            name=entry.name or name,
            control=control,
            times=tuple(times),
            values=tuple(values),
            duration=duration,
            cutoffs=tuple(c for c in cutoffs if c.quantity != entry.held),
            initial_step=entry.initial_step or self.time.initial_step,
            record=entry.record_every or self.time.record_every,
            loads=self._loads(entry, duration),
        )

    @staticmethod
    def _loads(entry: Entry, duration: float) -> tuple[tuple[str, Course], ...]:
        given = entry.stack_pressure
        if given is None:
            return ()
        if isinstance(given, PressureRamp):
            return (("top", Course.ramp(given.from_, given.to, duration)),)
        return (("top", Course((0.0,), (given,))),)

    def _course(self, entry: Entry) -> tuple[str, Any, Sequence[float], Sequence[float], float]:
        """Name, control, times, values and duration."""
        if entry.rest is not None:
            return "rest", "current", (0.0,), (0.0,), entry.rest
        if entry.pulse is not None:
            return self._pulses(entry.pulse)
        if entry.ramp is not None:
            return self._ramp(entry.ramp)
        if entry.table is not None:
            return self._table(entry.table)
        assert entry.for_ is not None
        if entry.voltage is not None:
            return format(entry.voltage, "potential", 4), "voltage", (0.0,), (entry.voltage,), entry.for_
        current = self._current(entry.current, entry.c_rate)
        return format(current, "current density", 4), "current", (0.0,), (current,), entry.for_

    def _pulses(self, pulse: Pulse) -> tuple[str, str, Sequence[float], Sequence[float], float]:
        control = "current" if pulse.voltage is None else "voltage"
        height = self._current(pulse.current, pulse.c_rate) if pulse.voltage is None else pulse.voltage
        base = 0.0 if pulse.base is None else self._level(pulse.base)
        times, values = [0.0], [height]
        for k in range(pulse.count):
            begin = k * (pulse.on + pulse.off)
            if k:
                times += [begin, begin]
                values += [base, height]
            times += [begin + pulse.on, begin + pulse.on]
            values += [height, base]
        return "pulses", control, times, values, pulse.count * (pulse.on + pulse.off)

    def _ramp(self, ramp: Ramp) -> tuple[str, str, Sequence[float], Sequence[float], float]:
        control = "voltage" if ramp.from_.dimension == "potential" else "current"
        duration = ramp.duration
        return "ramp", control, (0.0, duration), (self._level(ramp.from_), self._level(ramp.to)), duration

    def _table(self, table: Table) -> tuple[str, str, Sequence[float], Sequence[float], float]:
        times, values = table_points(table)
        if table.dimension == "current":
            values = [value / self.area for value in values]
        duration = times[-1]
        if table.between == "hold":
            held = [(times[0], values[0])]
            for k in range(1, len(times) - 1):
                held += [(times[k], values[k - 1]), (times[k], values[k])]
            times, values = [t for t, _ in held], [v for _, v in held]
        control = "voltage" if table.dimension == "potential" else "current"
        return f"table {Path(table.file).name}"[:60], control, times, values, duration

    def _current(self, current: Applied | None, c_rate: float | None) -> float:
        if current is not None:
            return current.density(self.area)
        assert c_rate is not None
        assert self.capacity is not None
        return c_rate * self.capacity / HOUR

    def _level(self, level: Level) -> float:
        return level.value / self.area if level.dimension == "current" else level.value

    def _cutoffs(self, until: Until | None, then: Any) -> Iterator[Cutoff]:
        if until is None:
            return
        quantities: tuple[CutoffQuantity, ...] = get_args(CutoffQuantity)
        for quantity in quantities:
            span: Span | None = getattr(until, quantity)
            for x in () if span is None else span.crossings:
                value = x.value / self.area if x.dimension in ("current", "charge") else x.value
                region = until.in_ if quantity == "lowest_concentration" else None
                yield Cutoff(quantity, x.direction, value, region, then)


def table_points(table: Table) -> tuple[list[float], list[float]]:
    """Times in s and values in SI (total currents in A) of a table.

    Raises:
        ColumnError: the file cannot be read, or its times are not those of a table; the message is for the user.
    """
    file = Path(table.file)
    raw_times, raw_values = read_columns(file, [table.time.column, table.values.column])
    times = [to_si(t, table.time.unit, "time") for t in raw_times]
    values = [to_si(v, table.values.unit, table.dimension) for v in raw_values]
    if len(times) < 2:
        raise ColumnError(f"{file.name} has only one row: a table needs two")
    if times[0] != 0.0:
        raise ColumnError(f"the times of {file.name} must begin at 0, not {times[0]:g} s: they count from the step")
    for row, (a, b) in enumerate(pairwise(times), 2):
        if b < a or (b == a and table.between == "hold"):
            raise ColumnError(f"the times of {file.name} must increase: row {row} has {b:g} s after {a:g} s")
    if times[1] == 0.0 or any(c == a for a, c in zip(times, times[2:], strict=False)):
        raise ColumnError(f"{file.name} gives a time three times, or 0 twice: a jump is a time given twice")
    if times[-2] == times[-1]:
        raise ColumnError(f"the last time of {file.name} is given twice: nothing comes after the jump")
    return times, values


def nominal_capacity(capacity: Capacity | None, area: float) -> float | None:
    """C/m^2 of what a study gives."""
    if capacity is None:
        return None
    return capacity.value / area if capacity.dimension == "charge" else capacity.value
