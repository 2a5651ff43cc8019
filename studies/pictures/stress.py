"""Stress in a plane: von Mises, and the normal stress in the stacking direction."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from studies import units
from studies.pictures import style
from studies.pictures.dataset import Dataset
from studies.pictures.planar import (
    Sheet,
    annotate,
    draw_seams,
    fill_flat,
    fill_values,
    outline,
    seams_of,
    sheet_of,
)
from studies.pictures.section import Cut
from studies.pictures.views import Panel, layout, unseen, views

__all__ = ["QUANTITIES", "draw_stress"]

#: field -> (label, whether zero is in the middle of the colours)
QUANTITIES = {
    "von_mises_stress": ("von Mises stress", False),
    "stacking_stress": ("stress along {axis} (tension +)", True),
}
_SHARE = 0.99


def draw_stress(dataset: Dataset, path: Path, cut: Cut | None = None) -> Path | None:
    """Draw the stresses around the openings of a plane model, or of a cut through one in space.

    Colours are clipped where a few peaks would rule them, which the colour bar says. The shape is not deformed.

    Args:
        dataset: what to draw.
        path: PNG to write.
        cut: of a model in space, with `QUANTITIES` at its nodes.

    Returns:
        `path`, or None without mechanics.
    """
    if not any("von_mises_stress" in layer.means for layer in dataset.layers):
        return None
    sheets = [sheet_of(x, tuple(QUANTITIES)) for x in dataset.layers] if cut is None else cut.sheets
    seams = seams_of(dataset) if cut is None else cut.seams
    where = "" if cut is None else cut.where
    made = style.figure(style.WIDTH, 3.0)
    part = views(dataset)[1]
    notes = [*filter(None, [where, "axes not to the same scale" if part.stretched else "", unseen(dataset, part)])]
    panels, _, bars = layout(made, dataset, [part] * len(QUANTITIES), notes=notes, titles=1)
    for panel, bar, (name, (text, centred)) in zip(panels, bars, QUANTITIES.items(), strict=True):
        label = text.format(axis=dataset.axes[-1])
        _draw(made, panel, bar, sheets, name, label, centred)
        draw_seams(panel, seams)
        annotate(panel, dataset, sheets, seams, {})
    after = f"; {where}" if where else ""
    return style.save(made, path, f"von Mises stress and stress in the stacking direction, undeformed{after}")


def _draw(
    made: object, panel: Panel, bar: object, sheets: Sequence[Sheet], name: str, label: str, centred: bool
) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    solid = [s for s in sheets if name in s.nodes]
    values = np.concatenate([s.nodes[name] for s in solid])
    weights = np.concatenate([s.weights(panel.view) for s in solid])
    span = style.widened(style.value_range(values, weights, _SHARE, symmetric=centred))
    unit = units.scale([span.low, span.high], "stress")
    norm = Normalize(unit(span.low), unit(span.high))
    colours = style.colours(style.DIVERGING if centred else style.SEQUENTIAL)
    for sheet in sheets:
        if name in sheet.nodes:
            fill_values(panel, sheet, sheet.nodes[name] * unit(1.0), norm, colours)
        else:
            fill_flat(panel, sheet)
        outline(panel, sheet)
    panel.axes.set_title(unit.label(label), loc="left")
    text = f"[{unit.unit}]" + (f" {span.note}" if span.note else "")
    style.colour_bar(made, ScalarMappable(norm=norm, cmap=colours), text, bar, span.extend)
