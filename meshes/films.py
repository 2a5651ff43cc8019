"""Thin films put into a finished mesh: cells are grown between a surface and what lies on it.

The nodes of the surface are repeated at every level of the film, the cells outside follow the outermost, and
the prisms in between are divided into simplices. A film of any thickness has as many cells across as asked,
and costs a few cells per facet of the surface, where cells of one size would cost their number by the cube of
the ratio of extent and thickness.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from meshes.arrays import MeshArrays
from meshes.lattice import FacetPairs, facet_pairs
from meshes.naming import SIDES, named_arrays
from meshes.problems import MeshError

__all__ = ["Coat", "Film", "grow_films", "insert_film"]

if TYPE_CHECKING:
    from meshes.stack import Stack

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
#: A film that meets a plane at a smaller angle than about 15 degrees would be smeared along it (square of 1 / sine).
_MOST_STRETCH = 16.0
#: A cell outside may keep this part of its volume at least.
_LEAST_LEFT = 1e-3
#: Within so many thicknesses of a plane points are pushed along it.
_BESIDE = 3.0


@dataclass(frozen=True)
class Coat:
    """One layer of a film, as plain data.

    Attributes:
        name: of its region.
        thickness: metres.
        material: only carried along.
        cells: across it.
    """

    name: str
    thickness: float
    material: str = ""
    cells: int = 3


@dataclass(frozen=True)
class Film:
    """Coats that are grown onto the surface of the regions `inner`.

    Attributes:
        label: for messages.
        inner: regions below the film. outer: regions above it; where others touch `inner` there is no film.
        coats: from the inside out; none: nothing is grown, the facets under patches get a name of their own.
        offset: points (n, d) -> distance (n,) from the surface, outward vectors (n, d; unit vectors, longer along
            edges), and the distance (n,) beyond which points stay where they are; metres, infinite where no
            surface is near.
        planes: (axis, value) of planes that points within do not leave, sides of the model apart.
        level: of points (n, d) of the surface: largest within patches; None: the film is closed.
        coverage: part of the surface that has the film; None: what has a positive level.
        last: grown after all films that are not, whose surroundings end at the surface of this one.
    """

    label: str
    inner: frozenset[str]
    outer: frozenset[str]
    coats: tuple[Coat, ...]
    offset: Callable[[Floats], tuple[Floats, Floats, Floats]]
    planes: tuple[tuple[int, float], ...] = ()
    level: Callable[[Floats], Floats] | None = None
    coverage: float | None = 1.0
    last: bool = False


def grow_films(arrays: MeshArrays, stack: Stack) -> MeshArrays:
    """The mesh with the films of all features of `stack`, grown in their order (those of interfaces last).

    Raises:
        MeshError: there is no room for one.
    """
    regions = [region.name for region in stack.regions]
    films = [film for feature in stack.features for film in feature.films(stack)]
    for film in sorted(films, key=lambda film: film.last):
        arrays = insert_film(arrays, film, regions)
    return arrays


def insert_film(arrays: MeshArrays, film: Film, regions: Sequence[str]) -> MeshArrays:
    """The mesh with the cells of `film`.

    Patches end in walls as high as the film, called ``coat|outer:rim``: beside them cells of the outer region taper
    to nothing over one facet. Where other regions or facets with names of their own bound the film, it is the film
    that tapers.

    Args:
        regions: all names in the order of their tags, the coats included.

    Raises:
        MeshError: there is no such surface, or no room beside it.
    """
    pairs = facet_pairs(arrays.cells, len(arrays.points))
    inside = np.isin(arrays.cell_tags, [arrays.layers[n] for n in film.inner if n in arrays.layers])
    chosen, bare, border = _facets(arrays, film, pairs, inside)
    if not chosen.any():
        raise MeshError(f"{film.label}: there is no surface between {_or(film.inner)} and {_or(film.outer)}")
    if not film.coats:
        return _marked(arrays, pairs, chosen)
    covered = np.sort(pairs.nodes[chosen], axis=1)
    tips = np.intersect1d(covered, pairs.nodes[border & ~chosen & ~bare])
    nodes = np.setdiff1d(covered, tips)
    ring = np.flatnonzero(bare)[np.isin(pairs.nodes[bare], nodes).any(axis=1)]
    base = np.concatenate([covered, np.sort(pairs.nodes[ring], axis=1)])
    levels = np.cumsum(np.repeat([c.thickness / c.cells for c in film.coats], [c.cells for c in film.coats]))
    n = len(arrays.points)
    # number[k, v]: the node of v at level k; a tip is at all levels at once
    number = np.tile(np.arange(n), (len(levels) + 1, 1))
    number[1:, nodes] = n + np.arange(len(levels) * len(nodes)).reshape(len(levels), -1)
    points = _points(arrays, film, nodes, levels, inside)
    cells = arrays.cells.copy()
    cells[~inside] = number[-1][cells[~inside]]
    _require_room(arrays, points, cells, film)
    grown, at_level, above = _prisms(base, number)
    grown = _oriented(points, grown)
    tag = {name: k for k, name in enumerate(regions, start=1)}
    of_level = np.repeat([tag[c.name] for c in film.coats], [c.cells for c in film.coats])
    old = np.zeros(max(arrays.layers.values()) + 1, dtype=np.int32)
    for name, value in arrays.layers.items():
        old[value] = tag[name]
    beside = above >= len(covered)
    outside = np.where(inside[pairs.first[ring]], pairs.second[ring], pairs.first[ring])
    new = of_level[at_level].astype(np.int32)
    new[beside] = old[arrays.cell_tags[outside]][above[beside] - len(covered)]
    tags = np.concatenate([old[arrays.cell_tags], new])
    given = _special(arrays, pairs, inside, number[-1]) | _rims(grown, tags[len(cells) :], beside, len(points), regions)
    return named_arrays(points, np.concatenate([cells, grown]), tags, tag, given)


def _marked(arrays: MeshArrays, pairs: FacetPairs, chosen: Mask) -> MeshArrays:
    """The same mesh; the `chosen` facets are called ``a|b:film``."""
    names = {tag: name for name, tag in arrays.layers.items()}
    given = {
        name: arrays.facets[arrays.facet_tags == tag].astype(np.int64)
        for name, tag in arrays.facet_names.items()
        if not _plain(name, arrays)
    }
    sides = np.sort(arrays.cell_tags[np.column_stack([pairs.first[chosen], pairs.second[chosen]])], axis=1)
    for pair in np.unique(sides, axis=0):
        facets = pairs.nodes[chosen][np.all(sides == pair, axis=1)]
        name = f"{names[int(pair[0])]}|{names[int(pair[1])]}:film"
        given[name] = np.concatenate([given[name], facets]) if name in given else facets
    return named_arrays(arrays.points, arrays.cells, arrays.cell_tags, dict(arrays.layers), given, pairs)


def _or(names: frozenset[str]) -> str:
    return " or ".join(sorted(names))


def _facets(arrays: MeshArrays, film: Film, pairs: FacetPairs, inside: Mask) -> tuple[Mask, Mask, Mask]:
    """Facets that get the film, those that its patches leave bare, and all between the inner regions and others."""
    second = np.maximum(pairs.second, 0)
    border = (pairs.second >= 0) & (inside[pairs.first] != inside[second])
    outer = np.isin(arrays.cell_tags, [arrays.layers[n] for n in film.outer if n in arrays.layers])
    chosen = border & (outer[pairs.first] | outer[second])
    marked = [tag for name, tag in arrays.facet_names.items() if not _plain(name, arrays)]
    chosen &= ~_rows_in(pairs.nodes, arrays.facets[np.isin(arrays.facet_tags, marked)])
    covered = _patches(arrays, film, pairs.nodes, chosen) if film.level is not None and chosen.any() else chosen
    return covered, chosen & ~covered, border


def _patches(arrays: MeshArrays, film: Film, nodes: Ints, chosen: Mask) -> Mask:
    """Of the `chosen` facets those with the highest level that together have the coverage, as nearly as they can."""
    assert film.level is not None
    where = np.flatnonzero(chosen)
    x = arrays.points[nodes[where]]
    level = film.level(x.mean(axis=1))
    found = np.zeros_like(chosen)
    if film.coverage is None:
        found[where[level > 0]] = True
        return found
    edges = x[:, 1:] - x[:, :1]
    area = np.sqrt(np.abs(np.linalg.det(edges @ np.swapaxes(edges, 1, 2))))
    order = np.argsort(-level, kind="stable")
    covered = np.cumsum(area[order]) - 0.5 * area[order]
    found[where[order[covered <= film.coverage * area.sum()]]] = True
    return found


def _rims(
    grown: Ints, tags: npt.NDArray[np.int32], beside: Mask, points: int, regions: Sequence[str]
) -> dict[str, Ints]:
    """Name -> facets of the walls in which patches end, of the cells `grown` (m, d + 1).

    Args:
        tags: (m,) of the cells. beside: (m,) whether a cell lies beside the film.
    """
    pairs = facet_pairs(grown, points)
    wall = (pairs.second >= 0) & (beside[pairs.first] != beside[pairs.second])
    sides = np.sort(np.column_stack([tags[pairs.first[wall]], tags[pairs.second[wall]]]), axis=1)
    found = {}
    for low, high in np.unique(sides, axis=0).tolist():
        name = f"{regions[low - 1]}|{regions[high - 1]}:rim"
        found[name] = pairs.nodes[wall][np.all(sides == (low, high), axis=1)]
    return found


def _plain(name: str, arrays: MeshArrays) -> bool:
    """True for a name that follows from what lies beside the facet."""
    sides = {side for side, _, _ in SIDES[arrays.points.shape[1]]}
    return name in sides or set(name.split("|")) <= {"void", *arrays.layers}


def _rows_in(rows: Ints, wanted: Ints) -> Mask:
    """Which `rows` (n, k) are among `wanted` (m, k), the order in a row aside."""
    if not len(wanted):
        return np.zeros(len(rows), dtype=bool)
    both = np.sort(np.concatenate([wanted, rows]), axis=1)
    _, number = np.unique(both, axis=0, return_inverse=True)
    number = number.reshape(-1)
    return np.isin(number[len(wanted) :], number[: len(wanted)])


def _points(arrays: MeshArrays, film: Film, nodes: Ints, levels: Floats, inside: Mask) -> Floats:
    """Points of the new mesh: the surface and what lies inside stay, those outside make room."""
    total = float(levels[-1])
    x = arrays.points.copy()
    _, outward, _ = film.offset(x[nodes])
    step = _along_planes(arrays, film, x[nodes], outward)
    grown = (x[nodes] + level * step for level in levels)
    beyond = np.setdiff1d(arrays.cells[~inside], arrays.cells[inside])
    away, normal, room = film.offset(x[beyond])
    near = np.isfinite(away) & (away < room)
    moved, away, room = beyond[near], away[near], room[near]
    push = (total * (1 - np.maximum(away, 0) / room))[:, None]
    shifted = x[moved] + push * _along_planes(arrays, film, x[moved], normal[near])
    x[moved] = shifted
    return np.concatenate([x, *grown])


def _along_planes(arrays: MeshArrays, film: Film, x: Floats, normal: Floats) -> Floats:
    """Steps (n, d) that go as far along `normal` (n, d) as it, without leaving the planes in which `x` lies."""
    low, high = arrays.points.min(axis=0), arrays.points.max(axis=0)
    near = 1e-9 * float((high - low).max())
    planes = [(k, v) for k in range(x.shape[1]) for v in (low[k], high[k])] + list(film.planes)
    step = normal.copy()
    # next to a plane that points may not leave, others may not cross it
    width = _BESIDE * sum(c.thickness for c in film.coats)
    for axis, value in planes:
        step[:, axis] *= np.clip((np.abs(x[:, axis] - value) - near) / width, 0.0, 1.0)
    whole, along = (normal * normal).sum(axis=1), (step * normal).sum(axis=1)
    if along.size and np.any(along < whole / _MOST_STRETCH):
        raise MeshError(f"{film.label}: its surface meets a side or an interface too flatly for a film")
    return np.asarray(step * (whole / along)[:, None])


def _prisms(base: Ints, number: Ints) -> tuple[Ints, Ints, Ints]:
    """Simplices between the levels above facets `base` (m, d) with sorted nodes, the level and the facet of each.

    A prism over a facet is cut along the paths from its lowest to its highest node: neighbours agree, because
    all follow the order of the nodes. Those that a tip makes flat are left out.
    """
    d = base.shape[1]
    cells, level, facet = [], [], []
    for k in range(len(number) - 1):
        lower, upper = number[k][base], number[k + 1][base]
        for j in range(d):
            simplex = np.column_stack([lower[:, : j + 1], upper[:, j:]])
            solid = lower[:, j] != upper[:, j]
            cells.append(simplex[solid])
            level.append(np.full(int(solid.sum()), k))
            facet.append(np.flatnonzero(solid))
    return np.concatenate(cells), np.concatenate(level), np.concatenate(facet)


def _volumes(points: Floats, cells: Ints) -> Floats:
    edges = points[cells[:, 1:]] - points[cells[:, :1]]
    return np.asarray(np.linalg.det(edges))


def _oriented(points: Floats, cells: Ints) -> Ints:
    flipped = _volumes(points, cells) < 0
    cells[flipped, :2] = cells[flipped, 1::-1]
    return cells


def _require_room(arrays: MeshArrays, points: Floats, cells: Ints, film: Film) -> None:
    touched = np.flatnonzero(np.any(points[cells] != arrays.points[arrays.cells], axis=(1, 2)))
    before, after = _volumes(arrays.points, arrays.cells[touched]), _volumes(points, cells[touched])
    if np.any(after * np.sign(before) < _LEAST_LEFT * np.abs(before)):
        thick = sum(c.thickness for c in film.coats)
        raise MeshError(
            f"{film.label}: there is no room for a film of {thick:.3g} m: a smaller thickness, larger distances, "
            "or describe the film as a resistance of its interface"
        )


def _special(arrays: MeshArrays, pairs: FacetPairs, inside: Mask, top: Ints) -> dict[str, Ints]:
    """Facets with names of their own (gaps, slits), with the nodes that they have after the film is grown."""
    found: dict[str, Ints] = {}
    outside = pairs.nodes[~inside[pairs.first] & ~inside[np.maximum(pairs.second, 0)]]
    for name, tag in arrays.facet_names.items():
        if not _plain(name, arrays):
            facets = arrays.facets[arrays.facet_tags == tag].astype(np.int64)
            beyond = _rows_in(facets, outside)
            facets[beyond] = top[facets[beyond]]
            found[name] = facets
    return found
