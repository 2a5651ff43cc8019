"""Words for what breaks: what is refused, and what reaches the model."""

from __future__ import annotations

import math
from copy import deepcopy
from typing import Any, cast

import numpy as np
import pytest

from fem.energy.elastic import Elastic
from studies.errors import InputError
from studies.schema import Study

GOOD: dict[str, Any] = {
    "study": "broken",
    "geometry": {
        "dimension": 2,
        "width": "8 um",
        "layers": [
            {
                "name": "solid",
                "material": "LLZO",
                "thickness": "6 um",
                "conduction": "none",
                "fracture": {"length": "1 um", "flaws": [[["0 um", "3 um"], ["2 um", "3 um"]]]},
            }
        ],
    },
    "operation": {"current": "0 A/m^2", "stack_control": "fixed-gap", "stack_displacement": "-1 nm"},
    "discretisation": {"displacement_degree": 1},
    "mechanics": {"loading": {"steps": 2}},
    "mesh": {"bulk": "0.8 um", "error_estimate": "none"},
    "quantities": ["fracture_energy", "elastic_energy", "work_of_loads", "largest_damage"],
}


def changed(**changes: Any) -> dict[str, Any]:
    """The good study with values at key paths ``a__b`` (``layer__...``: of its layer)."""
    data = deepcopy(GOOD)
    for path, value in changes.items():
        keys = path.split("__")
        part = data["geometry"]["layers"][0] if keys[0] == "layer" else data
        for key in keys[1 if keys[0] == "layer" else 0 : -1]:
            part = part.setdefault(key, {})
        part[keys[-1]] = value
    return data


def test_a_good_study() -> None:
    """Stresses are on by themselves, and what is left out has its default."""
    study = Study.from_mapping(GOOD)
    assert study.mechanics.on
    given = study.body("solid").fracture
    assert given is not None
    assert (given.model, given.split, given.compensate) == ("AT1", "volumetric-deviatoric", True)
    assert study == Study.from_mapping(study.resolved())


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"layer__fracture__length": "0 um"}, "fracture.length", "positive"),
        ({"layer__fracture__flaws": [[["0 um", "3 um", "1 um"], ["2 um", "3 um", "1 um"]]]}, "fracture", "two coord"),
        ({"layer__fracture__split": "some"}, "fracture.split", "spectral"),
        ({"layer__fracture__grain_boundary": {"toughness": "1 J/m^2"}}, "grain_boundary", "no polycrystal"),
        ({"layer__material": "Li"}, "fracture.toughness", "no fracture_energy"),
        ({"layer__fracture": None, "quantities": ["fracture_energy"]}, "quantities", "no layer can break"),
        ({"layer__fracture": None, "operation__crack_filling": {"pressure": "1 MPa"}}, "crack_filling", "no layer can"),
        ({"operation__crack_filling": {"pressure": "1 MPa", "thickness": "1 nm"}}, "crack_filling", "one of pressure"),
        ({"operation__crack_filling": {"electrode": "anode"}}, "crack_filling.electrode", "there is no layer 'anode'"),
        ({"operation__crack_filling": {"electrode": "solid", "share": "5 %"}}, "share", "needs operation.protocol"),
        ({"operation__crack_filling": {"electrode": "solid"}}, "crack_filling.electrode", "must be equipotential or"),
        (
            {"layer__conduction": "equipotential", "operation__crack_filling": {"electrode": "solid"}},
            "crack_filling.electrode",
            "LLZO has no molar_volume",
        ),
        (
            {"layer__fracture__flaws": [], "operation__crack_filling": {"thickness": "1 nm"}},
            "operation.crack_filling",
            "needs a crack from the beginning",
        ),
        ({"operation__crack_filling": {"pressure": "1 MPa", "share": "5 %"}}, "crack_filling", "which metal"),
        ({"mesh__tolerance": "1 %"}, "mesh.tolerance", "breaks"),
        ({"mechanics__on": False}, "fracture", "switched off"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], key: str, words: str) -> None:
    """One message that names the key and what is allowed."""
    data = changed(**changes)
    if changes.get("layer__fracture", 1) is None:
        del data["geometry"]["layers"][0]["fracture"]
        data["quantities"] = changes.get("quantities", ["elastic_energy"])
    with pytest.raises(InputError) as caught:
        Study.from_mapping(data)
    text = str(caught.value)
    assert key in text
    assert words in text


def test_from_words_to_numbers() -> None:
    """A small load breaks nothing but the flaw: its energy is the toughness times its length, work is stored."""
    from mpi4py import MPI

    from studies.progress import Silent
    from studies.runner import run

    results = run(Study.from_mapping(GOOD), None, MPI.COMM_SELF, Silent())
    values = {name: item.value for name, item in results.quantities.items()}
    toughness = Study.from_mapping(GOOD).material("solid").value("fracture_energy", 298.15)
    assert values["fracture_energy"] == pytest.approx(toughness * 2 / 8, rel=0.5)
    assert values["work_of_loads"] == pytest.approx(values["elastic_energy"], rel=1e-3)
    assert values["largest_damage"] == pytest.approx(1.0)
    assert results.series["load"] == (0.0, 0.5, 1.0)


def test_boundaries_of_grains_of_a_particle() -> None:
    """Weaker within half their width from another grain of the same particle, not where two particles are near."""
    from studies.breaking import fracture_of

    toughness, width = {"toughness": "1 J/m^2", "width": "0.2 um"}, 0.2e-6
    words = {"length": "0.1 um", "toughness": "6 J/m^2", "grain_boundary": toughness}
    common = {"material": "NCM811", "layer": "solid", "radius": "1.5 um", "conduction": "none", "fracture": words}
    grains = {"grain_size": "1 um", "seed": 3}
    pair = [
        {"particle": {"name": name, "position": [f"{x} um"], "grains": grains, **common}}
        for name, x in (("left", 2.45), ("right", 5.5))
    ]
    data = changed(layer__fracture__flaws=[])
    data["geometry"]["features"] = pair
    study = Study.from_mapping(data)
    stack = study.stack()
    angle = np.linspace(0, 2 * math.pi, 400)
    ring = np.stack([2.45e-6 + 1e-6 * np.cos(angle), 3e-6 + 1e-6 * np.sin(angle)], axis=-1)
    feature: Any = stack.features[0]
    number = feature.grains_about(stack, ring)(np.zeros(2))
    edges = np.flatnonzero(number[1:] != number[:-1])
    assert len(edges) > 3
    away = np.linalg.norm(ring[:, None] - 0.5 * (ring[edges] + ring[edges + 1]), axis=2).min(axis=1)
    weak = cast(Any, fracture_of(study, "left.1", Elastic(140e9, 0.25)))
    values = weak.toughness.values(ring)
    assert set(values) == {1.0, 6.0}
    assert (values[away < 0.4 * width] == 1.0).all()
    # a boundary beside the ring may be near where those that it crosses are not
    assert (values[away > width] == 6.0).mean() > 0.8
    # what faces the other particle, 50 nm away, is what it is without it
    facing = np.array([[2.45e-6 + 1.49e-6, 3e-6 + dy] for dy in np.linspace(-0.4e-6, 0.4e-6, 41)])
    data["geometry"]["features"] = pair[:1]
    alone = cast(Any, fracture_of(Study.from_mapping(data), "left.1", Elastic(140e9, 0.25)))
    assert (weak.toughness.values(facing) == alone.toughness.values(facing)).all()
    assert (weak.toughness.values(facing) == 6.0).any()
