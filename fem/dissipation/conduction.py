"""Ohmic conduction of ions or electrons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ufl

from fem.terms import Carrier


@dataclass(frozen=True)
class Conduction:
    """Xi = sigma/2 |E|^2, so that i = sigma E with E = -grad(phi).

    Attributes:
        carrier: the charge that moves.
        conductivity: S/m: a number, graded (`fem.values.Graded`), or a UFL expression of the position.
    """

    carrier: Carrier
    conductivity: Any

    def potential(self, force: Any) -> Any:
        """Dissipation potential in W/m^3."""
        return 0.5 * self.conductivity * ufl.inner(force, force)


@dataclass(frozen=True)
class Equipotential:
    """A conductor so good that its potential is one number: metals in a battery.

    Resolving 1e7 S/m beside 1e-2 S/m gains no physics and ruins the conditioning of the system.
    """

    carrier: Carrier = "electronic"
