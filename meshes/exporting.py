"""Meshes and fields for other programs, through meshio."""

from __future__ import annotations

import contextlib
import io
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from meshes.arrays import MeshArrays
from meshes.problems import MeshError

__all__ = ["mesh_of_arrays", "write_meshio"]

_KINDS = {0: "vertex", 1: "line", 2: "triangle", 3: "tetra"}
#: Of the formats that meshio knows by these endings, the one that keeps names and tags.
_FORMATS = {".msh": "gmsh22"}
#: How meshio says that it leaves out cells, not only data.
_LOST_CELLS = re.compile(r"only write \w+ cells|([Ss]kipping|[Dd]iscarding)(?!.*data array)")
_SEVERAL_FILES = (".xdmf",)  # beside them the data lie in a file of the same name


def mesh_of_arrays(arrays: MeshArrays, cell_data: Mapping[str, npt.NDArray[Any]] | None = None) -> Any:
    """A `meshio.Mesh` of cells and named facets; tags as ``gmsh:physical`` and ``region``, names as physical groups.

    Args:
        arrays: the mesh. cell_data: name -> values (m,) or (m, components) of the cells; facets get none.
    """
    import meshio

    tdim = arrays.tdim
    blocks = [(_KINDS[tdim], arrays.cells)]
    tags = [arrays.cell_tags.astype(np.int32)]
    facets = np.flatnonzero(np.isin(arrays.facet_tags, list(arrays.facet_names.values())))
    if len(facets):
        # facets and cells are numbered apart, but many formats have one numbering for both
        shift = max(arrays.layers.values())
        blocks.append((_KINDS[tdim - 1], arrays.facets[facets]))
        tags.append(arrays.facet_tags[facets].astype(np.int32) + np.int32(shift))
        names = {name: np.array([tag + shift, tdim - 1]) for name, tag in arrays.facet_names.items()}
    else:
        names = {}
    names |= {name: np.array([tag, tdim]) for name, tag in arrays.layers.items()}
    data: dict[str, list[Any]] = {"gmsh:physical": tags, "gmsh:geometrical": tags, "region": tags}
    for name, values in (cell_data or {}).items():
        values = np.asarray(values)
        rest = np.full((len(facets), *values.shape[1:]), np.nan if values.dtype.kind == "f" else -1, values.dtype)
        data[name] = [values, rest] if len(facets) else [values]
    return meshio.Mesh(_spatial(arrays.points), blocks, cell_data=data, field_data=names)


def write_meshio(mesh: Any, path: Path) -> str:
    """Write a `meshio.Mesh` in the format that the ending of `path` says; the file appears whole.

    Returns what meshio had to say, such as data that the format has no place for.

    Raises:
        MeshError: unknown ending, or cells that the format cannot hold.
        OSError: the file cannot be written.
    """
    import meshio

    path = Path(path)
    known = meshio.extension_to_filetypes
    suffix = next((s for s in ("".join(path.suffixes[i:]) for i in range(len(path.suffixes))) if s in known), None)
    if suffix is None:
        raise MeshError(f"{path}: no format has this ending; there are {', '.join(sorted(known))}")
    kind = _FORMATS.get(suffix, known[suffix][0])
    mesh = _with_one_name(mesh, kind == "gmsh22")
    beside = path if suffix in _SEVERAL_FILES else path.with_name(f".{secrets.token_hex(4)}{path.name}")
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            mesh.write(beside, file_format=kind)
        remarks = " ".join(said.getvalue().split())
        if _LOST_CELLS.search(remarks):
            raise MeshError(f"{path} cannot be written as {kind}: {remarks}")
        if beside != path:
            os.replace(beside, path)
        return remarks
    except (OSError, MeshError):
        raise
    # meshio raises whatever its writers do, and SystemExit for some
    except (Exception, SystemExit) as error:
        text = str(error) or " ".join(said.getvalue().split()) or type(error).__name__
        raise MeshError(f"{path} cannot be written as {kind}: {text}") from error
    finally:
        if beside != path:
            beside.unlink(missing_ok=True)


def _with_one_name(mesh: Any, gmsh: bool) -> Any:
    """The same mesh with its tags under Gmsh's names, or else under one that every program reads."""
    import meshio

    data = {k: v for k, v in mesh.cell_data.items() if (k != "region" if gmsh else not k.startswith("gmsh:"))}
    return meshio.Mesh(mesh.points, mesh.cells, point_data=mesh.point_data, cell_data=data, field_data=mesh.field_data)


def _spatial(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    full = np.zeros((len(points), 3))
    full[:, : points.shape[1]] = points
    return full
