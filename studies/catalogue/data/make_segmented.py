"""Makes the segmented volumes of the catalogue: `python3 make_segmented.py [FOLDER]`.

Both have 24 x 24 x 24 voxels; the label 1 is the matrix, 2 the particles. The files beside this script were made by it
and are the same on every machine (PCG64, comparisons only).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

VOXELS = 24
SPHERE_FRACTION = 0.2
PARTICLE_FRACTION = 0.3
RADII = (3.0, 4.5)
CLEARANCE = 2.0
Labels = npt.NDArray[np.uint8]


def _squares(centre: tuple[float, float, float]) -> npt.NDArray[np.float64]:
    """Squared distance (z, y, x) of every voxel's middle from a place, in voxels."""
    x = np.arange(VOXELS) + 0.5
    z2, y2, x2 = ((x - c) ** 2 for c in reversed(centre))
    return np.asarray(z2[:, None, None] + y2[None, :, None] + x2[None, None, :])


def sphere() -> Labels:
    """One sphere in the middle: the unit cell of a simple cubic array."""
    radius = VOXELS * (3 * SPHERE_FRACTION / (4 * np.pi)) ** (1 / 3)
    middle = VOXELS / 2
    return np.where(_squares((middle, middle, middle)) < radius**2, 2, 1).astype(np.uint8)


def composite(seed: int = 14) -> Labels:
    """Spheres at random places, apart from each other, cut by all sides: a piece of a larger body."""
    random = np.random.Generator(np.random.PCG64(seed))
    labels = np.ones((VOXELS,) * 3, dtype=np.uint8)
    placed: list[tuple[tuple[float, float, float], float]] = []
    for _ in range(20_000):
        draws = [float(v) for v in random.random(4)]
        radius = RADII[0] + draws[3] * (RADII[1] - RADII[0])
        centre = (VOXELS * draws[0], VOXELS * draws[1], VOXELS * draws[2])
        apart = all(
            sum((a - b) ** 2 for a, b in zip(centre, other, strict=True)) > (radius + size + CLEARANCE) ** 2
            for other, size in placed
        )
        if not apart:
            continue
        placed.append((centre, radius))
        labels[_squares(centre) < radius**2] = 2
        if np.count_nonzero(labels == 2) >= PARTICLE_FRACTION * labels.size:
            break
    return labels


def main(folder: Path) -> None:
    """Write both volumes: an array of NumPy and a TIFF with one page per slice."""
    from PIL import Image

    np.savez_compressed(folder / "sphere.npz", labels=sphere())
    first, *rest = [Image.fromarray(page) for page in composite()]
    first.save(folder / "composite.tif", save_all=True, append_images=rest, compression="tiff_adobe_deflate")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
