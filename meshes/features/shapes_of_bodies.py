"""The shape of a body as plain data: ball, ellipsoid or rod."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from meshes.features.solids import Solid
from meshes.problems import Problem, length_problem, number_text

if TYPE_CHECKING:
    from meshes.stack import Stack

__all__ = ["Shape", "frame_along"]

Floats = npt.NDArray[np.float64]
_LARGEST_ASPECT = 30.0


@dataclass(frozen=True)
class Shape:
    """A ball (2-D: disc) of `radius`; with a `length`, a rod with round ends; or an ellipsoid.

    Attributes:
        radius: metres.
        length: of a rod from end to end, metres.
        semi_axes: of an ellipsoid, metres: two (2-D; axisymmetric: radial and along the axis) or three.
        direction: of the first semi-axis or the rod; default: along x, with the axes of an ellipsoid along x, y
            and z.
    """

    radius: float | None = None
    length: float | None = None
    semi_axes: tuple[float, ...] | None = None
    direction: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        for key in ("semi_axes", "direction"):
            if isinstance(getattr(self, key), list):
                object.__setattr__(self, key, tuple(getattr(self, key)))

    @property
    def ball(self) -> bool:
        """True for balls and discs."""
        return self.semi_axes is None and self.length is None

    @property
    def upright(self) -> bool:
        """True where the axes of the body are those of the model."""
        d = self.direction
        return self.ball or d is None or sum(abs(v) > 1e-12 for v in d) == 1

    @property
    def mean_radius(self) -> float:
        """Radius of a ball, or of the rod's cross-section, or geometric mean of the semi-axes, metres."""
        if self.semi_axes is not None:
            return float(math.prod(self.semi_axes) ** (1 / len(self.semi_axes)))
        assert self.radius is not None
        return float(self.radius)

    def solid(self, centre: Floats, frame: Floats, factor: float = 1.0) -> Solid:
        """The body at `centre` (d,), its axes the columns of `frame`, all lengths times `factor`."""
        d = len(centre)
        if self.semi_axes is not None:
            return Solid(centre, factor * np.array(self.semi_axes, dtype=np.float64), frame)
        assert self.radius is not None
        axes = np.full(d, factor * self.radius)
        if self.length is not None:
            axes[0] = 0.5 * factor * self.length
        return Solid(centre, axes, frame, rod=self.length is not None)

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it."""
        d = stack.gdim
        if (self.radius is None) == (self.semi_axes is None):
            return [Problem("radius", repr(self.radius), "give either a radius or semi_axes")]
        if self.semi_axes is not None:
            if self.length is not None:
                return [Problem("length", number_text(self.length), "an ellipsoid has no length: leave this out")]
            if not isinstance(self.semi_axes, tuple) or len(self.semi_axes) != d:
                return [Problem("semi_axes", repr(self.semi_axes), f"{d} lengths are needed")]
            found = [p for i, a in enumerate(self.semi_axes) for p in length_problem(f"semi_axes[{i}]", a)]
            aspect = max(self.semi_axes) / min(self.semi_axes) if not found else 1.0
        else:
            found = length_problem("radius", self.radius) + length_problem("length", self.length, optional=True)
            aspect = 1.0
            if not found and self.length is not None and self.radius is not None:
                aspect = self.length / (2 * self.radius)
                if aspect < 1 + 1e-9:
                    message = "a rod is longer than its diameter: give its length from end to end"
                    found.append(Problem("length", number_text(self.length), message))
        if aspect > _LARGEST_ASPECT:
            message = f"a body may be {_LARGEST_ASPECT:g} times as long as it is wide at most"
            found.append(Problem("length" if self.length else "semi_axes", f"{aspect:.3g}", message))
        return found + self._direction_problems(stack)

    def _direction_problems(self, stack: Stack) -> list[Problem]:
        if self.direction is None:
            return []
        direction, d = self.direction, stack.gdim
        numbers = isinstance(direction, tuple) and all(
            isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in direction
        )
        if not numbers or len(direction) != d or not any(direction):
            return [Problem("direction", repr(direction), f"must be {d} numbers, not all 0")]
        if stack.dimension == "axisymmetric" and not self.upright:
            return [Problem("direction", repr(direction), "an axisymmetric body stands upright or lies across")]
        return []


def frame_along(direction: tuple[float, ...] | None, dimension: int) -> Floats:
    """Unit vectors (d, d) as columns, the first along `direction` (None: those of the model)."""
    if direction is None:
        return np.eye(dimension)
    length = math.sqrt(math.fsum(v * v for v in direction))
    first = np.array([v / length for v in direction])
    if dimension == 2:
        return np.array([[first[0], -first[1]], [first[1], first[0]]])
    # the second axis lies in the plane of the layers, where the first does not stand upright
    second = np.array([-first[1], first[0], 0.0]) if abs(first[2]) < 1 - 1e-12 else np.array([1.0, 0.0, 0.0])
    second = second / math.sqrt(float(second[0] ** 2 + second[1] ** 2))
    third = np.array(
        [
            first[1] * second[2] - first[2] * second[1],
            first[2] * second[0] - first[0] * second[2],
            first[0] * second[1] - first[1] * second[0],
        ]
    )
    return np.column_stack([first, second, third])
