"""Impedance: the linear response of a model to a small alternating current, over many frequencies.

With u = u_0 + Re(v exp(j omega t)) the linearised model is (J + j omega M) v = b, b = 1 A at the working electrode, and
the impedance is its potential. Instead of solving this complex system at every frequency, the real systems
(J + s M) v = b are solved at few real shifts s > 0, by the same preconditioned iterations as a steady state; between
them the model is projected onto these solutions (a rational Krylov space, whose poles on the negative real axis are
those of a network of resistors and capacitors). Where the next shift is worth most is where the projected model
leaves the largest residual.

Sources: Ruhe, Linear Algebra Appl. 58, 391 (1984); Druskin, Lieberman and Zaslavsky, SIAM J. Sci. Comput. 32, 2485
(2010); Druskin and Simoncini, Systems & Control Letters 60, 546 (2011) for the adaptive choice of real shifts.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fem.errors import ConvergenceError
from fem.solve.frequency_basis import ReducedModel
from fem.solve.frequency_pencil import Pencil
from fem.solve.stage import Stage
from fem.unknowns import Field, Number

if TYPE_CHECKING:
    from fem.model import Model

Array = npt.NDArray[np.floating[Any]]
ComplexArray = npt.NDArray[np.complex128]
log = logging.getLogger("ssbfem.solve")

# Kinds of fields whose amount may be kept: without time they have no steady response to a current.
STORING = ("concentration", "state")
# Shifts among which the next one is chosen: so many per decade, up to so far beyond the range of interest.
_CANDIDATES, _BEYOND = 6, 10.0
# A shift helps the frequencies around it, within this factor.
_REACH = 10.0
_MOST_SOLVES = 60


@dataclass
class FrequencyReport:
    """What an impedance spectrum cost, and how exact it is.

    Attributes:
        shifts: real shifts at which systems were solved, 1/s.
        mismatches: relative error of the projected impedance at each shift before it was added.
        change: largest relative change of the impedance at the wanted frequencies by the last solve.
        linear_iterations: of all solves.
        wall_seconds: phase -> seconds.
        linear_solver: method in words.
    """

    shifts: list[float] = field(default_factory=list)
    mismatches: list[float] = field(default_factory=list)
    change: float = float("inf")
    linear_iterations: int = 0
    wall_seconds: dict[str, float] = field(default_factory=dict)
    linear_solver: str = ""


class FrequencyResponse:
    """Small-signal response of a model to a current at one number (the working electrode).

    The model stands at the state to linearise at. Collective.

    Args:
        model: at that state.
        number: the unknown potential that receives the current.
        frequencies: range of interest, Hz.
        stage: assembled group of the model that holds the number, to be used again; None: a new one.
        method: ``auto``, ``direct`` or ``iterative``.
        tolerance: relative error of the impedance at which to stop.

    Raises:
        ConvergenceError: the number is prescribed, or the tolerance was not met.
    """

    def __init__(
        self,
        model: Model,
        number: Number,
        frequencies: Sequence[float] | Array,
        stage: Stage | None = None,
        method: str = "auto",
        tolerance: float = 1e-8,
    ) -> None:
        self.model, self.number, self.tolerance = model, number, tolerance
        self.omega = 2 * np.pi * np.sort(np.asarray(frequencies, dtype=float))
        if len(self.omega) == 0 or not self.omega[0] > 0:
            raise ConvergenceError("an impedance needs frequencies above zero")
        self.report = FrequencyReport()
        start = time.perf_counter()
        self.stage = stage or stage_of(model, number)
        self.pencil = Pencil(self.stage, float(self.omega[-1]), method)
        self.load = np.array([1.0 if n is number else 0.0 for n in self.stage.numbers])
        self._place = int(np.argmax(self.load))
        self.reduced = ReducedModel(self.pencil)
        self.report.wall_seconds["linearise"] = time.perf_counter() - start
        start = time.perf_counter()
        self._build()
        self.report.wall_seconds["solve"] = time.perf_counter() - start
        self.report.linear_iterations = self.pencil.iterations
        self.report.linear_solver = self.pencil.linear.describe()

    @property
    def steady(self) -> bool:
        """Whether there is a response at zero frequency: nothing accumulates."""
        stored = any(keeps(self.model, f) for f in self.stage.fields)
        return not stored and not any(n.state for n in self.stage.numbers)

    # ------------------------------------------------------------------ building
    def _build(self) -> None:
        low, high = float(self.omega[0]), float(self.omega[-1]) * _BEYOND
        candidates = [float(x) for x in np.geomspace(low, high, 1 + int(np.ceil(_CANDIDATES * np.log10(high / low))))]
        if self.steady:
            candidates.insert(0, 0.0)
        self._start(candidates[0])
        before = self._spectrum()
        quiet, shift = 0, float(self.omega[-1])
        while quiet < 2 and len(self.report.shifts) < _MOST_SOLVES:
            mismatch, added = self._refine(shift)
            now = self._spectrum()
            self.report.change = float(np.max(np.abs(now - before) / np.abs(now)))
            before = now
            if not added:
                break
            quiet = quiet + 1 if max(mismatch, self.report.change) < self.tolerance else 0
            shift = self._worst(candidates)
        if quiet < 2 and self.report.change > 1e3 * self.tolerance:
            raise ConvergenceError(
                f"the impedance is known to {self.report.change:.1e} only after {len(self.report.shifts)} solves; "
                "try a narrower range of frequencies"
            )
        log.debug("impedance: %d solves, change %.1e", len(self.report.shifts), self.report.change)

    def _start(self, shift: float) -> None:
        """Responses of the fields to every number."""
        self.pencil.set_shift(shift)
        for border in self.pencil.border(shift):
            self.reduced.extend(self.pencil.solve(-np.real(border)))
        self.report.shifts.append(shift)
        self.report.mismatches.append(1.0)

    def _refine(self, shift: float) -> tuple[float, int]:
        """Solve at one more shift for what the projected model leaves over; returns how wrong it was there."""
        guess = self.reduced.response(shift, self.load)
        self.pencil.set_shift(shift)
        added = self.reduced.extend(self.pencil.solve(self.reduced.remainder(shift, guess)))
        better = self.reduced.response(shift, self.load)[self._place]
        mismatch = float(abs(better - guess[self._place]) / abs(better))
        self.report.shifts.append(shift)
        self.report.mismatches.append(mismatch)
        return mismatch, added

    def _worst(self, candidates: Sequence[float]) -> float:
        """The shift to solve at next: near the frequency that the projected model knows least, not solved at yet."""
        worst = self.omega[int(np.argmax([self._unknown(1j * w) for w in self.omega]))]
        done = np.array(self.report.shifts)
        new = [s for s in candidates if not np.any(np.isclose(s, done, rtol=1e-3, atol=0.0))] or list(candidates)
        near = [s for s in new if worst / _REACH <= s <= worst * _REACH] or new
        return near[int(np.argmax([self._unknown(s) for s in near]))]

    def _unknown(self, shift: complex) -> float:
        """Residual at a shift, relative to the impedance there."""
        coordinates = self.reduced.response(shift, self.load)
        return float(self.reduced.residual(shift, coordinates) / abs(coordinates[self._place]))

    def _spectrum(self) -> ComplexArray:
        return np.array([self._potential(1j * w) for w in self.omega])

    def _potential(self, shift: complex) -> complex:
        return complex(self.reduced.response(shift, self.load)[self._place])

    # ------------------------------------------------------------------ results
    def impedance(self, frequencies: Sequence[float] | Array | None = None) -> ComplexArray:
        """Potential of the number per ampere: ohm (ohm m in 2-D, ohm m^2 in 1-D).

        Args:
            frequencies: Hz, within the range of interest; None: those given at the beginning, in rising order.
        """
        omega = self.omega if frequencies is None else 2 * np.pi * np.asarray(frequencies, dtype=float)
        return np.array([self._potential(1j * w) for w in omega])

    def steady_resistance(self) -> float:
        """Impedance at zero frequency, the slope of the steady characteristic; infinite where something accumulates."""
        return float(np.real(self._potential(0.0))) if self.steady else float("inf")

    def solution(self, frequency: float) -> tuple[dict[Field, ComplexArray], dict[Number, complex]]:
        """Fields and numbers per ampere at a frequency in Hz, with tied nodes; nothing is gathered.

        Returns:
            Field -> (owned and ghost entries,), and number -> value.
        """
        coordinates = self.reduced.response(2j * np.pi * frequency, self.load)
        numbers = {n: complex(v) for n, v in zip(self.stage.numbers, coordinates, strict=False)}
        flat = self.reduced.fields(coordinates)
        found: dict[Field, ComplexArray] = {}
        for k, item in enumerate(self.stage.fields):
            owned = flat[int(self.stage.offsets[k]) : int(self.stage.offsets[k + 1])]
            found[item] = _with_ties(item, owned, numbers)
        return found, numbers

    def destroy(self) -> None:
        """Free PETSc objects."""
        self.pencil.destroy()


def _with_ties(item: Field, owned: ComplexArray, numbers: dict[Number, complex]) -> ComplexArray:
    from dolfinx import fem

    values = np.empty(len(item.function.x.array), dtype=complex)
    for part in (np.real, np.imag):
        work = fem.Function(item.space)
        work.x.array[: item.owned] = part(owned)
        work.x.scatter_forward()
        values = values.real + 1j * work.x.array if part is np.imag else work.x.array.astype(complex)
    for tie in item.ties:
        values[tie.dofs] = 0.0 if tie.number is None else numbers.get(tie.number, 0.0)
    return values


def keeps(model: Model, item: Field) -> bool:
    """Whether a field has a memory of its own: an amount or a thickness, not what follows them at once."""
    return item.kind in STORING and any(item.moves_in(form) for form in model.system.residuals.values())


def stage_of(model: Model, number: Number) -> Stage:
    """The coupled unknowns that a current at a number acts on.

    Raises:
        ConvergenceError: the number is prescribed.
    """
    for fields, numbers in model.system.stages:
        if number in numbers:
            return Stage(model.system, fields, numbers)
    raise ConvergenceError(f"{number.name} is prescribed: an impedance needs a current there")


def rest(model: Model, number: Number, method: str = "auto", source: float = 0.0) -> Any:
    """Bring the potentials of a model to a steady current, with concentrations as they are. Collective.

    Args:
        model: fields of concentration and state keep their values.
        number: unknown potential that receives the current.
        method: linear solver.
        source: current in A (A/m in 2-D, A/m^2 in 1-D).
    """
    from fem.solve.driver import Solver
    from fem.solve.initial import guess_potentials
    from fem.solve.newton import NewtonSolver

    model.system.shift.value = 0.0
    number.source = source
    guess_potentials(model)
    for fields, numbers in model.system.stages:
        kept = [f for f in fields if not keeps(model, f)]
        if not kept and not numbers:
            continue
        stage = Stage(model.system, kept, numbers)
        newton = NewtonSolver(stage, Solver.linear_for(stage, method))
        newton.solve()
        newton.linear.destroy()
        newton.destroy()
