"""One-dimensional meshes: graded intervals, made without Gmsh."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from meshes.arrays import MeshArrays
from meshes.sizes import MeshSizes
from meshes.stack import Stack

__all__ = ["interval_arrays"]


def interval_arrays(stack: Stack, sizes: MeshSizes) -> MeshArrays:
    """Mesh of a one-dimensional `stack`: in each layer the points equidistribute the integral of 1/h."""
    nodes: list[npt.NDArray[np.float64]] = [np.zeros(1)]
    tags = []
    for k, layer in enumerate(stack.layers):
        low, high = stack.span(layer.name)
        z = np.linspace(low, high, 4001, dtype=np.float64)
        density = 1 / sizes.through(stack, z)
        total = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(z))])
        # a whole number of cells; rounded up, so that no cell is larger than asked for
        cells = max(1, math.ceil(total[-1] - 1e-9))
        inner = np.interp(np.arange(1, cells) * (total[-1] / cells), total, z)
        nodes += [inner, np.array([high])]
        tags.append(np.full(cells, k + 1, dtype=np.int32))
    points = np.concatenate(nodes)
    ends = np.concatenate([[0], np.cumsum([len(t) for t in tags])])
    names = {name: i + 1 for i, name in enumerate(stack.facet_names())}
    order = [*stack.interfaces, "bottom", "top"]
    facets = np.array([*ends[1:-1], ends[0], ends[-1]], dtype=np.int64).reshape(-1, 1)
    n = np.arange(len(points) - 1)
    return MeshArrays(
        points.reshape(-1, 1),
        np.column_stack([n, n + 1]).astype(np.int64),
        np.concatenate(tags),
        facets,
        np.array([names[name] for name in order], dtype=np.int32),
        {layer.name: k + 1 for k, layer in enumerate(stack.layers)},
        names,
    )
