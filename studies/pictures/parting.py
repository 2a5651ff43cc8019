"""Sides that have parted: the deformed shape, and how quantities went while the loads grew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import wrap
from typing import Any

import numpy as np

from studies import units
from studies.pictures import style
from studies.pictures.dataset import Dataset
from studies.pictures.planar import Sheet, annotate, fill_flat, outline, sheet_of
from studies.pictures.regions import boundary
from studies.pictures.stress import QUANTITIES as STRESSES
from studies.pictures.stress import Shown
from studies.pictures.views import View, layout, unseen
from studies.quantities import QUANTITIES

__all__ = ["draw_load_columns", "draw_parting"]

#: The largest displacement is drawn as about this part of the height of the model.
_SHARE = 0.06
_STRESS = "von_mises_stress"
_ENERGIES = {"work": "work of the loads", "stored": "stored", "dissipated": "dissipated"}
_MOST = 4
#: Said by the energies above, or without a meaning on the way.
_LEFT_OUT = ("work_of_loads", "lost_work", "critical_load", "bond_dissipation", "elastic_energy", "dissipation")


def draw_parting(dataset: Dataset, path: Path) -> Path | None:
    """Draw the deformed shape of a plane model whose interfaces may part, coloured by the von Mises stress.

    Args:
        dataset: what to draw. path: PNG to write.

    Returns:
        `path`, or None where nothing can part.
    """
    parts = any("gap" in i.values for i in dataset.interfaces)
    if dataset.gdim != 2 or not parts:
        return None
    still = [sheet_of(x, (_STRESS,)) for x in dataset.layers]
    moved = [np.abs(s.nodes["displacement"]).max(initial=0.0) for s in still if "displacement" in s.nodes]
    height = float(dataset.high[-1] - dataset.low[-1])
    factor = _rounded(_SHARE * height / max(*moved, 1e-300)) if max(moved, default=0.0) > 0 else 1.0
    sheets = [_deformed(s, factor) for s in still]
    low = np.min([s.points.min(axis=0) for s in sheets], axis=0)
    high = np.max([s.points.max(axis=0) for s in sheets], axis=0)
    view = View((float(low[0]), float(low[1])), (float(high[0]), float(high[1])))
    notes = [f"displacements times {factor:g}", *filter(None, [unseen(dataset, view)])]
    shown = Shown(sheets, view, _STRESS, *STRESSES[_STRESS], dataset.axes[-1])
    notes += [f"colours {shown.span.note}"] if shown.span.note else []
    made = style.figure(style.WIDTH, 4.5)
    (panel,), _, (bar,) = layout(made, dataset, [view], notes=notes, titles=1)
    shown.draw(made, panel, bar, sheets)
    for sheet in sheets:
        if _STRESS not in sheet.nodes:
            fill_flat(panel, sheet)
        outline(panel, sheet)
    annotate(panel, dataset, sheets, (), {}, hole="gap")
    return style.save(made, path, "; ".join(["deformed shape, von Mises stress", *notes]))


def _deformed(sheet: Sheet, factor: float) -> Sheet:
    if "displacement" not in sheet.nodes:
        return sheet
    points = sheet.points + factor * np.asarray(sheet.nodes["displacement"])[:, :2]
    return replace(sheet, points=points, outline=points[boundary(sheet.layer.corners)])


def _rounded(factor: float) -> float:
    """1, 2 or 5 times a power of ten, not above."""
    power = 10.0 ** np.floor(np.log10(factor))
    return float(max(x for x in (1.0, 2.0, 5.0) if x * power <= factor * (1 + 1e-12)) * power)


def draw_load_columns(series: Mapping[str, Sequence[float]], path: Path) -> Path | None:
    """Draw energies and what the study asked for over the part of the loads.

    Args:
        series: columns of `studies.joints.JointPath.series`, SI. path: PNG to write.

    Returns:
        `path`, or None where no interface could part.
    """
    load = np.asarray(series.get("load", ()), dtype=float)
    if len(load) < 2 or any(name not in series for name in _ENERGIES):
        return None
    rows = [
        name
        for name, values in series.items()
        if name in QUANTITIES and name not in _LEFT_OUT and np.any(np.nan_to_num(values)) and np.ptp(values) > 0
    ][:_MOST]
    made = style.figure(style.WIDTH, 2.2 + 1.2 * len(rows))
    axes: Any = made.subplots(1 + len(rows), 1, sharex=True, height_ratios=[1.6] + [1.0] * len(rows), squeeze=False)
    energy = units.scale(np.concatenate([np.asarray(series[n], dtype=float) for n in _ENERGIES]), "energy per area")
    for k, (name, label) in enumerate(_ENERGIES.items()):
        values = energy(1.0) * np.asarray(series[name], dtype=float)
        axes[0, 0].plot(load, values, color=style.series_colour(k), label=label, linewidth=1.2)
    axes[0, 0].set_ylabel(energy.label("over the\nnominal area"))
    axes[0, 0].legend(frameon=False)
    for k, (each, name) in enumerate(zip(axes[1:, 0], rows, strict=True), 3):
        values = np.asarray(series[name], dtype=float)
        unit = units.scale(values, QUANTITIES[name].dimension)
        look: dict[str, Any] = {"color": style.series_colour(k), "marker": "o", "markersize": 2.5, "linewidth": 1.0}
        each.plot(load, unit(1.0) * values, **look)
        style.without_rounding(each, unit(1.0) * values)
        words, has_unit, measure = unit.label(name.replace("_", " ")).partition(" [")
        each.set_ylabel("\n".join([*wrap(words, 16), f"[{measure}"] if has_unit else wrap(words, 16)))
    for each in axes[:, 0]:
        each.grid(True, color="0.88", linewidth=0.6)
        each.set_axisbelow(True)
        each.margins(x=0.0, y=0.08)
    axes[-1, 0].set_xlabel("part of the loads")
    made.align_ylabels()
    made.tight_layout(pad=0.5)
    return style.save(made, path, "energies and quantities while the loads grow")
