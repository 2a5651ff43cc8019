"""What lets lithium or salt pass an interface directly, as neutral species: a grain boundary, a bond.

The flux from the first side to the second follows the jump of the chemical potential, as it follows its gradient in the
bulk (Onsager; de Groot and Mazur, Non-equilibrium Thermodynamics, ch. XIV),

    N = (P / s) (mu_1 - mu_2),        s = (mu'(c_1) + mu'(c_2)) / 2,

so that it is P (c_1 - c_2) where the slopes are alike. The dissipation N (mu_1 - mu_2) is never negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Permeable"]


@dataclass(frozen=True)
class Permeable:
    """Passage of neutral lithium or salt.

    Attributes:
        permeability: P in m/s; 0: none.
    """

    permeability: Any

    def __post_init__(self) -> None:
        if isinstance(self.permeability, int | float) and not self.permeability >= 0:
            raise ValueError(f"permeability must not be negative, got {self.permeability}")

    def flux(self, jump: Any, slopes: tuple[Any, Any]) -> Any:
        """N in mol/(m^2 s).

        Args:
            jump: mu_1 - mu_2 in J/mol. slopes: mu' on both sides, J m^3/mol^2.
        """
        return 2 * self.permeability / (slopes[0] + slopes[1]) * jump
