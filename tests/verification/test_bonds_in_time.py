"""Interfaces that soften while a host shrinks in time: traction, dissipation and what the bond lets pass."""

from __future__ import annotations

import numpy as np
import pytest
from mpi4py import MPI
from support.charged_bar import MAXIMUM, RESISTANCE, START, Stretch, charging, rate_of
from support.layered import layered

from fem.conditions import Roller, Terminal
from fem.dissipation.conduction import Conduction, Equipotential
from fem.dissipation.intercalation import Intercalation
from fem.energy.elastic import Elastic
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.cohesive import Cohesive
from fem.interface.kinetics import LinearKinetics
from fem.model import Condition, Domain, Model, Settings
from fem.protocol import Cutoff, Protocol, Step
from fem.solve.bonds import BondSettings
from fem.solve.ledger import Ledger
from fem.solve.transient import TimeSettings, Transient
from fem.solve.work import Book

YOUNG, FACTOR, SIZE = 1.4e11, 1e-6, 1e-6
STRENGTH, TOUGHNESS = 50e6, 0.5
SIGMA, DIFFUSIVITY = 0.1, 1e-11


def bonded(at: str, toughness: float = TOUGHNESS, open_share: float = 0.0) -> Model:
    """Lithium | electrolyte | host | ceramic; the host is bonded at one of its sides and held at the other end."""
    names = ("li", "se", "host", "block")
    tagged = layered(MPI.COMM_SELF, "1", [(name, SIZE) for name in names], across=[1, 1, 4, 1])
    elastic = (Elastic(YOUNG, 0.0),)
    host = Intercalation(lambda x: 4.2 - x, MAXIMUM, DIFFUSIVITY, START)
    domains = {
        "li": Domain((Equipotential(),)),
        "se": Domain((Conduction("ionic", SIGMA),), elastic),
        "host": Domain((Equipotential(),), (Elastic(YOUNG, 0.0, 0.0, Stretch(FACTOR)),), host=host),
        "block": Domain((), elastic),
    }
    law = LinearKinetics(RESISTANCE)
    bond = Cohesive(STRENGTH, toughness, open_share=open_share)
    interfaces: dict[str, list[object]] = {
        "li|se": [ChargeTransfer("li", law)],
        "se|host": [ChargeTransfer("host", law)],
    }
    interfaces.setdefault(at, []).append(bond)
    conditions: list[Condition] = [
        Terminal("host", "host", current=0.0),
        Terminal("li", "li", potential=0.0),
        Roller("li|se", 0),
        Roller("top", 0),
    ]
    return Model(tagged, domains, interfaces, conditions, Settings(potential_degree=1, concentration_degree=1))  # type: ignore[arg-type]


@pytest.mark.parametrize("at", ["host|block", "se|host"])
def test_a_bond_softens_while_the_host_shrinks(at: str) -> None:
    """beta I t / F = 3 sigma L / E + g, sigma on the straight line from the strength to zero at 2 G_c / T.

    Where the current passes the bond (``se|host``), its kinetics has the share 1 - d of the area.
    """
    model, current = bonded(at), 1.0
    end, begin = 2 * TOUGHNESS / STRENGTH, STRENGTH / Cohesive(STRENGTH, TOUGHNESS).penalty
    compliance = 3 * SIZE / YOUNG
    last = 0.9 * end / (FACTOR * SIZE * rate_of(current, SIZE))
    run = Transient(model, charging(current, last), "host", 1.0, TimeSettings(tolerance=1e-4))
    book, found = Book(model), []
    for point in run.points():
        run.follow()
        energies = book.energies()
        forces = book._forces()
        found.append((point.time, point.voltage, float(np.abs(forces).max()), energies.fracture))
    t, voltage, sigma, spent = np.array(found).T
    moved = FACTOR * SIZE * rate_of(current, SIZE) * t
    stiff = STRENGTH / begin
    elastic = moved * stiff / (1 + compliance * stiff)
    slope = STRENGTH / (end - begin)
    softened = slope * (end - moved) / (1 - slope * compliance)
    exact = np.where(elastic <= STRENGTH, elastic, softened)
    assert np.abs(sigma - exact).max() < 1e-3 * STRENGTH
    opening = moved - compliance * exact
    damage = np.where(elastic <= STRENGTH, 0.0, 1 - exact / (stiff * np.maximum(opening, begin)))
    assert spent[-1] == pytest.approx(TOUGHNESS - 0.5 * exact[-1] * end, rel=1e-3)
    share = 1 - damage if at == "se|host" else np.ones_like(damage)
    # the surface of the host leads its mean by J L / 3 D
    open_circuit = 4.2 - START + rate_of(current, SIZE) * (t + SIZE**2 / (3 * DIFFUSIVITY)) / MAXIMUM
    expected = open_circuit + current * (RESISTANCE * (1 + 1 / share) + SIZE / SIGMA)
    later = t > 10.0
    assert np.abs(voltage - expected)[later].max() < 2e-3 * np.abs(expected - open_circuit).max()
    assert damage[-1] > 0.9
    run.destroy()


@pytest.mark.parametrize("at", ["host|block", "se|host"])
def test_a_bond_that_snaps_dissipates_what_was_stored(at: str) -> None:
    """The bars give back five times what the bond takes: it is off within a time step, and the balance holds.

    Where all of the current goes through it, the voltage jumps by I R (1 / s - 1) past the cut-off, which ends the run.
    """
    brittle, current, share = 0.01 * TOUGHNESS, 1.0, 1e-4
    model, end = bonded(at, brittle, share), 2 * brittle / STRENGTH
    ledger = Ledger(model)
    model.histories.append(ledger)
    compliance = 3 * SIZE / YOUNG + 1 / Cohesive(STRENGTH, brittle).penalty
    strained = STRENGTH * compliance / (FACTOR * SIZE * rate_of(current, SIZE))
    step = Step.constant("charge", "current", current, 4 * strained, (Cutoff("voltage", "above", 4.4),))
    run = Transient(model, Protocol((step,)), "host", 1.0, TimeSettings(tolerance=1e-3), bonds=BondSettings(1e-3))
    assert end < STRENGTH * compliance
    found = []
    for point in run.points():
        work, stored, lost = ledger.terms()
        assert abs(work - stored - lost) < 1e-9 * max(work, stored, lost, 1e-9)
        found.append((point.time, lost, float(np.abs(ledger.book._forces()).max()), point.ended))
    times = [t for t, lost, _, _ in found if lost > 0.99 * found[-1][1]]
    assert run.report.jumps > 1
    assert times[0] == pytest.approx(strained, rel=3e-3 * 4)
    assert found[-1][1] == pytest.approx(0.5 * STRENGTH**2 * compliance, rel=0.02)
    assert found[-1][2] < 1e-6 * STRENGTH
    assert found[-1][3] == ("duration" if at == "host|block" else str(step.cutoffs[0]))
    jump = current * RESISTANCE * (1 / share - 1)
    assert run._voltage() == pytest.approx(3.4217 + (jump if at == "se|host" else 0.0644), abs=1e-3)
    run.destroy()


def test_steps_are_cut_where_a_bond_does_more_than_their_ends_see() -> None:
    """Damage begins within a step: its work is not that of the mean tractions, and a part of the step is taken."""
    taken = []
    for miss in (1.0, 1e-5):
        model = bonded("host|block")
        last = 0.3 * 2 * TOUGHNESS / STRENGTH / (FACTOR * SIZE * rate_of(1.0, SIZE))
        settings = BondSettings(1e-4, miss=miss)
        run = Transient(model, charging(1.0, last), "host", 1.0, TimeSettings(tolerance=1e-2), bonds=settings)
        taken.append(len(list(run.points())))
        assert (run.report.broken > 0) == (miss < 1.0)
        assert run.report.jumps == 0
        run.destroy()
    assert taken[1] > taken[0]
