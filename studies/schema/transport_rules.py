"""What must hold for regions whose concentrations change, and for their interfaces."""

from __future__ import annotations

from typing import Any

from fem.materials import Material
from studies.schema.bodies import Polycrystal
from studies.schema.body import Body
from studies.schema.draft import Draft
from studies.schema.interfaces import Interface
from studies.schema.ionic_liquid import DRAGS, instability
from studies.schema.reader import KeyPath
from studies.schema.swelling_rules import follows_axis
from studies.schema.transport import Transport

REFERENCE = 1000.0
"""mol/m^3: the salt concentration at which rate constants hold unless a study says otherwise."""

_HOSTS = ("equipotential", "electronic")


def check_transport(draft: Draft) -> None:
    """Report transport in regions that cannot have it, and properties that it lacks."""
    for (here, body), material in zip(draft.bodies, draft.materials, strict=True):
        if body is None or body.transport is None:
            continue
        conduction = draft.conduction.get(body.name)
        where: KeyPath = (*here, "transport")
        if body.transport.is_host and conduction not in (*_HOSTS, None):
            message = f"a host conducts electrons: conduction must be electronic or equipotential, not {conduction}"
            draft.report((*where, "lithiation"), message)
        if not body.transport.is_host and conduction not in ("ionic", None):
            message = f"a salt needs an electrolyte: conduction must be ionic, not {conduction}"
            draft.report((*where, "salt_concentration"), message)
        if material is not None:
            _check_properties(draft, where, body.transport, material)
    for (here, body), material in zip(draft.bodies, draft.materials, strict=True):
        if body is not None and body.crystal_axis is not None:
            _check_axis(draft, (*here, "crystal_axis"), body, material)


def _check_axis(draft: Draft, where: KeyPath, body: Body, material: Material | None) -> None:
    """Report a crystal axis that nothing follows, and grains that a body does not have."""
    host = body.transport is not None and body.transport.is_host
    if follows_axis(body):
        pass  # its strains or its stiffness are along the axis
    elif not host:
        draft.report(where, "is for an active material with `transport: {lithiation: ...}`")
    elif material is not None and body.transport is not None:
        key = "self_diffusivity_c" if body.transport.diffusion == "tracer" else "diffusivity_c"
        if not material.has(key):
            draft.report(where, f"{material.name} has no {key}; give it in `properties`")
    if body.crystal_axis == "random" and body.name not in _polycrystals(draft):
        draft.report(where, "`random` is for the grains of a polycrystal: give a direction, for example [0, 1]")


def _polycrystals(draft: Draft) -> set[str]:
    """Names of the bodies that consist of grains."""
    contents = [f.content for f in draft.features if f is not None]
    layers = {x.layer for x in contents if isinstance(x, Polycrystal)}
    return layers | {x.name for x in contents if getattr(x, "grains", None) is not None}


def _check_properties(draft: Draft, where: KeyPath, transport: Transport, material: Material) -> None:
    missing = [key for key in transport.properties if not material.has(key)]
    for key in missing:
        hint = " (or take `model: dilute`)" if key == "thermodynamic_factor" else ""
        draft.report(where, f"{material.name} has no {key}, which transport needs; give it in `properties`{hint}")
    if missing:
        return
    if transport.is_host:
        assert transport.lithiation is not None
        curve = material.curve("open_circuit_potential")
        if not curve.low <= transport.lithiation <= curve.high:
            message = (
                f"the open-circuit potential of {material.name} is known from {curve.low:.4g} to {curve.high:.4g} only"
            )
            draft.report((*where, "lithiation"), message)
        return
    assert transport.salt_concentration is not None
    if transport.ionic_liquid is not None:
        given = [key for key in DRAGS if material.has(key)]
        if given and not material.has("solvent_concentration"):
            message = f"{material.name} has no solvent_concentration, which {given[0]} needs; give it in `properties`"
            draft.report((*where, "ionic_liquid"), message)
        parts = instability(material, transport.salt_concentration, transport.ionic_liquid.concentration)
        if parts is not None:
            draft.report((*where, "ionic_liquid"), parts)
        return
    if transport.model == "dilute":
        t = material.curve("transference_number")(transport.salt_concentration)
        if not 0.0 < t < 1.0:
            draft.report(
                (*where, "model"), f"a dilute solution needs a transference number between 0 and 1, not {t:.3g}"
            )
    for key in transport.properties:
        curve = material.curve(key)
        if not curve.low <= transport.salt_concentration <= curve.high:
            message = f"the {key} of {material.name} is known from {curve.low:.4g} to {curve.high:.4g} mol/m^3 only"
            draft.report((*where, "salt_concentration"), message)


def transport_of(draft: Draft, name: str) -> Transport | None:
    """What moves in the body of that name, if anything."""
    return next((body.transport for _, body in draft.bodies if body is not None and body.name == name), None)


def check_storing_interface(
    draft: Draft, name: str, interface: Interface, host: Transport | None, electrode: Material | None
) -> None:
    """Report what contradicts the storage of an electrode, or needs it."""

    def report(key: str, message: str) -> None:
        draft.report(("interfaces", name, key), message)

    perfect = interface.kinetics in ("perfect", "none")
    constant, rate = interface.exchange_current is not None, interface.insertion_rate_constant is not None
    if perfect:
        for key in ("insertion_rate_constant", "reference_concentration", "double_layer_capacitance"):
            if getattr(interface, key) and not (interface.kinetics == "none" and key == "double_layer_capacitance"):
                report(key, f"has no meaning with {interface.kinetics} kinetics")
    if interface.film_capacitance and not (interface.film_resistance or interface.interphase):
        report("film_capacitance", "needs a film_resistance beside it: without one the film carries no voltage")
    layers = [] if interface.interphase is None else interface.interphase.layers
    if interface.film_capacitance and any(layer.relative_permittivity for layer in layers):
        report("film_capacitance", "follows from the relative_permittivity of the layers: give one of the two")
    if host is None:
        if rate:
            report("insertion_rate_constant", "is for a host: give the electrode its `transport: {lithiation: ...}`")
        return
    if interface.equilibrium_potential is not None:
        report("equilibrium_potential", "follows from the lithiation of the host; its material has the curve")
    if interface.kinetics == "perfect":
        report("kinetics", "must be butler-volmer or linear: a perfect contact takes one potential for all of a host")
    if constant and rate:
        report("insertion_rate_constant", "is given twice: exchange_current is a constant one")
    if interface.kinetics == "linear" and rate:
        report("insertion_rate_constant", "is for butler-volmer kinetics: give a constant exchange_current")
    if perfect or constant or rate:
        return
    if interface.kinetics == "linear":
        report("exchange_current", "is required for linear kinetics, for example 10 A/m^2")
    elif electrode is not None and not electrode.has("insertion_rate_constant"):
        message = f"is required, or insertion_rate_constant: {electrode.name} has none in the library"
        report("exchange_current", message)


def storing_defaults(interface: Interface, electrode: Material) -> dict[str, Any]:
    """What an interface of a host takes from its material."""
    filled: dict[str, Any] = {}
    if interface.kinetics == "butler-volmer" and interface.exchange_current is None:
        rate = interface.insertion_rate_constant
        filled["insertion_rate_constant"] = electrode.value("insertion_rate_constant") if rate is None else rate
        filled["reference_concentration"] = interface.reference_concentration or REFERENCE
    return filled
