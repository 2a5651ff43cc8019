"""What passes the interfaces: current density and pressure along them, over them, or as shares of their area.

An interface that is a graph over the model's width is drawn over it, a single curve along its length, and what
is neither (grain boundaries, surfaces of particles) as a histogram: never a panel per grain or particle.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fem.interface.names import whole
from studies.pictures.dataset import Dataset, Interface
from studies.pictures.interface_maps import draw_maps
from studies.pictures.interface_profiles import draw_profiles
from studies.pictures.joined import only
from studies.pictures.panels import Panels

__all__ = ["draw_interface_current", "draw_interface_stress"]

_MOST = 4


def draw_interface_current(dataset: Dataset, path: Path) -> Path | None:
    """Normal current density of every interface that passes current; None when there is none or in 1-D."""
    shown = [(i, n) for i in dataset.interfaces for n in i.values if n.endswith("current_density")]
    shown += [(i, n) for i in dataset.interfaces for n in i.values if n.startswith("current_density_")]
    return _draw(dataset, shown, "current density", path)


def draw_interface_stress(dataset: Dataset, path: Path) -> Path | None:
    """Pressure on every interface, with the stress shift of the kinetics as a second scale; None without any."""
    shown = [(i, "pressure") for i in dataset.interfaces if "pressure" in i.values]
    return _draw(dataset, shown, "pressure", path)


def _draw(dataset: Dataset, shown: Sequence[tuple[Interface, str]], dimension: str, path: Path) -> Path | None:
    if not shown or dataset.gdim == 1:
        return None
    ordered = _order(dataset, [(only(interface, name), name) for interface, name in shown])
    left = list(dict.fromkeys(i.name for i, _ in ordered[_MOST:]))
    note = f"not shown: {', '.join(left)} (see the tables)" if left else ""
    kept = tuple(ordered[:_MOST])
    panels = Panels(dataset, kept, tuple(_words(n) for _, n in kept), dimension, note)
    return draw_maps(panels, path) if dataset.gdim == 3 else draw_profiles(panels, path)


def _order(dataset: Dataset, shown: Sequence[tuple[Interface, str]]) -> list[tuple[Interface, str]]:
    """Interfaces with openings first, then those between layers, then the largest."""
    open_at = {o.at for o in dataset.openings}
    layers = {b.name for b in dataset.bodies if b.is_layer}

    def rank(pair: tuple[Interface, str]) -> tuple[bool, bool, float]:
        sides = whole(pair[0].name).split("|")
        stacked = set(sides) <= layers and sides[0] != sides[1]
        return pair[0].name not in open_at, not stacked, 0.0 if stacked else -float(pair[0].area.sum())

    return sorted(shown, key=rank)


def _words(name: str) -> str:
    if name.startswith("current_density_"):
        return f"current density ({name.removeprefix('current_density_')})"
    return name.replace("_", " ")
