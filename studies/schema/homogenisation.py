"""Rules of studies with a mean field instead of electrodes, and of quantities that belong to the one or the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studies.quantities import QuantitySpec
from studies.schema.reader import KeyPath

if TYPE_CHECKING:
    from studies.schema.draft import Draft
    from studies.schema.operation import Operation
    from studies.schema.outputs import QuantityRequest

AXES = "xyz"
#: What only a cell with electrodes has.
_OF_CELLS = {"cell_voltage", "cell_current"}
#: What needs ends of the stack.
_OF_ENDS = {"mean_stack_pressure", "stack_shortening"}


def _axes(draft: Draft) -> int:
    return draft.dimension if isinstance(draft.dimension, int) else 2


def check_mean_field(draft: Draft, operation: Operation) -> None:
    """Report axes that are not periodic, equipotentials, and error bars that one load case cannot give."""
    field = operation.mean_field
    assert field is not None
    here: KeyPath = ("operation", "mean_field")
    periodic = [AXES[axis] for axis in draft.periodic]
    if not periodic:
        draft.report(here, "needs periodic sides: `geometry: {lateral: periodic}`")
        return
    if field.along != "each" and field.along not in periodic:
        more = "" if len(periodic) == draft.dimension else " (the ends of the stack are made so by `ends: periodic`)"
        draft.report((*here, "along"), f"the model is periodic along {' and '.join(periodic)} only{more}", field.along)
    if field.along == "each" and len(periodic) > 1 and draft.mesh is not None and draft.mesh.tolerance is not None:
        draft.report((*here, "along"), "with mesh.tolerance one mesh serves one load case: choose an axis", "each")
    for path, body in draft.bodies:
        if body is not None and draft.conduction.get(body.name) == "equipotential":
            message = "an equipotential has no mean field: resolve it (`conduction: electronic`)"
            draft.report((*path, "conduction"), message, body.conduction)


def check_place_of(draft: Draft, here: KeyPath, request: QuantityRequest, spec: QuantitySpec) -> None:
    """Report quantities of electrodes without electrodes, of a mean field without one, of ends without ends."""
    operation = draft.operation
    if operation is None:
        return
    if operation.mean_field is not None and (spec.needs_current or spec.name in _OF_CELLS):
        draft.report(here, "belongs to a cell with electrodes, and this study has a mean field", spec.name)
    if operation.mean_field is None and spec.name == "effective_conductivity":
        draft.report(here, "needs `operation: {mean_field: ...}` between periodic sides", spec.name)
    if operation.mean_field is not None and spec.name == "effective_conductivity":
        along = operation.mean_field.along
        fields = [AXES[axis] for axis in draft.periodic] if along == "each" else [along]
        named = {
            key: value for key, value in request.parameters.items() if value not in (None, "driven", "along-field")
        }
        for key, allowed in (("field", fields), ("component", list(AXES[: _axes(draft)]))):
            if key in named and named[key] not in allowed:
                draft.report((*here, spec.name, key), f"must be {' or '.join(allowed)} here", named[key])
        if len(fields) > 1 and not named:
            draft.report(
                here, f"needs `component` or `field`: {' or '.join(fields)}, for each axis is driven", spec.name
            )
    if draft.dimension == len(draft.periodic) and spec.name in _OF_ENDS:
        draft.report(here, "a model that repeats itself upwards has no ends", spec.name)
