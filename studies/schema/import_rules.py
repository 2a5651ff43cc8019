"""What must hold of a geometry from outside: its file, which region is what, and what cannot be asked of it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from studies.errors import MISSING
from studies.schema.explain import lookup
from studies.schema.imported import SOURCES, Image, MeshSource, load_image
from studies.schema.reader import KeyPath

if TYPE_CHECKING:
    from meshes.images import LabelImage
    from studies.schema.draft import Draft

__all__ = ["check_imported", "check_layer_sizes", "label_image", "touching_labels"]

_SIZES = ("interface", "edge", "wall", "growth")
#: Quantities that compare with layers one upon the other.
_LAYERED = ("bulk_resistance", "constriction_resistance", "electronic_current")


def check_layer_sizes(draft: Draft) -> None:
    """Report layers whose thickness, labels or tags are missing, or mean nothing in this geometry."""
    source = draft.source
    for i, layer in enumerate(draft.layers):
        here: KeyPath = ("geometry", "layers", i)
        given = lookup(draft.data, (*here, "thickness"))
        if source is None and given in (MISSING, None) and isinstance(lookup(draft.data, here), dict):
            absent = "is required: Thickness along the stack."
            draft.report((*here, "thickness"), absent if given is MISSING else "not a quantity: give a length")
        if layer is None:
            continue
        for key, belongs in (("labels", "image"), ("tags", "mesh")):
            if getattr(layer, key) is not None and source != belongs:
                draft.report((*here, key), f"belongs to a geometry with `{belongs}`")
        if source == "image" and (layer.thickness is None) == (layer.labels is None):
            draft.report(
                here, "needs either a `thickness` (a flat layer) or `labels` (a region of the image)", layer.name
            )
        elif source == "mesh" and layer.thickness is not None:
            draft.report((*here, "thickness"), "has no meaning in a mesh file: give the `tags` of the region")


def check_imported(draft: Draft) -> None:
    """Report what is wrong with the image or mesh file of a geometry; nothing for a drawn one."""
    source = draft.source
    if source is None:
        return
    if all(isinstance(lookup(draft.data, ("geometry", key)), dict) for key in SOURCES):
        draft.report(("geometry", "mesh"), "only one of image and mesh can be given")
        return
    if draft.features:
        draft.report(("geometry", "features"), f"cannot be drawn into a geometry with `{source}`")
    for i, request in enumerate(draft.requests):
        if request is not None and request.name in _LAYERED:
            draft.report(("quantities", i), f"compares with flat layers: not defined in a geometry with `{source}`")
    mesh = draft.data.get("mesh")
    for key in (*_SIZES, *(("bulk", "refinement") if source == "mesh" else ())):
        if isinstance(mesh, dict) and mesh.get(key) not in (None, 1):
            text = "cells of an image have one size, mesh.bulk"
            if source == "mesh":
                text = "the file has the cells; mesh.tolerance refines them where it matters"
            draft.report(("mesh", key), f"has no meaning here: {text}")
    if source == "image":
        _check_image(draft)
    else:
        _check_mesh_file(draft)


def _check_image(draft: Draft) -> None:
    if draft.dimension not in (2, 3, None):
        draft.report(("geometry", "dimension"), "an image is a model in 2 or 3 dimensions")
        return
    labelled = [layer is not None and layer.labels is not None for layer in draft.layers]
    if None not in draft.layers:
        if not any(labelled):
            draft.report(("geometry", "layers"), "no layer has `labels`: which labels of the image are what?", "")
        elif sum(a != b for a, b in pairwise([False, *labelled, False])) > 2:
            draft.report(("geometry", "layers"), "flat layers lie below and above the image, not within it", "")
    image = label_image(draft)
    if image is None:
        return
    for key, length in zip(("width", "depth"), image.lengths[:-1], strict=False):
        given = lookup(draft.data, ("geometry", key))
        if given not in (None, MISSING) and not _same_length(given, length):
            draft.report(("geometry", key), f"follows from the image: {1e6 * length:g} um; leave it out")
    from meshes.problems import MeshProblem
    from meshes.voxels import region_numbers

    source = draft.part(Image, "geometry", "image")
    regions = {x.name: x.labels for x in draft.layers if x is not None and x.labels is not None}
    if source is None or None in draft.layers or not regions:
        return
    try:
        region_numbers(image, regions, source.void)
    except MeshProblem as error:
        for problem in error.problems:
            path: KeyPath = ("geometry", "image", "void")
            if problem.path in draft.names:
                path = ("geometry", "layers", draft.names.index(problem.path), "labels")
            draft.report(path if problem.path != "labels" else ("geometry", "layers"), problem.message, problem.value)


def _same_length(given: object, length: float) -> bool:
    from fem.units import UnitError, parse

    try:
        return abs(parse(given, "length") - length) <= 1e-9 * length
    except UnitError:
        return True  # reported by its structure


def label_image(draft: Draft) -> LabelImage | None:
    """The image of a draft; None, and reported, when it cannot be read."""
    from meshes.problems import MeshError

    source = draft.part(Image, "geometry", "image")
    if source is None or draft.dimension not in (2, 3):
        return None
    voxel = source.sizes(int(draft.dimension))
    if len(voxel) != draft.dimension:
        message = f"as many sizes as dimensions are needed, or a single one: {draft.dimension}"
        draft.report(("geometry", "image", "voxel"), message)
        return None
    try:
        image = load_image(source.file, None if source.axes is None else tuple(source.axes), source.key, voxel)
    except MeshError as error:
        draft.report(("geometry", "image", "file"), str(error))
        return None
    if image.labels.ndim != draft.dimension:
        message = f"has {image.labels.ndim} dimensions, the model {draft.dimension}"
        draft.report(("geometry", "image", "file"), message)
        return None
    return image


def _check_mesh_file(draft: Draft) -> None:
    if draft.dimension not in (2, 3, "axisymmetric", None):
        draft.report(("geometry", "dimension"), "a mesh file is a model in 2 or 3 dimensions, or axisymmetric")
    geometry = draft.data["geometry"]
    for key in ("width", *(("depth",) if draft.dimension == 3 else ())):
        if geometry.get(key) is None:
            draft.report(("geometry", key), "is required: extent of the mesh, by which currents become densities")
    source = draft.part(MeshSource, "geometry", "mesh")
    if source is not None and not Path(source.file).exists():
        draft.report(("geometry", "mesh", "file"), "there is no such file")
    names = [name for name in draft.names if name]
    for name in source.facets if source is not None else ():
        first, _, second = name.removesuffix(":gap").partition("|")
        if second and first != "void" and all(draft.names) and not {first, second} <= set(names):
            draft.report(("geometry", "mesh", "facets", name), f"names no interface of {', '.join(names)}")


def touching_labels(draft: Draft) -> list[str]:
    """Interfaces of an image as its voxels show them, flat layers included."""
    import numpy as np

    from meshes.problems import MeshProblem
    from meshes.voxels import region_numbers

    source = draft.part(Image, "geometry", "image")
    layers = [x for x in draft.layers if x is not None]
    regions = {x.name: x.labels for x in layers if x.labels is not None}
    image = label_image(draft)
    if source is None or image is None or not regions or len(layers) < len(draft.layers):
        return []
    try:
        numbers = region_numbers(image, regions, source.void)
    except MeshProblem:
        return []
    order = {x.name: i for i, x in enumerate(layers)}
    names = list(regions)
    found: set[tuple[int, int]] = set()
    for axis in range(numbers.ndim):
        low = np.moveaxis(numbers, axis, 0)[:-1].reshape(-1)
        high = np.moveaxis(numbers, axis, 0)[1:].reshape(-1)
        apart = (low != high) & (low >= 0) & (high >= 0)
        for a, b in np.unique(np.sort(np.column_stack([low[apart], high[apart]]), axis=1), axis=0):
            found.add((order[names[int(a)]], order[names[int(b)]]))
    inside = [order[name] for name in names]
    for end, neighbour in ((numbers[..., 0], min(inside) - 1), (numbers[..., -1], max(inside) + 1)):
        if 0 <= neighbour < len(layers):
            found |= {(neighbour, order[names[int(v)]]) for v in np.unique(end) if v >= 0}
    flat = [i for i in range(len(layers)) if i not in inside]
    found |= {(i, i + 1) for i in flat if i + 1 in flat}
    return [f"{layers[min(p)].name}|{layers[max(p)].name}" for p in sorted(tuple(sorted(p)) for p in found)]
