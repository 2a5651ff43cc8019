"""A protocol run on voids with a sharp surface: its steps, what ends them, what is recorded, and checkpoints.

A run is cut into legs: at the beginnings of the steps of the protocol, where loads bend or jump, and after some time
steps, where the voids got a new mesh. Between two legs the outlines and a few numbers are the whole state, so that a
checkpoint there is complete.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fem.constants import FARADAY
from fem.errors import ModelError
from fem.jit import prepare_cache
from fem.output import checkpoint
from fem.protocol import Cutoff, Step
from fem.voids.evolve import Evolution, Instant, State
from studies.errors import SolveError
from studies.progress import Progress, remaining_time
from studies.results import Balance
from studies.schema.protocol_steps import build_protocol, nominal_capacity
from studies.units import format
from studies.void_evolution.build import pose
from studies.void_evolution.record import Event, Record, kept_state, state_of

if TYPE_CHECKING:
    from studies.schema import Study

Floats = npt.NDArray[np.float64]

__all__ = ["VoidSession"]

SHORTEST_LEG, LONGEST_LEG = 12, 40
"""A leg ends at the first new mesh after so many time steps, and with a new mesh after so many."""
CLOSE, TRIES = 1e-4, 4
"""A condition is met this close to its value, or after so many attempts."""
LITHIUM_LIMIT, CHARGE_LIMIT = 1e-6, 1e-9


class VoidSession:
    """A study of voids in time.

    Args:
        study: checked. comm: communicator; everything is collective. progress: told what happens.
        scale: factor on the edges of outlines. looser: factor on the tolerance of time steps.

    Attributes:
        record: what has happened so far. over: why nothing more happens, before the protocol is over; else empty.
    """

    def __init__(self, study: Study, comm: Any, progress: Progress, scale: float = 1.0, looser: float = 1.0) -> None:
        operation, words = study.operation, study.time
        assert operation.protocol is not None
        assert words is not None
        self.study, self.comm, self.progress = study, comm, progress
        self.posed = pose(study, scale, looser)
        capacity = nominal_capacity(operation.capacity, study.geometry.area)
        self.protocol = build_protocol(
            operation.protocol,
            study.geometry.area,
            capacity,
            words,
            operation.stop_when,
            operation.stack_pressure or 0.0,
        )
        self._still = operation.stack_pressure or 0.0
        self.record, self.over = Record(), ""
        self._number, self._begun, self._charge = 0, 0.0, 0.0
        self._leg_begin, self._leg_end, self._first = 0.0, 0.0, 0.0
        posed = self.posed
        prepare_cache(comm)
        with progress.phase("mesh"):
            loads = self._pressure, self._current
            pieces = posed.cell, posed.arcs, posed.lithium, posed.interface
            self.evolution = Evolution(comm, *pieces, *loads, posed.settings, sites=posed.sites)
        self.first_volume = float(self.evolution.state().volumes.sum())
        self._keep: tuple[Path, float] | None = None
        self._kept = self._started = time.perf_counter()
        self._resumed_at = 0.0

    # ------------------------------------------------------------------ loads
    @property
    def _step(self) -> Step:
        return self.protocol.steps[self._number]

    def _since(self, at: float) -> tuple[float, Any]:
        """Time since the step began, and on which side of a jump it lies: the ends of a leg belong to it.

        Differences of times are off by roundings of the time: at the ends of a leg they must not pass a jump.
        """
        since, rounding = max(at - self._begun, 0.0), 1e-12 * at
        if since >= self._leg_end - rounding and self._leg_end > 0:
            return self._leg_end, "before"
        return (self._leg_begin if abs(since - self._leg_begin) <= rounding else since), "after"

    def _pressure(self, at: float, arcs: Sequence[Floats]) -> float:
        return self._step.loads[0][1].value_at(*self._since(at)) if self._step.loads else self._still

    def _given_current(self, at: float) -> float:
        return self._step.value_at(*self._since(at))

    def _current(self, at: float, arcs: Sequence[Floats]) -> float:
        return self.posed.side * self._given_current(at)

    # ------------------------------------------------------------------ run
    def instants(self) -> Iterator[Instant]:
        """Run the protocol; yields what has just been recorded.

        Raises:
            ConvergenceError, MeshError, SolveError: no solution.
        """
        try:
            while self._number < len(self.protocol.steps) and not self.over:
                yield from self._run_step()
        except ModelError as error:
            raise SolveError(f"voids at {format(self.evolution.state().time, 'time', 4)}: {error}") from error

    def _run_step(self) -> Iterator[Instant]:
        """One step of the protocol, or the rest of it."""
        step, reason = self._step, "duration"
        since = self.evolution.state().time - self._begun
        if since <= 0.0:
            self._first = step.initial_step or 0.0
            self._leg_begin = self._leg_end = 0.0
            if self._number:
                self._renew()
        ends = [*(t for t in step.breakpoints() if t > since), step.duration]
        for end in ends:
            self._leg_begin, self._leg_end = max(since, 0.0), end
            reason = yield from self._to(self._begun + end, fresh=since <= 0.0)
            since = end
            if reason != "duration":
                break
        self.record.ends.append((len(self.record) - 1, reason))
        now = self.evolution.state().time
        self._charge += step.charge_between(0.0, min(now - self._begun, step.duration))
        self._number, self._begun = self._number + 1, now
        stop = any(c.then == "stop" and str(c) == reason for c in step.cutoffs)
        if stop:
            self._number = len(self.protocol.steps)

    def _to(self, end: float, fresh: bool) -> Any:
        """Go on to a time at which loads bend or the step ends; returns why it ended: a condition, ``duration``, ..."""
        evolution = self.evolution
        while True:
            before, count, meshes = evolution.state(), 0, evolution.meshes
            renewed = False
            last: Instant | None = None
            for instant in evolution.run(end, self._first or None):
                first, last = last is None, instant
                if first and not fresh:
                    continue
                fresh = False
                met = self._met(instant)
                if met is not None and not first:
                    instant = self._located(met, before, instant)
                self._add(instant)
                yield instant
                if met is not None:
                    return str(met)
                self._first = instant.time - before.time or self._first
                before, count = evolution.state(), count + 1
                left = bool(instant.arcs or evolution.sites)
                renewed, meshes = evolution.meshes != meshes, evolution.meshes
                if left and instant.time < end and count >= (SHORTEST_LEG if renewed else LONGEST_LEG):
                    break
            else:
                if evolution.state().time < end * (1 - 1e-12):
                    what = "" if last is None else last.event
                    self.over = {"healed": "all voids healed", "": "no void is left"}.get(what, what)
                    return self.over
                return "duration"
            if not renewed:
                self._renew()
            self._boundary()

    def _renew(self) -> None:
        """A new mesh for the present outlines, so that nothing but the state decides what follows."""
        self.evolution.restore(self.evolution.state())

    def _add(self, instant: Instant) -> None:
        since = instant.time - self._begun
        current = self._given_current(instant.time)
        charge = self._charge + self._step.charge_between(0.0, min(since, self._step.duration))
        posed, columns = self.posed, self.record.columns
        volume = posed.thickness_of(float(instant.volumes.sum()))
        values = {
            "time": instant.time,
            "protocol_step": float(self._number),
            "cell_current": current,
            "charge": charge,
            "stack_pressure": self._pressure(instant.time, instant.arcs),
            "void_volume": volume,
            "contact_fraction": instant.contact,
            "current_focusing": instant.focusing,
            "stack_shortening": instant.recession,
            "stripped_lithium": posed.thickness_of(instant.stripped),
            "elapsed_time": instant.time,
            "passed_charge": charge,
            "largest_void_volume": max([volume, *columns.get("largest_void_volume", [])[-1:]]),
            "least_contact_fraction": min([instant.contact, *columns.get("least_contact_fraction", [])[-1:]]),
            "largest_current_focusing": max([instant.focusing, *columns.get("largest_current_focusing", [])[-1:]]),
            "voids": float(len(instant.arcs)),
            "healed_volume": posed.thickness_of(instant.healed),
        }
        self.record.add(values, list(instant.arcs))
        if instant.event:
            self.record.events.append(Event(instant.time, self._number, instant.event))
        self.progress.status(self._where(instant))

    # ------------------------------------------------------------------ conditions
    def _margin(self, cutoff: Cutoff, instant: Instant) -> float:
        volume = self.posed.thickness_of(float(instant.volumes.sum()))
        return cutoff.margin({"contact_fraction": instant.contact, "void_volume": volume}[cutoff.quantity])

    def _met(self, instant: Instant) -> Cutoff | None:
        return next((c for c in self._step.cutoffs if self._margin(c, instant) <= 0.0), None)

    def _located(self, cutoff: Cutoff, before: State, after: Instant) -> Instant:
        """The instant within the last time step at which a condition is met; the state becomes that one."""
        evolution, found = self.evolution, after
        low, high = (before.time, self._value_margin(cutoff, before)), (after.time, self._margin(cutoff, after))
        for _ in range(TRIES):
            if abs(self._margin(cutoff, found)) <= CLOSE * abs(cutoff.value) or not low[1] > 0.0:
                break
            at = low[0] + (high[0] - low[0]) * low[1] / (low[1] - high[1])
            if not low[0] + 1e-6 * (high[0] - low[0]) < at < high[0]:
                break
            evolution.restore(before)
            found = list(evolution.run(at, at - before.time))[-1]
            margin = self._margin(cutoff, found)
            if margin > 0.0:
                before, low = evolution.state(), (found.time, margin)
            else:
                high = (found.time, margin)
        if self._margin(cutoff, found) > CLOSE * abs(cutoff.value):  # it jumps there: voids merge, or open
            evolution.restore(before)
            found = list(evolution.run(high[0], high[0] - before.time))[-1]
        return found

    def _value_margin(self, cutoff: Cutoff, state: State) -> float:
        """Margin at a state: that of the last instant recorded."""
        known = self.record.last
        return cutoff.margin(known[cutoff.quantity]) if known["time"] == state.time else math.inf

    # ------------------------------------------------------------------ results
    def values(self) -> dict[str, float]:
        """Quantities of the study at the end, by label."""
        last = self.record.last
        return {request.label: last[request.name] for request in self.study.quantities}

    def balances(self) -> dict[str, Balance]:
        """Lithium: what was stripped is the way of the platen and the voids; and it is the charge that passed."""
        columns = {name: np.array(column) for name, column in self.record.columns.items()}
        stripped = columns["stripped_lithium"]
        began = self.posed.thickness_of(self.first_volume)
        voids = columns["void_volume"] + columns["healed_volume"] - began
        lost = stripped - columns["stack_shortening"] - voids
        per_charge = self.posed.side * self.posed.lithium.molar_volume / FARADAY
        missing = stripped - per_charge * columns["charge"]
        most = float(np.abs(stripped).max())
        return {
            "lithium": Balance(_worst(lost), max(most, began), LITHIUM_LIMIT, "m"),
            "charge": Balance(_worst(missing), most, CHARGE_LIMIT, "m"),
        }

    @property
    def notes(self) -> list[str]:
        """Steps in time, meshes, events, and how steps of the protocol ended."""
        run, steps = self.evolution, self.protocol.steps
        told = [f"{run.steps} time steps, {run.refused} taken back as too long, {run.meshes} meshes"]
        told += [f"{format(e.time, 'time', 4)}: {e.what} (step {steps[e.step].name})" for e in self.record.events[:50]]
        early = [
            f"{steps[int(self.record.columns['protocol_step'][k])].name}: {why}"
            for k, why in self.record.ends
            if why != "duration"
        ]
        if early:
            told.append("steps ended early: " + "; ".join(early[:20]) + (" ..." if len(early) > 20 else ""))
        if len(self.record.ends) < len(steps):
            told.append(f"the protocol ended after {len(self.record.ends)} of {len(steps)} steps")
        return told

    def _where(self, instant: Instant) -> str:
        total = self.protocol.duration
        left = self.protocol.remaining(self._number, instant.time - self._begun)
        text = (
            f"{format(instant.time, 'time', 3)} of at most {format(instant.time + left, 'time', 3)}, step"
            f" {self._number + 1} of {len(self.protocol.steps)} ({self._step.name}), {len(instant.arcs)} voids, contact"
            f" {100 * instant.contact:.3g} %"
        )
        passed = total - left - self._resumed_at
        return text + remaining_time(time.perf_counter() - self._started, passed, left)

    # ------------------------------------------------------------------ checkpoints
    def keep_in(self, folder: Path) -> None:
        """Write checkpoints into a folder from time to time."""
        assert self.study.time is not None
        self._keep = folder, self.study.time.checkpoint_every

    def _boundary(self) -> None:
        """Between two legs: write a checkpoint if one is due (collective)."""
        if self._keep is None:
            return
        if self.comm.bcast(time.perf_counter() - self._kept >= self._keep[1]):
            self.checkpoint()

    def checkpoint(self) -> None:
        """Write the state between two legs, and what has been recorded so far (collective)."""
        assert self._keep is not None
        run = self.evolution
        meta = {
            "study": self.study.hash,
            "state": kept_state(run.state()),
            "record": self.record.kept(),
            "position": [self._number, self._begun, self._charge, self._first],
            "counters": [run.steps, run.refused, run.meshes],
        }
        checkpoint.write(self._keep[0], {}, {}, meta, self.comm)
        self._kept = time.perf_counter()

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint of the same study (collective)."""
        kept: Mapping[str, Any] = self.comm.bcast(checkpoint.contents(path).meta if self.comm.rank == 0 else None)
        self.record = Record.of(kept["record"])
        number, self._begun, self._charge, self._first = kept["position"]
        self._number = int(number)
        self.evolution.restore(state_of(kept["state"]))
        self.evolution.steps, self.evolution.refused, self.evolution.meshes = kept["counters"]
        self._resumed_at = self.evolution.state().time


def _worst(values: Floats) -> float:
    return float(values[np.argmax(np.abs(values))])
