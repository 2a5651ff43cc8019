"""Radii from a distribution that together fill a given area or volume."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from meshes.problems import Problem
from meshes.random.arithmetic import exp, generator, lists, log, normal_quantile, power, shuffled

__all__ = ["EQUAL", "MOST_BODIES", "SizeDistribution", "draw_radii", "number_of_bodies"]

Floats = npt.NDArray[np.float64]
Kind = Literal["constant", "lognormal"]
#: More bodies than this are taken for a slip.
MOST_BODIES = 100_000
_LARGEST_SPREAD = 1.5
#: The quantile is used within these probabilities: the algorithm loses digits beyond.
_TAIL = 1e-9


@dataclass(frozen=True)
class SizeDistribution:
    """How radii scatter about their mean.

    Attributes:
        kind: ``constant`` (all the mean) or ``lognormal``.
        spread: standard deviation divided by mean, of the distribution before it is truncated.
        smallest, largest: radii are drawn between these multiples of the mean.
    """

    kind: Kind = "constant"
    spread: float = 0.0
    smallest: float = 1 / 3
    largest: float = 3.0

    def problems(self) -> list[Problem]:
        """What is wrong with it."""
        if self.kind not in get_args(Kind):
            return [Problem("kind", repr(self.kind), f"must be one of {', '.join(get_args(Kind))}")]
        if self.kind == "constant":
            return []
        found = []
        for key, low, high, text in (
            ("spread", 0.0, _LARGEST_SPREAD, f"must lie above 0, up to {_LARGEST_SPREAD:g} (deviation over mean)"),
            ("smallest", 0.0, 1.0, "must lie between 0 and 1, the mean"),
            ("largest", 1.0, math.inf, "must lie above 1, the mean"),
        ):
            value = getattr(self, key)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not low < value <= high or not math.isfinite(value):
                found.append(Problem(key, repr(value), text))
        return found

    def quantile(self, p: npt.ArrayLike) -> Floats:
        """Radius divided by mean (n,) below which the part `p` (n,) of all radii lies."""
        p = np.asarray(p, dtype=np.float64)
        if self.kind == "constant":
            return np.ones_like(p)
        low, high = _truncation(self)
        return np.clip(_lognormal(low + p * (high - low), self.spread), self.smallest, self.largest)

    def moment(self, exponent: float) -> float:
        """Mean of (radius / mean)^exponent."""
        ratios = self.quantile((np.arange(4000) + 0.5) / 4000)
        return math.fsum(lists(power(ratios, exponent))) / 4000


#: All bodies alike.
EQUAL = SizeDistribution()


def number_of_bodies(mean: float, sizes: SizeDistribution, dimension: int, unit: float, total: float) -> int:
    """How many bodies of content ``unit * radius^dimension`` fill `total`, as a whole number of at least 1."""
    return max(1, round(total / (unit * mean**dimension * sizes.moment(dimension))))


def draw_radii(
    mean: float,
    sizes: SizeDistribution,
    dimension: int,
    unit: float,
    total: float,
    seed: int,
    parts: Floats | None = None,
) -> tuple[Floats, float]:
    """Radii (n,) in metres whose contents add up to `total` exactly, in random order, and their factor.

    The radii are stratified quantiles: few of them follow the distribution as well as few can. All are
    multiplied by one common factor near 1, which is returned, too.

    Args:
        mean: metres. dimension, unit: a body has the content ``unit * radius^dimension``.
        total: sum of the contents (length, area or volume in metres). seed: of the order and the scatter.
        parts: part (n,) of each body that counts (1/2 for a body that a symmetry plane halves); it
            sets the number of bodies.
    """
    n = number_of_bodies(mean, sizes, dimension, unit, total) if parts is None else len(parts)
    rng = generator(seed, "sizes")
    ratios = sizes.quantile((np.arange(n) + rng.random(n)) / n)[shuffled(rng, n)]
    content = unit * _whole_power(mean * ratios, dimension)
    ratio = total / math.fsum(lists(content if parts is None else content * parts))
    factor = ratio if dimension == 1 else float(power(np.array([ratio]), 1 / dimension)[0])
    return factor * mean * ratios, factor


def _whole_power(x: Floats, exponent: int) -> Floats:
    value = np.ones_like(x)
    for _ in range(exponent):
        value = value * x
    return value


def _lognormal(p: Floats, spread: float) -> Floats:
    variance = float(log(np.array([1 + spread * spread]))[0])
    return exp(math.sqrt(variance) * normal_quantile(np.clip(p, _TAIL, 1 - _TAIL)) - 0.5 * variance)


@lru_cache(maxsize=64)
def _truncation(sizes: SizeDistribution) -> tuple[float, float]:
    """Probabilities of the untruncated distribution at the smallest and the largest radius."""
    found = []
    for limit in (sizes.smallest, sizes.largest):
        low, high = _TAIL, 1 - _TAIL
        for _ in range(60):
            middle = 0.5 * (low + high)
            if float(_lognormal(np.array([middle]), sizes.spread)[0]) < limit:
                low = middle
            else:
                high = middle
        found.append(0.5 * (low + high))
    return found[0], found[1]
