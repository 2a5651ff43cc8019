"""Current through an electrolyte below the lithium into its contact, with linear kinetics there.

Lithium is an equipotential. The electrolyte is a layer of given depth with a reference of constant potential at its
bottom, insulated sides and voids. Its mesh is stretched along the interface when the lines of contact move.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import default_scalar_type, fem
from dolfinx.fem import petsc
from petsc4py import PETSc

from fem.compat import JIT_OPTIONS, shared_facet_partitioner
from fem.voids.outline import CONTACT
from meshes.collective import on_root
from meshes.planar import planar_arrays
from meshes.tagged import TaggedMesh

Floats = npt.NDArray[np.float64]

__all__ = ["Electrolyte", "Focusing"]

_FINEST = 0.02
_GROWTH = 0.2


@dataclass(frozen=True)
class Electrolyte:
    """Attributes: conductivity in S/m; resistance of charge transfer in ohm m^2 (positive); depth in m."""

    conductivity: float
    resistance: float
    depth: float


class Focusing:
    """Distribution of the current over the contact.

    Args:
        comm: communicator. electrolyte: its properties.
        borders: (2 k,) places on the interface where contact begins and ends, in order: contact lies between the
            first and the second, the third and the fourth, and so on. m.
        width: of the interface, from 0. axisymmetric: 0 is the axis.
    """

    def __init__(
        self, comm: Any, electrolyte: Electrolyte, borders: Sequence[float], width: float, axisymmetric: bool
    ) -> None:
        self.comm, self.electrolyte, self.width = comm, electrolyte, width
        self._anchors = self._anchored(borders)
        parts = _outline(self._anchors, width, electrolyte.depth, list(borders))
        tagged = TaggedMesh.from_arrays(
            on_root(comm, lambda: planar_arrays(parts, "electrolyte")), comm, shared_facet_partitioner()
        )
        self.mesh = tagged.mesh
        self._began = self.mesh.geometry.x.copy()
        space = fem.functionspace(self.mesh, ("Lagrange", 2))
        x = ufl.SpatialCoordinate(self.mesh)
        weight: Any = 2 * ufl.pi * x[0] if axisymmetric else 1.0
        ds = ufl.Measure("ds", domain=self.mesh, subdomain_data=tagged.facet_tags)(tagged.facets[CONTACT])
        u, v = ufl.TrialFunction(space), ufl.TestFunction(space)
        sigma, conductance = (
            fem.Constant(self.mesh, default_scalar_type(value))
            for value in (electrolyte.conductivity, 1 / electrolyte.resistance)
        )
        bulk = sigma * ufl.inner(ufl.grad(u), ufl.grad(v)) * weight * ufl.dx + conductance * u * v * weight * ds
        self._forms = [fem.form(f, jit_options=JIT_OPTIONS) for f in (bulk, conductance * v * weight * ds)]
        held = fem.locate_dofs_topological(space, 1, tagged.facets_of("bottom"))
        self._held = fem.dirichletbc(default_scalar_type(0.0), held, space)
        self._potential = fem.Function(space)
        self._total = fem.form(conductance * (1 - self._potential) * weight * ds, jit_options=JIT_OPTIONS)
        self._dofs = np.asarray(fem.locate_dofs_topological(space, 1, tagged.facets_of(CONTACT)), dtype=np.int32)
        self._dofs = self._dofs[self._dofs < space.dofmap.index_map.size_local]
        self._ksp = PETSc.KSP().create(comm)
        self._ksp.setType("preonly")
        self._ksp.getPC().setType("lu")
        self._ksp.getPC().setFactorSolverType("mumps")

    def _anchored(self, borders: Sequence[float]) -> Floats:
        return np.asarray(np.unique([0.0, *borders, self.width]), dtype=np.float64)

    def current(self) -> float:
        """Current at 1 V in the last distribution, A (plane: A/m); on meshes that resolve the edges."""
        return float(self.comm.allreduce(fem.assemble_scalar(self._total)))

    def destroy(self) -> None:
        """Free the solver (collective); the distribution is not asked for again."""
        self._ksp.destroy()

    def distribution(self, borders: Sequence[float]) -> tuple[Floats, Floats]:
        """Places (k,) on the contact, in order, and the current density there for 1 V across everything, A/m^2.

        Args:
            borders: as before, where they are now; as many as before.
        """
        places = self._began.copy()
        places[:, 0] = np.interp(places[:, 0], self._anchors, self._anchored(borders))
        self.mesh.geometry.x[:] = places
        matrix = petsc.assemble_matrix(self._forms[0], bcs=[self._held])
        matrix.assemble()
        right = petsc.assemble_vector(self._forms[1])
        petsc.apply_lifting(right, [self._forms[0]], bcs=[[self._held]])
        right.ghostUpdate(addv=PETSc.InsertMode.ADD, mode=PETSc.ScatterMode.REVERSE)
        petsc.set_bc(right, [self._held])
        self._ksp.setOperators(matrix)
        found = right.duplicate()
        self._ksp.solve(right, found)
        owned = self._potential.function_space.dofmap.index_map.size_local
        self._potential.x.array[:owned] = found.array
        self._potential.x.scatter_forward()
        own = self._potential.function_space.tabulate_dof_coordinates()[self._dofs, 0]
        value = (1.0 - found.array[self._dofs]) / self.electrolyte.resistance
        for thing in (matrix, right, found):
            thing.destroy()
        x = np.concatenate(self.comm.allgather(own))
        i = np.concatenate(self.comm.allgather(np.asarray(value)))
        order = np.argsort(x, kind="stable")
        return x[order], i[order]


def _outline(anchors: Floats, width: float, depth: float, borders: list[float]) -> list[tuple[str, Floats]]:
    """Outline of the electrolyte from its lower left corner, counter-clockwise, fine where contact ends."""
    inner = [b for b in borders if 1e-9 * width < b < (1 - 1e-9) * width]
    least = min(np.diff(anchors).min() / 3, _FINEST * width)

    def line(start: tuple[float, float], end: tuple[float, float]) -> Floats:
        share = np.linspace(0.0, 1.0, 400)
        places = np.array(start) + share[:, None] * (np.array(end) - np.array(start))
        distance = np.min([np.hypot(places[:, 0] - b, places[:, 1]) for b in inner], axis=0) if inner else width / 6
        size = np.minimum(least + _GROWTH * distance, width / 6) if inner else np.full(len(share), width / 6)
        density = float(np.hypot(*(np.array(end) - np.array(start)))) / size
        total = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(share))])
        at = np.interp(np.linspace(0.0, total[-1], max(1, int(np.ceil(total[-1]))) + 1), total, share)
        return np.asarray(np.array(start) + at[:, None] * (np.array(end) - np.array(start)))

    parts = [("bottom", line((0.0, -depth), (width, -depth))), ("right", line((width, -depth), (width, 0.0)))]
    touching = {(round(a / width, 9), round(b / width, 9)) for a, b in zip(borders[::2], borders[1::2], strict=True)}
    for high, low in zip(anchors[:0:-1], anchors[-2::-1], strict=True):
        name = CONTACT if (round(low / width, 9), round(high / width, 9)) in touching else "bare"
        parts.append((name, line((float(high), 0.0), (float(low), 0.0))))
    parts.append(("left", line((0.0, 0.0), (0.0, -depth))))
    return parts
