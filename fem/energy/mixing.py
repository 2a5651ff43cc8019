"""Free energies of composition: what makes salt diffuse and lithium enter a host.

The energy density is a function of the concentration c in mol/m^3; diffusion is driven by the gradient of
mu = d(psi)/dc in J/mol, so a term gives mu up to a constant, and d(mu)/dc.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ufl

from fem.constants import FARADAY, GAS
from fem.values import at


@dataclass(frozen=True)
class SaltMixing:
    """A binary salt LiX in a solvent or polymer: mu = 2 R T chi ln(c / c0) where chi is constant.

    Newman & Thomas-Alyea, Electrochemical Systems, ch. 12: chi = 1 + d ln f / d ln c.

    Attributes:
        thermodynamic_factor: chi, a number or a function of c in mol/m^3.
        reference: c0 in mol/m^3, where mu vanishes.
    """

    thermodynamic_factor: Any
    reference: Any

    def slope(self, concentration: Any, temperature: float) -> Any:
        """d(mu)/dc in J m^3/mol^2."""
        return 2 * GAS * temperature * at(self.thermodynamic_factor, concentration) / concentration


@dataclass(frozen=True)
class HostMixing:
    """Lithium in a host: mu = -F U(x) relative to lithium metal, x = c / c_max.

    Attributes:
        open_circuit: U in V against Li/Li+, a function of the stoichiometry x.
        maximum: c_max in mol/m^3.
    """

    open_circuit: Any
    maximum: Any

    def potential(self, concentration: Any) -> Any:
        """mu in J/mol."""
        return -FARADAY * at(self.open_circuit, concentration / self.maximum)

    def slope(self, concentration: Any, temperature: float) -> Any:
        """d(mu)/dc in J m^3/mol^2."""
        variable = ufl.variable(concentration)
        return ufl.diff(self.potential(variable), variable)
