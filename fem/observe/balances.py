"""Conservation laws over the cell, over every interface and every body, checked after every solve.

In a plain stack what passes one interface passes all: each is compared with what is fed in. Where bodies lie in
the layers or beside them there is no such section: every conductor must get as much charge as it gives, and every
body must be pulled by its neighbours as much as pushed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fem.constants import thermal_voltage
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.names import both_sides
from fem.observe.assembly import Assembly
from fem.observe.electrical import power
from fem.unknowns import Field, Number

if TYPE_CHECKING:
    from fem.model import InterfaceState


@dataclass(frozen=True)
class Imbalance:
    """What a balance leaves over.

    Attributes:
        name: what is balanced, and where.
        residual: left over, in A or N or W.
        scale: what it is measured against, same unit.
        unit: unit.
    """

    name: str
    residual: float
    scale: float
    unit: str


def charge_balances(assembly: Assembly) -> list[Imbalance]:
    """Charge over the cell (terminals, floating metals) and over every interface.

    No current leaves through the sides, so the current of all carriers together is the same through every
    interface; at an interface with a film the current of the kinetics must pass the film.
    """
    model = assembly.model
    terminals = {name: assembly.number_charge(n) for name, n in model.terminals.items()}
    if not model.fields or not terminals:
        return []
    chain = assembly.geometry.is_chain
    through = {name: assembly.interface_current(name) for name in assembly.geometry.interfaces if chain}
    scale = max((abs(v) for v in [*terminals.values(), *through.values()]), default=0.0)
    scale = max(scale, _exchanged(assembly))
    found = [Imbalance("charge over the cell", sum(terminals.values()), scale, "A")]
    connected = set(model.terminals.values())
    for number in model.numbers:
        floating = isinstance(number, Number) and number.unknown and number not in connected
        if floating and number.name.startswith("potential of"):
            name = f"charge of {number.name.removeprefix('potential of ')}"
            found.append(Imbalance(name, assembly.number_charge(number), scale, "A"))
    fed = _fed_from_below(assembly) if chain else 0.0
    found += [Imbalance(f"charge at {name}", current - fed, scale, "A") for name, current in through.items()]
    if not chain:
        found += [Imbalance(f"charge of {name}", left, scale, "A") for name, left in _received(assembly).items()]
    for state in model.states:
        name, law = state.link.interface, state.link.law
        if isinstance(law, ChargeTransfer) and law.needs_inner_potential:
            film = assembly.on_interface(state.film_current, name, ("film current", name))
            passing = _passing(assembly, state)
            found.append(Imbalance(f"charge in the film at {name}", passing - film, scale, "A"))
    return found


def _passing(assembly: Assembly, state: InterfaceState) -> float:
    """Current of one passage of an interface from its first to its second side, A."""
    name = state.link.interface
    return assembly.on_interface(state.current, name, ("current", name, state.link.first, state.link.second))


def _received(assembly: Assembly) -> dict[str, float]:
    """What every field of potential gets from all interfaces, terminals and metals together, A."""
    model = assembly.model
    total = {f.name: 0.0 for f in model.fields if f.kind == "potential" and f.layers}
    for field in model.fields:
        if field.name in total:
            total[field.name] += sum(assembly.tie_resultant(field, tie) for tie in field.ties)
    for state in model.states:
        current = _passing(assembly, state)
        for node, sign in ((state.link.first, -1.0), (state.link.second, 1.0)):
            carrier = model.handle(*node).carrier
            if isinstance(carrier, Field) and carrier.name in total:
                total[carrier.name] += sign * current
    return total


# Share of the exchange current below which a current counts as none: the scale of balances at equilibrium.
_NEGLIGIBLE = 1e-6


def _exchanged(assembly: Assembly) -> float:
    """Current that flows although none is fed in: leaks, and what uneven stress drives along an interface, A."""
    best = 0.0
    temperature = assembly.model.settings.temperature
    for state in assembly.model.states:
        name, law = state.link.interface, state.link.law
        best = max(
            best,
            assembly.on_interface(abs(state.current), name, ("exchanged", name, state.link.first, state.link.second)),
        )
        if isinstance(law, ChargeTransfer) and law.kinetics is not None:
            exchange = thermal_voltage(temperature) / law.kinetics.charge_transfer_resistance(temperature)
            best = max(best, _NEGLIGIBLE * exchange * assembly.contact_area(name))
    for _spec, field, tie in assembly.model.perfect_ties:
        best = max(best, abs(assembly.tie_resultant(field, tie)))
    return best


def _fed_from_below(assembly: Assembly) -> float:
    """Current that the terminal at the lower end feeds in, A."""
    model = assembly.model
    lowest = assembly.geometry.layers[0]
    for name, number in model.terminals.items():
        if name == lowest:
            return assembly.number_charge(number)
    return assembly.interface_current(assembly.geometry.interfaces[0])


def force_balances(assembly: Assembly) -> list[Imbalance]:
    """Force along the stack over the cell and through every interface, and across the cell."""
    model = assembly.model
    if model.mechanics is None:
        return []
    mechanics = model.mechanics
    supports = {s: assembly.support_force(s) for s in mechanics.supports}
    sides = [p.side for p in mechanics.loads if p.side in ("bottom", "top")]
    loads = {s: float(mechanics.pressures[s].value) * assembly.area for s in sides}
    upward = supports.get("bottom", 0.0) + loads.get("bottom", 0.0)
    downward = -supports.get("top", 0.0) + loads.get("top", 0.0)
    scale = max(*(abs(v) for v in [*supports.values(), *loads.values()]), 0.0, _internal_force(assembly))
    found = [Imbalance("force over the cell", upward - downward, scale, "N")]
    for a, b in (("left", "right"), ("front", "back")):
        if a in supports and b in supports and not assembly.geometry.axisymmetric:
            found.append(Imbalance(f"force {a} to {b}", supports[a] + supports[b], scale, "N"))
    solids = mechanics.solids
    if not assembly.geometry.is_chain:
        return found + [Imbalance(f"force on {name}", assembly.body_force(name), scale, "N") for name in solids]
    # what fills a crack along an interface presses on both of its sides within the damage
    filled = set(model.damage.terms) if model.damage is not None and model.damage.fills else set()
    for name in assembly.geometry.interfaces:
        if all(layer in solids for layer in both_sides(name)) and not set(both_sides(name)) <= filled:
            found.append(Imbalance(f"force at {name}", assembly.interface_force(name) - upward, scale, "N"))
    return found


def _internal_force(assembly: Assembly) -> float:
    """A force that stresses alone set: square root of energy density times stiffness, times the area, N."""
    import numpy as np

    from fem.observe.mechanical import stress_samples

    total, count = 0.0, 0
    for layer in assembly.mechanics.solids:
        _points, stresses = stress_samples(assembly, layer)
        total += float(np.sum(stresses**2))
        count += len(stresses)
    total, count = assembly.comm.allreduce(total), assembly.comm.allreduce(count)
    return float(np.sqrt(total / max(count, 1))) * assembly.area


def power_balance(assembly: Assembly) -> list[Imbalance]:
    """Electrical power fed in = heat + power against the equilibrium potentials (stress work included), W."""
    model = assembly.model
    if not model.fields or not model.terminals:
        return []
    fed = sum(assembly.number_charge(n) * n.value for n in model.terminals.values())
    losses = power(assembly)
    stored = 0.0
    for state in model.states:
        law = state.link.law
        if isinstance(law, ChargeTransfer):
            name = state.link.interface
            current = assembly.on_interface(state.current, name, ("current", name, state.link.first, state.link.second))
            stored += law.equilibrium_potential * current
            if not isinstance(state.shift, float | int):
                stored -= assembly.on_interface(state.current * state.shift, name, ("shift work", name))
    for spec, field, tie in model.perfect_ties:
        stored -= spec.offset * assembly.tie_resultant(field, tie)
    for name in assembly.geometry.interfaces:
        stored += assembly.joined_power(name)
    scale = max(abs(fed), losses.total, abs(stored), _exchanged(assembly) * thermal_voltage(model.settings.temperature))
    return [Imbalance("electrical power", fed - losses.total - stored, scale, "W")]
