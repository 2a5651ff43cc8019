"""Voids in time: their arcs move with the lithium, the mesh follows, voids heal, merge or cut the contact off.

Steps are those of Bogacki and Shampine (third order, error of the second). Volumes, the way of the platen and the
charge are integrated by the same weights as the arcs; what a step leaves between the volume of an arc and the
integrated one is moved along its normals, so that lithium is conserved whatever the step. The steps are explicit:
capillarity between the points of an arc bounds them, to some per cent of the time that the void needs to close.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fem.errors import ConvergenceError, ModelError
from fem.voids.body import Body
from fem.voids.outline import CONTACT, Cell, resampled
from fem.voids.rates import Interface, Lithium, Physics, Rates, void_volume, weights_of_points
from meshes.problems import MeshError

Floats = npt.NDArray[np.float64]
#: A load at a time (s) and the arcs there.
Course = Callable[[float, Sequence[Floats]], float]

__all__ = ["Course", "Evolution", "Instant", "State", "TimeSettings"]

_STAGES = (0.5, 0.75)
_THIRD = (2 / 9, 1 / 3, 4 / 9)
_ERROR = (-5 / 72, 1 / 12, 1 / 9, -1 / 8)


@dataclass(frozen=True)
class TimeSettings:
    """How a run steps and ends.

    Attributes:
        tolerance: error of a point in a step over the size of its void. edges: of an arc.
        furthest: a point goes at most this share of the size of its void in a step.
        healed: a void is gone when its volume falls below this share of its greatest.
        contact: the contact is lost when less than this share of the wall is left.
        worst: quality of the mesh (`Body.quality`) below which it is made anew.
    """

    tolerance: float = 1e-3
    edges: int = 24
    furthest: float = 0.25
    healed: float = 0.01
    contact: float = 0.02
    worst: float = 0.4


@dataclass(frozen=True)
class Instant:
    """A state of a run.

    Attributes:
        time: s. arcs: of the voids that are left. volumes: of these voids, m^3 (plane: m^2).
        recession: way of the platen, m. stripped: volume of lithium that went through the contact.
        healed: volume that voids had when they counted as healed. contact, focusing: see `Rates`.
        correction: greatest shift of an arc for the sake of its volume in the last step, over the size of the void.
        event: "" or what happened here: ``healed``, ``merged``, ``contact lost``, ``detached``.
    """

    time: float
    arcs: tuple[Floats, ...]
    volumes: Floats
    recession: float
    stripped: float
    healed: float
    contact: float
    focusing: float
    correction: float = 0.0
    event: str = ""


@dataclass(frozen=True)
class State:
    """Everything that a run needs to go on; attributes as those of `Instant`, and the greatest volumes so far."""

    time: float
    arcs: tuple[Floats, ...]
    volumes: Floats
    greatest: Floats
    recession: float
    stripped: float
    healed: float


class Evolution:
    """A run of voids in time.

    Args:
        comm: communicator. cell: walls. arcs: of the voids at first.
        lithium, interface: properties.
        pressure, current_density: Pa and A/m^2 (mean over the wall, positive strips), as `Course`.
        settings: see `TimeSettings`.

    Attributes:
        meshes: how many were made. steps, refused: of time.
    """

    def __init__(
        self,
        comm: Any,
        cell: Cell,
        arcs: Sequence[Floats],
        lithium: Lithium,
        interface: Interface,
        pressure: Course,
        current_density: Course,
        settings: TimeSettings | None = None,
    ) -> None:
        self.comm, self.cell, self.lithium, self.interface = comm, cell, lithium, interface
        self.pressure, self.current_density = pressure, current_density
        self.settings = settings or TimeSettings()
        self.meshes = self.steps = self.refused = 0
        self._arcs = [np.array(arc, dtype=np.float64) for arc in arcs]
        self._make()
        self._volumes = self._found()
        self._greatest = self._volumes.copy()
        self._time = self._recession = self._stripped = self._healed = 0.0

    # ------------------------------------------------------------------ state
    def state(self) -> State:
        """The present state."""
        arcs = tuple(arc.copy() for arc in self._arcs)
        volumes, greatest = self._volumes.copy(), self._greatest.copy()
        return State(self._time, arcs, volumes, greatest, self._recession, self._stripped, self._healed)

    def restore(self, state: State) -> None:
        """Go on from a state, on a mesh of its own: nothing but the state decides what follows. Collective."""
        self._arcs = [np.array(arc, dtype=np.float64) for arc in state.arcs]
        self._volumes, self._greatest = np.array(state.volumes), np.array(state.greatest)
        self._time, self._recession = state.time, state.recession
        self._stripped, self._healed = state.stripped, state.healed
        self._make()

    # ------------------------------------------------------------------ shape
    def _make(self) -> None:
        """New mesh for the present arcs."""
        self.body = Body(self.comm, self.cell, self._arcs)
        stress = max(abs(self.pressure(0.0, self._arcs)), 1e5)
        self.physics = Physics(self.body, self.lithium, self.interface, stress)
        self.meshes += 1

    def _sizes(self) -> Floats:
        power = 1 / 3 if self.cell.axisymmetric else 1 / 2
        return np.asarray(np.abs(self._volumes) ** power)

    def _rates(self, time: float) -> Rates:
        arcs = self.body.arcs
        return self.physics.rates(self.pressure(time, arcs), self.current_density(time, arcs))

    def _found(self) -> Floats:
        return np.array([void_volume(self.cell, arc) for arc in self._arcs])

    def _corrected(self) -> float:
        """Move the arcs along their normals to the integrated volumes; returns the greatest shift over the size."""
        largest = 0.0
        for _ in range(10):
            found = self._found()
            if np.all(np.abs(found - self._volumes) <= 1e-9 * np.abs(self._volumes)):
                break
            for k, arc in enumerate(self._arcs):
                area, along = weights_of_points(self.cell, arc)
                shift = (found[k] - self._volumes[k]) / area.sum()
                self._arcs[k] = arc + shift * along
                largest = max(largest, abs(shift) / float(self._sizes()[k]))
        return largest

    # ------------------------------------------------------------------ run
    def run(self, until: float, first: float | None = None) -> Iterator[Instant]:
        """Instants from now to a time, every accepted step; ends early where nothing is left to follow.

        Args:
            until: s. first: length of the first step, s; a small share of the time that the void needs when not given.

        Raises:
            ConvergenceError: the step became too small.
        """
        rates = self._rates(self._time)
        yield self._instant(rates)
        step, growth = first or self._safe(rates) / 4, 4.0
        while self._time < until * (1 - 1e-12):
            step = min(step, until - self._time, self._safe(rates))
            if step < 1e-9 * min(until, self._safe(rates)):
                raise ConvergenceError(f"voids: the time step became too small at {self._time:.4g} s")
            error, after = self._try(step, rates)
            if after is None or error > 1:
                self.refused += 1
                step *= 0.4 if after is None else max(0.2, 0.9 * error ** (-1 / 3))
                growth = 1.1
                continue
            self.steps += 1
            correction = self._corrected()
            event = self._events(after)
            if self._needs_mesh() or event:
                self._renew()
                if not self._arcs or event in ("contact lost", "detached"):
                    yield self._instant(after, correction, event)
                    return
                after = self._rates(self._time)
            rates = after
            yield self._instant(rates, correction, event)
            step *= min(growth, 0.9 * max(error, 1e-6) ** (-1 / 3))
            growth = min(1.15 * growth, 4.0)

    def _safe(self, rates: Rates) -> float:
        """Longest step in which no point goes too far."""
        ways = [np.linalg.norm(v, axis=1).max() / s for v, s in zip(rates.velocities, self._sizes(), strict=True)]
        return float(self.settings.furthest / max(max(ways), 1e-300))

    def _try(self, step: float, rates: Rates) -> tuple[float, Rates | None]:
        """One step; the error over the tolerance and the rates at its end, None where the mesh or the flow failed."""
        start = [arc.copy() for arc in self._arcs]
        found = [rates]
        try:
            for share in _STAGES:
                moved = [a + share * step * v for a, v in zip(start, found[-1].velocities, strict=True)]
                found.append(self._at(moved, self._time + share * step))
            end = [a + step * _sum(_THIRD, [r.velocities[k] for r in found]) for k, a in enumerate(start)]
            found.append(self._at(end, self._time + step))
        except (ConvergenceError, ModelError, MeshError):
            self.body.move(start)
            return np.inf, None
        errors = [
            np.linalg.norm(_sum(_ERROR, [r.velocities[k] for r in found]), axis=1).max() * step / size
            for k, size in enumerate(self._sizes())
        ]
        error = float(max(errors)) / self.settings.tolerance
        if not error <= 1:
            self.body.move(start)
            return error, found[-1]
        self._arcs = end
        self._time += step
        self._volumes = self._volumes + step * _sum(_THIRD, [r.growth for r in found])
        self._recession += step * float(_sum(_THIRD, [np.array(r.platen) for r in found]))
        self._stripped += step * float(_sum(_THIRD, [np.array(r.stripped) for r in found]))
        self._greatest = np.maximum(self._greatest, self._volumes)
        return error, found[-1]

    def _at(self, arcs: Sequence[Floats], time: float) -> Rates:
        self.body.move(arcs)
        if self.body.quality() < 0.02:
            raise MeshError("the mesh turned over")
        return self._rates(time)

    # ------------------------------------------------------------------ events
    def _events(self, rates: Rates) -> str:
        """What happened in the step that has just been accepted; arcs that are gone are taken away."""
        gone = self._volumes < self.settings.healed * self._greatest
        if gone.any():
            self._healed += float(self._volumes[gone].sum())
            self._keep([k for k in range(len(self._arcs)) if not gone[k]])
            return "healed"
        if rates.contact < self.settings.contact:
            return "contact lost"
        for arc, size in zip(self._arcs, self._sizes(), strict=True):
            if self._leaves(arc, float(size)):
                return "detached"
        return "merged" if self._merge() else ""

    def _keep(self, which: Sequence[int]) -> None:
        self._arcs = [self._arcs[k] for k in which]
        self._volumes, self._greatest = self._volumes[list(which)], self._greatest[list(which)]

    def _leaves(self, arc: Floats, size: float) -> bool:
        """Does a void that touched the electrolyte lose it?"""
        walls = [self.cell.walls[self.cell.place(point)[1]] for point in (arc[0], arc[-1])]
        if not any(wall.name == CONTACT for wall in walls):
            return False
        return float(np.linalg.norm(arc[0] - arc[-1])) < 0.05 * size

    def _merge(self) -> bool:
        """Join the first two voids whose contact between them is shorter than an edge of their arcs."""
        order = sorted(range(len(self._arcs)), key=lambda k: self.cell.place(self._arcs[k][0])[0])
        for left, right in itertools.pairwise(order):
            one, other = self._arcs[left], self._arcs[right]
            edge = min(np.linalg.norm(one[-1] - one[-2]), np.linalg.norm(other[1] - other[0]))
            if np.linalg.norm(other[0] - one[-1]) < edge:
                joined = np.concatenate([one[:-1], other[1:]])
                total = self._volumes[left] + self._volumes[right]
                rest = [k for k in range(len(self._arcs)) if k not in (left, right)]
                self._keep(rest)
                self._arcs.append(joined)
                self._volumes = np.append(self._volumes, total)
                self._greatest = np.append(self._greatest, total)
                return True
        return False

    def _trimmed(self, arc: Floats) -> Floats:
        """The arc without the points next to its ends that have come down to the electrolyte (a lip that closed)."""
        height = 0.15 * float(np.median(np.linalg.norm(np.diff(arc, axis=0), axis=1)))
        for place in (0, -1):
            wall = self.cell.walls[self.cell.place(arc[place])[1]]
            if wall.name != CONTACT:
                continue
            ordered = arc if place == 0 else arc[::-1]
            level = float(wall.points[0, 1])
            first = 1
            while first < len(ordered) - 3 and ordered[first, 1] - level < height:
                first += 1
            ordered = np.concatenate([[[ordered[first - 1, 0], level]], ordered[first:]])
            arc = ordered if place == 0 else ordered[::-1]
        return arc

    def _needs_mesh(self) -> bool:
        if self.body.quality() < self.settings.worst:
            return True
        if any(len(self._trimmed(arc)) < len(arc) for arc in self._arcs):
            return True
        for arc in self._arcs:
            edges = np.linalg.norm(np.diff(arc, axis=0), axis=1)
            if edges.max() > 2.0 * edges.min():
                return True
        return False

    def _renew(self) -> None:
        """Even edges, the same volumes, a new mesh."""
        if not self._arcs:
            return
        self._arcs = [resampled(self._trimmed(arc), self.settings.edges) for arc in self._arcs]
        self._corrected()
        self._make()

    def _instant(self, rates: Rates, correction: float = 0.0, event: str = "") -> Instant:
        return Instant(
            self._time,
            tuple(arc.copy() for arc in self._arcs),
            self._volumes.copy(),
            self._recession,
            self._stripped,
            self._healed,
            rates.contact,
            rates.focusing,
            correction,
            event,
        )


def _sum(weights: Sequence[float], values: Sequence[Floats]) -> Floats:
    return np.asarray(sum(w * v for w, v in zip(weights, values, strict=False)))
