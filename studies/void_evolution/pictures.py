"""Pictures of voids with a sharp surface: shapes step by step of the protocol, numbers over time; thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studies import units
from studies.pictures import style

if TYPE_CHECKING:
    from studies.schema import Study
    from studies.void_evolution.session import VoidSession

Floats = npt.NDArray[np.float64]

__all__ = ["View", "draw_thresholds", "draw_voids", "said"]

MOST_PANELS = 4
MOST_SHAPES = 8
ELECTROLYTE = "#c9b48a"
_BAND = 0.18
"""Height of the electrolyte that is drawn, over that of the voids."""


@dataclass(frozen=True)
class View:
    """What is drawn of the interface: true to scale, the electrolyte on the side where the stack has it.

    Attributes:
        left, right: ends along the interface, m. height: of the lithium that is drawn, m.
        mirrored: both halves about the axis are drawn. upward: the lithium lies above. names: lithium, electrolyte.
    """

    left: float
    right: float
    height: float
    mirrored: bool
    upward: bool
    names: tuple[str, str]

    @classmethod
    def of(cls, study: Study, outlines: Sequence[Sequence[Floats]]) -> View:
        """Large enough for all outlines."""
        layer, width = study.void_layer, study.geometry.width
        assert layer is not None
        assert width is not None
        points = np.concatenate([arc for arcs in outlines for arc in arcs] or [np.zeros((1, 2))])
        assert layer.thickness is not None
        height = min(1.35 * float(points[:, 1].max(initial=0.1 * layer.thickness)), layer.thickness)
        mirrored = study.geometry.dimension == "axisymmetric"
        far = min(max(1.3 * float(points[:, 0].max()), 1.5 * height), width) if mirrored else width
        other = next(x.name for x in study.geometry.layers if x.name != layer.name)
        upward = study.geometry.layers[-1].name == layer.name
        return cls(-far if mirrored else 0.0, far, height, mirrored, upward, (layer.name, other))

    @property
    def band(self) -> float:
        """Height of the electrolyte that is drawn, m."""
        return _BAND * self.height

    @property
    def aspect(self) -> float:
        """Height over width."""
        return (self.height + self.band) / (self.right - self.left)

    @property
    def unit(self) -> units.Scale:
        """Of lengths."""
        return style.lengths(max(self.right, self.height))

    def closed(self, arc: Floats) -> list[Floats]:
        """Outlines to draw of one void, in the unit of the axes; cut ones end on the sides of the model."""
        flip = np.array([1.0, 1.0 if self.upward else -1.0]) * self.unit(1.0)
        if not self.mirrored:
            corner = [[arc[k, 0], 0.0] for k in (0, -1)]
            return [np.concatenate([corner[:1], arc, corner[1:]]) * flip]
        if arc[0, 0] == 0.0:
            return [np.concatenate([(arc * [-1, 1])[::-1], arc]) * flip]
        return [arc * flip, arc * [-1, 1] * flip]

    def ground(self, axes: Any) -> None:
        """Lithium and electrolyte, and the frame."""
        one, sign = self.unit(1.0), 1.0 if self.upward else -1.0
        ends = sorted((-sign * one * self.band, sign * one * self.height))
        axes.axhspan(*sorted((0.0, sign * one * self.height)), color="#ececec", linewidth=0, zorder=0)
        axes.axhspan(*sorted((0.0, -sign * one * self.band)), color=ELECTROLYTE, linewidth=0, zorder=4)
        axes.set(aspect="equal", xlim=(one * self.left, one * self.right), ylim=ends)
        along = "r" if self.mirrored else "x"
        axes.set_xlabel(self.unit.label(along))
        look = {"fontsize": style.FONT - 2, "zorder": 5}
        axes.text(0.02, 0.96 if self.upward else 0.04, self.names[0], transform=axes.transAxes,
                  va="top" if self.upward else "bottom", **look)  # fmt: skip
        middle = -sign * one * self.band / 2
        edge = axes.get_xlim()[0] + 0.02 * (axes.get_xlim()[1] - axes.get_xlim()[0])
        axes.text(edge, middle, self.names[1], va="center", **look)


def said(current: float, pressure: float) -> str:
    """Loads in words."""
    what = "rest" if current == 0 else units.format(current, "current density", 3)
    return f"{what}, {units.format(pressure, 'pressure', 3)}"


def draw_voids(study: Study, session: VoidSession, path: Path) -> Path | None:
    """Draw the shapes of the voids in the steps of the protocol, and volume, contact and focusing over time.

    Args:
        study, session: a run. path: PNG to write.

    Returns:
        `path`, or None when there is only one instant.
    """
    record = session.record
    columns = {name: np.array(column) for name, column in record.columns.items()}
    time, step = columns["time"], columns["protocol_step"].astype(int)
    if len(time) < 2:
        return None
    view = View.of(study, record.outlines)
    numbers = [np.flatnonzero(step == k) for k in np.unique(step)]
    panels = numbers if len(numbers) <= MOST_PANELS else [np.arange(len(time))]
    across = 1 if len(panels) == 1 or view.aspect < 0.22 else 2
    rows = -(-len(panels) // across)
    high = min(style.WIDTH / across * 0.86 * view.aspect, 2.6) + 0.62
    made = style.figure(style.WIDTH, rows * high + 2.3)
    shapes, curves = made.subfigures(2, 1, height_ratios=[rows * high, 2.3])
    grid = shapes.subplots(rows, across, squeeze=False).reshape(-1)
    for axes, chosen in zip(grid, panels, strict=False):
        whole = len(panels) != len(numbers)
        name = "all steps" if whole else session.protocol.steps[int(step[chosen[0]])].name
        loads = "" if whole else f"\n{said(columns['cell_current'][chosen[-1]], columns['stack_pressure'][chosen[-1]])}"
        _shapes(axes, view, record.outlines, [int(k) for k in chosen], time)
        span = f"{units.format(time[chosen[0]], 'time', 3)} to {units.format(time[chosen[-1]], 'time', 3)}"
        axes.set_title(f"{name}: {span}{loads}", fontsize=style.FONT - 1)
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    shapes.subplots_adjust(left=0.05, right=0.98, top=1 - 0.38 / (rows * high), bottom=0.36 / (rows * high), hspace=0.5)
    left, right = curves.subplots(1, 2)
    curves.subplots_adjust(left=0.1, right=0.98, top=0.95, bottom=0.2, wspace=0.28)
    _over_time(left, right, columns)
    what = "shapes of the voids, from light (first) to dark (last); volume, contact and current focusing over time"
    return style.save(made, path, what)


def _shapes(axes: Any, view: View, outlines: Sequence[Sequence[Floats]], chosen: Sequence[int], time: Floats) -> None:
    view.ground(axes)
    drawn = spread([outlines[k] for k in chosen], [time[k] for k in chosen], MOST_SHAPES)
    colours = style.colours(style.SEQUENTIAL)(np.linspace(0.85, 0.05, len(drawn)))
    for colour, k in zip(colours, drawn, strict=True):
        for arc in outlines[chosen[k]]:
            for closed in view.closed(arc):
                axes.plot(*closed.T, color=colour, linewidth=1.1, zorder=3)
    axes.set_yticks([])


def spread(outlines: Sequence[Sequence[Floats]], time: Sequence[float], most: int) -> list[int]:
    """Numbers of at most so many instants, first and last among them, between which the voids change about as much."""
    way = [0.0]
    for one, other in pairwise(outlines):
        alike = len(one) == len(other) and all(a.shape == b.shape for a, b in zip(one, other, strict=True))
        parts = [float(np.linalg.norm(a - b, axis=1).max()) for a, b in zip(one, other, strict=True)] if alike else []
        way.append(way[-1] + (max(parts) if parts else 0.0))
    if not way[-1] > 0:
        return [len(way) - 1]
    wanted = np.linspace(0.0, way[-1], most)
    found = sorted({int(np.argmin(np.abs(np.array(way) - w))) for w in wanted} | {0, len(way) - 1})
    return [k for k in found if outlines[k]]


def _over_time(left: Any, right: Any, columns: Mapping[str, Floats]) -> None:
    time, step = columns["time"], columns["protocol_step"]
    across = units.scale(time, "time")
    x = across(1.0) * time
    volume = units.scale(columns["void_volume"], "length")
    there = columns["void_volume"] > 0
    left.semilogy(x[there], volume(1.0) * columns["void_volume"][there], color=style.series_colour(0), linewidth=1.2)
    left.set_ylabel(volume.label("void volume per area"))
    plain_numbers(left.yaxis)
    right.plot(x, columns["contact_fraction"], color=style.series_colour(1), linewidth=1.2, label="contact fraction")
    right.plot(
        x, columns["current_focusing"], color=style.series_colour(2), linewidth=1.2, label="largest current over mean"
    )
    right.set_ylim(bottom=0.0)
    right.legend(frameon=False, fontsize=style.FONT - 2)
    starts = np.concatenate([[0], np.flatnonzero(np.diff(step)) + 1, [len(step) - 1]])
    for axes in (left, right):
        for k, (a, b) in enumerate(pairwise(starts)):
            if k % 2:
                axes.axvspan(x[a], x[b], color="0.93", linewidth=0, zorder=0)
        axes.set_xlabel(across.label("time"))
        axes.margins(x=0.0)
        axes.grid(True, color="0.88", linewidth=0.6)
        axes.set_axisbelow(True)


def plain_numbers(axis: Any, minor: bool = True) -> None:
    """Numbers of a logarithmic axis without powers of ten; of those between the tens, 2 and 5 where there are many."""
    from matplotlib.ticker import FuncFormatter

    low, high = axis.get_view_interval()
    few = np.log10(max(high, 1e-300) / max(low, 1e-300)) < 1.0

    def text(x: float, place: int) -> str:
        digit = round(x / 10 ** np.floor(np.log10(x) + 1e-9))
        return f"{x:g}" if few or digit in (2, 5) else ""

    axis.set_major_formatter("{x:g}")
    if minor:
        axis.set_minor_formatter(FuncFormatter(text))


def draw_thresholds(columns: Mapping[str, Sequence[float]], path: Path) -> Path | None:
    """Draw the threshold pressure against the current density, with error bars and the estimate for a ball.

    Args:
        columns: of a sweep, SI. path: PNG to write.

    Returns:
        `path`, or None when no threshold was asked for.
    """
    if "threshold_pressure" not in columns:
        return None
    current, pressure = (np.array(columns[name]) for name in ("applied_current", "threshold_pressure"))
    estimate = np.array(columns["threshold_estimate"])
    error = np.array(columns.get("threshold_pressure error", np.zeros(len(current))))
    across, upward = units.scale(current, "current density"), units.scale(pressure, "pressure")
    order = np.argsort(current)
    x, y = across(1.0) * current[order], upward(1.0) * pressure[order]
    made = style.figure(4.6, 3.4)
    axes = made.subplots()
    above = y > 0
    if above.any():
        low = min(float(y[above].min()), float(upward(1.0) * estimate.min()))
        high = max(float(y.max()), float(upward(1.0) * estimate.max()))
        axes.set_ylim(low / 1.6, high * 1.6)
        axes.fill_between(x[above], y[above], low / 1.6, color="#f6d5c8", linewidth=0)
        axes.fill_between(x[above], y[above], high * 1.6, color="#dcead0", linewidth=0)
        axes.text(x[above][-1], low / 1.45, "void grows ", ha="right", fontsize=style.FONT - 1)
        axes.text(x[above][0], high * 1.35, " void heals", va="top", fontsize=style.FONT - 1)
    bars = {"yerr": upward(1.0) * error[order][above], "capsize": 2.5}
    axes.errorbar(x[above], y[above], fmt="o-", color=style.series_colour(0), markersize=4, label="threshold", **bars)
    dashed = {"color": "0.3", "linestyle": "--", "linewidth": 1.0}
    axes.plot(x, upward(1.0) * estimate[order], label="estimate, ball in infinite lithium", **dashed)
    axes.set(xscale="log", yscale="log", xlabel=across.label("current density"), ylabel=upward.label("stack pressure"))
    plain_numbers(axes.xaxis, minor=False)
    plain_numbers(axes.yaxis)
    axes.legend(frameon=False, fontsize=style.FONT - 1, loc="lower right", bbox_to_anchor=(1.0, 0.08))
    axes.margins(x=0.0)
    made.tight_layout(pad=0.5)
    return style.save(made, path, "stack pressure at which a void neither grows nor heals over the current density")
