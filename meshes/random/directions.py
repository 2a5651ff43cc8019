"""Random directions and rotations, uniform, by rejection: no sine or cosine decides (see `arithmetic`)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["rotations", "unit_vectors"]

Floats = npt.NDArray[np.float64]


def unit_vectors(rng: np.random.Generator, number: int, dimension: int) -> Floats:
    """Directions (number, dimension), uniform on the circle (2), the sphere (3) or its cousin (4).

    Points of the cube within the ball, divided by their length (Marsaglia 1972).
    """
    found = np.zeros((0, dimension))
    while len(found) < number:
        x = 2 * rng.random((2 * (number - len(found)) + 8, dimension)) - 1
        square = _square(x)
        good = (square <= 1) & (square > 1e-4)
        found = np.concatenate([found, x[good] / np.sqrt(square[good])[:, None]])
    return np.asarray(found[:number])


def rotations(rng: np.random.Generator, number: int) -> Floats:
    """Rotation matrices (number, 3, 3), uniform over all rotations (unit quaternions on the 3-sphere)."""
    w, x, y, z = unit_vectors(rng, number, 4).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.ascontiguousarray(np.moveaxis(np.array(rows), -1, 0))


def _square(x: Floats) -> Floats:
    total = x[:, 0] * x[:, 0]
    for k in range(1, x.shape[1]):
        total = total + x[:, k] * x[:, k]
    return np.asarray(total)
