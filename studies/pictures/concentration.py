"""Concentrations in the plane of a model at a few instants of a run in time, all on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from studies import units
from studies.pictures import style
from studies.pictures.dataset import Dataset
from studies.pictures.planar import (
    Seam,
    Sheet,
    annotate,
    draw_seams,
    fill_flat,
    fill_values,
    level_lines,
    outline,
    seams_of,
    sheet_of,
)
from studies.pictures.regions import Layer
from studies.pictures.section import make_cut
from studies.pictures.views import Panel, View, layout, unseen, views

__all__ = ["draw_concentration_maps"]

#: Instants shown of one kind of concentration, and of each where there are several.
_MOST, _FEWER = 3, 2
#: Around what stores something a map shows so much more of its size; the whole model where that is nearly all of it.
_MARGIN, _NEARLY = 0.15, 0.7
_LEVELS = 12


def draw_concentration_maps(dataset: Dataset, path: Path) -> Path | None:
    """Draw the concentrations of a model in the plane, or in a cut through one in space, at the last instants written.

    Instants are spread evenly over those on file; the first one, at which nothing has moved, is left out.

    Args:
        dataset: any state of a fields folder.
        path: PNG to write.

    Returns:
        `path`, or None when nothing is stored, for runs without time and for models in one dimension.
    """
    steps = dataset.contents["steps"]
    if dataset.gdim == 1 or len(steps) < 2 or "time" not in steps[0].get("label", {}):
        return None
    kinds = list(dict.fromkeys(kind for layer in dataset.layers for kind in _stored(layer)))
    if not kinds:
        return None
    last, count = len(steps) - 1, _MOST if len(kinds) == 1 else _FEWER
    chosen = np.unique(np.linspace(last / count, last, count).round().clip(1).astype(int))
    states = [_State(Dataset(dataset.folder, int(k))) for k in chosen]
    shown = [_Shown(kind, states) for kind in kinds]
    view = _view(dataset)
    notes = ["axes not to the same scale"] if view.stretched else []
    notes += filter(None, [states[-1].where, unseen(dataset, view)])
    if any(not _stored(layer) for layer in dataset.layers):
        notes.append("grey: stores nothing")
    notes += [f"white: {each.step} of {each.name} apart" for each in shown]
    pairs = [(state, each) for each in shown for state in states]
    made = style.figure(style.WIDTH, 4.0)
    panels, _, bars = layout(made, dataset, [view] * len(pairs), notes=notes, titles=1)
    for panel, bar, (state, each) in zip(panels, bars, pairs, strict=True):
        each.draw(made, panel, bar, state)
        panel.axes.set_title(f"{each.name}, {state.text}", loc="left")
        draw_seams(panel, state.seams)
        annotate(panel, dataset, state.sheets, state.seams, {})
    what = " and ".join(f"concentration of {each.name}" for each in shown)
    instants = ", ".join(f"{s.text} ({s.step})" for s in states)
    return style.save(made, path, "; ".join([f"{what} after {instants}", *notes]))


def _stored(layer: Layer) -> list[tuple[str, str]]:
    """What a region stores: what it is called, and the field that holds it. Salt is where ions conduct."""
    main = "salt" if "ionic" in layer.potentials else "lithium"
    fields = {"concentration": main, "ionic_liquid_concentration": "ionic liquid"}
    return [(name, field) for field, name in fields.items() if field in layer.nodes]


def _view(dataset: Dataset) -> View:
    """What stores something and a margin around it; the whole model where that is nearly all."""
    full = views(dataset)
    view = full[0] or full[1]
    storing = [layer for layer in dataset.layers if _stored(layer)]
    low = np.min([layer.low for layer in storing], axis=0)[[0, -1]]
    high = np.max([layer.high for layer in storing], axis=0)[[0, -1]]
    margin = _MARGIN * float(np.max(high - low))
    low, high = np.maximum(low - margin, view.low), np.minimum(high + margin, view.high)
    if view.stretched or np.all(high - low > _NEARLY * np.asarray(view.size)):
        return view
    return View((float(low[0]), float(low[1])), (float(high[0]), float(high[1])))


class _State:
    """One instant: what it is called, and its sheets in the plane or in a cut."""

    def __init__(self, dataset: Dataset) -> None:
        label = dataset.step["label"]
        self.text, self.step = units.format(float(label["time"]), "time", 4), str(label.get("step", ""))
        cut = make_cut(dataset) if dataset.gdim == 3 else None
        self.where = "" if cut is None else cut.where
        self.sheets: Sequence[Sheet] = [sheet_of(x) for x in dataset.layers] if cut is None else cut.sheets
        self.seams: Sequence[Seam] = seams_of(dataset) if cut is None else cut.seams


class _Shown:
    """The colours of one kind of concentration at all instants."""

    def __init__(self, kind: tuple[str, str], states: Sequence[_State]) -> None:
        from matplotlib.colors import Normalize
        from matplotlib.ticker import MaxNLocator

        self.kind = kind
        self.name, self.field = kind
        values = np.concatenate([s.nodes[self.field] for state in states for s in state.sheets if self.has(s)])
        span = style.widened(style.Range(float(values.min()), float(values.max())))
        self.unit = units.scale([span.low, span.high], "concentration")
        self.norm = Normalize(self.unit(span.low), self.unit(span.high))
        self.colours = style.colours(style.SEQUENTIAL)
        ends = (self.unit(span.low), self.unit(span.high))
        self.levels = np.asarray(MaxNLocator(_LEVELS).tick_values(*ends), dtype=np.float64)
        self.step = f"{self.levels[1] - self.levels[0]:.3g} {self.unit.unit}"

    def has(self, sheet: Sheet) -> bool:
        """Whether a sheet shows this kind."""
        return self.kind in _stored(sheet.layer)

    def draw(self, made: Any, panel: Panel, bar: Any, state: _State) -> None:
        """Fill a view."""
        from matplotlib.cm import ScalarMappable

        for sheet in state.sheets:
            if self.has(sheet):
                values = sheet.nodes[self.field] * self.unit(1.0)
                fill_values(panel, sheet, values, self.norm, self.colours)
                level_lines(panel, sheet, values, self.levels)
            else:
                fill_flat(panel, sheet)
            outline(panel, sheet)
        style.colour_bar(made, ScalarMappable(norm=self.norm, cmap=self.colours), self.unit.label("concentration"), bar)
