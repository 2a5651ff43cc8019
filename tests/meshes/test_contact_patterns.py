"""Contact on stripes, frames, spots and pictures: areas on the mesh, edges, sample points."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from mesh_samples import LOW, UM, facet_sizes, stack

from meshes import MeshSizes
from meshes.features.contact_image import ContactImage, mask_rows
from meshes.features.contact_pattern import ContactArray, ContactFrame, ContactStripes, RandomContacts
from meshes.features.outline import distance_to_edges
from meshes.features.pixels import polygons
from meshes.generate import generate_arrays

AREA = {"2": 20 * UM, "axisymmetric": math.pi * (20 * UM) ** 2, "3": (20 * UM) ** 2}
PICTURE = ("....####", ".###...#", ".#.#...#", ".###..##", "......#.", "##......")  # a ring, a hook that meets itself


def contact_fraction(dimension: str, feature: Any, sizes: MeshSizes | None = None) -> float:
    """Fraction of the interface that is in contact on the mesh; contact and gap make up all of it."""
    s = stack(dimension, feature)
    assert s.problems() == []
    arrays = generate_arrays(s, sizes or MeshSizes(bulk=5 * UM, interface=2 * UM))
    sizes_of = facet_sizes(arrays, dimension == "axisymmetric")
    assert sizes_of[LOW] + sizes_of[f"{LOW}:gap"] == pytest.approx(AREA[dimension])
    return sizes_of[LOW] / AREA[dimension]


@pytest.mark.parametrize("dimension", ["2", "3"])
def test_stripes_meet_their_fraction(dimension: str) -> None:
    assert contact_fraction(dimension, ContactStripes(LOW, 3, 0.3)) == pytest.approx(0.3, rel=1e-9)


def test_stripes_run_as_told() -> None:
    s = stack("3", ContactStripes(LOW, 2, 0.5, along="x"))
    arrays = generate_arrays(s, MeshSizes(bulk=5 * UM))
    y = arrays.points[arrays.facets[arrays.facet_tags == arrays.facet_names[LOW]]][:, :, 1].mean(axis=1) / UM
    assert (((y > 2.5) & (y < 7.5)) | ((y > 12.5) & (y < 17.5))).all()


@pytest.mark.parametrize("dimension", ["2", "axisymmetric", "3"])
def test_frame_meets_its_fraction_and_lies_at_the_rim(dimension: str) -> None:
    frame = ContactFrame(LOW, 0.36)
    assert contact_fraction(dimension, frame) == pytest.approx(0.36, rel=1e-9)
    s = stack(dimension, frame)
    samples = frame.contact_edge_samples(s, 0.5 * UM)
    assert len(samples)
    rim = np.minimum(samples[:, :-1], 20 * UM - samples[:, :-1]).min(axis=1)
    if dimension == "axisymmetric":
        rim = 20 * UM - samples[:, 0]
    assert rim == pytest.approx(frame.width(s) - 0.5 * UM, rel=1e-9)


@pytest.mark.parametrize("dimension", ["2", "3"])
def test_spots_meet_their_fraction(dimension: str) -> None:
    rel = 1e-9 if dimension == "2" else 0.01
    for feature in (ContactArray(LOW, 2, 0.2), RandomContacts(LOW, 3 * UM, 0.25, seed=4)):
        fraction = 0.2 if isinstance(feature, ContactArray) else 0.25
        assert contact_fraction(dimension, feature) == pytest.approx(fraction, rel=rel)
    s = stack(dimension, RandomContacts(LOW, 2 * UM, 0.25, seed=4))
    assert s.features[0].openings(s) == stack(dimension, *s.features).features[0].openings(s)
    other = RandomContacts(LOW, 2 * UM, 0.25, seed=5)
    assert not np.allclose(other.places(s), s.features[0].places(s))  # type: ignore[attr-defined]


def test_picture_keeps_its_area_and_its_place() -> None:
    picture = ContactImage(LOW, PICTURE)
    assert contact_fraction("3", picture) == pytest.approx(picture.area_fraction, rel=1e-9)
    s = stack("3", picture)
    arrays = generate_arrays(s, MeshSizes(bulk=5 * UM))
    for name, wanted in ((LOW, True), (f"{LOW}:gap", False)):
        x = arrays.points[arrays.facets[arrays.facet_tags == arrays.facet_names[name]]].mean(axis=1)
        column = np.floor(x[:, 0] / (20 * UM) * 8).astype(int)
        row = 5 - np.floor(x[:, 1] / (20 * UM) * 6).astype(int)
        assert all((PICTURE[j][i] == "#") == wanted for i, j in zip(column, row, strict=True))
    assert contact_fraction("2", ContactImage(LOW, (".##..#",))) == pytest.approx(0.5, rel=1e-9)
    assert mask_rows(np.array([[True, False], [False, False]])) == ("#.", "..")


@pytest.mark.parametrize("side", ["contact", "gap"])
def test_samples_lie_at_their_distance_on_their_side(side: Any) -> None:
    picture = ContactImage(LOW, PICTURE)
    s = stack("3", picture)
    distance = 0.4 * UM
    x = picture.contact_edge_samples(s, distance, side)
    assert len(x) > 100
    assert (x[:, 2] == 10 * UM).all()
    mask = np.array([[c == "#" for c in row] for row in PICTURE])[::-1].T
    steps = 20 * UM / np.array([8, 6])
    place = np.floor(x[:, :2] / steps).astype(int)
    assert (mask[place[:, 0], place[:, 1]] == (side == "contact")).all()
    # brute force: the nearest pixel of the other kind is exactly that far away
    others = np.argwhere(mask != (side == "contact"))
    low, high = others * steps, (others + 1) * steps
    away = np.maximum(np.maximum(low - x[:, None, :2], x[:, None, :2] - high), 0)
    assert np.linalg.norm(away, axis=2).min(axis=1) == pytest.approx(distance, rel=1e-6)
    with pytest.raises(ValueError, match="positive"):
        picture.contact_edge_samples(s, 0.0)


def test_distance_to_edges_is_that_of_brute_force() -> None:
    edges = ContactImage(LOW, PICTURE).outline(stack("3")).edges()
    x = np.random.default_rng(1).random((400, 2)) * 20 * UM
    along = edges[:, 1] - edges[:, 0]
    share = np.einsum("nek,ek->ne", x[:, None] - edges[:, 0], along) / np.einsum("ek,ek->e", along, along)
    nearest = edges[:, 0] + np.clip(share, 0, 1)[:, :, None] * along
    assert distance_to_edges(x, edges) == pytest.approx(np.linalg.norm(x[:, None] - nearest, axis=2).min(axis=1))
    ends = ContactFrame(LOW, 0.36).outline(stack("2")).edges()
    assert distance_to_edges(np.array([[UM], [10 * UM], [19 * UM]]), ends) / UM == pytest.approx([2.6, 6.4, 2.6])


@pytest.mark.parametrize("seed", range(6))
def test_polygons_cover_the_pixels_that_are_set(seed: int) -> None:
    """By areas, and by the even-odd rule in the middle of every pixel."""
    from matplotlib.path import Path

    cells = np.random.default_rng(seed).random((9, 7)) < 0.3 + 0.1 * seed
    middle = np.stack(np.meshgrid(np.arange(9) + 0.5, np.arange(7) + 0.5, indexing="ij"), axis=-1).reshape(-1, 2)
    count = np.zeros(63, dtype=int)
    area = 0.0
    for face in polygons(cells):
        inside = np.zeros(63, dtype=int)
        for loop in face:
            inside += Path(loop).contains_points(middle)
            x, y = loop.T
            area += 0.5 * np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)
            assert len({tuple(p) for p in loop.tolist()}) == len(loop)  # no loop meets itself
        count += inside % 2
    assert np.array_equal(count.reshape(9, 7), cells.astype(int))
    assert area == cells.sum()


def test_cells_are_small_along_the_edges() -> None:
    s = stack("3", ContactFrame(LOW, 0.5))
    arrays = generate_arrays(s, MeshSizes(bulk=6 * UM, interface=4 * UM, edge=0.5 * UM))
    width = s.features[0].width(s)  # type: ignore[attr-defined]
    contact = arrays.facets[arrays.facet_tags == arrays.facet_names[LOW]]
    x = arrays.points[contact]
    on_edge = np.isclose(x[:, :, 0], width) & (x[:, :, 1] > width) & (x[:, :, 1] < 20 * UM - width)
    pairs = x[on_edge.sum(axis=1) == 2]
    length = [np.ptp(p[m][:, 1]) for p, m in zip(pairs, on_edge[on_edge.sum(axis=1) == 2], strict=True)]
    assert 0.25 * UM < np.mean(length) < 0.8 * UM


@pytest.mark.parametrize(
    ("dimension", "feature", "path", "text"),
    [
        ("2", ContactStripes(LOW, 0, 0.5), "count", "whole number"),
        ("2", ContactStripes(LOW, 2, 1.0), "area_fraction", "between 0 and 1"),
        ("axisymmetric", ContactStripes(LOW, 2, 0.5), "", "axis"),
        ("2", ContactFrame(LOW, 0.0), "area_fraction", "between 0 and 1"),
        ("3", ContactArray(LOW, (2, 2), 0.9), "area_fraction", "overlap"),
        ("3", ContactArray(LOW, (2,), 0.5), "count", "2 whole positive"),
        ("3", RandomContacts(LOW, 2 * UM, 0.9), "area_fraction", "do not fit"),
        ("3", RandomContacts(LOW, 20 * UM, 0.1), "area_fraction", "no whole number"),
        ("2", ContactImage(LOW, PICTURE), "rows", "one row"),
        ("3", ContactImage(LOW, ("##", "##")), "rows", "some not"),
        ("3", ContactImage(LOW, ("##", "#")), "rows", "one length"),
    ],
)
def test_problems_name_the_key_and_what_is_allowed(dimension: str, feature: Any, path: str, text: str) -> None:
    (problem,) = stack(dimension, feature).problems()
    assert problem.path == ".".join(p for p in ("features[0]", path) if p)
    assert text in problem.message
