"""Kramers-Kronig test of an impedance spectrum by a fit of resistors and capacitors, whose response obeys it.

    Z_KK = R_0 + sum of R_k / (1 + j omega tau_k) [ + 1 / (j omega C) ]

with tau_k spread evenly in the logarithm over the range of the spectrum and beyond, is linear in all unknowns; their
number is raised until the share of negative resistances shows that noise is being fitted. Source: Schoenleber, Klotz
and Ivers-Tiffee, Electrochim. Acta 131, 20 (2014). Other than there, the number starts at some per decade: with fewer,
a spectrum that is exact has negative resistances because the fit is too coarse, and the search would end at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]

# Share of mutually cancelling resistances at which to stop, 1 - sum |R < 0| / sum |R >= 0|.
ENOUGH = 0.85
_PER_DECADE = 3
# The time constants reach beyond the spectrum by this factor on either side: it need not end in it.
_BEYOND = 10.0


@dataclass(frozen=True)
class Consistency:
    """What a spectrum misses of the Kramers-Kronig relations.

    Attributes:
        frequencies: (n,) Hz.
        real, imaginary: (n,) residuals relative to the modulus.
        elements: number of resistor-capacitor pairs of the fit.
    """

    frequencies: Array
    real: Array
    imaginary: Array
    elements: int

    @property
    def largest(self) -> float:
        """Largest residual."""
        return float(max(np.max(np.abs(self.real)), np.max(np.abs(self.imaginary))))


def kramers_kronig(frequencies: Any, impedance: Any, most: int | None = None) -> Consistency:
    """Test a spectrum.

    Args:
        frequencies: (n,) Hz.
        impedance: (n,) complex.
        most: largest number of pairs; None: as many as frequencies.
    """
    f, z = np.asarray(frequencies, dtype=float), np.asarray(impedance)
    fewest = 1 + int(np.ceil(_PER_DECADE * np.log10(_BEYOND**2 * f.max() / f.min())))
    limit = max(fewest, len(f) if most is None else most)
    for count in range(fewest, limit + 1):
        residual, resistances = _fit(f, z, count)
        negative = -resistances[resistances < 0].sum()
        positive = resistances[resistances >= 0].sum()
        if positive == 0.0 or 1 - negative / positive <= ENOUGH:
            break
    return Consistency(f, residual.real, residual.imag, count)


def _fit(f: Array, z: Any, count: int) -> tuple[Any, Array]:
    """Relative residual (n,) and the resistances of the pairs."""
    s = 2j * np.pi * f
    times = np.geomspace(1 / (2 * np.pi * f.max() * _BEYOND), _BEYOND / (2 * np.pi * f.min()), count)
    size = np.abs(z)
    columns = [np.ones_like(s), 1 / s, *(1 / (1 + s * t) for t in times)]
    matrix = np.array(columns).T / size[:, None]
    system = np.concatenate((matrix.real, matrix.imag))
    scale = np.linalg.norm(system, axis=0)
    target = np.concatenate(((z / size).real, (z / size).imag))
    found = np.linalg.lstsq(system / scale, target, rcond=None)[0] / scale
    return z / size - matrix @ found, np.asarray(found[2:])
