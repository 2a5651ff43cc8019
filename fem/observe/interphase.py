"""What has grown on an interface."""

from __future__ import annotations

from dataclasses import dataclass

import ufl

from fem.constants import FARADAY
from fem.errors import ModelError
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.interphase import Interphase, InterphaseLayer
from fem.observe.assembly import Assembly


def interphase_at(assembly: Assembly, name: str) -> Interphase:
    """The layers on an interface.

    Raises:
        ModelError: there are none.
    """
    for law in assembly.model.interfaces.get(name, ()):
        if isinstance(law, ChargeTransfer) and law.interphase is not None:
            return law.interphase
    raise ModelError(f"no interphase on {name!r}")


def thickness(assembly: Assembly, name: str, layer: str | None = None) -> float:
    """Mean thickness of one layer, or of all layers together, over the area in contact, m."""
    layers = interphase_at(assembly, name).layers
    known = [item.name for item in layers]
    if layer is not None and layer not in known:
        raise ModelError(f"no layer {layer!r} on {name!r}; there are {', '.join(known)}")
    return sum(_mean(assembly, name, item) for item in layers if layer in (None, item.name))


def film_resistance(assembly: Assembly, name: str) -> float:
    """What the layers oppose to the current of the cell, at their mean thickness, ohm m^2."""
    law, temperature = interphase_at(assembly, name), assembly.model.settings.temperature
    return float(law.film_resistance(lambda layer: _mean(assembly, name, layer), temperature))


def decomposition_charge(assembly: Assembly, name: str) -> float:
    """Charge per area of the electrons that decomposed the electrolyte since the beginning, C/m^2."""
    total, shares = 0.0, 0.0
    for layer in interphase_at(assembly, name).growing:
        total += FARADAY * (_mean(assembly, name, layer) - layer.thickness) / layer.molar_volume
        shares += layer.share
    return total / shares if shares else 0.0


def membrane_force(assembly: Assembly, name: str) -> float:
    """Mean force that the layers on an interface carry along it, of its two directions, N/m; positive: they pull."""
    mechanics = assembly.model.mechanics
    skin = None if mechanics is None else mechanics.skins.get(name)
    if skin is None:
        return 0.0
    total = assembly.on_interface(ufl.tr(skin.tension) / 2, name, ("membrane force", name))
    return total / assembly.contact_area(name)


@dataclass(frozen=True)
class LithiumBalance:
    """Lithium of the interphase on one interface, mol (per depth in 2-D, per area in 1-D).

    Attributes:
        entered: came from the electrode since the beginning. held: is stored. converted: became products.
    """

    entered: float
    held: float
    converted: float


def stored_lithium(assembly: Assembly, name: str) -> float:
    """Lithium that a layer on an interface stores, mol/m^2 of the area in contact; 0 where none does."""
    law, profile = interphase_at(assembly, name), assembly.model.profiles.get(name)
    if profile is None:
        assert law.storing is None
        return 0.0
    return assembly.on_interface(profile.held, name, ("held", name)) / assembly.contact_area(name)


def lithium_balance(assembly: Assembly, name: str) -> LithiumBalance | None:
    """What entered the interphase on an interface, and where it is; None where no layer stores lithium."""
    profile = assembly.model.profiles.get(name)
    if profile is None:
        return None
    area = assembly.contact_area(name)
    layer = interphase_at(assembly, name).growing[0]
    grown = (_mean(assembly, name, layer) - layer.thickness) / (layer.share * layer.molar_volume)
    entered = assembly.on_interface(profile.entered, name, ("entered", name))
    return LithiumBalance(entered, area * stored_lithium(assembly, name), area * grown)


def _mean(assembly: Assembly, name: str, layer: InterphaseLayer) -> float:
    handle = assembly.model.thickness.get(name, {}).get(layer.name)
    if handle is None:
        return layer.thickness
    total = assembly.on_interface(handle.value("+"), name, ("thickness", name, layer.name))
    return total / assembly.contact_area(name)
