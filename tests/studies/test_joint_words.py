"""Words for contact and cohesion: what is refused, what reaches the model, and what current passes."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from mpi4py import MPI

from studies.errors import InputError
from studies.progress import Silent
from studies.schema import Study
from studies.solving import Session

CONTACT: dict[str, Any] = {
    "study": "pressed",
    "geometry": {
        "dimension": 2,
        "width": "8 um",
        "layers": [
            {"name": "anode", "material": "Li", "thickness": "4 um"},
            {"name": "electrolyte", "material": "LLZO", "thickness": "4 um", "properties": {}},
            {"name": "counter", "material": "Li", "thickness": "4 um"},
        ],
    },
    "interfaces": {
        "anode|electrolyte": {
            "kinetics": "linear",
            "exchange_current": "25.69257912 A/m^2",
            "stress_shift": False,
            "contact": {"rough": {"model": "plastic"}},
        },
        "electrolyte|counter": {"kinetics": "perfect"},
    },
    "operation": {"current": "1 A/m^2", "stack_pressure": "1.2 MPa", "temperature": "298.15 K"},
    "mechanics": {"loading": {"steps": 3}},
    "mesh": {"bulk": "2 um", "error_estimate": "none"},
    "quantities": ["kinetic_resistance", "contact_pressure", "contact_fraction", "closed_fraction", "gap", "lost_work"],
}


def changed(at: str = "", value: Any = None, **interface: Any) -> dict[str, Any]:
    """The study with another value at a dotted path, and other words at the first interface."""
    data = deepcopy(CONTACT)
    words = data["interfaces"]["anode|electrolyte"]
    for key, word in interface.items():
        if word is None:
            words.pop(key, None)
        else:
            words[key] = word
    part: Any = data
    *way, last = at.split(".") if at else [""]
    for key in way:
        part = part.setdefault(key, {})
    if at:
        part[last] = value
    return data


def in_time(quantity: str, **words: Any) -> dict[str, Any]:
    """The study with a rest, and other words beside."""
    data = changed("quantities", [quantity])
    data["operation"] = {"protocol": [{"rest": "1 s", "stack_pressure": "1.2 MPa"}], "temperature": "298.15 K"}
    return data | words


BOND = {"strength": "1 MPa", "toughness": "0.1 J/m^2"}


@pytest.mark.parametrize(
    ("data", "key", "words"),
    [
        (changed(cohesive=BOND), "contact", "contact or cohesive"),
        (changed(contact=None, cohesive={"strength": "1 MPa"}), "", ""),
        (changed(contact={"friction": "some"}), "friction", "sticking"),
        (changed(contact={"rough": {"model": "persson"}}), "rough", "needs slope"),
        (changed(contact={"rough": {"model": "plastic", "slope": 0.1}}), "rough", "plastic contact has a hardness"),
        (changed(contact=None, cohesive={"toughness": "1 J/m^2"}), "cohesive.strength", "required"),
        (changed(kinetics="perfect", exchange_current=None), "kinetics", "no resistance that grows"),
        (changed("mesh.tolerance", "1 %"), "mesh.tolerance", "interfaces part"),
        (changed("mechanics.on", False), "contact", "switched off"),
        (in_time("critical_load"), "critical_load", "ask for critical_time"),
        (in_time("contact_pressure", impedance={"frequencies": ["1 Hz", "1 kHz"]}), "contact", "without impedance"),
        (changed("quantities", ["debonded_fraction"]), "quantities", "give one `cohesive`"),
        (changed(contact=None), "quantities", "no interface can part"),
    ],
)
def test_what_is_refused(data: dict[str, Any], key: str, words: str) -> None:
    """One message that names the key and what is allowed."""
    if not words:
        data["quantities"] = ["debonded_fraction"]
        assert Study.from_mapping(data).interfaces["anode|electrolyte"].cohesive is not None
        return
    with pytest.raises(InputError) as caught:
        Study.from_mapping(data)
    assert key in str(caught.value)
    assert words in str(caught.value)


def test_all_problems_at_once() -> None:
    """Three wrong things, three messages."""
    data = changed("mesh.tolerance", "1 %", cohesive=BOND, kinetics="perfect", exchange_current=None)
    with pytest.raises(InputError) as caught:
        Study.from_mapping(data)
    assert len(caught.value.problems) >= 3


def test_a_study_is_read_back() -> None:
    """Defaults written out, it is the same."""
    study = Study.from_mapping(CONTACT)
    assert study.mechanics.on
    assert study == Study.from_mapping(study.resolved())


@pytest.mark.mpi
def test_pressure_decides_what_conducts() -> None:
    """Half of the hardness of 3 * 0.8 MPa: half of the interface conducts, and charge transfer costs twice as much."""
    session = Session(Study.from_mapping(CONTACT), MPI.COMM_WORLD, 1.0, Silent())
    values = session.solve_at(session.currents[-1]).values
    assert values["contact_fraction"] == pytest.approx(0.5, rel=1e-6)
    assert values["contact_pressure"] == pytest.approx(1.2e6, rel=1e-6)
    assert values["kinetic_resistance"] == pytest.approx(2e-3, rel=1e-4)
    assert values["gap"] == pytest.approx(0.0, abs=1e-15)
    series = session.series()
    assert series["contact_fraction"] == pytest.approx([k / 6 for k in (1, 2, 3)], rel=1e-6)
    assert series["load"] == pytest.approx([1 / 3, 2 / 3, 1.0])
    session.destroy()


def test_open_passes_nothing() -> None:
    """A rounded lithium that touches on a part only: the current of the closed part, the rest is open."""
    data = changed(contact={"crown_radius": "1 mm", "rough": None})
    data["interfaces"]["anode|electrolyte"]["contact"].pop("rough")
    data["geometry"]["layers"][1]["properties"] = {"ionic_conductivity": "1e4 S/m"}
    data["mesh"]["interface"] = "0.5 um"
    session = Session(Study.from_mapping(data), MPI.COMM_SELF, 1.0, Silent())
    values = session.solve_at(session.currents[-1]).values
    assert 0.1 < values["closed_fraction"] < 0.8
    assert values["contact_fraction"] == pytest.approx(values["closed_fraction"], rel=1e-12)
    # the conductor is ideal: the charge transfer of 1 mohm m^2 acts on what is closed alone
    assert values["kinetic_resistance"] == pytest.approx(1e-3 / values["closed_fraction"], rel=1e-2)
    assert abs(values["lost_work"]) < 1e-9
    session.destroy()
