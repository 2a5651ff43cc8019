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
    annotate,
    draw_seams,
    fill_flat,
    label_overview,
    outline,
    seams_of,
    sheet_of,
)
from studies.pictures.views import Panel, View, frame, layout, unseen, views

__all__ = ["draw_mesh"]

#: Side of the view around a contact edge over the radius of the opening.
_CLOSE = 0.25
#: Side of the view of a film over its thickness.
_FILM = 12.0


def draw_mesh(dataset: Dataset, path: Path) -> Path:
    """Draw the mesh of a plane model: the whole, the part around the openings, and a contact edge."""
    sheets = [sheet_of(layer) for layer in dataset.layers]
    seams = seams_of(dataset)
    whole, part = views(dataset)
    close, what = _close_up(dataset, part)
    made = style.figure(style.WIDTH, 3.0)
    parts = [part] if close is None else [part, close]
    text = _text(dataset, what)
    notes = [text]
    if whole is None:
        notes += filter(None, ["axes not to the same scale" if part.stretched else "", unseen(dataset, part)])
    panels, small, _ = layout(made, dataset, parts, whole, bars=False, notes=notes)
    for panel in panels if small is None else [*panels, small]:
        _cells(panel, dataset, sheets)
        draw_seams(panel, seams)
    for panel in panels:
        annotate(panel, dataset, sheets, seams, {})
    if small is not None:
        label_overview(small, part, dataset, {})
    if close is not None:
        frame(panels[0], close)
    return style.save(made, path, f"mesh: {text}", dpi=200)


def _text(dataset: Dataset, close: str) -> str:
    cells = sum(len(layer.corners) for layer in dataset.layers)
    return f"{cells} triangles, sizes {_sizes(dataset)}" + (f"; right: {close}" if close else "")


def _cells(panel: Panel, dataset: Dataset, sheets: Sequence[Sheet]) -> None:
    wide = panel.axes.get_figure().get_size_inches()[0]
    per_metre = panel.axes.get_position().width * wide * 72 / panel.view.size[0]
    tints = {body.name: style.LAYER_TINTS[k % len(style.LAYER_TINTS)] for k, body in enumerate(dataset.bodies)}
    for sheet in sheets:
        tint = tints[sheet.layer.body]
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


def _close_up(dataset: Dataset, part: View) -> tuple[View | None, str]:
    """A square of the part that is worth a closer look, and what it shows; None when there is none.

    A film that could not be seen otherwise, else the edge of an opening.
    """
    films = [b for b in dataset.bodies if not b.is_layer and b.thickness < 0.012 * part.size[1]]
    middle = np.array([0.5 * (part.low[0] + part.high[0]), 0.5 * (part.low[1] + part.high[1])])
    if films:
        film = min(films, key=lambda b: b.thickness)
        middles = np.concatenate([x.points[x.corners].mean(axis=1) for x in film.parts])
        inside = middles[part.contains(middles)]
        if len(inside):
            half = 0.5 * _FILM * film.thickness
            at = inside[np.argmin(np.abs(inside - middle).sum(axis=1))]
            at = np.clip(at, np.array(part.low) + half, np.array(part.high) - half)
            return _square(at, half), film.name
    for opening in sorted(dataset.openings, key=lambda o: abs(o.centre[0] - middle[0])):
        level, half = opening.level, 0.5 * _CLOSE * opening.radius
        for x in (opening.centre[0] + opening.radius, opening.centre[0] - opening.radius):
            if part.low[0] + half < x < part.high[0] - half and part.low[1] < level < part.high[1]:
                return _square(np.array([x, level]), half), "a contact edge"
    return None, ""


def _square(centre: npt.NDArray[np.float64], half: float) -> View:
    low, high = (centre + sign * half for sign in (-1, 1))
    return View((float(low[0]), float(low[1])), (float(high[0]), float(high[1])))


def _sizes(dataset: Dataset) -> str:
    """Smallest to largest edge of an equilateral triangle of the same area."""
    sizes = np.concatenate([np.sqrt(layer.measures * 4 / np.sqrt(3)) for layer in dataset.layers])
    return f"{units.format(float(sizes.min()), 'length', 3)} to {units.format(float(sizes.max()), 'length', 3)}"
