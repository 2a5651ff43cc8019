"""Cells that a deformation has flattened or turned over, mended by moving the free points about them."""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt

__all__ = ["mended", "signed_quality"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
_PASSES = 20
_STEPS = (0.4, 0.2, 0.1, 0.05, 0.02)


def signed_quality(points: Floats, cells: Ints) -> Floats:
    """Mean ratio (m,) of simplices: 1 for the regular one, 0 for a flat one, negative when turned over.

    The volume, to the power that makes it an area, over the sum of the squares of all edges (Liu and Joe 1994).
    """
    return _mean_ratio(points[cells])


def _mean_ratio(x: Floats) -> Floats:
    """The same of corners (..., tdim + 1, tdim)."""
    dim = x.shape[-1]
    edges = x[..., 1:, :] - x[..., :1, :]
    volume = np.linalg.det(edges)
    pairs = [(i, j) for i in range(dim + 1) for j in range(i)]
    square = sum(np.sum((x[..., i, :] - x[..., j, :]) ** 2, axis=-1) for i, j in pairs)
    # of the regular simplex with edges of 1: 3 edges and determinant sqrt(3) / 2; 6 edges and sqrt(1 / 2)
    scale = 3 / (np.sqrt(3) / 2) if dim == 2 else 6 / 0.5 ** (1 / 3)
    size = np.abs(volume) ** (2 / dim)
    return np.asarray(np.sign(volume) * scale * size / np.maximum(square, np.finfo(float).tiny))


def mended(points: Floats, cells: Ints, sign: Floats, fixed: Mask, floor: float) -> Floats:
    """Points with the free ones about bad cells moved so that the worst cell around each becomes as good as it can.

    Args:
        points: (n, dim). cells: (m, dim + 1).
        sign: (m,) 1 or -1: sign of the determinant that each cell should have.
        fixed: (n,) points that stay where they are.
        floor: cells with a quality below this are bad.

    Returns:
        The points; they may still have bad cells.
    """
    points = points.copy()
    trials = np.array([d for d in product((-1.0, 0.0, 1.0), repeat=points.shape[1]) if any(d)])
    trials /= np.linalg.norm(trials, axis=1)[:, None]
    quality = sign * signed_quality(points, cells)
    for _ in range(_PASSES):
        bad = np.flatnonzero(quality < floor)
        movable = np.unique(cells[bad])
        movable = movable[~fixed[movable]]
        if not len(bad) or not len(movable):
            break
        marked = np.zeros(len(points), dtype=bool)
        marked[movable] = True
        near = np.flatnonzero(marked[cells].any(axis=1))
        moved = False
        for star, point in _stars(cells, near, movable):
            moved |= _improve(points, cells[star], sign[star], point, trials)
        quality[near] = sign[near] * signed_quality(points, cells[near])
        if not moved:
            break
    return points


def _stars(cells: Ints, near: Ints, movable: Ints) -> list[tuple[Ints, int]]:
    """The cells around each of the points `movable`."""
    corner: Ints = cells[near].reshape(-1)
    row: Ints = np.repeat(near, cells.shape[1])
    order = np.argsort(corner, kind="stable")
    corner, row = corner[order], row[order]
    first, last = np.searchsorted(corner, movable), np.searchsorted(corner, movable, side="right")
    return [(row[a:b], int(p)) for p, a, b in zip(movable, first, last, strict=True)]


def _improve(points: Floats, star: Ints, sign: Floats, point: int, trials: Floats) -> bool:
    """Move one point to the best of a set of places; True when it moved."""
    here = points[point].copy()
    local = points[star]
    mine = star == point
    worst = float((sign * _mean_ratio(local)).min())
    size = float(np.linalg.norm(local - here, axis=2).sum() / np.count_nonzero(~mine))
    middle = local[~mine].mean(axis=0)
    steps = [here + step * size * trials for step in _STEPS]
    places = np.concatenate([*steps, here + np.outer((0.25, 0.5, 1.0), middle - here)])
    moved = np.broadcast_to(local, (len(places), *local.shape)).copy()
    moved[:, mine] = places[:, None, :]
    found = (sign * _mean_ratio(moved)).min(axis=1)
    best = int(found.argmax())
    if found[best] <= worst + 1e-9:
        return False
    points[point] = places[best]
    return True
