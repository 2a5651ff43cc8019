"""Random geometries: either problems in words, or a mesh with everything in it; never anything else."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mesh_samples import facet_sizes, layer_sizes

from meshes import ContactSpot, Layer, MeshSizes, Stack, Void, VoidArray
from meshes.generate import generate_arrays

LENGTHS = st.one_of(st.floats(0.3e-6, 30e-6), st.sampled_from([0.0, -1e-6, math.nan, math.inf, 1e-9, 1.0]))
SOUND = st.floats(0.3e-6, 30e-6)
NAMES = st.sampled_from(["a", "b", "c", "a|b", "void", "", " x"])
SHAPES = st.sampled_from(["cap", "lens", "hemisphere", "ellipsoid", "cube"])
INTERFACES = st.sampled_from(["a|b", "b|c", "a|c", "ab", ""])
POSITIONS = st.one_of(st.none(), st.lists(LENGTHS, min_size=1, max_size=2).map(tuple), st.just((0.0,)))


def feature(lengths: Any) -> Any:
    void = st.builds(
        Void,
        at=INTERFACES,
        radius=lengths,
        depth=st.one_of(st.none(), lengths),
        shape=SHAPES,
        into=st.one_of(st.none(), NAMES),
        position=POSITIONS,
    )
    spot = st.builds(ContactSpot, at=INTERFACES, radius=lengths, position=POSITIONS)
    array = st.builds(VoidArray, void=void, count=st.one_of(st.none(), st.integers(-1, 5)))
    return st.one_of(void, spot, array)


@given(
    dimension=st.sampled_from(["1", "2", "axisymmetric", "3"]),
    layers=st.lists(st.builds(Layer, NAMES, LENGTHS), max_size=4),
    width=st.one_of(st.none(), LENGTHS),
    depth=st.one_of(st.none(), LENGTHS),
    features=st.lists(feature(LENGTHS), max_size=3),
)
@settings(max_examples=300, deadline=None)
def test_any_stack_has_problems_in_words_or_none(
    dimension: Any, layers: Any, width: Any, depth: Any, features: Any
) -> None:
    stack = Stack(dimension, tuple(layers), width, depth, tuple(features))
    found = stack.problems()
    assert all(p.path and p.message and p.value for p in found)
    if not found:
        assert all(p.path and p.message for p in MeshSizes().problems(stack))


@pytest.mark.slow
@given(
    dimension=st.sampled_from(["2", "axisymmetric"]),
    layers=st.lists(SOUND, min_size=2, max_size=3),
    width=SOUND,
    features=st.lists(feature(st.floats(0.1e-6, 5e-6)), max_size=3),
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_sound_stack_is_meshed(dimension: Any, layers: Any, width: float, features: Any) -> None:
    named = tuple(Layer(name, t) for name, t in zip("abc", layers, strict=False))
    stack = Stack(dimension, named, width, features=tuple(features))
    sizes = MeshSizes(growth=1.6, edge_fraction=0.05)
    if stack.problems() or sizes.problems(stack) or sizes.expected_cells(stack) > 2e4:
        return
    arrays = generate_arrays(stack, sizes)
    sides = facet_sizes(arrays)
    assert sides["bottom"] == pytest.approx(width, rel=1e-9)
    assert sides["top"] == pytest.approx(width, rel=1e-9)
    sizes_of = layer_sizes(arrays)
    carved = {name for f in features for name in stack_layers(f)}
    for layer in named:
        if layer.name not in carved:
            assert sizes_of[layer.name] == pytest.approx(layer.thickness * width, rel=1e-9)


def stack_layers(feature: Any) -> list[str]:
    void = getattr(feature, "void", feature)
    return [] if isinstance(void, ContactSpot) else void.at.split("|")
