"""The potential with current lines in plane models; metals are flat grey with their potential written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fem.interface.names import whole
from studies import units
from studies.pictures import style
from studies.pictures.dataset import Dataset
from studies.pictures.planar import (
    Sheet,
    annotate,
    crowded,
    draw_seams,
    fill_flat,
    fill_values,
    label_overview,
    level_lines,
    outline,
    seams_of,
    sheet_of,
)
from studies.pictures.regions import Body, Layer
from studies.pictures.section import Cut
from studies.pictures.stream import CurrentLines, current_lines
from studies.pictures.views import Panel, View, layout, unseen, views

__all__ = ["carriers", "draw_potential", "metal_text"]

Floats = npt.NDArray[np.float64]

#: Inches that the longer side of a view about has, and the part of a body without equipotentials that is mentioned.
_ABOUT, _WORTH = 4.0, 0.05


def carriers(dataset: Dataset) -> tuple[str, ...]:
    """Carriers whose potential is resolved in some layer."""
    kinds = ("ionic", "electronic")
    return tuple(k for k in kinds if any(x.potentials.get(k) == "resolved" for x in dataset.layers))


def draw_potential(dataset: Dataset, path: Path, cut: Cut | None = None) -> Path | None:
    """Draw the resolved potentials of a plane model, or of a cut through one in space.

    Args:
        dataset: what to draw.
        path: PNG to write.
        cut: of a model in space; without it current lines are drawn, which need a plane model.

    Returns:
        `path`, or None when no potential is resolved.
    """
    from matplotlib.cm import ScalarMappable

    shown = carriers(dataset)
    if not shown:
        return None
    sheets = [sheet_of(x) for x in dataset.layers] if cut is None else cut.sheets
    seams = seams_of(dataset) if cut is None else cut.seams
    whole, part = views(dataset)
    if len(shown) > 1:
        whole = None
    scales = [_Scale(sheets, carrier) for carrier in shown]
    share = _share(dataset, part)
    current = [_lines(dataset, carrier, share) if cut is None else [] for carrier in shown]
    notes = [
        _note(carrier, scale, found, share, len(shown) > 1, _merged(sheets, carrier, scale, part))
        for carrier, scale, found in zip(shown, scales, current, strict=True)
    ]
    if cut is not None:
        notes.insert(0, cut.where)
    if whole is None:
        notes += filter(None, ["axes not to the same scale" if part.stretched else "", unseen(dataset, part)])
    made = style.figure(style.WIDTH, 4.0)
    panels, small, bars = layout(made, dataset, [part] * len(shown), whole, notes=notes)
    texts = {body.name: metal_text(body) for body in dataset.bodies}
    for panel, bar, carrier, scale, found in zip(panels, bars, shown, scales, current, strict=True):
        _paint(panel, sheets, carrier, scale)
        for line in found:
            _trace(panel, line)
        draw_seams(panel, seams)
        annotate(panel, dataset, sheets, seams, texts)
        style.colour_bar(made, ScalarMappable(norm=scale.norm, cmap=scale.cmap), scale.label, bar)
    if small is not None:
        _paint(small, sheets, shown[0], scales[0])
        draw_seams(small, seams)
        label_overview(small, part, dataset, {b.name: metal_text(b, short=True) for b in dataset.bodies})
    return style.save(made, path, f"potential; {'; '.join(notes)}")


def _note(
    carrier: str, scale: _Scale, current: Sequence[CurrentLines], share: float, several: bool, merged: bool
) -> str:
    """What the lines mean."""
    white = f"white: equipotentials, {scale.step_text} apart" + (", none where they would merge" if merged else "")
    if not current:
        return f"{carrier} potential, {white}" if several else white
    return f"black: {100 * share:g} % of the {carrier} current between two lines; {white}"


def _merged(sheets: Sequence[Sheet], carrier: str, scale: _Scale, part: View) -> bool:
    """Whether equipotentials merge in a part of a body that is worth a word."""
    points = tuple(72 * _ABOUT / size for size in (part.size if part.stretched else (max(part.size),) * 2))
    for sheet in (s for s in sheets if s.layer.potentials.get(carrier) == "resolved"):
        lost = crowded(sheet, scale(sheet.nodes[f"{carrier}_potential"]), scale.levels, (points[0], points[1]))
        areas = sheet.areas()
        if areas[lost].sum() > _WORTH * areas.sum():
            return True
    return False


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
    for group in groups(dataset, carrier):
        lines = current_lines(group, carrier, dataset.dimension == "axisymmetric", round(1 / share))
        if lines is not None:
            found.append(lines)
    return found


def groups(dataset: Dataset, carrier: str) -> list[list[Layer]]:
    """Regions in which the current of a carrier is resolved, those together that it passes between."""
    name = f"{carrier}_current_density"
    lead = {x.name: {x.name} for x in dataset.layers if name in x.means}
    for contact in dataset.contacts:
        below, above = whole(contact.name).split("|")
        if name in contact.values and below in lead and above in lead:
            both = lead[below] | lead[above]
            lead |= dict.fromkeys(both, both)
    distinct = {id(group): group for group in lead.values()}
    return [[x for x in dataset.layers if x.name in group] for group in distinct.values()]


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


def metal_text(body: Body, short: bool = False) -> str:
    """What is written into a body whose potential is one number, or one in each of its parts."""
    lines = []
    for kind in dict.fromkeys(kind for part in body.parts for kind in part.equipotentials):
        values = [float(f"{p.equipotentials[kind]:.4g}") for p in body.parts if kind in p.equipotentials]
        ends = dict.fromkeys(units.format(v, "potential", 4) for v in (min(values), max(values)))
        lines.append(("" if short else f"{kind} potential ") + " to ".join(ends))
    return "\n".join(lines)
