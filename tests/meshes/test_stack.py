"""Stacks as data: names, heights, and everything that is wrong with one reported at once."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mesh_samples import HIGH, LAYERS, LOW, UM, stack

from meshes import ContactSpot, Layer, MeshProblem, RandomVoids, Stack, Void, VoidArray


def paths(found: list[Any]) -> list[str]:
    return [p.path for p in found]


def test_heights_and_names() -> None:
    s = stack("2", Void(LOW, 3 * UM, 1 * UM), ContactSpot(HIGH, 4 * UM))
    assert s.interfaces == (LOW, HIGH)
    assert s.height == pytest.approx(70 * UM)
    assert s.z_of(HIGH) == pytest.approx(60 * UM)
    assert s.levels == pytest.approx((0, 10 * UM, 60 * UM, 70 * UM))
    assert s.facet_names() == (
        LOW,
        HIGH,
        "bottom",
        "top",
        "left",
        "right",
        f"{HIGH}:gap",
        "void|anode",
        "void|electrolyte",
    )
    assert s.problems() == []
    with pytest.raises(KeyError, match="no interface"):
        s.z_of("anode|counter")


def test_checking_needs_neither_gmsh_nor_dolfinx() -> None:
    code = (
        "import sys; from mesh_samples import *; from meshes import MeshSizes, RandomVoids, Void;"
        "s = stack('3', RandomVoids(Void(LOW, UM, UM / 2), 0.1)); assert not s.problems();"
        "assert not MeshSizes.default(s).problems(s);"
        "bad = {'gmsh', 'dolfinx', 'mpi4py', 'petsc4py', 'pyvista'} & set(sys.modules); assert not bad, bad"
    )
    here = str(Path(__file__).parent)
    path = os.pathsep.join([here, str(Path(__file__).parents[2])])
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": path})


def test_all_problems_at_once() -> None:
    s = Stack(
        "2",
        (Layer("a", -1.0), Layer("b|c", 1 * UM), Layer("a", math.nan), Layer("void", 0.0)),
        None,
        features=(Void("a|x", UM, UM),),
    )
    found = s.problems()
    assert {
        "layers[0].thickness",
        "layers[1].name",
        "layers[2].thickness",
        "layers[2].name",
        "layers[3].thickness",
        "layers[3].name",
        "width",
        "features[0].at",
    } <= set(paths(found))
    with pytest.raises(MeshProblem) as caught:
        s.check()
    assert len(caught.value.problems) == len(found)


@pytest.mark.parametrize(
    ("dimension", "width", "depth", "path"),
    [
        ("2", None, None, "width"),
        ("3", UM, None, "depth"),
        ("2", UM, UM, "depth"),
        ("1", UM, None, "width"),
        ("2", math.inf, None, "width"),
        ("2", 0.0, None, "width"),
        ("4", UM, None, "dimension"),
        ("2", 100.0, None, "layers"),
    ],
)
def test_lateral_size_goes_with_the_dimension(dimension: Any, width: Any, depth: Any, path: str) -> None:
    assert path in paths(Stack(dimension, LAYERS, width, depth).problems())


@pytest.mark.parametrize(
    ("dimension", "feature", "path", "word"),
    [
        ("1", Void(LOW, UM, UM), "features[0]", "one-dimensional"),
        ("2", Void("anode|counter", UM, UM), "features[0].at", "no such interface"),
        ("2", Void(LOW, -UM, UM), "features[0].radius", "positive"),
        ("2", Void(LOW, UM), "features[0].depth", "needed"),
        ("2", Void(LOW, UM, 2 * UM), "features[0].depth", "ellipsoid"),
        ("2", Void(LOW, UM, 2 * UM, shape="hemisphere"), "features[0].depth", "hemisphere"),
        ("2", Void(LOW, UM, UM, shape="cube"), "features[0].shape", "one of"),  # type: ignore[arg-type]
        ("2", Void(LOW, UM, UM, into="counter"), "features[0].into", "anode or electrolyte"),
        ("2", Void(LOW, UM, UM, shape="lens", into="anode"), "features[0].into", "both"),
        ("2", Void(LOW, 5 * UM, 10 * UM, shape="ellipsoid"), "features[0].depth", "larger than its layer"),
        ("2", Void(LOW, 5 * UM, 10 * UM, "ellipsoid", into="electrolyte"), None, ""),
        ("2", Void(LOW, 10 * UM, UM), "features[0].radius", "leaves the width"),
        ("2", Void(LOW, 3 * UM, UM, position=(2 * UM,)), "features[0].radius", "leaves the width"),
        ("2", Void(LOW, 3 * UM, UM, position=(0.0,)), None, ""),
        ("2", Void(LOW, 3 * UM, UM, position=(20 * UM,)), None, ""),
        ("2", Void(LOW, 20 * UM, UM, position=(0.0,)), "features[0].radius", "leaves the width"),
        ("2", Void(LOW, 3 * UM, UM, position=(UM, UM)), "features[0].position", "one coordinate"),
        ("3", Void(LOW, 3 * UM, UM, position=(10 * UM, 2 * UM)), "features[0].radius", "depth"),
        ("3", Void(LOW, 3 * UM, UM, position=(0.0, 0.0)), None, ""),
        ("3", Void(LOW, 3 * UM, UM, position=(UM, math.nan)), "features[0].position", "two coordinates"),
        ("axisymmetric", Void(LOW, 3 * UM, UM, position=(5 * UM,)), "features[0].position", "axis"),
        ("axisymmetric", VoidArray(Void(LOW, UM, UM), 2), "features[0]", "axisymmetric"),
        ("2", ContactSpot(LOW, 11 * UM), "features[0].radius", "leaves the width"),
        ("2", VoidArray(Void(LOW, UM, UM)), "features[0].count", "either"),
        ("2", VoidArray(Void(LOW, UM, UM), 2, 3 * UM), "features[0].count", "either"),
        ("2", VoidArray(Void(LOW, UM, UM), 11), "features[0].void.radius", "overlap"),
        ("2", VoidArray(Void(LOW, UM, UM), 0), "features[0].count", "whole"),
        ("2", VoidArray(Void(LOW, UM, UM), 2.0), "features[0].count", "whole"),  # type: ignore[arg-type]
        ("3", VoidArray(Void(LOW, UM, UM), (2, 2, 2)), "features[0].count", "one number per"),
        ("3", VoidArray(Void(LOW, UM, UM), spacing=-UM), "features[0].spacing", "positive"),
        ("3", VoidArray(Void(LOW, UM, UM, position=(UM, UM)), 2), "features[0].void.position", "leave"),
        ("3", VoidArray(Void(LOW, UM, 2 * UM), 2), "features[0].void.depth", "ellipsoid"),
        ("3", RandomVoids(Void(LOW, UM, UM), 1.2), "features[0].area_fraction", "between 0 and 1"),
        ("3", RandomVoids(Void(LOW, UM, UM), 0.1, seed=-1), "features[0].seed", "whole"),
        ("3", RandomVoids(Void(LOW, UM, UM), 0.1, 1, -UM), "features[0].minimum_distance", "length"),
        ("3", RandomVoids(Void(LOW, UM, UM), 0.95), "features[0].area_fraction", "do not fit"),
        ("3", RandomVoids(Void(LOW, 8 * UM, UM), 0.05), "features[0].area_fraction", "whole number"),
    ],
)
def test_features(dimension: Any, feature: Any, path: str | None, word: str) -> None:
    found = stack(dimension, feature).problems()
    if path is None:
        assert found == []
    else:
        assert path in paths(found)
        assert word in next(p.message for p in found if p.path == path)


def test_overlaps_name_both() -> None:
    s = stack(
        "2",
        Void(LOW, 3 * UM, UM, position=(5 * UM,), name="first"),
        Void(LOW, 3 * UM, UM, position=(9 * UM,), into="electrolyte", name="second"),
        Void(HIGH, 3 * UM, UM, position=(9 * UM,), name="elsewhere"),
    )
    (problem,) = s.problems()
    assert {"first", "second"} <= set(problem.value.split() + problem.message.split())


def test_unnamed_features_are_told_apart() -> None:
    two = (Void(LOW, 3 * UM, UM, position=(5 * UM,)), Void(LOW, 3 * UM, UM, position=(9 * UM,)))
    (problem,) = stack("2", *two).problems()
    assert "void[0]" in problem.value
    assert "void[1]" in problem.message
    named = (Void(LOW, UM, UM, name="x"), ContactSpot(HIGH, UM, name="x"))
    assert paths(stack("2", *named).problems()) == ["features[1].name"]


def test_voids_that_meet_inside_a_layer() -> None:
    film = (Layer("a", 10 * UM), Layer("film", 4 * UM), Layer("b", 10 * UM))
    below = Void("a|film", 3 * UM, 2.5 * UM, into="film", name="lower")

    def facing(x: float) -> list[Any]:
        above = Void("film|b", 3 * UM, 2.5 * UM, position=(x,), name="upper")
        return stack("2", below, above, layers=film).problems()

    assert len(facing(10 * UM)) == 1  # one above the other: 5 um of voids in 4 um
    assert len(facing(12 * UM)) == 1
    assert facing(14 * UM) == []  # their rims lie over each other, where both are shallow


def test_a_void_within_a_contact_spot_is_legal_across_its_edge_is_not() -> None:
    spot = ContactSpot(LOW, 6 * UM, name="spot")
    assert stack("3", spot, Void(LOW, 2 * UM, UM)).problems() == []
    across = stack("3", spot, Void(LOW, 2 * UM, UM, position=(5 * UM, 10 * UM))).problems()
    assert len(across) == 1
