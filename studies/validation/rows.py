"""Published numbers beside ours, as rows of a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Row", "table"]

MARGIN = 0.1
"""Share by which a published range is widened at both ends, for digits of abstracts and of read graphs."""


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        what: quantity. published: lowest and highest, in the unit of `ours`.
        ours: what a command of this package prints. unit: as printed.
        fitted: whether a parameter of ours was fitted to this very number, so that agreement proves nothing.
        source: where the published number is from.
        margin: share by which the range is widened; 0 where digits count.
    """

    what: str
    published: tuple[float, float]
    ours: float
    unit: str
    fitted: bool = False
    source: str = ""
    margin: float = MARGIN

    @property
    def agrees(self) -> bool:
        """Whether ours lies in the widened range."""
        low, high = self.published
        return low - self.margin * abs(low) <= self.ours <= high + self.margin * abs(high)

    @property
    def verdict(self) -> str:
        """In a word."""
        if not self.agrees:
            return "DIFFERS"
        return "fitted" if self.fitted else "agrees"

    @property
    def range(self) -> str:
        """The published number or range, without its unit."""
        low, high = self.published
        return f"{low:.5g}" if low == high else f"{low:.5g} to {high:.5g}"


def table(rows: Iterable[Row]) -> list[str]:
    """Lines of a Markdown table."""
    lines = ["| quantity | published | ours | unit | | source |", "|---|---|---|---|---|---|"]
    lines += [f"| {r.what} | {r.range} | {r.ours:.5g} | {r.unit} | {r.verdict} | {r.source} |" for r in rows]
    return lines
