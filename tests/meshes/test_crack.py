"""Cracks and delaminations in meshes of stacks: slits with two faces, notches with walls, sizes at tips."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from mesh_samples import HIGH, LOW, UM, facet_sizes, layer_sizes, stack

from meshes import MeshError, MeshSizes, Stack
from meshes.arrays import MeshArrays, cell_facets
from meshes.features.crack import Crack
from meshes.features.delamination import Delamination, InterfaceCrack
from meshes.features.penny_crack import PennyCrack
from meshes.features.polycrystal import Polycrystal
from meshes.generate import generate_arrays
from meshes.loose import pieces
from meshes.random.grains import GrainStructure

COARSE = MeshSizes(bulk=4 * UM, edge_fraction=0.1)
Z = 35 * UM  # middle of the electrolyte


def mesh(s: Stack, sizes: MeshSizes = COARSE) -> MeshArrays:
    assert s.problems() == []
    arrays = generate_arrays(s, sizes)
    # every facet with one cell has a name: nothing else is open
    _, count = np.unique(
        np.sort(cell_facets(arrays.cells).reshape(-1, arrays.tdim), axis=1), axis=0, return_counts=True
    )
    outer = [n for n in arrays.facet_names if "|" not in n or n.startswith("void|")]
    named = sum(np.count_nonzero(arrays.facet_tags == arrays.facet_names[n]) for n in outer)
    assert np.count_nonzero(count == 1) == named
    return arrays


def faces(arrays: MeshArrays, name: str = "crack", axisymmetric: bool = False) -> float:
    """Size of a slit, the same on both of its faces."""
    sizes = facet_sizes(arrays, axisymmetric)
    assert sizes[f"{name}:lower"] == pytest.approx(sizes[f"{name}:upper"], rel=1e-12)
    return sizes[f"{name}:lower"]


def at_tip(arrays: MeshArrays, point: tuple[float, ...]) -> tuple[int, float]:
    """How many points lie at a tip, and the largest edge of the cells there."""
    here = np.flatnonzero(np.linalg.norm(arrays.points - point, axis=1) < 1e-12)
    cells = arrays.cells[np.isin(arrays.cells, here).any(axis=1)]
    edges = arrays.points[cells] - arrays.points[cells][:, [1, 2, 0]]
    return len(here), float(np.linalg.norm(edges, axis=2).max())


def test_edge_crack_is_open_at_its_mouth_and_fine_at_its_tip() -> None:
    crack = Crack(((0.0, Z), (8 * UM, Z)))
    s = stack("2", crack)
    arrays = mesh(s)
    assert faces(arrays) == pytest.approx(8 * UM)
    number, size = at_tip(arrays, (8 * UM, Z))
    assert number == 1
    assert 0.3 < size / (0.1 * 8 * UM) < 2.0
    assert at_tip(arrays, (0.0, Z))[0] == 2
    (tip,) = crack.tips(s)
    assert tip.direction == (1.0, 0.0)
    assert tip.reach == pytest.approx(8 * UM)
    assert sum(layer_sizes(arrays).values()) == pytest.approx(20 * 70 * UM**2, rel=1e-12)


def test_centre_kinked_and_branched_cracks_combine() -> None:
    centre = Crack(((4 * UM, 20 * UM), (7 * UM, 24 * UM)), name="centre")
    kinked = Crack(((0.0, Z), (6 * UM, Z), (9 * UM, 39 * UM)), name="kinked")
    branched = Crack(
        ((20 * UM, 50 * UM), (14 * UM, 50 * UM), (10 * UM, 50 * UM)),
        branches=(((14 * UM, 50 * UM), (11 * UM, 46 * UM)),),
        name="branched",
    )
    s = stack("2", centre, kinked, branched)
    arrays = mesh(s)
    assert faces(arrays, "centre") == pytest.approx(5 * UM)
    assert faces(arrays, "kinked") == pytest.approx(11 * UM)
    assert faces(arrays, "branched") == pytest.approx(15 * UM)
    assert [len(c.tips(s)) for c in (centre, kinked, branched)] == [2, 1, 2]
    assert pieces(arrays)[0] == 1


def test_crack_through_a_layer_ends_at_its_interfaces() -> None:
    arrays = mesh(stack("2", Crack(((10 * UM, 10 * UM), (10 * UM, 60 * UM)))))
    assert faces(arrays) == pytest.approx(50 * UM)
    assert pieces(arrays)[0] == 1
    assert facet_sizes(arrays)[LOW] == pytest.approx(20 * UM)
    halves = mesh(stack("2", Crack(((10 * UM, 0.0), (10 * UM, 70 * UM)))))
    assert pieces(halves)[0] == 2


def test_path_along_an_interface_takes_its_part_of_it() -> None:
    arrays = mesh(stack("2", Crack(((5 * UM, 10 * UM), (12 * UM, 10 * UM), (15 * UM, 14 * UM)))))
    assert faces(arrays) == pytest.approx(12 * UM)
    assert facet_sizes(arrays)[LOW] == pytest.approx(13 * UM)


@pytest.mark.parametrize("dimension", ["2", "axisymmetric", "3"])
def test_delamination_leaves_the_rest_of_the_interface(dimension: str) -> None:
    s = stack(dimension, Delamination(LOW, 6 * UM))
    arrays = mesh(s)
    disc, whole = {
        "2": (12 * UM, 20 * UM),
        "axisymmetric": (math.pi * (6 * UM) ** 2, math.pi * (20 * UM) ** 2),
        "3": (math.pi * (6 * UM) ** 2, (20 * UM) ** 2),
    }[dimension]
    size = faces(arrays, "delamination", dimension == "axisymmetric")
    assert size == pytest.approx(disc, rel=0.06 if dimension == "3" else 1e-9)
    assert facet_sizes(arrays, dimension == "axisymmetric")[LOW] == pytest.approx(whole - size)
    samples = s.features[0].contact_edge_samples(s, UM)
    assert len(samples)
    assert (samples[:, -1] == 10 * UM).all()


def test_delamination_from_the_side_and_of_all() -> None:
    arrays = mesh(stack("2", Delamination(LOW, 6 * UM, (20 * UM,)), Delamination(HIGH, 5 * UM, name="other")))
    assert faces(arrays, "delamination") == pytest.approx(6 * UM)
    assert faces(arrays, "other") == pytest.approx(10 * UM)
    with pytest.raises(MeshError, match=r"nothing crosses electrolyte.counter: it would part the stack"):
        generate_arrays(stack("2", InterfaceCrack((HIGH,))), COARSE)


@pytest.mark.parametrize("dimension", ["2", "3"])
def test_cracks_along_grain_boundaries(dimension: str) -> None:
    grains = Polycrystal("electrolyte", GrainStructure((8 if dimension == "2" else 14) * UM))
    boundaries = "electrolyte|electrolyte"

    def inner(arrays: MeshArrays) -> float:
        sizes = facet_sizes(arrays)
        return sum(
            v for k, v in sizes.items() if "|" in k and {p.split(".")[0] for p in k.split("|")} == {"electrolyte"}
        )

    whole = inner(generate_arrays(stack(dimension, grains), COARSE))
    with pytest.raises(MeshError, match="part the stack"):
        generate_arrays(stack(dimension, grains, InterfaceCrack((boundaries,))), COARSE)
    some = mesh(stack(dimension, grains, InterfaceCrack((boundaries,), 0.4, seed=2)))
    assert faces(some) + inner(some) == pytest.approx(whole, rel=1e-9)
    assert faces(some) / whole == pytest.approx(0.4, abs=0.1)
    others = mesh(stack(dimension, grains, InterfaceCrack((boundaries,), 0.4, seed=3)))
    assert faces(others) != pytest.approx(faces(some), rel=1e-6)
    again = mesh(stack(dimension, grains, InterfaceCrack((boundaries,), 0.4, seed=2)))
    assert np.array_equal(again.facets, some.facets)


def test_penny_crack_in_three_dimensions_and_on_the_axis() -> None:
    tilted = PennyCrack(Z, 5 * UM, tilt=0.5)
    arrays = mesh(stack("3", tilted))
    assert faces(arrays) == pytest.approx(math.pi * (5 * UM) ** 2, rel=0.05)
    normal = np.array([math.sin(0.5), 0, math.cos(0.5)])
    x = arrays.points[arrays.facets[arrays.facet_tags == arrays.facet_names["crack:lower"]]] - (10 * UM, 10 * UM, Z)
    assert np.abs(x @ normal).max() < 1e-12
    half = mesh(stack("3", PennyCrack(Z, 5 * UM, (0.0, 10 * UM))))
    assert faces(half) == pytest.approx(0.5 * math.pi * (5 * UM) ** 2, rel=0.05)
    s = stack("axisymmetric", PennyCrack(Z, 5 * UM))
    assert faces(mesh(s), axisymmetric=True) == pytest.approx(math.pi * (5 * UM) ** 2)


def test_plane_crack_in_three_dimensions_spans_a_part_of_the_depth() -> None:
    crack = Crack(((0.0, Z), (8 * UM, Z)), span=(0.0, 12 * UM))
    arrays = mesh(stack("3", crack))
    assert faces(arrays) == pytest.approx(96 * UM**2)
    kinked = replace(crack, path=(*crack.path, (11 * UM, 39 * UM)), span=None)
    assert faces(mesh(stack("3", kinked))) == pytest.approx(13 * 20 * UM**2)


def test_notches_take_their_area_away() -> None:
    wedge = Crack(((0.0, Z), (8 * UM, Z)), opening=UM)
    arrays = mesh(stack("2", wedge))
    assert layer_sizes(arrays)["electrolyte"] == pytest.approx((1000 - 4) * UM**2, rel=1e-9)
    assert "void|electrolyte" in arrays.facet_names
    assert "crack:lower" not in arrays.facet_names
    ellipse = Crack(((6 * UM, Z), (14 * UM, Z)), opening=UM, profile="ellipse")
    arrays = mesh(stack("2", ellipse))
    assert layer_sizes(arrays)["electrolyte"] == pytest.approx((1000 - math.pi * 4 * 0.5) * UM**2, rel=1e-4)
    branched = Crack(((0.0, Z), (8 * UM, Z)), branches=(((4 * UM, Z), (6 * UM, Z + 3 * UM)),), opening=0.5 * UM)
    assert layer_sizes(mesh(stack("2", branched)))["electrolyte"] < (1000 - 2) * UM**2
    through = Crack(((5 * UM, 5 * UM), (9 * UM, 20 * UM)), opening=0.5 * UM)
    sizes = layer_sizes(mesh(stack("2", through)))
    assert sizes["anode"] < 200 * UM**2
    assert sizes["electrolyte"] < 1000 * UM**2


def test_open_penny_cracks_have_the_volume_of_an_ellipsoid() -> None:
    volume = 4 / 3 * math.pi * (5 * UM) ** 2 * UM
    s = stack("axisymmetric", PennyCrack(Z, 5 * UM, opening=2 * UM))
    total = sum(layer_sizes(mesh(s), axisymmetric=True).values())
    assert total == pytest.approx(math.pi * (20 * UM) ** 2 * 70 * UM - volume, rel=1e-4)
    s = stack("3", PennyCrack(Z, 5 * UM, tilt=0.3, opening=2 * UM))
    taken = 400 * 70 * UM**3 - sum(layer_sizes(mesh(s)).values())
    assert taken == pytest.approx(volume, rel=0.2)


def test_pieces_that_are_cut_loose_are_refused() -> None:
    """A closed path frees its inside; also where it hangs on by a point."""
    ring = ((5 * UM, 30 * UM), (10 * UM, 30 * UM), (10 * UM, 40 * UM), (5 * UM, 30 * UM))
    with pytest.raises(MeshError, match=r"cracks \(ring, other\) cut a piece .* about \(8\.\d+e-06, 3\.\d+e-05\)"):
        generate_arrays(stack("2", Crack(ring, name="ring"), Crack(((0.0, Z), (2 * UM, Z)), name="other")), COARSE)
    across = Crack(((0.0, 50 * UM), (20 * UM, 50 * UM)), name="across")
    with pytest.raises(MeshError, match="part the stack between bottom and top"):
        generate_arrays(stack("2", across), COARSE)


def test_path_coordinates_of_a_list_are_the_same_crack() -> None:
    assert Crack([[0.0, Z], [UM, Z]]) == Crack(((0.0, Z), (UM, Z)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("feature", "path", "text"),
    [
        (Crack(((0.0, Z),)), "path", "two points"),
        (Crack(((0.0, Z), (0.0, Z))), "path[1]", "same point"),
        (Crack(((0.0, Z), (25 * UM, Z))), "path[1]", "outside of the model"),
        (Crack(((0.0, Z), (0.0, 2 * Z))), "path[1]", "outer side"),
        (Crack(((UM, Z), (5 * UM, 10 * UM + 1e-9))), "path[1]", "put it on it"),
        (Crack(((UM, Z), (5 * UM, Z)), (((UM, 2 * UM), (3 * UM, 3 * UM)),)), "branches[0][0]", "lie on the path"),
        (Crack(((UM, Z), (5 * UM, Z)), opening=-UM), "opening", "positive"),
        (Crack(((UM, Z), (5 * UM, Z)), opening=5 * UM), "opening", "narrower"),
        (Crack(((UM, Z), (5 * UM, Z)), profile="arc"), "profile", "one of"),  # type: ignore[arg-type]
        (Crack(((UM, Z), (5 * UM, Z)), span=(0.0, UM)), "span", "3 dimensions"),
        (PennyCrack(Z, UM), "", "axisymmetric or 3"),
        (Delamination(LOW, 11 * UM), "radius", "leaves the width"),
        (InterfaceCrack(("grains|grains",)), "along[0]", "no such interface"),
    ],
)
def test_problems_name_the_key_and_what_is_allowed(feature: Crack, path: str, text: str) -> None:
    (problem,) = stack("2", feature).problems()
    assert problem.path == ".".join(p for p in ("features[0]", path) if p)
    assert text in problem.message
