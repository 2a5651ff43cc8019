"""Which features a failure of Gmsh is about: those that its message names, or that lie where it failed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from meshes.sizes import MeshSizes
    from meshes.stack import Stack

__all__ = ["involved", "places"]

Floats = npt.NDArray[np.float64]
_NUMBER = r"[-+]?\d+\.?\d*(?:e[-+]?\d+)?"
_POINT = re.compile(rf"\(\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\)", re.IGNORECASE)
_ENTITY = re.compile(r"\b(point|curve|surface|volume)s?\s+((?:\d+(?:\s*,\s*|\s+and\s+|\s+)?)+)", re.IGNORECASE)
_DIMENSIONS = {"point": 0, "curve": 1, "surface": 2, "volume": 3}
#: A message names so many features; more do not help.
_MOST_NAMES = 6
#: Features as near to a place as this many times the nearest one have a part in what happens there.
_NEAR = 2.0


def places(text: str, unit: float) -> Floats:
    """(n, 3) points in metres of which a message of Gmsh speaks: coordinates, and middles of entities that there are.

    Args:
        text: the message. unit: length in metres that is 1 in the current Gmsh model.
    """
    import gmsh

    found = [[float(x) for x in match] for match in _POINT.findall(text)]
    for word, numbers in _ENTITY.findall(text):
        dim = _DIMENSIONS[word.lower()]
        there = {tag for _, tag in gmsh.model.getEntities(dim)}
        for tag in map(int, re.findall(r"\d+", numbers)):
            # the layers themselves say nothing: what is large lies everywhere
            if tag in there and dim < 3:
                box = np.array(gmsh.model.getBoundingBox(dim, tag)).reshape(2, 3)
                found.append(box.mean(axis=0).tolist())
    return np.array(found, dtype=np.float64).reshape(-1, 3) * unit


def involved(stack: Stack, sizes: MeshSizes | None, text: str, where: Floats) -> str:
    """Labels of the features that a failure is about, as words for a message; of all where that cannot be told.

    Args:
        text: what failed. where: (n, 3) points in metres where it failed.
    """
    chosen = _named(stack, text)
    if sizes is not None and len(where):
        chosen |= _near(stack, sizes, where[:, : stack.gdim])
    if not chosen:
        chosen = set(range(len(stack.features)))
    labels = list(dict.fromkeys(stack.feature_label(i) for i in sorted(chosen)))
    if len(labels) > _MOST_NAMES:
        labels = [*labels[:_MOST_NAMES], f"and {len(labels) - _MOST_NAMES} more"]
    return ", ".join(labels) or "none"


def _named(stack: Stack, text: str) -> set[int]:
    """Features whose regions, slits or own names the text has as whole words."""
    found = set()
    layers = {layer.name for layer in stack.layers}
    for i, feature in enumerate(stack.features):
        words = {feature.name, *(r.name for r in feature.regions(stack)), *feature.slits(stack)} - layers
        if any(re.search(rf"(?<![\w.]){re.escape(word)}(?![\w.])", text) for word in words):
            found.add(i)
    return found


def _near(stack: Stack, sizes: MeshSizes, where: Floats) -> set[int]:
    from scipy.spatial import cKDTree

    from meshes.resolution import zones

    points, owners, reach = [], [], []
    for i, opening in stack.openings():
        points.append(np.array([[*opening.centre, stack.z_of(opening.at)]]))
        owners.append(np.array([i]))
        reach.append(np.array([max(opening.radius, opening.below, opening.above)]))
    for zone in zones(stack, sizes):
        points.append(zone.points)
        owners.append(zone.owners)
        reach.append(np.full(len(zone.points), zone.within))
    if not points:
        return set()
    x, owner, radius = np.concatenate(points), np.concatenate(owners), np.concatenate(reach)
    away = np.full((len(where), len(stack.features)), np.inf)
    for i in np.unique(owner):
        mine = owner == i
        distance, nearest = cKDTree(x[mine]).query(where)
        away[:, i] = np.maximum(distance - radius[mine][nearest], 0.0)
    least = away.min(axis=1, keepdims=True)
    slack = 1e-3 * min(*stack.lateral, stack.height)
    return {int(i) for i in np.flatnonzero(np.any(away <= _NEAR * least + slack, axis=0))}
