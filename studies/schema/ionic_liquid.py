"""Words for an ionic liquid mixed with the salt of an electrolyte, and what must hold for it."""

from __future__ import annotations

from pydantic import Field

from fem.materials import Material
from studies.schema.fields import Part, PositiveConcentration

__all__ = ["DRAGS", "MIXTURE", "VIRIALS", "IonicLiquid", "instability"]

MIXTURE = ("lithium_ion_diffusivity", "liquid_cation_diffusivity", "anion_diffusivity")
"""Material properties that a mixture needs."""
DRAGS = ("stefan_maxwell_lithium_cation", "stefan_maxwell_lithium_anion", "stefan_maxwell_cation_anion")
"""Those by which its ions drag each other; each is optional and needs solvent_concentration."""
VIRIALS = ("virial_salt", "virial_salt_liquid", "virial_liquid")
"""Optional: those of its free energy beyond the ideal mixture."""


class IonicLiquid(Part):
    """An ionic liquid CX beside the lithium salt LiX, with the same anion.

    The ions move by lithium_ion_diffusivity, liquid_cation_diffusivity and anion_diffusivity of the material, from
    which the conductivity follows; they drag each other by its stefan_maxwell_..., and deviate from an ideal mixture by
    its virial_...
    """

    concentration: PositiveConcentration = Field(description="Of the ionic liquid at the beginning.")


def instability(material: Material, salt: float, liquid: float) -> str | None:
    """Why a mixture of these concentrations (mol/m^3) would part into two, or None.

    Its free energy is convex where the matrix of its second derivatives over R T is positive: 1/c_X + B11 + 1/c_Li, and
    so on.
    """
    first, cross, second = (material.value(key) if material.has(key) else 0.0 for key in VIRIALS)
    shared = 1 / (salt + liquid)
    a, b, d = 1 / salt + shared + first, shared + cross, 1 / liquid + shared + second
    if min(a, d) > 0 and a * d > b * b:
        return None
    return f"with the {', '.join(VIRIALS)} of {material.name} this mixture is not stable: it would part into two"
