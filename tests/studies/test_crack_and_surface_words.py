"""Study files with cracks, rough interfaces and contact patterns: what they build, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from meshes.features.contact_image import ContactImage
from meshes.features.crack import Crack
from meshes.features.roughness import Roughness
from studies.errors import InputError
from studies.fracture import crack_names, front_distance, tip_number
from studies.schema import Study

UM = 1e-6


def text(*features: str, dimension: str = "2", more: str = "") -> str:
    """A study with the given features."""
    lines = "\n".join(f"    - {feature}" for feature in features)
    depth = "\n  depth: 20 um" if dimension == "3" else ""
    return f"""
study: sample
geometry:
  dimension: {dimension}
  width: 20 um{depth}
  layers:
    - {{name: anode, material: Li, thickness: 10 um}}
    - {{name: electrolyte, material: LLZO, thickness: 20 um}}
    - {{name: counter, material: Li, thickness: 10 um}}
  features:
{lines}
interfaces:
  anode|electrolyte: {{kinetics: butler-volmer, exchange_current: 10 A/m^2}}
  electrolyte|counter: {{kinetics: butler-volmer, exchange_current: 10 A/m^2}}
operation: {{current: 1 mA/cm^2, stack_pressure: 5 MPa}}
{more}
"""


CRACK = "crack: {path: [[0 um, 20 um], [8 um, 20 um]]}"


@pytest.mark.parametrize(
    ("dimension", "feature"),
    [
        ("2", CRACK),
        ("2", "crack: {path: [[0 um, 20 um], [8 um, 20 um]], opening: 100 nm, profile: wedge}"),
        ("axisymmetric", "penny_crack: {height: 20 um, radius: 5 um}"),
        ("3", "penny_crack: {height: 20 um, radius: 5 um, tilt: 30 deg, position: [10 um, 10 um]}"),
        ("2", "delamination: {at: anode|electrolyte, radius: 3 um, position: 20 um}"),
        ("2", "waviness: {at: anode|electrolyte, amplitude: 1 um, wavelength: 10 um, phase: 180 deg}"),
        ("3", "roughness: {at: electrolyte|counter, rms: 500 nm, shortest: 5 um, hurst: 0.7, seed: 3}"),
        ("3", "contact_stripes: {at: anode|electrolyte, count: 3, area_fraction: 30 %, along: x}"),
        ("axisymmetric", "contact_frame: {at: anode|electrolyte, area_fraction: 0.4}"),
        ("3", "contact_array: {at: anode|electrolyte, count: [2, 3], area_fraction: 20 %}"),
        ("2", "random_contacts: {at: anode|electrolyte, radius: 1 um, area_fraction: 30 %, seed: 2}"),
        ("3", 'contact_image: {at: anode|electrolyte, rows: ["#..", ".##"]}'),
    ],
)
def test_features_are_read_and_read_back(dimension: str, feature: str) -> None:
    study = Study.from_text(text(feature, dimension=dimension))
    stack = study.stack()
    assert stack.problems() == []
    assert len(stack.features) == 1
    again = Study.from_mapping(study.model_dump(mode="json", by_alias=True, exclude_unset=True))
    assert again.stack() == stack


def test_lengths_and_angles_arrive_in_si() -> None:
    stack = Study.from_text(text(CRACK, "roughness: {at: anode|electrolyte, rms: 300 nm, shortest: 4 um}")).stack()
    assert stack.features == (Crack(((0.0, 20e-6), (8e-6, 20e-6))), Roughness("anode|electrolyte", 3e-7, 4e-6))
    assert crack_names(stack) == ["crack"]
    assert tip_number(stack, "crack") == 1


def problems(*features: str, **kwargs: Any) -> str:
    with pytest.raises(InputError) as caught:
        Study.from_text(text(*features, **kwargs))
    return str(caught.value)


def test_problems_of_the_mesh_name_the_key_of_the_file() -> None:
    found = problems("crack: {path: [[0 um, 20 um], [30 um, 20 um]]}")
    assert "geometry.features.0.crack.path" in found
    assert "outside of the model" in found
    found = problems("waviness: {at: anode|electrolyte, amplitude: 12 um, wavelength: 10 um}")
    assert "geometry.features.0.waviness.amplitude" in found
    assert "no room" in found


@pytest.mark.parametrize(
    ("quantity", "said"),
    [
        ("energy_release_rate: {tip: 2}", "has 1 tips within the model"),
        ("energy_release_rate: {tip: 0}", "whole number from 1"),
        ("stress_intensity: {crack: other}", "must be one of crack"),
        ("stress_intensity: {mode: III}", "must be one of I, II"),
    ],
)
def test_quantities_of_cracks_need_their_tip(quantity: str, said: str) -> None:
    assert said in problems(CRACK, more=f"quantities:\n  - {quantity}")


def test_the_only_crack_is_meant() -> None:
    study = Study.from_text(text(CRACK, more="quantities: [stress_intensity, energy_release_rate, crack_opening]"))
    assert [q.parameters.get("crack") for q in study.quantities] == ["crack"] * 3
    found = problems(CRACK, CRACK.replace("}", ", name: other}"), more="quantities: [crack_opening]")
    assert "one of crack, other" in found


def test_waves_are_no_contact_edge() -> None:
    wave = "waviness: {at: anode|electrolyte, amplitude: 1 um, wavelength: 10 um}"
    found = problems(wave, more="quantities:\n  - current_focusing: {at: anode|electrolyte, distance: 1 um}")
    assert "no contact edge" in found


def test_picture_is_read_from_a_file_beside_the_study(tmp_path: Path) -> None:
    # rows of an array are rows of the picture: the first at the back
    np.save(tmp_path / "contact.npy", np.array([[0, 2, 1], [1, 0, 0]], dtype=np.uint8))
    path = tmp_path / "sample.yaml"
    path.write_text(text("contact_image: {at: anode|electrolyte, file: contact.npy}", dimension="3"), encoding="utf-8")
    (feature,) = Study.load(path).stack().features
    assert isinstance(feature, ContactImage)
    assert feature.rows == (".##", "#..")
    chosen = path.read_text(encoding="utf-8").replace("contact.npy", "contact.npy, contact: 2")
    path.write_text(chosen, encoding="utf-8")
    (feature,) = Study.load(path).stack().features
    assert isinstance(feature, ContactImage)
    assert feature.rows == (".#.", "...")
    path.write_text(chosen.replace("contact.npy", "missing.npy"), encoding="utf-8")
    with pytest.raises(InputError, match="no such image"):
        Study.load(path)


def test_distance_from_crack_fronts() -> None:
    stack = Study.from_text(text(CRACK)).stack()
    distance = front_distance(stack)
    assert distance is not None
    assert distance(np.array([[8 * UM, 23 * UM], [5 * UM, 16 * UM]])) == pytest.approx([3 * UM, 5 * UM])
    assert (
        front_distance(Study.from_text(text("contact_frame: {at: anode|electrolyte, area_fraction: 0.4}")).stack())
        is None
    )


def test_a_crack_that_the_load_closes_is_remarked() -> None:
    """Stack pressure shuts a crack along the layers; shrinkage opens one across them."""
    from mpi4py import MPI

    from studies.progress import Silent
    from studies.runner import run

    mesh = "mesh: {bulk: 3 um, edge: 500 nm}\nquantities: [crack_opening]\npictures: []"
    shut = run(Study.from_text(text(CRACK, more=mesh)), None, MPI.COMM_SELF, Silent())
    assert shut.quantities["crack_opening"].value < 0
    assert any("closes crack 'crack'" in note for note in shut.solver.notes)
    upright = text("crack: {path: [[10 um, 15 um], [10 um, 25 um]]}", more=mesh)
    shrinking = upright.replace("thickness: 20 um}", "thickness: 20 um, eigenstrain: -0.1 %}")
    opened = run(Study.from_text(shrinking), None, MPI.COMM_SELF, Silent())
    assert opened.quantities["crack_opening"].value > 0
    assert not any("closes crack" in note for note in opened.solver.notes)
