"""Cutting simplices at points of their edges: bisection in one order for all cells, so that the mesh conforms."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

__all__ = ["EdgeCuts", "bisect", "cut_edges"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class EdgeCuts:
    """Edges that are cut.

    Attributes:
        nodes: number of nodes before cutting: node k + `nodes` lies on edge k.
        keys: (c,) smaller times `nodes` plus larger end of the cut edges, sorted.
        number: (c,) number of the edge that each key belongs to.
        rank: (c,) order in which they are cut.
    """

    nodes: int
    keys: Ints
    number: Ints
    rank: Ints


def cut_edges(edges: Ints, points: Floats, nodes: int) -> EdgeCuts:
    """Cuts of `edges` (c, 2), the longest first (bisecting the longest edge keeps cells in shape)."""
    length = np.linalg.norm(points[edges[:, 1]] - points[edges[:, 0]], axis=1)
    keys = edges.min(axis=1, initial=nodes) * nodes + edges.max(axis=1, initial=0)
    rank = np.empty(len(edges), dtype=np.int64)
    rank[np.lexsort((keys, -np.round(length / max(length.max(initial=0.0), 1e-300), 9)))] = np.arange(len(edges))
    order = np.argsort(keys)
    return EdgeCuts(nodes, keys[order], order, rank[order])


def bisect(cells: Ints, cuts: EdgeCuts) -> Ints:
    """Cells (m, dim + 1) with every cut edge replaced by its two parts; orientations are kept.

    A cell is bisected at the cut edge that comes first in the common order, then its parts are. Two cells that share
    a facet divide it alike, because what is made of a facet follows from the order of its own edges.
    """
    if not len(cuts.keys):
        return cells
    node = np.zeros(cuts.nodes, dtype=bool)
    node[cuts.keys // cuts.nodes] = True
    node[cuts.keys % cuts.nodes] = True
    active = node[cells].sum(axis=1) >= 2
    done, todo = [cells[~active]], cells[active]
    pairs = list(combinations(range(cells.shape[1]), 2))
    while len(todo):
        best = np.full(len(todo), len(cuts.keys), dtype=np.int64)
        where = np.zeros((len(todo), 2), dtype=np.int64)
        middle = np.zeros(len(todo), dtype=np.int64)
        for a, b in pairs:
            low, high = np.minimum(todo[:, a], todo[:, b]), np.maximum(todo[:, a], todo[:, b])
            keys = np.where(high < cuts.nodes, low * cuts.nodes + high, -1)
            at = np.minimum(np.searchsorted(cuts.keys, keys), len(cuts.keys) - 1)
            better = (cuts.keys[at] == keys) & (cuts.rank[at] < best)
            best[better] = cuts.rank[at[better]]
            middle[better] = cuts.number[at[better]] + cuts.nodes
            where[better] = (a, b)
        split = best < len(cuts.keys)
        done.append(todo[~split])
        first, second = todo[split], todo[split]
        row = np.arange(len(first))
        first[row, where[split, 1]] = middle[split]
        second[row, where[split, 0]] = middle[split]
        todo = np.concatenate([first, second])
    return np.concatenate(done)
