"""Sides of the geometry that are meshed alike because the model repeats itself, and images of what crosses them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from meshes.joined import axis_sides
from meshes.problems import MeshProblem, Problem, number_text

if TYPE_CHECKING:
    from meshes.build import LayeredModel, Named
    from meshes.stack import Stack

__all__ = ["match_sides"]

Floats = npt.NDArray[np.float64]

#: Faces of two sides are images of each other where their size and middle agree within this part of the period.
_SAME = 1e-5


def match_sides(model: LayeredModel, named: Named) -> None:
    """Tell Gmsh to mesh the upper side across every periodic axis as the lower one.

    Raises:
        MeshProblem: the bodies that cut the two sides are not images of each other.
    """
    import gmsh

    stack, dim = model.stack, model.tdim - 1
    for axis, length in stack.periods.items():
        period = length / model.unit
        low, high = (named.facets.get(side, []) for side in axis_sides(stack.gdim, axis))
        below, above = (_faces(dim, tags, axis) for tags in (low, high))
        pairs = _pairs(below, above, period)
        if pairs is None:
            raise MeshProblem([_unlike(stack, axis)])
        transform = np.eye(4)
        transform[axis, 3] = period
        gmsh.model.mesh.setPeriodic(dim, [high[j] for j in pairs], low, transform.reshape(-1).tolist())


def _faces(dim: int, tags: Sequence[int], axis: int) -> Floats:
    """(n, 4) size and middle of faces, the coordinate across the side taken as zero."""
    import gmsh

    found = np.zeros((len(tags), 4))
    for k, tag in enumerate(tags):
        found[k] = (gmsh.model.occ.getMass(dim, tag), *gmsh.model.occ.getCenterOfMass(dim, tag))
    found[:, 1 + axis] = 0.0
    found[:, 0] **= 1.0 / dim
    return found


def _pairs(below: Floats, above: Floats, period: float) -> list[int] | None:
    from scipy.spatial import cKDTree

    if len(below) != len(above) or not len(below):
        return None
    away, which = cKDTree(above).query(below)
    if away.max() > _SAME * max(period, float(below[:, 0].max())) or len(np.unique(which)) != len(which):
        return None
    return [int(j) for j in which]


def _unlike(stack: Stack, axis: int) -> Problem:
    first, second = axis_sides(stack.gdim, axis)
    labels = [stack.feature_label(i) for i, f in enumerate(stack.features) if not _clear_of(f, stack)]
    message = (
        f"the sides {first} and {second} are periodic, and something cuts one of them that does not go on at the other:"
        f" keep it away from them (0 and {number_text(stack.periods[axis])}), or let its parts meet there"
    )
    return Problem("features", ", ".join(labels) or "these", message)


def _clear_of(feature: object, stack: Stack) -> bool:
    """Whether a feature sees to its images itself: made of openings or solids."""
    openings = getattr(feature, "openings", None)
    return bool(openings is not None and openings(stack)) or hasattr(feature, "solids")
