"""Columns of numbers in a CSV file of a user, as data: nothing in it is evaluated."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

__all__ = ["MAX_ROWS", "ColumnError", "read_columns"]

MAX_ROWS = 1_000_000
_MAX_BYTES = 100_000_000

Column = int | str
"""Number of a column from 1, or its name in the header."""


class ColumnError(ValueError):
    """The file has no such columns of numbers; the message is meant for the user."""


def read_columns(path: Path, columns: Sequence[Column]) -> tuple[tuple[float, ...], ...]:
    """Numbers of some columns of a CSV file.

    Separators are commas, semicolons, tabs or blanks; empty lines and lines that begin with # are skipped. The first
    line is a header when any of its entries is no number.

    Args:
        path: the file.
        columns: number of each wanted column from 1, or its name in the header.

    Returns:
        One tuple per wanted column, all of one length, at least 1.

    Raises:
        ColumnError: the file cannot be read, has no such column, or an entry there is no finite number.
    """
    rows = _rows(path)
    header, first = None, 0
    if not all(_is_number(entry) for entry in rows[0][1]):
        header, first = [entry.strip() for entry in rows[0][1]], 1
    places = [_place(path, column, header, len(rows[0][1])) for column in columns]
    if len(rows) == first:
        raise ColumnError(f"{path.name} has a header and no numbers")
    found: list[list[float]] = [[] for _ in columns]
    for line, entries in rows[first:]:
        for target, place in zip(found, places, strict=True):
            if place >= len(entries):
                raise ColumnError(f"{path.name}, line {line}: has no column {place + 1}")
            text = entries[place].strip()
            if not _is_number(text) or not math.isfinite(float(text)):
                raise ColumnError(f"{path.name}, line {line}: {text[:40]!r} is not a finite number")
            target.append(float(text))
    return tuple(tuple(column) for column in found)


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ColumnError(f"{path.name} is larger than {_MAX_BYTES // 1_000_000} MB")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ColumnError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ColumnError(f"{path.name} is not a text file") from error
    lines = [(i, line) for i, line in enumerate(text.splitlines(), 1) if line.strip() and line.lstrip()[0] != "#"]
    if not lines:
        raise ColumnError(f"{path.name} holds no numbers")
    if len(lines) > MAX_ROWS:
        raise ColumnError(f"{path.name} has more than {MAX_ROWS} lines")
    mark = next((mark for mark in (";", ",", "\t") if mark in lines[0][1]), None)
    if mark is None:
        return [(i, line.split()) for i, line in lines]
    try:
        return [(i, next(csv.reader([line], delimiter=mark))) for i, line in lines]
    except csv.Error as error:
        raise ColumnError(f"{path.name} is not a CSV file: {error}") from error


def _place(path: Path, column: Column, header: list[str] | None, width: int) -> int:
    if isinstance(column, int):
        if not 1 <= column <= width:
            raise ColumnError(f"{path.name} has {width} columns, none is number {column}")
        return column - 1
    if header is None:
        raise ColumnError(f"{path.name} has no header with a column {column!r}: give its number from 1")
    if column not in header:
        raise ColumnError(f"{path.name} has no column {column!r}; there are {', '.join(map(repr, header))}")
    return header.index(column)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text
