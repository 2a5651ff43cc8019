"""States that live on interfaces: the thickness of the layers of an interphase, and the lithium that one stores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from dolfinx import fem

from fem.constants import FARADAY
from fem.interface.interphase import Interphase, InterphaseLayer, ambipolar_resistance
from fem.interface.names import both_sides
from fem.interface.stored import Across
from fem.membranes import add_films
from fem.unknowns import Field, Handle, Number
from fem.values import constant

if TYPE_CHECKING:
    from fem.model import Model
    from fem.passages import Sides

LARGE = 1e-8
"""m; what an error of a thickness is measured against."""


@dataclass(frozen=True)
class Film:
    """What the layers on an interface are to the current of the cell (UFL).

    Attributes:
        resistance: ohm m^2.
        capacitance: F/m^2 beside it; None: not looked at.
        thinning: its time derivative, F/(m^2 s): a film that grows gives up charge at the same voltage.
    """

    resistance: Any
    capacitance: Any = None
    thinning: Any = 0.0

    def charging(self, drop: Any, rate: Any) -> Any:
        """Current density d(C drop)/dt in A/m^2, of the drop in V and its rate in V/s."""
        return 0.0 if self.capacitance is None else self.capacitance * rate + self.thinning * drop


@dataclass(frozen=True)
class Profile:
    """Lithium across a layer of an interphase.

    Attributes:
        layer: that stores it.
        field: amounts at the nodes, then the lithium that has entered since the beginning, mol/m^2.
        side: restriction under which the field is seen from the interface.
    """

    layer: InterphaseLayer
    field: Field
    side: str

    def _at(self, function: Any, k: int) -> Any:
        return function(self.side)[k]

    @property
    def _count(self) -> int:
        assert self.layer.stored is not None
        return self.layer.stored.nodes.count

    @property
    def amounts(self) -> list[Any]:
        """At the nodes, mol/m^2, as UFL."""
        return [self._at(self.field.function, k) for k in range(self._count)]

    @property
    def rates(self) -> list[Any]:
        """Time derivatives of the amounts."""
        return [self._at(self.field.rate, k) for k in range(self._count)]

    @property
    def held(self) -> Any:
        """Lithium in the whole layer, mol/m^2."""
        assert self.layer.stored is not None
        return self.layer.stored.total(self.amounts)

    @property
    def entered(self) -> Any:
        """Lithium that came from the electrode since the beginning, mol/m^2."""
        return self._at(self.field.function, self._count)

    @property
    def entering(self) -> Any:
        """Time derivative of ``entered``."""
        return self._at(self.field.rate, self._count)

    def test(self, k: int) -> Any:
        """Test function of an amount (or, last, of what has entered)."""
        return self._at(self.field.test, k)


def grow(model: Model, name: str, interphase: Interphase, sides: Sides) -> Film:
    """Make the thicknesses of an interphase unknowns with their growth; returns what it is to the current."""
    growing = interphase.growing
    unknown = {layer.name: _thickness(model, name, layer) for layer in growing}
    model.thickness[name] = unknown

    def thickness(layer: InterphaseLayer) -> Any:
        return unknown[layer.name].value("+") if layer.name in unknown else layer.thickness

    temperature = model.settings.temperature
    potential = sides.first.value(sides.first_side) - sides.second.value(sides.second_side)
    opening = None if model.mechanics is None else model.mechanics.openings.get(name)
    opposed: Any = 0.0
    if opening is not None and model.mechanics is not None:
        opening.close(model.mechanics, interphase.opening(thickness))
        opposed = opening.opposed(model.mechanics, interphase)
    skin = None if model.mechanics is None else add_films(model.mechanics, name, interphase, thickness)
    if skin is not None:
        opposed = opposed + skin.opposed
    if interphase.storing is None:
        current = interphase.decomposition_current(thickness, potential, temperature, opposed)
    else:
        drive = interphase.drive(potential, opposed)
        current = _diffusing(model, name, interphase, unknown, thickness, drive)
    for layer in growing:
        handle = unknown[layer.name]
        # in amperes: what would flow if the layer grew as it does, minus what flows
        excess = FARADAY / (layer.share * layer.molar_volume) * handle.rate("+") - current
        if isinstance(handle.carrier, Number):
            model.charges[handle.carrier].append(model.geometry.interface_integral(excess, name))
        else:
            test = handle.carrier.test("+")
            model.residuals[handle.carrier].append(model.geometry.interface_integral(excess * test, name))
    model.decomposition[name] = current
    resistance = interphase.film_resistance(thickness, temperature)
    if not interphase.polarises:
        return Film(resistance)
    permittivity = {layer.name: constant(model.geometry.mesh, layer.permittivity) for layer in interphase.layers}
    capacitance = interphase.film_capacitance(thickness, lambda layer: permittivity[layer.name])
    thicker = sum(unknown[layer.name].rate("+") / permittivity[layer.name] for layer in growing)
    return Film(resistance, capacitance, -(capacitance**2) * thicker)


def _diffusing(
    model: Model,
    name: str,
    interphase: Interphase,
    unknown: dict[str, Handle],
    thickness: Callable[[InterphaseLayer], Any],
    drive: Any,
) -> Any:
    """Add the lithium that a layer stores; returns what comes out at its far end and decomposes, A/m^2 (UFL).

    The profile ends where the electrode, the layers before and behind it and the reaction let it:

        dE - R_before i_in = eta(0),    eta(L) = (R_behind + dE / i_rxn) i_out
    """
    storing, temperature = interphase.storing, model.settings.temperature
    assert storing is not None
    layer = interphase.layers[storing]
    assert layer.stored is not None
    profile = model.profiles[name] = _profile(model, name, layer)
    length, ambipolar, capacity = thickness(layer), layer.ambipolar(temperature), layer.capacity(temperature)
    growth = unknown[layer.name].rate("+") if layer.name in unknown else 0.0
    across = Across(length, growth, ambipolar, capacity)
    leaving = layer.stored.leaving(profile.amounts, profile.rates, across)
    entering, current = leaving[0], -leaving[-1]
    before = ambipolar_resistance(interphase.layers[:storing], thickness, temperature)
    behind = ambipolar_resistance(interphase.layers[storing + 1 :], thickness, temperature)
    if interphase.reaction_current is not None:
        behind = behind + drive / interphase.reaction_current
    ends = [layer.stored.potential(profile.amounts[k] / length, capacity) for k in (0, -1)]
    conductance = ambipolar / length  # makes amperes of volts
    rows = [
        conductance * (ends[0] - drive + before * entering),
        *leaving[1:-1],
        conductance * (ends[1] - behind * current),
        FARADAY * profile.entering - entering,
    ]
    density = sum(row * profile.test(k) for k, row in enumerate(rows))
    model.residuals[profile.field].append(model.geometry.interface_integral(density, name))
    return current


def _profile(model: Model, name: str, layer: InterphaseLayer) -> Profile:
    """A field on the interface; in 1-D, where an interface has no mesh, on the layer above, fixed but for its end."""
    assert layer.stored is not None
    geometry, size = model.geometry, layer.stored.nodes.count + 1
    line = geometry.tdim == 1
    above = both_sides(name)[1]
    region = geometry.region((above,)) if line else geometry.interface_mesh(name)
    space = fem.functionspace(region.mesh, ("Lagrange", 1, (size,)))
    function = fem.Function(space, name="stored_lithium")
    field = model.add_field(Field(f"lithium stored in {layer.name} on {name}", "state", function, region, ()))
    # as much as a typical layer holds at one volt
    field.scale = LARGE * FARADAY * layer.capacity(model.settings.temperature)
    if line:
        total = space.dofmap.index_map.size_local + space.dofmap.index_map.num_ghosts
        others = np.setdiff1d(np.arange(total, dtype=np.int32), geometry.facet_dofs(space, region, name))
        field.tie((others[:, None] * size + np.arange(size)).reshape(-1).astype(np.int32), None, 0.0)
    return Profile(layer, field, "-" if line else "+")


def _thickness(model: Model, name: str, layer: InterphaseLayer) -> Handle:
    """The thickness of a layer: a field on the interface, a number in 1-D."""
    title = f"thickness of {layer.name} on {name}"
    if model.geometry.tdim == 1:
        number = model.add_number(Number.create(title, model.geometry.mesh, layer.thickness, unknown=True))
        number.scale, number.state = LARGE, True
        return Handle(number)
    region = model.geometry.interface_mesh(name)
    function = fem.Function(fem.functionspace(region.mesh, ("Lagrange", 1)), name="thickness")
    function.x.array[:] = layer.thickness
    field = model.add_field(Field(title, "state", function, region, ()))
    field.scale = LARGE
    return Handle(field)
