"""Errors against an exact solution, observed orders of convergence, values at nodes and on facets."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import dolfinx
import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem

from fem.compat import SubMesh
from fem.model import Model
from fem.observe.one_mesh import on_one_mesh

QUADRATURE_DEGREE = 8
Floats = npt.NDArray[np.float64]


def integrate(model: Model, form: Any) -> float:
    """Value of a scalar UFL form on the parent mesh, summed over all ranks."""
    local = fem.assemble_scalar(model.geometry.entity_maps().form(form))
    return float(model.geometry.comm.allreduce(np.real(local)))


def relative_errors(model: Model, value: Any, exact: Callable[[Any], Any], layer: str) -> tuple[float, float]:
    """Errors of `value` in a layer in L2 and in the seminorm of H1, relative to the exact solution.

    Args:
        model: solved model.
        value: UFL expression, e.g. ``model.handle("a", "ionic").value(None)``.
        exact: UFL exact solution as a function of the UFL coordinate.
        layer: where.
    """
    geometry = model.geometry
    truth = exact(ufl.SpatialCoordinate(geometry.mesh))
    # the degree that UFL would estimate for an exact solution with roots and powers is beyond all use
    metadata = {"quadrature_degree": QUADRATURE_DEGREE}
    cells = geometry.tagged.cell_tags
    measure = ufl.Measure("dx", domain=geometry.mesh, subdomain_data=cells, metadata=metadata)
    weight, tag = geometry.weight(), geometry.layer_tag(layer)
    norms, slope = [], ufl.grad(truth)
    for difference, reference in ((value - truth, truth), (ufl.grad(value) - slope, slope)):
        error, size = (integrate(model, weight * ufl.inner(v, v) * measure(tag)) for v in (difference, reference))
        norms.append(math.sqrt(error / size))
    return norms[0], norms[1]


def observed_orders(sizes: Sequence[float], errors: Sequence[float]) -> list[float]:
    """Order of convergence between consecutive mesh sizes."""
    return [math.log(errors[k] / errors[k + 1]) / math.log(sizes[k] / sizes[k + 1]) for k in range(len(sizes) - 1)]


def require_order(
    what: str, sizes: Sequence[float], errors: Sequence[float], expected: float, tolerance: float = 0.1
) -> None:
    """Fail unless the order observed on the two finest meshes is the expected one."""
    orders = observed_orders(sizes, errors)
    text = f"{what}: orders {[f'{o:.3f}' for o in orders]}, expected {expected}, errors {errors}"
    assert abs(orders[-1] - expected) <= tolerance, text


def sampled(model: Model, expression: Any, layer: str, shrink: float = 0.8) -> Floats:
    """Values (points, components) of an expression inside the cells of a layer, near their vertices.

    One compilation for all components, unlike integrals.

    Args:
        model: solved model. expression: UFL expression. layer: where.
        shrink: 1 puts the points on the vertices, 0 all into the middle of the cell.
    """
    mesh = model.geometry.mesh
    dim = mesh.topology.dim
    corners = np.vstack([np.zeros(dim), np.eye(dim)])
    points = shrink * corners + (1 - shrink) * corners.mean(axis=0)
    cells = np.asarray(model.tagged.cells(layer), dtype=np.int32)
    target = SubMesh(mesh, mesh, dim, np.arange(len(model.geometry.cell_values), dtype=np.int32))
    values = fem.Expression(on_one_mesh(model.geometry, expression, target, cells), points).eval(mesh, cells)
    return np.asarray(values, dtype=np.float64).reshape(len(cells) * (dim + 1), -1)


def nodal_values(model: Model, expression: Any, layer: str) -> tuple[Floats, Floats]:
    """Values of a discontinuous scalar at the vertices of a layer, averaged over the cells around each.

    Only for serial models.

    Returns:
        vertices (n, gdim) and values (n,).
    """
    mesh = model.geometry.mesh
    assert mesh.comm.size == 1
    values = sampled(model, expression, layer, shrink=1.0).reshape(-1)
    cells = np.asarray(model.tagged.cells(layer), dtype=np.int32)
    nodes = dolfinx.mesh.entities_to_geometry(mesh, mesh.topology.dim, cells).reshape(-1)
    total = np.bincount(nodes, weights=values, minlength=len(mesh.geometry.x))
    count = np.bincount(nodes, minlength=len(mesh.geometry.x))
    used = count > 0
    return mesh.geometry.x[used, : mesh.geometry.dim], total[used] / count[used]


def interpolation_error(function: Any, exact: Callable[[Floats], Any]) -> float:
    """Largest deviation of a finite-element function from the interpolant of `exact`, over its largest value.

    Args:
        function: dolfinx function. exact: of dolfinx' points (3, n).
    """
    truth = fem.Function(function.function_space)
    truth.interpolate(exact)
    return float(np.abs(function.x.array - truth.x.array).max() / np.abs(truth.x.array).max())
