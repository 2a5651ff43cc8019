"""What must hold for stress-free strains and crystals of a study."""

from __future__ import annotations

from fem.materials import Material
from studies.schema.body import Body
from studies.schema.draft import Draft
from studies.schema.reader import KeyPath

__all__ = ["STIFFNESS", "check_strains", "follows_axis", "strained_keys"]

STIFFNESS = tuple(f"stiffness_c{ij}" for ij in ("11", "12", "13", "33", "44"))
"""Elastic constants without which a crystal has no stiffness; stiffness_c14 is that of trigonal ones."""


def strained_keys(body: Body) -> list[str]:
    """Keys of a body that only mean something with stresses."""
    found = [key for key in ("swelling", "stress_free_temperature") if getattr(body, key) is not None]
    return found + ["shrinkage"] * (body.shrinkage != 0) + ["elasticity"] * (body.elasticity != "isotropic")


def follows_axis(body: Body) -> bool:
    """Whether the strains or the stiffness of a body follow its crystal axis."""
    return body.elasticity == "crystal" or (body.swelling is not None and body.swelling.model == "lattice")


def check_strains(draft: Draft) -> None:
    """Report strains and crystals that lack something, and pressure that would count twice."""
    for (here, body), material in zip(draft.bodies, draft.materials, strict=True):
        if body is None:
            continue
        if body.swelling is not None:
            _check_swelling(draft, (*here, "swelling"), body, material)
        if material is None:
            continue
        if body.stress_free_temperature is not None and not material.has("thermal_expansion"):
            message = f"{material.name} has no thermal_expansion; give it in `properties`"
            draft.report((*here, "stress_free_temperature"), message)
        if body.elasticity == "crystal":
            missing = [key for key in STIFFNESS if not material.has(key)]
            if missing:
                message = f"{material.name} has no {', '.join(missing)}; give them in `properties`"
                draft.report((*here, "elasticity"), message)
            if getattr(body, "fracture", None) is not None:
                draft.report((*here, "elasticity"), "fracture is for isotropic elasticity")
        if follows_axis(body):
            _check_axis(draft, here, body)
    _check_shifts(draft)


def _check_swelling(draft: Draft, here: KeyPath, body: Body, material: Material | None) -> None:
    swelling, transport = body.swelling, body.transport
    assert swelling is not None
    stored = None if transport is None else transport.lithiation
    if stored is None and swelling.lithiation is None:
        message = "needs the lithiation of the region: its `transport: {lithiation: ...}`, or `lithiation` here"
        draft.report(here, message)
    if stored is None and swelling.lithiation is not None and swelling.stress_free_lithiation is None:
        message = "is required: without it a region of one lithiation has no strain"
        draft.report((*here, "stress_free_lithiation"), message)
    if stored is not None and swelling.lithiation is not None:
        draft.report((*here, "lithiation"), "is given twice: also in `transport`")
    if material is None:
        return
    isotropic = swelling.model == "isotropic"
    needed = ("partial_molar_volume", "maximum_concentration") if isotropic else ()
    lattice = () if isotropic else ("lattice_parameter_a", "lattice_parameter_c")
    missing = [key for key in needed if not material.has(key)]
    missing += [key for key in lattice if not material.has(key) or material.datum(key).curve is None]
    if missing:
        hint = " as a table against stoichiometry" if lattice else ""
        message = f"{material.name} has no {' and no '.join(missing)}{hint}; give it in `properties`"
        draft.report((*here, "model"), message)


def _check_axis(draft: Draft, here: KeyPath, body: Body) -> None:
    axis = body.crystal_axis
    if axis is None:
        draft.report((*here, "crystal_axis"), "is required: the direction of the c axis, or `random` for grains")
    elif draft.dimension == "axisymmetric" and (axis == "random" or axis[0] != 0 or any(axis[2:])):
        message = "must be the axis, [0, 1]: any other crystal is not the same all around"
        draft.report((*here, "crystal_axis"), message)


def _check_shifts(draft: Draft) -> None:
    """A host that swells has the work of stress in its potential already."""
    swollen = {
        body.name
        for _, body in draft.bodies
        if body is not None and body.swelling is not None and body.transport is not None
    }
    for name, interface in draft.interfaces.items():
        sides = name.split("|")
        if interface is None or len(sides) != 2 or not swollen & set(sides):
            continue
        hosts = [side for side in sides if side in swollen]
        for key in ("stress_shift", "partial_molar_volume"):
            if getattr(interface, key):
                message = f"would count the stress of {hosts[0]} twice: its swelling shifts its potential already"
                draft.report(("interfaces", name, key), message)
                break
