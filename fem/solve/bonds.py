"""Bonds of a model while its load or time goes on in steps: how much a step may break, and how bonds jump.

Where equilibrium jumps (snap-back) no step is short enough. The damage that the jump asks for then comes little by
little, at a fixed load or instant, and what is released counts as dissipated by the bonds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from dolfinx import fem
from mpi4py import MPI

from fem.errors import ConvergenceError
from fem.joints import CohesiveJoint

if TYPE_CHECKING:
    from fem.model import Model
    from fem.solve.work import Energies

__all__ = ["BondSettings", "Bonds"]

_FIRST, _LEAST, _MOST = 0.05, 1e-6, 1e3
"""Steps of a jump in pseudo-time, over the time in which damage follows: the first one, those that are given up, and
those that are taken for the rest of time."""
_LONGER, _SHORTER = 4.0, 0.25
"""Ratios of two of them."""


@dataclass(frozen=True)
class BondSettings:
    """How time steps and bonds go together.

    Attributes:
        smallest: time step, in parts of the duration of the protocol's step, below which it is not shortened because
            of what breaks: bonds then jump.
        miss: work of the bonds that the mean of the forces at both ends of a step misses, over the energy that there
            is: more, and the step is cut.
        unit: s in which viscosities of bonds are counted.
    """

    smallest: float = 2.5e-3
    miss: float = 0.01
    unit: float = 1.0

    def __post_init__(self) -> None:
        for name in ("smallest", "miss"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie between 0 and 1, got {getattr(self, name)}")
        if not self.unit > 0:
            raise ValueError(f"unit must be positive, got {self.unit}")


class Bonds:
    """All bonds of a model.

    Args:
        model: whose sides may part.

    Attributes:
        joints: with cohesion.
    """

    def __init__(self, model: Model) -> None:
        self.model, self.comm = model, model.geometry.comm
        self.joints = [joint for joint in model.joints.values() if isinstance(joint, CohesiveJoint)]
        self._asked: list[Any] = []
        self._missing: list[tuple[Any, Any]] = []
        self._held: float | None = None

    def __bool__(self) -> bool:
        return bool(self.joints)

    def step(self, length: float) -> None:
        """Set how long the present step is, in the unit of viscosities, unless the bonds are jumping."""
        for joint in self.joints if self._held is None else ():
            joint.step(length)

    def growth(self) -> float:
        """Largest growth of damage at a point since the last accepted state. Collective."""
        if not self._asked:
            self._asked = [b.points.sampler(b.damage(), b.before.function_space) for b in self.joints]
        pairs = zip(self._asked, self.joints, strict=True)
        here = max((float(np.max(sample() - b.before.x.array, initial=0.0)) for sample, b in pairs), default=0.0)
        return float(self.comm.allreduce(here, op=MPI.MAX))

    def missed(self, energies: Callable[[], Energies]) -> float:
        """Largest work of a bond in the present step beyond that of its mean tractions, over the energy there is.

        Args:
            energies: of the present state. Collective.
        """
        if not self.joints:
            return 0.0
        if not self._missing:
            functions = [b.points.function("missed") for b in self.joints]
            forms = [b.points.integral(f("+") * self.model.one) for b, f in zip(self.joints, functions, strict=True)]
            compiled = self.model.geometry.entity_maps().form
            self._missing = [(f, compiled(x)) for f, x in zip(functions, forms, strict=True)]
        found = []
        for bond, (function, form) in zip(self.joints, self._missing, strict=True):
            step, _ = bond.advanced()
            function.x.array[:] = step.work - step.chord
            found.append(abs(self.comm.allreduce(float(np.real(fem.assemble_scalar(form))))))
        if max(found) == 0.0:
            return 0.0
        present = energies()
        return float(max(found) / max(present.stored, present.fracture, np.finfo(float).tiny))

    # ------------------------------------------------------------------ jumps
    @property
    def jumped(self) -> bool:
        """Whether the present state does not follow from the last accepted one through equilibria."""
        return any(joint.jumped for joint in self.joints)

    def mark(self, jumped: bool) -> None:
        """Say whether it does not."""
        for joint in self.joints:
            joint.jumped = jumped

    def jump(
        self, solve: Callable[[], None], state: Callable[[], Any], restore: Callable[[Any], None]
    ) -> Iterator[None]:
        """States on the way to the next equilibrium, and that one; who asks for the next one has accepted the last.

        Damage follows what the jump asks for as in a viscous bond, by implicit steps of pseudo-time that grow while
        they succeed: near the last equilibrium little happens in long ones, further on much in short ones.

        Args:
            solve: finds a state with the share of the damage that comes. state, restore: keep and take back.

        Raises:
            ConvergenceError: no state is found, however little of the damage comes.
        """
        length, growth, passed = _FIRST, _LONGER, False
        try:
            while True:
                self._held = share = length / (1.0 + length) if length < _MOST else 1.0
                for joint in self.joints:
                    joint.share.value, joint.jumped = share, True
                kept = state()
                try:
                    solve()
                except ConvergenceError:
                    restore(kept)
                    length, growth = _SHORTER * length, 1.0
                    if length < _LEAST:
                        self.mark(False)
                        raise
                    continue
                passed = share < 1.0
                yield
                if share == 1.0:
                    return
                length, growth = min(growth * length, _MOST), min(2 * growth, _LONGER)
        finally:
            self._held = None
            self.step(0.0)
            if passed:  # given up on the way: no more comes before the next step
                for joint in self.joints:
                    joint.share.value = 0.0
