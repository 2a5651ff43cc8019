"""What carries a material: layers, and the bodies that features add, wherever they stand in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeVar

from pydantic import Field

from fem.interface.names import both_sides
from studies.schema.fields import Name, Part, Strain
from studies.schema.breaking import Fracture
from studies.schema.reader import KeyPath
from studies.schema.transport import Transport

__all__ = ["Body", "Conduction", "bodies_in", "body_name", "body_pair", "with_bodies"]

Conduction = Literal["equipotential", "electronic", "ionic", "mixed", "none"]
P = TypeVar("P", bound=Part)


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
    fracture: Fracture | None = Field(default=None, description="The region may break: phase-field fracture.")
    eigenstrain: Strain = Field(
        default=0.0,
        description="Stress-free linear strain, isotropic, positive on expansion, for example `0.1 %`.",
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
