"""What must hold between a protocol and the rest of the study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fem.columns import ColumnError
from studies.quantities import QUANTITIES
from studies.schema.draft import Draft
from studies.schema.explain import lookup, one_of
from studies.schema.outputs import QuantityRequest
from studies.schema.protocol import Entry, PressureRamp, Until, entries_in
from studies.schema.protocol_steps import table_points
from studies.schema.reader import KeyPath
from studies.schema.transport import Transport
from studies.schema.void_surface_rules import has_void_surface

MOST_STEPS = 20_000


def check_protocol(draft: Draft) -> None:
    """Report entries that contradict the rest of the study, files that cannot be read, words that lack a protocol."""
    operation = draft.operation
    entries = None if operation is None else operation.protocol
    _check_quantities(draft, entries is not None)
    if entries is None:
        _check_absent(draft)
        return
    if draft.mesh is not None and draft.mesh.tolerance is not None:
        draft.report(("mesh", "tolerance"), "is for one state at rest or steady: a mesh family gives errors in time")
    here: KeyPath = ("operation", "protocol")
    total = 0
    for path, entry in entries_in(entries, here):
        total += entry.steps if len(path) == len(here) + 1 else 0
        _check_entry(draft, path, entry)
    if total > MOST_STEPS:
        draft.report(here, f"written out, the protocol has {total} steps; at most {MOST_STEPS} are possible")
    assert operation is not None
    if operation.stop_when is not None:
        _check_until(draft, ("operation", "stop_when"), operation.stop_when, None)
    relative = next((path for path, entry in entries_in(entries, here) if entry.needs_capacity), None)
    if relative is not None and operation.capacity is None:
        message = "a current relative to the capacity needs operation.capacity, for example 2 mAh/cm^2"
        draft.report((*relative, "c_rate") if lookup(draft.data, (*relative, "c_rate")) else relative, message)
    if operation.capacity is not None and operation.capacity.dimension == "charge" and draft.dimension in (1, 2):
        draft.report(("operation", "capacity"), _no_total(draft, "give the capacity per area"))


def _check_absent(draft: Draft) -> None:
    operation = draft.operation
    if operation is None or lookup(draft.data, ("operation", "protocol")) not in (None, _missing()):
        return
    for key in ("capacity", "stop_when"):
        if getattr(operation, key) is not None:
            draft.report(("operation", key), "needs operation.protocol")
    if isinstance(draft.data.get("time"), dict):
        draft.report(("time",), "has no meaning without operation.protocol: nothing changes in time")
    for path, body in draft.bodies:
        if body is not None and body.transport is not None and not isinstance(draft.data.get("impedance"), dict):
            message = "concentrations change in time: they need operation.protocol"
            draft.report((*path, "transport"), message)
        if body is not None and body.creep != "none" and not has_void_surface(draft):
            draft.report((*path, "creep"), "creep goes on in time: it needs operation.protocol")


def _check_quantities(draft: Draft, in_time: bool) -> None:
    """Quantities that only mean something in time, or only without it."""
    if lookup(draft.data, ("operation", "protocol")) not in (None, _missing()) and not in_time:
        return  # the protocol is wrong: that is said elsewhere
    moving = {body.name: body.transport for _, body in draft.bodies if body is not None and body.transport is not None}
    for i, request in enumerate(draft.requests):
        spec = None if request is None else QUANTITIES.get(request.name)
        if request is None or spec is None:
            continue
        here: KeyPath = ("quantities", i)
        if in_time and spec.needs_current and spec.dimension == "area-specific resistance":
            message = "is of a steady current; in time ask for cell_voltage, overpotential or interface_current"
            draft.report(here, message, request.name)
        if not spec.needs_time:
            continue
        if not in_time:
            draft.report(here, "is of studies in time: it needs operation.protocol", request.name)
        elif "layer" in spec.parameters:
            fit = [name for name, x in moving.items() if x.is_host or request.name != "mean_lithiation"]
            given = request.parameters.get("layer")
            if given is not None and given not in fit:
                message = one_of(fit, given, "must be a region with `transport`:")
                draft.report((*here, request.name, "layer"), message)
            elif not fit:
                draft.report(here, "no region has a concentration: give one its `transport`", request.name)
            elif request.parameters.get("of") == "ionic_liquid":
                _check_liquid(draft, here, request, moving)


def _check_liquid(draft: Draft, here: KeyPath, request: QuantityRequest, moving: Mapping[str, Transport]) -> None:
    """A quantity of an ionic liquid needs a region with one."""
    mixed = [name for name, x in moving.items() if x.ionic_liquid is not None]
    given = request.parameters.get("layer")
    if not mixed:
        message = "no region has an ionic liquid: give one `transport: {ionic_liquid: ...}`"
        draft.report((*here, request.name, "of"), message)
    elif given is not None and given not in mixed:
        message = one_of(mixed, given, "must be a region with an ionic liquid:")
        draft.report((*here, request.name, "layer"), message)


def _check_entry(draft: Draft, path: KeyPath, entry: Entry) -> None:
    if draft.dimension in (1, 2):
        for key in entry.total_currents:
            draft.report((*path, key), _no_total(draft, "give it per area"))
    if entry.table is not None:
        try:
            table_points(entry.table)
        except ColumnError as error:
            draft.report((*path, "table", "file"), str(error))
    if entry.stack_pressure is not None:
        _check_pressure(draft, path, entry)
    for key, until in (("until", entry.until), ("stop_when", entry.stop_when)):
        if until is not None:
            _check_until(draft, (*path, key), until, entry)


def _check_pressure(draft: Draft, path: KeyPath, entry: Entry) -> None:
    operation, mechanics = draft.operation, draft.mechanics
    given = entry.stack_pressure
    least = min(given.from_, given.to) if isinstance(given, PressureRamp) else given
    if least is not None and least < 0 and (mechanics is None or mechanics.lateral != "free-standing"):
        draft.report((*path, "stack_pressure"), "must not be negative (only a specimen is pulled)")
    if mechanics is not None and mechanics.on is False and not has_void_surface(draft):
        draft.report((*path, "stack_pressure"), "needs mechanics")
    if operation is not None and (operation.stack_control == "fixed-gap" or operation.stack_displacement is not None):
        draft.report((*path, "stack_pressure"), "is a result where the gap is fixed (operation.stack_control)")


def _check_until(draft: Draft, path: KeyPath, until: Until, entry: Entry | None) -> None:
    if entry is not None and entry.held is not None and getattr(until, entry.held) is not None:
        draft.report((*path, entry.held), f"the {entry.held} is what this step holds constant: it would never change")
    if until.lowest_concentration is None:
        return
    moving = list(_moving(draft))
    if not moving:
        draft.report((*path, "lowest_concentration"), "no region has a concentration: give one its `transport`")
    elif until.in_ is not None and until.in_ not in moving:
        draft.report((*path, "in"), one_of(moving, until.in_, "must be a region with `transport`:"))


def _moving(draft: Draft) -> Iterator[str]:
    """Regions whose concentration changes."""
    return (body.name for _, body in draft.bodies if body is not None and body.transport is not None)


def _no_total(draft: Draft, instead: str) -> str:
    return f"a {draft.dimension}-dimensional model has no total current: {instead}"


def _missing() -> object:
    from studies.errors import MISSING

    return MISSING
