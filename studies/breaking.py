"""Studies in which something breaks: words to energies, the path of the loads, and what is read off it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem, la

from fem.conditions import FilledCrack
from fem.energy.fracture import Fracture
from fem.observe.balances import Imbalance
from fem.solve.alternate import Breaking
from fem.solve.loadpath import LoadPoint, LoadSettings, Proportional, load_steps
from fem.values import Graded
from studies import units
from studies.errors import InputError, SolveError

if TYPE_CHECKING:
    from fem.energy.elastic import Elastic
    from fem.model import Model
    from fem.solve.cracking import Cracking
    from fem.solve.driver import Solver
    from studies.evaluate import Point
    from studies.progress import Progress
    from studies.schema import Study
    from studies.schema.outputs import QuantityRequest

__all__ = ["EVALUATE", "BrokenPath", "CrackedRun", "break_flaws", "filling_of", "fracture_of"]

Array = npt.NDArray[np.float64]
_FLAW = 0.55
"""Nodes within this part of a cell from the path of a flaw are broken: one or two rows of nodes."""
_DIRECTIONS = 12
"""In which a point looks for another grain."""


def fracture_of(study: Study, region: str, solid: Elastic) -> Elastic | Fracture:
    """The energy of a region: that of its solid, or one that releases it where it breaks."""
    given = study.body(region).fracture
    if given is None:
        return solid
    own = given.toughness
    toughness = study.material(region).value("fracture_energy", study.operation.temperature) if own is None else own
    return Fracture(
        solid,
        toughness if given.grain_boundary is None else _between_grains(study, region, toughness),
        given.length,
        given.model,
        given.split,
        given.star,
        compensated=given.compensate,
        blocks=given.blocks,
    )


def _between_grains(study: Study, region: str, toughness: float) -> Graded:
    """Toughness of a layer or body of grains: lower where another grain is within half the width of a boundary."""
    given = study.body(region).fracture
    assert given is not None
    assert given.grain_boundary is not None
    weak, width = given.grain_boundary.toughness, given.grain_boundary.width or 2 * given.length
    stack = study.stack()
    features: list[Any] = [f for f in stack.features if hasattr(f, "grains_about")]
    feature = next(f for f in features if region in f.parts(stack))

    def values(points: Array) -> Array:
        grains = feature.grains_about(stack, points)
        own, near = grains(np.zeros(points.shape[1])), np.zeros(len(points), dtype=bool)
        for direction in _around(points.shape[1]):
            near |= grains(0.5 * width * direction) != own
        return np.where(near, weak, toughness)

    return Graded(values)


def _around(gdim: int) -> Array:
    """(n, gdim) unit vectors all around."""
    if gdim == 1:
        return np.array([[-1.0], [1.0]])
    angle = 2 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
    flat = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    if gdim == 2:
        return flat
    signs = np.array([[a, b, c] for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1) if a or b or c], float)
    return np.asarray(signs / np.linalg.norm(signs, axis=1)[:, None])


def filling_of(study: Study) -> list[FilledCrack]:
    """What fills the cracks."""
    given = study.operation.crack_filling
    if given is None:
        return []
    if given.electrode is not None:
        molar = study.material(given.electrode).value("molar_volume", study.operation.temperature)
        return [FilledCrack(electrode=given.electrode, molar_volume=molar, share=given.share)]
    volume = None if given.thickness is None else given.thickness * study.geometry.area
    return [FilledCrack(pressure=given.pressure, volume=volume)]


def break_flaws(study: Study, model: Model) -> None:
    """Break a model along the flaws of its study. Collective.

    Raises:
        InputError: a flaw lies where nothing may break.
    """
    from mpi4py import MPI

    assert model.damage is not None
    widths: Array | None = None
    for region in model.damage.terms:
        body = study.body(region)
        assert body.fracture is not None
        for number, path in enumerate(body.fracture.flaws):
            widths = _FLAW * _cell_sizes(model) if widths is None else widths
            inside = _near(path, widths, model.geometry.gdim)
            hit = bool(np.any(inside(model.damage.unknown.space.tabulate_dof_coordinates().T)))
            if not model.geometry.comm.allreduce(hit, op=MPI.LOR):
                message = "lies where nothing may break; its points are in the coordinates of the model"
                value = [[units.format(x, "length") for x in corner] for corner in path]
                raise InputError.single(message, path=f"{body.name}.fracture.flaws.{number}", value=value)
            model.damage.break_where(inside)


def _cell_sizes(model: Model) -> Array:
    """(owned and ghost nodes,) mean size of the cells about a node of the damage, metres. Collective."""
    geometry, damage = model.geometry, model.damage
    assert damage is not None
    size = (math.factorial(geometry.tdim) * ufl.CellVolume(geometry.mesh)) ** (1 / geometry.tdim)
    space, sums = damage.unknown.space, []
    for density in (size, model.one):
        vector = la.vector(space.dofmap.index_map, 1)
        for region in damage.terms:
            form = geometry.integral(density * damage.unknown.test, region)
            fem.assemble_vector(vector.array, geometry.entity_maps().form(form))
        vector.scatter_reverse(la.InsertMode.add)
        vector.scatter_forward()
        sums.append(np.array(vector.array))
    return np.asarray(sums[0] / sums[1])


class BrokenPath:
    """Leads a model with damage along the path of its loads.

    Args:
        study: with fracture. model, solver: posed from it.

    Attributes:
        points: accepted states, in order.
        pressures: Pa of what fills the cracks, at the same states; empty where none is one number.
    """

    def __init__(self, study: Study, model: Model, solver: Solver) -> None:
        self.study, self.model = study, model
        self.breaking = Breaking(model, solver)
        self.loads = Proportional(model)
        self.points: list[LoadPoint] = []
        self.pressures: list[float] = []
        break_flaws(study, model)

    def solve(self, progress: Progress) -> None:
        """Raise the loads to what they are, the first time; later on find the state at what else has changed.

        Raises:
            ConvergenceError: no state is found.
        """
        if self.points:
            self.breaking.solve()
            self.breaking.accept()
            self._add(LoadPoint.of(self.breaking, 1.0))
            return
        given = self.study.mechanics.loading
        step = 1.0 / given.steps
        settings = LoadSettings(step, min(given.smallest_step, step), given.largest_change)
        for point in load_steps(self.breaking, self.loads, settings):
            self._add(point)
            progress.step(round(100 * point.load), 100, "load")
        self.loads(1.0)
        report = self.breaking.report
        jumps = sum(p.jumped for p in self.points)
        notes = self.breaking.solver.report.notes
        notes.append(
            f"{len(self.points)} load steps, {report.passes} alternations of displacement and damage,"
            f" {report.finished} of {report.solves} states finished by Newton's method"
        )
        if jumps:
            lost = max(self.points[-1].lost, 0.0) / max(self.points[-1].work, 1e-300)
            notes.append(f"cracks ran at a fixed load {jumps} times; {100 * lost:.3g} % of the work was lost in that")

    def _add(self, point: LoadPoint) -> None:
        self.points.append(point)
        self.pressures += [f.pressure.value for f in self.breaking.damage.fills[:1] if f.pressure is not None]

    def series(self) -> dict[str, tuple[float, ...]]:
        """Columns over the load."""
        area = self.study.geometry.area
        columns = {
            "load": tuple(p.load for p in self.points),
            "elastic_energy": tuple(p.energies.stored / area for p in self.points),
            "fracture_energy": tuple(p.energies.fracture / area for p in self.points),
            "work": tuple(p.work / area for p in self.points),
            "lost_work": tuple(p.lost / area for p in self.points),
        }
        return columns | ({"crack_pressure": tuple(self.pressures)} if self.pressures else {})

    def balances(self) -> list[Imbalance]:
        """Work of the loads that is neither stored nor in cracks nor lost."""
        worst = max((p.left for p in self.points), key=abs, default=0.0)
        return [Imbalance("work of the loads", worst, max((p.scale for p in self.points), default=0.0), "J")]

    def critical_load(self, share: float) -> float:
        """Part of the load at which the cracks had grown by a share of all that they grew; NaN where nothing broke."""
        return reached([p.load for p in self.points], [p.energies.fracture for p in self.points], share)

    def destroy(self) -> None:
        """Free PETSc objects."""
        self.breaking.destroy()


class CrackedRun:
    """Reads quantities of a run in time off what its damage remembers; like a `BrokenPath` that is at its end.

    Args:
        cracking: of the run.
    """

    def __init__(self, cracking: Cracking) -> None:
        self.cracking, self.breaking = cracking, cracking.breaking
        self.times: list[float] = []
        self.energies: list[float] = []

    @property
    def points(self) -> list[LoadPoint]:
        """The last accepted state; its load is the time."""
        return [] if self.cracking.point is None else [self.cracking.point]

    @property
    def pressures(self) -> list[float]:
        """Pa of what fills the cracks; empty where it is not one number."""
        return [f.pressure.value for f in self.breaking.damage.fills if f.pressure is not None]

    def recorded(self, time: float) -> None:
        """Remember the present energy of the cracks, for `critical_time`."""
        self.times.append(time)
        self.energies.append(self.points[-1].energies.fracture)

    def critical_time(self, share: float) -> float:
        """Time at which the cracks had grown by a share of all that they have grown, s; NaN where nothing broke."""
        return reached(self.times, self.energies, share)


def reached(loads: Sequence[float], energies: Sequence[float], share: float) -> float:
    """Load (or time) at which the cracks had grown by a share of all that they grew; NaN where nothing broke."""
    values = np.array(energies)
    grown = values[-1] - values[0]
    if not grown > 0.0:
        return float("nan")
    # energies of cracks never fall
    rising = np.maximum.accumulate(values) - values[0]
    return float(np.interp(share * grown, rising, loads))


def _near(path: list[list[float]], width: Array, gdim: int) -> Callable[[Array], Any]:
    """Which points (3, n) lie within a width (n,) of a path in the plane of the stack."""
    corners = np.asarray(path, dtype=float)

    def inside(points: Array) -> Any:
        x = points[[0, gdim - 1]].T
        found = np.zeros(len(x), dtype=bool)
        for a, b in pairwise(corners):
            along = b - a
            share = np.clip((x - a) @ along / max(float(along @ along), 1e-300), 0.0, 1.0)
            found |= np.linalg.norm(x - a - share[:, None] * along, axis=1) <= width
        return found

    return inside


# ---------------------------------------------------------------- quantities
def _path(point: Point) -> Any:
    if point.path is None:
        raise SolveError("nothing in this study can break")
    return point.path


def _over_area(which: Callable[[LoadPoint], float]) -> Callable[[Point, QuantityRequest], float]:
    return lambda p, r: which(_path(p).points[-1]) / p.assembly.area


def _largest_damage(point: Point, request: QuantityRequest) -> float:
    from mpi4py import MPI

    damage = _path(point).breaking.damage.unknown
    own = damage.function.x.array[: damage.owned]
    return float(point.assembly.comm.allreduce(float(own.max(initial=0.0)), op=MPI.MAX))


def _crack_pressure(point: Point, request: QuantityRequest) -> float:
    pressures: list[float] = _path(point).pressures
    if not pressures:
        raise SolveError("crack_pressure: no single pressure fills the cracks; see operation.crack_filling")
    return max(pressures) if request.parameters.get("of") == "largest" else pressures[-1]


def _crack_area(point: Point, request: QuantityRequest) -> float:
    model = point.assembly.model
    assert model.damage is not None
    forms = [model.damage.crack_area(region) for region in model.damage.terms]
    total: float = sum(point.assembly.scalar(form, f"crack area {k}") for k, form in enumerate(forms))
    return total / point.assembly.area


def _critical_time(point: Point, request: QuantityRequest) -> float:
    if point.moment is None:
        raise SolveError("critical_time is of studies in time")
    found: float = _path(point).critical_time(float(str(request.parameters["share"])))
    return found


def _crack_volume(point: Point, request: QuantityRequest) -> float:
    fills = _path(point).breaking.damage.fills
    if not fills:
        raise SolveError("crack_volume: nothing fills the cracks; see operation.crack_filling")
    volume: float = point.assembly.scalar(fills[0].volume, "crack volume")
    return volume / point.assembly.area


EVALUATE: dict[str, Callable[[Point, QuantityRequest], float]] = {
    "fracture_energy": _over_area(lambda p: p.energies.fracture),
    "work_of_loads": _over_area(lambda p: p.work),
    "lost_work": _over_area(lambda p: p.lost),
    "largest_damage": _largest_damage,
    "crack_area": _crack_area,
    "critical_time": _critical_time,
    "critical_load": lambda p, r: _path(p).critical_load(float(str(r.parameters["share"]))),
    "crack_pressure": _crack_pressure,
    "crack_volume": _crack_volume,
}
"""Name -> value in SI at a point."""
