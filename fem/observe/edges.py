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
from meshes.features.base import Opening
from meshes.features.outline import Outlined, distance_to_edges
from meshes.morph import flattened

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
        ends: (m, 2, lateral dimensions) ends of straight edges, m.
        stack: of the mesh; where it is rough, distances are those on the flat one.
    """

    centres: Array
    radii: Array
    height: float
    gdim: int
    mesh: Any
    ends: Array
    stack: Any

    @classmethod
    def of(cls, assembly: Assembly, name: str) -> EdgeDistance:
        """Edges of all features at an interface.

        Raises:
            ModelError: when there is none.
        """
        stack = assembly.geometry.tagged.stack
        gdim = assembly.geometry.gdim
        openings: list[Opening] = []
        ends: list[Array] = [np.zeros((0, 2, gdim - 1))]
        if stack is not None:
            for feature in stack.features:
                here = [o for o in feature.openings(stack) if o.at == name]
                openings += here
                if isinstance(feature, Outlined) and feature.at == name and not here:
                    ends.append(feature.outline(stack).edges())
        straight = np.concatenate(ends)
        if stack is None or not (openings or len(straight)):
            raise ModelError(f"{name!r} has no contact edge")
        return cls(
            np.array([o.centre for o in openings], dtype=float).reshape(len(openings), gdim - 1),
            np.array([o.radius for o in openings]),
            float(stack.z_of(name)),
            gdim,
            assembly.geometry.mesh,
            straight,
            stack,
        )

    def of_points(self, x: Array) -> Array:
        """(n,) distances in m of points (n, gdim) from the nearest edge."""
        x = flattened(x, self.stack)
        lateral, axial = x[:, : self.gdim - 1], x[:, self.gdim - 1] - self.height
        gap = np.full(len(x), np.inf)
        # among openings of one size the nearest centre has the nearest edge (of all sizes together it need not)
        for radius in np.unique(self.radii):
            tree = cKDTree(self.centres[self.radii == radius])
            gap = np.minimum(gap, abs(tree.query(lateral)[0] - radius))
        if len(self.ends):
            gap = np.minimum(gap, distance_to_edges(lateral, self.ends))
        return np.asarray(np.hypot(gap, axial))

    def field(self, submesh: Any) -> Any:
        """Distance from the nearest edge as a function on the submesh of the interface, exact on straight edges."""
        function = fem.Function(fem.functionspace(submesh, ("Discontinuous Lagrange", 2)), name="edge_distance")
        function.interpolate(lambda x: self.of_points(x[: self.gdim].T))
        return function
