"""When a polycrystalline particle of NCM811 first cracks while it is charged under a stack pressure (E9).

Grains have their own axes and shrink along them by the lattice parameters of the library. All of the particle has the
toughness of polycrystals (K_IC 0.3 MPa m^0.5; 1.0 for single crystals); it is bonded to an argyrodite that a die holds
from the sides. No creep, no diffusion: all of it has the same lithiation, and every lithiation is tried afresh, because
`mechanics.loading` would go straight to its strains, and lattice parameters do not. Published: such particles crack by
what comes with the H2-H3 transition (Liu et al., Nano Energy 2025, 110749, section 2.1), below a lithiation of about
0.43 in the tables of the library.

Run: ``python3 -m studies.validation.polycrystal_pressure`` (a minute)
"""

from __future__ import annotations

from functools import cache
from typing import Any

from mpi4py import MPI

from studies.progress import Silent
from studies.runner import run
from studies.schema import Study
from studies.validation.rows import Row, table

PRESSURES = (0.0, 30.0, 100.0)
"""MPa."""
MOST, CLOSE = 0.32, 0.003
"""Largest share of lithium that is tried, and how closely the share is looked for."""
LENGTH, CRACKED = 0.12, 0.3
"""um: of the phase field; length of all cracks from which the particle counts as cracked, a tenth of its diameter."""
WIDTH = 8.0
SPLITS = ("volumetric-deviatoric", "spectral")
"""What drives cracks: tension and shear, or tension alone."""
REVIEW = "Liu et al. 2025: H2-H3 transition"


def charged(pressure: float, intensity: float, last: float, split: str = SPLITS[0]) -> dict[str, Any]:
    """A particle of grains in an argyrodite under a stack pressure in MPa, in the words of a study file.

    Args:
        intensity: K_IC, MPa m^0.5. last: lithiation. split: of the energy that drives cracks.
    """
    energy = (1e6 * intensity) ** 2 * (1 - 0.25**2) / 140e9
    particle = {
        "name": "grains",
        "material": "NCM811",
        "layer": "electrolyte",
        "radius": "1.5 um",
        "conduction": "none",
        "grains": {"grain_size": "1 um", "seed": 3},
        "crystal_axis": "random",
        "swelling": {"model": "lattice", "stress_free_lithiation": 1, "lithiation": last},
        "fracture": {
            "length": f"{LENGTH} um",
            "split": split,
            "toughness": f"{energy} J/m^2",
            "compensate": False,
        },
    }
    layer = {"name": "electrolyte", "material": "LPSCl", "thickness": f"{WIDTH} um", "conduction": "none"}
    return {
        "study": "charged-polycrystal",
        "geometry": {"dimension": 2, "width": f"{WIDTH} um", "layers": [layer], "features": [{"particle": particle}]},
        "operation": {"current": "0 A/m^2", "stack_pressure": f"{pressure} MPa"},
        "mechanics": {"lateral": "confined", "loading": {"steps": 1, "smallest_step": "100 %"}},
        "discretisation": {"displacement_degree": 1},
        "mesh": {"bulk": "1 um", "interface": f"{LENGTH / 2} um", "error_estimate": "none"},
        "quantities": ["fracture_energy", "largest_damage"],
        "pictures": [],
    }


@cache
def cracked(pressure: float, left: float, intensity: float, split: str) -> bool:
    """Whether the particle has cracks of more than `CRACKED` once a share of its lithium has left."""
    study = Study.from_mapping(charged(pressure, intensity, 1.0 - left, split))
    results = run(study, None, MPI.COMM_WORLD, Silent())
    enough = (1e6 * intensity) ** 2 * (1 - 0.25**2) / 140e9 * CRACKED / WIDTH
    return results.quantities["fracture_energy"].value > enough


@cache
def first(pressure: float, intensity: float = 0.3, split: str = SPLITS[0]) -> float:
    """Share of the lithium that has left when the particle cracks, within `CLOSE`; pressure in MPa, MPa m^0.5."""
    low, high = 0.0, MOST
    while high - low > CLOSE:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if cracked(pressure, middle, intensity, split) else (middle, high)
    return 0.5 * (low + high)


def rows() -> list[Row]:
    """Published numbers and ours."""
    transition, name = (57.0, 100.0), "lithium that has left a polycrystal at its first crack"
    made = [Row(f"{name}, {p:g} MPa", transition, 100 * first(p), "%", source=REVIEW) for p in PRESSURES]
    single = first(0.0, 1.0)
    made.append(
        Row("the same with the toughness of single crystals, 0 MPa", transition, 100 * single, "%", source=REVIEW)
    )
    ratio = (1.0 / 0.3, 1.0 / 0.3)
    made.append(
        Row("lithium with 1.0 over that with 0.3 MPa m^0.5", ratio, single / first(0.0), "", source="ratio of K_IC")
    )
    return made


def main() -> None:
    """Print the table."""
    found = rows()
    if MPI.COMM_WORLD.rank == 0:
        print("\n".join(table(found)))


if __name__ == "__main__":
    main()
