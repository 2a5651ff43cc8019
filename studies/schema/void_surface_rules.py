"""What must hold between voids with a sharp surface and the rest of the study: they are a kind of study."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from fem.materials import PROPERTIES, Material
from studies.errors import MISSING
from studies.quantities import QUANTITIES
from studies.schema.body import Body
from studies.schema.explain import lookup, one_of
from studies.schema.reader import KeyPath

if TYPE_CHECKING:
    from studies.schema.draft import Draft
    from studies.schema.interfaces import Interface
    from studies.schema.protocol import Until
    from studies.schema.void_surface import VoidSurface

__all__ = ["AT_REST", "IN_TIME", "ONLY_HERE", "check_void_surface", "has_void_surface", "sharp_layer"]

KEY = "void_surface"
#: Quantities of the growth and healing of voids in time, and of the pressure at which they do neither.
IN_TIME = (
    "void_volume",
    "contact_fraction",
    "current_focusing",
    "stack_shortening",
    "stripped_lithium",
    "elapsed_time",
    "passed_charge",
    "largest_void_volume",
    "least_contact_fraction",
    "largest_current_focusing",
)
AT_REST = ("threshold_pressure", "threshold_exponent", "void_growth_rate", "contact_fraction", "current_focusing")
#: Those of them that no other study has.
ONLY_HERE = (
    "stripped_lithium",
    "largest_void_volume",
    "least_contact_fraction",
    "largest_current_focusing",
    "threshold_pressure",
    "threshold_exponent",
    "void_growth_rate",
)
#: What the body of the layer may say beside `void_surface`; of the electrolyte, all but `creep`.
_OF_BODIES = ("name", "material", "properties", "thickness", "conduction", "creep", KEY)
#: What the interface may say.
_OF_INTERFACE = (
    "kinetics",
    "exchange_current",
    "anodic_transfer_coefficient",
    "cathodic_transfer_coefficient",
    "film_resistance",
    "equilibrium_potential",
)
#: Properties of the lithium, those of its creep aside.
_PROPERTIES = ("molar_volume", "self_diffusivity", "surface_energy")
#: Sections and keys that mean nothing here -> why.
_ELSEWHERE: dict[KeyPath, str] = {
    ("impedance",): "voids with a sharp surface know no impedance",
    ("space_charge",): "a study has either space charge at rest or voids with a sharp surface",
    ("discretisation",): "voids with a sharp surface have elements of their own",
    ("solver",): "voids with a sharp surface have solvers of their own",
    ("geometry", "image"): "voids with a sharp surface are drawn: give layers with a thickness",
    ("geometry", "mesh"): "voids with a sharp surface make their own meshes: give layers with a thickness",
    ("operation", "voltage"): "the current must be known: give current, or a protocol with currents and rests",
    ("operation", "mean_field"): "the current must be known: give current, or a protocol with currents and rests",
    ("operation", "stack_control"): "a platen presses with the stack pressure here",
    ("operation", "stack_displacement"): "a platen presses with the stack pressure here",
    ("operation", "crack_filling"): "there are no cracks here",
    ("mesh", "tolerance"): "errors are learned from a run with fewer edges and longer time steps",
    ("mesh", "quantities"): "errors are learned from a run with fewer edges and longer time steps",
    ("mesh", "interface"): "the edges of the outlines decide: void_surface.edges",
    ("mesh", "edge"): "the edges of the outlines decide: void_surface.edges",
    ("mesh", "wall"): "the edges of the outlines decide: void_surface.edges",
    ("mesh", "growth"): "the edges of the outlines decide: void_surface.edges",
    ("time", "largest_step"): "the motion of the voids bounds the steps",
    ("time", "record_every"): "every time step is recorded",
}


def has_void_surface(draft: Draft) -> bool:
    """Whether the study is one of voids with a sharp surface (or wants to be)."""
    layers = lookup(draft.data, ("geometry", "layers"))
    return isinstance(layers, list) and any(isinstance(x, dict) and x.get(KEY) is not None for x in layers)


def sharp_layer(draft: Draft) -> tuple[KeyPath, Body] | None:
    """Path and content of the layer with `void_surface`; None where there is none that can be read."""
    for path, body in draft.bodies[: len(draft.layers)]:
        if body is not None and body.void_surface is not None:
            return path, body
    return None


def check_void_surface(draft: Draft) -> None:
    """Report what a study of voids with a sharp surface lacks, and what it cannot be combined with."""
    for path, body in draft.bodies[len(draft.layers) :]:
        if body is not None and body.void_surface is not None:
            draft.report((*path, KEY), "is of a layer of the stack, not of a body in it")
    if not has_void_surface(draft):
        _check_absent(draft)
        return
    _check_surroundings(draft)
    _check_quantities(draft)
    _check_protocol(draft)
    found = sharp_layer(draft)
    if found is None:
        return
    path, body = found
    _check_layers(draft, path, body)
    assert body.void_surface is not None
    _check_flaws(draft, (*path, KEY), body.void_surface)
    for name, interface in draft.interfaces.items():
        if interface is not None:
            _check_interface(draft, name, interface)


# ------------------------------------------------------------------ elsewhere
def _check_absent(draft: Draft) -> None:
    for i, request in enumerate(draft.requests):
        if request is not None and request.name in ONLY_HERE:
            draft.report(("quantities", i), f"needs a layer with `{KEY}`", request.name)
    for path, until in _conditions(draft):
        for key in ("contact_fraction", "void_volume"):
            if getattr(until, key) is not None:
                draft.report((*path, key), f"needs a layer with `{KEY}`")


def _conditions(draft: Draft) -> list[tuple[KeyPath, Until]]:
    """All conditions of the operation with their paths."""
    from studies.schema.protocol import entries_in

    operation = draft.operation
    if operation is None:
        return []
    found: list[tuple[KeyPath, Until]] = []
    if operation.stop_when is not None:
        found.append((("operation", "stop_when"), operation.stop_when))
    for path, entry in entries_in(operation.protocol or [], ("operation", "protocol")):
        found += [((*path, k), u) for k, u in (("until", entry.until), ("stop_when", entry.stop_when)) if u is not None]
    return found


# ------------------------------------------------------------------ surroundings
def _given(draft: Draft, path: KeyPath) -> bool:
    """Whether the file says something at a path that is not the default, which resolved studies write out."""
    raw = lookup(draft.data, path)
    if raw in (None, MISSING):
        return False
    if len(path) == 1 and path[0] in ("discretisation", "solver"):
        from studies.schema.numerics import Discretisation, Solver

        kind: Any = {"discretisation": Discretisation, "solver": Solver}[str(path[0])]
        return bool(draft.part(kind, *path) != kind())
    return True


def _check_surroundings(draft: Draft) -> None:
    in_time = lookup(draft.data, ("operation", "protocol")) not in (None, MISSING)
    for path, why in _ELSEWHERE.items():
        if _given(draft, path) and not (in_time and path == ("mesh", "tolerance")):  # said already
            draft.report(path, why)
    if draft.dimension in (1, 3):
        draft.report(("geometry", "dimension"), "voids with a sharp surface need dimension 2 or axisymmetric")
    if draft.periodic:
        draft.report(("geometry", "lateral"), "the sides are planes of symmetry here")
    if draft.features or lookup(draft.data, ("geometry", "features")) not in (None, MISSING, []):
        draft.report(("geometry", "features"), f"cannot be together with `{KEY}`, which has `flaws`")
    if draft.mechanics is not None and draft.mechanics.on:
        draft.report(("mechanics", "on"), "lithium flows here, without elasticity: leave mechanics out")
    if draft.mesh is not None and draft.mesh.levels != type(draft.mesh).model_fields["levels"].default:
        draft.report(("mesh", "levels"), "errors are learned from one run with fewer edges")
    pictures = draft.data.get("pictures")
    for k, name in enumerate(pictures if isinstance(pictures, list) else ()):
        if name not in ("voids", "animation"):
            draft.report(("pictures", k), "has only the pictures voids and animation here")


def _check_quantities(draft: Draft) -> None:
    in_time = lookup(draft.data, ("operation", "protocol")) not in (None, MISSING)
    known = IN_TIME if in_time else AT_REST
    currents = () if draft.operation is None else draft.operation.currents
    for i, request in enumerate(draft.requests):
        if request is None or request.name not in QUANTITIES:
            continue
        here: KeyPath = ("quantities", i)
        if request.name not in known:
            when = "with" if in_time else "without"
            draft.report(here, f"has no value here; {when} a protocol there are {', '.join(known)}", request.name)
        elif "distance" in request.parameters:
            draft.report((*here, request.name, "distance"), "is for contact edges that do not move")
        elif request.name == "void_growth_rate" and draft.operation and draft.operation.stack_pressure is None:
            draft.report(here, "is that under operation.stack_pressure, which is not given", request.name)
        elif request.name == "threshold_exponent" and len({c.value for c in currents}) < 2:
            draft.report(here, "needs several currents: operation.sweep", request.name)
        elif request.name.startswith("threshold") and any(_side(draft) * c.value <= 0 for c in currents):
            draft.report(here, "needs currents that strip lithium: positive ones", request.name)


def _side(draft: Draft) -> float:
    """1, or -1 where positive currents plate lithium: the working electrode is the far side of the electrolyte."""
    found, operation = sharp_layer(draft), draft.operation
    given = None if operation is None else operation.working_electrode
    return 1.0 if given is None or found is None or found[1].name == given else -1.0


def _check_protocol(draft: Draft) -> None:
    from studies.schema.protocol import entries_in

    operation = draft.operation
    entries = () if operation is None or operation.protocol is None else operation.protocol
    for path, entry in entries_in(list(entries), ("operation", "protocol")):
        here: list[tuple[str, Any]] = [("voltage", entry.voltage), ("record_every", entry.record_every)]
        here += [("pulse", entry.pulse if entry.pulse is not None and entry.pulse.voltage is not None else None)]
        here += [("ramp", entry.ramp if entry.ramp is not None and entry.ramp.from_.dimension == "potential" else None)]
        here += [("table", entry.table if entry.table is not None and entry.table.voltage is not None else None)]
        for key, value in here:
            if value is not None:
                why = "every time step is recorded" if key == "record_every" else "the current must be known here"
                draft.report((*path, key), why)
    for path, until in _conditions(draft):
        for key in ("voltage", "current", "charge", "lowest_concentration"):
            if getattr(until, key) is not None:
                draft.report((*path, key), "is not known here; conditions are contact_fraction and void_volume")


# ------------------------------------------------------------------ layers
def _check_layers(draft: Draft, path: KeyPath, body: Body) -> None:
    names = draft.names
    if len(names) != 2:
        message = f"voids with a sharp surface need two layers, lithium and its electrolyte, not {len(names)}"
        draft.report(("geometry", "layers"), message)
    others = [(p, b) for p, b in draft.bodies[: len(draft.layers)] if b is not None and p != path]
    for other, its in others:
        if its.void_surface is not None:
            draft.report((*other, KEY), "one layer has voids here, not two")
        elif draft.conduction.get(its.name) not in (None, "ionic"):
            draft.report((*other, "conduction"), "the layer beside the voids is their electrolyte: `conduction: ionic`")
    for where, its in [(path, body), *others]:
        for key in sorted(its.model_fields_set):
            default = type(its).model_fields[key].default
            value = getattr(its, key)
            if key in _OF_BODIES or value in (None, default, {}, []):
                continue
            draft.report((*where, key), f"cannot be in a study with `{KEY}`")
        if its is not body and its.creep != "none":
            draft.report((*where, "creep"), "only the lithium flows here")
    if draft.conduction.get(body.name) not in (None, "equipotential"):
        draft.report((*path, KEY), "is of a metal: `conduction: equipotential`")
    if body.creep != "norton":
        draft.report((*path, "creep"), "lithium around voids with a sharp surface flows: `creep: norton`")
    material = draft.material_of(body.name)
    if isinstance(material, Material):
        wanted = [*_PROPERTIES, *(k for k in PROPERTIES if k.startswith("norton_"))]
        missing = [key for key in wanted if not material.has(key)]
        if missing:
            draft.report((*path, KEY), f"{material.name} has no {', '.join(missing)}; give it in `properties`")
        assert body.void_surface is not None
        adhesion, energy = body.void_surface.work_of_adhesion, body.void_surface.surface_energy
        if energy is None and material.has("surface_energy"):
            energy = material.value("surface_energy")
        if adhesion is not None and energy is not None and adhesion > 2 * energy:
            message = (
                f"must be at most twice the surface energy, {2 * energy:g} J/m^2: no contact angle belongs to more"
            )
            draft.report((*path, KEY, "work_of_adhesion"), message)


def _check_flaws(draft: Draft, here: KeyPath, words: VoidSurface) -> None:
    """Flaws lie within the model, beside each other, and leave contact."""
    from studies.schema.geometry import Widths

    sizes = draft.part(Widths, "geometry")
    width = None if sizes is None else sizes.width
    height = lookup(draft.data, here[:-1])
    thickness = next((x.thickness for x in draft.layers if x is not None and x.void_surface is words), None)
    if width is None or not isinstance(height, dict):
        return
    if lookup(draft.data, ("operation", "protocol")) in (None, MISSING):
        if len(words.flaws) != 1:
            draft.report((*here, "flaws"), "without operation.protocol a study looks for the threshold of one flaw")
        if words.sites:
            draft.report((*here, "sites"), "open in time: they need operation.protocol")
    elif not words.flaws and not words.sites:
        draft.report((*here, "flaws"), "is needed: voids at the beginning, or `sites` where they open")
    if words.sites and words.sink_length == 0:
        draft.report((*here, "sink_length"), "must not be 0: vacancies open the sites, and there would be none")
    for k, site in enumerate(words.sites):
        ends = (0.0, width)
        if site.position not in ends and not site.radius < site.position < width - site.radius:
            message = "must lie within the width, or its middle at 0 or at the width: then half of it is in the model"
            draft.report((*here, "sites", k, "position"), message)
        elif site.radius >= width:
            draft.report((*here, "sites", k, "radius"), "leaves no contact")
        if thickness is not None and site.radius * math.tan(site.angle / 2) >= thickness:
            draft.report((*here, "sites", k, "radius"), "the void that opens must be lower than the lithium is thick")
    spans: list[tuple[float, float, int]] = []
    for k, flaw in enumerate(words.flaws):
        path: KeyPath = (*here, "flaws", k)
        if draft.dimension == "axisymmetric" and flaw.position != 0:
            draft.report((*path, "position"), "is on the axis in an axisymmetric model: 0 m")
            continue
        low, high = flaw.position - flaw.reach, flaw.position + flaw.reach
        cut = flaw.position in (0.0, width) if draft.dimension == 2 else True
        beyond = flaw.position > width or (high > width * (1 - 1e-6) and flaw.position != width)
        if beyond or (low <= 0 and not cut):
            message = "must lie within the width, or its middle at 0 or at the width: then half of it is in the model"
            draft.report((*path, "position"), message)
        elif low <= 0 and flaw.position == width:
            draft.report((*path, "radius"), "leaves no contact")
        if thickness is not None and flaw.height >= thickness:
            draft.report((*path, "radius" if flaw.depth is None else "depth"), "must be less than the lithium is thick")
        spans.append((low, high, k))
    spans.sort()
    for (_, end, one), (start, _, other) in pairwise(spans):
        if start <= end * (1 + 1e-9):
            draft.report((*here, "flaws", max(one, other), "position"), f"overlaps the flaw {min(one, other)}")


def _check_interface(draft: Draft, name: str, interface: Interface) -> None:
    """Linear kinetics and films are all that the current meets here."""
    for key in sorted(interface.model_fields_set):
        value, default = getattr(interface, key), type(interface).model_fields[key].default
        if key in _OF_INTERFACE or value in (None, default) or (key == "stress_shift" and value is False):
            continue
        if key in ("mechanical_transfer_coefficient", "partial_molar_volume") and interface.stress_shift is False:
            continue  # a resolved study writes them out
        known = ", ".join(_OF_INTERFACE[:-1])
        draft.report(("interfaces", name, key), f"cannot be in a study with `{KEY}`; there are {known}")
    if interface.kinetics == "none":
        draft.report(("interfaces", name, "kinetics"), one_of(("linear", "butler-volmer", "perfect"), "none", "one of"))
    if interface.kinetics == "perfect" and interface.film_resistance == 0:
        message = (
            "needs a resistance at the interface, or the current is infinite where contact ends: kinetics linear or"
            " butler-volmer (both as R T/(F i0)), or a film_resistance"
        )
        draft.report(("interfaces", name, "kinetics"), message)
