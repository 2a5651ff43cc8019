"""Periodic sides of meshes: images of what crosses them, sides that match, cells that keep their places."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from mesh_samples import UM, cap_volume, segment_area
from mpi4py import MPI

from fem.compat import shared_facet_partitioner
from meshes import ContactSpot, Layer, RandomVoids, Stack, Void
from meshes.arrays import MeshArrays
from meshes.features.base import image_shifts
from meshes.features.block import Block
from meshes.features.packing import Packing
from meshes.features.particle import Particle
from meshes.features.shapes_of_bodies import Shape
from meshes.generate import generate_arrays
from meshes.joined import axis_sides, join_sides
from meshes.lattice import measures
from meshes.problems import MeshError, MeshProblem
from meshes.random.packing import Bodies, clear_of_sides, pack
from meshes.sizes import MeshSizes
from meshes.tagged import TaggedMesh

LAYERS = (Layer("a", 6 * UM), Layer("b", 8 * UM))


def stack(dimension: str, *features: Any, layers: tuple[Layer, ...] = LAYERS, ends: bool = False) -> Stack:
    """A periodic stack, 12 um wide."""
    last = int(dimension) - 1
    axes = tuple(range(last + 1 if ends else last))
    depth = 12 * UM if dimension == "3" else None
    return Stack(dimension, layers, width=12 * UM, depth=depth, features=features, periodic=axes)  # type: ignore[arg-type]


def volumes(arrays: MeshArrays) -> dict[str, float]:
    size = np.abs(measures(arrays.points, arrays.cells))
    return {name: float(size[arrays.cell_tags == tag].sum()) for name, tag in arrays.layers.items()}


# ------------------------------------------------------------------ images
def test_images_are_those_that_cross_a_side() -> None:
    here = stack("3")
    assert image_shifts([1 * UM, 1 * UM], [3 * UM, 3 * UM], here) == []
    assert image_shifts([-1 * UM, 1 * UM], [3 * UM, 3 * UM], here) == [(12 * UM, 0.0)]
    corner = image_shifts([-1 * UM, 10 * UM], [3 * UM, 14 * UM], here)
    assert np.allclose(sorted(corner), [(0.0, -12 * UM), (12 * UM, -12 * UM), (12 * UM, 0.0)])
    assert image_shifts([-1 * UM, 1 * UM], [3 * UM, 3 * UM], replace(here, periodic=())) == []
    whole = stack("2", layers=LAYERS[:1], ends=True)
    assert len(image_shifts([-1 * UM, -1 * UM], [1 * UM, 1 * UM], whole)) == 3


@pytest.mark.parametrize("dimension", ["2", "3"])
def test_what_one_side_cuts_off_lies_at_the_other(dimension: str) -> None:
    position: tuple[float, ...] = (0.5 * UM,) if dimension == "2" else (0.5 * UM, 11 * UM)
    void = Void("a|b", 2 * UM, 1 * UM, position=position)
    here = stack(dimension, void)
    assert len(void.openings(here)) == (2 if dimension == "2" else 4)
    arrays = generate_arrays(here, MeshSizes(bulk=1.5 * UM, wall=0.2 * UM, edge=0.2 * UM))
    full = 12 * UM * 6 * UM if dimension == "2" else 144 * UM**2 * 6 * UM
    lost = (segment_area if dimension == "2" else cap_volume)(2 * UM, 1 * UM)
    assert full - volumes(arrays)["a"] == pytest.approx(lost, rel=0.02)


@pytest.mark.parametrize(("dimension", "radius"), [("2", 1.2), ("3", 2.5)])
def test_random_bodies_fill_their_fraction_across_all_sides(dimension: str, radius: float) -> None:
    packing = Packing(Shape(radius * UM), "a", 0.3, seed=5)
    here = stack(dimension, packing, layers=(Layer("a", 12 * UM),), ends=True)
    solids = packing.solids(here)
    assert len(solids) > packing.number(here)
    arrays = generate_arrays(here)
    share = volumes(arrays)["particles"] / sum(volumes(arrays).values())
    assert share == pytest.approx(0.3, rel=0.03)
    made, vertices, periods = join_sides(arrays, here.periodic)
    assert sorted(periods) == list(here.periodic)
    assert set(made.facet_names) == {"a|particles"}
    assert len(np.unique(vertices)) < len(arrays.points)


def test_centres_are_apart_over_the_sides_too() -> None:
    size, radius, gap = (10.0, 10.0), 0.8, 0.1
    for number, jammed in ((20, False), (33, True)):
        places = pack(size, Bodies(np.full(number, radius)), gap, 3, (0, 1))
        assert places is not None, jammed
        away = places[:, None] - places[None]
        away -= 10.0 * np.round(away / 10.0)
        distance = np.linalg.norm(away, axis=2)[np.triu_indices(number, 1)]
        assert distance.min() >= 2 * radius + gap - 1e-9
        assert np.any(np.minimum(places, 10.0 - places) < radius)  # some lie across a side
        moved = clear_of_sides(places, np.full((number, 2), radius), size, (0, 1))
        turned = moved[:, None] - moved[None]
        assert np.allclose(turned - 10 * np.round(turned / 10), away, atol=1e-9)
        ends = np.concatenate([moved - radius, moved + radius]) % 10.0
        before = np.concatenate([places - radius, places + radius]) % 10.0
        assert np.minimum(ends, 10 - ends).min() >= np.minimum(before, 10 - before).min() - 1e-12
    assert pack((2.0, 2.0), Bodies(np.array([1.1])), 0.0, 1, (0, 1)) is None  # meets its own image


@pytest.mark.parametrize("dimension", ["2", "3"])
def test_random_voids_keep_their_fraction(dimension: str) -> None:
    voids = RandomVoids(Void("a|b", 1.2 * UM, 0.5 * UM), area_fraction=0.35, seed=1)
    arrays = generate_arrays(stack(dimension, voids), MeshSizes(bulk=1.5 * UM, edge=0.2 * UM))
    facets = arrays.points[arrays.facets[arrays.facet_tags == arrays.facet_names["a|b"]]]
    if dimension == "2":
        area, whole = float(np.abs(facets[:, 0, 0] - facets[:, 1, 0]).sum()), 12 * UM
    else:
        sides = facets[:, 1:] - facets[:, :1]
        area, whole = 0.5 * float(np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1).sum()), 144 * UM**2
    assert area / whole == pytest.approx(0.65, rel=0.01)


# ------------------------------------------------------------------ joined sides
def test_joined_points_are_one_period_apart() -> None:
    arrays = generate_arrays(stack("3", ContactSpot("a|b", 2 * UM, position=(1 * UM, 0.0))))
    made, vertices, periods = join_sides(arrays, (0, 1))
    assert periods == pytest.approx({0: 12 * UM, 1: 12 * UM})
    corners, masters = made.points[made.cells], made.points[vertices]
    away = corners - masters
    for axis in (0, 1):
        steps = away[:, :, axis] / (12 * UM)
        assert np.allclose(steps, np.round(steps), atol=1e-9)
        assert np.round(steps).max() == 1
    assert np.abs(away[:, :, 2]).max() < 1e-12
    # every vertex at the upper sides is one of the lower ones: none is left
    assert masters[:, :, 0].max() < 12 * UM - 1e-12
    assert axis_sides(3, 1) == ("front", "back")
    assert not {"left", "right", "front", "back"} & set(made.facet_names)


def test_regions_that_meet_at_a_side_have_an_interface() -> None:
    blocks = [
        Block(layer="a", name=name, material="", x=x, z=None)
        for name, x in (("p", (0.0, 4 * UM)), ("q", (8 * UM, 12 * UM)))
    ]
    arrays = generate_arrays(stack("2", *blocks))
    made, _, _ = join_sides(arrays, (0,))
    assert "p|q" in made.facet_names
    assert "p|q" not in arrays.facet_names
    facets = made.points[made.facets[made.facet_tags == made.facet_names["p|q"]]]
    assert set(np.round(facets[:, :, 0].ravel() / UM, 6)) == {0.0, 12.0}
    tagged = TaggedMesh.from_arrays(arrays, MPI.COMM_SELF, None, (0,))
    assert np.ptp(tagged.mesh.geometry.x[:, 1]) == pytest.approx(14 * UM)
    assert len(tagged.facets_of("p|q")) == len(facets) // 2  # both copies are one facet


def test_a_body_at_one_side_only_is_a_wrong_input() -> None:
    block = Block(layer="a", name="p", material="", x=(0.0, 4 * UM), z=(1 * UM, 3 * UM))
    with pytest.raises(MeshProblem, match=r"p: the sides left and right are periodic"):
        generate_arrays(stack("2", block))


def test_cells_as_wide_as_half_a_period_are_refused() -> None:
    points = np.array([[x, y] for x in (0.0, 1.0, 2.0) for y in (0.0, 1.0)])
    cells = np.array([[0, 2, 1], [3, 1, 2], [2, 4, 3], [5, 3, 4]])
    facets = np.array([[0, 1], [4, 5]])
    arrays = MeshArrays(
        points,
        cells,
        np.ones(4, dtype=np.int32),
        facets,
        np.array([1, 2], dtype=np.int32),
        {"a": 1},
        {"left": 1, "right": 2},
    )
    with pytest.raises(MeshError, match="at least three cells"):
        join_sides(arrays, (0,))
    with pytest.raises(MeshError, match="no side called 'bottom'"):
        join_sides(arrays, (1,))


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"periodic": (1,)}, "periodic together"),
        ({"periodic": (0, 1)}, "one layer with bodies"),
        ({"dimension": "axisymmetric", "periodic": (0,)}, "2 and 3 dimensions"),
    ],
)
def test_stacks_that_cannot_repeat(given: dict[str, Any], text: str) -> None:
    made = replace(stack("2"), **given)
    assert any(text in p.message for p in made.problems())


def test_bodies_that_must_stay_inside() -> None:
    from meshes.films import Coat

    coat = Coat("c", 0.05 * UM, "")
    near = Particle(Shape(1 * UM), layer="b", position=(0.2 * UM,), coats=(coat,))
    assert any("cannot cross periodic sides" in p.message for p in stack("2", near).problems())
    assert not stack("2", replace(near, position=(6 * UM,))).problems()
    assert not stack("2", replace(near, coats=())).problems()
    touching = replace(near, coats=(), position=(1.001 * UM,))
    assert any("all but touches" in p.message for p in stack("2", touching).problems())


@pytest.mark.mpi
def test_cells_keep_their_places_on_any_number_of_ranks() -> None:
    comm = MPI.COMM_WORLD
    arrays = None
    if comm.rank == 0:
        arrays = generate_arrays(stack("2", Void("a|b", 2 * UM, 1 * UM, position=(0.5 * UM,))))
    tagged = TaggedMesh.from_arrays(arrays, comm, shared_facet_partitioner(), (0,))
    points, cells, _ = tagged.owned_cells()
    widths = np.ptp(points[cells][:, :, 0], axis=1)
    assert comm.allreduce(float(widths.max(initial=0.0)), op=MPI.MAX) < 2 * UM
    total = comm.allreduce(float(np.abs(measures(points, cells)).sum()))
    lost = segment_area(2 * UM, 1 * UM)
    assert total == pytest.approx(12 * UM * 14 * UM - lost, rel=1e-3)
    vertices, nodes = tagged.mesh.topology.index_map(0), tagged.mesh.geometry.index_map()
    assert nodes.size_global > vertices.size_global
    assert math.isclose(tagged.periods[0], 12 * UM)
