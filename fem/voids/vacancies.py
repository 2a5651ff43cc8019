"""Vacancies in lithium: injected where lithium leaves, absorbed by voids and by sinks in the bulk, quasi-steady.

The unknown w = Omega D_v (c_v - c_eq), in m^2/s, makes -grad w the volume of vacancies that passes per area and time.
Sinks (dislocations, boundaries of grains) keep c_eq; their mean free path for a vacancy is the sink length l:

    div grad w = w / l^2,   grad w.n = Omega i_n / F at the contact,   w = D* Omega / (R T) (P + gamma kappa) on voids,

n out of the lithium, D* the self-diffusivity, P the pressure on the sinks, gamma kappa that of capillarity: with w = 0
at the sinks, a void under pressure gives off vacancies even without current. Where vacancies vanish the lattice
shrinks: the flow loses the volume w / l^2. The displacement of lithium as a whole, v + grad w, keeps its volume.
Source: F. R. N. Nabarro (1948) and C. Herring, J. Appl. Phys. 21 (1950) 437 for the potentials; linear in c_v - c_eq.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import default_scalar_type, fem
from dolfinx.fem import petsc
from petsc4py import PETSc

from fem.compat import JIT_OPTIONS
from fem.voids.body import Body
from fem.voids.outline import CONTACT, VOID

Floats = npt.NDArray[np.float64]

__all__ = ["Vacancies"]


class Vacancies:
    """Field of vacancies on a body that may be moved between solutions.

    Args:
        body: the lithium. space: quadratic scalar space. weight: UFL factor of integrals. ds: its measure.
        sink_length: l, m. injected: `Function` of ``space``: volume injected per area and time at the contact, m/s.

    Attributes:
        field: `Function` w, m^2/s.
    """

    def __init__(self, body: Body, space: Any, weight: Any, ds: Any, sink_length: float, injected: Any) -> None:
        self.body, self.sink_length = body, sink_length
        self.field = fem.Function(space)
        rate = fem.Constant(body.mesh, default_scalar_type(sink_length**-2))
        w, q, p = ufl.TrialFunction(space), ufl.TestFunction(space), ufl.TestFunction(body.hats)
        tags = body.tagged.facets

        def bulk(u: Any, v: Any) -> Any:
            return (ufl.inner(ufl.grad(u), ufl.grad(v)) + rate * u * v) * weight * ufl.dx

        def gained(v: Any) -> Any:
            return injected * v * weight * ds(tags[CONTACT])

        self._matrix_form = fem.form(bulk(w, q), jit_options=JIT_OPTIONS)
        self._source_form = fem.form(gained(q), jit_options=JIT_OPTIONS)
        self._flux_form = fem.form(bulk(self.field, p) - gained(p), jit_options=JIT_OPTIONS)
        self._void = np.asarray(
            fem.locate_dofs_topological(space, 1, body.tagged.facets_of(VOID)) if VOID in tags else [], dtype=np.int32
        )
        self._value = fem.Function(space)
        self._pressure = fem.Function(body.hats)
        self._condition = fem.dirichletbc(self._value, self._void)
        self._ksp = PETSc.KSP().create(body.comm)
        self._ksp.setType("preonly")
        self._ksp.getPC().setType("lu")
        self._ksp.getPC().setFactorSolverType("mumps")

    def solve(self, at_voids: list[Floats]) -> None:
        """Find the field. Collective.

        Args:
            at_voids: w at the points of each arc, m^2/s.
        """
        self.body.spread(at_voids, self._pressure)
        self._value.interpolate(self._pressure)
        matrix = petsc.assemble_matrix(self._matrix_form, bcs=[self._condition])
        matrix.assemble()
        right = petsc.assemble_vector(self._source_form)
        petsc.apply_lifting(right, [self._matrix_form], bcs=[[self._condition]])
        right.ghostUpdate(addv=PETSc.InsertMode.ADD, mode=PETSc.ScatterMode.REVERSE)
        index_map = self.field.function_space.dofmap.index_map
        own = self._void[self._void < index_map.size_local]
        right.array[own] = self._value.x.array[own]
        self._ksp.setOperators(matrix)
        found = right.duplicate()
        self._ksp.solve(right, found)
        self.field.x.array[: index_map.size_local] = found.array
        self.field.x.scatter_forward()
        for thing in (matrix, right, found):
            thing.destroy()

    def destroy(self) -> None:
        """Free the solver (collective); the field is not solved again."""
        self._ksp.destroy()

    def absorbed(self) -> list[Floats]:
        """Integral of grad w.n times the hat function of each point of the arcs (the volume by which voids shrink).

        They are the nodal reactions, so that what is injected equals what voids and sinks absorb, to rounding.
        """
        vector = petsc.assemble_vector(self._flux_form)
        vector.ghostUpdate(addv=PETSc.InsertMode.ADD, mode=PETSc.ScatterMode.REVERSE)
        found = self.body.collect(np.asarray(vector.array, dtype=np.float64))
        vector.destroy()
        return found
