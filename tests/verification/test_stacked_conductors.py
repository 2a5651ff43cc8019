"""Stacks of more than three layers: floating metals, resolved metals, contacts between equal conductors."""

from __future__ import annotations

from typing import Any

import pytest
from support.cells import AREA, overpotential, planar_cell, solve

from fem.conditions import Terminal
from fem.dissipation.conduction import Conduction, Equipotential
from fem.interface.charge_transfer import ChargeTransfer, OhmicContact
from fem.interface.kinetics import ButlerVolmer, LinearKinetics
from fem.model import Domain, Model

METAL = Domain((Equipotential(),))
BUTLER = ButlerVolmer(10.0, 0.4, 0.6)
CURRENT, TEMPERATURE = 35.0, 298.15


def ionic(conductivity: float) -> Domain:
    """An electrolyte."""
    return Domain((Conduction("ionic", conductivity),))


def electronic(conductivity: float) -> Domain:
    """A resolved metal."""
    return Domain((Conduction("electronic", conductivity),))


@pytest.mark.parametrize("dimension", ["1", "2", "3"])
def test_floating_metal_between_two_electrolytes(dimension: str) -> None:
    """A bipolar plate has no terminal: its potential is the one at which as much leaves as enters."""
    laws = {
        "a|e": ChargeTransfer("a", BUTLER, 0.2, 1e-4),
        "e|plate": ChargeTransfer("plate", BUTLER, 0.9, 0.0, 0.6),
        "plate|g": ChargeTransfer("plate", LinearKinetics(2e-3), 0.4),
        "g|c": ChargeTransfer("c", BUTLER, 0.0, 3e-4, 0.8),
    }
    model = planar_cell(
        dimension,
        [("a", 1e-5), ("e", 2e-5), ("plate", 5e-6), ("g", 3e-5), ("c", 1e-5)],
        {"a": METAL, "e": ionic(0.05), "plate": METAL, "g": ionic(0.02), "c": METAL},
        {name: [law] for name, law in laws.items()},
        [Terminal("a", "a", current=CURRENT), Terminal("c", "c", potential=0.3)],
    )
    solve(model)
    drops = {
        name: overpotential(law, CURRENT if name in ("a|e", "plate|g") else -CURRENT, TEMPERATURE)
        for name, law in laws.items()
    }
    plate = 0.3 - drops["g|c"] + drops["plate|g"] + CURRENT * 3e-5 / 0.02
    total = plate - drops["e|plate"] + drops["a|e"] + CURRENT * 2e-5 / 0.05
    assert model.handle("plate", "electronic").carrier.value == pytest.approx(plate, rel=1e-8)  # type: ignore[union-attr]
    assert model.terminals["a"].value == pytest.approx(total, rel=1e-8)


def resolved(dimension: str, domains: dict[str, Domain], laws: dict[str, Any], ends: tuple[str, str]) -> Model:
    """Anode, electrolyte, cathode, with terminals at given places."""
    return planar_cell(
        dimension,
        [("a", 1e-5), ("e", 2e-5), ("c", 3e-5)],
        domains,
        {name: [law] for name, law in laws.items()},
        [Terminal("a", ends[0], current=CURRENT), Terminal("c", ends[1], potential=-0.1)],
    )


@pytest.mark.parametrize("dimension", ["1", "2", "3"])
def test_resolved_metals(dimension: str) -> None:
    """Electrodes of finite conductivity add their own drops; without them the equipotential answer is left."""
    laws = {"a|e": ChargeTransfer("a", BUTLER, 0.0, 1e-4), "e|c": ChargeTransfer("c", BUTLER, 1.2)}
    expected = overpotential(laws["a|e"], CURRENT, TEMPERATURE) - overpotential(laws["e|c"], -CURRENT, TEMPERATURE)
    expected += CURRENT * 2e-5 / 0.05 - 0.1
    simple = resolved(dimension, {"a": METAL, "e": ionic(0.05), "c": METAL}, laws, ("a", "c"))
    solve(simple)
    assert simple.terminals["a"].value == pytest.approx(expected, rel=1e-8)
    domains = {"a": electronic(0.5), "e": ionic(0.05), "c": electronic(0.2)}
    model = resolved(dimension, domains, laws, ("bottom", "top"))
    solver = solve(model)
    drops = CURRENT * (1e-5 / 0.5 + 3e-5 / 0.2)
    assert model.terminals["a"].value == pytest.approx(expected + drops, rel=1e-8)
    slope = solver.differential_resistance(model.terminals["a"])
    plain = simple_slope(laws) + 2e-5 / 0.05 + drops / CURRENT
    assert slope * AREA[dimension] == pytest.approx(plain, rel=1e-6)


def simple_slope(laws: dict[str, ChargeTransfer]) -> float:
    """Sum of the interfaces' differential resistances, ohm m^2."""
    step = 1e-3

    def voltage(current: float) -> float:
        low = overpotential(laws["a|e"], current, TEMPERATURE)
        return low - overpotential(laws["e|c"], -current, TEMPERATURE)

    return (voltage(CURRENT + step) - voltage(CURRENT - step)) / (2 * step)


@pytest.mark.parametrize("dimension", ["1", "2"])
def test_nearly_perfect_metal_equals_equipotential(dimension: str) -> None:
    """A resolved metal of 1e5 S/m and an equipotential agree.

    Not 1e7 S/m: times a volt over a cell of 5 um and machine precision that is 1e-4 of a current density like this
    one, so the voltage would be good to 1e-7 only.
    """
    laws = {"a|e": ChargeTransfer("a", BUTLER), "e|c": ChargeTransfer("c", BUTLER, 0.7)}
    values = []
    for domain, ends in ((METAL, ("a", "c")), (electronic(1e5), ("bottom", "top"))):
        model = resolved(dimension, {"a": domain, "e": ionic(0.05), "c": domain}, laws, ends)
        solve(model)
        values.append(model.terminals["a"].value)
    assert values[1] == pytest.approx(values[0], rel=1e-7)


@pytest.mark.parametrize("dimension", ["1", "2", "axisymmetric", "3"])
def test_contacts_between_equal_conductors(dimension: str) -> None:
    """Two electrolytes and two metals with contact resistances, continuous where none is given."""
    law = ChargeTransfer("b", BUTLER, 0.3)
    model = planar_cell(
        dimension,
        [("b", 1e-5), ("e", 2e-5), ("g", 1e-5), ("h", 2e-5), ("m", 1e-5), ("n", 5e-6)],
        {
            "b": METAL,
            "e": ionic(0.05),
            "g": ionic(0.01),
            "h": ionic(0.2),
            "m": electronic(0.3),
            "n": electronic(2.0),
        },
        {
            "b|e": [law],
            "e|g": [OhmicContact("ionic", 4e-4, 0.5)],
            "h|m": [ChargeTransfer("m", LinearKinetics(1e-3), 0.1, 2e-4)],
            "m|n": [OhmicContact("electronic", 7e-4)],
        },
        [Terminal("b", "b", current=CURRENT), Terminal("n", "top", potential=0.0)],
    )
    solve(model)
    bulk = 2e-5 / 0.05 + 1e-5 / 0.01 + 2e-5 / 0.2 + 1e-5 / 0.3 + 5e-6 / 2.0
    contacts = 4e-4 / 0.5 + 1e-3 + 2e-4 + 7e-4
    expected = overpotential(law, CURRENT, TEMPERATURE) - 0.1 + CURRENT * (bulk + contacts)
    assert model.terminals["b"].value == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("dimension", ["1", "2"])
def test_perfect_charge_transfer(dimension: str) -> None:
    """Without resistance the potential jumps by the equilibrium potential alone, resolved or not."""
    laws = {"a|e": ChargeTransfer("a", None, 0.15), "e|c": ChargeTransfer("c", None, 0.8, 6e-4, 0.5)}
    expected = 0.15 - 0.8 - 0.1 + CURRENT * (2e-5 / 0.05 + 6e-4 / 0.5)
    for domains, ends, extra in (
        ({"a": METAL, "e": ionic(0.05), "c": METAL}, ("a", "c"), 0.0),
        ({"a": electronic(0.5), "e": ionic(0.05), "c": METAL}, ("bottom", "c"), 1e-5 / 0.5),
    ):
        model = resolved(dimension, domains, laws, ends)
        solve(model)
        assert model.terminals["a"].value == pytest.approx(expected + CURRENT * extra, rel=1e-8)
