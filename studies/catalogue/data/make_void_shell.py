#!/usr/bin/env python3
"""Writes the mesh of the catalogue study void-closure: a shell of lithium about half a void, in a cylinder.

    containers/run python3 studies/catalogue/data/make_void_shell.py

Meridian plane of radius and height 6 (um): a void of radius 1 about the origin, lithium (region 1) out to radius 5, and
a medium (region 2) between the shell and the cylinder. Triangles grow with the distance from the void.
"""

from __future__ import annotations

import math
from pathlib import Path

import meshio
import numpy as np

VOID, SHELL, CYLINDER = 1.0, 5.0, 6.0
ACROSS, BESIDE, AROUND = 11, 2, 10


def main() -> None:
    """Write the file beside this one."""
    angles = np.linspace(0.0, math.pi / 2, AROUND + 1)
    directions = np.column_stack([np.sin(angles), np.cos(angles)])
    box = CYLINDER / directions.max(axis=1)
    rows = [np.full(AROUND + 1, r) for r in VOID * (SHELL / VOID) ** (np.arange(ACROSS + 1) / ACROSS)]
    rows += [SHELL + (box - SHELL) * k / BESIDE for k in range(1, BESIDE + 1)]
    points = np.concatenate([r[:, None] * directions for r in rows]).round(12)
    cells, regions = [], []
    for i in range(ACROSS + BESIDE):
        for j in range(AROUND):
            a, b = i * (AROUND + 1) + j, (i + 1) * (AROUND + 1) + j
            odd = (i + j) % 2
            cells += [[a, b, b + 1], [a, b + 1, a + 1]] if odd else [[a, b, a + 1], [b, b + 1, a + 1]]
            regions += 2 * [1 if i < ACROSS else 2]
    tags = [np.array(regions)]
    mesh = meshio.Mesh(
        points, [("triangle", np.array(cells))], cell_data={"gmsh:physical": tags, "gmsh:geometrical": tags}
    )
    meshio.write(Path(__file__).with_name("void-shell.msh"), mesh, file_format="gmsh22", binary=False)


if __name__ == "__main__":
    main()
