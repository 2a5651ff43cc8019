"""The disc-contact box in the words of the package, with the phases of the bare script."""

from __future__ import annotations

from typing import Any

from fem import compat
from fem.conditions import Terminal
from fem.dissipation.conduction import Conduction
from fem.interface.charge_transfer import OhmicContact
from fem.model import Domain, Model
from fem.solve.linear import linear_solver
from fem.solve.sparsity import create_matrix
from fem.solve.stage import Stage
from meshes.arrays import MeshArrays
from meshes.collective import on_root
from meshes.tagged import TaggedMesh
from studies.benchmarks.disc_contact import CONDUCTIVITY, RESISTANCE, make_mesh, mesh_size
from studies.benchmarks.phases import Outcome, Phases


def benchmark(unknowns: float, comm: Any, phases: Phases, solver: str, rtol: float) -> Outcome:
    """Mesh of about this many unknowns, then ``run``."""
    with phases("mesh"):
        arrays = on_root(comm, lambda: make_mesh(mesh_size(unknowns)))
    return run(arrays, comm, phases, solver, rtol)


def run(arrays: MeshArrays | None, comm: Any, phases: Phases, solver: str, rtol: float) -> Outcome:
    """Solve the benchmark; arguments as for the bare script.

    Args:
        arrays: mesh on rank 0, None elsewhere.
        comm: communicator.
        phases: stop watch.
        solver: ``p-multigrid`` or ``direct``.
        rtol: residual norm relative to that of the right-hand side.
    """
    with phases("distribute mesh"):
        partitioner = compat.shared_facet_partitioner() if comm.size > 1 else None
        tagged = TaggedMesh.from_arrays(arrays, comm, partitioner)
    with phases("submeshes"):
        domains = {name: Domain((Conduction("electronic", value),)) for name, value in CONDUCTIVITY.items()}
        contact = OhmicContact(carrier="electronic", resistance=RESISTANCE)
        terminals = (Terminal("bottom", "bottom", potential=1.0), Terminal("top", "top", potential=0.0))
        model = Model(tagged, domains, {"electrode|electrolyte": [contact]}, terminals)
    with phases("forms"):
        ((fields, numbers),) = model.system.stages
        stage = Stage(model.system, fields, numbers)
        for item in fields:
            item.apply_ties()
    with phases("matrix"):
        spaces, regions = [f.space for f in fields], [f.region for f in fields]
        stage.matrix = create_matrix(spaces, regions, stage.jacobian_ufl)
    with phases("assembly"):
        # the residual carries the given potentials, as lifting does in the bare script
        load = stage.residual()
        stage.assemble_jacobian()
    linear = linear_solver(stage, "direct" if solver == "direct" else "iterative", rtol)
    b, x = stage.matrix.createVecs()
    b.array_w[:] = -load
    with phases("set-up"):
        linear.set_operator(stage.matrix)
    with phases("solve"):
        linear.solve(b, x)
    stage.set_state(stage.get_state() + x.array_r)
    current = stage.reactions()[0]
    outcome = Outcome(linear.unknowns, linear.iterations, current, linear.describe())
    linear.destroy()
    return outcome
