"""The mesh of the lithium: made from the outline, moved harmonically with the points of its arcs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem
from dolfinx.fem import petsc
from mpi4py import MPI
from petsc4py import PETSc

from fem.compat import JIT_OPTIONS, geometry_dofmap, shared_facet_partitioner
from fem.voids.outline import VOID, Cell, Outline
from meshes.collective import on_root
from meshes.planar import planar_arrays
from meshes.tagged import TaggedMesh

Floats = npt.NDArray[np.float64]

__all__ = ["Body"]

LAYER = "lithium"


class Body:
    """Lithium between the walls of a cell and the arcs of its voids, distributed over the ranks.

    Args:
        comm: communicator. cell: the walls. arcs: of the voids; the same on all ranks.

    Attributes:
        cell, outline: as given, and what follows. tagged: the mesh.
        hats: linear scalar space.
    """

    def __init__(self, comm: Any, cell: Cell, arcs: Sequence[Floats]) -> None:
        self.comm, self.cell, self.outline = comm, cell, Outline.of(cell, arcs)
        arrays = on_root(comm, lambda: planar_arrays(self.outline.parts, LAYER))
        made = TaggedMesh.from_arrays(arrays, comm, shared_facet_partitioner())
        self.tagged = replace(made, dimension="axisymmetric" if cell.axisymmetric else "2")
        self.mesh = self.tagged.mesh
        self.arcs = tuple(np.array(arc) for arc in arcs)
        self._began = self.mesh.geometry.x.copy()
        self._began_arcs = self.arcs
        self.hats = fem.functionspace(self.mesh, ("Lagrange", 1))
        index_map = self.hats.dofmap.index_map
        number = index_map.size_local + index_map.num_ghosts
        nodes = np.zeros(number, dtype=np.int64)
        nodes[np.asarray(self.hats.dofmap.list).reshape(-1)] = np.asarray(geometry_dofmap(self.mesh)).reshape(-1)
        self._node = nodes
        original = np.asarray(self.mesh.geometry.input_global_indices, dtype=np.int64)[nodes]
        self._number = len(self.outline.points)
        self._dofs = np.flatnonzero(original < self._number)
        self._names = original[self._dofs]
        self._owned = self._dofs < index_map.size_local
        self._extension: _Extension | None = None

    # ------------------------------------------------------------------ values at the points of the outline
    def collect(self, values: Floats) -> list[Floats]:
        """Values at the points of each arc, on all ranks, from the dofs of the linear space on this one."""
        row = np.zeros(self._number)
        row[self._names[self._owned]] = values[self._dofs[self._owned]]
        whole = np.empty_like(row)
        self.comm.Allreduce(row, whole, op=MPI.SUM)
        return [whole[span] for span in self.outline.spans]

    def spread(self, values: Sequence[Floats], into: Any) -> None:
        """Set a `Function` of the linear space at the points of the arcs; elsewhere zero."""
        row = np.zeros(self._number)
        for span, value in zip(self.outline.spans, values, strict=True):
            row[span] = value
        into.x.array[:] = 0.0
        into.x.array[self._dofs] = row[self._names]

    # ------------------------------------------------------------------ motion
    def move(self, arcs: Sequence[Floats]) -> None:
        """Put the points of the arcs where `arcs` says; walls are stretched evenly, the inside follows. Collective."""
        if not self.arcs:
            return
        if self._extension is None:
            self._extension = _Extension(self)
        shift = fem.Function(self.hats)
        position = self._began.copy()
        for axis, row in enumerate(self._boundary_shift(arcs).T):
            shift.x.array[:] = 0.0
            shift.x.array[self._dofs] = row[self._names]
            self._extension.solve(shift)
            position[self._node, axis] += shift.x.array
        self.mesh.geometry.x[:] = position
        self.arcs = tuple(np.array(arc) for arc in arcs)

    def destroy(self) -> None:
        """Free what moves the mesh (collective); it is not moved again."""
        if self._extension is not None:
            self._extension.destroy()

    def _boundary_shift(self, arcs: Sequence[Floats]) -> Floats:
        """(m, 2) displacements of the points of the outline: linear along walls, from the ends of arcs to corners."""
        made = np.zeros((self._number, 2))
        given = np.zeros(self._number, dtype=bool)
        for span, new, old in zip(self.outline.spans, arcs, self._began_arcs, strict=True):
            made[span], given[span] = new - old, True
        first = 0
        for name, points in self.outline.parts:
            numbers = (first + np.arange(len(points))) % self._number
            first += len(points) - 1
            if name == VOID:
                continue
            along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
            share = (along / along[-1])[:, None]
            start, end = (made[numbers[k]] if given[numbers[k]] else np.zeros(2) for k in (0, -1))
            inner = (1 - share) * start + share * end
            made[numbers[1:-1]] = inner[1:-1]
        return made

    def quality(self) -> float:
        """Least ratio of the radii of inner and outer circle of a triangle, 1 for equal sides; below 0: turned over."""
        owned = self.mesh.topology.index_map(2).size_local
        a, b, c = (self.mesh.geometry.x[nodes, :2] for nodes in np.asarray(geometry_dofmap(self.mesh))[:owned].T)
        sides = [np.linalg.norm(p - q, axis=1) for p, q in ((a, b), (b, c), (c, a))]
        twice = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
        began = [self._began[nodes, :2] for nodes in np.asarray(geometry_dofmap(self.mesh))[:owned].T]
        p, q, r = began
        turned = np.sign((q - p)[:, 0] * (r - p)[:, 1] - (q - p)[:, 1] * (r - p)[:, 0])
        ratio = 4 * twice * turned * np.abs(twice) / (sides[0] * sides[1] * sides[2] * sum(sides))
        return float(self.comm.allreduce(float(np.min(ratio, initial=1.0)), op=MPI.MIN))


class _Extension:
    """A displacement, harmonic on the mesh as it was made, from its values on the outline."""

    def __init__(self, body: Body) -> None:
        space = body.hats
        u, v = ufl.TrialFunction(space), ufl.TestFunction(space)
        present = body.mesh.geometry.x.copy()
        body.mesh.geometry.x[:] = body._began
        form = fem.form(ufl.inner(ufl.grad(u), ufl.grad(v)) * ufl.dx, jit_options=JIT_OPTIONS)
        self._whole = petsc.assemble_matrix(form)
        self._whole.assemble()
        body.mesh.geometry.x[:] = present
        index_map = space.dofmap.index_map
        self._fixed = body._dofs[body._owned].astype(np.int32)
        reduced = self._whole.copy()
        reduced.zeroRowsColumns((self._fixed + index_map.local_range[0]).astype(np.int32), 1.0)
        self._ksp = PETSc.KSP().create(space.mesh.comm)
        self._ksp.setType("preonly")
        self._ksp.setOperators(reduced)
        self._ksp.getPC().setType("lu")
        self._ksp.getPC().setFactorSolverType("mumps")
        self._given, self._right = self._whole.createVecs()
        self._reduced = reduced

    def destroy(self) -> None:
        """Free everything (collective)."""
        for thing in (self._ksp, self._whole, self._reduced, self._given, self._right):
            thing.destroy()

    def solve(self, shift: Any) -> None:
        """Replace a `Function` that is given on the outline and zero elsewhere by its extension."""
        owned = len(self._given.array)
        self._given.array[:] = shift.x.array[:owned]
        self._whole.mult(self._given, self._right)
        self._right.scale(-1.0)
        self._right.array[self._fixed] = self._given.array[self._fixed]
        self._ksp.solve(self._right, self._given)
        shift.x.array[:owned] = self._given.array
        shift.x.scatter_forward()
