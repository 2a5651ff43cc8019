"""Runs a study of voids in time: protocol, error bars, balances, checks, tables and pictures."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fem.errors import ConvergenceError, ModelError
from meshes.problems import MeshError
from studies.errors import SolveError
from studies.progress import Progress, Silent
from studies.provenance import provenance
from studies.results import Balance, QuantityValue, Results, SolverReport, keep_results
from studies.void_evolution.outputs import write_outputs
from studies.void_evolution.record import COLUMNS
from studies.void_evolution.session import VoidSession

if TYPE_CHECKING:
    from studies.schema import Study

__all__ = ["COARSER", "LOOSER", "run_voids", "solve_voids", "with_errors"]

COARSER, LOOSER = 1.5, 4.0
"""The error follows from a run with edges this many times longer and a tolerance so many times larger.

Lines of contact make it of first order only: it is the difference over `COARSER` - 1.
"""
KIND = "coarser outlines and time steps"


def solve_voids(study: Study, comm: Any, scale: float, progress: Progress, looser: float = 1.0) -> dict[str, float]:
    """Quantities (SI, by label) at the end of the protocol with all edges times ``scale``."""
    session = VoidSession(study, comm, progress, scale, looser)
    for _ in session.instants():
        pass
    return session.values()


def run_voids(
    study: Study, folder: Path | None, work: Path | None, comm: Any, progress: Progress, found: Path | None
) -> Results:
    """Run a checked study from its beginning, or from the checkpoint ``found``; see `transient_results.run_transient`.

    Args:
        folder: for results. work: for checkpoints.
    """
    start = time.perf_counter()
    seconds: dict[str, float] = {}
    with progress.phase(study.study):
        session = VoidSession(study, comm, progress)
        if found is not None:
            session.resume(found)
        if work is not None:
            session.keep_in(work / "checkpoints")
        with progress.phase("solve"):
            for _ in session.instants():
                pass
        seconds["solve"] = time.perf_counter() - start
        values = session.values()
        files: dict[str, str] = {}
        if folder is not None:
            with progress.phase("pictures"):
                files = write_outputs(study, session, folder, progress)
            seconds["pictures"] = time.perf_counter() - start - seconds["solve"]
        begun = time.perf_counter()
        quantities = with_errors(
            study, values, progress, lambda: solve_voids(study, comm, COARSER, Silent(), LOOSER), KIND
        )
        seconds["error bars"] = time.perf_counter() - begun
    return finished(
        study, folder, comm, values, quantities, session.balances(), series(study, session), files, session.notes,
        size_of(session.evolution.physics), {**seconds, "total": time.perf_counter() - start},
    )  # fmt: skip


def series(study: Study, session: VoidSession) -> dict[str, tuple[float, ...]]:
    """Columns over time: those that every run has, the labels of the study, and the number of voids."""
    columns = session.record.columns
    asked = {request.label: columns[request.name] for request in study.quantities}
    return {name: tuple(column) for name, column in ({k: columns[k] for k in (*COLUMNS, "voids")} | asked).items()}


def size_of(physics: Any) -> tuple[int, int]:
    """Unknowns of the flow and cells of the lithium (collective)."""
    space, mesh = physics.flow.space, physics.body.mesh
    return int(space.dofmap.index_map.size_global * space.dofmap.index_map_bs), int(
        mesh.topology.index_map(mesh.topology.dim).size_global
    )


def with_errors(
    study: Study, values: Mapping[str, float], progress: Progress, coarser: Any, kind: str
) -> dict[str, QuantityValue]:
    """Every quantity with an error bar from a coarser run; without one where that fails, results are results."""
    loose: Mapping[str, float] = {}
    if study.mesh.error_estimate != "none":
        try:
            with progress.phase("error bars"):
                loose = coarser()
        except (ConvergenceError, ModelError, MeshError, SolveError) as failure:
            progress.note(f"no error bars: the coarser run failed: {failure}")
    found = {}
    for label, value in values.items():
        spec, error = study.spec(label), abs(loose.get(label, np.nan) - value) / (COARSER - 1)
        known = bool(np.isfinite(error))
        found[label] = QuantityValue(value, spec.unit, error if known else None, kind if known else None, spec.name)
    return found


def finished(
    study: Study,
    folder: Path | None,
    comm: Any,
    values: Mapping[str, float],
    quantities: Mapping[str, QuantityValue],
    balances: Mapping[str, Balance],
    columns: Mapping[str, tuple[float, ...]],
    files: Mapping[str, str],
    notes: list[str],
    size: tuple[int, int],
    seconds: Mapping[str, float],
) -> Results:
    """The results, written into the folder if there is one (collective)."""
    from studies import runner

    results = Results(
        study=study.study,
        title=study.title,
        quantities=quantities,
        balances=balances,
        solver=SolverReport(
            dofs=size[0],
            cells=size[1],
            method="direct",
            wall_seconds=seconds,
            peak_memory_bytes=runner._peak_memory(comm),
            ranks=comm.size,
            notes=tuple(notes),
        ),
        checks=runner._checks(study, values),
        provenance=provenance(study),
        series=columns,
        files=files,
    )
    keep_results(results, study, folder, comm)
    return results
