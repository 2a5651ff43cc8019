"""Structured meshes of layered stacks in every dimension, with the names of the conventions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise, permutations
from typing import Any

import numpy as np
import numpy.typing as npt

from fem.compat import shared_facet_partitioner
from meshes.arrays import MeshArrays, cell_facets
from meshes.tagged import TaggedMesh

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SIDES = (("left", "right"), ("front", "back"))
AXES = {"1": 1, "2": 2, "axisymmetric": 2, "3": 3}


def layered(
    comm: Any,
    dimension: str,
    layers: Sequence[tuple[str, float]],
    width: float = 1.0,
    depth: float | None = None,
    lateral: int = 4,
    across: int | Sequence[int] = 4,
    jitter: float = 0.0,
    gaps: Mapping[str, Callable[[Floats], npt.NDArray[np.bool_]]] | None = None,
    periodic: bool = False,
) -> TaggedMesh:
    """A stack of uniform layers cut into equal boxes, each box into simplices.

    Args:
        comm: MPI communicator.
        dimension: ``"1"``, ``"2"``, ``"axisymmetric"`` or ``"3"``.
        layers: (name, thickness) from bottom to top.
        width, depth: lateral sizes; depth defaults to the width.
        lateral: boxes along each lateral axis. across: boxes across each layer.
        jitter: random displacement of the nodes in units of the box, within layers, sides and interfaces.
        gaps: interface -> which facet midpoints (k, gdim) are out of contact; those become ``a|b:gap``.
        periodic: opposite lateral sides are one.
    """
    arrays = None
    if comm.rank == 0:
        arrays = layered_arrays(dimension, layers, width, depth, lateral, across, jitter, gaps)
    axes = tuple(range(AXES[dimension] - 1)) if periodic else ()
    tagged = TaggedMesh.from_arrays(arrays, comm, shared_facet_partitioner(), axes)
    return replace(tagged, dimension=dimension)  # type: ignore[arg-type]


def layered_arrays(
    dimension: str,
    layers: Sequence[tuple[str, float]],
    width: float,
    depth: float | None,
    lateral: int,
    across: int | Sequence[int],
    jitter: float = 0.0,
    gaps: Mapping[str, Callable[[Floats], npt.NDArray[np.bool_]]] | None = None,
) -> MeshArrays:
    """The same mesh as plain arrays; arguments as for `layered`."""
    dim = AXES[dimension]
    counts = [across] * len(layers) if isinstance(across, int) else list(across)
    levels = np.concatenate(([0.0], np.cumsum([t for _, t in layers])))
    heights = np.concatenate(
        [np.linspace(a, b, n, endpoint=False) for (a, b), n in zip(pairwise(levels), counts, strict=True)]
        + [levels[-1:]]
    )
    sizes = (width, width if depth is None else depth)
    axes = [np.linspace(0.0, sizes[k], lateral + 1) for k in range(dim - 1)] + [heights]
    shape = tuple(len(a) for a in axes)
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, dim)
    starts = np.cumsum([0, *counts])
    if jitter:
        points += _jitter(points, axes, starts, jitter)
    cells, box_height = _simplices(shape)
    # no order of the cells may matter: which of two dolfinx takes for the first side of a facet is then arbitrary
    shuffled = np.random.default_rng(2).permutation(len(cells))
    cells, box_height = cells[shuffled], box_height[shuffled]
    cell_tags = np.searchsorted(starts, box_height, side="right").astype(np.int32)
    names = [a for a, _ in layers]
    planes = {f"{a}|{b}": (dim - 1, int(starts[k + 1])) for k, (a, b) in enumerate(pairwise(names))}
    planes |= {"bottom": (dim - 1, 0), "top": (dim - 1, shape[-1] - 1)}
    for k in range(dim - 1):
        planes |= {SIDES[k][0]: (k, 0), SIDES[k][1]: (k, shape[k] - 1)}
    facets, tags, facet_names = _facets(cells, shape, planes, points, gaps or {})
    return MeshArrays(points, cells, cell_tags, facets, tags, {n: k + 1 for k, n in enumerate(names)}, facet_names)


def _simplices(shape: tuple[int, ...]) -> tuple[Ints, Ints]:
    """Kuhn's division of all boxes: cells (m, d + 1), and the index of their box along the last axis."""
    dim = len(shape)
    index = np.arange(int(np.prod(shape))).reshape(shape)
    corner = index[tuple(slice(0, n - 1) for n in shape)]
    height = np.broadcast_to(np.arange(shape[-1] - 1), corner.shape)
    stride = [int(np.prod(shape[k + 1 :])) for k in range(dim)]
    cells = []
    for order in permutations(range(dim)):
        path = np.cumsum([0, *(stride[k] for k in order)])
        cells.append(corner.reshape(-1, 1) + path)
    return np.concatenate(cells).astype(np.int64), np.tile(height.reshape(-1), len(cells))


def _facets(
    cells: Ints,
    shape: tuple[int, ...],
    planes: Mapping[str, tuple[int, int]],
    points: Floats,
    gaps: Mapping[str, Callable[[Floats], npt.NDArray[np.bool_]]],
) -> tuple[Ints, npt.NDArray[np.int32], dict[str, int]]:
    dim = len(shape)
    grid = np.stack(np.unravel_index(np.arange(int(np.prod(shape))), shape), axis=-1)
    every = np.unique(np.sort(cell_facets(cells).reshape(-1, dim), axis=1), axis=0)
    groups: dict[str, Ints] = {}
    for name, (axis, plane) in planes.items():
        flat = every[np.all(grid[every][:, :, axis] == plane, axis=1)]
        if name in gaps:
            apart = gaps[name](points[flat].mean(axis=1))
            groups[f"{name}:gap"] = flat[apart]
            flat = flat[~apart]
        groups[name] = flat
    names = {name: k for k, name in enumerate(groups, start=1)}
    tags = np.concatenate([np.full(len(f), names[n], dtype=np.int32) for n, f in groups.items()])
    return np.concatenate(list(groups.values())), tags, names


def _jitter(points: Floats, axes: Sequence[Floats], starts: Ints, size: float) -> Floats:
    """Random displacements (n, d) that leave every side and interface in its plane."""
    dim = points.shape[1]
    moves = np.random.default_rng(1).uniform(-size, size, points.shape)
    shape = tuple(len(a) for a in axes)
    grid = np.stack(np.unravel_index(np.arange(len(points)), shape), axis=-1)
    for k, axis in enumerate(axes):
        fixed = starts if k == dim - 1 else np.array([0, shape[k] - 1])
        step = np.diff(axis).min()
        moves[:, k] *= np.where(np.isin(grid[:, k], fixed), 0.0, step)
    return moves
