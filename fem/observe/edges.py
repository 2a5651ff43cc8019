"""Distances from contact edges: the places where fields are singular and values need a distance to mean anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl
from scipy.spatial import cKDTree

from fem.errors import ModelError
from fem.observe.assembly import Assembly

Array = npt.NDArray[np.float64]
_NEAREST = 4


@dataclass(frozen=True)
class EdgeDistance:
    """Distance from the contact edges of one interface.

    Attributes:
        centres: (n, lateral dimensions) middle of every opening, m.
        radii: (n,) radius or half width, m.
        height: position of the interface along the stack, m.
        gdim: space dimension.
        mesh: mesh whose coordinates UFL expressions use.
    """

    centres: Array
    radii: Array
    height: float
    gdim: int
    mesh: Any

    @classmethod
    def of(cls, assembly: Assembly, name: str) -> EdgeDistance:
        """Edges of all features at an interface.

        Raises:
            ModelError: when there is none.
        """
        stack = assembly.geometry.tagged.stack
        openings = [o for f in stack.features for o in f.openings(stack) if o.at == name] if stack else []
        if stack is None or not openings:
            raise ModelError(f"{name!r} has no contact edge")
        return cls(
            np.array([o.centre for o in openings], dtype=float).reshape(len(openings), -1),
            np.array([o.radius for o in openings]),
            float(stack.z_of(name)),
            assembly.geometry.gdim,
            assembly.geometry.mesh,
        )

    def of_points(self, x: Array) -> Array:
        """(n,) distances in m of points (n, gdim) from the nearest edge."""
        lateral, axial = x[:, : self.gdim - 1], x[:, self.gdim - 1] - self.height
        tree = cKDTree(self.centres)
        k = min(_NEAREST, len(self.radii))
        gap, index = tree.query(lateral, k=k)
        gap, index = np.reshape(gap, (len(x), k)), np.reshape(index, (len(x), k))
        return np.asarray(np.min(np.hypot(gap - self.radii[index], axial[:, None]), axis=1))

    def indicator(self, distance: float) -> Any:
        """UFL expression on the interface: 1 within ``distance`` of an edge, 0 elsewhere.

        Evaluated at quadrature points; linear in the number of openings.
        """
        x = ufl.SpatialCoordinate(self.mesh)("+")
        near: Any = 0.0
        for centre, radius in zip(self.centres, self.radii, strict=True):
            squares = [(x[k] - float(c)) ** 2 for k, c in enumerate(centre)]
            gap = abs(ufl.sqrt(sum(squares[1:], start=squares[0])) - float(radius))
            near = ufl.conditional(ufl.lt(gap, distance), 1.0, near)
        return near
