"""Where names stand in a picture: inside of what they name, else beside it with a line to it; never over each other.

Works on a raster of the picture that tells for every pixel what is seen there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

__all__ = ["OUTSIDE", "VOID", "Placed", "Placer", "Tag", "deepest"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

#: What a raster holds where there is no material, and outside of the picture of the model.
VOID, OUTSIDE = -1, -2
#: How much further away a name is put rather than over something small: times the share of it that is covered.
_AVERSION = 400.0
_MOST_TRIED = 400
#: Depth in pixels up to which something is a line.
_LINE = 2.0


@dataclass(frozen=True)
class Tag:
    """A name to be placed.

    Attributes:
        texts: what to write, the first that has room, inside or with a line.
        owner: number in the raster of what it names.
        corner: ``top`` or ``bottom``: it stands at the left of it there; empty: in its middle.
        at: (column, row) of a point of it, for what is too small for the raster.
        inside: whether it may stand inside.
        short: whether the last of `texts` is only written where no other has room, not even with a line.
    """

    texts: tuple[str, ...]
    owner: int
    corner: str = ""
    at: tuple[float, float] | None = None
    inside: bool = True
    short: bool = False


@dataclass(frozen=True)
class Placed:
    """A name with its box (left, top, width, height) and, of one with a line, the point it leads to; pixels."""

    text: str
    box: tuple[float, float, float, float]
    tip: tuple[float, float] | None = None

    @property
    def middle(self) -> tuple[float, float]:
        """(column, row)."""
        left, top, width, height = self.box
        return left + 0.5 * width, top + 0.5 * height


@dataclass
class Placer:
    """Places names one after the other, each where the ones before leave room.

    Args:
        owner: (rows, columns) number of what is seen; row 0 is at the top.
        ground: numbers on which any name may stand.
    """

    owner: Ints
    ground: Collection[int]
    busy: Mask = field(init=False)

    def __post_init__(self) -> None:
        self.busy = np.zeros(self.owner.shape, dtype=bool)

    def place(self, tag: Tag, sizes: Sequence[tuple[int, int]]) -> Placed | None:
        """Place a name; None where there is no room for it.

        Args:
            tag: what to place. sizes: (width, height) in pixels of each of its texts.
        """
        full = len(tag.texts) - 1 if tag.short else len(tag.texts)
        # a name with a line is the one without further lines of text
        ways = [(self._inside, range(full) if tag.inside else ()), (self._beside, (full - 1,))]
        if tag.short and tag.owner in self.ground:  # a layer is named in itself
            ways.insert(1, (self._inside, (full,) if tag.inside else ()))
            ways.append((self._beside, (full,)))
        elif tag.short:
            ways += [(self._inside, (full,) if tag.inside else ()), (self._beside, (full,))]
        tries = ((way, tag.texts[k], sizes[k]) for way, numbers in ways for k in numbers)
        found = next((placed for way, text, size in tries if (placed := way(tag, text, size)) is not None), None)
        if found is not None:
            left, top, width, height = (round(v) for v in found.box)
            self.busy[max(top - 1, 0) : top + height + 1, max(left - 1, 0) : left + width + 1] = True
        return found

    def _inside(self, tag: Tag, text: str, size: tuple[int, int]) -> Placed | None:
        own, (width, height) = self.owner == tag.owner, size
        free = np.argwhere(_sums(own & ~self.busy, width, height) == width * height)
        if not len(free):
            return None
        if tag.corner:
            rows, columns = np.nonzero(own)
            wanted = np.array([rows.min() if tag.corner == "top" else rows.max() - height, columns.min()])
        else:
            wanted = deepest(own)[::-1] - 0.5 * np.array([height, width])
        top, left = free[np.argmin(((free - wanted) ** 2).sum(axis=1))]
        return Placed(text, (float(left), float(top), float(width), float(height)))

    def _beside(self, tag: Tag, text: str, size: tuple[int, int]) -> Placed | None:
        own, (width, height) = self.owner == tag.owner, size
        if not own.any() and tag.at is None:
            return None
        tip = deepest(own & ~self.busy if (own & ~self.busy).any() else own) if own.any() else np.array(tag.at)
        spoilt = np.where(np.isin(self.owner, list(self.ground)), 0.0, 1.0)
        spoilt[own] = 2.0 if tag.owner not in self.ground else 0.5
        cost = _sums(spoilt, width, height) / (width * height)
        free = np.argwhere(_sums(self.busy, width, height) == 0)
        if not len(free):
            return None
        middles = free[:, ::-1] + 0.5 * np.array([width, height])
        apart = np.abs(middles - tip) - 0.5 * np.array([width, height])
        near = np.linalg.norm(np.clip(apart, 0.0, None), axis=1)
        score = near + _AVERSION * cost[free[:, 0], free[:, 1]]
        score[near < 0.7 * height] = np.inf
        for k in np.argsort(score)[:_MOST_TRIED]:
            if np.isfinite(score[k]) and not self._crossed(middles[k], tip):
                top, left = free[k]
                where = (float(left), float(top), float(width), float(height))
                return Placed(text, where, (float(tip[0]), float(tip[1])))
        return None

    def _crossed(self, start: Floats, end: Floats) -> bool:
        """Whether a line (columns, rows) passes over a name that stands already."""
        steps = np.linspace(0.0, 1.0, 60)[:, None]
        column, row = np.round((1 - steps) * start + steps * end).astype(int).T
        rows, columns = self.busy.shape
        return bool(self.busy[np.clip(row, 0, rows - 1), np.clip(column, 0, columns - 1)].any())


def deepest(mask: Mask) -> Floats:
    """(column, row) of the point of a mask that is furthest from all that does not belong to it.

    Of a mask of lines: the middle of the longest.
    """
    from scipy.ndimage import distance_transform_edt, label

    depth = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    deep = np.argwhere(depth >= 0.95 * depth.max())
    row, column = deep[np.argmin(((deep - deep.mean(axis=0)) ** 2).sum(axis=1))]
    if depth.max() <= _LINE:
        number = label(mask, np.ones((3, 3)))[0]
        longest = np.argwhere(number == 1 + np.argmax(np.bincount(number[mask])[1:]))
        row, column = longest[np.argmin(((longest - longest.mean(axis=0)) ** 2).sum(axis=1))]
    return np.array([float(column), float(row)])


def _sums(values: npt.NDArray[np.generic], width: int, height: int) -> Floats:
    """Sums over all boxes of a size, at their upper left corners; no rows or columns where none fits."""
    table = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    table[1:, 1:] = np.cumsum(np.cumsum(np.asarray(values, dtype=float), axis=0), axis=1)
    if width > values.shape[1] or height > values.shape[0]:
        return np.zeros((0, 0))
    inner = table[height:, width:] - table[:-height, width:] - table[height:, :-width] + table[:-height, :-width]
    return np.asarray(np.round(inner, 6))
