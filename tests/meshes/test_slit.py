"""Meshes opened along slits: topology, names and sizes, on structured meshes with every kind of slit."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, permutations
from typing import Any

import numpy as np
import pytest
from mesh_samples import content

from meshes.arrays import MeshArrays, cell_facets
from meshes.problems import MeshError
from meshes.slit import open_slits

SLIT, SIDE, MIDDLE = 7, 1, 2


def grid(dim: int, n: int, crossed: bool = False) -> MeshArrays:
    """The unit square or cube in n^dim boxes (Kuhn's simplices), outside tagged `side`, z = 1/2 `a|b`."""
    axes = np.meshgrid(*[np.arange(n + 1)] * dim, indexing="ij")
    index = np.arange((n + 1) ** dim).reshape((n + 1,) * dim)
    points = np.stack(axes, axis=-1).reshape(-1, dim) / n
    corner = np.stack(np.meshgrid(*[np.arange(n)] * dim, indexing="ij"), axis=-1).reshape(-1, dim)
    cells = []
    for order in permutations(range(dim)):
        at = corner.copy()
        rows = [index[tuple(at.T)]]
        for axis in order:
            at[:, axis] += 1
            rows.append(index[tuple(at.T)])
        cells.append(np.stack(rows, axis=1))
    made = np.concatenate(cells)
    x = points[made].mean(axis=1)
    facets, count = np.unique(np.sort(cell_facets(made).reshape(-1, dim), axis=1), axis=0, return_counts=True)
    middle = np.all(points[facets][:, :, -1] == 0.5, axis=1)
    chosen = np.concatenate([facets[count == 1], facets[middle]])
    tags = np.concatenate([np.full((count == 1).sum(), SIDE), np.full(middle.sum(), MIDDLE)]).astype(np.int32)
    layers = np.where(x[:, -1] < 0.5, 1, 2).astype(np.int32)
    return MeshArrays(points, made, layers, chosen, tags, {"a": 1, "b": 2}, {"side": SIDE, "a|b": MIDDLE})


def marked(arrays: MeshArrays, where: Any, tag: int = SLIT, name: str = "crack") -> MeshArrays:
    """The same with the inner facets tagged whose points all satisfy `where` (points -> mask)."""
    tdim = arrays.tdim
    facets, count = np.unique(np.sort(cell_facets(arrays.cells).reshape(-1, tdim), axis=1), axis=0, return_counts=True)
    inside = where(arrays.points)[facets].all(axis=1) & (count == 2)
    assert inside.any()
    old = rows(facets[inside])
    keep = np.array([not rows(f[None]) & old for f in arrays.facets])
    return replace(
        arrays,
        facets=np.concatenate([arrays.facets[keep], facets[inside]]),
        facet_tags=np.concatenate([arrays.facet_tags[keep], np.full(inside.sum(), tag, dtype=np.int32)]),
        facet_names={**arrays.facet_names, name: tag},
    )


def rows(simplices: Any) -> set[tuple[int, ...]]:
    return {tuple(sorted(s)) for s in simplices.tolist()}


def named(arrays: MeshArrays, name: str) -> Any:
    return arrays.facets[arrays.facet_tags == arrays.facet_names[name]]


def inner_edges(facets: Any) -> set[tuple[int, ...]]:
    """Ridges (3-D: edges, 2-D: points) that two facets share."""
    ridges = [tuple(sorted(r)) for f in facets.tolist() for r in combinations(f, len(f) - 1)]
    return {r for r in set(ridges) if ridges.count(r) > 1}


def require_open(before: MeshArrays, after: MeshArrays, *names: str) -> None:
    """Both faces as large as the slit, nothing else open, nothing stitched, no volume lost, tags consistent."""
    after.check()
    tdim = before.tdim
    assert np.isclose(content(after.points, after.cells).sum(), 1.0)
    assert (content(after.points, after.cells) > 1e-12).all()
    faces: list[Any] = []
    for name in names:
        lower, upper = named(after, f"{name}:lower"), named(after, f"{name}:upper")
        size = content(before.points, named(before, name)).sum()
        assert content(after.points, lower).sum() == pytest.approx(size, rel=1e-12)
        assert content(after.points, upper).sum() == pytest.approx(size, rel=1e-12)
        assert not rows(lower) & rows(upper)
        assert not inner_edges(lower) & inner_edges(upper)
        assert name not in after.facet_names
        faces += [lower, upper]
    found, count = np.unique(np.sort(cell_facets(after.cells).reshape(-1, tdim), axis=1), axis=0, return_counts=True)
    assert rows(found[count == 1]) == rows(np.concatenate([named(after, "side"), *faces]))
    assert count.max() == 2
    assert content(after.points, named(after, "side")).sum() == pytest.approx(4.0 if tdim == 2 else 6.0)
    if "a|b" in after.facet_names:
        assert rows(named(after, "a|b")) <= rows(found[count == 2])


def added(before: MeshArrays, after: MeshArrays) -> int:
    return len(after.points) - len(before.points)


def cells_beside(arrays: MeshArrays, name: str) -> Any:
    """Middle of the cell of every facet called `name`, minus the middle of the facet."""
    own = {tuple(sorted(f)): k // (arrays.tdim + 1) for k, f in enumerate(facet_list(arrays))}
    facets = named(arrays, name)
    cells = arrays.cells[[own[tuple(sorted(f))] for f in facets.tolist()]]
    return arrays.points[cells].mean(axis=1) - arrays.points[facets].mean(axis=1)


def facet_list(arrays: MeshArrays) -> list[list[int]]:
    return cell_facets(arrays.cells).reshape(-1, arrays.tdim).tolist()  # type: ignore[no-any-return]


def test_centre_slit_keeps_its_tips_single() -> None:
    mesh = marked(grid(2, 8), lambda x: (x[:, 0] == 0.5) & (x[:, 1] >= 0.25) & (x[:, 1] <= 0.75))
    after = open_slits(mesh, {"crack": SLIT})
    require_open(mesh, after, "crack")
    assert added(mesh, after) == 3
    assert (cells_beside(after, "crack:lower")[:, 0] < 0).all()
    assert (cells_beside(after, "crack:upper")[:, 0] > 0).all()


def test_slit_along_a_part_of_an_interface() -> None:
    mesh = marked(grid(2, 8), lambda x: (x[:, 1] == 0.5) & (x[:, 0] <= 0.5))
    after = open_slits(mesh, {"crack": SLIT})
    require_open(mesh, after, "crack")
    assert added(mesh, after) == 4  # open at the side x = 0
    assert content(after.points, named(after, "a|b")).sum() == pytest.approx(0.5)
    assert (cells_beside(after, "crack:lower")[:, 1] < 0).all()
    # a name that only the slit had is gone
    whole = marked(grid(2, 8), lambda x: x[:, 1] == 0.5)
    assert "a|b" not in open_slits(whole, {"crack": SLIT}).facet_names


def test_interface_across_a_slit_follows_its_cells() -> None:
    mesh = marked(grid(2, 4), lambda x: (x[:, 0] == 0.5) & (x[:, 1] <= 0.75))
    after = open_slits(mesh, {"crack": SLIT})
    require_open(mesh, after, "crack")
    assert len(named(after, "a|b")) == 4
    assert content(after.points, named(after, "a|b")).sum() == pytest.approx(1.0)


def test_several_slits_branches_and_crossings() -> None:
    mesh = marked(grid(2, 8), lambda x: (x[:, 0] == 0.5) & (x[:, 1] >= 0.25) & (x[:, 1] <= 0.75))
    mesh = marked(mesh, lambda x: (x[:, 1] == 0.5) & (x[:, 0] >= 0.25) & (x[:, 0] <= 0.75), 8, "cross")
    after = open_slits(mesh, {"crack": SLIT, "cross": 8})
    require_open(mesh, after, "crack", "cross")
    assert added(mesh, after) == 2 * 2 + 3
    # the two halves of each slit keep their sides across the other
    assert (cells_beside(after, "cross:lower")[:, 1] < 0).all()
    assert (cells_beside(after, "crack:upper")[:, 0] > 0).all()
    # a fork: from a point three arms, one along the diagonal of the boxes
    arms = [
        lambda x: (x[:, 1] == 0.25) & (x[:, 0] <= 0.5),
        lambda x: (x[:, 0] - 0.5 == x[:, 1] - 0.25) & (x[:, 0] >= 0.5) & (x[:, 0] <= 0.75),
        lambda x: (x[:, 0] == 0.5) & (x[:, 1] <= 0.25) & (x[:, 1] >= 0.125),
    ]
    fork = grid(2, 8)
    for arm in arms:
        fork = marked(fork, arm)
    after = open_slits(fork, {"crack": SLIT})
    require_open(fork, after, "crack")
    assert added(fork, after) == 4 + 2 + 1


def test_one_side_keeps_its_name_over_a_kink() -> None:
    """Up along x = 1/2, then to the right: the lower face is on the left, then above."""
    mesh = marked(grid(2, 8), lambda x: (x[:, 0] == 0.5) & (x[:, 1] <= 0.75) & (x[:, 1] >= 0.125))
    mesh = marked(mesh, lambda x: (x[:, 1] == 0.75) & (x[:, 0] >= 0.5) & (x[:, 0] <= 0.625))
    after = open_slits(mesh, {"crack": SLIT})
    require_open(mesh, after, "crack")
    upper = cells_beside(after, "crack:upper")
    lower = cells_beside(after, "crack:lower")
    middle = after.points[named(after, "crack:lower")].mean(axis=1)
    along = middle[:, 0] == 0.5
    assert (lower[along, 0] > 0).all()
    assert (lower[~along, 1] < 0).all()  # the horizontal arm alone decides what lies below
    assert len(upper) == len(lower) == 6


def test_closed_slit_frees_its_inside() -> None:
    mesh = grid(2, 8)
    for axis in (0, 1):
        for value in (0.25, 0.75):
            mesh = marked(mesh, lambda x, k=axis, v=value: (x[:, k] == v) & (np.abs(x - 0.5).max(axis=1) <= 0.25))
    after = open_slits(mesh, {"grain": SLIT})
    before = replace(mesh, facet_names={("grain" if k == "crack" else k): v for k, v in mesh.facet_names.items()})
    require_open(before, after, "grain")
    middle = after.points[named(after, "grain:lower")].mean(axis=1) - 0.5
    assert (np.einsum("ni,ni->n", cells_beside(after, "grain:lower"), middle) > 0).all()
    assert added(mesh, after) == 16


def test_single_edge_is_halved_to_open() -> None:
    mesh = marked(grid(2, 4), lambda x: (x[:, 0] == 0.5) & (x[:, 1] >= 0.5) & (x[:, 1] <= 0.75))
    after = open_slits(mesh, {"crack": SLIT})
    require_open(mesh, after, "crack")
    assert added(mesh, after) == 2
    assert len(after.cells) == len(mesh.cells) + 2


def test_plane_slit_in_three_dimensions_has_no_stitches() -> None:
    """Kuhn's boxes have a diagonal from front to front in two corners of the square."""
    mesh = marked(grid(3, 4), lambda x: (x[:, 2] == 0.5) & (np.abs(x[:, :2] - 0.5).max(axis=1) <= 0.25))
    after = open_slits(mesh, {"crack": SLIT})
    require_open(mesh, after, "crack")
    assert added(mesh, after) > 1
    assert (cells_beside(after, "crack:lower")[:, 2] < 0).all()
    edge = marked(grid(3, 4), lambda x: (x[:, 0] == 0.5) & (x[:, 2] >= 0.5))
    after = open_slits(edge, {"crack": SLIT})
    require_open(edge, after, "crack")
    assert (cells_beside(after, "crack:lower")[:, 0] < 0).all()


def test_single_triangle_and_crossing_planes_in_three_dimensions() -> None:
    mesh = grid(3, 4)
    corner = {(0.5, 0.5, 0.5), (0.75, 0.5, 0.5), (0.75, 0.75, 0.5)}
    single = marked(mesh, lambda x: np.array([tuple(p) in corner for p in x.tolist()]))
    after = open_slits(single, {"crack": SLIT})
    require_open(single, after, "crack")
    cross = marked(mesh, lambda x: (x[:, 0] == 0.5) & (x[:, 2] <= 0.75) & (x[:, 2] >= 0.25))
    cross = marked(cross, lambda x: (x[:, 2] == 0.5) & (x[:, 0] >= 0.25) & (x[:, 0] <= 0.75), 8, "cross")
    after = open_slits(cross, {"crack": SLIT, "cross": 8})
    require_open(cross, after, "crack", "cross")
    line = np.flatnonzero((after.points[:, 0] == 0.5) & (after.points[:, 2] == 0.5) & (after.points[:, 1] == 0.5))
    assert len(line) == 4


def test_slit_through_everything_leaves_two_parts() -> None:
    mesh = marked(grid(3, 2), lambda x: x[:, 2] == 0.5)
    after = open_slits(mesh, {"crack": SLIT})
    require_open(mesh, after, "crack")
    below = np.unique(after.cells[after.cell_tags == 1])
    assert not set(below.tolist()) & set(np.unique(after.cells[after.cell_tags == 2]).tolist())


def test_several_names_make_one_slit() -> None:
    """Along grain boundaries: facets of several names open as one crack."""
    mesh = marked(grid(2, 8), lambda x: (x[:, 0] == 0.5) & (x[:, 1] <= 0.5))
    mesh = marked(mesh, lambda x: (x[:, 1] == 0.5) & (x[:, 0] >= 0.5) & (x[:, 0] <= 0.75), 8, "other")
    after = open_slits(mesh, {"crack": (SLIT, 8)})
    assert len(named(after, "crack:lower")) == 6
    assert "other" not in after.facet_names


def test_what_cannot_be_opened_is_refused() -> None:
    mesh = marked(grid(2, 4), lambda x: x[:, 0] == 0.5)
    with pytest.raises(MeshError, match="'other' has no facets"):
        open_slits(mesh, {"other": 99})
    with pytest.raises(MeshError, match="cell on both sides"):
        open_slits(mesh, {"outside": SIDE})
    with pytest.raises(MeshError, match="shares its facets"):
        open_slits(mesh, {"one": SLIT, "two": SLIT})
    assert open_slits(mesh, {}) is mesh


@pytest.mark.mpi
def test_opened_mesh_is_distributed_with_both_faces(partitioner: Any) -> None:
    from mpi4py import MPI

    from meshes.tagged import TaggedMesh

    comm = MPI.COMM_WORLD
    mesh = marked(grid(3, 4), lambda x: (x[:, 2] == 0.5) & (np.abs(x[:, :2] - 0.5).max(axis=1) <= 0.25))
    after = open_slits(mesh, {"crack": SLIT})
    tagged = TaggedMesh.from_arrays(after if comm.rank == 0 else None, comm, partitioner)
    owned = tagged.mesh.topology.index_map(2).size_local
    for name in ("crack:lower", "crack:upper"):
        facets = tagged.facets_of(name)
        assert comm.allreduce(int(np.count_nonzero(facets < owned))) == len(named(after, name))
