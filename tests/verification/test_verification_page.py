"""The page that says how we know that mechanics is right: every test that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "verification.md"


def test_named_tests_are_there() -> None:
    text = PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)\.(test_\w+)`", text))
    assert len(named) > 40
    files = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    missing = [f"{m}.{t}" for m, t in sorted(named) if not re.search(rf"^def {t}\(", files.get(m, ""), re.MULTILINE)]
    assert missing == []


def test_rows_are_whole() -> None:
    """Every row has as many cells as the head of its table, and none of them is empty."""
    blocks = [b.splitlines() for b in PAGE.read_text(encoding="utf-8").split("\n\n") if b.startswith("|")]
    assert len(blocks) == 2
    for block in blocks:
        rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in block]
        assert len({len(row) for row in rows}) == 1
        assert all(all(row) for row in rows)


def test_the_page_is_linked() -> None:
    for page in (ROOT / "README.md", ROOT / "docs" / "architecture.md", ROOT / "docs" / "mechanics.md"):
        assert "verification.md" in page.read_text(encoding="utf-8"), page.name
