"""Pictures of models with bodies beside layers, slits and interfaces in parts: what a reader is told must be so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fem.output.vtu import Grid, write_pvtu, write_vtu
from studies.pictures import caption, draw
from studies.pictures.beside import missing, neighbours
from studies.pictures.dataset import Dataset, Interface
from studies.pictures.interface_profiles import is_uniform
from studies.pictures.joined import join, only
from studies.pictures.labels import VOID, Placer, Tag, deepest
from studies.pictures.outlines import behind
from studies.pictures.potential import groups, metal_text
from studies.pictures.section import cut_place, make_cut
from studies.pictures.section_lines import Field, lines_of
from studies.pictures.shape import along_curve, is_flat, over_width
from studies.pictures.spatial import spread
from studies.pictures.stream import current_lines
from studies.pictures.style import figure, print_style
from studies.pictures.views import layout, views

UM = 1e-6
Floats = Any


def square(low: tuple[float, float], high: tuple[float, float], number: int = 8) -> tuple[Floats, Any]:
    """Points (n, 3) and triangles of a rectangle, um in, m out."""
    x, y = (np.linspace(a, b, number + 1) * UM for a, b in zip(low, high, strict=True))
    grid = np.stack(np.meshgrid(x, y, indexing="ij"), axis=2).reshape(-1, 2)
    index = np.arange((number + 1) ** 2).reshape(number + 1, number + 1)
    a, b, c, d = (part.reshape(-1) for part in (index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]))
    cells = np.concatenate([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
    return np.column_stack([grid, np.zeros(len(grid))]), cells


def facets(points: list[tuple[float, ...]]) -> Floats:
    """(n, 2, 2) facets along a line through points, um in, m out."""
    line = np.array(points, dtype=float) * UM
    return np.stack([line[:-1], line[1:]], axis=1)


def interface(name: str, corners: Floats, values: dict[str, Any], meaning: dict[str, str] | None = None) -> Interface:
    """An interface with values on its facets."""
    area = np.linalg.norm(corners[:, 1] - corners[:, 0], axis=1)
    table = {key: np.broadcast_to(np.asarray(v, dtype=float), len(corners)).copy() for key, v in values.items()}
    return Interface(name, corners.mean(axis=1), corners, area, table, meaning or {})


#: name -> corners in um, body, kind
REGIONS = {
    "anode": ((0.0, 0.0), (20.0, 4.0), "anode", "layer"),
    "grains": ((0.0, 4.0), (10.0, 14.0), "grains", "layer"),
    "grains.2": ((10.0, 4.0), (20.0, 14.0), "grains", "layer"),
    "counter": ((0.0, 14.0), (20.0, 18.0), "counter", "layer"),
    "gel": ((14.0, 18.0), (15.0, 19.0), "gel", "body"),
}


def make_folder(folder: Path) -> Path:
    """A metal, two grains of one body, a metal, and a little gel at its top."""
    (folder / "data").mkdir(parents=True)
    layers, files = [], {}
    for name, (low, high, body, kind) in REGIONS.items():
        points, cells = square(low, high)
        nodes, means = {}, {}
        if body in ("grains", "gel"):
            nodes["ionic_potential"] = 1e-3 * (20 - points[:, 1] / UM) - (1e-3 if name == "grains.2" else 0.0)
            means["ionic_current_density"] = np.tile(np.float32([0.0, 10.0, 0.0]), (len(cells), 1))
        else:
            nodes["electronic_potential"] = np.full(len(points), 0.1)
        files[name] = f"data/{name}.vtu"
        write_vtu(folder / files[name], Grid("triangle", points, cells, nodes, means))
        resolved = {"ionic": "resolved"} if body in ("grains", "gel") else {"electronic": "equipotential"}
        entry = {"name": name, "material": body.upper(), "body": body, "kind": kind, "cells": len(cells)}
        entry |= {"low": [v * UM for v in low], "high": [v * UM for v in high], "potentials": resolved}
        layers.append(entry)
    tables = {}
    for name, corners, column in (
        ("anode|grains", facets([(0, 4), (4, 4), (6, 4)]), "current_density"),
        ("anode|grains.2", facets([(10, 4), (15, 4), (20, 4)]), "current_density"),
        ("grains|counter", facets([(0, 14), (10, 14)]), "current_density"),
        ("grains.2|counter", facets([(10, 14), (20, 14)]), "current_density"),
        ("grains|grains.2", facets([(10, 4), (10, 14)]), "ionic_current_density"),
    ):
        count = len(corners)
        arrays = {"points": corners.mean(axis=1), "corners": corners, "area": np.full(count, 5 * UM)}
        np.savez(folder / f"{name.replace('|', '-')}.npz", **arrays, **{column: np.linspace(5.0, 10.0, count)})
        sign = "anodic positive" if column == "current_density" else "ionic current, positive from grains to grains.2"
        tables[name] = {"table": f"{name.replace('|', '-')}.npz", "meaning": {column: sign}}
    surfaces = {"anode|grains:gap": facets([(6, 4), (10, 4)]), "split": facets([(12, 9), (18, 9)])}
    np.savez(folder / "surfaces.npz", *surfaces.values())
    entries = [
        {"name": name, "kind": kind, "file": "surfaces.npz", "key": f"arr_{k}"}
        for k, (name, kind) in enumerate(zip(surfaces, ("gap", "slit"), strict=True))
    ]
    metals = {"anode": {"electronic": 0.1}, "counter": {"electronic": 0.0}}
    step = {"label": {}, "layers": files, "interfaces": tables, "equipotentials": metals}
    contents = {"format": 1, "dimension": "2", "axes": ["x", "y"], "layers": layers, "interfaces": list(tables)}
    contents |= {"openings": [], "surfaces": entries, "fields": {}, "steps": [step]}
    (folder / "fields.json").write_text(json.dumps(contents))
    return folder


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The model of `make_folder`."""
    return Dataset(make_folder(tmp_path_factory.mktemp("bodies") / "fields"))


def written(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> list[str]:
    """All words in a picture."""
    from matplotlib.text import Text

    from studies.pictures import style

    seen: list[str] = []
    save = style.save

    def keep(made: Any, path: Path, words: str, *rest: Any, **options: Any) -> Path:
        seen.extend(t.get_text() for t in made.findobj(Text) if t.get_text())
        return save(made, path, words, *rest, **options)

    monkeypatch.setattr(style, "save", keep)
    messages: list[str] = []
    assert draw(dataset.folder, out=tmp_path, pictures=[name], say=messages.append)
    assert messages == []
    return seen


@pytest.mark.parametrize("name", ["potential", "mesh"])
def test_every_body_once(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Grains of one body have one label, what is small has one as well, slits and gaps have their names."""
    words = written(dataset, tmp_path, monkeypatch, name)
    for body in ("anode", "grains", "counter", "gel"):
        assert sum(w.startswith(body) for w in words) == 1, words
    assert not any("grains.2" in w for w in words)
    assert words.count("split") == 1
    assert words.count("no contact") == 1


def test_parts_of_an_interface_are_one_panel(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One panel per pair of bodies with the mean of all parts; the gap is named, and nothing is called a void."""
    words = written(dataset, tmp_path, monkeypatch, "interface-current")
    assert sum("anode|grains" in w for w in words) == 1
    assert sum("grains|grains, magnitude" in w for w in words) == 1
    assert any("no" in w and "contact" in w for w in words)
    assert not any("void" in w or "grains.2" in w for w in words)
    # two parts of two facets of 5 um with 5 and 10 A/m^2 each, over the width of 20 um
    assert any("over the whole area 0.75 mA/cm" in w for w in words), words


def test_join_turns_what_has_a_direction() -> None:
    """Parts whose sides stand the other way round are turned, within one body the direction is left out."""
    line = facets([(0, 0), (1, 0)])
    sign = {"i": "ionic current, positive from a to b", "p": "compression"}
    parts = [
        interface("a|b", line, {"i": 2.0, "p": 1.0}, sign),
        interface("b|a.2", line, {"i": 3.0, "p": 1.0}, {"i": "ionic current, positive from b to a.2"}),
        interface("a|a.2", line, {"i": -4.0}, {"i": "ionic current, positive from a to a.2"}),
    ]
    joined = join(parts, {"a": "a", "a.2": "a", "b": "b"})
    assert [x.name for x in joined] == ["a|b", "a|a"]
    np.testing.assert_array_equal(joined[0].values["i"], [2.0, -3.0])
    np.testing.assert_array_equal(joined[0].values["p"], [1.0, 1.0])
    np.testing.assert_array_equal(joined[1].values["i"], [4.0])
    assert joined[1].meaning["i"].endswith("magnitude")


def test_join_keeps_to_what_is_known() -> None:
    """A value that only a part has is unknown on the rest, and `only` leaves that out."""
    line = facets([(0, 0), (1, 0), (2, 0)])
    joined = join([interface("a|b", line, {"i": 2.0}), interface("a|b.2", line, {"p": 1.0})], {"b.2": "b"})[0]
    assert only(joined, "i").area.shape == (2,)
    np.testing.assert_array_equal(only(joined, "i").values["i"], [2.0, 2.0])


def test_what_is_missing_has_its_name(dataset: Dataset) -> None:
    """An interval without an interface is named after what touches its ends: a body is no void."""
    own = dataset.interfaces[0]
    holes = missing(dataset, own, np.sort(own.corners[:, :, 0], axis=1))
    assert [(round(h.ends[0] / UM), round(h.ends[1] / UM), h.words, h.is_open) for h in holes] == [
        (6, 10, "no contact", True)
    ]
    other = interface("grains|counter", facets([(0, 14), (10, 14)]), {"i": 1.0})
    changed = Dataset(dataset.folder)
    changed.__dict__["interfaces"] = (
        other,
        interface("grains|gel", facets([(10, 14), (12, 13), (20, 14)]), {"i": 1.0}),
    )
    holes = missing(changed, other, np.sort(other.corners[:, :, 0], axis=1))
    assert [(h.words, h.is_open) for h in holes] == [("gel", False)]
    assert neighbours(dataset, own) == ["no contact"]


def test_shapes_of_interfaces() -> None:
    """Flat and wavy ones over the width, a closed one along its length, several as shares."""
    x = np.linspace(0, 10, 21)
    wave = interface("a|b", facets([(v, 0.3 * np.sin(v)) for v in x]), {"i": 1.0})
    assert over_width(wave)
    assert not is_flat(wave)
    turn = np.linspace(0, 2 * np.pi, 33)
    circle = facets([(np.cos(t), np.sin(t)) for t in turn])
    closed = interface("a|b", np.random.default_rng(1).permutation(circle), {"i": 1.0})
    assert not over_width(closed)
    found = along_curve(closed)
    assert found is not None
    assert sorted(found[0]) == list(range(32))
    assert found[1][-1] == pytest.approx(64 * np.sin(np.pi / 32) * UM)
    middles = closed.points[found[0]]
    assert np.linalg.norm(np.diff(middles, axis=0), axis=1).max() < 0.25 * UM
    assert along_curve(interface("a|b", np.concatenate([circle, circle + 5 * UM]), {"i": 1.0})) is None


def test_lines_of_one_conductor_in_parts(dataset: Dataset) -> None:
    """Regions that the current passes between share their lines; a body by itself has its own."""
    found = [[x.name for x in group] for group in groups(dataset, "ionic")]
    assert found == [["grains", "grains.2"], ["gel"]]
    with print_style():
        lines = current_lines(groups(dataset, "ionic")[0], "ionic", axisymmetric=False, parts=4)
    assert lines is not None
    places = sorted(float(line[:, 0].mean()) for line in lines.lines)
    np.testing.assert_allclose(places, np.array([2.5, 7.5, 12.5, 17.5]) * UM, rtol=1e-6)


def test_potentials_of_parts(dataset: Dataset) -> None:
    """One number for a body whose parts have one, else the range."""
    anode = dataset.bodies[0]
    assert metal_text(anode) == "electronic potential 100 mV"
    assert [b.name for b in dataset.bodies] == ["anode", "grains", "counter", "gel"]


def test_faces_of_a_slit_stay_apart(tmp_path: Path) -> None:
    """Pieces of a parallel grid are joined where they meet, but not the two faces of a slit."""
    folder = make_folder(tmp_path / "fields")
    below, cells = square((0, 4), (10, 9))
    above, _ = square((0, 9), (10, 14))
    left = below[:, 0] <= 5.001 * UM  # the slit runs from x = 0 to 5 um at y = 9 um
    jump = np.where(left, 1.0, 0.0)
    jump[below[:, 0] > 4.999 * UM] = 0.0  # its tip
    values = [np.zeros(len(below)), jump]
    for k, points in enumerate((below, above)):
        write_vtu(folder / f"data/part-{k}.vtu", Grid("triangle", points, cells, {"ionic_potential": values[k]}, {}))
    grid = Grid("triangle", below, cells, {"ionic_potential": values[0]}, {})
    write_pvtu(folder / "data/grains.pvtu", ["part-0.vtu", "part-1.vtu"], grid)
    contents = json.loads((folder / "fields.json").read_text())
    contents["steps"][0]["layers"]["grains"] = "data/grains.pvtu"
    (folder / "fields.json").write_text(json.dumps(contents))
    layer = Dataset(folder).layers[1]
    on = np.abs(layer.points[:, 1] - 9 * UM) < 1e-12
    at = np.round(layer.points[on, 0] / UM, 6)
    # 4 of 9 nodes lie on the slit, before its tip at 5 um
    assert [int(np.sum(at == x)) for x in np.arange(9) * 1.25] == [2, 2, 2, 2, 1, 1, 1, 1, 1]


def test_names_never_meet() -> None:
    """Names stand in what they name, else beside it with a line, never over each other, and not over what is small."""
    owner = np.zeros((200, 200), dtype=np.int64)
    owner[100:] = 1
    for k in range(4):
        owner[60:66, 20 + 40 * k : 26 + 40 * k] = 2 + k
    owner[140:170, 80:150] = VOID
    placer = Placer(owner, [0, 1])
    tags = [Tag(("one",), 0, "top"), Tag(("two",), 1, "bottom"), *(Tag((f"small {k}",), 2 + k) for k in range(4))]
    placed = [placer.place(tag, [(50, 14)]) for tag in [*tags, Tag(("void",), VOID)]]
    assert all(p is not None for p in placed)
    boxes = [p.box for p in placed if p is not None]
    for i, (x, y, w, h) in enumerate(boxes):
        assert 0 <= x <= 200 - w
        assert 0 <= y <= 200 - h
        for u, v, a, b in boxes[i + 1 :]:
            assert x + w <= u or u + a <= x or y + h <= v or v + b <= y
    tips = [p.tip for p in placed if p is not None]
    assert tips[0] is None
    assert tips[-1] is None
    for k, tip in enumerate(tips[2:6]):
        assert tip is not None
        assert owner[round(tip[1]), round(tip[0])] == 2 + k
        x, y, w, h = (round(v) for v in boxes[2 + k])
        assert not np.isin(owner[y : y + h, x : x + w], range(2, 6)).any()


def test_no_room_for_a_name() -> None:
    """A short name where the long one has no room; none where there is no room at all."""
    owner = np.zeros((40, 60), dtype=np.int64)
    tag = Tag(("long name", "name"), 0, "top", short=True)
    assert Placer(owner, [0]).place(tag, [(80, 10), (30, 10)]).text == "name"  # type: ignore[union-attr]
    assert Placer(owner, [0]).place(tag, [(80, 10), (70, 10)]) is None


def test_middle_of_lines_and_areas() -> None:
    """The tip of a line to something: deep inside of it; in the middle of what is thin."""
    mask = np.zeros((50, 50), dtype=bool)
    mask[10, 5:46] = True
    assert deepest(mask)[0] == pytest.approx(25, abs=1)
    mask[20:41, 20:41] = True
    np.testing.assert_allclose(deepest(mask), [30, 30], atol=1)


def test_labels_in_a_column() -> None:
    """Boxes of given heights do not overlap, and stay where they want to be when they can."""
    middles = spread([10.0, 12.0, 13.0, 100.0], [10.0, 10.0, 10.0, 10.0])
    assert middles[3] == 100.0
    assert np.all(np.diff(middles) >= 10.0 - 1e-9)
    assert np.mean(middles[:3]) == pytest.approx(35 / 3)


def test_lines_stop_at_slits_and_stay_in_the_model() -> None:
    """Lines of a cut run from end to end in a uniform current, end at a slit, and never leave the field."""
    field = Field(np.zeros(2), 0.1, np.tile([0.0, 1.0], (21, 11, 1)), np.ones((21, 11), dtype=bool))
    lines = lines_of(field, 4, False, np.empty((0, 2, 2)))
    assert [round(float(line[0, 0]), 6) for line in lines] == [0.25, 0.75, 1.25, 1.75]
    for line in lines:
        assert np.ptp(line[:, 0]) < 1e-9
        assert line[:, 1].min() < 0.06
        assert line[:, 1].max() > 0.94
        assert np.all((line >= -1e-9) & (line <= np.array([2.0, 1.0]) + 1e-9))
    wall = np.array([[[0.0, 0.5], [1.0, 0.5]]])
    ends = [(float(line[:, 1].min()), float(line[:, 1].max())) for line in lines_of(field, 4, False, wall)]
    assert [high < 0.51 for _, high in ends] == [True, True, False, False, False, False]
    assert [low > 0.49 for low, _ in ends] == [False, False, False, False, True, True]


def test_lines_follow_the_sides() -> None:
    """A line that rounding drives against a lateral side runs on along it: none ends there."""
    field = Field(np.zeros(2), 0.1, np.tile([-0.3, 1.0], (21, 11, 1)), np.ones((21, 11), dtype=bool))
    for line in lines_of(field, 4, False, np.empty((0, 2, 2))):
        assert line[:, 1].max() > 0.94
        assert line[:, 0].min() > -1e-9


def test_outlines_end_at_the_cut() -> None:
    """Segments in front of the cut are left out, those across it are cut."""
    segments = np.array([[[0, 0, 0], [0, 1, 0]], [[1, 0, 0], [1, 4, 2]], [[2, 3, 0], [2, 5, 0]]], dtype=float)
    np.testing.assert_allclose(behind(segments, 2.0), [[[1, 2, 1], [1, 4, 2]], [[2, 3, 0], [2, 5, 0]]])


def test_nothing_hides_beside_the_view(dataset: Dataset) -> None:
    """Where a slit or a body lies outside of the part about an opening, the whole model is shown."""
    from dataclasses import replace

    from studies.pictures.dataset import Opening

    opening = Opening("anode|grains", 4 * UM, (10 * UM,), 0.5 * UM, 0.2 * UM, 0.0, "cap", "void")
    zoomed = Dataset(dataset.folder)
    zoomed.openings = (opening,)
    whole, part = views(zoomed)
    assert whole is None
    np.testing.assert_allclose(part.size, [20 * UM, 19 * UM])
    zoomed.__dict__["surfaces"] = ()
    zoomed.__dict__["bodies"] = tuple(b for b in zoomed.bodies if b.is_layer)
    whole, part = views(replace_openings(zoomed, (replace(opening),)))
    assert whole is not None
    assert part.size[0] < 5 * UM


def replace_openings(dataset: Dataset, openings: tuple[Any, ...]) -> Dataset:
    """The same model with other openings."""
    dataset.openings = openings
    return dataset


def test_notes_stay_on_the_page(dataset: Dataset) -> None:
    """Long sentences are broken, and no picture is wider than what it shows needs."""
    with print_style():
        made = figure(6.5, 3.0)
        part = views(dataset)[1]
        layout(made, dataset, [part], notes=["a sentence of many words " * 8])
        made.canvas.draw()
        width, height = made.get_size_inches() * made.dpi
        for text in made.texts:
            box = text.get_window_extent(made.canvas.get_renderer())
            assert box.x0 >= 0
            assert box.x1 <= width
            assert box.y1 <= height
    axes = made.axes[-1].get_position()
    assert axes.x1 * width > 0.7 * width


def test_cut_through_the_largest_body(tmp_path: Path) -> None:
    """In space the cut goes through the middle of the largest piece of a body, and the picture says so."""
    from scipy.spatial import Delaunay

    folder = tmp_path / "fields"
    (folder / "data").mkdir(parents=True)

    def box(low: tuple[float, ...], high: tuple[float, ...]) -> tuple[Any, Any]:
        axes = [np.linspace(a, b, 4) for a, b in zip(low, high, strict=True)]
        points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=3).reshape(-1, 3)
        return points * UM, Delaunay(points).simplices.astype(np.int64)

    large, small = box((2, 5, 4), (5, 8, 7)), box((7, 1, 4), (8, 2, 5))
    body = (np.concatenate([large[0], small[0]]), np.concatenate([large[1], small[1] + len(large[0])]))
    layers, files = [], {}
    for name, kind, (points, cells) in (("matrix", "layer", box((0, 0, 0), (10, 10, 10))), ("filler", "body", body)):
        files[name] = f"data/{name}.vtu"
        write_vtu(folder / files[name], Grid("tetra", points, cells, {}, {}))
        entry = {"name": name, "material": "", "body": name, "kind": kind, "cells": len(cells)}
        layers.append(entry | {"low": points.min(axis=0).tolist(), "high": points.max(axis=0).tolist()})
    np.savez(folder / "surfaces.npz", np.array([[[1, 2, 3], [1, 9, 3], [4, 6, 3]]]) * UM)
    entries = [{"name": "crack", "kind": "slit", "file": "surfaces.npz", "key": "arr_0"}]
    step = {"label": {}, "layers": files, "interfaces": {}, "equipotentials": {}}
    contents = {"format": 1, "dimension": "3", "axes": ["x", "y", "z"], "layers": layers, "interfaces": []}
    contents |= {"openings": [], "surfaces": entries, "fields": {}, "steps": [step]}
    (folder / "fields.json").write_text(json.dumps(contents))
    found = Dataset(folder)
    position, where = cut_place(found)
    assert position == pytest.approx(6.5 * UM)
    assert where == "cut at y = 6.5 µm, through the largest piece of filler"
    cut = make_cut(found)
    assert [s.name for s in cut.seams] == ["crack"]
    assert np.ptp(cut.seams[0].segments[..., 0]) == pytest.approx(2.5 * UM, rel=1e-6)


def test_uniform_or_not() -> None:
    """Values that differ in the last digits are one."""
    assert is_uniform(np.array([-1.0, -1.0 - 1e-6]))
    assert not is_uniform(np.array([1.0, 1.01]))


def test_caption_says_what_is_left_out(dataset: Dataset, tmp_path: Path) -> None:
    """The caption tells how interfaces are drawn that have no level."""
    path = draw(dataset.folder, out=tmp_path, pictures=["interface-current"])[0]
    assert "single curves along their length" in caption(path) or "shares" in caption(path)
