"""Lithium in the host of an active particle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ufl

from fem.energy.mixing import HostMixing
from fem.values import at


@dataclass(frozen=True)
class Intercalation:
    """Diffusion of lithium in a host, N = -M grad(mu) with the mobility M = D / mu'(c), that is N = -D grad(c).

    Attributes:
        open_circuit: U in V against Li/Li+ as a function of the stoichiometry x = c / c_max.
        maximum: c_max in mol/m^3.
        diffusivity: chemical diffusivity D in m^2/s: a number, a function of x, or a UFL tensor.
        stoichiometry: x at the beginning, 0 < x < 1.
    """

    open_circuit: Any
    maximum: Any
    diffusivity: Any
    stoichiometry: Any

    @property
    def energy(self) -> HostMixing:
        """Free energy of composition."""
        return HostMixing(self.open_circuit, self.maximum)

    @property
    def concentration(self) -> Any:
        """mol/m^3 at the beginning."""
        return self.maximum * self.stoichiometry

    def flux(self, concentration: Any) -> Any:
        """N in mol/(m^2 s)."""
        spread = at(self.diffusivity, concentration / self.maximum)
        gradient = ufl.grad(concentration)
        return -(ufl.dot(spread, gradient) if getattr(spread, "ufl_shape", ()) else spread * gradient)

    def drift(self, stress: Any, concentration: Any, temperature: float) -> Any:
        """-M grad(h) in mol/(m^2 s): what stress drives, with the mobility M = D / mu'(c) of the diffusion.

        Args:
            stress: h in J/mol as a field.
        """
        spread = at(self.diffusivity, concentration / self.maximum)
        gradient = ufl.grad(stress) / self.energy.slope(concentration, temperature)
        return -(ufl.dot(spread, gradient) if getattr(spread, "ufl_shape", ()) else spread * gradient)

    def equilibrium_potential(self, concentration: Any) -> Any:
        """U in V at a concentration."""
        return at(self.open_circuit, concentration / self.maximum)
