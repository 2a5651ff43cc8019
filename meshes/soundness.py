"""Whether simplices from elsewhere are a mesh: what is wrong, how often and where."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from meshes.lattice import FacetPairs, facet_pairs, measures
from meshes.problems import Problem

__all__ = ["coincident_points", "mesh_problems", "place_text"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: A cell is flat when its content is below this part of that of a cube on its longest edge.
FLAT = 1e-10
#: Points are the same, or lie on a facet, within this part of the size of the cells there.
NEAR = 1e-6


def place_text(points: Floats) -> str:
    """The first of some places (n, dim), in the units of the points."""
    return "(" + ", ".join(f"{x:.6g}" for x in points[0]) + ")"


def mesh_problems(points: Floats, cells: Ints, allow_coincident: bool = False) -> tuple[list[Problem], FacetPairs]:
    """What is wrong with the mesh, and its facets.

    Checked are coordinates, cells without content, cells that repeat, facets of more than two cells, cells that lie
    folded over each other at a common facet, points that coincide, and points that hang on the facet of another cell.

    Args:
        points: (n, dim), all used. cells: (m, dim + 1). allow_coincident: where the mesh is open on purpose.
    """
    found: list[Problem] = []

    def complain(what: str, where: Floats, message: str) -> None:
        found.append(Problem(what, str(len(where)), f"{message}; the first near {place_text(where)}"))

    def middles(which: Ints, of: Ints = cells) -> Floats:
        return np.asarray(points[of[which]].mean(axis=1))

    if not np.isfinite(points).all():
        bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
        found.append(Problem("points", str(len(bad)), f"have coordinates that are not finite; the first is {bad[0]}"))
        return found, facet_pairs(cells[:1], len(points))
    dim = cells.shape[1] - 1
    edges = np.linalg.norm(points[cells] - np.roll(points[cells], 1, axis=1), axis=2)
    size = edges.max(axis=1)
    flat = np.flatnonzero(np.abs(measures(points, cells)) <= FLAT * size**dim)
    if len(flat):
        complain("cells", middles(flat), "have no content (flat, or a point twice)")
    pairs = facet_pairs(cells, len(points))
    folded = _folded(points, cells, pairs)
    if len(pairs.crowded) or len(folded):  # a repeated cell makes both
        _, first = np.unique(np.sort(cells, axis=1), axis=0, return_index=True)
        again = np.setdiff1d(np.arange(len(cells)), first)
        if len(again):
            complain("cells", middles(again), "repeat another cell")
    if len(pairs.crowded):
        complain("facets", middles(pairs.crowded, pairs.nodes), "belong to more than two cells")
    if len(folded) and not found:
        complain("facets", middles(folded, pairs.nodes), "have both their cells on one side (inverted cells)")
    if not found:
        same = coincident_points(points, size.min() if len(size) else 0.0)
        if len(same) and not allow_coincident:
            text = "coincide with another point: the mesh is open there (`join: on` joins them, `join: off` keeps them)"
            complain("points", points[same], text)
        elif not allow_coincident:
            outer = np.flatnonzero(pairs.second < 0)
            places = middles(outer, pairs.nodes)
            lying = _lying_on(places, np.arange(len(outer)), points, pairs.nodes[outer])
            if len(lying):
                complain("facets", places[lying], "lie on another facet and do not share its points")
        hanging = _hanging(points, pairs)
        if len(hanging):
            complain("points", points[hanging], "hang on the facet of a cell that does not have them")
    return found, pairs


def coincident_points(points: Floats, size: float) -> Ints:
    """Points (k,) that lie on an earlier point, within a small part of `size`."""
    keep = first_of_each(points, size)
    return np.flatnonzero(keep != np.arange(len(points)))


def first_of_each(points: Floats, size: float) -> Ints:
    """(n,) the first point at the place of each point."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    pairs = cKDTree(points).query_pairs(NEAR * size, output_type="ndarray")
    if not len(pairs):
        return np.arange(len(points))
    ones = np.ones(len(pairs), dtype=np.int8)
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(len(points), len(points)))
    label = connected_components(graph, directed=False)[1]
    _, first = np.unique(label, return_index=True)
    return np.asarray(first[label], dtype=np.int64)


def _folded(points: Floats, cells: Ints, pairs: FacetPairs) -> Ints:
    """Interior facets whose two cells lie on the same side."""
    inner = np.flatnonzero(pairs.second >= 0)
    nodes = pairs.nodes[inner]
    sides = []
    for owner in (pairs.first[inner], pairs.second[inner]):
        opposite = cells[owner].sum(axis=1) - nodes.sum(axis=1)
        sides.append(measures(points, np.column_stack([nodes, opposite])))
    return np.asarray(inner[sides[0] * sides[1] > 0])


def _hanging(points: Floats, pairs: FacetPairs) -> Ints:
    """Boundary points that lie within a boundary facet (or an edge of one) that does not have them."""
    outer = pairs.nodes[pairs.second < 0]
    used = np.unique(outer)
    return np.asarray(used[_lying_on(points[used], None, points, outer)])


def _lying_on(places: Floats, own: Ints | None, points: Floats, facets: Ints) -> Ints:
    """Which `places` (n, dim) lie in one of the `facets` (f, dim), corners left out; `own`: not in this facet."""
    from scipy.spatial import cKDTree

    if facets.shape[1] == 1 or not len(facets):
        return np.zeros(0, dtype=np.int64)
    corners = points[facets]
    middle = corners.mean(axis=1)
    radius = np.linalg.norm(corners - middle[:, None], axis=2).max(axis=1)
    near = cKDTree(places).query_ball_point(middle, radius * (1 + NEAR), return_sorted=False)
    facet = np.repeat(np.arange(len(facets)), [len(found) for found in near])
    place = np.array([p for found in near for p in found], dtype=np.int64)
    if own is not None:
        other = own[place] != facet
        facet, place = facet[other], place[other]
    # what coincides with a corner is the corner, or an open seam that is reported as such
    gap = np.linalg.norm(places[place][:, None] - corners[facet], axis=2).min(axis=1)
    inside = _within(places[place], corners[facet]) & (gap > NEAR * radius[facet])
    return np.asarray(np.unique(place[inside]))


def _within(x: Floats, corners: Floats) -> npt.NDArray[np.bool_]:
    """Which points (n, dim) lie in their facet (n, dim, dim), edges included."""
    base = corners[:, 1:] - corners[:, :1]
    off = x - corners[:, 0]
    gram = np.einsum("nij,nkj->nik", base, base)
    right = np.einsum("nij,nj->ni", base, off)
    scale = np.linalg.norm(base, axis=2).max(axis=1, initial=0.0)
    sound = np.abs(np.linalg.det(gram)) > 1e-24 * scale ** (2 * base.shape[1])
    share = np.zeros_like(right)
    share[sound] = np.linalg.solve(gram[sound], right[sound][:, :, None])[:, :, 0]
    away = np.linalg.norm(off - np.einsum("ni,nij->nj", share, base), axis=1)
    inside = (share >= -NEAR).all(axis=1) & (share.sum(axis=1) <= 1 + NEAR)
    return np.asarray(sound & inside & (away <= NEAR * scale))
