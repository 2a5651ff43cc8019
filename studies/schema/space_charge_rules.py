"""What must hold between the space_charge section and the rest of a study."""

from __future__ import annotations

from fem.constants import GAS, STANDARD_TEMPERATURE
from fem.materials import Material
from studies.errors import InputError
from studies.quantities import QUANTITIES
from studies.schema.draft import Draft
from studies.schema.explain import one_of
from studies.schema.reader import KeyPath
from studies.schema.space_charge import FROM_MATERIAL, IONS, MODELS, Mobile, SpaceCharge

SECTION = "space_charge"
FLAT_ONLY = ("space_charge_resistance", "space_charge_width")
"""Quantities that are integrals along the stack."""


def has_space_charge(draft: Draft) -> bool:
    """Whether the study is one of space charge (or wants to be)."""
    return draft.data.get(SECTION) is not None


def check_space_charge(draft: Draft) -> None:
    """Report layers without a role, electrodes and media that do not exist, missing numbers, and what the rest of the
    file asks of a study that has no currents."""
    _check_quantities(draft)
    _check_injected(draft)
    if not has_space_charge(draft):
        return
    part = draft.part(SpaceCharge, SECTION)
    if part is None:
        return
    names = [body.name for _, body in draft.bodies if body is not None]
    _check_roles(draft, part, names)
    _check_sheets(draft, part)
    for name, mobile in part.media.items():
        material = draft.material_of(name)
        if material is not None:
            _check_medium(draft, (SECTION, "media", name), mobile, material, part)
        if mobile.electrons is not None and mobile.electrons.electrode not in part.electrodes:
            message = one_of(list(part.electrodes), mobile.electrons.electrode, "must be one of the electrodes:")
            draft.report((SECTION, "media", name, "electrons", "electrode"), message)
    if part.sweep is not None:
        contact = part.electrodes.get(part.sweep.electrode)
        if contact is None or contact.potential is None:
            known = [k for k, c in part.electrodes.items() if c.potential is not None]
            message = one_of(known, part.sweep.electrode, "must be an electrode with a potential:")
            draft.report((SECTION, "sweep", "electrode"), message)
    held = any(c.potential is not None for c in part.electrodes.values())
    if not held and all(m.conserved or m.model == "insulator" for m in part.media.values()):
        message = "nothing fixes the potential: give an electrode a potential, or let ions of a layer come and go"
        draft.report((SECTION, "electrodes"), message)
    _check_surroundings(draft, part)


def _check_injected(draft: Draft) -> None:
    """Space-charge layers of interfaces must come from studies of space charge."""
    for name, interface in draft.interfaces.items():
        if interface is None or interface.space_charge is None:
            continue
        source = interface.space_charge
        path = ("interfaces", name, "space_charge")
        problem = _unusable(source.study)
        if problem:
            draft.report(path, problem, source.study)
            continue
        electrode = electrode_between(draft, name)
        if electrode is None and source.potential is not None:
            draft.report((*path, "potential"), "there is no electrode at this interface")


def electrode_between(draft: Draft, interface: str) -> str | None:
    """The side of an interface that is an electrode, if one is."""
    from studies.schema.contacts import passages

    known = passages(draft.conduction, [interface])
    return known[interface].electrode if interface in known else None


def _unusable(name: str) -> str:
    """Why a study cannot give a space-charge layer; empty if it can."""
    from studies.listing import find_study
    from studies.schema.reader import read_text, read_yaml

    try:
        data = read_yaml(read_text(find_study(name)), name).data
    except InputError as error:
        return str(error.problems[0].message) if error.problems else str(error)
    if not isinstance(data, dict) or not isinstance(data.get(SECTION), dict):
        return "is no study of space charge: it has no section space_charge"
    return ""


def ion_names(draft: Draft) -> list[str]:
    """Names of the ions of the study's models, as far as known."""
    part = draft.part(SpaceCharge, SECTION) if has_space_charge(draft) else None
    names = [name for mobile in part.media.values() for name in IONS[mobile.model]] if part is not None else []
    return list(dict.fromkeys(names))


def _check_roles(draft: Draft, part: SpaceCharge, names: list[str]) -> None:
    for key in ("electrodes", "media"):
        for name in getattr(part, key):
            if names and name not in names:
                draft.report((SECTION, key, name), one_of(names, name, "is no layer of the study; there are"), name)
    for name in part.electrodes:
        if name in part.media:
            draft.report((SECTION, "media", name), "is an electrode already", name)
    for path, body in draft.bodies:
        if body is not None and body.name not in part.electrodes and body.name not in part.media:
            message = "needs a role in space_charge: say under `media` what is mobile in it, or under `electrodes`"
            draft.report((*path, "name"), message, body.name)


def _check_sheets(draft: Draft, part: SpaceCharge) -> None:
    for name in part.interfaces:
        path = (SECTION, "interfaces", name)
        if draft.places_known and name not in draft.interface_names:
            draft.report(path, one_of(draft.interface_names, name, "is no interface of the study; there are"), name)
        elif any(side in part.electrodes for side in name.split("|")):
            draft.report(path, "an electrode screens the charge on its surface: give the electrode a flat band", name)


def _check_medium(draft: Draft, path: KeyPath, mobile: Mobile, material: Material, part: SpaceCharge) -> None:
    if not material.has("relative_permittivity"):
        message = f"{material.name} has no relative_permittivity; give it in the layer's `properties`"
        draft.report(path, message, material.name)
    for key in MODELS[mobile.model]:
        other = FROM_MATERIAL.get(mobile.model, {}).get(key)
        if getattr(mobile, key) is None and (other is None or not material.has(other)):
            where = f" (or {other} of {material.name})" if other else ""
            draft.report((*path, key), f"is needed by the model {mobile.model}{where}")
    occupancy = mobile.occupancy
    if mobile.model == "lattice-gas" and occupancy == 1.0:
        draft.report((*path, "occupancy"), "must leave vacancies: less than 1")
    if mobile.crowding == 1.0:
        draft.report((*path, "crowding"), "must leave vacancies: less than 1")
    temperature = draft.operation.temperature if draft.operation is not None else STANDARD_TEMPERATURE
    if mobile.interaction <= -4 * GAS * temperature:
        draft.report((*path, "interaction"), "must be above -4 RT: stronger attraction separates phases")
    if part.mode == "planes":
        if mobile.plane_spacing is None and not material.has("lattice_plane_spacing"):
            message = f"is needed in mode planes (or lattice_plane_spacing of {material.name})"
            draft.report((*path, "plane_spacing"), message)
        for key in ("conserved", "electrons"):
            if getattr(mobile, key):
                draft.report((*path, key), "is for the mode continuum")
    elif mobile.plane_spacing is not None:
        draft.report((*path, "plane_spacing"), "is for the mode planes")


def _check_surroundings(draft: Draft, part: SpaceCharge) -> None:
    operation = draft.operation
    for key in ("time", "impedance"):
        if draft.data.get(key) is not None:
            draft.report((key,), "a space-charge study is at rest")
    for key in ("current", "voltage", "sweep", "protocol", "working_electrode"):
        if operation is not None and getattr(operation, key, None) is not None:
            draft.report(("operation", key), "a space-charge study has no current: see space_charge.electrodes")
    if draft.data.get("interfaces"):
        draft.report(("interfaces",), "a space-charge study has no charge transfer: see space_charge.interfaces")
    if draft.mesh is not None and draft.mesh.tolerance is not None:
        draft.report(("mesh", "tolerance"), "space-charge studies take their error bars from a mesh family")
    if part.mode == "planes":
        if draft.dimension not in (1, None):
            draft.report(("geometry", "dimension"), "lattice planes are one-dimensional")
        if part.interfaces:
            draft.report((SECTION, "interfaces"), "charged interfaces are for the mode continuum")
        ends = [name for name in draft.names if name]
        for name in part.electrodes:
            if name in ends[1:-1]:
                draft.report(
                    (SECTION, "electrodes", name), "with lattice planes, electrodes are ends of the stack", name
                )


def _check_quantities(draft: Draft) -> None:
    charged = has_space_charge(draft)
    part = draft.part(SpaceCharge, SECTION) if charged else None
    for i, request in enumerate(draft.requests):
        spec = None if request is None else QUANTITIES.get(request.name)
        if request is None or spec is None:
            continue
        if spec.space_charge != charged:
            where = "is for space-charge studies" if spec.space_charge else "has no value in a space-charge study"
            draft.report(("quantities", i), where, request.name)
            continue
        if part is None:
            continue
        if spec.name in FLAT_ONLY and draft.features:
            draft.report(("quantities", i), "is for flat layers, without features", request.name)
        path: KeyPath = ("quantities", i, spec.name)
        for key, known in (("electrode", list(part.electrodes)), ("layer", list(part.media))):
            if key not in spec.parameters:
                continue
            given = request.parameters.get(key)
            if given is None and len(known) != 1:
                draft.report(("quantities", i), f"{spec.name} needs `{key}`: one of {', '.join(known)}")
            elif given is not None and given not in known:
                draft.report((*path, key), one_of(known, given, "must be one of"))
