"""A body for benchmarks of mechanics: lithium with a hemispherical void on a ceramic, a quarter of a period in 3-D."""

from __future__ import annotations

from typing import Any

from fem.compat import shared_facet_partitioner
from fem.conditions import Pressure, Roller
from fem.energy.elastic import Elastic
from fem.model import Condition, Model
from fem.solve.linear import linear_solver
from fem.solve.stage import Stage
from meshes.features.void import Void
from meshes.generate import generate
from meshes.sizes import MeshSizes
from meshes.stack import Layer, Stack
from meshes.tagged import TaggedMesh
from studies.benchmarks.phases import Phases

__all__ = ["LAYERS", "PRESSURE", "SOLIDS", "WIDTH", "elastic_solve", "mesh", "supports"]

WIDTH, HEIGHT = 1e-5, 5e-6
LAYERS = ("lithium", "ceramic")
SOLIDS = {"lithium": Elastic(7.8e9, 0.38), "ceramic": Elastic(150e9, 0.26)}
PRESSURE = 1e6
#: Unknowns of quadratic (linear) displacements with cells of a tenth of the width, and the power of refinement.
UNKNOWNS, POWER = {2: 4.3e4, 1: 6.3e3}, 2.9


def mesh(unknowns: float, comm: Any, degree: int = 2) -> TaggedMesh:
    """The body in cells of one size, with about so many unknown displacements."""
    size = (UNKNOWNS[degree] / unknowns) ** (1 / POWER) * WIDTH / 10
    void = Void(at="lithium|ceramic", radius=3e-6, shape="hemisphere", position=(0.0, 0.0))
    stack = Stack("3", tuple(Layer(name, HEIGHT) for name in LAYERS), WIDTH, WIDTH, (void,))
    sizes = MeshSizes(bulk=size, interface=size, wall=size, edge=size, layer_cells=1.0)
    return generate(stack, sizes, comm, shared_facet_partitioner() if comm.size > 1 else None)


def supports(load: bool = True) -> list[Condition]:
    """Symmetry planes, and the pressure on the top."""
    rollers: list[Condition] = [Roller("bottom", 2), Roller("left", 0), Roller("right", 0)]
    rollers += [Roller("front", 1), Roller("back", 1)]
    return [*rollers, Pressure("top", PRESSURE)] if load else rollers


def elastic_solve(model: Model, phases: Phases, rtol: float, names: tuple[str, str, str], method: str) -> Any:
    """Assemble, set up and solve the displacement of an elastic model; returns the linear solver.

    Args:
        model: of one stage. phases: stop watch. rtol: relative residual. names: of the three phases.
        method: as for `fem.solve.linear.linear_solver`.
    """
    ((fields, numbers),) = model.system.stages
    stage = Stage(model.system, fields, numbers)
    for item in fields:
        item.apply_ties()
    with phases(names[0]):
        load = stage.residual()
        stage.assemble_jacobian()
    linear = linear_solver(stage, method, rtol)
    b, x = stage.matrix.createVecs()
    b.array_w[:] = -load
    with phases(names[1]):
        linear.set_operator(stage.matrix)
    with phases(names[2]):
        linear.solve(b, x)
    stage.set_state(stage.get_state() + x.array_r)
    return linear
