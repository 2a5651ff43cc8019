"""What must hold where two sides may part."""

from __future__ import annotations

from fem.materials import Material
from studies.quantities import QUANTITIES
from studies.schema.contacts import passages
from studies.schema.draft import Draft
from studies.schema.interfaces import Interface
from studies.schema.reader import KeyPath
from studies.schema.touching import touching_slits

__all__ = ["LOAD_PATH", "bond_toughness", "check_joints", "joints_of", "rough_hardness"]

LOAD_PATH = ("critical_load", "critical_time", "work_of_loads", "lost_work")
"""Quantities of load paths and of runs in time, whatever breaks."""


def joints_of(draft: Draft) -> dict[str, str]:
    """Interface -> ``contact`` or ``cohesive``."""
    return {
        name: "contact" if x.contact is not None else "cohesive"
        for name, x in draft.interfaces.items()
        if x is not None and (x.contact is not None or x.cohesive is not None)
    }


def bond_toughness(first: Material, second: Material, temperature: float) -> float | None:
    """The smaller energy of fracture of two materials, J/m^2; None where none is known."""
    known = [m.value("fracture_energy", temperature) for m in (first, second) if m.has("fracture_energy")]
    return min(known) if known else None


def rough_hardness(first: Material, second: Material, temperature: float) -> float | None:
    """Hardness of the softer side, Pa; three times the yield strength where that is known instead; None: unknown."""
    known = []
    for material in (first, second):
        if material.has("hardness"):
            known.append(material.value("hardness", temperature))
        elif material.has("yield_strength"):
            known.append(3 * material.value("yield_strength", temperature))
    return min(known) if known else None


def check_joints(draft: Draft) -> None:
    """Report contact and cohesion where they cannot be, what they lack, and what needs them."""
    found = joints_of(draft)
    for name, kind in found.items():
        interface = draft.interfaces[name]
        assert interface is not None
        _check_joint(draft, name, kind, interface)
    if found:
        _check_study(draft, next(iter(found.items())))
    for i, request in enumerate(draft.requests):
        spec = None if request is None else QUANTITIES.get(request.name)
        if request is None or spec is None or spec.needs_joint is None:
            continue
        kinds = {*found.values(), *(("contact",) if touching_slits(draft) else ())}
        if not kinds or spec.needs_joint not in ("any", *kinds):
            word = "contact or cohesive" if spec.needs_joint == "any" else spec.needs_joint
            draft.report(("quantities", i), f"no interface can part: give one `{word}`", request.name)


def _check_joint(draft: Draft, name: str, kind: str, interface: Interface) -> None:
    where: KeyPath = ("interfaces", name, kind)
    if interface.contact is not None and interface.cohesive is not None:
        draft.report(where, "closed faces of a cohesive interface press anyway: give contact or cohesive")
    if interface.interphase is not None:
        draft.report(where, "what grows on an interface cannot part yet: leave interphase or this out")
    passage = passages(draft.conduction, [name]).get(name)
    if passage is not None:
        if interface.kinetics == "perfect" and interface.film_resistance == 0:
            message = "a perfect contact has no resistance that grows with lost area: kinetics or a film_resistance"
            draft.report(("interfaces", name, "kinetics"), message)
        for carrier, both in (("electronic", passage.electrons), ("ionic", passage.ions)):
            given = interface.resistance if passage.shared == 1 else None
            given = given if given is not None else getattr(interface, f"{carrier}_resistance")
            if both and given is None and getattr(interface, f"{carrier}_contact") != "blocked":
                message = f"is required where sides may part, for example 1 ohm*cm^2 (or {carrier}_contact: blocked)"
                draft.report(("interfaces", name, f"{carrier}_resistance"), message)
    sides = [draft.material_of(side) for side in name.split("|")]
    if len(sides) != 2 or sides[0] is None or sides[1] is None or draft.operation is None:
        return
    first, second, temperature = sides[0], sides[1], draft.operation.temperature
    if interface.contact is not None:
        _check_contact(draft, where, interface, first, second)
    bond = interface.cohesive
    if bond is not None and bond.toughness is None and bond_toughness(first, second, temperature) is None:
        message = f"is required: neither {first.name} nor {second.name} has a fracture_energy"
        draft.report((*where, "toughness"), message)


def _check_contact(draft: Draft, where: KeyPath, interface: Interface, first: Material, second: Material) -> None:
    contact = interface.contact
    assert contact is not None
    assert draft.operation is not None
    if contact.crown_radius is not None and draft.dimension == 1:
        draft.report((*where, "crown_radius"), "a 1-dimensional model has no width")
    if contact.crown_radius is not None and where[1] not in draft.layer_interfaces:
        draft.report((*where, "crown_radius"), "is of interfaces between layers, which are flat")
    rough = contact.rough
    if rough is None or rough.model != "plastic" or rough.hardness is not None:
        return
    if rough_hardness(first, second, draft.operation.temperature) is None:
        message = f"is required: neither {first.name} nor {second.name} has a hardness or yield_strength"
        draft.report((*where, "rough", "hardness"), message)


def _check_in_time(draft: Draft) -> None:
    """Report what is of load paths."""
    for i, request in enumerate(draft.requests):
        if request is not None and request.name == "critical_load":
            message = "is a part of loads that grow together: ask for critical_time"
            draft.report(("quantities", i), message, request.name)


def _check_study(draft: Draft, joint: tuple[str, str]) -> None:
    where: KeyPath = ("interfaces", *joint)
    if draft.operation is not None and draft.operation.protocol is not None:
        _check_in_time(draft)
    for key in ("impedance", "space_charge"):
        if key in draft.data:
            draft.report(where, f"{joint[1]} is for studies without {key}")
    if draft.mesh is not None and draft.mesh.tolerance is not None:
        draft.report(("mesh", "tolerance"), "cannot be met where interfaces part: give cell sizes (bulk) instead")
    for here, body in draft.bodies:
        if body is not None and body.fracture is not None:
            message = "either layers break or interfaces part: leave `fracture` or this out"
            draft.report(where, message)
            draft.report((*here, "fracture"), "interfaces that part are for solids that do not break")
            break
