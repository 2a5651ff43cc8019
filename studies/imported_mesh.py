"""The mesh of a study whose geometry is an image or a mesh file, ready for the core."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from meshes.arrays import MeshArrays
from meshes.collective import agree, on_root
from meshes.problems import MeshError, MeshProblem, Problem
from meshes.stack import Layer, Stack
from studies.errors import InputError
from studies.schema.imported import file_digest, mesh_file, segmented

if TYPE_CHECKING:
    from meshes.tagged import TaggedMesh
    from studies.progress import Progress
    from studies.schema import Study

__all__ = ["imported_mesh"]

#: Raise when the same image gives another mesh than before.
_GENERATION = 1
#: Extents of a mesh file agree with what the study says within this fraction.
_EXTENT = 1e-6


def imported_mesh(
    study: Study,
    comm: Any,
    scale: float,
    partitioner: Callable[..., Any],
    cache: Path | None,
    progress: Progress | None = None,
) -> TaggedMesh:
    """The distributed mesh of a study with an image or a mesh file. Collective.

    Its stack has the regions as layers of their mean thickness, without features.

    Args:
        study: checked study. comm: communicator. scale: factor on all cell sizes.
        partitioner: of dolfinx. cache: folder for finished meshes of images.
        progress: told what was done to the mesh.

    Raises:
        InputError: the file does not hold what the study says; on all ranks.
        MeshProblem: a mesh of this scale cannot be had.
    """
    from meshes.store import is_store
    from meshes.tagged import TaggedMesh

    source = study.geometry.mesh
    if source is not None and scale > 1 + 1e-9:
        message = "the cells of a mesh file cannot be made larger: there is no family of meshes"
        raise MeshProblem([Problem("mesh", f"{scale:g} times the size", message)])
    if source is not None and comm.bcast(is_store(Path(source.file)), root=0):
        tagged = TaggedMesh.read(Path(source.file), comm, partitioner)
        _same_regions(study, tagged)
    else:
        try:
            made = on_root(comm, lambda: _arrays(study, scale, cache))
        except MeshProblem as error:
            if study.geometry.image is not None and scale > 1:
                raise  # the coarse members of a family may be impossible
            raise _said(study, error) from error
        remarks = comm.bcast(None if made is None else made[1], root=0)
        for text in remarks:
            if progress is not None:
                progress.note(text)
        tagged = TaggedMesh.from_arrays(None if made is None else made[0], comm, partitioner, study.geometry.periodic)
        tagged = replace(tagged, remarks=tuple(remarks))
    if study.geometry.image is not None and study.mesh.tolerance is not None:
        text = "error bars by refinement take interfaces as meshed; those of a family contain their shape"
        tagged = replace(tagged, remarks=(*tagged.remarks, text))
    _same_interfaces(study, tagged)
    _ends_of_one_region(study, tagged)
    return replace(tagged, dimension=str(study.geometry.dimension), stack=_nominal_stack(study, tagged))  # type: ignore[arg-type]


def _arrays(study: Study, scale: float, cache: Path | None) -> tuple[MeshArrays, tuple[str, ...]]:
    if study.geometry.mesh is not None:
        from meshes.importing import import_arrays

        try:
            arrays, remarks = import_arrays(mesh_file(study.geometry))
        except MeshProblem:
            raise
        except MeshError as error:
            raise MeshProblem([Problem("file", study.geometry.mesh.file, str(error))]) from error
        _check_extents(study, arrays)
        return arrays, (*remarks, *_metals_in_parts(study, arrays))
    from meshes.cache import load_arrays, save_arrays
    from meshes.segmented import segmented_arrays

    image = study.geometry.image
    assert image is not None
    size = study.mesh.bulk if study.mesh.bulk is not None else min(image.voxel)
    spec = segmented(study.geometry, size / study.mesh.refinement)
    conducting = tuple(x.name for x in study.geometry.layers if x.conduction != "none")
    passing = _passing(study)
    path = None
    if cache is not None:
        key = {
            "generation": _GENERATION,
            "spec": {**asdict(spec), "path": file_digest(spec.path)},
            "scale": scale,
            "islands": [image.islands, sorted(conducting), sorted(passing), sorted(_metals(study))],
        }
        text = json.dumps(key, sort_keys=True, separators=(",", ":"))
        path = cache / f"{hashlib.sha256(text.encode()).hexdigest()}.npz"
        try:
            told = path.with_suffix(".json").read_text(encoding="utf-8")
            return load_arrays(path), tuple(str(text) for text in json.loads(told))
        except (MeshError, OSError, ValueError):
            pass  # not there, or damaged: made again
    try:
        arrays, _, remarks = segmented_arrays(spec, scale, image.islands, conducting, passing)
    except MeshProblem:
        raise
    except MeshError as error:
        raise MeshProblem([Problem("image", Path(image.file).name, str(error))]) from error
    remarks = (*remarks, *_metals_in_parts(study, arrays))
    if path is not None:
        save_arrays(arrays, path)
        path.with_suffix(".json").write_text(json.dumps(remarks), encoding="utf-8")
    return arrays, remarks


def _metals(study: Study) -> tuple[str, ...]:
    return tuple(x.name for x in study.geometry.layers if x.conduction == "equipotential")


def _metals_in_parts(study: Study, arrays: MeshArrays) -> tuple[str, ...]:
    """Remarks about equipotentials whose parts do not touch each other."""
    from meshes.islands import part_counts

    return tuple(
        f"{name} has {count} separate parts that share one potential; with `conduction: electronic` each has its own"
        for name, count in part_counts(arrays, _metals(study)).items()
        if count > 1
    )


def _passing(study: Study) -> tuple[str, ...]:
    """Pairs of regions between which current can pass, whether they touch or not."""
    from studies.schema.contacts import Passage

    found = []
    layers = study.geometry.layers
    for i, a in enumerate(layers):
        for b in layers[i + 1 :]:
            name = f"{a.name}|{b.name}"
            assert a.conduction is not None
            assert b.conduction is not None
            passage = Passage.between(a.conduction, b.conduction)
            spec = study.interfaces.get(name)
            kinetics = spec is not None and spec.kinetics not in (None, "none")
            electrons = passage.electrons and (spec is None or spec.electronic_contact != "blocked")
            ions = passage.ions and (spec is None or spec.ionic_contact != "blocked")
            if kinetics or electrons or ions:
                found.append(name)
    return tuple(found)


def _check_extents(study: Study, arrays: MeshArrays) -> None:
    geometry, high = study.geometry, arrays.points.max(axis=0)
    given = {"width": geometry.width, "depth": geometry.depth}
    for (key, wanted), extent in zip(given.items(), high[:-1].tolist(), strict=False):
        if wanted is not None and abs(extent - wanted) > _EXTENT * extent:
            raise MeshProblem([Problem(key, f"{wanted:g} m", f"the mesh in the file is {extent:.9g} m wide here")])


def _same_regions(study: Study, tagged: TaggedMesh) -> None:
    wanted = [layer.name for layer in study.geometry.layers]
    if list(tagged.layers) != wanted:
        message = f"the stored mesh has the regions {', '.join(tagged.layers)}, in this order"
        raise InputError.single(message, path="geometry.layers", value=", ".join(wanted))
    expected = {2: ("2",), 3: ("3",), "axisymmetric": ("axisymmetric", "2")}[study.geometry.dimension]  # type: ignore[index]
    if tagged.dimension not in expected:
        message = f"the stored mesh is of dimension {tagged.dimension}"
        raise InputError.single(message, path="geometry.dimension", value=study.geometry.dimension)


def _same_interfaces(study: Study, tagged: TaggedMesh) -> None:
    """Every interface of the mesh is described, and every described one exists; InputError on all ranks."""
    layers = set(tagged.layers)
    there = [n for n in tagged.facets if "|" in n and set(n.split("|")) <= layers]
    for name in there:
        study.interface(name)
    for name in study.interfaces:
        if name not in there and study.told(name):
            message = f"the regions do not touch in the mesh; its interfaces are {', '.join(there)}"
            raise InputError.single(message, path=f"interfaces.{name}")


def _ends_of_one_region(study: Study, tagged: TaggedMesh) -> None:
    """Current enters a resolved conductor through its whole end: no other region may lie there; on all ranks alike."""
    layers = study.geometry.layers
    if all(layer.conduction == "none" for layer in layers):
        return
    topology, tdim = tagged.mesh.topology, tagged.tdim
    topology.create_connectivity(tdim - 1, tdim)
    links = topology.connectivity(tdim - 1, tdim)
    names = {tag: name for name, tag in tagged.layers.items()}
    values = np.zeros(topology.index_map(tdim).size_local + topology.index_map(tdim).num_ghosts, dtype=np.int32)
    values[tagged.cell_tags.indices] = tagged.cell_tags.values
    for side, layer in (("bottom", layers[0]), ("top", layers[-1])):
        if layer.conduction == "equipotential":
            continue
        cells = links.array[links.offsets[tagged.facets_of(side)]]
        found = {names[int(t)] for t in np.unique(values[cells])}
        there = sorted(set().union(*tagged.mesh.comm.allgather(found)))
        if there != [layer.name]:
            message = (
                f"{', '.join(there)} lie at the {side}: current enters through {layer.name} alone; add a flat layer"
                " there, or take the end as an equipotential"
            )
            raise InputError.single(message, path="geometry.layers", value=layer.name)


def _nominal_stack(study: Study, tagged: TaggedMesh) -> Stack:
    from meshes.lattice import measures

    points, cells, tags = tagged.owned_cells()
    size = np.abs(measures(points, cells))
    if study.geometry.dimension == "axisymmetric":
        size = size * 2 * np.pi * points[cells][:, :, 0].mean(axis=1)
    volumes = np.array([size[tags == tag].sum() for tag in tagged.layers.values()])
    volumes = tagged.mesh.comm.allreduce(volumes)
    failure = None if np.all(volumes > 0) else "a region of the mesh has no cells"
    agree(tagged.mesh.comm, failure)
    layers = tuple(
        Layer(name, float(volume / study.geometry.area), study.body(name).material)
        for name, volume in zip(tagged.layers, volumes, strict=True)
    )
    dimension: Any = str(study.geometry.dimension)
    sizes = study.geometry.width, study.geometry.depth
    return Stack(dimension, layers, *sizes, periodic=study.geometry.periodic)


def _said(study: Study, error: MeshProblem) -> InputError:
    """What is wrong with a mesh, in the words of the study file."""
    from studies.errors import Problem as Wrong

    key = "image" if study.geometry.image is not None else "mesh"
    names = [layer.name for layer in study.geometry.layers]
    found = []
    for problem in error.problems:
        place = f"layers.{problem.path}" if problem.path in names else f"{key}.{problem.path}"
        place = problem.path if problem.path in ("width", "depth") else place
        path = f"geometry.{key}.file" if problem.path == key else f"geometry.{place}"
        found.append(Wrong(path, problem.value, problem.message))
    return InputError(found, "geometry")
