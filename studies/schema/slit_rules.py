"""What must hold where the two faces of a slit may touch."""

from __future__ import annotations

from studies.schema.draft import Draft
from studies.schema.joint_rules import joints_of
from studies.schema.touching import slits_of, touching_slits

__all__ = ["check_slits", "parting_of"]


def parting_of(draft: Draft) -> dict[str, str]:
    """Interface or slit -> ``contact`` or ``cohesive``."""
    return joints_of(draft) | dict.fromkeys(touching_slits(draft), "contact")


def check_slits(draft: Draft) -> None:
    """Report faces that touch where they cannot."""
    found = touching_slits(draft)
    if not found:
        return
    where = next(iter(found.values()))
    first = {name: words.contact for _, name, words in reversed(list(slits_of(draft)))}
    for here, name, words in slits_of(draft):
        if name in found and words.contact != first[name]:
            message = f"cracks called {name!r} are one: give all of them the same contact, or other names"
            draft.report((*here, "contact"), message)
        if words.contact is not None and getattr(words, "opening", None) is not None:
            draft.report((*here, "contact"), "the walls of a notch do not touch: leave opening or this out")
    degree = draft.data.get("discretisation")
    if isinstance(degree, dict) and degree.get("displacement_degree") == 1:
        draft.report(("discretisation", "displacement_degree"), "faces of cracks that touch need 2", 1)
    for key in ("impedance", "space_charge"):
        if key in draft.data:
            draft.report(where, f"faces of cracks touch in studies without {key}")
    if draft.mesh is not None and draft.mesh.tolerance is not None:
        draft.report(("mesh", "tolerance"), "cannot be met where faces of cracks touch: give cell sizes (bulk) instead")
    for here, body in draft.bodies:
        if body is not None and body.fracture is not None:
            draft.report((*here, "fracture"), "either layers break or faces of cracks touch")
