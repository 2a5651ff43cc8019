"""Charges, capacitances and potentials of space-charge layers at rest."""

from __future__ import annotations

from studies.quantities.spec import Parameter, QuantitySpec

__all__ = ["SPECS"]

_ELECTRODE = Parameter("layer", "an electrode; default: the only one")
_MEDIUM = Parameter("layer", "a layer that is no electrode; default: the only one")
_AT_CHARGED = Parameter("interface", "interface of the layer; default: the only one")

SPECS = (
    QuantitySpec(
        "electrode_charge", "surface charge density", "C/m^2",
        "charge of an electrode over the nominal area, which the space charge beside it cancels",
        {"electrode": _ELECTRODE}, space_charge=True,
    ),
    QuantitySpec(
        "differential_capacitance", "capacitance per area", "F/m^2",
        "slope of the charge of an electrode over its potential, over the nominal area, from the linearised problem",
        {"electrode": _ELECTRODE}, space_charge=True,
    ),
    QuantitySpec(
        "integral_capacitance", "capacitance per area", "F/m^2",
        "charge of an electrode over its contact potential, over the nominal area",
        {"electrode": _ELECTRODE}, space_charge=True,
    ),
    QuantitySpec(
        "contact_potential", "potential", "V",
        "potential of an electrode beyond its flat band: the drop over its space charge",
        {"electrode": _ELECTRODE}, space_charge=True,
    ),
    QuantitySpec(
        "space_charge", "surface charge density", "C/m^2",
        "net charge of the ions and their background in a layer, over the nominal area",
        {"layer": _MEDIUM}, space_charge=True,
    ),
    QuantitySpec(
        "interface_charge", "surface charge density", "C/m^2",
        "charge on an interface between two layers, fixed and on its own sites, over the nominal area",
        {"at": Parameter("interface", "a charged interface; default: the only interface")}, space_charge=True,
    ),
    QuantitySpec(
        "space_charge_width", "length", "m",
        "distance from an interface within which a share of the space charge of the layer lies (of its nearer half"
        " where there is an electrode at either side)",
        {"at": _AT_CHARGED, "layer": _MEDIUM, "share": Parameter("share", "share of the charge", "0.9")},
        convergence="flux", space_charge=True,
    ),
    QuantitySpec(
        "space_charge_resistance", "area-specific resistance", "ohm m^2",
        "resistance of a layer along the stack beyond that of its bulk: integral of 1/conductivity minus 1/bulk"
        " conductivity", {"layer": _MEDIUM}, space_charge=True,
    ),
    QuantitySpec(
        "depletion", "dimensionless", "",
        "1 minus the amount of an ion beside an interface (with lattice planes: on the first one) over that in the"
        " bulk; negative where it is enriched",
        {"at": _AT_CHARGED, "layer": _MEDIUM, "ion": Parameter("ion", "name of the ion; default: the first one")},
        space_charge=True,
    ),
    QuantitySpec(
        "electric_potential", "potential", "V",
        "electric potential at a distance from an interface into a layer, in the middle of the model",
        {"at": _AT_CHARGED, "layer": _MEDIUM, "distance": Parameter("length", "from the interface", "0 m")},
        space_charge=True,
    ),
    QuantitySpec(
        "debye_length", "length", "m", "screening length in the bulk of a layer", {"layer": _MEDIUM},
        space_charge=True,
    ),
)  # fmt: skip
