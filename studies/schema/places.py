"""Where a feature is: lateral coordinates of its centre; and what all parts with lists and names do."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from studies.schema.fields import Length, Part

__all__ = ["Centred", "lists", "named", "tuple_or_none"]


def lists(data: Any, *keys: str) -> Any:
    """The same mapping with single values of these keys put into lists."""
    if not isinstance(data, dict):
        return data
    return {k: [v] if k in keys and v is not None and not isinstance(v, list) else v for k, v in data.items()}


def tuple_or_none(values: list[Any] | None) -> Any:
    """The values as a tuple, None for None."""
    return None if values is None else tuple(values)


def named(name: str | None) -> dict[str, Any]:
    """The name as keyword, left out where there is none."""
    return {} if name is None else {"name": name}


class Centred(Part):
    """A feature with a centre."""

    position: list[Length] | None = Field(
        default=None,
        max_length=2,
        description="Lateral coordinates of the centre; default: the middle (or the axis).",
    )

    @model_validator(mode="before")
    @classmethod
    def _single_position(cls, data: Any) -> Any:
        return lists(data, "position")
