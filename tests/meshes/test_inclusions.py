"""Many bodies in a layer: fractions, distances, the same everywhere, meshes, and what is refused."""

from __future__ import annotations

import hashlib
import itertools
import math
from typing import Any

import numpy as np
import pytest
from body_samples import BETWEEN, body_stack, meshed
from mesh_samples import UM
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from meshes import Stack, Void
from meshes.features.inclusion import Inclusion
from meshes.features.neighbours import near_solids
from meshes.features.packing import Packing
from meshes.features.particle import Particle
from meshes.features.polycrystal import Polycrystal
from meshes.features.shapes_of_bodies import Shape
from meshes.films import Coat
from meshes.random.grains import GrainStructure
from meshes.random.sizes import SizeDistribution

THIN = (Coat("film", 0.05 * UM),)
LOGNORMAL = SizeDistribution("lognormal", 0.35)


def filled(packing: Packing, stack: Stack) -> float:
    """Part of the layer that the bodies fill, those that the sides cut by halves."""
    low, high = stack.span(packing.layer)
    lateral = np.array(stack.lateral)
    total = 0.0
    for solid in packing.solids(stack):
        x = solid.centre[: len(lateral)]
        total += solid.content() * 0.5 ** int(((x == 0) | (x == lateral)).sum())
    return total / (math.prod(stack.lateral) * (high - low))


def assert_apart(packing: Packing, stack: Stack) -> None:
    """Bodies keep their distance from each other and from the boundaries of the layer."""
    solids, gap = packing.solids(stack), packing.gap(stack)
    apart = gap + 2 * packing.film_thickness
    _, _, away = near_solids(solids, 3 * apart)
    assert not len(away) or away.min() >= apart * (1 - 1e-6)
    low, high = stack.span(packing.layer)
    for solid in solids:
        assert solid.centre[-1] - solid.extents[-1] >= low + gap * (1 - 1e-6)
        assert solid.centre[-1] + solid.extents[-1] <= high - gap * (1 - 1e-6)


@pytest.mark.parametrize(
    ("dimension", "packing"),
    [
        ("2", Packing(Shape(1 * UM), "cathode", 0.5, sizes=LOGNORMAL, seed=1)),
        ("2", Packing(Shape(1 * UM), "cathode", 0.45, cut_by_sides=True, coats=THIN)),
        ("2", Inclusion(Shape(0.2 * UM, 3 * UM), "cathode", 0.1)),
        ("3", Packing(Shape(2 * UM), "cathode", 0.35, sizes=LOGNORMAL, coats=THIN)),
        ("3", Packing(Shape(1.5 * UM), "cathode", 0.4, cut_by_sides=True, minimum_distance=0.1 * UM)),
        ("3", Inclusion(Shape(0.4 * UM, 5 * UM), "cathode", 0.04)),
        ("3", Inclusion(Shape(semi_axes=(3 * UM, 1 * UM, 2 * UM)), "cathode", 0.06, sizes=LOGNORMAL)),
    ],
)
def test_fractions_and_distances(dimension: str, packing: Packing) -> None:
    stack = body_stack(dimension, packing)
    assert stack.problems() == []
    assert filled(packing, stack) == pytest.approx(packing.volume_fraction, rel=1e-9)
    assert packing.factor(stack) == pytest.approx(1, abs=0.15)
    assert packing.number(stack) == len(packing.solids(stack)) > 10
    assert_apart(packing, stack)


def test_aligned_and_random_directions() -> None:
    shape = Shape(0.3 * UM, 4 * UM, direction=(0.0, 0.0, 1.0))
    aligned = Inclusion(shape, "cathode", 0.03, alignment="aligned")
    random = Inclusion(shape, "cathode", 0.03)
    axes = [np.array([s.frame[:, 0] for s in f.solids(body_stack("3", f))]) for f in (aligned, random)]
    assert np.all(axes[0] == [0, 0, 1])
    assert len(axes[1]) > 100
    assert axes[1].T @ axes[1] / len(axes[1]) == pytest.approx(np.eye(3) / 3, abs=0.1)


def test_cut_bodies_are_centred_in_sides() -> None:
    packing = Packing(Shape(1.5 * UM), "cathode", 0.4, cut_by_sides=True, seed=4)
    stack = body_stack("3", packing)
    x = np.array([s.centre for s in packing.solids(stack)])
    on_side = np.any((x[:, :2] == 0) | (x[:, :2] == 20 * UM), axis=1)
    # of n bodies, n r / L would be nearer to each of the four sides than half their radius
    assert on_side.sum() == pytest.approx(4 * (~on_side).sum() * 1.5 / 20, rel=0.35)
    _, regions, _ = meshed(Stack("2", stack.layers, 20 * UM, None, (packing,)))
    assert regions["particles"] == pytest.approx(0.4 * 400, rel=0.01)


def test_meshes_in_two_dimensions() -> None:
    packing = Packing(Shape(1.5 * UM), "cathode", 0.4, sizes=LOGNORMAL, coats=THIN, material="NCM")
    stack = body_stack("2", packing)
    _, regions, facets = meshed(stack)
    radii = np.array([s.thinnest for s in packing.solids(stack)]) / UM
    assert regions["particles"] == pytest.approx(0.4 * 400, rel=0.01)
    film = math.pi * ((radii + 0.05) ** 2 - radii**2).sum()
    assert regions["film"] == pytest.approx(film, rel=0.01)
    assert facets["cathode|film"] == pytest.approx(2 * math.pi * (radii + 0.05).sum(), rel=0.01)
    assert "cathode|particles" not in facets


def test_meshes_in_three_dimensions() -> None:
    packing = Packing(Shape(4.5 * UM), "cathode", 0.25, coats=THIN, minimum_distance=0.2 * UM, seed=2)
    stack = body_stack("3", packing)
    _, regions, facets = meshed(stack)
    assert regions["particles"] == pytest.approx(0.25 * 20**3, rel=0.01)
    assert facets["particles|film"] == pytest.approx(
        sum(4 * math.pi * (s.thinnest / UM) ** 2 for s in packing.solids(stack)), rel=0.01
    )


@pytest.mark.parametrize(
    ("dimension", "packing"),
    [
        ("2", Packing(Shape(2.5 * UM), "cathode", 0.5, neck_ratio=0.4, coats=THIN, seed=1)),
        ("2", Packing(Shape(2 * UM), "cathode", 0.5, neck_ratio=0.3, cut_by_sides=True)),
        ("3", Packing(Shape(4.5 * UM), "cathode", 0.3, neck_ratio=0.4, coats=THIN)),
    ],
)
def test_bodies_that_touch(dimension: str, packing: Packing) -> None:
    stack = body_stack(dimension, packing)
    arrays, regions, facets = meshed(stack)
    assert len(packing.necks(stack)) > 3
    assert regions["particles"] == pytest.approx(packing.volume_fraction * 20**stack.gdim, rel=0.01)
    # fewer pieces than bodies
    here = arrays.cells[arrays.cell_tags == arrays.layers["particles"]]
    edges = np.concatenate([here[:, [a, b]] for a, b in itertools.combinations(range(here.shape[1]), 2)])
    n = len(arrays.points)
    graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n))
    labels = connected_components(graph, directed=False)[1]
    assert len(np.unique(labels[np.unique(here)])) <= len(packing.solids(stack)) - 3
    if packing.coats:
        assert regions["film"] == pytest.approx(facets["particles|film"] * 0.05, rel=0.03)


def test_pores_and_fillers_avoid_what_is_there_before() -> None:
    features: tuple[Any, ...] = (
        Void(BETWEEN, 3 * UM, 2 * UM),
        Particle(Shape(3 * UM), "cathode", position=(5 * UM,), coats=THIN, name="grain"),
        Packing(Shape(0.8 * UM), "cathode", 0.15, material=None, name="pores"),
        Inclusion(Shape(0.3 * UM, 3 * UM), "cathode", 0.03, name="fibres"),
    )
    stack = body_stack("2", *features)
    _, regions, facets = meshed(stack)
    assert regions["fibres"] == pytest.approx(0.03 * 400, rel=0.01)
    assert set(regions) == {"cathode", "electrolyte", "grain", "film", "fibres"}
    lost = math.pi * 3**2 + 0.15 * 400 + regions["film"] + regions["fibres"] + features[0].content(stack) / UM**2
    assert 400 - regions["cathode"] == pytest.approx(lost, rel=0.005)
    assert facets["void|cathode"] > 2 * math.pi * 0.8 * 25


def test_bodies_in_a_layer_of_grains() -> None:
    grains = Polycrystal("cathode", GrainStructure(5 * UM))
    packing = Packing(Shape(2 * UM), "cathode", 0.2, coats=THIN)
    _, regions, facets = meshed(body_stack("2", grains, packing))
    assert regions["particles"] == pytest.approx(0.2 * 400, rel=0.01)
    assert sum(size for name, size in facets.items() if name.endswith("|film") and "cathode" in name) == pytest.approx(
        facets["particles|film"], rel=0.05
    )


def test_places_are_the_same_on_every_machine() -> None:
    """Frozen numbers: a change of them changes the results of every study with a seed."""
    packing = Packing(Shape(2 * UM), "cathode", 0.3, sizes=LOGNORMAL, seed=9)
    fibres = Inclusion(Shape(0.4 * UM, 5 * UM), "cathode", 0.03, seed=9)
    stack = body_stack("3", packing, fibres)
    found = []
    for feature in (packing, fibres):
        raw = [np.concatenate([s.centre, s.semi_axes, s.frame.ravel()]) for s in feature.solids(stack)]
        found.append(hashlib.sha256(np.array(raw).astype("<f8").tobytes()).hexdigest()[:16])
    assert found == FROZEN


FROZEN = ["dca432b24c64fff4", "710e82a343dfdf98"]


@pytest.mark.parametrize(
    ("dimension", "packing", "path", "text"),
    [
        ("3", Packing(Shape(2 * UM), "anode", 0.2), "layer", "no such layer"),
        ("3", Packing(Shape(2 * UM), "cathode", 0.2, neck_ratio=0.9), "neck_ratio", "0.7"),
        ("3", Packing(Shape(UM, 4 * UM), "cathode", 0.1, neck_ratio=0.3), "neck_ratio", "balls"),
        ("3", Packing(Shape(2 * UM), "cathode", 1.2), "volume_fraction", "between 0 and 1"),
        ("3", Packing(Shape(5 * UM), "cathode", 0.6), "volume_fraction", "do not fit"),
        ("3", Packing(Shape(9 * UM), "cathode", 0.15), "volume_fraction", "whole number"),
        ("3", Packing(Shape(0.05 * UM), "cathode", 0.2), "volume_fraction", "more than"),
        (
            "3",
            Packing(Shape(semi_axes=(2 * UM, UM, UM)), "cathode", 0.2, grains=GrainStructure(UM)),
            "volume_fraction",
            "ellipsoids",
        ),
        ("3", Packing(Shape(2 * UM), "cathode", 0.2, seed=-1), "seed", "whole number"),
        ("3", Packing(Shape(2 * UM), "cathode", 0.2, minimum_distance=0.0), "minimum_distance", "positive"),
        ("3", Packing(Shape(2 * UM), "cathode", 0.2, minimum_distance=1e-9), "minimum_distance", "narrower"),
        ("3", Packing(Shape(2 * UM), "cathode", 0.2, "sorted"), "alignment", "random or aligned"),  # type: ignore[arg-type]
        ("3", Packing(Shape(UM, 4 * UM), "cathode", 0.1, cut_by_sides=True), "cut_by_sides", "balls"),
        ("3", Packing(Shape(2 * UM), "cathode", 0.2, sizes=SizeDistribution("lognormal", 9)), "sizes.spread", "above"),
        ("axisymmetric", Packing(Shape(2 * UM), "cathode", 0.2), "", "one body"),
        ("3", Packing(Shape(2 * UM), "cathode", 0.2, coats=(Coat("film", -UM),)), "coats[0].thickness", "positive"),
    ],
)
def test_what_is_refused(dimension: str, packing: Packing, path: str, text: str) -> None:
    problem = body_stack(dimension, packing).problems()[0]
    assert problem.path == f"features[0].{path}".rstrip(".")
    assert text in problem.message
