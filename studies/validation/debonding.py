"""Particles that shrink come off their electrolyte, and what that costs (E9).

Published:
  G. Bucci, B. Talamini, A. Renuka Balakrishna, Y.-M. Chiang and W. C. Carter, Phys. Rev. Mater. 2 (2018) 105407: bonds
  of particles open at a change of volume of about 7.5 %; electrolytes below 25 GPa bear up to 25 % (abstract). Their
  model, as quoted second-hand: a rigid particle in a shell of electrolyte that is held outside (55 % of the volume are
  particles), a bond that softens from its strength F to nothing within 1 nm, 2 G / F = 1 nm with G = 1 to 10 J/m^2.
  Y. Tu, B. Wu and E. Martinez-Paneda, arXiv 2511.10355 (abstract): more than 10 % of the capacity of core-shell
  particles is lost within one discharge after core and shell have come apart.
  NCM811 loses 7.8 % of its volume when all of its lithium leaves.

Run: ``python3 -m studies.validation.debonding`` (a minute)
"""

from __future__ import annotations

from functools import cache
from typing import Any

from mpi4py import MPI

from studies.progress import Silent
from studies.runner import run
from studies.schema import Study
from studies.validation.rows import Row, table

BUCCI, TU = "Bucci et al., Phys. Rev. Mater. 2 (2018) 105407", "Tu et al., arXiv 2511.10355 (abstract)"
RADIUS, RIGID, POISSON = 5.0, 1e5, 0.25
"""um; GPa of what does not give; Poisson's ratio of the electrolyte in the shell."""
OUTER = 0.55 ** (-1 / 3)
"""Outer over inner radius of the shell: 55 % of particles."""
FULL = 0.078
"""Change of volume of NCM811."""
BONDS = ((20e6, 1.0), (50e6, 0.6))
"""Strength in Pa and toughness in J/m^2: of the cohesive zones of Bucci et al. 2017, and of the catalogue."""
DELITHIATION = "first delithiation: 7.8 %"


def shrinking(
    electrolyte: tuple[float, float],
    particle: tuple[float, float],
    volume: float,
    bond: tuple[float, float] | None = None,
    shell: float | None = None,
) -> dict[str, Any]:
    """A ball that loses a share of its volume in an electrolyte, in the words of a study file.

    Args:
        electrolyte, particle: Young's modulus in GPa and Poisson's ratio. volume: share that is lost in the end.
        bond: strength in Pa and toughness in J/m^2; None: it holds.
        shell: outer radius over that of the ball, beyond which nothing moves; None: much electrolyte, free outside.
    """
    soft = {"young_modulus": f"{electrolyte[0]} GPa", "poisson_ratio": electrolyte[1]}
    body: dict[str, Any] = {
        "name": "particle",
        "material": "NCM811",
        "layer": "around",
        "radius": f"{RADIUS} um",
        "conduction": "none",
        "eigenstrain": f"{-100 * volume / 3} %",
        "properties": {"young_modulus": f"{particle[0]} GPa", "poisson_ratio": particle[1]},
    }
    width = 6 * RADIUS if shell is None else 1.3 * shell * RADIUS
    outside = soft
    if shell is not None:
        body["coating"] = {
            "name": "shell",
            "material": "LPSCl",
            "thickness": f"{(shell - 1) * RADIUS} um",
            "conduction": "none",
            "properties": soft,
        }
        outside = {"young_modulus": f"{RIGID} GPa", "poisson_ratio": 0.25}
    layer = {
        "name": "around",
        "material": "LPSCl",
        "thickness": f"{2 * width} um",
        "conduction": "none",
        "properties": outside,
    }
    made: dict[str, Any] = {
        "study": "debonding",
        "geometry": {
            "dimension": "axisymmetric",
            "width": f"{width} um",
            "layers": [layer],
            "features": [{"particle": body}],
        },
        "operation": {"current": "0 A/m^2", "stack_pressure": "0 MPa"},
        "mechanics": {"lateral": "free", "loading": {"steps": 20}},
        "mesh": {"bulk": f"{width / 4} um", "interface": "0.5 um", "wall": "0.5 um", "error_estimate": "none"},
        "quantities": [{"mean_stress": {"layer": "particle"}}],
        "pictures": [],
    }
    if bond is not None:
        cohesive = {"strength": f"{bond[0]} Pa", "toughness": f"{bond[1]} J/m^2"}
        made["interfaces"] = {"around|particle": {"cohesive": cohesive}}
        made["quantities"] += [
            {"critical_load": {"share": 0.02, "label": "first"}},
            {"critical_load": {"share": 0.5, "label": "half"}},
            {"debonded_fraction": {"at": "around|particle"}},
        ]
    return made


def _run(given: dict[str, Any]) -> dict[str, float]:
    results = run(Study.from_mapping(given), None, MPI.COMM_WORLD, Silent())
    return {name: value.value for name, value in results.quantities.items()}


def closed_form(young: float, poisson: float, outer: float) -> float:
    """Traction (Pa) by linear strain of a rigid ball that shrinks in a shell whose outside does not move.

    u = C (r - R_B^3 / r^2) in R_A < r < R_B (Lame); young: Pa, outer: R_B / R_A.
    """
    cube = outer**3
    return young * (2 * cube * (1 - 2 * poisson) + 1 + poisson) / ((cube - 1) * (1 - 2 * poisson) * (1 + poisson))


@cache
def traction(young: float) -> float:
    """The same of the package in Pa, for 55 % of particles and an electrolyte of a modulus in GPa.

    The mean stress of a ball is the mean normal traction on it.
    """
    strain = 1e-3
    given = shrinking((young, POISSON), (RIGID, 0.25), 3 * strain, shell=OUTER)
    return _run(given)["mean_stress"] / strain


def in_shell(young: float, toughness: float) -> float:
    """Change of volume at which the traction is the strength 2 G / 1 nm of a bond; all is linear until then."""
    return 3 * (2 * toughness / 1e-9) / traction(young)


@cache
def in_argyrodite(strength: float, toughness: float) -> tuple[float, float, float]:
    """Change of volume of NCM811 in much LPSCl at which its bond begins to open and is half off, and the share that is
    off at full delithiation; strength in Pa, J/m^2."""
    found = _run(shrinking((22.0, 0.3), (140.0, 0.25), FULL, (strength, toughness)))
    return FULL * found["first"], FULL * found["half"], found["debonded_fraction"]


def discharged(attached: float, duration: float, diffusivity: float) -> dict[str, Any]:
    """A particle of NCM811 of a radius of 5 um that is filled at a constant current, in the words of a study file.

    Args:
        attached: height of its centre above the plane below which no lithium enters, over its radius: 1, nearly all of
            it is in the electrolyte; 0, half.
        duration: s that filling takes from 0.25 to 0.95 at this current. diffusivity: m^2/s.
    """
    radius, width, filled = 5e-6, 10e-6, 56e3 * 0.7
    amount = 96485.33 * filled * 4 / 3 * radius**3 / width**2
    particle = {
        "name": "cathode",
        "material": "NCM811",
        "at": "collector|electrolyte",
        "height": f"{0.94 * attached * 1e6 * radius} um",
        "radius": f"{1e6 * radius} um",
        "conduction": "equipotential",
        "transport": {"lithiation": 0.25},
        "properties": {"diffusivity": f"{diffusivity} m^2/s", "maximum_concentration": "56 kmol/m^3"},
    }
    layers = [
        {"name": "collector", "material": "Al", "thickness": "6 um"},
        {
            "name": "electrolyte",
            "material": "LPSCl",
            "thickness": "12 um",
            "properties": {"ionic_conductivity": "1 S/m"},
        },
        {"name": "anode", "material": "Li", "thickness": "4 um"},
    ]
    kinetics = {"kinetics": "butler-volmer", "exchange_current": "2 A/m^2"}
    return {
        "study": "half-attached",
        "geometry": {
            "dimension": "axisymmetric",
            "width": f"{1e6 * width} um",
            "layers": layers,
            "features": [{"particle": particle}],
        },
        "interfaces": {
            "collector|electrolyte": {"kinetics": "none"},
            "electrolyte|anode": {"kinetics": "butler-volmer", "exchange_current": "1000 A/m^2"},
            "electrolyte|cathode": kinetics,
        },
        "operation": {
            "temperature": "298.15 K",
            "working_electrode": "collector",
            "protocol": [
                {"current": f"{-amount / duration} A/m^2", "for": f"{duration} s", "until": {"voltage": "below 3 V"}}
            ],
        },
        "time": {"tolerance": "1e-3"},
        "mesh": {"bulk": "3 um", "interface": "0.8 um", "error_estimate": "none"},
        "quantities": ["mean_lithiation", "cell_voltage"],
        "pictures": [],
    }


@cache
def capacity(attached: float, duration: float = 3600.0, diffusivity: float = 3e-15) -> float:
    """Lithiation that a discharge adds until the voltage falls below 3 V."""
    return _run(discharged(attached, duration, diffusivity))["mean_lithiation"] - 0.25


def rows() -> list[Row]:
    """Published numbers and ours."""
    exact = closed_form(25e9, POISSON, OUTER) / 1e9
    made = [
        Row(
            "traction by strain on a rigid particle in a shell of 25 GPa",
            (exact, exact),
            traction(25.0) / 1e9,
            "GPa",
            source="hollow sphere (Lame)",
            margin=0.02,
        )
    ]
    for young, toughness, told in ((25.0, 5.0, 25.0), (100.0, 5.0, 7.5)):
        name = f"rigid particle in a shell of {young:g} GPa, bond of {toughness:g} J/m^2 within 1 nm"
        made.append(Row(f"{name}: opens at", (told, told), 100 * in_shell(young, toughness), "%", source=BUCCI))
    for strength, toughness in BONDS:
        _, half, off = in_argyrodite(strength, toughness)
        name = f"NCM811 in Li6PS5Cl, bond of {strength / 1e6:g} MPa, {toughness:g} J/m^2"
        made.append(Row(f"{name}: half is off at", (0.0, 100 * FULL), 100 * half, "%", source=DELITHIATION))
        made.append(Row(f"{name}: share off in the end", (1.0, 1.0), off, "", source=DELITHIATION))
    lost = 100 * (1 - capacity(0.0) / capacity(1.0))
    name = "capacity lost in a discharge of 1 h when half of a particle is off"
    made.append(Row(name, (10.0, 100.0), lost, "%", source=TU))
    return made


def main() -> None:
    """Print the table."""
    found, strong = rows(), in_argyrodite(2e9, 1.0)
    if MPI.COMM_WORLD.rank == 0:
        print("\n".join(table(found)))
        print("bond of 2 GPa, 1 J/m^2:", strong)


if __name__ == "__main__":
    main()
