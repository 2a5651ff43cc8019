"""Study files: what is accepted, what is refused and how it is said, and that everything wrong is said at
once."""

from typing import Any

import pytest
from study_samples import cell, changed, problems

from studies.errors import InputError
from studies.listing import catalogue
from studies.schema import Study


def test_the_sample_is_sound_and_in_si() -> None:
    study = changed({})
    assert study.geometry.width == pytest.approx(20e-6)
    assert study.interfaces["anode|electrolyte"].film_resistance == pytest.approx(5e-4)
    assert study.current_densities == pytest.approx([10.0])
    assert study.operation.stack_pressure == pytest.approx(5e6)
    assert study.operation.temperature == pytest.approx(298.15)
    assert study.stack().problems() == []
    assert study.counter_electrode == "counter"


def test_a_specimen_that_stands_free_may_be_pulled() -> None:
    pull = {"mechanics": {"lateral": "free-standing"}, "operation.stack_pressure": "-5 MPa"}
    assert changed(pull).operation.stack_pressure == pytest.approx(-5e6)
    about_an_axis = problems({**pull, "geometry.dimension": "axisymmetric"})
    assert "axis" in about_an_axis["mechanics.lateral"].message


@pytest.mark.parametrize("entry", catalogue(), ids=lambda e: e.name)
def test_the_catalogue_is_sound(entry: Any) -> None:
    study = Study.load(entry.path)
    assert study.study == entry.name
    assert study.title == entry.title
    assert study.checks
    assert all(e.source for e in study.expectations())


# path that is changed, value, path that is complained about, words of the message
WRONG: list[tuple[str, Any, str, str]] = [
    ("geometry.layers.anode.thicknes", "1 um", "geometry.layers.anode.thicknes", "did you mean 'thickness'"),
    ("geometri", {}, "geometri", "did you mean 'geometry'"),
    ("study", "a/b", "study", "not a usable name"),
    ("study", None, "study", "must be text"),
    ("geometry.dimension", True, "geometry.dimension", "not on or off"),
    ("geometry.dimension", 4, "geometry.dimension", "must be one of 1, 2, axisymmetric, 3"),
    ("geometry.dimension", "axisymetric", "geometry.dimension", "did you mean 'axisymmetric'"),
    ("geometry.layers.anode.thickness", "-10 um", "geometry.layers.anode.thickness", "must be positive"),
    ("geometry.layers.anode.thickness", 10, "geometry.layers.anode.thickness", "no unit"),
    ("geometry.layers.anode.thickness", "10 V", "geometry.layers.anode.thickness", "another dimension"),
    ("geometry.layers.anode.thickness", "ten um", "geometry.layers.anode.thickness", "number"),
    ("geometry.layers.anode.thickness", "1 km", "geometry.layers", "factor"),
    ("geometry.layers.anode.thickness", None, "geometry.layers.anode.thickness", "not a quantity"),
    ("geometry.layers.anode.material", "Unobtainium", "geometry.layers.anode.material", "unknown material"),
    ("geometry.layers.counter.name", "anode", "geometry.layers.anode.name", "twice"),
    ("geometry.layers.counter.name", "top", "geometry.layers.top.name", "taken"),
    ("geometry.layers.anode.conduction", "metalic", "geometry.layers.anode.conduction", "equipotential"),
    ("geometry.layers.electrolyte.conduction", "none", "interfaces.anode|electrolyte.kinetics", "no meaning"),
    (
        "geometry.layers.anode.properties",
        {"colour": 3},
        "geometry.layers.anode.properties.colour",
        "not a property",
    ),
    (
        "geometry.layers.anode.properties",
        {"young_modulus": "3 V"},
        "geometry.layers.anode.properties.young_modulus",
        "dimension",
    ),
    ("geometry.layers.anode.eigenstrain", "80 %", "geometry.layers.anode.eigenstrain", "less than 0.5"),
    ("geometry.layers", [], "geometry.layers", "at least 1"),
    ("geometry.width", None, "geometry.width", "length is needed"),
    ("geometry.depth", "3 um", "geometry.depth", "only a model in 3"),
    ("geometry.features.0.void.at", "anode|counter", "geometry.features.0.void.at", "no such interface"),
    ("geometry.features.0.void.radius", "30 um", "geometry.features.0.void.radius", ""),
    ("geometry.features.0.void.depth", "11 um", "geometry.features.0.void.depth", ""),
    (
        "geometry.features.1",
        {"void": {"at": "anode|electrolyte", "radius": "3 um", "depth": "1 um"}},
        "",
        "overlap",
    ),
    ("geometry.features.1", {"viod": {}}, "geometry.features.1.viod", "did you mean 'void'"),
    ("geometry.features.1", {}, "geometry.features.1", "exactly one"),
    ("materials.own", {"colour": 3}, "materials.own.colour", "not a property"),
    ("materials.own", {"ionic_conductivity": "1 S/m"}, "materials.own.kind", "missing"),
    ("interfaces.anode|electrolite", {}, "interfaces.anode|electrolite", "did you mean 'anode|electrolyte'"),
    ("interfaces.electrolyte|anode", {}, "interfaces.electrolyte|anode", "from below to above"),
    ("interfaces.anode", {}, "interfaces.anode", "name of an interface"),
    (
        "interfaces.anode|electrolyte.kinetics",
        "tafel",
        "interfaces.anode|electrolyte.kinetics",
        "butler-volmer",
    ),
    ("interfaces.anode|electrolyte", None, "interfaces.anode|electrolyte", "mapping"),
    ("operation.current", "3 V", "operation.current", "dimension"),
    ("operation.voltage", "3 V", "operation.voltage", "only one of"),
    ("operation.current", "1 mA", "operation.current", "no total current"),
    ("operation.current", None, "operation", "open circuit"),
    ("operation.working_electrode", "electrolyte", "operation.working_electrode", "first or the last"),
    ("operation.temperature", "25 C", "operation.temperature", "degC"),
    ("operation.stack_pressure", "-5 MPa", "operation.stack_pressure", "not be negative"),
    ("operation.stack_control", "fixed-gap", "operation.stack_pressure", "result"),
    ("operation.stack_displacement", "1 nm", "operation.stack_pressure", "result"),
    ("mechanics", "off", "operation.stack_pressure", "switched off"),
    ("mechanics.plane", "stres", "mechanics.plane", "did you mean 'stress'"),
    ("mechanics.lateral", "loose", "mechanics.lateral", "free-standing"),
    ("discretisation.degree", 3, "discretisation.degree", "must be one of 1, 2"),
    ("solver.tolerance", 1, "solver.tolerance", "at most"),
    ("mesh.bulk", "0 um", "mesh.bulk", "positive"),
    ("mesh", {"bulk": "30 um", "interface": "30 um"}, "mesh.interface", "too coarse for the film"),
    ("mesh.growth", 1, "mesh.growth", "at least"),
    ("mesh.levels", 9, "mesh.levels", "less than or equal"),
    ("quantities", ["cell_voltag"], "quantities.0", "did you mean 'cell_voltage'"),
    ("quantities", ["cell_voltage", "cell_voltage"], "quantities.1", "asked for twice"),
    (
        "quantities",
        [{"max_von_mises": {"layr": "anode"}}],
        "quantities.0.max_von_mises.layr",
        "did you mean 'layer'",
    ),
    (
        "quantities",
        [{"max_von_mises": {"layer": "anod"}}],
        "quantities.0.max_von_mises.layer",
        "did you mean 'anode'",
    ),
    ("quantities", [{"overpotential": {}}], "quantities.0", "needs `at`"),
    (
        "quantities",
        [{"mean_stress": {"layer": "anode", "component": "xx"}}],
        "quantities.0.mean_stress.component",
        "stacking",
    ),
    (
        "quantities",
        [{"current_focusing": {"at": "electrolyte|counter", "distance": "1 nm"}}],
        "quantities.0.current_focusing.distance",
        "no contact edge",
    ),
    (
        "quantities",
        [{"current_focusing": {"distance": "0 nm"}}],
        "quantities.0.current_focusing.distance",
        "positive",
    ),
    ("quantities", [3], "quantities.0", "name of a quantity"),
    ("quantities", "cell_voltage", "quantities", "list"),
    (
        "checks",
        [{"quantity": "cell_voltage", "expect": "1 V", "within": 0.1}],
        "checks.0.quantity",
        "not among",
    ),
    (
        "checks",
        [{"quantity": "max_von_mises", "expect": "1 V", "within": 0.1}],
        "checks.0.expect",
        "dimension",
    ),
    ("checks", [{"quantity": "max_von_mises", "expect": "1 Pa"}], "checks.0", "within"),
    (
        "checks",
        [{"quantity": "max_von_mises", "expect": "0 Pa", "within": 0.1}],
        "checks.0.within",
        "absolute",
    ),
    ("pictures", ["photo"], "pictures.0", "potential"),
]


@pytest.mark.parametrize(("where", "value", "path", "words"), WRONG, ids=[f"{w[0]}={w[1]}"[:60] for w in WRONG])
def test_what_is_wrong_is_named(where: str, value: Any, path: str, words: str) -> None:
    found = problems({where: value})
    assert found, "accepted"
    if path:
        assert path in found, list(found)
        assert words in found[path].message
    else:
        assert any(words in p.message for p in found.values())


def test_an_acceptable_change_is_accepted() -> None:
    """Guards the list above: what it changes is fine with other values."""
    for where, value in (
        ("geometry.layers.anode.thickness", "12 um"),
        ("operation.current", "0 A/m^2"),
        ("mechanics", "on"),
        ("mechanics.plane", "stress"),
        ("mesh.bulk", "2 um"),
        ("quantities", [{"current_focusing": {"distance": "10 nm"}}]),
        ("materials.own", {"based_on": "LLZO", "ionic_conductivity": "1 S/m"}),
    ):
        found = problems({where: value})
        if where == "operation.current":
            assert all("zero current" in p.message for p in found.values())
        else:
            assert not found, found


def test_everything_wrong_is_said_at_once_with_lines() -> None:
    text = """\
study: bad study
geometry:
  dimension: 2
  width: -20 um
  layers:
    - {name: anode, material: Unobtainium, thickness: 10}
    - {name: electrolyte, material: LLZO, thicknes: 50 um}
    - {name: counter, material: Li, thickness: 10 um}
  features:
    - void: {at: anode|electrolite, radius: 3 um, depth: 1 um}
interfaces:
  anode|electrolyte: {kinetics: butler-volmr, exchange_current: 10}
  counter|electrolyte: {kinetics: perfect}
operation: {current: 1 mA/cm^2, voltage: 3 V, temperature: 25}
operation: {}
quantities: [cell_voltge]
checks:
  - {quantity: cell_voltage, expect: 3 Pa, within: 1 %}
"""
    with pytest.raises(InputError) as caught:
        Study.from_text(text, "file.yaml")
    found = {p.path: p.line for p in caught.value.problems}
    assert found == {
        "study": 1,
        "geometry.width": 4,
        "geometry.layers.anode.material": 6,
        "geometry.layers.anode.thickness": 6,
        "geometry.layers.electrolyte.thickness": 7,
        "geometry.layers.electrolyte.thicknes": 7,
        "geometry.features.0.void.at": 10,
        "interfaces.anode|electrolyte.kinetics": 12,
        "interfaces.anode|electrolyte.exchange_current": 12,
        "interfaces.counter|electrolyte": 13,
        "operation.voltage": 14,
        "operation.temperature": 14,
        "operation": 15,
        "quantities.0": 16,
        "checks.0.quantity": 18,
    }
    assert str(caught.value).startswith("file.yaml has ")


def test_given_values_are_shown() -> None:
    text = str(problems({"geometry.width": "-20 um"})["geometry.width"])
    assert "-20 um" in text


def test_missing_sections_are_all_named() -> None:
    assert set(problems(data={})) >= {"study", "geometry", "operation"}


@pytest.mark.parametrize("data", [None, 3, "text", [], [1]])
def test_what_is_no_mapping(data: Any) -> None:
    with pytest.raises(InputError, match="mapping"):
        Study.from_mapping(data)


def test_long_lists_of_problems_are_cut() -> None:
    data = cell()
    data["quantities"] = [f"x{i}" for i in range(400)]
    with pytest.raises(InputError) as caught:
        Study.from_mapping(data)
    assert "and 200 more" in caught.value.problems[-1].message
