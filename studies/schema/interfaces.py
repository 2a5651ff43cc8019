"""The interfaces section: what happens where two layers meet."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from studies.schema.fields import (
    ArealCapacitance,
    AreaResistance,
    Coefficient,
    Fraction,
    MolarVolume,
    Part,
    PositiveConcentration,
    PositiveCurrentDensity,
    PositiveFraction,
    PositivePressure,
    PositiveVelocity,
    Potential,
)
from studies.schema.interphase import InterphaseWords
from studies.schema.joints import CohesiveWords, ContactWords
from studies.schema.space_charge import Injected

KineticsName = Literal["butler-volmer", "linear", "perfect", "none"]
ContactName = Literal["perfect", "resistive", "blocked"]

CHARGE_TRANSFER_KEYS = (
    "kinetics",
    "exchange_current",
    "insertion_rate_constant",
    "reference_concentration",
    "double_layer_capacitance",
    "film_capacitance",
    "gap_capacitance",
    "anodic_transfer_coefficient",
    "cathodic_transfer_coefficient",
    "film_resistance",
    "equilibrium_potential",
    "stress_shift",
    "mechanical_transfer_coefficient",
    "partial_molar_volume",
    "largest_pressure",
    "interphase",
)
"""Keys of charge transfer: where electrons become ions, some of them between two electrolytes (`ion_transfer`)."""


class Interface(Part):
    """One interface `below|above`.

    Charge transfer (electrons on one side, ions on the other) needs `kinetics`. Conductors of the same kind
    are in perfect contact unless a resistance is given; between two electrolytes kinetics are possible, too.
    """

    kinetics: KineticsName | None = Field(
        default=None,
        description="Charge transfer: butler-volmer, linear, perfect (no overpotential) or none (blocking). Between two"
        " electrolytes butler-volmer or linear let lithium ions pass with a barrier; anodic is from below to above.",
    )
    exchange_current: PositiveCurrentDensity | None = Field(
        default=None, description="Exchange current density, for butler-volmer and linear."
    )
    insertion_rate_constant: PositiveVelocity | None = Field(
        default=None,
        description="Of a host with `transport`, instead of exchange_current: k in i0 = F k (c_e/c_ref)^a (c_max -"
        " c)^a c^(1-a); default: that of the electrode's material.",
    )
    reference_concentration: PositiveConcentration | None = Field(
        default=None,
        description="c_ref, the salt concentration at which exchange_current or insertion_rate_constant holds. Without"
        " it exchange_current does not depend on the salt; default for insertion_rate_constant: 1 mol/L.",
    )
    permeability: PositiveVelocity | None = Field(
        default=None,
        description="P of lithium between two hosts, or of salt between two electrolytes of one kind: they exchange"
        " P times the difference of the concentrations (of the chemical potentials, over their mean slope), times"
        " the share that is closed and whole where the sides may part. Default: alike media share one concentration"
        " where the sides are bonded, nothing passes where they may part.",
    )
    double_layer_capacitance: ArealCapacitance = Field(
        default=0.0, description="Of the double layer, beside the charge transfer; per area in contact."
    )
    film_capacitance: ArealCapacitance = Field(
        default=0.0, description="Of the film, beside its resistance; per area in contact."
    )
    gap_capacitance: ArealCapacitance = Field(
        default=0.0,
        description="Of the part without contact, for the impedance: a thin pore stores permittivity over width,"
        " for example 8.85 uF/m^2 for 1 um of gas.",
    )
    anodic_transfer_coefficient: Coefficient | None = Field(
        default=None, description="Default: 1 minus the cathodic one; 0.5 when neither is given."
    )
    cathodic_transfer_coefficient: Coefficient | None = Field(
        default=None, description="Default: 1 minus the anodic one; 0.5 when neither is given."
    )
    film_resistance: AreaResistance = Field(
        default=0.0, description="Area-specific resistance of a film in series with the charge transfer."
    )
    contact_fraction: PositiveFraction = Field(
        default=1.0, description="Share of the interface in contact below the resolution of the mesh."
    )
    equilibrium_potential: Potential | None = Field(
        default=None,
        description="Equilibrium potential against Li/Li+; default: that of the electrode's material.",
    )
    stress_shift: bool | None = Field(
        default=None,
        description="Whether pressure shifts equilibrium and rates; default: on when stresses are computed.",
    )
    mechanical_transfer_coefficient: Fraction | None = Field(
        default=None,
        description="Share of the mechanical work that drives the anodic direction; default: a pure"
        " shift of the"
        " equilibrium potential.",
    )
    partial_molar_volume: MolarVolume | None = Field(
        default=None,
        description="Partial molar volume of Li in the electrode minus that of Li+ in the electrolyte;"
        " default:"
        " that of the electrode's material.",
    )
    largest_pressure: PositivePressure | None = Field(
        default=None,
        description="Pressure on the interface beyond which the stress shift grows no further, because the metal"
        " yields, for example its hardness plus the stack pressure; default: none. At edges of contacts the pressure is"
        " singular: current focusing and peaks there have no limit without it.",
    )
    interphase: InterphaseWords | None = Field(
        default=None,
        description="Layers that grow here, or a coating that keeps them from growing; without a protocol they keep"
        " their first thickness.",
    )
    space_charge: Injected | None = Field(
        default=None,
        description="Space-charge layer by the name of its study: its resistance adds to that of the film or contact,"
        " its differential capacitance is that of the double layer unless one is given.",
    )
    contact: ContactWords | None = Field(
        default=None,
        description="The sides are not bonded: they press or part. What passes is cut to where they are closed.",
    )
    cohesive: CohesiveWords | None = Field(
        default=None,
        description="The sides are bonded with a finite strength: they may come apart. What passes is cut by damage.",
    )
    resistance: AreaResistance | None = Field(
        default=None, description="Resistance between two conductors that share one kind of carrier."
    )
    electronic_contact: ContactName | None = Field(
        default=None,
        description="Where both sides conduct electrons: perfect (default), resistive or blocked.",
    )
    electronic_resistance: AreaResistance | None = Field(default=None, description="Resistance of a resistive contact.")
    ionic_contact: ContactName | None = Field(
        default=None, description="Where both sides conduct ions: perfect (default), resistive or blocked."
    )
    ionic_resistance: AreaResistance | None = Field(default=None, description="Resistance of a resistive contact.")

    def transfer_coefficients(self) -> tuple[float, float]:
        """(anodic, cathodic), defaults filled in; a negative one means that the other is more than 1."""
        anodic, cathodic = self.anodic_transfer_coefficient, self.cathodic_transfer_coefficient
        if anodic is None and cathodic is None:
            return 0.5, 0.5
        if anodic is None:
            assert cathodic is not None
            return 1.0 - cathodic, cathodic
        return anodic, 1.0 - anodic if cathodic is None else cathodic
