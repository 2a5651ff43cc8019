"""Work and dissipation of a bond between two states, integrated along the way that it has gone.

Between two load steps the jump goes straight. The tractions do the work integral(t . d jump); what is not stored of it
was dissipated, integral(K/2 size^2 d damage). Integrals are exact but for rounding: the way is cut where the law has a
kink (damage begins, goes on, is complete; faces meet), and every piece takes a Gauss rule.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fem.interface.cohesive import Cohesive
from fem.interface.jump import ARRAYS, Jump

__all__ = ["BondStep", "bond_step"]

Floats = npt.NDArray[np.float64]

_POINTS, _WEIGHTS = (0.5 * (x + s) for x, s in zip(np.polynomial.legendre.leggauss(8), (1.0, 0.0), strict=True))
_TINY = 1e-300


@dataclass(frozen=True)
class BondStep:
    """What happened at points, (n,) each.

    Attributes:
        damage: at the end.
        work: of the tractions, J/m^2.
        dissipated: of it, J/m^2.
        chord: what the mean of the tractions at both ends would have done, J/m^2.
    """

    damage: Floats
    work: Floats
    dissipated: Floats
    chord: Floats


def bond_step(law: Cohesive, then: Jump, now: Jump, before: Floats, share: float, jumped: bool = False) -> BondStep:
    """From one accepted state to the next.

    Args:
        law: of the bond. then, now: jumps of both states; normal (n,) and shear (components, n), m.
        before: (n,) damage of the first. share: of the damage that the jump asks for, how much came (viscosity).
        jumped: the states between were no equilibria of the bond.
    """
    after = law.damage(now, before, share, ARRAYS)
    change = Jump(now.normal - then.normal, now.shear - then.shear)
    cuts = _cuts(law, then, now, change, before)
    # a rank may have none of the points
    shape, lengths = ((len(cuts) - 1) * len(_POINTS), len(before)), (cuts[1:] - cuts[:-1])[:, None]
    at = (cuts[:-1, None] + lengths * _POINTS[None, :, None]).reshape(shape)
    weights = (lengths * _WEIGHTS[None, :, None]).reshape(shape)
    shear = then.shear[:, None] + change.shear[:, None] * at
    way = Jump(then.normal + change.normal * at, shear)
    if share < 1.0:
        damage = before + at * (after - before)
    else:
        damage = np.maximum.accumulate(np.maximum(before, law.asked(way, ARRAYS)), axis=0)
    along = Jump(np.broadcast_to(change.normal, at.shape), np.broadcast_to(change.shear[:, None], shear.shape))
    work = (weights * law.power(way, along, damage, ARRAYS)).sum(axis=0)
    chord = 0.5 * (law.power(then, change, before, ARRAYS) + law.power(now, change, after, ARRAYS))
    grown = after > before
    if jumped:  # at a fixed load tractions are what the solids pull with, which is linear in the jump
        work = np.where(grown, chord, work)
    stored = law.energy(now, after, ARRAYS) - law.energy(then, before, ARRAYS)
    return BondStep(after, work, np.where(grown, work - stored, 0.0), chord)


def _cuts(law: Cohesive, then: Jump, now: Jump, change: Jump, before: Floats) -> Floats:
    """(cuts, n) parts of the way from 0 to 1, in order, between which the law is smooth."""
    begin, end = (np.broadcast_to(x, before.shape) for x in law.limits(now, ARRAYS))
    # what was damaged goes on where the effective jump asks for as much again
    again = begin * end / np.maximum(end - before * (end - begin), _TINY)
    still = change.normal == 0.0
    meet = np.where(still, 0.0, -then.normal / np.where(still, 1.0, change.normal))
    found = [np.zeros_like(before), np.ones_like(before), meet]
    for normal, turn in ((then.normal, change.normal), (0 * then.normal, 0 * change.normal)):
        square = turn**2 + (change.shear**2).sum(axis=0)
        mixed = normal * turn + (then.shear * change.shear).sum(axis=0)
        first = normal**2 + (then.shear**2).sum(axis=0)
        moving = square > 0.0
        for limit in (begin, again, end):
            under = mixed**2 - square * (first - limit**2)
            root = np.sqrt(np.maximum(under, 0.0))
            for sign in (-1.0, 1.0):
                place = (-mixed + sign * root) / np.where(moving, square, 1.0)
                found.append(np.where(moving & (under > 0.0), place, 0.0))
    return np.sort(np.clip(np.array(found), 0.0, 1.0), axis=0)
