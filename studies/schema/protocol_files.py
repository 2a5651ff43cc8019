"""Files with tables that a study names: where they lie, and what stands for them in the hash of the study."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["absolute_tables", "without_tables"]


def absolute_tables(data: Any, source: str) -> Any:
    """The same data with files of tables made absolute: in a study file they are relative to it."""
    if not isinstance(data, dict):
        return data
    folder = Path(source).resolve().parent if Path(source).is_file() else Path.cwd()
    return _changed(data, lambda file: str(folder / file))


def without_tables(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data of a study with files of tables replaced by what they hold: where they lie does not matter."""
    return _changed(dict(plain), lambda file: hashlib.sha256(Path(file).read_bytes()).hexdigest())


def _changed(data: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    found = dict(data)
    operation = found.get("operation")
    if isinstance(operation, dict) and isinstance(operation.get("protocol"), list):
        found["operation"] = {**operation, "protocol": _with_tables(operation["protocol"], change)}
    for key in ("materials", "geometry"):  # properties of materials, and of regions wherever they stand
        if isinstance(found.get(key), dict):
            found[key] = _with_tables(found[key], change)
    return found


def _with_tables(node: Any, change: Callable[[str], str]) -> Any:
    """The same with `change` applied to the file of every mapping called ``table``."""
    if isinstance(node, list):
        return [_with_tables(item, change) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: _with_tables(value, change) for key, value in node.items()}
    table = found.get("table")
    if isinstance(table, dict) and isinstance(table.get("file"), str) and table["file"]:
        found["table"] = {**table, "file": change(table["file"])}
    return found
