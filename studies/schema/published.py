"""The schema of study files as JSON Schema, for editors and other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fem.materials import PROPERTIES, names
from studies.schema.fields import quantity_json_schema
from studies.schema.study import Study

PUBLISHED = Path(__file__).parent.parent / "study.schema.json"
"""Where the repository keeps the published schema."""


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a study file. It does not know what must hold between parts."""
    schema = Study.model_json_schema(by_alias=True, mode="validation")
    definitions = schema["$defs"]
    layer = definitions["Layer"]["properties"]
    layer["material"]["examples"] = list(names())
    layer["properties"] = {
        "type": "object",
        "description": layer["properties"]["description"],
        "properties": {
            key: {**_property([p.dimension], bool(p.against)), "description": p.description}
            for key, p in PROPERTIES.items()
        },
        "additionalProperties": False,
    }
    for key in ("interfaces", "materials"):
        schema["properties"][key]["additionalProperties"] = False
    # Short forms that the reader accepts.
    schema["properties"]["mechanics"] = {
        "anyOf": [{"enum": [True, False, "on", "off"]}, {"$ref": "#/$defs/Mechanics"}],
        "description": schema["properties"]["mechanics"].get("description", ""),
    }
    sweep = definitions["Sweep"]["properties"]
    sweep["current"] = {
        "anyOf": [
            {"$ref": "#/$defs/CurrentPoints"},
            {"type": "array", "minItems": 1, "items": quantity_json_schema(["current density", "current"])},
        ],
        "description": sweep["current"].get("description", ""),
    }
    columns = definitions["Table"]["properties"]
    for key in ("time", "current", "voltage"):  # a unit alone
        columns[key] = _or_single(columns[key], {"type": "string"})
    array = definitions["VoidArray"]["properties"]
    array["count"] = _or_single(array["count"], {"type": "integer"})
    array["spacing"] = _or_single(array["spacing"], quantity_json_schema(["length"]))
    spots, apart = (definitions[name]["properties"] for name in ("ContactArray", "InterfaceCrack"))
    spots["count"] = _or_single(spots["count"], {"type": "integer"})
    apart["along"] = _or_single(apart["along"], {"type": "string"})
    picture = definitions["ContactImage"]["properties"]
    picture["contact"] = _or_single(picture["contact"], {"type": "integer"})
    image = definitions["Image"]["properties"]
    image["voxel"] = _or_single(image["voxel"], quantity_json_schema(["length"]))
    image["void"] = _or_single(image["void"], {"type": "integer"})
    layer["labels"] = _or_single(layer["labels"], {"type": "integer"})
    layer["tags"] = _or_single(layer["tags"], {"type": ["integer", "string"]})
    for name, key in (("Particle", "coating"), ("Packing", "coating"), ("Coating", "coats")):
        films = definitions[name]["properties"]
        films[key] = _or_single(films[key], {"$ref": "#/$defs/Coat"})
        if "coating_towards" in films:
            films["coating_towards"] = _or_single(films["coating_towards"], {"type": "string"})
    for definition in definitions.values():  # one lateral coordinate needs no list
        place = definition.get("properties", {})
        if "position" in place:
            place["position"] = _or_single(place["position"], quantity_json_schema(["length"]))
    _switches(schema)
    _tidy(schema)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ssbfem study",
        "description": "A study of interfaces inside a solid-state battery. Quantities are text with a unit.",
    }
    rest = {k: v for k, v in schema.items() if k not in ("title", "description", "$defs")}
    return {**head, **rest, "$defs": dict(sorted(definitions.items()))}


def _property(dimensions: list[str], dependent: bool) -> dict[str, Any]:
    """A quantity, or a table or formula where it may depend on something."""
    quantity = quantity_json_schema(dimensions)
    return {"anyOf": [quantity, {"type": "object"}]} if dependent else quantity


def _or_single(listed: dict[str, Any], single: dict[str, Any]) -> dict[str, Any]:
    about = ("description", "default", "title")
    kinds = listed.get("anyOf") or [{k: v for k, v in listed.items() if k not in about}]
    return {**{k: v for k, v in listed.items() if k in about}, "anyOf": [single, *kinds]}


def _switches(node: Any) -> None:
    """Booleans may also be written on and off, which YAML 1.2 editors take for text."""
    if isinstance(node, dict):
        if node.get("type") == "boolean":
            del node["type"]
            node["enum"] = [True, False, "on", "off"]
        for value in node.values():
            _switches(value)
    elif isinstance(node, list):
        for value in node:
            _switches(value)


def _tidy(node: Any) -> None:
    """Drop pydantic's generated titles and nulls as defaults; they tell an editor nothing."""
    if isinstance(node, dict):
        if isinstance(node.get("title"), str) and ("type" in node or "anyOf" in node or "$ref" in node):
            node.pop("title")
        if "default" in node and node["default"] is None:
            node.pop("default")
        for value in node.values():
            _tidy(value)
    elif isinstance(node, list):
        for value in node:
            _tidy(value)
