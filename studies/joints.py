"""Studies in which the sides of interfaces may part: words to laws, the path of the loads, and what is read off it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fem.interface.asperities import Asperities, ElasticAsperities, PlasticAsperities
from fem.interface.cohesive import Cohesive
from fem.interface.contact import Contact
from fem.interface.names import both_sides
from fem.observe import joints
from fem.observe.balances import Imbalance
from fem.solve.loadpath import LoadPoint, Proportional
from fem.solve.quasistatic import QuasiStatic, StepSettings
from studies.schema.collapse import on_mesh
from studies.schema.joint_rules import bond_toughness, rough_hardness

if TYPE_CHECKING:
    from fem.joints import JointLaw
    from fem.model import Model
    from fem.solve.driver import Solver
    from studies.evaluate import Point
    from studies.progress import Progress
    from studies.schema import Study
    from studies.schema.interfaces import Interface
    from studies.schema.joints import Rough
    from studies.schema.outputs import QuantityRequest

__all__ = ["EVALUATE", "JointPath", "joint_law"]


def joint_law(study: Study, name: str, spec: Interface) -> JointLaw | None:
    """How the two sides of an interface of the mesh may part; None: they are bonded for good."""
    sides = both_sides(name)
    first, second = (study.material(side) for side in sides)
    temperature = study.operation.temperature
    if spec.contact is not None:
        words = spec.contact
        return Contact(
            words.gap,
            words.friction == "sticking",
            asperities=None if words.rough is None else _asperities(study, sides, words.rough),
            open_share=words.open_share,
            curvature=0.0 if words.crown_radius is None else 1.0 / words.crown_radius,
        )
    if spec.cohesive is None:
        return None
    bond = spec.cohesive
    toughness = bond_toughness(first, second, temperature) if bond.toughness is None else bond.toughness
    assert toughness is not None
    return Cohesive(
        bond.strength,
        toughness,
        bond.shear_strength,
        bond.shear_toughness,
        bond.mixed_mode_exponent,
        viscosity=bond.viscosity,
        open_share=bond.open_share,
    )


def _asperities(study: Study, sides: tuple[str, str], rough: Rough) -> Asperities:
    temperature = study.operation.temperature
    materials = [study.material(side) for side in sides]
    if rough.model == "plastic":
        hardness = rough_hardness(materials[0], materials[1], temperature) if rough.hardness is None else rough.hardness
        assert hardness is not None
        return PlasticAsperities(hardness)
    assert rough.slope is not None
    if rough.modulus is not None:
        return ElasticAsperities(rough.modulus, rough.slope)
    soft = [(1 - m.value("poisson_ratio", temperature) ** 2) / m.value("young_modulus", temperature) for m in materials]
    return ElasticAsperities(1 / sum(soft), rough.slope)


class JointPath:
    """Leads a model whose interfaces may part along the path of its loads.

    Args:
        study: with contact or cohesion. model, solver: posed from it.

    Attributes:
        points: accepted states, in order.
        values: quantities of the study at the same states, as far as they have been read.
    """

    def __init__(self, study: Study, model: Model, solver: Solver) -> None:
        self.study, self.model, self.solver = study, model, solver
        given, loads = study.mechanics.loading, Proportional(model)
        step = 1.0 / given.steps
        # a pressure that grows from nothing would hold nothing at first
        settings = StepSettings(
            step, step, min(given.smallest_step, step), begin=step if loads.pressed else 0.0, jumps=True
        )
        self.run = QuasiStatic(model, loads, settings, solver)
        self.points: list[LoadPoint] = []
        self.values: list[Mapping[str, float]] = []

    def solve(self, progress: Progress, read: Callable[[], Mapping[str, float]] | None = None) -> None:
        """Raise the loads to what they are, the first time; later on find the state at what else has changed.

        Args:
            progress: told the load. read: quantities of the present state.

        Raises:
            ConvergenceError: no state is found.
        """
        if self.points:
            self.solver.solve()
            self.model.accept()
            return
        jumps, begin = 0, 0.0
        for found in self.run.run():
            held = found.energies.stored + found.energies.fracture
            begin = begin if self.points else held - found.work
            lost = found.work + begin - held
            self.points.append(LoadPoint(found.load, 0.0, found.energies, found.work, lost, found.jumped))
            self.values.append({} if read is None else read())
            jumps += found.jumped
            progress.step(round(100 * found.load), 100, "load")
        notes = self.solver.report.notes
        notes.append(
            f"{len(self.points)} load steps; {self.run.failed} were tried in vain, {self.run.shortened} were too long"
        )
        if jumps:
            notes.append(
                f"bonds jumped at a fixed load: {jumps} steps; what that released counts as dissipated by them"
            )

    def series(self) -> dict[str, tuple[float, ...]]:
        """Columns over the load: energies per nominal area, and the quantities of the study."""
        area = self.study.geometry.area
        columns = {
            "load": tuple(p.load for p in self.points),
            "stored": tuple(p.energies.stored / area for p in self.points),
            "dissipated": tuple(p.energies.fracture / area for p in self.points),
            "work": tuple(p.work / area for p in self.points),
        }
        for label in dict.fromkeys(label for values in self.values for label in values):
            columns.setdefault(label, tuple(values.get(label, float("nan")) for values in self.values))
        return columns

    def balances(self) -> list[Imbalance]:
        """Work of the loads that is neither stored nor dissipated; none where sticking faces may let go."""
        laws = self.model.joint_laws.values()
        if any(isinstance(law, Contact) and law.sticking for law in laws) or not self.points:
            return []
        worst = max((p.lost for p in self.points), key=abs)
        scale = max(max(abs(p.work), p.energies.stored, p.energies.fracture) for p in self.points)
        return [Imbalance("work of the loads", worst, scale, "J")]

    def critical_load(self, share: float) -> float:
        """Part of the load at which bonds had dissipated a share of all that they did; NaN where nothing broke."""
        energies = np.array([p.energies.fracture for p in self.points])
        grown = energies[-1] - energies[0]
        if not grown > 0.0:
            return float("nan")
        rising = np.maximum.accumulate(energies) - energies[0]
        return float(np.interp(share * grown, rising, [p.load for p in self.points]))

    def destroy(self) -> None:
        """Nothing that is not the solver's."""


# ---------------------------------------------------------------- quantities
def _at(point: Point, request: QuantityRequest) -> str:
    name = str(request.parameters["at"])
    if name in point.assembly.geometry.slits:
        return name
    return on_mesh(point.study, name, point.assembly.geometry.interfaces)[0]


def _of(request: QuantityRequest) -> Any:
    return request.parameters.get("of", "mean")


EVALUATE: dict[str, Callable[[Point, QuantityRequest], float]] = {
    "contact_pressure": lambda p, r: joints.contact_pressure(p.assembly, _at(p, r), _of(r)),
    "closed_fraction": lambda p, r: joints.closed_fraction(p.assembly, _at(p, r)),
    "gap": lambda p, r: joints.gap(p.assembly, _at(p, r), _of(r)),
    "cohesive_damage": lambda p, r: joints.mean_damage(p.assembly, _at(p, r)),
    "debonded_fraction": lambda p, r: joints.debonded_fraction(p.assembly, _at(p, r)),
    "bond_dissipation": lambda p, r: joints.bond_dissipation(p.assembly, _at(p, r)) / p.assembly.area,
}
"""Name -> value in SI at a point."""
