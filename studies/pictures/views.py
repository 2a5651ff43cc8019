"""Which part of a model a picture shows, and where it stands on the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fem.interface.names import whole
from studies import units
from studies.pictures import style
from studies.pictures.dataset import Dataset, Opening

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class View:
    """A rectangle of the model, metres.

    Attributes:
        low, high: (2,) corners.
        stretched: True when the axes have different scales.
    """

    low: tuple[float, float]
    high: tuple[float, float]
    stretched: bool = False

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in metres."""
        return self.high[0] - self.low[0], self.high[1] - self.low[1]

    def contains(self, points: Floats) -> npt.NDArray[np.bool_]:
        """(n,) whether points (n, 2) lie in it."""
        return np.asarray(np.all((points >= self.low) & (points <= self.high), axis=1))


@dataclass(frozen=True)
class Panel:
    """Axes of a figure that show a view."""

    axes: Any
    view: View
    unit: Any


def views(dataset: Dataset) -> tuple[View | None, View]:
    """What to show: an overview of the whole model when it is needed, and the part around the openings.

    The overview is left out when the part is nearly the whole. Models much longer than wide, without openings,
    are stretched.
    """
    low = (float(dataset.low[0]), float(dataset.low[-1]))
    high = (float(dataset.high[0]), float(dataset.high[-1]))
    width, height = high[0] - low[0], high[1] - low[1]
    whole = View(low, high)
    openings = [o for o in dataset.openings if o.at == _busiest(dataset.openings)]
    if not openings:
        stretched = max(width / height, height / width) > 4.0
        return None, View(whole.low, whole.high, stretched)
    extent = _extent(openings, width, height)
    level = openings[0].level
    centre = _middle(openings, extent, width, dataset.dimension == "axisymmetric")
    level += (0.5 - _share_below(dataset, openings[0].at)) * extent
    side = [_clamped(centre, extent, low[0], high[0]), _clamped(level, extent, low[1], high[1])]
    part = View((side[0][0], side[1][0]), (side[0][1], side[1][1]))
    if not _holds(part, dataset, openings[0].at):
        return None, View(low, high, max(width / height, height / width) > 4.0)
    if part.size[0] > 0.85 * width and part.size[1] > 0.6 * height and 0.5 < width / height < 2.0:
        return None, whole
    return whole, part


def layout(
    made: Any,
    dataset: Dataset,
    parts: Sequence[View],
    whole: View | None = None,
    bars: bool = True,
    notes: Sequence[str] = (),
    titles: int = 0,
) -> tuple[list[Panel], Panel | None, list[Any]]:
    """Axes for views, each with axes for a colour bar at its right, and for the overview.

    Several of one view stand below each other when it is wide, else everything is side by side.

    Args:
        made: an empty figure, whose size is set here.
        dataset: the model.
        parts: what to show.
        whole: what the overview shows, in which the first part is framed; None: no overview.
        bars: whether there are colour bars.
        notes: sentences to write at the top.
        titles: lines of text above each of the axes.

    Returns:
        panels of the parts, the overview if there is one, axes of the colour bars.
    """
    sizes = _Sizes(parts, whole, bars, titles, lambda width: style.wrapped(made, notes, width))
    made.set_size_inches(sizes.total, sizes.height)
    made.text(0.08 / sizes.total, 1 - 0.05 / sizes.height, sizes.text, ha="left", va="top")
    panels, made_bars = [], []
    for k, part in enumerate(parts):
        first = k == 0 or part != parts[0] or sizes.stacked
        last = not sizes.stacked or k == len(parts) - 1
        panels.append(_panel(made, sizes.part(k), part, dataset, first, last))
        if bars:
            made_bars.append(made.add_axes(sizes.bar(k)))
    small = None
    if whole is not None:
        small = _panel(made, sizes.overview(), whole, dataset)
        frame(small, parts[0])
    return panels, small, made_bars


class _Sizes:
    """Inches of everything on a figure of at most the text width."""

    LEFT, GAP, BAR, BOTTOM, TALLEST, NARROWEST = 0.62, 0.08, 0.12, 0.5, 4.8, 4.4
    #: Height over width up to which views stand below each other, and how tall each may be then; what is between.
    WIDE, LOW, BETWEEN = 1.3, 2.9, 0.3

    def __init__(
        self, parts: Sequence[View], whole: View | None, bars: bool, titles: int, text: Callable[[float], str]
    ) -> None:
        ratio = max(p.size[1] / p.size[0] if not p.stretched else 1.0 for p in parts)
        self.beside = whole is not None and whole.size[1] >= whole.size[0]
        self.extra = self.GAP + self.BAR + 0.62 if bars else 0.08
        alike = all(p == parts[0] for p in parts)
        self.stacked = alike and len(parts) > 1 and whole is None and ratio <= self.WIDE
        self.rows = len(parts) if self.stacked else 1
        columns = 1 if self.stacked else len(parts)
        self.between = 0.12 if alike else self.LEFT + 0.1
        self.titles = 0.16 * titles
        room = style.WIDTH - self.LEFT - columns * self.extra - (columns - 1) * self.between
        share = 0.0
        if whole is not None and self.beside:
            # as tall as the parts, and never wider than a third of one
            room -= self.LEFT + 0.1
            share = min(ratio * whole.size[0] / whole.size[1], 0.35)
        tallest = self.LOW if self.stacked else self.TALLEST
        self.width = min(room / (columns + share), tallest / ratio)
        self.tall = self.width * ratio
        self.small = (share * self.width, self.tall)
        self.start = self.LEFT
        if self.beside:
            self.start += self.small[0] + self.LEFT + 0.1
        used = self._x(columns) - self.between
        self.total = min(max(used, self.NARROWEST), style.WIDTH)
        self.start += 0.5 * max(self.total - used, 0.0)
        self.text = text(self.total - 0.16)
        lines = self.text.count("\n") + 1 if self.text else 0
        self.step = self.tall + self.titles + self.BETWEEN
        self.height = self.BOTTOM + self.rows * self.step - self.BETWEEN + 0.14 + 0.16 * lines
        if whole is not None and not self.beside:
            wide = self.total - self.LEFT - 0.15
            self.small = (wide, max(wide * whole.size[1] / whole.size[0], 0.5))
            self.height += self.small[1] + self.BOTTOM + 0.1

    def _box(self, x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
        return x / self.total, y / self.height, width / self.total, height / self.height

    def _x(self, k: int) -> float:
        return self.start + k * (self.width + self.extra + self.between)

    def part(self, k: int) -> tuple[float, float, float, float]:
        return self._box(self._x(self._column(k)), self._y(k), self.width, self.tall)

    def _column(self, k: int) -> int:
        return 0 if self.stacked else k

    def _y(self, k: int) -> float:
        return self.BOTTOM + (self.rows - 1 - k if self.stacked else 0) * self.step

    def bar(self, k: int) -> tuple[float, float, float, float]:
        return self._box(self._x(self._column(k)) + self.width + self.GAP, self._y(k), self.BAR, self.tall)

    def overview(self) -> tuple[float, float, float, float]:
        if self.beside:
            return self._box(self.LEFT, self.BOTTOM, *self.small)
        return self._box(self.LEFT, 2 * self.BOTTOM + self.tall + 0.1, *self.small)


def _panel(
    made: Any, box: tuple[float, ...], view: View, dataset: Dataset, labelled: bool = True, below: bool = True
) -> Panel:
    """Axes with names at the left (`labelled`) and `below`."""
    axes = made.add_axes(box)
    unit = style.lengths(max(view.high))
    axes.set_xlim(unit(view.low[0]), unit(view.high[0]))
    axes.set_ylim(unit(view.low[1]), unit(view.high[1]))
    if below:
        axes.set_xlabel(unit.label(dataset.axes[0]))
    if labelled:
        axes.set_ylabel(unit.label(dataset.axes[-1]))
    else:
        axes.tick_params(labelleft=False)
    axes.locator_params(nbins=2 if box[2] < 0.2 else 6, axis="x")
    axes.locator_params(nbins=7 if box[3] > 0.4 else 4, axis="y")
    return Panel(axes, view, unit)


def frame(small: Panel, part: View) -> None:
    """Draw the frame of a part into a view that holds it."""
    from matplotlib.patches import Rectangle

    low = [small.unit(x) for x in part.low]
    size = [small.unit(x) for x in part.size]
    small.axes.add_patch(
        Rectangle((low[0], low[1]), size[0], size[1], fill=False, edgecolor="black", linewidth=1.2, zorder=9)
    )


def unseen(dataset: Dataset, view: View) -> str:
    """Which layers and films are too thin to be seen in a view; empty when there are none."""
    thin = []
    for body in dataset.bodies:
        low, high = float(body.low[-1]), float(body.high[-1])
        if low < view.high[1] and high > view.low[1] and body.thickness < 0.012 * view.size[1]:
            # the thickness of a layer is exact, that of a film between bodies a mean
            about = f"about {units.format(float(f'{body.thickness:.2g}'), 'length', 4)}"
            text = units.format(high - low, "length", 4) if body.is_layer else about
            thin.append(f"{body.name} ({text})")
    return f"too thin for this scale: {', '.join(thin)}" if thin else ""


def _holds(part: View, dataset: Dataset, interface: str) -> bool:
    """Whether a part shows of bodies, slits and openings elsewhere what is above and below its interface."""
    spans = [(o.centre[0] - o.radius, o.centre[0] + o.radius, o.level, o.level) for o in dataset.openings]
    spans = [span for span, o in zip(spans, dataset.openings, strict=True) if o.at != interface]
    boxes = [(b.low, b.high) for b in dataset.bodies if not b.is_layer]
    boxes += [(x.corners.min(axis=(0, 1)), x.corners.max(axis=(0, 1))) for x in dataset.surfaces if x.kind == "slit"]
    spans += [(float(a[0]), float(b[0]), float(a[-1]), float(b[-1])) for a, b in boxes]
    return all(
        left < part.high[0] and right > part.low[0] and part.low[1] <= bottom and top <= part.high[1]
        for left, right, bottom, top in spans
    )


def _share_below(dataset: Dataset, interface: str) -> float:
    """Part of a view that lies below an interface: less where only a metal is to be seen."""
    resolved = {
        entry.get("body", entry["name"]): "resolved" in entry.get("potentials", {}).values()
        for entry in dataset.contents["layers"]
    }
    below, above = (resolved[name] for name in whole(interface).split("|"))
    return 0.5 if below == above else (0.7 if below else 0.3)


def _busiest(openings: Sequence[Opening]) -> str:
    names = [o.at for o in openings]
    return max(dict.fromkeys(names), key=names.count, default="")


def _extent(openings: Sequence[Opening], width: float, height: float) -> float:
    """Side of the square part that shows up to three openings and what is around them."""
    radius = max(o.radius for o in openings)
    wanted = (5.5 if len(openings) <= 3 else 11.0) * radius
    if wanted > 0.6 * width:
        wanted = width
    return min(wanted, max(width, height))


def _middle(openings: Sequence[Opening], extent: float, width: float, axis: bool) -> float:
    """Lateral centre of the part: the middle of the openings, moved to where one of them is."""
    if axis:
        return 0.5 * extent
    if extent >= width:
        return 0.5 * width
    centres = np.array(sorted(o.centre[0] for o in openings))
    return float(centres[np.argmin(np.abs(centres - 0.5 * width))])


def _clamped(centre: float, extent: float, low: float, high: float) -> tuple[float, float]:
    """An interval about a centre, moved into the model."""
    start = min(max(centre - extent / 2, low), max(high - extent, low))
    return float(start), float(min(start + extent, high))
