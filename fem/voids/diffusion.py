"""Diffusion along the surfaces of voids: lithium flows from where the surface bulges to where it is hollow.

The flux is D_s delta_s Omega / (R T) times the gradient of the capillary pressure along the arc; volume over width and
time. On a polygon the differences of the pressures of neighbouring points drive it over their edge, so that every
void keeps its volume exactly, and the surface energy falls by the sum of flux times difference (the pressures are its
exact derivatives). Small waves of mode n on a circle of radius R decay at B n^2 (n^2 - 1) / R^4 (on a sphere:
B (n - 1) n (n + 1) (n + 2) / R^4), B = D_s delta_s gamma Omega / (R T).

Points on an edge h apart would bound explicit steps by h^4 / (8 B): the equations are stiff, and integrated implicitly,
on the polygon alone. Nothing flows through ends of arcs.
Source: W. W. Mullins, J. Appl. Phys. 28 (1957) 333; F. A. Nichols and W. W. Mullins, J. Appl. Phys. 36 (1965) 1826.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.integrate import solve_ivp

from fem.errors import ConvergenceError
from fem.voids.outline import Cell
from fem.voids.points import capillary_pressures, point_velocities

Floats = npt.NDArray[np.float64]

__all__ = ["smoothed", "surface_flows"]

#: Tolerance of points over the length of their edges.
_TOLERANCE = 1e-5


def surface_flows(cell: Cell, arc: Floats, pressures: Floats, mobility: float) -> Floats:
    """(m,) volume of lithium that arrives at each point per time, m^3/s (plane: m^2/s); their sum is zero.

    Args:
        pressures: of capillarity at the points, Pa. mobility: D_s delta_s Omega / (R T), m^6/(J s).
    """
    step = np.diff(arc, axis=0)
    width = np.pi * (arc[:-1, 0] + arc[1:, 0]) if cell.axisymmetric else 1.0
    passing = mobility * width * np.diff(pressures) / np.linalg.norm(step, axis=1)
    made = np.zeros(len(arc))
    made[:-1] += passing
    made[1:] -= passing
    return made


def smoothed(
    cell: Cell, arc: Floats, time: float, mobility: float, surface_energy: float, work_of_adhesion: float | None
) -> Floats:
    """The arc after a time (s) of surface diffusion alone; arguments as above and of `capillary_pressures`.

    Raises:
        ConvergenceError: the implicit steps failed.
    """
    edge = float(np.median(np.linalg.norm(np.diff(arc, axis=0), axis=1)))
    axes = [cell.walls[cell.place(arc[place])[1]].axis for place in (0, -1)]

    def placed(points: Floats) -> Floats:
        made = edge * points.reshape(arc.shape)
        for place, axis in zip((0, -1), axes, strict=True):  # ends stay on their walls to the last digit
            made[place, axis] = arc[place, axis]
        return np.asarray(made)

    def velocity(_: float, points: Floats) -> Floats:
        here = placed(points)
        pressures = capillary_pressures(cell, here, surface_energy, work_of_adhesion)
        flows = surface_flows(cell, here, pressures, mobility)
        return np.asarray(time / edge * point_velocities(cell, here, flows).reshape(-1))

    start = (arc / edge).reshape(-1)
    found = solve_ivp(velocity, (0.0, 1.0), start, method="BDF", rtol=1e-9, atol=_TOLERANCE)
    if not found.success:
        raise ConvergenceError(f"diffusion along the surface of a void: {found.message}")
    return placed(found.y[:, -1])
