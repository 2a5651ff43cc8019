"""A coating that is meshed and one that is an interface law give the same resistance where it is thin."""

from __future__ import annotations

from typing import Any

import pytest
from mpi4py import MPI

from studies.progress import Silent
from studies.runner import run
from studies.schema import Study


def coated(dimension: Any, representation: str, graded: bool, film: float) -> dict[str, Any]:
    """A metal particle of 3 um with a film of 1/60 of its radius in a cell of electrolyte.

    Args:
        film: conductivity at the inner face, S/m. graded: ten times that at the outer face.
    """
    coat: dict[str, Any] = {
        "name": "film",
        "material": "LiNbO3",
        "thickness": "50 nm",
        "properties": {"ionic_conductivity": f"{film} S/m"},
    }
    if graded:
        coat["gradient"] = {"ionic_conductivity": {"outer": f"{10 * film} S/m", "law": "exponential"}}
    particle = {
        "name": "particle",
        "material": "Li",
        "layer": "electrolyte",
        "radius": "3 um",
        "coating": [coat],
        "coating_as": representation,
    }
    geometry: dict[str, Any] = {
        "dimension": dimension,
        "width": "5 um" if dimension == "axisymmetric" else "10 um",
        "layers": [
            {"name": "anode", "material": "Li", "thickness": "2 um"},
            {
                "name": "electrolyte",
                "material": "LLZO",
                "thickness": "10 um",
                "properties": {"ionic_conductivity": "0.05 S/m"},
            },
            {"name": "counter", "material": "Li", "thickness": "2 um"},
        ],
        "features": [{"particle": particle}],
    }
    if dimension == 3:
        geometry["depth"] = "10 um"
        particle["position"] = ["0 um", "0 um"]
    return {
        "study": "coated",
        "geometry": geometry,
        "interfaces": {
            "anode|electrolyte": {"kinetics": "perfect"},
            "electrolyte|counter": {"kinetics": "perfect"},
            "particle|film": {"kinetics": "linear", "exchange_current": "2000 A/m^2"},
            "electrolyte|film": {"resistance": "0.05 ohm*cm^2"},
        },
        "operation": {"current": "1 mA/cm^2", "temperature": "298.15 K"},
        "mesh": {"error_estimate": "none", "wall": "0.15 um" if dimension != 3 else "0.35 um"},
        "quantities": ["area_specific_resistance", "constriction_resistance"],
    }


def resistance(*arguments: Any) -> float:
    results = run(Study.from_mapping(coated(*arguments)), None, MPI.COMM_SELF, Silent())
    return float(results.quantities["area_specific_resistance"].value)


@pytest.mark.parametrize("graded", [False, True], ids=["uniform", "graded"])
@pytest.mark.parametrize("dimension", [2, "axisymmetric", pytest.param(3, marks=pytest.mark.slow)])
def test_both_give_the_same_resistance(dimension: Any, graded: bool) -> None:
    """0.5 % of the whole; and the film matters: without it the resistance is another one."""
    film = 5e-4
    resolved, collapsed = (resistance(dimension, r, graded, film) for r in ("resolved", "collapsed"))
    assert collapsed == pytest.approx(resolved, rel=5e-3)
    without = resistance(dimension, "collapsed", graded, 1e3 * film)
    assert abs(without / resolved - 1) > 0.02


def coated_wave(representation: str) -> dict[str, Any]:
    """A wavy electrode under a film of one tenth of the waves' height."""
    film = {"name": "film", "material": "LiNbO3", "thickness": "50 nm"}
    cathode = {"name": "cathode", "material": "NCM811", "conduction": "equipotential", "thickness": "6 um"}
    return {
        "study": "coated-wave",
        "geometry": {
            "dimension": 2,
            "width": "10 um",
            "layers": [
                cathode,
                {"name": "electrolyte", "material": "LLZO", "thickness": "8 um"},
                {"name": "counter", "material": "Li", "thickness": "2 um"},
            ],
            "features": [
                {"waviness": {"at": "cathode|electrolyte", "amplitude": "0.5 um", "wavelength": "10 um"}},
                {"coating": {"at": "cathode|electrolyte", "coating_as": representation, "coats": [film]}},
            ],
        },
        "interfaces": {
            "cathode|film": {"kinetics": "linear", "exchange_current": "10 A/m^2", "equilibrium_potential": "3.8 V"},
            "electrolyte|film": {"resistance": "2 ohm*cm^2"},
            "electrolyte|counter": {"kinetics": "perfect"},
        },
        "operation": {"current": "1 mA/cm^2", "temperature": "298.15 K"},
        "mesh": {"error_estimate": "none", "interface": "0.15 um"},
        "quantities": ["area_specific_resistance"],
    }


def test_a_film_on_a_wave_has_its_thickness_along_the_normal() -> None:
    """Grown upwards it would be 2.4 % too thin on average, and so its resistance."""
    found = []
    for representation in ("resolved", "collapsed"):
        results = run(Study.from_mapping(coated_wave(representation)), None, MPI.COMM_SELF, Silent())
        found.append(results.quantities["area_specific_resistance"].value)
    assert found[0] == pytest.approx(found[1], rel=1e-3)


def in_patches(dimension: Any, representation: str, on: str, mechanics: bool = False) -> dict[str, Any]:
    """An electrode under patches of 4 ohm cm^2, with kinetics of its own where it is bare."""
    study = coated_wave(representation)
    geometry = study["geometry"]
    geometry["dimension"] = dimension
    if dimension == 3:
        geometry["depth"] = "10 um"
    film = {
        "name": "film",
        "material": "LiNbO3",
        "thickness": "20 nm",
        "properties": {"ionic_conductivity": "5e-5 S/m", "poisson_ratio": 0.25},
    }
    size = {2: "1 um", 3: "3 um", "axisymmetric": "6 um"}[dimension]
    patches = {"coverage": "40 %", "size": size, "seed": 2}
    coating = {"at": "cathode|electrolyte", "coating_as": representation, "on": on, "coats": [film], "patches": patches}
    geometry["features"] = [{"coating": coating}]
    study["interfaces"]["cathode|electrolyte"] = {
        "kinetics": "linear",
        "exchange_current": "40 A/m^2",
        "equilibrium_potential": "3.8 V",
    }
    study["mesh"] = {"error_estimate": "none", "interface": "0.4 um" if dimension != 3 else "0.8 um"}
    study["quantities"] = [
        "area_specific_resistance",
        {"interface_current": {"at": "cathode|film", "label": "into"}},
        {"interface_current": {"at": "electrolyte|film", "label": "from"}},
        {"interface_current": {"at": "cathode|electrolyte", "label": "bare"}},
        {"contact_fraction": {"at": "cathode|film"}},
        {"overpotential": {"at": "cathode|film"}},
    ]
    if mechanics:
        study["operation"]["stack_pressure"] = "5 MPa"
        study["quantities"].append({"interface_pressure": {"at": "cathode|film"}})
        study["quantities"].append({"stress_shift": {"at": "cathode|film"}})
    return study


@pytest.mark.parametrize("on", ["cathode", "electrolyte"])
@pytest.mark.parametrize("dimension", [2, "axisymmetric", pytest.param(3, marks=pytest.mark.slow)])
def test_patches_too(dimension: Any, on: str) -> None:
    """The resistance within 0.5 %, and what passes film and bare spots."""
    found = {}
    for representation in ("resolved", "collapsed"):
        results = run(Study.from_mapping(in_patches(dimension, representation, on)), None, MPI.COMM_SELF, Silent())
        found[representation] = {k: v.value for k, v in results.quantities.items()}
    resolved, collapsed = found["resolved"], found["collapsed"]
    assert collapsed == {k: pytest.approx(v, rel=5e-3) for k, v in resolved.items()}
    assert collapsed["into"] == pytest.approx(-collapsed["from"], rel=1e-9)
    assert collapsed["into"] + collapsed["bare"] == pytest.approx(10.0, rel=1e-9)
    assert 0.02 < collapsed["into"] / collapsed["bare"] < 0.5


def test_patches_feel_the_pressure_of_the_whole_interface() -> None:
    study = Study.from_mapping(in_patches(2, "collapsed", "cathode", mechanics=True))
    quantities = run(study, None, MPI.COMM_SELF, Silent()).quantities
    assert quantities["interface_pressure"].value == pytest.approx(5e6, rel=1e-9)
