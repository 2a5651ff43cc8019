"""Share of an interface that passes anything: what is closed, bonded and whole on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fem.interface.names import both_sides, whole

if TYPE_CHECKING:
    from fem.model import Model

__all__ = ["passing_share"]


def passing_share(model: Model, interface: str) -> Any:
    """Factor of everything that passes an interface, as UFL on it; 1 where nothing parts or breaks."""
    share: Any = 1.0
    if whole(interface) in model.joints:
        share = model.joints[whole(interface)].conducting()
    for layer, side in zip(both_sides(interface), "+-", strict=True):
        if model.damage is not None and (left := model.damage.passage(layer)) is not None:
            share = share * left(side)
        if model.void_phases is not None and (contact := model.void_phases.contact(layer)) is not None:
            share = share * contact(side)
    return share
