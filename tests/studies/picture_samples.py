"""A small model with bodies beside layers, slits and interfaces in parts, for tests of pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fem.output.vtu import Grid, write_vtu
from studies.pictures import draw
from studies.pictures.dataset import Dataset, Interface

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
