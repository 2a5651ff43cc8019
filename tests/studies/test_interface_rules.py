"""What passes an interface, what must be said about it, and the defaults that are written out."""

from typing import Any

import pytest
from study_samples import changed, problems

from fem.constants import STANDARD_TEMPERATURE
from studies.schema.contacts import Passage

AE = "interfaces.anode|electrolyte"


@pytest.mark.parametrize(
    ("below", "above", "electrons", "ions", "electrode", "needed"),
    [
        ("equipotential", "ionic", False, False, "below", True),
        ("ionic", "equipotential", False, False, "above", True),
        ("electronic", "ionic", False, False, "below", True),
        ("equipotential", "mixed", True, False, "below", True),
        ("mixed", "electronic", True, False, "above", True),
        ("mixed", "ionic", False, True, "below", False),
        ("ionic", "mixed", False, True, "above", False),
        ("mixed", "mixed", True, True, None, False),
        ("ionic", "ionic", False, True, None, False),
        ("equipotential", "electronic", True, False, None, False),
        ("none", "ionic", False, False, None, False),
        ("none", "none", False, False, None, False),
    ],
)
def test_what_passes(below: Any, above: Any, electrons: bool, ions: bool, electrode: Any, needed: bool) -> None:
    assert Passage.between(below, above) == Passage(electrons, ions, electrode, needed)


@pytest.mark.parametrize(
    ("overrides", "path", "words"),
    [
        ({AE: {}}, f"{AE}.kinetics", "is required"),
        ({"interfaces": {}}, AE, "kinetics is required"),
        ({AE: {"kinetics": "butler-volmer"}}, f"{AE}.exchange_current", "is required"),
        ({AE: {"kinetics": "linear"}}, f"{AE}.exchange_current", "is required"),
        ({f"{AE}.exchange_current": "0 A/m^2"}, f"{AE}.exchange_current", "positive"),
        ({f"{AE}.exchange_current": "-1 A/m^2"}, f"{AE}.exchange_current", "positive"),
        ({f"{AE}.film_resistance": "-5 ohm*cm^2"}, f"{AE}.film_resistance", "not be negative"),
        ({f"{AE}.contact_fraction": 0}, f"{AE}.contact_fraction", "positive"),
        ({f"{AE}.contact_fraction": "101 %"}, f"{AE}.contact_fraction", "at most 1"),
        ({f"{AE}.anodic_transfer_coefficient": -0.1}, f"{AE}.anodic_transfer_coefficient", "negative"),
        ({f"{AE}.anodic_transfer_coefficient": 1.2}, f"{AE}.anodic_transfer_coefficient", "more than 1"),
        (
            {f"{AE}.anodic_transfer_coefficient": 0, f"{AE}.cathodic_transfer_coefficient": 0},
            f"{AE}.anodic_transfer_coefficient",
            "both",
        ),
        ({f"{AE}.resistance": "1 ohm*cm^2"}, f"{AE}.resistance", "film_resistance"),
        ({f"{AE}.electronic_contact": "perfect"}, f"{AE}.electronic_contact", "no meaning"),
        ({f"{AE}.stress_shift": "on", "mechanics": "off"}, f"{AE}.stress_shift", "mechanics"),
        (
            {AE: {"kinetics": "perfect", "stress_shift": "on"}, "mechanics": "on"},
            f"{AE}.stress_shift",
            "perfect contact",
        ),
        ({"geometry.layers.anode.material": "Cu"}, f"{AE}.equilibrium_potential", "is required"),
        ({"geometry.layers.counter.conduction": "none"}, "geometry.layers.counter", "must conduct"),
        ({"geometry.layers.electrolyte.material": "Cu"}, f"{AE}.kinetics", "no charge transfer"),
        (
            {
                "geometry.layers.electrolyte.properties": {},
                "geometry.layers.electrolyte.material": "GClO4",
                "geometry.layers.electrolyte.conduction": "ionic",
                "quantities": [],
                "operation.stack_pressure": None,
            },
            "geometry.layers.electrolyte.material",
            "ionic_conductivity",
        ),
    ],
)
def test_what_is_missing_or_in_vain(overrides: dict[str, Any], path: str, words: str) -> None:
    found = problems(overrides)
    assert path in found, found
    assert words in found[path].message


def test_defaults_of_charge_transfer_are_written_out() -> None:
    interface = changed({f"{AE}.anodic_transfer_coefficient": 0.3}).interfaces["anode|electrolyte"]
    assert interface.transfer_coefficients() == pytest.approx((0.3, 0.7))
    assert interface.cathodic_transfer_coefficient == pytest.approx(0.7)
    assert interface.mechanical_transfer_coefficient == pytest.approx(0.3)
    assert interface.equilibrium_potential == 0
    assert interface.partial_molar_volume == pytest.approx(13e-6)
    assert interface.stress_shift is True  # there is a stack pressure
    assert interface.contact_fraction == 1


def test_any_transfer_coefficients() -> None:
    overrides = {f"{AE}.anodic_transfer_coefficient": 1.5, f"{AE}.cathodic_transfer_coefficient": 0.5}
    interface = changed(overrides).interfaces["anode|electrolyte"]
    assert interface.transfer_coefficients() == (1.5, 0.5)
    assert interface.mechanical_transfer_coefficient == pytest.approx(0.75)


def test_no_shift_without_stresses() -> None:
    overrides = {"operation.stack_pressure": None, "quantities": ["cell_voltage"]}
    study = changed(overrides)
    assert study.mechanics.on is False
    assert study.interfaces["anode|electrolyte"].stress_shift is False


def ionic_pair(interface: dict[str, Any]) -> dict[str, Any]:
    """The sample with a second electrolyte layer."""
    layer = {"name": "buffer", "material": "LPSCl", "thickness": "5 um"}
    layers = [
        {"name": "anode", "material": "Li", "thickness": "10 um"},
        {"name": "electrolyte", "material": "LLZO", "thickness": "50 um"},
        layer,
        {"name": "counter", "material": "Li", "thickness": "10 um"},
    ]
    linear = {"kinetics": "linear", "exchange_current": "10 A/m^2"}
    interfaces = {"anode|electrolyte": linear, "electrolyte|buffer": interface, "buffer|counter": linear}
    return {"geometry.layers": layers, "interfaces": interfaces}


def test_contact_of_two_electrolytes() -> None:
    perfect = changed(ionic_pair({})).interfaces["electrolyte|buffer"]
    assert (perfect.ionic_contact, perfect.ionic_resistance, perfect.kinetics) == ("perfect", None, None)
    resistive = changed(ionic_pair({"resistance": "2 ohm*cm^2"})).interfaces["electrolyte|buffer"]
    assert (resistive.ionic_contact, resistive.resistance) == ("resistive", None)
    assert resistive.ionic_resistance == pytest.approx(2e-4)


@pytest.mark.parametrize(
    ("interface", "key", "words"),
    [
        ({"ionic_contact": "resistive"}, "ionic_resistance", "is required"),
        ({"ionic_contact": "perfect", "ionic_resistance": "1 ohm*cm^2"}, "ionic_resistance", "contradicts"),
        ({"ionic_contact": "blocked", "resistance": "1 ohm*cm^2"}, "resistance", "contradicts"),
        ({"ionic_resistance": "1 ohm*cm^2", "resistance": "1 ohm*cm^2"}, "resistance", "twice"),
        ({"kinetics": "perfect"}, "kinetics", "must be one of butler-volmer, linear"),
        ({"electronic_resistance": "1 ohm*cm^2"}, "electronic_resistance", "both conduct electrons"),
    ],
)
def test_contradictions_of_two_electrolytes(interface: dict[str, Any], key: str, words: str) -> None:
    found = problems(ionic_pair(interface))
    assert words in found[f"interfaces.electrolyte|buffer.{key}"].message


def test_a_metal_on_a_mixed_conductor_passes_electrons_and_needs_kinetics_for_ions() -> None:
    mixed = {
        "geometry.layers.electrolyte.conduction": "mixed",
        "geometry.layers.electrolyte.properties": {"electronic_conductivity": "1e-4 S/m"},
    }
    interface = changed(mixed).interfaces["anode|electrolyte"]
    assert interface.electronic_contact == "perfect"
    assert interface.kinetics == "butler-volmer"
    found = problems({**mixed, "interfaces": {}})
    assert "kinetics is required" in found[AE].message


def test_a_focusing_that_diverges_needs_a_distance() -> None:
    found = problems({AE: {"kinetics": "perfect"}})
    assert "infinite" in found["quantities.1"].message
    near = {"quantities": [{"current_focusing": {"distance": "10 nm"}}]}
    assert not problems({AE: {"kinetics": "perfect"}, **near})


def test_temperature_reaches_the_defaults() -> None:
    assert changed({"operation.temperature": "60 degC"}).operation.temperature == pytest.approx(
        STANDARD_TEMPERATURE + 35
    )
