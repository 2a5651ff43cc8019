"""`--set path.to.key=value`: change a study before it is validated."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from studies.errors import InputError, Problem
from studies.schema.reader import KeyPath, read_value


def parse_assignments(assignments: list[str]) -> dict[str, Any]:
    """``["a.b=1 um", ...]`` to path -> value; values are read as in a study file.

    Raises:
        InputError: every assignment that is not of that form.
    """
    found: dict[str, Any] = {}
    problems = []
    for text in assignments:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            problems.append(Problem("--set", text, "must be path.to.key=value, for example operation.current=0 A/m^2"))
            continue
        try:
            found[key.strip()] = read_value(value.strip())
        except InputError as error:
            problems += [Problem(f"--set {key.strip()}", value, p.message) for p in error.problems]
    if problems:
        raise InputError(problems, "command line")
    return found


def apply_overrides(data: Any, overrides: Mapping[str, Any]) -> tuple[Any, set[KeyPath], list[Problem]]:
    """The data with values replaced.

    Args:
        data: a study as plain data; not changed.
        overrides: dotted path -> value. Entries of lists are named by their `name` or number (from 0); a
            number one beyond the end appends. Mappings on the way are created.

    Returns:
        the new data, the raw paths that were set, and what could not be set.
    """
    data = copy.deepcopy(data)
    done: set[KeyPath] = set()
    problems = []
    for dotted, value in overrides.items():
        result = _assign(data, dotted.split("."), copy.deepcopy(value))
        if isinstance(result, str):
            problems.append(Problem(f"--set {dotted}", value, result))
        else:
            done.add(result)
    return data, done, problems


def _assign(data: Any, parts: list[str], value: Any) -> KeyPath | str:
    path: KeyPath = ()
    here = data
    for n, word in enumerate(parts):
        last = n == len(parts) - 1
        if isinstance(here, dict):
            key: str | int = word
            if last:
                here[word] = value
            elif here.get(word) is None:
                here[word] = {}
        elif isinstance(here, list):
            index = _index(here, word)
            if index is None or index > len(here) or (index == len(here) and not last):
                names = [str(x["name"]) for x in here if isinstance(x, dict) and "name" in x]
                return f"no entry {word!r}; there are {', '.join(names) or f'entries 0 to {len(here) - 1}'}"
            key = index
            if last:
                here[index : index + 1] = [value]
        else:
            return f"{'.'.join(parts[:n]) or 'the file'} is a single value, it has no keys"
        path = (*path, key)
        if not last:
            here = here[key]  # type: ignore[index]
    return path


def _index(items: list[Any], word: str) -> int | None:
    for i, item in enumerate(items):
        if isinstance(item, dict) and item.get("name") == word:
            return i
    return int(word) if word.isascii() and word.isdigit() and len(word) < 9 else None
