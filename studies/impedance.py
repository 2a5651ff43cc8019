"""The impedance of a study: spectrum, parts, relaxation times, and the session that a study with one runs in."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fem.dissipation.conduction import Conduction
from fem.dissipation.electrolyte import SaltConduction
from fem.observe.balances import charge_balances, force_balances
from fem.observe.impedance_consistency import Consistency, kramers_kronig
from fem.observe.impedance_parts import Parts, Splitter
from fem.observe.impedance_relaxation import Relaxation, relaxation_times
from fem.output.impedance_map import write_map
from fem.output.writer import together
from fem.solve.frequency import STORING, FrequencyResponse, rest
from fem.values import realised
from studies import units
from studies.evaluate import Point, evaluate
from studies.schema.impedance import Impedance
from studies.solving import Session, Solved

if TYPE_CHECKING:
    from fem.observe.assembly import Assembly
    from studies.progress import Progress
    from studies.schema import Study

ComplexArray = npt.NDArray[np.complex128]

GROUPS = ("bulk", "constriction", "diffusion", "kinetics", "films", "contacts")
"""Mechanisms that a spectrum is split into."""
TOLERANCE = 1e-7
"""Relative error of the projection, far below that of any mesh."""
RELAXATION = "relaxation-times.csv"


class Spectrum:
    """Impedance of one model over its frequencies, per nominal area, in ohm m^2; what is asked for is computed once.

    Args:
        response: linear response of the model.
        assembly: for area and thicknesses.
        words: section of the study.
        splitter: of an earlier response of the same model, to be used again.

    Attributes:
        frequencies: (n,) Hz, rising.
        impedance: (n,) complex.
    """

    def __init__(
        self, response: FrequencyResponse, assembly: Assembly, words: Impedance, splitter: Splitter | None = None
    ) -> None:
        self.response, self.assembly, self.words, self._splitter = response, assembly, words, splitter
        self.frequencies = np.array(words.frequencies)
        self.impedance: ComplexArray = response.impedance(self.frequencies) * assembly.area

    def at(self, frequency: float) -> complex:
        """Impedance at a frequency in Hz within the range."""
        return complex(self.response.impedance([frequency])[0]) * self.assembly.area

    @cached_property
    def splitter(self) -> Splitter:
        """Evaluates parts and fields."""
        if self._splitter is None:
            return Splitter(self.response)
        self._splitter.follow(self.response)
        return self._splitter

    @cached_property
    def parts(self) -> Parts:
        """Parts at all frequencies, ohm (ohm m in 2-D, ohm m^2 in 1-D): not yet per area."""
        return self.splitter.parts(self.frequencies)

    def groups(self, frequency: float | None = None) -> dict[str, ComplexArray]:
        """Mechanism -> its part of the impedance in ohm m^2, at one frequency or at all."""
        frequencies = self.frequencies if frequency is None else np.array([frequency])
        parts = self.parts if frequency is None else self.splitter.parts(frequencies)
        area = self.assembly.area
        whole = {k: np.sum(list(group.values()), axis=0) * area for k, group in parts.groups.items() if group}
        zero = np.zeros(len(frequencies), dtype=complex)
        conduction = whole.get("regions", zero)
        uniform = self._uniform(frequencies, parts)
        return {
            "bulk": uniform,
            "constriction": conduction - uniform,
            **{kind: whole.get(kind, zero) for kind in GROUPS[2:]},
        }

    def _uniform(self, frequencies: Any, parts: Parts) -> ComplexArray:
        """Layers of the stack at uniform current; as they are where a layer has no one conductivity."""
        model, total = self.assembly.model, np.zeros(len(frequencies), dtype=complex)
        for layer in self.assembly.thickness:
            terms = [t for (name, _), t in model.conductors.items() if name == layer and isinstance(t, Conduction)]
            plain = [t for t in terms if not isinstance(t, SaltConduction)]
            if len(terms) == 1 and plain and not hasattr(plain[0].conductivity, "function_space"):
                permittivity = float(realised(model.domains[layer], model.geometry, layer).permittivity)
                s = 2j * np.pi * frequencies
                total += self.assembly.thickness[layer] / (float(plain[0].conductivity) + s * permittivity)
            elif layer in parts.regions:
                total += parts.regions[layer] * self.assembly.area
        return total

    @cached_property
    def relaxation(self) -> Relaxation:
        """Distribution of relaxation times."""
        return relaxation_times(self.frequencies, self.impedance, capacitive=not self.response.steady)

    @cached_property
    def consistency(self) -> Consistency:
        """Kramers-Kronig test."""
        return kramers_kronig(self.frequencies, self.impedance)

    def series(self) -> dict[str, tuple[float, ...]]:
        """Columns of results.json over the frequency."""
        consistency = {
            "kramers_kronig_real": self.consistency.real,
            "kramers_kronig_imaginary": self.consistency.imaginary,
        }
        return self.columns() | {name: tuple(float(x) for x in values) for name, values in consistency.items()}

    def columns(self) -> dict[str, tuple[float, ...]]:
        """Those of the spectrum and its parts."""
        found: dict[str, Any] = {"frequency": self.frequencies}
        named = {"impedance": self.impedance} | {f"{name} part": z for name, z in self.groups().items()}
        for kind, group in self.parts.groups.items():
            named |= {f"{kind} of {name}": z * self.assembly.area for name, z in group.items()}
        for name, values in named.items():
            found |= {f"{name}_real": values.real, f"{name}_imaginary": values.imag}
        return {name: tuple(float(x) for x in values) for name, values in found.items()}


class ImpedanceSession(Session):
    """A study with an impedance on one mesh: as any other, with a spectrum at its operating point."""

    def __init__(self, study: Study, comm: Any, scale: float, progress: Progress, *rest_: Any) -> None:
        super().__init__(study, comm, scale, progress, *rest_)
        assert study.impedance is not None
        self.words = study.impedance
        self._spectrum: Spectrum | None = None
        self._posed: list[Any] = []

    def solve_at(self, current: float | None) -> Solved:
        """As `Session.solve_at`; concentrations and interphases stay as they are at the beginning."""
        self._forget()
        if current is None or not _stores(self.model):
            return super().solve_at(current)
        start = time.perf_counter()
        working = self.model.terminals[self.study.operation.working_electrode or ""]
        rest(self.model, working, self.study.solver.method, current * self.study.geometry.area)
        self.assembly.renew()
        self.timer.add("solve", start)
        point = self.point()
        return Solved(point, evaluate(point), charge_balances(self.assembly) + force_balances(self.assembly))

    def point(self, assembly: Assembly | None = None) -> Point:
        """The present state, with its spectrum."""
        made = super().point(assembly)
        made.spectrum = self.spectrum
        return made

    def spectrum(self) -> Spectrum:
        """Spectrum at the present operating point, or at the current that the study names."""
        if self._spectrum is None:
            with self.timer.phase("impedance"):
                self._spectrum = self._solve_spectrum()
        return self._spectrum

    def _solve_spectrum(self) -> Spectrum:
        study, area = self.study, self.study.geometry.area
        name = study.operation.working_electrode or ""
        model, solver, assembly = self.model, self.solver, self.assembly
        if self.words.at is not None or not model.terminals[name].unknown:
            current = super().point().current if self.words.at is None else self.words.at.density(area)
            model, solver = self._pose(current)
            self._posed.append(solver)
            working = model.terminals[name]
            if _stores(model):
                rest(model, working, study.solver.method, current * area)
            else:
                solver.solve()
            assembly = type(self.assembly)(model, solver, area) if self.coarse is None else self.assembly
        working = model.terminals[name]
        stage = next(s for s in solver.stages if working in s.numbers)
        response = FrequencyResponse(
            model, working, self.words.frequencies, stage, study.solver.method, tolerance=TOLERANCE
        )
        return Spectrum(response, assembly, self.words)

    def _forget(self) -> None:
        if self._spectrum is not None:
            self._spectrum.response.destroy()
            self._spectrum = None
        for solver in self._posed:
            solver.destroy()
        self._posed = []

    def solve_from(self, other: Session, current: float | None) -> Mapping[str, Any]:
        """As `Session.solve_from`."""
        self._forget()
        return super().solve_from(other, current)

    def series(self) -> dict[str, tuple[float, ...]]:
        """Spectrum, its parts and its Kramers-Kronig residuals over the frequency."""
        spectrum = self.spectrum()
        report = spectrum.response.report
        self.remarks = (
            *self.remarks,
            f"impedance: {len(spectrum.frequencies)} frequencies from {len(report.shifts)} linear solves"
            f" ({report.linear_iterations} iterations); the last one changed it by {report.change:.1e}",
        )
        return spectrum.series()

    def write_more(self, folder: Path) -> dict[str, str]:
        """Table of relaxation times, and the fields at the frequencies that the study names. Collective."""
        spectrum = self.spectrum()
        write_relaxation(spectrum.relaxation, folder / RELAXATION, self.comm)
        files = {RELAXATION: "distribution of relaxation times"}
        for frequency in self.words.maps:
            written = units.format(frequency, "frequency")
            name = f"fields-at-{written.replace(' ', '-')}"
            write_map(spectrum.splitter, folder / name, frequency, self.study.geometry.area)
            files[name] = f"potentials and current densities at {written} for ParaView (fields.pvd)"
        return files

    def destroy(self) -> None:
        """Free PETSc objects."""
        self._forget()
        super().destroy()


def _stores(model: Any) -> bool:
    return any(f.kind in STORING for f in model.fields)


def write_relaxation(found: Relaxation, path: Path, comm: Any) -> None:
    """Table of a distribution of relaxation times; an error of rank 0 is raised on all. Collective."""

    def write() -> None:
        rows = [f"{t:.9g},{g:.9g}" for t, g in zip(found.times, found.density, strict=True)]
        path.write_text("\n".join(["tau [s],gamma [ohm m^2]", *rows]) + "\n", encoding="utf-8")

    together(comm, write if comm.rank == 0 else None)


def component(value: complex, which: str) -> float:
    """Real or imaginary part, or the modulus."""
    if which == "modulus":
        return abs(value)
    return value.real if which == "real" else value.imag


def arc(spectrum: Spectrum, number: int) -> Mapping[str, float]:
    """Resistance and frequency of an arc, counted from high frequencies; not a number where there is none."""
    arcs = spectrum.relaxation.arcs
    if number > len(arcs):
        return {"resistance": float("nan"), "frequency": float("nan")}
    found = arcs[number - 1]
    return {"resistance": found.resistance, "frequency": found.frequency}
