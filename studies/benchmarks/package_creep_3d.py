"""Time steps with creep in three dimensions against one elastic solve on the same mesh."""

from __future__ import annotations

from typing import Any

from fem.dissipation.norton import Norton
from fem.model import Domain, Model
from fem.protocol import Protocol, Step
from fem.solve.transient import TimeSettings, Transient
from studies.benchmarks.phases import Outcome, Phases
from studies.benchmarks.pressed_body import SOLIDS, elastic_solve, mesh, supports

LAW = Norton(2e5, 6.6, 37e3)
DURATION, STEPS = 4.0, 4


def benchmark(unknowns: float, comm: Any, phases: Phases, solver: str, rtol: float) -> Outcome:
    """Four steps of a second of creep of the lithium, from the elastic state on.

    Args:
        unknowns: about how many. comm: communicator. phases: stop watch.
        solver: ``p-multigrid`` or ``direct``. rtol: of the elastic solve; time steps choose their own.

    Returns:
        The quantity is the processor time of a step over that of the elastic solve, assembly and set-up included.
    """
    method = "direct" if solver == "direct" else "iterative"
    with phases("mesh"):
        tagged = mesh(unknowns, comm)
    with phases("models"):
        elastic = Model(tagged, {name: Domain((), (solid,)) for name, solid in SOLIDS.items()}, {}, supports())
        domains = {n: Domain((), (s,), creep=LAW if n == "lithium" else None) for n, s in SOLIDS.items()}
        model = Model(tagged, domains, {}, supports())
    linear = elastic_solve(model=elastic, phases=phases, rtol=rtol, names=3 * ("elastic",), method=method)
    linear.destroy()
    length = DURATION / STEPS
    settings = TimeSettings(tolerance=1e3, initial_step=length, largest_step=length)
    made = Transient(model, Protocol((Step.hold("creep", DURATION),)), None, 1.0, settings, method)
    points = made.points()
    with phases("beginning"):
        next(points)
    with phases("steps"):
        for _ in points:
            pass
    report, bordered = made.report, made.flow.bordered
    ratio = phases.cpu["steps"] / report.steps / phases.cpu["elastic"]
    text = f"{solver}, {report.steps} steps, {report.newton_iterations} Newton steps, {bordered.solves} solves"
    outcome = Outcome(sum(f.global_size() for f in made.stage.fields), bordered.iterations, ratio, text)
    made.destroy()
    return outcome
