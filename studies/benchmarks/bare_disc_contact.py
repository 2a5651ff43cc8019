"""The disc-contact box in dolfinx and PETSc alone: the yardstick for the package's own assembly and solve.

Written as one would who knows both libraries: bulk arrays to a distributed mesh, one submesh per conductor,
all integrals on the parent mesh, one block matrix, conjugate gradients. The solver is p-multigrid with the
linear operator assembled directly; ``hypre`` (BoomerAMG on the quadratic matrix) and ``direct`` (MUMPS) are
there to compare. Only the adapters between dolfinx versions come from the package.

Run: ``python3 -m studies.benchmarks.run disc-contact --implementation bare --unknowns 2.3e5``
"""

from __future__ import annotations

from typing import Any

import basix.ufl
import dolfinx.fem.petsc as fem_petsc
import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem
from dolfinx import mesh as dmesh
from petsc4py import PETSc

from fem import compat
from meshes.arrays import MeshArrays
from meshes.collective import on_root
from studies.benchmarks.disc_contact import CONDUCTIVITY, RESISTANCE, make_mesh, mesh_size
from studies.benchmarks.phases import Outcome, Phases

SOLVERS = ("p-multigrid", "hypre", "direct")

_AMG = {
    "pc_type": "hypre",
    "pc_hypre_boomeramg_coarsen_type": "HMIS",
    "pc_hypre_boomeramg_interp_type": "ext+i",
    "pc_hypre_boomeramg_P_max": 4,
    "pc_hypre_boomeramg_strong_threshold": 0.25,
}
_CG = {"ksp_type": "cg", "ksp_norm_type": "unpreconditioned"}
_OPTIONS: dict[str, dict[str, Any]] = {
    "p-multigrid": {
        **_CG,
        "pc_type": "mg",
        "mg_levels_ksp_norm_type": "none",
        "mg_coarse_ksp_type": "preonly",
        **{f"mg_coarse_{key}": value for key, value in _AMG.items()},
    },
    "hypre": {
        **_CG,
        **_AMG,
        "pc_hypre_boomeramg_agg_nl": 2,
        "pc_hypre_boomeramg_strong_threshold": 0.7,
    },
    "direct": {"ksp_type": "preonly", "pc_type": "cholesky", "pc_factor_mat_solver_type": "mumps"},
}
# Gauss-Seidel takes the fewest passes on one rank, Chebyshev-Jacobi on several.
_SMOOTHER_ALONE = {"ksp_type": "richardson", "ksp_max_it": 1, "pc_type": "sor"}
_SMOOTHER_TOGETHER = {
    "ksp_type": "chebyshev",
    "ksp_max_it": 2,
    "pc_type": "jacobi",
    "esteig_ksp_type": "cg",
    "esteig_ksp_max_it": 5,
    "ksp_chebyshev_esteig": "0,0.3,0,1.1",
}


class Problem:
    """Mesh, submeshes and measures.

    Args:
        arrays: mesh on rank 0, None elsewhere.
        comm: communicator.
        phases: stop watch.
    """

    def __init__(self, arrays: MeshArrays | None, comm: Any, phases: Phases) -> None:
        self.comm, self.phases = comm, phases
        with phases("distribute mesh"):
            self._distribute(arrays)
        with phases("tags"):
            self._tag(arrays)
        with phases("submeshes"):
            cells = [np.flatnonzero(self.cell_values == tag).astype(np.int32) for tag in (1, 2)]
            self.parts = [compat.create_submesh(self.mesh, 3, c) for c in cells]
            self.maps = compat.EntityMaps(self.parts)
            disc = self.facets("electrode|electrolyte")
            disc = disc[disc < self.mesh.topology.index_map(2).size_local]
            sides = compat.interior_facet_entities(self.mesh, disc)
            swap = self.cell_values[sides[:, 0]] != 1
            sides[swap] = sides[swap][:, [2, 3, 0, 1]]
        everywhere = np.arange(len(self.cell_values), dtype=np.int32)
        tags = dmesh.meshtags(self.mesh, 3, everywhere, self.cell_values)
        self.dx = ufl.Measure("dx", self.mesh, subdomain_data=tags)
        self.disc = ufl.Measure("dS", self.mesh, subdomain_data=[(1, sides.reshape(-1))])(1)
        self.conductivities = [fem.Constant(self.mesh, v) for v in CONDUCTIVITY.values()]
        self.conductance = fem.Constant(self.mesh, 1.0 / RESISTANCE)

    def _distribute(self, arrays: MeshArrays | None) -> None:
        partitioner = compat.shared_facet_partitioner() if self.comm.size > 1 else None
        points = np.empty((0, 3)) if arrays is None else arrays.points
        cells = np.empty((0, 4), dtype=np.int64) if arrays is None else arrays.cells
        element = basix.ufl.element("Lagrange", "tetrahedron", 1, shape=(3,))
        self.mesh = dmesh.create_mesh(self.comm, cells=cells, x=points, e=ufl.Mesh(element), partitioner=partitioner)

    def _tag(self, arrays: MeshArrays | None) -> None:
        packed = None
        if arrays is not None:
            packed = (arrays.cell_tags, arrays.facets, arrays.facet_tags, dict(arrays.facet_names))
        cell_tags, facets, values, self.names = self.comm.bcast(packed, root=0)
        top = self.mesh.topology
        self.cell_values = cell_tags[top.original_cell_index].astype(np.int32)
        top.create_entities(2)
        top.create_connectivity(2, 3)
        top.create_connectivity(3, 2)
        # Only facets whose three vertices carry a mark can be marked: those few are compared.
        vertices = top.connectivity(2, 0).array.reshape(-1, 3)
        count = top.index_map(0).size_local + top.index_map(0).num_ghosts
        origin = np.empty(count, dtype=np.int64)
        cells = top.connectivity(3, 0).array
        origin[cells] = self.mesh.geometry.input_global_indices[compat.geometry_dofmap(self.mesh).reshape(-1)]
        marked = np.zeros(max(int(origin.max()), int(facets.max())) + 1, dtype=bool)
        marked[facets] = True
        candidates = np.flatnonzero(marked[origin][vertices].all(axis=1))
        rows = np.concatenate([facets, origin[vertices[candidates]]])
        _, same = np.unique(np.sort(rows, axis=1), axis=0, return_inverse=True)
        tag = np.zeros(int(same.max()) + 1, dtype=np.int32)
        tag[same[: len(facets)]] = values
        tag = tag[same[len(facets) :]]
        self.tagged, self.tag = candidates[tag > 0].astype(np.int32), tag[tag > 0]

    def facets(self, name: str) -> npt.NDArray[np.int32]:
        """Local facets of a group."""
        return np.asarray(self.tagged[self.tag == self.names[name]], dtype=np.int32)

    def bilinear(self, spaces: list[Any]) -> list[list[Any]]:
        """Compiled blocks of the bilinear form on any pair of spaces on the two parts."""
        (u1, u2), (v1, v2) = map(ufl.TrialFunction, spaces), map(ufl.TestFunction, spaces)
        (s1, s2), g = self.conductivities, self.conductance
        blocks = [
            [
                s1 * ufl.inner(ufl.grad(u1), ufl.grad(v1)) * self.dx(1) + g * u1("+") * v1("+") * self.disc,
                -g * u2("-") * v1("+") * self.disc,
            ],
            [
                -g * u1("+") * v2("-") * self.disc,
                s2 * ufl.inner(ufl.grad(u2), ufl.grad(v2)) * self.dx(2) + g * u2("-") * v2("-") * self.disc,
            ],
        ]
        return list(self.maps.form(blocks))

    def conditions(self, spaces: list[Any]) -> list[Any]:
        """Potential 1 at the bottom, 0 at the top."""
        out = []
        for space, part, name, value in zip(spaces, self.parts, ("bottom", "top"), (1.0, 0.0), strict=True):
            top = self.mesh.topology
            facets = self.facets(name)
            links = top.connectivity(2, 3)
            cells = links.array[links.offsets[facets]]
            local = np.argmax(top.connectivity(3, 2).array.reshape(-1, 4)[cells] == facets[:, None], axis=1)
            inside = part.from_parent()[cells]
            marker = fem.Function(space)
            for k in range(4):
                closure = space.dofmap.dof_layout.entity_closure_dofs(2, k)
                marker.x.array[space.dofmap.list[inside[local == k]][:, closure]] = 1.0
            # A rank may own a node of the side without having any facet of it.
            marker.x.petsc_vec.ghostUpdate(PETSc.InsertMode.ADD_VALUES, PETSc.ScatterMode.REVERSE)
            marker.x.scatter_forward()
            out.append(fem.dirichletbc(value, np.flatnonzero(marker.x.array > 0.5).astype(np.int32), space))
        return out


def create_matrix(forms: list[list[Any]]) -> Any:
    """Block matrix by dolfinx."""
    if hasattr(fem_petsc, "create_matrix_block"):
        return fem_petsc.create_matrix_block(forms)
    return fem_petsc.create_matrix(forms)


def assemble_matrix(matrix: Any, forms: list[list[Any]], bcs: list[Any]) -> None:
    """Assembly by dolfinx."""
    matrix.zeroEntries()
    if hasattr(fem_petsc, "assemble_matrix_block"):
        fem_petsc.assemble_matrix_block(matrix, forms, bcs=bcs)
    else:
        fem_petsc.assemble_matrix(matrix, forms, bcs=bcs)
    matrix.assemble()


def interpolation(coarse: list[Any], fine: list[Any], bcs: list[Any]) -> Any:
    """Block-diagonal interpolation, without columns for constrained unknowns."""
    blocks = []
    for c, f in zip(coarse, fine, strict=True):
        block = fem_petsc.interpolation_matrix(c, f)
        block.assemble()
        blocks.append(block)
    nest = PETSc.Mat().createNest([[blocks[0], None], [None, blocks[1]]], comm=coarse[0].mesh.comm)
    matrix = nest.convert("aij", out=PETSc.Mat())
    mask = matrix.createVecRight()
    mask.set(1.0)
    offset = 0
    for space, bc in zip(coarse, bcs, strict=True):
        dofs, owned = bc.dof_indices()
        mask.array_w[offset + dofs[:owned]] = 0.0
        offset += space.dofmap.index_map.size_local
    matrix.diagonalScale(None, mask)
    return matrix


def benchmark(unknowns: float, comm: Any, phases: Phases, solver: str, rtol: float) -> Outcome:
    """Mesh of about this many unknowns, then ``run``."""
    with phases("mesh"):
        arrays = on_root(comm, lambda: make_mesh(mesh_size(unknowns)))
    return run(arrays, comm, phases, solver, rtol)


def run(arrays: MeshArrays | None, comm: Any, phases: Phases, solver: str, rtol: float) -> Outcome:
    """Solve the benchmark; the phases are timed under the names that the package uses too.

    Args:
        arrays: mesh on rank 0, None elsewhere.
        comm: communicator.
        phases: stop watch.
        solver: one of ``SOLVERS``.
        rtol: residual norm relative to that of the right-hand side.
    """
    problem = Problem(arrays, comm, phases)
    with phases("spaces"):
        spaces = [fem.functionspace(p.mesh, ("Lagrange", 2)) for p in problem.parts]
        bcs = problem.conditions(spaces)
    with phases("forms"):
        forms = problem.bilinear(spaces)
    with phases("matrix"):
        matrix = create_matrix(forms)
    with phases("assembly"):
        assemble_matrix(matrix, forms, bcs)
        matrix.setOption(PETSc.Mat.Option.SPD, True)
        load, state = _load(forms, spaces, bcs, matrix)
    options = PETSc.Options()
    prefix = "bare_"
    smoother = _SMOOTHER_ALONE if comm.size == 1 else _SMOOTHER_TOGETHER
    for key, value in _OPTIONS[solver].items():
        options[prefix + key] = value
    for key, value in smoother.items() if solver == "p-multigrid" else ():
        options[f"{prefix}mg_levels_{key}"] = value
    ksp = PETSc.KSP().create(comm)
    ksp.setOptionsPrefix(prefix)
    ksp.setTolerances(rtol=rtol, max_it=200)
    with phases("set-up"):
        ksp.setOperators(matrix)
        if solver == "p-multigrid":
            coarse = [fem.functionspace(p.mesh, ("Lagrange", 1)) for p in problem.parts]
            coarse_bcs = problem.conditions(coarse)
            coarse_forms = problem.bilinear(coarse)
            coarse_matrix = create_matrix(coarse_forms)
            assemble_matrix(coarse_matrix, coarse_forms, coarse_bcs)
            pc = ksp.getPC()
            pc.setType("mg")
            pc.setMGLevels(2)
            pc.setMGInterpolation(1, interpolation(coarse, spaces, coarse_bcs))
            pc.getMGCoarseSolve().setOperators(coarse_matrix)
        ksp.setFromOptions()
        ksp.setUp()
    with phases("solve"):
        ksp.solve(load, state)
    if ksp.getConvergedReason() <= 0:
        raise RuntimeError(f"{solver}: not converged ({ksp.getConvergedReason()})")
    return Outcome(matrix.getSize()[0], ksp.getIterationNumber(), _current(problem, spaces, state), solver)


def _load(forms: list[list[Any]], spaces: list[Any], bcs: list[Any], matrix: Any) -> tuple[Any, Any]:
    """Right-hand side for the given potentials, which enter through the columns that the matrix lacks."""
    load, state = matrix.createVecs()
    offset = 0
    for k, (space, bc) in enumerate(zip(spaces, bcs, strict=True)):
        part = fem.Function(space).x
        fem.apply_lifting(part.array, [forms[k][k]], [[bc]])
        part.petsc_vec.ghostUpdate(PETSc.InsertMode.ADD_VALUES, PETSc.ScatterMode.REVERSE)
        bc.set(part.array)
        own = space.dofmap.index_map.size_local
        load.array_w[offset : offset + own] = part.array[:own]
        offset += own
    return load, state


def _current(problem: Problem, spaces: list[Any], state: Any) -> float:
    """Current through the disc."""
    potentials, offset = [fem.Function(s) for s in spaces], 0
    for potential, space in zip(potentials, spaces, strict=True):
        own = space.dofmap.index_map.size_local
        potential.x.array[:own] = state.array_r[offset : offset + own]
        potential.x.scatter_forward()
        offset += own
    jump = potentials[0]("+") - potentials[1]("-")
    form = problem.maps.form(problem.conductance * jump * problem.disc)
    return float(problem.comm.allreduce(fem.assemble_scalar(form)))
