"""Names of facets from what lies beside them: interfaces between regions, outer sides, walls of voids."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from meshes.arrays import MeshArrays
from meshes.lattice import FacetPairs, facet_pairs

__all__ = ["SIDES", "named_arrays", "on_sides"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Tags = npt.NDArray[np.int32]

#: Outer sides by number of coordinates: name, axis, and whether it lies at the upper end.
SIDES: dict[int, tuple[tuple[str, int, bool], ...]] = {
    1: (("bottom", 0, False), ("top", 0, True)),
    2: (("bottom", 1, False), ("top", 1, True), ("left", 0, False), ("right", 0, True)),
    3: (
        ("bottom", 2, False),
        ("top", 2, True),
        ("left", 0, False),
        ("right", 0, True),
        ("front", 1, False),
        ("back", 1, True),
    ),
}
#: A facet lies in a side of the bounding box within this fraction of the largest extent.
FLAT = 1e-7


def on_sides(points: Floats, facets: Ints, tolerance: float = FLAT) -> dict[str, npt.NDArray[np.bool_]]:
    """Outer side -> which of the `facets` (f, dim) lie in that side of the bounding box of `points` (n, dim)."""
    low, high = points.min(axis=0), points.max(axis=0)
    near = tolerance * float((high - low).max())
    found = {}
    for name, axis, upper in SIDES[points.shape[1]]:
        at = high[axis] if upper else low[axis]
        found[name] = np.all(np.abs(points[facets][:, :, axis] - at) <= near, axis=1)
    return found


def named_arrays(
    points: Floats,
    cells: Ints,
    cell_tags: Tags,
    regions: Mapping[str, int],
    given: Mapping[str, Ints] | None = None,
    pairs: FacetPairs | None = None,
) -> MeshArrays:
    """A mesh whose facets are named by what lies beside them.

    Between two regions ``a|b``, `a` first in the order of `regions`; on the bounding box the outer side; any other
    boundary is the wall of a void, ``void|a``.

    Args:
        points: (n, dim). cells: (m, dim + 1). cell_tags: (m,) values of `regions`.
        regions: name -> tag.
        given: name -> facets of the mesh (k, dim) that are called so instead.
        pairs: the facets of `cells`, when they are known already.

    Raises:
        MeshError: a given facet belongs to no cell.
    """
    pairs = pairs if pairs is not None else facet_pairs(cells, len(points))
    names, order = list(regions), {tag: i for i, tag in enumerate(regions.values())}
    rank = np.array([order[int(t)] for t in range(max(order) + 1) if t in order], dtype=np.int64)
    lookup = np.zeros(max(order) + 1, dtype=np.int64)
    lookup[sorted(order)] = rank
    place = lookup[cell_tags]
    outer = pairs.second < 0
    first, second = place[pairs.first], place[pairs.second]
    kept = outer | (first != second)
    nodes, outer, first, second = pairs.nodes[kept], outer[kept], first[kept], second[kept]
    low, high = np.minimum(first, second), np.maximum(first, second)
    code = np.where(outer, -1, low * len(names) + high)
    tags = np.zeros(len(nodes), dtype=np.int32)
    found: dict[str, int] = {}

    def mark(name: str, where: npt.NDArray[np.bool_]) -> None:
        if where.any():
            tags[where] = found.setdefault(name, len(found) + 1)

    for value in np.unique(code[~outer]).tolist():
        mark(f"{names[value // len(names)]}|{names[value % len(names)]}", code == value)
    for name, where in on_sides(points, nodes).items():
        mark(name, outer & where & (tags == 0))
    for i, name in enumerate(names):
        mark(f"void|{name}", outer & (tags == 0) & (first == i))
    arrays = MeshArrays(points, cells, cell_tags, nodes, tags, dict(regions), found)
    return _renamed(arrays, given) if given else arrays


def _renamed(arrays: MeshArrays, given: Mapping[str, Ints]) -> MeshArrays:
    """The facets of `given` under their own names; names that lose all their facets go."""
    numbers = dict(arrays.facet_names)
    for name in given:
        numbers.setdefault(name, max(numbers.values(), default=0) + 1)
    own = np.concatenate([np.zeros((0, arrays.tdim), dtype=np.int64), *given.values()])
    own_tags = np.concatenate([np.full(len(f), numbers[n], dtype=np.int32) for n, f in given.items()])
    both = np.sort(np.concatenate([own, arrays.facets]), axis=1)
    _, first = np.unique(both, axis=0, return_index=True)  # what is given comes first and wins
    facets = np.concatenate([own, arrays.facets])[first]
    tags = np.concatenate([own_tags, arrays.facet_tags])[first]
    present = {n: t for n, t in numbers.items() if np.any(tags == t)}
    return MeshArrays(arrays.points, arrays.cells, arrays.cell_tags, facets, tags, arrays.layers, present)
