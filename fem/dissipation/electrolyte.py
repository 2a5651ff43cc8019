"""Binary electrolytes: ions that drift and a salt that diffuses, from one dissipation potential."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import ufl

from fem.constants import FARADAY
from fem.dissipation.conduction import Conduction
from fem.energy.mixing import SaltMixing
from fem.terms import Carrier
from fem.values import at


class Electrolyte(Protocol):
    """What conducts ions with its own salts as a second force, whatever their number."""

    def force(self, concentration: Any, temperature: float) -> Any:
        """Minus the gradients of the chemical potentials of the salts, J/(mol m)."""
        ...

    def dissipation(self, field: Any, force: Any, concentration: Any, temperature: float) -> Any:
        """Xi in W/m^3."""
        ...


@dataclass(frozen=True)
class BinaryElectrolyte:
    """A polymer or liquid with one lithium salt, concentrated-solution theory (Newman & Thomas-Alyea, ch. 12).

    With E = -grad(phi), phi measured by a lithium reference, and X = -grad(mu) of the salt,

        Xi(E, X) = kappa/2 (E - (1 - t) X / F)^2 + L/2 X^2,    L = D / mu'(c)

    so that the current is i = d(Xi)/dE = -kappa grad(phi) + kappa (1 - t)/F grad(mu), and the flux of the anions
    N = d(Xi)/dX = -D grad(c) - (1 - t) i / F. An electrode that lithium alone passes lets no anion through: N n = 0.

    Attributes:
        conductivity: kappa in S/m.
        diffusivity: D of the salt in m^2/s.
        transference_number: t of the cation relative to the solvent.
        concentration: mol/m^3 at the beginning.
        thermodynamic_factor: 1 + d ln f / d ln c.

    The first three and the last are numbers or functions of c in mol/m^3.
    """

    conductivity: Any
    diffusivity: Any
    transference_number: Any
    concentration: Any
    thermodynamic_factor: Any = 1.0
    carrier: Carrier = "ionic"

    @property
    def energy(self) -> SaltMixing:
        """Free energy of mixing."""
        return SaltMixing(self.thermodynamic_factor, self.concentration)

    def dissipation(self, field: Any, force: Any, concentration: Any, temperature: float) -> Any:
        """Xi in W/m^3 of the electric field (V/m) and the force on the salt (J/(mol m))."""
        drive = field - (1 - at(self.transference_number, concentration)) * force / FARADAY
        mobility = at(self.diffusivity, concentration) / self.energy.slope(concentration, temperature)
        return 0.5 * at(self.conductivity, concentration) * ufl.inner(drive, drive) + 0.5 * mobility * ufl.inner(
            force, force
        )

    def force(self, concentration: Any, temperature: float) -> Any:
        """X = -grad(mu)."""
        return -self.energy.slope(concentration, temperature) * ufl.grad(concentration)

    def salt_flux(self, potential: Any, concentration: Any, temperature: float) -> Any:
        """N of the anions in mol/(m^2 s)."""
        force = ufl.variable(self.force(concentration, temperature))
        return ufl.diff(self.dissipation(-ufl.grad(potential), force, concentration, temperature), force)

    def conduction(self, concentration: Any, temperature: float) -> SaltConduction:
        """The passage of charge at a concentration, as a conductor among others."""
        return SaltConduction(self.carrier, at(self.conductivity, concentration), self, concentration, temperature)


@dataclass(frozen=True)
class SaltConduction(Conduction):
    """The ionic conduction of an electrolyte whose concentrations are fields.

    Attributes:
        electrolyte: what moves.
        concentration: field in mol/m^3; of a mixture all of them.
        temperature: K.
    """

    electrolyte: Electrolyte
    concentration: Any
    temperature: float

    def potential(self, force: Any) -> Any:
        """Xi in W/m^3 of the electric field, at the present gradients of the salts."""
        salt = self.electrolyte.force(self.concentration, self.temperature)
        return self.electrolyte.dissipation(force, salt, self.concentration, self.temperature)
