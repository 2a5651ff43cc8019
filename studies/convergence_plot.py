"""The picture of a mesh family: deviation from the extrapolated value over the cell size, log-log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studies.converge import Column, Family

# Okabe and Ito's colours, told apart by the colour-blind; markers and dashes tell them apart in grey print.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_DASHES = ("-", "--", "-.", ":")


def plot_family(family: Family, path: Path) -> None:
    """Draw |f(h) - f(0)| / |f(0)| of every quantity with an extrapolated value, and write a PNG.

    Args:
        family: the family.
        path: file to write; its ending gives the format.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawn = [column for column in family.columns if _deviations(family, column)]
    figure = Figure(figsize=(7.0, max(4.0, 0.35 * len(drawn))), dpi=200, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for k, column in enumerate(drawn):
        points = _deviations(family, column)
        axes.plot(
            [h for h, _ in points],
            [e for _, e in points],
            color=_COLOURS[k % len(_COLOURS)],
            marker=_MARKERS[k % len(_MARKERS)],
            linestyle=_DASHES[k // len(_COLOURS) % len(_DASHES)],
            markersize=6,
            markerfacecolor="white",
            markeredgewidth=1.5,
            linewidth=1.5,
            label=_label(column),
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("cell size relative to the study's mesh [1]")
    axes.set_ylabel("relative deviation from the extrapolated value [1]")
    axes.set_title(f"mesh family of {family.study}")
    axes.set_xticks(family.scales, [f"{scale:.3g}" for scale in family.scales], minor=False)
    axes.set_xticks([], minor=True)
    axes.grid(True, which="major", color="0.85", linewidth=0.6)
    axes.set_axisbelow(True)
    if drawn:
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=8, handlelength=3.2)
    else:
        axes.text(0.5, 0.5, _nothing(family), ha="center", va="center", transform=axes.transAxes)
    figure.savefig(path)


def _deviations(family: Family, column: Column) -> list[tuple[float, float]]:
    """(size, relative deviation) of the members that deviate; empty where nothing was extrapolated."""
    limit = column.fit.limit
    if limit is None or column.fit.kind == "exact":
        return []
    scale = abs(limit) or 1.0
    pairs = [(h, abs(v - limit) / scale) for h, v in zip(family.scales, column.values, strict=True)]
    return [(h, e) for h, e in pairs if e > 0]


def _label(column: Column) -> str:
    order = "" if column.fit.order is None else f"\norder {column.fit.order:.2f} (smooth: {column.theory})"
    return f"{column.label}{order}"


def _nothing(family: Family) -> str:
    if all(column.fit.kind == "exact" for column in family.columns):
        return "all quantities are the same on all meshes"
    return "no quantity converges monotonically"
