"""Linear solvers against factorisations and dolfinx' own matrices, on submeshes coupled over an interface."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
import ufl
from dolfinx import fem
from linear_problems import COMM, TwoConductors, assembled, box, cells, clamped, component_bcs, elastic
from petsc4py import PETSc

from fem import compat
from fem.solve import multigrid
from fem.solve.choose import make_plan
from fem.solve.coarse import linear_markers
from fem.solve.errors import LinearSolveError
from fem.solve.groups import Block, Group
from fem.solve.linear import LinearSolver
from fem.solve.sparsity import create_matrix

pytestmark = pytest.mark.mpi


def _difference(x: Any, y: Any) -> float:
    z = x.copy()
    z.axpy(-1.0, y)
    return float(z.norm() / y.norm())


@pytest.mark.parametrize(("dim", "n"), [(2, 16), (3, 6)])
@pytest.mark.parametrize("galerkin", [False, True])
def test_p_multigrid_agrees_with_a_factorisation(dim: int, n: int, galerkin: bool) -> None:
    problem = TwoConductors(dim, n)
    coarse = None if galerkin else problem.assemble_coarse
    exact, fast = problem.solver("direct"), problem.solver("iterative", coarse=coarse, rtol=1e-11)
    exact.set_operator(problem.matrix)
    fast.set_operator(problem.matrix)
    for seed in range(2):
        b = problem.load(seed)
        x, y = b.duplicate(), b.duplicate()
        exact.solve(b, x)
        assert fast.solve(b, y) <= 14
        assert _difference(y, x) < 1e-9
    assert "p-multigrid" in fast.describe()
    exact.destroy()
    fast.destroy()


class _Breaks:
    """A preconditioner in whose library something fails, as MUMPS does with what is not finite."""

    def apply(self, pc: Any, x: Any, y: Any) -> None:
        raise PETSc.Error(76)


def test_a_solve_that_breaks_leaves_its_vectors_free() -> None:
    """The next attempt can use the same right-hand side."""
    problem = TwoConductors(2, 6)
    with problem.solver("direct") as solver:
        b = problem.load()
        solver.set_operator(problem.matrix)
        pc = solver._ksp.getPC()
        pc.setType("python")
        pc.setPythonContext(_Breaks())
        with pytest.raises(LinearSolveError, match="error code"):
            solver.solve(b, b.duplicate())
        b.scale(2.0)  # an error where the vector is locked
        assert b.norm() == pytest.approx(2 * problem.load().norm())


def test_iterations_stay_flat_under_refinement() -> None:
    counts = []
    for n in (12, 24, 48):
        problem = TwoConductors(2, n)
        with problem.solver("iterative", coarse=problem.assemble_coarse) as solver:
            solver.set_operator(problem.matrix)
            b = problem.load()
            counts.append(solver.solve(b, b.duplicate()))
    assert counts[2] <= 1.2 * counts[1] + 1
    assert counts[1] <= 1.2 * counts[0] + 1


def test_linear_elements_are_solved_by_boomeramg() -> None:
    problem = TwoConductors(2, 24, degree=1)
    with problem.solver("iterative") as solver, problem.solver("direct") as exact:
        solver.set_operator(problem.matrix)
        exact.set_operator(problem.matrix)
        b = problem.load()
        x, y = b.duplicate(), b.duplicate()
        assert solver.solve(b, x) < 20
        exact.solve(b, y)
        assert _difference(x, y) < 1e-8
        assert solver.describe().startswith("CG with BoomerAMG")


def test_a_new_operator_renews_the_preconditioner() -> None:
    problem = TwoConductors(2, 12)
    scale = [1.0]

    def coarse(group: Group) -> Any:
        matrix = problem.assemble_coarse(group)
        matrix.scale(scale[0])
        return matrix

    with problem.solver("iterative", coarse=coarse) as solver:
        b = problem.load()
        x = b.duplicate()
        solver.set_operator(problem.matrix)
        solver.solve(b, x)
        norm = x.norm()
        scale[0] = 1e6
        problem.matrix.scale(1e6)
        solver.set_operator(problem.matrix)
        assert solver.solve(b, x) < 20
        assert x.norm() * 1e6 == pytest.approx(norm, rel=1e-8)


def test_large_conductivities_do_not_meet_the_identity_rows() -> None:
    counts = []
    for factor in (1.0, 1e-8, 1e8):
        problem = TwoConductors(2, 12, conductivities=(3 * factor, 0.5 * factor), resistance=0.2 / factor)
        with problem.solver("iterative", coarse=problem.assemble_coarse) as solver:
            solver.set_operator(problem.matrix)
            b = problem.load()
            counts.append(solver.solve(b, b.duplicate()))
    assert max(counts) - min(counts) <= 1


def test_options_are_used_and_removed() -> None:
    before = set(PETSc.Options().getAll())
    problem = TwoConductors(2, 8)
    solver = problem.solver("iterative", coarse=problem.assemble_coarse)
    solver.set_operator(problem.matrix)
    solver.solve(problem.load(), problem.load())
    added = set(PETSc.Options().getAll()) - before
    prefixes = {key.split("_mg_")[0] for key in added if "_mg_" in key}
    assert len(prefixes) == 1
    pc = solver._ksp.getPC()
    levels = [pc.getMGCoarseSolve().getPC().getType(), pc.getMGSmoother(1).getPC().getType()]
    assert [pc.getType(), *levels] == ["mg", "hypre", "sor" if COMM.size == 1 else "jacobi"]
    solver.destroy()
    assert set(PETSc.Options().getAll()) == before


def test_non_convergence_is_an_error() -> None:
    problem = TwoConductors(2, 16, flatness=300.0)
    with problem.solver("iterative", coarse=problem.assemble_coarse, max_iterations=2) as solver:
        solver.set_operator(problem.matrix)
        b = problem.load()
        with pytest.raises(LinearSolveError, match=r"no solution within .* after 2 iterations"):
            solver.solve(b, b.duplicate())


def test_a_fallback_is_announced(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fem.solve.choose.DIRECT_LIMIT", {1: 0, 2: 0, 3: 0})
    problem = TwoConductors(2, 16)
    with problem.solver("auto", coarse=problem.assemble_coarse, max_iterations=3) as solver:
        solver.set_operator(problem.matrix)
        b = problem.load()
        x, r = b.duplicate(), b.duplicate()
        with caplog.at_level(logging.WARNING, logger="ssbfem.solve"):
            solver.solve(b, x)
        problem.matrix.mult(x, r)
        assert _difference(r, b) < 1e-10
        assert "factorisation (MUMPS)" in solver.describe()
        assert "after the failure of CG with p-multigrid over BoomerAMG" in solver.describe()
        assert len(caplog.records) == 2


def test_flat_elements_are_left_to_boomeramg() -> None:
    problem = TwoConductors(2, 32, flatness=100.0)
    with problem.solver("iterative", coarse=problem.assemble_coarse, max_iterations=60) as solver:
        solver.set_operator(problem.matrix)
        b = problem.load()
        assert solver.solve(b, b.duplicate()) < 20
        assert solver.describe().startswith("CG with BoomerAMG")


def test_a_right_hand_side_that_is_not_finite_is_an_error() -> None:
    problem = TwoConductors(2, 4)
    with problem.solver("direct") as solver:
        solver.set_operator(problem.matrix)
        b = problem.load()
        b.array_w[:1] = np.nan
        with pytest.raises(LinearSolveError, match="not finite"):
            solver.solve(b, b.duplicate())


def test_zero_gives_zero() -> None:
    problem = TwoConductors(2, 4)
    with problem.solver("iterative") as solver:
        solver.set_operator(problem.matrix)
        b = problem.load()
        x = b.duplicate()
        x.set(1.0)
        b.set(0.0)
        assert solver.solve(b, x) == 0
        assert x.norm() == 0.0


@pytest.mark.parametrize(
    ("method", "dim", "size", "direct"),
    [
        ("auto", 1, 10**7, True),
        ("auto", 2, 10**4, True),
        ("auto", 2, 2 * 10**5, False),
        ("auto", 3, 10**5, False),
        ("iterative", 1, 10, False),
        ("direct", 3, 10**7, True),
    ],
)
def test_the_method_follows_size_and_dimension(method: Any, dim: int, size: int, direct: bool) -> None:
    assert make_plan(method, dim, size).direct is direct


def test_an_unknown_method_is_named() -> None:
    with pytest.raises(ValueError, match="magic"):
        make_plan("magic", 2, 10)  # type: ignore[arg-type]


@pytest.mark.parametrize(("dim", "n"), [(2, 5), (3, 3)])
@pytest.mark.parametrize("shape", [(), (2,)])
def test_prolongation_is_the_interpolation_of_dolfinx(dim: int, n: int, shape: tuple[int, ...]) -> None:
    import dolfinx.fem.petsc as fem_petsc

    mesh = box(dim, n)
    fine = fem.functionspace(mesh, ("Lagrange", 2, shape) if shape else ("Lagrange", 2))
    coarse = multigrid.linear_space(fine)
    theirs = fem_petsc.interpolation_matrix(coarse, fine)
    theirs.assemble()
    ours = multigrid.prolongation([coarse], [fine], [np.empty(0, dtype=np.int32)])
    ours.axpy(-1.0, theirs.convert("aij"))
    assert ours.norm() < 1e-12


def test_constrained_coarse_unknowns_are_the_vertices() -> None:
    problem = TwoConductors(3, 4)
    for space, height in zip(problem.spaces, (0.0, 1.0), strict=True):
        coarse = multigrid.linear_space(space)
        found = multigrid.coarse_constraints(coarse, space, problem._at(space, height))
        assert np.array_equal(found, np.sort(problem._at(coarse, height)))


# ------------------------------------------------------------------ displacement
@pytest.mark.parametrize(("dim", "n", "degree"), [(2, 16, 2), (3, 5, 2), (3, 8, 1)])
def test_displacement_agrees_with_a_factorisation(dim: int, n: int, degree: int) -> None:
    space = fem.functionspace(box(dim, n), ("Lagrange", degree, (dim,)))
    dofs = clamped(space)
    matrix = assembled(space, lambda: component_bcs(space, dofs))
    coarse = lambda group: assembled(group.coarse_spaces[0], lambda: linear_markers(group))  # noqa: E731
    block = [Block(space, "displacement", dofs)]
    b, x = matrix.createVecs()
    own = multigrid.owned_size(space)
    points = np.repeat(space.tabulate_dof_coordinates()[: own // dim], dim, axis=0)
    values = np.sin(points[:, 0]) + np.arange(own) % dim
    values[dofs[dofs < own]] = 0.0
    b.array_w[:] = values
    y = x.duplicate()
    with LinearSolver(block, "iterative", coarse) as fast, LinearSolver(block, "direct") as exact:
        fast.set_operator(matrix)
        exact.set_operator(matrix)
        assert fast.solve(b, x) < 40
        exact.solve(b, y)
        assert _difference(x, y) < 1e-8


# ------------------------------------------------------------------ both kinds in one system
def test_coupled_kinds_take_a_field_split() -> None:
    mesh = box(2, 12)
    spaces = [fem.functionspace(mesh, ("Lagrange", 2)), fem.functionspace(mesh, ("Lagrange", 2, (2,)))]
    (p, u), (q, v) = map(ufl.TrialFunction, spaces), map(ufl.TestFunction, spaces)
    dx = ufl.Measure("dx", mesh)
    blocks = [
        [ufl.inner(ufl.grad(p), ufl.grad(q)) * dx, 0.3 * ufl.div(u) * q * dx],
        [0.2 * p * ufl.div(v) * dx, elastic(spaces[1])],
    ]
    nodes = fem.locate_dofs_geometrical(spaces[0], lambda x: np.isclose(x[1], 0.0)).astype(np.int32)
    dofs = [nodes, clamped(spaces[1])]
    bcs = [fem.dirichletbc(0.0, nodes, spaces[0]), *component_bcs(spaces[1], dofs[1])]
    whole = compat.SubMesh(mesh, mesh, 2, cells(mesh))
    matrix = create_matrix(spaces, [whole, whole], blocks)
    compat.assemble_block_matrix(matrix, [[fem.form(f) for f in row] for row in blocks], bcs)
    kinds: Any = ("potential", "displacement")
    parts = [Block(s, k, d) for s, k, d in zip(spaces, kinds, dofs, strict=True)]
    b, x = matrix.createVecs()
    b.set(1.0)
    y = x.duplicate()
    with LinearSolver(parts, "iterative") as split, LinearSolver(parts, "direct") as exact:
        for _ in range(2):
            split.set_operator(matrix)
            assert split.solve(b, x) < 40
        exact.set_operator(matrix)
        exact.solve(b, y)
        assert _difference(x, y) < 1e-8
        assert split.describe().startswith("flexible GMRES over a field split")
