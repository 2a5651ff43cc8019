"""Grains: exact partitions, short edges merged, few colours, the same on every machine, cost."""

from __future__ import annotations

import hashlib
import itertools
import math
import time
from typing import Any

import numpy as np
import pytest

from meshes import MeshError
from meshes.random.colouring import colour
from meshes.random.grains import GrainStructure, grow
from meshes.random.regularise import merge_short_edges, rounder, sound_cells
from meshes.random.tessellation import Tessellation, tessellate

UM = 1e-6
SIZE = {2: (2 * UM, 1 * UM), 3: (2 * UM, 1 * UM, 3 * UM)}


def seeds(number: int, dimension: int, seed: int = 1) -> Any:
    """Random points of the box."""
    return np.random.Generator(np.random.PCG64(seed)).random((number, dimension)) * SIZE[dimension]


def spacing(number: int, dimension: int) -> float:
    """Edge of the cube with the content of a cell."""
    return float((math.prod(SIZE[dimension]) / number) ** (1 / dimension))


def weights(number: int, dimension: int) -> Any:
    """Squares of radii of the order of the cells."""
    return (spacing(number, dimension) * np.random.Generator(np.random.PCG64(9)).random(number)) ** 2


def euler(cells: Tessellation) -> int:
    """Vertices - edges (+ faces) - cells."""
    if len(cells.size) == 2:
        return len(cells.vertices) - len(cells.faces) + cells.number
    return len(cells.vertices) - len(cells.edges) + len(cells.faces) - cells.number


@pytest.mark.parametrize("laguerre", [False, True])
@pytest.mark.parametrize(("dimension", "number"), [(2, 1), (2, 2), (2, 3), (2, 80), (3, 1), (3, 2), (3, 4), (3, 60)])
def test_cells_fill_the_box(dimension: int, number: int, laguerre: bool) -> None:
    cells = tessellate(SIZE[dimension], seeds(number, dimension), weights(number, dimension) if laguerre else None)
    volume, middle = cells.moments
    assert volume.min() > 0
    assert volume.sum() / math.prod(SIZE[dimension]) == pytest.approx(1, rel=1e-12)
    assert euler(cells) == 1
    assert sound_cells(cells).all()
    assert cells.number == number or laguerre
    box = 0.5 * np.array(SIZE[dimension])
    assert (volume @ middle) / volume.sum() / box == pytest.approx(1, rel=1e-12)
    assert cells.vertices.min() == 0
    assert np.array_equal(cells.vertices.max(axis=0), SIZE[dimension])


@pytest.mark.parametrize("laguerre", [False, True])
@pytest.mark.parametrize("dimension", [2, 3])
def test_cells_are_those_of_the_least_power_distance(dimension: int, laguerre: bool) -> None:
    w = weights(40, dimension) if laguerre else np.zeros(40)
    cells = tessellate(SIZE[dimension], seeds(40, dimension), w)
    points = seeds(400, dimension, seed=5)
    away = ((points[:, None] - cells.seeds) ** 2).sum(axis=2) - cells.weights
    nearest = away.argmin(axis=1)
    for point, cell in zip(points, nearest, strict=True):
        for f in cells.cell_faces[cell]:
            loop, sign = cells.faces[f], 1 if cells.sides[f, 0] == cell else -1
            x = cells.vertices[list(loop)]
            normal = np.array([x[1, 1] - x[0, 1], x[0, 0] - x[1, 0]]) if dimension == 2 else np.zeros(3)
            if dimension == 3:
                normal = sum((np.cross(p, q) for p, q in itertools.pairwise(x[1:] - x[0])), normal)
            assert sign * normal @ (point - x[0]) <= 1e-20


def test_sides_of_the_box() -> None:
    cells = tessellate(SIZE[3], seeds(60, 3))
    for k in range(6):
        area = 0.0
        for loop, pair in zip(cells.faces, cells.sides, strict=True):
            if pair[1] == -1 - k:
                x = cells.vertices[list(loop)]
                assert np.all(x[:, k // 2] == (k % 2) * SIZE[3][k // 2])
                normal = sum((np.cross(p, q) for p, q in itertools.pairwise(x[1:] - x[0])), np.zeros(3)) / 2
                assert normal[k // 2] * (1 if k % 2 else -1) > 0
                area += abs(normal[k // 2])
        assert area / math.prod(SIZE[3]) * SIZE[3][k // 2] == pytest.approx(1, rel=1e-12)


def test_seeds_that_coincide_are_refused() -> None:
    same = np.repeat(seeds(1, 3), 2, axis=0)
    with pytest.raises(MeshError, match="two seeds"):
        tessellate(SIZE[3], np.concatenate([same, same, same]))


@pytest.mark.parametrize("dimension", [2, 3])
def test_sweeps_make_cells_rounder(dimension: int) -> None:
    cells = tessellate(SIZE[dimension], seeds(100, dimension))
    later = rounder(cells, 5)
    scatter = [float(c.moments[0].std() / c.moments[0].mean()) for c in (cells, later)]
    assert scatter[1] < 0.6 * scatter[0]


@pytest.mark.parametrize(("dimension", "number", "part"), [(2, 300, 0.2), (3, 80, 0.08)])
def test_short_edges_are_merged(dimension: int, number: int, part: float) -> None:
    cells = rounder(tessellate(SIZE[dimension], seeds(number, dimension)), 2)
    shortest = part * spacing(number, dimension)
    merged = merge_short_edges(cells, shortest)
    assert (cells.lengths < shortest).sum() > 20
    assert (merged.lengths < shortest).sum() <= 2
    assert sound_cells(merged).all()
    assert merged.number == number
    assert merged.moments[0].sum() / math.prod(SIZE[dimension]) == pytest.approx(1, rel=1e-12)
    assert np.abs(merged.moments[0] / cells.moments[0] - 1).max() < 0.25
    # faces of the kernel must be plane
    for loop in merged.faces:
        x = merged.vertices[list(loop)]
        if len(x) > 3:
            assert np.linalg.svd(x - x.mean(axis=0))[1][-1] < 1e-9 * max(SIZE[dimension])


def test_a_spoilt_cell_is_noticed() -> None:
    cells = tessellate(SIZE[3], seeds(30, 3))
    inner = int(np.argmin(np.linalg.norm(cells.vertices - 0.5 * np.array(SIZE[3]), axis=1)))
    cells.vertices[inner] += 0.5 * UM
    moved = Tessellation(cells.size, cells.seeds, cells.weights, cells.vertices, cells.faces, cells.sides)
    assert not sound_cells(moved).all()


@pytest.mark.parametrize("kind", ["voronoi", "laguerre"])
@pytest.mark.parametrize(("dimension", "number", "most"), [(2, 400, 6), (3, 150, 8)])
def test_grains(dimension: int, number: int, most: int, kind: Any) -> None:
    ball = {2: math.pi / 4, 3: math.pi / 6}[dimension]
    size = (math.prod(SIZE[dimension]) / number / ball) ** (1 / dimension)
    structure = GrainStructure(size, kind, spread=0.4, seed=3)
    assert structure.problems() == []
    grains = grow(structure, SIZE[dimension])
    assert grains.cells.number == pytest.approx(number, rel=0.02)
    assert grains.number_of_colours <= most
    i, j = grains.cells.touching.T
    assert np.all(grains.colours[i] != grains.colours[j])
    middle = grains.cells.moments[1]
    assert np.array_equal(grains.locate(middle), np.arange(grains.cells.number))
    for c in range(grains.number_of_colours):
        where = grains.colours == c
        assert np.array_equal(grains.locate(middle[where], c), np.flatnonzero(where))
    diameters = (grains.cells.moments[0] / ball) ** (1 / dimension)
    assert diameters.mean() == pytest.approx(size, rel=0.05)
    assert grow(structure, SIZE[dimension]) is grains
    assert np.linalg.det(grains.orientations) == pytest.approx(1)


def test_laguerre_grains_scatter_more() -> None:
    scatter = []
    for spread in (0.1, 0.6):
        volume = grow(GrainStructure(0.15 * UM, "laguerre", spread), SIZE[2]).cells.moments[0]
        scatter.append(volume.std() / volume.mean())
    assert scatter[1] > 1.5 * scatter[0]


def test_structure_problems() -> None:
    assert [p.path for p in GrainStructure(-1.0).problems()] == ["grain_size"]
    assert [p.path for p in GrainStructure(UM, "hexagons").problems()] == ["kind"]  # type: ignore[arg-type]
    assert [p.path for p in GrainStructure(UM, regularity=-1, seed=True).problems()] == ["regularity", "seed"]
    assert [p.path for p in GrainStructure(UM, shortest_edge=0.5 * UM).problems()] == ["shortest_edge"]
    assert [p.path for p in GrainStructure(UM, "laguerre", 3.0).problems()] == ["spread"]
    assert [p.path for p in GrainStructure(1e-9).number_problems((1e-4, 1e-4))] == ["grain_size"]


def test_colours_of_known_graphs() -> None:
    wheel = np.array([(0, k) for k in range(1, 6)] + [(k, k % 5 + 1) for k in range(1, 6)])
    assert colour(6, wheel).max() == 3
    assert np.array_equal(colour(3, np.zeros((0, 2), dtype=np.int64)), [0, 0, 0])


FROZEN = ["e43210ef5765fd62", "ed1c4a7b6029af79"]


def test_grains_are_the_same_on_every_machine() -> None:
    """Frozen numbers: a change of them changes the results of every study with a seed."""
    found = []
    for size in SIZE.values():
        grains = grow(GrainStructure(0.4 * UM, "laguerre", seed=6), size)
        raw = np.concatenate([grains.cells.vertices.ravel(), grains.orientations.ravel(), grains.colours.astype(float)])
        found.append(hashlib.sha256(raw.astype("<f8").tobytes()).hexdigest()[:16])
    assert found == FROZEN


def test_cost_is_nearly_proportional_to_the_number() -> None:
    def seconds(number: int) -> float:
        began = time.process_time()
        tessellate(SIZE[3], seeds(number, 3)).moments[0].sum()
        return time.process_time() - began

    seconds(10)
    few, many = seconds(50), seconds(800)
    assert many < 60 * few + 0.2
