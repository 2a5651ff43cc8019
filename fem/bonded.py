"""Which solids of a model move as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fem.errors import ModelError
from fem.interface.names import both_sides, whole

if TYPE_CHECKING:
    from fem.domains import Domains

__all__ = ["bonded"]


def bonded(geometry: Domains, solids: tuple[str, ...], apart: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Solids that share a displacement: those that touch where no mechanical law lets them come apart.

    Args:
        geometry: of the model. solids: layers with mechanics. apart: interface -> mechanical law.

    Raises:
        ModelError: a side of an interface with a law has no mechanics.
    """
    if not apart:
        return [solids]
    group = {layer: layer for layer in solids}
    for name in geometry.interfaces:
        below, above = both_sides(name)
        if whole(name) not in apart and below in group and above in group:
            old, new = group[above], group[below]
            group = {layer: new if root == old else root for layer, root in group.items()}
    for name in apart:
        for layer in geometry.layers_beside(name):
            if layer not in group:
                raise ModelError(f"{name!r} can come apart, but layer {layer!r} beside it has no mechanics")
    return [tuple(x for x in solids if group[x] == root) for root in dict.fromkeys(group.values())]
