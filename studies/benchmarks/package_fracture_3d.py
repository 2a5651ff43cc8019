"""Load steps with phase-field fracture in three dimensions against one elastic solve on the same mesh."""

from __future__ import annotations

from typing import Any

from fem.conditions import Roller
from fem.energy.fracture import Fracture
from fem.model import Domain, Model, Settings
from fem.solve.alternate import Breaking
from fem.solve.loadpath import LoadSettings, Proportional, load_steps
from studies.benchmarks.phases import Outcome, Phases
from studies.benchmarks.pressed_body import SOLIDS, WIDTH, elastic_solve, mesh, supports

TOUGHNESS, LENGTH = 2.0, 0.2 * WIDTH
#: Of the top, m: damage begins at the void before half of it.
PULL = 3e-8
STEPS = 8


def benchmark(unknowns: float, comm: Any, phases: Phases, solver: str, rtol: float) -> Outcome:
    """Eight load steps of the body, pulled until the lithium about the void is damaged; linear displacements.

    Args:
        unknowns: displacements, about how many. comm: communicator. phases: stop watch.
        solver: not used: fracture chooses its own solvers. rtol: of the elastic solve.

    Returns:
        The quantity is the processor time of a step over that of the elastic solve, assembly and set-up included.
    """
    with phases("mesh"):
        tagged = mesh(unknowns, comm, 1)
    settings = Settings(displacement_degree=1)
    pulled = [*supports(False), Roller("top", 2, PULL)]
    with phases("models"):
        elastic = Model(tagged, {name: Domain((), (s,)) for name, s in SOLIDS.items()}, {}, pulled, settings)
        broken = Fracture(SOLIDS["lithium"], TOUGHNESS, LENGTH)
        domains = {"lithium": Domain((), (broken,)), "ceramic": Domain((), (SOLIDS["ceramic"],))}
        model = Model(tagged, domains, {}, pulled, settings)
    linear = elastic_solve(elastic, phases, rtol, ("elastic", "elastic", "elastic"), "auto")
    size, chosen = linear.unknowns, linear.describe()
    linear.destroy()
    breaking = Breaking(model)
    with phases("steps"):
        points = list(load_steps(breaking, Proportional(model), LoadSettings(step=1 / STEPS)))
    last, count = points[-1], len(points)
    ratio = phases.cpu["steps"] / count / phases.cpu["elastic"]
    report = breaking.report
    share = last.energies.fracture / (last.energies.stored + last.energies.fracture)
    text = f"{chosen}; {count} steps, {report.passes} passes, {100 * share:.0f} % of the energy in cracks"
    return Outcome(size, report.passes, ratio, text)
