"""A half-cell in three dimensions in time: salt, two potentials and lithium in a host, solved together.

Lithium | polymer with a salt | dense film of a host that conducts electrons badly, with a contact spot at the lithium,
so that nothing is uniform along the layers. A pulse in steps of fixed length; the iterations are those of one linear
solve, on the average.
"""

from __future__ import annotations

from typing import Any

from fem.conditions import Terminal
from fem.dissipation.conduction import Conduction, Equipotential
from fem.dissipation.electrolyte import BinaryElectrolyte
from fem.dissipation.intercalation import Intercalation
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.exchange import InsertionKinetics, PlatingKinetics
from fem.model import Domain, Model
from fem.protocol import Protocol, Step
from fem.solve.transient import TimeSettings, Transient
from meshes.features.contact import ContactSpot
from meshes.generate import generate
from meshes.sizes import MeshSizes
from meshes.stack import Layer, Stack
from studies.benchmarks.phases import Outcome, Phases

WIDTH = 1.2e-5
LAYERS = (Layer("anode", 2e-6), Layer("polymer", 8e-6), Layer("film", 4e-6))
#: Unknowns with cells of a tenth of the width, and the power of the refinement that their number goes with.
UNKNOWNS, POWER = 2.4e4, 2.9
DURATION, STEPS = 8.0, 2


def benchmark(unknowns: float, comm: Any, phases: Phases, solver: str, rtol: float) -> Outcome:
    """A pulse in fixed steps.

    Args:
        unknowns: about how many.
        comm: communicator.
        phases: stop watch.
        solver: ``p-multigrid`` (what the package chooses) or ``direct``.
        rtol: not used: the time steps choose the accuracy of their linear solves.
    """
    with phases("mesh and model"):
        model = _model((UNKNOWNS / unknowns) ** (1 / POWER) * WIDTH / 10, comm)
    step = Step.constant("pulse", "current", -20.0, DURATION)
    length = DURATION / STEPS
    settings = TimeSettings(tolerance=1e3, initial_step=length, largest_step=length)
    method = "direct" if solver == "direct" else "iterative"
    run = Transient(model, Protocol((step,)), "cathode", WIDTH**2, settings, method)
    with phases("at rest"):
        run.start()
    with phases("steps"):
        voltage = [p.voltage for p in run.points()][-1]
    bordered, report = run.flow.bordered, run.report
    size = sum(f.global_size() for f in run.stage.fields)
    mean = round(bordered.iterations / bordered.solves)
    text = f"{solver}, {report.steps} steps, {bordered.solves} linear solves of {mean} iterations"
    run.destroy()
    return Outcome(size, bordered.iterations, voltage, text)


def _model(size: float, comm: Any) -> Model:
    spot = ContactSpot(at="anode|polymer", radius=0.6 * WIDTH, position=(0.0, 0.0))
    stack = Stack("3", LAYERS, WIDTH, WIDTH, (spot,))
    tagged = generate(stack, MeshSizes(bulk=size, interface=size, edge=size, layer_cells=1.0), comm)
    polymer = BinaryElectrolyte(lambda c: 0.05 * (c / 1000) ** 0.8, 5e-12, 0.25, 1000.0, lambda c: 1 + 0.3 * c / 1000)
    host = Intercalation(lambda x: 4.1 - 0.6 * x, 5e4, lambda x: 1e-14 * (0.5 + x), 0.5)
    plating: Any = PlatingKinetics(30.0, 1000.0)
    insertion: Any = InsertionKinetics(1e-10)
    return Model(
        tagged,
        {
            "anode": Domain((Equipotential(),)),
            "polymer": Domain((polymer,)),
            "film": Domain((Conduction("electronic", 1e-2),), host=host),
        },
        {
            "anode|polymer": [ChargeTransfer("anode", plating)],
            "polymer|film": [ChargeTransfer("film", insertion, double_layer_capacitance=0.1)],
        },
        [Terminal("cathode", "top", current=0.0), Terminal("anode", "anode", potential=0.0)],
    )
