"""How pictures look: sizes, fonts, colour maps, units, colour ranges. White background, readable in print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from studies.units import Scale, scale

__all__ = [
    "DIVERGING",
    "METAL",
    "SEQUENTIAL",
    "Range",
    "colour_bar",
    "colours",
    "figure",
    "lengths",
    "magnitudes",
    "print_style",
    "save",
    "series_colour",
    "value_range",
    "widened",
    "wrapped",
]

Floats = npt.NDArray[np.float64]

#: Perceptually uniform and safe for the colour-blind: Crameri, Scientific colour maps, doi:10.5281/zenodo.1243862.
SEQUENTIAL = "batlow"
DIVERGING = "vik"
#: Names of matplotlib that stand in where cmcrameri is missing.
_SUBSTITUTES = {"batlow": "viridis", "vik": "RdBu_r", "lajolla": "cividis"}

METAL = "#d4d4d4"
#: Layers of mesh pictures, light enough for dark lines.
LAYER_TINTS = ("#d9d9d9", "#fbe3b5", "#cfe3f2", "#dcead0", "#ecd6e8", "#f6d5c8")
#: Okabe and Ito's colours.
_SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")

WIDTH = 6.5  # inches: the text width of a report
DPI = 250
FONT = 9.0


@dataclass(frozen=True)
class Range:
    """What a colour bar or axis spans, in SI, and how.

    Attributes:
        low, high: ends.
        extend: ``neither``, ``min``, ``max`` or ``both``: on which sides values lie beyond.
        note: what was clipped; empty when nothing was.
    """

    low: float
    high: float
    extend: str = "neither"
    note: str = ""


def colours(name: str) -> Any:
    """A colour map by its name."""
    try:
        from cmcrameri import cm

        return getattr(cm, name)
    except ImportError:
        import matplotlib

        return matplotlib.colormaps[_SUBSTITUTES[name]]


def magnitudes(span: Range) -> Any:
    """Colours of values of one sign: light where they are large, whatever the sign."""
    return colours(SEQUENTIAL).reversed() if span.low + span.high < 0 else colours(SEQUENTIAL)


def series_colour(index: int) -> str:
    """Colour of a line in a plot."""
    return _SERIES[index % len(_SERIES)]


@contextmanager
def print_style() -> Iterator[None]:
    """Fonts and line widths of all pictures; the settings of the process are left as they were."""
    import matplotlib

    sizes = ("font.size", "axes.titlesize", "axes.labelsize", "xtick.labelsize", "ytick.labelsize")
    widths = ("axes.linewidth", "xtick.major.width", "ytick.major.width")
    settings = {**dict.fromkeys((*sizes, "legend.fontsize"), FONT), **dict.fromkeys(widths, 0.6)}
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **settings, "backend": "agg"}):
        yield


def figure(width: float, height: float) -> Any:
    """An empty figure (inches) that is drawn without a display."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(made)
    return made


def wrapped(made: Any, notes: Sequence[str], width: float) -> str:
    """Sentences, each on lines of its own that are at most `width` inches wide in a figure."""
    from matplotlib.font_manager import FontProperties

    renderer, font = made.canvas.get_renderer(), FontProperties(size=FONT)
    lines: list[str] = []
    for note in notes:
        line = ""
        for word in note.split():
            longer = f"{line} {word}".strip()
            if line and renderer.get_text_width_height_descent(longer, font, False)[0] > width * made.dpi:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return "\n".join(lines)


def save(made: Any, path: Path, caption: str, dpi: float = DPI) -> Path:
    """Write a PNG that carries its caption; the file appears whole or not at all."""
    beside = path.with_name(f".{path.name}.part")
    about = {"Description": caption, "Software": "ssbfem"}
    # the page is as large as what is on it: nothing is cut off, nothing is left empty
    page = {"bbox_inches": "tight", "pad_inches": 0.06}
    made.savefig(beside, format="png", dpi=dpi, metadata=about, pil_kwargs={"compress_level": 6}, **page)
    beside.replace(path)
    return path


def lengths(largest: float) -> Scale:
    """Unit of an axis whose largest coordinate is `largest` metres; nm only below half a micrometre."""
    return Scale("nm", "length") if largest < 0.5e-6 else scale(min(max(largest, 1e-6), 1e-4), "length")


def value_range(
    values: Floats, weights: Floats, share: float = 0.99, symmetric: bool = False, word: str = "area"
) -> Range:
    """Range of values that is not ruled by a few peaks.

    Args:
        values: (n,) SI. weights: (n,) measures.
        share: part of the measure that lies within the range on each side that is clipped.
        symmetric: True for a range about zero.
        word: what the measure is called in the note.

    A side is clipped only where that widens the colours by more than a quarter.
    """
    keep = np.isfinite(values) & (weights > 0)
    values, weights = values[keep], weights[keep]
    if not len(values):
        return Range(0.0, 1.0)
    order = np.argsort(values)
    heap = np.cumsum(weights[order]) / np.sum(weights)
    least, most = float(values[order[0]]), float(values[order[-1]])
    if most - least <= 1e-3 * max(abs(least), abs(most)):  # peaks of one value are rounding
        return Range(least, most)
    low = float(values[order[np.searchsorted(heap, 1 - share)]])
    high = float(values[order[min(int(np.searchsorted(heap, share)), len(order) - 1)]])
    if symmetric:
        size, full = max(abs(low), abs(high)), max(abs(least), abs(most))
        low, high = (-size, size) if full > 1.25 * size else (-full, full)
    else:
        span = max(high - low, 1e-300)
        low = low if low - least > 0.25 * span else least
        high = high if most - high > 0.25 * span else most
    below, above = least < low, most > high
    extend = {(0, 0): "neither", (1, 0): "min", (0, 1): "max", (1, 1): "both"}[int(below), int(above)]
    if extend == "neither":
        return Range(low, high)
    return Range(low, high, extend, f"clipped at {100 * share:g} % of the {word}")


def widened(given: Range, share: float = 1e-3) -> Range:
    """The range, made wide enough to draw where all values are one up to a `share` of them."""
    if given.high - given.low > share * max(abs(given.low), abs(given.high), 1e-30):
        return given
    size = max(abs(given.low), 1e-12) * 0.01
    return Range(given.low - size, given.high + size, given.extend, given.note)


def without_rounding(axes: Any, values: Any, share: float = 1e-4) -> None:
    """Give an axis room about values that are one number up to a `share` of it: no rounding is seen.

    Its numbers stand there whole, not as differences to one of them.
    """
    axes.ticklabel_format(axis="y", useOffset=False)
    values = values[np.isfinite(values)]
    given = Range(float(np.min(values, initial=np.inf)), float(np.max(values, initial=-np.inf)))
    wide = widened(given, share)
    if wide is not given and np.any(values):
        axes.set_ylim(wide.low, wide.high)


def colour_bar(made: Any, mappable: Any, label: str, axes: Any, extend: str = "neither", **options: Any) -> Any:
    """A colour bar with a label that holds the unit."""
    bar = made.colorbar(mappable, cax=axes, extend=extend, **options)
    if label:
        bar.set_label(label)
    bar.outline.set_linewidth(0.6)
    return bar
