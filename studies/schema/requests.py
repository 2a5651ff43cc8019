"""Quantities and checks: whether they exist in this cell, their parameters, and the defaults of these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fem.units import UnitError, parse
from studies.fracture import crack_names, tip_number
from studies.quantities import QUANTITIES, Parameter, QuantitySpec
from studies.schema.contacts import passages
from studies.schema.draft import Draft
from studies.schema.explain import one_of, suggestion
from studies.schema.homogenisation import check_place_of
from studies.schema.ion_transfer import ion_transfers
from studies.schema.outputs import Check, QuantityRequest
from studies.schema.reader import KeyPath
from studies.schema.rules import only_zero_current
from studies.schema.slit_rules import parting_of
from studies.schema.space_charge_rules import ion_names
from studies.schema.void_surface_rules import has_void_surface

_PLACES = ("interface", "electrode-interface", "interphase", "crack", "joint", "cohesive")
"""Kinds of parameters that say where; left out, there must be only one."""


def check_quantities(draft: Draft) -> None:
    """Report quantities that do not exist or have no value in this cell, and what is wrong with their
    parameters."""
    seen: dict[str, int] = {}
    for i, request in enumerate(draft.requests):
        if request is None:
            continue
        here: KeyPath = ("quantities", i)
        spec = QUANTITIES.get(request.name)
        if spec is None:
            hint = suggestion(request.name, QUANTITIES)
            message = f"no such quantity{hint}\nthere are: {', '.join(QUANTITIES)}"
            draft.report(here, message, request.name)
            continue
        label = final_label(draft, request)
        if label in seen:
            draft.report(here, f"asked for twice (also entry {seen[label]}): give one of them a `label`", label)
        seen.setdefault(label, i)
        check_place_of(draft, here, request, spec)
        if spec.needs_current and only_zero_current(draft):
            draft.report(here, "has no value at zero current", request.name)
        before = len(draft.problems)
        for key in request.parameters:
            if key not in spec.parameters:
                allowed = ", ".join([*spec.parameters, "label"])
                message = f"unknown parameter of {spec.name}{suggestion(key, spec.parameters)}\nallowed: {allowed}"
                draft.report((*here, spec.name, key), message)
        for key, parameter in spec.parameters.items():
            _check_parameter(draft, here, request, spec, key, parameter)
        if len(draft.problems) == before:
            _check_edges(draft, here, request, spec)
            _check_tip(draft, here, request, spec)
    _check_steering(draft, seen)


def _check_steering(draft: Draft, labels: Mapping[str, int]) -> None:
    """Report quantities that are to meet the mesh tolerance and are not asked for."""
    if draft.mesh is None or draft.mesh.quantities is None:
        return
    if draft.mesh.tolerance is None:
        draft.report(("mesh", "quantities"), "means something with a `tolerance` only")
    known = list(labels) or list(default_quantities(draft))
    for i, label in enumerate(draft.mesh.quantities):
        if label not in known:
            draft.report(("mesh", "quantities", i), one_of(known, label, "must be one of the study's quantities"))


def candidates(draft: Draft, parameter: Parameter) -> list[str]:
    """Names that a parameter may take, as far as the cell is known."""
    if parameter.kind == "layer":
        return [*(name for name in draft.names if name), *_body_names(draft)]
    if parameter.kind == "crack":
        return [] if draft.stack is None else crack_names(draft.stack)
    if parameter.kind in ("joint", "cohesive"):
        return [n for n, kind in parting_of(draft).items() if parameter.kind in ("joint", kind)]
    if parameter.kind in ("interphase", "interphase-layer"):
        grown = {n: i.interphase for n, i in draft.interfaces.items() if i is not None and i.interphase is not None}
        names = [layer.name for words in grown.values() for layer in words.layers]
        return names if parameter.kind == "interphase-layer" else list(grown)
    if parameter.kind == "electrode-interface":
        known = passages(draft.conduction, draft.interface_names)
        apart = ion_transfers(draft)
        return [n for n in draft.interface_names if n not in known or known[n].electrode is not None or n in apart]
    return draft.interface_names


def _body_names(draft: Draft) -> list[str]:
    return [body.name for _, body in draft.bodies[len(draft.layers) :] if body is not None]


def default_place(draft: Draft, spec: QuantitySpec, parameter: Parameter) -> str | None:
    """The place meant when none is given: the only interrupted interface, or the only one; None where
    open."""
    if parameter.kind == "layer":
        mixed = [name for name in draft.names if draft.conduction.get(name) == "mixed"]
        return mixed[0] if spec.name == "electronic_current" and len(mixed) == 1 else None
    possible = candidates(draft, parameter)
    if parameter.kind == "crack":
        return possible[0] if len(possible) == 1 else None
    interrupted = [n for n in possible if n in draft.featured or _partial(draft, n)]
    for names in (interrupted, possible):
        if len(names) == 1:
            return names[0]
    return None


def _partial(draft: Draft, name: str) -> bool:
    interface = draft.interfaces.get(name)
    if interface is None:
        return False
    return interface.contact_fraction < 1 or interface.contact is not None or interface.cohesive is not None


def _check_parameter(
    draft: Draft, here: KeyPath, request: QuantityRequest, spec: QuantitySpec, key: str, parameter: Parameter
) -> None:
    given = request.parameters.get(key)
    path = (*here, spec.name, key)
    if given is None:
        place = parameter.kind in _PLACES or spec.name == "electronic_current"
        if parameter.required or (place and default_place(draft, spec, parameter) is None and draft.places_known):
            allowed = parameter.choices if parameter.kind == "choice" else candidates(draft, parameter)
            measured = parameter.kind in ("length", "frequency")
            which = f" {parameter.description}" if measured else f" one of {', '.join(allowed)}"
            draft.report(path if request.parameters else here, f"{spec.name} needs `{key}`:{which}")
        return
    if parameter.kind in ("length", "frequency"):
        try:
            value = parse(given, parameter.kind)
        except UnitError as error:
            draft.report(path, str(error))
            return
        if value < 0 or (value == 0 and parameter.default is None):
            draft.report(path, "must be positive")
        return
    if parameter.kind == "number":
        if isinstance(given, bool) or not str(given).isdecimal() or int(given) < 1:
            draft.report(path, "must be a whole number from 1 on", given)
        return
    if parameter.kind == "share":
        if isinstance(given, bool) or not _is_share(given):
            draft.report(path, "must be a share above 0 and below 1", given)
        return
    if parameter.kind == "ion":
        if given not in ion_names(draft):
            draft.report(path, one_of(ion_names(draft), given, "must be one of"))
        return
    allowed = list(parameter.choices) if parameter.kind == "choice" else candidates(draft, parameter)
    if given not in allowed and (parameter.kind == "choice" or draft.places_known):
        what = "must be one of" if allowed else "must name something that this cell does not have"
        draft.report(path, one_of(allowed, given, what))


def _is_share(given: Any) -> bool:
    try:
        return 0 < parse(given, "dimensionless") < 1
    except UnitError:
        return False


def _check_edges(draft: Draft, here: KeyPath, request: QuantityRequest, spec: QuantitySpec) -> None:
    """A distance from a contact edge needs such an edge; without one, the focusing must not diverge."""
    parameter = spec.parameters.get("at")
    if parameter is None or spec.space_charge or None in draft.features:
        return
    at = request.parameters.get("at") or default_place(draft, spec, parameter)
    if request.parameters.get("distance") is not None and at not in draft.featured:
        draft.report((*here, spec.name, "distance"), f"{at} has no contact edge: no void or contact spot lies there")
    interface = draft.interfaces.get(str(at))
    if spec.name == "current_focusing" and request.parameters.get("distance") is None and interface is not None:
        infinite = interface.kinetics == "perfect" and interface.film_resistance == 0 and at in draft.featured
        if infinite:
            message = f"needs a distance: without charge-transfer resistance it is infinite at the edge of {at}"
            draft.report(here, message, request.name)


def _check_tip(draft: Draft, here: KeyPath, request: QuantityRequest, spec: QuantitySpec) -> None:
    """A quantity of a crack tip needs that tip, and a model in which it is known."""
    parameter = spec.parameters.get("crack")
    if parameter is None or draft.stack is None or draft.stack_problems:
        return
    crack = request.parameters.get("crack") or default_place(draft, spec, parameter)
    if crack is None or "tip" not in spec.parameters:
        return
    tips = tip_number(draft.stack, str(crack))
    given = request.parameters.get("tip") or spec.parameters["tip"].default
    if int(str(given)) > tips:
        draft.report((*here, spec.name, "tip"), f"crack {crack!r} has {tips} tips within the model", given)
    if spec.name == "stress_intensity" and draft.dimension == 3:
        draft.report(here, "is for dimension 2 and axisymmetric: ask for energy_release_rate", request.name)


def final_label(draft: Draft, request: QuantityRequest) -> str:
    """Key of a quantity in the results: its label; with its parameters where the bare name is not unique."""
    alike = [r for r in draft.requests if r is not None and r.label == request.label]
    if len(alike) < 2 or request.label != request.name or not request.parameters:
        return request.label
    return f"{request.name}[{', '.join(str(v) for v in request.parameters.values())}]"


def complete_request(draft: Draft, request: QuantityRequest) -> QuantityRequest:
    """The request with its label and its default parameters written out (checked before)."""
    spec = QUANTITIES[request.name]
    parameters: dict[str, Any] = {}
    for key, parameter in spec.parameters.items():
        value = request.parameters.get(key)
        if value is None:
            value = default_place(draft, spec, parameter) if key in ("at", "layer", "crack") else parameter.default
        if value is not None:
            parameters[key] = value
    return request.model_copy(update={"parameters": parameters, "label": final_label(draft, request)})


def check_checks(draft: Draft) -> None:
    """Report checks of quantities that the study does not ask for, and values of another dimension."""
    labels = {final_label(draft, r): r.name for r in draft.requests if r is not None}
    if draft.data.get("quantities") is None:
        labels = {name: name for name in default_quantities(draft)}
    unknown = None in draft.requests
    for i, check in enumerate(draft.checks):
        if check is None:
            continue
        here: KeyPath = ("checks", i)
        if check.quantity not in labels:
            if not unknown:
                message = one_of(list(labels), check.quantity, "is not among the quantities of this study:")
                draft.report((*here, "quantity"), message)
            continue
        spec = QUANTITIES.get(labels[check.quantity])
        if spec is not None:
            _check_values(draft, here, check, spec)


def _check_values(draft: Draft, here: KeyPath, check: Check, spec: QuantitySpec) -> None:
    for key in ("expect", "tolerance"):
        given = getattr(check, key)
        if given is None:
            continue
        try:
            value = parse(given, spec.dimension)
        except UnitError as error:
            draft.report((*here, key), str(error))
            continue
        if key == "tolerance" and value < 0:
            draft.report((*here, key), "must not be negative")
        if key == "expect" and value == 0 and check.within is not None:
            draft.report((*here, "within"), "a relative deviation from 0 means nothing: give an absolute `tolerance`")


def default_quantities(draft: Draft) -> tuple[str, ...]:
    """What a study computes that asks for nothing."""
    operation = draft.operation
    if has_void_surface(draft):
        in_time = operation is not None and operation.protocol is not None
        return ("void_volume", "contact_fraction", "current_focusing") if in_time else ("threshold_pressure",)
    return ("effective_conductivity",) if operation is not None and operation.mean_field else ("cell_voltage",)
