"""Impedance at instants of a run in time.

At each instant the state of the run (potentials, concentrations, thicknesses, stresses) is put into a second model of
the same cell, which also has what only matters at high frequencies (dielectrics, pores), and is linearised there with
all its memories. What drifts meanwhile is held fixed, as the base of the linearisation: below one over the time in
which it changes, a spectrum says what an experiment would only see if the cell stood still. The run itself notices
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fem.observe.assembly import Assembly
from fem.solve.frequency import FrequencyResponse, stage_of
from fem.solve.handover import take_state
from fem.solve.transient import SAME
from studies.build import build_model
from studies.impedance import TOLERANCE, Spectrum
from studies.schema.impedance import Impedance

if TYPE_CHECKING:
    from fem.model import Model
    from fem.observe.impedance_parts import Splitter
    from fem.protocol import Protocol
    from fem.solve.stage import Stage
    from fem.solve.transient import Point
    from meshes.tagged import TaggedMesh
    from studies.schema import Study

__all__ = ["Instants", "Spectra", "kept"]


@dataclass(frozen=True)
class Instants:
    """When spectra are wanted.

    Attributes:
        times: s since the run began, rising.
        ends: whether a step of a name is one at whose end a spectrum is wanted.
    """

    times: tuple[float, ...]
    ends: Callable[[str], bool]

    @classmethod
    def of(cls, words: Impedance, protocol: Protocol) -> Instants:
        """As a study asks for them."""
        given = words.when or []
        times = {x.time for x in given if x.time is not None}
        if words.every is not None:
            times |= {k * words.every for k in range(1, 1 + int(protocol.duration / words.every * (1 + SAME)))}
        return cls(tuple(sorted(times)), lambda name: any(x.ends(name) for x in given))

    @classmethod
    def none(cls) -> Instants:
        """At the end of the run alone."""
        return cls((), lambda name: False)

    def hold(self, point: Point) -> bool:
        """Whether a spectrum is wanted at a recorded point."""
        if point.between or (point.ended is not None and self.ends(point.name)):
            return True
        if point.length == 0.0:  # a later step begins when the one before ended, and that had its turn
            return point.step == 0 and point.time == 0.0 and 0.0 in self.times
        return any(abs(point.time - t) <= SAME * t for t in self.times)


@dataclass
class _Stages:
    """What an `Assembly` wants of a solver."""

    stages: Sequence[Stage]


class Spectra:
    """The linearised twin of a run; made when the first spectrum is asked for. Collective.

    Args:
        study: with the section `impedance`. tagged: the mesh of the run.

    Attributes:
        solves, iterations: linear solves and their iterations so far.
    """

    def __init__(self, study: Study, tagged: TaggedMesh) -> None:
        assert study.impedance is not None
        self.study, self.tagged, self.words = study, tagged, study.impedance
        self.solves = self.iterations = 0
        self._made: tuple[Model, Stage, Assembly] | None = None
        self._splitter: Splitter | None = None
        self._response: FrequencyResponse | None = None

    def at(self, run: Model) -> Spectrum:
        """Spectrum at the present state of the model of a run; valid until the next one is asked for."""
        model, stage, assembly = self._twin()
        take_state(model, run)
        assembly.renew()
        self._forget()
        working = model.terminals[self.study.operation.working_electrode or ""]
        frequencies, method = self.words.frequencies, self.study.solver.method
        response = FrequencyResponse(model, working, frequencies, stage, method, tolerance=TOLERANCE)
        self._response = response
        self.solves += len(response.report.shifts)
        self.iterations += response.report.linear_iterations
        spectrum = Spectrum(response, assembly, self.words, self._splitter)
        self._splitter = spectrum.splitter
        return spectrum

    def _twin(self) -> tuple[Model, Stage, Assembly]:
        if self._made is None:
            model = build_model(self.study, self.tagged, 0.0)
            stage = stage_of(model, model.terminals[self.study.operation.working_electrode or ""])
            area = self.study.geometry.area
            self._made = model, stage, Assembly(model, _Stages([stage]), area)  # type: ignore[arg-type]
        return self._made

    def _forget(self) -> None:
        if self._response is not None:
            self._response.destroy()
            self._response = None

    @property
    def remark(self) -> str:
        """What they cost, in words."""
        return f"impedances: {self.solves} linear solves ({self.iterations} iterations)"

    def destroy(self) -> None:
        """Free PETSc objects."""
        self._forget()


def kept(spectrum: Spectrum, point: Point) -> dict[str, Any]:
    """Plain data of a spectrum and of the instant that it belongs to, SI; for results and checkpoints.

    Keys: time, step, name, voltage, current, charge as in `fem.solve.transient.Point`; columns: those of
    `Spectrum.columns`; arcs: frequency (Hz) and resistance (ohm m^2) of each, from high frequencies.
    """
    return {
        "time": point.time,
        "step": point.step,
        "name": point.name,
        "voltage": point.voltage,
        "current": point.current,
        "charge": point.charge,
        "columns": {name: list(column) for name, column in spectrum.columns().items()},
        "arcs": [[arc.frequency, arc.resistance] for arc in spectrum.relaxation.arcs],
    }
