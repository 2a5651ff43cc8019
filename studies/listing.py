"""The catalogue of studies that come with the package. Light: reads the first lines of the files, imports
nothing."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path

from studies.errors import InputError

CATALOGUE = Path(__file__).parent / "catalogue"
_TITLE = re.compile(r"^title:\s*(.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """A study of the catalogue.

    Attributes:
        name: what `ssbfem run NAME` takes.
        title: one line for people.
        path: its file.
    """

    name: str
    title: str
    path: Path


def catalogue(folder: Path = CATALOGUE) -> tuple[Entry, ...]:
    """All studies of the catalogue, by name."""
    paths = sorted(folder.glob("*.yaml"), key=lambda path: path.stem)
    return tuple(Entry(path.stem, _title(path), path) for path in paths)


def _title(path: Path) -> str:
    match = _TITLE.search(path.read_text(encoding="utf-8"))
    return match.group(1).strip("'\"") if match else ""


def find_study(given: str, folder: Path = CATALOGUE) -> Path:
    """The file of a study: a path, or a name of the catalogue.

    Raises:
        InputError: neither; the message suggests close names.
    """
    path = Path(given)
    looks_like_path = "/" in given or path.suffix in (".yaml", ".yml")
    try:
        if looks_like_path or path.is_file():
            return path
    except (OSError, ValueError):
        return path
    entries = {entry.name: entry.path for entry in catalogue(folder)}
    if given in entries:
        return entries[given]
    close = difflib.get_close_matches(given, entries, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    known = ", ".join(entries) or "nothing"
    raise InputError.single(f"no such file, and no such study in the catalogue{hint}\nit has {known}", source=given)
