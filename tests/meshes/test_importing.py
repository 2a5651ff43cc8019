"""Meshes of other programs: tags to names, what is refused, what is mended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from meshes import MeshError, MeshProblem
from meshes.arrays import MeshArrays
from meshes.importing import MeshFile, import_arrays
from meshes.lattice import box_points, box_simplices, measures

REGIONS = (("anode", (7,)), ("electrolyte", (9,)))


def box(counts: tuple[int, ...] = (2, 2, 4)) -> tuple[Any, Any, Any]:
    """A box of unit width and height 4, the lower half tagged 7, the upper 9."""
    lengths = (*(1.0 for _ in counts[1:]), 4.0)
    points, cells = box_points(counts, lengths), box_simplices(counts)
    return points, cells, np.where(points[cells][:, :, -1].mean(axis=1) < 2, 7, 9)


def write(path: Path, points: Any, blocks: Any, tags: Any = None, **more: Any) -> Path:
    """Write a mesh with its tags as Gmsh does."""
    import meshio

    full = np.zeros((len(points), 3))
    full[:, : points.shape[1]] = points
    data = {} if tags is None else {"gmsh:physical": tags, "gmsh:geometrical": tags}
    meshio.Mesh(full, blocks, cell_data=data, **more).write(path, file_format="gmsh22", binary=False)
    return path


def sizes(arrays: MeshArrays) -> dict[str, float]:
    volume = np.abs(measures(arrays.points, arrays.cells))
    return {name: float(volume[arrays.cell_tags == tag].sum()) for name, tag in arrays.layers.items()}


def counts(arrays: MeshArrays) -> dict[str, int]:
    return {name: int(np.count_nonzero(arrays.facet_tags == tag)) for name, tag in arrays.facet_names.items()}


@pytest.mark.parametrize("dim", [2, 3])
def test_facets_get_their_names_from_what_lies_beside_them(tmp_path: Path, dim: int) -> None:
    shape = (2, 2, 4)[-dim:]
    points, cells, tags = box(shape)
    kind = {2: "triangle", 3: "tetra"}[dim]
    file = write(tmp_path / "box.msh", points + 5, [(kind, cells)], [tags])
    arrays, remarks = import_arrays(MeshFile(file, REGIONS, unit=1e-6))
    assert remarks == ()
    assert np.allclose(arrays.points.min(axis=0), 0)
    assert sizes(arrays) == pytest.approx({"anode": 2 * 1e-6**dim, "electrolyte": 2 * 1e-6**dim})
    per_side = {"bottom": 2, "top": 2, "left": 4, "right": 4} if dim == 2 else {"bottom": 8, "top": 8}
    assert counts(arrays)["anode|electrolyte"] == per_side["bottom"]
    assert {n: counts(arrays)[n] for n in per_side} == per_side
    z = arrays.points[arrays.facets[arrays.facet_tags == arrays.facet_names["anode|electrolyte"]]][..., -1]
    assert np.allclose(z, 2e-6)


def test_tags_by_name_and_by_what_is_left(tmp_path: Path) -> None:
    points, cells, tags = box()
    names = {"lower": np.array([7, 3]), "upper": np.array([9, 3])}
    file = write(tmp_path / "box.msh", points, [("tetra", cells)], [tags], field_data=names)
    spec = MeshFile(file, (("a", ("lower",)), ("b", ())))
    assert sizes(import_arrays(spec)[0]) == pytest.approx({"a": 2, "b": 2})
    with pytest.raises(MeshProblem, match=r"'middle'.*it has 7, 9, 'lower', 'upper'"):
        import_arrays(MeshFile(file, (("a", ("middle",)), ("b", ()))))


def test_given_facets_keep_their_names(tmp_path: Path) -> None:
    points, cells, tags = box()
    plain, _ = import_arrays(MeshFile(write(tmp_path / "a.msh", points, [("tetra", cells)], [tags]), REGIONS))
    at = plain.facets[plain.facet_tags == plain.facet_names["anode|electrolyte"]]
    half = points[at][:, :, 0].mean(axis=1) < 0.5
    side = plain.facets[plain.facet_tags == plain.facet_names["left"]]
    blocks = [("tetra", cells), ("triangle", at[half]), ("triangle", side)]
    all_tags = [tags, np.full(half.sum(), 3), np.full(len(side), 4)]
    file = write(tmp_path / "b.msh", points, blocks, all_tags)
    arrays, _ = import_arrays(MeshFile(file, REGIONS, (("anode|electrolyte:gap", (3,)), ("void|anode", (4,)))[:1]))
    assert counts(arrays)["anode|electrolyte:gap"] == counts(arrays)["anode|electrolyte"] == len(at) // 2
    assert counts(arrays)["left"] == len(side)
    for facets, message in (
        ((("bottom", (3,)),), "do not lie in this plane; the first near"),
        ((("anode|electrolyte", (4,)),), "do not lie between anode and electrolyte; the first near"),
        ((("electrolyte|anode", (3,)),), "a before b in anode, electrolyte"),
        ((("wall", (3,)),), "facets are called"),
    ):
        with pytest.raises(MeshProblem, match=message):
            import_arrays(MeshFile(file, REGIONS, facets))


def test_axes_turn_the_mesh(tmp_path: Path) -> None:
    points, cells, tags = box()
    file = write(tmp_path / "box.msh", points[:, [2, 0, 1]], [("tetra", cells)], [tags])
    arrays, _ = import_arrays(MeshFile(file, REGIONS, axes=("y", "z", "x")))
    assert np.allclose(np.ptp(arrays.points, axis=0), (1, 1, 4))
    z = arrays.points[arrays.cells[arrays.cell_tags == 1]][..., 2]
    assert z.max() <= 2
    turned, _ = import_arrays(MeshFile(file, REGIONS, axes=("y", "z", "-x")))
    assert turned.points[turned.cells[turned.cell_tags == 1]][..., 2].min() >= 2
    with pytest.raises(MeshProblem, match="3 different ones of x, y, z"):
        import_arrays(MeshFile(file, REGIONS, axes=("x", "x", "z")))


def test_orphans_and_orientation_are_mended(tmp_path: Path) -> None:
    points, cells, tags = box()
    cells = cells.copy()
    cells[:5, :2] = cells[:5, 1::-1]
    shifted = np.concatenate([[[9.0, 9.0, 9.0]], points])
    file = write(tmp_path / "box.msh", shifted, [("tetra", cells + 1)], [tags])
    arrays, remarks = import_arrays(MeshFile(file, REGIONS))
    assert measures(arrays.points, arrays.cells).min() > 0
    assert len(arrays.points) == len(points)
    assert any(r.startswith("1 points that belong to no cell") for r in remarks)
    assert any(r.startswith("5 of 96 cells") for r in remarks)


def damaged(what: str) -> tuple[Any, Any, Any]:
    points, cells, tags = box()
    points, cells, tags = points.copy(), cells.copy(), tags.copy()
    inner = int(np.flatnonzero((np.abs(points - (0.5, 0.5, 2.0)) < 1e-9).all(axis=1))[0])
    if what == "untagged":
        tags[:3] = 0
    elif what == "unknown":
        tags[:4] = 5
    elif what == "flat":
        cells = np.concatenate([cells, cells[:1]])
        cells[-1, 3] = cells[-1, 2]
        tags = np.append(tags, 7)
    elif what == "repeated":
        cells, tags = np.concatenate([cells, cells[5:7]]), np.append(tags, tags[5:7])
    elif what == "folded":
        points[inner] += (0.0, 0.0, 1.7)
    elif what == "seam":  # the upper half has points of its own at height 2
        upper = tags == 9
        at = np.flatnonzero(points[:, 2] == 2)
        copy = np.arange(len(points))
        copy[at] = len(points) + np.arange(len(at))
        cells[upper] = copy[cells[upper]]
        points = np.concatenate([points, points[at]])
    elif what == "hanging":  # one cell beside the interface is divided without its neighbours
        row = np.flatnonzero((points[cells][:, :, 2] == 0).sum(axis=1) == 3)[0]
        nodes = cells[row][points[cells[row]][:, 2] == 0]
        apex = cells[row][points[cells[row]][:, 2] != 0][0]
        # an edge inside the model, so that the neighbour keeps its whole facet
        pair = next(
            (a, b) for a in nodes for b in nodes if a < b and np.ptp(points[[a, b]], axis=0).all(where=[1, 1, 0])
        )
        rest = next(int(n) for n in nodes if n not in pair)
        middle = len(points)
        points = np.concatenate([points, points[list(pair)].mean(axis=0, keepdims=True)])
        made = np.array([[pair[0], middle, rest, apex], [middle, pair[1], rest, apex]])
        cells = np.concatenate([np.delete(cells, row, axis=0), made])
        tags = np.append(np.delete(tags, row), [tags[row]] * 2)
    return points, cells, tags


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("untagged", r"regions = 3: cells belong to no region: 3 without a tag; the first near \("),
        ("unknown", r"regions = 4: cells belong to no region: 4 with tag 5"),
        ("flat", r"cells = 1: have no content"),
        ("repeated", r"cells = 2: repeat another cell"),
        ("folded", r"have both their cells on one side \(inverted cells\)"),
        ("seam", r"points = 9: coincide with another point.*first near \(0, 0, 2\)"),
        ("hanging", r"points = 1: hang on the facet"),
    ],
)
def test_what_is_no_mesh_is_refused_with_count_and_place(tmp_path: Path, what: str, message: str) -> None:
    points, cells, tags = damaged(what)
    file = write(tmp_path / "bad.msh", points, [("tetra", cells)], [tags])
    with pytest.raises(MeshProblem, match=message):
        import_arrays(MeshFile(file, REGIONS))


def test_seams_are_joined_or_kept_on_demand(tmp_path: Path) -> None:
    points, cells, tags = damaged("seam")
    assert len(points) == 54
    file = write(tmp_path / "seam.msh", points, [("tetra", cells)], [tags])
    joined, remarks = import_arrays(MeshFile(file, REGIONS, join=True))
    assert counts(joined)["anode|electrolyte"] == 8
    assert remarks == ("9 points are joined to others at their place",)
    kept, _ = import_arrays(MeshFile(file, REGIONS, join=False))
    assert counts(kept)["void|anode"] == counts(kept)["void|electrolyte"] == 8


def test_facets_that_no_cell_has(tmp_path: Path) -> None:
    points, cells, tags = box()
    stray = np.array([[0, 20, 40]])
    file = write(tmp_path / "stray.msh", points, [("tetra", cells), ("triangle", stray)], [tags, np.array([3])])
    import_arrays(MeshFile(file, REGIONS))
    with pytest.raises(MeshProblem, match=r"facets.bottom = 1: facets belong to no cell; the first near"):
        import_arrays(MeshFile(file, REGIONS, (("bottom", (3,)),)))


def hexahedra(shape: tuple[int, int, int]) -> tuple[Any, Any]:
    points = box_points(shape, (1.0, 1.0, 4.0))
    number = np.arange(len(points)).reshape([n + 1 for n in shape])
    corners = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)]
    nodes = [number[i : i + shape[0], j : j + shape[1], k : k + shape[2]].reshape(-1) for i, j, k in corners]
    return points, np.column_stack(nodes)


def test_other_cells_are_divided_and_conform(tmp_path: Path) -> None:
    """Hexahedra below, wedges and pyramids above: all share quadrilaterals, numbered at random."""
    points, hexes = hexahedra((2, 2, 4))
    renumber = np.random.default_rng(1).permutation(len(points))
    shuffled = np.empty_like(points)
    shuffled[renumber] = points
    hexes = renumber[hexes]
    low, high = hexes[shuffled[hexes][:, :, 2].mean(axis=1) < 2], hexes[shuffled[hexes][:, :, 2].mean(axis=1) > 2]
    # triangles of wedges meet each other only
    wedges = np.concatenate([high[:4][:, [0, 1, 5, 3, 2, 6]], high[:4][:, [0, 5, 4, 3, 6, 7]]])
    faces = [(0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]
    apex = len(points) + np.arange(len(high) - 4)
    pyramids = np.concatenate([np.column_stack([high[4:][:, list(f)], apex]) for f in faces])
    shuffled = np.concatenate([shuffled, shuffled[high[4:]].mean(axis=1)])
    blocks = [("hexahedron", low), ("wedge", wedges), ("pyramid", pyramids)]
    tags = [np.full(len(low), 7), np.full(len(wedges), 9), np.full(len(pyramids), 9)]
    arrays, remarks = import_arrays(MeshFile(write(tmp_path / "mixed.msh", shuffled, blocks, tags), REGIONS))
    assert sizes(arrays) == pytest.approx({"anode": 2, "electrolyte": 2})
    assert set(arrays.facet_names) == {"anode|electrolyte", "bottom", "top", "left", "right", "front", "back"}
    assert f"{len(low)} hexahedron cells are divided into {12 * len(low)} simplices" in remarks


def test_triangles_that_cross_are_refused(tmp_path: Path) -> None:
    """Wedges whose triangles meet the quadrilaterals of hexahedra: same points, other diagonal."""
    points, hexes = hexahedra((1, 1, 2))
    wedges = hexes[1:][:, [1, 2, 3, 5, 6, 7]], hexes[1:][:, [1, 3, 0, 5, 7, 4]]
    blocks = [("hexahedron", hexes[:1]), ("wedge", np.concatenate(wedges))]
    file = write(tmp_path / "x.msh", points, blocks, [np.array([7]), np.array([9, 9])])
    with pytest.raises(MeshProblem, match="facets = 4: lie on another facet"):
        import_arrays(MeshFile(file, REGIONS))


def test_quadrilaterals_in_the_plane(tmp_path: Path) -> None:
    points = box_points((2, 4), (1.0, 4.0))
    number = np.arange(len(points)).reshape(3, 5)
    quads = np.column_stack(
        [number[:-1, :-1].ravel(), number[1:, :-1].ravel(), number[1:, 1:].ravel(), number[:-1, 1:].ravel()]
    )
    tags = np.where(points[quads][:, :, 1].mean(axis=1) < 2, 7, 9)
    arrays, _ = import_arrays(MeshFile(write(tmp_path / "quad.msh", points, [("quad", quads)], [tags]), REGIONS))
    assert sizes(arrays) == pytest.approx({"anode": 2, "electrolyte": 2})
    assert len(arrays.cells) == 16


def test_quadratic_cells_are_straightened(tmp_path: Path) -> None:
    points = np.array([[0.0, 0], [1, 0], [0, 1], [0.5, 0.1], [0.5, 0.5], [0, 0.5]])
    file = write(tmp_path / "p2.msh", points, [("triangle6", [[0, 1, 2, 3, 4, 5]])], [np.array([7])])
    with pytest.raises(MeshProblem, match="top"):
        import_arrays(MeshFile(file, (("a", (7,)),)))
    square = np.concatenate([points, [[1, 1], [1, 0.5], [0.5, 1]]])
    cells = [[0, 1, 2, 3, 4, 5], [1, 6, 2, 7, 8, 4]]
    file = write(tmp_path / "p2.msh", square, [("triangle6", cells)], [np.array([7, 7])])
    arrays, remarks = import_arrays(MeshFile(file, (("a", (7,)),)))
    assert sizes(arrays) == pytest.approx({"a": 1})
    text = "2 triangle6 cells are taken as straight ones, whose further nodes lie up to 10 % of an edge off it"
    assert remarks == (text,)
    assert len(arrays.points) == 4


def test_other_formats_and_fields(tmp_path: Path) -> None:
    import meshio

    points, cells, tags = box()
    for suffix in (".vtu", ".vtk", ".xdmf", ".inp", ".mesh", ".med"):
        if suffix == ".inp":
            sets = {"LOW": [np.flatnonzero(tags == 7)], "HIGH": [np.flatnonzero(tags == 9)]}
            data = meshio.Mesh(points, [("tetra", cells)], cell_sets=sets)
            regions: Any = (("anode", ("LOW",)), ("electrolyte", ("HIGH",)))
        elif suffix == ".mesh":
            data = meshio.Mesh(points, [("tetra", cells)], cell_data={"medit:ref": [tags]})
            regions = REGIONS
        elif suffix == ".med":
            data = meshio.Mesh(points, [("tetra", cells)], cell_data={"cell_tags": [-tags]})
            data.cell_tags = {-7: ["lower"], -9: ["upper"]}
            regions = (("anode", ("lower",)), ("electrolyte", ("upper",)))
        else:
            data = meshio.Mesh(points, [("tetra", cells)], cell_data={"phase": [tags], "size": [tags * 0.5]})
            regions = REGIONS
        path = tmp_path / f"box{suffix}"
        data.write(path)
        arrays, _ = import_arrays(MeshFile(path, regions))
        assert sizes(arrays) == pytest.approx({"anode": 2, "electrolyte": 2}), suffix
    with pytest.raises(MeshError, match=r"'colour'.*it has phase"):
        import_arrays(MeshFile(tmp_path / "box.vtu", REGIONS, tag_field="colour"))


@pytest.mark.parametrize("content", ["", "$MeshFormat\n9 0 8\n", "nonsense"])
def test_broken_files_give_one_message(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.msh").write_text(content)
    with pytest.raises(MeshError, match="cannot be read as a mesh"):
        import_arrays(MeshFile(tmp_path / "x.msh", REGIONS))
    with pytest.raises(MeshError, match="no such file"):
        import_arrays(MeshFile(tmp_path / "y.msh", REGIONS))
