"""Pictures of an impedance spectrum: Nyquist, Bode, relaxation times, and what contributes at which frequency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from studies import units
from studies.pictures import style

__all__ = ["draw_impedance"]

Series = Mapping[str, Sequence[float]]
PER_AREA = "area-specific resistance"
#: Mechanisms in the order in which they are drawn.
GROUPS = ("bulk", "constriction", "diffusion", "films", "contacts", "kinetics")
_NEGLIGIBLE = 1e-3
#: Width and height of the label of an arc, as shares of the picture.
_LABEL = (0.14, 0.18)


def draw_impedance(series: Series, out: Path) -> list[Path]:
    """Draw what the spectrum in `series` shows; none where there is no spectrum.

    Args:
        series: columns of results.json over the frequency, SI.
        out: folder for nyquist.png, bode.png, relaxation-times.png and contributions.png.
    """
    if "impedance_real" not in series:
        return []
    frequencies = np.asarray(series["frequency"], dtype=float)
    impedance = _complex(series, "impedance")
    return [
        _nyquist(frequencies, impedance, series, out / "nyquist.png"),
        _bode(frequencies, impedance, out / "bode.png"),
        _relaxation(frequencies, impedance, out / "relaxation-times.png"),
        _contributions(frequencies, series, out / "contributions.png"),
    ]


def _complex(series: Series, name: str) -> Any:
    return np.asarray(series[f"{name}_real"]) + 1j * np.asarray(series[f"{name}_imaginary"])


def _nyquist(frequencies: Any, z: Any, series: Series, path: Path) -> Path:
    unit = units.scale(np.abs(z), PER_AREA)
    x, y = unit(1.0) * z.real, -unit(1.0) * z.imag
    wide = max(np.ptp(x), 1e-30)
    # a line that rises steeply (a blocking electrode) is cut where it leaves a readable shape
    top = min(float(y.max()), 1.2 * wide) if y.max() > 1.2 * wide else float(y.max())
    tall = max(top - min(float(y.min()), 0.0), 0.05 * wide)
    made = style.figure(style.WIDTH, min(max(style.WIDTH * tall / wide * 0.85, 1.6), 6.0) + 0.7)
    axes = made.subplots()
    axes.plot(x, y, color=style.series_colour(0), linewidth=1.3, zorder=2)
    decades = _decades(frequencies)
    axes.plot(
        x[decades], y[decades], "o", color=style.series_colour(0), markerfacecolor="white", markersize=4, zorder=3
    )
    _label(axes, frequencies, x, y, [k for k in reversed(decades) if y[k] <= top * 1.02], wide)
    axes.set_aspect("equal", adjustable="box")
    axes.set_ylim(min(0.0, 1.1 * float(y.min())), 1.12 * top + 0.06 * wide)
    axes.set_xlim(float(x.min()) - 0.17 * wide, float(x.max()) + 0.14 * wide)
    axes.set_xlabel(unit.label("real part"))
    axes.set_ylabel(unit.label("$-$ imaginary part"))
    axes.grid(True, color="0.88", linewidth=0.6)
    axes.set_axisbelow(True)
    made.tight_layout(pad=0.5)
    return style.save(made, path, "impedance in the complex plane (Nyquist)")


def _label(axes: Any, frequencies: Any, x: Any, y: Any, points: Sequence[int], wide: float) -> None:
    """Write the frequency beside points, where neither the curve nor another label is; left out where there is no room.

    Args:
        wide: extent of the real part, which fills the width of the picture.
    """
    half = np.array([0.068, 0.022]) * wide
    fine = np.linspace(0, len(x) - 1, 20 * len(x))
    curve = np.column_stack([np.interp(fine, np.arange(len(x)), values) for values in (x, y)])
    taken: list[Any] = []
    for k in points:
        ahead, behind = min(k + 1, len(x) - 1), max(k - 1, 0)
        # the curve runs clockwise with falling frequency: its outer side first
        outward = np.arctan2(x[behind] - x[ahead], -(y[behind] - y[ahead]))
        for turn in (0, 1, -1, 2, -2, 3, -3, 4):
            angle = outward + turn * np.pi / 4
            centre = np.array([x[k], y[k]]) + (half + 0.018 * wide) * [np.cos(angle), np.sin(angle)]
            crossed = np.any(np.all(np.abs(curve - centre) < half, axis=1)) or centre[1] < half[1]
            if not crossed and not any(np.all(np.abs(other - centre) < 2 * half) for other in taken):
                taken.append(centre)
                text = units.format(frequencies[k], "frequency", 4)
                axes.annotate(text, centre, ha="center", va="center", path_effects=[_halo()])
                break


def _halo() -> Any:
    from matplotlib.patheffects import withStroke

    return withStroke(linewidth=2.5, foreground="white")


def _decades(frequencies: Any) -> list[int]:
    """Indices of the points nearest to powers of ten."""
    exponents = np.arange(np.ceil(np.log10(frequencies[0]) - 1e-9), np.floor(np.log10(frequencies[-1]) + 1e-9) + 1)
    return [int(np.argmin(np.abs(np.log(frequencies / 10.0**e)))) for e in exponents]


def _bode(frequencies: Any, z: Any, path: Path) -> Path:
    unit = units.scale(np.abs(z), PER_AREA)
    made = style.figure(style.WIDTH, 2.9)
    left, right = made.subplots(1, 2)
    left.loglog(frequencies, unit(1.0) * np.abs(z), color=style.series_colour(0), linewidth=1.3)
    left.set_ylabel(unit.label("modulus"))
    right.semilogx(frequencies, np.degrees(np.angle(z)), color=style.series_colour(0), linewidth=1.3)
    right.set_ylabel("phase [°]")
    _frequency_axes(left, right)
    made.tight_layout(pad=0.5, w_pad=1.5)
    return style.save(made, path, "modulus and phase of the impedance over the frequency (Bode)")


def _frequency_axes(*axes: Any) -> None:
    for one in axes:
        one.set_xlabel("frequency [Hz]")
        one.grid(True, which="major", color="0.88", linewidth=0.6)
        one.set_axisbelow(True)


def _relaxation(frequencies: Any, z: Any, path: Path) -> Path:
    from fem.observe.impedance_relaxation import relaxation_times

    steep = -z[0].imag > abs(z[0].real)
    found = relaxation_times(frequencies, z, capacitive=steep)
    at = 1 / (2 * np.pi * found.times)
    unit = units.scale(found.density, PER_AREA)
    made = style.figure(style.WIDTH, 2.9)
    axes = made.subplots()
    axes.semilogx(at, unit(1.0) * found.density, color=style.series_colour(0), linewidth=1.3)
    axes.fill_between(at, unit(1.0) * found.density, color=style.series_colour(0), alpha=0.15, linewidth=0)
    top = 1.45 * max(float(found.density.max()), 1e-30)
    taken: list[tuple[float, float]] = []
    for arc in found.arcs:
        place = float(np.log10(arc.frequency) / np.log10(at.max() / at.min()))
        height = float(np.interp(np.log(arc.frequency), np.log(at[::-1]), found.density[::-1])) / top + 0.11
        while any(abs(place - a) < _LABEL[0] and abs(height - b) < _LABEL[1] for a, b in taken):
            height += 0.02
        taken.append((place, height))
        resistance = units.format(arc.resistance, PER_AREA, 4)
        axes.annotate(
            f"{units.format(arc.frequency, 'frequency', 4)}\n{resistance}", (arc.frequency, unit(1.0) * top * height),
            ha="center", va="center", path_effects=[_halo()],
        )  # fmt: skip
    axes.set_ylim(0, unit(1.0) * top)
    axes.set_ylabel(unit.label(r"relaxation times $\gamma$"))
    _frequency_axes(axes)
    axes.set_xlabel(r"frequency $1/2\pi\tau$ [Hz]")
    made.tight_layout(pad=0.5)
    return style.save(made, path, "distribution of relaxation times; numbers: frequency and resistance of each arc")


def _contributions(frequencies: Any, series: Series, path: Path) -> Path:
    parts = {name: _complex(series, f"{name} part") for name in GROUPS if f"{name} part_real" in series}
    largest = np.max(np.abs(_complex(series, "impedance")))
    parts = {name: z for name, z in parts.items() if np.max(np.abs(z)) > _NEGLIGIBLE * largest}
    unit = units.scale([float(largest)], PER_AREA)
    made = style.figure(style.WIDTH, 3.2)
    for axes, which, sign in zip(made.subplots(1, 2), ("real", "imag"), (1.0, -1.0), strict=True):
        for k, (name, z) in enumerate(parts.items()):
            axes.semilogx(frequencies, sign * unit(1.0) * getattr(z, which), color=style.series_colour(k), label=name)
        axes.set_ylabel(unit.label("real part" if which == "real" else "$-$ imaginary part"))
        _frequency_axes(axes)
    made.axes[0].legend(frameon=False)
    made.tight_layout(pad=0.5, w_pad=1.5)
    return style.save(made, path, "what the mechanisms contribute to the impedance; all add up to it")
