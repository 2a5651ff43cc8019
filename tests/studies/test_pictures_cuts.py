"""Cuts through models in space, and lines of the current in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from picture_samples import UM

from fem.output.vtu import Grid, write_vtu
from studies.pictures.dataset import Dataset
from studies.pictures.outlines import behind
from studies.pictures.section import cut_place, make_cut
from studies.pictures.section_lines import Field, lines_of


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
