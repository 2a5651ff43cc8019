"""What damage does beside mechanics: it cuts currents, diffusion and charge transfer, and lithium presses in cracks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import ufl
from mpi4py import MPI
from support.layered import layered

from fem.conditions import FilledCrack, ImposedPotential, Roller, Terminal
from fem.constants import FARADAY
from fem.damage import BLOCKED
from fem.dissipation.conduction import Conduction, Equipotential
from fem.dissipation.intercalation import Intercalation
from fem.energy.elastic import Elastic
from fem.energy.fracture import Fracture
from fem.errors import ModelError
from fem.interface.charge_transfer import ChargeTransfer, OhmicContact
from fem.interface.kinetics import LinearKinetics
from fem.model import Domain, Model, Settings
from fem.observe.assembly import Assembly
from fem.solve.alternate import Breaking
from fem.solve.driver import Solver

UM = 1e-6
BRITTLE = Fracture(Elastic(1.5e11, 0.26), 9.7, 0.1 * UM)
SIGMA = 0.05  # S/m


def ends(low: float, high: float, layer: str = "body") -> list[Any]:
    """Ionic potentials at both ends of a layer."""
    return [
        ImposedPotential("bottom", layer, "ionic", lambda x: 0 * x[0] + low),
        ImposedPotential("top", layer, "ionic", lambda x: 0 * x[0] + high),
    ]


@pytest.mark.parametrize("blocks", [True, False])
def test_a_crack_blocks_a_current(blocks: bool) -> None:
    """The resistance of a bar is the integral of 1 / (sigma g(d)); without `blocks` that of the whole bar."""
    cells, size = 40, 4 * UM
    tagged = layered(MPI.COMM_SELF, "1", [("body", size)], across=cells)
    domain = Domain((Conduction("ionic", SIGMA),), (replace(BRITTLE, blocks=blocks),))
    held = [Roller("bottom", 0), Roller("top", 0, 1e-12)]
    model = Model(tagged, {"body": domain}, {}, [*ends(0.0, 0.1), *held], Settings(potential_degree=4))
    assert model.damage is not None
    model.damage.unknown.function.interpolate(lambda x: 0.8 * np.maximum(1 - np.abs(x[0] - size / 2) / UM, 0.0))
    solver = Solver(model)
    solver.solve()
    assembly = Assembly(model, solver, 1.0)
    field = next(f for f in model.fields if f.kind == "potential")
    current = assembly.tie_resultant(field, field.ties[0])
    x = (np.arange(200000) + 0.5) * size / 200000
    whole = 1 - 0.8 * np.maximum(1 - np.abs(x - size / 2) / UM, 0.0)
    resistance = size * np.mean(1 / (BLOCKED + (1 - BLOCKED) * whole**2)) / SIGMA if blocks else size / SIGMA
    assert abs(current) == pytest.approx(0.1 / resistance, rel=1e-4)


@pytest.mark.parametrize("kind", ["kinetics", "contact"])
def test_damage_at_an_interface_cuts_its_current(kind: str) -> None:
    """Charge transfer and contacts pass (1 - d)^2 of what they passed."""
    tagged = layered(MPI.COMM_SELF, "1", [("low", UM), ("body", UM)], across=3)
    solid = (BRITTLE,)
    held = [Roller("bottom", 0), Roller("top", 0, 1e-12)]
    if kind == "kinetics":
        low = Domain((Equipotential(),), (Elastic(7.8e9, 0.38),))
        law: Any = ChargeTransfer("low", LinearKinetics(1e-4), 0.0, 0.0, 0.9)
        conditions = [Terminal("low", "low", potential=0.1), ends(0.0, 0.0)[1]]
    else:
        low = Domain((Conduction("ionic", 1e3),), (Elastic(7.8e9, 0.38),))
        law = OhmicContact("ionic", 1e-4, 0.9)
        conditions = [ends(0.1, 0.0, "low")[0], ends(0.1, 0.0)[1]]
    domains = {"low": low, "body": Domain((Conduction("ionic", 1e3),), solid)}
    model = Model(tagged, domains, {"low|body": (law,)}, [*conditions, *held])
    assert model.damage is not None
    currents = []
    for damage in (0.0, 0.6):
        model.damage.unknown.function.x.array[:] = damage
        solver = Solver(model)
        solver.solve()
        currents.append(Assembly(model, solver, 1.0).interface_current("low|body"))
        solver.destroy()
    assert currents[0] == pytest.approx(0.9 * 0.1 / 1e-4, rel=1e-2)
    assert currents[1] / currents[0] == pytest.approx(0.4**2, rel=2e-2)


def test_damage_cuts_diffusion() -> None:
    """The flux of lithium in a host is that of the whole one times (1 - d)^2."""
    tagged = layered(MPI.COMM_SELF, "1", [("low", UM), ("body", UM)], across=3)
    host = Intercalation(lambda x: 4.0 - 0.5 * x, 5e4, 1e-14, 0.5)
    domains = {
        "low": Domain((Conduction("ionic", 1.0),), (Elastic(7.8e9, 0.38),)),
        "body": Domain((Conduction("electronic", 10.0),), (BRITTLE,), host=host),
    }
    law = ChargeTransfer("body", LinearKinetics(1e-3))
    conditions = [Terminal("body", "top", current=0.0), ends(0.0, 0.0, "low")[0], Roller("bottom", 0), Roller("top", 0)]
    model = Model(tagged, domains, {"low|body": (law,)}, conditions)
    assert model.damage is not None
    assert model.transport is not None
    unknown = model.transport.fields["body"]
    unknown.function.interpolate(lambda x: 2e4 + 1e10 * x[0])
    assembly = Assembly(model, Solver(model), 1.0)
    medium = model.transport.media["body"]
    assert isinstance(medium, Intercalation)
    for damage in (0.0, 0.3):
        model.damage.unknown.function.x.array[:] = damage
        flux = assembly.scalar(model.geometry.integral(medium.flux(unknown.function)[0], "body")) / UM
        assert flux == pytest.approx(-1e-14 * 1e10 * (BLOCKED + (1 - BLOCKED) * (1 - damage) ** 2), rel=1e-6)
        assert ufl.shape(medium.flux(unknown.function)) == (1,)


def test_lithium_in_a_crack_presses_with_its_overpotential() -> None:
    """p = F eta / Omega: 50 mV on lithium open a crack as 371 MPa do; no pressure where lithium would dissolve."""
    tagged = layered(MPI.COMM_SELF, "2", [("low", UM), ("body", 4 * UM)], width=4 * UM, lateral=12, across=[3, 15])
    volume = 13.0e-6
    domains = {
        "low": Domain((Equipotential(),), (Elastic(7.8e9, 0.38),)),
        "body": Domain((Conduction("ionic", SIGMA),), (replace(BRITTLE, length=0.4 * UM, toughness=1e3),)),
    }
    held = [Roller("bottom", 1), Roller("left", 0)]
    opened = {}
    for overpotential, given in ((0.05, None), (-0.05, None), (None, FARADAY * 0.05 / volume)):
        fill = (
            FilledCrack(electrode="low", molar_volume=volume, equilibrium_potential=0.01)
            if given is None
            else FilledCrack(pressure=given)
        )
        top = ends(0.0, 0.0 if overpotential is None else overpotential + 0.01)[1]
        model = Model(tagged, domains, {}, [Terminal("low", "low", potential=0.0), top, *held, fill])
        breaking = Breaking(model)
        breaking.damage.break_where(lambda x: (np.abs(x[1] - 3 * UM) < 0.15 * UM) & (x[0] < 2 * UM))
        breaking.solve()
        assembly = Assembly(model, breaking.solver, 1.0)
        opened[overpotential] = assembly.scalar(breaking.damage.fills[0].volume)
        breaking.destroy()
    assert opened[None] > 1e-17
    assert opened[0.05] == pytest.approx(opened[None], rel=1e-6)
    assert abs(opened[-0.05]) < 1e-6 * opened[None]


def test_what_cannot_be_filled() -> None:
    """Cracks of a layer that does not break, and metal without a molar volume."""
    tagged = layered(MPI.COMM_SELF, "1", [("low", UM), ("body", UM)], across=2)
    solid = Domain((), (Elastic(7.8e9, 0.38),))
    with pytest.raises(ModelError, match="nothing breaks there"):
        Model(
            tagged,
            {"low": solid, "body": Domain((), (BRITTLE,))},
            {},
            [Roller("bottom", 0), FilledCrack(pressure=1e6, layers=("low",))],
        )
    for words in ({}, {"pressure": 1.0, "volume": 1.0}, {"electrode": "low"}):
        with pytest.raises(ValueError, match=r"one of|molar_volume"):
            FilledCrack(**words)  # type: ignore[arg-type]
