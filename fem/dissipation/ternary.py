"""Mixtures of a lithium salt and an ionic liquid in a polymer: three ions from one dissipation potential."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ufl

from fem.constants import FARADAY, GAS
from fem.dissipation.electrolyte import BinaryElectrolyte, SaltConduction
from fem.energy.mixing import MixtureMixing
from fem.terms import Carrier
from fem.values import at

__all__ = ["SaltElectrolyte", "TernaryElectrolyte"]

_CHARGES = (1, 1, -1)


@dataclass(frozen=True)
class TernaryElectrolyte:
    """A polymer with LiX and an ionic liquid CX: Stefan-Maxwell friction of Li, C and X with it and among each other.

    Onsager-Stefan-Maxwell transport (Newman & Thomas-Alyea, Electrochemical Systems, ch. 12; Monroe and Delacourt,
    Electrochim. Acta 114 (2013) 649), seen from the polymer:

        c_j X_j = R T c_j v_j / D_j + sum_k R T c_j c_k / (c_T D_jk) (v_j - v_k),    c_T = c_0 + c_Li + c_C + c_X

    with the force X_j = -grad of the electrochemical potential of an ion. What the velocities dissipate is a square of
    them with a symmetric positive matrix; turned round, with N = c v,

        Xi = 1/2 sum_jk L_jk X_j X_k

    The potential phi is measured by a lithium reference, E = -grad(phi), X_1, X_2 = -grad(mu) of salt and liquid, and
    X_Li = F E, X_C = F E + X_2 - X_1, X_X = X_1 - F E. Then i = d(Xi)/dE, N_1 = d(Xi)/dX_1 = N_X - N_C, which
    stores c_Li, and N_2 = d(Xi)/dX_2 = N_C, which stores c_C. An electrode that lithium alone passes lets neither
    through.

    Attributes:
        lithium: D_Li in m^2/s against the polymer: the self-diffusivity where ions do not drag each other.
        cation: D_C of the liquid.
        anion: D_X.
        concentration: of lithium salt at the beginning, mol/m^3.
        liquid: of ionic liquid at the beginning, mol/m^3.
        lithium_cation: D_jk of lithium and the cation of the liquid, m^2/s; None: they do not drag each other.
        lithium_anion: that of lithium and the anion.
        cation_anion: that of the two ions of the liquid.
        solvent: c_0, what the mole fractions count of the polymer, mol/m^3; only ions that drag each other ask for it.
        virial_salt, virial_cross, virial_liquid: B11, B12, B22 in m^3/mol.

    Diffusivities are numbers or functions of (c_Li, c_C).
    """

    lithium: Any
    cation: Any
    anion: Any
    concentration: Any
    liquid: Any
    lithium_cation: Any = None
    lithium_anion: Any = None
    cation_anion: Any = None
    solvent: Any = 0.0
    virial_salt: Any = 0.0
    virial_cross: Any = 0.0
    virial_liquid: Any = 0.0
    carrier: Carrier = "ionic"

    @property
    def energy(self) -> MixtureMixing:
        """Free energy of mixing."""
        return MixtureMixing(self.virial_salt, self.virial_cross, self.virial_liquid)

    def mobilities(self, state: Any, temperature: float) -> tuple[tuple[Any, Any, Any], ...]:
        """(3, 3) L in mol^2/(J m s), in the order Li, C, X; of numbers or UFL.

        L = A^-1 C / (R T), A_jj = 1/D_j + sum_k c_k / (c_T D_jk), A_jk = -c_j / (c_T D_jk), C = diag(c): written by
        cofactors it is symmetric to the last digit, and has a limit where an ion vanishes.

        Args:
            state: (c_Li, c_C) in mol/m^3.
            temperature: K.
        """
        lithium, cation = state
        c = (lithium, cation, lithium + cation)
        total = self.solvent + 2 * (lithium + cation)

        def drag(value: Any) -> Any:
            return 0 if value is None else 1 / (total * at(value, state))

        pairs = {
            frozenset((0, 1)): drag(self.lithium_cation),
            frozenset((0, 2)): drag(self.lithium_anion),
            frozenset((1, 2)): drag(self.cation_anion),
        }
        g = [[0 if j == k else pairs[frozenset((j, k))] for k in range(3)] for j in range(3)]
        own = [
            1 / at(spread, state) + sum(c[k] * g[j][k] for k in range(3))
            for j, spread in enumerate((self.lithium, self.cation, self.anion))
        ]
        # the cofactor of a pair, each side divided by what makes it symmetric
        cubic = 2 * c[0] * c[1] * c[2] * g[0][1] * g[0][2] * g[1][2]
        determinant = own[0] * own[1] * own[2] - cubic
        for j, (k, m) in enumerate(((1, 2), (0, 2), (0, 1))):
            determinant = determinant - own[j] * c[k] * c[m] * g[k][m] ** 2
        scale = 1 / (GAS * temperature * determinant)

        def entry(j: int, k: int) -> Any:
            if j == k:
                p, q = (n for n in range(3) if n != j)
                return c[j] * (own[p] * own[q] - c[p] * c[q] * g[p][q] ** 2) * scale
            m = 3 - j - k
            return c[j] * c[k] * (g[j][k] * own[m] + c[m] * g[j][m] * g[m][k]) * scale

        upper = {(j, k): entry(j, k) for j in range(3) for k in range(j, 3)}
        return tuple((upper[0, j], upper[min(1, j), max(1, j)], upper[j, 2]) for j in range(3))

    def conductivity(self, state: Any, temperature: float) -> Any:
        """kappa = F^2 z L z in S/m where nothing but the potential varies."""
        ions = self.mobilities(state, temperature)
        signs = [(j, k, _CHARGES[j] * _CHARGES[k]) for j in range(3) for k in range(3)]
        return FARADAY**2 * sum(sign * ions[j][k] for j, k, sign in signs)

    def force(self, concentration: Any, temperature: float) -> tuple[Any, Any]:
        """X_1, X_2 in J/(mol m) of salt and liquid."""
        gradients = [ufl.grad(c) for c in concentration]
        lithium, cation = concentration
        rows = self.energy.slopes(lithium, cation, temperature)
        first, second = (-row[0] * gradients[0] - row[1] * gradients[1] for row in rows)
        return first, second

    def dissipation(self, field: Any, force: tuple[Any, Any], concentration: Any, temperature: float) -> Any:
        """Xi in W/m^3 of the electric field (V/m) and the forces on salt and liquid (J/(mol m))."""
        # outside of the bounds there is no entropy, so that no step may end there
        state = tuple(ufl.sqrt(c) ** 2 for c in concentration)
        ions = self.mobilities(state, temperature)
        salt, liquid = force
        drives = (FARADAY * field, FARADAY * field + liquid - salt, salt - FARADAY * field)
        pairs = [(j, k, 0.5 if j == k else 1.0) for j in range(3) for k in range(j, 3)]
        return sum(weight * ions[j][k] * ufl.inner(drives[j], drives[k]) for j, k, weight in pairs)

    def fluxes(self, potential: Any, state: Any, temperature: float) -> tuple[Any, Any]:
        """N_1 and N_2 in mol/(m^2 s): what stores salt and what stores liquid."""
        salt, liquid = (ufl.variable(x) for x in self.force(state, temperature))
        potential = self.dissipation(-ufl.grad(potential), (salt, liquid), state, temperature)
        return ufl.diff(potential, salt), ufl.diff(potential, liquid)

    def conduction(self, state: Any, temperature: float) -> SaltConduction:
        """The passage of charge at given concentrations, as a conductor among others."""
        conductivity = self.conductivity(state, temperature)
        return SaltConduction(self.carrier, conductivity, self, state, temperature)


SaltElectrolyte = BinaryElectrolyte | TernaryElectrolyte
"""Electrolytes with salts that move."""
