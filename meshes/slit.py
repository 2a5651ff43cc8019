"""Open a mesh along tagged facets: a crack of zero thickness whose two faces have names.

Points on the slit are duplicated, one copy for each group of cells that still hang together around the point
once the facets of the slit no longer connect them. A point at a tip or on a front keeps all its cells in one
group and stays single; branches, crossings and slits that reach a wall need no rule of their own. Works on the
arrays of one process, in cost proportional to the cells that touch the slit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from meshes.arrays import MeshArrays, cell_facets
from meshes.problems import MeshError

__all__ = ["open_slits", "slit_face_names", "touching_faces"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
#: Rounds of bisection; each round settles all but the stitches that share a cell.
_MOST_ROUNDS = 50
#: A slit counts as standing upright when its mean normal leans less than this out of the layers.
_UPRIGHT = 1e-6


def slit_face_names(name: str) -> tuple[str, str]:
    """Names of the two faces of slit `name`: towards the cells below it, and above it."""
    return f"{name}:lower", f"{name}:upper"


def touching_faces(name: str) -> str:
    """Name of the facets of slit `name` where the mesh is not opened, because its faces may touch."""
    return f"{name}:faces"


def open_slits(
    arrays: MeshArrays, slits: Mapping[str, int | Sequence[int]], touching: Collection[str] = ()
) -> MeshArrays:
    """The mesh, opened along the facets that carry the tags in `slits`.

    The faces of slit ``name`` become the facets ``name:lower`` (of the cells below the slit in stacking
    direction; of an upright slit those of smaller x, of one across y smaller y) and ``name:upper``. One side
    keeps one name over a kink, and as far as the slit does not branch; of a closed slit the outside is lower.
    All other facets keep their names; a name that only slit facets had disappears.

    Where an edge within the slit joins two points of its front, quadratic elements would stitch the faces
    together there: such edges are bisected first.

    Args:
        arrays: triangles or tetrahedra that conform to the slits.
        slits: name -> facet tag, or tags (a crack along several interfaces or grain boundaries).
        touching: those of them along which the mesh stays whole, with facets ``name:faces``.

    Raises:
        MeshError: a slit has no facets, lies on the boundary of the mesh, or shares its facets with another;
            or the mesh is one-dimensional.
    """
    if not slits:
        return arrays
    if arrays.tdim == 1:
        raise MeshError(f"slits ({', '.join(slits)}) need a mesh of 2 or 3 dimensions")
    arrays, numbers = _separate(arrays, slits)
    own = list(numbers.values())
    for _ in range(_MOST_ROUNDS):
        star = _star(arrays, np.isin(arrays.facet_tags, own), list(slits))
        stitches = _stitches(arrays, star)
        if not len(stitches):
            free = {name: tag for name, tag in numbers.items() if name not in touching}
            if len(free) == len(numbers):
                return _opened(arrays, star, numbers)
            names = {tag: touching_faces(name) for name, tag in numbers.items() if name in touching}
            others = {n: t for n, t in arrays.facet_names.items() if t not in names and np.any(arrays.facet_tags == t)}
            arrays = replace(arrays, facet_names=others | {n: tag for tag, n in names.items()})
            if not free:
                return arrays
            return _opened(arrays, _star(arrays, np.isin(arrays.facet_tags, list(free.values())), list(free)), free)
        arrays = _bisected(arrays, _independent(arrays, stitches))
    raise MeshError(f"the mesh could not be opened along {', '.join(slits)}: its cells are too few there")


def _separate(arrays: MeshArrays, slits: Mapping[str, int | Sequence[int]]) -> tuple[MeshArrays, dict[str, int]]:
    """One tag per slit; facets of a slit that have another tag besides lose that one."""
    tags, numbers, taken = arrays.facet_tags.copy(), {}, set[int]()
    for name, given in slits.items():
        own = [int(t) for t in np.atleast_1d(np.asarray(given, dtype=np.int64))]
        if taken & set(own):
            raise MeshError(f"slit {name!r} shares its facets with another slit")
        taken |= set(own)
        if not np.isin(tags, own).any():
            raise MeshError(f"slit {name!r} has no facets in the mesh")
        tags[np.isin(tags, own)] = own[0]
        numbers[name] = own[0]
    in_slit = np.isin(tags, list(numbers.values()))
    key = _keys(np.sort(arrays.facets, axis=1), len(arrays.points))
    distinct, first, which = np.unique(key[in_slit], return_index=True, return_inverse=True)
    if np.any(tags[in_slit] != tags[in_slit][first][which.reshape(-1)]):
        raise MeshError(f"two slits of {', '.join(slits)} share facets")
    keep = ~in_slit & ~np.isin(key, distinct)
    keep[np.flatnonzero(in_slit)[first]] = True
    return replace(arrays, facets=arrays.facets[keep], facet_tags=tags[keep]), numbers


@dataclass(frozen=True)
class _Star:
    """The cells that touch the slit, with their points sorted so that neighbours see them in one order.

    Attributes:
        cells: (m,) numbers. corners: (m, tdim + 1) their points, each row sorted. renamed: the same after opening.
        slit: facets of the slit, rows of the facets of the arrays. sides: (k, 2) rows of `cells` on both sides.
        first, second: rows of `cells` on both sides of every facet between them that is not slit.
        across: (j, 2) local facets there.
        copies: (c,) original of each added point.
    """

    cells: Ints
    corners: Ints
    renamed: Ints
    slit: Ints
    sides: Ints
    first: Ints
    second: Ints
    across: Ints
    copies: Ints


def _keys(rows: Ints, points: int) -> Ints:
    """One integer per sorted row of points: packed where that fits, else the number of the distinct row."""
    rows = np.asarray(rows, dtype=np.int64)
    if points ** rows.shape[1] < 2**63:
        key = np.zeros(len(rows), dtype=np.int64)
        for column in rows.T:
            key = key * points + column
        return key
    return np.asarray(np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1), dtype=np.int64)


def _opposite(tdim: int) -> Ints:
    """(tdim + 1, tdim) local points of each local facet, ascending."""
    return np.array([[v for v in range(tdim + 1) if v != i] for i in range(tdim + 1)], dtype=np.int64)


def _star(arrays: MeshArrays, in_slit: Mask, names: list[str]) -> _Star:
    tdim, points = arrays.tdim, len(arrays.points)
    slit = np.flatnonzero(in_slit)
    touched = np.zeros(points, dtype=bool)
    touched[arrays.facets[slit]] = True
    cells = np.flatnonzero(touched[arrays.cells].any(axis=1))
    corners = np.sort(arrays.cells[cells], axis=1)
    rows = np.concatenate([cell_facets(corners).reshape(-1, tdim), np.sort(arrays.facets[slit], axis=1)])
    keys = _keys(rows, points)
    own, marked = keys[: -len(slit)], keys[-len(slit) :]
    order = np.argsort(own, kind="stable")
    twin = np.flatnonzero(own[order][1:] == own[order][:-1])
    one, other = order[twin], order[twin + 1]
    by_key = np.argsort(marked)
    place = np.minimum(np.searchsorted(marked[by_key], own[one]), len(slit) - 1)
    closed = marked[by_key][place] == own[one]
    if np.count_nonzero(closed) != len(slit):
        missing = len(slit) - np.count_nonzero(closed)
        raise MeshError(f"{missing} facets of the slits {', '.join(names)} do not have a cell on both sides")
    sides = np.zeros((len(slit), 2), dtype=np.int64)
    sides[by_key[place[closed]]] = np.column_stack([one[closed], other[closed]]) // (tdim + 1)
    first, second = one[~closed] // (tdim + 1), other[~closed] // (tdim + 1)
    across = np.column_stack([one[~closed], other[~closed]]) % (tdim + 1)
    local = _opposite(tdim)
    group = _groups(len(cells), tdim + 1, first, second, local[across[:, 0]], local[across[:, 1]])
    renamed, copies = _renamed(corners, group, touched, points)
    return _Star(cells, corners, renamed, slit, sides, first, second, across, copies)


def _groups(cells: int, width: int, first: Ints, second: Ints, left: Ints, right: Ints) -> Ints:
    """(cells, width) number of the group that each (cell, local entity) belongs to.

    `left` and `right` (j, n): entities of the cells `first` and `second` that are the same.
    """
    a, b = (first[:, None] * width + left).reshape(-1), (second[:, None] * width + right).reshape(-1)
    size = cells * width
    return _components(a, b, size)[1].reshape(cells, width)


def _components(a: Ints, b: Ints, size: int) -> tuple[int, Ints]:
    """Number of parts of the graph with the edges a-b, and the part (size,) of each node."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(a), dtype=np.int8), (a, b)), shape=(size, size))
    number, part = connected_components(graph, directed=False)
    return int(number), np.asarray(part, dtype=np.int64)


def _renamed(corners: Ints, group: Ints, touched: Mask, points: int) -> tuple[Ints, Ints]:
    """Points of the cells after opening, and the original of each point that is added."""
    on_slit = touched[corners]
    labels, first = np.unique(group[on_slit], return_index=True)
    original = corners[on_slit][first]
    # the group with the lowest number keeps the point itself
    order = np.lexsort((labels, original))
    again = np.concatenate([[False], original[order][1:] == original[order][:-1]])
    number = np.empty(len(labels), dtype=np.int64)
    number[order] = np.where(again, points + np.cumsum(again) - 1, original[order])
    renamed = corners.copy()
    renamed[on_slit] = number[np.searchsorted(labels, group[on_slit])]
    return renamed, original[order][again]


def _stitches(arrays: MeshArrays, star: _Star) -> Ints:
    """Edges (n, 2) to bisect: of the slit, but common to cells on both sides even after opening."""
    tdim, points = arrays.tdim, len(arrays.points)
    pairs = np.array(list(combinations(range(tdim + 1), 2)), dtype=np.int64)
    number = {pair: k for k, pair in enumerate(combinations(range(tdim + 1), 2))}
    within = np.array([[number[p] for p in combinations(row.tolist(), 2)] for row in _opposite(tdim)])
    left, right = within[star.across[:, 0]], within[star.across[:, 1]]
    group: Ints = _groups(len(star.cells), len(pairs), star.first, star.second, left, right).reshape(-1)
    edges: Ints = star.corners[:, pairs].reshape(-1, 2)
    renamed: Ints = star.renamed[:, pairs].reshape(-1, 2)
    sub = np.array(list(combinations(range(tdim), 2)), dtype=np.int64)
    slit_edges = np.sort(arrays.facets[star.slit], axis=1)[:, sub].reshape(-1, 2)
    keys = _keys(np.concatenate([edges, slit_edges]), points)
    wanted: Mask = np.isin(keys[: len(edges)], keys[len(edges) :])
    edges, renamed = edges[wanted], renamed[wanted]
    group, own = group[wanted], keys[: len(wanted)][wanted]
    distinct, first, which = np.unique(own, return_index=True, return_inverse=True)
    which = which.reshape(-1)
    groups = np.bincount(np.unique(np.column_stack([which, group]), axis=0)[:, 0], minlength=len(distinct))
    named = np.unique(np.column_stack([which, renamed]), axis=0)[:, 0]
    stitched: Ints = edges[first[groups > np.bincount(named, minlength=len(distinct))]]
    if len(stitched) or tdim == 2:
        return stitched
    # a facet all of whose edges lie on the front: bisecting one of them makes an edge within
    faces = star.renamed[star.sides]
    original = star.corners[star.sides]
    mine = (original[:, :, :, None] == arrays.facets[star.slit][:, None, None, :]).any(axis=3)
    same = (faces[:, 0][mine[:, 0]].reshape(-1, tdim) == faces[:, 1][mine[:, 1]].reshape(-1, tdim)).all(axis=1)
    shut = np.sort(arrays.facets[star.slit[same]], axis=1)[:, sub]
    length = np.linalg.norm(arrays.points[shut[:, :, 0]] - arrays.points[shut[:, :, 1]], axis=2)
    longest = shut[np.arange(len(shut)), length.argmax(axis=1)] if len(shut) else shut.reshape(0, 2)
    return np.asarray(np.unique(longest, axis=0), dtype=np.int64)


def _independent(arrays: MeshArrays, edges: Ints) -> Ints:
    """Edges of which no cell has two: the longest first."""
    length = np.linalg.norm(arrays.points[edges[:, 0]] - arrays.points[edges[:, 1]], axis=1)
    rank = np.empty(len(edges), dtype=np.int64)
    rank[np.lexsort((edges[:, 1], edges[:, 0], -length))] = np.arange(len(edges))
    cell, edge = _containing(arrays.cells, edges)
    best = np.full(len(arrays.cells), len(edges), dtype=np.int64)
    np.minimum.at(best, cell, rank[edge])
    beaten = np.zeros(len(edges), dtype=bool)
    beaten[edge[best[cell] != rank[edge]]] = True
    return np.asarray(edges[~beaten], dtype=np.int64)


def _containing(simplices: Ints, edges: Ints) -> tuple[Ints, Ints]:
    """All pairs (simplex, edge), as two arrays, where the simplex has the edge (sorted points)."""
    pairs = np.array(list(combinations(range(simplices.shape[1]), 2)), dtype=np.int64)
    marked = np.unique(edges)
    rows = np.flatnonzero(np.isin(simplices, marked).sum(axis=1) >= 2)
    own = np.sort(simplices[rows], axis=1)[:, pairs].reshape(-1, 2)
    number = np.unique(np.concatenate([own, edges]), axis=0, return_inverse=True)[1].reshape(-1)
    order = np.argsort(number[len(own) :])
    place = np.minimum(np.searchsorted(number[len(own) :][order], number[: len(own)]), len(edges) - 1)
    hit = number[len(own) :][order][place] == number[: len(own)]
    return np.repeat(rows, len(pairs))[hit], order[place[hit]]


def _bisected(arrays: MeshArrays, edges: Ints) -> MeshArrays:
    """The mesh with a point in the middle of each edge (no cell has two of them)."""
    middle = 0.5 * (arrays.points[edges[:, 0]] + arrays.points[edges[:, 1]])
    number = len(arrays.points) + np.arange(len(edges))

    def halved(simplices: Ints, tags: npt.NDArray[np.int32]) -> tuple[Ints, npt.NDArray[np.int32]]:
        row, edge = _containing(simplices, edges)
        near, far = simplices.copy(), simplices[row].copy()
        near[row] = np.where(near[row] == edges[edge, 1][:, None], number[edge][:, None], near[row])
        far = np.where(far == edges[edge, 0][:, None], number[edge][:, None], far)
        return np.concatenate([near, far]), np.concatenate([tags, tags[row]])

    cells, cell_tags = halved(arrays.cells, arrays.cell_tags)
    facets, facet_tags = arrays.facets, arrays.facet_tags
    if arrays.tdim == 2:  # there the edges are facets
        row, edge = _containing(facets, edges)
        near, far = facets.copy(), facets[row].copy()
        near[row] = np.column_stack([edges[edge, 0], number[edge]])
        far = np.column_stack([number[edge], edges[edge, 1]])
        facets, facet_tags = np.concatenate([near, far]), np.concatenate([facet_tags, facet_tags[row]])
    else:
        facets, facet_tags = halved(facets, facet_tags)
    points = np.concatenate([arrays.points, middle])
    return replace(arrays, points=points, cells=cells, cell_tags=cell_tags, facets=facets, facet_tags=facet_tags)


def _opened(arrays: MeshArrays, star: _Star, numbers: Mapping[str, int]) -> MeshArrays:
    tdim = arrays.tdim
    points = np.concatenate([arrays.points, arrays.points[star.copies]])
    cells = arrays.cells.copy()
    # back from sorted points to the order of the cell
    rank = np.argsort(np.argsort(cells[star.cells], axis=1), axis=1)
    cells[star.cells] = np.take_along_axis(star.renamed, rank, axis=1)
    facets, facet_tags = _followed(arrays, star), arrays.facet_tags.copy()
    lower = _lower_first(arrays, star, numbers)
    sides = np.take_along_axis(star.sides, np.where(lower, 0, 1)[:, None] ^ np.array([[0, 1]]), axis=1)
    mine = (star.corners[sides][:, :, :, None] == arrays.facets[star.slit][:, None, None, :]).any(axis=3)
    faces = star.renamed[sides][mine].reshape(-1, 2, tdim)
    facets[star.slit] = faces[:, 0]
    names = {n: t for n, t in arrays.facet_names.items() if t not in numbers.values() and np.any(facet_tags == t)}
    above = np.empty(len(star.slit), dtype=np.int32)
    free = max([*arrays.facet_names.values(), *numbers.values()])
    for k, (name, tag) in enumerate(numbers.items(), start=1):
        below_name, above_name = slit_face_names(name)
        names[below_name], names[above_name] = tag, free + k
        above[facet_tags[star.slit] == tag] = free + k
    facets, facet_tags = np.concatenate([facets, faces[:, 1]]), np.concatenate([facet_tags, above])
    return replace(arrays, points=points, cells=cells, facets=facets, facet_tags=facet_tags, facet_names=names)


def _followed(arrays: MeshArrays, star: _Star) -> Ints:
    """The facets with the points that their cells have after opening; those of the slit are left as they were."""
    tdim = arrays.tdim
    facets = arrays.facets.copy()
    copied = np.zeros(len(arrays.points), dtype=bool)
    copied[star.copies] = True
    rows = np.flatnonzero(copied[facets].any(axis=1))
    rows = rows[~np.isin(rows, star.slit)]
    if not len(rows):
        return facets
    order = np.argsort(facets[rows], axis=1)
    wanted = np.take_along_axis(facets[rows], order, axis=1)
    own = cell_facets(star.corners).reshape(-1, tdim)
    keys = _keys(np.concatenate([own, wanted]), len(arrays.points))
    by_key = np.argsort(keys[: len(own)], kind="stable")
    place = np.minimum(np.searchsorted(keys[: len(own)][by_key], keys[len(own) :]), len(own) - 1)
    if np.any(keys[: len(own)][by_key][place] != keys[len(own) :]):
        raise MeshError("a tagged facet belongs to no cell: the mesh does not conform to its interfaces")
    found = cell_facets(star.renamed).reshape(-1, tdim)[by_key[place]]
    back = np.argsort(order, axis=1)
    facets[rows] = np.take_along_axis(found, back, axis=1)
    return facets


def _lower_first(arrays: MeshArrays, star: _Star, numbers: Mapping[str, int]) -> Mask:
    """(k,) whether the first of the two sides of each slit facet is the lower one."""
    facets = arrays.facets[star.slit]
    normal = _normals(arrays.points[facets])
    turned = _lower_orientation(arrays, facets, normal, arrays.facet_tags[star.slit])
    upward = normal * turned[:, None]  # from lower to upper
    x = arrays.points[star.corners[star.sides[:, 0]]].mean(axis=1) - arrays.points[facets].mean(axis=1)
    return np.asarray(np.einsum("ni,ni->n", x, upward) < 0)


def _normals(x: Floats) -> Floats:
    """Normals (n, gdim) of facets (n, tdim, gdim), as long as the facet is large."""
    if x.shape[1] == 2:
        along = x[:, 1] - x[:, 0]
        return np.column_stack([-along[:, 1], along[:, 0]])
    return np.asarray(0.5 * np.cross(x[:, 1] - x[:, 0], x[:, 2] - x[:, 0]))


def _lower_orientation(arrays: MeshArrays, facets: Ints, normal: Floats, tags: npt.NDArray[np.int32]) -> Ints:
    """(k,) 1 where the normal of the facet points up, -1 where down; consistent within an unbranched patch.

    Each facet is two nodes of a graph, one per orientation; facets that alone share an edge (2-D: a point) are
    joined such that their orientations agree.
    """
    k, tdim = facets.shape
    local = [[v for v in range(tdim) if v != i] for i in range(tdim)]
    ridges = facets[:, local].reshape(k * tdim, tdim - 1)
    sign = np.tile((-1) ** np.arange(tdim), k)
    if tdim == 3:
        sign = np.where(ridges[:, 0] < ridges[:, 1], sign, -sign)
    owner = np.repeat(np.arange(k), tdim)
    key = np.unique(np.column_stack([np.sort(ridges, axis=1), tags[owner]]), axis=0, return_inverse=True)[1].reshape(-1)
    order = np.argsort(key, kind="stable")
    shared = np.bincount(key)[key[order]] == 2
    pair = order[shared].reshape(-1, 2)
    f, g = owner[pair[:, 0]], owner[pair[:, 1]]
    agree = (sign[pair[:, 0]] != sign[pair[:, 1]]).astype(np.int64)
    a = np.concatenate([2 * f, 2 * f + 1])
    b = np.concatenate([2 * g + (1 - agree), 2 * g + agree])
    sheets, sheet = _components(a, b, 2 * k)
    both = np.concatenate([normal, -normal], axis=1).reshape(2 * k, -1)
    mean = np.stack([np.bincount(sheet, both[:, i], minlength=sheets) for i in range(both.shape[1])], axis=1)
    size = np.bincount(sheet, np.linalg.norm(both, axis=1), minlength=sheets)
    # of a closed slit nothing is left of the mean: the normal of its lowest facet decides
    height = np.repeat(arrays.points[facets, -1].mean(axis=1), 2)
    lowest = np.lexsort((height, sheet))
    lowest = lowest[np.concatenate([[True], sheet[lowest][1:] != sheet[lowest][:-1]])]
    shut = np.linalg.norm(mean, axis=1) <= _UPRIGHT * size
    mean[shut], size[shut] = both[lowest][shut], np.linalg.norm(both[lowest][shut], axis=1)
    gdim = mean.shape[1]
    up: Ints = np.zeros(sheets, dtype=np.int64)
    for axis in (gdim - 1, *range(gdim - 1)):
        lean = np.where(np.abs(mean[:, axis]) > _UPRIGHT * size, np.sign(mean[:, axis]), 0).astype(np.int64)
        up = np.where(up == 0, lean, up)
    return np.where(up[sheet[0::2]] > 0, 1, -1)
