"""What passes the interfaces: current density and pressure along them, or over them in three dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from studies import units
from studies.pictures import style
from studies.pictures.dataset import Dataset, Interface
from studies.pictures.planar import gaps

__all__ = ["draw_interface_current", "draw_interface_stress"]

Floats = npt.NDArray[np.float64]

#: A peak is cut off when it is this many times what 98 % of the contact stay below.
_PEAK = 2.0
_SHARE = 0.98
_MOST = 4


def draw_interface_current(dataset: Dataset, path: Path) -> Path | None:
    """Normal current density of every interface that passes current; None when there is none or in 1-D."""
    shown = [(i, n) for i in dataset.interfaces for n in i.values if n.endswith("current_density")]
    shown += [(i, n) for i in dataset.interfaces for n in i.values if n.startswith("current_density_")]
    if not shown or dataset.gdim == 1:
        return None
    shown = _order(dataset, shown)[:_MOST]
    labels = [_words(n) for _, n in shown]
    if dataset.gdim == 3:
        return _maps(dataset, shown, labels, "current density", path)
    return _profiles(dataset, shown, labels, "current density", path)


def draw_interface_stress(dataset: Dataset, path: Path) -> Path | None:
    """Pressure on every interface, with the stress shift of the kinetics as a second scale; None without any."""
    shown = [(i, "pressure") for i in dataset.interfaces if "pressure" in i.values]
    if not shown or dataset.gdim == 1:
        return None
    shown = _order(dataset, shown)[:_MOST]
    labels = ["pressure"] * len(shown)
    if dataset.gdim == 3:
        return _maps(dataset, shown, labels, "pressure", path)
    return _profiles(dataset, shown, labels, "pressure", path)


def _order(dataset: Dataset, shown: Sequence[tuple[Interface, str]]) -> list[tuple[Interface, str]]:
    """Interfaces with openings first."""
    open_at = {o.at for o in dataset.openings}
    return sorted(shown, key=lambda pair: pair[0].name not in open_at)


def _words(name: str) -> str:
    if name.startswith("current_density_"):
        return f"current density ({name.removeprefix('current_density_')})"
    return name.replace("_", " ")


# ------------------------------------------------------------------ along a line
def _profiles(
    dataset: Dataset, shown: Sequence[tuple[Interface, str]], labels: Sequence[str], dimension: str, path: Path
) -> Path:
    made = style.figure(style.WIDTH, 0.45 + 2.05 * len(shown))
    rows = made.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
    length = style.lengths(float(dataset.high[0] - dataset.low[0]))
    unit = units.scale([float(np.quantile(np.abs(i.values[n]), 0.9)) for i, n in shown], dimension)
    for axes, (interface, name), label in zip(rows, shown, labels, strict=True):
        _profile(axes, dataset, interface, name, label, unit, length)
    rows[-1].set_xlabel(length.label(dataset.axes[0]))
    made.tight_layout(pad=0.5, h_pad=1.0)
    return style.save(made, path, f"{labels[0]} along the interfaces")


def _profile(axes: Any, dataset: Dataset, interface: Interface, name: str, label: str, unit: Any, length: Any) -> None:
    values = interface.values[name]
    at = np.sort(interface.corners[:, :, 0], axis=1)
    order = np.argsort(at[:, 0])
    at, values = at[order], values[order]
    for run in _runs(at):
        edges = np.append(at[run, 0], at[run[-1], 1])
        axes.stairs(
            values[run] * unit(1.0), edges * length(1.0), baseline=None, color=style.series_colour(0), linewidth=1.3
        )
    low, high, peaks = _limits(values, interface.area[order])
    nominal = float(np.sum(interface.area * interface.values[name]) / dataset.area)
    uniform = np.ptp(values) < 1e-3 * np.abs(values).max()
    if name != "pressure" and low <= nominal <= high and not uniform:
        axes.axhline(unit(nominal), color="black", linewidth=0.8, linestyle="--")
        number = 0.0 if abs(nominal) < 1e-6 * np.abs(values).max() else unit(nominal)
        text = f"dashed: over the whole area {number:.4g} {unit.unit}"
        axes.set_title(text.replace("-", "−"), loc="right")
    axes.set_ylim(unit(low), unit(high))
    axes.set_xlim(length(float(dataset.low[0])), length(float(dataset.high[0])))
    for left, right, word in _missing(dataset, interface, at):
        axes.axvspan(length(left), length(right), color="#e6e6e6", zorder=0, linewidth=0)
        axes.text(length(0.5 * (left + right)), 0.92, word, transform=axes.get_xaxis_transform(), ha="center", va="top")
    axes.set_ylabel(unit.label(label).replace(" [", "\n["))
    axes.set_title(f"{interface.name}{_sign(interface, name)}", loc="left")
    if peaks:
        box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.0}
        # beside zero, where a curve that is cut off at its peaks leaves room
        y, anchor = (0.04, "bottom") if nominal >= 0 else (0.96, "top")
        axes.text(0.01, y, peaks(unit), transform=axes.transAxes, ha="left", va=anchor, zorder=8, bbox=box)
    _shift_axis(axes, interface, name, unit)


def _sign(interface: Interface, name: str) -> str:
    """Which direction of a current counts positive."""
    meaning = interface.meaning.get(name, "")
    if meaning.startswith("anodic"):
        return ", anodic positive"
    return f", positive towards {interface.name.split('|')[1]}" if "positive" in meaning else ""


def _shift_axis(axes: Any, interface: Interface, name: str, own: Any) -> None:
    """A second scale that reads the same curve as the shift of the equilibrium potential."""
    shift = interface.values.get("stress_shift")
    if name != "pressure" or shift is None or not np.any(shift):
        return
    pressure = interface.values["pressure"]
    factor = float(np.dot(shift, pressure) / np.dot(pressure, pressure))
    if not np.allclose(shift, factor * pressure, atol=1e-6 * np.abs(shift).max()):
        return
    other = units.Scale("mV", "potential")
    ratio = other(1.0) * factor / own(1.0)
    right = axes.secondary_yaxis("right", functions=(lambda y: y * ratio, lambda y: y / ratio))
    right.set_ylabel(other.label("stress shift").replace(" [", "\n["))


def _runs(at: Floats) -> list[npt.NDArray[np.int64]]:
    """Facets (n, 2: left and right end) that follow each other without a gap."""
    size = float(at[-1, 1] - at[0, 0])
    breaks = np.flatnonzero(at[1:, 0] - at[:-1, 1] > 1e-9 * size) + 1
    return np.split(np.arange(len(at)), breaks)


def _missing(dataset: Dataset, interface: Interface, at: Floats) -> list[tuple[float, float, str]]:
    """Intervals of the model's width without contact, and what is there instead."""
    left, right = float(dataset.low[0]), float(dataset.high[0])
    starts, ends = [left, *at[:, 1]], [*at[:, 0], right]
    holes = [(a, b) for a, b in zip(starts, ends, strict=True) if b - a > 1e-9 * (right - left)]
    word = "no contact" if gaps(dataset, interface.name) else "void"
    room = 0.12 if word == "no contact" else 0.06
    return [(a, b, word if b - a > room * (right - left) else "") for a, b in holes]


def _limits(values: Floats, weights: Floats) -> tuple[float, float, Any]:
    """Ends of the scale, and how to say what lies beyond (a function of the unit, or None)."""
    order = np.argsort(np.abs(values))
    heap = np.cumsum(weights[order]) / weights.sum()
    usual = float(np.abs(values[order[min(int(np.searchsorted(heap, _SHARE)), len(order) - 1)]]))
    largest = float(np.abs(values).max())
    clipped = largest > _PEAK * usual > 0
    size = 1.25 * usual if clipped else 1.1 * largest
    low = min(0.0, max(float(values.min()), -size) * 1.1)
    high = max(0.0, min(float(values.max()), size) * 1.1)
    if low == high == 0.0:
        low, high = -1.0, 1.0
    if not clipped:
        return low, high, None
    peak = float(values[order[-1]])
    return low, high, lambda unit: f"cut off, largest facet mean {unit(peak):.3g} {unit.unit}".replace("-", "−")


# --------------------------------------------------------------- over a plane
def _maps(
    dataset: Dataset, shown: Sequence[tuple[Interface, str]], labels: Sequence[str], dimension: str, path: Path
) -> Path:
    columns = min(len(shown), 2)
    rows = -(-len(shown) // columns)
    width, depth = (dataset.high - dataset.low)[:2]
    side = (style.WIDTH - 0.55 * columns - 0.95 * columns) / columns
    side = min(side, 3.4, 3.4 * width / depth)
    cell = (side + 1.5, side * depth / width + 0.95)
    made = style.figure(columns * cell[0], rows * cell[1])
    length = style.lengths(float(max(width, depth)))
    for k, ((interface, name), label) in enumerate(zip(shown, labels, strict=True)):
        left = (k % columns) * cell[0] + 0.55
        bottom = (rows - 1 - k // columns) * cell[1] + 0.45
        size = made.get_size_inches()
        box = (left / size[0], bottom / size[1], side / size[0], side * depth / width / size[1])
        axes = made.add_axes(box)
        values = interface.values[name]
        span = style.value_range(values, interface.area, 0.98, word="contact")
        signed = min(-span.low, span.high) > 0.05 * max(-span.low, span.high)
        if signed:
            span = style.value_range(values, interface.area, 0.98, True, "contact")
        span = style.widened(span)
        uniform = np.ptp(values) < 1e-3 * np.abs(values).max()
        unit = units.scale([span.low, span.high], dimension)
        colour = style.colours(style.DIVERGING if signed else style.SEQUENTIAL)
        mesh, at_nodes = _surface(interface, values * unit(1.0), length)
        clim = {"vmin": unit(span.low), "vmax": unit(span.high)}
        if uniform:  # a colour would be looked up on another bar
            colour, clim = "Greys", {"vmin": 0.0, "vmax": 5.0}
            at_nodes = np.ones_like(at_nodes)
        faces = axes.tripcolor(mesh, at_nodes, shading="gouraud", cmap=colour, **clim)
        axes.set_xlim(length(float(dataset.low[0])), length(float(dataset.high[0])))
        axes.set_ylim(length(float(dataset.low[1])), length(float(dataset.high[1])))
        axes.set_xlabel(length.label("x"))
        axes.set_ylabel(length.label("y"))
        note = f"\n{span.note}" if span.note else ""
        if uniform:
            note = f"\nuniform, {units.format(float(f'{values.mean():.4g}'), dimension, 4)}".replace("-", "−")
        axes.set_title(f"{interface.name}{_sign(interface, name)}{note}", loc="left")
        if uniform:
            continue
        bar = made.add_axes((box[0] + box[2] + 0.08 / size[0], box[1], 0.12 / size[0], box[3]))
        style.colour_bar(made, faces, unit.label(label), bar, span.extend)
    text = "; ".join(f"{i.name}: {i.meaning[n]}" for i, n in shown if i.meaning.get(n))
    return style.save(made, path, f"{labels[0]} over the interfaces (white: no contact); {text}")


def _surface(interface: Interface, values: Floats, length: Any) -> tuple[Any, Floats]:
    """Triangles of an interface, and facet means averaged to their corners by area."""
    from matplotlib.tri import Triangulation

    corners = interface.corners[:, :, :2]
    points, inverse = np.unique(corners.reshape(-1, 2), axis=0, return_inverse=True)
    triangles = inverse.reshape(-1, 3)
    area = np.repeat(interface.area, 3)
    total = np.bincount(triangles.reshape(-1), area * np.repeat(values, 3), len(points))
    weight = np.bincount(triangles.reshape(-1), area, len(points))
    mesh = Triangulation(points[:, 0] * length(1.0), points[:, 1] * length(1.0), triangles)
    return mesh, total / weight
