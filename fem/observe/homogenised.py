"""Means over a periodic cell: current, stress, and the balances across its sides."""

from __future__ import annotations

import math

from fem import balance
from fem.dissipation.conduction import Conduction
from fem.observe.assembly import Assembly
from fem.observe.balances import Imbalance
from fem.observe.electrical import power
from fem.periodic import AXES
from fem.unknowns import Field

__all__ = ["cell_volume", "effective_conductivity", "mean_current", "mean_field", "mean_stress", "periodic_balances"]


def cell_volume(assembly: Assembly) -> float:
    """Volume of the box of the model, holes included, m^3 (2-D: area, m^2)."""
    from mpi4py import MPI

    geometry = assembly.geometry
    x = geometry.mesh.geometry.x[:, : geometry.gdim]
    sizes = []
    for axis in range(geometry.gdim):
        high = float(assembly.comm.allreduce(float(x[:, axis].max(initial=-math.inf)), op=MPI.MAX))
        low = float(assembly.comm.allreduce(float(x[:, axis].min(initial=math.inf)), op=MPI.MIN))
        sizes.append(geometry.tagged.periods.get(axis, high - low))
    return math.prod(sizes)


def mean_current(assembly: Assembly, axis: int) -> float:
    """Current density of all carriers along an axis, mean over the box of the model (holes carry none), A/m^2."""
    total = 0.0
    for (layer, carrier), term in assembly.model.conductors.items():
        handle = assembly.model.handle(layer, carrier)
        if isinstance(term, Conduction) and isinstance(handle.carrier, Field):
            density = balance.current_density(term, handle.carrier.total)[axis]
            total += assembly.in_layer(density, layer, ("mean current", layer, carrier, axis))
    return total / cell_volume(assembly)


def mean_field(assembly: Assembly, axis: int) -> float:
    """Mean electric field along an axis as given, V/m; 0 where the model has none."""
    fall = assembly.model.mean_fields.get(axis)
    return 0.0 if fall is None else fall.value / assembly.geometry.tagged.periods[axis]


def effective_conductivity(assembly: Assembly, axis: int, along: int) -> float:
    """Mean current density along `axis` over the mean field along another, S/m."""
    return mean_current(assembly, axis) / mean_field(assembly, along)


def mean_stress(assembly: Assembly, i: int, j: int) -> float:
    """Component of the stress, mean over the box of the model (holes carry none), Pa."""
    mechanics = assembly.mechanics
    total = 0.0
    for layer in mechanics.solids:
        total += assembly.in_layer(mechanics.stress(layer)[i, j], layer, ("mean stress of the cell", layer, i, j))
    return total / cell_volume(assembly)


def periodic_balances(assembly: Assembly) -> list[Imbalance]:
    """Current and force across periodic sides where none may flow or pull, and the power of a mean field.

    What a mean field and the current that it drives do together turns into heat (Hill's lemma).
    """
    model, found = assembly.model, []
    currents = {axis: assembly.number_charge(number) for axis, number in model.mean_fields.items()}
    scale = max((abs(v) for v in currents.values()), default=0.0)
    found += [
        Imbalance(f"current along {AXES[axis]}", currents[axis], scale, "A")
        for axis, number in model.mean_fields.items()
        if number.unknown
    ]
    if currents and not model.terminals:
        fed = sum(currents[axis] * number.value for axis, number in model.mean_fields.items())
        losses = power(assembly).total
        found.append(Imbalance("power of the mean field", fed - losses, max(abs(fed), losses), "W"))
    strains = model.mechanics.mean_strains if model.mechanics is not None else {}
    unknown = {axes: number for axes, number in strains.items() if number.unknown}
    if unknown:
        from fem.observe.balances import _internal_force

        force = _internal_force(assembly) * cell_volume(assembly) / assembly.area
        for (i, j), number in unknown.items():
            size = force / assembly.geometry.tagged.periods[i]
            found.append(Imbalance(f"force on sides {AXES[i]}{AXES[j]}", assembly.number_charge(number), size, "N"))
    return found
