"""Stack pressure that keeps a flaw at the lithium side from growing, against current density, at 298 and 333 K.

A hemispherical flaw on the electrolyte catches vacancies that stripping injects; creep under the stack pressure closes
it (`fem.voids.threshold`). Vacancies that do not meet the flaw vanish at sinks after their sink length. Beside the
numbers of the model stand the estimate for a ball in infinite lithium, p = (2n/3) (2v/(Aa))^(1/n), and what was
published (as quoted in the project's notes, not re-read): LLZO 0.4 MPa at 0.1 and 2 MPa at 0.4 mA/cm^2 (Wang 2019);
LPSCl 3 MPa at 0.2 and 7 MPa at 1.0 mA/cm^2 (Kasemchainan 2019); 1 to 5 MPa as the range to work in, no voids above
12 MPa even at high currents (Liu et al., Nano Energy 2025, 110749); 5 MPa for 1000 h and a short at 25 MPa (Doux 2019).

Creep rates of lithium differ by a factor of 100 between laboratories: the bands are those of ten times slower and
faster creep.

Run: ``python3 -m studies.validation.void_map [folder for the table and the picture]`` (minutes)
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from mpi4py import MPI

from fem.materials import load
from fem.voids.current import Electrolyte
from fem.voids.rates import Interface, Lithium
from fem.voids.threshold import Flaw, estimate, threshold
from studies.validation.rows import Row, table

CURRENTS = (0.01, 0.1, 1.0, 10.0, 100.0)
"""mA/cm^2; the first and last only for the bands."""
RADII = (0.5e-6, 2e-6, 20e-6)
TEMPERATURES = (298.15, 333.15)
SINK_LENGTH = 10e-6
SAFE, WINDOW = 12e6, (1e6, 5e6)
REVIEW = "Liu et al. 2025"
PUBLISHED = {"LLZO (Wang 2019)": ((0.1, 0.4e6), (0.4, 2e6)), "LPSCl (Kasemchainan 2019)": ((0.2, 3e6), (1.0, 7e6))}
"""Current density in mA/cm^2 and critical stack pressure in Pa."""


@dataclass(frozen=True)
class Point:
    """A threshold: temperature (K), radius (m), current density (mA/cm^2), pressures (Pa): ours, of slower and faster
    creep, of the estimate."""

    temperature: float
    radius: float
    current: float
    pressure: float
    band: tuple[float, float]
    estimate: float


def lithium(temperature: float = 298.15, faster: float = 1.0) -> Lithium:
    """Lithium of the library with a factor on its creep rate."""
    return Lithium.of(load("Li"), temperature, faster)


def pressure(
    current: float,
    radius: float,
    metal: Lithium,
    interface: Interface | None = None,
    flaw: Flaw | None = None,
) -> float:
    """Threshold in Pa at a current density in mA/cm^2."""
    contact = interface or Interface(sink_length=SINK_LENGTH)
    shape = flaw or Flaw(radius)
    return threshold(MPI.COMM_SELF, shape, metal, contact, 10 * current, accuracy=5e-3)


def line(temperature: float, radius: float) -> list[Point]:
    """Thresholds of a flaw against the current density.

    Creep and current that are both ten times faster leave every pressure as it is (self-diffusion apart, which counts
    for little here): slower creep is read off at ten times the current.
    """
    own = lithium(temperature)
    found = [pressure(i, radius, own) for i in CURRENTS]
    made = []
    for k in range(1, len(CURRENTS) - 1):
        bound = estimate(own, radius, 10 * CURRENTS[k])
        made.append(Point(temperature, radius, CURRENTS[k], found[k], (found[k + 1], found[k - 1]), bound))
    return made


def slope(x: Sequence[float], y: Sequence[float]) -> float:
    """Exponent of a power law through points."""
    return float(np.polyfit(np.log(np.asarray(x)), np.log(np.asarray(y)), 1)[0])


def influences(radius: float = 2e-6, current: float = 1.0) -> dict[str, float]:
    """Threshold (Pa) of one flaw when one thing differs at a time."""
    metal, contact = lithium(), Interface(sink_length=SINK_LENGTH)
    cases: dict[str, tuple[Lithium, Interface, Flaw]] = {
        "as in the map": (metal, contact, Flaw(radius)),
        "without capillarity": (replace(metal, surface_energy=0.0), contact, Flaw(radius)),
        "without self-diffusion": (replace(metal, self_diffusivity=0.0), contact, Flaw(radius)),
        "sink length 1 um": (metal, Interface(sink_length=1e-6), Flaw(radius)),
        "sink length 3 um": (metal, Interface(sink_length=3e-6), Flaw(radius)),
        "sink length 100 um": (metal, Interface(sink_length=1e-4), Flaw(radius)),
        "the contact is the sink": (metal, Interface(), Flaw(radius)),
        "lithium sticks": (metal, Interface(sink_length=SINK_LENGTH, stuck=True), Flaw(radius)),
        "4 radii of lithium": (metal, contact, Flaw(radius, 4.0, 4.0)),
        "16 radii of lithium": (metal, contact, Flaw(radius, 16.0, 16.0)),
        "focused current, LLZO": (
            metal,
            Interface(sink_length=SINK_LENGTH, electrolyte=Electrolyte(0.046, 0.5e-4, 50e-6)),
            Flaw(radius),
        ),
        "finer mesh": (metal, contact, Flaw(radius, edges=24)),
    }
    return {name: pressure(current, radius, li, at, flaw) for name, (li, at, flaw) in cases.items()}


def picture(points: Sequence[Point], path: Path) -> None:
    """Map of pressure against current density with bands and what was published."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(TEMPERATURES), figsize=(10, 4.5), sharey=True, layout="constrained")
    for axis, temperature in zip(axes, TEMPERATURES, strict=True):
        axis.axhspan(WINDOW[0] / 1e6, WINDOW[1] / 1e6, color="0.92", label="1 to 5 MPa (review)")
        axis.axhline(SAFE / 1e6, color="0.5", ls=":", label="12 MPa (review)")
        for radius, colour in zip(RADII, ("C0", "C1", "C2"), strict=True):
            own = [p for p in points if p.temperature == temperature and p.radius == radius]
            x = [p.current for p in own]
            axis.fill_between(
                x, *np.maximum(np.array([p.band for p in own]).T / 1e6, 1e-3), color=colour, alpha=0.15, lw=0
            )
            label = f"flaw of {radius * 1e6:g} µm"
            axis.plot(x, [p.pressure / 1e6 for p in own], "o-", color=colour, label=label)
            axis.plot(x, [p.estimate / 1e6 for p in own], "--", color=colour, lw=0.8)
        for marker, (name, values) in zip("sD", PUBLISHED.items(), strict=True) if axis is axes[0] else ():
            axis.plot(*np.array([(i, p / 1e6) for i, p in values]).T, marker, color="k", mfc="w", label=name)
        axis.set(xscale="log", yscale="log", xlabel="current density, mA/cm²", ylim=(0.05, 60))
        axis.set_title(f"{temperature:g} K (dashed: ball in infinite lithium)", fontsize=9)
    axes[0].set_ylabel("stack pressure, MPa")
    axes[0].legend(fontsize=7, loc="upper left", ncols=2)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def rows(points: Sequence[Point] | None = None) -> list[Row]:
    """What was published beside what the map says at 298 K for a flaw of 2 um (all flaws where it says so).

    Args:
        points: of `line`; calculated where they are not given, in minutes.
    """
    flaws = points if points is not None else [p for r in RADII for p in line(TEMPERATURES[0], r)]
    room = [p for p in flaws if p.temperature == TEMPERATURES[0]]
    middle = [p for p in room if p.radius == RADII[1]]
    currents, pressures = [p.current for p in middle], [p.pressure for p in middle]
    power = slope(currents, pressures)
    worst = max(p.band[0] for p in room) / 1e6
    made = [Row("threshold of any flaw up to 10 mA/cm^2, slow creep", (0.0, SAFE / 1e6), worst, "MPa", source=REVIEW)]
    window = (WINDOW[0] / 1e6, WINDOW[1] / 1e6)
    for name, at in (("0.1", 0.1), ("1", 1.0), ("10", 10.0)):
        ours = next(p.pressure for p in middle if p.current == at)
        made.append(Row(f"threshold at {name} mA/cm^2", window, ours / 1e6, "MPa", source=REVIEW))
    for name, values in PUBLISHED.items():
        for current, published in values:
            ours = float(np.exp(np.interp(np.log(current), np.log(currents), np.log(pressures))))
            told = (published / 1e6, published / 1e6)
            made.append(Row(f"threshold at {current:g} mA/cm^2", told, ours / 1e6, "MPa", source=name))
        steep = slope(*np.array(values).T)
        made.append(Row("power of the current", (steep, steep), power, "", source=name))
    bare = replace(lithium(), surface_energy=0.0)
    tenfold = pressure(10.0, RADII[1], bare) / pressure(1.0, RADII[1], bare)
    exact = 10 ** (1 / bare.creep.exponent)
    made.append(
        Row("tenfold current, factor without capillarity", (exact, exact), tenfold, "", source="10^(1/n)", margin=0.01)
    )
    over = pressure(1.0, RADII[1], bare) / estimate(bare, RADII[1], 10.0)
    made.append(Row("threshold over the estimate for a ball, same", (0.5, 2.0), over, "", source="order of magnitude"))
    return made


def main(folder: str | None = None) -> None:
    """Print the map, its exponents, and what else matters; write table and picture into a folder."""
    print("threshold pressure in MPa; [slower, faster creep]; estimate for a ball in infinite lithium")
    points: list[Point] = []
    for temperature in TEMPERATURES:
        for radius in RADII:
            own = line(temperature, radius)
            points += own
            for p in own:
                band = ", ".join(f"{x / 1e6:.2f}" for x in p.band)
                print(
                    f"{temperature:g} K  a = {radius * 1e6:4g} um  i = {p.current:5g} mA/cm^2  "
                    f"P = {p.pressure / 1e6:.3f} [{band}]  estimate {p.estimate / 1e6:.3f}",
                    flush=True,
                )
            above = [q for q in own if q.pressure > 0]
            if len(above) > 1:
                power = slope([q.current for q in above], [q.pressure for q in above])
                print(f"   exponent {power:.3f}; 1/n = {1 / 6.6:.3f}")
    if folder:
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        with (place / "void-map.csv").open("w", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(["temperature_K", "radius_m", "current_mA_cm2", "P_Pa", "P_slow", "P_fast", "estimate_Pa"])
            for p in points:
                numbers = (p.temperature, p.radius, p.current, p.pressure, *p.band, p.estimate)
                lines.writerow([f"{value:.6g}" for value in numbers])
        picture(points, place / "void-map.png")
    print("threshold of a flaw of 2 um at 1 mA/cm^2, MPa:")
    for name, value in influences().items():
        print(f"   {name}: {value / 1e6:.3f}", flush=True)
    print("\n".join(table(rows(points))))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
