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
        axes: `fem.orientations.CrystalAxes` of a layered crystal; D is then that within the layers. None: the same in
            all directions.
        across: diffusivity along its c axis m in m^2/s, a number or a function of x: D (I - m m) + D_c m m.
    """

    open_circuit: Any
    maximum: Any
    diffusivity: Any
    stoichiometry: Any
    axes: Any = None
    across: Any = None

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
        return self._against(ufl.grad(concentration), concentration)

    def _against(self, gradient: Any, concentration: Any) -> Any:
        """-D gradient."""
        x = concentration / self.maximum
        spread = at(self.diffusivity, x)
        if self.axes is None:
            return -(ufl.dot(spread, gradient) if getattr(spread, "ufl_shape", ()) else spread * gradient)
        # fewer dimensions: nothing varies along the axes that are left out
        axis = ufl.as_vector([self.axes[i, 2] for i in range(gradient.ufl_shape[0])])
        along = ufl.inner(axis, gradient) * axis
        return -spread * (gradient - along) - at(self.across, x) * along

    def drift(self, stress: Any, concentration: Any, temperature: float) -> Any:
        """-M grad(h) in mol/(m^2 s): what stress drives, with the mobility M = D / mu'(c) of the diffusion.

        Args:
            stress: h in J/mol as a field.
        """
        return self._against(ufl.grad(stress) / self.energy.slope(concentration, temperature), concentration)

    def equilibrium_potential(self, concentration: Any) -> Any:
        """U in V at a concentration."""
        return at(self.open_circuit, concentration / self.maximum)
