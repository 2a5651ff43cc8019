"""The regions of a model as plain arrays, and the bodies that a reader knows them by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Array", "Body", "Layer", "boundary"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Layer:
    """One layer with its fields.

    Attributes:
        name, material: as in the study; `name` is that of a region of the mesh.
        low, high: (gdim,) corners of its bounding box, m.
        points: (n, gdim) m. cells: (m, tdim + 1) straight simplices with all nodes as corners (drawing).
        corners: (k, tdim + 1) cells of the mesh itself.
        nodes: name -> (n,) or (n, 3). cells_of: (m,) mesh cell of every drawn cell.
        means: name -> (k,) or (k, components), cell means.
        potentials: carrier -> ``resolved`` or ``equipotential``.
        equipotentials: carrier -> V.
        body: what it is a part of (`grains` for the region ``grains.2``).
        kind: ``layer`` of the stack, or ``body`` that a feature adds.
    """

    name: str
    material: str
    low: Floats
    high: Floats
    points: Floats
    cells: Ints
    corners: Ints
    cells_of: Ints
    nodes: Mapping[str, Array]
    means: Mapping[str, Array]
    potentials: Mapping[str, str]
    equipotentials: Mapping[str, float]
    body: str = ""
    kind: str = "layer"

    @property
    def title(self) -> str:
        """Name and material of the body."""
        name = self.body or self.name
        return f"{name} ({self.material})" if self.material else name

    @cached_property
    def measures(self) -> Floats:
        """(k,) length, area or volume of the cells of the mesh."""
        edges = self.points[self.corners[:, 1:]] - self.points[self.corners[:, :1]]
        return np.asarray(np.abs(np.linalg.det(edges)) / (1.0, 1.0, 2.0, 6.0)[edges.shape[1]])

    def smooth(self, name: str) -> Floats:
        """(n,) or (n, components) node values of a cell mean: averages over the cells around each node."""
        values = np.asarray(self.means[name], dtype=float)
        table = values.reshape(len(values), -1)
        size = len(self.points)
        weight = np.zeros(size)
        total = np.zeros((size, table.shape[1]))
        for column in self.corners.T:
            weight += np.bincount(column, self.measures, size)
            for k in range(table.shape[1]):
                total[:, k] += np.bincount(column, self.measures * table[:, k], size)
        known = weight > 0
        total[known] /= weight[known, None]
        if not known.all():  # nodes in the middle of edges take the mean of their ends
            ends = self._ends()
            total[~known] = total[ends[~known]].mean(axis=1)
        return np.asarray(total.reshape(size, *values.shape[1:]))

    def _ends(self) -> Ints:
        """(n, 2) corners at the ends of the edge that a middle node halves."""
        ends = np.tile(np.arange(len(self.points))[:, None], (1, 2))
        is_corner = np.zeros(len(self.points), dtype=bool)
        is_corner[self.corners] = True
        lines = np.concatenate([self.cells[:, [i, j]] for i, j in _pairs(self.cells.shape[1])])
        mixed = lines[is_corner[lines].sum(axis=1) == 1]
        middle = np.where(is_corner[mixed[:, 0]], mixed[:, 1], mixed[:, 0])
        corner = np.where(is_corner[mixed[:, 0]], mixed[:, 0], mixed[:, 1])
        np.minimum.at(ends[:, 0], middle, corner)
        ends[middle, 1] = -1
        np.maximum.at(ends[:, 1], middle, corner)
        ends[middle, 0] = np.iinfo(np.int64).max
        np.minimum.at(ends[:, 0], middle, corner)
        return ends


@dataclass(frozen=True)
class Body:
    """What a reader knows by one name: a layer, or bodies that a feature adds, as one or several regions.

    Attributes:
        parts: the regions.
        model: corners of the model, whose lateral sides cut through it, m; None where they are not known.
    """

    name: str
    parts: tuple[Layer, ...]
    model: tuple[Floats, Floats] | None = None

    @property
    def title(self) -> str:
        """Name and material."""
        return self.parts[0].title

    @property
    def is_layer(self) -> bool:
        """Whether it is a layer of the stack."""
        return self.parts[0].kind == "layer"

    @property
    def low(self) -> Floats:
        """(gdim,) lower corner of its bounding box, m."""
        return np.asarray(np.min([x.low for x in self.parts], axis=0))

    @property
    def high(self) -> Floats:
        """(gdim,) upper corner of its bounding box, m."""
        return np.asarray(np.max([x.high for x in self.parts], axis=0))

    @cached_property
    def thickness(self) -> float:
        """Twice what it fills over what bounds it within the model, m: the thickness of a film, half a square."""
        volume = sum(float(x.measures.sum()) for x in self.parts)
        bounds = 0.0
        for part in self.parts:
            corners = part.points[boundary(part.corners)]
            corners = corners[~self._cut(corners)]
            edges = corners[:, 1:] - corners[:, :1]
            gram = np.linalg.det(np.einsum("cik,cjk->cij", edges, edges))
            bounds += float(np.sqrt(np.clip(gram, 0.0, None)).sum()) / (1.0, 1.0, 2.0)[edges.shape[1]]
        return 2.0 * volume / bounds if bounds > 0 else 0.0

    def _cut(self, corners: Floats) -> npt.NDArray[np.bool_]:
        """(n,) whether facets (n, corners, gdim) lie in a lateral side of the model."""
        found = np.zeros(len(corners), dtype=bool)
        for end in self.model or ():
            small = 1e-9 * float(np.abs(end).max() or 1.0)
            near = np.abs(corners - end)[..., :-1] < small
            found |= np.any(np.all(near, axis=1), axis=1)
        return found


def boundary(cells: Ints) -> Ints:
    """(k, corners - 1) facets of simplices that belong to one cell only."""
    count = cells.shape[1]
    facets = np.concatenate([np.delete(cells, i, axis=1) for i in range(count)])
    ordered = np.sort(facets, axis=1)
    _, first, times = np.unique(ordered, axis=0, return_index=True, return_counts=True)
    return np.asarray(facets[first[times == 1]])


def _pairs(count: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(count) for j in range(i + 1, count)]
