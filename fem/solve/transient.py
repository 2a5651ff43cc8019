"""Integrates a model in time through a protocol: PETSc's TS with variable steps, restarts and cut-offs.

The block residual is implicit and partly algebraic (potentials without double layers have no memory); backward
differentiation suits both. The step follows a global norm of the estimated error in scaled units: potentials against
RT/F, concentrations against their maximum. A step whose Newton iteration fails is taken back as a whole and tried
again with a shorter one.

A run is a sequence of legs. Within a leg the controlled current or voltage is smooth; every leg begins afresh from a
consistent state, so that where it begins (a new step of the protocol, a kink, a checkpoint) is all that a later run
has to know to go on exactly like the first. The state between two legs is (position in the protocol, fields, numbers,
charge, length of the next step): `Position`.

    run = Transient(model, protocol, working="anode", area=1e-4)
    for point in run.points():      # accepted time steps; the model has the state of the point
        ...
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from mpi4py import MPI

from fem.errors import ModelError
from fem.protocol import Cutoff, Protocol, Side, Step
from fem.solve.bonds import BondSettings
from fem.solve.cracking import Cracking, CrackSettings
from fem.solve.driver import Solver
from fem.solve.flow import Flow
from fem.solve.initial import guess_potentials
from fem.solve.leap import leap
from fem.solve.leg import Leg
from fem.solve.linear import linear_solver
from fem.solve.newton import NewtonSolver
from fem.solve.parting import Parting
from fem.solve.parts import moving_parts
from fem.solve.records import Point, Position, TimeSettings, TransientReport
from fem.solve.settling import settle
from fem.solve.stage import Stage
from fem.unknowns import Field, Number

if TYPE_CHECKING:
    from fem.model import Model

__all__ = ["Point", "Position", "TimeSettings", "Transient", "TransientReport"]

log = logging.getLogger("ssbfem.solve")

SAME = 1e-9
"""Times closer than this share of them are one."""


class Transient:
    """A run of a protocol.

    Args:
        model: its terminals are ``working`` (given by a current, so that its potential is unknown) and another.
        protocol: what is done.
        working: name of the terminal that is controlled; None: a model without terminals, whose loads change in time.
        area: nominal area that current densities refer to, m^2.
        settings: accuracy.
        method: linear solver, see `fem.solve.linear`.
        boundary: called between two legs, when `position` and the fields and numbers of the model are all that a later
            run needs (`restore`): the moment for a checkpoint.
        instants: s since the run began, rising: times at which a point is wanted beside the accepted time steps. They
            change nothing in the time steps.
        cracks: how damage and time steps go together, where something can break.
        bonds: how bonds and time steps go together, where sides may part.

    Raises:
        ModelError: the model does not fit.
    """

    def __init__(
        self,
        model: Model,
        protocol: Protocol,
        working: str | None,
        area: float,
        settings: TimeSettings | None = None,
        method: str = "auto",
        boundary: Callable[[Position], None] | None = None,
        instants: Sequence[float] = (),
        cracks: CrackSettings | None = None,
        bonds: BondSettings | None = None,
    ) -> None:
        self.boundary, self.instants = boundary, tuple(instants)
        self.model, self.protocol, self.area = model, protocol, area
        self.settings = settings or TimeSettings()
        self.report = TransientReport()
        self.working = None if working is None else self._terminal(working)
        self.counter = next((n for n in model.terminals.values() if n is not self.working), None)
        self.position = Position()
        fields, numbers, self._before, self._after = moving_parts(model, protocol, self.working)
        if self.working is not None and self.working not in numbers:
            raise ModelError(f"the current of {working!r} does not act on anything that changes in time")
        self.stage = Stage(model.system, fields, numbers)
        self.flow = Flow(self.stage, linear_solver(self.stage, method), self.working, self._control)
        self._method = method
        self._others: dict[int, NewtonSolver] = {}
        self.cracking = None if model.damage is None else Cracking(model, cracks, method, self._plated)
        self.parting = Parting(model, bonds) if model.joints else None
        self._started = False

    def _terminal(self, name: str) -> Number:
        if name not in self.model.terminals:
            raise ModelError(f"no terminal {name!r}; there are {', '.join(self.model.terminals)}")
        number = self.model.terminals[name]
        if not number.unknown:
            raise ModelError(f"terminal {name!r} has a fixed potential: give it a current, the protocol sets it")
        return number

    def _plated(self, layer: str) -> float:
        """Charge that has plated at a layer of metal since the run began, C; negative where more was stripped.

        Raises:
            ModelError: the layer is none of the two electrodes.
        """
        carrier = self.model.handle(layer, "electronic").carrier
        if carrier is None or carrier not in (self.working, self.counter):
            raise ModelError(f"{layer!r} is none of the two electrodes of the cell: nothing is known of what it plates")
        return -self.flow.charge if carrier is self.working else self.flow.charge

    # ------------------------------------------------------------------ control
    def _control(self, time: float) -> None:
        """Set what the protocol wants at a time since the present step began."""
        begun = self.position.begun
        self.model.time.value = begun + time
        if self.parting is not None:
            self.parting.at(begun + time)
        step = self.protocol.steps[self.position.step]
        side: Side = "after" if time <= self._leg_start else "before"
        if self.model.mechanics is not None:
            for name, course in self.model.mechanics.courses.items():
                self.model.mechanics.set_load(name, course.value_at(begun + time, side))
            for name, course in step.loads:
                self.model.mechanics.set_load(name, course.value_at(time, side))
        if self.working is None:
            return
        value = step.value_at(time, side)
        if step.control == "current":
            self.working.held, self.working.source = None, value * self.area
        else:
            self.working.held = value + self._counter_potential()

    def _counter_potential(self) -> float:
        return 0.0 if self.counter is None else self.counter.value

    def _voltage(self) -> float:
        """Of the working electrode against the counter electrode, V; 0 where there is none."""
        return 0.0 if self.working is None else self.working.value - self._counter_potential()

    _leg_start = 0.0

    # ------------------------------------------------------------------ beginning
    def start(self) -> None:
        """Bring the model to rest at its initial concentrations: the state before the first step."""
        model = self.model
        if self.working is not None:
            self.working.source, self.working.held = 0.0, None
        model.system.shift.value = 0.0
        guess_potentials(model)
        for group in self._before:
            self._solve_other(group)
        if self.parting is not None:
            self._control(0.0)
            self.parting.start(self._method)
            if self.working is not None:
                self.working.source, self.working.held = 0.0, None
        potentials = [f for f in self.stage.fields if f.kind == "potential"]
        if potentials:
            self._solve_potentials(potentials)
        self._started = True

    def _solve_potentials(self, potentials: list[Field]) -> None:
        others = {t.number for f in self.stage.fields if f not in potentials for t in f.ties}
        stage = Stage(self.model.system, potentials, [n for n in self.stage.numbers if not n.state and n not in others])
        newton = NewtonSolver(stage, linear_solver(stage, self._method))
        newton.solve()
        newton.linear.destroy()
        newton.destroy()

    def restore(self, position: Position) -> None:
        """Go on from a state that was read into the fields and numbers of the model."""
        self.position, self.flow.charge, self.flow.reference = position, position.passed, position.reference
        for group in self._before:
            self._solve_other(group)
        for item in self.stage.fields:
            item.apply_ties()
        for dissipation in self.model.dissipations.values():
            dissipation.begin()
        if self.cracking is not None:
            self.cracking.recall(position.cracks, position.begun + position.time)
        if self.parting is not None:
            self.parting.recall(position.begun + position.time)
        self._started = True

    def _solve_other(self, group: int) -> None:
        if group not in self._others:
            fields, numbers = self.model.system.stages[group]
            stage = Stage(self.model.system, fields, numbers)
            self._others[group] = NewtonSolver(stage, Solver.linear_for(stage, self._method))
        if self.cracking is not None:
            self._others[group].renew()
        self._others[group].solve()

    def follow(self) -> None:
        """Solve what only follows the state (stresses that do not act back) at the present point."""
        for group in self._after:
            if not self._found_with_damage(group):
                self._solve_other(group)

    def _found_with_damage(self, group: int) -> bool:
        """Whether a stage is the displacement, which the damage was found together with."""
        if self.cracking is None or self.model.mechanics is None:
            return False
        return self.model.mechanics.displacement in self.model.system.stages[group][0]

    # ------------------------------------------------------------------ run
    def points(self) -> Iterator[Point]:
        """Run the protocol; yields every accepted time step, the beginning of every step of the protocol, and what was
        asked for between two time steps (`Point.between`).

        Between two legs `position` and the model make a complete state (see `boundary`).

        Raises:
            ConvergenceError: with advice, when no step that is long enough succeeds.
        """
        if not self._started:
            self.start()
        while self.position.step < len(self.protocol.steps):
            step = self.protocol.steps[self.position.step]
            if self.position.next_step is None:
                settle(self, step, 0.0)
                yield self._point(step, 0.0, 0.0)
            ended, stop = yield from self._run_step(step)
            log.debug("step %s ended: %s", step.name, ended)
            at = self.position
            # where the protocol stops, a run that goes on from here has nothing left to do
            following = len(self.protocol.steps) if stop else at.step + 1
            self.position = Position(following, 0.0, at.begun + at.time, self.flow.charge)
            self._rest_here()

    def _run_step(self, step: Step) -> Generator[Point, None, tuple[str, bool]]:
        """Legs until the step ends; returns why, and whether the protocol ends with it."""
        stops = [*self._breakpoints(step), step.duration]
        while True:
            at = self.position
            end = next(t for t in stops if t > at.time * (1 + 1e-14))
            leg = Leg(self, step, end)
            try:
                yield from leg.points()
            finally:
                leg.destroy()
            self.report.legs += 1
            at.time, at.next_step = leg.time, leg.next_step
            if leg.stuck is not None:
                met = yield from leap(self, step, leg.stuck)
                if met is not None:
                    return str(met), met.then == "stop"
                if at.time >= step.duration * (1 - 1e-14):
                    return "duration", False
                self._rest_here()
                continue
            if leg.met is not None:
                return str(leg.met), leg.met.then == "stop"
            if leg.time >= step.duration * (1 - 1e-14):
                return "duration", False
            if leg.time >= end * (1 - 1e-14):
                settle(self, step, end)
                at.next_step = self.first_length(step)
            elif leg.broken:
                settle(self, step, leg.time)
            self._rest_here()

    def _breakpoints(self, step: Step) -> list[float]:
        """Times since a step began at which what is controlled bends or jumps, rising, s."""
        found = set(step.breakpoints())
        if self.model.mechanics is not None:
            begun = self.position.begun
            for course in self.model.mechanics.courses.values():
                found |= {t - begun for t in course.breakpoints() if SAME * t < t - begun < step.duration * (1 - SAME)}
        return sorted(found)

    def _rest_here(self) -> None:
        self.position.passed, self.position.reference = self.flow.charge, self.flow.reference
        if self.cracking is not None:
            self.position.cracks = self.cracking.memory()
        if self.boundary is not None:
            self.boundary(self.position)

    def first_length(self, step: Step) -> float:
        """Length of the first time step after a beginning or a kink, s."""
        wanted = step.initial_step or self.settings.initial_step or 1e-4 * step.duration
        return min(wanted, self.longest(step))

    def longest(self, step: Step) -> float:
        """Longest time step, s."""
        return min(self.settings.largest_step or self.settings.longest_share * step.duration, step.duration)

    def accept(self, time: float) -> None:
        """Histories move on to the present state, `time` seconds after the present step of the protocol began."""
        if self.cracking is not None:
            self.cracking.accept(self.position.begun + time)
            return
        self.model.accept()
        if self.parting is not None:
            self.report.jumps += self.parting.accepted(self.position.begun + time)

    # ------------------------------------------------------------------ results
    def asked_between(self, begin: float, end: float) -> list[float]:
        """Times since the step of the protocol began, after `begin` and before `end`, at which a point is wanted."""
        zero = self.position.begun
        chosen = [t for t in self.instants if zero + begin < t * (1 - SAME) and t * (1 + SAME) < zero + end]
        return [t - zero for t in chosen]

    def _point(
        self, step: Step, time: float, length: float, ended: str | None = None, between: float | None = None
    ) -> Point:
        """The present point; `between`: current in A where it lies within a time step."""
        at = self.position
        current = between
        if current is None:
            current = self.flow.current() if length else self._wanted(step, time)
        return Point(
            at.begun + time,
            at.step,
            step.name,
            time,
            self._voltage(),
            current / self.area,
            self.flow.charge / self.area,
            length,
            ended,
            between is not None,
        )

    def _wanted(self, step: Step, time: float) -> float:
        """Current at the beginning of a step: as controlled, or as it follows from the voltage, A."""
        if self.working is None:
            return 0.0
        return step.value_at(time) * self.area if step.control == "current" else self.flow.current()

    def margin(self, cutoff: Cutoff) -> float:
        """How far a cut-off is from being met at the present state, relative to its scale; negative beyond it."""
        if cutoff.quantity == "voltage":
            measured, scale = self._voltage(), 1.0
        elif cutoff.quantity == "current":
            measured = abs(self.flow.current()) / self.area
            scale = max(abs(cutoff.value), 1e-300)
        elif cutoff.quantity == "charge":
            measured = abs(self.flow.charge - self.position.charge) / self.area
            scale = max(abs(cutoff.value), 1e-300)
        else:
            measured, scale = self._lowest(cutoff.region)
        return cutoff.margin(measured) / scale

    def _lowest(self, region: str | None) -> tuple[float, float]:
        transport = self.model.transport
        beside = set() if transport is None else set(transport.liquids.values())  # a salt runs out, not its liquid
        stored = (f for f in self.stage.fields if f.kind == "concentration" and f not in beside)
        fields = [f for f in stored if region is None or region in f.layers]
        if not fields:
            raise ModelError(f"nothing is stored in {region!r}" if region else "the model stores nothing")
        low = min(float(f.function.x.array[: f.owned].min(initial=np.inf)) for f in fields)
        return float(self.model.geometry.comm.allreduce(low, op=MPI.MIN)), max(f.scale for f in fields)

    def destroy(self) -> None:
        """Free PETSc objects."""
        self.flow.bordered.linear.destroy()
        self.flow.destroy()
        if self.cracking is not None:
            self.cracking.destroy()
        for newton in self._others.values():
            newton.linear.destroy()
            newton.destroy()
