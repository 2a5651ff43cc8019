"""Words for what is done in time: a list of steps, each with what it controls, how long, and what ends it.

operation:
  capacity: 2 mAh/cm^2
  protocol:
    - {c_rate: -0.2, for: 6 h, until: {voltage: below 2.8 V}}
    - {rest: 30 min}
    - cycle:
        - {current: 1 mA/cm^2, for: 2 h, until: {voltage: above 4.2 V}}
        - {voltage: 4.2 V, for: 1 h, until: {current: below 0.05 mA/cm^2}}
      times: 3
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from fem.units import DIMENSIONS, UnitError, to_si
from studies.schema.fields import (
    Applied,
    Bounds,
    In,
    NotABoolean,
    Part,
    PositiveTime,
    Potential,
    StackPressure,
    complaint,
)
from studies.schema.protocol_values import Crossing, Level, Span

__all__ = ["Column", "Entry", "Pulse", "Ramp", "Table", "Time", "Until", "entries_in"]

ScanRate = Annotated[float, In("scan rate", Bounds(above=0.0))]
PotentialCrossing = Annotated[Span, Crossing("potential")]
CurrentCrossing = Annotated[Span, Crossing("current density", "current", positive=True)]
ChargeCrossing = Annotated[Span, Crossing("areal capacity", "charge", positive=True)]
ShareCrossing = Annotated[Span, Crossing("dimensionless", positive=True)]
VolumeCrossing = Annotated[Span, Crossing("length", positive=True)]
ConcentrationCrossing = Annotated[Span, Crossing("concentration", positive=True)]

CONTROLS = ("current", "c_rate", "voltage", "rest", "pulse", "ramp", "table", "cycle")
"""Keys that say what an entry does; exactly one of them is in each."""

_WITH_DURATION = ("current", "c_rate", "voltage")


class Until(Part):
    """Conditions; the first that is met counts. Each is `below` or `above` a value, or a list of the two."""

    voltage: PotentialCrossing | None = Field(
        default=None, description="Cell voltage, working minus counter electrode, for example `below 2.8 V`."
    )
    current: CurrentCrossing | None = Field(
        default=None, description="Magnitude of the current, for example `below 0.05 mA/cm^2`."
    )
    charge: ChargeCrossing | None = Field(
        default=None, description="Magnitude of the charge passed in this step, for example `above 1 mAh/cm^2`."
    )
    lowest_concentration: ConcentrationCrossing | None = Field(
        default=None, description="Lowest concentration in the region `in`, for example `below 10 mol/m^3`."
    )
    contact_fraction: ShareCrossing | None = Field(
        default=None, description="Of voids with a sharp surface: share of contact, for example `below 60 %`."
    )
    void_volume: VolumeCrossing | None = Field(
        default=None, description="Of these voids: their volume over the nominal area, for example `above 0.1 um`."
    )
    in_: str | None = Field(
        default=None, alias="in", description="Region of the concentration; default: all that have one."
    )

    @model_validator(mode="after")
    def _something(self) -> Until:
        if not self.model_fields_set - {"in_"}:
            raise complaint(
                "needs one of voltage, current, charge, lowest_concentration, contact_fraction, void_volume"
            )
        if self.in_ is not None and self.lowest_concentration is None:
            raise complaint("'in' names the region of lowest_concentration, which is not given")
        return self


class Pulse(Part):
    """Equal pulses with pauses between them."""

    current: Applied | None = Field(default=None, description="Current during a pulse.")
    c_rate: Annotated[float, In("dimensionless")] | None = Field(
        default=None, description="The same relative to the capacity."
    )
    voltage: Potential | None = Field(default=None, description="Voltage during a pulse.")
    base: Level | None = Field(default=None, description="Current or voltage between pulses; default: zero current.")
    on: PositiveTime = Field(description="Length of a pulse.")
    off: PositiveTime = Field(description="Length of the pause after it.")
    count: Annotated[int, NotABoolean] = Field(default=1, ge=1, le=10_000, description="Number of pulses.")

    @model_validator(mode="after")
    def _one_height(self) -> Pulse:
        given = [key for key in ("current", "c_rate", "voltage") if getattr(self, key) is not None]
        if len(given) != 1:
            raise complaint("exactly one of current, c_rate and voltage is needed")
        if given[0] == "voltage" and (self.base is None or self.base.dimension != "potential"):
            raise complaint("pulses of voltage need the voltage between them as base")
        if given[0] != "voltage" and self.base is not None and self.base.dimension == "potential":
            raise complaint("base must be a current, as the pulses are")
        return self


class Ramp(Part):
    """A line from one current or voltage to another."""

    from_: Level = Field(alias="from", description="Current or voltage at the beginning.")
    to: Level = Field(description="Current or voltage at the end.")
    over: PositiveTime | None = Field(default=None, description="How long it takes.")
    rate: ScanRate | None = Field(default=None, description="Instead, for a voltage: its magnitude per time.")

    @model_validator(mode="after")
    def _consistent(self) -> Ramp:
        if self.from_.dimension != self.to.dimension:
            raise complaint("from and to must both be currents, current densities or voltages")
        if (self.over is None) == (self.rate is None):
            raise complaint("give either how long it takes, over, or (of a voltage) its rate")
        if self.rate is not None and self.from_.dimension != "potential":
            raise complaint("a rate is for voltages: give over")
        if self.rate is not None and self.from_.value == self.to.value:
            raise complaint("from and to must differ")
        return self

    @property
    def duration(self) -> float:
        """Its length in s."""
        if self.over is not None:
            return self.over
        assert self.rate is not None
        return abs(self.to.value - self.from_.value) / self.rate


class Column(Part):
    """A column of a CSV file."""

    column: Annotated[int, NotABoolean] | str = Field(description="Name in the header, or number from 1.")
    unit: str = Field(description="Unit of its numbers.")


class Table(Part):
    """Current or voltage against time, from a CSV file."""

    file: str = Field(min_length=1, description="The file; relative to the study file.")
    time: Column = Field(description="Column of the time since the step began; or its unit, for column 1.")
    current: Column | None = Field(default=None, description="Column of the current; or its unit, for column 2.")
    voltage: Column | None = Field(default=None, description="Column of the voltage; or its unit, for column 2.")
    between: Literal["line", "hold"] = Field(
        default="line", description="Between two rows: a straight line, or hold the value of the first."
    )

    @model_validator(mode="before")
    @classmethod
    def _plain_units(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        places = {"time": 1, "current": 2, "voltage": 2}
        short = {k: {"column": n, "unit": data[k]} for k, n in places.items() if isinstance(data.get(k), str)}
        return {**data, **short}

    @model_validator(mode="after")
    def _consistent(self) -> Table:
        if (self.current is None) == (self.voltage is None):
            raise complaint("exactly one of current and voltage is needed")
        _check_unit(self.time.unit, "time", "time")
        if self.voltage is not None:
            _check_unit(self.voltage.unit, "voltage", "potential")
        if self.current is not None:
            _check_unit(self.current.unit, "current", "current density", "current")
        return self

    @property
    def values(self) -> Column:
        """The column of current or voltage."""
        found = self.current or self.voltage
        assert found is not None
        return found

    @property
    def dimension(self) -> str:
        """Of the values: ``potential``, ``current density`` or ``current``."""
        if self.voltage is not None:
            return "potential"
        try:
            to_si(1.0, self.values.unit, "current density")
        except UnitError:
            return "current"
        return "current density"


class PressureRamp(Part):
    """A stack pressure that changes evenly from the beginning of a step to its end."""

    from_: StackPressure = Field(alias="from", description="At the beginning.")
    to: StackPressure = Field(description="At the end.")


class Entry(Part):
    """One entry of a protocol: exactly one of current, c_rate, voltage, rest, pulse, ramp, table and cycle."""

    name: str | None = Field(default=None, min_length=1, max_length=60, description="A name for reports.")
    current: Applied | None = Field(default=None, description="Constant current; anodic is positive.")
    c_rate: Annotated[float, In("dimensionless")] | None = Field(
        default=None, description="Constant current that passes the capacity in 1 h (1), 10 h (0.1), ..."
    )
    voltage: Potential | None = Field(default=None, description="Constant voltage, working minus counter electrode.")
    rest: PositiveTime | None = Field(default=None, description="No current for this time.")
    pulse: Pulse | None = Field(default=None, description="Equal pulses with pauses between them.")
    ramp: Ramp | None = Field(default=None, description="A line from one current or voltage to another.")
    table: Table | None = Field(default=None, description="Current or voltage from a CSV file.")
    cycle: list[Entry] | None = Field(default=None, min_length=1, max_length=100, description="Entries to repeat.")
    times: Annotated[int, NotABoolean] | None = Field(
        default=None, ge=1, le=10_000, description="How often the cycle is run."
    )
    for_: PositiveTime | None = Field(
        default=None, alias="for", description="Longest time at constant current or voltage."
    )
    until: Until | None = Field(default=None, description="What ends the step earlier; the next one follows.")
    stop_when: Until | None = Field(default=None, description="What ends the whole protocol in this step.")
    stack_pressure: StackPressure | PressureRamp | None = Field(
        default=None,
        description="Stack pressure in this step, held or changed evenly; later steps go on with it. Default: that of"
        " the step before, of operation.stack_pressure in the first.",
    )
    initial_step: PositiveTime | None = Field(default=None, description="First time step, also after every jump.")
    record_every: PositiveTime | None = Field(default=None, description="Interval of the time series in this step.")

    @model_validator(mode="after")
    def _one(self) -> Entry:
        given = [key for key in CONTROLS if getattr(self, key) is not None]
        if len(given) != 1:
            raise complaint(f"exactly one of {', '.join(CONTROLS)} is needed" + (f", not {given}" if given else ""))
        what = given[0]
        if what in _WITH_DURATION and self.for_ is None:
            raise complaint(f"{what} needs a longest time, for example 'for: 1 h' (conditions may end it earlier)")
        if what not in _WITH_DURATION and self.for_ is not None:
            raise complaint(f"'for' is for constant current or voltage; {what} has its own times")
        if what == "cycle":
            for key in ("until", "stop_when", "initial_step", "record_every", "stack_pressure"):
                if getattr(self, key) is not None:
                    raise complaint(f"{key} belongs to the entries of the cycle, not to the cycle")
            if self.times is None:
                raise complaint("a cycle needs its number of times")
        elif self.times is not None:
            raise complaint("times is for a cycle; pulses have a count")
        return self

    @property
    def what(self) -> str:
        """Which of `CONTROLS` it is."""
        return next(key for key in CONTROLS if getattr(self, key) is not None)

    @property
    def held(self) -> str | None:
        """What stays constant in all of it: ``current`` or ``voltage``; None where it varies."""
        return {"current": "current", "c_rate": "current", "rest": "current", "voltage": "voltage"}.get(self.what)

    @property
    def steps(self) -> int:
        """Number of steps when cycles are written out."""
        return (self.times or 1) * sum(entry.steps for entry in self.cycle) if self.cycle is not None else 1

    @property
    def needs_capacity(self) -> bool:
        """Whether a current is given relative to the capacity."""
        return self.c_rate is not None or (self.pulse is not None and self.pulse.c_rate is not None)

    @property
    def total_currents(self) -> Iterator[str]:
        """Keys that hold a total current or charge, which a model of 1 or 2 dimensions does not have."""
        for key, value in (
            ("current", self.current),
            ("pulse", None if self.pulse is None else self.pulse.current),
            ("pulse", None if self.pulse is None else self.pulse.base),
            ("ramp", None if self.ramp is None else self.ramp.to),
            ("table", self.table),
        ):
            if value is not None and value.dimension == "current":
                yield key
        for key in ("until", "stop_when"):
            spans = getattr(self, key)
            for span in () if spans is None else (spans.current, spans.charge):
                if span is not None and any(c.dimension in ("current", "charge") for c in span.crossings):
                    yield key


class Time(Part):
    """Steps in time."""

    tolerance: Annotated[float, In("dimensionless", Bounds(above=0.0, at_most=0.1))] = Field(
        default=1e-4, description="Relative error of a time step."
    )
    initial_step: PositiveTime | None = Field(
        default=None, description="First time step of every protocol step; default: found by trial."
    )
    largest_step: PositiveTime | None = Field(
        default=None,
        description="Longest time step; default: a twentieth of the protocol step, less below a tolerance of 1e-4.",
    )
    record_every: PositiveTime | None = Field(
        default=None, description="Interval of the time series; default: every time step."
    )
    frames: Annotated[int, NotABoolean] | None = Field(
        default=None,
        ge=2,
        le=500,
        description="Keep the fields at about so many instants, evenly over the longest time that the protocol lasts,"
        " beside the ends of its steps: for animations. Cracks that jump are kept, too.",
    )
    checkpoint_every: PositiveTime = Field(
        default=300.0, description="Wall-clock time between checkpoints, from which `--resume` goes on."
    )


def entries_in(entries: list[Entry], path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Entry]]:
    """All entries with their raw paths, those of cycles included."""
    for i, entry in enumerate(entries):
        yield (*path, i), entry
        if entry.cycle is not None:
            yield from entries_in(entry.cycle, (*path, i, "cycle"))


def _check_unit(unit: str, what: str, *dimensions: str) -> None:
    for dimension in dimensions:
        try:
            to_si(1.0, unit, dimension)
        except UnitError as error:
            reason = error
        else:
            return
    examples = " or ".join(DIMENSIONS[d].si for d in dimensions)
    raise complaint(f"{unit!r} is no unit of {what} ({reason}); for example {examples}")
