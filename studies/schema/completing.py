"""A study with every default written out that follows from other keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studies.schema.body import Body, with_bodies
from studies.schema.contacts import complete_interface, electrode_material, host_of, passages
from studies.schema.draft import Draft
from studies.schema.import_rules import label_image
from studies.schema.interfaces import Interface
from studies.schema.outputs import QuantityRequest
from studies.schema.protocol import Time
from studies.schema.requests import complete_request, default_quantities
from studies.schema.rules import mechanics_on
from studies.schema.void_surface_rules import has_void_surface, sharp_layer

if TYPE_CHECKING:
    from studies.schema.study import Study

SHARP_TOLERANCE = 2e-3
"""Of time steps of voids with a sharp surface: error of a point over the size of its void."""


def completed(study: Study, draft: Draft) -> Study:
    """The study with what its layers, materials and operation say about what it leaves out; `draft` has no problems."""
    mechanics = mechanics_on(draft)
    temperature = study.operation.temperature

    def complete(body: Body) -> Body:
        material = draft.media.canonical(body.material)
        return body.model_copy(update={"conduction": draft.conduction[body.name], "material": material})

    geometry = with_bodies(study.geometry, complete)
    if (image := label_image(draft)) is not None:
        extents = dict(zip(("width", "depth"), image.lengths[:-1], strict=False))
        geometry = geometry.model_copy(update=extents)
    layers = geometry.layers
    interfaces = {
        name: complete_interface(
            study.interfaces.get(name) or Interface(),
            passage,
            electrode_material(draft, name, passage),
            temperature,
            mechanics,
            host_of(draft, name, passage),
        )
        for name, passage in passages(draft.conduction, draft.interface_names).items()
    }
    if study.space_charge is not None:  # no current, and no charge transfer
        interfaces = {}
    time = study.time or (None if study.operation.protocol is None else Time())
    operation: dict[str, Any] = {}
    if study.space_charge is None:
        sharp = sharp_layer(draft)
        first = layers[0].name if sharp is None else sharp[1].name
        operation["working_electrode"] = study.operation.working_electrode or first
    if has_void_surface(draft) and time is not None and "tolerance" not in time.model_fields_set:
        time = time.model_copy(update={"tolerance": SHARP_TOLERANCE})
    if mechanics:
        fixed = study.operation.stack_displacement is not None
        control = study.operation.stack_control or ("fixed-gap" if fixed else "constant-pressure")
        operation["stack_control"] = control
        key = "stack_pressure" if control == "constant-pressure" else "stack_displacement"
        operation[key] = getattr(study.operation, key) or 0.0
    requests = study.quantities
    if draft.data.get("quantities") is None and any(x.conduction != "none" for x in layers):
        requests = [QuantityRequest.model_validate(name) for name in default_quantities(draft)]
    return study.model_copy(
        update={
            "geometry": geometry,
            "mechanics": study.mechanics.model_copy(update={"on": mechanics}),
            "interfaces": interfaces,
            "operation": study.operation.model_copy(update=operation),
            "time": time,
            "quantities": [complete_request(draft, request) for request in requests],
        }
    )
