"""Pictures of runs in time: voltage and current over time, concentrations through the stack at several times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from textwrap import wrap
from typing import Any

import numpy as np

from studies import units
from studies.pictures import style
from studies.pictures.dataset import Dataset
from studies.quantities import QUANTITIES

__all__ = ["draw_concentration", "draw_history"]

_ROWS = {"cell_voltage": ("cell voltage", "potential"), "cell_current": ("current", "current density")}
MOST_TIMES = 6
MOST_PANELS = 4
_STORED = ("concentration", "ionic_liquid_concentration")


def draw_history(series: Mapping[str, Sequence[float]], path: Path) -> Path | None:
    """Draw voltage, current and what the study asked for over time, the steps of the protocol shaded by turns.

    Args:
        series: columns of a run in time (`studies.transient.COLUMNS`), SI.
        path: PNG to write.

    Returns:
        `path`, or None when there is no series in time.
    """
    time = np.asarray(series.get("time", ()), dtype=float)
    if len(time) < 2 or any(name not in series for name in _ROWS):
        return None
    rows = _rows(series)
    made = style.figure(style.WIDTH, 1.4 + 1.2 * len(rows))
    axes = made.subplots(len(rows), 1, sharex=True, height_ratios=[2, *[1.3] * (len(rows) - 1)], squeeze=False)[:, 0]
    across = units.scale(time, "time")
    for k, (each, (name, (label, dimension))) in enumerate(zip(axes, rows.items(), strict=True)):
        values = np.asarray(series[name], dtype=float)
        unit = units.scale(values, dimension)
        known = np.isfinite(values)
        # what is only known at some instants is marked there
        look = {"color": style.series_colour(k), "linewidth": 1.2}
        look |= {} if known.all() else {"marker": "o", "markersize": 3}
        each.plot(across(1.0) * time[known], unit(1.0) * values[known], **look)
        # panels are low: long names stand in several lines, the unit in one of its own
        words, has_unit, measure = unit.label(label).partition(" [")
        each.set_ylabel("\n".join([*wrap(words, 16), f"[{measure}"] if has_unit else wrap(words, 16)))
        each.margins(x=0.0, y=0.08)
        style.without_rounding(each, unit(1.0) * values[known])
        each.grid(True, color="0.88", linewidth=0.6)
        each.set_axisbelow(True)
        _shade(each, across(1.0) * time, np.asarray(series["protocol_step"]))
    axes[-1].set_xlabel(across.label("time"))
    made.align_ylabels()
    made.tight_layout(pad=0.5)
    what = ", ".join(label for label, _ in rows.values())
    return style.save(made, path, f"{what} over time; every other step of the protocol is shaded")


def _rows(series: Mapping[str, Sequence[float]]) -> dict[str, tuple[str, str]]:
    """Column -> its label and dimension: what the study asked for, then voltage and current unless nothing happens."""
    left_out = (*_ROWS, "elapsed_time", "passed_charge")
    asked = {
        name: (name.replace("_", " "), QUANTITIES[name].dimension)
        for name, values in series.items()
        if name in QUANTITIES and name not in left_out and np.any(np.nan_to_num(values))
    }
    cell = {name: row for name, row in _ROWS.items() if np.any(series[name])}
    first = cell or ({} if asked else _ROWS)
    return {**first, **dict(list(asked.items())[: MOST_PANELS - len(first)])}


def _shade(axes: Any, time: Any, step: Any) -> None:
    starts = np.concatenate([[0], np.flatnonzero(np.diff(step)) + 1, [len(step) - 1]])
    for k, (a, b) in enumerate(pairwise(starts)):
        if k % 2:
            axes.axvspan(time[a], time[b], color="0.93", linewidth=0, zorder=0)


def draw_concentration(dataset: Dataset, path: Path) -> Path | None:
    """Draw the concentrations through a one-dimensional stack at several times, one panel per region and salt.

    Args:
        dataset: any state of a fields folder.
        path: PNG to write.

    Returns:
        `path`, or None when nothing is stored, or in more dimensions.
    """
    steps = dataset.contents["steps"]
    if dataset.gdim != 1 or "time" not in steps[0].get("label", {}):
        return None
    chosen = np.unique(np.linspace(0, len(steps) - 1, MOST_TIMES).round().astype(int))
    states = [Dataset(dataset.folder, int(k)) for k in chosen]
    shown = [(x.name, key) for x in states[0].layers for key in _STORED if key in x.nodes][:MOST_PANELS]
    if not shown:
        return None
    made = style.figure(style.WIDTH, 3.2)
    times = [float(state.step["label"]["time"]) for state in states]
    colours = style.colours(style.SEQUENTIAL)(np.linspace(0.05, 0.85, len(states)))
    for axes, (name, key) in zip(np.atleast_1d(made.subplots(1, len(shown))), shown, strict=True):
        layers = [next(x for x in state.layers if x.name == name) for state in states]
        along = style.lengths(float(np.ptp(layers[0].points[:, 0])))
        unit = units.scale(np.concatenate([x.nodes[key] for x in layers]), "concentration")
        for layer, time, colour in zip(layers, times, colours, strict=True):
            order = np.argsort(layer.points[:, 0])
            x = along(1.0) * layer.points[order, 0]
            values = unit(1.0) * layer.nodes[key][order]
            axes.plot(x, values, color=colour, linewidth=1.4, label=units.format(time, "time", 4))
        which = f": {'salt' if key == _STORED[0] else 'ionic liquid'}" if (name, _STORED[1]) in shown else ""
        axes.set_title(name + which, fontsize=style.FONT)
        axes.set_xlabel(along.label("x"))
        axes.set_ylabel(unit.label("concentration"))
        axes.margins(x=0.0)
        axes.grid(True, color="0.88", linewidth=0.6)
    axes.legend(frameon=False, fontsize=style.FONT - 1, title="time", title_fontsize=style.FONT - 1)
    made.tight_layout(pad=0.5)
    return style.save(made, path, "concentrations through the stack at several times")
