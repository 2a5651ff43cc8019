"""Meshes of stacks: sizes of everything that has a name, conformity, determinism, failure."""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mesh_samples import (
    HIGH,
    LAYERS,
    LOW,
    UM,
    cap_area,
    cap_volume,
    facet_sizes,
    layer_sizes,
    segment_area,
    stack,
)

from meshes import ContactSpot, Layer, MeshError, MeshProblem, MeshSizes, RandomVoids, Stack, Void, VoidArray
from meshes.arrays import MeshArrays, facet_rows
from meshes.generate import generate_arrays, gmsh_session

COARSE = MeshSizes(bulk=4 * UM, interface=2 * UM, edge=0.5 * UM, wall=0.7 * UM, growth=1.5)
W = 20 * UM


def close(found: dict[str, float], expected: dict[str, float], rel: float = 1e-9) -> None:
    assert {k: found[k] for k in expected} == pytest.approx(expected, rel=rel)


def conforms(arrays: MeshArrays) -> None:
    """Every facet belongs to two cells, or to one and carries the name of an outer side or of a void."""
    from meshes.arrays import cell_facets

    rows = facet_rows(arrays)
    facets = np.sort(cell_facets(arrays.cells).reshape(-1, arrays.tdim), axis=1)
    unique, inverse, counts = np.unique(facets, axis=0, return_inverse=True, return_counts=True)
    assert counts.max() <= 2
    tags = np.zeros(len(unique), dtype=int)
    np.maximum.at(tags, inverse.reshape(-1), rows.reshape(-1))
    outer = {t for n, t in arrays.facet_names.items() if "|" not in n or n.startswith("void|")}
    assert set(np.unique(tags[counts == 1])) <= outer
    assert not outer & set(np.unique(tags[counts == 2]))
    # an interface facet lies between its two layers, everything else within one
    first, second = np.full(len(unique), -(10**6)), np.full(len(unique), -(10**6))
    owner = np.repeat(arrays.cell_tags, arrays.tdim + 1)
    np.maximum.at(first, inverse.reshape(-1), owner)
    np.maximum.at(second, inverse.reshape(-1), -owner)
    across = (counts == 2) & (first != -second)
    inner = {t for n, t in arrays.facet_names.items() if t not in outer}
    assert set(np.unique(tags[across])) == inner
    assert not np.any(tags[(counts == 2) & ~across])


def test_one_dimension() -> None:
    arrays = generate_arrays(stack("1"))
    close(layer_sizes(arrays), {x.name: x.thickness for x in LAYERS}, 1e-12)
    assert facet_sizes(arrays) == {LOW: 1, HIGH: 1, "bottom": 1, "top": 1}
    names = {t: n for n, t in arrays.facet_names.items()}
    where = {names[t]: arrays.points[f, 0].item() for f, t in zip(arrays.facets, arrays.facet_tags, strict=True)}
    assert where == pytest.approx({"bottom": 0, LOW: 10 * UM, HIGH: 60 * UM, "top": 70 * UM}, rel=1e-12)
    conforms(arrays)


def test_two_dimensional_cap_and_gap() -> None:
    s = stack("2", Void(LOW, 3 * UM, UM), ContactSpot(HIGH, 4 * UM))
    arrays = generate_arrays(s)
    close(layer_sizes(arrays), {"electrolyte": W * 50 * UM, "counter": W * 10 * UM})
    close(layer_sizes(arrays), {"anode": W * 10 * UM - segment_area(3 * UM, UM)}, 2e-4)
    close(
        facet_sizes(arrays),
        {
            LOW: 14 * UM,
            HIGH: 8 * UM,
            f"{HIGH}:gap": 12 * UM,
            "bottom": W,
            "top": W,
            "left": 70 * UM,
            "void|electrolyte": 6 * UM,
        },
    )
    arc = 2 * 5 * UM * math.atan2(3, 4)
    close(facet_sizes(arrays), {"void|anode": arc}, 2e-3)
    conforms(arrays)


@pytest.mark.parametrize(
    ("void", "area"),
    [
        (Void(LOW, 3 * UM, shape="hemisphere"), math.pi * 9 / 2),
        (Void(LOW, 3 * UM, 6 * UM, "ellipsoid"), math.pi * 3 * 6 / 2),
        (Void(LOW, 3 * UM, UM, "ellipsoid"), math.pi * 3 * 1 / 2),
        (Void(LOW, 3 * UM, shape="hemisphere", position=(0.0,)), math.pi * 9 / 4),
    ],
)
@pytest.mark.parametrize("into", ["anode", "electrolyte"])
def test_two_dimensional_shapes(void: Void, area: float, into: str) -> None:
    from dataclasses import replace

    arrays = generate_arrays(stack("2", replace(void, into=into)))
    size = {x.name: W * x.thickness for x in LAYERS}
    size[into] -= area * UM**2
    close(layer_sizes(arrays), size, 1e-3)
    # the missing area itself, not only what is left
    full = {x.name: x.thickness * W for x in LAYERS}
    assert full[into] - layer_sizes(arrays)[into] == pytest.approx(area * UM**2, rel=0.02)
    flat = "electrolyte" if into == "anode" else "anode"
    close(facet_sizes(arrays), {f"void|{flat}": W - facet_sizes(arrays)[LOW]}, 1e-9)
    conforms(arrays)


def test_axisymmetric_lens_and_spot() -> None:
    s = stack("axisymmetric", Void(LOW, 3 * UM, 2 * UM, "lens"), ContactSpot(HIGH, 4 * UM))
    arrays = generate_arrays(s, MeshSizes(wall=0.1 * UM))
    sizes = layer_sizes(arrays, axisymmetric=True)
    cap = cap_volume(3 * UM, 2 * UM)
    disc = math.pi * W**2
    close(sizes, {"counter": disc * 10 * UM})
    close(sizes, {"anode": disc * 10 * UM - cap, "electrolyte": disc * 50 * UM - cap}, 1e-6)
    areas = facet_sizes(arrays, axisymmetric=True)
    close(areas, {LOW: disc - math.pi * (3 * UM) ** 2, HIGH: math.pi * (4 * UM) ** 2, "top": disc})
    close(areas, {"void|anode": cap_area(3 * UM, 2 * UM)}, 1e-3)
    assert (arrays.points[np.unique(arrays.facets[arrays.facet_tags == arrays.facet_names["left"]]), 0] == 0).all()
    conforms(arrays)


@pytest.mark.parametrize(
    ("position", "share"), [(None, 1.0), ((0.0, 10 * UM), 0.5), ((20 * UM, 20 * UM), 0.25), ((10 * UM, 0.0), 0.5)]
)
@pytest.mark.parametrize("shape", ["cap", "lens", "hemisphere", "ellipsoid"])
def test_three_dimensional_shapes(position: Any, share: float, shape: Any) -> None:
    depth = {"cap": 2 * UM, "lens": 2 * UM, "hemisphere": None, "ellipsoid": 5 * UM}[shape]
    void = Void(LOW, 4 * UM, depth, shape, None if shape == "lens" else "electrolyte", position)
    arrays = generate_arrays(stack("3", void), COARSE)
    if shape == "ellipsoid":
        hole = 2 / 3 * math.pi * (4 * UM) ** 2 * 5 * UM
    else:
        hole = cap_volume(4 * UM, 4 * UM if depth is None else depth)
    sizes = layer_sizes(arrays)
    close(sizes, {"counter": W * W * 10 * UM})
    assert W * W * 50 * UM - sizes["electrolyte"] == pytest.approx(share * hole, rel=0.04)
    below = W * W * 10 * UM - sizes["anode"]
    assert below == pytest.approx(share * hole if shape == "lens" else 0.0, rel=0.04, abs=1e-9 * W**3)
    areas = facet_sizes(arrays)
    assert W * W - areas[LOW] == pytest.approx(share * math.pi * (4 * UM) ** 2, rel=0.01)
    if shape != "lens":
        assert areas[LOW] + areas["void|anode"] == pytest.approx(W * W, rel=1e-9)
    conforms(arrays)


def test_spots_in_three_dimensions_with_a_void_inside() -> None:
    s = stack(
        "3",
        ContactSpot(HIGH, 6 * UM, (0.0, 0.0), name="corner"),
        ContactSpot(HIGH, 4 * UM, (15 * UM, 15 * UM), name="inner"),
        Void(HIGH, 2 * UM, UM, position=(15 * UM, 15 * UM)),
    )
    arrays = generate_arrays(s, COARSE)
    areas = facet_sizes(arrays)
    contact = math.pi * ((6 * UM) ** 2 / 4 + (4 * UM) ** 2 - (2 * UM) ** 2)
    assert areas[HIGH] == pytest.approx(contact, rel=0.01)
    assert areas[HIGH] + areas[f"{HIGH}:gap"] + areas["void|counter"] == pytest.approx(W * W, rel=1e-9)
    conforms(arrays)


def test_void_volume_converges_at_second_order() -> None:
    s = stack("2", Void(LOW, 4 * UM, shape="hemisphere"))
    errors = []
    for factor in (1.0, 0.5, 0.25):
        sizes = MeshSizes(bulk=2 * UM, interface=UM, edge=0.8 * UM, wall=0.8 * UM, growth=1.4).scaled(factor)
        hole = W * 10 * UM - layer_sizes(generate_arrays(s, sizes))["anode"]
        errors.append(abs(hole / (math.pi * 8 * UM**2) - 1))
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert (orders > 1.7).all(), orders


def test_patterns_in_the_mesh_have_the_area_asked_for() -> None:
    voids = RandomVoids(Void(LOW, 2 * UM, UM), 0.3, seed=5)
    areas = facet_sizes(generate_arrays(stack("3", voids), MeshSizes(edge_fraction=1 / 5, growth=1.6)))
    assert 1 - areas[LOW] / W**2 == pytest.approx(0.3, rel=0.01)
    array = VoidArray(Void(HIGH, 2 * UM, UM, "lens"), count=4)
    areas = facet_sizes(generate_arrays(stack("2", array)))
    assert 1 - areas[HIGH] / W == pytest.approx(0.8, rel=1e-9)


def test_voids_of_different_size_get_their_own_sizes() -> None:
    s = stack("2", Void(LOW, 3 * UM, UM, position=(5 * UM,)), Void(LOW, 0.3 * UM, 0.1 * UM, position=(15 * UM,)))
    arrays = generate_arrays(s)

    def smallest(x: float) -> float:
        tag = arrays.facet_names[LOW]
        ends = arrays.points[arrays.facets[arrays.facet_tags == tag]][:, :, 0]
        return float(np.abs(np.diff(ends))[np.isclose(ends, x, rtol=0, atol=1e-12).any(axis=1)].min())

    assert smallest(8 * UM) == pytest.approx(3 * UM / 200, rel=0.4)
    assert smallest(15.3 * UM) == pytest.approx(0.3 * UM / 200, rel=0.4)


def test_lengths_from_nanometres_to_a_third_of_a_millimetre() -> None:
    layers = (Layer("metal", 50 * UM), Layer("film", 5e-9), Layer("solid", 300 * UM))
    s = Stack("2", layers, 0.2 * UM)
    arrays = generate_arrays(s, MeshSizes(bulk=0.2 * UM, growth=1.6))
    close(layer_sizes(arrays), {x.name: x.thickness * 0.2 * UM for x in layers})


def test_flat_facets_lie_exactly_in_their_planes() -> None:
    """Whoever finds points by their coordinate need not guess a tolerance."""
    layers = tuple(Layer(n, t * UM / 7) for n, t in (("a", 11.3), ("b", 47.9), ("c", 13.1)))
    s = Stack("3", layers, 31 * UM / 7, 29 * UM / 7, (Void("a|b", 0.9 * UM, 0.3 * UM),))
    arrays = generate_arrays(s)
    planes = {"a|b": (2, s.z_of("a|b")), "b|c": (2, s.z_of("b|c")), "top": (2, s.levels[-1]), "right": (0, s.width)}
    for name, (axis, value) in planes.items():
        at = np.unique(arrays.facets[arrays.facet_tags == arrays.facet_names[name]])
        assert (arrays.points[at, axis] == value).all(), name


def digest(arrays: MeshArrays) -> str:
    parts = (arrays.points, arrays.cells, arrays.cell_tags, arrays.facets, arrays.facet_tags)
    return hashlib.sha256(b"".join(p.tobytes() for p in parts)).hexdigest()


@pytest.mark.parametrize("dimension", ["2", "3"])
def test_same_input_same_mesh_in_another_process(dimension: str) -> None:
    code = (
        "from test_generate import *;"
        f"print(digest(generate_arrays(stack({dimension!r}, Void(LOW, 3 * UM, UM)), COARSE)))"
    )
    here = Path(__file__).parent
    path = os.pathsep.join([str(here), str(here.parents[1])])
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "2"}
    out = subprocess.run([sys.executable, "-c", code], check=True, env=environment, capture_output=True, text=True)
    mine = digest(generate_arrays(stack(dimension, Void(LOW, 3 * UM, UM)), COARSE))
    assert out.stdout.split() == [mine]  # and nothing of Gmsh's chatter
    assert out.stderr == ""


def test_a_session_of_the_caller_survives() -> None:
    import gmsh

    gmsh.initialize(readConfigFiles=False, interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.model.add("mine")
        gmsh.model.occ.addBox(0, 0, 0, 1, 1, 1)
        gmsh.model.occ.synchronize()
        before = gmsh.option.getNumber("Mesh.MeshSizeMax")
        generate_arrays(stack("2"), COARSE)
        assert gmsh.model.getCurrent() == "mine"
        assert len(gmsh.model.getEntities(3)) == 1
        assert gmsh.option.getNumber("Mesh.MeshSizeMax") == before
        assert gmsh.model.list().count("ssbfem") == 0
    finally:
        gmsh.finalize()


def test_errors_of_gmsh_name_the_features(monkeypatch: pytest.MonkeyPatch) -> None:
    from meshes.build import LayeredModel

    def fail(self: LayeredModel) -> None:
        import gmsh

        gmsh.model.occ.cut([(3, 999)], [(3, 998)])

    monkeypatch.setattr(LayeredModel, "assemble", fail)
    with pytest.raises(MeshError, match=r"features: hole.*999"):
        generate_arrays(stack("2", Void(LOW, UM, UM, name="hole")))
    monkeypatch.undo()
    generate_arrays(stack("2"), COARSE)  # Gmsh is usable after an error


def test_wrong_input_is_refused_before_gmsh_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meshes.generate.gmsh_session", lambda: pytest.fail("Gmsh was started"))
    with pytest.raises(MeshProblem, match="positive"):
        generate_arrays(stack("2", Void(LOW, -UM, UM)))


def test_gmsh_session_reports_errors() -> None:
    import gmsh

    with pytest.raises(MeshError, match="Unknown"), gmsh_session():
        gmsh.model.occ.fuse([(3, 7)], [(3, 8)])
    assert not gmsh.isInitialized()


@pytest.mark.slow
def test_three_hundred_voids_cost_in_proportion() -> None:
    import time

    layers = (Layer("anode", 3 * UM), Layer("electrolyte", 6 * UM))

    def seconds(side: int) -> tuple[float, int]:
        s = Stack("3", layers, side * 3 * UM, side * 3 * UM, (VoidArray(Void(LOW, UM, 0.5 * UM), side),))
        sizes = MeshSizes(bulk=1.4 * UM, interface=UM, edge=0.5 * UM, wall=0.8 * UM, growth=1.8)
        began = time.process_time()
        arrays = generate_arrays(s, sizes)
        return time.process_time() - began, len(arrays.cells)

    seconds(2)
    (few, _), (many, cells) = seconds(6), seconds(18)  # 36 and 324 voids
    assert many < 9 * 2.5 * few
    assert cells < 1_000_000
