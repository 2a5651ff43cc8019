"""Regions of which layers consist, where features divide them into grains."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshes.stack import Stack

__all__ = ["filled_layers", "hosts_in"]


def filled_layers(stack: Stack) -> dict[str, tuple[str, ...]]:
    """Regions that a layer consists of, where a feature divides all of it (grains of an electrolyte)."""
    found = {}
    for feature in stack.features:
        divided = feature.divided_layer
        if divided is not None:
            found[divided] = (divided, *(r.name for r in feature.regions(stack)))
    return found


def hosts_in(stack: Stack, layers: tuple[str, ...]) -> tuple[str, ...]:
    """Regions of which `layers` consist."""
    filled = filled_layers(stack)
    return tuple(name for layer in layers for name in filled.get(layer, (layer,)))
