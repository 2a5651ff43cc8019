"""Linear elasticity of crystals: a stiffness in crystal axes, and how these lie in the model.

psi = (1/2) e' : C : e' with e' = R^T (strain - eigenstrain) R, the elastic strain in the crystal's axes (Nye, Physical
Properties of Crystals, chapter VIII).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import ufl

from fem.energy.eigenstrain import stress_free_strain
from fem.energy.swelling import StressFreeStrain
from fem.terms import State

__all__ = ["CrystalElastic", "Stiffness"]


@dataclass(frozen=True)
class Stiffness:
    """Elastic constants of crystals with an axis c (or cubic ones), in Voigt's notation and Pa.

    C_22 = C_11, C_23 = C_13, C_55 = C_44, C_24 = -C_14 and C_56 = C_14 (classes 32, 3m and -3m); all others vanish.

    Attributes:
        c11, c12, c13, c33, c44: as said.
        c66: (c11 - c12) / 2 where all directions across c are alike.
        c14: of trigonal crystals; 0 for hexagonal and cubic ones.
    """

    c11: Any
    c12: Any
    c13: Any
    c33: Any
    c44: Any
    c66: Any
    c14: Any = 0.0

    def __post_init__(self) -> None:
        if all(isinstance(value, int | float) for value in self._numbers):
            least = float(np.linalg.eigvalsh(self.matrix()).min())
            if not least > 0:
                raise ValueError(
                    f"every strain must cost energy; the least eigenvalue of this stiffness is {least:g} Pa"
                )

    @property
    def _numbers(self) -> tuple[Any, ...]:
        return tuple(getattr(self, item.name) for item in fields(self))

    @classmethod
    def hexagonal(cls, c11: float, c12: float, c13: float, c33: float, c44: float, c14: float = 0.0) -> Stiffness:
        """Transversely isotropic about c; with `c14`, trigonal."""
        return cls(c11, c12, c13, c33, c44, (c11 - c12) / 2, c14)

    @classmethod
    def cubic(cls, c11: float, c12: float, c44: float) -> Stiffness:
        """The same along three axes."""
        return cls(c11, c12, c12, c11, c44, c44)

    @classmethod
    def isotropic(cls, young_modulus: float, poisson_ratio: float) -> Stiffness:
        """The same in all directions."""
        mu = young_modulus / (2 * (1 + poisson_ratio))
        lam = 2 * mu * poisson_ratio / (1 - 2 * poisson_ratio)
        return cls(lam + 2 * mu, lam, lam, lam + 2 * mu, mu, mu)

    def matrix(self) -> npt.NDArray[np.float64]:
        """(6, 6) in Voigt's order 11, 22, 33, 23, 13, 12, of plain numbers."""
        c11, c12, c13, c33, c44, c66, c14 = self._numbers
        return np.array(
            [
                [c11, c12, c13, c14, 0, 0],
                [c12, c11, c13, -c14, 0, 0],
                [c13, c13, c33, 0, 0, 0],
                [c14, -c14, 0, c44, 0, 0],
                [0, 0, 0, 0, c44, c14],
                [0, 0, 0, 0, c14, c66],
            ],
            dtype=np.float64,
        )

    def stress(self, strain: Any) -> Any:
        """(3, 3) stress of an elastic strain (UFL), both in crystal axes."""
        e = strain
        trigonal = not (isinstance(self.c14, int | float) and self.c14 == 0)
        s11 = self.c11 * e[0, 0] + self.c12 * e[1, 1] + self.c13 * e[2, 2]
        s22 = self.c12 * e[0, 0] + self.c11 * e[1, 1] + self.c13 * e[2, 2]
        s33 = self.c13 * (e[0, 0] + e[1, 1]) + self.c33 * e[2, 2]
        s23, s13, s12 = 2 * self.c44 * e[1, 2], 2 * self.c44 * e[0, 2], 2 * self.c66 * e[0, 1]
        if trigonal:
            s11, s22 = s11 + 2 * self.c14 * e[1, 2], s22 - 2 * self.c14 * e[1, 2]
            s23 = s23 + self.c14 * (e[0, 0] - e[1, 1])
            s13, s12 = s13 + 2 * self.c14 * e[0, 1], s12 + 2 * self.c14 * e[0, 2]
        return ufl.as_matrix([[s11, s12, s13], [s12, s22, s23], [s13, s23, s33]])


@dataclass(frozen=True)
class CrystalElastic:
    """An elastic crystal, or the grains of a polycrystal.

    Attributes:
        stiffness: in crystal axes.
        axes: `fem.orientations.CrystalAxes`.
        eigenstrain, swelling, thermal: stress-free strains, as for `fem.energy.elastic.Elastic`.
    """

    stiffness: Stiffness
    axes: Any
    eigenstrain: Any = 0.0
    swelling: StressFreeStrain | None = None
    thermal: Any = None

    def stress_free_strain(self, concentration: Any = None) -> Any:
        """(3, 3) eigenstrain in model axes as UFL, with the swelling at a concentration in mol/m^3."""
        return stress_free_strain(self, concentration)

    def _stress(self, elastic: Any) -> Any:
        turn = self.axes
        return turn * self.stiffness.stress(ufl.transpose(turn) * elastic * turn) * ufl.transpose(turn)

    def density(self, state: State) -> Any:
        """Energy density in J/m^3."""
        # the stress is a derivative in nine components: symmetric where the energy sees the symmetric part alone
        elastic = ufl.sym(state.strain - self.stress_free_strain(state.concentration))
        within = ufl.transpose(self.axes) * elastic * self.axes
        return 0.5 * ufl.inner(self.stiffness.stress(within), within)

    def plane_stress_strain(self, strain: Any, concentration: Any = None) -> Any:
        """The same strain with the out-of-plane components for which no stress acts on the plane.

        sigma z = s0 + Q a with the strain sym(a z) of the unknown a, and Q_ij = C_izjz.
        """
        out = ufl.as_vector([0, 0, 1])
        plane = ufl.as_matrix([[strain[0, 0], strain[0, 1], 0], [strain[1, 0], strain[1, 1], 0], [0, 0, 0]])
        units = [ufl.as_vector([float(i == k) for i in range(3)]) for k in range(3)]
        pulls = [self._stress(ufl.sym(ufl.outer(unit, out))) * out for unit in units]
        acoustic = ufl.as_matrix([[pulls[k][i] for k in range(3)] for i in range(3)])
        amount = -ufl.inv(acoustic) * (self._stress(plane - self.stress_free_strain(concentration)) * out)
        return plane + ufl.sym(ufl.outer(amount, out))
