"""Creep of the regions of a study: words and material properties to laws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fem.dissipation.anand import Anand
from fem.dissipation.norton import Norton

if TYPE_CHECKING:
    from fem.terms import CreepLaw
    from studies.schema import Study

__all__ = ["creep_of"]


def creep_of(study: Study, region: str) -> CreepLaw | None:
    """The creep law of a region; None where it does not creep, or nothing changes in time."""
    which = study.body(region).creep
    if which == "none" or study.operation.protocol is None or not study.mechanics.on:
        return None
    material, temperature = study.material(region), study.operation.temperature

    def value(key: str) -> float:
        return material.value(f"{which}_{key}", temperature)

    if which == "norton":
        exponent = value("exponent")
        coefficient = value("reference_stress") * value("reference_rate") ** (-1 / exponent)
        return Norton(coefficient, exponent, value("activation_energy"))
    return Anand(
        prefactor=value("rate_prefactor"),
        activation_energy=value("activation_energy"),
        sensitivity=value("rate_sensitivity"),
        resistance=value("initial_resistance"),
        hardening=value("hardening_modulus"),
        hardening_exponent=value("hardening_exponent"),
        saturation=value("saturation_stress"),
        saturation_exponent=value("saturation_exponent"),
    )
