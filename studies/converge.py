"""Mesh families: a study solved on meshes that differ by one factor everywhere, and what follows from that.

The finest member is the study's own mesh, so that the error bars are those of `ssbfem run`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studies.errors import SolveError
from studies.results import results_folder, write_json
from studies.richardson import Extrapolation, extrapolate

if TYPE_CHECKING:
    from studies.progress import Progress
    from studies.quantities import QuantitySpec
    from studies.schema import Study

RATIO = 1.5
"""Ratio of cell sizes from mesh to mesh unless told otherwise."""

Solve = Callable[[float], Mapping[str, float]]
"""Values (SI) by label on the mesh whose sizes are the study's times the given factor."""


@dataclass(frozen=True)
class Column:
    """One quantity over the family.

    Attributes:
        label: key in the results.
        quantity: name in the registry.
        dimension: physical dimension.
        unit: SI unit of the values.
        theory: order for a smooth solution.
        values: from the coarsest to the finest mesh.
        fit: observed order, limit and error bar.
    """

    label: str
    quantity: str
    dimension: str
    unit: str
    theory: int
    values: tuple[float, ...]
    fit: Extrapolation


@dataclass(frozen=True)
class Family:
    """A study on a mesh family.

    Attributes:
        study: name of the study.
        scales: cell sizes relative to the study's mesh, decreasing to 1.
        seconds: wall time of each member.
        columns: one per quantity.
    """

    study: str
    scales: tuple[float, ...]
    seconds: tuple[float, ...]
    columns: tuple[Column, ...]

    def column(self, label: str) -> Column:
        """The column of a quantity (KeyError when there is none)."""
        for column in self.columns:
            if column.label == label:
                return column
        raise KeyError(label)


def mesh_family(
    study: Study,
    solve: Solve,
    levels: int,
    ratio: float = RATIO,
    progress: Progress | None = None,
    finest: Mapping[str, float] | None = None,
) -> Family:
    """Solve on a family and extrapolate every quantity of the study.

    Args:
        study: gives the quantities, the degrees and the solver's tolerance.
        solve: called once per member, coarsest first, on all ranks alike.
        levels: number of meshes, the study's own included; three or more give an order.
        ratio: of cell sizes between neighbours, > 1.
        progress: told before each member.
        finest: values on the study's own mesh when they are known already; not solved again then.

    Raises:
        SolveError: a member gave no value, or one that is not finite, for a quantity of the study.
    """
    scales = tuple(ratio ** (levels - 1 - k) for k in range(levels))
    found: list[Mapping[str, float]] = []
    seconds = []
    for k, scale in enumerate(scales):
        if progress is not None:
            progress.step(k + 1, levels, f"meshes (cell size x {scale:.3g})")
        start = time.perf_counter()
        found.append(finest if finest is not None and k == levels - 1 else solve(scale))
        seconds.append(time.perf_counter() - start)
    # Below ten times the solver's tolerance, differences say nothing about the mesh. The parts of a
    # resistance are
    # differences of the same voltages: what is rounding in the largest is rounding in all.
    noise = 10 * study.solver.tolerance
    parts = [x.label for x in study.quantities if study.spec(x.label).dimension == "area-specific resistance"]
    largest = max((abs(member.get(x, 0.0)) for x in parts for member in found), default=0.0)
    floors = dict.fromkeys(parts, noise * largest if math.isfinite(largest) else 0.0)
    columns = tuple(_column(study, x.label, scales, found, noise, floors.get(x.label, 0.0)) for x in study.quantities)
    return Family(study.study, scales, tuple(seconds), columns)


def _column(
    study: Study,
    label: str,
    scales: tuple[float, ...],
    found: list[Mapping[str, float]],
    noise: float,
    floor: float,
) -> Column:
    spec = study.spec(label)
    values = tuple(float(member.get(label, float("nan"))) for member in found)
    degrees = study.discretisation
    theory = spec.order(degrees.displacement_degree if spec.needs_mechanics else degrees.degree)
    if study.geometry.image is not None:
        theory = min(theory, 2)  # straight cells follow the interfaces of an image to h^2
    if all(math.isnan(value) for value in values):
        nothing = Extrapolation(None, None, None, math.inf, "undefined", "has no value at this operating point")
        return Column(label, spec.name, spec.dimension, spec.unit, theory, values, nothing)
    try:
        lowest = _lowest_order(study, spec, theory)
        fit = extrapolate(scales, values, theory, rounding=noise, floor=floor, lowest=lowest)
    except ValueError as error:
        raise SolveError(f"{label} has no finite value on every mesh of the family: {values}") from error
    return Column(label, spec.name, spec.dimension, spec.unit, theory, values, fit)


def _lowest_order(study: Study, spec: QuantitySpec, theory: int) -> float | None:
    """Order that errors take in the end at the edges of voids and contacts; None where there are none.

    The potential is like r^(1/2) at an edge where nothing but conduction limits the current, and so is,
    nearly, the displacement: functionals then converge like h, local values like h^(1/2). With a
    charge-transfer resistance the potential is like r log r: twice these orders. Curved walls follow their
    facets to h^2.
    """
    if not study.geometry.features:
        return None
    edges = [study.interfaces.get(f.at) for f in study.geometry.features if f.at is not None]
    stressed = bool(study.mechanics.on) and (
        spec.needs_mechanics or any(e is not None and e.stress_shift for e in edges)
    )
    unlimited = any(e is None or (e.kinetics in (None, "perfect") and e.film_resistance == 0) for e in edges)
    functional = 1.0 if stressed or unlimited else 2.0
    return min(float(theory), functional if spec.convergence == "functional" else functional / 2)


def converge(study: Study, levels: int, ratio: float, out: Path | None, comm: Any, progress: Progress) -> Family:
    """Solve a study on a mesh family; leave table, picture and resolved study in a folder.

    Args:
        study: the study.
        levels: number of meshes.
        ratio: of cell sizes between neighbours.
        out: folder for `convergence.json`, `convergence.png` and `study.yaml`; None: write nothing.
        comm: communicator; collective.
        progress: told what happens.

    Raises:
        SolveError: a member does not solve, or the study has no quantities.
    """
    from studies.runner import solve

    if not study.quantities:
        raise SolveError("the study asks for no quantities: there is nothing to extrapolate")

    def solve_at(scale: float) -> Mapping[str, float]:
        return solve(study, comm, scale=scale, progress=progress)

    with progress.phase(f"mesh family of {study.study}"):
        family = mesh_family(study, solve_at, levels, ratio, progress)
    if out is not None:
        with results_folder(out, comm) as folder:
            if comm.rank == 0:
                write_family(family, study, folder)
    return family


def write_family(family: Family, study: Study, folder: Path) -> None:
    """Write `convergence.json`, `convergence.png` and `study.yaml` into a folder (one rank alone)."""
    import yaml

    from studies.convergence_plot import plot_family

    write_json(folder / "convergence.json", {**asdict(family), "study_hash": study.hash})
    text = yaml.safe_dump(study.resolved(), sort_keys=False, allow_unicode=True)
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    plot_family(family, folder / "convergence.png")
