"""What carries a material: layers, and the bodies that features add, wherever they stand in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field

from fem.interface.names import both_sides
from studies.schema.breaking import Fracture
from studies.schema.fields import Name, NotABoolean, Part, Shrinkage, Strain, Temperature, complaint
from studies.schema.reader import KeyPath
from studies.schema.swelling import Swelling
from studies.schema.transport import Transport
from studies.schema.void_phase import VoidPhase
from studies.schema.void_surface import VoidSurface

__all__ = ["Body", "Conduction", "bodies_in", "body_name", "body_pair", "with_bodies"]

Conduction = Literal["equipotential", "electronic", "ionic", "mixed", "none"]
P = TypeVar("P", bound=Part)


def _points_somewhere(axis: list[float]) -> list[float]:
    if not any(axis):
        raise complaint("a direction needs a component that is not 0")
    return axis


CrystalAxis = (
    Literal["random"]
    | Annotated[
        list[Annotated[float, NotABoolean, Field(allow_inf_nan=False)]],
        Field(min_length=1, max_length=3),
        AfterValidator(_points_somewhere),
    ]
)


class Body(Part):
    """A region of one material."""

    name: Name = Field(description="Name of the region, unique in the study; interfaces are called first|second.")
    material: str = Field(min_length=1, description="A material of the library (`ssbfem materials`) or of this file.")
    conduction: Conduction | None = Field(
        default=None,
        description="What is solved in the region: equipotential (a metal without potential drop),"
        " electronic, ionic,"
        " mixed or none. Default: what the kind of the material says.",
    )
    properties: dict[str, Any] = Field(
        default_factory=dict,
        description="Material properties that differ from the library here, each with its unit, for example"
        " `ionic_conductivity: 0.05 S/m`.",
    )
    transport: Transport | None = Field(
        default=None, description="Concentrations that change in time: of a salt, or of lithium in an active material."
    )
    crystal_axis: CrystalAxis | None = Field(
        default=None,
        description="Of a layered crystal: direction of its c axis along x, y, z of the model (what is left out is 0),"
        " or `random`: every grain of a polycrystal has its own. Lithium diffuses along it with diffusivity_c.",
    )
    fracture: Fracture | None = Field(default=None, description="The region may break: phase-field fracture.")
    void_phase: VoidPhase | None = Field(
        default=None, description="Of a lithium layer: voids that grow, shrink and merge in time, as a phase field."
    )
    void_surface: VoidSurface | None = Field(
        default=None,
        description="Of a lithium layer on an electrolyte: voids with a sharp surface, in lithium that flows. A kind of"
        " study of its own: with a protocol voids grow and heal, without one the pressure is found that keeps them.",
    )
    eigenstrain: Strain = Field(
        default=0.0,
        description="Stress-free linear strain, isotropic, positive on expansion, for example `0.1 %`.",
    )
    swelling: Swelling | None = Field(
        default=None, description="Strain that follows the lithium of an active material: a model, or more about it."
    )
    shrinkage: Shrinkage = Field(
        default=0.0,
        description="Volume that the region would have lost on curing or freezing, had nothing held it: that of a fill"
        " that solidified in its void, for example `2 %`.",
    )
    stress_free_temperature: Temperature | None = Field(
        default=None,
        description="Temperature at which the region was strain-free, such as that of sintering; from there to"
        " `operation.temperature` it expands with the thermal_expansion of its material. Default: no such strain.",
    )
    creep: Literal["none", "norton", "anand"] = Field(
        default="none",
        description="How the region creeps in time, with properties norton_... or anand_... of its material: norton, a"
        " power of the stress; anand, with a resistance that evolves.",
    )
    elasticity: Literal["isotropic", "crystal"] = Field(
        default="isotropic",
        description="isotropic: young_modulus and poisson_ratio; crystal: stiffness_c11, c12, c13, c33, c44 (and c14,"
        " c66) of the material, along its crystal_axis.",
    )


def bodies_in(part: Part, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Body]]:
    """All bodies of a part, itself first, then in the order of its keys, with their raw paths."""
    if isinstance(part, Body):
        yield path, part
    for key in type(part).model_fields:
        value = getattr(part, key)
        if isinstance(value, Part):
            yield from bodies_in(value, (*path, key))
        elif isinstance(value, list):
            for i, item in enumerate(value):
                if isinstance(item, Part):
                    yield from bodies_in(item, (*path, key, i))


def with_bodies(part: P, change: Callable[[Body], Body]) -> P:
    """The same part with every body in it replaced by `change` of it."""
    updates: dict[str, Any] = {}
    for key in type(part).model_fields:
        value = getattr(part, key)
        if isinstance(value, Part):
            updates[key] = with_bodies(value, change)
        elif isinstance(value, list) and any(isinstance(item, Part) for item in value):
            updates[key] = [with_bodies(item, change) if isinstance(item, Part) else item for item in value]
    if updates:
        part = part.model_copy(update=updates)
    return change(part) if isinstance(part, Body) else part  # type: ignore[return-value]


def body_name(region: str) -> str:
    """The body that a region of the mesh belongs to: ``grains`` for ``grains.3``."""
    return region.split(".")[0]


def body_pair(interface: str) -> str:
    """``grains|grains`` for ``grains.1|grains.3``, parts of them included: what a study file calls an interface."""
    return "|".join(body_name(region) for region in both_sides(interface))
