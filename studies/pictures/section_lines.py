"""Lines of the current in the plane of a cut: of the part of it that lies in the plane.

Where the cut is a plane of symmetry these are current lines; elsewhere they show the direction, and the current
leaves the plane between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Field", "lines_of", "probed"]

Floats = npt.NDArray[np.float64]

#: Step of a line over the spacing of the points at which the current is known.
_STEP = 0.5


@dataclass(frozen=True)
class Field:
    """Vectors (columns, rows, 2) on a lattice from `low` (x, z), `spacing` apart; `known` (columns, rows)."""

    low: Floats
    spacing: float
    vectors: Floats
    known: npt.NDArray[np.bool_]

    def between_sides(self, point: Floats) -> Floats:
        """The point, moved to the lateral side that it has passed: no current leaves a model there."""
        last = self.low[0] + (self.known.shape[0] - 1 - 1e-9) * self.spacing
        return np.array([min(max(point[0], self.low[0]), last), point[1]])

    def at(self, point: Floats) -> Floats | None:
        """Direction at a point (x, z), of length one; None outside, or where nothing flows."""
        place = (point - self.low) / self.spacing
        first = np.floor(place).astype(int)
        shape = np.array(self.known.shape)
        if np.any(first < 0) or np.any(first >= shape - 1):
            return None
        share, (i, j) = place - first, first
        weights = np.outer([1 - share[0], share[0]], [1 - share[1], share[1]]) * self.known[i : i + 2, j : j + 2]
        if weights.sum() < 0.5:
            return None
        vector = np.einsum("ij,ijk->k", weights, self.vectors[i : i + 2, j : j + 2])
        size = float(np.linalg.norm(vector))
        return vector / size if size > 0 else None


def probed(grids: Sequence[Any], name: str, cut: float, number: int) -> Field:
    """The current of grids of pyvista in the plane y = `cut`.

    Args:
        grids: with node vectors `name`. cut: in units of the grids. number: of points along the larger extent.
    """
    import pyvista

    bounds = np.array([grid.bounds for grid in grids])
    low, high = bounds[:, [0, 4]].min(axis=0), bounds[:, [1, 5]].max(axis=0)
    spacing = float((high - low).max()) / (number - 1)
    axes = [np.arange(low[k], high[k] + 0.5 * spacing, spacing) for k in range(2)]
    x, z = np.meshgrid(*axes, indexing="ij")
    # points on a side are found from within
    inside = [np.clip(v, a + 1e-6 * spacing, b - 1e-6 * spacing) for v, a, b in zip((x, z), low, high, strict=True)]
    points = np.column_stack([inside[0].reshape(-1), np.full(x.size, cut), inside[1].reshape(-1)])
    vectors, known = np.zeros((x.size, 2)), np.zeros(x.size, dtype=bool)
    for grid in grids:
        found = pyvista.PolyData(points).sample(grid)
        valid = np.asarray(found["vtkValidPointMask"], dtype=bool)
        vectors[valid] = np.asarray(found[name])[valid][:, [0, 2]]
        known |= valid
    return Field(low, spacing, vectors.reshape(*x.shape, 2), known.reshape(x.shape))


def lines_of(field: Field, count: int, from_top: bool, walls: Floats) -> list[Floats]:
    """Lines (n, 2) through points evenly spaced at the upper or lower end of a field, then at the other one.

    They end at `walls` (k, 2, 2): slits have no thickness, so that a lattice does not know of them. From the other
    end they start only where the first ones do not arrive.
    """
    columns = field.known.shape[0]
    width = (columns - 1) * field.spacing
    found: list[Floats] = []
    for top in (from_top, not from_top):
        first = np.concatenate([np.empty((0, 2)), *found])
        for k in range(count):
            x = field.low[0] + (k + 0.5) / count * width
            column = field.known[min(int((x - field.low[0]) / field.spacing), columns - 1)]
            there = np.flatnonzero(column)
            if not len(there):
                continue
            row = there[-1] - 1 if top else there[0] + 1
            seed = np.array([x, field.low[1] + row * field.spacing])
            if len(first) and np.linalg.norm(first - seed, axis=1).min() < 0.7 * width / count:
                continue
            back, ahead = (_followed(field, seed, sign, walls) for sign in (-1.0, 1.0))
            line = np.array([*back[::-1], seed, *ahead])
            if len(line) > 3:
                found.append(line)
    return found


def _followed(field: Field, start: Floats, sign: float, walls: Floats) -> list[Floats]:
    """Points after `start` along the field, or against it (midpoint rule)."""
    step = sign * _STEP * field.spacing
    found: list[Floats] = []
    point = start
    for _ in range(int(4 * sum(field.known.shape) / _STEP)):
        way = field.at(point)
        middle = None if way is None else field.at(field.between_sides(point + 0.5 * step * way))
        if middle is None:
            break
        ahead = field.between_sides(point + step * middle)
        if _crosses(point, ahead, walls) or np.linalg.norm(ahead - point) < 0.1 * abs(step):
            break
        point = ahead
        found.append(point)
    return found


def _crosses(start: Floats, end: Floats, walls: Floats) -> bool:
    """Whether a segment crosses one of the walls."""
    if not len(walls):
        return False
    a, b = walls[:, 0], walls[:, 1]
    sides = _turn(b - a, start - a) * _turn(b - a, end - a)
    others = _turn(end - start, a - start) * _turn(end - start, b - start)
    return bool(np.any((sides <= 0) & (others <= 0)))


def _turn(u: Floats, v: Floats) -> Floats:
    return np.asarray(u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0])
