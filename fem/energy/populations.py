"""What every statistics of mobile species offers, and the functions that it is written with.

A statistics is a grand-potential density omega(mu_1, ..., mu_n) in the chemical potentials of its species, counted
from their standard values. Concentrations are its derivatives, c_k = -d(omega)/d(mu_k), and so are charge densities,
because mu_k = mu~_k - z_k F phi: one term gives the source of Poisson's equation, the storage of a species balance
and, by its second derivatives, the capacitance. omega is concave, so that equilibrium is the minimum of a convex
functional.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import ufl

Array = npt.NDArray[np.float64]

#: The same formulas on arrays and on symbols.
NUMBERS = SimpleNamespace(exp=np.exp, ln=np.log, maximum=np.maximum)
SYMBOLS = SimpleNamespace(exp=ufl.exp, ln=ufl.ln, maximum=ufl.max_value)


class Population(Protocol):
    """Mobile species that compete for the same sites.

    Reduced potentials are x_k = mu_k / RT; fractions are concentrations over ``concentration``.
    """

    concentration: Any

    def reduced_potential(self, reduced: Sequence[Any], functions: Any = SYMBOLS) -> Any:
        """-omega / (RT concentration): convex; its derivatives by x_k are the fractions."""
        ...

    def fractions(self, reduced: Sequence[Any], functions: Any = SYMBOLS) -> tuple[list[Any], Any]:
        """Fraction of every species, and that of the vacancies (1 where there are no sites to fill)."""
        ...

    def potentials(self, fractions: Sequence[float]) -> list[float]:
        """x_k at which the species have these fractions."""
        ...

    def response(self, reduced: Sequence[Array]) -> Array:
        """(species, species, ...) derivatives d(fraction_i)/d(x_j)."""
        ...
