"""Meshes from elsewhere, through meshio."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from meshes.arrays import MeshArrays
from meshes.problems import MeshError

__all__ = ["arrays_from_meshio"]

_KINDS = ("vertex", "line", "triangle", "tetra")


def arrays_from_meshio(
    path: Path, layers: Mapping[str, int] | None = None, facets: Mapping[str, int] | None = None
) -> MeshArrays:
    """Arrays of a file that meshio reads: its simplices of highest dimension, tagged.

    Args:
        path: the file; coordinates are metres.
        layers: name -> cell tag. facets: name -> facet tag. Default: the names in the file.

    Raises:
        MeshError: unreadable file, other cells than straight simplices, cells without a tag or a name.
    """
    import meshio

    try:
        data = meshio.read(path)
    # meshio answers a broken file with whatever its parsers raise, and with SystemExit for an unknown suffix
    except (Exception, SystemExit) as error:
        raise MeshError(f"{path} cannot be read as a mesh: {error}") from error
    present = {block.type for block in data.cells if len(block.data)}
    unknown = present - set(_KINDS)
    if unknown:
        raise MeshError(f"{path} has cells of kinds that cannot be used: {', '.join(sorted(unknown))}")
    tdim = max((_KINDS.index(kind) for kind in present), default=0)
    if tdim == 0:
        raise MeshError(f"{path} has no cells")
    cells, cell_tags = _blocks(data, _KINDS[tdim], tdim + 1)
    faces, face_tags = _blocks(data, _KINDS[tdim - 1], tdim)
    marked = face_tags > 0
    names = data.field_data
    layers = _names(names, tdim, cell_tags) if layers is None else layers
    facets = _names(names, tdim - 1, face_tags[marked]) if facets is None else facets
    wanted = np.isin(face_tags, list(facets.values())) & marked
    used = np.zeros(len(data.points), dtype=bool)
    used[cells] = True
    if not used[faces[wanted]].all():
        raise MeshError(f"{path} has tagged facets that belong to no cell")
    number = np.cumsum(used) - 1
    points = np.asarray(data.points, dtype=np.float64)[used]
    gdim = tdim if points.shape[1] >= tdim and not np.any(points[:, tdim:]) else points.shape[1]
    arrays = MeshArrays(
        np.ascontiguousarray(points[:, :gdim]),
        number[cells],
        cell_tags.astype(np.int32),
        number[faces[wanted]],
        face_tags[wanted].astype(np.int32),
        dict(layers),
        dict(facets),
    )
    arrays.check()
    return arrays


def _blocks(data: Any, kind: str, width: int) -> tuple[Any, Any]:
    """Cells (m, width) of one kind, and their tags (m,): 0 where there is none."""
    key = next((k for k in ("gmsh:physical", "cell_tags", "medit:ref", "name_to_read") if k in data.cell_data), None)
    cells: list[Any] = [np.zeros((0, width), dtype=np.int64)]
    tags: list[Any] = [np.zeros(0, dtype=np.int64)]
    for i, block in enumerate(data.cells):
        if block.type == kind:
            cells.append(np.asarray(block.data, dtype=np.int64))
            values = np.zeros(len(block.data)) if key is None else data.cell_data[key][i]
            tags.append(np.asarray(values).astype(np.int64))
    return np.concatenate(cells), np.concatenate(tags)


def _names(field_data: Mapping[str, Any], dim: int, tags: Any) -> dict[str, int]:
    """Names in the file of the tags that occur; a tag without one is called by its number."""
    known = {int(tag): str(name) for name, (tag, of) in field_data.items() if int(of) == dim}
    return {known.get(t, f"tag {t}"): t for t in np.unique(tags).tolist()}
