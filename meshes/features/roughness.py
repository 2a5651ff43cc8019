"""Interfaces that are not flat: waves of one wavelength, or a random self-affine surface."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from meshes.features.base import FeatureDefaults, Refinement
from meshes.problems import Problem, length_problem, number_text
from meshes.surfaces import Relief, self_affine, sinusoidal

if TYPE_CHECKING:
    from meshes.build import LayeredModel
    from meshes.sizes import MeshSizes
    from meshes.stack import Stack

__all__ = ["Along", "Roughness", "Waviness"]

Along = Literal["x", "y", "both"]
#: Cells per shortest wavelength, at the sizes of the user and not those of a coarser family member.
CELLS_PER_WAVE = 8
#: More waves or more surface cells than these are taken for a slip in the wavelengths.
_MOST_WAVES = 4_000_000
_MOST_FACETS = 3e6
#: A wavelength fits when a whole number of it differs this little from the size.
_FITS = 1e-6


class _Rough(FeatureDefaults):
    """What both share: the mesh of the flat interface is refined, and moved afterwards (`meshes.morph`)."""

    at: str
    name: str
    periodic: bool

    @abstractmethod
    def relief(self, stack: Stack) -> Relief:
        """The surface."""

    def repeats(self, stack: Stack) -> bool:
        """Whether the surface repeats itself beyond the sides: it must in a stack with periodic sides."""
        return self.periodic or stack.laterally_periodic

    @abstractmethod
    def _finest(self) -> float:
        """Shortest wavelength in metres."""

    def cut(self, model: LayeredModel) -> None:
        """Nothing is drawn."""

    def refinements(self, stack: Stack, sizes: MeshSizes) -> tuple[Refinement, ...]:
        """At least 8 cells per shortest wavelength all over the interface."""
        finest = self._finest()
        axes = []
        for size in stack.lateral:
            number = max(1, math.ceil(size / finest))
            axes.append((np.arange(number) + 0.5) * (size / number))
        places = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
        points = np.column_stack([places, np.full(len(places), stack.z_of(self.at))])
        return (Refinement(points, sizes.factor * finest / CELLS_PER_WAVE, 0.75 * finest),)

    def _count_problems(self, key: str, stack: Stack) -> list[Problem]:
        finest = self._finest()
        facets = math.prod(max(1.0, CELLS_PER_WAVE * size / finest) for size in stack.lateral)
        if facets > _MOST_FACETS:
            message = (
                f"{CELLS_PER_WAVE} cells per wavelength make {facets:.0e} facets of {self.at}, more than "
                f"{_MOST_FACETS:.0e}"
            )
            return [Problem(key, number_text(finest), message)]
        return []

    def _room_problems(self, key: str, stack: Stack) -> list[Problem]:
        from meshes.morph import room_problems

        return [Problem(key, number_text(getattr(self, key)), p.message) for p in room_problems(stack, self.at)]


@dataclass(frozen=True)
class Waviness(_Rough):
    """The interface `at` is z + amplitude cos(2 pi x / wavelength + phase), in 3-D times the same along y.

    Several features on one interface add up; interfaces of one layer with the same feature stay parallel.

    Attributes:
        at: interface ``lower|upper``.
        amplitude: from mean to crest, metres.
        wavelength: metres. A whole number of half wavelengths must fit between symmetry planes, a whole number
            of wavelengths between periodic sides.
        phase: radians. Between symmetry planes 0 (a crest at the corner) or pi (a trough).
        along: in 3-D, direction of the waves: ``x`` or ``y`` (grooves), or ``both`` (an egg box).
        periodic: lateral sides are periodic, not symmetry planes.
        name: for messages.
    """

    at: str
    amplitude: float
    wavelength: float
    phase: float = 0.0
    along: Along = "both"
    periodic: bool = False
    name: str = "waviness"

    def counts(self, stack: Stack) -> tuple[int, ...]:
        """Number of half wavelengths (periodic: whole ones) along each lateral direction."""
        whole = [s if self.repeats(stack) else 2 * s for s in stack.lateral]
        use = [True] if len(whole) == 1 else [self.along in (axis, "both") for axis in ("x", "y")]
        return tuple(round(w / self.wavelength) if used else 0 for w, used in zip(whole, use, strict=True))

    def relief(self, stack: Stack) -> Relief:
        """Its surface."""
        return sinusoidal(stack.lateral, self.amplitude, self.counts(stack), self.phase, self.repeats(stack))

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it in this stack."""
        found = length_problem("amplitude", self.amplitude) + length_problem("wavelength", self.wavelength)
        if self.along not in get_args(Along):
            found.append(Problem("along", repr(self.along), f"must be one of {', '.join(get_args(Along))}"))
        if isinstance(self.phase, bool) or not isinstance(self.phase, int | float) or not math.isfinite(self.phase):
            found.append(Problem("phase", repr(self.phase), "must be an angle"))
        elif not self.repeats(stack) and abs(math.sin(self.phase)) > _FITS:
            message = "between symmetry planes a wave begins with a crest (0 deg) or a trough (180 deg)"
            found.append(Problem("phase", f"{math.degrees(self.phase):.6g} deg", message))
        if found:
            return found
        found = self._fit_problems(stack) or self._count_problems("wavelength", stack)
        return found or self._room_problems("amplitude", stack)

    def _finest(self) -> float:
        return self.wavelength

    def _fit_problems(self, stack: Stack) -> list[Problem]:
        part = "wavelengths" if self.repeats(stack) else "half wavelengths"
        for axis, (size, count) in enumerate(zip(stack.lateral, self.counts(stack), strict=True)):
            if len(stack.lateral) == 2 and self.along not in (("x", "y")[axis], "both"):
                continue
            whole = size if self.repeats(stack) else 2 * size
            if count == 0 or abs(count * self.wavelength - whole) > _FITS * whole:
                near = sorted({max(1, math.floor(whole / self.wavelength)), math.ceil(whole / self.wavelength)})
                fitting = " or ".join(number_text(whole / n) for n in reversed(near))
                word = ("width", "depth")[axis]
                message = f"a whole number of {part} must fit into the {word} ({number_text(size)}): {fitting}"
                return [Problem("wavelength", number_text(self.wavelength), message)]
        return []


@dataclass(frozen=True)
class Roughness(_Rough):
    """The interface `at` is a random self-affine surface (2-D: profile).

    Its power spectrum falls like q^(-2(1 + H)) (profile: q^(-(1 + 2 H))) between two cut-offs. The same seed gives
    the same surface on every machine, and the same long waves whatever the cut-offs are.

    Attributes:
        at: interface ``lower|upper``.
        rms: root mean square height, which the surface meets exactly, metres.
        shortest: shortest wavelength, metres.
        longest: longest wavelength, metres; default: the width (of width and depth the smaller).
        hurst: exponent, between 0 (as rough on all scales) and 1 (smooth on small ones).
        seed: of the surface.
        periodic: lateral sides are periodic, not symmetry planes.
        name: for messages.
    """

    at: str
    rms: float
    shortest: float
    longest: float | None = None
    hurst: float = 0.8
    seed: int = 0
    periodic: bool = False
    name: str = "roughness"

    def relief(self, stack: Stack) -> Relief:
        """Its surface.

        Raises:
            ValueError: no wave fits (`problems` says so before).
        """
        longest = min(stack.lateral) if self.longest is None else self.longest
        made = _surface(stack.lateral, self.rms, self.hurst, longest, self.shortest, self.seed, self.repeats(stack))
        if made is None:
            raise ValueError(f"no wave between {self.shortest} and {longest} m fits into {stack.lateral} m")
        return made

    def problems(self, stack: Stack) -> list[Problem]:
        """What is wrong with it in this stack."""
        found = length_problem("rms", self.rms) + length_problem("shortest", self.shortest)
        found += length_problem("longest", self.longest, optional=True)
        if isinstance(self.hurst, bool) or not isinstance(self.hurst, int | float) or not 0 <= self.hurst <= 1:
            found.append(Problem("hurst", repr(self.hurst), "must lie between 0 and 1"))
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            found.append(Problem("seed", repr(self.seed), "must be a whole number, not negative"))
        if stack.dimension == "axisymmetric":
            message = "a random surface is not symmetric about an axis: use dimension 2 or 3, or waviness"
            found.append(Problem("", self.name, message))
        if found:
            return found
        whole = max(stack.lateral) * (1 if self.repeats(stack) else 2)
        longest = min(stack.lateral) if self.longest is None else self.longest
        if self.shortest > longest * (1 + 1e-9) or longest > whole * (1 + 1e-9):
            message = f"wavelengths must lie between `shortest` and {number_text(whole)}"
            key = "longest" if self.longest is not None else "shortest"
            return [Problem(key, number_text(getattr(self, key)), message)]
        found = self._count_problems("shortest", stack)
        waves = math.prod(1 + (1 if self.repeats(stack) else 2) * s / self.shortest for s in stack.lateral)
        if not found and waves > _MOST_WAVES:
            message = f"needs {waves:.0e} waves, more than {_MOST_WAVES:.0e}"
            found = [Problem("shortest", number_text(self.shortest), message)]
        if found:
            return found
        try:
            self.relief(stack)
        except ValueError as error:
            return [Problem("shortest", number_text(self.shortest), str(error))]
        return self._room_problems("rms", stack)

    def _finest(self) -> float:
        return self.shortest


@lru_cache(maxsize=16)
def _surface(
    size: tuple[float, ...], rms: float, hurst: float, longest: float, shortest: float, seed: int, periodic: bool
) -> Relief | None:
    return self_affine(size, rms, hurst, longest, shortest, seed, periodic)
