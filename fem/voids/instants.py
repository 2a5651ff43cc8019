"""What a run of voids is told, and what it tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
#: A load at a time (s) and the arcs there.
Course = Callable[[float, Sequence[Floats]], float]

__all__ = ["Course", "Instant", "State", "TimeSettings"]


@dataclass(frozen=True)
class TimeSettings:
    """How a run steps and ends.

    Attributes:
        tolerance: error of a point in a step over the size of its void.
        edges: of an arc, at least; a void that has merged keeps those of its members.
        furthest: a point goes at most this share of the size of its void in a step.
        healed: a void is gone when its volume falls below this share of its greatest.
        contact: the contact is lost when less than this share of the wall is left, or would be without pieces that
            are shorter than an edge.
        worst: quality of the mesh (`Body.quality`) below which it is made anew.
    """

    tolerance: float = 1e-3
    edges: int = 24
    furthest: float = 0.25
    healed: float = 0.01
    contact: float = 0.02
    worst: float = 0.4


@dataclass(frozen=True)
class Instant:
    """A state of a run.

    Attributes:
        time: s. arcs: of the voids that are left. volumes: of these voids, m^3 (plane: m^2).
        recession: way of the platen, m. stripped: volume of lithium that went through the contact.
        healed: volume that voids had when they counted as healed. contact, focusing: see `Rates`.
        correction: greatest shift of an arc for the sake of its volume in the last step, over the size of the void.
        event: "" or what happened here: ``healed``; ``merged`` (with each other, or with the image in a plane of
            symmetry); ``split`` (a neck came down to the electrolyte); ``opened`` (sites became voids); ``detached``
            (a void has left the electrolyte; the run ends where it does not lie on a plane of symmetry);
            ``contact lost`` (the run ends).
        driving: of each site, see `Rates`.
    """

    time: float
    arcs: tuple[Floats, ...]
    volumes: Floats
    recession: float
    stripped: float
    healed: float
    contact: float
    focusing: float
    correction: float = 0.0
    event: str = ""
    driving: Floats = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True)
class State:
    """Everything that a run needs to go on; attributes as those of `Instant`, greatest volumes, sites that may open."""

    time: float
    arcs: tuple[Floats, ...]
    volumes: Floats
    greatest: Floats
    recession: float
    stripped: float
    healed: float
    armed: tuple[bool, ...] = field(default=(), kw_only=True)
