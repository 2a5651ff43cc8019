"""A first guess for the potentials: walk from the known terminals through the interfaces.

Each interface is given the overpotential that the mean current density needs, and bulk drops are neglected.
Newton then starts within a few thermal voltages of the solution even when the equilibrium potentials are volts
apart and the current is far above the exchange current.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from dolfinx import fem

from fem.interface.charge_transfer import ChargeTransfer
from fem.passages import law_at_start
from fem.potentials import Link
from fem.unknowns import Field, Number

if TYPE_CHECKING:
    from fem.model import Model

Vertex = Field | Number


def guess_potentials(model: Model) -> None:
    """Write guesses into all potentials of a model (collective)."""
    known: dict[Vertex, float] = {n: n.value for n in model.numbers if not n.unknown}
    current = sum(n.source for n in model.terminals.values() if n.unknown)
    queue = deque(known)
    edges = _edges(model, current)
    while queue:
        here = queue.popleft()
        for there, difference in edges.get(here, []):
            if there not in known:
                known[there] = known[here] + difference
                queue.append(there)
    for vertex, value in known.items():
        if isinstance(vertex, Number):
            if vertex.unknown:
                vertex.value = value
        elif vertex.kind == "potential":
            vertex.function.x.array[:] = value - (0.0 if vertex.level is None else vertex.level.value)
            vertex.count_from_anchor()
    _inner_potentials(model, known, current)
    for field in model.fields:
        field.apply_ties()


def _inner_potentials(model: Model, known: dict[Vertex, float], current: float) -> None:
    """Potential between film and reaction: the film drop above the electrolyte."""
    for link in model.network.links:
        if not isinstance(link.law, ChargeTransfer) or not link.law.needs_inner_potential:
            continue
        first, second = model.handle(*link.first), model.handle(*link.second)
        if first.carrier not in known or second.carrier not in known:
            continue
        electrolyte = known[second.carrier] + second.offset
        law = law_at_start(model, link)
        assert isinstance(law, ChargeTransfer)
        drive = known[first.carrier] + first.offset - electrolyte - law.equilibrium_potential
        local = abs(current) / (_area(model, link.interface) * link.law.contact_fraction)
        value = electrolyte + (local if drive > 0 else -local) * link.law.film_resistance
        middle = model.inner[link.interface].carrier
        if isinstance(middle, Number):
            middle.value = value
        else:
            middle.function.x.array[:] = value


def _edges(model: Model, current: float) -> dict[Vertex, list[tuple[Vertex, float]]]:
    """For every vertex its neighbours and their potential minus its own.

    The net current is taken to flow from the unknown terminals towards the fixed one, so a step away from the
    fixed terminal goes against it.
    """
    edges: dict[Vertex, list[tuple[Vertex, float]]] = {}

    def add(a: Vertex, b: Vertex, forth: float, back: float) -> None:
        edges.setdefault(a, []).append((b, forth))
        edges.setdefault(b, []).append((a, back))

    for field in model.fields:
        for tie in field.ties:
            if tie.number is not None and isinstance(tie.offset, float | int):
                add(tie.number, field, float(tie.offset), -float(tie.offset))
    for link in model.network.links:
        area = _area(model, link.interface)
        first, second = model.handle(*link.first), model.handle(*link.second)
        gap = first.offset - second.offset
        # potential(first) - potential(second), when the current flows first -> second (+1) or back (-1)
        forward = _drop(model, link, current / area) - gap
        backward = _drop(model, link, -current / area) - gap
        add(second.carrier, first.carrier, forward, -backward)
    return edges


def _drop(model: Model, link: Link, density: float) -> float:
    """Potential of the first node minus that of the second at a current density from first to second."""
    law = law_at_start(model, link)
    local = density / law.contact_fraction
    if not isinstance(law, ChargeTransfer):
        return float(law.resistance * local)
    kinetic = 0.0 if law.kinetics is None else law.kinetics.overpotential(local, model.settings.temperature)
    return float(law.equilibrium_potential + kinetic + law.film_resistance * local)


def _area(model: Model, interface: str) -> float:
    form = model.system.maps.form(model.geometry.interface_integral(model.one, interface))
    return float(model.geometry.comm.allreduce(fem.assemble_scalar(form).real))
