"""Elasticity in three dimensions: assembly, set-up of the multigrid with rigid-body modes, one solve."""

from __future__ import annotations

from typing import Any

from fem.model import Domain, Model
from fem.solve.work import Book
from studies.benchmarks.phases import Outcome, Phases
from studies.benchmarks.pressed_body import PRESSURE, SOLIDS, WIDTH, elastic_solve, mesh, supports


def benchmark(unknowns: float, comm: Any, phases: Phases, solver: str, rtol: float) -> Outcome:
    """Quadratic displacements of the body under pressure.

    Args:
        unknowns: about how many. comm: communicator. phases: stop watch.
        solver: ``p-multigrid`` (what the package chooses) or ``direct``. rtol: relative residual of the solve.

    Returns:
        The quantity is the mean displacement of the top, nm.
    """
    with phases("mesh"):
        tagged = mesh(unknowns, comm)
    with phases("model"):
        model = Model(tagged, {name: Domain((), (solid,)) for name, solid in SOLIDS.items()}, {}, supports())
    method = "direct" if solver == "direct" else "iterative"
    linear = elastic_solve(model, phases, rtol, ("assembly", "set-up", "solve"), method)
    outcome = Outcome(linear.unknowns, linear.iterations, _moved(model), linear.describe())
    linear.destroy()
    return outcome


def _moved(model: Model) -> float:
    return -1e9 * Book(model).energies().loads / (PRESSURE * WIDTH**2)
