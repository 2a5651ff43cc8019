"""The published JSON Schema is the one of the code, and it agrees with the reader."""

import functools
import json
from typing import Any

import pytest
from study_samples import cell

from studies.listing import catalogue
from studies.quantities import QUANTITIES
from studies.schema.overrides import apply_overrides
from studies.schema.published import PUBLISHED, json_schema
from studies.schema.reader import read_yaml


def test_the_published_file_is_current() -> None:
    """When this fails: ssbfem schema > studies/study.schema.json"""
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == json_schema()


@functools.cache
def validator() -> Any:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(json_schema())
    return jsonschema.Draft202012Validator(json_schema())


@pytest.mark.parametrize("entry", catalogue(), ids=lambda e: e.name)
def test_the_catalogue_fits_the_schema(entry: Any) -> None:
    data = read_yaml(entry.path.read_text(encoding="utf-8")).data
    assert [error.message for error in validator().iter_errors(data)] == []


@pytest.mark.parametrize(
    ("where", "value", "fits"),
    [
        ("mechanics", "on", True),
        ("mechanics", {"on": "off"}, True),
        ("operation.sweep", {"current": ["1 mA/cm^2"]}, True),
        ("operation.sweep", {"current": {"from": "0 A/m^2", "to": "1 A/m^2", "points": 3}}, True),
        ("quantities", [{"current_focusing": {"distance": "10 nm"}}, "cell_voltage"], True),
        ("mesh.growth", 1.2, True),
        ("materials", {"own": {"based_on": "LLZO"}}, True),
        ("geometry.layers.0.properties", {"young_modulus": "3 GPa"}, True),
        ("geometry.layers.0.properties", {"young_moduls": "3 GPa"}, False),
        ("geometry.layers.0.thickness", 10, False),
        ("geometry.layers.0.thickness", "many um", False),
        ("geometry.layers.0.thicknes", "10 um", False),
        ("geometry.dimension", 4, False),
        ("interfaces.anode", {}, False),
        ("interfaces.anode|electrolyte.kinetics", "tafel", False),
        ("quantities", ["cell_voltag"], False),
        ("quantities", [{"overpotential": {}}], False),
        ("quantities", [{"overpotential": {"at": "a|b"}, "cell_voltage": {}}], False),
        ("checks", [{"quantity": "x"}], False),
        ("nothing", 1, False),
    ],
)
def test_what_fits_and_what_does_not(where: str, value: Any, fits: bool) -> None:
    data, _, wrong = apply_overrides(cell(), {where: value})
    assert not wrong
    assert validator().is_valid(data) is fits


def test_every_quantity_is_described() -> None:
    text = json.dumps(json_schema())
    for spec in QUANTITIES.values():
        assert spec.description in text
