"""Words for layers that grow between an electrode and an electrolyte that it decomposes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from studies.schema.fields import (
    Bounds,
    Fraction,
    In,
    MolarVolume,
    Name,
    Part,
    PositiveCurrentDensity,
    PositiveLength,
    PositivePressure,
    Potential,
    Strain,
    Temperature,
    complaint,
)

if TYPE_CHECKING:
    from fem.interface.interphase import Interphase

__all__ = ["InterphaseLayerWords", "InterphaseWords"]

PositiveDiffusivity = Annotated[float, In("diffusivity", Bounds(above=0.0))]
PositiveConductivity = Annotated[float, In("conductivity", Bounds(above=0.0))]
Permittivity = Annotated[float, Field(ge=1.0)]
Activation = Annotated[float, In("molar energy", Bounds(at_least=0.0))]


class StoredWords(Part):
    """Lithium that is dissolved in a layer and moves through it, ions and electrons together.

    How much it stores follows from its conductivities and the diffusivity: sigma / (F D) in mol per volume and volt,
    with the conductivity sigma of ions and electrons in series. At the beginning the layer holds none.
    """

    diffusivity: PositiveDiffusivity = Field(
        description="Of lithium in the layer (ambipolar, chemical), at the `temperature` of the conductivities."
    )
    activation: Activation = Field(default=0.0, description="Activation energy of the diffusivity.")
    degree: Annotated[int, Field(ge=1, le=12)] = Field(
        default=4, description="Of the polynomial for the profile across the layer."
    )


class MisfitWords(Part):
    """What a layer is along the interface: it follows the strain of its neighbours and carries a force there."""

    strain: Strain = Field(
        description="By how much the layer would be longer than its neighbours, had it its way; positive: it is pressed"
        " and stretches them."
    )
    young_modulus: PositivePressure = Field(description="Of the layer.")
    poisson_ratio: Annotated[float, Field(gt=-1.0, lt=0.5)] = Field(default=0.3, description="Of the layer.")


class InterphaseLayerWords(Part):
    """One layer of an interphase: decomposition products, or a coating that was there before."""

    name: Name = Field(description="Of the layer, in results.")
    thickness: PositiveLength = Field(default=1e-11, description="At the beginning; default: 0.01 nm, as good as none.")
    ionic_conductivity: PositiveConductivity = Field(description="For lithium ions.")
    electronic_conductivity: PositiveConductivity = Field(description="For electrons, whose leak lets it grow.")
    ionic_activation: Activation = Field(default=0.0, description="Activation energy of the ionic conductivity.")
    electronic_activation: Activation = Field(default=0.0, description="Of the electronic conductivity.")
    temperature: Temperature = Field(default=298.15, description="At which the conductivities hold.")
    molar_volume: MolarVolume | None = Field(
        default=None, description="Volume of the layer per mole of electrons that decomposed the electrolyte."
    )
    reactant_volume: MolarVolume | None = Field(
        default=None,
        description="Volume of what the layer is made of (electrolyte and lithium), per mole of electrons. Where"
        " stresses are computed, the rest of its volume pushes the neighbours apart; default: it takes the same room.",
    )
    misfit: MisfitWords | None = Field(
        default=None,
        description="Along the interface, where stresses are computed: the layer stretches or shortens its neighbours"
        " with a force that grows with its thickness. Default: none, the layer carries no force.",
    )
    share: Fraction | None = Field(
        default=None,
        description="Part of the decomposition that becomes this layer; default: 1 with a molar_volume, else 0 (a"
        " coating, which does not grow).",
    )

    relative_permittivity: Permittivity | None = Field(
        default=None,
        description="Of the layer: its capacitance, beside its resistance, is that of plates as far apart as it is"
        " thick and falls as it grows; of all layers or of none. Default: no capacitance, or the film_capacitance.",
    )
    stored: StoredWords | None = Field(
        default=None,
        description="Lithium that the layer holds while it passes; default: none, the flux follows at once.",
    )

    @model_validator(mode="after")
    def _growing(self) -> InterphaseLayerWords:
        if self.thickness < 1e-11:
            raise complaint(f"thickness must be at least 0.01 nm, got {self.thickness:g} m")
        if self.share and self.molar_volume is None:
            raise complaint("a layer that grows needs a molar_volume")
        if self.molar_volume is not None and not self.molar_volume > 0:
            raise complaint("molar_volume must be positive")
        if self.reactant_volume is not None and (self.molar_volume is None or self.reactant_volume < 0):
            raise complaint("reactant_volume goes with a molar_volume and is not negative")
        return self


class InterphaseWords(Part):
    """What grows, or was put, between an electrode and its electrolyte.

    Ions and electrons pass the layers side by side and decompose the electrolyte behind them, as far as the
    electrode lies outside of its window of stability.
    """

    layers: list[InterphaseLayerWords] = Field(min_length=1, description="From the electrode to the electrolyte.")
    reduction_potential: Potential | None = Field(
        default=None, description="Against Li/Li+: below it the electrolyte is reduced."
    )
    oxidation_potential: Potential | None = Field(default=None, description="Above it the electrolyte is oxidised.")
    reaction_current: PositiveCurrentDensity | None = Field(
        default=None, description="The most that the reaction itself allows; default: it never limits."
    )

    @model_validator(mode="after")
    def _sane(self) -> InterphaseWords:
        names = [layer.name for layer in self.layers]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise complaint(f"two layers are called {twice[0]}")
        shares = sum(_share(layer) for layer in self.layers)
        if shares > 1 + 1e-12:
            raise complaint(f"the shares of the layers add up to {shares:g}; at most 1 can become of what decomposes")
        if shares > 0 and self.reduction_potential is None and self.oxidation_potential is None:
            raise complaint("give the reduction_potential or the oxidation_potential that makes it grow")
        without = [layer.name for layer in self.layers if layer.relative_permittivity is None]
        if 0 < len(without) < len(self.layers):
            raise complaint(f"give all layers a relative_permittivity or none; {' and '.join(without)} has none")
        low, high = self.reduction_potential, self.oxidation_potential
        if low is not None and high is not None and low > high:
            raise complaint(f"reduction_potential {low:g} V lies above oxidation_potential {high:g} V")
        return self._storing()

    def _storing(self) -> InterphaseWords:
        storing = [layer.name for layer in self.layers if layer.stored is not None]
        if len(storing) > 1:
            raise complaint(f"only one layer can have `stored` lithium, not {' and '.join(storing)}")
        if storing and not sum(_share(layer) for layer in self.layers):
            raise complaint(f"layer {storing[0]} can store lithium only where a layer grows: give one a molar_volume")
        if storing and self.reduction_potential is not None and self.oxidation_potential is not None:
            raise complaint(
                f"layer {storing[0]} stores lithium: give the reduction_potential or the oxidation_potential, not both"
            )
        return self

    def build(self) -> Interphase:
        """The law of `fem.interface.interphase`."""
        from fem.energy.dielectric import VACUUM_PERMITTIVITY
        from fem.energy.membrane import Membrane
        from fem.interface.interphase import Interphase, InterphaseLayer
        from fem.interface.stored import StoredLithium

        def membrane(words: MisfitWords | None) -> Membrane | None:
            return None if words is None else Membrane(words.young_modulus, words.poisson_ratio, words.strain)

        def stored(words: StoredWords | None) -> StoredLithium | None:
            return None if words is None else StoredLithium(words.diffusivity, words.activation, words.degree)

        layers = tuple(
            InterphaseLayer(
                layer.name,
                layer.ionic_conductivity,
                layer.electronic_conductivity,
                layer.thickness,
                layer.molar_volume or 0.0,
                _share(layer),
                layer.ionic_activation,
                layer.electronic_activation,
                layer.temperature,
                stored(layer.stored),
                _expansion(layer),
                permittivity=VACUUM_PERMITTIVITY * (layer.relative_permittivity or 0.0),
                membrane=membrane(layer.misfit),
            )
            for layer in self.layers
        )
        return Interphase(layers, self.reduction_potential, self.oxidation_potential, self.reaction_current)


def _share(layer: InterphaseLayerWords) -> float:
    if layer.share is not None:
        return layer.share
    return 0.0 if layer.molar_volume is None else 1.0


def _expansion(layer: InterphaseLayerWords) -> float:
    if layer.reactant_volume is None or not layer.molar_volume:
        return 0.0
    return 1.0 - layer.reactant_volume / layer.molar_volume
