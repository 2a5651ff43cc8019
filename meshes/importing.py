"""Meshes from elsewhere, through meshio: tags to names, checked, facets named by what lies beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from meshes.arrays import MeshArrays
from meshes.lattice import FacetPairs, measures
from meshes.naming import SIDES, named_arrays, on_sides
from meshes.problems import MeshError, MeshProblem, Problem
from meshes.reading import RawMesh, read_raw
from meshes.soundness import first_of_each, mesh_problems, place_text

__all__ = ["MeshFile", "arrays_from_meshio", "import_arrays"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Tag = int | str


@dataclass(frozen=True)
class MeshFile:
    """Plain description of a mesh from a file.

    Attributes:
        path: any file that meshio reads.
        regions: names from bottom to top, and their tags in the file: numbers or names. A region without tags takes
            all cells that are left.
        facets: name (``a|b``, ``a|b:gap``, an outer side or ``void|a``) -> tags of facets. What is not listed is named
            by what lies beside it.
        unit: length of 1 of the file in metres.
        axes: coordinates of the file that become x, y, z of the model, ``-z``: mirrored; the last is the stacking
            direction. None: the first ones.
        tag_field: cell data of the file that holds the tags; None: the usual one.
        join: join points that coincide; None: refuse them, False: leave the mesh open there.
        axisymmetric: a planar mesh holds (r, z).
    """

    path: Path
    regions: tuple[tuple[str, tuple[Tag, ...]], ...]
    facets: tuple[tuple[str, tuple[Tag, ...]], ...] = ()
    unit: float = 1.0
    axes: tuple[str, ...] | None = None
    tag_field: str | None = None
    join: bool | None = None
    axisymmetric: bool = False


def import_arrays(spec: MeshFile) -> tuple[MeshArrays, tuple[str, ...]]:
    """The mesh of a file, in metres, and remarks for the user.

    Coordinates are shifted so that the mesh begins at 0 (the radius of axisymmetric models is kept).

    Raises:
        MeshError: the file cannot be read. MeshProblem: everything else that is wrong, with counts and places in the
            units of the file.
    """
    raw = read_raw(spec.path, spec.tag_field)
    remarks = list(raw.remarks)
    points = _coordinates(raw.points, raw.dim, spec)
    tags, problems = _cell_tags(raw, points, spec)
    given, more = _given_facets(raw, spec)
    problems += more
    if problems:
        raise MeshProblem(problems)
    points, cells, given = _without_orphans(points, raw.cells, given)
    if raw.orphans:
        remarks.append(f"{raw.orphans} points that belong to no cell are left out")
    if spec.join:
        points, cells, given = _joined(points, cells, given, remarks)
    problems, pairs = mesh_problems(points, cells, spec.join is False)
    if not problems:
        problems = _facet_problems(points, cells, tags, given, spec, pairs)
    if problems:
        raise MeshProblem(problems)
    cells = _turned(points, cells, remarks)
    low = points.min(axis=0)
    if spec.axisymmetric:
        if low[0] < 0:
            raise MeshProblem([Problem("axisymmetric", f"r = {low[0]:.6g}", "the radius must not be negative")])
        low[0] = 0.0
    regions = {name: i + 1 for i, (name, _) in enumerate(spec.regions)}
    arrays = named_arrays((points - low) * spec.unit, cells, tags, regions, given, pairs)
    missing = [side for side in ("bottom", "top") if side not in arrays.facet_names]
    if missing:
        message = "no facet lies in this plane: the ends of the model must be flat, across the last coordinate"
        raise MeshProblem(Problem("facets", side, message) for side in missing)
    arrays.check()
    return arrays, tuple(remarks)


def arrays_from_meshio(
    path: Path, layers: Mapping[str, int] | None = None, facets: Mapping[str, int] | None = None
) -> MeshArrays:
    """Arrays of a file that names all that it needs: its simplices of highest dimension, tagged.

    Args:
        path: the file; coordinates are metres, and are kept.
        layers: name -> cell tag. facets: name -> facet tag. Default: the names in the file; facets that neither name
            stay unnamed.

    Raises:
        MeshError: unreadable file, cells without a tag or a name, facets that belong to no cell.
    """
    raw = read_raw(path)
    if raw.cell_tags is None:
        raise MeshError(f"{path} has no tags; cell data with whole numbers: {', '.join(raw.fields) or 'none'}")
    cell_tags, face_tags = raw.cell_tags, raw.facet_tags
    layers = _names(raw.cell_names, cell_tags) if layers is None else layers
    if facets is None:
        facets = {} if face_tags is None else _names(raw.facet_names, np.where(face_tags > 0, face_tags, 0))
    wanted = np.zeros(len(raw.facets), dtype=bool) if face_tags is None else np.isin(face_tags, list(facets.values()))
    wanted &= True if face_tags is None else face_tags > 0
    used = np.zeros(len(raw.points), dtype=bool)
    used[raw.cells] = True
    if not used[raw.facets[wanted]].all():
        raise MeshError(f"{path} has tagged facets that belong to no cell")
    number = np.cumsum(used) - 1
    points = raw.points[used]
    gdim = raw.dim if points.shape[1] >= raw.dim and not np.any(points[:, raw.dim :]) else points.shape[1]
    tags = np.zeros(0) if face_tags is None else face_tags[wanted]
    arrays = MeshArrays(
        np.ascontiguousarray(points[:, :gdim]),
        number[raw.cells],
        cell_tags.astype(np.int32),
        number[raw.facets[wanted]],
        tags.astype(np.int32),
        dict(layers),
        dict(facets),
    )
    arrays.check()
    return arrays


def _names(named: Mapping[str, Ints], tags: Ints) -> dict[str, int]:
    """Names in the file of the tags that occur; a tag without one is called by its number."""
    known = {int(tags[members[0]]): name for name, members in named.items()}
    return {known.get(t, f"tag {t}"): t for t in (int(v) for v in np.unique(tags)) if t != 0}


def _coordinates(points: Floats, dim: int, spec: MeshFile) -> Floats:
    """The coordinates (n, dim) of the model, in the units of the file."""
    letters = ("x", "y", "z")
    if spec.axes is None:
        rest = points[:, dim:]
        extent = float(np.ptp(points, axis=0).max()) if len(points) else 0.0
        if rest.size and np.ptp(rest, axis=0).max() > 1e-9 * extent:
            message = (
                f"the mesh has cells of dimension {dim} in space: say which {dim} coordinates it lies in, as `axes`"
            )
            raise MeshProblem([Problem("axes", "x y z", message)])
        return np.ascontiguousarray(points[:, :dim])
    plain = [a.removeprefix("-") for a in spec.axes]
    if len(set(plain)) != dim or any(a not in letters[: points.shape[1]] for a in plain):
        message = f"{dim} different ones of {', '.join(letters[: points.shape[1]])} are needed"
        raise MeshProblem([Problem("axes", " ".join(spec.axes), message)])
    signs = np.array([-1.0 if a.startswith("-") else 1.0 for a in spec.axes])
    return np.ascontiguousarray(points[:, [letters.index(a) for a in plain]] * signs)


def _members(
    names: Mapping[str, Ints], tags: Ints | None, wanted: Sequence[Tag], path: str
) -> tuple[Ints, list[Problem]]:
    """Simplices with one of the tags, and a problem for each tag that the file does not have."""
    found: list[Ints] = [np.zeros(0, dtype=np.int64)]
    problems: list[Problem] = []
    numbers = [] if tags is None else [int(t) for t in np.unique(tags) if t != 0]
    for tag in wanted:
        if isinstance(tag, str):
            here = names.get(tag, np.zeros(0, dtype=np.int64))
        else:
            here = np.zeros(0, dtype=np.int64) if tags is None else np.flatnonzero(tags == tag)
        if not len(here):
            there = ", ".join([*map(str, numbers[:30]), *map(repr, list(names)[:30])]) or "none"
            problems.append(Problem(path, repr(tag), f"the file has nothing with this tag; it has {there}"))
        found.append(here)
    return np.concatenate(found), problems


def _cell_tags(raw: RawMesh, points: Floats, spec: MeshFile) -> tuple[npt.NDArray[np.int32], list[Problem]]:
    """Number of the region of each cell, from 1."""
    tags = np.zeros(len(raw.cells), dtype=np.int32)
    problems: list[Problem] = []
    rest: int | None = None
    for number, (name, wanted) in enumerate(spec.regions, start=1):
        if not wanted:
            if rest is not None:
                problems.append(Problem(name, "no tags", "one region alone can take all cells that are left"))
            rest = number
            continue
        here, wrong = _members(raw.cell_names, raw.cell_tags, wanted, name)
        problems += wrong
        twice = here[tags[here] > 0]
        if len(twice):
            message = f"cells belong to {spec.regions[tags[twice[0]] - 1][0]!r}, too"
            problems.append(Problem(name, str(len(twice)), message))
        tags[here] = number
    left = np.flatnonzero(tags == 0)
    if rest is not None:
        tags[left] = rest
        if not len(left):
            problems.append(Problem(spec.regions[rest - 1][0], "no tags", "no cells are left for it"))
    elif len(left) and not problems:
        if raw.cell_tags is None:
            seen = f"the file has no tags (cell data with whole numbers: {', '.join(raw.fields) or 'none'})"
        else:
            values, counts = np.unique(raw.cell_tags[left], return_counts=True)
            parts = [f"{n} with tag {v}" if v else f"{n} without a tag" for v, n in zip(values, counts, strict=True)]
            seen = ", ".join(parts[:10])
        where = place_text(points[raw.cells[left]].mean(axis=1))
        message = f"cells belong to no region: {seen}; the first near {where}"
        problems.append(Problem("regions", str(len(left)), message))
    return tags, problems


def _given_facets(raw: RawMesh, spec: MeshFile) -> tuple[dict[str, Ints], list[Problem]]:
    names = [name for name, _ in spec.regions]
    sides = [side for side, _, _ in SIDES[raw.dim]]
    given: dict[str, Ints] = {}
    problems: list[Problem] = []
    for name, wanted in spec.facets:
        first, _, second = name.removesuffix(":gap").partition("|")
        interface = first in names and second in names and names.index(first) < names.index(second)
        wall = first == "void" and second in names and not name.endswith(":gap")
        if not (interface or wall or name in sides):
            pairs = f"a|b with a before b in {', '.join(names)}"
            message = f"facets are called {pairs}, a|b:gap, void|a, or {', '.join(sides)}"
            problems.append(Problem("facets", name, message))
            continue
        here, wrong = _members(raw.facet_names, raw.facet_tags, wanted, f"facets.{name}")
        problems += wrong
        given[name] = raw.facets[here]
    return given, problems


def _without_orphans(points: Floats, cells: Ints, given: Mapping[str, Ints]) -> tuple[Floats, Ints, dict[str, Ints]]:
    """Points that no cell uses left out; facets at such points become -1, which no cell has."""
    used = np.zeros(len(points), dtype=bool)
    used[cells] = True
    number = np.where(used, np.cumsum(used) - 1, -1)
    return points[used], number[cells], {name: number[facets] for name, facets in given.items()}


def _joined(
    points: Floats, cells: Ints, given: Mapping[str, Ints], remarks: list[str]
) -> tuple[Floats, Ints, dict[str, Ints]]:
    edges = np.linalg.norm(points[cells] - np.roll(points[cells], 1, axis=1), axis=2)
    first = first_of_each(points, float(edges[edges > 0].min()))
    kept = first == np.arange(len(points))
    if kept.all():
        return points, cells, dict(given)
    remarks.append(f"{np.count_nonzero(~kept)} points are joined to others at their place")
    number = (np.cumsum(kept) - 1)[first]
    return points[kept], number[cells], {n: np.where(f >= 0, number[f], -1) for n, f in given.items()}


def _facet_problems(
    points: Floats,
    cells: Ints,
    tags: npt.NDArray[np.int32],
    given: Mapping[str, Ints],
    spec: MeshFile,
    pairs: FacetPairs,
) -> list[Problem]:
    """Tagged facets that belong to no cell, or lie elsewhere than their name says."""
    problems: list[Problem] = []
    keys = {name: i + 1 for i, (name, _) in enumerate(spec.regions)}
    marked = np.zeros(len(points) + 1, dtype=bool)  # the last for -1
    for facets in given.values():
        marked[facets] = True
    order = np.flatnonzero(marked[:-1][pairs.nodes].all(axis=1))
    known = np.sort(pairs.nodes[order], axis=1)
    for name, facets in given.items():
        at = _rows_in(known, np.sort(facets, axis=1))
        lost = np.flatnonzero(at < 0)
        if len(lost):
            sound = facets[lost][(facets[lost] >= 0).all(axis=1)]
            where = f"; the first near {place_text(points[sound].mean(axis=1))}" if len(sound) else ""
            problems.append(Problem(f"facets.{name}", str(len(lost)), f"facets belong to no cell{where}"))
            continue
        rows = order[at]
        first, second = tags[pairs.first[rows]], np.where(pairs.second[rows] < 0, 0, tags[pairs.second[rows]])
        a, _, b = name.removesuffix(":gap").partition("|")
        if not b:
            wrong = ~on_sides(points, pairs.nodes[rows])[name]
        elif a == "void":
            wrong = (second != 0) | (first != keys[b])
        else:
            wrong = (np.minimum(first, second) != keys[a]) | (np.maximum(first, second) != keys[b])
        if wrong.any():
            where = place_text(points[pairs.nodes[rows[wrong]]].mean(axis=1))
            what = f"between {a} and {b}" if b else "in this plane"
            what = "at the boundary" if a == "void" else what
            message = f"facets do not lie {what}; the first near {where}"
            problems.append(Problem(f"facets.{name}", str(int(np.count_nonzero(wrong))), message))
    return problems


def _rows_in(known: Ints, wanted: Ints) -> Ints:
    """Row of `known` that equals each row of `wanted`, -1 where none does."""
    if not len(wanted):
        return np.zeros(0, dtype=np.int64)
    both = np.concatenate([known, wanted])
    _, inverse = np.unique(both, axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)
    place = np.full(inverse.max() + 1, -1, dtype=np.int64)
    place[inverse[: len(known)]] = np.arange(len(known))
    return np.asarray(place[inverse[len(known) :]])


def _turned(points: Floats, cells: Ints, remarks: list[str]) -> Ints:
    """Cells with positive orientation: the order of their points in a file means nothing."""
    wrong = np.flatnonzero(measures(points, cells) < 0)
    if len(wrong) in (0, len(cells)):
        return cells
    remarks.append(f"{len(wrong)} of {len(cells)} cells list their points the other way round: turned")
    cells = cells.copy()
    cells[wrong, :2] = cells[wrong, 1::-1]
    return cells
