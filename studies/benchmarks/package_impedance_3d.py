"""60 frequencies from 1 mHz to 10 MHz of the study ``void-array-3d`` against one steady solve on the same mesh."""

from __future__ import annotations

from typing import Any

from studies.benchmarks.package_void_array_3d import POWER, STUDY, UNKNOWNS
from studies.benchmarks.phases import Outcome, Phases
from studies.impedance import TOLERANCE
from studies.progress import Silent
from studies.schema import Study
from studies.solving import session_kind

CONTACT = {
    "kinetics": "linear",  # one linear system per steady solve: the hardest comparison
    "exchange_current": "100 A/m^2",
    "film_resistance": "1 ohm*cm^2",
    "double_layer_capacitance": "10 uF/cm^2",
    "film_capacitance": "1 uF/cm^2",
}


def benchmark(unknowns: float, comm: Any, phases: Phases, solver: str, rtol: float) -> Outcome:
    """Solve the study once at its current, then its spectrum.

    Args:
        unknowns: about how many. comm: communicator. phases: stop watch.
        solver: ``p-multigrid`` (what the package chooses) or ``direct``.
        rtol: not used.

    Returns:
        As its quantity the processor time of the spectrum in steady solves.
    """
    from fem.solve.frequency import FrequencyResponse

    method = "direct" if solver == "direct" else "iterative"
    changes = {
        "mesh.refinement": (unknowns / UNKNOWNS) ** (1 / POWER),
        "solver.method": method,
        "interfaces": {"anode|electrolyte": CONTACT, "electrolyte|counter": CONTACT},
        "impedance": {"from": "1 mHz", "to": "10 MHz", "per_decade": 6},
        "quantities": ["cell_voltage"],
        "checks": [],
    }
    study = Study.load(STUDY, changes)
    assert study.impedance is not None
    with phases("mesh and model"):
        session = session_kind(study)(study, comm, 1.0, Silent())
    with phases("steady solve"):
        session.solver.solve()
    working = session.model.terminals[study.operation.working_electrode or ""]
    stage = next(s for s in session.solver.stages if working in s.numbers)
    with phases("spectrum"):
        response = FrequencyResponse(
            session.model, working, study.impedance.frequencies, stage, method, tolerance=TOLERANCE
        )
        count = len(response.impedance())
    report = response.report
    outcome = Outcome(
        session.solver.dofs,
        report.linear_iterations,
        phases.cpu["spectrum"] / phases.cpu["steady solve"],
        f"{solver}, {count} frequencies from {len(report.shifts)} linear solves",
    )
    response.destroy()
    session.destroy()
    return outcome
