"""Interfaces as a reader knows them: between bodies, whatever number of regions these are in the mesh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fem.interface.names import whole
from studies.pictures.dataset import Interface

__all__ = ["is_directed", "join", "only"]

Floats = npt.NDArray[np.float64]


def join(parts: Sequence[Interface], body_of: Mapping[str, str]) -> tuple[Interface, ...]:
    """Join the interfaces between the same two bodies, in the order of the first of each.

    What counts positive from one region to the other is turned to the direction that the first part has. Within
    one body, between its grains, no direction is better than the other: there it becomes a magnitude.
    """
    groups: dict[frozenset[str], list[Interface]] = {}
    for part in parts:
        groups.setdefault(frozenset(_pair(part, body_of)), []).append(part)
    return tuple(_joined(group, body_of) for group in groups.values())


def only(interface: Interface, name: str) -> Interface:
    """The facets on which a value is known."""
    known = np.isfinite(interface.values[name])
    if known.all():
        return interface
    values = {key: column[known] for key, column in interface.values.items()}
    return replace(
        interface,
        points=interface.points[known],
        corners=interface.corners[known],
        area=interface.area[known],
        values=values,
    )


def is_directed(meaning: str) -> bool:
    """Whether a value changes its sign with the order of the two sides."""
    return "positive from" in meaning and not meaning.startswith("anodic")


def _pair(part: Interface, body_of: Mapping[str, str]) -> tuple[str, str]:
    below, above = whole(part.name).split("|")
    return body_of.get(below, below), body_of.get(above, above)


def _joined(group: Sequence[Interface], body_of: Mapping[str, str]) -> Interface:
    pair = _pair(group[0], body_of)
    columns: dict[str, list[Floats]] = {}
    meaning: dict[str, str] = {}
    for part in group:
        for name in part.values:
            text = part.meaning.get(name, "")
            for region in whole(part.name).split("|"):
                text = text.replace(region, body_of.get(region, region))
            meaning.setdefault(_plain(name, body_of), text)
    for key in meaning:
        columns[key] = [_column(part, key, pair, body_of) for part in group]
        if pair[0] == pair[1] and is_directed(meaning[key]):
            meaning[key] = f"{meaning[key].split(',')[0]}, magnitude"
    return Interface(
        "|".join(pair),
        np.concatenate([p.points for p in group]),
        np.concatenate([p.corners for p in group]),
        np.concatenate([p.area for p in group]),
        {name: np.concatenate(values) for name, values in columns.items()},
        meaning,
    )


def _plain(name: str, body_of: Mapping[str, str]) -> str:
    """A column that is named after a region, named after its body."""
    for region, body in body_of.items():
        if region != body and name.endswith(f"_{region}"):
            return name.removesuffix(region) + body
    return name


def _column(part: Interface, key: str, pair: tuple[str, str], body_of: Mapping[str, str]) -> Floats:
    for name, values in part.values.items():
        if _plain(name, body_of) == key:
            if not is_directed(part.meaning.get(name, "")):
                return values
            if pair[0] == pair[1]:
                return np.abs(values)
            return values if _pair(part, body_of) == pair else -values
    return np.full(len(part.area), np.nan)
