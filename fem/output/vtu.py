"""VTK unstructured grids (.vtu, .pvtu, .pvd) as compressed binary XML, written and read with numpy alone.

dolfinx writes .vtu as text with one element type per file: ten times the size, and no place for cell means
beside quadratic potentials. Format: "VTK XML Formats", docs.vtk.org (appended raw data, zlib blocks, UInt64 headers).
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from xml.sax.saxutils import quoteattr

import numpy as np
import numpy.typing as npt

__all__ = ["NODES", "CellKind", "Grid", "read_vtu", "write_pvd", "write_pvtu", "write_vtu"]

Array = npt.NDArray[Any]
CellKind = Literal["vertex", "line", "triangle", "tetra", "quadratic_line", "quadratic_triangle", "quadratic_tetra"]

_VTK_TYPE: dict[CellKind, int] = {
    "vertex": 1,
    "line": 3,
    "triangle": 5,
    "tetra": 10,
    "quadratic_line": 21,
    "quadratic_triangle": 22,
    "quadratic_tetra": 24,
}
#: Nodes per cell.
NODES: dict[CellKind, int] = {
    "vertex": 1,
    "line": 2,
    "triangle": 3,
    "tetra": 4,
    "quadratic_line": 3,
    "quadratic_triangle": 6,
    "quadratic_tetra": 10,
}
_VTK_NAME = {"f4": "Float32", "f8": "Float64", "i4": "Int32", "i8": "Int64", "u1": "UInt8"}
_DTYPE = {name: np.dtype(f"<{code}") for code, name in _VTK_NAME.items()}
_BLOCK = 1 << 20
_LEVEL = 1  # zlib: higher levels take several times as long for a few percent


@dataclass(frozen=True)
class Grid:
    """Cells of one kind with data.

    Attributes:
        kind: of all cells.
        points: (n, 3) coordinates in metres.
        cells: (m, nodes per cell) points of every cell in VTK's order.
        point_data: name -> (n,) or (n, components); names are plain words (no quotes or angle brackets).
        cell_data: name -> (m,) or (m, components).
    """

    kind: CellKind
    points: Array
    cells: Array
    point_data: Mapping[str, Array] = field(default_factory=dict)
    cell_data: Mapping[str, Array] = field(default_factory=dict)


def write_vtu(path: Path, grid: Grid) -> None:
    """Write one grid.

    Raises:
        OSError: the file cannot be written.
    """
    cells = np.asarray(grid.cells, dtype=np.int64)
    count, nodes = len(cells), NODES[grid.kind]
    payload: list[bytes] = []
    offset = 0

    def array(name: str, values: Array) -> str:
        nonlocal offset
        values = np.ascontiguousarray(values)
        values = values.astype(values.dtype.newbyteorder("<"), copy=False)
        block = _compressed(values)
        line = f"{_header(name, values)} format='appended' offset='{offset}'/>"
        payload.append(block)
        offset += len(block)
        return line

    parts = ["<Points>", array("points", np.asarray(grid.points, dtype=np.float64)), "</Points>", "<Cells>"]
    parts.append(array("connectivity", cells.reshape(-1)))
    parts.append(array("offsets", np.arange(1, count + 1, dtype=np.int64) * nodes))
    parts.append(array("types", np.full(count, _VTK_TYPE[grid.kind], dtype=np.uint8)))
    parts.append("</Cells>")
    for tag, data in (("PointData", grid.point_data), ("CellData", grid.cell_data)):
        parts += [f"<{tag}>", *(array(name, values) for name, values in data.items()), f"</{tag}>"]
    head = (
        "<?xml version='1.0'?>\n<VTKFile type='UnstructuredGrid' version='1.0' byte_order='LittleEndian' "
        "header_type='UInt64' compressor='vtkZLibDataCompressor'>\n<UnstructuredGrid>\n"
        f"<Piece NumberOfPoints='{len(grid.points)}' NumberOfCells='{count}'>\n"
        + "\n".join(parts)
        + "\n</Piece>\n</UnstructuredGrid>\n<AppendedData encoding='raw'>\n_"
    )
    with path.open("wb") as stream:
        stream.write(head.encode())
        for block in payload:
            stream.write(block)
        stream.write(b"\n</AppendedData>\n</VTKFile>\n")


def write_pvtu(path: Path, pieces: Sequence[str], like: Grid) -> None:
    """Write the table of contents of a grid in several pieces.

    Args:
        path: file to write.
        pieces: their file names, relative to it.
        like: any of the pieces; gives names and types of the data.
    """
    parts = ["<PPoints>", _header("points", np.empty((0, 3))) + "/>", "</PPoints>"]
    for tag, data in (("PPointData", like.point_data), ("PCellData", like.cell_data)):
        parts += [f"<{tag}>", *(_header(n, np.asarray(v)) + "/>" for n, v in data.items()), f"</{tag}>"]
    parts += [f"<Piece Source='{name}'/>" for name in pieces]
    text = "\n".join(parts)
    path.write_text(
        "<?xml version='1.0'?>\n<VTKFile type='PUnstructuredGrid' version='1.0' byte_order='LittleEndian' "
        "header_type='UInt64'>\n<PUnstructuredGrid GhostLevel='0'>\n"
        f"{text}\n</PUnstructuredGrid>\n</VTKFile>\n",
        encoding="utf-8",
    )


def write_pvd(path: Path, entries: Sequence[tuple[float, int, str, str]]) -> None:
    """Write a collection that ParaView opens as one multi-block data set.

    Args:
        path: file to write; replaced at once, so that a reader never sees half of it.
        entries: (time, part, name of the part, file relative to `path`).
    """
    lines = [
        f"<DataSet timestep='{time!r}' part='{part}' name={quoteattr(name)} file='{file}'/>"
        for time, part, name, file in entries
    ]
    text = "\n".join(lines)
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(
        "<?xml version='1.0'?>\n<VTKFile type='Collection' version='1.0'>\n<Collection>\n"
        f"{text}\n</Collection>\n</VTKFile>\n",
        encoding="utf-8",
    )
    os.replace(beside, path)


def read_vtu(path: Path) -> Grid:
    """Read a .vtu that `write_vtu` wrote, or all pieces of a .pvtu (points of the pieces are not merged).

    Raises:
        OSError: the file cannot be read. ValueError: it is damaged or not of this form.
    """
    raw = path.read_bytes()
    if b"PUnstructuredGrid" in raw[:200]:
        names = re.findall(rb"<Piece Source='([^']*)'", raw)
        return _joined([read_vtu(path.parent / name.decode()) for name in names])
    mark = raw.find(b"<AppendedData encoding='raw'>")
    if mark < 0:
        raise ValueError(f"{path} is not a grid of this form")
    head, start = raw[:mark].decode(), raw.index(b"_", mark) + 1
    arrays: dict[str, dict[str, Array]] = {}
    for tag in ("Points", "Cells", "PointData", "CellData"):
        section = re.search(rf"<{tag}>(.*?)</{tag}>", head, re.DOTALL)
        found = arrays[tag] = {}
        for line in re.findall(r"<DataArray [^>]*/>", section.group(1)) if section else ():
            attributes = dict(re.findall(r"(\w+)='([^']*)'", line))
            values = _expanded(raw, start + int(attributes["offset"]), _DTYPE[attributes["type"]])
            components = int(attributes.get("NumberOfComponents", "1"))
            found[attributes["Name"]] = values.reshape(-1, components) if components > 1 else values
    kinds = {number: kind for kind, number in _VTK_TYPE.items()}
    types = np.unique(arrays["Cells"]["types"])
    if len(types) != 1:
        raise ValueError(f"{path} has cells of {len(types)} kinds; one is expected")
    kind = kinds[int(types[0])]
    cells = arrays["Cells"]["connectivity"].reshape(-1, NODES[kind])
    return Grid(kind, arrays["Points"]["points"], cells, arrays["PointData"], arrays["CellData"])


def _header(name: str, values: Array) -> str:
    code = f"{values.dtype.kind}{values.dtype.itemsize}"
    components = "" if values.ndim == 1 else f" NumberOfComponents='{values.shape[1]}'"
    return f"<DataArray type='{_VTK_NAME[code]}' Name='{name}'{components}"


def _compressed(values: Array) -> bytes:
    data = values.tobytes()
    blocks = [zlib.compress(data[at : at + _BLOCK], _LEVEL) for at in range(0, len(data), _BLOCK)]
    if not blocks:
        return np.zeros(3, dtype="<u8").tobytes()
    last = len(data) % _BLOCK
    sizes = np.array([len(blocks), _BLOCK, last, *map(len, blocks)], dtype="<u8")
    return sizes.tobytes() + b"".join(blocks)


def _expanded(raw: bytes, at: int, dtype: np.dtype[Any]) -> Array:
    count = int(np.frombuffer(raw, "<u8", 1, at)[0])
    sizes = np.frombuffer(raw, "<u8", count, at + 24)
    at += 24 + 8 * count
    parts = []
    for size in sizes:
        try:
            parts.append(zlib.decompress(raw[at : at + int(size)]))
        except zlib.error as error:
            raise ValueError(f"damaged data: {error}") from error
        at += int(size)
    return np.frombuffer(b"".join(parts), dtype)


def _joined(grids: Sequence[Grid]) -> Grid:
    if not grids:
        raise ValueError("no pieces")
    starts = np.cumsum([0, *(len(g.points) for g in grids)])
    first = grids[0]
    return Grid(
        first.kind,
        np.concatenate([g.points for g in grids]),
        np.concatenate([g.cells + s for g, s in zip(grids, starts, strict=False)]),
        {n: np.concatenate([g.point_data[n] for g in grids]) for n in first.point_data},
        {n: np.concatenate([g.cell_data[n] for g in grids]) for n in first.cell_data},
    )
