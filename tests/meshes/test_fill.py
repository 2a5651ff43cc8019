"""Voids with something in them: volumes of what is filled and what is left."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from meshes import Layer, MeshSizes, Stack, Void, VoidArray
from meshes.arrays import MeshArrays
from meshes.features.fill import Fill
from meshes.generate import generate_arrays

UM = 1e-6


def stack(dimension: str, *features: object) -> Stack:
    depth = 12 * UM if dimension == "3" else None
    layers = (Layer("a", 8 * UM), Layer("b", 8 * UM))
    return Stack(dimension, layers, 12 * UM, depth, tuple(features))  # type: ignore[arg-type]


def unit(dimension: str) -> float:
    """Square or cubic micrometre in metres."""
    return UM**2 if dimension == "2" else UM**3


def content(arrays: MeshArrays, region: str, axisymmetric: bool = False) -> float:
    """Volume (area; of the body of revolution) of a region in um: `approx` forgives 1e-12 of anything."""
    cells = arrays.cells[arrays.cell_tags == arrays.layers[region]]
    x = arrays.points[cells] / UM
    size = np.abs(np.linalg.det(x[:, 1:] - x[:, :1])) / math.factorial(arrays.tdim)
    return float(np.sum(size * (2 * np.pi * x[:, :, 0].mean(axis=1) if axisymmetric else 1.0)))


#: In space half of them, every pair of side, fraction and shape once: they take seconds each.
FILLS = [
    (dimension, side, fraction, shape)
    for shape, fraction, side, dimension in product(
        ("cap", "ellipsoid"), (1.0, 0.6), ("interface", "tip"), ("2", "axisymmetric", "3")
    )
    if dimension != "3" or ((shape == "cap") ^ (fraction == 1.0)) == (side == "tip")
]


@pytest.mark.parametrize(("dimension", "side", "fraction", "shape"), FILLS)
def test_a_fill_has_its_share_of_the_void(dimension: str, side: str, fraction: float, shape: str) -> None:
    void = Void("a|b", 3 * UM, 2 * UM, shape=shape, fill=Fill("gel", fraction, side))  # type: ignore[arg-type]
    model = stack(dimension, void)
    arrays = generate_arrays(model, MeshSizes(wall_fraction=0.06, edge_fraction=0.05, growth=1.6))
    found = content(arrays, "gel", dimension == "axisymmetric")
    assert found == pytest.approx(fraction * void.content(model) / unit(dimension), rel=0.02)
    names = set(arrays.facet_names)
    assert "a|gel" in names
    assert ("b|gel" in names) == (fraction == 1 or side == "interface")
    assert ("void|gel" in names) == (fraction < 1)
    assert ("void|b" in names) == (fraction < 1 and side == "tip")
    if fraction == 1:  # nothing is lost
        total = sum(content(arrays, name, dimension == "axisymmetric") for name in ("a", "b", "gel"))
        area = {"2": 12 * UM, "axisymmetric": math.pi * (12 * UM) ** 2, "3": (12 * UM) ** 2}[dimension]
        assert total == pytest.approx(area * 16 * UM / unit(dimension), rel=1e-9)


def test_all_fills_of_an_array_are_one_region() -> None:
    voids = VoidArray(Void("a|b", 1.5 * UM, 1 * UM, into="b", fill=Fill("gel")), count=(2, 2))
    model = stack("3", voids)
    assert model.contacts == ("a|b", "a|gel", "b|gel")
    arrays = generate_arrays(model)
    assert list(arrays.layers) == ["a", "b", "gel"]
    assert content(arrays, "gel") == pytest.approx(4 * voids.void.content(model) / unit("3"), rel=0.15)


def test_a_lens_is_filled_on_both_sides_and_a_half_void_in_its_half() -> None:
    lens = stack("2", Void("a|b", 2 * UM, 1 * UM, shape="lens", fill=Fill("gel")))
    assert set(generate_arrays(lens).facet_names) >= {"a|gel", "b|gel"}
    half = Void("a|b", 2 * UM, 1 * UM, position=(0.0,), fill=Fill("gel", 0.5))
    arrays = generate_arrays(stack("2", half), MeshSizes(wall_fraction=0.06))
    assert content(arrays, "gel") == pytest.approx(0.25 * half.content(stack("2")) / unit("2"), rel=0.02)


@pytest.mark.parametrize("fraction", [0.0, 1.2, 0.99, True])
def test_a_wrong_fraction_is_told(fraction: float) -> None:
    (problem,) = stack("2", Void("a|b", 2 * UM, 1 * UM, fill=Fill("gel", fraction))).problems()
    assert problem.path == "features[0].fill.fraction"
