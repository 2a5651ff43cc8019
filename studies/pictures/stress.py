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
from studies.pictures.views import Panel, View, layout, unseen, views

__all__ = ["QUANTITIES", "Shown", "draw_stress"]

#: field -> (label, whether it has a sign)
QUANTITIES = {
    "von_mises_stress": ("von Mises stress", False),
    "stacking_stress": ("stress along {axis} (tension +)", True),
}
_SHARE = 0.99
#: Of the larger of tension and compression, from which on the other one counts.
_BOTH = 0.05


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
    part = views(dataset)[1]
    shown = [Shown(sheets, part, name, *QUANTITIES[name], dataset.axes[-1]) for name in QUANTITIES]
    notes = [where, "axes not to the same scale" if part.stretched else "", unseen(dataset, part)]
    notes += dict.fromkeys(f"colours {x.span.note}" for x in shown if x.span.note)
    made = style.figure(style.WIDTH, 3.0)
    panels, _, bars = layout(made, dataset, [part] * len(shown), notes=[*filter(None, notes)], titles=1)
    for panel, bar, each in zip(panels, bars, shown, strict=True):
        each.draw(made, panel, bar, sheets)
        draw_seams(panel, seams)
        annotate(panel, dataset, sheets, seams, {})
    after = f"; {where}" if where else ""
    return style.save(made, path, f"von Mises stress and stress in the stacking direction, undeformed{after}")


class Shown:
    """Colours of one stress: unit, range and what is beyond it.

    Zero is in the middle of the colours of a stress of both signs.
    """

    def __init__(self, sheets: Sequence[Sheet], part: View, name: str, text: str, signed: bool, axis: str) -> None:
        from matplotlib.colors import Normalize

        solid = [s for s in sheets if name in s.nodes]
        values = np.concatenate([s.nodes[name] for s in solid])
        weights = np.concatenate([s.weights(part) for s in solid])
        span = style.value_range(values, weights, _SHARE)
        centred = signed and min(-span.low, span.high) > _BOTH * max(-span.low, span.high)
        if centred:
            span = style.value_range(values, weights, _SHARE, symmetric=True)
        self.name, self.span = name, style.widened(span)
        self.unit = units.scale([self.span.low, self.span.high], "stress")
        self.title = self.unit.label(text.format(axis=axis))
        self.norm = Normalize(self.unit(self.span.low), self.unit(self.span.high))
        self.colours = style.magnitudes(self.span) if not centred else style.colours(style.DIVERGING)

    def draw(self, made: object, panel: Panel, bar: object, sheets: Sequence[Sheet]) -> None:
        """Fill a view."""
        from matplotlib.cm import ScalarMappable

        for sheet in sheets:
            if self.name in sheet.nodes:
                fill_values(panel, sheet, sheet.nodes[self.name] * self.unit(1.0), self.norm, self.colours)
            else:
                fill_flat(panel, sheet)
            outline(panel, sheet)
        panel.axes.set_title(self.title, loc="left")
        style.colour_bar(made, ScalarMappable(norm=self.norm, cmap=self.colours), "", bar, self.span.extend)
