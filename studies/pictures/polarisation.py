"""Polarisation curve of a sweep: cell voltage and area-specific resistance over the current density."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from studies import units
from studies.pictures import style

__all__ = ["draw_polarisation"]

_CURRENT = "applied_current"
#: column of the series -> (label, dimension)
_CURVES = {
    "cell_voltage": ("cell voltage", "potential"),
    "area_specific_resistance": ("area-specific resistance", "area-specific resistance"),
}


def draw_polarisation(series: Mapping[str, Sequence[float]], path: Path) -> Path | None:
    """Draw voltage and resistance over the current density, as far as the sweep has them.

    The current axis is logarithmic when the currents have one sign and span more than a decade; points at zero
    current are then left out, which the axis says.

    Args:
        series: column -> one SI value per operating point (``applied_current`` in A/m^2).
        path: PNG to write.

    Returns:
        `path`, or None when there is no curve to draw.
    """
    shown = [name for name in _CURVES if name in series]
    current = np.asarray(series.get(_CURRENT, ()), dtype=float)
    if not shown or len(current) < 2:
        return None
    other = current[current != 0]
    logarithmic = len(other) > 1 and bool(np.all(other > 0) or np.all(other < 0))
    logarithmic &= float(np.abs(other).max(initial=0)) > 10 * float(np.abs(other).min(initial=np.inf))
    made = style.figure(style.WIDTH if len(shown) > 1 else 0.6 * style.WIDTH, 2.9)
    for axes, name in zip(np.atleast_1d(made.subplots(1, len(shown))), shown, strict=True):
        _curve(axes, current, np.asarray(series[name], dtype=float), name, logarithmic)
    made.tight_layout(pad=0.5, w_pad=1.5)
    return style.save(made, path, "polarisation curve")


def _curve(axes: Any, current: Any, values: Any, name: str, logarithmic: bool) -> None:
    label, dimension = _CURVES[name]
    keep = np.isfinite(values) & ((current != 0) | (not logarithmic))
    unit = units.scale(values[keep], dimension)
    across = units.scale(current, "current density")
    x = across(1.0) * (np.abs(current) if logarithmic else current)
    order = np.argsort(x[keep], kind="stable")
    axes.plot(
        x[keep][order],
        values[keep][order] * unit(1.0),
        color=style.series_colour(0),
        marker="o",
        markersize=3.5,
        markerfacecolor="white",
        linewidth=1.3,
    )
    words = "current density"
    if logarithmic:
        axes.set_xscale("log")
        positive = values[keep] > 0
        if name == "area_specific_resistance" and positive.all() and values[keep].max() > 10 * values[keep].min():
            axes.set_yscale("log")
        words = "|current density|" if np.any(current < 0) else words
        words += ", zero left out" if np.any(current == 0) else ""
    axes.set_xlabel(across.label(words))
    axes.set_ylabel(unit.label(label))
    axes.grid(True, which="major", color="0.88", linewidth=0.6)
    axes.set_axisbelow(True)
