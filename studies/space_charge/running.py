"""Runs a space-charge study: equilibria, error bars, balances, checks, profiles and pictures."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studies.results import Balance, QuantityValue, Results, SolverReport, keep_results
from studies.space_charge import build
from studies.space_charge.outputs import SpaceChargeOutputs
from studies.space_charge.session import SolvedSpaceCharge, open_space_charge

if TYPE_CHECKING:
    from studies.progress import Progress
    from studies.schema import Study


def run_space_charge(study: Study, folder: Path | None, comm: Any, progress: Progress) -> Results:
    """Run a checked study and fill its results folder; see `studies.runner.run`."""
    from studies import runner
    from studies.provenance import provenance

    start = time.perf_counter()
    with progress.phase(f"{study.study}"):
        session = open_space_charge(study, comm, 1.0, progress)
        history: list[Mapping[str, float]] = []
        worst: dict[str, Balance] = {}
        solved: SolvedSpaceCharge | None = None
        outputs = SpaceChargeOutputs(study, session, folder) if folder is not None else None
        with progress.phase("solve"):
            for solved in session.points():
                history.append(solved.values)
                runner._keep_worst(worst, solved.balances)
                if outputs is not None:
                    outputs.add(solved)
        assert solved is not None
        series = _series(study, history) if len(history) > 1 else {}
        files: dict[str, str] = {}
        if outputs is not None:
            with progress.phase("pictures"), session.timer.phase("pictures"):
                files = outputs.finish(series, progress)
        quantities = _with_errors(study, solved, comm, progress, session)
    cost = session.cost
    results = Results(
        study=study.study,
        title=study.title,
        quantities=quantities,
        balances=worst,
        solver=SolverReport(
            dofs=cost.dofs,
            cells=cost.cells,
            newton_iterations=cost.newton_iterations,
            linear_iterations=cost.linear_iterations,
            method=cost.method,
            wall_seconds={**session.timer.seconds, "total": time.perf_counter() - start},
            peak_memory_bytes=runner._peak_memory(comm),
            ranks=comm.size,
            notes=cost.notes,
        ),
        checks=runner._checks(study, solved.values),
        provenance=provenance(study),
        series=series,
        files=files,
    )
    session.destroy()
    keep_results(results, study, folder, comm)
    return results


def _with_errors(
    study: Study, solved: SolvedSpaceCharge, comm: Any, progress: Progress, session: Any
) -> dict[str, QuantityValue]:
    """Error bars of a mesh family; lattice planes are no approximation of anything finer."""
    from studies import runner

    if build.section(study).mode == "continuum":
        made: Any = solved
        return runner._with_errors(study, made, comm, progress, session)
    found = {}
    for label, value in solved.values.items():
        spec = study.spec(label)
        found[label] = QuantityValue(value, spec.unit, 0.0, "lattice planes, solved to rounding", spec.name)
    return found


def _series(study: Study, history: list[Mapping[str, float]]) -> dict[str, tuple[float, ...]]:
    columns: dict[str, tuple[float, ...]] = {"electrode_potential": build.sweep(study)}
    for label in history[0]:
        columns[label] = tuple(point[label] for point in history)
    return columns
