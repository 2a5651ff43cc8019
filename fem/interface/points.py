"""Quadrature points of an interface as degrees of freedom: where laws with a memory keep it.

A discontinuous element whose nodes are the points of a quadrature rule: on intervals Gauss-Legendre, on triangles the
interpolatory rule of warped points inside, whose weights are positive. A function of the space has at a point of the
rule the value of its node, so that a history is exact where the law is evaluated, on any number of ranks.
"""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import TYPE_CHECKING, Any

import basix
import basix.ufl
import numpy as np
import ufl
from dolfinx import fem, la

if TYPE_CHECKING:
    from fem.domains import Domains

__all__ = ["InterfacePoints", "Sampler"]

# the names that UFL gives to forms print the points of the rule: eight digits tell rules apart
warnings.filterwarnings("ignore", message="Applying str.. to a metadata value of type ndarray")


class InterfacePoints:
    """Space, rule and sampling on an interface (all parts of it).

    Args:
        geometry: regions and measures. name: ``a|b``. degree: of the polynomials in every facet, 1 to 3.
    """

    def __init__(self, geometry: Domains, name: str, degree: int = 3) -> None:
        self.geometry, self.name, self.degree = geometry, name, degree
        self.parts = geometry.parts(name)
        # in 1-D an interface is a point, and a function of the layer below has a node there
        self.region = (
            geometry.region((name.split("|")[0],)) if geometry.tdim == 1 else geometry.interface_mesh(*self.parts)
        )

    def _element(self, shape: tuple[int, ...]) -> Any:
        cell = self.region.mesh.topology.cell_name()
        if self.geometry.tdim == 1:
            return basix.ufl.element("Lagrange", cell, 1, shape=shape or None)
        variant = basix.LagrangeVariant.gl_isaac
        return basix.ufl.element(
            "Lagrange", cell, self.degree, lagrange_variant=variant, discontinuous=True, shape=shape or None
        )

    @cached_property
    def rule(self) -> dict[str, Any]:
        """Metadata of integrals."""
        if self.geometry.tdim == 1:
            return {"quadrature_degree": 1}
        kind = getattr(basix.CellType, self.region.mesh.topology.cell_name())
        variant = basix.LagrangeVariant.gl_isaac
        element = basix.create_element(
            basix.ElementFamily.P, kind, self.degree, lagrange_variant=variant, discontinuous=True
        )
        points, weights = basix.make_quadrature(kind, 2 * self.degree)
        own = weights @ element.tabulate(0, points)[0, :, :, 0]
        return {
            "quadrature_rule": "custom",
            "quadrature_degree": self.degree,
            "quadrature_points": element.points,
            "quadrature_weights": own,
        }

    def function(self, name: str, shape: tuple[int, ...] = ()) -> Any:
        """A function with a value at every point."""
        return fem.Function(fem.functionspace(self.region.mesh, self._element(shape)), name=name)

    def integral(self, density: Any, weighted: bool = True) -> Any:
        """Integral over all parts by the rule."""
        parts = [self.geometry.interface_integral(density, n, weighted, self.rule) for n in self.parts]
        return sum(parts[1:], start=parts[0])

    def sampler(self, expression: Any, space: Any) -> Sampler:
        """What evaluates a restricted expression at all points."""
        test = ufl.TestFunction(space)
        form = self.integral(ufl.inner(expression, test("+")), weighted=False)
        size = space.dofmap.index_map_bs
        one: Any = 1.0 if size == 1 and not test.ufl_shape else ufl.as_vector([1.0] * size)
        unit = self.integral(ufl.inner(one, test("+")), weighted=False)
        compiled = self.geometry.entity_maps().form
        return Sampler(space, compiled(form), compiled(unit))


class Sampler:
    """Values of an expression at the points, as the quotient of two vectors with one entry per point.

    Args:
        space: of the points. form: integral of the expression. unit: integral of one.
    """

    def __init__(self, space: Any, form: Any, unit: Any) -> None:
        self._form = form
        self._vector = la.vector(space.dofmap.index_map, space.dofmap.index_map_bs)
        self._unit = self._assembled(unit)

    def _assembled(self, form: Any) -> Any:
        self._vector.array[:] = 0.0
        fem.assemble_vector(self._vector.array, form)
        self._vector.scatter_reverse(la.InsertMode.add)
        self._vector.scatter_forward()
        return np.array(self._vector.array)

    def __call__(self) -> Any:
        """(owned and ghost entries,) values; 0 where there is no point. Collective."""
        there = self._unit != 0.0
        return np.where(there, self._assembled(self._form) / np.where(there, self._unit, 1.0), 0.0)
