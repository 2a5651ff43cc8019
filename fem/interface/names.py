"""Names of interfaces: ``a|b``, and ``a|b:film`` for the part of it that patches of a film cover."""

from __future__ import annotations

__all__ = ["COVERED", "FACES", "both_sides", "is_covered", "whole"]

COVERED = "film"
"""What follows the colon in the name of the part of an interface under patches of a film that is not meshed."""

FACES = ":faces"
"""What ends the name of the facets of a slit whose two faces may touch; they are interior facets of the mesh."""


def whole(name: str) -> str:
    """``a|b`` for any part of it (``a|b:film``, ``a|b:gap``)."""
    return name.partition(":")[0]


def both_sides(name: str) -> tuple[str, str]:
    """The layers below and above."""
    below, above = whole(name).split("|")
    return below, above


def is_covered(name: str) -> bool:
    """Whether it is the part under the patches of a film."""
    return name.partition(":")[2] == COVERED
