"""How the axes of crystals lie in a model: one rotation for a whole region, or one for every cell (grains).

A rotation is a (3, 3) matrix whose columns are the crystal's axes in those of the model: a vector with components v in
the crystal has R v in the model. The axes of a model are its coordinates and, where there are fewer than three, the
directions out of it: (x, y, out of the plane) in 2-D, (r, z, around the axis) in axisymmetric models, the stack and
the two directions across in 1-D. The third axis of a hexagonal or trigonal crystal is c.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
from dolfinx import default_scalar_type, fem

if TYPE_CHECKING:
    from fem.domains import Domains

__all__ = ["ALIGNED", "CrystalAxes", "GrainAxes", "UniformAxes", "rotation_to"]

Floats = npt.NDArray[np.float64]
Matrix = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]


class CrystalAxes(Protocol):
    """Where the axes of the crystals of a region point."""

    def on(self, geometry: Domains, layer: str) -> Any:
        """(3, 3) rotation from crystal to model axes as UFL on a region, constant in every cell."""
        ...


@dataclass(frozen=True)
class UniformAxes:
    """One crystal, or many that are aligned.

    Attributes:
        rotation: rows of the rotation matrix.
    """

    rotation: Matrix

    def __post_init__(self) -> None:
        r = np.array(self.rotation, dtype=float)
        if r.shape != (3, 3) or not np.allclose(r @ r.T, np.eye(3), atol=1e-9) or np.linalg.det(r) < 0:
            raise ValueError(f"rotation must be a proper (3, 3) rotation, got {self.rotation}")

    def on(self, geometry: Domains, layer: str) -> Any:
        """The rotation as a constant of the forms: another one compiles nothing."""
        return fem.Constant(geometry.mesh, np.array(self.rotation, dtype=default_scalar_type))


@dataclass(frozen=True)
class GrainAxes:
    """Every grain has axes of its own.

    Two regions share a field of concentration where their media are equal: give `rotations` an equality of its own
    where it is the same for all colours of the grains.

    Attributes:
        rotations: midpoints of cells (n, gdim) in metres and the name of their region -> (n, 3, 3) rotations.
    """

    rotations: Callable[[Floats, str], Floats]

    def on(self, geometry: Domains, layer: str) -> Any:
        """The rotations as a function that is constant in every cell of the region."""
        mesh = geometry.region((layer,)).mesh
        function = fem.Function(fem.functionspace(mesh, ("DG", 0, (3, 3))), name="crystal axes")

        def values(x: Floats) -> Floats:
            points = np.ascontiguousarray(x[: geometry.gdim].T)
            found = self.rotations(points, layer) if len(points) else np.zeros((0, 3, 3))
            return np.ascontiguousarray(np.reshape(found, (len(points), 9)).T)

        function.interpolate(values)
        return function


def rotation_to(c_axis: Sequence[float], a_axis: Sequence[float] | None = None) -> Matrix:
    """The rotation whose third column is along `c_axis` and whose first is `a_axis`, made normal to it.

    Args:
        c_axis, a_axis: (3,) directions of any length; without `a_axis`, a is next to an axis of the model.

    Raises:
        ValueError: a direction without length, or two that are parallel.
    """
    c = np.array(c_axis, dtype=float)
    if c.shape != (3,) or not np.linalg.norm(c) > 0:
        raise ValueError(f"an axis needs three components that are not all zero, got {tuple(c_axis)}")
    c /= np.linalg.norm(c)
    # without an a axis, the first of the model's that are furthest from c: an upright crystal stays as it is
    a = np.eye(3)[int(np.argmin(np.abs(c)))] if a_axis is None else np.array(a_axis, dtype=float)
    a = a - (a @ c) * c
    if not np.linalg.norm(a) > 1e-9 * (1.0 if a_axis is None else max(map(abs, a_axis))):
        raise ValueError(f"the a axis {tuple(a_axis or ())} must not be parallel to the c axis {tuple(c_axis)}")
    a /= np.linalg.norm(a)
    b = np.cross(c, a)
    rows = [(float(a[i]), float(b[i]), float(c[i])) for i in range(3)]
    assert math.isclose(float(np.linalg.det(np.array(rows))), 1.0, abs_tol=1e-9)
    return rows[0], rows[1], rows[2]


ALIGNED = UniformAxes(((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)))
"""The crystal's axes are the model's."""
