"""What must hold where lithium or salt passes an interface directly."""

from __future__ import annotations

from studies.schema.body import body_name
from studies.schema.draft import Draft
from studies.schema.transport import Transport

__all__ = ["check_permeable"]


def check_permeable(draft: Draft) -> None:
    """Report permeabilities where a side stores nothing, or another species than the other side."""
    stored = {b.name: b.transport for _, b in draft.bodies if b is not None}
    for name, interface in draft.interfaces.items():
        if interface is None or interface.permeability is None:
            continue
        sides = [body_name(side) for side in name.split("|")]
        if len(sides) != 2 or any(side not in stored for side in sides):
            continue
        known: list[Transport | None] = [stored[side] for side in sides]
        where = ("interfaces", name, "permeability")
        for side, transport in zip(sides, known, strict=True):
            if transport is None:
                draft.report(where, f"{side} stores nothing: give it `transport`")
                return
        first, second = (t for t in known if t is not None)
        if first.is_host != second.is_host:
            draft.report(where, "one side holds lithium, the other salt: charge transfer leads from one to the other")
        elif first.ionic_liquid is not None or second.ionic_liquid is not None:
            draft.report(where, "is of lithium or of one salt: electrolytes with an ionic liquid have none")
        elif not first.is_host and (
            draft.material_of(sides[0]) != draft.material_of(sides[1])
            or (first.model == "dilute") != (second.model == "dilute")
        ):
            message = "the salts of both sides differ (in material, properties or model): only one electrolyte passes"
            draft.report(where, f"{message} directly")
