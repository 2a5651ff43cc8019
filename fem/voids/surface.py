"""Volumes, areas and capillary pressures of outlines that are polygons, with their exact derivatives.

The lithium lies to the left of a polygon that goes counter-clockwise. With hat functions psi_k on the polygon the area
vector A_k = integral of n psi_k (times 2 pi r round an axis) is the derivative of the volume by the point k, n pointing
out of the lithium. A normal velocity u.n with b_k = integral of u.n psi_k is therefore given to the points as
b_k / (A_k.d) d along any directions d: the volume changes by the sum of the b_k, exactly. In the same way the surface
energy E gives every point the pressure (dE/dx_k.d) / (A_k.d), whose work is the exact rate of E.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

__all__ = ["area_vectors", "surface_gradient", "volume"]


def volume(points: Floats, axisymmetric: bool) -> float:
    """Volume inside a closed polygon (k, 2), counter-clockwise: m^2, or of revolution about x = 0 in m^3."""
    (x, y), (x2, y2) = points.T, np.roll(points, -1, axis=0).T
    if axisymmetric:
        return float(np.pi / 3 * np.sum((x**2 + x * x2 + x2**2) * (y2 - y)))
    return float(np.sum(x * y2 - x2 * y) / 2)


def area_vectors(arc: Floats, axisymmetric: bool) -> Floats:
    """(k, 2) area vectors of the points of an open polygon, out of the lithium to its left: m, or m^2."""
    step = np.diff(arc, axis=0)
    normal = np.column_stack([step[:, 1], -step[:, 0]])
    first, second = _hat_weights(arc, axisymmetric)
    made = np.zeros_like(arc)
    made[:-1] += first[:, None] * normal
    made[1:] += second[:, None] * normal
    return made


def surface_gradient(arc: Floats, axisymmetric: bool) -> Floats:
    """(k, 2) derivative of the length (round an axis: area) of an open polygon by its points."""
    step = np.diff(arc, axis=0)
    length = np.linalg.norm(step, axis=1)
    tangent = step / length[:, None]
    made = np.zeros_like(arc)
    if axisymmetric:
        round_about = np.pi * (arc[:-1, 0] + arc[1:, 0])
        radial = np.column_stack([np.pi * length, np.zeros_like(length)])
        made[:-1] += radial
        made[1:] += radial
        tangent = tangent * round_about[:, None]
    made[:-1] -= tangent
    made[1:] += tangent
    return made


def _hat_weights(arc: Floats, axisymmetric: bool) -> tuple[Floats, Floats]:
    """Integrals of the two hat functions over each edge, over its length (times 2 pi r round an axis)."""
    if not axisymmetric:
        half = np.full(len(arc) - 1, 0.5)
        return half, half
    r, r2 = arc[:-1, 0], arc[1:, 0]
    return np.pi / 3 * (2 * r + r2), np.pi / 3 * (r + 2 * r2)
