"""Distances from contact edges: the places where fields are singular and values need a distance to mean anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from dolfinx import fem
from scipy.spatial import cKDTree

from fem.errors import ModelError
from fem.observe.assembly import Assembly

Array = npt.NDArray[np.float64]


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
        gap = np.full(len(x), np.inf)
        # among openings of one size the nearest centre has the nearest edge (of all sizes together it need not)
        for radius in np.unique(self.radii):
            tree = cKDTree(self.centres[self.radii == radius])
            gap = np.minimum(gap, abs(tree.query(lateral)[0] - radius))
        return np.asarray(np.hypot(gap, axial))

    def field(self, submesh: Any) -> Any:
        """Distance from the nearest edge as a function on the submesh of the interface, exact on straight edges."""
        function = fem.Function(fem.functionspace(submesh, ("Discontinuous Lagrange", 2)), name="edge_distance")
        function.interpolate(lambda x: self.of_points(x[: self.gdim].T))
        return function
