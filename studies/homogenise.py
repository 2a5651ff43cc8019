"""Studies without electrodes: a mean electric field along a periodic axis, or one after the other along each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fem.conditions import MeanField

if TYPE_CHECKING:
    from fem.model import Model
    from studies.schema import Study

AXES = ("x", "y", "z")


def driven_axes(study: Study) -> tuple[int, ...]:
    """Axes along which the study drives a field, one load case each; empty where it has electrodes."""
    field = study.operation.mean_field
    if field is None:
        return ()
    return study.geometry.periodic if field.along == "each" else (AXES.index(field.along),)


def field_conditions(study: Study) -> list[MeanField]:
    """Mean fields of the first load case: the driven one, and what holds along the other periodic axes."""
    field, driven = study.operation.mean_field, driven_axes(study)
    if field is None:
        return []
    rest = None if field.across == "no-current" else 0.0
    return [MeanField(axis, field.strength if axis == driven[0] else rest) for axis in study.geometry.periodic]


def drive(model: Model, study: Study, axis: int) -> None:
    """Turn the mean field into the direction of another load case."""
    field = study.operation.mean_field
    assert field is not None
    for along, fall in model.mean_fields.items():
        if not fall.unknown:
            fall.value = field.strength * model.tagged.periods[along] if along == axis else 0.0


def merged(before: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    """Values of all load cases: each quantity from the one that it belongs to (not a number in the others)."""
    return {label: value if value == value or label not in before else before[label] for label, value in now.items()}
