"""Runs a study in time: protocol, series, error bars in space and time, balances, checks, fields and pictures."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fem.output.checkpoint import latest
from studies.errors import InputError
from studies.progress import Progress, Silent
from studies.provenance import provenance
from studies.results import (
    Balance,
    QuantityValue,
    Results,
    SolverReport,
    keep_results,
    results_folder,
)
from studies.time_outputs import TimeOutputs
from studies.transient import TransientSession

if TYPE_CHECKING:
    from studies.schema import Study

__all__ = ["run_transient", "solve_transient", "work_folder"]

COARSER = 10.0
"""The error in time is the difference to a run with a tolerance this many times larger and twice the longest step."""


def work_folder(out: Path) -> Path:
    """Where an unfinished run of a study keeps what it needs to go on: beside its results."""
    return out.absolute().with_name(f"{out.absolute().name}.unfinished")


def solve_transient(study: Study, comm: Any, scale: float, progress: Progress, tolerance: float | None = None) -> Any:
    """Quantities (SI, by label) at the end of the protocol on a mesh with all sizes times ``scale``."""
    if study.void_layer is not None:
        from studies.void_evolution.running import solve_voids

        return solve_voids(study, comm, scale, progress)
    session = TransientSession(study, comm, scale, progress, tolerance, instants=False)
    try:
        for _ in session.points(progress.status):
            pass
        return session.values()
    finally:
        session.destroy()


def run_transient(study: Study, out: Path | None, comm: Any, progress: Progress, resume: bool = False) -> Results:
    """Run a checked study with a protocol and leave its results folder; see `studies.runner.run`.

    Args:
        study, out, comm, progress: as for `studies.runner.run`.
        resume: go on from the last checkpoint of a run into the same folder that was interrupted.

    Raises:
        InputError: an unfinished run is in the way, or it belongs to another study.
    """
    if study.void_layer is None:
        once = _run
    else:
        from studies.void_evolution.running import run_voids as once
    if out is None:
        return once(study, None, None, comm, progress, None)
    work = work_folder(out)
    found = _unfinished(study, work, comm, resume)
    if resume and found is None:
        progress.note("no checkpoint: the run begins at the beginning")
    with results_folder(out, comm) as folder:
        results = once(study, folder, work, comm, progress, found)
    if comm.rank == 0:
        shutil.rmtree(work, ignore_errors=True)
    return results


def _unfinished(study: Study, work: Path, comm: Any, resume: bool) -> Path | None:
    """The checkpoint to go on from; raises on all ranks alike."""
    outcome: Path | Exception | None = None
    if comm.rank == 0:
        try:
            outcome = latest(work / "checkpoints") if work.is_dir() else None
            if outcome is not None and not resume:
                message = f"an unfinished run is kept in {work}: go on with --resume, or remove that folder"
                raise InputError.single(message, path="--out")
            if outcome is not None:
                TransientSession.check_same_study(study, outcome)
            if outcome is None:
                shutil.rmtree(work, ignore_errors=True)
        except Exception as error:
            outcome = error
    outcome = comm.bcast(outcome)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _run(
    study: Study, folder: Path | None, work: Path | None, comm: Any, progress: Progress, found: Path | None
) -> Results:
    from studies import runner

    start = time.perf_counter()
    with progress.phase(study.study):
        session = TransientSession(study, comm, 1.0, progress)
        if found is not None:
            session.resume(found)
        outputs = None
        if work is not None:
            session.keep_in(work / "checkpoints")
            steps, frames = len(session.protocol.steps), study.time.frames if study.time is not None else None
            interval = None if frames is None else session.protocol.duration / frames
            outputs = TimeOutputs(study, session.model, work, steps, session.snapshots, interval, session.jumped)
        worst: dict[str, Balance] = {}
        with progress.phase("solve"):
            for point in session.points(progress.status):
                session.stored.remember_current(point.current)
                for name, item in session.stored.balances(point.charge, point.length).items():
                    if name not in worst or item.relative > worst[name].relative:
                        worst[name] = item
                if outputs is not None and outputs.wanted(point):
                    with session.timer.phase("fields"):
                        outputs.add(point)
                    session.snapshots = outputs.count
        series = {name: tuple(column) for name, column in session.recorded.columns.items()}
        files: dict[str, str] = {}
        if outputs is not None and folder is not None:
            with progress.phase("pictures"), session.timer.phase("pictures"):
                outputs.move_to(folder)
                files = outputs.finish(folder, series, session.recorded.spectra, progress)
        values = session.values()
        quantities = _with_errors(study, values, comm, progress, session)
    report = session.run.report
    results = Results(
        study=study.study,
        title=study.title,
        quantities=quantities,
        balances=worst,
        solver=SolverReport(
            dofs=_unknowns(session),
            cells=session.cells,
            newton_iterations=report.newton_iterations,
            linear_iterations=report.linear_iterations,
            method=report.linear_solver,
            wall_seconds={**session.timer.seconds, "total": time.perf_counter() - start},
            peak_memory_bytes=runner._peak_memory(comm),
            ranks=comm.size,
            notes=(*session.tagged.remarks, *_told(session), *report.notes),
        ),
        checks=runner._checks(study, values),
        provenance=provenance(study),
        series=series,
        spectra=tuple(session.recorded.spectra),
        files=files,
    )
    session.destroy()
    keep_results(results, study, folder, comm)
    return results


def _unknowns(session: TransientSession) -> int:
    stage = session.run.stage
    return sum(f.global_size() for f in stage.fields) + len(stage.numbers)


def _told(session: TransientSession) -> list[str]:
    """What the run cost in time steps, and how its steps ended."""
    report, protocol, ends = session.run.report, session.protocol, session.recorded.ends
    told = [
        f"{report.steps} time steps, {report.rejected} taken back as too long, {report.failed} that did not converge"
    ]
    if session.run.cracking is not None:
        told.append(_told_of_cracks(session))
    if session.run.parting is not None and session.run.parting.bonds:
        told.append(f"{report.broken} time steps taken back because too much broke")
    if report.jumps:
        told.append(f"bonds jumped at fixed instants: {report.jumps} states; what that released counts as dissipated")
    early = [
        f"{protocol.steps[int(session.recorded.columns['protocol_step'][k])].name}: {why}"
        for k, why in ends
        if why != "duration"
    ]
    if early:
        told.append("steps ended by a condition: " + "; ".join(early[:20]) + (" ..." if len(early) > 20 else ""))
    if len(ends) < len(protocol.steps):
        told.append(f"the protocol ended after {len(ends)} of {len(protocol.steps)} steps")
    told += session.remarks
    if session.spectra is not None and session.spectra.solves:
        told.append(session.spectra.remark)
    return told


def _told_of_cracks(session: TransientSession) -> str:
    cracking = session.run.cracking
    assert cracking is not None
    assert cracking.point is not None
    told = f"{session.run.report.broken} time steps taken back because too much broke"
    if cracking.jumps:
        lost = max(cracking.point.lost, 0.0) / max(abs(cracking.point.work), 1e-300)
        told += f"; cracks jumped in {cracking.jumps} steps, {100 * lost:.3g} % of the work was lost"
    return told


def _with_errors(
    study: Study, values: Mapping[str, float], comm: Any, progress: Progress, session: TransientSession
) -> dict[str, QuantityValue]:
    """Error bars of a mesh family, and on top of them of the time steps."""
    from studies import runner

    made: Any = _Values(values)
    found = runner._with_errors(study, made, comm, progress, session)  # type: ignore[arg-type]
    if study.mesh.error_estimate == "none" or study.time is None:
        return found
    with progress.phase("error of the time steps"), session.timer.phase("error bars"):
        loose = solve_transient(study, comm, 1.0, Silent(), min(COARSER * study.time.tolerance, 0.3))
    for label, value in found.items():
        difference = abs(loose[label] - value.value)
        if not np.isfinite(difference):
            continue
        kind = f"{value.error_kind} + time steps" if value.error_kind else "time steps"
        orderless = value.error_kind is not None and value.error_kind.endswith(("divergent", "oscillatory"))
        if orderless and (value.error or 0.0) <= 2 * difference:
            # meshes differ because their time steps do: an order in the mesh size means nothing
            kind = "time steps, on the meshes of a family"
        found[label] = replace(value, error=(value.error or 0.0) + difference, error_kind=kind)
    return found


class _Values:
    """Values as `studies.runner` wants them of a solved point."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self.values = values
