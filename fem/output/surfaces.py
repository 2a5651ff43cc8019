"""Surfaces within a model that nothing passes: walls of voids, parts of interfaces without contact, slits.

They are small against the model and the same at all operating points: one file, written once by rank 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fem import compat
from fem.interface.names import FACES

if TYPE_CHECKING:
    from fem.domains import Domains

Floats = npt.NDArray[np.float64]

SURFACES = "surfaces.npz"


def surface_kind(name: str) -> str | None:
    """What a group of facets is: ``void``, ``gap``, ``slit`` (one face stands for both), or None."""
    if name.startswith("void|"):
        return "void"
    if name.endswith(":gap"):
        return "gap"
    return "slit" if name.endswith((":lower", FACES)) else None


def bare_surfaces(geometry: Domains) -> dict[str, Floats]:
    """Name -> corners (facets, corners, gdim) in metres on rank 0, empty elsewhere. Collective.

    Groups without facets are left out.
    """
    tdim, gdim = geometry.tdim, geometry.gdim
    names = [n for n in geometry.tagged.facets if surface_kind(n) is not None]
    if tdim == 1 or not names:
        return {}
    mesh = geometry.mesh
    mesh.topology.create_connectivity(tdim, tdim - 1)
    mesh.topology.create_connectivity(tdim - 1, tdim)
    owned = mesh.topology.index_map(tdim - 1).size_local
    cell_of = mesh.topology.connectivity(tdim - 1, tdim)
    facets_of = mesh.topology.connectivity(tdim, tdim - 1).array.reshape(-1, tdim + 1)
    nodes_of = compat.geometry_dofmap(mesh)
    # facet i of a simplex is opposite to its corner i
    others = np.array([[k for k in range(tdim + 1) if k != i] for i in range(tdim + 1)])
    own = {}
    for name in names:
        facets = geometry.facets(name)
        facets = facets[facets < owned]
        cells = cell_of.array[cell_of.offsets[facets]]
        local = np.argmax(facets_of[cells] == facets[:, None], axis=1)
        nodes = np.take_along_axis(np.asarray(nodes_of[cells]), others[local], axis=1)
        own[name] = np.asarray(mesh.geometry.x[nodes][:, :, :gdim], dtype=np.float64)
    parts = geometry.comm.gather(own, root=0)
    if parts is None:
        return {}
    found = {name: np.concatenate([part[name] for part in parts]) for name in names}
    return {name: corners for name, corners in found.items() if len(corners)}


def surface_entries(found: Mapping[str, Floats]) -> list[dict[str, Any]]:
    """Entries of bare surfaces in the table of contents.

    Keys: ``name`` of the facets (of a slit: its own), ``kind``, ``file`` and ``key`` of the corners in it.
    """
    names = [name.removesuffix(":lower").removesuffix(FACES) for name in found]
    kinds = [surface_kind(name) for name in found]
    return [
        {"name": name, "kind": kind, "file": SURFACES, "key": f"corners_{k}"}
        for k, (name, kind) in enumerate(zip(names, kinds, strict=True))
    ]


def save_surfaces(folder: Path, found: Mapping[str, Floats]) -> None:
    """Write the corners of bare surfaces under the keys of their entries.

    Raises:
        OSError: the file cannot be written.
    """
    arrays: dict[str, Any] = {f"corners_{k}": corners for k, corners in enumerate(found.values())}
    with (folder / SURFACES).open("wb") as stream:
        np.savez(stream, **arrays)
