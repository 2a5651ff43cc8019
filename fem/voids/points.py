"""Points of the arcs of voids: what they sweep, how fast they go, and how the surface energy presses on them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fem.voids.outline import CONTACT, Cell
from fem.voids.surface import area_vectors, surface_gradient, volume

Floats = npt.NDArray[np.float64]

__all__ = ["capillary_pressures", "point_velocities", "void_volume", "weights_of_points"]

#: Sine of the angle between the surface of a void and the wall below which its end takes less than its share of the
#: swept volume: it would run away.
_FLATTEST = 0.4


def weights_of_points(cell: Cell, arc: Floats) -> tuple[Floats, Floats]:
    """Area (m,) swept per way of the points of an arc, and their directions (m, 2): normals, along the wall at ends."""
    vectors = area_vectors(arc, cell.axisymmetric)
    size = np.linalg.norm(vectors, axis=1)
    along = vectors / size[:, None]
    for place in (0, -1):
        wall = cell.walls[cell.place(arc[place])[1]]
        direction = np.array([0.0, 1.0]) if wall.axis == 0 else np.array([1.0, 0.0])
        share = float(np.dot(vectors[place], direction))
        along[place] = direction * np.sign(share)
        size[place] = max(abs(share), 1e-3 * size[place])
    return size, along


def point_velocities(cell: Cell, arc: Floats, swept: Floats) -> Floats:
    """(m, 2) velocities, m/s, of the points of an arc that sweep the volumes ``swept`` (m,), m^3/s, towards the void.

    An end that meets its wall at a flat angle does not take all of its share; the point next to it takes the rest.
    """
    area, along = weights_of_points(cell, arc)
    full = np.linalg.norm(area_vectors(arc, cell.axisymmetric), axis=1)
    swept = swept.copy()
    for end, neighbour in ((0, 1), (-1, -2)):
        taken = min(1.0, float(area[end] / (_FLATTEST * full[end])))
        swept[neighbour] += (1 - taken) * swept[end]
        swept[end] *= taken
    return np.asarray((swept / area)[:, None] * along)


def void_volume(cell: Cell, arc: Floats) -> float:
    """Volume between an arc and the walls, m^3 (plane: m^2)."""
    start, end = cell.place(arc[0])[0], cell.place(arc[-1])[0]
    end = end if end > start else end + float(cell.lengths()[-1])
    walls = [points[:-1] for _, points in cell.between(start, end)]
    return volume(np.concatenate([*walls, arc[::-1][:-1]]), cell.axisymmetric)


def capillary_pressures(cell: Cell, arc: Floats, surface_energy: float, work_of_adhesion: float | None) -> Floats:
    """(m,) pressure by which the surface energy acts on the points of an arc, Pa (negative where it pulls).

    Args:
        surface_energy: N/m. work_of_adhesion: to the electrolyte, J/m^2; None: lines of contact feel the pressure of
            their neighbours, they are not pulled.
    """
    area, along = weights_of_points(cell, arc)
    energy = surface_energy * np.sum(surface_gradient(arc, cell.axisymmetric) * along, axis=1)
    for place, sign in ((0, 1.0), (-1, -1.0)):
        wall = cell.walls[cell.place(arc[place])[1]]
        if wall.name == CONTACT and surface_energy > 0:
            width = 2 * np.pi * arc[place, 0] if cell.axisymmetric else 1.0
            if work_of_adhesion is not None:
                wetting = surface_energy - work_of_adhesion
                energy[place] += wetting * sign * width * along[place, 0]
            else:
                inner = 1 if place == 0 else -2
                energy[place] = energy[inner] / area[inner] * area[place]
    return np.asarray(energy / area)
