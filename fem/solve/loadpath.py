"""Quasi-static loading of a model that breaks: load steps that are cut where much breaks at once.

Cracks may run while the load stands still: then no step is short enough, and what is lost on the way is no error of the
step but energy that a real crack would radiate (`LoadPoint.lost`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fem.errors import ConvergenceError, ModelError
from fem.solve.alternate import Breaking
from fem.solve.work import Energies, eigenstrains

if TYPE_CHECKING:
    from fem.model import Model

log = logging.getLogger("ssbfem.solve")


@dataclass(frozen=True)
class LoadSettings:
    """Load steps, in parts of the whole path from 0 to 1.

    Attributes:
        step: first and largest. smallest: below which steps are not cut.
        change: largest change of the damage in a step that could be shorter.
    """

    step: float = 0.05
    smallest: float = 1e-3
    change: float = 0.3

    def __post_init__(self) -> None:
        if not 0 < self.smallest <= self.step <= 1:
            raise ValueError(f"steps must be in order: 0 < smallest ({self.smallest}) <= step ({self.step}) <= 1")


@dataclass(frozen=True)
class LoadPoint:
    """An accepted state on the way.

    Attributes:
        load: 0 to 1. change: largest change of the damage since the last point.
        energies: J (per depth in 2-D). work: done on the model since the beginning, J.
        lost: work that is neither stored nor in cracks, J (`fem.solve.cracked`).
        jumped: much broke although the step could not be cut any more.
        left: what the account of the work leaves over, J: nothing, but for the solver.
        scale: J, the largest energy of the account.
    """

    load: float
    change: float
    energies: Energies
    work: float
    lost: float
    jumped: bool
    left: float = field(default=0.0, kw_only=True)
    scale: float = field(default=0.0, kw_only=True)

    @classmethod
    def of(cls, breaking: Breaking, load: float, change: float = 0.0, jumped: bool = False) -> LoadPoint:
        """The last accepted state of a search, at a load (or a time)."""
        account = breaking.account
        work, left, scale = breaking.book.work, account.left, account.scale
        return cls(load, change, account.energies, work, account.lost, jumped, left=left, scale=scale)


class Proportional:
    """All loads of a model as they were given, times one factor.

    Eigenstrains, given displacements, forces of platens and what fills cracks grow in proportion; pressures on outer
    sides act from the beginning, unless nothing else does.

    Args:
        model: as it was built, at its full loads.

    Attributes:
        pressed: whether the pressures are what grows.
    """

    def __init__(self, model: Model) -> None:
        mechanics = model.mechanics
        if mechanics is None:
            raise ModelError("this model has no mechanics")
        self._constants = [(c, np.array(c.value)) for c in eigenstrains(model)]
        self._ties: list[Any] = [(t, t.offset) for t in mechanics.supports.values() if t.number is None]
        self._ties += [(t, np.array(t.offset)) for ties in mechanics.imposed.values() for _, t in ties]
        self._ties = [(t, offset) for t, offset in self._ties if np.any(offset)]
        numbers: set[Any] = {t.number for t in mechanics.supports.values() if t.number is not None and t.number.source}
        fills = [f for f in (model.damage.fills if model.damage is not None else []) if f.pressure is not None]
        numbers |= {f.pressure for f in fills if f.volume_given}
        self._sources = [(n, n.source) for n in numbers]
        self._values = [(f.pressure, f.pressure.value) for f in fills if not f.volume_given and f.pressure is not None]
        local = model.damage is not None and any(f.pressure is None for f in model.damage.fills)
        self.pressed = not (self._constants or self._ties or self._sources or self._values or local)
        if self.pressed:
            self._constants = [(c, np.array(c.value)) for c in mechanics.pressures.values()]

    def __call__(self, factor: float) -> None:
        """Set the loads."""
        for constant, strain in self._constants:
            constant.value = factor * strain
        for tie, offset in self._ties:
            tie.offset = factor * offset
        for number, source in self._sources:
            number.source = factor * source
        for number, pressure in self._values:
            number.value = factor * pressure


def load_steps(
    breaking: Breaking, apply: Callable[[float], None], settings: LoadSettings | None = None
) -> Iterator[LoadPoint]:
    """Load a model from 0 to 1; yields every accepted state. Collective.

    Args:
        breaking: of the model. apply: sets the loads at a part of the path. settings: steps.

    Raises:
        ConvergenceError: no state is found, however short the step.
    """
    settings = settings or LoadSettings()
    apply(0.0)
    breaking.solve()
    breaking.accept()
    yield LoadPoint.of(breaking, 0.0)
    done, step = 0.0, settings.step
    while done < 1.0:
        state = breaking.state()
        load = 1.0 if done + step > 1.0 - 1e-9 else done + step
        apply(load)
        shortest = load - done <= settings.smallest * (1 + 1e-9)
        try:
            change = breaking.solve(float("inf") if shortest else settings.change)
        except ConvergenceError:
            if shortest:
                raise
            change = float("inf")
        if change > settings.change and not shortest:
            breaking.restore(state)
            step = max(0.25 * (load - done), settings.smallest)
            log.debug("load step cut to %g at %g (damage changed by %.2g)", step, done, change)
            continue
        breaking.accept()
        done = load
        yield LoadPoint.of(breaking, load, change, change > settings.change)
        if change <= settings.change:
            step = min(settings.step, 2 * step if change < 0.5 * settings.change else step)
