"""Particles that expand in an electrolyte, and particles that shrink as they are charged, against E9.

Sources, as quoted in the project's notes:
  G. Bucci, T. Swamy, Y.-M. Chiang and W. C. Carter, J. Mater. Chem. A 5 (2017) 19422 (abstract): fracture of the
  electrolyte is prevented when particles expand by less than 7.5 % and its fracture energy is above 4 J/m^2; compliant
  electrolytes (15 GPa) are more prone to break.
  NCM811: K_IC of 0.3 (polycrystal) and 1.0 MPa m^0.5 (single crystal).

What Bucci et al. modelled, as quoted second-hand: 11 um of a composite in plane strain between walls that hold it, half
of it square particles of 1 um (100 GPa, Poisson's ratio 0.3 in both), cohesive zones along paths that are laid before,
open at 100 nm (so 20 MPa for 1 J/m^2), large deformations; the trend with the stiffness is ascribed to the latter.
`HELD` has their size, share, stiffness and walls; particles are round, strains are small.

The electrolyte is a phase field (AT1): with its length it has a strength. A crack of theirs is far longer than the
cell before it is a sharp one (E G_c / strength^2 = 37 um), which a phase field of a cell of 1 um cannot be. So what the
length changes is printed, too.
Run: ``python3 -m studies.validation.particle_expansion``
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from mpi4py import MPI

from studies.progress import Silent
from studies.runner import run
from studies.schema import Study
from studies.validation.rows import Row, table

COMPLIANT, STIFF, STIFFEST = 15.0, 60.0, 150.0
BUCCI = "Bucci et al., J. Mater. Chem. A 5 (2017) 19422"


@dataclass(frozen=True)
class Cell:
    """A particle and its electrolyte.

    Attributes:
        radius, width: um. young: of the particle, GPa. held: whether its sides, ends included, keep their places (then
            it stands for an array of particles); otherwise nothing holds it. most: largest expansion (volume).
        split: what drives cracks. poisson: of the particle.
    """

    radius: float = 3.5
    width: float = 10.0
    young: float = 140.0
    held: bool = False
    most: float = 0.15
    split: str = "volumetric-deviatoric"
    poisson: float = 0.25


FREE = Cell()
HELD = Cell(radius=0.5, width=1.2533, young=100.0, held=True, most=0.3, poisson=0.3)


def expanding(young: float, toughness: float, length: float, cell: Cell = FREE) -> dict[str, Any]:
    """A particle in an electrolyte (GPa, J/m^2, um), in the words of a study file."""
    particle = {
        "name": "grain",
        "material": "NCM811",
        "layer": "electrolyte",
        "radius": f"{cell.radius} um",
        "conduction": "none",
        "eigenstrain": f"{100 * cell.most / 3} %",
        "properties": {"young_modulus": f"{cell.young} GPa", "poisson_ratio": cell.poisson},
    }
    electrolyte = {
        "name": "electrolyte",
        "material": "LPSCl",
        "thickness": f"{cell.width} um",
        "conduction": "none",
        "properties": {"young_modulus": f"{young} GPa", "poisson_ratio": 0.3},
        "fracture": {"length": f"{length} um", "toughness": f"{toughness} J/m^2", "split": cell.split},
    }
    stack = {"stack_control": "fixed-gap"} if cell.held else {"stack_pressure": "0 MPa"}
    return {
        "study": "particle-expansion",
        "geometry": {
            "dimension": 2,
            "width": f"{cell.width} um",
            "layers": [electrolyte],
            "features": [{"particle": particle}],
        },
        "operation": {"current": "0 A/m^2", **stack},
        "mechanics": {
            "lateral": "confined" if cell.held else "free",
            "loading": {"steps": 20, "smallest_step": "1 %"},
        },
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
def critical(young: float, toughness: float, length: float = 0.5, cell: Cell = FREE) -> tuple[float, float]:
    """Expansion (volume) at which the cracks have grown by a tenth, and the largest damage at the largest expansion."""
    study = Study.from_mapping(expanding(young, toughness, length, cell))
    results = run(study, None, MPI.COMM_WORLD, Silent())
    values = {name: value.value for name, value in results.quantities.items()}
    print(f"E = {young} GPa, G_c = {toughness} J/m^2, l = {length} um: {values}", file=sys.stderr, flush=True)
    return cell.most * values["first"], values["largest_damage"]


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
    print({name: value.value for name, value in results.quantities.items()}, file=sys.stderr, flush=True)
    return results.quantities["critical_time"].value


def rows() -> list[Row]:
    """Published numbers and ours."""
    compliant, stiff = critical(COMPLIANT, 4.0)[0], critical(STIFF, 4.0)[0]
    coarse = critical(COMPLIANT, 4.0, 1.0)[0]
    sharp = replace(HELD, split="spectral")
    made = [
        Row("expansion that breaks 15 GPa, 4 J/m^2 (l = 0.5 um)", (7.5, 7.5), 100 * compliant, "%", source=BUCCI),
        Row("the same with l = 1 um, 1.4 times weaker", (7.5, 7.5), 100 * coarse, "%", source=BUCCI),
        Row(
            "critical expansion at 15 GPa over that at 60 GPa",
            (0.0, 1.0),
            compliant / stiff,
            "",
            source=BUCCI,
            margin=0.0,
        ),
    ]
    for cell, length, what in ((HELD, 0.05, "shear and tension break"), (sharp, 0.1, "tension alone breaks")):
        soft, hard = (critical(young, 4.0, length, cell)[0] for young in (COMPLIANT, STIFFEST))
        name = f"held cell, particles of 1 um, {what} (l = {length:g} um)"
        made += [
            Row(f"{name}: expansion that breaks 15 GPa, 4 J/m^2", (7.5, 7.5), 100 * soft, "%", source=BUCCI),
            Row(f"{name}: 15 GPa over 150 GPa", (0.0, 1.0), soft / hard, "", source=BUCCI, margin=0.0),
        ]
    made.append(
        Row(
            "time of the first crack under charge, single crystal over polycrystal: ratio of K_IC",
            (1.0 / 0.3, 1.0 / 0.3),
            instant(1.0) / instant(0.3),
            "",
            source="K_IC of NCM811",
        ),
    )
    return made


def main() -> None:
    """Print the table."""
    found = rows()
    if MPI.COMM_WORLD.rank == 0:
        print("\n".join(table(found)))


if __name__ == "__main__":
    main()
