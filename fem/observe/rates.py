"""Conservation laws of an accepted time step: what is stored per second against what passes, species by species.

The rates are those of the integrator's own formula, with which its equations were solved, so that every balance closes
to the tolerance of Newton's method, whatever the length of the step. Amounts then are conserved over any number of
steps, because the formula is linear.
"""

from __future__ import annotations

from collections.abc import Iterable

from fem.constants import FARADAY
from fem.interface.charge_transfer import ChargeTransfer
from fem.observe.assembly import Assembly
from fem.observe.balances import Imbalance
from fem.unknowns import Field

__all__ = ["rate_balances"]


ROUNDING = 1e-6
"""Amounts over the length of the step times this are added to the scale: rates are differences of rounded amounts, and
Newton's method, which solves for all unknowns together, stops where the largest of them is rounded."""


def rate_balances(assembly: Assembly, length: float, least: float = 0.0) -> list[Imbalance]:
    """Balances of an accepted time step; collective.

    * every field of salt, ionic liquid or lithium: F dn/dt and what its interfaces take;
    * every interface of a plain stack: its faradaic and charging current against what the lowest terminal feeds in.

    Args:
        assembly: at the state and rates of the step.
        length: of the step, s.
        least: scale of the currents at least, A.
    """
    passing = {name: _passing(assembly, name) for name in assembly.geometry.interfaces}
    taken = _taken(assembly)
    terminals = {n.name: assembly.number_charge(n) for n in assembly.model.terminals.values()}
    sizes = [*passing.values(), *taken.values(), *terminals.values(), least]
    scale = max((abs(v) for v in sizes if v is not None), default=0.0)
    species = _species(assembly, taken)
    scale += ROUNDING * max((abs(amount) for _, amount in species.values()), default=0.0) / length
    found = [Imbalance(f"rate of {name}", rate, scale, "A") for name, (rate, _) in species.items()]
    if assembly.geometry.is_chain and terminals:
        fed = _fed_from_below(assembly, passing)
        if fed is not None:
            known = ((name, value) for name, value in passing.items() if value is not None)
            found += [Imbalance(f"charge at {name}", value - fed, scale, "A") for name, value in known]
    return found


def _passing(assembly: Assembly, name: str) -> float | None:
    """Faradaic and charging current through an interface from below to above, A; None where a field crosses it."""
    below = name.partition(":")[0].split("|")[0]
    states, ties = assembly.states(name), assembly.ties(name)
    if assembly._crossing(name):
        return None
    total = 0.0
    for state in states:
        sign = 1.0 if state.link.first[0] == below else -1.0
        total += sign * assembly.on_interface(
            state.current, name, ("current", name, state.link.first, state.link.second)
        )
        if not isinstance(state.charging, int | float):
            key = ("charging", name, state.link.first, state.link.second)
            total += sign * assembly.on_interface(state.charging, name, key)
    for spec, field, tie in ties:
        total += (1.0 if spec.metal[0] == below else -1.0) * assembly.tie_resultant(field, tie)
    return total


def _fed_from_below(assembly: Assembly, passing: dict[str, float | None]) -> float | None:
    lowest = assembly.geometry.layers[0]
    for number in assembly.model.terminals.values():
        if number.name in (f"potential of {lowest}", "potential of bottom") or any(
            tie.number is number for f in assembly.model.fields if lowest in f.layers for tie in f.ties
        ):
            return assembly.number_charge(number)
    return next((value for value in passing.values() if value is not None), None)


def _taken(assembly: Assembly) -> dict[str, float]:
    """Layer that is a host -> current of lithium that its interfaces take, A."""
    transport = assembly.model.transport
    found: dict[str, float] = {}
    if transport is None:
        return found
    for state in assembly.model.states:
        layer, carrier = state.link.first
        if isinstance(state.link.law, ChargeTransfer) and carrier == "electronic" and transport.is_host(layer):
            name = state.link.interface
            key = ("current", name, state.link.first, state.link.second)
            found[layer] = found.get(layer, 0.0) + assembly.on_interface(state.current, name, key)
    return found


def _species(assembly: Assembly, taken: dict[str, float]) -> dict[str, tuple[float, float]]:
    """Name of a field -> what is stored and taken per second (A), and the amount that is there (C)."""
    transport = assembly.model.transport
    fields: Iterable[tuple[str, Field]] = () if transport is None else transport.stored()
    found: dict[str, tuple[float, float]] = {}
    for layer, item in fields:
        stored = FARADAY * assembly.in_layer(item.rate, layer, ("stored", layer, item.name))
        amount = FARADAY * assembly.in_layer(item.function, layer, ("amount", layer, item.name))
        rate, before = found.get(item.name, (0.0, 0.0))
        found[item.name] = rate + stored + taken.get(layer, 0.0), before + amount
    return found
