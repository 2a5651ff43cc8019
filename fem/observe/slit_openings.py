"""How far the two faces of a slit are apart along it, and where they overlap."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem
from dolfinx.mesh import entities_to_geometry
from mpi4py import MPI

from fem.observe.assembly import Assembly
from fem.unknowns import Field

__all__ = ["openings_along"]

Array = npt.NDArray[np.float64]


def openings_along(assembly: Assembly, faces: Iterable[str], pieces: int = 16) -> Array:
    """(pieces,) mean distance between the two faces of a slit in equal parts of its longest extent, m. Collective.

    Negative where the faces overlap; 0 in parts without facets.

    Args:
        assembly: at the solution. faces: both of them, ``<name>:lower`` and ``<name>:upper``. pieces: number of parts.
    """
    geometry, names = assembly.geometry, tuple(faces)
    mesh, normal = geometry.mesh, ufl.FacetNormal(geometry.mesh)
    axis, low, high = _longest(assembly, names[0])
    begin, end = (fem.Constant(mesh, 0.0) for _ in range(2))
    place = ufl.SpatialCoordinate(mesh)[axis]
    inside = ufl.conditional(ufl.And(ufl.ge(place, begin), ufl.lt(place, end)), 1.0, 0.0)

    def opening(unknown: Field) -> Any:
        return -inside * ufl.dot(unknown.total, normal)

    parts = [form for name in names for _, form in assembly.mechanics.on_side(opening, name)]
    areas = [geometry.outer_integral(inside * assembly.model.one, name) for name in names]
    compiled = geometry.entity_maps().form
    volume, area = compiled(sum(parts[1:], start=parts[0])), compiled(sum(areas[1:], start=areas[0]))
    found = np.zeros(pieces)
    for k in range(pieces):
        begin.value = low + k * (high - low) / pieces
        end.value = low + (k + 1) * (high - low) / pieces
        values = assembly.comm.allreduce(np.array([np.real(fem.assemble_scalar(x)) for x in (volume, area)]))
        found[k] = 2 * values[0] / values[1] if values[1] > 0 else 0.0
    return found


def _longest(assembly: Assembly, name: str) -> tuple[int, float, float]:
    """Axis along which facets reach furthest, and from where to where, metres. Collective."""
    geometry = assembly.geometry
    facets = geometry.facets(name)
    x = geometry.mesh.geometry.x
    # dolfinx divides by the number of entities: none on this rank is no question to ask
    nodes = entities_to_geometry(geometry.mesh, geometry.tdim - 1, facets) if len(facets) else facets
    points = x[np.asarray(nodes, dtype=np.int64).reshape(-1)][:, : geometry.gdim]
    low, high = np.empty(geometry.gdim), np.empty(geometry.gdim)
    geometry.comm.Allreduce(points.min(axis=0, initial=np.inf), low, op=MPI.MIN)
    geometry.comm.Allreduce(points.max(axis=0, initial=-np.inf), high, op=MPI.MAX)
    axis = int(np.argmax(high - low))
    return axis, float(low[axis]), float(high[axis])
