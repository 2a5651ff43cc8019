"""Fillers: particles or wires in a layer, aligned or in random directions, by volume fraction."""

from __future__ import annotations

from dataclasses import dataclass

from meshes.features.packing import Packing

__all__ = ["Inclusion"]


@dataclass(frozen=True)
class Inclusion(Packing):
    """Fillers and dielectric particles or wires: a `Packing` by another name.

    Wires are rods with round ends (a shape with a length), needles and flakes ellipsoids. Random packings of
    slender bodies jam early: rods ten times as long as wide fill about 0.1 of a layer.
    """

    name: str = "inclusions"
