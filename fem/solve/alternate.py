"""States of a model that breaks: displacement and damage are minimised in turn, then together.

The energy is convex in the displacement (with what it depends on) and in the damage, but not in both: alternating
minimisation (Bourdin, Francfort and Marigo 2000) goes down in every half step, also through jumps where a crack runs
at a fixed load. It is slow: steps are over-relaxed (Farrell and Maurini, Int. J. Numer. Meth. Engng 109 (2017) 648),
and once little moves Newton's method on both finishes (`fem.solve.joint`). Neither knows a scale: residuals are
measured against the toughness and against the forces that pass.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from mpi4py import MPI

from fem.errors import ConvergenceError, ModelError
from fem.solve.choose import DIRECT_LIMIT
from fem.solve.cracked import Account, Loads
from fem.solve.criteria import passing
from fem.solve.damage import DamageSolver
from fem.solve.descent import descend
from fem.solve.driver import Solver
from fem.solve.joint import JointNewton
from fem.solve.work import Book
from fem.unknowns import SYMMETRIC

if TYPE_CHECKING:
    from fem.model import Model

log = logging.getLogger("ssbfem.solve")
Array = npt.NDArray[np.float64]
_NEWTON = 1e-2
"""Newton's method converges quadratically: what it is asked for, in parts of the tolerance."""
_ROUNDING = 1e-10
_HALVINGS, _LEAST = 8, 0.05
_SLOW = 0.5
"""Passes that change the damage by more than this part of what the one before did are over-relaxed."""


@dataclass(frozen=True)
class BreakingSettings:
    """How a state is sought.

    Attributes:
        tolerance: residual of the damage where it is free, relative to that of the toughness.
        passes: most alternations in one solve.
        relaxation: of both half steps, 1 (none) to below 2.
        newton: finish with Newton's method on displacement and damage together, where a factorisation is affordable.
        calm: Newton's method is tried once no node changes by more than this in one pass.
    """

    tolerance: float = 1e-6
    passes: int = 5000
    relaxation: float = 1.6
    newton: bool = True
    calm: float = 0.005


@dataclass
class BreakingReport:
    """What states have cost.

    Attributes:
        solves: states. passes: alternations. newton: joint Newton steps. finished: states that Newton finished.
        refused: attempts of Newton that led nowhere, to a state of higher energy or to an unstable one.
        raised: half steps whose over-relaxation had to be taken back because the energy rose.
    """

    solves: int = 0
    passes: int = 0
    newton: int = 0
    finished: int = 0
    refused: int = 0
    raised: int = 0


class _Guard:
    """Keeps alternations at a given volume of the cracks going down.

    There the pressure answers to the damage: minimising over the damage at the present pressure may go too far. Steps
    that raise the energy at the given volume are halved, and later ones are shorter.
    """

    def __init__(self, breaking: Breaking) -> None:
        self.breaking, self.share = breaking, 1.0
        self.lowest = np.inf
        self.before: Array = np.empty(0)

    def step(self, before: Array) -> None:
        """Shorten the step of the damage that has just been made from `before`."""
        values = self.breaking.damage.unknown.function.x.array
        self.before = before
        values[:] = before + self.share * (values - before)

    def check(self) -> None:
        """Take half of a step back as long as it has raised the energy; the state is in equilibrium."""
        breaking = self.breaking
        values = breaking.damage.unknown.function.x.array
        for _ in range(_HALVINGS):
            found = breaking.book.energies()
            now = found.stored + found.fracture
            if now <= self.lowest + _ROUNDING * abs(now) or not len(self.before):
                break
            breaking.report.raised += 1
            self.share = max(0.5 * self.share, _LEAST)
            values[:] = 0.5 * (self.before + values)
            breaking._equilibrium()
        self.lowest = now
        self.share = min(1.0, 1.2 * self.share)


class Breaking:
    """Finds states of a model with damage at given loads.

    Args:
        model: the model. solver: of its other fields; its stages that the displacement needs are solved in every pass,
            the rest once at the end.
        settings: how.

    Raises:
        ModelError: nothing can break.
    """

    def __init__(self, model: Model, solver: Solver | None = None, settings: BreakingSettings | None = None) -> None:
        if model.damage is None or model.mechanics is None:
            raise ModelError("nothing in this model can break: give a layer a fracture energy")
        self.model, self.damage, self.mechanics = model, model.damage, model.mechanics
        self.settings, self.report = settings or BreakingSettings(), BreakingReport()
        self.solver = solver or Solver(model)
        self.comm = model.geometry.comm
        self.half = DamageSolver(model)
        self.book = Book(model)
        self.account, self.loads = Account(model, self.book), Loads(model)
        self._loaded: list[Array] | None = None
        self._then: tuple[Any, list[Array]] | None = None
        moving = self.mechanics.displacement
        self.index = next(k for k, s in enumerate(self.solver.stages) if moving in s.fields)
        self.stage = self.solver.stages[self.index]
        self.joint = self._joint()
        self.constrained = any(fill.volume_given for fill in self.damage.fills)

    def _joint(self) -> JointNewton | None:
        size = sum(f.global_size() for f in [*self.stage.fields, self.damage.unknown])
        affordable = size <= 2 * DIRECT_LIMIT[self.model.geometry.tdim]
        if not (self.settings.newton and affordable and all(f.kind in SYMMETRIC for f in self.stage.fields)):
            return None
        return JointNewton(self.model, self.stage.fields, self.stage.numbers)

    # ------------------------------------------------------------------ state
    def state(self) -> list[Array]:
        """The whole present state."""
        kept = [np.array(f.function.x.array) for f in [*self.model.fields, self.damage.unknown]]
        return [*kept, np.array([n.beyond for n in self.model.numbers])]

    def restore(self, state: list[Array]) -> None:
        """Go back to a state."""
        for item, values in zip([*self.model.fields, self.damage.unknown], state[:-1], strict=True):
            item.function.x.array[:] = values
        for number, value in zip(self.model.numbers, state[-1], strict=True):
            number.beyond = float(value)

    # ------------------------------------------------------------------ half steps
    def _load(self) -> None:
        """Find what the loads do to the accepted damage: where the account of a step is divided."""
        values = self.damage.unknown.function.x.array
        begin = np.array(values)
        self.damage.retreat()
        self._equilibrium()
        self._loaded = self.state()
        values[:] = begin

    def _equilibrium(self) -> None:
        """Minimise over the displacement (and solve what it depends on) at the present damage."""
        for k in range(self.index + 1):
            newton, state = self.solver.newtons[k], self.solver.stages[k].get_state()
            newton.renew()
            if k != self.index or self.stage.linear:
                self.solver.solve_stage(k)
                continue
            newton.search("basic")
            try:
                newton.solve()
            except ConvergenceError:
                self.stage.set_state(state)
                if self.constrained or not self.stage.symmetric:
                    newton.search("l2")
                    self.solver.solve_stage(k)
                else:
                    descend(self.stage, newton.bordered, self.book.energies().stored)

    def _energy(self) -> float:
        return self.book.energies().potential

    def _relax_displacement(self, before: Array, energy: float) -> float:
        """Go beyond the equilibrium, if that does not lift the energy above the one before; returns the new one."""
        found = self.stage.get_state()
        self.stage.set_state(before + self.settings.relaxation * (found - before))
        new = self._energy()
        if new <= energy:
            return new
        self.report.raised += 1
        self.stage.set_state(found)
        return self._energy()

    def _relax_damage(self, before: Array, energy: float) -> float:
        """Go beyond the minimum over the damage, within its bounds; as for the displacement."""
        values, low = self.damage.unknown.function.x.array, self.damage.accepted.x.array
        found = np.array(values)
        values[:] = np.clip(before + self.settings.relaxation * (found - before), low, 1.0)
        new = self._energy()
        if new <= energy:
            return new
        self.report.raised += 1
        values[:] = found
        return self._energy()

    # ------------------------------------------------------------------ solve
    def solve(self, limit: float = np.inf) -> float:
        """Find a state at the present loads from the present one; damage does not fall below what is accepted.

        Args:
            limit: stop without a state as soon as the damage of a node has changed by more than this.

        Returns:
            Largest change of the damage.

        Raises:
            ConvergenceError: with advice; the state is left where it was given up.
        """
        settings, function = self.settings, self.damage.unknown.function
        self.solver.prepare()
        self.report.solves += 1
        first, imbalance = np.array(function.x.array), np.inf
        relaxed, last = False, np.inf
        energy = tried = np.inf
        guard = _Guard(self)
        self._load()
        fresh = self._largest(first - self.damage.accepted.x.array) == 0.0
        for number in range(settings.passes):
            self.report.passes += 1
            before = self.stage.get_state()
            if number or not fresh:
                self._equilibrium()
            if self.constrained:
                guard.check()
            reference = self.half.reference()
            imbalance = self.half.imbalance() / reference
            if imbalance <= settings.tolerance:
                break
            if relaxed:
                energy = self._relax_displacement(before, energy)
            whole = np.array(function.x.array)
            self.half.solve()
            if self.constrained:
                guard.step(whole)
            if relaxed:
                energy = self._relax_damage(whole, energy)
            change = self._largest(function.x.array - whole)
            slow = change > _SLOW * last and settings.relaxation > 1.0 and not self.constrained
            if slow and not relaxed:
                energy = self._energy()
            relaxed, last = slow, change
            if limit < np.inf and (far := self._largest(function.x.array - first)) > limit:
                return far
            log.debug("pass %d: residual %.2e, change %.2e", number, imbalance, change)
            if self.joint is not None and change < min(settings.calm, 0.2 * tried):
                tried = change
                if self._finish(self.joint, reference):
                    self._equilibrium()  # forces to the tolerance of every other solve
                    break
        else:
            raise ConvergenceError(
                f"damage and displacement did not settle in {settings.passes} passes (residual {imbalance:.2g}): try "
                "smaller load steps, or a support for what may be torn off"
            )
        for k in range(self.index + 1, len(self.solver.stages)):
            self.solver.newtons[k].renew()
            self.solver.solve_stage(k)
        return self._largest(function.x.array - first)

    def _finish(self, joint: JointNewton, reference: float) -> bool:
        """Newton's method on displacement and damage from the present state; whether it found the state."""
        steps, energy, state = joint.iterations, self._energy(), self.state()
        force = max(passing(self.stage, self.solver.newtons[self.index].reference), self._typical_force())
        found = joint.solve(reference, force, _NEWTON * self.settings.tolerance)
        self.report.newton += joint.iterations - steps
        if found and (self.constrained or self._energy() <= energy + _ROUNDING * abs(energy)):
            self.report.finished += 1
            return True
        self.report.refused += 1
        self.restore(state)
        return False

    def _typical_force(self) -> float:
        """Energy over displacement, N: a scale of forces where none passes through a support."""
        size = self._largest(self.mechanics.displacement.function.x.array)
        return 2 * self.book.energies().stored / size if size > 0 else 0.0

    def _largest(self, values: Array) -> float:
        return float(self.comm.allreduce(float(np.abs(values).max(initial=0.0)), op=MPI.MAX))

    # ------------------------------------------------------------------ acceptance
    def accept(self) -> None:
        """Take the present state: its damage is the bound of later ones, and the work to reach it is done."""
        if self._then is None:
            self.account.begin()
        else:
            self._count(*self._then, self._loaded or self.state())
        self.model.accept()
        self.remember()

    def remember(self) -> None:
        """The present state and its loads are those that the next step begins with."""
        self._then, self._loaded = (self.loads.get(), self.state()), None

    def _count(self, before: Any, then: list[Array], loaded: list[Array]) -> None:
        """Enter the step from the last accepted state to the present one into the account."""
        damage, after, now = self.damage.unknown.function, self.loads.get(), self.state()

        def broken() -> None:
            self.loads.set(before)
            self.restore(then)
            damage.x.array[:] = now[-2]
            self._equilibrium()

        def arrive() -> None:
            self.loads.set(after)
            self.restore(now)

        grown = self._largest(now[-2] - then[-2]) > 0.0
        self.account.add(lambda: self.restore(loaded), broken if grown else None, arrive)

    def destroy(self) -> None:
        """Free PETSc objects; the solver belongs to the caller."""
        self.half.destroy()
        if self.joint is not None:
            self.joint.destroy()
