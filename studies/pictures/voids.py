"""Voids of lithium as a phase field, at several times."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from studies import units
from studies.pictures import style
from studies.pictures.dataset import Dataset
from studies.pictures.planar import draw_seams, fill_flat, fill_values, outline, seams_of, sheet_of
from studies.pictures.views import layout, views

__all__ = ["draw_voids"]

#: From void to lithium: dark and light, also without colours.
_COLOURS = ("#26323f", "#5d7183", "#a9b6bf", "#dfe3e4", "#f2f1ec")
MOST_TIMES = 4
KEY = "order_parameter"


def draw_voids(dataset: Dataset, path: Path) -> Path | None:
    """Draw the order parameter of a plane model at up to four times, from void (0) to lithium (1).

    Args:
        dataset: any state of a fields folder. path: PNG to write.

    Returns:
        `path`, or None where no void can be, and for models that are not plane.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    steps = dataset.contents["steps"]
    if dataset.gdim != 2 or not any(KEY in layer.nodes for layer in dataset.layers):
        return None
    chosen = np.unique(np.linspace(0, len(steps) - 1, MOST_TIMES).round().astype(int))
    states = [Dataset(dataset.folder, int(k)) for k in chosen]
    whole, part = views(dataset)
    view = whole or part
    norm, colours = Normalize(0.0, 1.0), LinearSegmentedColormap.from_list("voids", _COLOURS)
    notes = ["axes not to the same scale"] if view.stretched else []
    made = style.figure(style.WIDTH, 3.0)
    panels, _, bars = layout(made, dataset, [view] * len(states), notes=notes, titles=1)
    for panel, bar, state in zip(panels, bars, states, strict=True):
        for sheet in (sheet_of(x) for x in state.layers):
            if KEY in sheet.nodes:
                fill_values(panel, sheet, sheet.nodes[KEY], norm, colours)
            else:
                fill_flat(panel, sheet)
            outline(panel, sheet)
        draw_seams(panel, seams_of(state))
        panel.axes.set_title(units.format(float(state.step["label"]["time"]), "time", 3), fontsize=style.FONT)
        style.colour_bar(made, ScalarMappable(norm=norm, cmap=colours), "0 void, 1 lithium", bar)
    return style.save(made, path, "order parameter of voids at several times, 0 void to 1 lithium")
