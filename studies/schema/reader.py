"""YAML text to plain data: safe, with line numbers, and without YAML 1.1's surprises.

Only mappings, lists, strings, numbers, booleans and null come out. Words such as `on`, `no` or `1:30` stay
strings (YAML 1.2 core schema), `1e-3` is a number. Duplicate keys, tags, cycles, documents that are too
large, too deep or that explode through aliases are reported, all that can be found at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from studies.errors import MISSING, InputError, Problem

MAX_BYTES = 512 * 1024
MAX_DEPTH = 30
MAX_NODES = 50_000

KeyPath = tuple[str | int, ...]

_INT = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_CONSTANTS: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
# What PyYAML may call a plain scalar before the rules above are applied to its text.
_PLAIN_TAGS = {
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "value", "merge")
}


@dataclass
class Document:
    """A YAML document as plain data.

    Attributes:
        data: the data.
        lines: key path -> line (from 1) of the key.
        problems: duplicate keys and the like, found while reading.
    """

    data: Any
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        InputError: missing, a folder, unreadable, too large, or not UTF-8 text.
    """
    source = str(path)
    try:
        if path.is_dir():
            raise InputError.single("is a folder, not a study file", source=source)
        if not path.exists():
            raise InputError.single("no such file", source=source)
        if not path.is_file():
            raise InputError.single("is not a regular file", source=source)
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError.single(f"cannot be read: {reason}", source=source) from error
    if len(raw) > MAX_BYTES:
        raise InputError.single(f"is larger than {MAX_BYTES // 1024} kB", source=source)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError.single(f"is not UTF-8 text (byte {error.start})", source=source) from error


def read_yaml(text: str, source: str = "") -> Document:
    """Plain data from YAML text.

    Args:
        text: the YAML document.
        source: what to call it in messages.

    Raises:
        InputError: not YAML, more than one document, or beyond the limits of depth and size.
    """
    try:
        _check_depth(text, source)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise InputError([_syntax_problem(error)], source) from error
    except (RecursionError, ValueError) as error:
        raise InputError.single("is not readable as YAML", source=source) from error
    builder = _Builder(source)
    return Document(builder.build(node, (), 0), builder.lines, builder.problems)


def read_value(text: str) -> Any:
    """One value as in a study file (for `--set key=value`); text that is not YAML is a string.

    Raises:
        InputError: beyond the limits, or with tags or duplicate keys.
    """
    try:
        document = read_yaml(text)
    except InputError:
        if any(c in text for c in "[]{}\n"):
            raise
        return text
    if document.problems:
        raise InputError(document.problems)
    return document.data


def _check_depth(text: str, source: str) -> None:
    # The parser keeps its own stack; the composer recurses. So measure before composing.
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1 if event.start_mark else None
            message = f"is nested deeper than {MAX_DEPTH} levels"
            raise InputError([Problem("", MISSING, message, line)], source)
        if count > 3 * MAX_NODES:
            raise InputError.single(f"has more than {MAX_NODES} entries", source=source)


def _syntax_problem(error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    text = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error).splitlines()[0]
    context = getattr(error, "context", None)
    if isinstance(error, yaml.reader.ReaderError):
        text = f"contains the character {error.character!r}, which YAML does not allow"
        context = None
    if isinstance(error, yaml.composer.ComposerError) and "single document" in str(context):
        return Problem("", MISSING, "holds more than one YAML document", mark.line + 1 if mark else None)
    message = f"not valid YAML: {text}" + (f" ({context})" if context else "")
    if mark is not None:
        message += f", column {mark.column + 1}"
    if "'\\t'" in message:
        message += "; indent with spaces, not tabs"
    return Problem("", MISSING, message, mark.line + 1 if mark is not None else None)


class _Builder:
    """Walks composed nodes into plain data; counts what aliases expand to."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines: dict[KeyPath, int] = {}
        self.problems: list[Problem] = []
        self._count = 0

    def build(self, node: yaml.Node | None, path: KeyPath, depth: int) -> Any:
        if node is None:
            return None
        self._count += 1
        # Aliases repeat nodes: both limits are on what they expand to, so a cycle ends here too.
        if depth > MAX_DEPTH:
            self._stop(f"is nested deeper than {MAX_DEPTH} levels", node)
        if self._count > MAX_NODES:
            self._stop(f"has more than {MAX_NODES} entries, aliases counted each time", node)
        if isinstance(node, yaml.MappingNode):
            self._only_plain_tag(node, path, "tag:yaml.org,2002:map")
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            self._only_plain_tag(node, path, "tag:yaml.org,2002:seq")
            items = []
            for i, item in enumerate(node.value):
                self.lines.setdefault((*path, i), item.start_mark.line + 1)
                items.append(self.build(item, (*path, i), depth + 1))
            return items
        return self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: KeyPath, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(path, MISSING, "keys must be words, not lists or mappings", line)
                continue
            key = key_node.value
            here = (*path, key)
            if key in result:
                first = self.lines.get(here)
                self._problem(here, MISSING, f"given twice (first in line {first}); keep one of them", line)
                continue
            self.lines[here] = line
            result[key] = self.build(value_node, here, depth + 1)
        return result

    def _scalar(self, node: yaml.Node, path: KeyPath) -> Any:
        text = str(node.value)
        style = getattr(node, "style", None)
        if node.start_mark.line != node.end_mark.line or style in ("'", '"', "|", ">"):
            self._only_plain_tag(node, path, "tag:yaml.org,2002:str")
            return text
        if node.tag not in _PLAIN_TAGS:
            self._problem(path, text, f"the YAML tag {node.tag} is not allowed", node.start_mark.line + 1)
            return text
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _INT.match(text) and len(text) < 19:
            return int(text)
        if _FLOAT.match(text):
            return float(text)
        return text

    def _only_plain_tag(self, node: yaml.Node, path: KeyPath, tag: str) -> None:
        if node.tag != tag:
            self._problem(path, MISSING, f"the YAML tag {node.tag} is not allowed", node.start_mark.line + 1)

    def _problem(self, path: KeyPath, value: Any, message: str, line: int) -> None:
        self.problems.append(Problem(".".join(map(str, path)), value, message, line))

    def _stop(self, message: str, node: yaml.Node) -> None:
        raise InputError([Problem("", MISSING, message, node.start_mark.line + 1)], self.source)
