"""Values of interfaces of plane models: over the width of the model, along a curve, or as shares of the length."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
import numpy.typing as npt

from studies import units
from studies.pictures import style
from studies.pictures.beside import Missing, missing
from studies.pictures.dataset import Dataset, Interface
from studies.pictures.panels import Panels
from studies.pictures.shape import along_curve, is_flat, over_width

__all__ = ["draw_profiles", "histogram", "is_uniform", "sign_words"]

Floats = npt.NDArray[np.float64]

#: A peak is cut off when it is this many times what 98 % of the contact stay below.
_PEAK = 2.0
_SHARE = 0.98
_BINS = 40
#: Letters above axes as wide as a page.
_LETTERS = 80


def draw_profiles(panels: Panels, path: Path) -> Path:
    """Draw the interfaces of a plane model into a PNG."""
    dataset, shown, labels, note = panels.dataset, panels.shown, panels.labels, panels.note
    made = style.figure(style.WIDTH, 1.0)
    foot = style.wrapped(made, [note], style.WIDTH - 0.16)
    below = 0.17 * (foot.count("\n") + 1) if foot else 0.0
    tall = 0.3 + 2.3 * len(shown) + below
    made.set_size_inches(style.WIDTH, tall)
    rows = made.subplots(len(shown), 1, squeeze=False)[:, 0]
    length = style.lengths(float(dataset.high[0] - dataset.low[0]))
    unit = units.scale([float(np.quantile(np.abs(i.values[n]), 0.9)) for i, n in shown], panels.dimension)
    ways = []
    for axes, (interface, name), label in zip(rows, shown, labels, strict=True):
        ways.append(_panel(axes, dataset, interface, name, label, unit, length))
    if foot:
        made.text(0.08 / style.WIDTH, 0.06 / tall, foot, ha="left", va="bottom")
    made.tight_layout(pad=0.5, h_pad=1.0, rect=(0, below / tall, 1, 1))
    caption = [f"{labels[0]} of the interfaces", *dict.fromkeys(ways), *filter(None, [note])]
    return style.save(made, path, "; ".join(caption))


def _panel(axes: Any, dataset: Dataset, interface: Interface, name: str, label: str, unit: Any, length: Any) -> str:
    """Draw one interface; how it is drawn, in words."""
    words = fill(unit.label(label), 18)
    if over_width(interface):
        axes.set_xlabel(length.label(dataset.axes[0]))
        axes.set_ylabel(words)
        _over_width(axes, dataset, interface, name, unit, length)
        _shift_axis(axes, interface, name, unit)
        return f"over {dataset.axes[0]}"
    curve = along_curve(interface)
    if curve is not None:
        axes.set_xlabel(length.label("length along the interface"))
        axes.set_ylabel(words)
        _along(axes, interface, name, unit, length, *curve)
        _shift_axis(axes, interface, name, unit)
        return "single curves along their length"
    histogram(axes, interface, name, unit.label(label), unit, "length" if dataset.dimension == "2" else "area")
    return "many curves as shares of what they measure"


def _over_width(axes: Any, dataset: Dataset, interface: Interface, name: str, unit: Any, length: Any) -> None:
    values = interface.values[name]
    at = np.sort(interface.corners[:, :, 0], axis=1)
    order = np.argsort(at[:, 0])
    at, values = at[order], values[order]
    for run in _runs(at):
        edges = np.append(at[run, 0], at[run[-1], 1])
        axes.stairs(
            values[run] * unit(1.0), edges * length(1.0), baseline=None, color=style.series_colour(0), linewidth=1.3
        )
    layers = {b.name for b in dataset.bodies if b.is_layer}
    whole = set(interface.name.partition(":")[0].split("|")) <= layers
    axes.set_xlim(length(float(dataset.low[0])), length(float(dataset.high[0])))
    holes = missing(dataset, interface, at)
    named = {h.words for h in holes if _blank(axes, h, length, float(dataset.high[0] - dataset.low[0]))}
    unnamed = list(dict.fromkeys(h.words for h in holes if h.is_open and h.words not in named))
    more = "" if is_flat(interface) else ", not flat"
    more += f", grey: {', '.join(unnamed)}" if unnamed else ""
    _finish(axes, interface, name, unit, dataset.area if whole else None, more)


def _blank(axes: Any, hole: Missing, length: Any, width: float) -> bool:
    """Grey where nothing is instead of contact, and what is there, where it has room: whether it has."""
    left, right = hole.ends
    if hole.is_open:
        axes.axvspan(length(left), length(right), color="#e6e6e6", zorder=0, linewidth=0)
    for words in (hole.words, hole.words.replace(" ", "\n")):
        if words and right - left > (0.013 * max(map(len, words.split("\n"))) + 0.01) * width:
            colour = "#e6e6e6" if hole.is_open else "white"
            box = {"facecolor": colour, "edgecolor": "none", "alpha": 0.8, "pad": 1.0}
            at = (length(0.5 * (left + right)), 0.5)
            axes.text(*at, words, transform=axes.get_xaxis_transform(), ha="center", va="center", bbox=box)
            return True
    return False


def _along(
    axes: Any, interface: Interface, name: str, unit: Any, length: Any, order: npt.NDArray[np.int64], ends: Floats
) -> None:
    values = interface.values[name][order]
    axes.stairs(values * unit(1.0), ends * length(1.0), baseline=None, color=style.series_colour(0), linewidth=1.3)
    axes.set_xlim(0.0, length(float(ends[-1])))
    _finish(axes, interface, name, unit, None, "")


def _finish(axes: Any, interface: Interface, name: str, unit: Any, area: float | None, more: str) -> None:
    """Title, limits, and the mean: over the whole area of the model where that is given."""
    values, size = interface.values[name], interface.area
    low, high, peaks = _limits(values, size)
    nominal = float(np.sum(size * values) / (area if area is not None else np.sum(size)))
    mean = ""
    if name != "pressure" and low <= nominal <= high and not is_uniform(values):
        axes.axhline(unit(nominal), color="black", linewidth=0.8, linestyle="--")
        what = "over the whole area" if area is not None else "mean of the interface"
        mean = f"dashed: {what} {_number(nominal, values, unit)}"
    axes.set_ylim(unit(low), unit(high))
    right = "; ".join(filter(None, [mean, peaks(unit) if peaks else ""]))
    _entitle(axes, f"{interface.name}{sign_words(interface, name)}{more}", right)


def _entitle(axes: Any, left: str, right: str) -> None:
    """Both texts above the axes, below each other where they would meet."""
    if len(left) + len(right) < _LETTERS:
        axes.set_title(right, loc="right")
        axes.set_title(left, loc="left")
    else:
        axes.set_title(f"{left}\n{right}", loc="left")


def _number(value: float, among: Floats, unit: Any) -> str:
    """A value with its unit, zero where it is nothing against those that it is the mean of."""
    number = 0.0 if abs(value) < 1e-6 * np.abs(among).max() else unit(value)
    return f"{number:.4g} {unit.unit}".replace("-", "−")


def histogram(
    axes: Any, interface: Interface, name: str, label: str, unit: Any, measure: str, narrow: bool = False
) -> None:
    """Share of an interface on which a value lies in an interval.

    Args:
        axes: of matplotlib. interface: its facets. name: of the values. label: of the axis.
        unit: of the values. measure: ``area`` or ``length``. narrow: whether titles stand below each other.
    """
    values, size = interface.values[name], interface.area
    span = style.widened(style.value_range(values, size, 0.995, word=measure))
    inside = np.clip(values, span.low, span.high) * unit(1.0)
    share, edges = np.histogram(inside, _BINS, (unit(span.low), unit(span.high)), weights=100 * size / size.sum())
    axes.stairs(share, edges, fill=True, color=style.series_colour(0), alpha=0.7)
    mean = float(np.sum(size * values) / np.sum(size))
    axes.axvline(unit(mean), color="black", linewidth=0.8, linestyle="--")
    axes.set_xlim(unit(span.low), unit(span.high))
    axes.set_ylim(0.0, 1.15 * float(share.max()))
    axes.set_xlabel(label)
    axes.set_ylabel(f"share of the {measure} [%]" if narrow else f"share of the\n{measure} [%]")
    beyond = ("\n" if narrow else "; ") + "outer bars: all beyond" if span.extend != "neither" else ""
    what = "uniform," if is_uniform(values) else "dashed: mean"
    words = [f"{interface.name}{sign_words(interface, name)}", f"{what} {_number(mean, values, unit)}{beyond}"]
    if narrow:
        axes.set_title("\n".join(words), loc="left")
    else:
        _entitle(axes, *words)


def is_uniform(values: Floats) -> bool:
    """Whether all values are one but for the last digits."""
    return bool(np.ptp(values) <= 1e-3 * np.abs(values).max())


def sign_words(interface: Interface, name: str) -> str:
    """Which direction of a current counts positive."""
    meaning = interface.meaning.get(name, "")
    if meaning.endswith("magnitude"):
        return ", magnitude"
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


def _limits(values: Floats, weights: Floats) -> tuple[float, float, Callable[[Any], str] | None]:
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
    return low, high, lambda unit: f"peak cut off at {unit(peak):.3g} {unit.unit}".replace("-", "−")
