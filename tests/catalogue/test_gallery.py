"""The gallery in the documentation: the pictures that it shows are there, and no others."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "gallery.md"


def test_pictures_are_there() -> None:
    shown = re.findall(r"!\[[^]]+\]\(([^)]+)\)", PAGE.read_text(encoding="utf-8"))
    assert shown
    assert [name for name in shown if not (PAGE.parent / name).is_file()] == []
    assert len(shown) == len(set(shown))
    kept = {f"images/gallery/{path.name}" for path in (PAGE.parent / "images" / "gallery").glob("*.png")}
    assert kept == set(shown)
