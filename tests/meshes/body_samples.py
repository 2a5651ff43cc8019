"""Stacks with bodies in their layers, and measures of their meshes, that the tests of bodies share."""

from __future__ import annotations

from typing import Any

import numpy as np
from mesh_samples import UM, facet_sizes, layer_sizes

from meshes import Layer, Stack
from meshes.arrays import MeshArrays
from meshes.generate import generate_arrays
from meshes.lattice import facet_pairs, measures

LAYERS = (Layer("cathode", 20 * UM), Layer("electrolyte", 10 * UM))
BETWEEN = "cathode|electrolyte"


def body_stack(dimension: str, *features: Any, width: float = 20 * UM) -> Stack:
    """A cathode of 20 um below an electrolyte of 10 um."""
    return Stack(dimension, LAYERS, width, width if dimension == "3" else None, features)  # type: ignore[arg-type]


def meshed(stack: Stack) -> tuple[MeshArrays, dict[str, float], dict[str, float]]:
    """The mesh, contents of its regions and of its facets in (powers of) micrometres; sound in itself."""
    assert stack.problems() == []
    arrays = generate_arrays(stack)
    assert_sound(arrays, stack)
    revolved = stack.dimension == "axisymmetric"
    d = 3 if revolved else stack.gdim
    regions = {name: size / UM**d for name, size in layer_sizes(arrays, revolved).items()}
    return arrays, regions, {name: size / UM ** (d - 1) for name, size in facet_sizes(arrays, revolved).items()}


def assert_sound(arrays: MeshArrays, stack: Stack) -> None:
    """Cells have volume and fill the box; every facet between regions or outside has a name that fits."""
    size = np.abs(measures(arrays.points, arrays.cells))
    assert size.min() > 0
    assert list(arrays.layers) == [r.name for r in stack.regions]
    pairs = facet_pairs(arrays.cells, len(arrays.points))
    assert not len(pairs.crowded)
    second = np.maximum(pairs.second, 0)
    named = (pairs.second < 0) | (arrays.cell_tags[pairs.first] != arrays.cell_tags[second])
    expected = {tuple(sorted(row)) for row in pairs.nodes[named].tolist()}
    found = {tuple(sorted(row)) for row in arrays.facets.tolist()}
    assert found == expected
    of = {tag: name for name, tag in arrays.layers.items()}
    row = {tuple(sorted(nodes)): k for k, nodes in enumerate(pairs.nodes.tolist())}
    facet_of = {tag: name for name, tag in arrays.facet_names.items()}
    for nodes, tag in zip(arrays.facets.tolist(), arrays.facet_tags.tolist(), strict=True):
        k, name = row[tuple(sorted(nodes))], facet_of[tag]
        sides = {of[int(arrays.cell_tags[c])] for c in (pairs.first[k], pairs.second[k]) if c >= 0}
        if "|" in name:
            assert sides == set(name.split(":")[0].split("|")) - {"void"}
        else:
            assert pairs.second[k] < 0
