"""Damage of a model in time: found after every time step, at the concentrations that the step has led to.

A time step and the damage are split. What stores or passes something is integrated over a step with the damage at its
beginning (`Damage.seen`); at its end displacement and damage minimise the energy together at fixed concentrations
(`fem.solve.alternate`), and where much breaks the step is taken back and made shorter. The splitting errs by
dt/2 * d(damage)/dt in what passes: of first order in the step, and bounded by the largest change of the damage in a
step. Stresses and damage belong to the concentrations of their own time: no lag there.

Where the damage has grown, the integrator begins afresh from a state that is consistent with it: rates have jumped, and
states behind the jump say nothing of what comes (`fem.solve.transient`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fem.errors import ConvergenceError, ModelError
from fem.solve.alternate import Breaking, BreakingSettings
from fem.solve.driver import Solver, SolveReport
from fem.solve.loadpath import LoadPoint
from fem.solve.newton import NewtonReport, NewtonSolver
from fem.solve.stage import Stage
from fem.solve.system import System

if TYPE_CHECKING:
    from fem.model import Model

log = logging.getLogger("ssbfem.solve")
Array = npt.NDArray[np.float64]
_LOAD = "load "
"""How loads are named in what is kept for later runs."""


@dataclass(frozen=True)
class CrackSettings:
    """How time steps and damage go together.

    Attributes:
        change: largest change of the damage of a node in a time step that can be shortened.
        smallest: time step, in parts of the duration of the protocol's step, below which it is not shortened because
            of damage: cracks then jump.
        restart: change of the damage beyond which the integrator begins afresh.
        search: how states are sought.
    """

    change: float = 0.3
    smallest: float = 2.5e-3
    restart: float = 0.01
    search: BreakingSettings = field(default_factory=BreakingSettings)

    def __post_init__(self) -> None:
        for name in ("change", "smallest", "restart"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie between 0 and 1, got {getattr(self, name)}")


class _Held:
    """Solver of the displacement, with the platens that move with it, while everything else stays as it is."""

    def __init__(self, model: Model, method: str) -> None:
        assert model.mechanics is not None
        assert model.damage is not None
        unknown = model.mechanics.displacement
        moved = {t.number for t in unknown.ties} | {fill.pressure for fill in model.damage.fills}
        numbers = [n for n in model.system.unknown_numbers if n in moved]
        system = model.system
        if model.creeps:  # creep strains stay, too: none of what would follow the displacement in a time step
            residuals = {unknown: [model.system.residuals[unknown]]}
            charges = {n: [model.system.charges[n]] if n in model.system.charges else [] for n in model.numbers}
            system = System(model.geometry, [unknown], model.numbers, residuals, charges, model.geometry.entity_maps())
        self.stages = [Stage(system, [unknown], numbers)]
        self.newtons = [NewtonSolver(self.stages[0], Solver.linear_for(self.stages[0], method))]
        self.report = SolveReport()

    def prepare(self) -> None:
        """Nothing to guess: there is always a state to start from."""

    def solve_stage(self, index: int) -> NewtonReport:
        """Find the displacement."""
        return self.newtons[index].solve()

    def destroy(self) -> None:
        """Free PETSc objects."""
        for newton in self.newtons:
            newton.linear.destroy()
            newton.destroy()


class Cracking:
    """The damage of a model that is integrated in time.

    Args:
        model: with damage, made with `Settings.damage_lags`.
        settings: how.
        method: linear solver of the displacement.
        plated: layer of metal -> charge that has plated there since the run began, C.

    Attributes:
        breaking: finds states.
        point: energies and work at the last accepted state; its ``load`` is the time in s.
        grown: largest change of the damage at the last state that was found.
        jumps: how often much broke in a step that could not be shortened.

    Raises:
        ModelError: damage acts on what passes at once.
    """

    def __init__(
        self,
        model: Model,
        settings: CrackSettings | None = None,
        method: str = "auto",
        plated: Callable[[str], float] = lambda _: 0.0,
    ) -> None:
        if model.damage is None or model.mechanics is None:
            raise ModelError("nothing in this model can break: give a layer a fracture energy")
        if not model.settings.damage_lags:
            raise ModelError("a model that breaks in time needs Settings(damage_lags=True)")
        self.model, self.damage, self.settings = model, model.damage, settings or CrackSettings()
        self._plated = plated
        self._held = _Held(model, method)
        solver: Any = self._held
        self.breaking = Breaking(model, solver, self.settings.search)
        self.point: LoadPoint | None = None
        self.grown, self.jumps = 0.0, 0
        self._jumped = False

    def begin(self) -> None:
        """A time step is about to be tried."""
        self.damage.begin()

    def follow(self, length: float, shortest: float) -> bool:
        """Find displacement and damage at the end of a time step; whether the step may stay.

        Args:
            length: of the step, s. shortest: s; steps of this length stay whatever breaks.

        Raises:
            ConvergenceError: no state is found, however short the step.
        """
        self._fill()
        free = length > shortest * (1 + 1e-9)
        state = self.breaking.state() if free else None
        try:
            self.grown = self.breaking.solve(self.settings.change if free else float("inf"))
        except ConvergenceError:
            if not free:
                raise
            self.grown = float("inf")
        self._jumped = self.grown > self.settings.change
        if self._jumped and state is not None:
            log.debug("time step of %g s: damage changes by %.2g", length, self.grown)
            self.breaking.restore(state)
            return False
        return True

    def _fill(self) -> None:
        """What has been plated fills the cracks."""
        for fill in self.damage.fills:
            if fill.electrode is not None:
                fill.hold(self._plated(fill.electrode))

    @property
    def anew(self) -> bool:
        """Whether the integrator has to begin afresh."""
        return self.grown > self.settings.restart

    def accept(self, time: float) -> None:
        """The present state, at a time in s, is one of the run."""
        self.breaking.accept()
        self.jumps += self._jumped
        self.point = LoadPoint.of(self.breaking, time, self.grown, self._jumped)
        self._jumped = False

    # ------------------------------------------------------------------ checkpoints
    def memory(self) -> dict[str, float]:
        """What a later run needs beside the fields."""
        loads = {f"{_LOAD}{side}": value for side, value in self.breaking.mechanics.present_loads().items()}
        return {**self.breaking.account.kept(), "jumps": float(self.jumps), **loads}

    def recall(self, memory: dict[str, float], time: float) -> None:
        """Go on from fields that were read, at a time in s."""
        self.damage.begin()
        self._fill()
        self.jumps = int(memory.get("jumps", 0))
        mechanics = self.breaking.mechanics
        present = mechanics.present_loads()
        mechanics.set_loads({side: memory.get(f"{_LOAD}{side}", value) for side, value in present.items()})
        self.breaking.account.go_on(memory)
        self.breaking.remember()
        self.point = LoadPoint.of(self.breaking, time)
        mechanics.set_loads(present)

    def destroy(self) -> None:
        """Free PETSc objects."""
        self.breaking.destroy()
        self._held.destroy()
