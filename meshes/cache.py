"""A cache of meshes keyed by what they are made from: same stack and sizes, same file."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from meshes.arrays import MeshArrays
from meshes.problems import MeshError
from meshes.sizes import MeshSizes
from meshes.stack import Stack

__all__ = ["GENERATOR_VERSION", "load_arrays", "mesh_key", "save_arrays"]

#: Raise when the same input gives another mesh than before: old cache files are then not found any more.
GENERATOR_VERSION = 8
_FORMAT = "ssbfem-mesh-1"


def stack_plain(stack: Stack) -> dict[str, Any]:
    """The stack as plain data, features with their type."""
    data = asdict(stack)
    if not stack.periodic:
        data.pop("periodic")  # older files are still found
    data["features"] = [{"type": type(f).__name__, **asdict(f)} for f in stack.features]  # type: ignore[call-overload]
    return data


def mesh_key(stack: Stack, sizes: MeshSizes, generator: str) -> str:
    """SHA-256 over canonical JSON of stack, sizes, and versions (materials and labels do not enter)."""
    data = stack_plain(stack)
    for layer in data["layers"]:
        layer.pop("material")
    for feature, plain in zip(stack.features, data["features"], strict=True):
        if not feature.regions(stack) and not feature.slits(stack):
            plain.pop("name")  # a label only
    content = {"stack": data, "sizes": sizes.plain(), "version": GENERATOR_VERSION, "generator": generator}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def save_arrays(arrays: MeshArrays, path: Path) -> None:
    """Write `arrays` to `path` (npz): beside it first, then renamed, so that no reader sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header = json.dumps({"format": _FORMAT, "layers": dict(arrays.layers), "facet_names": dict(arrays.facet_names)})
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(
                file,
                header=np.frombuffer(header.encode(), dtype=np.uint8),
                points=arrays.points,
                cells=arrays.cells,
                cell_tags=arrays.cell_tags,
                facets=arrays.facets,
                facet_tags=arrays.facet_tags,
            )
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def load_arrays(path: Path) -> MeshArrays:
    """Read what `save_arrays` wrote.

    Raises:
        MeshError: the file is missing, damaged, or something else.
    """
    try:
        with np.load(path, allow_pickle=False) as data:
            header = json.loads(bytes(data["header"]).decode())
            if header["format"] != _FORMAT:
                raise MeshError(f"{path} is not a mesh of this version")
            arrays = MeshArrays(
                data["points"],
                data["cells"],
                data["cell_tags"],
                data["facets"],
                data["facet_tags"],
                {str(k): int(v) for k, v in header["layers"].items()},
                {str(k): int(v) for k, v in header["facet_names"].items()},
            )
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        raise MeshError(f"{path} cannot be read as a mesh: {error}") from error
    arrays.check()
    return arrays
