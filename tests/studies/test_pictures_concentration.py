"""Maps of concentrations: which instants, one scale for all, and the part of the model that stores something."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from picture_samples import REGIONS, UM, make_folder, square

from fem.output.vtu import Grid, write_vtu
from studies.pictures import caption, draw
from studies.pictures.concentration import _Shown, _State, _stored, _view
from studies.pictures.dataset import Dataset

TIMES = (0.0, 60.0, 120.0, 1800.0, 7200.0)


def stored(folder: Path, storing: dict[str, float]) -> Path:
    """The sample at several times: regions hold a concentration (mol/m^3 at the end) that grows towards the top."""
    make_folder(folder)
    contents = json.loads((folder / "fields.json").read_text(encoding="utf-8"))
    steps = []
    for k, time in enumerate(TIMES):
        files = dict(contents["steps"][0]["layers"])
        for name, most in storing.items():
            low, high, _, _ = REGIONS[name]
            points, cells = square(low, high)
            share = (points[:, 1] / UM - low[1]) / (high[1] - low[1])
            values = np.full(len(points), 1e9) if k == 0 else most * (1 + share * k / (len(TIMES) - 1))
            files[name] = f"data/{name}-{k}.vtu"
            write_vtu(folder / files[name], Grid("triangle", points, cells, {"concentration": values}, {}))
        steps.append({**contents["steps"][0], "layers": files, "label": {"time": time, "step": f"step {k}"}})
    contents["steps"] = steps
    (folder / "fields.json").write_text(json.dumps(contents), encoding="utf-8")
    return folder


def test_salt_and_lithium_at_two_instants_each(tmp_path: Path) -> None:
    folder = stored(tmp_path / "fields", {"grains": 1000.0, "grains.2": 1000.0, "counter": 2e4})
    said: list[str] = []
    (path,) = draw(folder, {}, tmp_path, ["concentration"], say=said.append)
    assert said == []
    words = caption(path)
    assert "concentration of salt and concentration of lithium after 120 s (step 2), 2 h (step 4)" in words
    assert "grey: stores nothing" in words
    assert "0.1 mol/L of salt apart" in words


def test_one_scale_for_all_instants_but_the_first(tmp_path: Path) -> None:
    folder = stored(tmp_path / "fields", {"grains": 1000.0})
    states = [_State(Dataset(folder, k)) for k in (2, 4)]
    shown = _Shown(("salt", "concentration"), states)
    assert (shown.norm.vmin, shown.norm.vmax) == pytest.approx((1.0, 2.0))
    # three instants of one kind, spread over those after the first
    (path,) = draw(folder, {}, tmp_path, ["concentration"])
    assert "after 60 s (step 1), 1800 s (step 3), 2 h (step 4)" in caption(path)


def test_what_stores_something_fills_the_view(tmp_path: Path) -> None:
    everything = Dataset(stored(tmp_path / "all", {"grains": 1000.0, "grains.2": 1000.0}), -1)
    assert _view(everything).size == pytest.approx((20 * UM, 19 * UM))
    little = Dataset(stored(tmp_path / "gel", {"gel": 1000.0}), -1)
    assert _view(little).low == pytest.approx((13.85 * UM, 17.85 * UM))
    assert _view(little).high == pytest.approx((15.15 * UM, 19 * UM))
    assert [layer.name for layer in little.layers if _stored(layer)] == ["gel"]


def test_without_time_or_storage_there_is_none(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "fields")
    assert draw(folder, {}, tmp_path, ["concentration"]) == []
