"""Checkpoints as folders: names, table of contents, checksums, and how they appear and go. Needs no dolfinx.

What lies in the folder of a run:

    checkpoint-000007/              complete: it got its name when all of it was on the disc
        checkpoint.json             table of contents with its own checksum
        part-00000.bin ...          what each rank owned: blocks of keys and values, each with a checksum
    .checkpoint-....part            being written, or left behind by a process that was killed

A new checkpoint is written beside the others and renamed; only then the oldest are taken away. Whenever the process
ends, the newest folder with a name is whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fem.errors import CheckpointError

__all__ = ["Contents", "begin", "contents", "digest", "instead", "latest", "part_file", "publish", "sync_folder"]

_FORMAT = "ssbfem-checkpoint-1"
_CONTENTS = "checkpoint.json"
_NAME = re.compile(r"checkpoint-(\d{6,})")
_BESIDE = ".checkpoint-"


@dataclass(frozen=True)
class Contents:
    """Table of contents of one checkpoint.

    Attributes:
        path: its folder.
        numbers: name -> value, SI.
        meta: what the writer said about itself (time, step, hash of the study ...), plain data.
        groups: per group of functions on one space: ``functions`` (name, components, type), ``element``, ``mesh``,
            ``columns`` of the keys, ``rows`` on all ranks.
        parts: per file: ``bytes``, and ``blocks`` as [group, rows, checksum] in the order of the file.
    """

    path: Path
    numbers: Mapping[str, float]
    meta: Mapping[str, Any]
    groups: tuple[Mapping[str, Any], ...]
    parts: tuple[Mapping[str, Any], ...]

    @property
    def functions(self) -> frozenset[str]:
        """Names of the functions."""
        return frozenset(f["name"] for g in self.groups for f in g["functions"])


def latest(folder: Path) -> Path | None:
    """The newest complete checkpoint in a folder; None where there is none.

    Complete: the table of contents is sound, and all parts are there in full length. The checksums of the parts are
    compared when they are read.

    Raises:
        CheckpointError: there are checkpoints, but none is complete.
    """
    while True:
        failure: CheckpointError | None = None
        known = _checkpoints(Path(folder))
        for path in reversed(known):
            try:
                contents(path)
            except CheckpointError as error:
                failure = failure or error
            else:
                return path
        if failure is None:
            return None
        if known == _checkpoints(Path(folder)):  # else a writer has taken them away meanwhile: there are newer ones
            raise failure


def contents(path: Path) -> Contents:
    """Table of contents of the checkpoint in folder `path`.

    Raises:
        CheckpointError: it is not a complete checkpoint.
    """
    path = Path(path)
    try:
        text = (path / _CONTENTS).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path} is not a complete checkpoint: {_reason(error)}") from error
    try:
        stored = json.loads(text)
        known, table = stored["format"], stored["contents"]
        if known == _FORMAT and stored["checksum"] != digest(_canonical(table)):
            raise ValueError("checksum")
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path / _CONTENTS} is damaged: it does not have its checksum") from error
    if known != _FORMAT:
        raise CheckpointError(f"{path} is a checkpoint of another version ({known!r}); this one reads {_FORMAT!r}")
    for number, part in enumerate(table["parts"]):
        file = path / part_file(number)
        try:
            size = file.stat().st_size
        except OSError as error:
            raise CheckpointError(f"{path} is not a complete checkpoint: {_reason(error)}") from error
        if size != part["bytes"]:
            raise CheckpointError(f"{file} is damaged: {size} bytes in the place of {part['bytes']}")
    return Contents(path, table["numbers"], table["meta"], tuple(table["groups"]), tuple(table["parts"]))


def begin(folder: Path) -> Path:
    """Make the place beside the checkpoints of `folder` in which the next one is written.

    What killed processes left behind is removed.

    Raises:
        OSError: it cannot be made.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{_BESIDE}*"):
        shutil.rmtree(left, ignore_errors=True)
    beside = folder / f"{_BESIDE}{uuid.uuid4().hex}.part"
    beside.mkdir()
    return beside


def publish(
    beside: Path,
    numbers: Mapping[str, float],
    meta: Mapping[str, Any],
    groups: list[dict[str, Any]],
    parts: list[dict[str, Any]],
    keep: int,
) -> Path:
    """Make the checkpoint whose parts lie in `beside` the newest one, and remove all but the `keep` newest.

    Raises:
        OSError: a file could not be written.
    """
    folder = beside.parent
    table = {"numbers": dict(numbers), "meta": dict(meta), "groups": groups, "parts": parts}
    table = json.loads(_canonical(table))  # as a reader will see it
    stored = {"format": _FORMAT, "checksum": digest(_canonical(table)), "contents": table}
    with (beside / _CONTENTS).open("w", encoding="utf-8") as stream:
        json.dump(stored, stream, ensure_ascii=False, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    sync_folder(beside)
    known = _checkpoints(folder)
    path = folder / f"checkpoint-{_number(known[-1]) + 1 if known else 1:06d}"
    os.replace(beside, path)
    sync_folder(folder)
    with suppress(OSError):  # the new one is there
        for old in _checkpoints(folder)[:-keep]:
            gone = folder / f"{_BESIDE}{uuid.uuid4().hex}.old"
            os.replace(old, gone)  # what has a name is whole, also while it is taken away
            shutil.rmtree(gone, ignore_errors=True)
    return path


def part_file(rank: int) -> str:
    """Name of the file of one rank."""
    return f"part-{rank:05d}.bin"


def instead(path: Path) -> str:
    """The end of a message about a damaged checkpoint: what to do."""
    older = [p for p in _checkpoints(path.parent) if _number(p) < _number(path)] if _NAME.fullmatch(path.name) else []
    return f"; remove {path} to go on from {older[-1].name}" if older else ""


def digest(data: bytes | memoryview) -> str:
    """Checksum of bytes."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def sync_folder(folder: Path) -> None:
    """Have the entries of a folder on the disc, where the file system can say so."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass  # some network file systems do not sync folders
    finally:
        os.close(handle)


def _checkpoints(folder: Path) -> list[Path]:
    """Folders with the name of a checkpoint, oldest first."""
    if not folder.is_dir():
        return []
    return sorted((p for p in folder.iterdir() if _NAME.fullmatch(p.name) and p.is_dir()), key=_number)


def _number(path: Path) -> int:
    match = _NAME.fullmatch(path.name)
    assert match is not None
    return int(match.group(1))


def _canonical(table: Mapping[str, Any]) -> bytes:
    return json.dumps(table, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)
