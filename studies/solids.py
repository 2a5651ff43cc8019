"""Elastic solids of a study: stiffness, crystal axes and stress-free strains of a region."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fem.energy.crystal import CrystalElastic, Stiffness
from fem.energy.eigenstrain import AxialStrain, ThermalExpansion
from fem.energy.elastic import Elastic
from fem.energy.swelling import LatticeSwelling, Swelling
from fem.orientations import CrystalAxes, GrainAxes, UniformAxes, rotation_to
from studies.graded import Values
from studies.schema.swelling_rules import STIFFNESS

if TYPE_CHECKING:
    from meshes.stack import Stack
    from studies.schema import Study

__all__ = ["axes_of", "solid_of"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _GrainRotations:
    """Rotations of the grains of one feature: equal for all colours of the grains.

    Attributes:
        number: of the feature in the stack.
    """

    number: int
    stack: Stack = field(compare=False, repr=False)

    def __call__(self, points: Floats, region: str) -> Floats:
        """(n, 3, 3) rotations at midpoints (n, gdim) of cells of a region."""
        feature: Any = self.stack.features[self.number]
        found: Floats = feature.grain_at(self.stack, points, region)[1]
        return found


def axes_of(study: Study, region: str) -> CrystalAxes | None:
    """How the crystals of a region lie; None where nothing is said."""
    given = study.body(region).crystal_axis
    if given is None:
        return None
    if given != "random":
        return UniformAxes(rotation_to([*given, 0.0, 0.0][:3]))
    stack = study.stack()
    features: Any = enumerate(stack.features)
    number = next(i for i, f in features if hasattr(f, "grain_at") and region in f.parts(stack))
    return GrainAxes(_GrainRotations(number, stack))


def solid_of(study: Study, region: str) -> Elastic | CrystalElastic:
    """The elastic energy of a region, with all that strains it without stress."""
    body, material = study.body(region), study.material(region)
    temperature = study.operation.temperature
    axes = axes_of(study, region)
    swelling, still = _swelling(study, region, axes)
    # a fill keeps to the walls that it has wetted and would lose a volume if it were free
    given = body.eigenstrain + (1.0 - body.shrinkage) ** (1.0 / 3.0) - 1.0
    eigenstrain: Any = given + still[0]
    if still[0] != still[1]:
        eigenstrain = AxialStrain(given + still[0], given + still[1], axes)
    thermal = None
    if body.stress_free_temperature is not None:
        expansion = material.value("thermal_expansion", temperature)
        thermal = ThermalExpansion(expansion, temperature - body.stress_free_temperature)
    if body.elasticity == "crystal":
        c11, c12, c13, c33, c44 = (material.value(key, temperature) for key in STIFFNESS)
        c14 = material.value("stiffness_c14", temperature) if material.has("stiffness_c14") else 0.0
        c66 = material.value("stiffness_c66", temperature) if material.has("stiffness_c66") else (c11 - c12) / 2
        stiffness = Stiffness(c11, c12, c13, c33, c44, c66, c14)
        return CrystalElastic(stiffness, axes, eigenstrain, swelling, thermal)
    value = Values(study, region)
    young, poisson = value.of("young_modulus"), material.value("poisson_ratio", temperature)
    return Elastic(young, poisson, eigenstrain, swelling, thermal)


def _swelling(
    study: Study, region: str, axes: CrystalAxes | None
) -> tuple[Swelling | LatticeSwelling | None, tuple[float, float]]:
    """The strain that follows the field of lithium, and the constant ones (within layers, across) without a field."""
    body, material = study.body(region), study.material(region)
    words, transport = body.swelling, body.transport
    if words is None:
        return None, (0.0, 0.0)
    start = None if transport is None else transport.lithiation
    free = words.stress_free_lithiation if words.stress_free_lithiation is not None else start
    assert free is not None
    drives = words.stress == "drives diffusion"
    temperature = study.operation.temperature
    maximum = material.value("maximum_concentration", temperature) if material.has("maximum_concentration") else 1.0
    if words.model == "isotropic":
        volume = material.value("partial_molar_volume", temperature)
        if start is not None:
            return Swelling(volume, free * maximum, drives), (0.0, 0.0)
        assert words.lithiation is not None
        linear = volume * maximum * (words.lithiation - free) / 3
        return None, (linear, linear)
    lattice = tuple(material.curve(f"lattice_parameter_{name}", temperature) for name in "ac")
    along = axes if words.model == "lattice" else None
    law = LatticeSwelling.since((lattice[0], lattice[1]), maximum, free, along, drives)
    if start is not None:
        return law, (0.0, 0.0)
    assert words.lithiation is not None
    within, across = (float(v) for v in law.along(words.lithiation))
    mean = (2 * within + across) / 3
    return None, ((within, across) if along is not None else (mean, mean))
