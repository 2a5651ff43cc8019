"""Voids as a phase field: words and material properties to a model, and the quantities that it has."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fem.dissipation.phase_field import AllenCahn, SelfDiffusion
from fem.energy.phase_field import DoubleWell, LatticeVacancies
from fem.observe import void_phase as observed
from fem.void_phase import Seed, Vacancies, VoidPhase, seeded

if TYPE_CHECKING:
    from studies.evaluate import Point
    from studies.schema import Study
    from studies.schema.outputs import QuantityRequest

__all__ = ["EVALUATE", "voids_of"]


def voids_of(study: Study, region: str) -> VoidPhase | None:
    """The voids of a region; None where it has none, or nothing changes in time."""
    words = study.body(region).void_phase
    if words is None or study.operation.protocol is None:
        return None
    material, temperature = study.material(region), study.operation.temperature

    def value(given: float | None, key: str) -> float:
        return float(given if given is not None else material.value(key, temperature))

    well = DoubleWell.from_surface(value(words.surface_energy, "surface_energy"), words.width)
    vacancies = None
    if words.conserved:
        vacancies = Vacancies(
            LatticeVacancies(value(None, "molar_volume"), words.vacancies),
            SelfDiffusion(value(words.diffusivity, "self_diffusivity"), words.sink_length),
        )
    seeds = tuple(Seed(tuple(seed.centre), seed.radius) for seed in words.seeds)
    # 90 deg exactly, as the default is, makes no term
    cosine = 0.0 if abs(words.contact_angle - math.pi / 2) < 1e-12 else math.cos(words.contact_angle)
    relaxation = AllenCahn(value(words.mobility, "phase_field_mobility"))
    return VoidPhase(well, relaxation, vacancies, seeded(well, seeds), cosine)


EVALUATE: Mapping[str, Callable[[Point, QuantityRequest], float]] = {
    "void_volume": lambda p, r: observed.void_volume(p.assembly) / p.assembly.area,
    "void_surface_energy": lambda p, r: observed.surface_energy(p.assembly) / p.assembly.area,
    "lithium_from_sinks": lambda p, r: observed.sunk(p.assembly) / p.assembly.area,
}
