"""Expressions of fields on several submeshes, brought to one mesh: pointwise evaluation knows one mesh only."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem
from ufl.algorithms import extract_coefficients
from ufl.algorithms.analysis import extract_constants

from fem.compat import SubMesh
from fem.domains import Domains
from fem.kinematics import without_variables

__all__ = ["on_one_mesh"]


def on_one_mesh(geometry: Domains, expression: Any, target: SubMesh, cells: npt.NDArray[np.int32]) -> Any:
    """The expression with all its functions, constants and coordinates on one mesh, without ``ufl.variable``.

    Args:
        geometry: of the model.
        expression: UFL, of functions on any regions of the model.
        target: a region of the model.
        cells: of the parent mesh, where the result is to be evaluated; elsewhere it means nothing.
    """
    flat = without_variables(expression)
    regions = {id(geometry.mesh): None} | {id(region.mesh): region for region in geometry.regions}
    inside = target.from_parent()[cells]
    changed: dict[Any, Any] = {}
    for coefficient in extract_coefficients(flat):
        space = coefficient.function_space
        if space.mesh is target.mesh:
            continue
        region = regions[id(space.mesh)]
        there = cells if region is None or region.trivial else region.from_parent()[cells]
        known = there >= 0
        copy = fem.Function(fem.functionspace(target.mesh, space.ufl_element()))
        source, here = np.ascontiguousarray(there[known]), np.ascontiguousarray(inside[known])
        copy.interpolate(coefficient, cells0=source, cells1=here)
        changed[coefficient] = copy
    for constant in extract_constants(flat):
        if constant.ufl_domain() is not target.mesh.ufl_domain():
            changed[constant] = fem.Constant(target.mesh, np.array(constant.value))
    for domain in {geometry.mesh.ufl_domain(), *(region.mesh.ufl_domain() for region in geometry.regions)}:
        if domain is not target.mesh.ufl_domain():
            changed[ufl.SpatialCoordinate(domain)] = ufl.SpatialCoordinate(target.mesh)
    return ufl.replace(flat, changed) if changed else flat
