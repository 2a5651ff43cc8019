"""What must hold between the parts of a study: geometry, materials, load, mesh."""

from __future__ import annotations

import re
from typing import Any

from fem.materials import PROPERTIES, Material
from studies.quantities import QUANTITIES
from studies.schema.body import Body
from studies.schema.cracks import Slit
from studies.schema.draft import Draft
from studies.schema.explain import lookup, one_of, suggestion
from studies.schema.homogenisation import check_mean_field
from studies.schema.import_rules import check_imported, check_layer_sizes
from studies.schema.media import needed_properties
from studies.schema.reader import KeyPath
from studies.schema.swelling_rules import strained_keys
from studies.schema.void_surface_rules import has_void_surface

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def mechanics_on(draft: Draft) -> bool:
    """Whether stresses are computed: as said, else when something mechanical is given or asked for."""
    if has_void_surface(draft):  # lithium flows, but nothing is elastic
        return False
    if draft.mechanics is not None and draft.mechanics.on is not None:
        return draft.mechanics.on
    return bool(mechanical_keys(draft))


def mechanical_keys(draft: Draft) -> list[KeyPath]:
    """Paths of what only means something with stresses."""
    found: list[KeyPath] = []
    if draft.operation is not None:
        for key in ("stack_pressure", "stack_control", "stack_displacement"):
            if getattr(draft.operation, key) is not None:
                found.append(("operation", key))
    for path, body in draft.bodies:
        if body is not None and body.eigenstrain != 0:
            found.append((*path, "eigenstrain"))
        found += [] if body is None else [(*path, key) for key in strained_keys(body)]
        if body is not None and body.fracture is not None:
            found.append((*path, "fracture"))
    for i, request in enumerate(draft.requests):
        if request is not None and request.name in QUANTITIES and QUANTITIES[request.name].needs_mechanics:
            found.append(("quantities", i))
    found += [
        ("interfaces", name, "stress_shift") for name, x in draft.interfaces.items() if x is not None and x.stress_shift
    ]
    for name, x in draft.interfaces.items():
        keys = () if x is None else (k for k in ("contact", "cohesive") if getattr(x, k) is not None)
        found += [("interfaces", name, key) for key in keys]
    for i, feature in enumerate(draft.features):
        if feature is not None and isinstance(feature.content, Slit) and feature.content.contact is not None:
            found.append(("geometry", "features", i, feature.key, "contact"))
    pictures = draft.data.get("pictures")
    if isinstance(pictures, list) and "stress" in pictures:
        found.append(("pictures", pictures.index("stress")))
    return found


def check_geometry(draft: Draft) -> None:
    """Report what `meshes` finds wrong with the stack and the mesh sizes, in the words of the file."""
    _check_places(draft)
    check_layer_sizes(draft)
    check_imported(draft)
    stack, problems = draft.stack, draft.stack_problems
    if stack is None:
        return
    for problem in problems:
        if problem.path == "periodic":
            key = "lateral" if problem.value in ("1", "axisymmetric") else "ends"
            draft.report(("geometry", key), problem.message)
            continue
        path = _geometry_path(draft, problem.path)
        if path[-1] != "at" or lookup(draft.data, path) in draft.layer_interfaces:  # else said above
            draft.report(path, problem.message)
    if not problems and draft.mesh is not None:
        for problem in draft.mesh.sizes().scaled(1.0 / draft.mesh.refinement).problems(stack):
            draft.report(("mesh", problem.path), problem.message)


def check_films(draft: Draft) -> None:
    """Report films that cannot stand for a resistance."""
    for i, feature in enumerate(draft.features):
        content = None if feature is None else feature.content
        if feature is None or content is None:
            continue
        here: KeyPath = ("geometry", "features", i, feature.key)
        if getattr(content, "coating_towards", None) is not None:
            _check_towards(draft, (*here, "coating_towards"), content)
        if getattr(content, "coating_as", "resolved") == "resolved":
            continue
        key = "coats" if feature.key == "coating" else "coating"
        for k, coat in enumerate(getattr(content, key)):
            conduction = draft.conduction.get(coat.name)
            if conduction not in (None, "ionic"):
                message = f"a collapsed coat must conduct ions alone, not be {conduction}: resolve it"
                draft.report((*here, key, k, "conduction"), message, coat.name)


def _check_towards(draft: Draft, here: KeyPath, content: Any) -> None:
    """A coating that faces some bodies only."""
    if not content.coating:
        draft.report(here, "means something with a `coating` only")
    elif content.coating_as == "resolved":
        draft.report(here, "needs `coating_as: collapsed`: a coating that is meshed covers all of the body")
    elif content.patches is not None:
        draft.report(here, "cannot be told together with `patches`")
    own = (content.name, *(coat.name for coat in content.coating))
    known = [body.name for _, body in draft.bodies if body is not None and body.name not in own]
    for k, name in enumerate(content.coating_towards):
        if name not in known:
            draft.report((*here, k), one_of(known, name, "must be one of the other bodies:"), name)


def _check_places(draft: Draft) -> None:
    if not draft.names or not all(draft.names):
        return
    for i, feature in enumerate(draft.features):
        if feature is not None and feature.at is not None:
            at = feature.at
            if at not in draft.layer_interfaces:
                known = draft.layer_interfaces
                message = one_of(known, at, "no such interface; there are" if known else "no such interface: there are")
                draft.report(("geometry", "features", i, feature.key, "at"), message)


def check_layers(draft: Draft) -> None:
    """Report materials that are unknown or wrong, and properties that are missing."""
    for path, message, value in draft.media.complaints():
        draft.report(path, message, value)
    mechanics = mechanics_on(draft)
    for (here, layer), material in zip(draft.bodies, draft.materials, strict=True):
        # a single coat stands in the file without a list
        name = lookup(draft.data, (*here, "material")) if layer is None else layer.material
        named = draft.media.named(name) if isinstance(name, str) and name else None
        if isinstance(named, str):
            draft.report((*here, "material"), named)
        if layer is None or not isinstance(named, Material):
            _check_property_names(draft, (*here, "properties"))
            continue
        if layer.properties:
            for path, message, value in draft.media.overridden(layer.material, layer.properties)[1]:
                draft.report((*here, "properties", *path), message, value)
        if material is not None:
            _check_properties(draft, here, layer, material, mechanics)
            _check_creep(draft, here, layer, material, mechanics)


def _check_creep(draft: Draft, here: KeyPath, layer: Body, material: Material, mechanics: bool) -> None:
    if layer.creep == "none" or has_void_surface(draft):
        return
    if not mechanics:
        draft.report((*here, "creep"), "needs mechanics")
    if layer.elasticity != "isotropic" or layer.fracture is not None:
        draft.report((*here, "creep"), "is of isotropic solids that do not break")
    for key in (key for key in PROPERTIES if key.startswith(f"{layer.creep}_")):
        if not material.has(key):
            message = f"{material.name} has no {key}, which {layer.creep} creep needs; give it in `properties`"
            draft.report((*here, "creep"), message)


def _check_property_names(draft: Draft, here: KeyPath) -> None:
    given = lookup(draft.data, here)
    for key in given if isinstance(given, dict) else ():
        if key not in PROPERTIES:
            draft.report((*here, key), f"is not a property of a material{suggestion(key, PROPERTIES)}")


def _check_properties(draft: Draft, here: KeyPath, layer: Body, material: Material, mechanics: bool) -> None:
    conduction = draft.conduction[layer.name]
    mixture = layer.transport is not None and layer.transport.ionic_liquid is not None
    for key in needed_properties(conduction, mechanics, mixture):
        if not material.has(key):
            why = "mechanics is on" if key in ("young_modulus", "poisson_ratio") else f"conduction is {conduction}"
            message = f"{material.name} has no {key}, which is needed because {why}; give it in `properties`"
            draft.report((*here, "material"), message)


def check_operation(draft: Draft) -> None:
    """Report a load that is not given, given twice, or has no meaning for this cell."""
    operation = draft.operation
    if operation is None:
        return
    raw = draft.data.get("operation")
    loads = ("current", "voltage", "sweep", "protocol", "mean_field")
    given = [key for key in loads if isinstance(raw, dict) and raw.get(key) is not None]
    conducts = not draft.conduction or any(c != "none" for c in draft.conduction.values())
    if len(given) > 1:
        draft.report(
            ("operation", given[1]),
            f"only one of current, voltage, sweep, protocol and mean_field can be given, not {' and '.join(given)}",
        )
    if not given and conducts:
        message = "one of current, voltage, sweep and protocol is required; open circuit is a current of 0 A/m^2"
        draft.report(("operation",), message)
    if draft.dimension in (1, 2):
        for applied in operation.currents:
            if applied.dimension == "current":
                message = f"a {draft.dimension}-dimensional model has no total current: give a current density"
                draft.report(("operation", "sweep" if operation.sweep else "current"), message)
                break
    ends = [name for name in (draft.names[:1] + draft.names[-1:]) if name]
    if operation.working_electrode is not None and ends and operation.working_electrode not in ends:
        message = one_of(ends, operation.working_electrode, "must be the first or the last layer:")
        draft.report(("operation", "working_electrode"), message)
    if operation.mean_field is not None:
        check_mean_field(draft, operation)
    elif conducts and len(draft.names) == 1:
        draft.report(
            ("geometry", "layers"), "one layer is no cell: current needs two ends (conduction: none for stresses alone)"
        )
    elif conducts:
        for name in dict.fromkeys(ends):
            if draft.conduction.get(name) == "none":
                where: KeyPath = ("geometry", "layers", draft.names.index(name))
                draft.report(where, "an end of the stack must conduct: current enters and leaves there", name)
    pressure, mechanics = operation.stack_pressure, draft.mechanics
    if pressure is not None and pressure < 0 and mechanics is not None and mechanics.lateral != "free-standing":
        message = "must not be negative (only a specimen is pulled: mechanics.lateral: free-standing)"
        draft.report(("operation", "stack_pressure"), message)
    if operation.stack_control == "fixed-gap" or operation.stack_displacement is not None:
        if operation.stack_pressure is not None:
            message = "with a fixed gap the pressure is a result: give stack_displacement instead"
            draft.report(("operation", "stack_pressure"), message)
        if operation.stack_control == "constant-pressure":
            draft.report(("operation", "stack_displacement"), "needs stack_control: fixed-gap")


def check_mechanics(draft: Draft) -> None:
    """Report mechanical keys of a study without mechanics, and conditions that this dimension does not
    have."""
    mechanics = draft.mechanics
    if mechanics is None:
        return
    if mechanics.on is False and not has_void_surface(draft):
        for path in mechanical_keys(draft):
            draft.report(path, "needs stresses, but mechanics is switched off")
    if mechanics.plane == "stress" and draft.dimension not in (2, None):
        draft.report(("mechanics", "plane"), "plane stress is for models in 2 dimensions only")
    if mechanics.lateral == "free-standing" and draft.periodic:
        draft.report(("mechanics", "lateral"), "a model with periodic sides does not stand by itself: free or confined")
    if mechanics.lateral != "confined" and draft.dimension == 1:
        draft.report(("mechanics", "lateral"), "a 1-dimensional model is laterally confined; use 2 dimensions or more")
    if mechanics.lateral == "free-standing" and draft.dimension == "axisymmetric":
        draft.report(("mechanics", "lateral"), "an axisymmetric model is held by its axis: free")


def only_zero_current(draft: Draft) -> bool:
    """Whether the study has no current other than zero."""
    operation = draft.operation
    if operation is None or operation.voltage is not None or operation.protocol is not None:
        return False
    given = lookup(draft.data, ("operation",))
    wrong = isinstance(given, dict) and operation.current is None and given.get("current") is not None
    if wrong:  # a current that cannot be read is not known to be zero
        return False
    return all(x.value == 0 for x in operation.currents)


def _geometry_path(draft: Draft, path: str) -> KeyPath:
    """``features[0].radius`` as the raw path of the study file."""
    steps = [int(index) if index else word for word, index in _STEP.findall(path)]
    if len(steps) > 1 and steps[0] == "features" and isinstance(steps[1], int):
        number = draft.meshed[steps[1]]
        feature = draft.features[number]
        # what `meshes` nests is written flat in the file
        words = {"coats": "coating"} if feature is not None and feature.key in ("particle", "packing") else {}
        rest = [words.get(str(s), s) for s in steps[2:] if s not in ("void", "shape")]
        if feature is not None and feature.key == "polycrystal":
            rest = [s for s in rest if s != "grains"]
        steps = [steps[0], number, *([] if feature is None else [feature.key]), *rest]
    return ("geometry", *steps)
