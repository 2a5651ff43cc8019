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


def test_a_wrong_word_does_not_mean_that_nothing_breaks() -> None:
    """What asks for fracture does not complain of the layer whose fracture is wrong."""
    with pytest.raises(InputError) as caught:
        Study.from_mapping(changed(layer__fracture__length="0 um", operation__crack_filling={"pressure": "1 MPa"}))
    assert caught.value.problems[0].path == "geometry.layers.solid.fracture.length"
    assert "no layer can break" not in str(caught.value)


def test_a_flaw_beside_what_breaks() -> None:
    """A path that meets nothing is told, not left out."""
    from mpi4py import MPI

    from studies.progress import Silent
    from studies.runner import run

    study = Study.from_mapping(changed(layer__fracture__flaws=[[["0 um", "9 um"], ["2 um", "9 um"]]]))
    with pytest.raises(InputError, match=r"solid\.fracture\.flaws\.0.*9 µm.*\n.*nothing may break"):
        run(study, None, MPI.COMM_SELF, Silent())


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


def test_boundaries_of_grains_of_particles() -> None:
    """Weaker within half their width from another grain of the same particle, not where two particles are near."""
    from studies.breaking import fracture_of

    width = 0.2e-6
    boundary = {"toughness": "1 J/m^2", "width": "0.2 um"}
    words = {"length": "0.1 um", "toughness": "6 J/m^2", "grain_boundary": boundary}
    common = {"name": "grains", "material": "NCM811", "layer": "solid", "radius": "1.2 um", "conduction": "none"}
    many = {"volume_fraction": "50 %", "minimum_distance": "0.05 um", "grains": {"grain_size": "1 um", "seed": 3}}
    data = changed(layer__fracture__flaws=[])
    data["geometry"]["features"] = [{"packing": {**common, **many, "fracture": words}}]
    study = Study.from_mapping(data)
    weak = cast(Any, fracture_of(study, "grains.1", Elastic(140e9, 0.25)))
    stack = study.stack()
    feature: Any = stack.features[0]
    solids, grains = feature.solids(stack), feature.grains_of(stack)
    centres = np.array([solid.centre for solid in solids])
    angle = np.linspace(0, 2 * math.pi, 120)
    shifts = [0.5 * width * np.array([math.cos(a), math.sin(a)]) for a in np.arange(12) * math.pi / 6]
    passed = False
    for i, solid in enumerate(solids):
        ring = solid.centre + 1.19e-6 * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        x = ring - (solid.centre - solid.extents)
        near = np.any([grains[i].locate(x + shift) != grains[i].locate(x) for shift in shifts], axis=0)
        assert 0 < near.mean() < 1
        assert (weak.toughness.values(ring) == np.where(near, 1.0, 6.0)).all()
        others = [np.linalg.norm((ring + s)[:, None] - centres, axis=2).argmin(axis=1) for s in shifts]
        passed |= bool(np.any(np.array(others) != i))
    assert passed
