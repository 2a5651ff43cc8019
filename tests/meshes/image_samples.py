"""Segmented images that tests share, and measures of their meshes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from meshes.arrays import MeshArrays
from meshes.images import LabelImage
from meshes.lattice import facet_pairs, measures

UM = 1e-6


def pattern(shape: tuple[int, ...]) -> Any:
    """Labels that tell every voxel from its mirror images."""
    return np.arange(math.prod(shape), dtype=np.int32).reshape(shape) % 251


def volumes(arrays: MeshArrays) -> dict[str, float]:
    volume = measures(arrays.points, arrays.cells)
    assert volume.min() > 0
    return {name: float(volume[arrays.cell_tags == tag].sum()) for name, tag in arrays.layers.items()}


def areas(arrays: MeshArrays) -> dict[str, float]:
    x = arrays.points[arrays.facets]
    edges = x[:, 1:] - x[:, :1]
    if x.shape[1] == 2:
        size = np.linalg.norm(edges[:, 0], axis=1)
    else:
        size = 0.5 * np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1)
    return {name: float(size[arrays.facet_tags == tag].sum()) for name, tag in arrays.facet_names.items()}


def conforms(arrays: MeshArrays) -> None:
    """Every facet has two cells, or lies in an outer side or at a void."""
    arrays.check()
    pairs = facet_pairs(arrays.cells, len(arrays.points))
    assert len(pairs.crowded) == 0
    sides = {"bottom", "top", "left", "right", "front", "back"}
    named = [n for n in arrays.facet_names if n in sides or n.startswith("void|")]
    outer = sum(int(np.count_nonzero(arrays.facet_tags == arrays.facet_names[n])) for n in named)
    assert outer == np.count_nonzero(pairs.second < 0)


def sphere(voxels: int, fraction: float) -> tuple[LabelImage, float]:
    """A sphere (label 2) in the middle of a cube of 1 um (label 1), and its radius."""
    radius = (3 * fraction / (4 * math.pi)) ** (1 / 3)
    x = (np.arange(voxels) + 0.5) / voxels - 0.5
    r2 = x[:, None, None] ** 2 + x[None, :, None] ** 2 + x[None, None, :] ** 2
    image = LabelImage((r2 < radius**2).astype(np.int32) + 1, (UM / voxels,) * 3)
    return image, (3 * image.fractions()[2] / (4 * math.pi)) ** (1 / 3) * UM


# ------------------------------------------------------------------ reading
