"""How many cells are foreseen, and what a refusal names."""

from __future__ import annotations

from typing import Any

import pytest
from mesh_samples import LOW, UM, stack

from meshes import ContactSpot, MeshProblem, MeshSizes, RandomVoids, Void
from meshes.expected import count_cells
from meshes.features.coating import Coating
from meshes.features.contact_pattern import ContactFrame
from meshes.features.crack import Crack
from meshes.features.packing import Packing
from meshes.features.shapes_of_bodies import Shape
from meshes.films import Coat
from meshes.generate import generate_arrays

SIZES = MeshSizes(growth=1.5, edge_fraction=0.4, wall_fraction=0.5)


@pytest.mark.parametrize(
    ("dimension", "feature", "sizes"),
    [
        ("2", Crack(((0.0, 30 * UM), (5 * UM, 30 * UM))), MeshSizes(growth=1.3)),
        ("2", RandomVoids(Void(LOW, UM, UM), 0.4, seed=1), MeshSizes(growth=1.3)),
        ("2", ContactFrame(LOW, 0.1), MeshSizes(growth=1.3)),
        ("axisymmetric", Void(LOW, 3 * UM, 2 * UM), MeshSizes(growth=1.3)),
        ("3", RandomVoids(Void(LOW, 2 * UM, UM), 0.3, seed=1), SIZES),
        ("3", Packing(Shape(2 * UM), "electrolyte", 0.1, seed=1), SIZES),
        ("3", Packing(Shape(2 * UM), "electrolyte", 0.1, seed=1, coats=(Coat("film", 0.02 * UM, cells=5),)), SIZES),
        ("2", Coating(LOW, (Coat("film", 0.02 * UM, cells=9),)), MeshSizes(growth=1.3)),
    ],
)
def test_cells_of_features_are_foreseen(dimension: Any, feature: Any, sizes: MeshSizes) -> None:
    s = stack(dimension, feature)
    foreseen = count_cells(s, sizes)
    assert 0.5 < foreseen.cells / len(generate_arrays(s, sizes).cells) < 2
    assert foreseen.of_features[0] > 0.1 * foreseen.cells


TINY = Void(LOW, 3 * UM, UM, position=(10 * UM, 10 * UM), name="pit")


@pytest.mark.parametrize(
    ("dimension", "feature", "sizes", "key"),
    [
        ("3", TINY, MeshSizes(edge=1e-11), "edge"),
        ("3", TINY, MeshSizes(wall=2e-8), "wall"),
        ("3", ContactSpot(LOW, 1e-6), MeshSizes(edge=1e-12), "edge"),
        ("3", Crack(((0.0, 30 * UM), (5 * UM, 30 * UM)), name="hairline"), MeshSizes(edge=1e-12), "bulk"),
        ("3", Packing(Shape(2 * UM), "electrolyte", 0.1, seed=1), MeshSizes(wall_fraction=0.01), "bulk"),
    ],
)
def test_refusals_name_what_needs_too_many_cells(dimension: Any, feature: Any, sizes: MeshSizes, key: str) -> None:
    s = stack(dimension, feature)
    (problem,) = sizes.problems(s)
    assert problem.path == key
    assert f"{feature.name} (features[0])" in problem.message
    with pytest.raises(MeshProblem, match="cells"):
        generate_arrays(s, sizes)


def test_small_things_are_cheap_in_two_dimensions() -> None:
    s = stack("2", ContactSpot(LOW, 1e-6))
    sizes = MeshSizes(edge=1e-12)
    assert sizes.problems(s) == []
    # rings of cells about each edge: their number grows like the logarithm of the size
    assert 2e3 < count_cells(s, sizes).cells < 2e4


def test_samples_of_boxes_stand_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    s = stack("3", RandomVoids(Void(LOW, UM, 0.5 * UM), 0.3, seed=1))
    few = count_cells(s, SIZES)
    monkeypatch.setattr("meshes.expected._MOST_BOXES", 200_000)
    many = count_cells(s, SIZES)
    assert few.cells == pytest.approx(many.cells, rel=0.1)
    assert few.cells != many.cells
