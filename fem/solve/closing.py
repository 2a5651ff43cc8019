"""Work of loads on solids whose cracks open and close while the damage stands still.

The mean of the forces at both ends of a step misses what a stiffness that jumps does on the way. The solid is elastic:
whichever way it goes, its inner forces do the work that it stores. What is missed is the stored energy less what the
mean of its inner forces at both ends does (Betti), as with bonds (`fem.interface.bond_path`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fem.energy.fracture import Fracture

if TYPE_CHECKING:
    from fem.model import Model

__all__ = ["Closing"]


@dataclass(frozen=True)
class Closing:
    """Compiled forms of the solids whose stress is not linear in the strain.

    Attributes:
        energy: stored in them, J. rows: their inner forces on the nodes, N.
    """

    energy: Any
    rows: Any

    @classmethod
    def of(cls, model: Model, degree: Callable[[str], int | None]) -> Closing | None:
        """Of a model; None where all that breaks is linear.

        Args:
            degree: layer -> degree of the quadrature rule of its stored energy, of which this is a part.
        """
        mechanics = model.mechanics
        if mechanics is None or model.damage is None:
            return None
        layers = [x for x in mechanics.solids if any(_closes(term) for term in model.energies[x])]
        if not layers:
            return None
        form, integral = model.geometry.entity_maps().form, model.geometry.integral
        test = mechanics.displacement.test
        energies = [integral(mechanics.energy_density(x), x, degree(x)) for x in layers]
        forces = [integral(mechanics.virtual_work(x, test), x) for x in layers]
        return cls(form(sum(energies[1:], start=energies[0])), form(sum(forces[1:], start=forces[0])))


def _closes(term: Any) -> bool:
    return isinstance(term, Fracture) and term.split != "none"
