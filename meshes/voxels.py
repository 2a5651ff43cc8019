"""Meshes of segmented images, voxel by voxel, and which label belongs to which region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from meshes.arrays import MeshArrays
from meshes.flat_layers import Slab, add_slabs
from meshes.images import LabelImage
from meshes.lattice import box_points, box_simplices, facet_pairs
from meshes.naming import named_arrays
from meshes.problems import MeshProblem, Problem

__all__ = ["VOID", "assemble", "region_numbers", "voxel_mesh"]

#: Number of what is not meshed.
VOID = -1
Ints = npt.NDArray[np.int64]


def region_numbers(image: LabelImage, regions: Mapping[str, Sequence[int]], void: Sequence[int] = ()) -> Ints:
    """Number of the region of every voxel: its place in `regions`, -1 where the image is `void`.

    Raises:
        MeshProblem: labels that no region has, that two have, or that the image does not have.
    """
    present = image.fractions()
    owner: dict[int, int] = {}
    found: list[Problem] = []
    for number, (name, labels) in [*enumerate(regions.items()), (VOID, ("void", void))]:
        for label in labels:
            if label in owner:
                found.append(Problem(name, str(label), "this label is given to two regions"))
            elif label not in present:
                there = ", ".join(map(str, sorted(present)))
                found.append(Problem(name, str(label), f"the image has no voxel with this label; it has {there}"))
            owner[label] = number
    rest = {label: share for label, share in present.items() if label not in owner}
    if rest:
        text = ", ".join(f"{label} ({100 * share:.3g} % of the voxels)" for label, share in sorted(rest.items())[:10])
        message = f"labels without a region: {text}; give each to a region, or to `void` where there is a hole"
        found.append(Problem("labels", str(len(rest)), message))
    if found:
        raise MeshProblem(found)
    values = np.array(sorted(owner))
    numbers = np.array([owner[int(v)] for v in values], dtype=np.int64)
    return np.asarray(numbers[np.searchsorted(values, image.labels)], dtype=np.int64)


def voxel_mesh(
    image: LabelImage,
    regions: Mapping[str, Sequence[int]],
    void: Sequence[int] = (),
    divisions: int = 1,
    below: Sequence[Slab] = (),
    above: Sequence[Slab] = (),
) -> MeshArrays:
    """A conforming mesh in which every voxel is 6 tetrahedra (every pixel 2 triangles).

    Interfaces are staircases: their area is too large, that of a sphere by a half, however small the voxels. Volumes
    are those of the image.

    Args:
        image: labels and voxel sizes. regions: name -> labels. void: labels of holes.
        divisions: every voxel is first divided into so many boxes along each edge.
        below, above: flat layers to add, each from bottom to top.

    Raises:
        MeshProblem: see `region_numbers`.
    """
    numbers = region_numbers(image, regions, void)
    for axis in range(numbers.ndim):
        numbers = np.repeat(numbers, divisions, axis=axis)
    cells = box_simplices(numbers.shape)
    tags = np.repeat(numbers.reshape(-1), len(cells) // numbers.size)
    points = box_points(numbers.shape, image.lengths)
    return assemble(points, cells, tags, tuple(regions), below, above, image.voxel[-1] / divisions)


def assemble(
    points: npt.NDArray[np.float64],
    cells: Ints,
    numbers: Ints,
    regions: Sequence[str],
    below: Sequence[Slab] = (),
    above: Sequence[Slab] = (),
    size: float = 0.0,
) -> MeshArrays:
    """The mesh of the `cells` that are no void, with facets named and flat layers added; it begins at height 0.

    Args:
        numbers: (m,) place of each cell's region in `regions`, or `VOID`.
        below, above: flat layers, each from bottom to top; `size`: height of their first row of cells in metres.

    Raises:
        MeshProblem: a region has no cells.
    """
    rows = [(len(regions) + i, slab.thickness) for i, slab in enumerate((*below, *above))]
    points, cells, numbers = add_slabs(points, cells, numbers, rows[: len(below)][::-1], False, size)
    points, cells, numbers = add_slabs(points, cells, numbers, rows[len(below) :], True, size)
    names = (*(s.name for s in below), *regions, *(s.name for s in above))
    place = np.array([len(below) + i for i in range(len(regions))] + list(range(len(below))), dtype=np.int64)
    place = np.concatenate([place, np.arange(len(names) - len(above), len(names), dtype=np.int64), [VOID]])
    numbers, regions = place[numbers].astype(np.int64), names
    points = points - np.concatenate([np.zeros(points.shape[1] - 1), [points[:, -1].min()]])
    solid = numbers != VOID
    cells, numbers = cells[solid], numbers[solid]
    absent = [name for i, name in enumerate(regions) if not np.any(numbers == i)]
    if absent:
        raise MeshProblem(Problem("regions", name, "nothing of this region is left in the mesh") for name in absent)
    used = np.zeros(len(points), dtype=bool)
    used[cells] = True
    cells = (np.cumsum(used) - 1)[cells]
    points = points[used]
    tags = numbers.astype(np.int32) + 1
    layers = {name: i + 1 for i, name in enumerate(regions)}
    return named_arrays(points, cells, tags, layers, pairs=facet_pairs(cells, len(points)))
