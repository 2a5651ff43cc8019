"""Models that are refined towards one quantity: values, estimates and error bars mesh by mesh."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fem.compat import shared_facet_partitioner
from fem.estimate.bars import ErrorBars
from fem.estimate.dual_weighted import DualWeighted, Goal, Localised
from fem.estimate.enriched import enriched, transfer
from fem.estimate.marking import divided
from fem.estimate.recorded import EnrichedRecorder, plain
from fem.model import Model
from fem.observe.assembly import Assembly
from fem.solve.driver import Solver
from meshes.curvature import Ellipsoids, Shape
from meshes.tagged import TaggedMesh

Pose = Callable[[TaggedMesh], Model]


@dataclass(frozen=True)
class Mesh:
    """One mesh of a sequence.

    Attributes:
        unknowns: of the coarse model.
        value: of the quantity.
        bar: its error bar.
        local: estimate and indicators.
        tagged: the mesh.
    """

    unknowns: int
    value: float
    bar: float
    local: Localised
    tagged: TaggedMesh


def solved(model: Model, area: float = 1.0) -> Assembly:
    """A model, solved, to be read off."""
    solver = Solver(model)
    solver.solve()
    return Assembly(model, solver, area)


def solved_enriched(coarse: Assembly, shape: Shape | None = None) -> EnrichedRecorder:
    """Its enriched copy, solved from its state."""
    model = enriched(coarse.model, shape)
    solver = Solver(model)
    transfer(coarse.model, model)
    solver.keep_state()
    solver.solve()
    return EnrichedRecorder(model, solver, coarse)


def localised(coarse: Assembly, goal: Goal, shape: Shape | None = None) -> Localised:
    """Estimate and indicators of one quantity."""
    return DualWeighted(coarse, solved_enriched(coarse, shape)).localise({"goal": (goal, 1.0)})


def refined(
    pose: Pose, tagged: TaggedMesh, goal: Goal, shape: Shape | None = None, area: float = 1.0
) -> Iterator[Mesh]:
    """Ever finer meshes; the caller stops."""
    bars = ErrorBars()
    while True:
        coarse = solved(pose(tagged), area)
        local = localised(coarse, goal, shape)
        value = plain(goal(coarse))
        yield Mesh(coarse.solver.dofs, value, bars.add(value, local.difference), local, tagged)
        finer = divided(tagged, local.indicators, shared_facet_partitioner(), shape)
        assert finer is not None
        tagged = finer


def circles(**radii: float) -> Shape:
    """Circles about the origin by facet name."""
    return Shape({n: Ellipsoids(np.zeros((1, 2)), np.array([r]), np.array([r])) for n, r in radii.items()})


def again(model: Model, sources: dict[str, float] | None = None) -> Pose:
    """The same model on another mesh, with given currents (A) into its terminals."""

    def pose(tagged: TaggedMesh) -> Model:
        made = replace(model, tagged=tagged)
        for name, source in (sources or {}).items():
            made.terminals[name].source = source
        return made

    return pose


def voltage(first: str, second: str) -> Goal:
    """Potential of one terminal minus that of another."""

    def goal(assembly: Any) -> Any:
        terminals = assembly.model.terminals
        return assembly.number_value(terminals[first]) - assembly.number_value(terminals[second])

    return goal
