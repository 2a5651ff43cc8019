"""Transport in study files: salt in electrolytes, lithium in hosts, and what their interfaces need."""

from typing import Any

import pytest

from studies.errors import InputError
from studies.schema import Study
from studies.schema.overrides import apply_overrides

CELL: dict[str, Any] = {
    "study": "half-cell",
    "geometry": {
        "dimension": 1,
        "layers": [
            {"name": "anode", "material": "Li", "thickness": "10 um"},
            {
                "name": "polymer",
                "material": "ideal-salt",
                "thickness": "50 um",
                "transport": {"salt_concentration": "1 mol/L"},
            },
            {"name": "cathode", "material": "LCO", "thickness": "10 um", "transport": {"lithiation": 0.9}},
        ],
    },
    "interfaces": {
        "anode|polymer": {
            "kinetics": "butler-volmer",
            "exchange_current": "10 A/m^2",
            "reference_concentration": "1 mol/L",
            "double_layer_capacitance": "10 uF/cm^2",
        },
        "polymer|cathode": {"kinetics": "butler-volmer"},
    },
    "operation": {"protocol": [{"rest": "1 s"}], "working_electrode": "cathode"},
    "quantities": ["cell_voltage"],
}


def made(changes: dict[str, Any]) -> Study:
    data, _, wrong = apply_overrides(CELL, changes)
    assert not wrong
    return Study.from_mapping(data)


def complaints(changes: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InputError) as caught:
        made(changes)
    return {p.path: p.message for p in caught.value.problems}


def test_a_half_cell_takes_its_rate_from_the_material() -> None:
    study = made({})
    spec = study.interfaces["polymer|cathode"]
    assert spec.insertion_rate_constant == pytest.approx(1.966e-10)
    assert spec.reference_concentration == pytest.approx(1000.0)
    assert spec.equilibrium_potential is None  # follows from the lithiation
    metal = study.interfaces["anode|polymer"]
    assert (metal.exchange_current, metal.reference_concentration) == (10.0, 1000.0)
    assert metal.double_layer_capacitance == pytest.approx(0.1)
    assert metal.equilibrium_potential == 0.0
    transport = study.body("cathode").transport
    assert transport is not None
    assert transport.is_host
    assert Study.from_mapping(study.resolved()) == study


def test_a_constant_exchange_current_is_enough() -> None:
    study = made({"interfaces.polymer|cathode": {"kinetics": "linear", "exchange_current": "5 A/m^2"}})
    assert study.interfaces["polymer|cathode"].insertion_rate_constant is None


def test_dilute_solutions_need_less() -> None:
    material = {"kind": "polymer electrolyte", "salt_diffusivity": "1e-12 m^2/s", "transference_number": 0.3}
    changes = {"materials": {"mine": material}, "geometry.layers.polymer.material": "mine"}
    dilute = {"geometry.layers.polymer.transport.model": "dilute"}
    found = complaints(changes)
    assert "no thermodynamic_factor" in " ".join(found.values())
    found = complaints({**changes, **dilute})  # conduction is ionic, as ever
    assert list(found) == ["geometry.layers.polymer.material"]
    material["ionic_conductivity"] = "1 S/m"
    assert made({**changes, **dilute}).body("polymer").transport.model == "dilute"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("changes", "path", "why"),
    [
        ({"geometry.layers.polymer.transport": {}}, "geometry.layers.polymer.transport", "either"),
        (
            {"geometry.layers.polymer.transport": {"salt_concentration": "1 mol/L", "lithiation": 0.5}},
            "geometry.layers.polymer.transport",
            "either",
        ),
        (
            {"geometry.layers.polymer.transport.salt_concentration": "-1 mol/L"},
            "geometry.layers.polymer.transport.salt_concentration",
            "positive",
        ),
        ({"geometry.layers.cathode.transport.lithiation": 1.0}, "geometry.layers.cathode.transport.lithiation", "less"),
        (
            {"geometry.layers.cathode.transport.lithiation": 0.2},
            "geometry.layers.cathode.transport.lithiation",
            "known from 0.4 to 0.9989",
        ),
        (
            {"geometry.layers.cathode.transport.model": "dilute"},
            "geometry.layers.cathode.transport",
            "model is for electrolytes",
        ),
        (
            {"geometry.layers.cathode.transport.diffusion": "tracer"},
            "geometry.layers.cathode.transport",
            "no self_diffusivity",
        ),
        (
            {"geometry.layers.polymer.transport.diffusion": "tracer"},
            "geometry.layers.polymer.transport",
            "diffusion is for active materials",
        ),
        (
            {"interfaces.polymer|cathode.equilibrium_potential": "4 V"},
            "interfaces.polymer|cathode.equilibrium_potential",
            "follows from the lithiation",
        ),
        ({"interfaces.polymer|cathode.kinetics": "perfect"}, "interfaces.polymer|cathode.kinetics", "butler-volmer"),
        (
            {"interfaces.polymer|cathode.kinetics": "linear"},
            "interfaces.polymer|cathode.exchange_current",
            "required for linear",
        ),
        (
            {
                "interfaces.polymer|cathode.exchange_current": "1 A/m^2",
                "interfaces.polymer|cathode.insertion_rate_constant": "1e-9 m/s",
            },
            "interfaces.polymer|cathode.insertion_rate_constant",
            "given twice",
        ),
        (
            {"interfaces.anode|polymer.insertion_rate_constant": "1e-9 m/s"},
            "interfaces.anode|polymer.insertion_rate_constant",
            "is for a host",
        ),
        (
            {"interfaces.anode|polymer.film_capacitance": "1 uF/cm^2"},
            "interfaces.anode|polymer.film_capacitance",
            "needs a film_resistance",
        ),
        (
            {"interfaces.anode|polymer.double_layer_capacitance": "-1 uF/cm^2"},
            "interfaces.anode|polymer.double_layer_capacitance",
            "negative",
        ),
    ],
)
def test_what_is_wrong_is_said_where(changes: dict[str, Any], path: str, why: str) -> None:
    found = complaints(changes)
    assert list(found) == [path]
    assert why in found[path]


def test_salt_only_where_it_is_known() -> None:
    changes = {
        "materials": {"hot": {"based_on": "PEO-LiTFSI", "variant": "85 degC"}},
        "geometry.layers.polymer.material": "hot",
    }
    assert made(changes).body("polymer").material == "hot"
    found = complaints({**changes, "geometry.layers.polymer.transport.salt_concentration": "5 mol/L"})
    assert "known from 742 to 2982 mol/m^3" in found["geometry.layers.polymer.transport.salt_concentration"]


def test_no_salt_in_metals_and_no_host_without_electrons() -> None:
    found = complaints({"geometry.layers.anode.transport": {"salt_concentration": "1 mol/L"}})
    assert "conduction must be ionic, not equipotential" in found["geometry.layers.anode.transport.salt_concentration"]
    found = complaints({"geometry.layers.cathode.conduction": "ionic"})
    assert "a host conducts electrons" in found["geometry.layers.cathode.transport.lithiation"]


def test_the_hash_knows_the_curve() -> None:
    table = {"against": "stoichiometry", "unit": "V", "rows": [[0.4, 4.4], [0.99, 3.6]]}
    one = made({"geometry.layers.cathode.properties": {"open_circuit_potential": {"table": table}}})
    # the same value in the middle, where it is taken for studies without lithiation
    other = {**table, "rows": [[0.4, 4.5], [0.99, 3.5]]}
    two = made({"geometry.layers.cathode.properties": {"open_circuit_potential": {"table": other}}})
    assert one.hash != two.hash
