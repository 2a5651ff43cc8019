"""What is wrong with an input, as data, and the errors that carry it.

Everything here is plain Python: checking a stack needs neither Gmsh nor dolfinx.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "MeshError",
    "MeshProblem",
    "Problem",
    "fraction_problem",
    "length_problem",
    "number_text",
    "rescaling_problem",
    "seed_problem",
]

#: Most that lengths may change to meet a fraction with a whole number of bodies.
_LARGEST_RESCALING = 0.25


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


def fraction_problem(path: str, value: object, *, whole: bool = False) -> list[Problem]:
    """Problem of `value` when it does not lie between 0 and 1 (`whole`: nor is 1)."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and value > 0 and (value < 1 or (whole and value == 1)):  # type: ignore[operator]
        return []
    return [Problem(path, repr(value), "must lie between 0 and 1")]


def seed_problem(value: object) -> list[Problem]:
    """Problem of the seed `value` of random numbers."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return []
    return [Problem("seed", repr(value), "must be a whole number, not negative")]


def rescaling_problem(path: str, fraction: float, what: str, number: int, factor: float, remedy: str) -> list[Problem]:
    """Problem of a `fraction` that a whole `number` of bodies meets only when they change by more than a quarter.

    Args:
        what: the bodies, for the message. factor: what their lengths are multiplied by. remedy: what to change.
    """
    if abs(factor - 1) <= _LARGEST_RESCALING:
        return []
    message = (
        f"no whole number of {what} gives this fraction: {number} would have to be {factor:.2f} times as large; "
        f"change {remedy}"
    )
    return [Problem(path, number_text(float(fraction)), message)]
