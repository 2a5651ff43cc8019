"""Particles that expand in an electrolyte, and particles that shrink as they are charged, against E9.

Sources, as quoted in the project's notes:
  G. Bucci, T. Swamy, Y.-M. Chiang and W. C. Carter, J. Mater. Chem. A 5 (2017) 19422 (abstract): fracture of the
  electrolyte is prevented when particles expand by less than 7.5 % and its fracture energy is above 4 J/m^2; compliant
  electrolytes (15 GPa) are more prone to break.
  NCM811: K_IC of 0.3 (polycrystal) and 1.0 MPa m^0.5 (single crystal).

The electrolyte is a phase field (AT1): with its length it has a strength, where the publication has cohesive zones of
an unstated strength. So what the length changes is printed, too.
Run: ``python3 -m studies.validation.particle_expansion``
"""

from __future__ import annotations

from functools import cache
from typing import Any

from mpi4py import MPI

from studies.progress import Silent
from studies.runner import run
from studies.schema import Study
from studies.validation.rows import Row, table

MOST = 0.15
"""Largest expansion (volume) that is tried."""
RADIUS, WIDTH = 3.5, 10.0
COMPLIANT, STIFF = 15.0, 60.0
BUCCI = "Bucci et al., J. Mater. Chem. A 5 (2017) 19422"


def expanding(young: float, toughness: float, length: float) -> dict[str, Any]:
    """A particle in an electrolyte (GPa, J/m^2, um) that nothing holds from outside, in the words of a study file."""
    particle = {
        "name": "grain",
        "material": "NCM811",
        "layer": "electrolyte",
        "radius": f"{RADIUS} um",
        "conduction": "none",
        "eigenstrain": f"{100 * MOST / 3} %",
    }
    electrolyte = {
        "name": "electrolyte",
        "material": "LPSCl",
        "thickness": f"{WIDTH} um",
        "conduction": "none",
        "properties": {"young_modulus": f"{young} GPa", "poisson_ratio": 0.3},
        "fracture": {"length": f"{length} um", "toughness": f"{toughness} J/m^2"},
    }
    return {
        "study": "particle-expansion",
        "geometry": {
            "dimension": 2,
            "width": f"{WIDTH} um",
            "layers": [electrolyte],
            "features": [{"particle": particle}],
        },
        "operation": {"current": "0 A/m^2", "stack_pressure": "0 MPa"},
        "mechanics": {"lateral": "free", "loading": {"steps": 20, "smallest_step": "1 %"}},
        "discretisation": {"displacement_degree": 1},
        "mesh": {"bulk": f"{length} um", "error_estimate": "none"},
        "quantities": [
            {"critical_load": {"share": 0.1, "label": "first"}},
            {"critical_load": {"share": 0.5, "label": "half"}},
            "crack_area",
            "largest_damage",
        ],
        "pictures": [],
    }


@cache
def critical(young: float, toughness: float, length: float = 0.5) -> tuple[float, float]:
    """Expansion (volume) at which the cracks have grown by a tenth, and the largest damage at the largest expansion."""
    study = Study.from_mapping(expanding(young, toughness, length))
    results = run(study, None, MPI.COMM_WORLD, Silent())
    values = {name: value.value for name, value in results.quantities.items()}
    print(f"E = {young} GPa, G_c = {toughness} J/m^2, l = {length} um: {values}", flush=True)
    return MOST * values["first"], values["largest_damage"]


def charged(toughness: float, duration: float) -> dict[str, Any]:
    """A film of NCM811 held at both ends that loses lithium for some s, in the words of a study file."""
    cathode = {
        "name": "cathode",
        "material": "NCM811",
        "thickness": "1 um",
        "conduction": "equipotential",
        "transport": {"lithiation": 0.9},
        "swelling": {"model": "isotropic", "stress": "is driven"},
        "properties": {"young_modulus": "140 GPa", "poisson_ratio": 0.25, "diffusivity": "1e-13 m^2/s"},
        "fracture": {"length": "0.5 um", "split": "none", "toughness": f"{toughness} J/m^2", "compensate": False},
    }
    kinetics = {"kinetics": "butler-volmer", "stress_shift": False}
    return {
        "study": "charged-film",
        "geometry": {
            "dimension": 1,
            "layers": [
                {"name": "anode", "material": "Li", "thickness": "1 um"},
                {"name": "electrolyte", "material": "LPSCl", "thickness": "2 um"},
                cathode,
            ],
        },
        "interfaces": {
            "anode|electrolyte": {**kinetics, "exchange_current": "100 A/m^2"},
            "electrolyte|cathode": {**kinetics, "exchange_current": "2 A/m^2"},
        },
        "operation": {
            "working_electrode": "cathode",
            "stack_pressure": "0 MPa",
            "protocol": [{"current": "0.3 A/m^2", "for": f"{duration} s"}],
        },
        "time": {"tolerance": "1e-3", "largest_step": f"{duration / 40} s"},
        "discretisation": {"degree": 1, "displacement_degree": 1},
        "mesh": {"bulk": "0.25 um", "interface": "0.25 um", "error_estimate": "none"},
        "quantities": [{"critical_time": {"share": 1e-3}}, "largest_damage"],
        "pictures": [],
    }


@cache
def instant(strength: float) -> float:
    """Time at which a film of a fracture toughness in MPa m^0.5 cracks while it is charged, s."""
    toughness = (1e6 * strength) ** 2 * (1 - 0.25**2) / 140e9
    # not much longer than it takes: a film that is broken right through lets nothing pass any more
    results = run(Study.from_mapping(charged(toughness, 2800.0 * strength)), None, MPI.COMM_WORLD, Silent())
    print({name: value.value for name, value in results.quantities.items()}, flush=True)
    return results.quantities["critical_time"].value


def rows() -> list[Row]:
    """Published numbers and ours."""
    compliant, stiff = critical(COMPLIANT, 4.0)[0], critical(STIFF, 4.0)[0]
    coarse = critical(COMPLIANT, 4.0, 1.0)[0]
    share = compliant / stiff
    return [
        Row("expansion that breaks 15 GPa, 4 J/m^2 (l = 0.5 um)", (7.5, 7.5), 100 * compliant, "%", source=BUCCI),
        Row("the same with l = 1 um, 1.4 times weaker", (7.5, 7.5), 100 * coarse, "%", source=BUCCI),
        Row("critical expansion at 15 GPa over that at 60 GPa", (0.0, 1.0), share, "", source=BUCCI, margin=0.0),
        Row(
            "time of the first crack under charge, single crystal over polycrystal: ratio of K_IC",
            (1.0 / 0.3, 1.0 / 0.3),
            instant(1.0) / instant(0.3),
            "",
            source="K_IC of NCM811",
        ),
    ]


def main() -> None:
    """Print the table."""
    found = rows()
    if MPI.COMM_WORLD.rank == 0:
        print("\n".join(table(found)))


if __name__ == "__main__":
    main()
