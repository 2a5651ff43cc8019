"""A distributed mesh in a folder, written and read by slices on any number of ranks.

Every rank that writes leaves its own cells and points as plain NumPy files; nothing is gathered. Every rank that reads
maps the files into memory and takes its share of the rows, whoever wrote them: no rank ever sees the whole mesh. Every
block of rows has a checksum, so that a rank checks exactly what it reads. The folder appears at once (written beside,
then renamed).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from meshes.arrays import MeshArrays, facet_rows
from meshes.collective import agree, on_root
from meshes.problems import MeshError

if TYPE_CHECKING:
    from meshes.tagged import TaggedMesh

__all__ = ["contents_file", "is_store", "read_contents", "read_parts", "store_arrays", "write_parts"]

_FORMAT = "ssbfem-distributed-mesh-2"
_CONTENTS = "tagged-mesh.json"
_BLOCK = 1 << 16
_ARRAYS = ("points", "cells", "rows")
Array = npt.NDArray[Any]


def contents_file(folder: Path) -> Path:
    """The table of contents, which holds the checksums of all that is stored."""
    return Path(folder) / _CONTENTS


def is_store(folder: Path) -> bool:
    """Whether the folder holds a mesh that `write_parts` wrote."""
    return (Path(folder) / _CONTENTS).is_file()


def write_parts(tagged: TaggedMesh, folder: Path) -> None:
    """Write `tagged` into `folder`, replacing what was there. Collective.

    Raises:
        MeshError: a file could not be written; on all ranks.
    """
    if tagged.periods:
        raise MeshError("a mesh with periodic sides cannot be stored; its study makes it anew")
    header = {"layers": dict(tagged.layers), "facets": dict(tagged.facets), "dimension": tagged.dimension}
    _write(tagged.mesh.comm, Path(folder), partial(_own_part, tagged), header)


def store_arrays(arrays: MeshArrays, folder: Path, dimension: str, comm: Any) -> None:
    """Write the arrays of one process (`comm` has one rank) into `folder`, as `write_parts` does.

    Raises:
        MeshError: a file could not be written.
    """
    header = {"layers": dict(arrays.layers), "facets": dict(arrays.facet_names), "dimension": dimension}
    rows = np.column_stack([arrays.cell_tags, facet_rows(arrays)]).astype(np.int32)
    part: dict[str, Array] = {"points": arrays.points, "cells": arrays.cells.astype(np.int64), "rows": rows}
    _write(comm, Path(folder), lambda: part, header)


def _write(comm: Any, folder: Path, part: Callable[[], dict[str, Array]], header: dict[str, Any]) -> None:
    beside = folder.with_name(f".{folder.name}.{comm.bcast(uuid.uuid4().hex, root=0)}.part")
    on_root(comm, lambda: beside.mkdir(parents=True))
    arrays = part()
    entry: dict[str, Any] = {}
    failure = None
    try:
        for name in _ARRAYS:
            array = np.ascontiguousarray(arrays[name])
            np.save(beside / _file(comm.rank, name), array, allow_pickle=False)
            entry[name] = {"rows": len(array), "sha256": [_digest(b) for b in _blocks(array)]}
    except OSError as error:
        failure = f"{folder} cannot be written: {error}"
    entries = comm.allgather(entry)
    try:
        agree(comm, failure)
        widths = {name: int(arrays[name].shape[1]) for name in _ARRAYS}
        contents = {"format": _FORMAT, "block": _BLOCK, "widths": widths, "parts": entries, **header}
        on_root(comm, lambda: _publish(beside, folder, contents))
    finally:
        if comm.rank == 0:
            shutil.rmtree(beside, ignore_errors=True)
        comm.Barrier()  # no rank goes on while there is something beside the folder


def read_contents(folder: Path) -> dict[str, Any]:
    """The table of contents: ``layers`` and ``facets`` (name -> tag), ``dimension``, sizes.

    Raises:
        MeshError: the folder is missing or something else.
    """
    try:
        data = json.loads((Path(folder) / _CONTENTS).read_text(encoding="utf-8"))
        if data["format"] != _FORMAT or not data["parts"] or any(set(p) != set(_ARRAYS) for p in data["parts"]):
            raise ValueError("unknown format")
        for part in data["parts"]:
            for name in _ARRAYS:
                if len(part[name]["sha256"]) != -(-part[name]["rows"] // data["block"]):
                    raise ValueError("checksums are missing")
        widths = data["widths"]
        data["tdim"], data["gdim"] = int(widths["cells"]) - 1, int(widths["points"])
        data["layers"] = {str(k): int(v) for k, v in data["layers"].items()}
        data["facets"] = {str(k): int(v) for k, v in data["facets"].items()}
        data["dimension"] = str(data["dimension"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MeshError(f"{folder} is not a readable mesh: {error}") from error
    return dict(data)


def read_parts(
    folder: Path, comm: Any
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.int32], dict[str, Any]]:
    """This rank's share of points, cells and tag rows, and the table of contents. Collective.

    Rank r of n takes rows r / n to (r + 1) / n of each: global numbers of points count through the ranks in order.

    Raises:
        MeshError: the folder is missing, damaged or something else; on all ranks.
    """
    header: dict[str, Any] = comm.bcast(on_root(comm, lambda: read_contents(Path(folder))), root=0)
    found: dict[str, Array] = {}
    failure = None
    try:
        for name in _ARRAYS:
            found[name] = _share(Path(folder), header, name, comm.rank, comm.size)
    except (OSError, ValueError, EOFError) as error:
        failure = f"{folder} is not a readable mesh: {error}"
    agree(comm, failure)
    return found["points"], found["cells"], found["rows"], header


def _share(folder: Path, header: dict[str, Any], name: str, rank: int, size: int) -> Array:
    """Rows of one array that this rank takes, from all parts that have some of them."""
    counts = [part[name]["rows"] for part in header["parts"]]
    total, kind = sum(counts), {"points": np.float64, "cells": np.int64, "rows": np.int32}[name]
    begin, end = total * rank // size, total * (rank + 1) // size
    found: Array = np.empty((end - begin, header["widths"][name]), dtype=kind)
    start = 0
    for number, count in enumerate(counts):
        low, high = max(begin, start), min(end, start + count)
        if low < high:
            path = folder / _file(number, name)
            mapped = np.load(path, mmap_mode="r", allow_pickle=False)
            if mapped.shape != (count, header["widths"][name]) or mapped.dtype != kind:
                raise ValueError(f"{path.name} does not hold what the table of contents says")
            sums = header["parts"][number][name]["sha256"]
            block = header["block"]
            for k in range((low - start) // block, -(-(high - start) // block)):
                rows = np.array(mapped[k * block : (k + 1) * block])  # a copy: what is checked is what is used
                if _digest(rows) != sums[k]:
                    raise ValueError(f"{path.name} does not have the checksum of the table of contents")
                first, last = max(low, start + k * block), min(high, start + k * block + len(rows))
                found[first - begin : last - begin] = rows[first - start - k * block : last - start - k * block]
        start += count
    return found


def _own_part(tagged: TaggedMesh) -> dict[str, Array]:
    import dolfinx

    mesh, tdim = tagged.mesh, tagged.tdim
    number = mesh.topology.index_map(tdim).size_local
    nodes = mesh.geometry.index_map()
    local = dolfinx.mesh.entities_to_geometry(mesh, tdim, np.arange(number, dtype=np.int32))
    cells = nodes.local_to_global(np.asarray(local, dtype=np.int32).reshape(-1)).reshape(number, tdim + 1)
    facet_map = mesh.topology.index_map(tdim - 1)
    tags = np.zeros(facet_map.size_local + facet_map.num_ghosts, dtype=np.int32)
    tags[tagged.facet_tags.indices] = tagged.facet_tags.values
    cell_tags = np.zeros(number + mesh.topology.index_map(tdim).num_ghosts, dtype=np.int32)
    cell_tags[tagged.cell_tags.indices] = tagged.cell_tags.values
    links = mesh.topology.connectivity(tdim, tdim - 1).array.reshape(-1, tdim + 1)[:number]
    return {
        "points": np.asarray(mesh.geometry.x[: nodes.size_local, : mesh.geometry.dim]),
        "cells": cells.astype(np.int64),
        "rows": np.column_stack([cell_tags[:number], tags[links]]).astype(np.int32),
    }


def _file(part: int, name: str) -> str:
    return f"part-{part:05d}-{name}.npy"


def _blocks(array: Array) -> list[Array]:
    return [array[i : i + _BLOCK] for i in range(0, len(array), _BLOCK)]


def _publish(beside: Path, folder: Path, contents: dict[str, Any]) -> None:
    (beside / _CONTENTS).write_text(json.dumps(contents, indent=1), encoding="utf-8")
    if folder.exists():
        if not is_store(folder):
            raise MeshError(f"{folder} exists and is not a mesh: it is not replaced")
        old = beside.with_suffix(".old")
        os.replace(folder, old)
        os.replace(beside, folder)
        shutil.rmtree(old, ignore_errors=True)
    else:
        os.replace(beside, folder)


def _digest(rows: Array) -> str:
    return hashlib.sha256(np.ascontiguousarray(rows).data).hexdigest()
