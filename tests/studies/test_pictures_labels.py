"""Names in pictures: inside of what they name or beside it, never over each other."""

from __future__ import annotations

import numpy as np
import pytest
from picture_samples import make_folder

from studies.pictures.dataset import Dataset
from studies.pictures.labels import VOID, Placer, Tag, deepest
from studies.pictures.spatial import spread
from studies.pictures.style import figure, print_style
from studies.pictures.views import View, layout, views


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The model of `make_folder`."""
    return Dataset(make_folder(tmp_path_factory.mktemp("bodies") / "fields"))


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


def test_a_layer_is_named_in_itself() -> None:
    """Where the whole name has no room, a layer has its short one inside, not the whole one in another layer."""
    owner = np.zeros((200, 60), dtype=np.int64)
    owner[100:] = 1
    placed = Placer(owner, [0, 1]).place(
        Tag(("electrolyte (LLZO)", "electrolyte"), 0, "top", short=True), [(90, 14), (50, 14)]
    )
    assert placed is not None
    assert (placed.text, placed.tip) == ("electrolyte", None)
    assert placed.middle[1] < 100


def test_wide_views_stand_below_each_other(dataset: Dataset) -> None:
    """Two views of one part: below each other when it is wide, side by side when it is tall; nothing overlaps."""
    for tall, column in ((10e-6, True), (60e-6, False)):
        part = View((0.0, 0.0), (20e-6, tall))
        made = figure(6.5, 3.0)
        panels, _, bars = layout(made, dataset, [part, part], titles=1)
        first, second = (panel.axes.get_position() for panel in panels)
        assert (first.x0 == second.x0) == column
        assert first.y0 >= second.y1 or first.x1 <= second.x0
        assert bars[0].get_position().x1 < 1.0
