"""Voltages, currents and resistances of cells with a current, and what becomes of them at interfaces."""

from __future__ import annotations

from typing import Any

from studies.quantities.spec import Parameter, QuantitySpec

__all__ = ["SPECS"]

_AT_ELECTRODE = Parameter(
    "electrode-interface",
    "interface with charge transfer; default: the only one with voids or partial contact",
)
_AT_ANY = Parameter("interface", "interface; default: the only one with voids or partial contact")
_EDGE = Parameter("length", "distance from the contact edge, measured along the interface")
_AXES = ("x", "y", "z")
_ASR: dict[str, Any] = {"dimension": "area-specific resistance", "unit": "ohm m^2", "needs_current": True}

SPECS = (
    QuantitySpec(
        "cell_voltage", "potential", "V",
        "potential of the working electrode minus that of the counter electrode",
    ),
    QuantitySpec(
        "cell_current", "current density", "A/m^2",
        "current through the cell over its nominal area, positive when anodic at the working electrode",
    ),
    QuantitySpec(
        "area_specific_resistance", description="cell voltage minus its open-circuit value, over the"
        " current density; the sum of the bulk, kinetic, film, contact and constriction resistances", **_ASR,
    ),
    QuantitySpec(
        "bulk_resistance", description="resistance of the layers at uniform current, without"
        " interfaces", **_ASR
    ),
    QuantitySpec(
        "kinetic_resistance", description="power lost in charge transfer over the squared current density,"
        " lost contact area included", **_ASR,
    ),
    QuantitySpec(
        "film_resistance", description="power lost in films over the squared current density, lost contact"
        " area included", **_ASR,
    ),
    QuantitySpec(
        "contact_resistance", description="power lost in contact resistances between conductors of the"
        " same kind, over the squared current density", **_ASR,
    ),
    QuantitySpec(
        "constriction_resistance", description="the rest of the area-specific resistance: current lines"
        " that bend towards the contacts", **_ASR,
    ),
    QuantitySpec(
        "differential_resistance", "area-specific resistance", "ohm m^2",
        "slope of cell voltage over current density at the operating point (small-signal resistance)",
    ),
    QuantitySpec(
        "electronic_current", "current density", "A/m^2",
        "electronic current through the layer over the nominal area, in the stacking direction (leak of an"
        " electrolyte)",
        {"layer": Parameter("layer", "the layer; default: the only mixed conductor")},
    ),
    QuantitySpec(
        "interface_current", "current density", "A/m^2",
        "current through the interface over the nominal area, from the layer below to the layer above",
        {"at": _AT_ANY},
    ),
    QuantitySpec(
        "overpotential", "potential", "V",
        "charge-transfer overpotential without the film drop, mean over the contact area",
        {"at": Parameter("electrode-interface", "interface with charge transfer", required=True)},
    ),
    QuantitySpec(
        "current_focusing", "dimensionless", "",
        "normal current density over its nominal mean: at a stated distance from the contact edge, or"
        " (without a distance) its mean weighted by the current itself; beside voids with a sharp surface its largest"
        " value",
        {"at": _AT_ELECTRODE, "distance": _EDGE}, needs_current=True, convergence="flux",
    ),
    QuantitySpec(
        "edge_current_share", "dimensionless", "",
        "share of the current of the interface that passes within the distance of the contact edge",
        {"at": _AT_ELECTRODE, "distance": Parameter("length", "distance from the contact"
        " edge", required=True)},
        needs_current=True,
    ),
    QuantitySpec(
        "contact_fraction", "dimensionless", "",
        "real contact area of the interface over its nominal area", {"at": _AT_ANY},
    ),
    QuantitySpec(
        "interface_pressure", "pressure", "Pa",
        "normal pressure on the interface, positive in compression: mean over the contact area, or at a"
        " stated distance from the contact edge",
        {"at": _AT_ANY, "distance": _EDGE}, needs_mechanics=True, convergence="flux",
    ),
    QuantitySpec(
        "stress_shift", "potential", "V",
        "shift of the equilibrium potential by stress, -(partial molar volume) * pressure / F, mean over"
        " the contact area",
        {"at": _AT_ELECTRODE}, needs_mechanics=True, convergence="flux",
    ),
    QuantitySpec(
        "effective_conductivity", "conductivity", "S/m",
        "component of the effective conductivity tensor of a model with a mean field: mean current density over the"
        " whole cell, holes included, over the mean field",
        {
            "component": Parameter("choice", "axis of the current", "along-field", ("along-field", *_AXES)),
            "field": Parameter(
                "choice", "axis of the field; driven: the only one, or the component", "driven", ("driven", *_AXES)
            ),
        },
    ),
)  # fmt: skip
