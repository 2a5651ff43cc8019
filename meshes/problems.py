"""What is wrong with an input, as data, and the errors that carry it.

Everything here is plain Python: checking a stack needs neither Gmsh nor dolfinx.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["MeshError", "MeshProblem", "Problem", "length_problem", "number_text"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input.

    Attributes:
        path: where, in the words of the input: ``layers[1].thickness``, ``features[0].radius``.
        value: what was found there, as text.
        message: what would be right, in one sentence.
    """

    path: str
    value: str
    message: str

    def under(self, prefix: str) -> Problem:
        """The same problem seen from one level further out: ``prefix.path``."""
        return Problem(f"{prefix}.{self.path}" if self.path else prefix, self.value, self.message)

    def __str__(self) -> str:
        return f"{self.path} = {self.value}: {self.message}"


class MeshError(RuntimeError):
    """A mesh could not be made, read or distributed; the message names the features."""


class MeshProblem(MeshError):
    """The input of a mesh is wrong; `problems` lists everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("; ".join(str(p) for p in self.problems))


def number_text(value: object) -> str:
    """A number as a user would write it (metres stay metres)."""
    return f"{value:.6g}" if isinstance(value, float) else repr(value)


def length_problem(path: str, value: object, *, optional: bool = False) -> list[Problem]:
    """Problem of `value` when it is not a positive finite length in metres (empty list: it is one)."""
    if value is None:
        return [] if optional else [Problem(path, "missing", "a length is needed here")]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return [Problem(path, repr(value), "must be a number (metres)")]
    if not math.isfinite(value) or value <= 0:
        return [Problem(path, number_text(value), "must be a positive, finite length")]
    return []
