"""Stresses, energies, cracks, contacts and bonds."""

from __future__ import annotations

from typing import Any

from studies.quantities.spec import Parameter, QuantitySpec

__all__ = ["SPECS"]

_LAYER = Parameter("layer", "one layer; default: all of them")
_CLEAR = Parameter("length", "leave out points closer than this to a contact edge, where the stress is singular", "0 m")
_CRACK = Parameter("crack", "name of a crack; default: the only one")
_TIP = Parameter("number", "which tip, in the order of the path and its branches", "1")
_AT_JOINT = Parameter("joint", "interface whose sides may part; default: the only one")
_AT_BOND = Parameter("cohesive", "cohesive interface; default: the only one")
_OF_PRESSURE = Parameter("choice", "mean over where it is closed, or the largest value", "mean", ("mean", "largest"))
_PARTING: dict[str, Any] = {"needs_mechanics": True, "needs_joint": "any"}
_BONDED: dict[str, Any] = {"needs_mechanics": True, "needs_joint": "cohesive", "parameters": {"at": _AT_BOND}}
_BREAKING: dict[str, Any] = {"needs_mechanics": True, "needs_fracture": True}

SPECS = (
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
        "stack_shortening", "length", "m",
        "mean approach of the two ends of the stack (with `void_surface`: since the beginning)", needs_mechanics=True
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
        "time at which cracks had grown (bonds had dissipated) by a share of all that they have; not a number where"
        " nothing broke",
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
)  # fmt: skip
