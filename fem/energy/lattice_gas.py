"""Species that share the sites of a sublattice: Langmuir, Fermi-Dirac and Bikerman statistics in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fem.energy.populations import NUMBERS, SYMBOLS, Array


@dataclass(frozen=True)
class LatticeGas:
    """omega = -RT c_max ln(1 + sum_k exp(mu_k / RT)): at most one particle on a site.

    One species is the lattice gas of lithium on its sites, mu = RT ln(theta / (1 - theta)), and equally a defect that
    saturates (Fermi-Dirac statistics of one level); several species on common sites are Bikerman's model.

    Source: Hill, An Introduction to Statistical Thermodynamics, chapter 7; Bikerman, Philos. Mag. 33 (1942) 384;
    Kilic, Bazant and Ajdari, Phys. Rev. E 75 (2007) 021502.

    Attributes:
        concentration: sites per volume c_max, mol/m^3 (on an interface: mol/m^2).
    """

    concentration: Any

    def __post_init__(self) -> None:
        if isinstance(self.concentration, int | float) and not self.concentration > 0:
            raise ValueError(f"concentration must be positive, got {self.concentration}")

    def reduced_potential(self, reduced: Sequence[Any], functions: Any = SYMBOLS) -> Any:
        """ln(1 + sum exp(x_k)), without overflow."""
        top, weights, empty = _weights(reduced, functions)
        return top + functions.ln(sum(weights, start=empty))

    def fractions(self, reduced: Sequence[Any], functions: Any = SYMBOLS) -> tuple[list[Any], Any]:
        """Share of the sites that every species occupies, and the share that is vacant."""
        _, weights, empty = _weights(reduced, functions)
        total = sum(weights, start=empty)
        return [w / total for w in weights], empty / total

    def potentials(self, fractions: Sequence[float]) -> list[float]:
        """ln(theta_k / theta_vacant).

        Raises:
            ValueError: the fractions leave no vacancies.
        """
        vacant = 1.0 - sum(fractions)
        if not vacant > 0 or not all(f > 0 for f in fractions):
            raise ValueError(f"fractions must be positive and leave vacancies, got {', '.join(map(str, fractions))}")
        return [float(np.log(f / vacant)) for f in fractions]

    def response(self, reduced: Sequence[Array]) -> Array:
        """d(theta_i)/d(x_j) = theta_i (delta_ij - theta_j)."""
        share, vacant = self.fractions(reduced, NUMBERS)
        found = -np.array([[a * b for b in share] for a in share])
        for k, own in enumerate(share):
            # 1 - theta_k without cancellation where the sites are nearly full
            found[k, k] = own * (vacant + sum(other for n, other in enumerate(share) if n != k))
        return found


def _weights(reduced: Sequence[Any], functions: Any) -> tuple[Any, list[Any], Any]:
    """Largest exponent, and the Boltzmann factors of species and vacancies relative to it."""
    top = functions.maximum(reduced[0], 0.0 * reduced[0])
    for x in reduced[1:]:
        top = functions.maximum(top, x)
    return top, [functions.exp(x - top) for x in reduced], functions.exp(-top)
