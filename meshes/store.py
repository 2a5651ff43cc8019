"""A distributed mesh in a folder: one file per rank and a table of contents, readable on any number of ranks.

Each rank writes its own cells and points; nothing is gathered. The folder appears at once (written beside,
then renamed).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dolfinx
import numpy as np
import numpy.typing as npt

from meshes.collective import agree, on_root
from meshes.problems import MeshError

if TYPE_CHECKING:
    from meshes.tagged import TaggedMesh

__all__ = ["read_parts", "write_parts"]

_FORMAT = "ssbfem-distributed-mesh-1"
_CONTENTS = "mesh.json"


def write_parts(tagged: TaggedMesh, folder: Path) -> None:
    """Write `tagged` into `folder`, replacing what was there. Collective.

    Raises:
        MeshError: a file could not be written; on all ranks.
    """
    mesh, comm, tdim = tagged.mesh, tagged.mesh.comm, tagged.tdim
    beside = folder.with_name(f".{folder.name}.{comm.bcast(uuid.uuid4().hex, root=0)}.part")
    on_root(comm, lambda: beside.mkdir(parents=True))
    arrays = _own_part(tagged)
    digest, failure = "", None
    try:
        path = beside / f"part-{comm.rank:05d}.npz"
        with path.open("wb") as file:
            np.savez(file, **arrays)
        digest = _digest(path)
    except OSError as error:
        failure = f"{folder} cannot be written: {error}"
    digests = comm.allgather(digest)
    try:
        agree(comm, failure)
        contents = {
            "format": _FORMAT,
            "parts": comm.size,
            "sha256": digests,
            "tdim": tdim,
            "gdim": mesh.geometry.dim,
            "points": mesh.geometry.index_map().size_global,
            "cells": mesh.topology.index_map(tdim).size_global,
            "layers": dict(tagged.layers),
            "facets": dict(tagged.facets),
            "dimension": tagged.dimension,
        }
        on_root(comm, lambda: _publish(beside, folder, contents))
    finally:
        if comm.rank == 0:
            shutil.rmtree(beside, ignore_errors=True)


def read_parts(
    folder: Path, comm: Any
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], npt.NDArray[np.int32], dict[str, Any]]:
    """Points, cells, tag rows of the parts that this rank reads, and the table of contents. Collective.

    Raises:
        MeshError: the folder is missing, damaged or something else; on all ranks.
    """
    header: dict[str, Any] = comm.bcast(on_root(comm, lambda: _contents(folder)), root=0)
    # neighbouring parts on one rank, in order: their points then follow each other in the global numbering
    parts = np.array_split(np.arange(header["parts"]), comm.size)[comm.rank]
    points = [np.zeros((0, header["gdim"]))]
    cells = [np.zeros((0, header["tdim"] + 1), dtype=np.int64)]
    rows = [np.zeros((0, header["tdim"] + 2), dtype=np.int32)]
    failure = None
    try:
        for part in parts.tolist():
            path = folder / f"part-{part:05d}.npz"
            if _digest(path) != header["sha256"][part]:
                raise ValueError(f"{path.name} does not have the checksum of the table of contents")
            with np.load(path, allow_pickle=False) as data:
                points.append(data["points"])
                cells.append(data["cells"])
                rows.append(data["rows"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        failure = f"{folder} is not a readable mesh: {error}"
    agree(comm, failure)
    return np.concatenate(points), np.concatenate(cells), np.concatenate(rows), header


def _own_part(tagged: TaggedMesh) -> dict[str, Any]:
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
        "points": mesh.geometry.x[: nodes.size_local, : mesh.geometry.dim],
        "cells": cells.astype(np.int64),
        "rows": np.column_stack([cell_tags[:number], tags[links]]).astype(np.int32),
    }


def _publish(beside: Path, folder: Path, contents: dict[str, Any]) -> None:
    (beside / _CONTENTS).write_text(json.dumps(contents, indent=1), encoding="utf-8")
    if folder.exists():
        if not (folder / _CONTENTS).is_file():
            raise MeshError(f"{folder} exists and is not a mesh: it is not replaced")
        old = beside.with_suffix(".old")
        os.replace(folder, old)
        os.replace(beside, folder)
        shutil.rmtree(old, ignore_errors=True)
    else:
        os.replace(beside, folder)


def _contents(folder: Path) -> dict[str, Any]:
    try:
        data = json.loads((folder / _CONTENTS).read_text(encoding="utf-8"))
        if data["format"] != _FORMAT or len(data["sha256"]) != data["parts"]:
            raise ValueError("unknown format")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MeshError(f"{folder} is not a readable mesh: {error}") from error
    return dict(data)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
