"""Interfaces that may part in a model that is integrated in time.

Displacements, contact and bonds are solved together with all that moves. A time step in which bonds do much that its
two ends do not see is cut; where no step is short enough the bonds jump at a fixed instant (`fem.solve.bonds`), and the
integrator begins afresh behind the jump.
"""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any

from fem.errors import ConvergenceError
from fem.joints import ContactJoint
from fem.solve.bonds import Bonds, BondSettings
from fem.solve.driver import Solver
from fem.solve.newton import NewtonSolver
from fem.solve.stage import Stage
from fem.solve.system import System
from fem.solve.work import Book

if TYPE_CHECKING:
    from fem.model import Model

__all__ = ["Parting"]

log = logging.getLogger("ssbfem.solve")

_FEWEST_CUTS = 2
"""A step that fails is cut at least so often before bonds are taken to jump."""


class Parting:
    """The joints of a model in time.

    Args:
        model: with joints. settings: how steps follow.

    Attributes:
        bonds: those that may break.
        jumped: a jump led to the last accepted state.
        patient: the next step that fails is cut as often as it takes: not for its bonds that it fails.
    """

    def __init__(self, model: Model, settings: BondSettings | None = None) -> None:
        self.model, self.settings = model, settings or BondSettings()
        self.bonds = Bonds(model)
        self.book = Book(model)
        self.jumped = self.patient = False
        self._accepted = 0.0

    def at(self, time: float) -> None:
        """The state of a time is sought, s since the run began."""
        self.bonds.step(max(time - self._accepted, 0.0) / self.settings.unit)

    @property
    def impatient(self) -> bool:
        """Whether a step that fails is to be passed by a jump."""
        return bool(self.bonds) and not self.patient

    def cuts(self, length: float, shortest: float, most: int) -> int:
        """How often a step that fails is cut to a quarter."""
        if not self.impatient:
            return most
        return max(_FEWEST_CUTS, math.ceil(math.log(length / shortest, 4))) if length > shortest else _FEWEST_CUTS

    def stays(self, length: float, shortest: float) -> bool:
        """Whether a step (s) may stay; one that is not longer than the shortest stays, and its bonds have jumped."""
        if self.bonds.missed(self.book.energies) <= self.settings.miss:
            return True
        if length > shortest * (1 + 1e-9):
            return False
        self.bonds.mark(True)
        return True

    def accepted(self, time: float) -> bool:
        """The present state, s since the run began, has become that of the histories; whether bonds jumped to it."""
        self.jumped, self.patient, self._accepted = self.bonds.jumped, False, time
        self.bonds.mark(False)
        return self.jumped

    def start(self, method: str) -> None:
        """Find what holds the bodies at the beginning, before any current.

        Raises:
            ConvergenceError: nothing does.
        """
        for joint in self.model.joints.values():
            joint.start()
        held = _Held(self.model, method)
        try:
            held.solve()
        except ConvergenceError:
            held.stage.set_state(held.begin)
            if not self.bonds:
                raise
            for _ in self.bonds.jump(held.solve, held.stage.get_state, held.stage.set_state):
                self.model.accept()
                self.bonds.mark(False)
        finally:
            held.destroy()

    def recall(self, time: float) -> None:
        """Go on from fields and histories that were read, s since the run began."""
        self._accepted = time
        self.bonds.step(0.0)
        for joint in self.model.joints.values():
            if isinstance(joint, ContactJoint):
                joint.begin()


class _Held:
    """Solver of displacements and contact while everything else stays as it is."""

    def __init__(self, model: Model, method: str) -> None:
        kinds = ("displacement", "contact")
        fields = [f for f in model.fields if f.kind in kinds]
        moved = {t.number for f in fields for t in f.ties}
        numbers = [n for n in model.system.unknown_numbers if n in moved]
        charges = {n: [model.system.charges[n]] if n in model.system.charges else [] for n in model.numbers}
        residuals = {f: [model.system.residuals[f]] for f in fields}
        # without the creep that would follow in a time step
        system = System(model.geometry, fields, model.numbers, residuals, charges, model.geometry.entity_maps())
        self.stage = Stage(system, fields, numbers)
        self.begin: Any = self.stage.get_state()
        self.newton = NewtonSolver(self.stage, Solver.linear_for(self.stage, method))
        self.newton.search("basic")
        self.newton.snes.setTolerances(max_it=5 * self.newton.options.max_iterations)

    def solve(self) -> None:
        """Find them."""
        self.newton.solve()

    def destroy(self) -> None:
        """Free PETSc objects."""
        self.newton.linear.destroy()
        self.newton.destroy()
