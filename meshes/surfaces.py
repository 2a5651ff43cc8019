"""Heights of wavy and rough surfaces as sums of waves over the lateral extent of a model.

Between symmetry planes the waves are even about both of them: cosines of whole numbers of half wavelengths, whose
slope vanishes at the sides. Between periodic sides they are whole wavelengths of any phase. The mean height is 0 and
the mean square is the sum over the waves, exactly.

Self-affine surfaces (Mandelbrot 1985; Persson et al., J. Phys.: Condens. Matter 17 (2005) R1) have the power
spectrum q^(-2(1 + H)) of an area and q^(-(1 + 2 H)) of a profile, with the Hurst exponent H. Only raw doubles of
PCG64 and their sums decide about the waves, so that a seed means the same surface everywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Relief", "self_affine", "sinusoidal"]

Floats = npt.NDArray[np.float64]
_CHUNK = 2**22  # entries of the table of waves at points that are held at once
#: Samples per shortest wavelength in a search for extremes: the highest crest is missed by 2 % at most.
_SAMPLES = 16
_MOST_SAMPLES = 4096


@dataclass(frozen=True, eq=False)
class Relief:
    """A surface z = h(x) or h(x, y) in metres.

    Attributes:
        size: lateral size of the model in metres, one or two numbers.
        waves: amplitudes in metres; entry k (k, l) belongs to k (and l) half wavelengths along the size, real,
            when even; to k whole wavelengths, and l - (number of columns - 1)/2, complex, when periodic.
        periodic: whether the sides are periodic, not symmetry planes.
    """

    size: tuple[float, ...]
    waves: npt.NDArray[np.float64] | npt.NDArray[np.complex128]
    periodic: bool = False

    def __post_init__(self) -> None:
        if self.waves.ndim != len(self.size):
            raise ValueError("the waves need one axis per lateral direction")

    def height(self, x: Floats) -> Floats:
        """Heights (n,) in metres at lateral coordinates `x` (n, k), k = 1 or 2 as `size` has."""
        x = np.asarray(x, dtype=np.float64).reshape(-1, len(self.size))
        step = max(1, _CHUNK // max(self.waves.shape))
        parts = [self._chunk(x[i : i + step]) for i in range(0, len(x), step)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _chunk(self, x: Floats) -> Floats:
        tables = [self._table(axis, x[:, axis]) for axis in range(len(self.size))]
        found = tables[0] @ self.waves
        if len(tables) == 2:
            found = np.einsum("nl,nl->n", found, tables[1])
        return np.ascontiguousarray(found.real)

    def on_grid(self, axes: tuple[Floats, ...]) -> Floats:
        """Heights in metres on the grid of the coordinates `axes`, one axis of the result each."""
        tables = [self._table(axis, np.asarray(x)) for axis, x in enumerate(axes)]
        found = tables[0] @ self.waves
        if len(tables) == 2:
            found = found @ tables[1].T
        return np.ascontiguousarray(found.real)

    def axes(self) -> tuple[Floats, ...]:
        """Coordinates that resolve the shortest wave, sides included."""
        found: list[Floats] = []
        for axis, size in enumerate(self.size):
            length = self._shortest(axis)
            number = min(_MOST_SAMPLES, math.ceil(_SAMPLES * size / length)) if math.isfinite(length) else 1
            found.append(np.linspace(0.0, size, number + 1, dtype=np.float64))
        return tuple(found)

    @property
    def rms(self) -> float:
        """Root of the mean square height in metres."""
        weight = np.abs(self.waves) ** 2
        if self.periodic:
            return math.sqrt(0.5 * float(weight.sum()))
        for axis in range(weight.ndim):
            share = np.full(weight.shape[axis], 0.5)
            share[0] = 1.0
            weight = weight * share.reshape([-1 if i == axis else 1 for i in range(weight.ndim)])
        return math.sqrt(float(weight.sum()))

    @property
    def shortest(self) -> float:
        """Shortest wavelength along an axis in metres."""
        return min(self._shortest(axis) for axis in range(len(self.size)))

    def _numbers(self, axis: int) -> npt.NDArray[np.int64]:
        number = np.arange(self.waves.shape[axis])
        return number - (len(number) - 1) // 2 if self.periodic and axis == 1 else number

    def _shortest(self, axis: int) -> float:
        used = np.any(self.waves != 0, axis=tuple(i for i in range(self.waves.ndim) if i != axis))
        most = int(np.abs(self._numbers(axis)[used]).max(initial=0))
        whole = self.size[axis] if self.periodic else 2 * self.size[axis]
        return whole / most if most else math.inf

    def _table(self, axis: int, x: Floats) -> Any:
        unit = (2 * np.pi if self.periodic else np.pi) / self.size[axis]
        phase = np.multiply.outer(x, unit * self._numbers(axis))
        return np.exp(1j * phase) if self.periodic else np.cos(phase)


def sinusoidal(
    size: tuple[float, ...], amplitude: float, counts: tuple[int, ...], phase: float = 0.0, periodic: bool = False
) -> Relief:
    """The wave amplitude cos(q_x x + phase) [cos(q_y y + phase)].

    Args:
        size: lateral size in metres. amplitude: metres, crest over mean.
        counts: number of half wavelengths (periodic: whole ones) along each lateral direction; 0: straight.
        phase: radians; between symmetry planes a multiple of pi, which turns every factor over.
        periodic: between periodic sides.
    """
    if not periodic:
        even = np.zeros(tuple(n + 1 for n in counts))
        even[counts] = amplitude * math.cos(phase) ** sum(n > 0 for n in counts)
        return Relief(size, even)
    if len(size) == 1:
        single = np.zeros(counts[0] + 1, dtype=np.complex128)
        single[counts[0]] = amplitude * complex(math.cos(phase), math.sin(phase))
        return Relief(size, single, periodic=True)
    both = np.zeros((counts[0] + 1, 2 * counts[1] + 1), dtype=np.complex128)
    turn = complex(math.cos(phase), math.sin(phase))
    if 0 in counts:
        both[counts[0], 2 * counts[1]] = amplitude * turn
    else:  # cos a cos b = [cos(a + b) + cos(a - b)] / 2
        both[counts[0], 2 * counts[1]] = 0.5 * amplitude * turn * turn
        both[counts[0], 0] = 0.5 * amplitude
    return Relief(size, both, periodic=True)


def self_affine(
    size: tuple[float, ...],
    rms: float,
    hurst: float,
    longest: float,
    shortest: float,
    seed: int,
    periodic: bool = False,
) -> Relief | None:
    """A random self-affine surface with exactly the given root mean square height.

    The waves do not depend on the cut-offs (up to one common factor): a smaller `shortest` adds to the surface.

    Args:
        size: lateral size in metres. rms: metres.
        hurst: exponent between 0 and 1. longest, shortest: wavelengths in metres between which there are waves.
        seed: of the waves. periodic: between periodic sides, not symmetry planes.

    Returns:
        None where no wave between the cut-offs fits into the size.
    """
    whole = [s if periodic else 2 * s for s in size]
    counts = [math.floor(w / shortest * (1 + 1e-9)) for w in whole]
    rows = np.arange(counts[0] + 1)
    columns = np.zeros(1, dtype=np.int64)
    if len(size) == 2:
        columns = np.arange(-counts[1] if periodic else 0, counts[1] + 1)
    q = rows[:, None] / whole[0] + 0.0 * columns
    if len(size) == 2:
        q = np.hypot(q, columns / whole[1])
    used = (q * longest >= 1 - 1e-9) & (q * shortest <= 1 + 1e-9)
    if periodic:
        used &= (rows[:, None] > 0) | (columns > 0)  # the other half of the plane is the conjugate
    if not used.any():
        return None
    power = -(1 + hurst) if len(size) == 2 else -(0.5 + hurst)
    height = np.where(used, np.where(used, q * longest, 1.0) ** power, 0.0)
    waves: Any = height * _draws(rows, columns, seed)
    if periodic:
        waves = waves + 1j * height * _draws(rows, columns, seed, 1)
    relief = Relief(size, waves if len(size) == 2 else waves[:, 0], periodic)
    return Relief(size, relief.waves * (rms / relief.rms), periodic)


def _draws(rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], seed: int, part: int = 0) -> Floats:
    """Normal deviates (rows, columns): sums of 12 raw doubles, a stream of its own for each pair of numbers.

    A sum of doubles is the same on every machine; logarithms and cosines of other methods are not.
    """
    found = np.empty((len(rows), len(columns)))
    ahead, behind = int(columns.max()) + 1, int(-columns.min())
    for i in range(len(rows)):
        row = int(rows[i])
        found[i, behind:] = _stream((seed, row, part, 0), ahead)
        if behind:
            found[i, :behind] = _stream((seed, row, part, 1), behind)[::-1]
    return found


def _stream(key: tuple[int, ...], number: int) -> Floats:
    raw = np.random.Generator(np.random.PCG64(list(key))).random((number, 12))
    total = np.zeros(number)
    for column in raw.T:
        total = total + column
    return total - 6.0
