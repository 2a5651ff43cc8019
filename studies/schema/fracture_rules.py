"""What must hold where something breaks."""

from __future__ import annotations

from studies.errors import MISSING
from studies.quantities import QUANTITIES
from studies.schema.bodies import Polycrystal
from studies.schema.draft import Draft
from studies.schema.explain import lookup
from studies.schema.joint_rules import LOAD_PATH
from studies.schema.reader import KeyPath
from studies.schema.slit_rules import parting_of

__all__ = ["check_fracture"]


def check_fracture(draft: Draft) -> None:
    """Report fracture where it cannot be, and what needs it."""
    broken = []
    for (here, body), material in zip(draft.bodies, draft.materials, strict=True):
        if body is None or body.fracture is None:
            continue
        where, given = (*here, "fracture"), body.fracture
        broken.append(where)
        if material is not None and given.toughness is None and not material.has("fracture_energy"):
            message = f"{material.name} has no fracture_energy and no fracture_toughness: give toughness here"
            draft.report((*where, "toughness"), message)
        if given.grain_boundary is not None and body.name not in _polycrystals(draft):
            draft.report((*where, "grain_boundary"), f"{body.name} is no polycrystal")
    for where in broken[:1]:
        if draft.operation is not None and draft.operation.protocol is not None:
            _check_in_time(draft, broken)
        _check_filling(draft)
        if "impedance" in draft.data or "space_charge" in draft.data:
            draft.report(where, "fracture is for studies without impedance and space_charge")
        mesh = draft.data.get("mesh")
        if isinstance(mesh, dict) and "tolerance" in mesh:
            message = "cannot be met where something breaks: give cell sizes (bulk) instead"
            draft.report(("mesh", "tolerance"), message)
    if broken or any(lookup(draft.data, (*here, "fracture")) not in (MISSING, None) for here, _ in draft.bodies):
        return  # one that is wrong is reported by itself
    if draft.operation is not None and draft.operation.crack_filling is not None:
        draft.report(("operation", "crack_filling"), "no layer can break: give one `fracture`")
    for i, request in enumerate(draft.requests):
        spec = None if request is None else QUANTITIES.get(request.name)
        parts = bool(parting_of(draft)) and spec is not None and spec.name in LOAD_PATH
        if request is not None and spec is not None and spec.needs_fracture and not parts:
            draft.report(("quantities", i), "no layer can break: give one `fracture`", request.name)


def _check_filling(draft: Draft) -> None:
    """Report metal in cracks that no layer gives, and a volume without a crack to be in."""
    filling = None if draft.operation is None else draft.operation.crack_filling
    if draft.operation is None or filling is None:
        return
    here = ("operation", "crack_filling")
    flawed = any(body is not None and body.fracture is not None and body.fracture.flaws for _, body in draft.bodies)
    if not flawed and (filling.thickness is not None or filling.share is not None):
        draft.report(here, "a volume needs a crack from the beginning: give a layer that may break `fracture.flaws`")
    if filling.electrode is None:
        return
    names = {body.name: media for (_, body), media in zip(draft.bodies, draft.materials, strict=True) if body}
    conduction, material = draft.conduction.get(filling.electrode), names.get(filling.electrode)
    metals = ("equipotential",) if filling.share is not None else ("equipotential", "electronic")
    if filling.electrode not in names:
        draft.report((*here, "electrode"), f"there is no layer {filling.electrode!r}; there are {', '.join(names)}")
    elif conduction is not None and conduction not in metals:
        message = f"is no metal: its conduction must be {' or '.join(metals)}, not {conduction}"
        draft.report((*here, "electrode"), message)
    elif material is not None and not material.has("molar_volume"):
        draft.report((*here, "electrode"), f"{material.name} has no molar_volume: give it in properties")
    if filling.share is not None and draft.operation.protocol is None:
        draft.report((*here, "share"), "of what is plated: needs operation.protocol; give a thickness here")


def _check_in_time(draft: Draft, broken: list[KeyPath]) -> None:
    """Report what has no meaning where damage grows in time."""
    operation = draft.operation
    assert operation is not None
    if operation.crack_filling is not None and operation.crack_filling.thickness is not None:
        message = (
            "grows with the loads of studies without operation.protocol: give a pressure, or an electrode (with the"
            " share of its plated metal that goes into the cracks)"
        )
        draft.report(("operation", "crack_filling", "thickness"), message)
    for i, request in enumerate(draft.requests):
        if request is not None and request.name == "critical_load":
            draft.report(
                ("quantities", i), "is a part of loads that grow together: ask for critical_time", request.name
            )
    for i, request in enumerate(draft.requests):
        if request is not None and request.name == "crack_pressure" and request.parameters.get("of") == "largest":
            draft.report(("quantities", i), "of a run in time: its series has the pressure at all times", request.name)
    filled = operation.crack_filling is not None and operation.crack_filling.share is not None
    if not filled and not any(body.transport is not None for _, body in draft.bodies if body is not None):
        message = (
            "nothing swells or fills cracks in time: give a layer `transport`, or operation.crack_filling a `share`, or"
            " leave out operation.protocol"
        )
        draft.report(broken[0], message)


def _polycrystals(draft: Draft) -> set[str]:
    """Layers and bodies of grains."""
    layers = {f.content.layer for f in draft.features if f is not None and isinstance(f.content, Polycrystal)}
    return layers | {b.name for _, b in draft.bodies if b is not None and getattr(b, "grains", None) is not None}
