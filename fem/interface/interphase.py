"""Layers that grow between an electrode and an electrolyte that it decomposes.

Lithium ions and electrons pass the layers side by side (no net current) and decompose the electrolyte behind them.
Conduction through the layers and the reaction are in series (physics: Wagner 1933 for the conduction, Deal & Grove
1965 for the series law):

    1 / i_dec = R_amb / dE + 1 / i_rxn,    R_amb = sum_k L_k / sigma_amb,k
    dL_k/dt   = share_k Omega_k i_dec / F
    sigma_amb = sigma_ion sigma_eon / (sigma_ion + sigma_eon)

A layer may also store lithium (`fem.interface.stored`); its profile then is a state, and the laws above hold for the
layers before and behind it.

dE is how far the electrode lies outside the window of stability of the electrolyte: E_red - (phi_s - phi_e) below it,
(phi_s - phi_e) - E_ox above it. What the layers oppose to the current of the cell is sum_k L_k / sigma_ion,k.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import ufl

from fem.constants import FARADAY, GAS
from fem.energy.membrane import Membrane
from fem.interface.stored import StoredLithium

THINNEST = 1e-11
"""m; layers begin no thinner, because a film without thickness has no potential drop to solve for."""


@dataclass(frozen=True)
class InterphaseLayer:
    """One layer: decomposition products, or a coating that was there before.

    Attributes:
        name: what it is.
        ionic_conductivity, electronic_conductivity: S/m.
        thickness: m at the beginning.
        molar_volume: m^3 of the layer per mol of lithium that passed (electrons that decomposed the electrolyte).
        share: part of the decomposition that becomes this layer; 0: a coating, it does not grow.
        ionic_activation, electronic_activation: J/mol; the conductivities are those at ``temperature`` and follow
            exp(-E/RT).
        temperature: K, of the given conductivities.
        stored: lithium that the layer holds beyond what is bound in it; None: none.
        expansion: part of its thickness that is new volume: 1 - (volume of what it was made of) / (its own); 0: it
            takes the room of what it replaces.
        permittivity: F/m; a film of it has the capacitance of plates as far apart as it is thick. 0: not looked at.
        membrane: what it carries along the interface, where there is mechanics; None: nothing.
    """

    name: str
    ionic_conductivity: float
    electronic_conductivity: float
    thickness: float
    molar_volume: float = 0.0
    share: float = 0.0
    ionic_activation: float = 0.0
    electronic_activation: float = 0.0
    temperature: float = 298.15
    stored: StoredLithium | None = None
    expansion: float = 0.0
    permittivity: float = field(default=0.0, kw_only=True)
    membrane: Membrane | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        for key in ("ionic_conductivity", "electronic_conductivity"):
            if not getattr(self, key) > 0:
                raise ValueError(f"{self.name}: {key} must be positive, got {getattr(self, key)}")
        if not self.thickness >= THINNEST:
            raise ValueError(f"{self.name}: thickness must be at least {THINNEST} m, got {self.thickness}")
        if self.permittivity < 0:
            raise ValueError(f"{self.name}: permittivity must not be negative, got {self.permittivity}")
        if not 0 <= self.share <= 1:
            raise ValueError(f"{self.name}: share must lie in 0..1, got {self.share}")
        if self.share > 0 and not self.molar_volume > 0:
            raise ValueError(f"{self.name}: a layer that grows needs a molar volume")

    def ionic(self, temperature: float) -> float:
        """Ionic conductivity at a temperature, S/m."""
        return self.ionic_conductivity * self._arrhenius(self.ionic_activation, temperature)

    def ambipolar(self, temperature: float) -> float:
        """Conductivity for lithium ions and electrons that pass together, S/m."""
        ions = self.ionic(temperature)
        electrons = self.electronic_conductivity * self._arrhenius(self.electronic_activation, temperature)
        return ions * electrons / (ions + electrons)

    def capacity(self, temperature: float) -> float:
        """Chemical capacity for lithium that the layer stores, sigma_amb / (F^2 D) in mol^2/(J m^3)."""
        assert self.stored is not None
        diffusivity = self.stored.diffusivity * self._arrhenius(self.stored.activation, temperature)
        return self.ambipolar(temperature) / (FARADAY**2 * diffusivity)

    def _arrhenius(self, activation: float, temperature: float) -> float:
        return math.exp(-activation / GAS * (1 / temperature - 1 / self.temperature))


@dataclass(frozen=True)
class Interphase:
    """Everything that grows or lies between an electrode and its electrolyte.

    Attributes:
        layers: from the electrode to the electrolyte; the order matters where one of them stores lithium.
        reduction: potential against Li/Li+ below which the electrolyte is reduced, V; None: never.
        oxidation: potential above which it is oxidised, V; None: never.
        reaction_current: A/m^2, the most that the reaction allows; None: the reaction never limits.
    """

    layers: tuple[InterphaseLayer, ...]
    reduction: float | None = None
    oxidation: float | None = None
    reaction_current: float | None = None

    def __post_init__(self) -> None:
        if not self.layers:
            raise ValueError("an interphase needs at least one layer")
        shares = sum(layer.share for layer in self.layers)
        if shares > 1 + 1e-12:
            raise ValueError(f"the shares of the layers add up to {shares}, more than 1")
        if self.reaction_current is not None and not self.reaction_current > 0:
            raise ValueError(f"reaction_current must be positive, got {self.reaction_current}")
        without = [layer.name for layer in self.layers if not layer.permittivity]
        if 0 < len(without) < len(self.layers):
            raise ValueError(f"all layers need a permittivity or none; {' and '.join(without)} has none")
        storing = [layer.name for layer in self.layers if layer.stored is not None]
        if len(storing) > 1:
            raise ValueError(f"only one layer of an interphase can store lithium, not {' and '.join(storing)}")
        if storing and not self.growing:
            raise ValueError(f"{storing[0]}: a layer stores lithium where something grows only")
        if storing and self.reduction is not None and self.oxidation is not None:
            raise ValueError(f"{storing[0]}: a layer that stores lithium has one end of the window only")

    @property
    def growing(self) -> tuple[InterphaseLayer, ...]:
        """Layers whose thickness changes."""
        return tuple(layer for layer in self.layers if layer.share > 0)

    @property
    def storing(self) -> int | None:
        """Index of the layer that stores lithium."""
        return next((k for k, layer in enumerate(self.layers) if layer.stored is not None), None)

    @property
    def polarises(self) -> bool:
        """Whether the layers are a dielectric, too."""
        return all(layer.permittivity > 0 for layer in self.layers)

    @property
    def expands(self) -> bool:
        """Whether what grows takes another volume than what it is made of."""
        return any(layer.expansion != 0.0 for layer in self.growing)

    def opening(self, thickness: Any) -> Any:
        """How far the neighbours have been pushed apart, m."""
        return sum(layer.expansion * (thickness(layer) - layer.thickness) for layer in self.growing)

    def frozen(self) -> Interphase:
        """The same layers, which keep their thickness."""
        return replace(self, layers=tuple(replace(layer, share=0.0, stored=None) for layer in self.layers))

    def film_resistance(self, thickness: Any, temperature: float) -> Any:
        """Ohm m^2 for the current of the cell; ``thickness``: layer -> m (UFL or number)."""
        return sum(thickness(layer) / layer.ionic(temperature) for layer in self.layers)

    def film_capacitance(self, thickness: Any, permittivity: Any) -> Any:
        """F/m^2 of all layers in series; arguments: layer -> m, layer -> F/m (UFL or numbers).

        Beside the sum of the resistances it is one arc, as it should be for one layer and for layers with the same time
        permittivity / conductivity; in any case what is left at high frequencies is right.
        """
        return 1 / sum(thickness(layer) / permittivity(layer) for layer in self.layers)

    def decomposition_current(self, thickness: Any, potential: Any, temperature: float, opposed: Any = 0.0) -> Any:
        """i_dec in A/m^2 at a potential of the electrode against the electrolyte, V; ``opposed``: as for `drive`."""
        resistance = ambipolar_resistance(self.layers, thickness, temperature)
        total: Any = 0.0
        for drive in self._drives(potential, opposed):
            beyond = ufl.conditional(ufl.gt(drive, 0.0), drive, 0.0)
            limit = 0.0 if self.reaction_current is None else beyond / self.reaction_current
            total = total + beyond / (resistance + limit)
        return total

    def drive(self, potential: Any, opposed: Any = 0.0) -> Any:
        """dE in V: how far the electrode lies outside the window, less what opposes growth (pressure); 0 inside."""
        return sum(ufl.conditional(ufl.gt(drive, 0.0), drive, 0.0) for drive in self._drives(potential, opposed))

    def _drives(self, potential: Any, opposed: Any) -> list[Any]:
        drives = [] if self.reduction is None else [self.reduction - potential - opposed]
        return drives if self.oxidation is None else [*drives, potential - self.oxidation - opposed]


def ambipolar_resistance(layers: tuple[InterphaseLayer, ...], thickness: Any, temperature: float) -> Any:
    """Ohm m^2 for lithium ions and electrons that pass together; 0 without layers."""
    return sum(thickness(layer) / layer.ambipolar(temperature) for layer in layers)
