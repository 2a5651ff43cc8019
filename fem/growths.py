"""States that live on interfaces: the thickness of the layers of an interphase."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dolfinx import fem

from fem.constants import FARADAY
from fem.interface.interphase import Interphase, InterphaseLayer
from fem.unknowns import Field, Handle, Number

if TYPE_CHECKING:
    from fem.model import Model
    from fem.passages import Sides

LARGE = 1e-8
"""m; what an error of a thickness is measured against."""


def grow(model: Model, name: str, interphase: Interphase, sides: Sides) -> Any:
    """Make the thicknesses of an interphase unknowns with their growth; returns its resistance, ohm m^2 (UFL)."""
    growing = interphase.growing
    unknown = {layer.name: _thickness(model, name, layer) for layer in growing}
    model.thickness[name] = unknown

    def thickness(layer: InterphaseLayer) -> Any:
        return unknown[layer.name].value("+") if layer.name in unknown else layer.thickness

    temperature = model.settings.temperature
    potential = sides.first.value(sides.first_side) - sides.second.value(sides.second_side)
    current = interphase.decomposition_current(thickness, potential, temperature)
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
    return interphase.film_resistance(thickness, temperature)


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
