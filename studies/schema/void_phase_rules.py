"""What must hold between voids as a phase field and the rest of the study."""

from __future__ import annotations

from studies.schema.body import Body
from studies.schema.draft import Draft
from studies.schema.explain import lookup
from studies.schema.reader import KeyPath
from studies.schema.rules import mechanics_on
from studies.schema.void_surface_rules import has_void_surface

__all__ = ["check_void_phases"]

#: Quantities that only a layer with voids as a phase field has.
QUANTITIES = ("void_volume", "void_surface_energy", "lithium_from_sinks")


def check_void_phases(draft: Draft) -> None:
    """Report phase fields without time, with mechanics, in layers that are no metal, and seeds of a wrong dimension."""
    in_time = lookup(draft.data, ("operation", "protocol")) is not None
    found = False
    for (path, body), material in zip(draft.bodies, draft.materials, strict=True):
        if body is None or body.void_phase is None:
            continue
        found = True
        here: KeyPath = (*path, "void_phase")
        if not in_time:
            draft.report(here, "goes on in time: it needs operation.protocol")
        if mechanics_on(draft):
            draft.report(here, "knows no mechanics: a study cannot have both")
        if isinstance(draft.data.get("impedance"), dict):
            draft.report(here, "knows no impedance: a study cannot have both")
        if draft.conduction.get(body.name) not in (None, "equipotential", "none"):
            draft.report(here, "is of a metal: `conduction: equipotential`")
        for key in body.void_phase.properties if material is not None else ():
            if material is not None and not material.has(key):
                draft.report(here, f"{material.name} has no {key}; give it in `properties`, or here")
        _check_seeds(draft, here, body)
    for i, request in enumerate(draft.requests):
        if request is None or request.name not in QUANTITIES or found:
            continue
        if request.name != "void_volume" or not has_void_surface(draft):
            either = " or `void_surface`" if request.name == "void_volume" else ""
            draft.report(("quantities", i), f"needs a layer with `void_phase`{either}", request.name)


def _check_seeds(draft: Draft, here: KeyPath, body: Body) -> None:
    assert body.void_phase is not None
    axes = {"axisymmetric": 2}.get(str(draft.dimension), draft.dimension)
    for k, seed in enumerate(body.void_phase.seeds):
        if isinstance(axes, int) and len(seed.centre) != axes:
            draft.report((*here, "seeds", k, "centre"), f"needs {axes} coordinates here, not {len(seed.centre)}")
        if seed.radius < body.void_phase.width:
            draft.report((*here, "seeds", k, "radius"), "must not be less than the width of the surface")
