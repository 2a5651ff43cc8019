"""Finding studies by name or path."""

from pathlib import Path

import pytest
import yaml

from studies.errors import InputError
from studies.listing import catalogue, find_study


def test_titles_are_those_of_the_files() -> None:
    entries = catalogue()
    assert len(entries) >= 6
    for entry in entries:
        data = yaml.safe_load(entry.path.read_text(encoding="utf-8"))
        assert (entry.name, entry.title) == (data["study"], data["title"])


def test_names_and_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_study("planar-cell").name == "planar-cell.yaml"
    assert find_study("sub/planar-cell") == Path("sub/planar-cell")
    assert find_study("planar-cell.yaml") == Path("planar-cell.yaml")
    (tmp_path / "planar-cell").write_text("study: mine")
    assert find_study("planar-cell") == Path("planar-cell")  # a file here goes first


def test_close_names_are_suggested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="did you mean 'planar-cell'"):
        find_study("planarcell")
