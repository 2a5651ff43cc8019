"""Films on bodies and on layers: their coats, what varies across them, and where they are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from studies.schema.body import Body
from studies.schema.fields import Bounds, In, NotABoolean, Part, PositiveFraction, PositiveLength

if TYPE_CHECKING:
    from meshes.films import Coat as MeshCoat
    from meshes.random.patches import Patches as MeshPatches

__all__ = ["Coat", "GradedConductivity", "GradedModulus", "Gradient", "Patches", "Representation", "build_patches"]

Representation = Annotated[
    Literal["resolved", "collapsed"],
    Field(
        description="resolved: the coats are meshed. collapsed: they are resistances of the interface between what"
        " they separate, for films much thinner than the curvature of what they cover.",
    ),
]
Law = Annotated[
    Literal["linear", "exponential"], Field(description="How it varies with the distance from the inner face.")
]
_POSITIVE = Bounds(above=0.0)


def across(inner: float, outer: float, law: str, share: Any) -> Any:
    """Value at a `share` (0 to 1, a number or an array) of the thickness from the inner face."""
    return inner * (outer / inner) ** share if law == "exponential" else inner + (outer - inner) * share


class GradedConductivity(Part):
    """A conductivity that is the material's at the inner face of a coat, and another one at the outer face."""

    outer: Annotated[float, In("conductivity", _POSITIVE)] = Field(description="Value at the outer face.")
    law: Law = "linear"

    def resistance(self, inner: float, thickness: float) -> float:
        """Integral of 1 / conductivity over the thickness, ohm m^2."""
        ratio = self.outer / inner
        if abs(ratio - 1) < 1e-9:
            return thickness / inner
        if self.law == "exponential":
            return thickness * (1 / inner - 1 / self.outer) / math.log(ratio)
        return thickness * math.log(ratio) / (self.outer - inner)


class GradedModulus(Part):
    """A Young's modulus that is the material's at the inner face of a coat, and another one at the outer face."""

    outer: Annotated[float, In("pressure", _POSITIVE)] = Field(description="Value at the outer face.")
    law: Law = "linear"


class Gradient(Part):
    """What varies through the thickness of a coat."""

    ionic_conductivity: GradedConductivity | None = None
    electronic_conductivity: GradedConductivity | None = None
    young_modulus: GradedModulus | None = None


class Coat(Body):
    """One layer of a film."""

    thickness: PositiveLength = Field(description="Thickness, for example 20 nm.")
    cells: Annotated[int, NotABoolean] = Field(default=3, ge=3, le=50, description="Cells across it.")
    gradient: Gradient = Field(
        default_factory=Gradient, description="Properties that vary through the thickness, from inside to outside."
    )

    def build(self) -> MeshCoat:
        """The same coat for `meshes`, in metres."""
        from meshes.films import Coat as Made

        return Made(self.name, self.thickness, self.material, self.cells)


class Patches(Part):
    """A film that covers a part of its surface."""

    coverage: PositiveFraction = Field(description="Covered part of the surface.")
    size: PositiveLength = Field(description="Radius of a patch; of a bare spot where more than half is covered.")
    seed: Annotated[int, NotABoolean] = Field(default=0, ge=0, description="Seed of the places.")


def build_patches(patches: Patches | None, representation: str) -> MeshPatches | None:
    """The same patches for `meshes`, in metres; those of a collapsed film are only marked."""
    from meshes.random.patches import Patches as Made

    if patches is None:
        return None
    return Made(patches.coverage, patches.size, patches.seed, marked=representation == "collapsed")
