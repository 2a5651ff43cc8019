"""What is seen of interfaces whose sides may part: pressure, gap, share that is closed, damage, dissipation."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import ufl
from mpi4py import MPI

from fem.errors import ModelError
from fem.interface.jump import positive
from fem.joints import Joint
from fem.observe.assembly import Assembly

__all__ = [
    "bond_dissipation",
    "closed_fraction",
    "contact_pressure",
    "debonded_fraction",
    "gap",
    "joint_at",
    "mean_damage",
]

Of = Literal["mean", "largest"]
_BROKEN = 1.0 - 1e-9
"""Damage from which a place counts as broken."""


def joint_at(assembly: Assembly, name: str) -> Joint:
    """The joint of an interface.

    Raises:
        ModelError: its sides are bonded for good.
    """
    joints = assembly.model.joints
    if name not in joints:
        raise ModelError(f"the sides of {name!r} cannot part; those of {', '.join(joints) or 'no interface'} can")
    return joints[name]


def _over(assembly: Assembly, joint: Joint, density: Any, what: str) -> float:
    return assembly.scalar(joint.points.integral(density * assembly.model.one), (what, joint.name))


def _largest(assembly: Assembly, joint: Joint, expression: Any, what: str) -> float:
    there = joint.sample("one", lambda: assembly.model.one) > 0.5
    own = joint.sample(what, lambda: expression)[there]
    return float(assembly.comm.allreduce(float(np.max(own, initial=-np.inf)), op=MPI.MAX))


def _closed(joint: Joint) -> Any:
    return ufl.conditional(joint.closed(), 1.0, 0.0)


def closed_fraction(assembly: Assembly, name: str) -> float:
    """Share of an interface on which its sides touch."""
    joint = joint_at(assembly, name)
    return _over(assembly, joint, _closed(joint), "closed") / _over(assembly, joint, 1.0, "whole")


def contact_pressure(assembly: Assembly, name: str, of: Of = "mean") -> float:
    """Pressure where the sides touch, Pa; 0 where they do not anywhere."""
    joint = joint_at(assembly, name)
    if of == "largest":
        return max(0.0, _largest(assembly, joint, joint.pressure(), "pressure"))
    area = _over(assembly, joint, _closed(joint), "closed")
    if area == 0.0:
        return 0.0
    return _over(assembly, joint, _closed(joint) * joint.pressure(), "pressed") / area


def gap(assembly: Assembly, name: str, of: Of = "mean") -> float:
    """Distance of the two sides, m: mean over the interface, or the largest."""
    joint = joint_at(assembly, name)
    distance = positive(joint.gap())
    if of == "largest":
        return _largest(assembly, joint, distance, "distance")
    return _over(assembly, joint, distance, "distance") / _over(assembly, joint, 1.0, "whole")


def _bond(assembly: Assembly, name: str) -> tuple[Joint, Any]:
    joint = joint_at(assembly, name)
    damage = joint.damage()
    if damage is None:
        raise ModelError(f"the sides of {name!r} are not bonded")
    return joint, damage


def mean_damage(assembly: Assembly, name: str) -> float:
    """Mean damage of a bond, 0 whole to 1 broken."""
    joint, damage = _bond(assembly, name)
    return _over(assembly, joint, damage, "damage") / _over(assembly, joint, 1.0, "whole")


def debonded_fraction(assembly: Assembly, name: str) -> float:
    """Share of a bond that is broken."""
    joint, damage = _bond(assembly, name)
    broken = ufl.conditional(ufl.ge(damage, _BROKEN), 1.0, 0.0)
    return _over(assembly, joint, broken, "broken") / _over(assembly, joint, 1.0, "whole")


def bond_dissipation(assembly: Assembly, name: str) -> float:
    """Energy that a bond has dissipated, J (per depth in 2-D, per area in 1-D)."""
    joint, _ = _bond(assembly, name)
    return _over(assembly, joint, joint.dissipated(), "dissipated")
