"""Small systems for the tests of linear solvers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import ufl
from dolfinx import fem
from dolfinx import mesh as dmesh
from mpi4py import MPI

from fem import compat
from fem.solve import multigrid
from fem.solve.coarse import linear_markers
from fem.solve.groups import Block, Group
from fem.solve.linear import LinearSolver
from fem.solve.sparsity import create_matrix

COMM = MPI.COMM_WORLD


def box(dim: int, n: int) -> Any:
    ghosts = dmesh.GhostMode.shared_facet
    if dim == 3:
        return dmesh.create_unit_cube(COMM, n, n, n, ghost_mode=ghosts)
    return dmesh.create_unit_square(COMM, n, n, ghost_mode=ghosts)


@dataclass
class TwoConductors:
    """Two conductors with a contact resistance at half height; bottom and top potentials are given."""

    dim: int
    n: int
    degree: int = 2
    conductivities: tuple[float, float] = (3.0, 0.5)
    resistance: float = 0.2
    flatness: float = 1.0
    matrix: Any = field(init=False)

    def __post_init__(self) -> None:
        self.mesh = box(self.dim, self.n)
        up = self.dim - 1
        middle = dmesh.compute_midpoints(self.mesh, self.dim, cells(self.mesh))[:, up]
        self.below = np.where(middle < 0.5, 1, 2).astype(np.int32)
        facets = dmesh.locate_entities(self.mesh, up, lambda x: np.isclose(x[up], 0.5))
        self.mesh.topology.create_connectivity(up, self.dim)
        own = facets[facets < self.mesh.topology.index_map(up).size_local]
        rows = compat.interior_facet_entities(self.mesh, own)
        swap = self.below[rows[:, 0]] != 1
        rows[swap] = rows[swap][:, [2, 3, 0, 1]]
        self.parts = [
            compat.create_submesh(self.mesh, self.dim, np.flatnonzero(self.below == t).astype(np.int32)) for t in (1, 2)
        ]
        self.maps = compat.EntityMaps(self.parts)
        self.mesh.geometry.x[:, up] /= self.flatness
        for part in self.parts:
            part.mesh.geometry.x[:, up] /= self.flatness
        tags = dmesh.meshtags(self.mesh, self.dim, cells(self.mesh), self.below)
        self.dx = ufl.Measure("dx", self.mesh, subdomain_data=tags)
        self.dS = ufl.Measure("dS", self.mesh, subdomain_data=[(7, rows.reshape(-1))])(7)
        self.spaces = [fem.functionspace(p.mesh, ("Lagrange", self.degree)) for p in self.parts]
        self.constrained = [self._at(s, z) for s, z in zip(self.spaces, (0.0, 1.0), strict=True)]
        self.forms = self.maps.form(self.blocks(self.spaces))
        self.matrix = create_matrix(self.spaces, self.parts, self.blocks(self.spaces))
        compat.assemble_block_matrix(self.matrix, self.forms, self._bcs(self.spaces, self.constrained))

    def _at(self, space: Any, height: float) -> Any:
        up, flat = self.dim - 1, self.flatness
        return fem.locate_dofs_geometrical(space, lambda x: np.isclose(x[up] * flat, height)).astype(np.int32)

    @staticmethod
    def _bcs(spaces: list[Any], constrained: list[Any]) -> list[Any]:
        return [fem.dirichletbc(0.0, dofs, s) for s, dofs in zip(spaces, constrained, strict=True)]

    def blocks(self, spaces: list[Any]) -> list[list[Any]]:
        """UFL blocks on any spaces on the two parts."""
        (u1, u2), (v1, v2) = map(ufl.TrialFunction, spaces), map(ufl.TestFunction, spaces)
        (s1, s2), g = (fem.Constant(self.mesh, v) for v in self.conductivities), 1.0 / self.resistance
        conduct = lambda s, u, v, tag: s * ufl.inner(ufl.grad(u), ufl.grad(v)) * self.dx(tag)  # noqa: E731
        return [
            [conduct(s1, u1, v1, 1) + g * u1("+") * v1("+") * self.dS, -g * u2("-") * v1("+") * self.dS],
            [-g * u1("+") * v2("-") * self.dS, conduct(s2, u2, v2, 2) + g * u2("-") * v2("-") * self.dS],
        ]

    def assemble_coarse(self, group: Group) -> Any:
        """Operator on linear elements."""
        blocks = self.blocks(group.coarse_spaces)
        matrix = create_matrix(group.coarse_spaces, self.parts, blocks)
        compat.assemble_block_matrix(matrix, self.maps.form(blocks), linear_markers(group))
        return matrix

    def solver(self, method: str, **options: Any) -> LinearSolver:
        """Solver of the block system."""
        blocks = [Block(s, "potential", c) for s, c in zip(self.spaces, self.constrained, strict=True)]
        return LinearSolver(blocks, method, **options)  # type: ignore[arg-type]

    def load(self, seed: int = 0) -> Any:
        """A right-hand side that does not depend on the number of ranks, zero on constrained rows."""
        b, _ = self.matrix.createVecs()
        at = 0
        for k, (space, dofs) in enumerate(zip(self.spaces, self.constrained, strict=True)):
            own = multigrid.owned_size(space)
            x = space.tabulate_dof_coordinates()[:own]
            values = np.cos(3 * x[:, 0] + seed) + (k + 1) * x[:, 1] ** 2
            values[dofs[dofs < own]] = 0.0
            b.array_w[at : at + own] = values
            at += own
        return b


def elastic(space: Any, poisson: float = 0.3) -> Any:
    u, v = ufl.TrialFunction(space), ufl.TestFunction(space)
    e, f = ufl.sym(ufl.grad(u)), ufl.sym(ufl.grad(v))
    lame = poisson / (1 - 2 * poisson)
    return (ufl.inner(e, f) + lame * ufl.tr(e) * ufl.tr(f)) * ufl.dx


def clamped(space: Any) -> Any:
    up, bs = space.mesh.topology.dim - 1, space.dofmap.index_map_bs
    nodes = fem.locate_dofs_geometrical(space, lambda x: np.isclose(x[up], 0.0))
    return (nodes[:, None] * bs + np.arange(bs)).reshape(-1).astype(np.int32)


def assembled(space: Any, markers: Callable[[], list[Any]]) -> Any:
    mesh = space.mesh
    whole = compat.SubMesh(mesh, mesh, mesh.topology.dim, cells(mesh))
    matrix = create_matrix([space], [whole], [[elastic(space)]])
    compat.assemble_block_matrix(matrix, [[fem.form(elastic(space))]], markers())
    return matrix


def cells(mesh: Any) -> Any:
    im = mesh.topology.index_map(mesh.topology.dim)
    return np.arange(im.size_local + im.num_ghosts, dtype=np.int32)


def component_bcs(space: Any, dofs: Any) -> list[Any]:
    bs = space.dofmap.index_map_bs
    return [fem.dirichletbc(0.0, dofs[dofs % bs == k], space.sub(k)) for k in range(bs)]
