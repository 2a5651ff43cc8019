"""Rare neighbours that random models have met: each of them by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from body_samples import assert_sound
from mesh_samples import LOW, UM, facet_sizes, stack

from meshes import MeshError, MeshSizes, RandomVoids, Void
from meshes.features.block import Block
from meshes.features.coating import Coating
from meshes.features.contact_pattern import RandomContacts
from meshes.features.packing import Packing
from meshes.features.particle import Particle
from meshes.features.shapes_of_bodies import Shape
from meshes.films import Coat
from meshes.generate import generate_arrays
from meshes.random.grains import GrainStructure, grow

SIZES = MeshSizes(growth=1.5, edge_fraction=0.2)


def test_a_hole_beside_a_body_has_a_wall_towards_it() -> None:
    block = Block("electrolyte", "block", x=(8 * UM, 20 * UM), z=(0, 6 * UM))
    s = stack("2", block, Void(LOW, 3 * UM, 2 * UM, into="electrolyte", position=(8 * UM,)))
    assert s.problems() == []
    arrays = generate_arrays(s, SIZES)
    assert_sound(arrays, s)
    sizes = facet_sizes(arrays)
    # one half of the void lies in the block, the other in the electrolyte
    assert sizes["void|block"] == pytest.approx(sizes["void|electrolyte"], rel=1e-2)


@pytest.mark.parametrize(
    "many", [RandomVoids(Void(LOW, UM, UM), 0.3), RandomContacts(LOW, UM, 0.3), Packing(Shape(UM), "electrolyte", 0.1)]
)
def test_many_of_anything_beside_an_axis_is_refused_once(many: Any) -> None:
    # what asks its neighbours for their places gets no answer: the neighbour says what is wrong, and only it
    ball = Particle(Shape(2 * UM), layer="electrolyte", name="ball")
    s = stack("axisymmetric", many, ball)
    (problem,) = s.problems()
    assert problem.path.startswith("features[0]")
    assert "axisymmetric" in problem.message
    if not isinstance(many, Packing):
        with pytest.raises(MeshError, match=r"axisymmetric|2 and 3 dimensions"):
            many.openings(s)


@pytest.mark.parametrize("size", [(0.12, 0.12), (0.2, 0.2, 0.9), (0.25, 0.25, 0.25)])
def test_a_box_smaller_than_the_shortest_edge_is_one_grain(size: tuple[float, ...]) -> None:
    grains = grow(GrainStructure(1.0, seed=0, shortest_edge=0.29), size)
    assert grains.cells.number == 1
    assert grains.cells.moments[0] == pytest.approx([np.prod(size)])


def test_a_wrong_neighbour_is_named_and_not_its_victim() -> None:
    ball = Particle(Shape(2 * UM), layer="electrolyte", name="ball")
    wrong = RandomVoids(Void(LOW, UM, UM, into="electrolyte"), 0.97, minimum_distance=UM, name="wrong")
    coat = Coating(LOW, (Coat("film", 0.1 * UM),))
    paths = [problem.path for problem in stack("2", ball, wrong, coat).problems()]
    assert paths == ["features[1].area_fraction"]
