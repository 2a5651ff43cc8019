"""Pictures of space charge: profiles with the screening length marked, and curves over the potential."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studies import units
from studies.pictures import style
from studies.space_charge import build

if TYPE_CHECKING:
    from studies.schema import Study

Array = npt.NDArray[np.float64]

_CURVES = (
    "electrode_charge",
    "differential_capacitance",
    "space_charge_resistance",
    "depletion",
    "space_charge_width",
)
_WORDS = {
    "electrode_charge": "charge of the electrode",
    "differential_capacitance": "differential capacitance",
    "space_charge_resistance": "resistance of the layer",
    "depletion": "depletion at the interface",
    "space_charge_width": "width of the layer",
}


def draw_profiles(
    study: Study, profiles: Mapping[str, Mapping[str, Array]], walls: Mapping[str, float], path: Path
) -> Path | None:
    """Potential and occupancies along the stack, one column per layer with ions.

    Args:
        study: the study. profiles: layer -> column -> values. path: PNG to write.
        walls: electrode -> potential in V, drawn as a square at the side of the layers beside it.
    """
    found = {layer: table for layer, table in profiles.items() if len(table) > 3} or dict(profiles)
    if not found:
        return None
    media = build.media(study)
    dots = "o" if build.section(study).mode == "planes" else ""
    made = style.figure(style.WIDTH if len(found) > 1 else 0.65 * style.WIDTH, 4.4)
    panels = made.subplots(2, len(found), squeeze=False, sharex="col")
    for k, (layer, table) in enumerate(found.items()):
        upper, lower = panels[0, k], panels[1, k]
        low = study.stack().span(layer)[0]
        depth = np.asarray(table["height [m]"]) - low
        focus = _focus(depth, np.asarray(table["potential [V]"]))
        x = style.lengths(focus[1] - focus[0])
        scale = x(1.0)
        upper.plot(depth * scale, table["potential [V]"], color=style.series_colour(0), marker=dots, markersize=3)
        _mark_walls(upper, study, layer, walls, depth, focus, scale)
        names = [name for name in table if name.endswith(" per site")]
        for n, name in enumerate(names):
            label = name.removesuffix(" per site")
            lower.plot(
                depth * scale, table[name], color=style.series_colour(n + 1), marker=dots, markersize=3, label=label
            )
        _mark_length(upper, lower, media[layer].debye_length(study.operation.temperature), depth, focus, scale)
        upper.set_title(layer)
        lower.set_xlabel(x.label("distance from the lower side"))
        lower.set_xlim(focus[0] * scale, focus[1] * scale)
        if names:
            lower.legend(frameon=False)
        shown = np.concatenate([np.asarray(table[n]) for n in names]) if names else np.ones(1)
        if shown.min() > 0 and shown.max() > 1e3 * shown.min():
            lower.set_yscale("log")
            lower.set_ylim(max(shown.min(), 1e-12 * shown.max()) / 2, 3 * shown.max())
        for axes in (upper, lower):
            axes.grid(True, which="major", color="0.88", linewidth=0.6)
            axes.set_axisbelow(True)
    panels[0, 0].set_ylabel("electric potential [V]")
    panels[1, 0].set_ylabel("ions per site")
    made.tight_layout(pad=0.5, w_pad=1.2)
    return style.save(made, path, "potential and ions along the stack")


def _focus(depth: Array, phi: Array) -> tuple[float, float]:
    """The part of a layer in which the potential changes: all of it, or the side that does, with some margin."""
    whole = float(depth[-1])
    swing = float(np.nanmax(phi) - np.nanmin(phi))
    if swing == 0:
        return 0.0, whole
    middle = len(phi) // 2
    changed = np.abs(phi - phi[middle]) > 1e-3 * swing
    first, last = changed[:middle], changed[middle:]
    if first.any() and not last.any():
        return 0.0, min(whole, 1.5 * float(depth[:middle][first].max()) + 1e-12)
    if last.any() and not first.any():
        return max(0.0, whole - 1.5 * (whole - float(depth[middle:][last].min())) - 1e-12), whole
    return 0.0, whole


def _mark_walls(
    axes: Any,
    study: Study,
    layer: str,
    walls: Mapping[str, float],
    depth: Array,
    focus: tuple[float, float],
    scale: float,
) -> None:
    """The electrodes at the sides of a layer that are in sight."""
    names = [x.name for x in study.geometry.layers]
    k = names.index(layer)
    thickness = float(np.ptp(study.stack().span(layer)))
    for neighbour, place in ((k - 1, 0.0), (k + 1, thickness)):
        if 0 <= neighbour < len(names) and names[neighbour] in walls and focus[0] <= place <= focus[1]:
            axes.plot(place * scale, walls[names[neighbour]], "s", color="0.3", markersize=5, clip_on=False, zorder=3)
            axes.annotate(
                names[neighbour], (place * scale, walls[names[neighbour]]), textcoords="offset points", color="0.3",
                xytext=(6, 0) if place == 0 else (-6, 0), ha="left" if place == 0 else "right", va="center",
            )  # fmt: skip


def _mark_length(upper: Any, lower: Any, length: float, depth: Array, focus: tuple[float, float], scale: float) -> None:
    """A band one screening length wide at the sides in sight, if it fits."""
    span = focus[1] - focus[0]
    if not 1e-3 * span < length < 0.8 * span:
        return
    sides = []
    if focus[0] == 0:
        sides.append((0.0, length))
    if focus[1] >= float(depth[-1]) * (1 - 1e-9):
        sides.append((float(depth[-1]) - length, float(depth[-1])))
    for axes in (upper, lower):
        for a, b in sides:
            axes.axvspan(a * scale, b * scale, color="0.9", zorder=0)
    middle = 0.5 * sum(sides[0]) * scale if sides else 0.0
    if sides:
        upper.annotate(
            "Debye length", (middle, 0.97), xycoords=("data", "axes fraction"), ha="center", va="top",
            rotation=90, color="0.4", fontsize=style.FONT - 2,
        )  # fmt: skip


def draw_curves(study: Study, series: Mapping[str, tuple[float, ...]], path: Path) -> Path | None:
    """Charge, capacitance, resistance and the like over the potential of the swept electrode."""
    potentials = np.asarray(series.get("electrode_potential", ()))
    labels = [r.label for r in study.quantities if r.name in _CURVES and r.label in series]
    if len(potentials) < 3 or not labels:
        return None
    order = np.argsort(potentials, kind="stable")
    made = style.figure(style.WIDTH, 2.6 * ((len(labels) + 1) // 2))
    panels = made.subplots((len(labels) + 1) // 2, 2, squeeze=False).reshape(-1)
    for k, (axes, label) in enumerate(zip(panels, labels, strict=False)):
        spec = study.spec(label)
        values = np.asarray(series[label], dtype=float)[order]
        unit = units.scale(values[np.isfinite(values)], spec.dimension)
        axes.plot(potentials[order], values * unit(1.0), color=style.series_colour(k), marker="o", markersize=3)
        if spec.name == "space_charge_resistance" and np.all(values > 0) and values.max() > 30 * values.min():
            axes.set_yscale("log")
        axes.set_xlabel("potential of the electrode [V]")
        axes.set_ylabel(unit.label(_WORDS[spec.name]))
        axes.grid(True, which="major", color="0.88", linewidth=0.6)
        axes.set_axisbelow(True)
    for axes in panels[len(labels) :]:
        axes.set_visible(False)
    made.tight_layout(pad=0.5, w_pad=1.2)
    return style.save(made, path, "charge, capacitance and resistance over the potential")
