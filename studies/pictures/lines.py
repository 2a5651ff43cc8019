"""Pictures of one-dimensional models: potentials and stresses through the stack."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from studies import units
from studies.pictures import style
from studies.pictures.dataset import Dataset
from studies.pictures.regions import Layer

__all__ = ["draw_lines_potential", "draw_lines_stress"]

Floats = npt.NDArray[np.float64]

#: Layers thinner than this part of the stack are drawn as wide as the others.
_THIN = 0.04
_STRESSES = {
    "von_mises_stress": "von Mises stress",
    "stacking_stress": "stress along x (tension +)",
    "mean_stress": "mean stress (tension +)",
}


class _Axis:
    """The stacking coordinate in metres as a position on the axis: to scale, or one step per layer."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.levels = np.array([layers[0].low[0], *(x.high[0] for x in layers)], dtype=float)
        thickness = np.diff(self.levels)
        self.to_scale = bool(thickness.min() > _THIN * thickness.sum())
        self.unit = style.lengths(float(thickness.sum()))

    def __call__(self, x: Any) -> Any:
        if self.to_scale:
            return np.asarray(x) * self.unit(1.0)
        return np.interp(x, self.levels, np.arange(len(self.levels)))

    def finish(self, axes: Any, layers: Sequence[Layer]) -> None:
        """Tints, names and ticks."""
        for k, layer in enumerate(layers):
            left, right = (float(self(v)) for v in self.levels[k : k + 2])
            tint = style.LAYER_TINTS[k % len(style.LAYER_TINTS)]
            axes.axvspan(left, right, color=tint, alpha=0.5, linewidth=0, zorder=0)
            words = layer.title if (right - left) / float(self(self.levels[-1])) > 0.16 else layer.name
            axes.text(0.5 * (left + right), 1.02, words, ha="center", va="bottom", transform=axes.get_xaxis_transform())
        axes.set_xlim(float(self(self.levels[0])), float(self(self.levels[-1])))
        if self.to_scale:
            axes.set_xlabel(self.unit.label("x"))
        else:
            axes.set_xticks(range(len(self.levels)), [units.format(float(v), "length", 4) for v in self.levels])
            axes.set_xlabel("x (layers not to scale)")


def draw_lines_potential(dataset: Dataset, path: Path) -> Path | None:
    """Draw the potentials through the stack; None when nothing conducts."""
    layers = dataset.layers
    names = ("ionic_potential", "electronic_potential")
    shown = [n for n in names if any(n in x.nodes for x in layers)]
    if not shown:
        return None
    made = style.figure(style.WIDTH, 3.2)
    axes, at = made.add_subplot(), _Axis(layers)
    every = np.concatenate([x.nodes[n] for x in layers for n in shown if n in x.nodes])
    unit = units.scale(every, "potential")
    for k, name in enumerate(shown):
        for layer in (x for x in layers if name in x.nodes):
            order = np.argsort(layer.points[:, 0])
            x, values = at(layer.points[order, 0]), layer.nodes[name][order] * unit(1.0)
            axes.plot(x, values, color=style.series_colour(k), linestyle=("-", "--")[k], linewidth=1.6)
            if np.ptp(values) <= 1e-9 * max(np.abs(values).max(), 1e-30):
                number = f"{values[0]:.5g} {unit.unit}".replace("-", "−")
                place, side = _beside_ends(float(x[0]), float(x[-1]), float(at(at.levels[0])), float(at(at.levels[-1])))
                axes.annotate(number, (place, values[0]), xytext=(0, 4), textcoords="offset points", ha=side)
        axes.plot([], [], color=style.series_colour(k), linestyle=("-", "--")[k], label=name.replace("_", " "))
    axes.margins(y=0.12)
    axes.set_ylabel(unit.label("potential"))
    at.finish(axes, layers)
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    made.tight_layout(pad=0.5)
    return style.save(made, path, "potentials through the stack")


def _beside_ends(left: float, right: float, low: float, high: float) -> tuple[float, str]:
    """Place and alignment of the number of a layer: within the axes in a narrow layer at their end, too."""
    if right - left < 0.15 * (high - low):
        for place, end, side in ((left, low, "left"), (right, high, "right")):
            if abs(place - end) < 1e-9 * (high - low):
                return place, side
    return 0.5 * (left + right), "center"


def draw_lines_stress(dataset: Dataset, path: Path) -> Path | None:
    """Draw the stresses through the stack; None without mechanics."""
    layers = [x for x in dataset.layers if "von_mises_stress" in x.means]
    if not layers:
        return None
    made = style.figure(style.WIDTH, 3.2)
    axes, at = made.add_subplot(), _Axis(dataset.layers)
    unit = units.scale(np.concatenate([x.means[n] for x in layers for n in _STRESSES]).astype(float), "stress")
    for k, (name, words) in enumerate(_STRESSES.items()):
        for number, layer in enumerate(layers):
            ends = np.sort(layer.points[layer.corners][:, :, 0], axis=1)
            order = np.argsort(ends[:, 0])
            x = at(ends[order]).reshape(-1)
            axes.plot(
                x,
                np.repeat(layer.means[name][order] * unit(1.0), 2),
                color=style.series_colour(k),
                linestyle=("-", "--", ":")[k],
                linewidth=1.6,
                label=words if number == 0 else None,
            )
    axes.axhline(0.0, color="black", linewidth=0.5)
    axes.margins(y=0.12)
    axes.set_ylabel(unit.label("stress"))
    at.finish(axes, dataset.layers)
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)
    made.tight_layout(pad=0.5)
    return style.save(made, path, "stresses through the stack")
