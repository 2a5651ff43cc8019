"""Checkpoints of a run that can be read on another number of ranks.

Any functions on the mesh, on regions and on interfaces are kept, with numbers and what the caller says about itself:

    write(folder, {"displacement": u, "salt": c}, {"potential of anode": 0.1}, {"time": 3.0, "study": hash}, comm)
    ...
    newest = latest(folder)                                     # path or None; no dolfinx needed
    contents(newest).meta["study"]                              # compare before anything is built
    numbers, meta = read(newest, {"displacement": u, "salt": c}, comm)

Every rank writes what it owns into a file of its own. Every degree of freedom is named by nodes of the mesh before it
was distributed (`fem.output.dof_keys`), so any number of ranks can read: each takes its share of the blocks, checks
them, and sends the values to their owners (`fem.output.rendezvous`). Values come back bit by bit.

The numbering of the nodes must be the same: generated meshes and stored ones (`TaggedMesh.write`) have it on every
number of ranks. A mesh refined in memory on several ranks has not: store it and go on from the stored one. A mesh that
differs is recognised and refused.

Functions of one space share their keys in the file: 8 bytes per key column (1: values at nodes; 2: quadratic) and
block, and the values; times are in decision 11.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from fem.errors import CheckpointError, ModelError
from fem.output.checkpoint_files import Contents, begin, contents, digest, instead, latest, part_file, publish
from fem.output.dof_keys import difference_of_meshes, dof_keys, element_of, mesh_print
from fem.output.rendezvous import matched

__all__ = ["Contents", "contents", "latest", "read", "write"]

T = TypeVar("T")
Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]

_BLOCK = 1 << 16
"""Rows of keys and values that have one checksum and are read by one rank."""


def write(
    folder: Path,
    functions: Mapping[str, Any],
    numbers: Mapping[str, float],
    meta: Mapping[str, Any],
    comm: Any,
    keep: int = 2,
) -> Path:
    """Write a checkpoint into `folder`, beside the older ones; of these the `keep` - 1 newest stay. Collective.

    Args:
        folder: of all checkpoints of a run; made when missing. Nothing else should lie there.
        functions: name -> dolfinx function with values at points (see `fem.output.dof_keys`), on any meshes over
            `comm`. Ghost entries are not written.
        numbers: name -> value; those of rank 0 are written.
        meta: plain data (JSON) that the reader gets back, e.g. time, step, hash of the study; those of rank 0.
        comm: communicator. keep: number of checkpoints in the folder afterwards, at least 1.

    Returns:
        The folder of the new checkpoint.

    Raises:
        OSError: it could not be written; on all ranks. The older checkpoints are as they were.
        ModelError: a function cannot be kept.
    """
    groups = _groups(functions)
    keys = _together(comm, lambda: [dof_keys(g.space) for g in groups])
    prints = _Prints()
    described = [
        {
            "functions": [_described(name, functions[name]) for name in group.names],
            "element": element_of(group.space),
            "mesh": prints.of(group.space.mesh),
            "columns": int(own.shape[1]),
            "rows": int(group.space.dofmap.index_map.size_global),
        }
        for group, own in zip(groups, keys, strict=True)
    ]
    beside = _from_root(comm, partial(begin, Path(folder)))
    try:
        values = [[_owned(functions[name]) for name in group.names] for group in groups]
        entry = _together(comm, partial(_write_part, beside / part_file(comm.rank), keys, values))
        parts = comm.gather(entry, root=0)
        plain = {name: float(value) for name, value in numbers.items()}
        return _from_root(comm, lambda: publish(beside, plain, meta, described, parts, max(keep, 1)))
    except BaseException:
        if comm.rank == 0:
            shutil.rmtree(beside, ignore_errors=True)
        raise


def read(
    path: Path, functions: Mapping[str, Any], comm: Any, numbers: Iterable[str] | None = None
) -> tuple[dict[str, float], dict[str, Any]]:
    """Fill the functions, ghosts included, from the checkpoint in folder `path` (see `latest`). Collective.

    Args:
        path: of one checkpoint.
        functions: name -> dolfinx function; the same names that were written.
        comm: communicator, of any size. numbers: names of the numbers that are expected; None: any.

    Returns:
        Numbers and meta data, as they were written.

    Raises:
        CheckpointError: the checkpoint is damaged, has other names, or belongs to another mesh or other elements; on
            all ranks, and no function is changed.
        ModelError: a function cannot be kept.
    """
    table = _from_root(comm, partial(contents, Path(path)))
    _same_names(table, set(functions), None if numbers is None else set(numbers))
    prints, found = _Prints(), dict[str, Array]()
    for number, stored in enumerate(table.groups):
        own = {f["name"]: functions[f["name"]] for f in stored["functions"]}
        given = _together(comm, partial(_read_share, table, number, comm.rank, comm.size))
        order = {f["name"]: k for k, f in enumerate(stored["functions"])}
        for group in _groups(own):
            for name in group.names:
                _compatible(name, own[name], stored, prints)
            wanted = _together(comm, partial(dof_keys, group.space))
            values = matched(comm, wanted, given[0], [given[1][order[name]] for name in group.names])
            if values is None:
                raise CheckpointError(f"{path}: {_listed(group.names)} has its values at other points of the mesh")
            found |= dict(zip(group.names, values, strict=True))
    for name, block in found.items():
        function = functions[name]
        function.x.array[: block.size] = block.reshape(-1)
        function.x.scatter_forward()
    return dict(table.numbers), dict(table.meta)


@dataclass(frozen=True)
class _Group:
    """Functions of one space, sorted by name."""

    space: Any
    names: list[str]


def _groups(functions: Mapping[str, Any]) -> list[_Group]:
    """Functions by their spaces, in the same order on all ranks."""
    groups: list[_Group] = []
    for name in sorted(functions):
        space = functions[name].function_space
        for group in groups:
            if group.space == space:
                group.names.append(name)
                break
        else:
            groups.append(_Group(space, [name]))
    return groups


class _Prints:
    """`mesh_print` of each mesh, taken once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, dict[str, Any]]] = {}

    def of(self, mesh: Any) -> dict[str, Any]:
        """Collective."""
        if id(mesh) not in self._known:
            self._known[id(mesh)] = mesh, mesh_print(mesh)
        return self._known[id(mesh)][1]


def _owned(function: Any) -> Array:
    """(owned blocks, components) values."""
    dofmap = function.function_space.dofmap
    size = dofmap.index_map_bs
    return np.asarray(function.x.array[: dofmap.index_map.size_local * size]).reshape(-1, size)


def _described(name: str, function: Any) -> dict[str, Any]:
    dtype = function.x.array.dtype.newbyteorder("<")
    return {"name": name, "components": int(function.function_space.dofmap.index_map_bs), "type": dtype.str}


def _write_part(path: Path, keys: Sequence[Ints], values: Sequence[Sequence[Array]]) -> dict[str, Any]:
    """Write what this rank owns; its entry in the table of contents."""
    blocks, size = [], 0
    with path.open("wb") as stream:
        for group, (own, arrays) in enumerate(zip(keys, values, strict=True)):
            for start in range(0, len(own), _BLOCK):
                rows = own[start : start + _BLOCK]
                pieces = [rows.astype("<i8", copy=False)]
                pieces += [a[start : start + _BLOCK].astype(a.dtype.newbyteorder("<"), copy=False) for a in arrays]
                data = b"".join(piece.tobytes() for piece in pieces)
                stream.write(data)
                blocks.append([group, len(rows), digest(data)])
                size += len(data)
        stream.flush()
        os.fsync(stream.fileno())
    return {"bytes": size, "blocks": blocks}


def _read_share(table: Contents, group: int, rank: int, size: int) -> tuple[Ints, list[Array]]:
    """Keys (n, columns) and values, (n, components) each, of the blocks of a group that this rank reads."""
    stored = table.groups[group]
    columns, kinds = int(stored["columns"]), [np.dtype(f["type"]) for f in stored["functions"]]
    widths = [int(f["components"]) for f in stored["functions"]]
    blocks = [block for block in _blocks(table) if block.group == group]
    keys = [np.empty((0, columns), dtype=np.int64)]
    values: list[list[Array]] = [[np.empty((0, w), dtype=k)] for w, k in zip(widths, kinds, strict=True)]
    for block in blocks[len(blocks) * rank // size : len(blocks) * (rank + 1) // size]:
        file = table.path / part_file(block.part)
        try:
            with file.open("rb") as stream:
                stream.seek(block.start)
                data = stream.read(block.size)
        except OSError as error:
            raise CheckpointError(f"{file} cannot be read: {error.strerror}") from error
        if digest(data) != block.checksum:
            raise CheckpointError(f"{file} is damaged: it does not have its checksum{instead(table.path)}")
        keys.append(np.frombuffer(data, "<i8", block.rows * columns).reshape(-1, columns).astype(np.int64))
        at = block.rows * columns * 8
        for kept, width, kind in zip(values, widths, kinds, strict=True):
            own = np.frombuffer(data, kind, block.rows * width, at).reshape(-1, width)
            kept.append(own.astype(kind.newbyteorder("="), copy=False))
            at += own.nbytes
    return np.concatenate(keys), [np.concatenate(kept) for kept in values]


@dataclass(frozen=True)
class _Block:
    """Where some rows of a group lie: file, first byte, bytes."""

    part: int
    group: int
    rows: int
    checksum: str
    start: int
    size: int


def _blocks(table: Contents) -> list[_Block]:
    widths = [
        8 * int(g["columns"]) + sum(int(f["components"]) * np.dtype(f["type"]).itemsize for f in g["functions"])
        for g in table.groups
    ]
    found = []
    for number, part in enumerate(table.parts):
        start = 0
        for group, rows, checksum in part["blocks"]:
            found.append(_Block(number, group, rows, checksum, start, rows * widths[group]))
            start += found[-1].size
    return found


def _same_names(table: Contents, functions: set[str], numbers: set[str] | None) -> None:
    problems = []
    for what, here, there in (
        ("functions", functions, set(table.functions)),
        ("numbers", set(table.numbers) if numbers is None else numbers, set(table.numbers)),
    ):
        if here - there:
            problems.append(f"{what} of the model that it does not have: {_listed(sorted(here - there))}")
        if there - here:
            problems.append(f"{what} that the model does not have: {_listed(sorted(there - here))}")
    if problems:
        raise CheckpointError(f"{table.path} belongs to another model; " + "; ".join(problems))


def _compatible(name: str, function: Any, stored: Mapping[str, Any], prints: _Prints) -> None:
    """Collective; raises on all ranks alike."""
    space = function.function_space
    kind = next(f for f in stored["functions"] if f["name"] == name)
    here, there = element_of(space), dict(stored["element"])
    if here != there:
        raise CheckpointError(f"{name!r} has other elements in the checkpoint: {_text(there)}; here {_text(here)}")
    if kind["type"] != _described(name, function)["type"]:
        raise CheckpointError(f"{name!r} has numbers of another kind in the checkpoint: {kind['type']}")
    difference = difference_of_meshes(stored["mesh"], prints.of(space.mesh))
    if difference is not None:
        raise CheckpointError(f"{name!r} lives on another mesh in the checkpoint: {difference} here")


def _text(element: Mapping[str, Any]) -> str:
    kind = "discontinuous " if element["discontinuous"] else ""
    where = f"of degree {element['degree']} on a {element['cell']}"
    return f"{kind}{element['family']} {where}, {element['points']} points, {element['components']} components"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _from_root(comm: Any, work: Callable[[], T]) -> T:
    """What `work()` gives on rank 0, on all ranks. Collective."""
    result = _together(comm, work if comm.rank == 0 else lambda: None)
    return comm.bcast(result, root=0)  # type: ignore[no-any-return]


def _together(comm: Any, work: Callable[[], T]) -> T:
    """Result of `work()`; what fails on one rank is raised on all. Collective."""
    failure: Exception | None = None
    result: Any = None
    try:
        result = work()
    except Exception as error:  # whatever it is, the other ranks wait below
        failure = error
    failures = [text for text in comm.allgather(_told(failure)) if text is not None]
    if failures:
        kind, message = failures[0]
        raise kind(message) from failure
    return result  # type: ignore[no-any-return]


def _told(failure: Exception | None) -> tuple[type[Exception], str] | None:
    """Class and message of an error, fit to be sent."""
    if failure is None:
        return None
    if isinstance(failure, OSError):
        return OSError, f"{failure.filename or 'checkpoint'}: {failure.strerror or failure}"
    for kind in (CheckpointError, ModelError):
        if isinstance(failure, kind):
            return kind, str(failure)
    return RuntimeError, f"{type(failure).__name__}: {failure}"
