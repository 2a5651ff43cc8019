"""Layers in a plane: colours, lines, outlines and names in a view of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from studies.pictures import style
from studies.pictures.dataset import Array, Dataset, Layer, boundary
from studies.pictures.views import Panel, View

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_BOX = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
#: Triangles of a layer from which on quadratic cells are drawn as linear ones.
_MANY = 100_000
#: Height of a line of text and width of a letter, inches.
_LINE, _LETTER = 0.165, 0.075


@dataclass(frozen=True)
class Sheet:
    """A layer as triangles in a plane: of a 2-D model, or cut out of a 3-D one.

    Attributes:
        layer: what it is a picture of.
        points: (n, 2) m. triangles: (m, 3).
        nodes: name -> (n,) or (n, components).
        outline: (k, 2, 2) ends of the segments around it, m.
    """

    layer: Layer
    points: Floats
    triangles: Ints
    nodes: Mapping[str, Array]
    outline: Floats

    def areas(self) -> Floats:
        """(m,) areas of the triangles, m^2."""
        a, b, c = (self.points[self.triangles[:, k]] for k in range(3))
        u, v = b - a, c - a
        return np.asarray(0.5 * np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]))

    def weights(self, view: View) -> Floats:
        """(n,) share of the area in a view that belongs to every node, m^2."""
        middles = self.points[self.triangles].mean(axis=1)
        inside = view.contains(middles)
        third = np.where(inside, self.areas() / 3, 0.0)
        size = len(self.points)
        total = np.zeros(size)
        for column in self.triangles.T:
            total += np.bincount(column, third, size)
        return total


def sheet_of(layer: Layer, smooth: Sequence[str] = ()) -> Sheet:
    """A layer of a 2-D model.

    Args:
        layer: the layer.
        smooth: cell means to average to the nodes.
    """
    nodes = {**layer.nodes, **{n: layer.smooth(n) for n in smooth if n in layer.means}}
    ends = boundary(layer.corners)
    triangles = layer.cells if len(layer.cells) < _MANY else layer.corners
    return Sheet(layer, layer.points, triangles, nodes, layer.points[ends])


def fill_flat(panel: Panel, sheet: Sheet, colour: str = style.METAL) -> None:
    """A layer in one colour."""
    from matplotlib.colors import ListedColormap, Normalize

    fill_values(panel, sheet, np.zeros(len(sheet.points)), Normalize(0.0, 1.0), ListedColormap([colour] * 2))


def fill_values(panel: Panel, sheet: Sheet, values: Floats, norm: Any, cmap: Any) -> None:
    """A layer coloured by node values in the unit of the norm."""
    from matplotlib.tri import Triangulation

    points = sheet.points * panel.unit(1.0)
    triangles = sheet.triangles[_near(panel.view, sheet)]
    if not len(triangles):
        return
    mesh = Triangulation(points[:, 0], points[:, 1], triangles)
    panel.axes.tripcolor(mesh, values, shading="gouraud", norm=norm, cmap=cmap, zorder=1)


def level_lines(panel: Panel, sheet: Sheet, values: Floats, levels: Floats) -> None:
    """Thin white lines on which node values take the given levels."""
    triangles = sheet.triangles[_near(panel.view, sheet)]
    if not len(triangles) or not np.any((levels > values.min()) & (levels < values.max())):
        return
    points = sheet.points * panel.unit(1.0)
    panel.axes.tricontour(
        points[:, 0], points[:, 1], triangles, values, levels=levels, colors="white", linewidths=0.4, zorder=2
    )


def outline(panel: Panel, sheet: Sheet) -> None:
    """A thin dark line around a layer."""
    from matplotlib.collections import LineCollection

    segments = sheet.outline * panel.unit(1.0)
    panel.axes.add_collection(LineCollection(list(segments), colors="#202020", linewidths=0.6, zorder=4), autolim=False)


def label_layers(panel: Panel, sheets: Sequence[Sheet], texts: Mapping[str, str]) -> None:
    """Write the names of the layers (and lines more, `texts`) into them, as far as there is room."""
    low, high = panel.view.low, panel.view.high
    inches = _inches(panel)[1]
    for sheet in sheets:
        bottom, top = max(low[1], float(sheet.layer.low[-1])), min(high[1], float(sheet.layer.high[-1]))
        room = (top - bottom) / (high[1] - low[1]) * inches
        text = sheet.layer.title + (f"\n{texts[sheet.layer.name]}" if texts.get(sheet.layer.name) else "")
        if room < _LINE * (text.count("\n") + 1) + 0.06:
            text = sheet.layer.title
        if room < _LINE + 0.04:
            continue
        at_top = bottom > low[1]
        panel.axes.annotate(
            text,
            (panel.unit(low[0]), panel.unit(top if at_top else bottom)),
            xytext=(4, -4 if at_top else 4),
            textcoords="offset points",
            va="top" if at_top else "bottom",
            ha="left",
            zorder=8,
            bbox=_BOX,
        )


def label_overview(small: Panel, part: View, sheets: Sequence[Sheet], texts: Mapping[str, str]) -> None:
    """Write names (and what is in `texts`) into the layers of the overview, beside the frame of the part."""
    width, inches = _inches(small)
    per_metre = inches / small.view.size[1]
    for sheet in sheets:
        bottom, top = float(sheet.layer.low[-1]), float(sheet.layer.high[-1])
        pieces = [(bottom, min(top, part.low[1])), (max(bottom, part.high[1]), top)]
        bottom, top = max(pieces, key=lambda piece: piece[1] - piece[0])
        room = (top - bottom) * per_metre
        lines = [sheet.layer.name, *filter(None, [texts.get(sheet.layer.name)])]
        longest = max(map(len, lines)) * _LETTER + 0.1
        turned = longest > width
        if turned and longest < room and width > _LINE * len(lines) + 0.1:
            rotation = 90
        elif not turned and room > _LINE * len(lines) + 0.08:
            rotation = 0
        elif not turned and room > _LINE + 0.08:
            rotation, lines = 0, lines[:1]
        else:
            continue
        x, y = 0.5 * (small.view.low[0] + small.view.high[0]), 0.5 * (bottom + top)
        at = (small.unit(x), small.unit(y))
        small.axes.text(*at, "\n".join(lines), ha="center", va="center", rotation=rotation, zorder=8, bbox=_BOX)


def _inches(panel: Panel) -> tuple[float, float]:
    """Width and height of the axes of a panel."""
    size, box = panel.axes.get_figure().get_size_inches(), panel.axes.get_position()
    return float(size[0] * box.width), float(size[1] * box.height)


def label_openings(panel: Panel, dataset: Dataset) -> None:
    """Name one void or gap, and draw contacts that are missing without a void."""
    low, high = panel.view.low, panel.view.high
    unit = panel.unit
    named = False
    for interface in {o.at for o in dataset.openings}:
        level = dataset.level(interface)
        if not low[1] < level < high[1]:
            continue
        openings = [o for o in dataset.openings if o.at == interface]
        for left, right in gaps(dataset, interface):
            panel.axes.plot([unit(left), unit(right)], [unit(level)] * 2, color="white", lw=2.6, zorder=5)
            panel.axes.plot(
                [unit(left), unit(right)], [unit(level)] * 2, color="black", lw=1.2, ls=(0, (2, 1)), zorder=6
            )
            if not named:
                x = 0.5 * (max(left, low[0]) + min(right, high[0]))
                _call_out(panel, "no contact", x, level, -1)
                named = True
        for opening in openings:
            if opening.contact or named or not low[0] <= opening.centre[0] <= high[0]:
                continue
            deeper = -1 if opening.below >= opening.above else 1
            depth = opening.below if deeper < 0 else opening.above
            x = opening.centre[0] + (0.3 * opening.radius if dataset.dimension == "axisymmetric" else 0.0)
            _call_out(panel, "void", x, level + deeper * 0.5 * depth, deeper)
            named = True


def gaps(dataset: Dataset, interface: str) -> list[tuple[float, float]]:
    """Lateral intervals (m) of an interface outside of its contact spots; none where there are no spots."""
    spots = sorted(
        (o.centre[0] - o.radius, o.centre[0] + o.radius) for o in dataset.openings if o.at == interface and o.contact
    )
    if not spots:
        return []
    left, found = float(dataset.low[0]), []
    for start, end in spots:
        if start > left:
            found.append((left, start))
        left = max(left, end)
    right = float(dataset.high[0])
    return [*found, (left, right)] if left < right else found


def _call_out(panel: Panel, text: str, x: float, y: float, direction: int) -> None:
    panel.axes.annotate(
        text,
        (panel.unit(x), panel.unit(y)),
        xytext=(22, 26 * direction),
        textcoords="offset points",
        ha="left",
        va="center",
        zorder=8,
        arrowprops={"arrowstyle": "-", "linewidth": 0.8, "shrinkB": 0},
        bbox=_BOX,
    )


def _near(view: View, sheet: Sheet) -> npt.NDArray[np.bool_]:
    """(m,) triangles that can be seen in a view."""
    corners = sheet.points[sheet.triangles]
    return np.asarray(
        np.all(corners.max(axis=1) >= view.low, axis=1) & np.all(corners.min(axis=1) <= view.high, axis=1)
    )
