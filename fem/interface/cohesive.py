"""Cohesion of two solids: a bond that softens, breaks, and bears pressure ever after.

Bilinear traction-separation with the mixed-mode criterion of Benzeggagh and Kenane after Camanho and Davila (NASA
TM-2002-211737) and Turon et al. (Mech. Mater. 38 (2006) 1072). The stored energy is

    (1 - d) K/2 (<g>^2 + |s|^2) + K/2 <-g>^2,

g the opening, s the slip, d the damage: the largest so far of what the present jump asks for. Tractions are its
derivatives at fixed damage.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import ufl

from fem.interface.jump import Jump, Operations, in_forms, positive

__all__ = ["Cohesive"]

_TINY = 1e-9
"""Jumps below this share of the one at which damage begins have no direction."""


@dataclass(frozen=True)
class Cohesive:
    """A bond.

    Attributes:
        strength: largest traction in opening, Pa.
        toughness: energy of breaking in opening, J/m^2.
        shear_strength, shear_toughness: the same in sliding; None: as in opening.
        exponent: eta of Benzeggagh and Kenane, G_c = G_I + (G_II - G_I) (share of sliding)^eta.
        stiffness: K before damage and of closed contact, Pa/m; None: a hundred times that at which the bond would break
            without softening, strength^2 / (2 toughness).
        viscosity: s; time in which damage follows what the jump asks for. 0: at once.
        open_share: share of the conductance that is left where it is broken.
    """

    strength: float
    toughness: float
    shear_strength: float | None = None
    shear_toughness: float | None = None
    exponent: float = 2.0
    stiffness: float | None = None
    viscosity: float = 0.0
    open_share: float = field(default=0.0, kw_only=True)
    _alike: bool | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("strength", "toughness", "shear_strength", "shear_toughness", "stiffness", "exponent"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be positive, got {value}")
        if self.viscosity < 0:
            raise ValueError(f"viscosity must not be negative, got {self.viscosity}")
        if not 0 <= self.open_share < 1:
            raise ValueError(f"open_share must lie in 0 <= x < 1, got {self.open_share}")
        for strength, toughness in self.modes:
            if self.penalty * 2 * toughness <= strength**2:
                raise ValueError(
                    f"stiffness must be above strength^2 / (2 toughness) = {strength**2 / (2 * toughness):.4g} Pa/m, "
                    f"got {self.penalty:.4g}: the bond would break at once"
                )

    @property
    def modes(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """(strength, toughness) in opening and in sliding."""
        opening = self.strength, self.toughness
        strength = self.strength if self.shear_strength is None else self.shear_strength
        return opening, (strength, self.toughness if self.shear_toughness is None else self.shear_toughness)

    @property
    def penalty(self) -> float:
        """K in Pa/m."""
        if self.stiffness is not None:
            return self.stiffness
        return 100 * max(strength**2 / (2 * toughness) for strength, toughness in self.modes)

    @property
    def symmetric(self) -> bool:
        """Whether the tangent is symmetric: all modes alike."""
        if self._alike is not None:
            return self._alike
        opening, sliding = self.modes
        return opening == sliding

    def in_forms(self, constant: Callable[[float], Any]) -> Cohesive:
        """The law with its numbers as constants of the forms."""
        made = in_forms(replace(self, stiffness=self.penalty), constant)
        object.__setattr__(made, "_alike", self.symmetric)
        return made

    def _size(self, jump: Jump, on: Operations) -> Any:
        """Square of the effective jump, m^2."""
        return positive(jump.normal, on) ** 2 + on.inner(jump.shear, jump.shear)

    def limits(self, jump: Jump, on: Operations = ufl) -> tuple[Any, Any]:
        """Effective jumps at which damage begins and is complete, m."""
        stiff = self.penalty
        (t1, g1), (t2, g2) = self.modes
        if self.symmetric:
            return t1 / stiff, 2 * g1 / t1
        tiny = (_TINY * t1 / stiff) ** 2
        share = (on.inner(jump.shear, jump.shear) + 0.0) / (self._size(jump, on) + tiny)
        mixed = share**self.exponent
        begin = on.sqrt((t1 / stiff) ** 2 + ((t2 / stiff) ** 2 - (t1 / stiff) ** 2) * mixed)
        return begin, 2 * (g1 + (g2 - g1) * mixed) / (stiff * begin)

    def effective(self, jump: Jump, on: Operations = ufl) -> Any:
        """Effective jump, m."""
        return on.sqrt(self._size(jump, on) + (_TINY * self.strength / self.penalty) ** 2)

    def asked(self, jump: Jump, on: Operations = ufl) -> Any:
        """Damage that a jump asks for, 0 whole to 1 broken."""
        size = self.effective(jump, on)
        begin, end = self.limits(jump, on)
        part = end * (size - begin) / (size * (end - begin))
        return on.conditional(on.lt(size, begin), 0.0, on.conditional(on.lt(size, end), part, 1.0))

    def damage(self, jump: Jump, before: Any, share: Any = 1.0, on: Operations = ufl) -> Any:
        """0 whole, 1 broken: the larger of that ``before`` and what the jump asks for, of which ``share`` has come."""
        return before + share * positive(self.asked(jump, on) - before, on)

    def energy(self, jump: Jump, damage: Any, on: Operations = ufl) -> Any:
        """Stored energy, J/m^2."""
        # without stiffness at zero: the faces of a crack that opens from there are not stuck in the first iteration
        overlap = on.conditional(on.lt(jump.normal, 0.0), jump.normal, 0.0)
        return 0.5 * self.penalty * ((1 - damage) * self._size(jump, on) + overlap**2)

    def power(self, jump: Jump, change: Jump, damage: Any, on: Operations = ufl) -> Any:
        """Tractions at a jump and a damage times a change of the jump, J/m^2."""
        overlap = on.conditional(on.lt(jump.normal, 0.0), jump.normal, 0.0)
        pulled = positive(jump.normal, on) * change.normal + on.inner(jump.shear, change.shear)
        return self.penalty * ((1 - damage) * pulled + overlap * change.normal)
