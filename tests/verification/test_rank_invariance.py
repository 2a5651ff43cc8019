"""The same numbers on any number of ranks, also where a rank has nothing of the interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from support.layered import AXES, layered
from support.norms import integrate
from support.ranks import alone, several

from fem.conditions import Pressure, Roller, Terminal
from fem.constants import FARADAY
from fem.dissipation.conduction import Conduction, Equipotential
from fem.energy.elastic import Elastic
from fem.interface.charge_transfer import ChargeTransfer, OhmicContact
from fem.interface.kinetics import ButlerVolmer
from fem.model import Domain, Model
from fem.solve.driver import Solver

pytestmark = pytest.mark.mpi

WIDTH, CONDUCTIVITY = 2.0e-5, 0.05
SAME = 1e-9
METAL = Domain((Equipotential(),), (Elastic(7.8e9, 0.38, 2e-4),))
FILLING = Domain((Conduction("ionic", CONDUCTIVITY),), (Elastic(1.5e11, 0.26),))


def half_contact(dimension: str, comm: Any) -> dict[str, float]:
    """A stressed cell with film and a gap over half of one interface: nothing about it is uniform."""
    gaps: dict[str, Callable[[Any], Any]] = {"a|e": lambda middle: middle[:, 0] > WIDTH / 2}
    layers = [("a", 1e-5), ("e", 2e-5), ("c", 1e-5)]
    boxes = 4 if dimension == "3" else 12
    tagged = layered(comm, dimension, layers, WIDTH, lateral=boxes, across=max(boxes // 2, 3), jitter=0.1, gaps=gaps)
    walls: list[Any] = [Roller("bottom", AXES[dimension] - 1), Roller("left", 0), Pressure("top", 5e6)]
    walls += [Roller("right", 0)]
    if dimension == "3":
        walls += [Roller("front", 1), Roller("back", 1)]
    kinetics = ButlerVolmer(10.0, 0.4, 0.7, 0.3)
    area = {"2": WIDTH, "axisymmetric": np.pi * WIDTH**2, "3": WIDTH**2}[dimension]
    terminals = [Terminal("a", "a", current=60.0 * area), Terminal("c", "c", potential=0.0)]
    laws = {
        "a|e": [ChargeTransfer("a", kinetics, 0.1, 4e-4, 0.8, 13e-6)],
        "e|c": [ChargeTransfer("c", kinetics, 0.0, 0.0, 1.0, 13e-6)],
    }
    model = Model(tagged, {"a": METAL, "e": FILLING, "c": METAL}, laws, [*walls, *terminals])
    solver = Solver(model)
    solver.solve()
    return quantities(model, solver, "a")


def quantities(model: Model, solver: Solver, terminal: str) -> dict[str, float]:
    """Voltage, differential resistance, currents, and integrals of potential and energy."""
    number = model.terminals[terminal]
    out = {"voltage": number.value, "slope": solver.differential_resistance(number)}
    for state in model.states:
        name = state.link.interface
        out[f"current {name}"] = integrate(model, model.geometry.interface_integral(state.current, name))
        square = model.geometry.interface_integral(state.current**2, name)
        out[f"square {name}"] = integrate(model, square)
    potential = model.handle("e", "ionic").value(None)
    out["potential"] = integrate(model, model.geometry.integral(potential, "e"))
    if model.mechanics is not None:
        for layer in model.mechanics.solids:
            energy = model.mechanics.energy_density(layer)
            out[f"energy {layer}"] = integrate(model, model.geometry.integral(energy, layer))
    return out


@several
@pytest.mark.parametrize("dimension", ["2", "axisymmetric", "3"])
def test_all_ranks_together_equal_one_alone(dimension: str) -> None:
    """One rank solves the same model alone; all compare it with the common solution."""
    together = half_contact(dimension, MPI.COMM_WORLD)
    other = alone(lambda: half_contact(dimension, MPI.COMM_SELF))
    assert together.keys() == other.keys()
    for name, value in other.items():
        assert together[name] == pytest.approx(value, rel=SAME), name


def tower(comm: Any) -> tuple[Model, Solver]:
    """A long column with its contacts at the lower end: most ranks see only electrolyte."""
    layers = [("a", 1e-5), ("b", 1e-5), ("e", 6e-4)]
    tagged = layered(comm, "2", layers, WIDTH, lateral=2, across=(2, 2, 120))
    model = Model(
        tagged,
        {
            "a": Domain((Equipotential(),)),
            "b": Domain((Conduction("ionic", 0.2),)),
            "e": Domain((Conduction("ionic", CONDUCTIVITY),)),
        },
        {
            "a|b": [ChargeTransfer("a", ButlerVolmer(10.0, 0.3, 0.6), 0.2, 3e-4)],
            "b|e": [OhmicContact("ionic", 5e-4, 0.5)],
        },
        [Terminal("a", "a", current=20.0 * WIDTH), Terminal("end", "top", potential=0.0, carrier="ionic")],
    )
    solver = Solver(model)
    solver.solve()
    return model, solver


@several
def test_a_rank_without_interface() -> None:
    """Some rank owns no facet of any interface and sees none, and the numbers stay the same."""
    model, solver = tower(MPI.COMM_WORLD)
    seen = sum(len(model.geometry.facets(name)) for name in ("a|b", "b|e"))
    assert 0 in MPI.COMM_WORLD.allgather(seen), "the partition gives every rank a part of the interfaces"
    together = quantities(model, solver, "a")
    other = alone(lambda: quantities(*tower(MPI.COMM_SELF), "a"))
    for name, value in other.items():
        assert together[name] == pytest.approx(value, rel=SAME), name
    assert together["current a|b"] == pytest.approx(20.0 * WIDTH, rel=SAME)
    assert together["current b|e"] == pytest.approx(20.0 * WIDTH, rel=SAME)


def test_stress_shift_is_the_same_everywhere() -> None:
    """The shift by a uniform pressure, on every number of ranks the analytic value."""
    tagged = layered(MPI.COMM_WORLD, "2", [("a", 1e-5), ("e", 2e-5), ("c", 1e-5)], WIDTH, lateral=6, across=3)
    soft = Domain((Equipotential(),), (Elastic(7.8e9, 0.38),))
    walls = [Roller("bottom", 1), Roller("left", 0), Roller("right", 0), Pressure("top", 4e7)]
    ends = [Terminal("a", "a", current=0.0), Terminal("c", "c", potential=0.0)]
    laws = {
        "a|e": [ChargeTransfer("a", ButlerVolmer(10.0), 0.0, 0.0, 1.0, 13e-6)],
        "e|c": [ChargeTransfer("c", ButlerVolmer(3.0), 0.0, 2e-4, 1.0, 4e-6)],
    }
    model = Model(tagged, {"a": soft, "e": FILLING, "c": soft}, laws, [*walls, *ends])
    Solver(model).solve()
    assert model.terminals["a"].value == pytest.approx(-(13e-6 - 4e-6) * 4e7 / FARADAY, rel=1e-8)
