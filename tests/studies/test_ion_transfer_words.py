"""Kinetics between two electrolytes in study files: needs, what has no meaning, and films that are collapsed."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from studies.errors import InputError
from studies.schema import Study

NAME = "polymer|ceramic"
CELL: dict[str, Any] = {
    "study": "two-electrolytes",
    "geometry": {
        "dimension": 1,
        "layers": [
            {"name": "anode", "material": "Li", "thickness": "10 um"},
            {
                "name": "polymer",
                "material": "ideal-salt",
                "thickness": "50 um",
                "transport": {"salt_concentration": "1 mol/L", "model": "dilute"},
            },
            {"name": "ceramic", "material": "LLZO", "thickness": "20 um"},
            {"name": "counter", "material": "Li", "thickness": "10 um"},
        ],
    },
    "interfaces": {"anode|polymer": {"kinetics": "perfect"}, "ceramic|counter": {"kinetics": "perfect"}},
    "operation": {"protocol": [{"rest": "1 s"}]},
    "quantities": ["cell_voltage"],
}
PLAIN = {"kinetics": "butler-volmer", "exchange_current": "8 A/m^2"}


def made(spec: dict[str, Any], *, ceramic_salt: bool = False, polymer_salt: bool = True, **more: Any) -> Study:
    data = copy.deepcopy(CELL) | more
    layers = data["geometry"]["layers"]
    data["interfaces"][NAME] = spec
    if ceramic_salt:
        layers[2] |= {"material": "ideal-salt", "transport": dict(layers[1]["transport"])}
    if not polymer_salt:
        del layers[1]["transport"]
    return Study.from_mapping(data)


def complaints(spec: dict[str, Any], **more: Any) -> dict[str, str]:
    with pytest.raises(InputError) as caught:
        made(spec, **more)
    return {p.path: p.message for p in caught.value.problems}


def test_kinetics_take_the_place_of_the_contact() -> None:
    capacitance = {
        "film_resistance": "5 ohm*cm^2",
        "film_capacitance": "1 uF/cm^2",
        "double_layer_capacitance": "0.1 F/m^2",
    }
    study = made({**PLAIN, **capacitance, "reference_concentration": "1 mol/L", "cathodic_transfer_coefficient": 0.3})
    spec = study.interfaces[NAME]
    assert (spec.kinetics, spec.exchange_current, spec.reference_concentration) == ("butler-volmer", 8.0, 1000.0)
    assert spec.transfer_coefficients() == (0.7, 0.3)
    assert (spec.ionic_contact, spec.equilibrium_potential, spec.stress_shift) == (None, None, None)
    assert Study.from_mapping(study.resolved()) == study
    assert made({}).interfaces[NAME].ionic_contact == "perfect"
    # what it drops can be asked for
    assert made(PLAIN, quantities=[{"overpotential": {"at": NAME}}])


@pytest.mark.parametrize(
    ("spec", "key", "why"),
    [
        ({"kinetics": "perfect"}, "kinetics", "perfect contact is what there is"),
        ({"kinetics": "none"}, "kinetics", "ionic_contact: blocked"),
        ({"kinetics": "linear"}, "exchange_current", "is required for linear"),
        ({"exchange_current": "1 A/m^2"}, "exchange_current", "needs kinetics"),
        ({"film_resistance": "1 ohm*cm^2"}, "film_resistance", "a resistance alone is `resistance`"),
        ({**PLAIN, "equilibrium_potential": "0.1 V"}, "equilibrium_potential", "against lithium"),
        ({**PLAIN, "insertion_rate_constant": "1e-9 m/s"}, "insertion_rate_constant", "no electrons"),
        ({**PLAIN, "stress_shift": True}, "stress_shift", "no electrons"),
        ({**PLAIN, "partial_molar_volume": "1e-6 m^3/mol"}, "partial_molar_volume", "no electrons"),
        ({**PLAIN, "gap_capacitance": "1 uF/m^2"}, "gap_capacitance", "no electrons"),
        ({**PLAIN, "resistance": "1 ohm*cm^2"}, "resistance", "contradicts kinetics"),
        ({**PLAIN, "ionic_contact": "blocked"}, "ionic_contact", "contradicts kinetics"),
        ({**PLAIN, "ionic_resistance": "1 ohm*cm^2"}, "ionic_resistance", "contradicts kinetics"),
        ({**PLAIN, "film_capacitance": "1 uF/cm^2"}, "film_capacitance", "needs a film_resistance"),
        ({**PLAIN, "anodic_transfer_coefficient": 1.2}, "anodic_transfer_coefficient", "is more than 1"),
        (
            {**PLAIN, "kinetics": "linear", "reference_concentration": "1 mol/L"},
            "reference_concentration",
            "butler-volmer",
        ),
    ],
)
def test_what_is_refused(spec: dict[str, Any], key: str, why: str) -> None:
    found = complaints(spec)
    assert why in found[f"interfaces.{NAME}.{key}"], found


def test_which_salt_a_reference_means() -> None:
    spec, path = {**PLAIN, "reference_concentration": "1 mol/L"}, f"interfaces.{NAME}.reference_concentration"
    assert "needs a salt" in complaints(spec, polymer_salt=False)[path]
    assert "two salts" in complaints(spec, ceramic_salt=True)[path]
    assert made(PLAIN, ceramic_salt=True)


FILLED: dict[str, Any] = {
    "study": "coated-filler",
    "geometry": {
        "dimension": 2,
        "width": "10 um",
        "layers": [
            {"name": "anode", "material": "Li", "thickness": "1 um"},
            {"name": "polymer", "material": "LPSCl", "thickness": "10 um"},
            {"name": "counter", "material": "Li", "thickness": "1 um"},
        ],
        "features": [
            {
                "particle": {
                    "name": "filler",
                    "material": "LLZO",
                    "layer": "polymer",
                    "radius": "3 um",
                    "coating": {"name": "coat", "material": "LiNbO3", "thickness": "10 nm"},
                    "coating_as": "collapsed",
                }
            }
        ],
    },
    "interfaces": {"anode|polymer": {"kinetics": "perfect"}, "polymer|counter": {"kinetics": "perfect"}},
    "operation": {"current": "1 mA/cm^2"},
    "quantities": ["cell_voltage"],
}
UNEVEN = {**PLAIN, "anodic_transfer_coefficient": 0.7, "film_resistance": "1 ohm*cm^2"}


@pytest.mark.parametrize(("face", "anodic"), [("polymer|coat", 0.7), ("filler|coat", 0.3)])
def test_a_collapsed_film_keeps_the_barrier_of_a_face(face: str, anodic: float) -> None:
    """In series to the coat; counted from the polymer to the filler, which is against the order of the inner face."""
    data = copy.deepcopy(FILLED)
    data["interfaces"][face] = UNEVEN
    study = Study.from_mapping(data)
    spec = study.interface("polymer|filler")
    coat = 1e-8 / study.material("coat").value("ionic_conductivity", 298.15)
    assert spec.film_resistance == pytest.approx(1e-4 + coat, rel=1e-12)
    assert spec.transfer_coefficients() == pytest.approx((anodic, 1 - anodic))
    assert (spec.kinetics, spec.ionic_contact) == ("butler-volmer", None)


def test_two_barriers_are_not_one() -> None:
    data = copy.deepcopy(FILLED)
    data["interfaces"] |= {"polymer|coat": PLAIN, "filler|coat": PLAIN}
    with pytest.raises(InputError) as caught:
        Study.from_mapping(data)
    found = {p.path: p.message for p in caught.value.problems}
    assert "resolve the coating" in found["interfaces.polymer|coat.kinetics"]
    assert "what passes polymer|coat" in found["interfaces.filler|coat.kinetics"]
    data["geometry"]["features"][0]["particle"]["coating_as"] = "resolved"
    assert Study.from_mapping(data).interface("filler|coat").kinetics == "butler-volmer"
