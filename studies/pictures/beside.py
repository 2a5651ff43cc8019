"""What lies where an interface is interrupted: a void, a part without contact, a slit, or another body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fem.interface.names import is_covered, whole
from studies.pictures.dataset import Dataset, Interface
from studies.pictures.shape import is_flat, nodes_of

__all__ = ["Missing", "missing", "neighbours"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Missing:
    """An interval of the width of a model without an interface.

    Attributes:
        ends: lateral coordinates, m.
        words: what is there instead; empty when nothing is known.
        is_open: whether a void, a slit or a part without contact is there.
    """

    ends: tuple[float, float]
    words: str
    is_open: bool


def missing(dataset: Dataset, interface: Interface, at: Floats) -> list[Missing]:
    """Intervals without an interface that is a graph over the width.

    Args:
        dataset: a plane model. interface: in it.
        at: (n, 2) left and right ends of its facets, m, sorted.
    """
    left, right = float(dataset.low[0]), float(dataset.high[0])
    starts, ends = [left, *at[:, 1]], [*at[:, 0], right]
    holes = [(float(a), float(b)) for a, b in zip(starts, ends, strict=True) if b - a > 1e-9 * (right - left)]
    if not holes:
        return []
    candidates = _candidates(dataset, interface)
    numbers = nodes_of([interface.corners, *(corners for _, _, corners in candidates)])
    own, others = numbers[0], numbers[1:]
    found = []
    for hole in holes:
        near = np.isclose(interface.corners[..., 0], hole[0], rtol=0, atol=1e-9 * (right - left))
        near |= np.isclose(interface.corners[..., 0], hole[1], rtol=0, atol=1e-9 * (right - left))
        rim = np.unique(own[near])
        words: dict[str, bool] = {}
        for (word, is_open, corners), nodes in zip(candidates, others, strict=True):
            middle = corners[..., 0].mean(axis=1)
            inside = (middle > hole[0]) & (middle < hole[1])
            if _reaches(nodes[inside], rim):
                words[word] = is_open
        found.append(Missing(hole, ", ".join(words), any(words.values())))
    return found


def neighbours(dataset: Dataset, interface: Interface) -> list[str]:
    """What lies in the plane of a flat interface beside it: other bodies, voids, parts without contact, slits."""
    level = float(interface.corners[0, 0, -1])
    small = 1e-6 * float((dataset.high - dataset.low).max())
    found = []
    for word, is_open, corners in _candidates(dataset, interface):
        touching = np.abs(corners[..., -1] - level) < small
        if np.any(touching.any(axis=1) if is_open else touching.all(axis=1)) and is_flat(interface):
            found.append(word)
    return list(dict.fromkeys(found))


def _candidates(dataset: Dataset, interface: Interface) -> list[tuple[str, bool, Floats]]:
    """(word, whether it is open, corners of its facets) of what may interrupt an interface."""
    body = {x.name: x.body for x in dataset.layers}
    sides = set(whole(interface.name).split("|"))
    found = []
    for surface in dataset.surfaces:
        regions = [body.get(name, name) for name in whole(surface.name).split("|")]
        if surface.kind == "slit":
            found.append((surface.name, True, surface.corners))
        elif surface.kind == "void" and regions[-1] in sides:
            words = dataset.hole_words(surface.corners.mean(axis=1))
            found += [(str(word), True, surface.corners[words == word]) for word in np.unique(words)]
        elif surface.kind == "gap" and set(regions) == sides:
            found.append(("no contact", True, surface.corners))
    for other in dataset.interfaces:
        pair = set(whole(other.name).split("|"))
        if pair == sides and is_covered(other.name) != is_covered(interface.name):
            found.append(("film" if is_covered(other.name) else "bare", False, other.corners))
        if len(pair) == 2 and len(pair & sides) == 1:
            found.append((next(iter(pair - sides)), False, other.corners))
    return found


def _reaches(nodes: npt.NDArray[np.int64], rim: npt.NDArray[np.int64]) -> bool:
    """Whether facets with these nodes hang together with nodes of the rim: some of them touch it."""
    return bool(len(nodes)) and bool(np.isin(nodes, rim).any())
