"""Random doubles, and functions of them whose last digit does not depend on the machine.

`numpy.exp` and its kin take the library or the vector unit at hand, which differ in the last digit; a packing
amplifies such a digit to other places. The functions here use exactly rounded operations only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt

__all__ = ["STREAMS", "exp", "generator", "lists", "log", "normal_quantile", "power", "shuffled"]

Floats = npt.NDArray[np.float64]

#: What a seed is used for: each purpose has its own stream, so that one more void moves no grain.
STREAMS = ("sizes", "places", "directions", "grains", "patches")

_LN2 = 0.6931471805599453
#: ln 2 = _LN2_HIGH + _LN2_LOW; the first has zeros at its end, so that whole multiples of it are exact.
_LN2_HIGH, _LN2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10

# rational approximations of the normal quantile, Wichura, Applied Statistics 37 (1988) 477, PPND16
_CENTRE_ABOVE = [3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125]
_CENTRE_ABOVE += [45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727]
_CENTRE_BELOW = [1.0, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077]
_CENTRE_BELOW += [21213.794301586595867, 39307.895800092710610, 28729.085735721942674, 5226.4952788528545610]
_TAIL_ABOVE = [1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504]
_TAIL_ABOVE += [1.27045825245236838258, 0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4]
_TAIL_BELOW = [1.0, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550]
_TAIL_BELOW += [0.148103976427480074590, 0.0151986665636164571966, 5.47593808499534494600e-4, 1.05075007164441684324e-9]


def generator(seed: int, stream: str, *more: int) -> np.random.Generator:
    """Generator for one purpose (a word of `STREAMS`) of `seed`; use its `random` alone."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, STREAMS.index(stream), *more])))


def shuffled(rng: np.random.Generator, number: int) -> npt.NDArray[np.int64]:
    """A random order of `number` things."""
    return np.argsort(rng.random(number), kind="stable").astype(np.int64)


def lists(table: npt.NDArray[Any]) -> list[Any]:
    """The entries of an array as Python numbers, in lists of lists."""
    return cast("list[Any]", table.tolist())


def exp(x: Any) -> Floats:
    """e^x, element by element, to about 1e-15 (|x| < 700)."""
    x = np.asarray(x, dtype=np.float64)
    k = np.floor(x / _LN2 + 0.5)
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    series = _polynomial(r, [1 / math.factorial(n) for n in range(16)])
    return np.asarray(np.ldexp(series, k.astype(np.int64)))


def log(x: Any) -> Floats:
    """Natural logarithm of positive x, element by element, to about 1e-15."""
    mantissa, exponent = np.frexp(np.asarray(x, dtype=np.float64))
    small = mantissa < 0.7071067811865476
    mantissa = np.where(small, 2 * mantissa, mantissa)
    e = (exponent - small).astype(np.float64)
    s = (mantissa - 1) / (mantissa + 1)
    series = 2 * s * _polynomial(s * s, [1 / (2 * n + 1) for n in range(13)])
    return np.asarray(e * _LN2_HIGH + (series + e * _LN2_LOW))


def power(x: Any, exponent: float) -> Floats:
    """Positive x to the power of `exponent`, element by element, to about 1e-15 times its logarithm."""
    return exp(exponent * log(x))


def normal_quantile(p: Any) -> Floats:
    """Where the standard normal distribution reaches `p`, 1e-11 < p < 1 - 1e-11, to about 1e-15.

    Source: M. J. Wichura, Applied Statistics 37 (1988) 477-484, algorithm AS 241.
    """
    p = np.asarray(p, dtype=np.float64)
    q = p - 0.5
    inner = 0.180625 - q * q
    centre = q * _polynomial(inner, _CENTRE_ABOVE) / _polynomial(inner, _CENTRE_BELOW)
    outer = np.sqrt(-log(np.minimum(p, 1 - p))) - 1.6
    tail = _polynomial(outer, _TAIL_ABOVE) / _polynomial(outer, _TAIL_BELOW)
    return np.where(inner >= 0, centre, np.where(q < 0, -tail, tail))


def _polynomial(x: Floats, coefficients: Sequence[float]) -> Floats:
    value = np.full_like(x, coefficients[-1])
    for c in coefficients[-2::-1]:
        value = value * x + c
    return value
