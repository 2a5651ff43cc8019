"""The manufactured pair of `moving_pair` with an ionic liquid beside the salt, and ions that drag each other.

Velocities of the three ions follow from the Stefan-Maxwell equations as they stand (Newman & Thomas-Alyea, ch. 12):
the matrix of frictions is inverted as a whole, potentials are written out ion by ion.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import ufl

from fem.dissipation.ternary import TernaryElectrolyte
from fem.model import Model
from support.moving_pair import FARADAY, GAS, HEIGHT, SALT, SPAN, TEMPERATURE, Balance, Exact, MovingPair

LIQUID, SOLVENT = 500.0, 9.0e3
VIRIAL = (3e-4, -1e-4, 2e-4)
DRAGS = (4e-12, 1.5e-12, 3e-12)
"""Of lithium and cation, lithium and anion, cation and anion, m^2/s."""


@dataclass(frozen=True)
class MixedPair(MovingPair):
    """Polymer|ceramic or host|electrolyte whose electrolyte is a mixture.

    Attributes:
        drag: whether ions drag each other; otherwise the polymer alone holds them.
    """

    drag: bool = True

    def liquid(self, c: Any, t: Any, m: Any) -> Any:
        """Concentration of the ionic liquid, mol/m^3."""
        z = c[-1] / HEIGHT
        return LIQUID * (1 - 0.3 * self._profile(c, m) * m.sin(1.2 * z + 0.4) + 0.3 * z) * (1 - 0.2 * t / SPAN)

    def spreads(self, state: Any) -> tuple[Any, Any, Any]:
        """Of the three ions against the polymer, m^2/s."""
        lithium, cation = state
        return 2e-12 * (1 + 0.2 * cation / LIQUID), 5e-12, 7e-12 * (1 + 0.1 * lithium / SALT)

    def medium(self) -> TernaryElectrolyte:
        spread = [lambda state, k=k: self.spreads(state)[k] for k in range(3)]
        drags = dict(zip(("lithium_cation", "lithium_anion", "cation_anion"), DRAGS, strict=True)) if self.drag else {}
        names = ("virial_salt", "virial_cross", "virial_liquid")
        virials = dict(zip(names, VIRIAL, strict=True))
        return TernaryElectrolyte(*spread, SALT, LIQUID, solvent=SOLVENT, **drags, **virials)  # type: ignore[arg-type]

    def _flow(self, x: Any, t: Any) -> list[Any]:
        """Fluxes of lithium, cation and anion times the Faraday constant, A/m^2."""
        c = list(x)
        lithium, cation = self.salt(c, t, ufl), self.liquid(c, t, ufl)
        ions = (lithium, cation, lithium + cation)
        potential = (self.lower if self.polymer else self.upper)(c, t, ufl)
        # phi against a lithium reference: what lithium feels; salts are the sums of their ions
        first = ufl.ln(lithium) + ufl.ln(ions[2]) + VIRIAL[0] * lithium + VIRIAL[1] * cation
        second = ufl.ln(cation) + ufl.ln(ions[2]) + VIRIAL[1] * lithium + VIRIAL[2] * cation
        feels = FARADAY / (GAS * TEMPERATURE) * potential
        drives = [-ufl.grad(feels), -ufl.grad(second - first + feels), -ufl.grad(first - feels)]
        spread = self.spreads((lithium, cation))
        if not self.drag:
            return [FARADAY * d * n * drive for d, n, drive in zip(spread, ions, drives, strict=True)]
        total = SOLVENT + sum(ions)
        rows = [[0.0] * 3 for _ in range(3)]
        for (j, k), drag in zip(((0, 1), (0, 2), (1, 2)), DRAGS, strict=True):
            friction = ions[j] * ions[k] / (total * drag)
            rows[j][k] = rows[k][j] = -friction
            rows[j][j], rows[k][k] = rows[j][j] + friction, rows[k][k] + friction
        for j in range(3):
            rows[j][j] = rows[j][j] + ions[j] / spread[j]
        mobile = ufl.inv(ufl.as_matrix(rows))
        return [FARADAY * ions[j] * sum(mobile[j, k] * ions[k] * drives[k] for k in range(3)) for j in range(3)]

    def _drift(self, layer: str, x: Any, t: Any) -> Any:
        if layer != self.salted:
            return super()._drift(layer, x, t)
        lithium, cation, anion = self._flow(x, t)
        return lithium + cation - anion

    def _anions(self, x: Any, t: Any) -> Any:
        _, cation, anion = self._flow(x, t)
        return anion - cation

    def balances(self) -> list[Balance]:
        def nothing(x: Any, t: Any) -> Any:
            return 0.0 * x[0]

        def stored(x: Any, t: Any) -> Any:
            return FARADAY * self._rate(self.liquid, list(x))

        moving = Balance(self.salted, "liquid", stored, lambda x, t: self._flow(x, t)[1], nothing, True)
        return [*super().balances(), moving]

    def unknowns(self, model: Model) -> dict[str, tuple[Any, Exact, str | None]]:
        assert model.transport is not None
        beside = {"liquid": (model.transport.liquids[self.salted], self.liquid, self.salted)}
        return {**super().unknowns(model), **beside}


def closed(current: float, spread: float, length: float, salt: float, liquid: float, temperature: float) -> Any:
    """Steady state between two lithium electrodes, of an ideal mixture whose ions do not drag each other.

    Anions and cations of the liquid rest, so that c_X is linear and c_C = K / c_X.

    Returns:
        Voltage (V), and functions of the share of the way from the anode for c_Li and c_C (mol/m^3).
    """
    fall = current * length / (2 * FARADAY * spread)
    middle = salt + liquid
    low, high = middle - fall / 2, middle + fall / 2
    product = liquid * fall / math.log(high / low) if fall else liquid * middle
    ends = [(c - product / c) * c for c in (high, low)]
    voltage = GAS * temperature / FARADAY * math.log(ends[0] / ends[1])

    def anion(s: Any) -> Any:
        return high - fall * s

    return voltage, lambda s: anion(s) - product / anion(s), lambda s: product / anion(s)
