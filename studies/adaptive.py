"""Refines the mesh of a study where its quantities need it, until they are known within a tolerance.

On every mesh the study is solved, then solved again with elements of one degree more on the same cells; the
difference of a quantity is its error (``fem.estimate``). One adjoint, of all quantities that are not known well
enough yet, each weighted with the sign of its error, says where the error comes from: nothing cancels between
quantities, and many cost as much as one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fem.compat import shared_facet_partitioner
from fem.estimate.bars import ErrorBars
from fem.estimate.dual_weighted import DualWeighted, Goal
from fem.estimate.marking import divided
from fem.estimate.recorded import Recorded, plain
from meshes.curvature import shape_of
from meshes.generate import generate
from meshes.problems import MeshError
from meshes.refine import known_shape
from studies.evaluate import evaluate_one
from studies.progress import Silent
from studies.results import CheckOutcome, RefinementStep
from studies.solving import Session, Solved, make_mesh, mesh_cache, session_kind

if TYPE_CHECKING:
    from meshes.tagged import TaggedMesh
    from studies.progress import Progress
    from studies.schema import Study

DUAL_WEIGHTED = "dual-weighted residual"
ENRICHED = "enriched solution"

START_EDGE_FRACTION = 1 / 8
"""Cell size at contact edges over the radius of their feature, on the first mesh of a study that gives none."""
START_FACTOR = 2.0
"""Cell sizes of the first mesh over those of the study that are derived."""
MOST_MESHES = 60
PATIENCE = 8
"""Meshes without progress after which a tolerance counts as out of reach, if the unknowns have doubled meanwhile;
twice as many if they have not."""


@dataclass
class Adapted:
    """The last mesh of a refined study, solved at its last operating point.

    Attributes:
        session: on that mesh.
        history: one entry per mesh.
        errors: label -> error bar (SI) and where it comes from.
        steering: labels that had to meet the tolerance.
        notes: what the user should know.
    """

    session: Session
    history: list[RefinementStep] = field(default_factory=list)
    errors: dict[str, tuple[float, str]] = field(default_factory=dict)
    steering: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)

    def checks(self, study: Study) -> tuple[CheckOutcome, ...]:
        """One check per quantity that had to meet the tolerance: its error bar against what is allowed."""
        tolerance = study.mesh.tolerance or 0.0
        values = self.history[-1].values
        return tuple(
            CheckOutcome(
                f"error of {label}",
                self.errors[label][0],
                0.0,
                _allowed(study, values, label),
                study.spec(label).unit,
                f"mesh tolerance {100 * tolerance:g} %",
            )
            for label in self.steering
        )


def adapt(study: Study, comm: Any, progress: Progress) -> Adapted:
    """Solve, estimate and refine until every steering quantity meets the tolerance, or the mesh is as large as allowed.

    Args:
        study: with ``mesh.tolerance``. Its last operating point counts.
        comm: communicator; collective. progress: told what happens.

    Raises:
        SolveError, MeshError: see there.
    """
    tagged = _first_mesh(study, comm, progress)
    bars: dict[str, ErrorBars] = {}
    history: list[RefinementStep] = []
    excess: list[float] = []
    for remaining in reversed(range(MOST_MESHES)):
        session = session_kind(study)(study, comm, 1.0, Silent(), tagged)  # what a mesh costs is said in one line
        session.progress = progress
        solved = session.solve_at(session.currents[-1])
        level = _Level(study, session, solved)
        adapted = Adapted(session, history, level.errors(bars), level.steering)
        history.append(level.step(adapted.errors))
        progress.note(level.line(adapted.errors))
        open_ones = level.unmet(adapted.errors)
        excess.append(level.excess(adapted.errors))
        finer = None
        if open_ones and _stuck(excess, history):
            adapted.notes.append(
                f"refinement stopped: {', '.join(open_ones)} does not come closer to the tolerance (singular?)"
            )
        elif open_ones and not remaining:
            adapted.notes.append(f"refinement stopped after {MOST_MESHES} meshes")
        elif open_ones and session.solver.dofs < study.mesh.most_unknowns:
            finer = _finer(study, level, open_ones, adapted)
        level.destroy()
        if finer is None:
            if open_ones and not adapted.notes:
                adapted.notes.append(
                    f"refinement stopped at {session.solver.dofs} unknowns (mesh.most_unknowns: "
                    f"{study.mesh.most_unknowns}): the tolerance is not met by {', '.join(open_ones)}"
                )
            adapted.notes += _unknown_walls(tagged)
            return adapted
        session.destroy()
        tagged = finer
    raise AssertionError("the last mesh is always returned")


def _stuck(excess: list[float], history: list[RefinementStep]) -> bool:
    """Whether the worst error bar has not fallen for long although the mesh has grown, or for twice as long."""
    return any(
        len(excess) > last
        and history[-1].unknowns >= growth * history[-1 - last].unknowns
        and min(excess[-last:]) > 0.8 * min(excess[:-last])
        for last, growth in ((PATIENCE, 2.0), (2 * PATIENCE, 1.0))
    )


def _unknown_walls(tagged: TaggedMesh) -> list[str]:
    """A note on round facets whose true surface is not the one that the stack describes."""
    known = known_shape(tagged).walls
    lost = [name for name in shape_of(tagged.stack).walls if name in tagged.facets and name not in known]
    if not lost:
        return []
    return [f"facets {', '.join(lost)} are taken as meshed: how round they are is not in the error bars"]


def _first_mesh(study: Study, comm: Any, progress: Progress) -> TaggedMesh:
    """The study's own mesh; coarser at contact edges unless the study gives a size there."""
    if study.geometry.imported:
        with progress.phase("mesh"):
            return make_mesh(study, comm, 1.0, progress)
    sizes, stack = study.sizes(), study.stack()
    if stack.dimension in ("2", "axisymmetric"):
        if sizes.edge is None:
            sizes = replace(sizes, edge_fraction=START_EDGE_FRACTION / START_FACTOR)
        if sizes.bulk is None and sizes.interface is None:
            sizes = sizes.scaled(START_FACTOR)
    with progress.phase("mesh"):
        return generate(stack, sizes, comm, shared_facet_partitioner(), cache=mesh_cache())


def _finer(study: Study, level: _Level, labels: tuple[str, ...], adapted: Adapted) -> TaggedMesh | None:
    """The mesh with the cells divided that carry the error of the given quantities."""
    try:
        finer = divided(level.session.tagged, level.indicators(labels), shared_facet_partitioner())
    except MeshError as error:
        adapted.notes.append(f"refinement stopped: {error}")
        return None
    if finer is None:
        adapted.notes.append("refinement stopped: no cell contributes to the error")
    return finer


class _Level:
    """One mesh: its quantities, and the same from the enriched copy."""

    def __init__(self, study: Study, session: Session, solved: Solved) -> None:
        self.study, self.session, self.values = study, session, solved.values
        self.enriched = session.enriched()
        self.upper = self.enriched.solve_from(session, session.currents[-1])
        differentiable = [k for k, v in self.upper.items() if isinstance(v, Recorded) and math.isfinite(v.value)]
        asked = study.mesh.quantities
        self.steering = tuple(k for k in differentiable if asked is None or k in asked)

    def errors(self, bars: dict[str, ErrorBars]) -> dict[str, tuple[float, str]]:
        """Label -> error bar and its kind; takes note of this mesh in ``bars``."""
        found = {}
        for label, value in self.values.items():
            upper = plain(self.upper[label])
            if math.isfinite(value) and math.isfinite(upper):
                kind = DUAL_WEIGHTED if isinstance(self.upper[label], Recorded) else ENRICHED
                bar = bars.setdefault(label, ErrorBars()).add(value, upper - value)
                found[label] = (max(bar, _noise(self.study, self.values, label)), kind)
        return found

    def unmet(self, errors: Mapping[str, tuple[float, str]]) -> tuple[str, ...]:
        """Steering quantities whose error bar is larger than allowed."""
        return tuple(k for k in self.steering if errors[k][0] > _allowed(self.study, self.values, k))

    def excess(self, errors: Mapping[str, tuple[float, str]]) -> float:
        """Largest error bar over what is allowed."""
        return max((errors[k][0] / _allowed(self.study, self.values, k) for k in self.steering), default=0.0)

    def indicators(self, labels: tuple[str, ...]) -> Any:
        """(owned cells,) contributions to the errors of quantities, each in units of what is allowed."""
        goals: dict[str, tuple[Goal, float]] = {}
        for label in labels:
            sign = 1.0 if plain(self.upper[label]) >= self.values[label] else -1.0
            goals[label] = (self._goal(label), sign / _allowed(self.study, self.values, label))
        weighted = DualWeighted(self.session.assembly, self.enriched.assembly)  # type: ignore[arg-type]
        return weighted.localise(goals).indicators

    def _goal(self, label: str) -> Goal:
        request = self.study.request(label)

        def goal(assembly: Any) -> Any:
            owner = self.session if assembly.model is self.session.model else self.enriched
            return evaluate_one(owner.point(assembly), request)

        return goal

    def step(self, errors: Mapping[str, tuple[float, str]]) -> RefinementStep:
        """What the history keeps of this mesh."""
        bars = {label: bar for label, (bar, _) in errors.items()}
        return RefinementStep(self.session.solver.dofs, self.session.cells, dict(self.values), bars)

    def line(self, errors: Mapping[str, tuple[float, str]]) -> str:
        """One line for people."""
        size = f"{self.session.solver.dofs} unknowns"
        if not self.steering:
            return f"{size}: no quantity has a derivative that could steer the refinement"
        worst = max(self.steering, key=lambda k: errors[k][0] / _allowed(self.study, self.values, k))
        relative = self.excess(errors) * (self.study.mesh.tolerance or 0.0)
        return f"{size}: largest error bar {100 * relative:.2g} % ({worst})"

    def destroy(self) -> None:
        """Free the enriched copy."""
        self.enriched.destroy()


def _noise(study: Study, values: Mapping[str, float], label: str) -> float:
    """Error that the solver's tolerance alone leaves; parts of a resistance are differences of the same voltages."""
    noise = 10 * study.solver.tolerance
    dimension = study.spec(label).dimension
    largest = abs(values[label])
    if dimension == "area-specific resistance":
        parts = [abs(v) for k, v in values.items() if study.spec(k).dimension == dimension and math.isfinite(v)]
        largest = max(parts, default=largest)
    return noise * largest


def _allowed(study: Study, values: Mapping[str, float], label: str) -> float:
    """Largest error bar that meets the tolerance, SI; never below what the solver leaves."""
    return max((study.mesh.tolerance or 0.0) * abs(values[label]), 2 * _noise(study, values, label), 1e-300)
