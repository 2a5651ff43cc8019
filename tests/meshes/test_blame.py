"""Failures of Gmsh name the features that they are about, not all that there are."""

from __future__ import annotations

from typing import Any

import gmsh
import numpy as np
import pytest
from mesh_samples import HIGH, LOW, UM, stack

from meshes import ContactSpot, MeshError, MeshSizes, Void
from meshes.blame import involved, places
from meshes.features.crack import Crack
from meshes.features.particle import Particle
from meshes.features.shapes_of_bodies import Shape
from meshes.generate import generate_arrays, gmsh_session

LEFT = Void(LOW, 2 * UM, UM, position=(4 * UM,), name="left")
RIGHT = Void(LOW, 2 * UM, UM, position=(16 * UM,), name="right")
BODY = Particle(Shape(3 * UM), layer="electrolyte", position=(10 * UM,), name="grain")
SIZES = MeshSizes(growth=1.5, edge_fraction=0.2)


def test_places_of_messages() -> None:
    with gmsh_session():
        gmsh.model.occ.addRectangle(0, 0, 0, 2, 4)
        gmsh.model.occ.synchronize()
        text = "A segment and a facet intersect at point (1.5,-2e-1,3); overlapping facets on curve 1 and surface 1"
        assert places(text, UM) / UM == pytest.approx(np.array([[1.5, -0.2, 3], [1, 0, 0], [1, 2, 0]]), abs=1e-6)
        assert places("Could not mesh surface 77", UM).shape == (0, 3)


@pytest.mark.parametrize(
    ("text", "where", "labels"),
    [
        ("no face for electrolyte|grain", None, "grain"),
        ("no face for electrolyte|grain.2", None, "left, right, grain"),
        ("a broken curve", (14 * UM, 10 * UM, 0.0), "right"),
        ("a broken curve", (10 * UM, 32 * UM, 0.0), "grain"),
        ("a broken curve", (4.5 * UM, 9.2 * UM, 0.0), "left"),
    ],
)
def test_features_are_named_by_name_and_by_place(text: str, where: Any, labels: str) -> None:
    s = stack("2", LEFT, RIGHT, BODY)
    points = np.zeros((0, 3)) if where is None else np.array([where])
    assert involved(s, SIZES, text, points) == labels


def test_messages_stay_short() -> None:
    s = stack("2", *(Void(LOW, 0.5 * UM, 0.2 * UM, position=((2 * k + 1) * UM,), name=f"v{k}") for k in range(9)))
    assert involved(s, SIZES, "something", np.zeros((0, 3))) == "v0, v1, v2, v3, v4, v5, and 3 more"


@pytest.mark.parametrize("dimension", ["2", "3"])
def test_a_failure_of_gmsh_names_what_lies_there(dimension: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    y = () if dimension == "2" else (10 * UM,)
    near = Crack(((3 * UM, 20 * UM), (6 * UM, 20 * UM)), name="near")
    s = stack(dimension, ContactSpot(HIGH, 3 * UM, position=(10 * UM, *y)), near)

    def fails(dim: int = 3) -> None:
        curves = [tag for _, tag in gmsh.model.getEntities(1)]
        box = {c: gmsh.model.getBoundingBox(1, c) for c in curves}
        # a curve of the crack: all of it lies off the sides and the interfaces
        unit = 20 * UM / max(b[3] for b in box.values())
        up = int(dimension) - 1
        tip = next(c for c in curves if abs(box[c][up] - 20 * UM / unit) + abs(box[c][up + 3] - 20 * UM / unit) < 0.1)
        raise Exception(f"Could not recover curve {tip}")

    monkeypatch.setattr(gmsh.model.mesh, "generate", fails)
    with pytest.raises(MeshError, match=r"\(features: near\): Could not recover curve"):
        generate_arrays(s, SIZES)
