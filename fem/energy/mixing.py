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
class MixtureMixing:
    """A lithium salt LiX and an ionic liquid CX, which share their anion, in a polymer.

    psi = R T [sum_k c_k (ln c_k - 1) + B11/2 c_Li^2 + B12 c_Li c_C + B22/2 c_C^2], k = Li, C, X, with
    c_X = c_Li + c_C: the entropy of the three ions, and second virial coefficients for all else. Without liquid
    B11 = 2 (chi - 1) / c is the thermodynamic factor of `SaltMixing`.

    Attributes:
        salt: B11 in m^3/mol.
        cross: B12 in m^3/mol.
        liquid: B22 in m^3/mol; psi is convex where B11 B22 is not below B12^2 and none of the two is negative.
    """

    salt: Any = 0.0
    cross: Any = 0.0
    liquid: Any = 0.0

    def density(self, lithium: Any, cation: Any, temperature: float) -> Any:
        """psi in J/m^3 of the concentrations of the cations in mol/m^3."""
        entropy = sum(c * (ufl.ln(c) - 1) for c in (lithium, cation, lithium + cation))
        pairs = 0.5 * self.salt * lithium**2 + self.cross * lithium * cation + 0.5 * self.liquid * cation**2
        return GAS * temperature * (entropy + pairs)

    def slopes(self, lithium: Any, cation: Any, temperature: float) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
        """(2, 2) d(mu_j)/dc_k in J m^3/mol^2, mu = d(psi)/dc of salt and liquid."""
        c = ufl.variable(lithium), ufl.variable(cation)
        density = self.density(*c, temperature)
        mu = [ufl.diff(density, x) for x in c]
        mixed = ufl.diff(mu[0], c[1])
        return (ufl.diff(mu[0], c[0]), mixed), (mixed, ufl.diff(mu[1], c[1]))


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
