"""One field of a run in time at its stored instants: side by side as a picture, one after the other as an animation.

Any field of the table of contents that has one value per point can be shown. Colours mean the same at all instants;
where something breaks, cracks are drawn on top of other fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from studies import units
from studies.pictures import style
from studies.pictures.dataset import Dataset
from studies.pictures.planar import Sheet, draw_seams, fill_flat, fill_values, outline, seams_of, sheet_of
from studies.pictures.views import Panel, layout, unseen, views

__all__ = ["Evolution", "draw_animation", "draw_moments", "evolving_fields"]

Floats = npt.NDArray[np.float64]
#: Fields that are worth watching, when none is named; a GIF of each.
WATCHED = ("damage", "order_parameter", "concentration", "ionic_liquid_concentration")
MOMENTS = 4
MOST_FRAMES = 100
#: Milliseconds that a frame stays, and the last one.
_FRAME, _LAST = 160, 1500
_FRAME_DPI = 110
_GREYS = 40
_BROKEN = 0.9
"""Damage at which a crack is drawn on top of other fields."""
_ALIKE = 5.0
"""Values of a layer smaller by more than this factor (a salt beside a host) are not in the same picture."""
#: From whole to broken: ever darker, also without colours.
_DAMAGE = ("#f4f1ea", "#f3d9a4", "#e39a4f", "#b04a28", "#3a0d0d")
#: From void, dark, to lithium.
_VOIDS = ("#26323f", "#5d7183", "#a9b6bf", "#dfe3e4", "#f2f1ec")
#: Fields from 0 to 1 -> their colours.
_SHARES = {"damage": _DAMAGE, "order_parameter": _VOIDS}


def evolving_fields(dataset: Dataset) -> list[str]:
    """Names of the fields to watch in a run in time with several stored instants; none elsewhere."""
    steps = dataset.contents["steps"]
    if len(steps) < 2 or "time" not in steps[0].get("label", {}) or dataset.gdim > 2:
        return []
    return [name for name in WATCHED if any(name in layer.nodes for layer in dataset.layers)]


@dataclass
class Evolution:
    """One field at all stored instants.

    Args:
        dataset: any state of the folder. field: name of a node value or of a cell mean.
    """

    dataset: Dataset
    field: str

    @cached_property
    def times(self) -> list[float]:
        """s."""
        return [float(step["label"]["time"]) for step in self.dataset.contents["steps"]]

    def state(self, number: int) -> Dataset:
        """The fields at an instant."""
        return Dataset(self.dataset.folder, number)

    def sheets(self, number: int) -> list[Sheet]:
        """The layers at an instant."""
        return [sheet_of(layer, (self.field,)) for layer in self.state(number).layers]

    @cached_property
    def values(self) -> list[dict[str, Floats]]:
        """For every instant layer -> node values in SI, of the layers that are shown."""
        smooth = (self.field,)
        found = []
        for number in range(len(self.times)):
            layers = self.state(number).layers
            nodes = {x.name: x.nodes.get(self.field) for x in layers}
            for layer in layers:
                if nodes[layer.name] is None and self.field in layer.means:
                    nodes[layer.name] = layer.smooth(*smooth)
            found.append({name: value for name, value in nodes.items() if value is not None})
        names = {name for each in found for name in each}
        sizes = {name: max(float(np.abs(each[name]).max()) for each in found) for name in names}
        largest = max(sizes.values(), default=0.0)
        return [{n: v for n, v in each.items() if _ALIKE * sizes[n] >= largest} for each in found]

    @cached_property
    def scale(self) -> Any:
        """Unit of the values."""
        given = self.dataset.fields.get(self.field, {})
        known = "concentration" if self.field.endswith("concentration") else "dimensionless"
        values = np.concatenate([v for each in self.values for v in each.values()])
        return units.scale(values, given.get("dimension", known))

    @cached_property
    def norm(self) -> Any:
        """Range of the colours, the same at all instants."""
        from matplotlib.colors import Normalize

        if self.field in _SHARES:
            return Normalize(0.0, 1.0)
        values = np.concatenate([v for each in self.values for v in each.values()])
        span = style.widened(style.Range(float(values.min()), float(values.max())))
        return Normalize(self.scale(1.0) * span.low, self.scale(1.0) * span.high)

    @cached_property
    def colours(self) -> Any:
        """Colour map."""
        from matplotlib.colors import LinearSegmentedColormap

        if self.field in _SHARES:
            return LinearSegmentedColormap.from_list(self.field, _SHARES[self.field])
        return style.colours(style.SEQUENTIAL)

    @property
    def label(self) -> str:
        """Of the colour bar."""
        if self.field == "damage":
            return "damage (0 whole, 1 broken)"
        return str(self.scale.label(self.field.replace("_", " ")))

    def clock(self, number: int) -> str:
        """The time of an instant, in one unit for all of them."""
        unit = units.scale(np.array(self.times), "time")
        digits = 3 if unit(1.0) * self.times[-1] < 9.995 else (2 if unit(1.0) * self.times[-1] < 99.95 else 1)
        return f"t = {unit(1.0) * self.times[number]:.{digits - 1}f} {unit.unit}"

    def moments(self, most: int) -> list[int]:
        """Instants between which the field changes about as much, the last one among them."""
        sums = [0.0]
        for before, after in zip(self.values, self.values[1:], strict=False):
            changes = [float(np.abs(after[n] - before[n]).sum()) for n in after if n in before]
            sums.append(sums[-1] + sum(changes))
        if not sums[-1] > 0.0:
            return [len(sums) - 1]
        wanted = np.linspace(1.0 / most, 1.0, most) * sums[-1]
        return sorted({int(np.argmin(np.abs(np.array(sums) - w))) for w in wanted})

    def paint(self, panel: Panel, number: int) -> None:
        """Draw an instant."""
        shown = self.values[number]
        for sheet in self.sheets(number):
            name = sheet.layer.name
            if name in shown:
                fill_values(panel, sheet, self.scale(1.0) * shown[name], self.norm, self.colours)
                if self.field != "damage" and "damage" in sheet.nodes:
                    _cracks(panel, sheet)
            else:
                fill_flat(panel, sheet)
            outline(panel, sheet)
        draw_seams(panel, seams_of(self.dataset))

    def notes(self) -> list[str]:
        """What must be said beside a picture."""
        last = self.state(-1)
        view = views(self.dataset)
        notes = ["axes not to the same scale"] if (view[0] or view[1]).stretched else []
        notes += filter(None, [unseen(self.dataset, view[0] or view[1])])
        if any(x.name not in self.values[-1] for x in last.layers):
            notes.append("grey: not looked at" if self.field != "damage" else "grey: does not break")
        if self.field != "damage" and any("damage" in x.nodes for x in last.layers):
            notes.append("black: cracks")
        return notes


def _cracks(panel: Panel, sheet: Sheet) -> None:
    damage = sheet.nodes["damage"]
    if damage.max() <= _BROKEN:
        return
    points = sheet.points * panel.unit(1.0)
    x, y = points[:, 0], points[:, 1]
    panel.axes.tricontourf(x, y, sheet.triangles[:, :3], damage, levels=[_BROKEN, 2.0], colors="black", zorder=3)


def draw_moments(dataset: Dataset, field: str, path: Path, most: int = MOMENTS) -> Path | None:
    """Draw a field of a plane model at some of the stored instants, with the same colours.

    Args:
        dataset: any state of a run in time. field: name. path: PNG to write. most: pictures beside each other.

    Returns:
        `path`, or None for models that are not plane, and where the field is not stored.
    """
    from matplotlib.cm import ScalarMappable

    evolution = Evolution(dataset, field)
    if dataset.gdim != 2 or not any(evolution.values):
        return None
    chosen = evolution.moments(most)
    whole, part = views(dataset)
    made, notes = style.figure(style.WIDTH, 4.0), evolution.notes()
    panels, _, bars = layout(made, dataset, [whole or part] * len(chosen), notes=notes, titles=1)
    for panel, bar, number in zip(panels, bars, chosen, strict=True):
        evolution.paint(panel, number)
        panel.axes.set_title(evolution.clock(number), fontsize=style.FONT)
        mappable = ScalarMappable(norm=evolution.norm, cmap=evolution.colours)
        style.colour_bar(made, mappable, evolution.label, bar)
    what = f"{field.replace('_', ' ')} at {len(chosen)} instants of the run, with the same colours"
    return style.save(made, path, "; ".join([what, *notes]))


def draw_animation(dataset: Dataset, field: str, path: Path) -> Path | None:
    """Draw a field at all stored instants as an animation that runs once more from the beginning.

    Args:
        dataset: any state of a run in time, in one or two dimensions. field: name. path: GIF to write.

    Returns:
        `path`, or None in space, and where the field is not stored.
    """
    evolution = Evolution(dataset, field)
    if dataset.gdim > 2 or not any(evolution.values):
        return None
    number = len(evolution.times)
    chosen = np.unique(np.linspace(0, number - 1, min(number, MOST_FRAMES)).round().astype(int))
    frame = _line_frame if dataset.gdim == 1 else _frame
    images = [frame(evolution, int(k)) for k in chosen]
    what = f"animation of the {field.replace('_', ' ')} over time, {len(chosen)} frames"
    return _write_gif(
        images, evolution.colours, path, "; ".join([what, *evolution.notes()] if dataset.gdim == 2 else [what])
    )


def _frame(evolution: Evolution, number: int) -> Any:
    from matplotlib.cm import ScalarMappable

    whole, part = views(evolution.dataset)
    made = style.figure(style.WIDTH, 4.0)
    (panel,), _, (bar,) = layout(made, evolution.dataset, [whole or part], notes=evolution.notes(), titles=1)
    evolution.paint(panel, number)
    panel.axes.set_title(evolution.clock(number), fontsize=style.FONT + 1)
    style.colour_bar(made, ScalarMappable(norm=evolution.norm, cmap=evolution.colours), evolution.label, bar)
    return _image(made)


def _line_frame(evolution: Evolution, number: int) -> Any:
    made = style.figure(style.WIDTH, 3.0)
    axes, names = made.subplots(), list(evolution.values[number])
    along = style.lengths(float(evolution.dataset.high[0] - evolution.dataset.low[0]))
    for k, layer in enumerate(x for x in evolution.state(number).layers if x.name in names):
        order = np.argsort(layer.points[:, 0])
        values = evolution.scale(1.0) * evolution.values[number][layer.name][order]
        colour = style.series_colour(k)
        axes.plot(along(1.0) * layer.points[order, 0], values, color=colour, linewidth=1.4, label=layer.name)
    axes.set_xlim(along(1.0) * evolution.dataset.low[0], along(1.0) * evolution.dataset.high[0])
    margin = 0.03 * (evolution.norm.vmax - evolution.norm.vmin)
    axes.set_ylim(evolution.norm.vmin - margin, evolution.norm.vmax + margin)
    axes.set_xlabel(along.label("x"))
    axes.set_ylabel(evolution.label)
    axes.set_title(evolution.clock(number), fontsize=style.FONT + 1)
    axes.grid(True, color="0.88", linewidth=0.6)
    if len(names) > 1:
        axes.legend(frameon=False)
    made.tight_layout(pad=0.5)
    return _image(made)


def _image(made: Any) -> Any:
    from PIL import Image

    made.set_dpi(_FRAME_DPI)
    made.canvas.draw()
    return Image.fromarray(np.asarray(made.canvas.buffer_rgba())).convert("RGB")


def _write_gif(images: Sequence[Any], colours: Any, path: Path, caption: str) -> Path:
    """Frames of one palette, so that a colour is the same in all of them; the file appears whole or not at all.

    The palette is that of the field, with greys for lines and letters.
    """
    from PIL import Image

    shades = np.linspace(0, 255, _GREYS)[:, None].repeat(3, axis=1)
    chosen = np.concatenate([255 * colours(np.linspace(0.0, 1.0, 256 - _GREYS))[:, :3], shades])
    palette = Image.new("P", (1, 1))
    palette.putpalette(chosen.round().astype(np.uint8).tobytes())
    frames = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    beside = path.with_name(f".{path.name}.part")
    times = [_FRAME] * (len(frames) - 1) + [_LAST]
    about = caption.encode("ascii", "replace")
    frames[0].save(beside, format="GIF", save_all=True, append_images=frames[1:], duration=times, loop=0, comment=about)
    beside.replace(path)
    return path
