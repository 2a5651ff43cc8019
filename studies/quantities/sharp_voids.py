"""Voids at the lithium side with a sharp surface: how they grow and heal, and the pressure that keeps them."""

from __future__ import annotations

from studies.quantities.spec import QuantitySpec

__all__ = ["SPECS"]

SPECS = (
    QuantitySpec(
        "threshold_pressure", "pressure", "Pa",
        "stack pressure at which the flaw of a layer with `void_surface` neither grows nor heals; 0 where it heals"
        " without any",
    ),
    QuantitySpec(
        "threshold_exponent", "dimensionless", "",
        "exponent of this pressure as a power of the current density, over all currents of a sweep",
    ),
    QuantitySpec(
        "void_growth_rate", "rate", "1/s",
        "rate at which the voids of a layer with `void_surface` grow under the stack pressure, over their volume",
    ),
    QuantitySpec(
        "stripped_lithium", "length", "m",
        "volume of the lithium that has left a layer with `void_surface` through its contact, over the nominal area",
        needs_time=True,
    ),
    QuantitySpec(
        "largest_void_volume", "length", "m",
        "largest volume over the nominal area that the voids of a layer with `void_surface` have had", needs_time=True,
    ),
    QuantitySpec(
        "least_contact_fraction", "dimensionless", "",
        "smallest contact fraction that the voids of a layer with `void_surface` have left", needs_time=True,
    ),
    QuantitySpec(
        "largest_current_focusing", "dimensionless", "",
        "largest current density beside the voids of a layer with `void_surface` in the run, over its nominal mean",
        needs_time=True,
    ),
)  # fmt: skip
