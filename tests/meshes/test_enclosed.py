"""Bodies that touch nothing are put into the geometry without boolean operations: the same model as with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from body_samples import assert_sound, body_stack
from mesh_samples import UM, facet_sizes, layer_sizes

from meshes import MeshSizes, Void
from meshes.build import LayeredModel
from meshes.enclosed import meeting
from meshes.features.packing import Packing
from meshes.features.particle import Particle
from meshes.features.shapes_of_bodies import Shape
from meshes.generate import generate_arrays

SIZES = MeshSizes(bulk=4 * UM, growth=1.3, wall_fraction=0.6, edge_fraction=0.6)
PROLATE = Shape(semi_axes=(3 * UM, 2 * UM, 2 * UM), direction=(1, 2, 3))
TRIAXIAL = Shape(semi_axes=(3 * UM, 2 * UM, 1.5 * UM), direction=(1, 2, 3))


@pytest.mark.parametrize(
    "features",
    [
        (Packing(Shape(2 * UM), "cathode", 0.1, seed=1),),
        (Packing(Shape(2 * UM), "cathode", 0.1, seed=1, material=None),),
        (Packing(PROLATE, "cathode", 0.05, seed=1),),
        (Packing(PROLATE, "cathode", 0.05, seed=1, material=None),),
        (Packing(TRIAXIAL, "cathode", 0.03, seed=2),),
        # some cut by sides, some beside a void and a body across the interface
        (Packing(Shape(3 * UM), "cathode", 0.1, cut_by_sides=True, seed=1),),
        (
            Void("cathode|electrolyte", 4 * UM, 3 * UM, position=(5 * UM, 5 * UM)),
            Particle(Shape(4 * UM), at="cathode|electrolyte", position=(14 * UM, 14 * UM), name="large"),
            Packing(Shape(1.5 * UM), "cathode", 0.03, seed=1, name="small"),
        ),
    ],
)
def test_the_same_model_with_and_without_booleans(features: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = body_stack("3", *features)
    assert stack.problems() == []
    found = []
    for gluing in (False, True):
        if gluing:
            monkeypatch.setattr("meshes.enclosed.meeting", lambda own, others: np.ones(len(own), dtype=bool))
        arrays = generate_arrays(stack, SIZES)
        assert_sound(arrays, stack)
        found.append((layer_sizes(arrays), facet_sizes(arrays)))
    for quick, glued in zip(*found, strict=True):
        assert list(quick) == list(glued)
        assert list(quick.values()) == pytest.approx(list(glued.values()), rel=0.01, abs=0)


def test_only_what_touches_is_glued(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []
    glue = LayeredModel._glue

    def counted(self: LayeredModel, pieces: Any) -> Any:
        counts.append((len(self._enclosed), sum(len(p.tools) for p in self._paints)))
        return glue(self, pieces)

    monkeypatch.setattr(LayeredModel, "_glue", counted)
    inside, across = (
        Particle(Shape(2 * UM), layer="cathode", position=(5 * UM, 5 * UM), name="inside"),
        Particle(Shape(2 * UM), at="cathode|electrolyte", position=(14 * UM, 14 * UM), name="across"),
    )
    generate_arrays(body_stack("3", inside, across), SIZES)
    assert counts == [(1, 1)]


def test_boxes_that_meet() -> None:
    rng = np.random.default_rng(1)
    low = rng.uniform(0, 5, (200, 1, 3))
    own = np.concatenate([low, low + rng.uniform(0, 0.5, (200, 1, 3))], axis=1)
    low = rng.uniform(0, 5, (60, 1, 3))
    others = np.concatenate([low, low + 10 ** rng.uniform(-2, 0.8, (60, 1, 3))], axis=1)
    slow = np.array([np.any(np.all((a[0] <= others[:, 1]) & (a[1] >= others[:, 0]), axis=1)) for a in own])
    assert 20 < slow.sum() < 180
    assert (meeting(own, others) == slow).all()
