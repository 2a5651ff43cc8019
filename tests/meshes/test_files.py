"""The cache of meshes, and meshes from other programs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mesh_samples import HIGH, LOW, UM, facet_sizes, layer_sizes, stack

from meshes import ContactSpot, Layer, MeshError, MeshSizes, RandomVoids, Stack, Void
from meshes import generate as generating
from meshes.cache import load_arrays, mesh_key, save_arrays
from meshes.generate import generate_arrays
from meshes.importing import arrays_from_meshio

SIZES = MeshSizes(bulk=5 * UM, interface=2.5 * UM, edge=0.6 * UM, growth=1.6)


def same(a: Any, b: Any) -> bool:
    keys = ("points", "cells", "cell_tags", "facets", "facet_tags")
    return all(np.array_equal(getattr(a, k), getattr(b, k)) for k in keys) and a.layers == b.layers


def test_second_time_comes_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    s = stack("2", Void(LOW, 3 * UM, UM))
    first = generate_arrays(s, SIZES, tmp_path)
    (file,) = tmp_path.iterdir()
    monkeypatch.setattr(generating, "_with_gmsh", lambda *_: pytest.fail("not from the cache"))
    assert same(generate_arrays(s, SIZES, tmp_path), first)
    assert [p.name for p in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 nonsense", None])
def test_a_damaged_file_is_made_again(tmp_path: Path, damage: bytes | None) -> None:
    s = stack("1")
    first = generate_arrays(s, SIZES, tmp_path)
    (file,) = tmp_path.iterdir()
    content = file.read_bytes()
    half = bytearray(content)
    half[len(half) // 2] ^= 0xFF
    file.write_bytes(bytes(half) if damage is None else damage)
    assert same(generate_arrays(s, SIZES, tmp_path), first)
    assert same(load_arrays(file), first)


def test_key_follows_content() -> None:
    s = stack("2", Void(LOW, 3 * UM, UM))
    key = mesh_key(s, SIZES, "g")
    assert key == mesh_key(stack("2", Void(LOW, 3 * UM, UM)), replace(SIZES), "g")
    others = [
        mesh_key(stack("2", Void(LOW, 3.1 * UM, UM)), SIZES, "g"),
        mesh_key(stack("2", ContactSpot(LOW, 3 * UM)), SIZES, "g"),
        mesh_key(stack("axisymmetric", Void(LOW, 3 * UM, UM)), SIZES, "g"),
        mesh_key(stack("2", RandomVoids(Void(LOW, 3 * UM, UM), 0.3, 1)), SIZES, "g"),
        mesh_key(stack("2", RandomVoids(Void(LOW, 3 * UM, UM), 0.3, 2)), SIZES, "g"),
        mesh_key(s, SIZES.scaled(0.5), "g"),
        mesh_key(s, SIZES, "h"),
    ]
    assert len({key, *others}) == len(others) + 1
    material = Stack("2", tuple(Layer(x.name, x.thickness, "Li") for x in s.layers), s.width, None, s.features)
    assert mesh_key(material, SIZES, "g") == key


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = generate_arrays(stack("1"), SIZES)

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="disk full"):
        save_arrays(arrays, tmp_path / "x.npz")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("dimension", ["2", "3"])
def test_import_of_a_gmsh_file(tmp_path: Path, dimension: Any) -> None:
    import meshio

    s = stack(dimension, Void(LOW, 3 * UM, UM), ContactSpot(HIGH, 4 * UM))
    arrays = generate_arrays(s, replace(SIZES, wall=UM))
    tdim = arrays.tdim
    kinds = {2: ("triangle", "line"), 3: ("tetra", "triangle")}[tdim]
    points = np.zeros((len(arrays.points), 3))
    points[:, :tdim] = arrays.points
    tags = [arrays.cell_tags, arrays.facet_tags]
    fields = {n: np.array([t, tdim]) for n, t in arrays.layers.items()}
    fields |= {n: np.array([t, tdim - 1]) for n, t in arrays.facet_names.items()}
    data = meshio.Mesh(
        points,
        [(kinds[0], arrays.cells), (kinds[1], arrays.facets)],
        cell_data={"gmsh:physical": tags, "gmsh:geometrical": tags},
        field_data=fields,
    )
    path = tmp_path / "mesh.msh"
    data.write(path, file_format="gmsh22", binary=False)
    back = arrays_from_meshio(path)
    assert back.points.shape[1] == tdim
    assert layer_sizes(back) == pytest.approx(layer_sizes(arrays), rel=1e-6)
    assert facet_sizes(back) == pytest.approx(facet_sizes(arrays), rel=1e-6)
    named = arrays_from_meshio(path, {"all": 1, "rest": 2, "more": 3}, {"low": arrays.facet_names["bottom"]})
    assert facet_sizes(named)["low"] == pytest.approx(facet_sizes(arrays)["bottom"], rel=1e-6)


def test_import_of_what_cannot_be_used(tmp_path: Path) -> None:
    import meshio

    with pytest.raises(MeshError, match="cannot be read"):
        arrays_from_meshio(tmp_path / "missing.msh")
    (tmp_path / "x.msh").write_text("nonsense")
    with pytest.raises(MeshError, match="cannot be read"):
        arrays_from_meshio(tmp_path / "x.msh")
    (tmp_path / "x.unknown").write_text("nonsense")
    with pytest.raises(MeshError, match="cannot be read"):
        arrays_from_meshio(tmp_path / "x.unknown")
    quad = meshio.Mesh(np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]]), [("quad", [[0, 1, 2, 3]])])
    quad.write(tmp_path / "quad.vtk")
    with pytest.raises(MeshError, match="quad"):
        arrays_from_meshio(tmp_path / "quad.vtk")
