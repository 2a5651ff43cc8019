"""Grids on disk: what is written is read back, by this package and by VTK."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fem.output.vtu import Grid, read_vtu, write_pvd, write_pvtu, write_vtu


def grid(shift: float = 0.0, copies: int = 1) -> Grid:
    """Quadratic triangles with data of several types and shapes."""
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0.5, 0, 0], [0.5, 0.5, 0], [0, 0.5, 0]], dtype=float)
    points = np.concatenate([corners + np.array([shift + k, 0.0, 0.0]) for k in range(copies)])
    cells = np.arange(6)[None, :] + 6 * np.arange(copies)[:, None]
    nodes = {"potential": points[:, 0] * 1e-3, "displacement": points.astype(np.float32)}
    means = {"layer": np.arange(copies, dtype=np.int32), "stress": np.arange(6.0 * copies).reshape(copies, 6)}
    return Grid("quadratic_triangle", points, cells, nodes, means)


def same(a: Grid, b: Grid) -> None:
    """Require equal grids, types of the data included."""
    assert a.kind == b.kind
    np.testing.assert_array_equal(a.points, b.points)
    np.testing.assert_array_equal(a.cells, b.cells)
    for mine, other in ((a.point_data, b.point_data), (a.cell_data, b.cell_data)):
        assert list(mine) == list(other)
        for name in mine:
            np.testing.assert_array_equal(mine[name], other[name])
            assert mine[name].dtype == other[name].dtype


@pytest.mark.parametrize("copies", [1, 7, 30_000])
def test_round_trip(tmp_path: Path, copies: int) -> None:
    """Also with arrays of several compressed blocks."""
    write_vtu(tmp_path / "a.vtu", grid(copies=copies))
    same(read_vtu(tmp_path / "a.vtu"), grid(copies=copies))


def test_pieces_are_joined(tmp_path: Path) -> None:
    """A grid in two pieces is read as one, with the points of the second counted after the first."""
    pieces = [grid(0.0, 2), grid(2.0, 3)]
    for name, piece in zip("ab", pieces, strict=True):
        write_vtu(tmp_path / f"{name}.vtu", piece)
    write_pvtu(tmp_path / "all.pvtu", ["a.vtu", "b.vtu"], pieces[0])
    joined = read_vtu(tmp_path / "all.pvtu")
    np.testing.assert_array_equal(joined.points, np.concatenate([p.points for p in pieces]))
    np.testing.assert_array_equal(joined.cells[2:], pieces[1].cells + 12)


def test_damage_is_noticed(tmp_path: Path) -> None:
    """A changed byte in the data, and a file of another kind, are errors."""
    path = tmp_path / "a.vtu"
    write_vtu(path, grid(copies=50))
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"_", raw.index(b"<AppendedData")) + 60] ^= 0xFF
    path.write_bytes(raw)
    with pytest.raises(ValueError, match="damaged"):
        read_vtu(path)
    path.write_text("<VTKFile/>")
    with pytest.raises(ValueError, match="not a grid"):
        read_vtu(path)


def test_vtk_reads_it(tmp_path: Path) -> None:
    """VTK sees the same numbers, in a collection of layers too."""
    pyvista = pytest.importorskip("pyvista")
    pieces = [grid(0.0, 2), grid(2.0, 3)]
    for name, piece in zip("ab", pieces, strict=True):
        write_vtu(tmp_path / f"{name}.vtu", piece)
    write_pvtu(tmp_path / "all.pvtu", ["a.vtu", "b.vtu"], pieces[0])
    write_pvd(tmp_path / "all.pvd", [(0.0, 0, "a & b", "all.pvtu"), (0.0, 1, "a", "a.vtu")])
    blocks = pyvista.read(tmp_path / "all.pvd")
    assert [b.n_cells for b in blocks] == [5, 2]
    np.testing.assert_array_equal(blocks[1]["potential"], pieces[0].point_data["potential"])
    np.testing.assert_array_equal(blocks[1]["stress"], pieces[0].cell_data["stress"])
    assert blocks[1].compute_cell_sizes()["Area"].sum() == pytest.approx(1.0)
