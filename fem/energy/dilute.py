"""Species far from saturation: Boltzmann statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fem.energy.populations import SYMBOLS, Array


@dataclass(frozen=True)
class Dilute:
    """omega = -RT c_0 sum_k exp(mu_k / RT): concentrations c_k = c_0 exp(mu_k / RT).

    With two ions Gouy's and Chapman's diffuse layer, with one ion and its frozen counter-charge that of Mott and
    Schottky.

    Source: any text on electrolytes, e.g. Newman and Thomas-Alyea, Electrochemical Systems, section 7.4.

    Attributes:
        concentration: reference concentration c_0, mol/m^3.
    """

    concentration: Any

    def __post_init__(self) -> None:
        if isinstance(self.concentration, int | float) and not self.concentration > 0:
            raise ValueError(f"concentration must be positive, got {self.concentration}")

    def reduced_potential(self, reduced: Sequence[Any], functions: Any = SYMBOLS) -> Any:
        """Sum of exp(x_k)."""
        first, *others = [functions.exp(x) for x in reduced]
        return sum(others, start=first)

    def fractions(self, reduced: Sequence[Any], functions: Any = SYMBOLS) -> tuple[list[Any], Any]:
        """Concentrations over c_0; there is always room for more."""
        return [functions.exp(x) for x in reduced], 1.0

    def potentials(self, fractions: Sequence[float]) -> list[float]:
        """ln of the fractions.

        Raises:
            ValueError: one is not positive.
        """
        if not all(f > 0 for f in fractions):
            raise ValueError(f"fractions must be positive, got {', '.join(map(str, fractions))}")
        return [float(np.log(f)) for f in fractions]

    def response(self, reduced: Sequence[Array]) -> Array:
        """d(fraction_i)/d(x_j): diagonal."""
        values = [np.exp(x) for x in reduced]
        zero = np.zeros_like(values[0])
        return np.array([[a if i == j else zero for j in range(len(values))] for i, a in enumerate(values)])
