"""Current at the edge of a void in lithium, with and without a resistance of charge transfer (physics E1).

Electrostatics alone has a current that goes like d^(-1/2) with the distance d from the edge of the contact: what is
read off depends on the shortest distance, and "as much as four orders of magnitude" (R. Raj and J. Wolfenstine and
others, arXiv 2001.06276, as quoted in the project's notes) is a matter of it. A resistance R_ct of charge transfer lets
the current saturate at distances of sigma R_ct. Reference are strips: voids of width 2 (b - a) in a period 2 b, contact
on 2 a, closed form without kinetics, R. Holm (1967), and the Galerkin solution of tests/verification with them.

Run: ``python3 -m studies.validation.current_focusing [--picture FILE]``
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from mpi4py import MPI

from studies.progress import Silent
from studies.runner import run
from studies.schema import Study
from studies.validation.rows import Row, table

__all__ = ["draw", "primary", "rows", "spot", "strip"]

THERMAL = 0.025692579
"""RT/F at 298.15 K, V."""
LLZO, LPSCL = 0.046, 0.2
"""Conductivities, S/m."""
HALF = 1e-5
"""Half period b of the reference, m; half of it is contact."""
SLOW = 0.5e-4
"""R_ct of lithium on a clean electrolyte, ohm m^2."""
NANOMETRE = 1e-9
SHARE = 1e-3
"""Of the face that small spots touch."""
REFERENCE = {1e-4: 0.22106, 0.01: 0.24888, 0.1: 0.44907, 1.0: 2.26707, 10.0: 20.2709}
"""Wagner number sigma R_ct / b -> resistance times sigma / b beyond that of the electrolyte (Galerkin)."""
EDGES = {0.01: 10.31, 0.1: 3.831, 1.0: 2.255, 10.0: 2.027}
"""Wagner number -> current at the edge over the mean one (Galerkin)."""
BOUND = "saturation at sigma R_ct: at most ten times"
RAJ = "Raj et al., arXiv 2001.06276 (abstract)"

Array = npt.NDArray[np.float64]


def primary(distances: Any, half: float = HALF, contact: float = 0.5) -> Any:
    """Current over the mean one of strips without kinetics, at distances in m from the edge of the contact."""
    edge = contact * half
    place = math.pi * (edge - np.asarray(distances)) / (2 * half)
    return np.cos(place) / np.sqrt(math.sin(math.pi * edge / (2 * half)) ** 2 - np.sin(place) ** 2)


def strip(
    resistance: float,
    distances: Sequence[float],
    conductivity: float = LLZO,
    half: float = HALF,
    contact: float = 0.5,
    driven: float | None = None,
) -> tuple[Array, float]:
    """Half a void and half a contact between planes of symmetry.

    Args:
        resistance: R_ct in ohm m^2; 0: perfect contact. distances: from the edge, m.
        conductivity: S/m. half: half period, m. contact: share of it.
        driven: A/m^2; None: linear kinetics, else Butler-Volmer kinetics at this current.

    Returns:
        Current over the mean one at the distances, and the resistance beyond that of the electrolyte times
        conductivity over half period.
    """
    void = {"at": "anode|electrolyte", "radius": f"{(1 - contact) * half} m", "depth": f"{half / 10} m"}
    words = _words("2", half, conductivity, {"void": {**void, "position": "0 m"}})
    return _solved(words, resistance, distances, driven or 10.0, driven is not None, conductivity, half)


def spot(resistance: float, distances: Sequence[float], radius: float, share: float) -> Array:
    """Current over the mean one of the whole face, at distances from the edge of a round contact on LLZO."""
    features = {"contact_spot": {"at": "anode|electrolyte", "radius": f"{radius} m"}}
    words = _words("axisymmetric", radius / share**0.5, LLZO, features)
    return _solved(words, resistance, distances, 10.0, False, LLZO, radius)[0]


def _words(dimension: str, width: float, conductivity: float, feature: dict[str, Any]) -> dict[str, Any]:
    return {
        "study": "current-focusing",
        "geometry": {
            "dimension": dimension if dimension == "axisymmetric" else int(dimension),
            "width": f"{width} m",
            "layers": [
                {"name": "anode", "material": "Li", "thickness": f"{width / 5} m"},
                {
                    "name": "electrolyte",
                    "material": "LLZO",
                    "thickness": f"{3 * width} m",
                    "properties": {"ionic_conductivity": f"{conductivity} S/m"},
                },
                {"name": "counter", "material": "Li", "thickness": f"{width / 5} m"},
            ],
            "features": [feature],
        },
    }


def _solved(
    words: dict[str, Any],
    resistance: float,
    distances: Sequence[float],
    current: float,
    tafel: bool,
    conductivity: float,
    length: float,
) -> tuple[Array, float]:
    kinetics = (
        {"kinetics": "butler-volmer" if tafel else "linear", "exchange_current": f"{THERMAL / resistance} A/m^2"}
        if resistance
        else {"kinetics": "perfect"}
    )
    at = "anode|electrolyte"
    wanted = [
        {"current_focusing": {"at": at, "distance": f"{d} m", "label": f"focusing_{k}"}}
        for k, d in enumerate(distances)
    ]
    words |= {
        "interfaces": {at: kinetics, "electrolyte|counter": {"kinetics": "perfect"}},
        "operation": {"current": f"{current} A/m^2", "temperature": "298.15 K"},
        "mesh": {"error_estimate": "none", "edge": f"{0.1 * min(distances)} m", "growth": 1.3},
        "quantities": ["area_specific_resistance", *wanted],
    }
    found = run(Study.from_mapping(words), None, MPI.COMM_SELF, Silent()).quantities
    thickness = 3 * (length if words["geometry"]["dimension"] == 2 else 0.0)
    excess = found["area_specific_resistance"].value * conductivity / length - thickness / length
    return np.array([found[f"focusing_{k}"].value for k in range(len(distances))]), excess


def rows() -> list[Row]:
    """All comparisons."""
    made = []
    for wagner, expected in REFERENCE.items():
        values, excess = strip(wagner * HALF / LLZO, (0.1 * NANOMETRE,))
        what = f"resistance times sigma / b at sigma R_ct / b = {wagner:g}"
        made.append(Row(what, (expected, expected), excess, "", source="Galerkin solution", margin=5e-3))
        if wagner in EDGES:
            what = f"current at the edge over the mean at sigma R_ct / b = {wagner:g}"
            made.append(Row(what, (EDGES[wagner],) * 2, float(values[0]), "", source="Galerkin solution", margin=5e-3))
    near, far = strip(0.0, (NANOMETRE, 10 * NANOMETRE))[0]
    slope = float(np.log10(far / near))
    made.append(Row("power of the distance, 1 to 10 nm, no kinetics", (-0.5, -0.5), slope, "", margin=0.02))
    numbers = np.array([1e-4, 1e-3, 1e-2])
    lengths = [_saturation(w * HALF / LLZO) for w in numbers]
    power = float(np.polyfit(np.log(numbers), np.log(lengths), 1)[0])
    made.append(Row("power of sigma R_ct in the distance of saturation", (1, 1), power, "", margin=0.02))
    wide = float(strip(0.0, (NANOMETRE,), half=4e-5)[0][0])
    what = "largest current without kinetics, void of 2 x 20 um, 1 nm from its edge"
    made.append(Row(what, (4, 4), math.log10(wide), "orders", source=RAJ))
    small = float(spot(0.0, (NANOMETRE,), 1e-6, SHARE)[0])
    what = "largest current without kinetics, spots of 1 um on 0.1 % of the face, 1 nm from the edge"
    made.append(Row(what, (4, 4), math.log10(small), "orders", source=RAJ))
    for name, conductivity in (("LLZO", LLZO), ("Li6PS5Cl", LPSCL)):
        largest = max(float(strip(SLOW, (NANOMETRE,), conductivity, half)[0][0]) for half in (2e-7, 2e-6, 4e-5))
        what = f"R_ct = 0.5 ohm cm^2 on {name}, voids of 2 x 0.1 to 2 x 20 um, largest current"
        made.append(Row(what, (2, 10), largest, "", source=BOUND, margin=0.0))
    smooth = SHARE * float(spot(SLOW, (NANOMETRE,), 1e-6, SHARE)[0])
    what = "R_ct = 0.5 ohm cm^2 on LLZO, the same spots, largest current over that of the spot"
    made.append(Row(what, (1, 10), smooth, "", source=BOUND, margin=0.0))
    return made


def _saturation(resistance: float) -> float:
    """Where the asymptote without kinetics reaches the current at the edge, m."""
    distance = 1e-3 * LLZO * resistance
    edge = float(strip(resistance, (distance,))[0][0])
    return float((primary(NANOMETRE) * NANOMETRE**0.5 / edge) ** 2)


def draw(path: Path) -> Path:
    """Current over the distance from the edge, for several kinetics, with the asymptotes."""
    from studies.pictures import style

    distances = np.geomspace(NANOMETRE, 4e-6, 19)
    with style.print_style():
        figure = style.figure(5.2, 3.9)
        axes = figure.add_subplot()
        fine = np.geomspace(NANOMETRE, 4.9e-6, 300)
        axes.loglog(1e9 * fine, primary(fine), color="0.6", linewidth=3, label="closed form, no kinetics")
        asymptote = primary(NANOMETRE) * (NANOMETRE / fine) ** 0.5
        axes.loglog(1e9 * fine, asymptote, "k:", linewidth=0.9, label="slope -1/2")
        shown = [(0.0, None), (0.005, None), (0.05, None), (0.5, None), (5.0, None), (0.5, 1e4)]
        for k, (value, driven) in enumerate(shown):
            found = strip(value * 1e-4, [float(d) for d in distances], driven=driven)[0]
            label = "no kinetics" if value == 0 else f"{value:g} \u03a9 cm\u00b2"
            colour, dash = style.series_colour(k), "o-" if driven is None else "s--"
            label += "" if driven is None else ", Butler-Volmer at 1 A/cm\u00b2"
            axes.loglog(1e9 * distances, found, dash, color=colour, markersize=3, linewidth=1, label=label)
            length = LLZO * value * 1e-4
            if driven is None and distances[0] < length < distances[-1]:
                axes.axvline(1e9 * length, color=colour, linewidth=0.7, linestyle="-.")
        axes.set_xlabel("distance from the edge of the void [nm]")
        axes.set_ylabel("current over the mean current")
        axes.set_ylim(0.8, 200)
        title = "R_ct of lithium on LLZO; lines at \u03c3 R_ct"
        axes.legend(title=title, fontsize=7, title_fontsize=7, framealpha=1, edgecolor="white")
        return style.save(figure, path, "Current at the edge of a void in lithium on LLZO for several kinetics")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table; draw the picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--picture", type=Path, help="file (PNG)")
    options = parser.parse_args(arguments)
    if options.picture is not None:
        draw(options.picture)
    print("\n".join(table(rows())))


if __name__ == "__main__":
    main()
