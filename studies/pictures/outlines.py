"""Lines in which regions in space meet the surfaces that are shown: outer sides and the cut."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studies.pictures.dataset import Dataset
from studies.pictures.regions import boundary
from studies.pictures.section import cut_sheet

__all__ = ["lifted", "outlines"]

Floats = npt.NDArray[np.float64]

#: A facet lies in an outer side within this part of the largest extent.
_FLAT = 1e-7


def outlines(dataset: Dataset, position: float, whole: int | None = None) -> Floats:
    """(k, 2, 3) segments in metres around all regions on the outer sides behind the cut, and on the cut.

    Args:
        dataset: a model in space.
        position: coordinate y of the cut, m.
        whole: number of a region that is not cut; None: all are.
    """
    low, high = dataset.low, dataset.high
    near = _FLAT * float((high - low).max())
    found: list[Floats] = [np.empty((0, 2, 3))]
    for k, layer in enumerate(dataset.layers):
        faces = boundary(layer.corners)
        corners = layer.points[faces]
        for axis in range(3):
            for side in (low[axis], high[axis]):
                on = np.all(np.abs(corners[:, :, axis] - side) <= near, axis=1)
                if on.any():
                    segments = layer.points[boundary(faces[on])]
                    found.append(segments if k == whole else behind(segments, position))
        if k != whole:
            found.append(lifted(cut_sheet(layer, position).outline, position))
    return np.concatenate(found)


def behind(segments: Floats, position: float) -> Floats:
    """The parts of segments (k, 2, 3) with y larger than `position`."""
    y = segments[:, :, 1]
    kept = segments[(y >= position).any(axis=1)]
    start, end = kept[:, 0], kept[:, 1]
    rise = np.where(end[:, 1] == start[:, 1], 1.0, end[:, 1] - start[:, 1])
    at = start + ((position - start[:, 1]) / rise)[:, None] * (end - start)
    first = np.where((start[:, 1] < position)[:, None], at, start)
    last = np.where((end[:, 1] < position)[:, None], at, end)
    return np.stack([first, last], axis=1)


def lifted(segments: Floats, y: float) -> Floats:
    """Segments (k, 2, 2) of (x, z) in the plane y as (k, 2, 3)."""
    return np.stack([segments[:, :, 0], np.full(segments.shape[:2], y), segments[:, :, 1]], axis=2)
