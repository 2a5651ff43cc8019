"""One study on one mesh: mesh, model, all operating points."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fem.compat import shared_facet_partitioner
from fem.estimate.enriched import curved, transfer
from fem.estimate.recorded import EnrichedRecorder
from fem.model import Model
from fem.observe.assembly import Assembly
from fem.observe.balances import Imbalance, charge_balances, force_balances, power_balance
from fem.observe.homogenised import periodic_balances
from fem.solve.driver import Solver
from fem.solve.newton import NewtonOptions
from meshes.generate import generate
from studies.breaking import BrokenPath
from studies.build import build_model
from studies.evaluate import Point, evaluate, evaluate_recorded
from studies.homogenise import drive, driven_axes, merged
from studies.imported_mesh import imported_mesh
from studies.joints import JointPath
from studies.progress import Silent
from studies.space_charge.injection import injected

if TYPE_CHECKING:
    from meshes.tagged import TaggedMesh
    from studies.progress import Progress
    from studies.schema import Study


@dataclass
class Timer:
    """Wall seconds by phase."""

    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, phase: str, start: float) -> None:
        """Add the time since ``start`` (``time.perf_counter``)."""
        self.seconds[phase] = self.seconds.get(phase, 0.0) + time.perf_counter() - start

    @contextlib.contextmanager
    def phase(self, phase: str) -> Iterator[None]:
        """Add the time of a block."""
        start = time.perf_counter()
        yield
        self.add(phase, start)


@dataclass
class Solved:
    """An operating point that has been solved and read off.

    Attributes:
        point: state, valid until the next point is solved.
        values: label -> SI value.
        balances: conservation laws.
    """

    point: Point
    values: Mapping[str, float]
    balances: list[Imbalance]


def mesh_cache() -> Path:
    """Folder of finished meshes: ``$SSBFEM_MESH_CACHE``, or a folder in the user's cache."""
    given = os.environ.get("SSBFEM_MESH_CACHE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "ssbfem" / "meshes"


def make_mesh(study: Study, comm: Any, scale: float = 1.0, progress: Progress | None = None) -> TaggedMesh:
    """The distributed mesh of a study with all cell sizes times ``scale``; ``progress`` is told what is remarkable."""
    if study.geometry.imported:
        return imported_mesh(study, comm, scale, shared_facet_partitioner(), mesh_cache(), progress)
    sizes = study.sizes().scaled(scale)
    return generate(study.stack(), sizes, comm, shared_facet_partitioner(), cache=mesh_cache())


def open_session(study: Study, comm: Any, scale: float, progress: Progress) -> Any:
    """The session of a study: of currents, of space charge at rest, or of the pressure that keeps voids; all have the
    same methods."""
    if study.void_layer is not None:
        from studies.void_evolution.thresholds import ThresholdSession

        return ThresholdSession(study, comm, progress, scale)
    if study.space_charge is not None:
        from studies.space_charge.session import open_space_charge

        return open_space_charge(study, comm, scale, progress)
    return session_kind(study)(study, comm, scale, progress)


def session_kind(study: Study) -> type[Session]:
    """Session of currents, with a spectrum where the study asks for an impedance."""
    if study.impedance is None:
        return Session
    from studies.impedance import ImpedanceSession

    return ImpedanceSession


class Session:
    """A study on one mesh.

    Args:
        study: checked study.
        comm: communicator; everything is collective.
        scale: factor on all cell sizes.
        progress: told what happens.
        tagged: the mesh; None: made from the study.
        coarse: session that this one enriches; see ``enriched``.
    """

    def __init__(
        self,
        study: Study,
        comm: Any,
        scale: float,
        progress: Progress,
        tagged: TaggedMesh | None = None,
        coarse: Session | None = None,
    ) -> None:
        study, self.remarks = injected(study, comm)
        self.study, self.comm, self.progress, self.coarse = study, comm, progress, coarse
        self.timer = Timer()
        if tagged is None:
            with progress.phase("mesh"):
                start = time.perf_counter()
                tagged = make_mesh(study, comm, scale, progress)
                self.timer.add("mesh", start)
        self.tagged = tagged
        currents = study.current_densities
        self.currents: tuple[float | None, ...] = currents or (None,)
        with progress.phase("model"):
            start = time.perf_counter()
            self.model, self.solver = self._pose(self.currents[0])
            self.timer.add("model", start)
        area = study.geometry.area
        self.assembly: Assembly = (
            Assembly(self.model, self.solver, area)
            if coarse is None
            else EnrichedRecorder(self.model, self.solver, coarse.assembly)
        )
        self._open_circuit: float | None = None
        self.path: BrokenPath | JointPath | None = None
        if self.model.damage is not None:
            self.path = BrokenPath(study, self.model, self.solver)
        elif self.model.joints:
            self.path = JointPath(study, self.model, self.solver)

    def _solve(self) -> None:
        if self.path is None:
            self.solver.solve()
        elif isinstance(self.path, BrokenPath):
            self.path.solve(self.progress)
        else:
            self.path.solve(self.progress, self._read)

    def _read(self) -> Mapping[str, float]:
        """Quantities of the present state, on the way to an operating point."""
        self.assembly.renew()
        return evaluate(self.point())

    def _lead(self, current: float | None) -> None:
        """Bring the loads of a model whose interfaces may part to what they are, with its current: once."""
        if not isinstance(self.path, JointPath) or self.path.points:
            return
        if self._has_cell:
            self._open_circuit = self._plain_equilibrium()
            if current is not None:
                self._set_current(current)
        self._solve()

    def _pose(self, current: float | None) -> tuple[Model, Solver]:
        model = build_model(self.study, self.tagged, current, enriched=self.coarse is not None)
        options = NewtonOptions(rtol=min(self.study.solver.tolerance, 1e-10) / 10)
        return model, Solver(model, self.study.solver.method, options)

    def series(self) -> dict[str, tuple[float, ...]]:
        """Columns of results.json that one operating point has: none without a spectrum or a path of loads."""
        return {} if self.path is None else self.path.series()

    def write_more(self, folder: Path) -> dict[str, str]:
        """Write what belongs to the session beside the fields; file name -> what it shows. Collective."""
        return {}

    @property
    def cells(self) -> int:
        """Number of cells of the mesh."""
        return int(self.tagged.mesh.topology.index_map(self.tagged.mesh.topology.dim).size_global)

    # ------------------------------------------------------------------ enriched
    def enriched(self) -> Session:
        """The study on the same cells with elements of one degree more, which follow round walls."""
        return type(self)(self.study, self.comm, 1.0, Silent(), curved(self.tagged), self)

    def solve_from(self, other: Session, current: float | None) -> Mapping[str, Any]:
        """Quantities at the operating point that ``other``, whose enriched copy this is, has been solved at.

        Returns:
            Label -> SI value: a `Recorded` where it depends on the solution and has a derivative, else a float.
        """
        if self._has_cell:
            self._rest(current)
        transfer(other.model, self.model)
        self.solver.keep_state()
        self.solver.solve()
        self.assembly.renew()
        return evaluate_recorded(self.point())

    # ------------------------------------------------------------------ points
    def points(self) -> Iterator[Solved]:
        """Solve all operating points in order."""
        for k, current in enumerate(self.currents):
            self.progress.step(k, len(self.currents), "operating points")
            yield self.solve_at(current)

    def solve_at(self, current: float | None) -> Solved:
        """Solve one operating point: current density in A/m^2, or None for the prescribed voltage."""
        start = time.perf_counter()
        self._lead(current)
        if self._has_cell:
            self._rest(current)
            if current is not None:
                self._set_current(current)
        before: Mapping[str, float] = {}
        driven = driven_axes(self.study)
        for axis in driven[:-1]:
            drive(self.model, self.study, axis)
            self._solve()
            self.assembly.renew()
            before = merged(before, evaluate(self.point()))
        if driven:
            drive(self.model, self.study, driven[-1])
        self._solve()
        self.assembly.renew()
        self.timer.add("solve", start)
        start = time.perf_counter()
        point = self.point()
        values = merged(before, evaluate(point))
        found = charge_balances(self.assembly) + force_balances(self.assembly) + power_balance(self.assembly)
        found += periodic_balances(self.assembly)
        found += self.path.balances() if self.path is not None else []
        self.timer.add("quantities", start)
        return Solved(point, values, found)

    @property
    def _has_cell(self) -> bool:
        return bool(self.model.terminals)

    def _set_current(self, current: float) -> None:
        assert self.study.operation.working_electrode is not None
        number = self.model.terminals[self.study.operation.working_electrode]
        number.source = current * self.study.geometry.area
        self.solver.fresh_guess()

    def point(self, assembly: Assembly | None = None) -> Point:
        """The present state, to be read off by the session's own assembly or by another one of its model."""
        study, area = self.study, self.study.geometry.area
        assembly = assembly or self.assembly
        if not self._has_cell:
            return Point(study, assembly, 0.0, 0.0, 0.0, lambda: float("nan"), path=self.path)
        working = self.model.terminals[study.operation.working_electrode or ""]
        counter = self.model.terminals[study.counter_electrode]
        current = working.source / area if working.unknown else assembly.number_charge(working) / area
        voltage = assembly.number_value(working) - assembly.number_value(counter)
        rest = float("nan") if self._open_circuit is None else self._open_circuit
        return Point(study, assembly, current, voltage, rest, lambda: self._slope(current), path=self.path)

    def _slope(self, current: float) -> float:
        """dV/di in ohm m^2; a potentiostatic model is posed again with the current that it found."""
        name = self.study.operation.working_electrode or ""
        working = self.model.terminals[name]
        if working.unknown:
            return self.solver.differential_resistance(working) * self.study.geometry.area
        model, solver = self._pose(current)
        self._lead_other(model, solver)
        solver.solve()
        slope = solver.differential_resistance(model.terminals[name]) * self.study.geometry.area
        solver.destroy()
        return slope

    def _lead_other(self, model: Model, solver: Solver) -> None:
        """The same for another model of the study."""
        if model.joints:
            JointPath(self.study, model, solver).solve(Silent())

    def _rest(self, current: float | None) -> None:
        """Find the state at zero current once, if a quantity is measured against it.

        From the equilibrium potentials where nothing leaks and no stress shifts them; else by a solve of its own.
        """
        if self._open_circuit is not None or not any(
            self.study.spec(r.label).needs_current for r in self.study.quantities
        ):
            return
        self._open_circuit = self._plain_equilibrium()
        if self._open_circuit is not None:
            return
        if current is None:  # potentiostatic: the same cell with a free electrode potential
            model, solver = self._pose(0.0)
            self._lead_other(model, solver)
        else:
            model, solver = self.model, self.solver
            self._set_current(0.0)
        solver.solve()
        self.assembly.set_rest(model)
        terminals = model.terminals
        working = terminals[self.study.operation.working_electrode or ""]
        self._open_circuit = working.value - terminals[self.study.counter_electrode].value
        if solver is not self.solver:
            solver.destroy()

    def _plain_equilibrium(self) -> float | None:
        """Difference of the two equilibrium potentials; None where leaks, stress or further electrodes have a say."""
        bodies = self.study.geometry.bodies
        mixed = any(x.conduction == "mixed" for x in bodies)
        if (
            mixed
            or self.study.geometry.imported
            or len(bodies) > len(self.study.geometry.layers)
            or any(not isinstance(s.shift, float | int) for s in self.model.states)
        ):
            return None
        layers = [x.name for x in self.study.geometry.layers]
        potentials = {}
        for name, spec in self.study.interfaces.items():
            if spec.kinetics not in (None, "none") and not self.study.passage(name).between_electrolytes:
                below = name.split("|")[0]
                end = layers[0] if layers.index(below) + 1 < len(layers) / 2 else layers[-1]
                if end in potentials:
                    return None
                potentials[end] = spec.equilibrium_potential or 0.0
        if len(potentials) != 2:
            return None
        working = self.study.operation.working_electrode or ""
        return potentials[working] - potentials[self.study.counter_electrode]

    def destroy(self) -> None:
        """Free PETSc objects."""
        if self.path is not None:
            self.path.destroy()
        self.solver.destroy()
