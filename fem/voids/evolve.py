"""Voids in time: their arcs move with the lithium, the mesh follows, voids open, heal, merge or cut the contact off.

Steps are those of Bogacki and Shampine (third order, error of the second). Volumes, the way of the platen and the
charge are integrated by the same weights as the arcs; what a step leaves between the volume of an arc and the
integrated one is moved along its normals, so that lithium is conserved whatever the step. The steps are explicit:
capillarity between the points of an arc bounds them, to some per cent of the time that the void needs to close.
Diffusion along surfaces, which is stiffer, acts implicitly for half of each step before and half after it (Strang).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fem.constants import GAS
from fem.errors import ConvergenceError, ModelError
from fem.voids import events
from fem.voids.body import Body
from fem.voids.diffusion import smoothed
from fem.voids.instants import Course, Instant, State, TimeSettings
from fem.voids.outline import Cell, contact_borders, contact_share, resampled
from fem.voids.points import void_volume, weights_of_points
from fem.voids.rates import Interface, Lithium, Physics, Rates
from fem.voids.sites import Site
from meshes.collective import on_root
from meshes.problems import MeshError

Floats = npt.NDArray[np.float64]

__all__ = ["Course", "Evolution", "Instant", "State", "TimeSettings"]

_STAGES = (0.5, 0.75)
_THIRD = (2 / 9, 1 / 3, 4 / 9)
_ERROR = (-5 / 72, 1 / 12, 1 / 9, -1 / 8)
#: A step ends when no site is further beyond its barrier than this share of it.
_BEYOND = 1e-3


class Evolution:
    """A run of voids in time.

    Args:
        comm: communicator. cell: walls. arcs: of the voids at first (none is enough where there are sites).
        lithium, interface: properties.
        pressure, current_density: Pa and A/m^2 (mean over the wall, positive strips), as `Course`.
        settings: see `TimeSettings`. sites: where voids may open. The lithium of a newborn void goes to the rest, the
            platen rises by its volume; what the vacancies in it would have let the platen come down. A site that has
            opened opens again only after what drives it has been below its barrier.

    Raises:
        ModelError: neither arcs nor sites; sites without a platen or without vacancies that diffuse.

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
        *,
        sites: Sequence[Site] = (),
    ) -> None:
        self.comm, self.cell, self.lithium, self.interface = comm, cell, lithium, interface
        self.pressure, self.current_density = pressure, current_density
        self.settings = settings or TimeSettings()
        self.meshes = self.steps = self.refused = 0
        self.sites = tuple(sites)
        if not len(arcs) and not self.sites:
            raise ModelError("a run of voids needs the arc of a void, or sites where voids may open")
        if self.sites and not (cell.platen and lithium.self_diffusivity > 0 and interface.sink_length > 0):
            raise ModelError("sites need a platen, a self-diffusivity and a sink length (all positive)")
        if lithium.surface_diffusivity < 0:
            raise ModelError(f"surface_diffusivity must not be negative, got {lithium.surface_diffusivity}")
        for site in self.sites:
            site.arc(cell, self.settings.edges)
        self._mobility = lithium.surface_diffusivity * lithium.molar_volume / (GAS * lithium.temperature)
        self._area = np.pi * cell.contact_width**2 if cell.axisymmetric else cell.contact_width
        self._armed = np.ones(len(self.sites), dtype=bool)
        self._barriers = np.array([site.barrier(cell, lithium.surface_energy) for site in self.sites])
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
        sums = self._recession, self._stripped, self._healed
        return State(self._time, arcs, volumes, greatest, *sums, armed=tuple(bool(one) for one in self._armed))

    def restore(self, state: State) -> None:
        """Go on from a state, on a mesh of its own: nothing but the state decides what follows. Collective."""
        self._arcs = [np.array(arc, dtype=np.float64) for arc in state.arcs]
        self._volumes, self._greatest = np.array(state.volumes), np.array(state.greatest)
        self._time, self._recession = state.time, state.recession
        self._stripped, self._healed = state.stripped, state.healed
        if len(state.armed) == len(self.sites):
            self._armed[:] = state.armed
        self._make()

    # ------------------------------------------------------------------ shape
    def _make(self) -> None:
        """New mesh for the present arcs."""
        if self.meshes:
            self.physics.destroy()
        self.body = Body(self.comm, self.cell, self._arcs)
        stress = max(abs(self.pressure(0.0, self._arcs)), 1e5)
        self.physics: Physics = Physics(self.body, self.lithium, self.interface, stress, self.sites)
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
        if not self._arcs and not self.sites:
            return
        rates = self._rates(self._time)
        yield self._instant(rates)
        if self._open(rates):
            self._renew()
            rates = self._rates(self._time)
            yield self._instant(rates, 0.0, "opened")
        begin = self._time
        step, growth = first or self._safe(rates) / 4, 4.0
        while self._time < until * (1 - 1e-12) and (self._arcs or self.sites):
            step = min(step, until - self._time, self._safe(rates))
            if not self._arcs:
                step = min(step, (until - begin) / 10)
            error, end, found = self._try(step, rates)
            opens = self._share_before_opening(rates, found[-1]) if end is not None else 1.0
            if end is None or error > 1 or opens < 1:
                self.refused += 1
                self.body.move(self._arcs)
                step *= 0.4 if end is None else max(0.2, 0.9 * error ** (-1 / 3)) if error > 1 else opens
                if step < 1e-9 * min(until, self._safe(rates)):  # what is left to the end may be shorter
                    raise ConvergenceError(f"voids: the time step became too small at {self._time:.4g} s")
                growth = 1.1
                continue
            self._accept(step, end, found)
            self.steps += 1
            after = found[-1]
            correction = self._corrected()
            event = self._events(rates, after)
            if event == "contact lost" or (event == "detached" and not self._followed()):
                yield self._instant(after, correction, event)
                return
            if event or self._needs_mesh():
                self._renew()
                left = self._arcs or self.sites
                after = self._rates(self._time) if left else replace(after, contact=1.0, focusing=1.0)
            rates = after
            yield self._instant(rates, correction, event)
            step *= min(growth, 0.9 * max(error, 1e-6) ** (-1 / 3))
            growth = min(1.15 * growth, 4.0)

    def _safe(self, rates: Rates) -> float:
        """Longest step in which no point goes too far."""
        ways = [np.linalg.norm(v, axis=1).max() / s for v, s in zip(rates.velocities, self._sizes(), strict=True)]
        ways.append(0.0)
        return float(self.settings.furthest / max(max(ways), 1e-300))

    def _try(self, step: float, rates: Rates) -> tuple[float, list[Floats] | None, list[Rates]]:
        """One step: error over the tolerance, arcs (None where the mesh or the flow failed), rates of its stages."""
        found = [rates]
        try:
            start = self._smoothed(self._arcs, step / 2)
            if self._mobility > 0:
                found = [self._at(start, self._time)]
            for share in _STAGES:
                moved = [a + share * step * v for a, v in zip(start, found[-1].velocities, strict=True)]
                found.append(self._at(moved, self._time + share * step))
            end = [a + step * _sum(_THIRD, [r.velocities[k] for r in found]) for k, a in enumerate(start)]
            if any(events.through_electrolyte(self.cell, arc) for arc in end):
                raise MeshError("the surface of a void went through the electrolyte")
            if any(events.turned(self.cell, *pair) for pair in zip(self._arcs, end, strict=True)):
                raise MeshError("the ends of a void passed each other")
            found.append(self._at(end, self._time + step))
            smooth = self._smoothed(end, step / 2)
        except (ConvergenceError, ModelError, MeshError):
            return np.inf, None, found
        errors = [
            np.linalg.norm(_sum(_ERROR, [r.velocities[k] for r in found]), axis=1).max() * step / size
            for k, size in enumerate(self._sizes())
        ]
        error = float(max(errors, default=0.0)) / self.settings.tolerance
        return (error if error <= np.inf else np.inf), smooth, found

    def _smoothed(self, arcs: Sequence[Floats], time: float) -> list[Floats]:
        """The arcs after a time (s) of diffusion along surfaces, found on one rank. Collective."""
        if not self._mobility > 0:
            return list(arcs)
        gamma, adhesion = self.lithium.surface_energy, self.interface.work_of_adhesion

        def work() -> list[Floats]:
            made = [smoothed(self.cell, arc, time, self._mobility, gamma, adhesion) for arc in arcs]
            for one, arc, size in zip(made, arcs, self._sizes(), strict=True):
                if np.linalg.norm(one - arc, axis=1).max() > self.settings.furthest * size:
                    raise MeshError("the surface of a void went too far by surface diffusion")
            return made

        found: list[Floats] = self.comm.bcast(on_root(self.comm, work), root=0)
        return found

    def _accept(self, step: float, end: list[Floats], found: Sequence[Rates]) -> None:
        """Take over what a step has found."""
        self._arcs = end
        self._time += step
        self._volumes = self._volumes + step * _sum(_THIRD, [r.growth for r in found])
        self._recession += step * float(_sum(_THIRD, [np.array(r.platen) for r in found]))
        self._stripped += step * float(_sum(_THIRD, [np.array(r.stripped) for r in found]))
        self._greatest = np.maximum(self._greatest, self._volumes)

    def _at(self, arcs: Sequence[Floats], time: float) -> Rates:
        self.body.move(arcs)
        if self.body.quality() < 0.02:
            raise MeshError("the mesh turned over")
        return self._rates(time)

    # ------------------------------------------------------------------ sites
    def _share_before_opening(self, before: Rates, after: Rates) -> float:
        """Share of a step after which the first site is just beyond its barrier; 1 where none goes far beyond it."""
        shares = [1.0]
        for k in np.flatnonzero(self._armed):
            here, there = (float(r.driving[k] / self._barriers[k]) - 1 for r in (before, after))
            if here < 0 and there > _BEYOND:
                shares.append((_BEYOND / 2 - max(here, -1e6)) / (there - max(here, -1e6)))
        return max(min(shares), 1e-3)

    def _open(self, rates: Rates) -> bool:
        """Make voids of the sites that are driven beyond their barriers; were there any?"""
        opened = False
        for k, site in enumerate(self.sites):
            if rates.driving[k] < self._barriers[k]:
                self._armed[k] = True
            elif self._armed[k] and rates.driving[k] > self._barriers[k]:
                borders = contact_borders(self.cell, self._arcs)
                if not site.free(borders, self.cell.contact_width):  # another one has just opened there
                    continue
                arc = site.arc(self.cell, self.settings.edges)
                volume = void_volume(self.cell, arc)
                self._arcs.append(arc)
                self._volumes, self._greatest = (np.append(v, volume) for v in (self._volumes, self._greatest))
                self._recession -= volume / self._area
                self._armed[k], opened = False, True
        return opened

    # ------------------------------------------------------------------ events
    def _events(self, before: Rates, rates: Rates) -> str:
        """What happened in the step that has just been accepted; arcs that are gone are taken away."""
        gone = self._volumes < self.settings.healed * self._greatest
        if gone.any():
            self._healed += float(self._volumes[gone].sum())
            self._keep([k for k in range(len(self._arcs)) if not gone[k]])
            return "healed"
        falling, least = rates.contact < before.contact, self.settings.contact
        if falling and rates.contact < least:
            return "contact lost"
        if not self._followed():
            return "detached"
        for k, arc in enumerate(self._arcs):
            moved = events.across_corner(self.cell, arc)
            if moved is not None:
                arcs = [*self._arcs[:k], moved, *self._arcs[k + 1 :]]
                if contact_share(self.cell, arcs) >= least:
                    self._arcs = arcs
                    return "merged" if events.touches(self.cell, moved) else "detached"
                if falling:
                    return "contact lost"
        arcs, members = events.joined(self.cell, self._arcs)
        if len(arcs) < len(self._arcs):
            if contact_share(self.cell, arcs) >= least:
                self._merge(arcs, members)
                return "merged"
            if falling:
                return "contact lost"
        if self._split():
            return "split"
        return "opened" if self._open(rates) else ""

    def _followed(self) -> bool:
        """Do all voids that touched the electrolyte touch it still?"""
        return not any(events.closing(self.cell, a, s) for a, s in zip(self._arcs, self._sizes(), strict=True))

    def _keep(self, which: Sequence[int]) -> None:
        self._arcs = [self._arcs[k] for k in which]
        self._volumes, self._greatest = self._volumes[list(which)], self._greatest[list(which)]

    def _merge(self, arcs: list[Floats], members: Sequence[Sequence[int]]) -> None:
        """Take the place of voids by those of which they are the members."""
        volumes = np.array([self._volumes[list(m)].sum() for m in members])
        kept = [self._greatest[m[0]] if len(m) == 1 else v for m, v in zip(members, volumes, strict=True)]
        self._arcs, self._volumes, self._greatest = arcs, volumes, np.array(kept)

    def _split(self) -> bool:
        """Cut voids whose necks have come down to the electrolyte; are there more of them now?

        A piece that would count as healed is none: its volume goes to the others.
        """
        before, cut = len(self._arcs), False
        made: list[tuple[Floats, float, float]] = []
        for arc, volume, most in zip(self._arcs, self._volumes, self._greatest, strict=True):
            found = events.pieces(self.cell, events.trimmed(self.cell, arc))
            if len(found) == 1:
                made.append((arc, volume, most))
                continue
            cut = True
            parts = np.array([void_volume(self.cell, piece) for piece in found])
            stay = parts >= self.settings.healed * parts.sum()
            shares = volume * parts / parts[stay].sum()
            made += [(found[k], shares[k], most if stay.sum() == 1 else shares[k]) for k in np.flatnonzero(stay)]
        if cut:
            self._arcs = [one[0] for one in made]
            self._volumes, self._greatest = (np.array([one[k] for one in made]) for k in (1, 2))
        return len(made) > before

    def _needs_mesh(self) -> bool:
        if self.body.quality() < self.settings.worst:
            return True
        if any(len(now) != len(then) for now, then in zip(self._arcs, self.body.arcs, strict=True)):  # cut
            return True
        if any(len(events.trimmed(self.cell, arc)) < len(arc) for arc in self._arcs):
            return True
        for arc in self._arcs:
            edges = np.linalg.norm(np.diff(arc, axis=0), axis=1)
            if edges.max() > 2.0 * edges.min():
                return True
        return False

    def _renew(self) -> None:
        """Even edges, the same volumes, a new mesh."""
        if not self._arcs and not self.sites:
            return
        shapes = [events.trimmed(self.cell, arc) for arc in self._arcs]
        self._arcs = [resampled(arc, max(self.settings.edges, len(arc) - 1)) for arc in shapes]
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
            rates.driving,
        )


def _sum(weights: Sequence[float], values: Sequence[Floats]) -> Floats:
    return np.asarray(sum(w * v for w, v in zip(weights, values, strict=False)))
