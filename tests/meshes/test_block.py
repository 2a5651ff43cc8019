"""Blocks: volumes, names, and what they do to the interfaces."""

from __future__ import annotations

import math

import numpy as np
import pytest

from meshes import Layer, Stack
from meshes.arrays import MeshArrays
from meshes.features.block import Block
from meshes.generate import generate_arrays

UM = 1e-6


def stack(dimension: str, *features: object) -> Stack:
    depth = 8 * UM if dimension == "3" else None
    layers = (Layer("a", 3 * UM), Layer("b", 6 * UM), Layer("c", 3 * UM))
    return Stack(dimension, layers, 10 * UM, depth, tuple(features))  # type: ignore[arg-type]


def content(arrays: MeshArrays, region: str) -> float:
    # in um: `approx` forgives 1e-12 of anything
    x = arrays.points[arrays.cells[arrays.cell_tags == arrays.layers[region]]] / UM
    return float(np.abs(np.linalg.det(x[:, 1:] - x[:, :1])).sum()) / math.factorial(arrays.tdim)


@pytest.mark.parametrize("dimension", ["2", "axisymmetric", "3"])
def test_a_block_within_a_layer(dimension: str) -> None:
    block = Block("b", "x", x=(2 * UM, 5 * UM), z=(1 * UM, 4 * UM))
    arrays = generate_arrays(stack(dimension, block))
    across = 8.0 if dimension == "3" else 1.0
    assert content(arrays, "x") == pytest.approx(9 * across, rel=1e-9)
    assert content(arrays, "b") == pytest.approx((60 - 9) * across, rel=1e-9)
    assert "b|x" in arrays.facet_names
    assert "a|x" not in arrays.facet_names


def test_a_block_from_face_to_face_touches_both_neighbours() -> None:
    model = stack("2", Block("b", "x", x=(0.0, 5 * UM)))
    assert set(model.contacts) == {"a|b", "b|c", "b|x", "a|x", "c|x"}
    assert {"a|b", "b|c", "b|x", "a|x", "c|x"} <= set(generate_arrays(model).facet_names)


def test_a_block_from_side_to_side_closes_the_interface() -> None:
    model = stack("3", Block("b", "film", z=(0.0, 1 * UM)))
    assert set(model.contacts) == {"b|c", "b|film", "a|film"}
    arrays = generate_arrays(model)
    assert "a|b" not in arrays.facet_names
    assert content(arrays, "film") == pytest.approx(80, rel=1e-9)


def test_two_blocks_that_touch_get_an_interface() -> None:
    left, right = Block("b", "l", x=(0.0, 4 * UM)), Block("b", "r", x=(4 * UM, 7 * UM))
    arrays = generate_arrays(stack("2", left, right))
    assert {"l|r", "b|r", "a|l", "c|r"} <= set(arrays.facet_names)
    assert "b|l" not in arrays.facet_names


@pytest.mark.parametrize(
    ("block", "key"),
    [
        (Block("d"), "layer"),
        (Block("b"), "layer"),
        (Block("b", x=(2 * UM, 1 * UM)), "x"),
        (Block("b", x=(2 * UM, 11 * UM)), "x"),
        (Block("b", y=(0.0, 1 * UM)), "y"),
        (Block("b", z=(0.0, 1e-11)), "z"),
    ],
)
def test_wrong_blocks_are_told(block: Block, key: str) -> None:
    (problem,) = stack("2", block).problems()
    assert problem.path == f"features[0].{key}"
