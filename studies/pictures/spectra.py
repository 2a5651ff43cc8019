"""Pictures of impedances at several times: all spectra in the complex plane, and their arcs over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from studies import units
from studies.pictures import style
from studies.pictures.impedance import PER_AREA

__all__ = ["draw_spectra", "tracks"]

#: An arc belongs to one of the instant before when its frequency is within this factor of it.
SAME_ARC = 10.0
#: Arcs that are never more than this share of the largest are not drawn.
_NEGLIGIBLE = 3e-3
MOST_LABELS = 8

Spectra = Sequence[Mapping[str, Any]]


def draw_spectra(spectra: Spectra, out: Path) -> list[Path]:
    """Draw the impedances of a run in time.

    Args:
        spectra: of results.json (`studies.spectra.kept`), SI.
        out: folder for nyquist.png and, of more than one instant, arcs.png.
    """
    made = [_nyquist(spectra, out / "nyquist.png")]
    found = tracks(spectra) if len(spectra) > 1 else []
    return [*made, _arcs(found, out / "arcs.png")] if found else made


def tracks(spectra: Spectra) -> list[list[tuple[float, float, float]]]:
    """Arcs followed through time: per arc (time, frequency, resistance) of every instant that shows it, SI.

    An arc goes on as the one nearest in frequency, within a factor of `SAME_ARC`; the nearest pairs come first.
    """
    found: list[list[tuple[float, float, float]]] = []
    for spectrum in spectra:
        arcs = [(spectrum["time"], float(f), float(r)) for f, r in spectrum["arcs"]]
        apart = sorted(
            (abs(np.log(arc[1] / track[-1][1])), i, k) for i, arc in enumerate(arcs) for k, track in enumerate(found)
        )
        placed: set[int] = set()
        taken: set[int] = set()
        for distance, i, k in apart:
            if distance <= np.log(SAME_ARC) and i not in placed and k not in taken:
                found[k].append(arcs[i])
                placed.add(i)
                taken.add(k)
        found += [[arc] for i, arc in enumerate(arcs) if i not in placed]
    largest = max((arc[2] for track in found for arc in track), default=0.0)
    return [track for track in found if max(arc[2] for arc in track) > _NEGLIGIBLE * largest]


def _nyquist(spectra: Spectra, path: Path) -> Path:
    impedances = [
        np.asarray(x["columns"]["impedance_real"]) + 1j * np.asarray(x["columns"]["impedance_imaginary"])
        for x in spectra
    ]
    unit = units.scale(np.abs(np.concatenate(impedances)), PER_AREA)
    every = unit(1.0) * np.concatenate(impedances)
    wide = max(float(np.ptp(every.real)), 1e-30)
    # a line that rises steeply (nothing passes at low frequencies) is cut where it leaves a readable shape
    top = min(float((-every.imag).max()), 1.2 * wide)
    low = min(0.0, float((-every.imag).min()))
    made = style.figure(style.WIDTH, min(max(style.WIDTH * (top - low) / wide * 0.75, 1.9), 6.0) + 0.7)
    axes = made.subplots()
    colours = style.colours(style.SEQUENTIAL)(np.linspace(0.05, 0.85, len(spectra)))
    labelled = set(np.unique(np.linspace(0, len(spectra) - 1, MOST_LABELS).round().astype(int)).tolist())
    for k, (spectrum, z, colour) in enumerate(zip(spectra, impedances, colours, strict=True)):
        label = units.format(spectrum["time"], "time", 3) if k in labelled else None
        axes.plot(unit(1.0) * z.real, -unit(1.0) * z.imag, color=colour, linewidth=1.3, label=label)
        decades = _decades(np.asarray(spectrum["columns"]["frequency"]))
        axes.plot(unit(1.0) * z.real[decades], -unit(1.0) * z.imag[decades], ".", color=colour, markersize=4)
    axes.set_aspect("equal", adjustable="box")
    axes.set_ylim(1.1 * low, 1.08 * top + 0.02 * wide)
    axes.set_xlabel(unit.label("real part"))
    axes.set_ylabel(unit.label("$-$ imaginary part"))
    axes.grid(True, color="0.88", linewidth=0.6)
    axes.set_axisbelow(True)
    if len(spectra) > 1:
        axes.legend(frameon=False, title="time", loc="center left", bbox_to_anchor=(1.01, 0.5))
    made.tight_layout(pad=0.5)
    return style.save(made, path, "impedance in the complex plane (Nyquist) at several times; dots: full decades")


def _decades(frequencies: Any) -> list[int]:
    """Indices of the points nearest to powers of ten."""
    exponents = np.log10(frequencies)
    powers = np.arange(np.ceil(exponents[0] - 1e-9), np.floor(exponents[-1] + 1e-9) + 1)
    return [int(np.argmin(np.abs(exponents - p))) for p in powers]


def _arcs(found: Sequence[Sequence[tuple[float, float, float]]], path: Path) -> Path:
    values = np.array([arc for track in found for arc in track])
    unit, across = units.scale(values[:, 2], PER_AREA), units.scale(values[:, 0], "time")
    made = style.figure(style.WIDTH, 2.9)
    left, right = made.subplots(1, 2)
    for k, track in enumerate(sorted(found, key=lambda x: -x[-1][1])):
        time, frequency, resistance = np.array(track).T
        look = {"color": style.series_colour(k), "linewidth": 1.2, "marker": "o", "markersize": 3}
        label = units.format(frequency[-1], "frequency", 3)
        left.plot(across(1.0) * time, unit(1.0) * resistance, label=label, **look)
        right.plot(across(1.0) * time, frequency, **look)
    positive = values[values[:, 0] > 0, 0]
    if len(positive) and positive.max() > 30 * positive.min():
        for axes in (left, right):
            axes.set_xscale("log")
        if values[:, 2].max() > 5 * values[:, 2].min():
            left.set_yscale("log")
    right.set_yscale("log")
    left.set_ylabel(unit.label("resistance of the arc"))
    right.set_ylabel("frequency of the arc [Hz]")
    for axes in (left, right):
        axes.set_xlabel(across.label("time"))
        axes.grid(True, which="major", color="0.88", linewidth=0.6)
        axes.set_axisbelow(True)
    left.legend(frameon=False, fontsize=style.FONT - 1, title="at", title_fontsize=style.FONT - 1)
    made.tight_layout(pad=0.5, w_pad=1.5)
    return style.save(made, path, "resistance and frequency of the arcs of the impedance over time")
