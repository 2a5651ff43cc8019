"""Results and meshes in the formats of other programs: `ssbfem export RUN --to FILE`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from studies.errors import InputError

__all__ = ["Exported", "export"]

_MESHIO = {
    "vertex": "vertex",
    "line": "line",
    "triangle": "triangle",
    "tetra": "tetra",
    "quadratic_line": "line3",
    "quadratic_triangle": "triangle6",
    "quadratic_tetra": "tetra10",
}
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        points, cells: how many. fields: names of the data. regions: names of the regions, in the order of their tags.
        remarks: what the format has no place for; empty when all is there.
    """

    points: int
    cells: int
    fields: tuple[str, ...]
    regions: tuple[str, ...]
    remarks: str


def export(source: Path, target: Path, step: int = -1, interfaces: bool = False) -> Exported:
    """Write the fields of a run, or a stored mesh, through meshio.

    The regions of a run keep points of their own, because potentials jump at interfaces. A stored mesh is written with
    its named facets.

    Args:
        source: results folder of `ssbfem run` or `ssbfem mesh`, or a folder of a stored mesh.
        target: file; its ending says the format. step: operating point, from 0; -1: the last.
        interfaces: the fields of the interfaces, not those of the regions.

    Raises:
        InputError: no such run, no such operating point, a format that cannot hold it, a file that cannot be written.
    """
    from meshes.exporting import write_meshio
    from meshes.problems import MeshError
    from meshes.store import is_store

    try:
        mesh, regions = _stored(source) if is_store(source) else _fields(source, step, interfaces)
        target.parent.mkdir(parents=True, exist_ok=True)
        remarks = write_meshio(mesh, target)
    except MeshError as error:
        raise InputError.single(str(error), source="export") from error
    except OSError as error:
        message = f"{error.filename or target}: {error.strerror or error}"
        raise InputError.single(message, source="export") from error
    names = [*mesh.point_data, *(k for k in mesh.cell_data if not k.startswith("gmsh:"))]
    return Exported(len(mesh.points), sum(len(block.data) for block in mesh.cells), tuple(names), regions, remarks)


def _stored(folder: Path) -> tuple[Any, tuple[str, ...]]:
    from mpi4py import MPI

    from meshes.arrays import MeshArrays, cell_facets
    from meshes.exporting import mesh_of_arrays
    from meshes.store import read_parts

    points, cells, rows, header = read_parts(folder, MPI.COMM_SELF)
    tags = rows[:, 1:].reshape(-1)
    marked = np.flatnonzero(tags)
    facets = np.sort(cell_facets(cells).reshape(-1, header["tdim"])[marked], axis=1)
    facets, first = np.unique(facets, axis=0, return_index=True)
    arrays = MeshArrays(points, cells, rows[:, 0], facets, tags[marked][first], header["layers"], header["facets"])
    return mesh_of_arrays(arrays), tuple(header["layers"])


def _fields(run: Path, step: int, interfaces: bool) -> tuple[Any, tuple[str, ...]]:
    import meshio

    folder = run if (run / "fields.json").is_file() else run / "fields"
    try:
        contents = json.loads((folder / "fields.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"{run} has no fields: neither a results folder nor a stored mesh"
        raise InputError.single(message, source="export") from error
    steps = contents["steps"]
    if not -len(steps) <= step < len(steps):
        message = f"there are the operating points 0 to {len(steps) - 1}"
        raise InputError.single(message, source="export", path="--step", value=step)
    entries = steps[step]["interfaces" if interfaces else "layers"]
    grids = [_grid(folder, e["grid"] if interfaces else e) for e in entries.values()]
    regions = tuple(entries)
    kept = [(k, name, grid) for k, (name, grid) in enumerate(zip(regions, grids, strict=True), 1) if len(grid.cells)]
    if not kept:
        raise InputError.single(f"{run} has nothing of this kind to export", source="export")
    starts = np.cumsum([0, *(len(grid.points) for _, _, grid in kept)])
    parts = [grid for _, _, grid in kept]
    kind = _MESHIO[parts[0].kind]
    cells = np.concatenate([grid.cells + start for grid, start in zip(parts, starts, strict=False)])
    tags = np.concatenate([np.full(len(grid.cells), number, dtype=np.int32) for number, _, grid in kept])
    cell_data = {"region": tags, "gmsh:physical": tags, "gmsh:geometrical": tags}
    cell_data |= _joined([(len(grid.cells), grid.cell_data) for grid in parts])
    dim = {"vertex": 0, "line": 1, "triangle": 2, "tetra": 3}[kind.rstrip("0123456789")]
    mesh = meshio.Mesh(
        np.concatenate([grid.points for grid in parts]),
        [(kind, cells)],
        point_data=_joined([(len(grid.points), grid.point_data) for grid in parts]),
        cell_data={name: [values] for name, values in cell_data.items()},
        field_data={name: np.array([number, dim]) for number, name, _ in kept},
    )
    return mesh, regions


def _grid(folder: Path, name: str) -> Any:
    from fem.output.vtu import read_vtu

    try:
        return read_vtu(folder / name)
    except (OSError, ValueError) as error:
        raise InputError.single(f"{folder / name} cannot be read: {error}", source="export") from error


def _joined(parts: list[tuple[int, Any]]) -> dict[str, Array]:
    """Data of all parts one after the other; not a number (whole numbers: -1) where a part has none of a name."""
    found: dict[str, Array] = {}
    for name in dict.fromkeys(name for _, data in parts for name in data):
        like = next(np.asarray(data[name]) for _, data in parts if name in data)
        rest = np.nan if like.dtype.kind == "f" else -1
        blocks = [
            np.asarray(data[name]) if name in data else np.full((n, *like.shape[1:]), rest, like.dtype)
            for n, data in parts
        ]
        found[name] = np.concatenate(blocks)
    return found
