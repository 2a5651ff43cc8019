"""Pictures of space charge: profiles with the screening length marked, and curves over the potential."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studies import units
from studies.pictures import style
from studies.space_charge import build

if TYPE_CHECKING:
    from studies.schema import Study

Array = npt.NDArray[np.float64]

_CURVES = (
    "electrode_charge",
    "differential_capacitance",
    "space_charge_resistance",
    "depletion",
    "space_charge_width",
)
_WORDS = {
    "electrode_charge": "charge of the electrode",
    "differential_capacitance": "differential capacitance",
    "space_charge_resistance": "resistance of the layer",
    "depletion": "depletion at the interface",
    "space_charge_width": "width of the layer",
}


def draw_profiles(
    study: Study, profiles: Mapping[str, Mapping[str, Array]], walls: Mapping[str, float], path: Path
) -> Path | None:
    """Potential and occupancies along the stack, one column per layer with ions.

    Args:
        study: the study. profiles: layer -> column -> values. path: PNG to write.
        walls: electrode -> potential in V, drawn as a square at the side of the layers beside it.
    """
    found = {layer: table for layer, table in profiles.items() if len(table) > 3} or dict(profiles)
    found = {layer: table for layer, table in found.items() if np.isfinite(table["potential [V]"]).any()}
    if not found:
        return None
    media = build.media(study)
    temperature = study.operation.temperature
    dots = "o" if build.section(study).mode == "planes" else ""
    made = style.figure(style.WIDTH if len(found) > 1 else 0.65 * style.WIDTH, 4.4)
    panels = made.subplots(2, len(found), squeeze=False, sharex="col")
    for k, (layer, table) in enumerate(found.items()):
        upper, lower = panels[0, k], panels[1, k]
        low, high = study.stack().span(layer)
        view = _View.of(np.asarray(table["height [m]"]) - low, np.asarray(table["potential [V]"]), high - low)
        look = {"marker": dots, "markersize": 3}
        upper.plot(view.x, table["potential [V]"], color=style.series_colour(0), **look)
        shown = [np.asarray(table[n]) for n in table if n.endswith(" per site")]
        floor = 1e-12 * max((float(np.nanmax(own)) for own in shown), default=1.0)
        for n, name in enumerate(n for n in table if n.endswith(" per site")):
            if np.nanmax(shown[n]) > floor:
                label = name.removesuffix(" per site")
                lower.plot(view.x, table[name], label=label, color=style.series_colour(n + 1), **look)
        length = media[layer].debye_length(temperature)
        for axes in (upper, lower):
            for start, end in view.bands(length):
                axes.axvspan(start, end, color="0.9", zorder=0)
            axes.grid(True, which="major", color="0.88", linewidth=0.6)
            axes.set_axisbelow(True)
        _mark_walls(upper, study, layer, walls, view)
        reading = units.format(length, "length", 3) if np.isfinite(length) else "infinite"
        upper.set_title(f"{layer}: Debye length {reading}{' (grey)' if view.bands(length) else ''}")
        lower.set_xlabel(view.unit.label(view.words))
        lower.set_xlim(*view.limits)
        if view.logarithmic:
            lower.set_xscale("log")
        if shown:
            lower.legend(frameon=False)
            values = np.concatenate([own[own > floor] for own in shown])
            if values.max() > 1e3 * values.min():
                lower.set_yscale("log")
                lower.set_ylim(values.min() / 2, 3 * values.max())
    panels[0, 0].set_ylabel("electric potential [V]")
    panels[1, 0].set_ylabel("ions per site")
    made.tight_layout(pad=0.5, w_pad=1.2)
    return style.save(made, path, "potential and ions along the stack")


@dataclass(frozen=True)
class _View:
    """The part of a layer in which the potential changes, and the axis that shows it.

    Attributes:
        x: (n,) coordinates on the axis. unit: of the axis. limits: its ends.
        words: what it is. thickness: of the layer, on the axis.
        logarithmic: for layers whose charge is much thinner than the rest of what happens.
    """

    x: Array
    unit: units.Scale
    limits: tuple[float, float]
    words: str
    thickness: float
    logarithmic: bool

    @classmethod
    def of(cls, depth: Array, phi: Array, thickness: float) -> _View:
        swing = float(np.nanmax(phi) - np.nanmin(phi))
        middle = len(phi) // 2
        changed = np.abs(phi - phi[middle]) > 1e-3 * swing if swing else np.zeros(len(phi), dtype=bool)
        changed |= np.isnan(phi)  # an electrode lies there
        below, above = bool(changed[:middle].any()), bool(changed[middle:].any())
        low, high = 0.0, thickness
        half = depth[np.abs(phi - phi[0]) > 0.5 * swing]
        if abs(phi[0] - phi[-1]) > 0.9 * swing > 0 and len(half) and half[0] < 0.005 * thickness:
            # steep at the lower side, slow beyond
            unit = style.lengths(thickness)
            ends = (max(float(half[0]) * 1e-2, float(depth[depth > 0].min())) * unit(1.0), thickness * unit(1.0))
            words = "distance from the lower side"
            return cls(depth * unit(1.0), unit, ends, words, thickness * unit(1.0), True)
        if below and not above:
            high = min(thickness, 1.5 * float(depth[:middle][changed[:middle]].max()) + 1e-12)
        elif above and not below:
            low = max(0.0, thickness - 1.5 * (thickness - float(depth[middle:][changed[middle:]].min())) - 1e-12)
        unit = style.lengths(high - low)
        scale = unit(1.0)
        words = "distance from the lower side"
        return cls(depth * scale, unit, (low * scale, high * scale), words, thickness * scale, False)

    def bands(self, length: float) -> list[tuple[float, float]]:
        """One screening length (m) at the sides in sight, if it can be seen."""
        own = length * self.unit(1.0)
        span = self.limits[1] - self.limits[0]
        if self.logarithmic or not 1e-3 * span < own < 0.8 * span:
            return []
        found = [(0.0, own)] if self.limits[0] == 0 else []
        return found + ([(self.thickness - own, self.thickness)] if self.sees_top else [])

    @property
    def sees_top(self) -> bool:
        """Whether the upper side of the layer is in sight."""
        return self.limits[1] >= self.thickness * (1 - 1e-9)


def _mark_walls(axes: Any, study: Study, layer: str, walls: Mapping[str, float], view: _View) -> None:
    """The electrodes at the sides of a layer that are in sight."""
    names = [x.name for x in study.geometry.layers]
    k = names.index(layer)
    lowest = view.limits[0]
    places = [(k - 1, lowest, "left")] if lowest == 0 or view.logarithmic else []
    places += [(k + 1, view.thickness, "right")] if view.sees_top else []
    for neighbour, place, side in places:
        if 0 <= neighbour < len(names) and names[neighbour] in walls:
            value = walls[names[neighbour]]
            axes.plot(place, value, "s", color="0.3", markersize=5, clip_on=False, zorder=3)
            shift = (7, 0) if side == "left" else (-7, 0)
            where = {"xytext": shift, "textcoords": "offset points", "ha": side, "va": "center"}
            axes.annotate(names[neighbour], (place, value), color="0.3", **where)


def draw_map(study: Study, section: tuple[Array, Array, Array], path: Path) -> Path:
    """The electric potential in a plane: that of the model, or the middle of a model in space.

    Args:
        study: the study. path: PNG to write.
        section: coordinates across (m,) and along the stack (n,) in m, potential (n, m) in V, not a number in metals.
    """
    across, along, phi = section
    unit = style.lengths(float(max(np.ptp(across), np.ptp(along))))
    scale = unit(1.0)
    width = 0.6 * style.WIDTH
    height = min(1.6 * width, max(0.45 * width, width * float(np.ptp(along) / np.ptp(across))))
    made = style.figure(width + 0.9, height + 0.5)
    axes = made.subplots()
    axes.set_facecolor(style.METAL)
    size = float(np.nanmax(np.abs(phi))) or 1.0
    signs = np.nanmin(phi) < -1e-3 * size and np.nanmax(phi) > 1e-3 * size
    low, high = (-size, size) if signs else (float(np.nanmin(phi)), float(np.nanmax(phi)))
    reading = units.scale(size, "potential")
    shown = np.where(np.isfinite(phi), phi * reading(1.0), np.nan)
    mesh = axes.pcolormesh(
        across * scale, along * scale, shown, shading="nearest", rasterized=True,
        cmap=style.colours(style.DIVERGING if signs else style.SEQUENTIAL),
        vmin=low * reading(1.0), vmax=high * reading(1.0),
    )  # fmt: skip
    made.colorbar(mesh, ax=axes, label=reading.label("electric potential"))
    axes.set_aspect("equal")
    axes.set_xlabel(unit.label("radius" if study.geometry.dimension == "axisymmetric" else "x"))
    axes.set_ylabel(unit.label("z" if study.geometry.dimension == 3 else "y"))
    made.tight_layout(pad=0.5)
    where = "in the middle of the model" if study.geometry.dimension == 3 else "of the model"
    return style.save(made, path, f"electric potential {where}; electrodes are grey")


def draw_curves(study: Study, series: Mapping[str, tuple[float, ...]], path: Path) -> Path | None:
    """Charge, capacitance, resistance and the like over the potential of the swept electrode."""
    potentials = np.asarray(series.get("electrode_potential", ()))
    labels = [r.label for r in study.quantities if r.name in _CURVES and r.label in series]
    if len(potentials) < 3 or not labels:
        return None
    order = np.argsort(potentials, kind="stable")
    made = style.figure(style.WIDTH, 2.6 * ((len(labels) + 1) // 2))
    panels = made.subplots((len(labels) + 1) // 2, 2, squeeze=False).reshape(-1)
    for k, (axes, label) in enumerate(zip(panels, labels, strict=False)):
        spec = study.spec(label)
        values = np.asarray(series[label], dtype=float)[order]
        unit = units.scale(values[np.isfinite(values)], spec.dimension)
        axes.plot(potentials[order], values * unit(1.0), color=style.series_colour(k), marker="o", markersize=3)
        if spec.name == "space_charge_resistance" and np.all(values > 0) and values.max() > 30 * values.min():
            axes.set_yscale("log")
        axes.set_xlabel("potential of the electrode [V]")
        axes.set_ylabel(unit.label(_WORDS[spec.name]))
        axes.grid(True, which="major", color="0.88", linewidth=0.6)
        axes.set_axisbelow(True)
    for axes in panels[len(labels) :]:
        axes.set_visible(False)
    made.tight_layout(pad=0.5, w_pad=1.2)
    return style.save(made, path, "charge, capacitance and resistance over the potential")
