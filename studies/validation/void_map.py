"""Stack pressure that keeps a flaw at the lithium side from growing, against current density, at 298 and 333 K.

A hemispherical flaw on the electrolyte catches vacancies that stripping injects; creep under the stack pressure closes
it (`fem.voids.threshold`). Vacancies that do not meet the flaw vanish at sinks after their sink length. Beside the
numbers of the model stand the estimate for a ball in infinite lithium, p = (2n/3) (2v/(Aa))^(1/n), and what was
published (as quoted in the project's notes, not re-read): LLZO 0.4 MPa at 0.1 and 2 MPa at 0.4 mA/cm^2 (Wang 2019);
LPSCl 3 MPa at 0.2 and 7 MPa at 1.0 mA/cm^2 (Kasemchainan 2019); 1 to 5 MPa as the range to work in, no voids above
12 MPa even at high currents (Liu et al., Nano Energy 2025, 110749). What happens without pressure and under too much of
it: `studies.validation.void_limits`.

Creep rates of lithium differ by a factor of 100 between laboratories (Darnbrough et al. 2023): the bands are those of
ten times slower and faster creep than that of LePage et al. 2019. The set of Anand and Narayan 2019 creeps, once it has
hardened, like a power law of exponent 1 / (m + n) = 5, ninety times more slowly at 2 MPa: a line of its own.

Run: ``python3 -m studies.validation.void_map FOLDER`` writes table and picture (ten minutes); the page takes
the stored table, ``results/void-map.csv``. Without a folder: the rows of the page.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI

from fem.dissipation.norton import Norton
from fem.materials import load
from fem.voids.current import Electrolyte
from fem.voids.rates import Interface, Lithium
from fem.voids.threshold import Flaw, estimate, threshold
from studies.validation.rows import Row, table

CURRENTS = (0.05, 0.1, 0.5, 1.0, 5.0, 10.0)
"""mA/cm^2."""
TENFOLD = (0.005, 0.01, 50.0, 100.0)
"""Beyond them, for the bands alone."""
RADII = (0.5e-6, 2e-6, 20e-6)
TEMPERATURES = (298.15, 333.15)
SINK_LENGTH = 10e-6
SAFE, WINDOW = 12e6, (1e6, 5e6)
REVIEW = "Liu et al. 2025"
PUBLISHED = {"LLZO (Wang 2019)": ((0.1, 0.4e6), (0.4, 2e6)), "LPSCl (Kasemchainan 2019)": ((0.2, 3e6), (1.0, 7e6))}
"""Current density in mA/cm^2 and critical stack pressure in Pa."""
STORED = Path(__file__).parent / "results" / "void-map.csv"


@dataclass(frozen=True)
class Point:
    """A threshold: temperature (K), radius (m), current density (mA/cm^2), pressures (Pa): ours, of slower and faster
    creep, of hardened lithium after Anand and Narayan, of the estimate."""

    temperature: float
    radius: float
    current: float
    pressure: float
    band: tuple[float, float]
    hardened: float
    estimate: float


def lithium(temperature: float = 298.15, faster: float = 1.0) -> Lithium:
    """Lithium of the library with a factor on its creep rate."""
    return Lithium.of(load("Li"), temperature, faster)


def hardened(temperature: float = 298.15) -> Lithium:
    """Lithium after Anand and Narayan whose resistance S has become that of its rate.

    With S = S0 (rate / A')^n in rate = A' (sigma / S)^(1/m), A' = A exp(-Q / R T): rate = A' (sigma / S0)^(1/(m+n)).
    """
    metal = load("Li")
    power = 1.0 / (metal.value("anand_rate_sensitivity") + metal.value("anand_saturation_exponent"))
    stress = metal.value("anand_saturation_stress") * metal.value("anand_rate_prefactor") ** (-1.0 / power)
    law = Norton(stress, power, metal.value("anand_activation_energy"))
    return replace(lithium(temperature), creep=law)


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
    own, hard = lithium(temperature), hardened(temperature)
    found = {i: pressure(i, radius, own) for i in (*TENFOLD, *CURRENTS)}

    def near(current: float) -> float:
        return min(found.items(), key=lambda item: abs(np.log(item[0] / current)))[1]

    return [
        Point(
            temperature,
            radius,
            i,
            found[i],
            (near(10 * i), near(i / 10)),
            pressure(i, radius, hard),
            estimate(own, radius, 10 * i),
        )
        for i in CURRENTS
    ]


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


COLUMNS = ("temperature_K", "radius_m", "current_mA_cm2", "P_Pa", "P_slow", "P_fast", "P_hardened", "estimate_Pa")


def stored(path: Path = STORED) -> list[Point]:
    """The map as it was calculated last."""
    with path.open(newline="") as file:
        read = [[float(row[name]) for name in COLUMNS] for row in csv.DictReader(file)]
    return [Point(t, a, i, p, (slow, fast), hard, bound) for t, a, i, p, slow, fast, hard, bound in read]


def write(points: Sequence[Point], path: Path) -> None:
    """A table that `stored` reads."""
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(COLUMNS)
        for p in points:
            numbers = (p.temperature, p.radius, p.current, p.pressure, *p.band, p.hardened, p.estimate)
            lines.writerow([f"{value:.6g}" for value in numbers])


def picture(points: Sequence[Point], path: Path) -> None:
    """Map of pressure against current density: a column for a temperature, a row for a flaw."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    shape = (len(TEMPERATURES), len(RADII))
    figure, axes = plt.subplots(*shape, figsize=(11, 7), sharex=True, sharey=True, layout="constrained")
    least = 0.05
    for column, radius in enumerate(RADII):
        for axis, temperature in zip(axes[:, column], TEMPERATURES, strict=True):
            own = [p for p in points if p.temperature == temperature and p.radius == radius]
            x, colour = [p.current for p in own], f"C{column}"

            def on(values: Sequence[float]) -> Any:
                return np.maximum(np.array(values) / 1e6, least / 2)

            axis.axhspan(WINDOW[0] / 1e6, WINDOW[1] / 1e6, color="0.92", label="1 to 5 MPa (review)")
            axis.axhline(SAFE / 1e6, color="0.5", ls=":", label="12 MPa (review)")
            slow, fast = on([p.band[0] for p in own]), on([p.band[1] for p in own])
            axis.fill_between(x, fast, slow, color=colour, alpha=0.2, lw=0, label="creep 10 times slower or faster")
            axis.plot(x, on([p.pressure for p in own]), "o-", color=colour, ms=4, label="threshold, creep of LePage")
            axis.plot(x, on([p.hardened for p in own]), "-.", color="k", lw=1, label="threshold, creep of Anand")
            axis.plot(x, on([p.estimate for p in own]), "--", color=colour, lw=1, label="ball in infinite lithium")
            for marker, (name, values) in zip("sD", PUBLISHED.items(), strict=True) if axis in axes[0] else ():
                axis.plot(*np.array([(i, p / 1e6) for i, p in values]).T, marker, color="k", mfc="w", label=name)
            axis.set(xscale="log", yscale="log", ylim=(least, 20.0), xlim=(CURRENTS[0], CURRENTS[-1]))
            axis.set_title(f"flaw of {radius * 1e6:g} µm, {temperature - 273.15:g} °C", fontsize=9)
    for axis in axes[-1]:
        axis.set_xlabel("current density, mA/cm²")
    for axis in axes[:, 0]:
        axis.set_ylabel("stack pressure, MPa")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize=8, loc="outside lower center", ncols=4)
    axes[0, 0].text(0.06, 0.09, "below its line a flaw grows", fontsize=8)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _of(points: Sequence[Point], temperature: float, radius: float) -> list[Point]:
    return [p for p in points if p.temperature == temperature and p.radius == radius]


def warmth() -> tuple[float, float]:
    """Threshold of 2 um at 1 mA/cm^2 at 333 K over that at 298 K, without what does not creep: (ours, closed form)."""
    cold, warm = (replace(lithium(t), surface_energy=0.0, self_diffusivity=0.0) for t in TEMPERATURES)
    ours = pressure(1.0, RADII[1], warm) / pressure(1.0, RADII[1], cold)
    rates = [metal.creep.log_rate(0.0, metal.temperature) for metal in (cold, warm)]
    return ours, float(np.exp((rates[0] - rates[1]) / cold.creep.exponent))


def rows(points: Sequence[Point] | None = None) -> list[Row]:
    """What was published beside what the map says, for a flaw of 2 um where no flaw is named.

    Args:
        points: of `line`; the stored ones where they are not given.
    """
    flaws = stored() if points is None else list(points)
    made = []
    for temperature in TEMPERATURES:
        here = [p for p in flaws if p.temperature == temperature]
        for what, worst in (
            ("ten times slower creep", max(p.band[0] for p in here)),
            ("hardened lithium", max(p.hardened for p in here)),
        ):
            name = f"threshold of any flaw up to 10 mA/cm^2 at {temperature:.0f} K, {what}"
            made.append(Row(name, (0.0, SAFE / 1e6), worst / 1e6, "MPa", source=REVIEW))
    middle = _of(flaws, TEMPERATURES[0], RADII[1])
    window = (WINDOW[0] / 1e6, WINDOW[1] / 1e6)
    for temperature in TEMPERATURES:
        for p in _of(flaws, temperature, RADII[1]):
            if p.current in (0.1, 1.0, 10.0):
                name = f"threshold at {p.current:g} mA/cm^2, {temperature:.0f} K"
                made.append(Row(name, window, p.pressure / 1e6, "MPa", source=REVIEW))
    currents, pressures = [p.current for p in middle], [p.pressure for p in middle]
    power = slope(currents, pressures)
    for name, values in PUBLISHED.items():
        for current, published in values:
            ours = float(np.exp(np.interp(np.log(current), np.log(currents), np.log(pressures))))
            told = (published / 1e6, published / 1e6)
            made.append(Row(f"threshold at {current:g} mA/cm^2, 298 K", told, ours / 1e6, "MPa", source=name))
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
    ours, exact = warmth()
    name = "333 K over 298 K, without capillarity and self-diffusion"
    made.append(Row(name, (exact, exact), ours, "", source="(A(333 K) / A(298 K))^(-1/n)", margin=0.01))
    return made


def main(folder: str | None = None) -> None:
    """Print the rows of the page; into a folder, the map anew."""
    if folder is None:
        print("\n".join(table(rows())))
        return
    points: list[Point] = []
    for temperature in TEMPERATURES:
        for radius in RADII:
            own = line(temperature, radius)
            points += own
            for p in own:
                band = ", ".join(f"{x / 1e6:.2f}" for x in p.band)
                print(
                    f"{temperature:g} K  a = {radius * 1e6:4g} um  i = {p.current:5g} mA/cm^2  "
                    f"P = {p.pressure / 1e6:.3f} [{band}]  hardened {p.hardened / 1e6:.3f}  "
                    f"estimate {p.estimate / 1e6:.3f}",
                    flush=True,
                )
            above = [q for q in own if q.pressure > 0]
            if len(above) > 1:
                power = slope([q.current for q in above], [q.pressure for q in above])
                print(f"   exponent {power:.3f}; 1/n = {1 / 6.6:.3f}")
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    write(points, place / "void-map.csv")
    picture(points, place / "void-map.png")
    print("threshold of a flaw of 2 um at 1 mA/cm^2, MPa:")
    for name, value in influences().items():
        print(f"   {name}: {value / 1e6:.3f}", flush=True)
    print("\n".join(table(rows(points))))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
