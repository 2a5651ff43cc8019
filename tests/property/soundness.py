"""What a mesh must be to be what its study says, and what a message must be to help."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from meshes.arrays import MeshArrays
from meshes.lattice import FacetPairs, facet_pairs, measures
from meshes.problems import MeshError
from meshes.slit import slit_face_names
from meshes.stack import OUTER_SIDES, Stack
from studies.errors import InputError, format_error

__all__ = ["assert_helpful", "assert_sound", "box_volume"]

#: Nothing is taken out of the layers by these.
_SOLID = {
    "Waviness",
    "Roughness",
    "Delamination",
    "InterfaceCrack",
    "Block",
    "Polycrystal",
    "Coating",
    "ContactSpot",
    "ContactStripes",
    "ContactFrame",
    "ContactArray",
    "RandomContacts",
    "ContactImage",
}


def box_volume(stack: Stack) -> float:
    """Volume (area, length) of the whole stack as if nothing were cut out, axisymmetric: of a section."""
    return math.prod(stack.lateral) * stack.height


def assert_sound(arrays: MeshArrays, stack: Stack) -> None:
    """Cells, facets, their names and the room they fill."""
    arrays.check()
    size = np.abs(measures(arrays.points, arrays.cells))
    box = box_volume(stack)
    assert size.min() > 0
    assert list(arrays.layers) == [region.name for region in stack.regions]
    pairs = facet_pairs(arrays.cells, len(arrays.points))
    assert not len(pairs.crowded), "a facet has three cells"
    assert size.sum() <= box * (1 + 1e-9), "cells overlap or leave the box"
    if not any(carves(feature) for feature in stack.features):
        assert math.isclose(size.sum(), box, rel_tol=1e-9), "cells do not fill the box"
    assert math.isclose(size.sum(), enclosed(arrays, pairs), rel_tol=1e-9), "the mesh has inverted cells"
    assert_named(arrays, stack, pairs)
    assert_outer_sides(arrays, stack, pairs)


def carves(feature: Any) -> bool:
    """Whether a feature may take material away."""
    if type(feature).__name__ in _SOLID:
        return False
    if getattr(feature, "material", "") is not None and type(feature).__name__ in ("Particle", "Packing"):
        return False
    return not (hasattr(feature, "opening") and feature.opening is None)


def enclosed(arrays: MeshArrays, pairs: FacetPairs) -> float:
    """Volume within the boundary of the mesh, by Gauss' theorem from its boundary facets alone."""
    tdim = arrays.tdim
    outer = pairs.second < 0
    x = arrays.points[pairs.nodes[outer]]
    inside = arrays.points[arrays.cells[pairs.first[outer]]].mean(axis=1)
    if tdim == 1:
        normal = np.sign(x[:, 0] - inside)
    elif tdim == 2:
        edge = x[:, 1] - x[:, 0]
        normal = np.column_stack([edge[:, 1], -edge[:, 0]])
    else:
        normal = 0.5 * np.cross(x[:, 1] - x[:, 0], x[:, 2] - x[:, 0])
    away = x.mean(axis=1) - inside
    normal = normal * np.sign(np.einsum("ij,ij->i", normal, away))[:, None]
    return float(np.einsum("ij,ij->", normal, x.mean(axis=1)) / tdim)


def assert_named(arrays: MeshArrays, stack: Stack, pairs: FacetPairs) -> None:
    """Every facet between two regions or at the boundary has a name, and the one that it should have."""
    second = np.maximum(pairs.second, 0)
    left, right = arrays.cell_tags[pairs.first], arrays.cell_tags[second]
    due = (pairs.second < 0) | (left != right)
    points = len(arrays.points)
    key = {k: i for i, k in enumerate(keys(pairs.nodes, points))}
    given = keys(arrays.facets, points)
    assert len(set(given)) == len(given), "a facet is named twice"
    rows = np.array([key[k] for k in given], dtype=np.int64)
    assert np.array_equal(np.sort(rows), np.flatnonzero(due)), "facets without a name, or names within a region"
    order = [region.name for region in stack.regions]
    for name, tag in arrays.facet_names.items():
        at = rows[arrays.facet_tags == tag]
        outer = pairs.second[at] < 0
        base = name.split(":")[0]
        if "|" not in name or base.startswith("void|"):
            assert outer.all(), name
            if "|" in name:
                assert set(arrays.cell_tags[pairs.first[at]]) == {arrays.layers[base.split("|")[1]]}
            continue
        assert not outer.any(), name
        a, b = base.split("|")
        assert order.index(a) < order.index(b), name
        between = {tuple(sorted(pair)) for pair in zip(left[at], right[at], strict=True)}
        assert between == {tuple(sorted((arrays.layers[a], arrays.layers[b])))}, name
        assert base in stack.contacts or owners(a, stack) != owners(b, stack), f"{name} is no contact of the stack"


def owners(region: str, stack: Stack) -> tuple[int, ...]:
    """Features that a region belongs to; none: it is a layer."""
    return tuple(i for i, f in enumerate(stack.features) if region in [r.name for r in f.regions(stack)])


def assert_outer_sides(arrays: MeshArrays, stack: Stack, pairs: FacetPairs) -> None:
    """Bottom and top are where they should be and as large as nothing at them allows; names are known."""
    slit_faces = {face for name in stack.slits for face in slit_face_names(name)}
    outer = set(OUTER_SIDES[stack.dimension])
    for name in arrays.facet_names:
        assert "|" in name or name in outer | slit_faces, f"nothing is called {name!r}"
    extents = (*stack.lateral, stack.height)
    for side, axis, value in (("bottom", -1, 0.0), ("top", -1, stack.height), ("right", 0, extents[0])):
        if side in arrays.facet_names and side in outer:
            nodes = np.unique(arrays.facets[arrays.facet_tags == arrays.facet_names[side]])
            assert np.allclose(arrays.points[nodes, axis], value, atol=1e-9 * max(extents)), side
    low, high = arrays.points.min(axis=0), arrays.points.max(axis=0)
    assert np.allclose(low, 0.0, atol=1e-9 * max(extents))
    assert np.allclose(high, extents, rtol=1e-9)
    for face in slit_face_names("x"):
        suffix = face.split(":")[1]
        for name in stack.slits:
            assert f"{name}:{suffix}" in arrays.facet_names, f"{name} has no face {suffix}"


def keys(facets: Any, points: int) -> list[int]:
    """One number for each facet, whatever the order of its nodes."""
    ordered = np.sort(facets, axis=1)
    found = [0] * len(ordered)
    for column in ordered.T.tolist():
        found = [k * points + c for k, c in zip(found, column, strict=True)]
    return found


def assert_helpful(error: Exception, data: dict[str, Any]) -> None:
    """A message without a traceback that names something of the study file."""
    text = format_error(error) if isinstance(error, InputError) else str(error)
    assert text.strip()
    assert "Traceback" not in text
    assert "internal error" not in text
    if isinstance(error, InputError):
        for problem in error.problems:
            assert problem.message
            assert reaches(data, problem.path), f"{problem.path} is nowhere in the file: {problem.message}"
        return
    assert isinstance(error, MeshError)
    words = {w for feature in data["geometry"]["features"] for w in (*feature, *names(feature))}
    words |= {layer["name"] for layer in data["geometry"]["layers"]}
    assert any(word.split("_")[0] in text for word in words), f"nothing of the input is named: {text}"


def names(value: Any) -> list[str]:
    """All names and interfaces given in a part of a study."""
    if isinstance(value, dict):
        own = [v for k, v in value.items() if k in ("name", "at", "layer") and isinstance(v, str)]
        return own + [n for v in value.values() for n in names(v)]
    return [n for v in value for n in names(v)] if isinstance(value, list) else []


def reaches(data: Any, path: str) -> bool:
    """Whether all of a key path but its last step (a key may be missing) leads somewhere."""
    here = data
    steps = path.split(".")
    for k, step in enumerate(steps):
        last = k == len(steps) - 1
        if isinstance(here, list):
            found = [x for x in here if isinstance(x, dict) and x.get("name") == step]
            if not found and not step.isdigit():
                return False
            here = found[0] if found else here[int(step)]
        elif isinstance(here, dict) and (step in here or last):
            here = here.get(step)
        else:
            return last and k > 0
    return True
