"""The resolved study: every default written out, reads back as the same study, one hash per content."""

from typing import Any

import pytest
import yaml
from study_samples import cell, changed, problems

from studies.errors import InputError
from studies.listing import catalogue
from studies.schema import Study
from studies.schema.overrides import apply_overrides, parse_assignments


@pytest.mark.parametrize("entry", catalogue(), ids=lambda e: e.name)
def test_resolved_reads_back_as_the_same(entry: Any) -> None:
    study = Study.load(entry.path)
    again = Study.from_text(yaml.safe_dump(study.resolved(), allow_unicode=True))
    assert again.resolved() == study.resolved()
    assert again.hash == study.hash
    assert again.stack() == study.stack()
    assert again.expectations() == study.expectations()
    assert again == study


def test_resolved_writes_defaults_with_units() -> None:
    data = changed({}).resolved()
    assert data["operation"]["working_electrode"] == "anode"
    assert data["operation"]["stack_control"] == "constant-pressure"
    assert data["mechanics"]["on"] is True
    assert data["geometry"]["layers"][0]["conduction"] == "equipotential"
    assert data["interfaces"]["anode|electrolyte"]["film_resistance"] == "5 Ω cm²"
    assert {"current_focusing": {"at": "anode|electrolyte"}} in data["quantities"]


def test_units_and_words_do_not_change_the_hash() -> None:
    one = changed({})
    other = changed(
        {
            "geometry.width": "0.02 mm",
            "operation.temperature": "298.15 K",
            "operation.current": "10 A/m^2",
            "title": "another",
            "checks": [{"quantity": "max_von_mises", "expect": "1 Pa", "within": 0.1}],
            "geometry.layers.anode.material": "lithium",
        }
    )
    assert one.hash == other.hash


def test_library_data_are_part_of_the_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    before = changed({}).hash
    other = changed({"geometry.layers.anode.properties": {"young_modulus": "1 GPa"}}).material("anode")
    monkeypatch.setattr(Study, "material", lambda self, layer: other)
    assert changed({}).hash != before


@pytest.mark.parametrize(
    "change",
    [
        {"geometry.width": "20.1 um"},
        {"geometry.layers.electrolyte.properties": {"ionic_conductivity": "1 S/m"}},
        {"interfaces.anode|electrolyte.kinetics": "linear"},
        {"operation.current": "2 mA/cm^2"},
        {"discretisation": {"degree": 1}},
        {"mesh.refinement": 2},
        {"quantities": ["cell_voltage"]},
    ],
)
def test_content_changes_the_hash(change: dict[str, Any]) -> None:
    assert changed(change).hash != changed({}).hash


def test_material_data_are_part_of_the_hash() -> None:
    data = {"geometry.layers.electrolyte.material": "own", "materials": {"own": {"based_on": "LLZO"}}}
    other = {**data, "materials": {"own": {"based_on": "LLZO", "ionic_conductivity": "1 S/m"}}}
    assert changed(data).hash != changed(other).hash


def test_material_of_a_layer_has_its_own_values() -> None:
    change = {"geometry.layers.electrolyte.properties": {"ionic_conductivity": "2 S/m"}}
    material = changed(change).material("electrolyte")
    assert material.value("ionic_conductivity") == 2
    assert material.value("young_modulus") == changed({}).material("electrolyte").value("young_modulus")
    with pytest.raises(KeyError):
        changed({}).material("nothing")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["0 A/m^2", "1 mA/cm^2"], [0, 10]),
        ({"from": "0 A/m^2", "to": "4 A/m^2", "points": 3}, [0, 2, 4]),
        ({"from": "1 A/m^2", "to": "100 A/m^2", "points": 3, "spacing": "log"}, [1, 10, 100]),
        (
            {"from": "1 A/m^2", "to": "100 A/m^2", "points": 2, "spacing": "log", "include_zero": "on"},
            [0, 1, 100],
        ),
        ({"from": "-1 A/m^2", "to": "1 A/m^2", "points": 3}, [-1, 0, 1]),
    ],
)
def test_sweeps(given: Any, expected: list[float]) -> None:
    study = changed({"operation.current": None, "operation.sweep": {"current": given}})
    assert study.current_densities == pytest.approx(expected)
    assert Study.from_mapping(study.resolved()).current_densities == study.current_densities


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"from": "0 A/m^2", "to": "1 A/m^2"}, "points"),
        ({"from": "0 A/m^2", "to": "1 A/m^2", "points": 3, "spacing": "log"}, "same sign"),
        ({"from": "1 A/m^2", "to": "1 A/m^2", "points": 3}, "differ"),
        ({"from": "1 A/m^2", "to": "1 mA", "points": 3}, "mixed"),
        ([], "at least 1"),
        (["3 V"], "dimension"),
        ("3 A", "mapping"),
    ],
)
def test_sweeps_that_are_none(given: Any, words: str) -> None:
    found = problems({"operation.current": None, "operation.sweep": {"current": given}})
    assert any(words in p.message for p in found.values()), found


def test_total_current_over_the_area() -> None:
    layers = cell()["geometry"]["layers"]
    round_cell = {"geometry": {"dimension": "axisymmetric", "width": "10 um", "layers": layers}}
    quantities = {"quantities": ["cell_voltage"]}
    study = changed({**round_cell, **quantities, "operation.current": "1 nA"})
    assert study.current_densities == pytest.approx([1e-9 / (3.141592653589793 * 1e-10)])


def test_labels_of_quantities_asked_for_twice() -> None:
    two = [{"max_von_mises": {"layer": "anode"}}, {"max_von_mises": {"layer": "electrolyte"}}]
    study = changed({"quantities": two})
    assert [q.label for q in study.quantities] == ["max_von_mises[anode]", "max_von_mises[electrolyte]"]
    assert Study.from_mapping(study.resolved()).resolved() == study.resolved()


def test_expectations_in_si() -> None:
    checks = [
        {"quantity": "max_von_mises", "expect": "5 MPa", "within": "10 %"},
        {"quantity": "max_von_mises", "expect": "5 MPa", "tolerance": "1 kPa"},
    ]
    relative, absolute = changed({"checks": checks}).expectations()
    assert (relative.expected, relative.tolerance, relative.relative) == pytest.approx((5e6, 5e5, 0.1))
    assert (absolute.tolerance, absolute.relative) == (pytest.approx(1e3), None)


def test_sizes_follow_the_refinement() -> None:
    coarse = changed({"mesh": {"bulk": "4 um", "edge": "100 nm"}}).sizes()
    fine = changed({"mesh": {"bulk": "4 um", "edge": "100 nm", "refinement": 2}}).sizes()
    assert (coarse.bulk, coarse.edge, coarse.factor) == pytest.approx((4e-6, 1e-7, 1))
    assert fine.factor == pytest.approx(0.5)


# ------------------------------------------------------------------ overrides
def test_assignments_are_read_like_the_file() -> None:
    given = parse_assignments(["a.b=1 um", "c=[x, y]", "d=3", "e=", "f=a=b"])
    assert given == {"a.b": "1 um", "c": ["x", "y"], "d": 3, "e": None, "f": "a=b"}


def test_all_bad_assignments_are_named() -> None:
    with pytest.raises(InputError) as caught:
        parse_assignments(["a", "=3", "b=[1,"])
    assert len(caught.value.problems) == 3


def test_overrides_reach_lists_by_name_and_number() -> None:
    data, done, wrong = apply_overrides(
        cell(),
        {"geometry.layers.counter.thickness": "1 um", "geometry.features.0.void.radius": "2 um", "x.y": 1},
    )
    assert data["geometry"]["layers"][2]["thickness"] == "1 um"
    assert data["geometry"]["features"][0]["void"]["radius"] == "2 um"
    assert data["x"] == {"y": 1}
    assert ("geometry", "layers", 2, "thickness") in done
    assert not wrong


def test_overrides_leave_the_given_data_alone() -> None:
    data = cell()
    changed_data, _, _ = apply_overrides(data, {"study": "other"})
    assert (data["study"], changed_data["study"]) == ("sample", "other")


@pytest.mark.parametrize("path", ["geometry.layers.cathode.thickness", "study.name", "geometry.features.7.void"])
def test_overrides_that_reach_nothing(path: str) -> None:
    assert f"--set {path}" in problems({path: 1})
