"""Pydantic's complaints in the words of a study file: key path, line, given value, what is allowed."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from studies.errors import MISSING, Problem
from studies.schema.reader import KeyPath

_KINDS = {
    "model_type": "must be a mapping of keys to values",
    "model_attributes_type": "must be a mapping of keys to values",
    "dict_type": "must be a mapping of keys to values",
    "list_type": "must be a list",
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "bool_type": "must be on or off",
    "bool_parsing": "must be on or off",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "is too large",
    "int_from_float": "must be a whole number",
}
_NAME_RULES = "letters, digits, '_', '+' and '-' only, beginning with a letter, at most 50 characters"


def suggestion(word: str, allowed: Iterable[str]) -> str:
    """``; did you mean 'x'?`` when something allowed is close to the word, else empty."""
    choices = {str(a).lower(): str(a) for a in allowed}
    close = difflib.get_close_matches(str(word)[:80].lower(), list(choices), n=1, cutoff=0.6)
    return f"; did you mean {choices[close[0]]!r}?" if close else ""


def one_of(allowed: Sequence[Any], given: Any, what: str = "must be one of") -> str:
    """``must be one of a, b, c; did you mean 'b'?``"""
    words = [str(a) for a in allowed]
    return f"{what} {', '.join(words) or 'none'}" + (suggestion(given, words) if isinstance(given, str) else "")


def lookup(data: Any, path: KeyPath) -> Any:
    """The raw value at a path; `MISSING` when there is none."""
    for part in path:
        if isinstance(data, list):
            inside = isinstance(part, int) and 0 <= part < len(data)
        else:
            inside = isinstance(data, Mapping) and part in data
        if not inside:
            return MISSING
        data = data[part]
    return data


def show_path(data: Any, path: KeyPath) -> str:
    """A path for people, as `--set` takes it: entries of lists by their name where they have one."""
    words = []
    for part in path:
        item = lookup(data, (part,))
        name = item.get("name") if isinstance(part, int) and isinstance(item, Mapping) else None
        words.append(name if isinstance(name, str) and name and "." not in name else str(part))
        data = item
    return ".".join(words)


def locate(path: KeyPath, lines: Mapping[KeyPath, int]) -> int | None:
    """Line of the path or of its closest parent that has one."""
    for n in range(len(path), 0, -1):
        if path[:n] in lines:
            return lines[path[:n]]
    return None


def make_problem(data: Any, path: KeyPath, message: str, lines: Mapping[KeyPath, int], value: Any = None) -> Problem:
    """A problem at a raw path; shows the value found there unless another is given or it is a whole
    section."""
    found = lookup(data, path) if value is None else value
    if isinstance(found, Mapping | list) and len(found) > 0:
        found = MISSING
    return Problem(show_path(data, path), found, message, locate(path, lines))


def structural_problems(
    error: ValidationError, data: Any, model: type[BaseModel], lines: Mapping[KeyPath, int]
) -> list[Problem]:
    """All complaints of a validation, in the order of the file where lines are known."""
    found = []
    for entry in error.errors(include_url=False):
        path = _raw_path(entry["loc"], data, entry["type"] == "missing")
        message = _message(dict(entry), model, path)
        found.append(make_problem(data, path, message, lines, MISSING if entry["type"] == "missing" else None))
    return found


def _raw_path(loc: tuple[int | str, ...], data: Any, missing: bool) -> KeyPath:
    # Validators reshape short forms, so a location may hold parts that the file does not: leave those out.
    path: KeyPath = ()
    for n, part in enumerate(loc):
        value = lookup(data, (*path, part))
        if value is not MISSING or (missing and n == len(loc) - 1):
            path = (*path, part)
    return path


def _message(entry: Mapping[str, Any], model: type[BaseModel], path: KeyPath) -> str:
    kind, context = entry["type"], entry.get("ctx") or {}
    if kind == "extra_forbidden":
        allowed = allowed_keys(model, path[:-1])
        return "unknown key" + suggestion(str(path[-1]), allowed) + f"\nallowed: {', '.join(allowed)}"
    if kind == "missing":
        about = _description(model, entry["loc"])
        return "is required" + (f": {about}" if about else "")
    if kind == "literal_error":
        allowed = [a.strip().strip("'") for a in str(context.get("expected", "")).replace(" or ", ", ").split(",")]
        return one_of(allowed, entry.get("input"))
    if kind == "string_pattern_mismatch":
        if "|" in str(context.get("pattern")):
            return "must be the name of an interface: the layer below, a bar, the layer above"
            " (anode|electrolyte)"
        return f"is not a usable name: {_NAME_RULES}"
    if kind in _KINDS:
        return _KINDS[kind]
    if kind in ("too_long", "too_short"):
        limit = context.get("max_length" if kind == "too_long" else "min_length")
        return f"needs {'at most' if kind == 'too_long' else 'at least'} {limit} entries"
    text = str(entry["msg"])
    return text.removeprefix("Value error, ").replace("Input should be", "must be").replace("Input", "the value")


def allowed_keys(model: type[BaseModel], path: KeyPath) -> list[str]:
    """Keys of the part of the schema at a path (empty when it is no part)."""
    part = _annotation(model, path)
    if isinstance(part, type) and issubclass(part, BaseModel):
        return [f.alias or name for name, f in part.model_fields.items()]
    return []


def _description(model: type[BaseModel], loc: Sequence[Any]) -> str:
    owner = _annotation(model, tuple(loc[:-1]))
    if isinstance(owner, type) and issubclass(owner, BaseModel):
        for name, field in owner.model_fields.items():
            if loc[-1] in (name, field.alias):
                return field.description or ""
    return ""


def _annotation(model: Any, path: KeyPath) -> Any:
    current = model
    for part in path:
        current = _plain(current)
        if isinstance(current, type) and issubclass(current, BaseModel):
            for name, field in current.model_fields.items():
                if part in (name, field.alias):
                    current = field.annotation
                    break
            else:
                return None
        elif typing.get_origin(current) is list:
            current = typing.get_args(current)[0]
        elif typing.get_origin(current) is dict:
            current = typing.get_args(current)[1]
        else:
            return None
    return _plain(current)


def _plain(annotation: Any) -> Any:
    """Without `Annotated` and `| None`."""
    while True:
        origin = typing.get_origin(annotation)
        if origin is typing.Annotated:
            annotation = typing.get_args(annotation)[0]
        elif origin in (typing.Union, types.UnionType):
            rest = [a for a in typing.get_args(annotation) if a is not type(None)]
            if len(rest) != 1:
                return annotation
            annotation = rest[0]
        else:
            return annotation
