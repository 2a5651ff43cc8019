"""Mesh files as plain simplices, through meshio: other kinds of cells divided or straightened, tags found."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from meshes.problems import MeshError
from meshes.splitting import CORNERS, split_cells

__all__ = ["RawMesh", "read_raw"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Cell data that programs use for tags, in the order in which they are looked for.
_TAG_FIELDS = (
    "gmsh:physical",
    "medit:ref",
    "cell_tags",
    "name_to_read",
    "CellEntityIds",
    "f",
    "tag",
    "tags",
    "material",
    "Material",
    "MaterialIDs",
    "region",
    "subdomain",
    "domain",
    "label",
    "labels",
)
_DIMENSION = {"vertex": 0, "line": 1, "triangle": 2, "quad": 2, "tetra": 3, "hexahedron": 3, "wedge": 3, "pyramid": 3}
#: Ends of the edge on which every further node of a quadratic simplex lies, in meshio's order.
_MIDDLES = {
    "line3": ((0, 1),),
    "triangle6": ((0, 1), (1, 2), (2, 0)),
    "tetra10": ((0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3)),
}


@dataclass(frozen=True)
class RawMesh:
    """What a file holds, as simplices.

    Attributes:
        points: (n, 3 or fewer) in the units of the file.
        cells: (m, dim + 1) of the highest dimension. facets: (k, dim) of one dimension less.
        cell_tags, facet_tags: 0 where there is none; None where the file has no tags.
        cell_names, facet_names: name in the file -> its cells or facets.
        tag_field: cell data that the tags come from.
        fields: cell data with whole numbers, which tags could come from.
        remarks: what was changed on the way, one sentence each.
        orphans: number of points that no cell of the file has.
    """

    points: Floats
    cells: Ints
    facets: Ints
    cell_tags: Ints | None
    facet_tags: Ints | None
    cell_names: dict[str, Ints] = field(default_factory=dict)
    facet_names: dict[str, Ints] = field(default_factory=dict)
    tag_field: str | None = None
    fields: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    orphans: int = 0

    @property
    def dim(self) -> int:
        """Dimension of the cells."""
        return int(self.cells.shape[1]) - 1


def read_raw(path: Path, tag_field: str | None = None) -> RawMesh:
    """Read a mesh file.

    Quadrilaterals, hexahedra, wedges and pyramids are divided into simplices; curved cells are straightened. Both are
    said in `remarks`.

    Args:
        path: any file that meshio reads. tag_field: cell data that holds the tags; default: the first of the usual.

    Raises:
        MeshError: unreadable file, cells that cannot be used, no cells, no such data.
    """
    import meshio

    if not Path(path).is_file():
        raise MeshError(f"{path} cannot be read as a mesh: there is no such file")
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            data = meshio.read(path)
    # meshio answers a broken file with whatever its parsers raise, and with SystemExit for an unknown suffix
    except (Exception, SystemExit) as error:
        text = str(error) if str(error) not in ("", "1") else " ".join(said.getvalue().split()) or type(error).__name__
        raise MeshError(f"{path} cannot be read as a mesh: {text}") from error
    points = np.asarray(data.points, dtype=np.float64)
    blocks = [(i, block) for i, block in enumerate(data.cells) if len(block.data)]
    unknown = sorted({block.type for _, block in blocks if _straight(block.type) not in _DIMENSION})
    if unknown:
        raise MeshError(f"{path} has cells of kinds that cannot be used: {', '.join(unknown)}")
    dim = max((_DIMENSION[_straight(block.type)] for _, block in blocks), default=0)
    if dim == 0:
        raise MeshError(f"{path} has no cells")
    for _, block in blocks:
        if len(block.data) and (block.data.min() < 0 or block.data.max() >= len(points)):
            raise MeshError(f"{path} has {block.type} cells with points that do not exist")
    fields = _whole_fields(data)
    name = _chosen_field(path, fields, tag_field)
    remarks: list[str] = []
    used = np.zeros(len(points), dtype=bool)
    for _, block in blocks:
        if _DIMENSION[_straight(block.type)] == dim:
            used[block.data] = True
    orphans = int(np.count_nonzero(~used))
    cells, cell_rows, points = _simplices(data, blocks, dim, points, remarks)
    facets, facet_rows, points = _simplices(data, blocks, dim - 1, points, remarks)
    return RawMesh(
        points,
        cells,
        facets,
        _tags(data, name, cell_rows),
        _tags(data, name, facet_rows),
        _sets(data, name, cell_rows, dim),
        _sets(data, name, facet_rows, dim - 1),
        name,
        tuple(fields),
        tuple(remarks),
        orphans,
    )


def _straight(kind: str) -> str:
    """``tetra`` for ``tetra10``."""
    return kind.rstrip("0123456789")


def _simplices(
    data: Any, blocks: Sequence[tuple[int, Any]], dim: int, points: Floats, remarks: list[str]
) -> tuple[Ints, Ints, Floats]:
    """Simplices (m, dim + 1) of one dimension, their rows (m, 2) (block, cell) in the file, and all points."""
    found: list[Ints] = [np.zeros((0, dim + 1), dtype=np.int64)]
    rows: list[Ints] = [np.zeros((0, 2), dtype=np.int64)]
    for number, block in blocks:
        kind = _straight(block.type)
        if _DIMENSION[kind] != dim:
            continue
        nodes = np.asarray(block.data, dtype=np.int64)
        if kind != block.type:
            bent = _bend(points, nodes, block.type)
            how = f", whose further nodes lie up to {100 * bent:.2g} % of an edge off it" if bent is not None else ""
            remarks.append(f"{len(nodes)} {block.type} cells are taken as straight ones{how}")
        made, origin, points = split_cells(kind, nodes[:, : CORNERS[kind]], points)
        if len(made) != len(nodes):
            remarks.append(f"{len(nodes)} {block.type} cells are divided into {len(made)} simplices")
        found.append(made)
        rows.append(np.column_stack([np.full(len(made), number), origin]))
    return np.concatenate(found), np.concatenate(rows), points


def _bend(points: Floats, nodes: Ints, kind: str) -> float | None:
    """Largest distance of a further node from the middle of its edge, over the length of the edge."""
    if kind not in _MIDDLES:
        return None
    largest = 0.0
    first = CORNERS[_straight(kind)]
    for k, (a, b) in enumerate(_MIDDLES[kind]):
        ends = points[nodes[:, a]], points[nodes[:, b]]
        off = np.linalg.norm(points[nodes[:, first + k]] - 0.5 * (ends[0] + ends[1]), axis=1)
        length = np.linalg.norm(ends[1] - ends[0], axis=1)
        largest = max(largest, float((off / np.maximum(length, 1e-300)).max(initial=0.0)))
    return largest


def _whole_fields(data: Any) -> list[str]:
    """Names of the cell data with one whole number per cell."""
    found = []
    for name, parts in data.cell_data.items():
        arrays = [np.asarray(part) for part in parts if len(part)]
        if arrays and all(a.size == len(a) and np.all(a == np.round(a.astype(float))) for a in arrays):
            found.append(name)
    return found


def _chosen_field(path: Path, fields: list[str], wanted: str | None) -> str | None:
    if wanted is not None:
        if wanted not in fields:
            raise MeshError(
                f"{path} has no cell data {wanted!r} with whole numbers; it has {', '.join(fields) or 'none'}"
            )
        return wanted
    usual = [name for name in _TAG_FIELDS if name in fields]
    if usual:
        return usual[0]
    return fields[0] if len(fields) == 1 else None


def _tags(data: Any, name: str | None, rows: Ints) -> Ints | None:
    """Tags (m,) of the simplices that come from the `rows` of the file."""
    if name is None:
        return None
    tags = np.zeros(len(rows), dtype=np.int64)
    for number, part in enumerate(data.cell_data[name]):
        here = rows[:, 0] == number
        if here.any():
            tags[here] = np.asarray(part).reshape(-1)[rows[here, 1]].astype(np.int64)
    return tags


def _sets(data: Any, name: str | None, rows: Ints, dim: int) -> dict[str, Ints]:
    """Simplices by the names that the file has for them: physical groups, families, sets."""
    found: dict[str, Ints] = {}
    tags = _tags(data, name, rows)
    if tags is not None:
        for label, pair in data.field_data.items():
            pair = np.asarray(pair).reshape(-1)
            if len(pair) == 2 and int(pair[1]) == dim:
                found[str(label)] = np.flatnonzero(tags == int(pair[0]))
        for tag, labels in (getattr(data, "cell_tags", None) or {}).items():  # families of MED files
            for label in labels:
                here = np.flatnonzero(tags == int(tag))
                found[str(label)] = np.union1d(found.get(str(label), np.zeros(0, dtype=np.int64)), here)
    for label, parts in data.cell_sets.items():
        if str(label).startswith("gmsh:") or str(label) in found:
            continue
        here = np.zeros(len(rows), dtype=bool)
        for number, part in enumerate(parts):
            if part is not None and len(part):
                here |= (rows[:, 0] == number) & np.isin(rows[:, 1], np.asarray(part))
        found[str(label)] = np.flatnonzero(here)
    return {label: members for label, members in found.items() if len(members)}
