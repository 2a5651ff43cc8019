"""Opposite sides of a periodic cell made one: the points of the upper side become those of the lower one.

The mesh of both sides must be the same up to a shift. What differs between the two sides of the finished mesh is the
vertices of the cells only: points keep their places, so the cells do theirs (see `meshes.unrolled`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from meshes.arrays import MeshArrays, cell_facets, facet_rows
from meshes.naming import SIDES
from meshes.problems import MeshError, number_text

__all__ = ["LARGEST_CELL", "axis_sides", "join_sides"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Tags = npt.NDArray[np.int32]

#: Facets of the two sides are the same where their corners agree within this part of their size.
_SAME = 1e-3
#: A cell may reach over this part of a period: two cells around the model could not be told from one.
LARGEST_CELL = 0.45


def axis_sides(gdim: int, axis: int) -> tuple[str, str]:
    """Names of the lower and of the upper outer side across an axis."""
    names = {upper: name for name, across, upper in SIDES[gdim] if across == axis}
    return names[False], names[True]


def join_sides(arrays: MeshArrays, axes: Sequence[int]) -> tuple[MeshArrays, Ints, dict[int, float]]:
    """Join the lower to the upper outer side across every axis of `axes`.

    Args:
        arrays: mesh whose outer sides are plane and named as in docs/architecture.md.
        axes: coordinates that are periodic.

    Returns:
        The mesh with points of the upper sides exactly one period from those of the lower ones, and without the
        names of these sides (where two regions meet there, with the facets of their interface); the vertices
        (m, tdim + 1) of its cells, numbers of points, the same for all images of one point; axis -> period in metres.

    Raises:
        MeshError: the two sides differ, a slit ends at one of them, or a cell reaches over nearly half of a period.
    """
    points, rows = arrays.points.copy(), facet_rows(arrays)
    corners = cell_facets(arrays.cells)
    first: list[Ints] = []
    second: list[Ints] = []
    keep = np.ones(len(arrays.facets), dtype=bool)
    names, periods = dict(arrays.facet_names), {}
    new: list[tuple[Ints, Tags]] = []
    for axis in axes:
        low, high = axis_sides(points.shape[1], axis)
        missing = [side for side in (low, high) if side not in names]
        if missing:
            raise MeshError(f"the mesh has no side called {missing[0]!r}, which periodic sides need")
        tags = names.pop(low), names.pop(high)
        keep &= ~np.isin(arrays.facet_tags, tags)
        (lower, below), (upper, above) = ((corners[at], at[0]) for at in (np.nonzero(rows == tag) for tag in tags))
        lower, upper, order = _matched(arrays.points, lower, upper, axis, (low, high))
        above = above[order]
        start = float(arrays.points[lower, axis].min())
        periods[axis] = float(arrays.points[upper, axis].max()) - start
        points[lower, axis] = start
        points[upper] = points[lower]
        points[upper, axis] = start + periods[axis]
        first.append(lower.reshape(-1))
        second.append(upper.reshape(-1))
        differ = arrays.cell_tags[below] != arrays.cell_tags[above]
        if differ.any():
            pair = np.column_stack([arrays.cell_tags[below], arrays.cell_tags[above]])[differ]
            tag = _interface_tags(arrays, names, pair)
            new += [(lower[differ], tag), (upper[differ], tag)]
    one, other = np.concatenate(first), np.concatenate(second)
    links = coo_matrix((np.ones(len(one), dtype=np.int8), (one, other)), shape=(len(points), len(points)))
    count, label = connected_components(links, directed=False)
    master = np.full(count, len(points), dtype=np.int64)
    np.minimum.at(master, label, np.arange(len(points)))
    facets = np.concatenate([arrays.facets[keep], *(f for f, _ in new)])
    tags_left = np.concatenate([arrays.facet_tags[keep], *(t for _, t in new)]).astype(np.int32)
    made = replace(arrays, points=points, facets=facets, facet_tags=tags_left, facet_names=names)
    _require_open_slits(points, np.unique(np.concatenate([one, other])), master[label])
    _require_small_cells(made, periods)
    return made, master[label][arrays.cells], periods


def _matched(
    points: Floats, lower: Ints, upper: Ints, axis: int, sides: tuple[str, str]
) -> tuple[Ints, Ints, npt.NDArray[np.int64]]:
    """Facets (k, tdim) of both sides in the same order, corner by corner, and where the upper ones came from."""
    text = f"the sides {sides[0]!r} and {sides[1]!r} of a periodic model must be cut alike"
    if len(lower) != len(upper):
        raise MeshError(f"{text}: there are {len(lower)} and {len(upper)} facets")
    other = [k for k in range(points.shape[1]) if k != axis]
    a, b = points[lower][:, :, other], points[upper][:, :, other]
    _, order = cKDTree(b.mean(axis=1)).query(a.mean(axis=1))
    upper, b = upper[order], b[order]
    size = np.linalg.norm(a.max(axis=1) - a.min(axis=1), axis=1)
    away = np.linalg.norm(a[:, :, None] - b[:, None], axis=3)
    corner = away.argmin(axis=2)
    off = np.take_along_axis(away, corner[:, :, None], axis=2)[:, :, 0].max(axis=1)
    alike = (off <= _SAME * size) & (np.sort(corner, axis=1) == np.arange(lower.shape[1])).all(axis=1)
    if not alike.all() or len(np.unique(order)) != len(order):
        wrong = points[lower[int(np.argmin(alike))]].mean(axis=0) if not alike.all() else points[lower[0]].mean(axis=0)
        place = ", ".join(number_text(float(v)) for v in wrong)
        raise MeshError(f"{text}: they differ at ({place}) m")
    return lower, np.take_along_axis(upper, corner, axis=1), np.asarray(order, dtype=np.int64)


def _interface_tags(arrays: MeshArrays, names: dict[str, int], pair: Tags) -> Tags:
    """Tags (k,) of the interfaces between two regions (k, 2), which get a name where they have none."""
    order = {tag: (place, name) for place, (name, tag) in enumerate(arrays.layers.items())}
    found = np.zeros(len(pair), dtype=np.int32)
    for a, b in sorted({(int(a), int(b)) for a, b in pair}):
        name = "|".join(text for _, text in sorted((order[a], order[b])))
        used = {*arrays.facet_names.values(), *names.values()}
        found[(pair == (a, b)).all(axis=1)] = names.setdefault(name, max(used) + 1)
    return found


def _require_open_slits(points: Floats, on_sides: Ints, master: Ints) -> None:
    """The two faces of a slit that reaches a side must not be joined by the other side, which it does not reach."""
    span = float(np.abs(points).max(initial=0.0)) or 1.0
    places = np.round(points[on_sides] / span, 10)
    _, place = np.unique(places, axis=0, return_inverse=True)
    pairs = np.unique(np.column_stack([place.reshape(-1), master[on_sides]]), axis=0)
    if len(pairs) < len(on_sides):
        raise MeshError("a crack reaches one periodic side and does not go on at the other: let it end inside")


def _require_small_cells(arrays: MeshArrays, periods: dict[int, float]) -> None:
    corners = arrays.points[arrays.cells]
    for axis, period in periods.items():
        x = corners[:, :, axis]
        widest = float((x.max(axis=1) - x.min(axis=1)).max())
        if widest > LARGEST_CELL * period:
            raise MeshError(
                f"a cell reaches over {widest / period:.0%} of the period of {number_text(period)}: at least three "
                "cells are needed between periodic sides; lower mesh.bulk"
            )
