"""Animations: a frame for every stored instant, one scale for all of them, the time in each."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from picture_samples import REGIONS, UM, make_folder, square
from PIL import Image

from fem.output.vtu import Grid, write_vtu
from studies.pictures import caption, draw
from studies.pictures.dataset import Dataset
from studies.pictures.evolving import Evolution

TIMES = (0.0, 600.0, 1200.0, 5400.0)


def cracking(folder: Path) -> Path:
    """Grains in which a crack goes up from below, and whose lithium leaves."""
    make_folder(folder)
    contents = json.loads((folder / "fields.json").read_text(encoding="utf-8"))
    steps = []
    for k, time in enumerate(TIMES):
        files = dict(contents["steps"][0]["layers"])
        for name in ("grains", "grains.2", "anode"):
            low, high, body, _ = REGIONS[name]
            points, cells = square(low, high)
            height = (points[:, 1] / UM - low[1]) / (high[1] - low[1])
            broken = (np.abs(points[:, 0] / UM - 10) < 1.5) & (height < k / 4)
            values = {"damage": broken.astype(float), "concentration": 4e4 - 2e3 * k * (1 - height)}
            if body == "anode":
                values = {"concentration": np.full(len(points), 1e3)}
            files[name] = f"data/{name}-{k}.vtu"
            write_vtu(folder / files[name], Grid("triangle", points, cells, values, {}))
        steps.append({**contents["steps"][0], "layers": files, "label": {"time": time, "step": "charge"}})
    contents["steps"] = steps
    (folder / "fields.json").write_text(json.dumps(contents), encoding="utf-8")
    return folder


def test_an_animation_of_what_evolves(tmp_path: Path) -> None:
    folder = cracking(tmp_path / "fields")
    said: list[str] = []
    paths = draw(folder, {}, tmp_path, ["animation"], say=said.append)
    assert said == []
    assert [p.name for p in paths] == ["damage.gif", "concentration.gif"]
    for path in paths:
        with Image.open(path) as image:
            assert image.n_frames == len(TIMES)  # type: ignore[attr-defined]
            frames = []
            for k in range(len(TIMES)):
                image.seek(k)
                frames.append(np.asarray(image.convert("RGB"), dtype=int))
        changes = [np.abs(b - a).max(axis=2) > 20 for a, b in pairwise(frames)]
        assert all(x.mean() > 1e-3 for x in changes)
    assert "4 frames" in caption(paths[0])
    assert "grey: does not break" in caption(paths[0])
    assert "black: cracks" in caption(paths[1])


def test_one_scale_and_one_clock(tmp_path: Path) -> None:
    evolution = Evolution(Dataset(cracking(tmp_path / "fields")), "concentration")
    assert evolution.scale.unit == "mol/L"
    assert (evolution.norm.vmin, evolution.norm.vmax) == pytest.approx((34.0, 40.0))
    assert all(set(each) == {"grains", "grains.2"} for each in evolution.values)
    assert [evolution.clock(k) for k in (0, 1, 3)] == ["t = 0.00 h", "t = 0.17 h", "t = 1.50 h"]
    assert evolution.moments(4)[-1] == len(TIMES) - 1


def test_damage_at_several_instants(tmp_path: Path) -> None:
    (path,) = draw(cracking(tmp_path / "fields"), {}, tmp_path, ["damage"])
    assert "damage at 3 instants of the run" in caption(path)


def test_nothing_evolves(tmp_path: Path) -> None:
    said: list[str] = []
    assert draw(make_folder(tmp_path / "fields"), {}, tmp_path, ["animation"], say=said.append) == []
    assert "stored several times" in said[0]
