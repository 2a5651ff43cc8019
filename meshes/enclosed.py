"""Bodies that touch nothing: inner shells of their layer, put there without a boolean operation.

The time that the kernel takes to glue bodies grows faster than their number, and for spline surfaces (ellipsoids) it is
a second for each. A body whose box meets nothing else needs no gluing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import gmsh
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from meshes.shapes import DimTag

__all__ = ["Inserted", "Shell", "enclose", "meeting", "untouched"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
_FACES_OF_A_BOX = 6
#: A body is this far from the sides of its layer, in parts of their length.
_EDGE = 1e-9


@dataclass(frozen=True)
class Inserted:
    """Bodies within `layer` that touch none of each other.

    Attributes:
        paint: number of the call that made them.
        boxes: (n, 2, 3) lowest and highest corners of upright boxes about them.
    """

    layer: str
    paint: int
    tools: tuple[DimTag, ...]
    boxes: Floats


@dataclass(frozen=True)
class Shell:
    """One body that touches nothing: its volume, the middle (3,) of its box, and where it comes from."""

    layer: str
    paint: int
    tag: int
    middle: Floats


def untouched(inserted: list[Inserted], others: list[DimTag], rooms: dict[str, Floats]) -> list[Shell]:
    """Bodies that lie within their layer, the box `rooms[layer]` (2, 3), and touch none of the `others`."""
    if not inserted:
        return []
    own = np.concatenate([one.boxes for one in inserted])
    number = np.repeat(np.arange(len(inserted)), [len(one.tools) for one in inserted])
    room = np.array([rooms[one.layer] for one in inserted])[number]
    edge = _EDGE * (room[:, 1] - room[:, 0])
    clear = np.all((own[:, 0] > room[:, 0] + edge) & (own[:, 1] < room[:, 1] - edge), axis=1)
    clear &= ~meeting(own, boxes(others))
    for k in range(len(inserted)):
        clear[number == k] &= ~meeting(own[number == k], own[number != k])
    tools = [tool for one in inserted for tool in one.tools]
    return [
        Shell(inserted[number[i]].layer, inserted[number[i]].paint, tools[i][1], own[i].mean(axis=0))
        for i in np.flatnonzero(clear)
    ]


def boxes(entities: list[DimTag]) -> Floats:
    """(n, 2, 3) lowest and highest corners of upright boxes that hold the entities."""
    found = [gmsh.model.occ.getBoundingBox(*entity) for entity in entities]
    return np.array(found, dtype=np.float64).reshape(-1, 2, 3)


def meeting(own: Floats, others: Floats) -> Mask:
    """Which of the boxes `own` (n, 2, 3) meet any of the boxes `others` (m, 2, 3).

    Others are sorted into classes of similar size: a few large ones do not make all pairs candidates.
    """
    from scipy.spatial import cKDTree

    found = np.zeros(len(own), dtype=bool)
    if not len(own) or not len(others):
        return found
    middle, half = own.mean(axis=1), 0.5 * (own[:, 1] - own[:, 0])
    reach = 0.5 * (others[:, 1] - others[:, 0]).max(axis=1)
    tree = cKDTree(middle)
    classes = np.ceil(np.log2(np.maximum(reach, half.max()) / half.max()))
    for one in np.unique(classes):
        here = others[classes == one]
        widest = float(reach[classes == one].max() + half.max())
        hits = tree.query_ball_point(here.mean(axis=1), widest * (1 + 1e-9), p=np.inf)
        counts = np.fromiter(map(len, hits), dtype=np.int64, count=len(hits))
        mine = np.array([h for hit in hits for h in hit], dtype=np.int64)
        theirs = np.repeat(here, counts, axis=0)
        touch = np.all((own[mine, 0] <= theirs[:, 1]) & (own[mine, 1] >= theirs[:, 0]), axis=1)
        found[mine[touch]] = True
    return found


def enclose(layer: DimTag, bodies: list[Shell]) -> tuple[DimTag, list[int]]:
    """Make the surfaces of `bodies` inner shells of `layer`, a box.

    Returns:
        The volume that replaces the layer, and those that replace the bodies.
    """
    occ = gmsh.model.occ
    outer = _shells(layer[1])
    shells = [*outer, *(shell for body in bodies for shell in _shells(body.tag))]
    host = int(occ.addVolume([occ.addSurfaceLoop(shell) for shell in shells]))
    occ.remove([layer], recursive=True)
    known = {face for shell in shells[len(outer) :] for face in shell}
    made = [body.tag for body in bodies]
    # the kernel repairs faces of revolution: the bodies are made of what it gave the layer
    repaired = [shell for shell in _shells(host) if len(shell) < _FACES_OF_A_BOX and not known.issuperset(shell)]
    for k, shell in _owners(repaired, bodies).items():
        occ.remove([(3, made[k])], recursive=True)
        made[k] = int(occ.addVolume([occ.addSurfaceLoop(shell)]))
    return (3, host), made


def _shells(volume: int) -> list[list[int]]:
    return [[int(face) for face in loop] for loop in gmsh.model.occ.getSurfaceLoops(volume)[1]]


def _owners(shells: list[list[int]], bodies: list[Shell]) -> dict[int, list[int]]:
    """The body that each shell belongs to: the one whose centre is nearest to the centre of its surface."""
    from scipy.spatial import cKDTree

    if not shells:
        return {}
    occ = gmsh.model.occ
    middles = []
    for shell in shells:
        areas = np.array([occ.getMass(2, face) for face in shell])
        centres = np.array([occ.getCenterOfMass(2, face) for face in shell])
        middles.append(areas @ centres / areas.sum())
    nearest = cKDTree([body.middle for body in bodies]).query(np.array(middles))[1]
    return {int(k): shell for k, shell in zip(nearest, shells, strict=True)}
