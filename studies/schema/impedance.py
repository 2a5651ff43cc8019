"""The impedance section of a study: which frequencies, about which state or when, which maps.

impedance: {from: 1 mHz, to: 10 MHz, per_decade: 10, maps: [1 kHz]}
impedance: {from: 1 mHz, to: 10 MHz, when: [1 h, end of rest], every: 10 h}
"""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field, model_validator

from fem.units import UnitError, parse
from studies.errors import MISSING
from studies.quantities import QUANTITIES
from studies.schema.draft import Draft
from studies.schema.explain import lookup, one_of
from studies.schema.fields import Applied, Bounds, In, NotABoolean, Part, PositiveTime, complaint
from studies.schema.instants import Instant, longest, step_names
from studies.units import format

__all__ = ["Impedance", "check_impedance"]

SECTION = "impedance"
MOST_SPECTRA = 1000
"""Instants of a run at most."""
Frequency = Annotated[float, In("frequency", Bounds(above=0.0))]


class Impedance(Part):
    """Linear response to a small alternating current."""

    from_: Frequency = Field(default=1e-3, alias="from", description="Lowest frequency; default 1 mHz.")
    to: Frequency = Field(default=1e7, description="Highest frequency; default 10 MHz.")
    per_decade: Annotated[int, NotABoolean] = Field(default=10, ge=1, le=100, description="Points per decade.")
    at: Applied | None = Field(
        default=None,
        description="Current about which the cell is linearised; default: that of the operation. Concentrations are"
        " those of the beginning. With a protocol see `when`.",
    )
    when: list[Instant] | None = Field(
        default=None,
        min_length=1,
        max_length=MOST_SPECTRA,
        description="With operation.protocol: instants of the run, each `start`, a time since it began, or `end of`"
        " the name of a step. The end of the run is always one.",
    )
    every: PositiveTime | None = Field(
        default=None, description="With operation.protocol: instants in this interval, beside those of `when`."
    )
    maps: list[Frequency] = Field(
        default_factory=list, max_length=20, description="Frequencies at which fields are written."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Impedance:
        if not self.from_ < self.to:
            raise complaint("`from` must be below `to`")
        for frequency in self.maps:
            if not self.holds(frequency):
                raise complaint("maps must lie between `from` and `to`")
        return self

    def holds(self, frequency: float) -> bool:
        """Whether a frequency in Hz lies within the range."""
        return self.from_ * (1 - 1e-9) <= frequency <= self.to * (1 + 1e-9)

    @property
    def frequencies(self) -> tuple[float, ...]:
        """All frequencies in Hz, rising, evenly spaced in the logarithm."""
        steps = max(1, round(self.per_decade * math.log10(self.to / self.from_)))
        return tuple(self.from_ * (self.to / self.from_) ** (k / steps) for k in range(steps + 1))


def check_impedance(draft: Draft) -> None:
    """Report an impedance where there is no steady state to linearise about, and quantities that need one."""
    given = draft.data.get(SECTION)
    part = draft.part(Impedance, SECTION) if given is not None else None
    for i, request in enumerate(draft.requests):
        spec = None if request is None else QUANTITIES.get(request.name)
        if request is None or spec is None or not spec.needs_impedance:
            continue
        if given is None:
            message = "needs the section `impedance`, for example impedance: {from: 1 mHz, to: 10 MHz}"
            draft.report(("quantities", i), message, request.name)
        frequency = request.parameters.get("frequency")
        if part is not None and frequency is not None:
            try:
                inside = part.holds(parse(frequency, "frequency"))
            except UnitError:
                continue
            if not inside:
                message = "lies outside the range of the impedance"
                draft.report(("quantities", i, request.name, "frequency"), message)
    if given is None:
        return
    for key in ("sweep", "mean_field"):
        if lookup(draft.data, ("operation", key)) not in (None, MISSING):
            draft.report((SECTION,), f"is for one operating point: give a current or voltage instead of {key}")
    if draft.data.get("space_charge") is not None:
        draft.report((SECTION,), "is for cells with a current, not for space charge at rest")
    if part is not None and part.at is not None and part.at.dimension == "current" and draft.dimension in (1, 2):
        message = f"a {draft.dimension}-dimensional model has no total current: give a current density"
        draft.report((SECTION, "at"), message)
    if part is not None:
        _check_instants(draft, part)


def _check_instants(draft: Draft, part: Impedance) -> None:
    """Instants need a protocol, and what is of one operating point has no meaning with one."""
    if lookup(draft.data, ("operation", "protocol")) in (None, MISSING):
        for key in ("when", "every"):
            if getattr(part, key) is not None:
                draft.report((SECTION, key), "needs operation.protocol: nothing changes in time")
        return
    for key in ("at", "maps"):
        if getattr(part, key):
            draft.report((SECTION, key), "is for one operating point; with a protocol say `when` or `every`")
    entries = None if draft.operation is None else draft.operation.protocol
    if entries is None:
        return
    known = list(dict.fromkeys(step_names(entries)))
    duration = longest(entries)
    for i, instant in enumerate(part.when or ()):
        if instant.step is not None and not any(instant.ends(name) for name in known):
            message = one_of(known, instant.step, "must be a step of the protocol (give it a `name`):")
            draft.report((SECTION, "when", i), message)
        if instant.time is not None and instant.time > duration * (1 + 1e-9):
            draft.report((SECTION, "when", i), f"lies after the end of the protocol, {format(duration, 'time', 6)}")
    if part.every is not None and duration / part.every > MOST_SPECTRA:
        message = f"makes {duration / part.every:.0f} spectra; at most {MOST_SPECTRA} are possible"
        draft.report((SECTION, "every"), message)
