"""Words for faces of cracks that touch, and for what passes an interface directly."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from mpi4py import MPI

from fem.interface.contact import Contact
from fem.interface.permeable import Permeable
from studies.build import build_model
from studies.errors import InputError
from studies.schema import Study
from studies.solving import make_mesh

CRACKED: dict[str, Any] = {
    "study": "cracked",
    "geometry": {
        "dimension": 2,
        "width": "8 um",
        "layers": [{"name": "body", "material": "LLZO", "thickness": "8 um", "conduction": "none"}],
        "features": [
            {"crack": {"path": [["2 um", "4 um"], ["6 um", "4 um"]], "name": "slit", "contact": "sticking"}},
            {"crack": {"path": [["2 um", "6 um"], ["6 um", "6 um"]], "name": "free"}},
        ],
    },
    "operation": {"stack_pressure": "1 MPa"},
    "mesh": {"bulk": "4 um", "edge": "1 um", "error_estimate": "none"},
    "quantities": ["contact_pressure", "closed_fraction", {"crack_opening": {"crack": "slit"}}],
}
HOST = {"material": "NCM811", "thickness": "4 um", "conduction": "electronic", "transport": {"lithiation": 0.5}}
HOSTS: dict[str, Any] = {
    "study": "hosts",
    "geometry": {"dimension": 1, "layers": [{"name": "low", **HOST}, {"name": "high", **HOST}]},
    "interfaces": {"low|high": {"permeability": "2 nm/s", "electronic_resistance": "1 ohm*cm^2"}},
    "operation": {"protocol": [{"name": "rest", "rest": "1 s"}]},
}
SALT = {"material": "ideal-salt", "thickness": "4 um", "conduction": "ionic"}
MIXED = {"salt_concentration": "1 mol/L", "ionic_liquid": {"concentration": "1 mol/L"}}
SALTS: dict[str, Any] = {
    **HOSTS,
    "study": "salts",
    "geometry": {
        "dimension": 1,
        "layers": [
            {"name": "low", **SALT, "transport": {"salt_concentration": "1 mol/L", "model": "dilute"}},
            {"name": "high", **SALT, "transport": {"salt_concentration": "0.8 mol/L", "model": "dilute"}},
        ],
    },
    "interfaces": {"low|high": {"permeability": "2 nm/s"}},
}


def changed(base: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The study with another value at a path of keys and numbers."""
    data = deepcopy(base)
    *way, last = [int(k) if k.isdigit() else k for k in path.split("/")]
    place: Any = data
    for key in way:
        place = place.setdefault(key, {}) if isinstance(key, str) else place[key]
    place[last] = value
    return data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (changed(CRACKED, "geometry/features/0/crack/opening", "0.1 um"), "walls of a notch do not touch"),
        (changed(CRACKED, "geometry/features/1/crack/name", "slit"), "are one"),
        (changed(CRACKED, "discretisation", {"displacement_degree": 1}), "touch need 2"),
        (changed(CRACKED, "mesh/tolerance", "1 %"), "cannot be met"),
        (changed(CRACKED, "geometry/layers/0/fracture", {"length": "1 um"}), "either layers break"),
        (changed(CRACKED, "geometry/features/0/crack/contact", {"friction": "some"}), "sticking"),
        (changed(HOSTS, "interfaces/low|high/permeability", "-1 m/s"), "permeability"),
        (changed(HOSTS, "geometry/layers/1/transport", None), "high stores nothing"),
        (changed(HOSTS, "geometry/layers/1", SALTS["geometry"]["layers"][1]), "one side holds lithium"),
        (changed(SALTS, "geometry/layers/1/material", "PEO-LiTFSI"), "only one electrolyte passes"),
        (changed(SALTS, "geometry/layers/1/transport/model", "concentrated"), "only one electrolyte passes"),
        (changed(SALTS, "geometry/layers/1/transport", MIXED), "ionic liquid have none"),
    ],
)
def test_what_is_refused(data: dict[str, Any], words: str) -> None:
    """Each with words that say why."""
    with pytest.raises(InputError) as caught:
        Study.from_mapping(data)
    assert words in str(caught.value)


def test_a_study_is_read_back() -> None:
    """With its defaults filled in, as the same."""
    for data in (CRACKED, HOSTS, SALTS):
        study = Study.from_mapping(data)
        assert study == Study.from_mapping(study.resolved())


def test_words_reach_the_model() -> None:
    """Stress is computed because faces touch; one slit has a law, the other is open; fluxes have a law."""
    study = Study.from_mapping({k: v for k, v in CRACKED.items() if k != "operation"} | {"operation": {}})
    assert study.mechanics.on

    model = build_model(study, make_mesh(study, MPI.COMM_SELF), None)
    assert model.joint_laws == {"slit": Contact(sticking=True)}
    assert {"slit:faces", "free:lower", "free:upper"} <= set(model.geometry.tagged.facets)
    hosts = Study.from_mapping(HOSTS)
    model = build_model(hosts, make_mesh(hosts, MPI.COMM_SELF), 0.0)
    assert Permeable(2e-9) in model.interfaces["low|high"]
    assert model.transport is not None
    assert model.transport.fields["low"] is not model.transport.fields["high"]
