"""Voltages, currents, resistances and current focusing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from dolfinx import fem

from fem import balance
from fem.dissipation.conduction import Conduction
from fem.errors import ModelError
from fem.interface.charge_transfer import ChargeTransfer
from fem.observe.assembly import Assembly
from fem.observe.void_phase import contact_area
from fem.unknowns import Field

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Power:
    """Where electrical energy turns into heat, W (per depth in 2-D, per area in 1-D).

    Attributes:
        joule: (layer, carrier) -> power of bulk conduction.
        kinetic, film, contact: interface -> power of charge transfer, films, contact resistances.
    """

    joule: Mapping[tuple[str, str], float]
    kinetic: Mapping[str, float]
    film: Mapping[str, float]
    contact: Mapping[str, float]

    @property
    def total(self) -> float:
        """Sum of all."""
        return sum(sum(part.values()) for part in (self.joule, self.kinetic, self.film, self.contact))


def power(assembly: Assembly, beyond_rest: bool = False) -> Power:
    """Dissipated power of the present state, split by mechanism.

    Args:
        assembly: at the solution.
        beyond_rest: take both factors of every product (current and driving force) relative to the state at rest.
            The products then add up to (V - V_oc) I exactly, by Tellegen's theorem, also where leaks or uneven
            stress drive currents at rest.
    """
    change = assembly.beyond_rest if beyond_rest else lambda expression: expression
    mode = "beyond rest" if beyond_rest else "power"
    model = assembly.model
    joule: dict[tuple[str, str], float] = {}
    for (layer, carrier), term in model.conductors.items():
        handle = model.handle(layer, carrier)
        if isinstance(term, Conduction) and isinstance(handle.carrier, Field):
            function = handle.carrier.total
            force = change(-ufl.grad(function))
            density = ufl.inner(change(balance.current_density(term, function)), force)
            joule[layer, carrier] = assembly.in_layer(density, layer, (mode, layer, carrier))
    kinetic: dict[str, float] = {}
    film: dict[str, float] = {}
    contact: dict[str, float] = {}
    for state in model.states:
        name = state.link.interface
        key = (name, state.link.first)
        if isinstance(state.link.law, ChargeTransfer):
            lost = change(state.current) * change(state.driving)
            kinetic[name] = assembly.on_interface(lost, name, (mode, "kinetic", *key))
            lost = change(state.film_current) * change(state.film_drop)
            film[name] = assembly.on_interface(lost, name, (mode, "film", *key))
        else:
            lost = change(state.current) * change(state.film_drop)
            value = assembly.on_interface(lost, name, (mode, "contact", *key))
            contact[name] = contact.get(name, 0.0) + value
    return Power(joule, kinetic, film, contact)


@dataclass(frozen=True)
class ResistanceSplit:
    """Area-specific resistance and the parts that add up to it, ohm m^2.

    Parts are dissipated powers over the squared mean current density, relative to the state at rest: the share of
    each mechanism in the loss that the current causes.

    Attributes:
        total: (cell voltage - open-circuit voltage) / current density.
        bulk: layers of the stack at uniform current.
        kinetic, film, contact: charge transfer, films, contact resistances, lost contact area included.
        constriction: the rest: current lines that bend towards the contacts.
    """

    total: float
    bulk: float
    kinetic: float
    film: float
    contact: float

    @property
    def constriction(self) -> float:
        """What remains of the total."""
        return self.total - self.bulk - self.kinetic - self.film - self.contact


def resistance_split(assembly: Assembly, current: float, voltage: float, open_circuit: float) -> ResistanceSplit:
    """Split the resistance of a cell.

    Args:
        assembly: at the solution.
        current: total cell current in A, not zero.
        voltage, open_circuit: cell voltage at this current and at none, V.

    Raises:
        ModelError: at zero current.
    """
    if current == 0.0:
        raise ModelError("a resistance from voltage over current needs a current")
    area = assembly.area
    scale = area / current**2
    losses = power(assembly, beyond_rest=True)
    bulk = 0.0
    for layer in assembly.thickness:  # bodies within the layers bend the current: what they add is constriction
        terms = [t for (name, _), t in assembly.model.conductors.items() if name == layer]
        resolved = [t for t in terms if isinstance(t, Conduction)]
        for term in resolved:
            share = 1.0 if len(resolved) == 1 else layer_current(assembly, layer, term.carrier, True) * area / current
            bulk += share**2 * _uniform_resistance(assembly, layer, term)
    return ResistanceSplit(
        (voltage - open_circuit) * area / current,
        bulk,
        sum(losses.kinetic.values()) * scale,
        sum(losses.film.values()) * scale,
        sum(losses.contact.values()) * scale,
    )


def _uniform_resistance(assembly: Assembly, layer: str, term: Conduction) -> float:
    """Thickness over conductivity of a layer, ohm m^2; graded: the integral of 1 / conductivity over it."""
    if isinstance(term.conductivity, fem.Function):
        return assembly.in_layer(1 / term.conductivity, layer, ("uniform", layer, term.carrier)) / assembly.area
    return float(assembly.thickness[layer] / float(term.conductivity))


def electronic_current(assembly: Assembly, layer: str) -> float:
    """Electronic current density through a layer over the nominal area, along the stack, A/m^2.

    Volume mean over the thickness: equal at every height because the sides are insulated.
    """
    return layer_current(assembly, layer, "electronic")


def layer_current(assembly: Assembly, layer: str, carrier: str, beyond_rest: bool = False) -> float:
    """Current density of one carrier through a layer over the nominal area, along the stack, A/m^2.

    Args:
        assembly: at the solution.
        layer, carrier: which.
        beyond_rest: minus the current at rest (a leak).
    """
    term = assembly.model.conductors.get((layer, carrier))
    if not isinstance(term, Conduction):
        raise ModelError(f"layer {layer!r} has no resolved {carrier} conduction")
    handle = assembly.model.handle(layer, carrier)
    if not isinstance(handle.carrier, Field):
        raise ModelError(f"layer {layer!r} is an equipotential")
    if layer not in assembly.thickness:
        raise ModelError(f"{layer!r} is no layer of the stack: the current through it has no one cross-section")
    density = balance.current_density(term, handle.carrier.total)[assembly.geometry.gdim - 1]
    if beyond_rest:
        density = assembly.beyond_rest(density)
    total = assembly.in_layer(density, layer, ("layer current", layer, carrier, beyond_rest))
    return total / (assembly.thickness[layer] * assembly.area)


def mean_overpotential(assembly: Assembly, name: str) -> float:
    """Charge-transfer overpotential without the film drop, mean over the contact area, V."""
    for state in assembly.states(name):
        if isinstance(state.link.law, ChargeTransfer):
            key = ("driving", name)
            return assembly.on_interface(state.driving, name, key) / assembly.contact_area(name)
    laws = assembly.model.interfaces.get(name, ())
    if any(isinstance(law, ChargeTransfer) and law.perfect for law in laws):
        return 0.0
    raise ModelError(f"no charge transfer at {name!r}")


def contact_fraction(assembly: Assembly, name: str) -> float:
    """Real contact area over nominal area."""
    fractions = [s.contact_fraction for s in assembly.states(name)]
    area = assembly.contact_area(name)
    if name in assembly.model.joints:
        area = assembly.scalar(assembly.model.joints[name].conducting_area(), ("conducting area", name))
    if assembly.model.void_phases is not None:
        area = contact_area(assembly, name)
    return area / assembly.area * (fractions[0] if fractions else 1.0)


def focusing(assembly: Assembly, name: str) -> float:
    """Mean of the normal current density weighted by the current itself, over its nominal mean."""
    current = assembly.interface_current(name)
    if current == 0.0:
        raise ModelError("current focusing needs a current")
    density = assembly.current_density(name)
    square = assembly.on_interface(density * density, name, ("focusing", name))
    return square * assembly.area / current**2


def focusing_at(assembly: Assembly, name: str, points: Array) -> float:
    """Normal current density over its nominal mean, averaged over points (n, gdim) of the interface."""
    current = assembly.interface_current(name)
    if current == 0.0:
        raise ModelError("current focusing needs a current")
    return assembly.point_mean(name, assembly.current_density(name), points) * assembly.area / current


def edge_share(assembly: Assembly, name: str, distance: float) -> float:
    """Share of the current of an interface that passes within ``distance`` (m) of a contact edge.

    At a perfect contact the current density is singular at the edge (r^-1/2), and the trace of the bulk current poor
    there. What nodes feed into the conductor is not: with w = 1 on nodes near the edge and falling to 0 at the
    distance, the current is what nodes feed in times w, plus the trace times (1 within the distance, else 0) - w,
    which differs from zero away from the edge only.
    """
    from fem.observe.edges import EdgeDistance

    current = assembly.interface_current(name)
    if current == 0.0:
        raise ModelError("a share of the current needs a current")
    geometry = assembly.geometry
    edges = EdgeDistance.of(assembly, name)
    gap = edges.field(geometry.interface_mesh(name).mesh)
    near = ufl.conditional(ufl.lt(gap("+"), fem.Constant(geometry.mesh, distance)), 1.0, 0.0)
    total = assembly.scalar(_sharp(assembly, geometry.interface_integral(assembly.current_density(name) * near, name)))
    for spec, field, tie in assembly.ties(name):
        key = ("within", name, distance)
        weight = assembly.marked(field, tie, key, lambda x: _fading(edges.of_points(x) / distance))
        total = total + assembly.reaction_beyond_trace(spec, field, weight)
    return total / current


def _fading(share: Any) -> Array:
    """(n,) 1 up to half of a distance, 0 beyond all of it, smooth between; `share`: (n,) parts of it."""
    t = np.clip(2.0 * share - 1.0, 0.0, 1.0)
    return np.asarray(1.0 - t * t * (3.0 - 2.0 * t))


def _sharp(assembly: Assembly, form: Any) -> Any:
    """The form with more points on each facet: for an integrand that jumps within facets."""
    geometry = assembly.geometry
    degree = geometry.interface_quadrature * (4 if geometry.tdim == 2 else 2)
    return ufl.Form([item.reconstruct(metadata={"quadrature_degree": degree}) for item in form.integrals()])
