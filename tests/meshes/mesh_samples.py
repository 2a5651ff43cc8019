"""Stacks and measures that the tests of the meshes share."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from meshes import Layer, Stack
from meshes.arrays import MeshArrays

UM = 1e-6
LAYERS = (Layer("anode", 10 * UM), Layer("electrolyte", 50 * UM), Layer("counter", 10 * UM))
LOW, HIGH = "anode|electrolyte", "electrolyte|counter"


def stack(dimension: Any, *features: Any, layers: tuple[Layer, ...] = LAYERS) -> Stack:
    """The sample stack, 20 um wide (and deep)."""
    width = None if dimension == "1" else 20 * UM
    return Stack(dimension, layers, width, 20 * UM if dimension == "3" else None, features)


def content(points: Any, simplices: Any) -> Any:
    """Length, area or volume of each simplex (n,); 1 for points."""
    k = simplices.shape[1] - 1
    if k == 0:
        return np.ones(len(simplices))
    edges = points[simplices[:, 1:]] - points[simplices[:, :1]]
    gram = np.einsum("nij,nkj->nik", edges, edges)
    return np.sqrt(np.clip(np.linalg.det(gram), 0, None)) / math.factorial(k)


def weights(arrays: MeshArrays, simplices: Any, axisymmetric: bool) -> Any:
    """Content of each simplex, revolved about the axis when axisymmetric (exact for linear r)."""
    size = content(arrays.points, simplices)
    return size * 2 * np.pi * arrays.points[simplices, 0].mean(axis=1) if axisymmetric else size


def layer_sizes(arrays: MeshArrays, axisymmetric: bool = False) -> dict[str, float]:
    """Volume (area, length) by layer."""
    size = weights(arrays, arrays.cells, axisymmetric)
    return {name: float(size[arrays.cell_tags == tag].sum()) for name, tag in arrays.layers.items()}


def facet_sizes(arrays: MeshArrays, axisymmetric: bool = False) -> dict[str, float]:
    """Area (length, count) by facet name."""
    size = weights(arrays, arrays.facets, axisymmetric)
    return {name: float(size[arrays.facet_tags == tag].sum()) for name, tag in arrays.facet_names.items()}


def cap_volume(radius: float, depth: float) -> float:
    """Volume of a spherical cap."""
    return math.pi * depth * (3 * radius**2 + depth**2) / 6


def cap_area(radius: float, depth: float) -> float:
    """Curved area of a spherical cap."""
    return math.pi * (radius**2 + depth**2)


def segment_area(radius: float, depth: float) -> float:
    """Area of a circular segment of half chord `radius`."""
    big = (radius**2 + depth**2) / (2 * depth)
    half = math.atan2(radius, big - depth)
    return big**2 * half - radius * (big - depth)
