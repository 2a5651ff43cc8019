"""Current through an interface without resistance, from the nodal currents of the conductor beside it.

The trace of the gradient misses current where it is singular (three per cent of it beside a contact edge with
the default mesh). The residual of the conductor's own balance at the nodes of the interface does not: it is what
enters there, and its sum is the current exactly. Each nodal current is shared among the facets around the node
by area.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from dolfinx import fem, la

from fem import balance, compat
from fem.dissipation.conduction import Conduction
from fem.output.grids import simplex_measures
from fem.unknowns import Field

if TYPE_CHECKING:
    from fem.model import Model

Floats = npt.NDArray[np.float64]


class NodalFlux:
    """Facet means of the current that enters a resolved conductor through an interface.

    Args:
        model: the model; its state is read when `evaluate` is called.
        interface: ``a|b``.
        node: (layer, carrier) of the conductor, resolved, beside the interface.
    """

    def __init__(self, model: Model, interface: str, node: tuple[str, str]) -> None:
        geometry = self.geometry = model.geometry
        handle, term = model.handle(*node), model.conductors[node]
        assert isinstance(term, Conduction)
        assert isinstance(handle.carrier, Field)
        target = handle.carrier
        density = balance.charge(term, target.function, target.test)
        self.form: Any = geometry.entity_maps().form(geometry.integral(density, node[0]))
        rows = geometry.interface_entities(interface)
        side = 0 if node[0] == interface.split("|")[0] else 2
        cells, local = rows[:, side], rows[:, side + 1]
        self.space = target.space
        layout, tdim = self.space.dofmap.dof_layout, geometry.tdim
        closures = np.array([layout.entity_closure_dofs(tdim - 1, f) for f in range(tdim + 1)])
        inside = target.region.from_parent()[cells]
        self.dofs = np.take_along_axis(self.space.dofmap.list[inside], closures[local], axis=1)
        self.area = simplex_measures(self._corners(cells, local), geometry.axisymmetric)
        around = self._vector()
        np.add.at(around.array, self.dofs, self.area[:, None])
        self._sum(around)
        self.shares = self.area[:, None] / np.asarray(around.array)[self.dofs]

    def evaluate(self) -> Floats:
        """(owned facets,) mean current density into the conductor, in the order of `interface_entities`."""
        vector = self._vector()
        fem.assemble_vector(vector.array, self.form)
        self._sum(vector)
        nodal = np.real(np.asarray(vector.array))
        return np.asarray((self.shares * nodal[self.dofs]).sum(axis=1) / self.area, dtype=np.float64)

    def _vector(self) -> Any:
        return la.vector(self.space.dofmap.index_map, 1)

    @staticmethod
    def _sum(vector: Any) -> None:
        """Add the parts of all ranks; every rank then sees the sum."""
        vector.scatter_reverse(la.InsertMode.add)
        vector.scatter_forward()

    def _corners(self, cells: npt.NDArray[np.int32], local: npt.NDArray[np.int32]) -> Floats:
        """(facets, corners, gdim) coordinates of local facets of cells; facet i is opposite to vertex i."""
        mesh, tdim = self.geometry.mesh, self.geometry.tdim
        if tdim == 1:  # facet i of an interval is its vertex i
            keep = np.array([[0], [1]])
        else:
            keep = np.array([[v for v in range(tdim + 1) if v != f] for f in range(tdim + 1)])
        nodes = np.take_along_axis(compat.geometry_dofmap(mesh)[cells], keep[local], axis=1)
        return np.asarray(mesh.geometry.x[nodes][:, :, : self.geometry.gdim], dtype=np.float64)
