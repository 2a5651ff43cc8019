"""Current through an interface without resistance, from the nodal currents of the conductor beside it.

The trace of the gradient misses current where it is singular (three per cent of it beside a contact edge with
the default mesh). The residual of the conductor's own balance at the nodes of the interface does not: it is what
enters there, and its sum is the current exactly. Each nodal current is shared among the facets around the node
as that of a uniform current would be.
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


# (corners, basis functions) of a facet -> integrals of the basis functions times those that are 1 at a corner,
# over the measure of the facet; closure dofs come corners first
_TABLES: dict[tuple[int, int], Floats] = {
    (1, 1): np.ones((1, 1)),
    (2, 2): np.array([[1 / 3, 1 / 6], [1 / 6, 1 / 3]]),
    (2, 3): np.array([[1 / 6, 0], [0, 1 / 6], [1 / 3, 1 / 3]]),
    (3, 3): np.full((3, 3), 1 / 12) + np.eye(3) / 12,
    (3, 6): np.vstack([np.zeros((3, 3)), np.full((3, 3), 1 / 9)]),
}


def _basis_integrals(corners: Floats, functions: int, axisymmetric: bool) -> Floats:
    """(facets, functions) integrals of the basis functions, with 2 pi r when axisymmetric."""
    count = corners.shape[1]
    table = _TABLES.get((count, functions), np.full((functions, count), 1 / (functions * count)))
    weight = 2 * np.pi * corners[:, :, 0] if axisymmetric else np.ones(corners.shape[:2])
    return np.asarray(simplex_measures(corners, False)[:, None] * (weight @ table.T))


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
        density = balance.charge(term, target.total, target.test)
        self.form: Any = geometry.entity_maps().form(geometry.integral(density, node[0]))
        rows = geometry.interface_entities(interface)
        side = 0 if node[0] == interface.split("|")[0] else 2
        cells, local = rows[:, side], rows[:, side + 1]
        self.space = target.space
        layout, tdim = self.space.dofmap.dof_layout, geometry.tdim
        closures = np.array([layout.entity_closure_dofs(tdim - 1, f) for f in range(tdim + 1)])
        inside = target.region.from_parent()[cells]
        self.dofs = np.take_along_axis(self.space.dofmap.list[inside], closures[local], axis=1)
        corners = self._corners(cells, local)
        self.area = simplex_measures(corners, geometry.axisymmetric)
        uniform = self._around(_basis_integrals(corners, self.dofs.shape[1], geometry.axisymmetric))
        plain = self._around(np.repeat(self.area[:, None], self.dofs.shape[1], axis=1))
        # the corner functions of quadratic triangles have no integral: those nodes go by area
        self.shares = np.where(np.isfinite(uniform), uniform, plain)

    def evaluate(self) -> Floats:
        """(owned facets,) mean current density into the conductor, in the order of `interface_entities`."""
        vector = self._vector()
        fem.assemble_vector(vector.array, self.form)
        self._sum(vector)
        nodal = np.real(np.asarray(vector.array))
        return np.asarray((self.shares * nodal[self.dofs]).sum(axis=1) / self.area, dtype=np.float64)

    def _around(self, weights: Floats) -> Floats:
        """(facets, dofs) weights over their sums around the nodes; not a number where the sum vanishes."""
        total = self._vector()
        np.add.at(total.array, self.dofs, weights)
        self._sum(total)
        around = np.real(np.asarray(total.array))[self.dofs]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(np.abs(around) > 1e-9 * self.area[:, None], weights / around, np.nan)

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
