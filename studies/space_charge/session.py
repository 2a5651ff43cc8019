"""One space-charge study on one mesh (or on lattice planes): all points of its sweep."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fem.observe.balances import Imbalance
from studies.solving import Timer, make_mesh
from studies.space_charge import build
from studies.space_charge.states import MeshState, PlanesState

if TYPE_CHECKING:
    from fem.observe.space_charge import SpaceChargeObserver
    from fem.space_charge.problem import SpaceChargeProblem
    from fem.space_charge.solver import SpaceChargeSolver
    from studies.progress import Progress
    from studies.schema import Study


@dataclass
class SolvedSpaceCharge:
    """An equilibrium that has been found and read off.

    Attributes:
        state: valid until the next one is solved.
        values: label -> SI value.
        balances: conservation laws.
    """

    state: Any
    values: Mapping[str, float]
    balances: list[Imbalance]


@dataclass
class Cost:
    """What a session did.

    Attributes:
        dofs: unknowns. cells: of the mesh.
    """

    dofs: int = 0
    cells: int = 0
    newton_iterations: int = 0
    linear_iterations: int = 0
    method: str = ""
    notes: tuple[str, ...] = field(default=())


def open_space_charge(study: Study, comm: Any, scale: float, progress: Progress) -> ContinuumSession | PlanesSession:
    """The session that suits the mode of a study."""
    if build.section(study).mode == "planes":
        return PlanesSession(study, comm)
    return ContinuumSession(study, comm, scale, progress)


class _Session(ABC):
    """What both kinds share: the points of the sweep, in order."""

    study: Study
    comm: Any
    progress: Any = None
    timer: Timer

    def _prepare(self) -> None:
        self.potentials = build.sweep(self.study)
        self.currents: tuple[float | None, ...] = self.potentials or (None,)

    def points(self) -> Iterator[SolvedSpaceCharge]:
        """Solve all points in order."""
        for k, potential in enumerate(self.currents):
            if self.progress is not None:
                self.progress.step(k, len(self.currents), "potentials")
            yield self.solve_at(potential)

    @abstractmethod
    def solve_at(self, potential: float | None) -> SolvedSpaceCharge:
        """Solve at a potential of the swept electrode (V), or at what the study says."""


class ContinuumSession(_Session):
    """A study on one mesh.

    Args:
        study: checked study.
        comm: communicator; everything is collective.
        scale: factor on all cell sizes.
        progress: told what happens.
    """

    def __init__(self, study: Study, comm: Any, scale: float, progress: Progress) -> None:
        from fem.observe.space_charge import SpaceChargeObserver
        from fem.space_charge.problem import SpaceChargeProblem
        from fem.space_charge.solver import SpaceChargeSolver

        self.study, self.comm, self.progress = study, comm, progress
        self.timer = Timer()
        self.span = (0.0, 0.0)
        self._prepare()
        with progress.phase("mesh"), self.timer.phase("mesh"):
            self.tagged = make_mesh(study, comm, scale, progress)
        with progress.phase("model"), self.timer.phase("model"):
            found = build.media(study)
            self.problem: SpaceChargeProblem = SpaceChargeProblem(
                self.tagged,
                {name: found[name.split(".")[0]] for name in self.tagged.layers if name.split(".")[0] in found},
                build.electrodes(study),
                build.interfaces(study),
                study.operation.temperature,
                study.discretisation.degree,
                study.geometry.area,
            )
            tolerance = min(study.solver.tolerance, 1e-10) / 10
            self.solver: SpaceChargeSolver = SpaceChargeSolver(self.problem, study.solver.method, tolerance)
            self.observer: SpaceChargeObserver = SpaceChargeObserver(self.problem)

    @property
    def cost(self) -> Cost:
        """What it took."""
        mesh, report = self.tagged.mesh, self.solver.report
        cells = int(mesh.topology.index_map(mesh.topology.dim).size_global)
        notes = (*self.tagged.remarks, *report.notes, *build.crowded(self.study, *self.span))
        return Cost(
            self.solver.dofs, cells, report.newton_iterations, report.linear_iterations, report.linear_solver, notes
        )

    def solve_at(self, potential: float | None) -> SolvedSpaceCharge:
        """See `_Session`."""
        from studies.space_charge.evaluate import evaluate

        sweep = build.section(self.study).sweep
        if potential is not None and sweep is not None:
            self.problem.set_potential(sweep.electrode, potential)
        with self.timer.phase("solve"):
            self.solver.solve()
        self.span = _widened(self.span, self.problem.potential, self.comm)
        with self.timer.phase("quantities"):
            state = MeshState(self.study, self.problem, self.solver, self.observer)
            return SolvedSpaceCharge(state, evaluate(state), state.balances())

    def destroy(self) -> None:
        """Free PETSc objects."""
        self.solver.destroy()


def _widened(span: tuple[float, float], potential: Any, comm: Any) -> tuple[float, float]:
    """A range of potentials that also holds the present ones. Collective."""
    values = potential.function.x.array[: potential.owned]
    lows = comm.allgather(float(values.min(initial=span[0])))
    highs = comm.allgather(float(values.max(initial=span[1])))
    return min(lows), max(highs)


class PlanesSession(_Session):
    """A study on lattice planes: no mesh; every rank does the same.

    Args:
        study: checked study.
        comm: communicator.
    """

    def __init__(self, study: Study, comm: Any) -> None:
        self.study, self.comm = study, comm
        self.timer = Timer()
        self._prepare()
        self.planes = build.planes(study)
        self.cost = Cost(self.planes.count, self.planes.count, method="tridiagonal factorisation")

    def solve_at(self, potential: float | None) -> SolvedSpaceCharge:
        """See `_Session`."""
        from studies.space_charge.evaluate import evaluate

        planes = self.planes
        part = build.section(self.study)
        if potential is not None and part.sweep is not None:
            flat = next(e.flat_band for e in build.electrodes(self.study) if e.layer == part.sweep.electrode)
            first = part.sweep.electrode == self.study.geometry.layers[0].name
            ends = (potential - flat, planes.upper) if first else (planes.lower, potential - flat)
            planes = planes.at(*ends)
        with self.timer.phase("solve"):
            solution = planes.solve()
        state = PlanesState(self.study, planes, solution)
        return SolvedSpaceCharge(state, evaluate(state), state.balances())

    def destroy(self) -> None:
        """Nothing to free."""
