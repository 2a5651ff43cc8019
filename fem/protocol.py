"""What is done to a cell in time: steps of controlled current or voltage, and what ends them.

Data only, in SI, without dolfinx. The controlled value of a step is piecewise linear in the time since the step
began; where it bends or jumps the integrator must start afresh (`Step.breakpoints`). Currents are current densities
over the nominal area of the cell that the working electrode receives (anodic is positive), voltages are those of
the working electrode minus the counter electrode.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import numpy as np

__all__ = ["Control", "Course", "Cutoff", "CutoffQuantity", "Protocol", "ProtocolError", "Side", "Step", "repeated"]

Control = Literal["current", "voltage"]
CutoffQuantity = Literal["voltage", "current", "charge", "lowest_concentration", "contact_fraction", "void_volume"]

Side = Literal["before", "after"]

#: Two times closer than this share of the step's duration are one.
_SAME_TIME = 1e-12


class ProtocolError(ValueError):
    """A step or a protocol that makes no sense."""


@dataclass(frozen=True)
class Cutoff:
    """A condition that ends a step.

    Attributes:
        quantity: ``voltage``: the cell voltage [V]; ``current``: magnitude of the current density over the nominal
            area [A/m^2]; ``charge``: magnitude of the charge that passed since the step began, per nominal area
            [C/m^2]; ``lowest_concentration``: the lowest concentration in the region [mol/m^3]; of voids with a sharp
            surface ``contact_fraction``, and ``void_volume`` over the nominal area [m].
        direction: whether the step ends when the quantity falls below or rises above `value`.
        value: the threshold, in SI.
        region: region of the concentration; None: all regions that have one.
        then: go on with the next step, or stop the protocol.
    """

    quantity: CutoffQuantity
    direction: Literal["below", "above"]
    value: float
    region: str | None = None
    then: Literal["next", "stop"] = "next"

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ProtocolError(f"the threshold of {self.quantity} must be finite, not {self.value}")
        if self.quantity != "lowest_concentration" and self.region is not None:
            raise ProtocolError(f"{self.quantity} belongs to the cell, not to the region {self.region}")

    def margin(self, measured: float) -> float:
        """How far `measured` [SI] is from the threshold: positive while the step goes on, zero at the event."""
        return measured - self.value if self.direction == "below" else self.value - measured

    def __str__(self) -> str:
        where = f" in {self.region}" if self.region else ""
        return f"{self.quantity}{where} {self.direction} {self.value:g}"


@dataclass(frozen=True)
class Course:
    """A load as a function of time, piecewise linear.

    Attributes:
        times: of the support points [s], rising; a time given twice is a jump.
        values: at those times; linear in between, constant before the first and after the last.
    """

    times: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.times or len(self.times) != len(self.values):
            raise ProtocolError(f"{len(self.times)} times and {len(self.values)} values")
        if not all(map(math.isfinite, (*self.times, *self.values))):
            raise ProtocolError("all times and values of a load must be finite")
        if any(b < a for a, b in pairwise(self.times)):
            raise ProtocolError("times of a load must not decrease")
        if any(c == a for a, c in zip(self.times, self.times[2:], strict=False)):
            raise ProtocolError("no time of a load can be given three times")

    @classmethod
    def ramp(cls, begin: float, end: float, duration: float) -> Course:
        """From one value to another one in a time [s]."""
        return cls((0.0, duration), (begin, end))

    def value_at(self, time: float, side: Side = "after") -> float:
        """The load at a time [s]; `side`: before or after a jump."""
        found = np.searchsorted(self.times, time, side="right" if side == "after" else "left")
        i = int(found) - 1
        if i < 0:
            return self.values[0]
        if i + 1 == len(self.times):
            return self.values[-1]
        begin, end = self.times[i], self.times[i + 1]
        share = min(max((time - begin) / (end - begin), 0.0), 1.0)
        return (1.0 - share) * self.values[i] + share * self.values[i + 1]

    def breakpoints(self) -> tuple[float, ...]:
        """Times at which the load may bend or jump [s]."""
        return tuple(dict.fromkeys(self.times)) if len(self.times) > 1 else ()


@dataclass(frozen=True)
class Step:
    """One step: current or voltage as a function of time, until it has lasted long enough or a cut-off is met.

    Attributes:
        name: for people.
        control: what is controlled.
        times: of the support points, since the step began [s]; the first is 0, and none is less than the one
            before. A time given twice is a jump.
        values: at those times [A/m^2 or V]; linear in between, constant after the last.
        duration: longest time that the step lasts [s].
        cutoffs: what ends it earlier.
        initial_step: first time step [s], also after every breakpoint; None: the integrator chooses.
        record: interval of the time series [s]; None: every time step.
        loads: outer side -> pressure [Pa] (displacement [m] of a roller, force [N] of a platen) since the step began.
    """

    name: str
    control: Control
    times: tuple[float, ...]
    values: tuple[float, ...]
    duration: float
    cutoffs: tuple[Cutoff, ...] = ()
    initial_step: float | None = None
    record: float | None = None
    loads: tuple[tuple[str, Course], ...] = ()

    def __post_init__(self) -> None:
        def refuse(why: str) -> None:
            raise ProtocolError(f"step '{self.name}': {why}")

        if not (math.isfinite(self.duration) and self.duration > 0.0):
            refuse(f"the duration must be positive and finite, not {self.duration} s")
        if not self.times or len(self.times) != len(self.values):
            refuse(f"{len(self.times)} times and {len(self.values)} values")
        if not all(map(math.isfinite, (*self.times, *self.values))):
            refuse("all times and values must be finite")
        if self.times[0] != 0.0:
            refuse(f"the first time must be 0, not {self.times[0]} s")
        if any(b < a for a, b in pairwise(self.times)):
            refuse("times must not decrease")
        if self.times[1:2] == (0.0,):
            refuse("a jump at the very beginning has no meaning")
        if any(c == a for a, c in zip(self.times, self.times[2:], strict=False)):
            refuse("no time can be given three times")
        for key in ("initial_step", "record"):
            value = getattr(self, key)
            if value is not None and not (math.isfinite(value) and value > 0.0):
                refuse(f"{key} must be positive and finite, not {value} s")

    @classmethod
    def constant(
        cls,
        name: str,
        control: Control,
        value: float,
        duration: float,
        cutoffs: Iterable[Cutoff] = (),
        *,
        initial_step: float | None = None,
        record: float | None = None,
    ) -> Step:
        """A step at a constant value; a rest is one of zero current."""
        return cls(name, control, (0.0,), (value,), duration, tuple(cutoffs), initial_step, record)

    @classmethod
    def hold(cls, name: str, duration: float, loads: Mapping[str, Course | float] | None = None, **more: Any) -> Step:
        """A step without current, in which loads may change: numbers hold from its beginning."""
        made = {
            side: load if isinstance(load, Course) else Course((0.0,), (load,)) for side, load in (loads or {}).items()
        }
        return cls(name, "current", (0.0,), (0.0,), duration, loads=tuple(made.items()), **more)

    @classmethod
    def ramp(
        cls,
        name: str,
        control: Control,
        values: tuple[float, float],
        duration: float,
        cutoffs: Iterable[Cutoff] = (),
        *,
        initial_step: float | None = None,
        record: float | None = None,
    ) -> Step:
        """A step that goes linearly from the first to the second value."""
        return cls(name, control, (0.0, duration), values, duration, tuple(cutoffs), initial_step, record)

    @property
    def is_rest(self) -> bool:
        """Whether no current flows at any time of the step."""
        return self.control == "current" and all(value == 0.0 for value in self.values)

    def value_at(self, time: float, side: Literal["before", "after"] = "after") -> float:
        """The controlled value [A/m^2 or V] at a time since the step began [s].

        Args:
            time: held at the ends of the step.
            side: at a jump, the value before or after it.
        """
        i = self._piece(time, side)
        if i + 1 == len(self.times):
            return self.values[-1]
        begin, end = self.times[i], self.times[i + 1]
        if end == begin:
            return self.values[i]
        share = min(max((time - begin) / (end - begin), 0.0), 1.0)
        return (1.0 - share) * self.values[i] + share * self.values[i + 1]

    def slope_at(self, time: float, side: Literal["before", "after"] = "after") -> float:
        """Time derivative of the controlled value [A/m^2/s or V/s]; at a breakpoint, of the piece on that side."""
        i = self._piece(time, side)
        if i + 1 == len(self.times) or self.times[i + 1] == self.times[i]:
            return 0.0
        return (self.values[i + 1] - self.values[i]) / (self.times[i + 1] - self.times[i])

    def _piece(self, time: float, side: str) -> int:
        """Number of the support point that the piece around `time` begins with."""
        time = min(max(time, 0.0), self.duration)
        return max(int(np.searchsorted(self.times, time, side="right" if side == "after" else "left")) - 1, 0)

    def breakpoints(self) -> tuple[float, ...]:
        """Times within the step, its ends excluded, at which the controlled value bends or jumps [s]."""
        found = []
        for time in dict.fromkeys(self.times):
            if not 0.0 < time < self.duration * (1.0 - _SAME_TIME):
                continue
            before, after = self.slope_at(time, "before"), self.slope_at(time, "after")
            bends = abs(after - before) > 1e-12 * max(abs(after), abs(before))
            if bends or self.value_at(time, "before") != self.value_at(time, "after"):
                found.append(time)
        for _, course in self.loads:
            found += [t for t in course.breakpoints() if 0.0 < t < self.duration * (1.0 - _SAME_TIME)]
        return tuple(sorted(set(found)))

    def jumps(self) -> tuple[float, ...]:
        """Those of the `breakpoints` at which the value itself jumps [s]."""
        return tuple(t for t in self.breakpoints() if self.value_at(t, "before") != self.value_at(t, "after"))

    def charge_between(self, begin: float, end: float) -> float:
        """Charge per area that a controlled current passes between two times of the step [C/m^2].

        Raises:
            ProtocolError: the step controls the voltage.
        """
        if self.control != "current":
            raise ProtocolError(f"step '{self.name}' controls the voltage: its charge is a result")
        times = [begin, *(t for t in self.breakpoints() if begin < t < end), end]
        return sum(0.5 * (self.value_at(a, "after") + self.value_at(b, "before")) * (b - a) for a, b in pairwise(times))


@dataclass(frozen=True)
class Protocol:
    """Steps one after the other.

    Attributes:
        steps: at least one; cycles are written out (`repeated`).
    """

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if not self.steps:
            raise ProtocolError("a protocol needs at least one step")

    @property
    def duration(self) -> float:
        """Longest time that the protocol lasts [s]; cut-offs may end it earlier."""
        return math.fsum(step.duration for step in self.steps)

    @property
    def breakpoints(self) -> int:
        """Number of times that the integrator has to start afresh, beginnings of the steps included."""
        return sum(1 + len(step.breakpoints()) for step in self.steps)

    def remaining(self, step: int, time: float) -> float:
        """Longest time that is left [s] at `time` since the beginning of the step of that number (from 0)."""
        return math.fsum(
            [max(self.steps[step].duration - time, 0.0), *(later.duration for later in self.steps[step + 1 :])]
        )


def repeated(steps: Sequence[Step], times: int) -> tuple[Step, ...]:
    """The steps of a cycle written out, with the number of the cycle in their names."""
    return tuple(replace(step, name=f"cycle {k}: {step.name}") for k in range(1, times + 1) for step in steps)
