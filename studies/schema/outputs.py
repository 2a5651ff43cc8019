"""What comes out: quantities, checks against known values, pictures."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema, model_serializer, model_validator

from studies.pictures.names import PictureName
from studies.quantities import QUANTITIES, Parameter
from studies.schema.fields import Bounds, In, Part, complaint, quantity_json_schema

Relative = Annotated[float, In("dimensionless", Bounds(above=0.0))]
# Read later, when the quantity and with it the dimension is known.
Later = Annotated[str | float, WithJsonSchema({"type": ["string", "number"]})]


class QuantityRequest(Part):
    """A quantity that is asked for: by name, or `{name: {parameter: value, ...}}`.

    Attributes:
        name: in the registry.
        parameters: as given, text with units.
        label: key in the results; default: the name.
    """

    name: str
    parameters: dict[str, Any] = Field(default_factory=dict)
    label: str = ""

    @model_validator(mode="before")
    @classmethod
    def _from_file(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {"name": data, "label": data}
        if isinstance(data, QuantityRequest):
            return data
        if not isinstance(data, dict) or len(data) != 1:
            raise complaint("must be the name of a quantity, or one name with its parameters below it")
        (name, given), *_ = data.items()
        if given is None:
            given = {}
        if not isinstance(given, dict):
            raise complaint(f"the parameters of {name} must be a mapping, for example {{at: anode|electrolyte}}")
        parameters = {k: v for k, v in given.items() if k != "label"}
        label = given.get("label", name)
        if not isinstance(label, str) or not label:
            raise complaint("label must be text")
        return {"name": name, "parameters": parameters, "label": label}

    @model_serializer
    def _to_file(self) -> Any:
        parameters = dict(self.parameters)
        if self.label != self.name:
            parameters["label"] = self.label
        return {self.name: parameters} if parameters else self.name

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {
            "anyOf": [_names_schema(), _parameters_schema()],
            "description": "A quantity of results.json.",
        }


class Check(Part):
    """A value that the study must reproduce."""

    quantity: str = Field(description="Name or label of a quantity of this study.")
    expect: Later = Field(description="The expected value with its unit.")
    within: Relative | None = Field(default=None, description="Largest relative deviation, for example 0.5 %.")
    tolerance: Later | None = Field(
        default=None, description="Largest absolute deviation, with unit, instead of `within`."
    )
    source: str = Field(default="", description="Where the expected value comes from.")

    @model_validator(mode="after")
    def _one_tolerance(self) -> Check:
        if (self.within is None) == (self.tolerance is None):
            raise complaint("give either `within` (relative) or `tolerance` (absolute)")
        return self


def _list(data: Any) -> Any:
    return [] if data is None else data


Pictures = Annotated[list[PictureName] | None, Field(max_length=20)]
Quantities = Annotated[list[QuantityRequest], BeforeValidator(_list), Field(max_length=500)]
Checks = Annotated[list[Check], BeforeValidator(_list), Field(max_length=500)]


def _names_schema() -> dict[str, Any]:
    return {"oneOf": [{"const": spec.name, "description": spec.description} for spec in QUANTITIES.values()]}


def _parameters_schema() -> dict[str, Any]:
    properties = {}
    for spec in QUANTITIES.values():
        parameters = {name: _parameter_schema(p) for name, p in spec.parameters.items()}
        parameters["label"] = {"type": "string", "description": "Key in the results."}
        properties[spec.name] = {
            "type": "object",
            "description": spec.description,
            "properties": parameters,
            "required": [name for name, p in spec.parameters.items() if p.required],
            "additionalProperties": False,
        }
    one = {"minProperties": 1, "maxProperties": 1, "additionalProperties": False}
    return {"type": "object", "properties": properties, **one}


def _parameter_schema(parameter: Parameter) -> dict[str, Any]:
    about: dict[str, Any] = {"description": parameter.description}
    if parameter.kind in ("length", "frequency"):
        return {**quantity_json_schema([parameter.kind]), **about}
    if parameter.kind == "share":
        return {**quantity_json_schema(["dimensionless"]), **about}
    if parameter.kind == "number":
        return {"type": "integer", "minimum": 1, **about}
    if parameter.kind == "choice":
        return {"enum": list(parameter.choices), **about}
    return {"type": "string", **about}
