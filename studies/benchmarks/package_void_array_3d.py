"""The study ``void-array-3d`` on finer and finer meshes: charge transfer, conduction and Newton's method together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import studies
from studies.benchmarks.phases import Outcome, Phases
from studies.progress import Silent
from studies.schema import Study
from studies.solving import Session

STUDY = Path(studies.__file__).parent / "catalogue" / "void-array-3d.yaml"
#: Unknowns of the study as it is, and the power of the refinement that their number goes with (3 in the end).
UNKNOWNS, POWER = 21_469, 2.85


def benchmark(unknowns: float, comm: Any, phases: Phases, solver: str, rtol: float) -> Outcome:
    """Solve the study at its operating point, the state at rest included.

    Args:
        unknowns: about how many.
        comm: communicator.
        phases: stop watch.
        solver: ``p-multigrid`` (what the package chooses) or ``direct``.
        rtol: not used: Newton's method chooses the accuracy of its linear solves.
    """
    method = "direct" if solver == "direct" else "iterative"
    refinement = (unknowns / UNKNOWNS) ** (1 / POWER)
    study = Study.load(STUDY, {"mesh.refinement": refinement, "solver.method": method})
    with phases("mesh and model"):
        session = Session(study, comm, 1.0, Silent())
    with phases("solve"):
        solved = session.solve_at(session.currents[0])
    report = session.solver.report
    outcome = Outcome(
        session.solver.dofs,
        report.linear_iterations,
        solved.values["cell_voltage"],
        f"{solver}, {report.newton_iterations} linear solves",
    )
    session.destroy()
    return outcome
