"""Conservation laws over the cell and over every interface, checked after every solve."""

from __future__ import annotations

from dataclasses import dataclass

from fem.constants import thermal_voltage
from fem.interface.charge_transfer import ChargeTransfer
from fem.observe.assembly import Assembly
from fem.observe.electrical import power
from fem.unknowns import Number


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
    through = {name: assembly.interface_current(name) for name in assembly.geometry.interfaces}
    scale = max((abs(v) for v in [*terminals.values(), *through.values()]), default=0.0)
    scale = max(scale, _exchanged(assembly))
    found = [Imbalance("charge over the cell", sum(terminals.values()), scale, "A")]
    connected = set(model.terminals.values())
    for number in model.numbers:
        floating = isinstance(number, Number) and number.unknown and number not in connected
        if floating and number.name.startswith("potential of"):
            name = f"charge of {number.name.removeprefix('potential of ')}"
            found.append(Imbalance(name, assembly.number_charge(number), scale, "A"))
    fed = _fed_from_below(assembly)
    for name, current in through.items():
        found.append(Imbalance(f"charge at {name}", current - fed, scale, "A"))
        for state in assembly.states(name):
            if isinstance(state.link.law, ChargeTransfer) and state.link.law.needs_inner_potential:
                kinetic = assembly.on_interface(
                    state.current, name, ("current", name, state.link.first, state.link.second)
                )
                film = assembly.on_interface(state.film_current, name, ("film current", name))
                found.append(Imbalance(f"charge in the film at {name}", kinetic - film, scale, "A"))
    return found


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
    supports = {s: assembly.tie_resultant(mechanics.displacement, t) for s, t in mechanics.supports.items()}
    loads = {p.side: p.pressure * assembly.area for p in mechanics.loads if p.side in ("bottom", "top")}
    upward = supports.get("bottom", 0.0) + loads.get("bottom", 0.0)
    downward = -supports.get("top", 0.0) + loads.get("top", 0.0)
    scale = max(*(abs(v) for v in [*supports.values(), *loads.values()]), 0.0, _internal_force(assembly))
    found = [Imbalance("force over the cell", upward - downward, scale, "N")]
    for a, b in (("left", "right"), ("front", "back")):
        if a in supports and b in supports and not assembly.geometry.axisymmetric:
            found.append(Imbalance(f"force {a} to {b}", supports[a] + supports[b], scale, "N"))
    solids = mechanics.solids
    for name in assembly.geometry.interfaces:
        if all(layer in solids for layer in name.split("|")):
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
