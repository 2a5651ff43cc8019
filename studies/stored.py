"""What a cell stores: lithium in hosts, salt and liquid in electrolytes, charge of double layers; and none is lost."""

from __future__ import annotations

import math
from typing import Any

from mpi4py import MPI

from fem.constants import FARADAY
from fem.interface.charge_transfer import ChargeTransfer
from fem.observe.assembly import Assembly
from fem.observe.interphase import lithium_balance
from fem.observe.rates import rate_balances
from fem.observe.void_phase import lithium_lost
from fem.solve.cracked import Account
from fem.solve.ledger import Ledger
from studies.results import Balance

__all__ = ["Stored", "amount", "extremes", "volume"]

AMOUNT_LIMIT = 1e-10
"""Largest relative error of an amount that should be conserved."""
CHARGE_LIMIT = 1e-8
"""Largest relative difference of the currents of the terminals: potentials of volts are rounded like volts."""
RATE_LIMIT = 1e-7
"""The same of single interfaces and species: Newton's method stops where the sum over all of them is rounded."""

WORK_LIMIT = 1e-6
"""Largest relative difference of the work of loads and what is stored and dissipated."""

NO_CURRENT = 1.0
"""A/m^2: what currents are measured against at least, in runs that only rest."""


def amount(assembly: Assembly, layer: str, liquid: bool = False) -> float:
    """Lithium or salt in a region, or the ionic liquid beside the salt, mol."""
    transport = assembly.model.transport
    assert transport is not None
    item = (transport.liquids if liquid else transport.fields)[layer]
    return assembly.in_layer(item.function, layer, ("amount", layer, item.name))


def volume(assembly: Assembly, layer: str) -> float:
    """Volume of a region, m^3 (per depth or area in fewer dimensions)."""
    return assembly.in_layer(1.0, layer, ("volume", layer))


def extremes(assembly: Assembly, layers: tuple[str, ...], liquid: bool = False) -> tuple[float, float]:
    """Lowest and highest concentration at the nodes of the fields of some regions, mol/m^3; of the ionic liquid."""
    transport = assembly.model.transport
    assert transport is not None
    known = transport.liquids if liquid else transport.fields
    low, high = math.inf, -math.inf
    for item in {id(f): f for f in (known[layer] for layer in layers)}.values():
        own = item.function.x.array[: item.owned]
        low, high = min(low, float(own.min(initial=math.inf))), max(high, float(own.max(initial=-math.inf)))
    return assembly.comm.allreduce(low, op=MPI.MIN), assembly.comm.allreduce(high, op=MPI.MAX)


class Stored:
    """Amounts at the beginning of a run, and the balances at any later time.

    Args:
        assembly: of the model. ledger: of its work, where it creeps or parts.

    Attributes:
        first: name -> amount (mol) or charge (C) at the beginning.
    """

    def __init__(self, assembly: Assembly, ledger: Ledger | None = None, account: Account | None = None) -> None:
        self.assembly, self.model, self.ledger = assembly, assembly.model, ledger
        self.account = account
        self.first: dict[str, float] = {}

    def begin(self, charge: float) -> None:
        """Remember what there is, when a charge (C/m^2) has passed."""
        self.first = {**self._now(), "charge": charge * self.assembly.area}

    def _now(self) -> dict[str, float]:
        transport = self.model.transport
        found: dict[str, float] = {}
        for layer in transport.fields if transport is not None else ():
            found[f"amount in {layer}"] = amount(self.assembly, layer)
        for layer in transport.liquids if transport is not None else ():
            found[f"liquid in {layer}"] = amount(self.assembly, layer, liquid=True)
        for state in self.model.states:
            if isinstance(state.link.law, ChargeTransfer) and state.link.law.double_layer_capacitance:
                found[f"double layer at {state.link.interface}"] = self._double_layer(state)
        return found

    def _double_layer(self, state: Any) -> float:
        """Charge on the electrode's side, C."""
        law, name = state.link.law, state.link.interface
        below = name.split("|")[0]
        side = {True: "+", False: "-"}
        first = self.model.handle(*state.link.first).value(side[state.link.first[0] == below])
        if law.needs_inner_potential:
            second = self.model.inner[name].value("+")
        else:
            second = self.model.handle(*state.link.second).value(side[state.link.second[0] == below])
        density = law.contact_fraction * law.double_layer_capacitance * (first - second)
        return self.assembly.on_interface(density, name, ("double layer", name))

    def balances(self, charge: float, length: float) -> dict[str, Balance]:
        """Salt and lithium against what was there and what has passed, the terminals, every species and interface.

        Args:
            charge: passed so far, C/m^2.
            length: of the time step whose rates are the present ones, s; 0 at the beginning of a step of the protocol.
        """
        now, first = self._now(), self.first
        found: dict[str, Balance] = {}
        salt = [k for k in first if k.startswith("amount in ") and not self._is_host(k)]
        for key in salt:
            left = now[key] - first[key]
            found[f"salt in {key.removeprefix('amount in ')}"] = Balance(left, first[key], AMOUNT_LIMIT, "mol")
        for key in (k for k in first if k.startswith("liquid in ")):
            found[f"ionic {key}"] = Balance(now[key] - first[key], first[key], AMOUNT_LIMIT, "mol")
        hosts = [k for k in first if k.startswith("amount in ") and self._is_host(k)]
        sign = self._side_of_hosts()
        if hosts and sign is not None:
            passed = charge * self.assembly.area - first["charge"]
            layers = sum(now[k] - first[k] for k in first if k.startswith("double layer at ") and self._of_host(k))
            change = FARADAY * sum(now[k] - first[k] for k in hosts)
            scale = FARADAY * sum(first[k] for k in hosts)
            found["lithium in hosts"] = Balance(change + sign * passed - layers, scale, AMOUNT_LIMIT, "C")
        found |= self._voids(charge)
        for name in self.model.profiles:
            part = lithium_balance(self.assembly, name)
            if part is not None and part.entered != 0.0:
                left = part.entered - part.held - part.converted
                found[f"lithium in the interphase at {name}"] = Balance(left, part.entered, AMOUNT_LIMIT, "mol")
        if self.ledger is not None and self.ledger.closes:
            work, stored, lost = self.ledger.terms()
            largest = max(abs(work), abs(stored), abs(lost), self.ledger.least)
            found["work"] = Balance(work - stored - lost, largest, WORK_LIMIT, "J")
        if self.account is not None:
            found["work"] = Balance(self.account.left, self.account.scale, WORK_LIMIT, "J")
        if length == 0.0:
            return found
        terminals = [self.assembly.number_charge(n) for n in self.model.terminals.values()]
        scale = max(self.first.get("largest current", 0.0), NO_CURRENT * self.assembly.area)
        found["charge over the cell"] = Balance(sum(terminals), scale, CHARGE_LIMIT, "A")
        for item in rate_balances(self.assembly, length, scale):
            found[item.name] = Balance(item.residual, item.scale, RATE_LIMIT, item.unit)
        return found

    def remember_current(self, current: float) -> None:
        """Measure currents against the largest one (A/m^2) of the run."""
        self.first["largest current"] = max(self.first.get("largest current", 0.0), abs(current) * self.assembly.area)

    def _is_host(self, key: str) -> bool:
        transport = self.model.transport
        return transport is not None and transport.is_host(key.removeprefix("amount in "))

    def _of_host(self, key: str) -> bool:
        name = key.removeprefix("double layer at ")
        return any(
            s.link.interface == name and self._is_host(f"amount in {s.link.first[0]}") for s in self.model.states
        )

    def _voids(self, charge: float) -> dict[str, Balance]:
        """Charge that has left a layer with voids as a phase, against what voids, lattice and sinks took up."""
        phases, numbers = self.model.void_phases, list(self.model.terminals.values())
        passed = charge * self.assembly.area - self.first["charge"]
        found = {}
        for layer, phase in phases.layers.items() if phases is not None else ():
            node = (layer, "electronic")
            carrier = self.model.handle(*node).carrier if node in self.model.network.root else None
            if phase.lattice is None or (carrier is not None and carrier not in numbers[:2]):
                continue
            left = 0.0 if carrier is None else passed if carrier is numbers[0] else -passed
            lost = lithium_lost(self.assembly, layer)
            sites = self.assembly.in_layer(1.0, layer, ("volume", layer)) / float(
                phase.spec.vacancies.lattice.molar_volume  # type: ignore[union-attr]
            )
            found[f"vacancies in {layer}"] = Balance(lost - left, FARADAY * sites, AMOUNT_LIMIT, "C")
        return found

    def _side_of_hosts(self) -> float | None:
        """+1: all lithium that leaves the hosts passes the working electrode; -1: the counter electrode; 0: it stays.

        None when films or bodies leave open which electrode hosts belong to.
        """
        electrodes = {
            s.link.first[0]
            for s in self.model.states
            if isinstance(s.link.law, ChargeTransfer) and s.link.first[1] == "electronic"
        }
        plain = {layer for layer in electrodes if not self._is_host(f"amount in {layer}")}
        if not plain:
            return 0.0
        layers = self.model.geometry.layers
        names = list(self.model.terminals)
        ends = {name: name in plain for name in names}
        if len(plain) == 1 and sum(ends.values()) == 1 and next(iter(plain)) in layers:
            return 1.0 if ends[names[1]] else -1.0
        return None
