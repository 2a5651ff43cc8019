"""Segmented images: reading, voxel meshes, smooth meshes, flat layers, islands."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_samples import UM, areas, conforms, sphere, volumes

from meshes import MeshError
from meshes.cutting import bisect, cut_edges
from meshes.flat_layers import Slab, row_heights
from meshes.images import LabelImage
from meshes.lattice import box_edges, box_points, box_simplices, facet_pairs, measures
from meshes.quality import radius_ratio
from meshes.segmented import Segmented, segmented_arrays
from meshes.smoothing import smooth_mesh
from meshes.voxels import voxel_mesh


@pytest.mark.parametrize("counts", [(3,), (2, 3), (2, 3, 2)])
def test_lattices_fill_the_box_and_conform(counts: tuple[int, ...]) -> None:
    lengths = tuple(1.0 + i for i in range(len(counts)))
    points, cells = box_points(counts, lengths), box_simplices(counts)
    assert measures(points, cells) == pytest.approx(np.full(len(cells), math.prod(lengths) / len(cells)))
    pairs = facet_pairs(cells, len(points))
    assert len(pairs.crowded) == 0
    assert 2 * np.count_nonzero(pairs.second >= 0) + np.count_nonzero(pairs.second < 0) == len(cells) * (
        len(counts) + 1
    )
    used = {tuple(sorted(e)) for c in cells.tolist() for e in ((a, b) for a in c for b in c if a < b)}
    assert used == {tuple(e) for e in box_edges(counts).tolist()}


def test_voxels_keep_their_volumes_and_names() -> None:
    rng = np.random.default_rng(3)
    image = LabelImage(rng.integers(0, 4, (4, 5, 6)).astype(np.int32), (UM, 2 * UM, 3 * UM))
    arrays = voxel_mesh(image, {"a": [1], "b": [3, 2]}, [0])
    conforms(arrays)
    shares = image.fractions()
    total = math.prod(image.lengths)
    assert volumes(arrays) == pytest.approx({"a": shares[1] * total, "b": (shares[2] + shares[3]) * total})
    inside = np.isin(image.labels, [2, 3])[:-1] & (image.labels == 1)[1:]
    across = [
        (np.isin(x, (2, 3)) & (y == 1)) | (np.isin(y, (2, 3)) & (x == 1))
        for x, y in (
            (image.labels[:-1], image.labels[1:]),
            (image.labels[:, :-1], image.labels[:, 1:]),
            (image.labels[:, :, :-1], image.labels[:, :, 1:]),
        )
    ]
    area = sum(a.sum() * s for a, s in zip(across, (6 * UM**2, 3 * UM**2, 2 * UM**2), strict=True))
    assert inside.any()
    assert areas(arrays)["a|b"] == pytest.approx(area)
    assert {"void|a", "void|b", "bottom", "top", "left", "right", "front", "back"} <= set(arrays.facet_names)


@pytest.mark.parametrize("cells", [0.75, 1.0, 1.5])
def test_a_smooth_sphere(cells: float) -> None:
    """Volume as that of its voxels, area as that of the sphere of this volume (a staircase has 1.5 times it)."""
    image, radius = sphere(16, 0.2)
    arrays, report = smooth_mesh(image, {"a": [1], "b": [2]}, cells * image.voxel[0])
    conforms(arrays)
    assert report.deviation < 2e-4
    assert 0 < max(report.misplaced.values()) < 0.1
    assert volumes(arrays)["b"] == pytest.approx(4 / 3 * math.pi * radius**3, rel=2e-3)
    assert areas(arrays)["a|b"] == pytest.approx(4 * math.pi * radius**2, rel=0.02)
    assert report.worst == pytest.approx(radius_ratio(arrays.points, arrays.cells).min())
    assert report.worst > 0.1
    assert areas(voxel_mesh(image, {"a": [1], "b": [2]}))["a|b"] > 1.4 * 4 * math.pi * radius**2
    inner = areas(arrays)
    assert [inner[s] for s in ("bottom", "left", "back")] == pytest.approx([UM**2] * 3, rel=1e-9)


def test_smooth_interfaces_meet_outer_sides_at_right_angles() -> None:
    """A quarter of a disc in a corner: the circle through symmetry planes."""
    n, radius = 40, 0.6
    x = (np.arange(n) + 0.5) / n
    image = LabelImage((x[:, None] ** 2 + x**2 < radius**2).astype(np.int32), (UM / n, UM / n))
    arrays, _ = smooth_mesh(image, {"out": [0], "in": [1]}, UM / n)
    facets = arrays.facets[arrays.facet_tags == arrays.facet_names["out|in"]]
    off = np.linalg.norm(arrays.points[np.unique(facets)], axis=1) / UM - radius
    assert np.abs(off).max() < 0.5 / n
    assert areas(arrays)["out|in"] == pytest.approx(math.pi / 2 * radius * UM, rel=0.01)


@pytest.mark.parametrize("counts", [(3, 4), (2, 3, 2)])
def test_cuts_conform_whatever_the_order_of_points(counts: tuple[int, ...]) -> None:
    """Every cell lists its points in an order of its own; half of the edges are cut anywhere."""
    rng = np.random.default_rng(5)
    points, cells, edges = box_points(counts, tuple(map(float, counts))), box_simplices(counts), box_edges(counts)
    cells = np.stack([rng.permutation(cell) for cell in cells])
    wrong = measures(points, cells) < 0
    cells[wrong, :2] = cells[wrong, 1::-1]
    edges = edges[rng.random(len(edges)) < 0.5]
    t = rng.uniform(0.2, 0.8, (len(edges), 1))
    made = bisect(cells, cut_edges(edges, points, len(points)))
    points = np.concatenate([points, (1 - t) * points[edges[:, 0]] + t * points[edges[:, 1]]])
    volume = measures(points, made)
    assert volume.min() > 0
    assert volume.sum() == pytest.approx(math.prod(counts))
    pairs = facet_pairs(made, len(points))
    outer = points[pairs.nodes[pairs.second < 0]]
    flat = [np.isclose(outer[:, :, i], end, atol=1e-12).all(axis=1) for i, n in enumerate(counts) for end in (0, n)]
    assert np.any(flat, axis=0).all()
    assert len(pairs.crowded) == 0
    assert set(np.unique(made)) == set(range(len(points)))


def test_moves_that_would_invert_cells_are_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """With nodes that move over most of an edge nothing but this keeps the cells in shape."""
    monkeypatch.setattr("meshes.smoothing.SNAP", 0.7)
    rng = np.random.default_rng(2)
    image = LabelImage(rng.integers(0, 4, (9, 8, 7)).astype(np.int32), (UM, UM, UM))
    arrays, _ = smooth_mesh(image, {f"r{i}": [i] for i in range(4)}, UM, smoothing=0.6, tolerance=0.1)
    conforms(arrays)
    assert measures(arrays.points, arrays.cells).min() > 0


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    dim=st.sampled_from([2, 3]),
    labels=st.integers(2, 5),
    blur=st.sampled_from([0.0, 1.0, 2.0]),
    size=st.floats(0.6, 1.6),
    smoothing=st.floats(0.3, 1.5),
    hole=st.booleans(),
)
def test_whatever_the_image_no_cell_is_inverted(
    seed: int, dim: int, labels: int, blur: float, size: float, smoothing: float, hole: bool
) -> None:
    """Random images, noise included, mesh conformingly with the promised volumes, or are refused with one message."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    shape = (9, 7, 8)[:dim]
    values = np.stack([gaussian_filter(rng.random(shape), blur, mode="wrap") for _ in range(labels)])
    image = LabelImage(np.argmax(values, axis=0).astype(np.int32), (UM, 1.5 * UM, UM)[:dim])
    present = sorted(image.fractions())
    hole = hole and len(present) > 2
    regions = {f"r{label}": [label] for label in present[int(hole) :]}
    try:
        arrays, report = smooth_mesh(image, regions, size * UM, present[: int(hole)], smoothing, tolerance=0.02)
    except MeshError as error:
        text = str(error)
        if not any(t in text for t in ("volume fractions would be", "nothing of this region", "more than half of")):
            raise
        return
    conforms(arrays)
    total = math.prod(image.lengths)
    for name, volume in volumes(arrays).items():
        assert volume / total == pytest.approx(report.wanted[name], abs=0.02)


def test_sizes_that_lose_the_image_are_refused() -> None:
    labels = np.zeros((24, 24), dtype=np.int32)
    labels[::4, ::4] = 1
    with pytest.raises(MeshError, match=r"cells of 6e-06 m are too coarse .* more than half of b would"):
        smooth_mesh(LabelImage(labels, (UM, UM)), {"a": [0], "b": [1]}, 6 * UM)
    with pytest.raises(MeshError, match=r"volume fractions would be a .* instead of .* take smaller cells"):
        smooth_mesh(LabelImage(labels, (UM, UM)), {"a": [0], "b": [1]}, 6 * UM, tolerance=1e-9)


# --------------------------------------------------------------- flat layers
def test_rows_fill_a_layer_and_grow() -> None:
    rows = row_heights(10.0, 1.0, 1.5)
    assert rows.sum() == pytest.approx(10)
    assert rows[1:] / rows[:-1] == pytest.approx(np.full(len(rows) - 1, 1.5))
    assert 0.5 < rows[0] <= 1
    assert row_heights(0.1, 1.0).sum() == pytest.approx(0.1)
    assert len(row_heights(0.1, 1.0)) == 3


@pytest.mark.parametrize("method", ["smooth", "voxel"])
@pytest.mark.parametrize("dim", [2, 3])
def test_flat_layers_lie_below_and_above(tmp_path: Path, method: Any, dim: int) -> None:
    image, _ = sphere(8, 0.3)
    labels = image.labels[..., :5].copy() if dim == 3 else image.labels[:, 4, :5].copy()
    labels[0, ..., 0] = 0  # a pore at the lower electrode
    np.save(tmp_path / "image.npy", labels.transpose(*range(dim)[::-1]))
    spec = Segmented(
        tmp_path / "image.npy",
        (0.125 * UM,) * dim,
        (("matrix", (1,)), ("ball", (2,))),
        (0,),
        below=(Slab("collector", UM), Slab("anode", 2 * UM)),
        above=(Slab("counter", 0.5 * UM),),
        axes=("z", "y", "x") if dim == 3 else ("y", "x"),
        method=method,
        tolerance=0.01,
    )
    arrays, _, _ = segmented_arrays(spec)
    conforms(arrays)
    assert list(arrays.layers) == ["collector", "anode", "matrix", "ball", "counter"]
    section = UM ** (dim - 1)
    found = volumes(arrays)
    assert [found[n] for n in ("collector", "anode", "counter")] == pytest.approx(
        [v * section * UM for v in (1, 2, 0.5)]
    )
    assert arrays.points.min(axis=0) == pytest.approx(np.zeros(dim), abs=1e-15)
    assert arrays.points[:, -1].max() == pytest.approx(4.125 * UM)
    flat = arrays.points[arrays.facets[arrays.facet_tags == arrays.facet_names["collector|anode"]]][..., -1]
    assert np.allclose(flat, UM, atol=1e-15)
    assert areas(arrays)["collector|anode"] == pytest.approx(section)
    assert "void|anode" in arrays.facet_names


# ------------------------------------------------------------------- islands
