"""Runs a study: operating points, error bars, balances, checks, pictures, and the folder that holds them."""

from __future__ import annotations

import resource
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fem.observe.balances import Imbalance
from meshes.problems import MeshProblem
from studies import fracture
from studies.adaptive import Adapted, adapt
from studies.converge import RATIO, Family, mesh_family
from studies.errors import InputError, SolveError
from studies.outputs import Outputs, write_mesh
from studies.provenance import provenance
from studies.results import (
    Balance,
    CheckOutcome,
    QuantityValue,
    Results,
    SolverReport,
    keep_results,
    results_folder,
    write_json,
)
from studies.solving import Session, Solved, make_mesh, open_session

if TYPE_CHECKING:
    from studies.progress import Progress
    from studies.schema import Study

BALANCE_LIMIT = 1e-9


def solve(study: Study, comm: Any, scale: float, progress: Progress) -> dict[str, float]:
    """Quantities (SI, by label) at the last operating point on a mesh with all sizes times ``scale``.

    Raises:
        SolveError, ConvergenceError, MeshError: see there.
    """
    if study.operation.protocol is not None:
        from studies.transient_results import solve_transient

        return dict(solve_transient(study, comm, scale, progress))
    session = open_session(study, comm, scale, progress)
    try:
        # the error bars of a curve are those of its last point
        return dict(session.solve_at(session.currents[-1]).values)
    finally:
        session.destroy()


def run(study: Study, out: Path | None, comm: Any, progress: Progress, resume: bool = False) -> Results:
    """Run a study and leave its results folder.

    Args:
        study: checked study.
        out: results folder, made whole at the end; None: write nothing.
        comm: communicator; collective. Every rank gets the same results.
        progress: told what happens.
        resume: of a study in time: go on from its last checkpoint.

    Raises:
        InputError: the folder cannot be written. SolveError: no solution.
    """
    if study.operation.protocol is not None:
        from studies.transient_results import run_transient

        return run_transient(study, out, comm, progress, resume)
    if resume:
        progress.note("nothing to resume: this study has no protocol in time")
    if out is None:
        return _run(study, None, comm, progress)
    with results_folder(out, comm) as folder:
        return _run(study, folder, comm, progress)


def _run(study: Study, folder: Path | None, comm: Any, progress: Progress) -> Results:
    start = time.perf_counter()
    if study.void_layer is not None:
        from studies.void_evolution.thresholds import run_thresholds

        return run_thresholds(study, folder, comm, progress)
    if study.space_charge is not None:
        from studies.space_charge.running import run_space_charge

        return run_space_charge(study, folder, comm, progress)
    with progress.phase(f"{study.study}"):
        adapted: Adapted | None = None
        if study.mesh.tolerance is not None:
            with progress.phase("refinement"):
                adapted = adapt(study, comm, progress)
            session = adapted.session
            session.timer.add("refinement", start)
        else:
            session = open_session(study, comm, 1.0, progress)
        history: list[Mapping[str, float]] = []
        worst: dict[str, Balance] = {}
        solved: Solved | None = None
        outputs = Outputs(study, session, folder) if folder is not None else None
        with progress.phase("solve"):
            for solved in session.points():
                history.append(solved.values)
                _keep_worst(worst, solved.balances)
                if outputs is not None:
                    with session.timer.phase("fields"):
                        outputs.add(solved)
        assert solved is not None
        series = _series(study, history) if len(history) > 1 else session.series()
        files: dict[str, str] = {}
        if outputs is not None and folder is not None:
            with progress.phase("pictures"), session.timer.phase("pictures"):
                files = outputs.finish(series, progress) | session.write_more(folder)
        if adapted is not None:
            quantities = _with_bars(study, solved, adapted)
        else:
            quantities = _with_errors(study, solved, comm, progress, session)
    report = session.solver.report
    results = Results(
        study=study.study,
        title=study.title,
        quantities=quantities,
        balances=worst,
        solver=SolverReport(
            dofs=session.solver.dofs,
            cells=session.cells,
            newton_iterations=report.newton_iterations,
            linear_iterations=report.linear_iterations,
            method="; ".join(f"{k}: {v}" for k, v in report.linear_solver.items()),
            wall_seconds={**session.timer.seconds, "total": time.perf_counter() - start},
            peak_memory_bytes=_peak_memory(comm),
            ranks=comm.size,
            notes=(
                *session.tagged.remarks,
                *session.remarks,
                *report.notes,
                *fracture.closed_cracks(session.assembly),
                *(adapted.notes if adapted is not None else ()),
            ),
        ),
        checks=(*_checks(study, solved.values), *(adapted.checks(study) if adapted is not None else ())),
        refinement=tuple(adapted.history) if adapted is not None else (),
        provenance=provenance(study),
        series=series,
        files=files,
    )
    session.destroy()
    keep_results(results, study, folder, comm)
    return results


def _with_bars(study: Study, solved: Solved, adapted: Adapted) -> dict[str, QuantityValue]:
    """Every quantity with the error bar that it has on the mesh that refinement ended with."""
    found = {}
    for label, value in solved.values.items():
        error, kind = adapted.errors.get(label, (None, None))
        found[label] = QuantityValue(value, study.spec(label).unit, error, kind, study.spec(label).name)
    return found


def _with_errors(
    study: Study, solved: Solved, comm: Any, progress: Progress, session: Session
) -> dict[str, QuantityValue]:
    """Every quantity with its error bar from a mesh family whose finest member is the study's own mesh."""
    if study.mesh.error_estimate == "none":
        return {
            label: QuantityValue(value, study.spec(label).unit, None, None, study.spec(label).name)
            for label, value in solved.values.items()
        }
    start = time.perf_counter()
    finite = {k: v for k, v in solved.values.items() if np.isfinite(v)}
    kept = study.model_copy(update={"quantities": [r for r in study.quantities if r.label in finite]})

    def solve_at(scale: float) -> Mapping[str, float]:
        return solve(kept, comm, scale, progress)

    family: Family | None = None
    levels = study.mesh.levels
    with progress.phase("error bars"):
        while family is None and levels > 1:
            try:
                family = mesh_family(kept, solve_at, levels, RATIO, progress, finest=finite)
            except MeshProblem:  # a coarser member cannot carry the films: fewer members
                levels -= 1
    if family is None:
        why = "coarser meshes cannot resolve the thin layers; see mesh.refinement"
        if study.geometry.mesh is not None:
            why = "a mesh file has no coarser meshes; mesh.tolerance gives error bars"
        elif study.geometry.image is not None:
            why = "coarser meshes cannot carry the image; see mesh.bulk, or mesh.tolerance"
        progress.note(f"no error bars: {why}")
    session.timer.add("error bars", start)
    found = {}
    for label, value in solved.values.items():
        spec = study.spec(label)
        if label not in finite or family is None:
            found[label] = QuantityValue(value, spec.unit, None, None, spec.name)
            continue
        fit = family.column(label).fit
        kind = {"exact": "mesh family, same on all meshes"}.get(fit.kind, f"mesh family, {fit.kind}")
        found[label] = QuantityValue(value, spec.unit, fit.error, kind, spec.name)
    return found


def _keep_worst(worst: dict[str, Balance], balances: list[Imbalance]) -> None:
    for item in balances:
        made = Balance(item.residual, item.scale, BALANCE_LIMIT, item.unit)
        if item.name not in worst or made.relative > worst[item.name].relative:
            worst[item.name] = made


def _checks(study: Study, values: Mapping[str, float]) -> tuple[CheckOutcome, ...]:
    return tuple(
        CheckOutcome(
            e.label,
            values[e.label],
            e.expected,
            e.tolerance,
            study.spec(e.label).unit,
            e.source,
            e.relative,
        )
        for e in study.expectations()
    )


def _series(study: Study, history: list[Mapping[str, float]]) -> dict[str, tuple[float, ...]]:
    columns: dict[str, tuple[float, ...]] = {"applied_current": study.current_densities}
    for label in history[0]:
        columns[label] = tuple(point[label] for point in history)
    return columns


def _peak_memory(comm: Any) -> int:
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return int(comm.allreduce(own))


def mesh(study: Study, out: Path | None, comm: Any, progress: Progress, store: Path | None = None) -> dict[str, Any]:
    """Mesh a study alone: facts about the mesh, the mesh for ParaView and a picture; the mesh itself into `store`.

    Raises:
        MeshError: no mesh. InputError: the folder cannot be written.
    """
    from meshes.quality import report

    if study.void_layer is not None:
        message = "has no mesh of its own: that of the lithium follows its voids (ssbfem run)"
        raise InputError.single(message, path="geometry.layers")
    with progress.phase("mesh"):
        tagged = make_mesh(study, comm, progress=progress)
    facts = report(tagged)
    if store is not None:
        tagged.write(store)
    if out is not None:
        with results_folder(out, comm) as folder:
            write_mesh(study, tagged, folder, progress)
            if comm.rank == 0:
                write_json(folder / "mesh.json", asdict(facts))
    return asdict(facts)


__all__ = ["SolveError", "mesh", "run", "solve"]
