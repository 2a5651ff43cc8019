"""What kind of curve or surface an interface is, which decides how values on it are drawn."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fem.interface.names import whole
from studies.pictures.dataset import Dataset, Interface

__all__ = ["along_curve", "is_flat", "nodes_of", "over_plane", "over_width"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Facets steeper than this (horizontal part of their measure) are not drawn over the width.
_STEEP = 0.05


def is_flat(interface: Interface) -> bool:
    """Whether it lies at one height."""
    heights = interface.corners[..., -1]
    size = float(np.ptp(interface.corners[..., :-1], axis=(0, 1)).max())
    return bool(np.ptp(heights) <= 1e-6 * size)


def over_width(interface: Interface) -> bool:
    """Whether a curve in a plane is a graph over the first coordinate, nowhere too steep to be read so."""
    ends = np.sort(interface.corners[:, :, 0], axis=1)
    run = ends[:, 1] - ends[:, 0]
    lengths = np.linalg.norm(interface.corners[:, 1] - interface.corners[:, 0], axis=1)
    ends = ends[np.argsort(ends.mean(axis=1))]
    overlap = ends[:-1, 1] - ends[1:, 0]
    return bool(np.all(run > _STEEP * lengths) and np.all(overlap <= 1e-9 * np.ptp(ends)))


def over_plane(dataset: Dataset, interface: Interface) -> bool:
    """Whether a surface in space is a graph over the plane of the layers: flat, or a wave between two layers."""
    if is_flat(interface):
        return True
    layers = {b.name for b in dataset.bodies if b.is_layer}
    sides = whole(interface.name).split("|")
    if not set(sides) <= layers or sides[0] == sides[1]:
        return False
    a, b, c = (interface.corners[:, k] for k in range(3))
    normals = np.cross(b - a, c - a)
    share = np.abs(normals[:, 2]) / np.maximum(np.linalg.norm(normals, axis=1), 1e-300)
    projected = float(0.5 * np.abs(normals[:, 2]).sum())
    return bool(share.min() > _STEEP and projected <= (1 + 1e-6) * dataset.area)


def along_curve(interface: Interface) -> tuple[Ints, Floats] | None:
    """The order of the facets of a single curve, and the length (n + 1,) in metres at their ends; else None."""
    nodes = nodes_of([interface.corners])[0]
    touching: dict[int, list[int]] = {}
    for facet, pair in enumerate(nodes):
        for end in pair:
            touching.setdefault(int(end), []).append(facet)
    if max(map(len, touching.values())) > 2:
        return None
    tips = [node for node, facets in touching.items() if len(facets) == 1]
    node = min(tips or touching, key=lambda n: float(interface.corners[nodes == n][0, 0]))
    order, facet = [], touching[node][0]
    for _ in range(len(nodes)):
        order.append(facet)
        node = int(nodes[facet, 0] if nodes[facet, 1] == node else nodes[facet, 1])
        following = [f for f in touching[node] if f != facet]
        if not following or following[0] == order[0]:
            break
        facet = following[0]
    if len(order) < len(nodes):
        return None
    lengths = np.linalg.norm(interface.corners[order, 1] - interface.corners[order, 0], axis=1)
    return np.array(order, dtype=np.int64), np.concatenate([[0.0], np.cumsum(lengths)])


def nodes_of(groups: list[Floats]) -> list[Ints]:
    """Numbers (n, corners) of the corners of facets (n, corners, gdim): the same for the same place."""
    gdim = groups[0].shape[2]
    points = np.concatenate([g.reshape(-1, gdim) for g in groups])
    size = float(np.ptp(points, axis=0).max()) or 1.0
    numbers = np.unique(np.round(points / size, 9), axis=0, return_inverse=True)[1].reshape(-1)
    starts = np.cumsum([0, *(g.shape[0] * g.shape[1] for g in groups)])
    return [numbers[a:b].reshape(g.shape[:2]) for a, b, g in zip(starts, starts[1:], groups, strict=False)]
