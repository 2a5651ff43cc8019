"""What grows, is stored, passes and moves."""

from __future__ import annotations

from studies.quantities.spec import Parameter, QuantitySpec

__all__ = ["SPECS"]

_AT_GROWN = Parameter("interphase", "interface with an interphase; default: the only one")
_STORING = Parameter("layer", "a layer or body with `transport`; default: all of them")
_OF = Parameter(
    "choice", "of an electrolyte with an ionic liquid: of its salt or of the liquid", "salt", ("salt", "ionic_liquid")
)

SPECS = (
    QuantitySpec(
        "interphase_thickness", "length", "m",
        "mean thickness of the layers that grow on an interface, or of one of them",
        {"at": _AT_GROWN, "layer": Parameter("interphase-layer", "one layer of the interphase; default: all together")},
    ),
    QuantitySpec(
        "interphase_force", "energy per area", "J/m^2",
        "force per width (N/m) that the layers on an interface carry along it, mean of its two directions; positive:"
        " they pull",
        {"at": _AT_GROWN}, needs_mechanics=True,
    ),
    QuantitySpec(
        "interphase_resistance", "area-specific resistance", "ohm m^2",
        "what the layers on an interface oppose to the ionic current: the sum of thickness over ionic conductivity",
        {"at": _AT_GROWN},
    ),
    QuantitySpec(
        "decomposition_charge", "areal capacity", "C/m^2",
        "charge of the electrons that decomposed the electrolyte, per area in contact",
        {"at": _AT_GROWN},
    ),
    QuantitySpec(
        "stored_lithium", "areal capacity", "C/m^2",
        "charge of the lithium that a layer on an interface stores beyond what is bound in it, per area in contact",
        {"at": _AT_GROWN}, needs_time=True,
    ),
    QuantitySpec(
        "dissipation", "power per area", "W/m^2",
        "power turned into heat by conduction, charge transfer and films, over the nominal area",
    ),
    QuantitySpec(
        "void_volume", "length", "m",
        "volume of the voids of layers with `void_phase` or `void_surface`, over the nominal area", needs_time=True,
    ),
    QuantitySpec(
        "void_surface_energy", "energy per area", "J/m^2",
        "energy of the surfaces of these voids, over the nominal area", needs_time=True,
    ),
    QuantitySpec(
        "lithium_from_sinks", "length", "m",
        "volume of the vacancies that have vanished in the lattice around them, over the nominal area", needs_time=True,
    ),
    QuantitySpec(
        "elapsed_time", "time", "s", "simulated time since the protocol began", needs_time=True,
    ),
    QuantitySpec(
        "passed_charge", "areal capacity", "C/m^2",
        "charge that the working electrode has received since the protocol began, over the nominal area; anodic is"
        " positive", needs_time=True,
    ),
    QuantitySpec(
        "mean_concentration", "concentration", "mol/m^3", "mean concentration of salt or lithium in a region",
        {"layer": _STORING, "of": _OF}, needs_time=True,
    ),
    QuantitySpec(
        "lowest_concentration", "concentration", "mol/m^3", "lowest concentration of salt or lithium in a region",
        {"layer": _STORING, "of": _OF}, convergence="flux", needs_time=True,
    ),
    QuantitySpec(
        "highest_concentration", "concentration", "mol/m^3", "highest concentration of salt or lithium in a region",
        {"layer": _STORING, "of": _OF}, convergence="flux", needs_time=True,
    ),
    QuantitySpec(
        "mean_lithiation", "dimensionless", "", "lithium in hosts over what they can hold", {"layer": _STORING},
        needs_time=True,
    ),
)  # fmt: skip
