"""Pictures of models with bodies beside layers, slits and interfaces in parts: what a reader is told must be so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from picture_samples import UM, facets, interface, make_folder, square, written

from fem.output.vtu import Grid, write_pvtu, write_vtu
from studies.pictures import caption, draw
from studies.pictures.beside import missing, neighbours
from studies.pictures.dataset import Dataset, Opening
from studies.pictures.interface_profiles import is_uniform
from studies.pictures.joined import join, only
from studies.pictures.potential import groups, metal_text
from studies.pictures.regions import Body, Layer
from studies.pictures.shape import along_curve, is_flat, over_width
from studies.pictures.stream import current_lines
from studies.pictures.style import print_style
from studies.pictures.views import views


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The model of `make_folder`."""
    return Dataset(make_folder(tmp_path_factory.mktemp("bodies") / "fields"))


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


def test_nothing_hides_beside_the_view(dataset: Dataset) -> None:
    """Where a slit or a body lies outside of the part about an opening, the whole model is shown."""
    from dataclasses import replace

    opening = Opening("anode|grains", (10 * UM,), 0.5 * UM, 0.2 * UM, 0.0, "cap", "void", level=4 * UM)
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


def test_uniform_or_not() -> None:
    """Values that differ in the last digits are one."""
    assert is_uniform(np.array([-1.0, -1.0 - 1e-6]))
    assert not is_uniform(np.array([1.0, 1.01]))


def test_caption_says_what_is_left_out(dataset: Dataset, tmp_path: Path) -> None:
    """The caption tells how interfaces are drawn that have no level."""
    path = draw(dataset.folder, out=tmp_path, pictures=["interface-current"])[0]
    assert "single curves along their length" in caption(path) or "shares" in caption(path)


def test_holes_have_the_names_of_what_leaves_them(dataset: Dataset) -> None:
    """Within the footprint of a void there is a void, elsewhere what the features are called that leave holes."""
    points = np.array([[10.0, 4.0], [10.0, 12.0]]) * UM
    assert list(dataset.hole_words(points)) == ["void", "void"]
    opening = Opening("anode|grains", (10 * UM,), 2 * UM, 1 * UM, 0.0, "cap", "void", level=4 * UM)
    changed = replace_openings(dataset, (opening,))
    changed.holes = ("pores", "notch")
    assert list(changed.hole_words(points)) == ["void", "pores, notch"]


def test_thickness_of_a_film_across_the_model() -> None:
    """The sides of the model cut through a film: they are none of its faces."""
    points, cells = square((0.0, 0.0), (2.0, 0.1))
    film = Layer(
        "f", "", points.min(axis=0), points.max(axis=0), points[:, :2], cells, cells, cells[:, 0], {}, {}, {}, {}
    )
    low, high = np.zeros(2), np.array([2.0, 9.0]) * UM
    assert Body("f", (film,), (low, high)).thickness == pytest.approx(0.1 * UM, rel=1e-9)
    assert Body("f", (film,)).thickness < 0.096 * UM
