"""The size field: families, films, and what a user may ask for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from mesh_samples import LOW, UM, stack

from meshes import Layer, MeshProblem, MeshSizes, RandomVoids, Stack, Void
from meshes.generate import generate_arrays
from meshes.interval import interval_arrays
from meshes.quality import layer_cells, radius_ratio, report, require_layer_cells


@pytest.mark.parametrize("dimension", ["1", "2", "axisymmetric", "3"])
def test_defaults_are_sound_and_scale_everywhere(dimension: Any) -> None:
    s = stack(dimension)
    sizes = MeshSizes.default(s)
    assert sizes.problems(s) == []
    half = sizes.scaled(0.5)
    z = np.linspace(0, s.height, 50)
    assert half.through(s, z) == pytest.approx(0.5 * sizes.through(s, z))
    assert half.scaled(2) == sizes
    void = Void(LOW, UM, UM).openings(stack("2"))[0]
    assert half.edge_size(s, void) == pytest.approx(0.5 * sizes.edge_size(s, void))
    assert half.wall_size(void) == pytest.approx(0.5 * sizes.wall_size(void))
    with pytest.raises(ValueError, match="positive"):
        sizes.scaled(0)


@pytest.mark.parametrize("factor", [4.0, 1.0])
def test_derived_sizes_carry_a_thin_film(factor: float) -> None:
    s = Stack("2", (Layer("a", 10 * UM), Layer("film", 0.1 * UM), Layer("b", 10 * UM)), 2 * UM)
    sizes = MeshSizes.default(s).scaled(factor)
    assert sizes.problems(s) == []
    arrays = generate_arrays(s, sizes)
    assert layer_cells(arrays, "film") >= (2 if factor == 1 else 1)


def test_sizes_too_coarse_for_a_film_are_a_problem() -> None:
    s = Stack("2", (Layer("a", 10 * UM), Layer("film", 0.1 * UM), Layer("b", 10 * UM)), 2 * UM)
    (problem,) = MeshSizes(interface=0.2 * UM).problems(s)
    assert problem.path == "interface"
    assert "film" in problem.message
    with pytest.raises(MeshProblem, match="film"):
        generate_arrays(s, MeshSizes(bulk=UM, interface=0.2 * UM))


@pytest.mark.parametrize("dimension", ["1", "2", "3"])
def test_number_of_cells_is_foreseen(dimension: Any) -> None:
    s = stack(dimension, *([] if dimension == "1" else [Void(LOW, 3 * UM, UM)]))
    sizes = MeshSizes(bulk=3 * UM, interface=UM, edge=0.3 * UM, wall=UM, growth=1.4)
    assert 0.5 < sizes.expected_cells(s) / len(generate_arrays(s, sizes).cells) < 2


def test_a_mesh_beyond_all_bounds_is_a_problem() -> None:
    for s in (stack("3"), stack("3", Void(LOW, 3 * UM, UM))):
        (problem,) = MeshSizes(bulk=UM, interface=UM if s.features else 1e-8, edge=1e-11).problems(s)
        assert "cells" in problem.message


@pytest.mark.parametrize(
    "wrong", [{"bulk": -1.0}, {"growth": 1.0}, {"growth": 9}, {"edge": math.nan}, {"factor": 0}, {"wall": "1 um"}]
)
def test_wrong_sizes(wrong: dict[str, Any]) -> None:
    found = MeshSizes(**wrong).problems(stack("2"))
    assert [p.path for p in found] == list(wrong)


def test_intervals_have_the_sizes_asked_for() -> None:
    s = stack("1")
    sizes = MeshSizes(bulk=2 * UM, interface=0.1 * UM, growth=1.2)
    arrays = interval_arrays(s, sizes)
    x = arrays.points[:, 0]
    assert (np.diff(x) > 0).all()
    h = np.diff(x)
    wanted = sizes.through(s, 0.5 * (x[1:] + x[:-1]))
    assert (h <= 1.05 * wanted).all()
    assert (h >= 0.8 * wanted).all()
    k = int(np.flatnonzero(x == s.levels[1])[0])
    assert h[k] == pytest.approx(0.1 * UM, rel=0.2)


def test_two_dimensional_sizes_follow_the_field() -> None:
    s = stack("2", Void(LOW, 3 * UM, UM))
    sizes = MeshSizes(bulk=2 * UM, interface=0.5 * UM, edge=0.02 * UM, growth=1.3)
    arrays = generate_arrays(s, sizes)
    middle = arrays.points[arrays.cells].mean(axis=1)
    edge = np.linalg.norm(arrays.points[arrays.cells[:, 0]] - arrays.points[arrays.cells[:, 1]], axis=1)
    distance = np.minimum(
        np.linalg.norm(middle - [7 * UM, 10 * UM], axis=1), np.linalg.norm(middle - [13 * UM, 10 * UM], axis=1)
    )
    at_edge = edge[distance < 0.03 * UM]
    assert len(at_edge) >= 4
    assert 0.01 * UM < np.median(at_edge) < 0.04 * UM
    wanted = np.minimum(0.02 * UM + 0.3 * distance, sizes.through(s, middle[:, 1]))
    ratio = edge / wanted
    assert np.percentile(ratio, 5) > 0.4
    assert np.percentile(ratio, 95) < 1.8


def test_edges_near_each_other_are_resolved() -> None:
    s = stack("3", RandomVoids(Void(LOW, 2 * UM, UM), 0.3, 1, minimum_distance=0.1 * UM))
    sizes = MeshSizes.default(s)
    openings = [o for _, o in s.openings()]
    assert sizes.edge_size(s, openings[0], gap=0.1 * UM) <= 0.1 * UM / 3
    assert sizes.edge_size(s, openings[0]) == pytest.approx(openings[0].radius / 8)


def test_quality_of_known_shapes() -> None:
    triangles = np.array([[0, 0], [1, 0], [0.5, math.sqrt(0.75)], [0.5, 1e-9]])
    assert radius_ratio(triangles, np.array([[0, 1, 2], [0, 1, 3]])) == pytest.approx([1, 0], abs=1e-6)
    right = np.array([[0.0, 0], [1, 0], [0, 1]])
    assert radius_ratio(right, np.array([[0, 1, 2]])) == pytest.approx([2 * (math.sqrt(2) - 1)])
    regular = np.array([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    corner = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    both = np.concatenate([regular, corner])
    expected = 3 * (1 / (3 + math.sqrt(3))) / (math.sqrt(3) / 2)
    cells = np.array([[0, 1, 2, 3], [4, 5, 6, 7]])
    assert radius_ratio(both, cells) == pytest.approx([1, expected])


def test_report_and_refusal_of_a_thin_mesh() -> None:
    s = stack("2", Void(LOW, 3 * UM, UM))
    arrays = generate_arrays(s)
    facts = report(arrays)
    assert facts.cells == len(arrays.cells) == sum(facts.histogram) == sum(facts.cells_of.values())
    assert facts.worst > 0.3
    assert facts.mean > 0.9
    assert facts.across["electrolyte"] >= 4
    coarse = generate_arrays(stack("2"), MeshSizes(bulk=9 * UM, interface=9 * UM, layer_cells=1))
    with pytest.raises(MeshProblem, match="anode"):
        require_layer_cells(coarse, minimum=4)
