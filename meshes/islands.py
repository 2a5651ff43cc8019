"""Parts of a mesh that current cannot reach: found by what passes which interface, removed on request."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from meshes.arrays import MeshArrays
from meshes.lattice import FacetPairs, facet_pairs, measures
from meshes.naming import named_arrays
from meshes.problems import MeshError

__all__ = ["Island", "find_islands", "islands_text", "part_counts", "without_islands"]

Ints = npt.NDArray[np.int64]
ENDS = ("bottom", "top")


@dataclass(frozen=True)
class Island:
    """A part of a mesh without a path for current to an end of the cell.

    Attributes:
        regions: what it consists of.
        cells: their numbers.
        volume: m^3 (2-D: m^2).
        place: middle, in metres.
    """

    regions: tuple[str, ...]
    cells: Ints
    volume: float
    place: tuple[float, ...]


def find_islands(
    arrays: MeshArrays, conducting: Collection[str], passing: Collection[str], ends: Collection[str] = ENDS
) -> tuple[Island, ...]:
    """Parts of `conducting` regions from which no path leads to the facets called `ends`; the largest first.

    Paths lead through facets: parts that share an edge or a point only are apart.

    Args:
        arrays: the mesh. conducting: names of regions that carry current.
        passing: interfaces ``a|b`` that current passes.
    """
    pairs = facet_pairs(arrays.cells, len(arrays.points))
    group = _groups(arrays, conducting, passing, pairs)
    reached = np.unique(group[_cells_at(arrays, ends)])
    names = {tag: name for name, tag in arrays.layers.items()}
    carrying = np.isin(arrays.cell_tags, [arrays.layers[name] for name in conducting])
    lost = carrying & ~np.isin(group, reached)
    volumes = np.abs(measures(arrays.points, arrays.cells))
    found = []
    order = np.flatnonzero(lost)
    order = order[np.argsort(group[order], kind="stable")]
    for members in np.split(order, np.flatnonzero(np.diff(group[order])) + 1) if len(order) else []:
        regions = tuple(names[int(t)] for t in np.unique(arrays.cell_tags[members]))
        place = arrays.points[arrays.cells[members]].mean(axis=(0, 1))
        found.append(Island(regions, members, float(volumes[members].sum()), tuple(place.tolist())))
    return tuple(sorted(found, key=lambda island: -island.volume))


def part_counts(arrays: MeshArrays, regions: Collection[str]) -> dict[str, int]:
    """Number of separate parts of each of the regions."""
    group = _groups(arrays, regions, (), facet_pairs(arrays.cells, len(arrays.points)))
    return {name: len(np.unique(group[arrays.cell_tags == arrays.layers[name]])) for name in regions}


def islands_text(islands: Collection[Island], total: float) -> str:
    """One line about islands in a mesh of the given volume."""
    share = 100 * sum(island.volume for island in islands) / total
    largest = next(iter(islands))
    place = ", ".join(f"{1e6 * x:.4g}" for x in largest.place)
    regions = ", ".join(sorted({name for island in islands for name in island.regions}))
    return (
        f"{len(islands)} part{'s' if len(islands) > 1 else ''} of {regions} ({share:.3g} % of the volume) cannot be"
        f" reached by current from {' or '.join(ENDS)}; the largest lies around ({place}) um"
    )


def without_islands(arrays: MeshArrays, islands: Collection[Island]) -> MeshArrays:
    """The mesh with every island given to the region that it shares most facets with, or taken out.

    What touches nothing but voids becomes a void. Facets are named anew.

    Raises:
        MeshError: nothing of a region would be left.
    """
    pairs = facet_pairs(arrays.cells, len(arrays.points))
    island = np.full(len(arrays.cells), -1, dtype=np.int64)
    for number, part in enumerate(islands):
        island[part.cells] = number
    inner = pairs.second >= 0
    first, second = pairs.first[inner], pairs.second[inner]
    rows = np.concatenate([np.column_stack([first, second]), np.column_stack([second, first])])
    rows = rows[(island[rows[:, 0]] >= 0) & (island[rows[:, 1]] < 0)]
    tags = arrays.cell_tags.copy()
    votes = np.zeros((len(islands), int(tags.max()) + 1), dtype=np.int64)
    np.add.at(votes, (island[rows[:, 0]], tags[rows[:, 1]]), 1)
    inside = island >= 0
    tags[inside] = np.where(votes.any(axis=1), votes.argmax(axis=1), 0)[island[inside]]
    kept = tags > 0
    gone = [name for name, tag in arrays.layers.items() if not np.any(tags[kept] == tag)]
    if gone:
        raise MeshError(f"nothing of {', '.join(gone)} would be left without the parts that current cannot reach")
    cells = arrays.cells[kept]
    used = np.zeros(len(arrays.points), dtype=bool)
    used[cells] = True
    return named_arrays(arrays.points[used], (np.cumsum(used) - 1)[cells], tags[kept], arrays.layers)


def _groups(arrays: MeshArrays, conducting: Collection[str], passing: Collection[str], pairs: FacetPairs) -> Ints:
    """(m,) number of the connected part that each cell belongs to."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    number = len(arrays.cells)
    size = max(arrays.layers.values()) + 1
    passes = np.zeros((size, size), dtype=bool)
    for name in conducting:
        passes[arrays.layers[name], arrays.layers[name]] = True
    for interface in passing:
        a, b = (arrays.layers.get(part) for part in interface.split("|"))
        if a is not None and b is not None:
            passes[a, b] = passes[b, a] = True
    inner = pairs.second >= 0
    first, second = pairs.first[inner], pairs.second[inner]
    through = passes[arrays.cell_tags[first], arrays.cell_tags[second]]
    first, second = first[through], second[through]
    graph = coo_array((np.ones(len(first), dtype=np.int8), (first, second)), shape=(number, number))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _cells_at(arrays: MeshArrays, names: Collection[str]) -> npt.NDArray[np.bool_]:
    """Which cells (m,) have a facet with one of the names."""
    from meshes.arrays import facet_rows

    tags = [arrays.facet_names[name] for name in names if name in arrays.facet_names]
    chosen = np.isin(arrays.facet_tags, tags)
    some = replace(arrays, facets=arrays.facets[chosen], facet_tags=arrays.facet_tags[chosen])
    return np.asarray((facet_rows(some) > 0).any(axis=1))
