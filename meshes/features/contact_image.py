"""Electrical contact where a picture of the interface says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from meshes.features.outline import Outline, Outlined
from meshes.problems import Problem

if TYPE_CHECKING:
    from meshes.stack import Stack

__all__ = ["ContactImage", "mask_rows"]

_MOST_CORNERS = 20_000


def mask_rows(mask: npt.NDArray[np.bool_]) -> tuple[str, ...]:
    """The rows of a `ContactImage` from an array (rows, columns), the first row at the top of the picture."""
    return tuple("".join("#" if pixel else "." for pixel in row) for row in np.asarray(mask, dtype=bool))


@dataclass(frozen=True)
class ContactImage(Outlined):
    """Contact of the interface `at` on the pixels that are set; each pixel is a box of the interface.

    The picture is seen from above and stretched over the interface: its first row lies at y = depth, its first
    column at x = 0. In 2-D it has one row. Pixels become few polygons; the area in contact is exactly theirs.

    Attributes:
        at: interface ``lower|upper``; outside of the pixels it is called ``a|b:gap``.
        rows: of the picture, ``#`` for contact and ``.`` for none.
        name: for messages.
    """

    at: str
    rows: tuple[str, ...]
    name: str = "contact image"

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", tuple(self.rows))

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """(columns, rows) whether a pixel is in contact, in the order of x and y."""
        return np.array([[pixel == "#" for pixel in row] for row in self.rows], dtype=bool)[::-1].T

    @property
    def area_fraction(self) -> float:
        """Part of the interface that is in contact."""
        return float(self.mask.mean())

    def outline(self, stack: Stack) -> Outline:
        """The pixels in contact."""
        mask = self.mask
        counts = mask.shape[: len(stack.lateral)]
        axes = tuple(np.linspace(0.0, s, n + 1, dtype=np.float64) for s, n in zip(stack.lateral, counts, strict=True))
        cells = mask if len(counts) == 2 else mask[:, 0]
        return Outline(axes, cells, 0.5 * min(s / n for s, n in zip(stack.lateral, counts, strict=True)))

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it in this stack."""
        if stack.dimension == "axisymmetric":
            message = "a picture is not symmetric about an axis: use dimension 2 or 3"
            return [Problem("", self.name, message)]
        widths = {len(row) for row in self.rows}
        size = f"{len(self.rows)} rows"
        if len(widths) != 1 or 0 in widths or set("".join(self.rows)) - {"#", "."}:
            return [Problem("rows", size, "must be rows of one length, of '#' (contact) and '.' (none)")]
        if stack.dimension == "2" and len(self.rows) != 1:
            return [Problem("rows", size, "in 2 dimensions the picture is one row")]
        mask = self.mask
        if mask.all() or not mask.any():
            return [Problem("rows", size, "some pixels must be in contact, and some not")]
        corners = sum(int(np.count_nonzero(np.diff(mask.astype(np.int8), axis=axis))) for axis in (0, 1))
        if corners > _MOST_CORNERS:
            message = f"the areas have {corners} edges, more than {_MOST_CORNERS}: use a smoother or smaller picture"
            return [Problem("rows", size, message)]
        return []
