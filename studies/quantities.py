"""The registry of quantities: what a study may ask for, in which unit, with which parameters.

The schema validates against it, `fem.observe` evaluates it, the tables print it. A quantity is asked for by
name, or by name with parameters (``current_focusing: {at: anode|electrolyte, distance: 10 nm}``). Parameters
left out take the default given here; `None` stands for "all of them" (a layer, an interface), as the
description says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ParameterKind = Literal[
    "electrode-interface",
    "interface",
    "layer",
    "crack",
    "number",
    "length",
    "choice",
    "share",
    "ion",
    "interphase",
    "interphase-layer",
    "frequency",
    "joint",
    "cohesive",
]
Convergence = Literal["functional", "flux"]


@dataclass(frozen=True)
class Parameter:
    """A parameter of a quantity.

    Attributes:
        kind: what its value is: the name of an interface (``a|b``; *electrode-interface*: one with charge
            transfer), of a layer, of a crack, a number from 1 on, a length or frequency with unit, a share above 0 and
            below 1, the name of an ion, or one of `choices`.
        description: what it does.
        default: value when left out; `None` as the description says.
        choices: the allowed words of kind *choice*.
    """

    kind: ParameterKind
    description: str
    default: str | None = None
    choices: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True)
class QuantitySpec:
    """What a quantity is.

    Attributes:
        name: the name in study files and results.
        dimension: physical dimension, a key of `fem.dimensions.DIMENSIONS`.
        unit: unit in results.json (SI; empty for pure numbers).
        description: one sentence, with the definition.
        parameters: what may be given with it.
        needs_mechanics: only defined where stresses are computed.
        needs_current: only defined at a current other than zero.
        convergence: *functional* (an integral: order 2 * degree on smooth solutions) or *flux* (a derivative
            at a place: order degree).
        space_charge: of space-charge studies, which have none of the others.
        needs_time: of studies with a protocol.
        needs_impedance: of studies with the section `impedance`.
        needs_fracture: of studies in which a layer may break.
        needs_joint: of studies in which the sides of an interface may part; of what kind it must be.
    """

    name: str
    dimension: str
    unit: str
    description: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    needs_mechanics: bool = False
    needs_current: bool = False
    convergence: Convergence = "functional"
    space_charge: bool = False
    needs_time: bool = False
    needs_impedance: bool = False
    needs_fracture: bool = False
    needs_joint: Literal["any", "contact", "cohesive"] | None = None

    def order(self, degree: int) -> int:
        """Theoretical order in the mesh size for elements of this degree and a smooth solution."""
        return 2 * degree if self.convergence == "functional" else degree


_AT_ELECTRODE = Parameter(
    "electrode-interface",
    "interface with charge transfer; default: the only one with voids or partial contact",
)
_AT_ANY = Parameter("interface", "interface; default: the only one with voids or partial contact")
_EDGE = Parameter("length", "distance from the contact edge, measured along the interface")
_LAYER = Parameter("layer", "one layer; default: all of them")
_CLEAR = Parameter("length", "leave out points closer than this to a contact edge, where the stress is singular", "0 m")

_CRACK = Parameter("crack", "name of a crack; default: the only one")
_TIP = Parameter("number", "which tip, in the order of the path and its branches", "1")

_ELECTRODE = Parameter("layer", "an electrode; default: the only one")
_MEDIUM = Parameter("layer", "a layer that is no electrode; default: the only one")
_AT_CHARGED = Parameter("interface", "interface of the layer; default: the only one")

_AT_GROWN = Parameter("interphase", "interface with an interphase; default: the only one")
_AXES = ("x", "y", "z")
_STORING = Parameter("layer", "a layer or body with `transport`; default: all of them")

_OF = Parameter(
    "choice", "of an electrolyte with an ionic liquid: of its salt or of the liquid", "salt", ("salt", "ionic_liquid")
)

_ASR: dict[str, Any] = {"dimension": "area-specific resistance", "unit": "ohm m^2", "needs_current": True}

_SPECTRUM: dict[str, Any] = {
    "dimension": "area-specific resistance", "unit": "ohm m^2", "needs_impedance": True,
}  # fmt: skip
_FREQUENCY = Parameter("frequency", "frequency, within the range of the spectrum", required=True)
_COMPONENT = Parameter("choice", "real or imaginary part, or the modulus", "real", ("real", "imaginary", "modulus"))
_ARC = Parameter("number", "which arc, counted from high frequencies", "1")

_AT_JOINT = Parameter("joint", "interface whose sides may part; default: the only one")
_AT_BOND = Parameter("cohesive", "cohesive interface; default: the only one")
_OF_PRESSURE = Parameter("choice", "mean over where it is closed, or the largest value", "mean", ("mean", "largest"))
_PARTING: dict[str, Any] = {"needs_mechanics": True, "needs_joint": "any"}
_BONDED: dict[str, Any] = {"needs_mechanics": True, "needs_joint": "cohesive", "parameters": {"at": _AT_BOND}}

_BREAKING: dict[str, Any] = {"needs_mechanics": True, "needs_fracture": True}

_SPECS = (
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
        " (without a distance) its mean weighted by the current itself",
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
        "max_von_mises", "pressure", "Pa", "largest von Mises stress",
        {"layer": _LAYER, "distance": _CLEAR}, needs_mechanics=True, convergence="flux",
    ),
    QuantitySpec(
        "max_principal_stress", "pressure", "Pa", "largest principal stress, positive in tension",
        {"layer": _LAYER, "distance": _CLEAR}, needs_mechanics=True, convergence="flux",
    ),
    QuantitySpec(
        "mean_stress", "pressure", "Pa", "volume mean of a stress component, positive in tension",
        {
            "layer": Parameter("layer", "the layer", required=True),
            "component": Parameter(
                "choice", "stacking: along the stack; lateral: along the first lateral axis; hydrostatic:"
                " a third of the trace", "hydrostatic", ("stacking", "lateral", "hydrostatic"),
            ),
        },
        needs_mechanics=True,
    ),
    QuantitySpec(
        "mean_stack_pressure", "pressure", "Pa", "mean pressure on the ends of the stack (the reaction)",
        needs_mechanics=True,
    ),
    QuantitySpec(
        "stack_shortening", "length", "m", "mean approach of the two ends of the stack", needs_mechanics=True
    ),
    QuantitySpec(
        "elastic_energy", "energy per area", "J/m^2", "elastic energy over the nominal area",
        {"layer": _LAYER}, needs_mechanics=True,
    ),
    QuantitySpec(
        "creep_dissipation", "energy per area", "J/m^2",
        "energy that creep has dissipated since the beginning, over the nominal area",
        {"layer": _LAYER}, needs_mechanics=True,
    ),
    QuantitySpec(
        "creep_power", "power per area", "W/m^2",
        "power that creep dissipates at the present stress, over the nominal area",
        {"layer": _LAYER}, needs_mechanics=True,
    ),
    QuantitySpec(
        "void_closure", "dimensionless", "",
        "share of the volume of all voids that the displacement of their walls has taken", needs_mechanics=True,
    ),
    QuantitySpec(
        "mean_creep_strain", "dimensionless", "",
        "mean equivalent creep strain, sqrt(2/3 e : e), over the volume of what creeps",
        {"layer": _LAYER}, needs_mechanics=True,
    ),
    QuantitySpec(
        "fracture_energy", "energy per area", "J/m^2", "energy of the cracks over the nominal area", **_BREAKING
    ),
    QuantitySpec(
        "work_of_loads", "energy per area", "J/m^2",
        "work of displacements, forces and what fills cracks, over the nominal area", **_BREAKING,
    ),
    QuantitySpec(
        "lost_work", "energy per area", "J/m^2",
        "work that is neither stored nor in cracks, over the nominal area: where cracks jump, and the error of load"
        " steps", **_BREAKING,
    ),
    QuantitySpec("largest_damage", "dimensionless", "", "largest damage, 0 whole to 1 broken", **_BREAKING),
    QuantitySpec(
        "crack_area", "dimensionless", "",
        "area of the cracks over the nominal area: their energy at a toughness of one",
        **_BREAKING,
    ),
    QuantitySpec(
        "critical_time", "time", "s",
        "time at which the cracks had grown by a share of all that they have grown; not a number where nothing broke",
        {"share": Parameter("share", "of the growth of the cracks", "0.1")}, needs_time=True, **_BREAKING,
    ),
    QuantitySpec(
        "critical_load", "dimensionless", "",
        "part of the loads at which the cracks had grown by a share of all that they grew; not a number where nothing"
        " broke",
        {"share": Parameter("share", "of the growth of the cracks", "0.1")}, **_BREAKING,
    ),
    QuantitySpec(
        "crack_pressure", "pressure", "Pa", "pressure of what fills the cracks",
        {"of": Parameter("choice", "at the full load, or the largest on the way", "last", ("last", "largest"))},
        **_BREAKING,
    ),
    QuantitySpec(
        "crack_volume", "length", "m", "opening of the cracks, integrated, over the nominal area", **_BREAKING
    ),
    QuantitySpec(
        "contact_pressure", "pressure", "Pa", "pressure where the sides of an interface are closed",
        {"at": _AT_JOINT, "of": _OF_PRESSURE}, convergence="flux", **_PARTING,
    ),
    QuantitySpec(
        "closed_fraction", "dimensionless", "", "share of an interface on which its sides touch", {"at": _AT_JOINT},
        convergence="flux", **_PARTING,
    ),
    QuantitySpec(
        "gap", "length", "m", "distance of the sides of an interface",
        {
            "at": _AT_JOINT,
            "of": Parameter("choice", "mean over the interface, or the largest value", "mean", ("mean", "largest")),
        },
        **_PARTING,
    ),
    QuantitySpec("cohesive_damage", "dimensionless", "", "mean damage of a bond, 0 whole to 1 broken", **_BONDED),
    QuantitySpec(
        "debonded_fraction", "dimensionless", "", "share of a bond that is broken", convergence="flux", **_BONDED
    ),
    QuantitySpec(
        "bond_dissipation", "energy per area", "J/m^2",
        "energy that a bond has dissipated, over the nominal area of the model; what jumps release included", **_BONDED,
    ),
    QuantitySpec(
        "energy_release_rate", "energy per area", "J/m^2",
        "energy released per area by which a crack grows straight on at a tip (J integral; over a disc its mean)",
        {"crack": _CRACK, "tip": _TIP}, needs_mechanics=True,
    ),
    QuantitySpec(
        "stress_intensity", "fracture toughness", "Pa m^0.5",
        "stress intensity at a tip within a layer, in 2-D and axisymmetric models",
        {
            "crack": _CRACK, "tip": _TIP,
            "mode": Parameter("choice", "I: opening, II: sliding", "I", ("I", "II")),
        },
        needs_mechanics=True,
    ),
    QuantitySpec(
        "crack_opening", "length", "m",
        "mean distance between the faces of a slit; negative where a load has closed it and its faces overlap",
        {"crack": _CRACK}, needs_mechanics=True,
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
        "volume of the voids of layers with `void_phase`, over the nominal area", needs_time=True,
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
    QuantitySpec(
        "high_frequency_resistance", description="real part of the impedance at the highest frequency", **_SPECTRUM
    ),
    QuantitySpec(
        "polarisation_resistance",
        description="real part of the impedance at the lowest frequency minus that at the highest", **_SPECTRUM,
    ),
    QuantitySpec(
        "impedance", description="impedance of the cell at a frequency",
        parameters={"frequency": _FREQUENCY, "component": _COMPONENT}, **_SPECTRUM,
    ),
    QuantitySpec(
        "impedance_part", description="what one mechanism contributes to the impedance at a frequency: complex power"
        " over the squared current; all parts add up to the impedance",
        parameters={
            "of": Parameter(
                "choice", "bulk: layers at uniform current; constriction: the rest of conduction, bodies included;"
                " diffusion: gradients of salt and lithium; kinetics with their double layers; films; contacts",
                "constriction", ("bulk", "constriction", "diffusion", "kinetics", "films", "contacts"),
            ),
            "frequency": _FREQUENCY, "component": _COMPONENT,
        }, **_SPECTRUM,
    ),
    QuantitySpec(
        "arc_resistance", description="resistance of an arc of the spectrum: integral over a peak of the distribution"
        " of relaxation times", parameters={"arc": _ARC}, **_SPECTRUM,
    ),
    QuantitySpec(
        "arc_frequency", "frequency", "Hz", "characteristic frequency of an arc of the spectrum: that of the peak of"
        " the distribution of relaxation times", {"arc": _ARC}, needs_impedance=True,
    ),
    QuantitySpec(
        "kramers_kronig_residual", "dimensionless", "", "largest deviation of the spectrum from a sum of resistors and"
        " capacitors, relative to its modulus", needs_impedance=True,
    ),
)  # fmt: skip

QUANTITIES: dict[str, QuantitySpec] = {spec.name: spec for spec in _SPECS}
"""Every quantity by name."""
