"""What is recorded of a run of voids: numbers and outlines at every time step, events, and how it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from fem.voids.evolve import State

Floats = npt.NDArray[np.float64]

__all__ = ["COLUMNS", "Event", "Record", "kept_state", "state_of"]

COLUMNS = ("time", "protocol_step", "cell_current", "charge", "stack_pressure")
"""Columns that every series has: s, number of the step from 0, A/m^2 and C/m^2 (positive strips), Pa."""


@dataclass(frozen=True)
class Event:
    """What happened: time (s), number of the step of the protocol, and what, in words."""

    time: float
    step: int
    what: str


@dataclass
class Record:
    """A run so far.

    Attributes:
        columns: name -> one number per instant: `COLUMNS`, then quantities by name, SI.
        outlines: of every instant, the points of every void, m; y = 0 is the interface.
        events: in order. ends: of every step of the protocol that is over, the number of its last instant and why.
    """

    columns: dict[str, list[float]] = field(default_factory=dict)
    outlines: list[list[Floats]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    ends: list[tuple[int, str]] = field(default_factory=list)

    def add(self, values: Mapping[str, float], outlines: list[Floats]) -> None:
        """One more instant."""
        for name, value in values.items():
            self.columns.setdefault(name, []).append(float(value))
        self.outlines.append(outlines)

    def __len__(self) -> int:
        return len(self.outlines)

    @property
    def last(self) -> dict[str, float]:
        """Numbers at the last instant."""
        return {name: column[-1] for name, column in self.columns.items()}

    def kept(self) -> dict[str, Any]:
        """As plain data; numbers come back bit by bit."""
        return {
            "columns": self.columns,
            "outlines": [[arc.tolist() for arc in each] for each in self.outlines],
            "events": [asdict(event) for event in self.events],
            "ends": [list(end) for end in self.ends],
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Record:
        """Inverse of `kept`."""
        return cls(
            {name: list(column) for name, column in kept["columns"].items()},
            [[np.array(arc, dtype=np.float64) for arc in each] for each in kept["outlines"]],
            [Event(**event) for event in kept["events"]],
            [(int(k), str(why)) for k, why in kept["ends"]],
        )


def kept_state(state: State) -> dict[str, Any]:
    """A state as plain data."""
    plain = asdict(state)
    plain["arcs"] = [arc.tolist() for arc in state.arcs]
    for name in ("volumes", "greatest"):
        plain[name] = plain[name].tolist()
    return plain


def state_of(kept: Mapping[str, Any]) -> State:
    """Inverse of `kept_state`."""
    plain: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
    plain["arcs"] = tuple(np.array(arc, dtype=np.float64) for arc in kept["arcs"])
    for name in ("volumes", "greatest"):
        plain[name] = np.array(kept[name], dtype=np.float64)
    return State(**plain)
