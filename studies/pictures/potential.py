"""The potential with current lines in plane models; metals are flat grey with their potential written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from studies import units
from studies.pictures import style
from studies.pictures.dataset import Dataset, Layer
from studies.pictures.planar import (
    Sheet,
    fill_flat,
    fill_values,
    label_layers,
    label_openings,
    label_overview,
    level_lines,
    outline,
    sheet_of,
)
from studies.pictures.stream import CurrentLines, current_lines
from studies.pictures.views import Panel, View, layout, unseen, views

__all__ = ["carriers", "draw_potential", "metal_text"]

Floats = npt.NDArray[np.float64]


def carriers(dataset: Dataset) -> tuple[str, ...]:
    """Carriers whose potential is resolved in some layer."""
    kinds = ("ionic", "electronic")
    return tuple(k for k in kinds if any(x.potentials.get(k) == "resolved" for x in dataset.layers))


def draw_potential(
    dataset: Dataset, path: Path, sheets: Sequence[Sheet] | None = None, lines: bool = True, where: str = ""
) -> Path | None:
    """Draw the resolved potentials of a plane model or of a cut through one in space.

    Args:
        dataset: what to draw.
        path: PNG to write.
        sheets: the layers in the plane; default: those of a plane model.
        lines: whether to draw current lines (they need a plane model).
        where: which cut; empty for a plane model.

    Returns:
        `path`, or None when no potential is resolved.
    """
    from matplotlib.cm import ScalarMappable

    shown = carriers(dataset)
    if not shown:
        return None
    sheets = [sheet_of(x) for x in dataset.layers] if sheets is None else sheets
    whole, part = views(dataset)
    if len(shown) > 1:
        whole = None
    scales = [_Scale(sheets, carrier) for carrier in shown]
    share = _share(dataset, part)
    current = [_lines(dataset, carrier, share) if lines else [] for carrier in shown]
    notes = [_note(*each, share, several=len(shown) > 1) for each in zip(shown, scales, current, strict=True)]
    if where:
        notes.insert(0, where)
    if whole is None:
        notes += filter(None, ["axes not to the same scale" if part.stretched else "", unseen(dataset, part)])
    made = style.figure(style.WIDTH, 4.0)
    panels, small, bars = layout(made, dataset, [part] * len(shown), whole, lines=len(notes))
    for panel, bar, carrier, scale, found in zip(panels, bars, shown, scales, current, strict=True):
        _paint(panel, sheets, carrier, scale)
        for line in found:
            _trace(panel, line)
        texts = {s.layer.name: metal_text(s.layer) for s in sheets}
        label_layers(panel, sheets, {name: text for name, text in texts.items() if text})
        label_openings(panel, dataset)
        style.colour_bar(made, ScalarMappable(norm=scale.norm, cmap=scale.cmap), scale.label, bar)
    if small is not None:
        _paint(small, sheets, shown[0], scales[0])
        numbers = {s.layer.name: metal_text(s.layer, short=True) for s in sheets}
        label_overview(small, part, sheets, numbers)
    made.text(0.995, 0.995, "\n".join(notes), ha="right", va="top")
    return style.save(made, path, f"potential; {'; '.join(notes)}")


def _note(carrier: str, scale: _Scale, current: Sequence[CurrentLines], share: float, several: bool) -> str:
    """What the lines mean."""
    white = f"white: equipotentials, {scale.step_text} apart"
    if not current:
        return f"{carrier} potential, {white}" if several else white
    return f"black: {100 * share:g} % of the {carrier} current between two lines; {white}"


def _share(dataset: Dataset, part: View) -> float:
    """Part of the current between two lines: about 20 lines in the view."""
    wanted = part.size[0] / float(dataset.high[0] - dataset.low[0]) / 20
    return min((0.05, 0.02, 0.01, 0.005, 0.002), key=lambda x: abs(np.log(x / wanted)))


class _Scale:
    """Colours of one potential: unit, range, and a reference where the range is a small part of the value."""

    def __init__(self, sheets: Sequence[Sheet], carrier: str) -> None:
        from matplotlib.colors import Normalize
        from matplotlib.ticker import MaxNLocator

        name = f"{carrier}_potential"
        values = np.concatenate([s.nodes[name] for s in sheets if s.layer.potentials.get(carrier) == "resolved"])
        span = style.widened(style.Range(float(values.min()), float(values.max())), 1e-9)
        self.reference = 0.0
        label = f"{carrier} potential"
        if max(abs(span.low), abs(span.high)) > 20 * (span.high - span.low):
            self.reference = float(f"{span.low:.4g}")
            label += f" − ({units.format(self.reference, 'potential', 4)})"
        self.unit = units.scale(max(abs(span.low - self.reference), abs(span.high - self.reference)), "potential")
        ends = (float(self(span.low)), float(self(span.high)))
        self.norm = Normalize(*ends)
        self.label = self.unit.label(label)
        self.levels = np.asarray(MaxNLocator(32).tick_values(*ends), dtype=float)
        self.step_text = f"{self.levels[1] - self.levels[0]:.3g} {self.unit.unit}"
        self.cmap = style.colours(style.SEQUENTIAL)

    def __call__(self, volts: Any) -> Any:
        return (volts - self.reference) * self.unit(1.0)


def _paint(panel: Panel, sheets: Sequence[Sheet], carrier: str, scale: _Scale) -> None:
    for sheet in sheets:
        if sheet.layer.potentials.get(carrier) == "resolved":
            values = scale(sheet.nodes[f"{carrier}_potential"])
            fill_values(panel, sheet, values, scale.norm, scale.cmap)
            level_lines(panel, sheet, values, scale.levels)
        else:
            fill_flat(panel, sheet)
        outline(panel, sheet)


def _lines(dataset: Dataset, carrier: str, share: float) -> list[CurrentLines]:
    """Current lines of every run of layers that share the carrier."""
    found = []
    for group in groups(dataset.layers, carrier):
        lines = current_lines(group, carrier, dataset.dimension == "axisymmetric", round(1 / share))
        if lines is not None:
            found.append(lines)
    return found


def groups(layers: Sequence[Layer], carrier: str) -> list[list[Layer]]:
    """Neighbouring layers in which the current of a carrier is resolved."""
    runs: list[list[Layer]] = [[]]
    for layer in layers:
        if f"{carrier}_current_density" in layer.means:
            runs[-1].append(layer)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _trace(panel: Panel, current: CurrentLines) -> None:
    from matplotlib.collections import LineCollection
    from matplotlib.patheffects import Normal, Stroke

    lines = [line * panel.unit(1.0) for line in current.lines]
    halo = [Stroke(linewidth=1.9, foreground="white", alpha=0.75), Normal()]
    panel.axes.add_collection(
        LineCollection(lines, colors="black", linewidths=0.8, zorder=3, path_effects=halo), autolim=False
    )
    for line in current.lines:
        _arrow(panel, line)


def _arrow(panel: Panel, line: Floats) -> None:
    """An arrow head at two thirds of the part of a line that can be seen."""
    seen = np.flatnonzero(panel.view.contains(line))
    if len(seen) < 2:
        return
    part = line[seen[0] : seen[-1] + 1]
    steps = np.linalg.norm(np.diff(part, axis=0), axis=1)
    total = steps.sum()
    if total < 0.15 * max(panel.view.size):
        return
    at = int(np.searchsorted(np.cumsum(steps), 0.6 * total))
    start, end = part[at] * panel.unit(1.0), part[at + 1] * panel.unit(1.0)
    middle, way = 0.5 * (start + end), (end - start) / np.linalg.norm(end - start)
    tail = middle - way * 1e-3 * panel.unit(max(panel.view.size))
    panel.axes.annotate(
        "",
        middle,
        xytext=tail,
        zorder=3.5,
        arrowprops={"arrowstyle": "-|>,head_width=0.22,head_length=0.45", "color": "black", "lw": 0.1},
        annotation_clip=True,
    )


def metal_text(layer: Layer, short: bool = False) -> str:
    """What is written into a layer whose potential is one number."""
    values: Mapping[str, float] = layer.equipotentials
    if short:
        return "\n".join(units.format(float(f"{v:.4g}"), "potential", 4) for v in values.values())
    return "\n".join(
        f"{kind} potential {units.format(float(f'{v:.4g}'), 'potential', 4)}" for kind, v in values.items()
    )
