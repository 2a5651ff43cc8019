"""Where something is broken, and how energies went while the loads grew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from studies import units
from studies.pictures import style
from studies.pictures.dataset import Dataset
from studies.pictures.planar import annotate, draw_seams, fill_flat, fill_values, outline, seams_of, sheet_of
from studies.pictures.views import layout, unseen, views

__all__ = ["draw_damage", "draw_loading"]

#: From whole to broken: ever darker, also without colours.
_COLOURS = ("#f4f1ea", "#f3d9a4", "#e39a4f", "#b04a28", "#3a0d0d")
_ENERGIES = {
    "work": ("work of the loads", "-"),
    "elastic_energy": ("elastic energy", "-"),
    "fracture_energy": ("energy of cracks", "-"),
}


def draw_damage(dataset: Dataset, path: Path) -> Path | None:
    """Draw the damage of a plane model, always from 0 to 1; what cannot break is grey.

    Args:
        dataset: what to draw. path: PNG to write.

    Returns:
        `path`, or None where nothing can break, and for models that are not plane.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    if dataset.gdim != 2 or not any("damage" in layer.nodes for layer in dataset.layers):
        return None
    sheets, seams = [sheet_of(x) for x in dataset.layers], seams_of(dataset)
    whole, part = views(dataset)
    view = whole or part
    norm, colours = Normalize(0.0, 1.0), LinearSegmentedColormap.from_list("damage", _COLOURS)
    notes = ["axes not to the same scale"] if view.stretched else []
    notes += filter(None, [unseen(dataset, view)])
    if any("damage" not in s.nodes for s in sheets):
        notes.append("grey: does not break")
    made = style.figure(style.WIDTH, 4.0)
    (panel,), _, (bar,) = layout(made, dataset, [view], notes=notes)
    for sheet in sheets:
        if "damage" in sheet.nodes:
            fill_values(panel, sheet, sheet.nodes["damage"], norm, colours)
        else:
            fill_flat(panel, sheet)
        outline(panel, sheet)
    draw_seams(panel, seams)
    annotate(panel, dataset, sheets, seams, {})
    style.colour_bar(made, ScalarMappable(norm=norm, cmap=colours), "damage (0 whole, 1 broken)", bar)
    return style.save(made, path, "; ".join(["damage on the undeformed shape, 0 whole to 1 broken", *notes]))


def draw_loading(series: Mapping[str, Sequence[float]], path: Path) -> Path | None:
    """Draw energies, and the pressure in cracks, over the part of the loads.

    Args:
        series: columns of `studies.breaking.BrokenPath.series`, SI. path: PNG to write.

    Returns:
        `path`, or None where no loads grew.
    """
    load = np.asarray(series.get("load", ()), dtype=float)
    if len(load) < 2 or any(name not in series for name in _ENERGIES):
        return None
    pressed = "crack_pressure" in series
    made = style.figure(style.WIDTH, 4.2 if pressed else 2.8)
    axes: Any = made.subplots(2 if pressed else 1, 1, sharex=True, squeeze=False)[:, 0]
    unit = units.scale(np.concatenate([np.asarray(series[n], dtype=float) for n in _ENERGIES]), "energy per area")
    for k, (name, (label, line)) in enumerate(_ENERGIES.items()):
        values = unit(1.0) * np.asarray(series[name], dtype=float)
        axes[0].plot(load, values, line, color=style.series_colour(k), label=label, linewidth=1.2)
    axes[0].set_ylabel(unit.label("over the nominal area"))
    axes[0].legend(frameon=False)
    if pressed:
        values = np.asarray(series["crack_pressure"], dtype=float)
        scale = units.scale(values, "pressure")
        axes[1].plot(load, scale(1.0) * values, color=style.series_colour(3), linewidth=1.2)
        axes[1].set_ylabel(scale.label("pressure in cracks"))
    for each in axes:
        each.grid(True, color="0.88", linewidth=0.6)
        each.set_axisbelow(True)
        each.margins(x=0.0)
    axes[-1].set_xlabel("part of the loads")
    made.tight_layout(pad=0.5)
    return style.save(made, path, "energies while the loads grow: work that is neither stored nor in cracks is lost")
