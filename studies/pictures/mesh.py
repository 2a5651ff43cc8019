"""The mesh: layers tinted, cells outlined, closer and closer to a contact edge."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from studies import units
from studies.pictures import style
from studies.pictures.dataset import Dataset
from studies.pictures.planar import (
    Sheet,
    fill_flat,
    label_layers,
    label_overview,
    outline,
    sheet_of,
)
from studies.pictures.views import Panel, View, frame, layout, unseen, views

__all__ = ["draw_mesh"]

#: Side of the view around a contact edge over the radius of the opening.
_CLOSE = 0.25


def draw_mesh(dataset: Dataset, path: Path) -> Path:
    """Draw the mesh of a plane model: the whole, the part around the openings, and a contact edge."""
    sheets = [sheet_of(layer) for layer in dataset.layers]
    whole, part = views(dataset)
    close = _close_up(dataset, part)
    made = style.figure(style.WIDTH, 3.0)
    parts = [part] if close is None else [part, close]
    text = _text(dataset, close is not None)
    notes = [text]
    if whole is None:
        notes += filter(None, ["axes not to the same scale" if part.stretched else "", unseen(dataset, part)])
    panels, small, _ = layout(made, dataset, parts, whole, bars=False, lines=len(notes))
    for panel in panels if small is None else [*panels, small]:
        _cells(panel, sheets)
    label_layers(panels[0], sheets, {})
    if small is not None:
        label_overview(small, part, sheets, {})
    if close is not None:
        frame(panels[0], close)
    made.text(0.995, 0.995, "\n".join(notes), ha="right", va="top")
    return style.save(made, path, f"mesh: {text}", dpi=200)


def _text(dataset: Dataset, close: bool) -> str:
    cells = sum(len(layer.corners) for layer in dataset.layers)
    return f"{cells} triangles, sizes {_sizes(dataset)}" + ("; right: a contact edge" if close else "")


def _cells(panel: Panel, sheets: Sequence[Sheet]) -> None:
    per_metre = panel.axes.get_position().width * style.WIDTH * 72 / panel.view.size[0]
    for k, sheet in enumerate(sheets):
        tint = style.LAYER_TINTS[k % len(style.LAYER_TINTS)]
        fill_flat(panel, sheet, tint)
        corners = sheet.points[sheet.layer.corners]
        seen = np.all(corners.max(axis=1) >= panel.view.low, axis=1)
        seen &= np.all(corners.min(axis=1) <= panel.view.high, axis=1)
        if not seen.any():
            continue
        size = float(np.sqrt(np.median(sheet.layer.measures[seen]))) * per_metre
        width = float(np.clip(0.06 * size, 0.05, 0.4))
        panel.axes.add_patch(_edges(sheet, seen, panel.unit(1.0), width))
        outline(panel, sheet)


def _edges(sheet: Sheet, seen: npt.NDArray[np.bool_], unit: float, width: float) -> Any:
    """All edges of cells, each once, as one path: a hundred times faster than one polygon per cell."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Line

    cells = sheet.layer.corners[seen]
    pairs = np.sort(np.concatenate([cells[:, [0, 1]], cells[:, [1, 2]], cells[:, [2, 0]]]), axis=1)
    pairs = np.unique(pairs, axis=0)
    codes = np.tile([Line.MOVETO, Line.LINETO], len(pairs))
    line = Line(sheet.points[pairs].reshape(-1, 2) * unit, codes)
    return PathPatch(line, fill=False, edgecolor="#303030", linewidth=width, zorder=2)


def _close_up(dataset: Dataset, part: View) -> View | None:
    """A square about the edge of an opening in the part; None when there is none."""
    middle = 0.5 * (part.low[0] + part.high[0])
    for opening in sorted(dataset.openings, key=lambda o: abs(o.centre[0] - middle)):
        level = dataset.level(opening.at)
        for x in (opening.centre[0] + opening.radius, opening.centre[0] - opening.radius):
            half = 0.5 * _CLOSE * opening.radius
            if part.low[0] + half < x < part.high[0] - half and part.low[1] < level < part.high[1]:
                return View((x - half, level - half), (x + half, level + half))
    return None


def _sizes(dataset: Dataset) -> str:
    """Smallest to largest edge of an equilateral triangle of the same area."""
    sizes = np.concatenate([np.sqrt(layer.measures * 4 / np.sqrt(3)) for layer in dataset.layers])
    return f"{units.format(float(sizes.min()), 'length', 3)} to {units.format(float(sizes.max()), 'length', 3)}"
