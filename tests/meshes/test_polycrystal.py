"""Layers of grains: partitions, boundaries, orientations, and what is refused."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from body_samples import BETWEEN, body_stack, meshed
from mesh_samples import UM

from meshes import ContactSpot, Void
from meshes.features.polycrystal import Polycrystal
from meshes.random.grains import GrainStructure


@pytest.mark.parametrize(
    ("dimension", "structure"),
    [
        ("2", GrainStructure(2 * UM)),
        ("2", GrainStructure(3 * UM, "laguerre", 0.5, regularity=0, seed=4)),
        ("3", GrainStructure(6 * UM)),
        ("3", GrainStructure(8 * UM, "laguerre", seed=1, shortest_edge=0)),
    ],
)
def test_grains_fill_the_layer(dimension: str, structure: GrainStructure) -> None:
    feature = Polycrystal("electrolyte", structure)
    stack = body_stack(dimension, feature)
    arrays, regions, facets = meshed(stack)
    parts, grains = feature.parts(stack), feature.structure(stack)
    assert parts[:2] == ("electrolyte", "electrolyte.2")
    assert [r.name for r in stack.regions] == ["cathode", *parts]
    for part, colour in zip(parts, range(len(parts)), strict=True):
        exact = grains.cells.moments[0][grains.colours == colour].sum() / UM**stack.gdim
        assert regions[part] == pytest.approx(exact, rel=1e-6)
        cells = arrays.cells[arrays.cell_tags == arrays.layers[part]]
        number, turned = feature.grain_at(stack, arrays.points[cells].mean(axis=1), part)
        assert set(number.tolist()) == set(np.flatnonzero(grains.colours == colour).tolist())
        assert np.array_equal(turned, grains.orientations[number])
    below = sum(facets.get(f"cathode|{p}", 0.0) for p in parts)
    assert below == pytest.approx(20 ** (stack.gdim - 1), rel=1e-9)
    # boundaries between grains: all inner faces of the tessellation, each once
    cells = grains.cells
    inner = sum(facets.get(f"{a}|{b}", 0.0) for a, b in itertools.combinations(parts, 2))
    exact = 0.0
    for loop, pair in zip(cells.faces, cells.sides.tolist(), strict=True):
        if pair[1] >= 0:
            x = cells.vertices[list(loop)] / UM
            if len(x) == 2:
                exact += float(np.linalg.norm(x[1] - x[0]))
            else:
                fan = sum((np.cross(p, q) for p, q in itertools.pairwise(x[1:] - x[0])), np.zeros(3))
                exact += 0.5 * float(np.linalg.norm(fan))
    assert inner == pytest.approx(exact, rel=1e-6)


def test_both_layers_of_an_interface_may_have_grains() -> None:
    features = (Polycrystal("electrolyte", GrainStructure(3 * UM)), Polycrystal("cathode", GrainStructure(5 * UM), "b"))
    _, regions, facets = meshed(body_stack("2", *features))
    assert sum(regions.values()) == pytest.approx(600, rel=1e-9)
    across = [n for n in facets if n.startswith("cathode") and "|electrolyte" in n]
    assert sum(facets[n] for n in across) == pytest.approx(20, rel=1e-9)
    assert len(across) > 6


@pytest.mark.parametrize("extra", [Void(BETWEEN, 4 * UM, 2 * UM, into="electrolyte"), ContactSpot(BETWEEN, 4 * UM)])
def test_grains_with_other_features(extra: Any) -> None:
    feature = Polycrystal("electrolyte", GrainStructure(3 * UM))
    stack = body_stack("2", feature, extra)
    _, _, facets = meshed(stack)
    parts = feature.parts(stack)
    contact = sum(facets.get(f"cathode|{p}", 0.0) for p in parts)
    if isinstance(extra, Void):
        assert contact == pytest.approx(12, rel=1e-6)
        assert sum(facets.get(f"void|{p}", 0.0) for p in parts) > 8
    else:
        assert contact == pytest.approx(8, rel=1e-6)
        assert sum(facets.get(f"cathode|{p}:gap", 0.0) for p in parts) == pytest.approx(12, rel=1e-6)


@pytest.mark.parametrize(
    ("dimension", "features", "path", "text"),
    [
        ("axisymmetric", (Polycrystal("electrolyte", GrainStructure(UM)),), "", "rings"),
        ("2", (Polycrystal("anode", GrainStructure(UM)),), "layer", "no such layer"),
        ("2", (Polycrystal("electrolyte", GrainStructure(-UM)),), "grains.grain_size", "positive"),
        ("3", (Polycrystal("electrolyte", GrainStructure(0.05 * UM)),), "grains.grain_size", "more than"),
        (
            "2",
            (Polycrystal("electrolyte", GrainStructure(UM)), Polycrystal("electrolyte", GrainStructure(UM), "b")),
            "layer",
            "two features",
        ),
    ],
)
def test_what_is_refused(dimension: str, features: Any, path: str, text: str) -> None:
    problem = body_stack(dimension, *features).problems()[0]
    assert problem.path == f"features[0].{path}".rstrip(".")
    assert text in problem.message
