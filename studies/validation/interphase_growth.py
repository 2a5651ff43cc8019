"""Growth of interphases on lithium against published charges and thicknesses (physics E8).

Sources, as quoted in the project's notes:
  B. Aktekin et al., Nat. Commun. 14 (2023): Li | Li6PS5Cl, 60 uAh/cm^2 after 400 h, 9 nm per uAh/cm^2, so 540 nm after
  400 h and 315 nm after 7 d (235 to 305 nm by microscopy); Li | LLZO 6 uAh/cm^2 after 200 h and 8 after 400 h;
  Li | LGPS about 0.7 mAh/cm^2 after one week, limited by the reaction; 1 to 10 uA/cm^2 in the first hour of Li6PS5Cl.
  Zeng et al.: a chlorine-rich argyrodite resists 94.66 % less after 600 h of rest.

One number per material is fitted; everything else is a result. Run: ``python3 -m studies.validation.interphase_growth``
"""

from __future__ import annotations

from typing import Any

from mpi4py import MPI

from fem.constants import FARADAY
from studies.progress import Silent
from studies.runner import run
from studies.schema import Study
from studies.validation.rows import Row, table

HOUR, DAY = 3600.0, 86400.0
#: m^3 of products per mol of electrons: 9 nm per uAh/cm^2.
VOLUME = 9e-9 * FARADAY / 36.0
WINDOW = 1.7
IONIC = 1e-5


def study(electronic: float, duration: float, reaction: float | None = None) -> dict[str, Any]:
    """Lithium on a sulfide at rest, in the words of a study file."""
    interphase: dict[str, Any] = {
        "reduction_potential": f"{WINDOW} V",
        "layers": [
            {
                "name": "products",
                "ionic_conductivity": f"{IONIC} S/m",
                "electronic_conductivity": f"{electronic} S/m",
                "molar_volume": f"{VOLUME} m^3/mol",
            }
        ],
    }
    if reaction is not None:
        interphase["reaction_current"] = f"{reaction} A/m^2"
    return {
        "study": "interphase-validation",
        "geometry": {
            "dimension": 1,
            "layers": [
                {"name": "anode", "material": "Li", "thickness": "10 um"},
                {"name": "electrolyte", "material": "LPSCl", "thickness": "100 um"},
                {"name": "counter", "material": "Li", "thickness": "10 um"},
            ],
        },
        "interfaces": {
            "anode|electrolyte": {
                "kinetics": "butler-volmer",
                "exchange_current": "10 A/m^2",
                "interphase": interphase,
            },
            "electrolyte|counter": {"kinetics": "butler-volmer", "exchange_current": "10 A/m^2"},
        },
        "operation": {"working_electrode": "anode", "protocol": [{"rest": f"{duration} s"}]},
        "mesh": {"error_estimate": "none"},
        "quantities": ["interphase_thickness", "interphase_resistance", "decomposition_charge"],
    }


def grown(electronic: float, duration: float, reaction: float | None = None, comm: Any = MPI.COMM_WORLD) -> Any:
    """(thickness in m, resistance in ohm m^2, charge in C/m^2) after a rest."""
    results = run(Study.from_mapping(study(electronic, duration, reaction)), None, comm, Silent())
    names = ("interphase_thickness", "interphase_resistance", "decomposition_charge")
    return tuple(results.quantities[name].value for name in names)


def parabolic(charge: float, duration: float) -> float:
    """Electronic conductivity (S/m) with which a charge (C/m^2) has passed after a time: L^2 = 2 k t."""
    thickness = charge * VOLUME / FARADAY
    ambipolar = thickness**2 / (2 * duration) * FARADAY / (VOLUME * WINDOW)
    return 1.0 / (1.0 / ambipolar - 1.0 / IONIC)


def rows(comm: Any = MPI.COMM_WORLD) -> list[Row]:
    """All comparisons."""
    uah = 36.0  # C/m^2
    made = []
    argyrodite = parabolic(60 * uah, 400 * HOUR)
    thick, resistance, charge = grown(argyrodite, 400 * HOUR, comm=comm)
    made.append(Row("Li6PS5Cl, charge after 400 h", (60, 60), charge / uah, "uAh/cm^2", True))
    made.append(Row("Li6PS5Cl, thickness after 400 h", (540, 540), thick * 1e9, "nm", True))
    week, _, week_charge = grown(argyrodite, 7 * DAY, comm=comm)
    made.append(Row("Li6PS5Cl, thickness after 7 d", (235, 315), week * 1e9, "nm"))
    early = grown(argyrodite, 3000.0, comm=comm)[2], grown(argyrodite, 4200.0, comm=comm)[2]
    made.append(Row("Li6PS5Cl, leak after 1 h", (1, 10), (early[1] - early[0]) / 1200.0 * 100, "uA/cm^2"))
    garnet = parabolic(6 * uah, 200 * HOUR)
    made.append(Row("LLZO, charge after 400 h", (8, 8), grown(garnet, 400 * HOUR, comm=comm)[2] / uah, "uAh/cm^2"))
    limit = 0.7 * 1000 * uah / (7 * DAY)
    thio = grown(1e-5, 7 * DAY, limit, comm=comm)[2]
    made.append(Row("LGPS, charge after 7 d", (700, 700), thio / uah, "uAh/cm^2", True))
    made.append(Row("LGPS over Li6PS5Cl after 7 d", (15, 25), thio / week_charge, ""))
    rich = grown((1 - 0.9466) ** 2 * argyrodite, 600 * HOUR, comm=comm)[1]
    plain = grown(argyrodite, 600 * HOUR, comm=comm)[1]
    made.append(
        Row("chlorine-rich, drop of the resistance after 600 h", (94.66, 94.66), 100 * (1 - rich / plain), "%", True)
    )
    assert resistance > 0
    return made


def main() -> None:
    """Print the table."""
    lines = table(rows())
    if MPI.COMM_WORLD.rank == 0:
        print("\n".join(lines))


if __name__ == "__main__":
    main()
