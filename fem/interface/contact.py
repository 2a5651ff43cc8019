"""Contact of two solids without adhesion: they touch and press, or part.

The energy is the augmented Lagrangian of the Signorini problem (Alart and Curnier, Comput. Methods Appl. Mech. Eng. 92
(1991) 353),

    c/2 (<m - g>^2 - m^2),        p = c m,

with the gap g, the pressure p and a stiffness c that the solution does not depend on. It is minimised over the
displacements and maximised over m. Its derivatives are piecewise linear, and Newton's method on them is the primal-dual
active-set method (Hintermueller, Ito and Kunisch, SIAM J. Optim. 13 (2002) 865): it ends after finitely many steps.
With the length m in the place of the pressure all rows are forces, and the matrix is symmetric.

What sticks adds c/2 (|q - s|^2 - |q|^2) where it is closed, with the slip s since it closed and the shear traction c q.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import ufl

from fem.interface.asperities import Asperities
from fem.interface.jump import Jump, in_forms, positive

__all__ = ["Contact"]


@dataclass(frozen=True)
class Contact:
    """Unilateral contact.

    Attributes:
        gap: initial distance of the two sides, m: a number, or a function of the UFL coordinate.
        sticking: no slip while closed; otherwise no friction.
        stiffness: c in Pa/m; None: from the stiffer side and the size of the facets.
        asperities: which share of a closed place conducts, by the local pressure; None: all of it.
        open_share: share of the conductance that is left where it is open.
        curvature: 1/m of a rounded side: the gap grows by curvature r^2 / 2 with the distance r from the origin of the
            lateral coordinates.
    """

    gap: float | Callable[[Any], Any] = 0.0
    sticking: bool = False
    stiffness: float | None = None
    asperities: Asperities | None = None
    open_share: float = 0.0
    curvature: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        if self.stiffness is not None and not self.stiffness > 0:
            raise ValueError(f"stiffness must be positive, got {self.stiffness}")
        if not 0 <= self.open_share < 1:
            raise ValueError(f"open_share must lie in 0 <= x < 1, got {self.open_share}")

    def distance(self, jump: Jump, coordinate: Any) -> Any:
        """Gap g in m: the initial one and the opening."""
        # constants of the forms can be called, too
        given: Any = self.gap
        given = given(coordinate) if callable(given) and not isinstance(given, ufl.core.expr.Expr) else given
        if isinstance(self.curvature, float | int) and self.curvature == 0:
            return jump.normal + given
        lateral = sum(coordinate[k] ** 2 for k in range(len(coordinate) - 1))
        return jump.normal + given + 0.5 * self.curvature * lateral

    def in_forms(self, constant: Callable[[float], Any]) -> Contact:
        """The law with its numbers as constants of the forms."""
        made = in_forms(self, constant)
        if self.asperities is not None:
            object.__setattr__(made, "asperities", in_forms(self.asperities, constant))
        return made

    def energy(self, distance: Any, press: Any, stiffness: Any) -> Any:
        """J/m^2 at a gap, with m = press in metres."""
        return 0.5 * stiffness * (positive(press - distance) ** 2 - press**2)

    def stick(self, slip: Any, drag: Any, normal: Any, closed: Any, stiffness: Any) -> Any:
        """J/m^2 of what sticks: ``slip`` s and ``drag`` q in metres."""
        along = drag - ufl.dot(drag, normal) * normal
        held = ufl.inner(along - slip, along - slip) - ufl.inner(along, along) - ufl.dot(drag, normal) ** 2
        return 0.5 * stiffness * ufl.conditional(closed, held, -ufl.inner(drag, drag))

    def conducting(self, closed: Any, pressure: Any) -> Any:
        """Share of the nominal conductance that passes."""
        share = 1.0 if self.asperities is None else self.asperities.share(pressure)
        return ufl.conditional(closed, self.open_share + (1 - self.open_share) * share, self.open_share)
