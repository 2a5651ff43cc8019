"""The own sparsity pattern holds what dolfinx assembles, and nothing of what it does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import ufl
from dolfinx import fem
from dolfinx import mesh as dmesh
from linear_problems import TwoConductors, box, cells
from petsc4py import PETSc

from fem import compat
from fem.solve.sparsity import create_matrix

pytestmark = pytest.mark.mpi


def _same(ours: Any, theirs: Any) -> bool:
    size = theirs.norm()
    theirs.axpy(-1.0, ours, structure=PETSc.Mat.Structure.DIFFERENT_NONZERO_PATTERN)
    return bool(theirs.norm() <= 1e-13 * size)


def _entries(matrix: Any) -> int:
    return int(matrix.getInfo(PETSc.Mat.InfoType.GLOBAL_SUM)["nz_used"])


@pytest.mark.parametrize(("dim", "n", "degree"), [(2, 6, 1), (2, 6, 2), (3, 4, 2)])
def test_two_conductors(dim: int, n: int, degree: int) -> None:
    problem = TwoConductors(dim, n, degree)
    theirs = compat.create_block_matrix(problem.forms)
    compat.assemble_block_matrix(theirs, problem.forms, problem._bcs(problem.spaces, problem.constrained))
    if compat.VERSION < (0, 10):  # later versions write zeros where a side of a facet is missing
        assert _entries(problem.matrix) == _entries(theirs)
    assert _same(problem.matrix, theirs)


def test_overlapping_regions_and_vectors() -> None:
    """A displacement everywhere, a potential on one half, coupled on cells and on the interface."""
    problem = TwoConductors(2, 6)
    mesh = problem.mesh
    whole = compat.SubMesh(mesh, mesh, 2, cells(mesh))
    spaces = [fem.functionspace(mesh, ("Lagrange", 2, (2,))), problem.spaces[1]]
    (u, p), (v, q) = map(ufl.TrialFunction, spaces), map(ufl.TestFunction, spaces)
    dx, facets = problem.dx, problem.dS
    blocks = [
        [ufl.inner(ufl.grad(u), ufl.grad(v)) * dx((1, 2)), p * ufl.div(v) * dx(2)],
        [ufl.avg(u)[1] * q("-") * facets, ufl.inner(ufl.grad(p), ufl.grad(q)) * dx(2) + p * q * dx(2)],
    ]
    maps = compat.EntityMaps([problem.parts[1]])
    forms = maps.form(blocks)
    ours, theirs = create_matrix(spaces, [whole, problem.parts[1]], blocks), compat.create_block_matrix(forms)
    for matrix in (ours, theirs):
        compat.assemble_block_matrix(matrix, forms, [])
    assert _same(ours, theirs)


def test_a_field_on_the_interface() -> None:
    problem = TwoConductors(3, 4)
    mesh = problem.mesh
    facets = dmesh.locate_entities(mesh, 2, lambda x: np.isclose(x[2], 0.5))
    plane = compat.create_submesh(mesh, 2, facets)
    space = fem.functionspace(plane.mesh, ("Lagrange", 2))
    spaces = [problem.spaces[0], space]
    (u, w), (v, z) = map(ufl.TrialFunction, spaces), map(ufl.TestFunction, spaces)
    facet = problem.dS
    blocks = [
        [ufl.inner(ufl.grad(u), ufl.grad(v)) * problem.dx(1) + u("+") * v("+") * facet, -w("+") * v("+") * facet],
        [-u("+") * z("+") * facet, 2 * w("+") * z("+") * facet],
    ]
    regions = [problem.parts[0], plane]
    maps = compat.EntityMaps(regions)
    forms = maps.form(blocks)
    ours, theirs = create_matrix(spaces, regions, blocks), compat.create_block_matrix(forms)
    for matrix in (ours, theirs):
        compat.assemble_block_matrix(matrix, forms, [])
    assert _same(ours, theirs)


def test_facets_without_sides_are_refused() -> None:
    mesh = box(2, 4)
    whole = compat.SubMesh(mesh, mesh, 2, cells(mesh))
    space = fem.functionspace(mesh, ("Lagrange", 1))
    u, v = ufl.TrialFunction(space), ufl.TestFunction(space)
    with pytest.raises(TypeError, match="ordered sides"):
        create_matrix([space], [whole], [[ufl.avg(u) * ufl.avg(v) * ufl.Measure("dS", mesh)]])


@pytest.mark.parametrize("dim", [2, 3])
def test_ranks_without_unknowns_of_a_block_take_part(dim: int) -> None:
    """Two cells across: on three ranks some own nothing of one conductor, or nothing at all."""
    problem = TwoConductors(dim, 2)
    b = problem.load()
    x, y = b.duplicate(), b.duplicate()
    with problem.solver("iterative", coarse=problem.assemble_coarse) as solver, problem.solver("direct") as exact:
        solver.set_operator(problem.matrix)
        exact.set_operator(problem.matrix)
        solver.solve(b, x)
        exact.solve(b, y)
    y.axpy(-1.0, x)
    assert y.norm() < 1e-8 * x.norm()
