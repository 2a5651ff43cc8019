"""Functions on a layered mesh with a slit, filled with values that depend on the place and the step alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import basix.ufl
import numpy as np
from dolfinx import fem

from fem.compat import geometry_dofmap, shared_facet_partitioner
from fem.domains import Domains
from meshes.slit import open_slits
from meshes.tagged import TaggedMesh
from support.layered import layered_arrays

LAYERS = (("a", 1.0), ("b", 6.0), ("c", 0.5))
TIP = 0.5
"""The slit lies in a|b, from x = 0 to here."""

SHAPES = {"1": "interval", "2": "triangle", "3": "tetrahedron"}


def slit_stack(comm: Any, dimension: str, lateral: int = 2, across: tuple[int, ...] = (2, 6, 1)) -> Domains:
    """Three layers, the first two with a slit between them (not in 1-D): a tower, so that ranks miss whole layers."""
    arrays = None
    if comm.rank == 0:
        gaps = {} if dimension == "1" else {"a|b": lambda x: x[:, 0] < TIP}
        arrays = layered_arrays(dimension, LAYERS, 1.0, 1.0, lateral, across, gaps=gaps)
        if gaps:
            arrays = open_slits(arrays, {"slit": arrays.facet_names["a|b:gap"]})
    tagged = TaggedMesh.from_arrays(arrays, comm, shared_facet_partitioner())
    return Domains(replace(tagged, dimension=dimension))  # type: ignore[arg-type]


def functions(geometry: Domains) -> dict[str, Any]:
    """Fields as models have them: on the whole, on regions, on interfaces, in cells; two share a space."""
    tdim = geometry.tdim
    whole, low, thin = (geometry.region(names).mesh for names in (("a", "b", "c"), ("a", "b"), ("c",)))
    spaces = {
        "temperature": fem.functionspace(whole, ("Lagrange", 1)),
        "displacement": fem.functionspace(low, ("Lagrange", 2, (geometry.gdim,))),
        "salt": fem.functionspace(thin, ("Lagrange", 1)),
        "cubic": fem.functionspace(low, ("Lagrange", 3)),
        "flux": fem.functionspace(thin, ("Discontinuous Lagrange", 1)),
        "history": fem.functionspace(low, basix.ufl.quadrature_element(SHAPES[str(tdim)], (3,), degree=2)),
        "thickness": fem.functionspace(geometry.interface_mesh("b|c").mesh, ("Discontinuous Lagrange", 0)),
    }
    if tdim > 1:
        facets = geometry.interface_mesh("a|b").mesh
        spaces["inner potential"] = fem.functionspace(facets, ("Lagrange", 2))
        spaces["gap history"] = fem.functionspace(facets, basix.ufl.quadrature_element(SHAPES[str(tdim - 1)], degree=2))
    made = {name: fem.Function(space, name=name.replace(" ", "_")) for name, space in spaces.items()}
    return made | {"rate of displacement": fem.Function(spaces["displacement"], name="rate")}


def fill(functions: dict[str, Any], step: int) -> None:
    """Give every function its values at a step, ghosts included."""
    for name, function in functions.items():
        function.x.array[:] = values(name, function, step)


def values(name: str, function: Any, step: int) -> Any:
    """Values of all local degrees of freedom. Rounded: the same bits on whatever rank they are computed."""
    space = function.function_space
    x = space.tabulate_dof_coordinates()
    side = _side(space, x) if space.mesh.topology.dim > 1 and len(x) else np.zeros(len(x))
    components = np.arange(space.dofmap.index_map_bs)
    phase = x @ (3.1, 1.7, 2.3)[: x.shape[1]] + 0.37 * step + 0.11 * len(name)
    found = np.sin(phase)[:, None] * (1 + components) + 5.0 * side[:, None]
    return np.round(found, 7).reshape(-1) / 3.0


def _side(space: Any, x: Any) -> Any:
    """(dofs,) 1 above and -1 below the slit on its faces, which lie in the same place; 0 elsewhere."""
    mesh, height = space.mesh, LAYERS[0][1]
    stacking = mesh.geometry.dim - 1
    if mesh.topology.dim < mesh.geometry.dim:
        return np.zeros(len(x))
    middle = mesh.geometry.x[geometry_dofmap(mesh)].mean(axis=1)[:, stacking]
    cells = np.repeat(middle > height, space.dofmap.dof_layout.num_dofs)
    side = np.zeros(len(x))
    side[np.asarray(space.dofmap.list).reshape(-1)] = np.where(cells, 1.0, -1.0)
    on_slit = (np.abs(x[:, stacking] - height) < 1e-9) & (x[:, 0] < TIP - 1e-9)
    return np.where(on_slit, side, 0.0)
