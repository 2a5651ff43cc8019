"""Slits of a study whose two faces may touch."""

from __future__ import annotations

from collections.abc import Iterator

from studies.schema.cracks import Slit
from studies.schema.draft import Draft
from studies.schema.reader import KeyPath

__all__ = ["slits_of", "touching_slits"]


def slits_of(draft: Draft) -> Iterator[tuple[KeyPath, str, Slit]]:
    """Every crack: its path, its name and its words."""
    for i, feature in enumerate(draft.features):
        if feature is not None and isinstance(feature.content, Slit):
            made = feature.build()
            if made is not None:
                yield ("geometry", "features", i, feature.key), made.name, feature.content


def touching_slits(draft: Draft) -> dict[str, KeyPath]:
    """Name of every slit whose faces may touch -> path of that word."""
    found: dict[str, KeyPath] = {}
    for here, name, words in slits_of(draft):
        if words.contact is not None:
            found.setdefault(name, (*here, "contact"))
    return found
