"""Resistance of lithium on LLZO against the real contact area: single spot, frame, distributed spots.

J. K. Eckhardt et al. (ACS Appl. Mater. Interfaces 15 (2023); as quoted in the project's notes, not re-read) computed a
cube of LLZO of 100 um edge (0.46 mS/cm, charge-transfer resistance 0.5 ohm cm^2) whose contact with lithium shrinks
from 100 to 10 % in three patterns. They report that the charge-transfer resistance goes like the contact area to the
power -1.03 to -1.08, that the constriction resistance does not go like its inverse, vanishes at full contact, and is
lower the finer the contact is distributed. Grain boundaries, which they resolve in the impedance, are left out here:
at zero frequency they are a part of the bulk.

Run: ``python3 -m studies.validation.contact_area``
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mpi4py import MPI

from studies.progress import Silent
from studies.runner import run
from studies.schema import Study
from studies.validation.rows import Row, table

FRACTIONS = (0.1, 0.2, 0.4, 0.7, 1.0)
PATTERNS = ("single spot", "frame", "distributed")
PUBLISHED = (-1.08, -1.03)
SOURCE = "Eckhardt et al. 2023"
#: RT/F over 0.5 ohm cm^2, A/m^2.
EXCHANGE_CURRENT = 0.025692579 / 0.5e-4


def study(pattern: str, fraction: float, refinement: float = 1.0) -> dict[str, Any]:
    """The cube (of patterns with planes of symmetry a quarter) in the words of a study file."""
    size = "100 um" if pattern == "frame" else "50 um"
    radius = 100e-6 * (fraction / np.pi) ** 0.5
    patterns: dict[str, dict[str, dict[str, Any]]] = {
        "single spot": {"contact_spot": {"radius": f"{radius} m", "position": ["0 um", "0 um"]}},
        "frame": {"contact_frame": {"area_fraction": fraction}},
        "distributed": {"contact_array": {"count": [2, 2], "area_fraction": fraction}},
    }
    feature = patterns[pattern]
    content = next(iter(feature.values()))
    content["at"] = "anode|electrolyte"
    return {
        "study": f"contact-area-{pattern.replace(' ', '-')}",
        "geometry": {
            "dimension": 3,
            "width": size,
            "depth": size,
            "layers": [
                {"name": "anode", "material": "Li", "thickness": "10 um"},
                {
                    "name": "electrolyte",
                    "material": "LLZO",
                    "thickness": "100 um",
                    "properties": {"ionic_conductivity": "0.46 mS/cm"},
                },
                {"name": "counter", "material": "Li", "thickness": "10 um"},
            ],
            "features": [feature] if fraction < 1 else [],
        },
        "interfaces": {
            "anode|electrolyte": {"kinetics": "linear", "exchange_current": f"{EXCHANGE_CURRENT} A/m^2"},
            "electrolyte|counter": {"kinetics": "perfect"},
        },
        "operation": {"current": "0.1 mA/cm^2", "temperature": "298.15 K"},
        "mesh": {"error_estimate": "none", "refinement": refinement},
        "quantities": [
            "kinetic_resistance",
            "constriction_resistance",
            "area_specific_resistance",
            {"contact_fraction": {"at": "anode|electrolyte"}},
        ],
    }


def resistances(pattern: str, fraction: float, refinement: float = 1.0) -> dict[str, float]:
    """Quantities of one cube in SI."""
    results = run(Study.from_mapping(study(pattern, fraction, refinement)), None, MPI.COMM_SELF, Silent())
    return {name: q.value for name, q in results.quantities.items()}


def slope(fractions: Sequence[float], values: Sequence[float]) -> float:
    """Power of the contact area with which values go, by least squares in logarithms."""
    return float(np.polyfit(np.log(fractions), np.log(values), 1)[0])


def rows() -> list[Row]:
    """The slope of every pattern, and what else the authors say of the constriction, as numbers."""
    found = {p: [resistances(p, f) for f in FRACTIONS] for p in PATTERNS}
    made = []
    for pattern, values in found.items():
        power = slope([v["contact_fraction"] for v in values], [v["kinetic_resistance"] for v in values])
        made.append(Row(f"power of the area in R_CT, {pattern}", PUBLISHED, power, "", source=SOURCE, margin=0.0))
    for fraction, *several in zip(FRACTIONS[:-1], *found.values(), strict=False):
        single, frame, distributed = (v["constriction_resistance"] for v in several)
        for name, value in (("frame", frame), ("distributed", distributed)):
            what = f"constriction of the {name} pattern over that of a single spot, {100 * fraction:.0f} % contact"
            made.append(Row(what, (0, 1), value / single, "", source=SOURCE, margin=0.0))
    return made


def main() -> None:
    """Print the table."""
    print("\n".join(table(rows())))


if __name__ == "__main__":
    main()
