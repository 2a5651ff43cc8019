"""Pictures from fields folders that are made up here: no solver is needed."""

from __future__ import annotations

import json
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fem.output.vtu import Grid, write_vtu
from studies.pictures import PICTURES, caption, draw, spatial
from studies.pictures.dataset import Dataset, DatasetError
from studies.pictures.planar import crowded, sheet_of
from studies.pictures.regions import Layer
from studies.pictures.section import cut_position, cut_sheet
from studies.pictures.stream import current_lines, stream_function
from studies.pictures.style import Range, magnitudes, print_style, value_range

UM = 1e-6
NAMES = ("anode", "electrolyte", "counter")


def boxes(dimension: int, low: float, high: float, count: int = 6) -> tuple[Any, Any]:
    """Points and simplices of a layer of the unit width 20 um between two heights."""
    lateral = np.linspace(0, 20 * UM, count + 1)
    axes = [lateral] * (dimension - 1) + [np.linspace(low, high, 4)]
    grid = np.meshgrid(*axes, indexing="ij")
    points = np.column_stack([g.reshape(-1) for g in grid] + [np.zeros(grid[0].size)] * (3 - dimension))
    from scipy.spatial import Delaunay

    if dimension == 1:
        return points, np.column_stack([np.arange(3), np.arange(1, 4)])
    shape = np.array([20 * UM] * (dimension - 1) + [high - low])
    return points, Delaunay(points[:, :dimension] / shape).simplices.astype(np.int64)


def make_folder(folder: Path, dimension: int, axisymmetric: bool = False) -> Path:
    """Fields of a planar cell: i = 10 A/m^2 along the last axis, 50 V/m in the electrolyte."""
    (folder / "data").mkdir(parents=True)
    heights = {"anode": (0.0, 5 * UM), "electrolyte": (5 * UM, 25 * UM), "counter": (25 * UM, 30 * UM)}
    kind = {1: "line", 2: "triangle", 3: "tetra"}[dimension]
    axes = {1: ["x"], 2: ["r", "z"] if axisymmetric else ["x", "y"], 3: ["x", "y", "z"]}[dimension]
    layers, files = [], {}
    for k, name in enumerate(NAMES):
        low, high = heights[name]
        points, cells = boxes(dimension, low, high)
        potential = 0.01 + 50.0 * (high - points[:, dimension - 1])
        key = "ionic_potential" if name == "electrolyte" else "electronic_potential"
        nodes = {key: potential if name == "electrolyte" else np.full(len(points), 0.1)}
        means: dict[str, Any] = {"layer": np.full(len(cells), k, dtype=np.int32)}
        if name == "electrolyte":
            means["ionic_current_density"] = np.zeros((len(cells), 3), dtype=np.float32)
            means["ionic_current_density"][:, dimension - 1] = 10.0
        for stress in ("von_mises_stress", "mean_stress", "stacking_stress"):
            means[stress] = np.linspace(-5e6, 1e6, len(cells)).astype(np.float32)
        files[name] = f"data/{name}.vtu"
        write_vtu(folder / files[name], Grid(kind, points, cells, nodes, means))  # type: ignore[arg-type]
        side = [20 * UM] * (dimension - 1)
        layers.append(
            {
                "name": name,
                "material": "LLZO" if name == "electrolyte" else "Li",
                "body": name,
                "kind": "layer",
                "low": [0.0] * (dimension - 1) + [low],
                "high": [*side, high],
                "cells": len(cells),
                "potentials": {"ionic": "resolved"} if name == "electrolyte" else {"electronic": "equipotential"},
            }
        )
    tables = {f"{a}|{b}": table(folder, f"{a}-{b}", dimension, heights[a][1]) for a, b in pairwise(NAMES)}
    opening = {"at": "anode|electrolyte", "level": 5 * UM, "centre": [10 * UM] * (dimension - 1)}
    contents = {
        "format": 1,
        "dimension": "axisymmetric" if axisymmetric else str(dimension),
        "axes": axes,
        "layers": layers,
        "interfaces": list(tables),
        "openings": [{**opening, "radius": 3 * UM, "below": UM, "above": 0.0, "shape": "cap", "label": "void"}]
        * (dimension > 1),
        "fields": {},
        "steps": [
            {
                "label": {},
                "layers": files,
                "interfaces": tables,
                "equipotentials": {"anode": {"electronic": 0.1}, "counter": {"electronic": 0.0}},
            }
        ],
    }
    (folder / "fields.json").write_text(json.dumps(contents))
    return folder


def table(folder: Path, stem: str, dimension: int, level: float) -> dict[str, Any]:
    """The table of an interface with a peak of its current at one facet."""
    if dimension == 1:
        corners = np.array([[[level]]])
    elif dimension == 2:
        x = np.linspace(0, 20 * UM, 41)
        ends = np.stack([x[:-1], x[1:]], axis=1)
        ends = ends[np.abs(ends.mean(axis=1) - 10 * UM) > 3 * UM]
        corners = np.stack([ends, np.full_like(ends, level)], axis=2)
    else:
        points, cells = boxes(2, 0.0, 20 * UM)
        corners = np.dstack([points[cells][:, :, :2], np.full(cells.shape, level)])
    values = np.full(len(corners), 10.0)
    values[len(values) // 2] = 500.0
    arrays = {"current_density": values, "pressure": values * 1e5, "stress_shift": values * 1e-5}
    np.savez(folder / f"{stem}.npz", points=corners.mean(axis=1), corners=corners, area=np.ones(len(corners)), **arrays)
    return {"table": f"{stem}.npz", "csv": "", "grid": "", "meaning": {"current_density": "anodic positive"}}


def size_of(path: Path) -> tuple[int, int]:
    """Pixels of a PNG."""
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", head[16:24])


SERIES = {
    "applied_current": (0.0, 1.0, 10.0, 100.0),
    "cell_voltage": (0.0, 0.01, 0.07, 0.2),
    "area_specific_resistance": (float("nan"), 0.01, 0.007, 0.002),
}


@pytest.mark.parametrize(("dimension", "axisymmetric"), [(1, False), (2, False), (2, True)])
def test_plane_models(dimension: int, axisymmetric: bool, tmp_path: Path) -> None:
    """All pictures of a plane model appear, at print size, each below a megabyte, with a caption."""
    folder = make_folder(tmp_path / "fields", dimension, axisymmetric)
    messages: list[str] = []
    drawn = draw(folder, {"series": SERIES}, tmp_path / "out", PICTURES, say=messages.append)
    # an animation has been asked for, and this run stores its fields once
    assert len(messages) == 1
    assert messages[0].startswith("picture 'animation' left out: no field")
    every = ["mesh", "potential", "interface-current", "stress", "interface-stress", "polarisation"]
    expected = every if dimension == 2 else ["potential", "stress", "polarisation"]
    assert [p.stem for p in drawn] == expected
    for path in drawn:
        width, height = size_of(path)
        assert 1000 < width < 2200
        assert 300 < height < 2600
        assert path.stat().st_size < 1e6
        assert caption(path)
    assert not list((tmp_path / "out").glob(".*"))


def test_default_choice(tmp_path: Path) -> None:
    """Without a wish: everything but the mesh, and no polarisation curve without a sweep."""
    drawn = draw(make_folder(tmp_path, 2))
    assert [p.name for p in drawn] == ["potential.png", "interface-current.png", "stress.png", "interface-stress.png"]


def test_space_without_rendering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be rendered the potential is drawn in a cut, a message says so, and nothing fails."""

    def refuse(dataset: Dataset, names: Any) -> Any:
        raise spatial.RenderError("no off-screen rendering")

    monkeypatch.setattr(spatial, "render", refuse)
    messages: list[str] = []
    drawn = draw(
        make_folder(tmp_path, 3), pictures=["mesh", "potential", "interface-current", "stress"], say=messages.append
    )
    assert [p.stem for p in drawn] == ["potential", "interface-current", "stress", "interface-stress"]
    assert messages == ["no off-screen rendering; cuts are drawn instead"]
    assert "cut at y = 10" in caption(drawn[0])


def test_a_renderer_that_dies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A renderer that is killed is a message with the signal, not the end of the study."""
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\nkill -SEGV $$\n")
    fake.chmod(0o755)
    monkeypatch.setattr(spatial.sys, "executable", str(fake))
    dataset = Dataset(make_folder(tmp_path / "fields", 3))
    with pytest.raises(spatial.RenderError, match="signal 11"):
        spatial.render(dataset, ["mesh"])


@pytest.mark.slow
def test_space_rendered(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The views in space hold something, and VTK says nothing on the terminal."""
    pytest.importorskip("pyvista")
    messages: list[str] = []
    drawn = draw(make_folder(tmp_path, 3), pictures=["mesh", "potential"], say=messages.append)
    if messages:
        pytest.skip(messages[0])
    assert [p.stem for p in drawn] == ["mesh", "potential"]
    from PIL import Image

    for path in drawn:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"))
        assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 100
        assert path.stat().st_size < 1e6
    assert capfd.readouterr() == ("", "")


def test_nothing_readable(tmp_path: Path) -> None:
    """Missing, damaged or incomplete folders give a message; an unknown picture is a mistake of the caller."""
    messages: list[str] = []
    assert draw(tmp_path, say=messages.append) == []
    assert "no readable fields.json" in messages[0]
    folder = make_folder(tmp_path / "fields", 2)
    (folder / "data" / "electrolyte.vtu").write_bytes(b"nonsense")
    assert draw(folder, pictures=["potential"], say=messages.append) == []
    assert "electrolyte" in messages[-1]
    with pytest.raises(ValueError, match="no picture map"):
        draw(folder, pictures=["map"])
    with pytest.raises(DatasetError):
        Dataset(folder, step=7)


def test_stream_function_of_uniform_currents(tmp_path: Path) -> None:
    """psi grows by the current between two points: i x in a plane, pi r^2 i about an axis."""
    layer = Dataset(make_folder(tmp_path, 2)).layers[1]
    density = np.tile([0.0, 10.0], (len(layer.corners), 1))
    x = layer.points[:, 0]
    plane = stream_function(layer.points, layer.corners, density, axisymmetric=False)
    np.testing.assert_allclose(plane, 10.0 * x, atol=1e-12)
    turned = stream_function(layer.points, layer.corners, density, axisymmetric=True)
    # r^2 is not linear: its nearest linear function per cell differs by the square of the cell size
    np.testing.assert_allclose(turned, 10.0 * np.pi * x**2, atol=0.02 * 10.0 * np.pi * (20 * UM) ** 2)


def test_stream_function_of_a_tilted_current(tmp_path: Path) -> None:
    """d(psi)/dx = i_y and d(psi)/dy = -i_x."""
    layer = Dataset(make_folder(tmp_path, 2)).layers[1]
    density = np.tile([3.0, 10.0], (len(layer.corners), 1))
    psi = stream_function(layer.points, layer.corners, density, axisymmetric=False)
    expected = 10.0 * layer.points[:, 0] - 3.0 * layer.points[:, 1]
    np.testing.assert_allclose(psi, expected - expected.min(), atol=1e-12)


def test_current_lines_share_the_current(tmp_path: Path) -> None:
    """Equally spaced in a uniform current, in its direction."""
    layer = Dataset(make_folder(tmp_path, 2)).layers[1]
    with print_style():
        found = current_lines([layer], "ionic", axisymmetric=False, parts=4)
    assert found is not None
    places = sorted(float(line[:, 0].mean()) for line in found.lines)
    np.testing.assert_allclose(places, np.array([2.5, 7.5, 12.5, 17.5]) * UM, rtol=1e-6)
    assert all(line[-1, 1] > line[0, 1] for line in found.lines)


def test_cut_through_space(tmp_path: Path) -> None:
    """A cut has the area of the section, and linear fields on it are exact."""
    dataset = Dataset(make_folder(tmp_path, 3))
    assert cut_position(dataset) == pytest.approx(10 * UM)
    layer = dataset.layers[1]
    sheet = cut_sheet(layer, 7.3 * UM, ("von_mises_stress",))
    assert sheet.areas().sum() == pytest.approx(20 * UM * 20 * UM, rel=1e-9)
    expected = 0.01 + 50.0 * (25 * UM - sheet.points[:, 1])
    np.testing.assert_allclose(sheet.nodes["ionic_potential"], expected, rtol=1e-12)
    length = np.linalg.norm(sheet.outline[:, 0] - sheet.outline[:, 1], axis=1).sum()
    assert length == pytest.approx(80 * UM, rel=1e-9)


def test_cut_through_irregular_cells() -> None:
    """Triangles of a cut cover the section once, whatever the shapes of the tetrahedra."""
    from scipy.spatial import Delaunay

    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=float)
    points = np.vstack([corners, np.random.default_rng(5).uniform(0.05, 0.95, (60, 3))])
    cells = Delaunay(points).simplices.astype(np.int64)
    low, high = points.min(axis=0), points.max(axis=0)
    layer = Layer("a", "", low, high, points, cells, cells, np.arange(len(cells)), {}, {}, {}, {})
    sheet = cut_sheet(layer, 0.4)
    assert sheet.areas().sum() == pytest.approx(1.0, rel=1e-6)
    middles = sheet.points[sheet.triangles].mean(axis=1)
    np.testing.assert_allclose(sheet.areas() @ middles, [0.5, 0.5], rtol=1e-6)


def test_peaks_do_not_rule_the_colours() -> None:
    """A singular peak is clipped and told; a smooth field is not; a range about zero stays about zero."""
    smooth = np.linspace(0.0, 1.0, 1000)
    assert value_range(smooth, np.ones(1000)).extend == "neither"
    peak = smooth.copy()
    peak[500] = 1e3
    found = value_range(peak, np.ones(1000))
    assert found.extend == "max"
    assert found.high < 1.1
    assert "99 %" in found.note
    signed = value_range(np.append(-3 * smooth, smooth), np.ones(2000), symmetric=True)
    assert signed.low == -signed.high
    assert value_range(-5.0 + 1e-9 * np.arange(1000) ** 3 / 1e6, np.ones(1000)).note == ""


def test_large_values_are_light_whatever_their_sign() -> None:
    """Cathodic currents are negative: the largest of them has the colour of the largest anodic one."""
    anodic, cathodic = (magnitudes(Range(low, high)) for low, high in ((1.0, 2.0), (-2.0, -1.0)))
    assert anodic(1.0) == cathodic(0.0)
    assert sum(anodic(1.0)[:3]) > sum(anodic(0.0)[:3])


def test_level_lines_that_would_merge() -> None:
    """A thin layer with most of the potential drop has no lines that would fill it."""
    points, cells = boxes(2, 0.0, 20 * UM)
    layer = Layer(
        "a", "", points.min(axis=0), points.max(axis=0), points[:, :2], cells, cells, cells[:, 0], {}, {}, {}, {}
    )
    sheet = sheet_of(layer)
    values = sheet.points[:, 1] / (20 * UM)
    scale = (300 / (20 * UM), 300 / (20 * UM))  # points per metre
    assert not crowded(sheet, values, np.linspace(0, 1, 101), scale).any()
    assert crowded(sheet, values, np.linspace(0, 1, 501), scale).all()
