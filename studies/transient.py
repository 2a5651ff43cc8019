"""A study in time on one mesh: the run of its protocol, what is recorded of it, and checkpoints to go on from."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fem.observe.assembly import Assembly
from fem.output import checkpoint
from fem.solve.bonds import BondSettings
from fem.solve.cracking import CrackSettings
from fem.solve.ledger import Ledger
from fem.solve.transient import Point as TimePoint
from fem.solve.transient import Position, TimeSettings, Transient
from studies.breaking import CrackedRun, break_flaws
from studies.build import build_model
from studies.errors import InputError
from studies.evaluate import Point, evaluate
from studies.parting import PartedRun
from studies.progress import Progress, remaining_time
from studies.schema.protocol_steps import build_protocol, nominal_capacity
from studies.solving import Timer, make_mesh
from studies.space_charge.injection import injected
from studies.spectra import Instants, Spectra, kept
from studies.stored import Stored
from studies.units import format

if TYPE_CHECKING:
    from meshes.tagged import TaggedMesh
    from studies.impedance import Spectrum
    from studies.schema import Study

__all__ = ["COLUMNS", "Recorded", "TransientSession"]

LONGER = 2.0
"""Where another tolerance is asked for, to learn the error in time, the longest step grows by this."""
COLUMNS = ("time", "protocol_step", "cell_voltage", "cell_current", "charge")
"""Columns that every series in time has: s, number of the step of the protocol from 0, V, A/m^2, C/m^2."""


@dataclass
class _Stages:
    """What an `Assembly` wants of a solver: the stages of the run, and those that only follow."""

    run: Transient

    @property
    def stages(self) -> list[Any]:
        return [self.run.stage, *(newton.stage for newton in self.run._others.values())]


@dataclass
class Recorded:
    """The series in time.

    Attributes:
        columns: name -> one value per recorded time.
        ends: index of the last recorded time of every step of the protocol, and why it ended.
        between: indices of the times that lie within a time step, because an impedance was wanted there.
        spectra: impedances so far (`studies.spectra.kept`).
    """

    columns: dict[str, list[float]] = field(default_factory=dict)
    ends: list[tuple[int, str]] = field(default_factory=list)
    between: list[int] = field(default_factory=list)
    spectra: list[dict[str, Any]] = field(default_factory=list)

    def add(self, values: Mapping[str, float]) -> None:
        """One recorded time."""
        for name, value in values.items():
            self.columns.setdefault(name, []).append(value)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    @property
    def last_step(self) -> int | None:
        """Index of the last recorded time that is the end of a time step."""
        return next((k for k in reversed(range(len(self))) if k not in self.between), None)

    @property
    def last(self) -> dict[str, float]:
        """Values at the last recorded time."""
        return {name: column[-1] for name, column in self.columns.items()}


class TransientSession:
    """A study in time on one mesh.

    Args:
        study: checked study with a protocol.
        comm: communicator; everything is collective.
        scale: factor on all cell sizes.
        progress: told what happens.
        tolerance: of a time step, with longer steps at most (`LONGER`); None: that of the study.
        tagged: the mesh; None: made from the study.
        instants: whether impedances are computed wherever the study wants them, and not at the end alone.
    """

    def __init__(
        self,
        study: Study,
        comm: Any,
        scale: float,
        progress: Progress,
        tolerance: float | None = None,
        tagged: TaggedMesh | None = None,
        instants: bool = True,
    ) -> None:
        operation, words = study.operation, study.time
        assert operation.protocol is not None
        assert words is not None
        self.study, self.comm, self.progress = study, comm, progress
        self.timer = Timer()
        if tagged is None:
            with progress.phase("mesh"), self.timer.phase("mesh"):
                tagged = make_mesh(study, comm, scale, progress)
        self.tagged = tagged
        area = study.geometry.area
        capacity = nominal_capacity(operation.capacity, area)
        self.protocol = build_protocol(
            operation.protocol, area, capacity, words, operation.stop_when, operation.stack_pressure or 0.0
        )
        posed, self.remarks = injected(study, comm)
        self.instants, self.spectra = Instants.none(), None
        if study.impedance is not None:
            self.spectra = Spectra(posed, tagged)
            if instants:
                self.instants = Instants.of(study.impedance, self.protocol)
        with progress.phase("model"), self.timer.phase("model"):
            # what only matters at high frequencies stays out of the run
            self.model = build_model(posed.model_copy(update={"impedance": None}), tagged, 0.0)
            longer = 1.0 if tolerance is None else LONGER
            settings = TimeSettings(
                tolerance=words.tolerance if tolerance is None else tolerance,
                initial_step=words.initial_step,
                largest_step=None if words.largest_step is None else longer * words.largest_step,
                largest_share=longer * TimeSettings.largest_share,
            )
            self.run = Transient(
                self.model,
                self.protocol,
                operation.working_electrode or "" if self.model.terminals else None,
                area,
                settings,
                study.solver.method,
                boundary=self._boundary,
                instants=self.instants.times,
                cracks=self._cracks(),
                bonds=BondSettings(study.mechanics.loading.smallest_step, unit=self.protocol.duration),
            )
            self.cracked: CrackedRun | PartedRun | None = None
            if self.run.cracking is not None:
                self.cracked = CrackedRun(self.run.cracking)
        self.assembly = Assembly(self.model, _Stages(self.run), area)  # type: ignore[arg-type]
        self.recorded = Recorded()
        self.ledger = self._ledger()
        if self.ledger is not None:
            self.model.histories.append(self.ledger)
        if self.ledger is not None and self.run.parting is not None:
            self.cracked = PartedRun(self.run.parting, self.ledger)
        cracking = self.run.cracking
        self.stored = Stored(self.assembly, self.ledger, None if cracking is None else cracking.breaking.account)
        self.snapshots = 0
        self._keep: tuple[Path, float] | None = None
        self._kept = self._begun = time.perf_counter()
        self._resumed_at = 0.0

    @property
    def cells(self) -> int:
        """Number of cells of the mesh."""
        return int(self.tagged.mesh.topology.index_map(self.tagged.mesh.topology.dim).size_global)

    def _ledger(self) -> Ledger | None:
        """Where work must be what is stored and what is dissipated, and damage has no account of its own."""
        parting = self.run.parting
        if parting is not None:
            return Ledger(self.model, parting.book)
        return Ledger(self.model) if self.model.creeps and self.model.damage is None else None

    def _cracks(self) -> CrackSettings | None:
        """How damage and time steps go together; breaks the flaws of the study."""
        if self.model.damage is None:
            return None
        break_flaws(self.study, self.model)
        given = self.study.mechanics.loading
        return CrackSettings(given.largest_change, given.smallest_step)

    # ------------------------------------------------------------------ checkpoints
    def keep_in(self, folder: Path) -> None:
        """Write checkpoints into `folder` from time to time."""
        assert self.study.time is not None
        self._keep = folder, self.study.time.checkpoint_every

    def _boundary(self, position: Position) -> None:
        """The moment between two legs, when the state is complete: write a checkpoint if one is due."""
        if self._keep is None:
            return
        due = self.comm.bcast(time.perf_counter() - self._kept >= self._keep[1])
        if due:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Write the state between two legs, and what has been recorded so far (collective)."""
        assert self._keep is not None
        with self.timer.phase("checkpoints"):
            functions = self._stored_functions()
            numbers = {n.name: n.value for n in self.model.numbers}
            meta = {
                "study": self.study.hash,
                "position": asdict(self.run.position),
                "columns": self.recorded.columns,
                "ends": self.recorded.ends,
                "between": self.recorded.between,
                "spectra": self.recorded.spectra,
                "stored": self.stored.first,
                "ledger": None if self.ledger is None else self.ledger.kept(),
                "snapshots": self.snapshots,
                "report": _counters(self.run.report),
                "cracks": None if self.cracked is None else [self.cracked.times, self.cracked.energies],
            }
            checkpoint.write(self._keep[0], functions, numbers, meta, self.comm)
        self._kept = time.perf_counter()

    def _stored_functions(self) -> dict[str, Any]:
        """name -> function of everything that a later run needs: unknown fields and histories."""
        functions = {f.name: f.function for f in self.model.fields}
        functions |= {c.name: c.function for c in self.model.creeps.values()}
        for history in self.model.histories:
            functions |= history.functions()
        return functions

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint (collective).

        Raises:
            InputError: it belongs to another study. CheckpointError: it is damaged or belongs to another mesh.
        """
        self.check_same_study(self.study, path)
        functions = self._stored_functions()
        numbers, meta = checkpoint.read(path, functions, self.comm, [n.name for n in self.model.numbers])
        for number in self.model.numbers:
            number.value = numbers[number.name]
        self.recorded = Recorded(
            {name: list(column) for name, column in meta["columns"].items()},
            [(int(k), str(why)) for k, why in meta["ends"]],
            [int(k) for k in meta["between"]],
            list(meta["spectra"]),
        )
        self.stored.first = dict(meta["stored"])
        self.snapshots = int(meta["snapshots"])
        if self.cracked is not None:
            self.cracked.times, self.cracked.energies = (list(column) for column in meta["cracks"])
        for key, value in meta["report"].items():
            setattr(self.run.report, key, value)
        position = Position(**meta["position"])
        self.run.restore(position)
        if self.ledger is not None:
            self.ledger.go_on(meta["ledger"])
        self._resumed_at = position.begun + position.time

    @staticmethod
    def check_same_study(study: Study, path: Path) -> None:
        """Refuse a checkpoint of another study.

        Raises:
            InputError: it is one.
        """
        if checkpoint.contents(path).meta.get("study") != study.hash:
            message = f"{path.parent} holds an unfinished run of another study (or of this one before it was changed)"
            raise InputError.single(message + "; remove it to start anew", path="--resume")

    # ------------------------------------------------------------------ run
    def points(self, say: Callable[[str], None] | None = None) -> Iterator[TimePoint]:
        """Run the protocol; yields what has just been recorded: the state of the model is that of the point.

        What is recorded within time steps is not yielded: no balances hold there.
        """
        last, step = self._last_recorded()
        for point in self.run.points():
            if say is not None:
                say(self._where(point))
            if step != point.step:
                last, step = -1.0, point.step
            if point.between:
                self._record(point)
                continue
            interval = self.protocol.steps[point.step].record
            due = interval is None or last < 0.0 or point.since - last >= interval * (1.0 - 1e-9)
            if not (due or point.ended or self.jumped() or self.instants.hold(point)):
                continue
            last = point.since
            self._record(point)
            yield point
        self._complete()

    def _last_recorded(self) -> tuple[float, int]:
        """Time since its step began, and the step, of what was recorded last; negative where there is nothing."""
        at, columns, last = self.run.position, self.recorded.columns, self.recorded.last_step
        if last is None or int(columns["protocol_step"][last]) != at.step or at.next_step is None:
            return -1.0, -1
        return columns["time"][last] - at.begun, at.step

    def _record(self, point: TimePoint) -> None:
        found = self._spectrum(point) if self.instants.hold(point) else None
        with self.timer.phase("quantities"):
            self.assembly.renew()
            if self.model.mechanics is not None:
                self.run.follow()
            if not self.stored.first:
                self.stored.begin(point.charge)
            if self.cracked is not None:
                self.cracked.recorded(point.time)
            values = dict(
                zip(COLUMNS, (point.time, float(point.step), point.voltage, point.current, point.charge), strict=True)
            )
            self.recorded.add(values | evaluate(self._point(point, found)))
            index = len(self.recorded) - 1
            if point.ended:
                self.recorded.ends.append((index, point.ended))
            if point.between:
                self.recorded.between.append(index)

    def _point(self, point: TimePoint, found: Spectrum | None) -> Point:
        nothing = float("nan")
        spectrum = None if found is None else lambda: found
        return Point(
            self.study,
            self.assembly,
            point.current,
            point.voltage,
            nothing,
            lambda: nothing,
            spectrum,
            point,
            self.cracked,
        )

    def _spectrum(self, point: TimePoint) -> Spectrum:
        assert self.spectra is not None
        with self.timer.phase("impedance"):
            found = self.spectra.at(self.model)
            self.recorded.spectra.append(kept(found, point))
        return found

    def _complete(self) -> None:
        """The impedance at the end of the run, unless it is there: the quantities of a study are those of its end."""
        spectra, columns = self.recorded.spectra, self.recorded.columns
        if self.spectra is None or not columns or (spectra and spectra[-1]["time"] == columns["time"][-1]):
            return
        time_, step, voltage, current, charge = (columns[name][-1] for name in COLUMNS)
        name, ended = self.protocol.steps[int(step)].name, self.recorded.ends[-1][1]
        point = TimePoint(time_, int(step), name, 0.0, voltage, current, charge, 0.0, ended)
        found = self._spectrum(point)
        values = evaluate(self._point(point, found))
        for label in columns.keys() & values.keys():
            if self.study.spec(label).needs_impedance:
                columns[label][-1] = values[label]

    def _where(self, point: TimePoint) -> str:
        """Simulated time, step and an estimate of what remains, in words."""
        total, done = self.protocol.duration, point.time
        left = self.protocol.remaining(point.step, point.since)
        text = (
            f"{format(done, 'time', 3)} of at most {format(done + left, 'time', 3)}, step {point.step + 1} of"
            f" {len(self.protocol.steps)} ({point.name}), {format(point.voltage, 'potential', 4)}"
        )
        spent = time.perf_counter() - self._begun
        passed = total - left - self._resumed_at
        return text + remaining_time(spent, passed, left)

    def jumped(self) -> bool:
        """Whether cracks or bonds have just jumped."""
        if self.run.parting is not None:
            return self.run.parting.jumped
        point = None if self.run.cracking is None else self.run.cracking.point
        return point is not None and point.jumped

    def values(self) -> dict[str, float]:
        """Quantities of the study at the last recorded time, by label."""
        return {request.label: self.recorded.last[request.label] for request in self.study.quantities}

    def destroy(self) -> None:
        """Free PETSc objects."""
        self.run.destroy()
        if self.spectra is not None:
            self.spectra.destroy()


def _counters(report: Any) -> dict[str, int]:
    keys = ("steps", "rejected", "failed", "broken", "jumps", "newton_iterations", "linear_iterations", "legs")
    return {key: int(getattr(report, key)) for key in keys}
