"""Work of a run in time against what is stored and what is dissipated, added up over all accepted states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from dolfinx import fem

from fem.interface.contact import Contact
from fem.joints import ContactJoint
from fem.solve.work import Book

if TYPE_CHECKING:
    from fem.model import Model

__all__ = ["Ledger"]

_NOTHING = 5e-5
"""J/m^3: energies of less, that of 1 kPa in a body of 10 GPa, are rounded zeros."""


class Ledger:
    """Work of the loads of a run in time against what is stored and what creep and bonds have dissipated.

    A history (`fem.histories`): the work is added up whenever a state is accepted. It begins at the undeformed model
    without loads.

    Attributes:
        least: J, energies that are to be told from none at least.

    Args:
        model: that creeps, or whose sides may part. book: of it; None: made.

    Raises:
        ModelError: it has no mechanics.
    """

    def __init__(self, model: Model, book: Book | None = None) -> None:
        self.book, self.model = book or Book(model), model
        assert model.mechanics is not None
        self._mechanics = model.mechanics
        integral, form = model.geometry.integral, model.geometry.entity_maps().form
        self._lost = [
            form(integral(x.function, name, model.creeps[name].degree)) for name, x in model.dissipations.items()
        ]
        volume = sum(self._sum(form(integral(model.one, name, 2))) for name in model.mechanics.solids)
        self.least = _NOTHING * volume
        loads = self._mechanics.present_loads()
        self._mechanics.set_loads(dict.fromkeys(loads, 0.0))
        for joint in model.joints.values():
            if isinstance(joint, ContactJoint):
                joint.begin()
        self.book.advance()
        self.first = self.book.energies().stored
        self._mechanics.set_loads(loads)

    def _sum(self, form: Any) -> float:
        return float(self.book.comm.allreduce(np.real(fem.assemble_scalar(form))))

    @property
    def closes(self) -> bool:
        """Whether all that is dissipated is known: not where faces that stick may let go."""
        laws = self.model.joint_laws.values()
        return not any(isinstance(law, Contact) and law.sticking for law in laws)

    def accept(self) -> None:
        """Add the work since the last accepted state. Collective."""
        self.book.advance()

    def functions(self) -> dict[str, Any]:
        """Nothing at points: see `kept`."""
        return {}

    def kept(self) -> dict[str, Any]:
        """What a later run needs to go on: work (J), stored energy at the beginning, loads."""
        return {"work": self.book.work, "first": self.first, "loads": self._mechanics.present_loads()}

    def go_on(self, kept: Mapping[str, Any]) -> None:
        """Go on from what was kept, with the fields and histories of that time in the model. Collective."""
        loads = self._mechanics.present_loads()
        self._mechanics.set_loads(kept["loads"])
        self.book.restart(float(kept["work"]))
        self.first = float(kept["first"])
        self._mechanics.set_loads(loads)

    def terms(self) -> tuple[float, float, float]:
        """Work of loads and eigenstrains, what is stored of it, and what has been dissipated, J. Collective."""
        lost, energies = sum(self._sum(x) for x in self._lost), self.book.energies()
        return self.book.work, energies.stored - self.first, lost + energies.fracture
