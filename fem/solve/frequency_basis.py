"""A linearised model projected onto few vectors: small matrices that answer at every frequency.

The unknowns are split into the potentials and each other kind of field. Every part has a basis of its own, so that
volts and moles are never mixed in one vector, and the numbers are kept as they are. At rest the linearised model is
symmetric up to one factor per part (Onsager); Galerkin projection with separate bases is blind to such factors, and
the error of the impedance is the square of that of the fields.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fem.constants import STANDARD_TEMPERATURE, thermal_voltage
from fem.solve.frequency_pencil import Pencil

Array = npt.NDArray[np.floating[Any]]
ComplexArray = npt.NDArray[np.complex128]

# A new vector that lies in the span of the earlier ones up to this share adds nothing but rounding.
DEPENDENT = 1e-11


class ReducedModel:
    """Galerkin projection of a pencil; grows by one direction at a time. Collective.

    Args:
        pencil: J, M and their borders.

    Attributes:
        basis: (rows on this rank,) orthonormal vectors, each within one part.
    """

    def __init__(self, pencil: Pencil) -> None:
        self.pencil, self.comm = pencil, pencil.comm
        self.numbers = len(pencil.stage.numbers)
        self.parts = _parts(pencil)
        self.basis: list[Array] = []
        self._part_of: list[int] = []
        # What numbers and vectors are mapped to (J part, M part, ...) is kept as an orthonormal set in the weighted
        # norm times coefficients: residuals are then known to machine precision, not to its root.
        self._images: list[Array] = []
        self._coefficients: list[Array] = []
        self._weight = np.sqrt(_weights(pencil))
        self._static, self._dynamic = pencil.corner[0].copy(), pencil.corner[1].copy()
        for static, dynamic in pencil.borders:
            self._add_images(static, dynamic)

    # ------------------------------------------------------------------ growth
    def extend(self, direction: Array) -> int:
        """Add a flat vector of the fields, part by part; returns how many basis vectors are new."""
        added = 0
        for k, rows in enumerate(self.parts):
            piece = np.zeros_like(direction)
            piece[rows] = direction[rows]
            size = self._norm(piece)
            if size == 0.0:
                continue
            mates = [q for q, part in zip(self.basis, self._part_of, strict=True) if part == k]
            for _ in range(2):
                if mates:
                    overlaps = self.comm.allreduce(np.array([q[rows] @ piece[rows] for q in mates]))
                    for overlap, q in zip(overlaps, mates, strict=True):
                        piece[rows] -= overlap * q[rows]
            left = self._norm(piece)
            if left > DEPENDENT * size:
                self._append(piece / left, k)
                added += 1
        return added

    def _norm(self, vector: Array) -> float:
        return float(np.sqrt(self.comm.allreduce(float(vector @ vector))))

    def _append(self, vector: Array, part: int) -> None:
        static, dynamic = self.pencil.multiply(vector)
        against = self.comm.allreduce(np.array([(vector / self._weight) @ q for q in self._images]))
        self.basis.append(vector)
        self._part_of.append(part)
        self._static = self._grown(self._static, vector, static, 0, against)
        self._dynamic = self._grown(self._dynamic, vector, dynamic, 1, against)
        self._add_images(static, dynamic)

    def _grown(self, old: Array, vector: Array, product: Array, which: int, against: Array) -> Array:
        """A projected matrix with one more row and column (the numbers come first)."""
        n, m = self.numbers, len(self.basis) - 1
        local = np.zeros(n + m + 1)
        local[:n] = [pair[which] @ vector for pair in self.pencil.rows]
        local[n:] = [q @ product for q in self.basis]
        column = self.comm.allreduce(local)
        grown = np.empty((n + m + 1, n + m + 1))
        grown[:-1, :-1], grown[:, -1] = old, column
        grown[-1, :-1] = [c @ against[: len(c)] for c in self._coefficients[which::2]]
        return grown

    def _add_images(self, *images: Array) -> None:
        """Keep what a number or vector is mapped to, as coefficients of an orthonormal set."""
        for image in images:
            left = image * self._weight
            found: Array = np.zeros(len(self._images))
            for _ in range(2):
                if self._images:
                    more = self.comm.allreduce(np.array([q @ left for q in self._images]))
                    for value, q in zip(more, self._images, strict=True):
                        left -= value * q
                    found += more
            size = self._norm(left)
            if size > 0.0:
                self._images.append(left / size)
                found = np.append(found, size)
            self._coefficients.append(found)

    # ------------------------------------------------------------------ answers
    def response(self, shift: complex, load: Array) -> ComplexArray:
        """Coordinates (numbers, basis) of the solution of (J + shift M) u = load.

        Args:
            shift: 1/s; j omega for a frequency.
            load: (numbers,) sources.
        """
        matrix = self._static + shift * self._dynamic
        right = np.zeros(len(matrix), dtype=complex)
        right[: self.numbers] = load
        scale = 1.0 / np.sqrt(np.maximum(np.abs(np.diag(matrix)), np.finfo(float).tiny))
        return np.asarray(scale * np.linalg.solve(scale[:, None] * matrix * scale, scale * right))

    def _left_over(self, shift: complex, coordinates: ComplexArray) -> ComplexArray:
        """Coefficients of the pencil times a solution in the orthonormal set of images."""
        total = np.zeros(len(self._images), dtype=complex)
        for k, value in enumerate(coordinates):
            for factor, image in ((value, 2 * k), (shift * value, 2 * k + 1)):
                coefficients = self._coefficients[image]
                total[: len(coefficients)] += factor * coefficients
        return total

    def residual(self, shift: complex, coordinates: ComplexArray) -> float:
        """Weighted square of what the coordinates leave over in the rows of the fields, in A V."""
        return float(np.sum(np.abs(self._left_over(shift, coordinates)) ** 2))

    def fields(self, coordinates: ComplexArray) -> ComplexArray:
        """(rows on this rank,) the solution itself, zero on tied rows."""
        found = np.zeros(self.pencil.size, dtype=complex)
        for value, q in zip(coordinates[self.numbers :], self.basis, strict=True):
            found += value * q
        return found

    def remainder(self, shift: float, coordinates: ComplexArray) -> Array:
        """(rows on this rank,) right-hand side minus the pencil at a real shift times the solution."""
        left: Array = np.zeros(self.pencil.size)
        for value, q in zip(np.real(self._left_over(shift, coordinates)), self._images, strict=True):
            left -= value * q
        return np.asarray(left / self._weight)


def _parts(pencil: Pencil) -> list[Any]:
    """Flat rows of the potentials together, and of every other field."""
    stage = pencil.stage
    slices = [slice(int(a), int(b)) for a, b in zip(stage.offsets[:-1], stage.offsets[1:], strict=True)]
    kinds = [f.kind for f in stage.fields]
    joined = np.zeros(pencil.size, dtype=bool)
    for rows, kind in zip(slices, kinds, strict=True):
        joined[rows] = kind == "potential"
    alone = [rows for rows, kind in zip(slices, kinds, strict=True) if kind != "potential"]
    return [joined if alone else slice(0, pencil.size), *alone]


def _weights(pencil: Pencil) -> Array:
    """Inverse of the diagonal, in a common unit: a typical value of every field counts as the thermal voltage."""
    stage = pencil.stage
    weight = 1.0 / pencil.diagonal()
    volt = thermal_voltage(STANDARD_TEMPERATURE)
    for k, field in enumerate(stage.fields):
        if field.kind != "potential":
            weight[int(stage.offsets[k]) : int(stage.offsets[k + 1])] *= volt / field.scale
    return weight
