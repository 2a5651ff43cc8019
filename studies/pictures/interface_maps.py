"""Values over the interfaces of models in space: as maps where an interface lies over the plane, else as shares."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from studies import units
from studies.pictures import style
from studies.pictures.beside import neighbours
from studies.pictures.dataset import Dataset, Interface
from studies.pictures.interface_profiles import histogram, is_uniform, sign_words
from studies.pictures.panels import Panels
from studies.pictures.shape import is_flat, over_plane

__all__ = ["draw_maps"]

Floats = npt.NDArray[np.float64]

#: Difference over value up to which a map says how small it is.
_ALIKE = 0.05


def draw_maps(panels: Panels, path: Path) -> Path:
    """Draw the interfaces of a model in space into a PNG."""
    dataset, shown, dimension = panels.dataset, panels.shown, panels.dimension
    columns = min(len(shown), 2)
    rows = -(-len(shown) // columns)
    width, depth = (dataset.high - dataset.low)[:2]
    side = (style.WIDTH - 0.55 * columns - 0.95 * columns) / columns
    side = min(side, 3.4, 3.4 * width / depth)
    tall = side * depth / width
    cell = (side + 1.5, tall + 1.05)
    sentences = [*_blanks(dataset, shown), *filter(None, [panels.note])]
    wide = max(columns * cell[0], 4.4)
    made = style.figure(wide, 1.0)
    words = style.wrapped(made, sentences, wide - 0.16)
    foot = 0.17 * (words.count("\n") + 1) + 0.05 if words else 0.0
    size = (wide, rows * cell[1] + foot)
    made.set_size_inches(*size)
    made.text(0.08 / size[0], 0.05 / size[1], words, ha="left", va="bottom")
    for k, ((interface, name), label) in enumerate(zip(shown, panels.labels, strict=True)):
        left, bottom = (k % columns) * cell[0] + 0.55, (rows - 1 - k // columns) * cell[1] + 0.45 + foot
        box = (left / size[0], bottom / size[1], side / size[0], tall / size[1])
        axes = made.add_axes(box)
        if over_plane(dataset, interface):
            bar = (box[0] + box[2] + 0.08 / size[0], box[1], 0.12 / size[0], box[3])
            _map(made, axes, bar, dataset, interface, name, label, dimension)
        else:
            unit = units.scale([float(np.quantile(np.abs(interface.values[name]), 0.9))], dimension)
            histogram(axes, interface, name, unit.label(label), unit, "area", narrow=True)
    text = "; ".join(f"{i.name}: {i.meaning[n]}" for i, n in shown if i.meaning.get(n))
    return style.save(made, path, "; ".join([f"{panels.labels[0]} over the interfaces", *sentences, text]))


def _blanks(dataset: Dataset, shown: Sequence[tuple[Interface, str]]) -> list[str]:
    """What lies where a map is white."""
    found: dict[str, list[str]] = {}
    for interface, _ in shown:
        covered = float(interface.area.sum()) if is_flat(interface) else np.inf
        if over_plane(dataset, interface) and covered < (1 - 1e-6) * dataset.area:
            words = neighbours(dataset, interface)
            found.setdefault(f"white: {', '.join(words) if words else 'no contact'}", []).append(interface.name)
    if len(found) == 1:
        return list(found)
    return [f"{text} ({', '.join(dict.fromkeys(names))})" for text, names in found.items()]


def _map(
    made: Any,
    axes: Any,
    bar_box: tuple[float, ...],
    dataset: Dataset,
    interface: Interface,
    name: str,
    label: str,
    dimension: str,
) -> None:
    width, depth = (dataset.high - dataset.low)[:2]
    length = style.lengths(float(max(width, depth)))
    values = interface.values[name]
    span = style.value_range(values, interface.area, 0.98, word="contact")
    signed = min(-span.low, span.high) > 0.05 * max(-span.low, span.high)
    if signed:
        span = style.value_range(values, interface.area, 0.98, True, "contact")
    span = style.widened(span)
    unit = units.scale([span.low, span.high], dimension)
    colour = style.colours(style.DIVERGING) if signed else style.magnitudes(span)
    mesh, at_nodes = _surface(interface, values * unit(1.0), length)
    clim = {"vmin": unit(span.low), "vmax": unit(span.high)}
    uniform = is_uniform(values)
    if uniform:  # a colour would be looked up on another bar
        colour, clim = "Greys", {"vmin": 0.0, "vmax": 5.0}
        at_nodes = np.ones_like(at_nodes)
    faces = axes.tripcolor(mesh, at_nodes, shading="gouraud", cmap=colour, **clim)
    axes.set_xlim(length(float(dataset.low[0])), length(float(dataset.high[0])))
    axes.set_ylim(length(float(dataset.low[1])), length(float(dataset.high[1])))
    axes.set_xlabel(length.label("x"))
    axes.set_ylabel(length.label("y"))
    note = f"\n{span.note}" if span.note else ""
    if not note and (apart := float(np.ptp(values) / np.abs(values).max())) < _ALIKE:  # colours would make much of it
        note = f"\nvaries by {100 * apart:.2g} %"
    if uniform:
        note = f"\nuniform, {units.format(float(f'{values.mean():.4g}'), dimension, 4)}".replace("-", "−")
    flat = "" if is_flat(interface) else ", not flat"
    axes.set_title(f"{interface.name}{sign_words(interface, name)}{flat}{note}", loc="left")
    if not uniform:
        style.colour_bar(made, faces, unit.label(label), made.add_axes(bar_box), span.extend)


def _surface(interface: Interface, values: Floats, length: Any) -> tuple[Any, Floats]:
    """Triangles of an interface, and facet means averaged to their corners by area."""
    from matplotlib.tri import Triangulation

    corners = interface.corners[:, :, :2]
    points, inverse = np.unique(corners.reshape(-1, 2), axis=0, return_inverse=True)
    triangles = inverse.reshape(-1, 3)
    area = np.repeat(interface.area, 3)
    total = np.bincount(triangles.reshape(-1), area * np.repeat(values, 3), len(points))
    weight = np.bincount(triangles.reshape(-1), area, len(points))
    mesh = Triangulation(points[:, 0] * length(1.0), points[:, 1] * length(1.0), triangles)
    return mesh, total / weight
