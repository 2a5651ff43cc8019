"""Protocols in study files: what is accepted, what steps it gives, what is refused and how it is said."""

from pathlib import Path
from typing import Any

import pytest
from study_samples import cell

from fem.protocol import Cutoff, Protocol
from studies.errors import InputError
from studies.schema import Study
from studies.schema.protocol_steps import build_protocol, nominal_capacity
from studies.schema.published import json_schema

POLYMER = {"salt_concentration": "1 mol/L"}


def study(*entries: Any, dimension: Any = 1, **more: Any) -> dict[str, Any]:
    """A cell of two lithium electrodes with a polymer between them, as a mapping."""
    operation = {"protocol": list(entries), **more.pop("operation", {})}
    geometry = {
        "dimension": dimension,
        "layers": [
            {"name": "anode", "material": "Li", "thickness": "10 um"},
            {"name": "polymer", "material": "ideal-salt", "thickness": "50 um", "transport": POLYMER},
            {"name": "counter", "material": "Li", "thickness": "10 um"},
        ],
    }
    if dimension == 3:
        geometry |= {"width": "10 um", "depth": "10 um"}
    kinetics = {"kinetics": "butler-volmer", "exchange_current": "10 A/m^2"}
    interfaces = {"anode|polymer": kinetics, "polymer|counter": kinetics}
    return {
        "study": "sample",
        "geometry": geometry,
        "interfaces": interfaces,
        "operation": operation,
        **{"quantities": ["cell_voltage"], **more},
    }


def steps(*entries: Any, **more: Any) -> Protocol:
    made = Study.from_mapping(study(*entries, **more))
    again = Study.from_mapping(made.resolved())
    assert again == made
    assert again.hash == made.hash
    operation = made.operation
    assert operation.protocol is not None
    assert made.time is not None
    area = made.geometry.area
    capacity = nominal_capacity(operation.capacity, area)
    return build_protocol(operation.protocol, area, capacity, made.time, operation.stop_when)


def complaints(*entries: Any, **more: Any) -> dict[str, str]:
    with pytest.raises(InputError) as caught:
        Study.from_mapping(study(*entries, **more))
    return {p.path: p.message for p in caught.value.problems}


def test_constant_steps_and_rest() -> None:
    protocol = steps(
        {"current": "1 mA/cm^2", "for": "10 min", "until": {"voltage": "< 2.8 V"}, "record_every": "5 s"},
        {"voltage": "4.2 V", "for": "1 h", "until": {"current": "below 0.05 mA/cm^2"}, "name": "hold"},
        {"rest": "30 min", "initial_step": "1 ms"},
    )
    current, hold, rest = protocol.steps
    assert (current.control, current.values, current.duration, current.record) == ("current", (10.0,), 600.0, 5.0)
    assert current.cutoffs == (Cutoff("voltage", "below", 2.8),)
    assert (hold.name, hold.control, hold.values, hold.duration) == ("hold", "voltage", (4.2,), 3600.0)
    assert hold.cutoffs == (Cutoff("current", "below", 0.5),)
    assert rest.is_rest
    assert (rest.duration, rest.initial_step) == (1800.0, 1e-3)


def test_cutoffs_of_every_kind() -> None:
    (step,) = steps(
        {
            "current": "1 mA/cm^2",
            "for": "1 h",
            "until": {"voltage": ["below -1 V", "above 1 V"], "charge": "> 1 mAh/cm^2"},
            "stop_when": {"lowest_concentration": "below 10 mol/m^3", "in": "polymer"},
        },
        operation={"stop_when": {"voltage": ["below -3 V", "above 3 V"]}},
    ).steps
    assert step.cutoffs == (
        Cutoff("voltage", "below", -1.0),
        Cutoff("voltage", "above", 1.0),
        Cutoff("charge", "above", 36000.0),
        Cutoff("lowest_concentration", "below", 10.0, "polymer", "stop"),
        Cutoff("voltage", "below", -3.0, then="stop"),
        Cutoff("voltage", "above", 3.0, then="stop"),
    )


def test_limits_of_the_whole_protocol_leave_out_what_a_step_holds() -> None:
    limit = {"stop_when": {"voltage": "above 3 V", "current": "above 10 mA/cm^2"}}
    held, rest = steps({"voltage": "4 V", "for": "1 h"}, {"rest": "1 s"}, operation=limit).steps
    assert [c.quantity for c in held.cutoffs] == ["current"]
    assert [c.quantity for c in rest.cutoffs] == ["voltage"]


def test_pulses_jump_and_may_end_as_a_train() -> None:
    (train,) = steps(
        {"pulse": {"current": "1 A/m^2", "base": "0.1 A/m^2", "on": "10 s", "off": "20 s", "count": 2}}
    ).steps
    assert train.duration == 60.0
    assert train.jumps() == (10.0, 30.0, 40.0)
    assert [train.value_at(t) for t in (0.0, 5.0, 15.0, 35.0, 45.0)] == pytest.approx([1.0, 1.0, 0.1, 1.0, 0.1])
    (of_voltage,) = steps({"pulse": {"voltage": "50 mV", "base": "10 mV", "on": "1 s", "off": "1 s"}}).steps
    assert (of_voltage.control, of_voltage.value_at(0.5), of_voltage.value_at(1.5)) == ("voltage", 0.05, 0.01)


def test_ramps_by_time_and_by_rate() -> None:
    slow, scan = steps(
        {"ramp": {"from": "0 A/m^2", "to": "1 mA/cm^2", "over": "100 s"}},
        {"ramp": {"from": "0.5 V", "to": "-0.5 V", "rate": "10 mV/s"}},
    ).steps
    assert (slow.control, slow.duration) == ("current", 100.0)
    assert slow.value_at(50.0) == pytest.approx(5.0)
    assert (scan.control, scan.duration) == ("voltage", pytest.approx(100.0))
    assert scan.slope_at(10.0) == pytest.approx(-0.01)


def test_cycles_nest_and_rates_need_a_capacity() -> None:
    protocol = steps(
        {
            "cycle": [
                {"c_rate": 0.5, "for": "2 h"},
                {"cycle": [{"rest": "1 min"}], "times": 2},
                {"pulse": {"c_rate": -1, "on": "1 s", "off": "1 s"}},
            ],
            "times": 3,
        },
        operation={"capacity": "2 mAh/cm^2"},
    )
    assert len(protocol.steps) == 12
    assert protocol.steps[0].values == pytest.approx((10.0,))  # 1 mA/cm^2
    assert protocol.steps[3].value_at(0.5) == pytest.approx(-20.0)
    assert protocol.steps[2].name == "cycle 1: cycle 2: rest"
    assert "capacity" in complaints({"c_rate": 0.5, "for": "2 h"})["operation.protocol.0.c_rate"]


def test_totals_are_per_area_in_three_dimensions() -> None:
    (step,) = steps(
        {"current": "1 nA", "for": "1 s", "until": {"charge": "above 2 nC"}},
        {"c_rate": 1, "for": "1 h"},
        dimension=3,
        operation={"capacity": "3.6 uC"},
    ).steps[:1]
    assert step.values == pytest.approx((10.0,))
    assert step.cutoffs[0].value == pytest.approx(20.0)
    found = complaints({"current": "1 nA", "for": "1 s", "until": {"charge": "above 2 nC"}})
    assert "no total current" in found["operation.protocol.0.current"]
    assert "no total current" in found["operation.protocol.0.until"]


def test_tables_are_read_beside_the_study(tmp_path: Path) -> None:
    (tmp_path / "drive.csv").write_text("t,I\n0,0\n10,1\n10,2\n20,0\n", encoding="utf-8")
    head = study({"rest": "1 s"})
    text = """
operation:
  protocol:
    - {table: {file: drive.csv, time: min, current: {column: I, unit: mA/cm^2}, between: line}}
"""
    import yaml

    del head["operation"]
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(head) + text, encoding="utf-8")
    made = Study.load(path)
    assert made.operation.protocol is not None
    assert made.time is not None
    (step,) = build_protocol(made.operation.protocol, 1.0, None, made.time).steps
    assert (step.duration, step.jumps()) == (1200.0, (600.0,))
    assert [step.value_at(t) for t in (300.0, 599.999999, 600.0)] == pytest.approx([5.0, 10.0, 20.0])
    # the hash is that of the numbers, wherever the file lies
    other = tmp_path / "elsewhere"
    other.mkdir()
    for name in ("drive.csv", "study.yaml"):
        (other / name).write_bytes((tmp_path / name).read_bytes())
    assert Study.load(other / "study.yaml").hash == made.hash
    (other / "drive.csv").write_text("t,I\n0,0\n10,1\n20,0\n", encoding="utf-8")
    assert Study.load(other / "study.yaml").hash != made.hash


def test_tables_may_hold_their_values(tmp_path: Path) -> None:
    file = tmp_path / "drive.csv"
    file.write_text("0 1\n10 2\n30 7\n", encoding="utf-8")
    (step,) = steps({"table": {"file": str(file), "time": "s", "voltage": "mV", "between": "hold"}}).steps
    assert (step.control, step.duration) == ("voltage", 30.0)
    assert [step.value_at(t) for t in (0.0, 9.9, 10.0, 29.0)] == pytest.approx([1e-3, 1e-3, 2e-3, 2e-3])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "holds no numbers"),
        ("t,I\n", "no numbers"),
        ("0,1\n", "only one row"),
        ("1,1\n2,2\n", "must begin at 0"),
        ("0,1\n2,2\n1,3\n", "row 3"),
        ("0,1\n2,2\n2,3\n2,4\n3,5\n", "three times"),
        ("0,1\n2,nan\n", "not a finite number"),
        ("0,1\n2\n", "no column 2"),
        ("0,1\n2,1\n2,2\n", "nothing comes after"),
    ],
)
def test_tables_that_are_none(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "drive.csv"
    file.write_text(text, encoding="utf-8")
    found = complaints({"table": {"file": str(file), "time": "s", "current": "A/m^2"}})
    assert why in found["operation.protocol.0.table.file"]


@pytest.mark.parametrize(
    ("entry", "path", "why"),
    [
        ({}, "", "exactly one of"),
        ({"current": "1 A/m^2", "voltage": "1 V", "for": "1 s"}, "", "exactly one of"),
        ({"current": "1 A/m^2"}, "", "needs a longest time"),
        ({"rest": "1 s", "for": "1 s"}, "", "has its own times"),
        ({"rest": "0 s"}, ".rest", "must be positive"),
        ({"rest": 5}, ".rest", "no unit"),
        ({"rest": "1 s", "times": 3}, "", "times is for a cycle"),
        ({"cycle": [{"rest": "1 s"}]}, "", "number of times"),
        ({"cycle": [{"rest": "1 s"}], "times": 2, "until": {"voltage": "< 1 V"}}, "", "belongs to the entries"),
        ({"cycle": [{"rest": "1 m"}], "times": 2}, ".cycle.0.rest", "time"),
        ({"curent": "1 A/m^2", "for": "1 s"}, ".curent", "did you mean 'current'"),
        ({"current": "1 A/m^2", "for": "1 s", "until": {}}, ".until", "needs one of"),
        ({"current": "1 A/m^2", "for": "1 s", "until": {"voltage": "2.8 V"}}, ".until.voltage", "below or above"),
        ({"current": "1 A/m^2", "for": "1 s", "until": {"voltage": "< 2.8 A"}}, ".until.voltage", "potential"),
        (
            {"current": "1 A/m^2", "for": "1 s", "until": {"voltage": ["< 2 V", "> 1 V"]}},
            ".until.voltage",
            "always met",
        ),
        (
            {"current": "1 A/m^2", "for": "1 s", "until": {"voltage": ["< 2 V", "< 1 V"]}},
            ".until.voltage",
            "one below and one above",
        ),
        ({"current": "1 A/m^2", "for": "1 s", "until": {"current": "< 1 A/m^2"}}, ".until.current", "holds constant"),
        ({"voltage": "1 V", "for": "1 s", "until": {"current": "< -1 A/m^2"}}, ".until.current", "must be positive"),
        (
            {"rest": "1 s", "until": {"lowest_concentration": "< 1 mol/m^3", "in": "anode"}},
            ".until.in",
            "must be a region with `transport`: polymer",
        ),
        ({"rest": "1 s", "until": {"voltage": "< 1 V", "in": "polymer"}}, ".until", "not given"),
        ({"pulse": {"on": "1 s", "off": "1 s"}}, ".pulse", "exactly one of current"),
        ({"pulse": {"voltage": "1 V", "on": "1 s", "off": "1 s"}}, ".pulse", "as base"),
        ({"pulse": {"current": "1 A/m^2", "base": "1 V", "on": "1 s", "off": "1 s"}}, ".pulse", "must be a current"),
        ({"ramp": {"from": "1 V", "to": "1 A/m^2", "over": "1 s"}}, ".ramp", "both be"),
        ({"ramp": {"from": "1 V", "to": "2 V"}}, ".ramp", "over"),
        ({"ramp": {"from": "1 A/m^2", "to": "2 A/m^2", "rate": "1 mV/s"}}, ".ramp", "for voltages"),
        ({"table": {"file": "x.csv", "time": "V", "current": "A/m^2"}}, ".table", "no unit of time"),
        ({"table": {"file": "x.csv", "time": "s", "current": "V"}}, ".table", "no unit of current"),
        ({"table": {"file": "x.csv", "time": "s"}}, ".table", "exactly one of current and voltage"),
        ({"table": {"file": "no-such.csv", "time": "s", "current": "A/m^2"}}, ".table.file", "cannot read"),
    ],
)
def test_what_is_wrong_is_said_where(entry: dict[str, Any], path: str, why: str) -> None:
    found = complaints(entry)
    assert list(found) == [f"operation.protocol.0{path}"]
    assert why in found[f"operation.protocol.0{path}"]


def test_everything_wrong_is_said_at_once() -> None:
    found = complaints(
        {"current": "1 A/m^2"},
        {"rest": "1 V"},
        {"current": "1 A/m^2", "for": "1 s", "until": {"current": "< 1 A/m^2"}},
        operation={"current": "1 A/m^2"},
        time={"tolerance": 2.0},
    )
    assert {"operation.protocol.0", "operation.protocol.1.rest", "time.tolerance"} <= set(found)


def test_too_many_steps_are_refused() -> None:
    inner = {"cycle": [{"rest": "1 s"}], "times": 10000}
    assert "at most 20000" in complaints({"cycle": [inner], "times": 10000})["operation.protocol"]


def test_time_and_transport_need_a_protocol() -> None:
    data = study()
    data["operation"] = {"current": "1 A/m^2", "capacity": "1 mAh/cm^2", "stop_when": {"voltage": "< 1 V"}}
    data["time"] = {"tolerance": 1e-3}
    with pytest.raises(InputError) as caught:
        Study.from_mapping(data)
    assert {p.path for p in caught.value.problems} == {
        "operation.capacity",
        "operation.stop_when",
        "time",
        "geometry.layers.polymer.transport",
    }


@pytest.mark.parametrize(
    ("changes", "path", "why"),
    [
        ({"quantities": ["area_specific_resistance"]}, "quantities.0", "steady current"),
        (
            {"quantities": [{"mean_concentration": {"layer": "anode"}}]},
            "quantities.0.mean_concentration.layer",
            "polymer",
        ),
        ({"quantities": ["mean_lithiation"]}, "quantities.0", "no region"),
        ({"mesh": {"tolerance": "1 %"}}, "mesh.tolerance", "mesh family"),
    ],
)
def test_quantities_and_refinement_that_time_does_not_have(changes: dict[str, Any], path: str, why: str) -> None:
    found = complaints({"rest": "1 s"}, **changes)
    assert list(found) == [path]
    assert why in found[path]


def test_quantities_of_time_need_it() -> None:
    data = cell()
    data["quantities"] = ["passed_charge", "cell_voltage"]
    with pytest.raises(InputError) as caught:
        Study.from_mapping(data)
    assert "operation.protocol" in caught.value.problems[0].message


def test_defaults_are_written_out_and_steady_studies_stay_as_they_are() -> None:
    made = Study.from_mapping(study({"rest": "1 s"}))
    assert made.resolved()["time"] == {"tolerance": 1e-4, "checkpoint_every": "300 s"}
    assert "time" not in Study.from_mapping(cell()).resolved()


def test_the_published_schema_knows_the_words() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(json_schema())
    good = study(
        {"current": "1 mA/cm^2", "for": "1 h", "until": {"voltage": ["below 1 V", "> 2 V"]}},
        {"cycle": [{"rest": "1 s"}, {"ramp": {"from": "1 V", "to": "2 V", "rate": "1 mV/s"}}], "times": 2},
        {"table": {"file": "x.csv", "time": "s", "current": {"column": "I", "unit": "A/m^2"}}},
        time={"tolerance": 1e-3, "record_every": "1 s"},
    )
    assert [e.message for e in validator.iter_errors(good)] == []
    for entry in ({"curent": "1 A/m^2"}, {"rest": 5}, {"current": "1 A/m^2", "until": {"voltage": "1 V"}}):
        assert list(validator.iter_errors(study(entry))), entry
