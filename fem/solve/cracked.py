"""The account of a step in which damage grows: what the loads do, what is stored, what cracks cost, and what is lost.

Two states say nothing of the way between them. The account is the mean of two ways, each of two parts that are exact:

* the loads first: they change while the damage stands still, and do what the elastic solid stores. Then the damage
  changes while the loads stand still, and what the energy of solid, cracks and loads falls by is lost;
* the damage first, at the loads of the beginning: it has to be given energy. Then the loads change.

A steady growth of cracks lies between both (A. Mielke and T. Roubicek, Rate-Independent Systems, Springer 2015, section
2.1: two-sided energy estimate), and their mean is of second order in the steps. What remains with shorter and shorter
steps is lost in jumps: a crack that runs radiates it.

The work is counted from the forces of supports, platens and loads on what moves, and the loss from energies. So the
account leaves nothing over (`Account.left`) only where forces and energies agree and all states are equilibria.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from dolfinx import fem

from fem.errors import ConvergenceError
from fem.solve.work import Book, Energies, eigenstrains

if TYPE_CHECKING:
    from fem.model import Model

__all__ = ["Account", "Loads"]

_NOTHING = 5e-5
"""J/m^3: energies of less, that of 1 kPa in a body of 10 GPa, are rounded zeros."""


class Loads:
    """What acts on a model from outside beside its fields and numbers: constants, given values, sources."""

    def __init__(self, model: Model) -> None:
        assert model.mechanics is not None
        self._constants = [*eigenstrains(model), *model.mechanics.pressures.values()]
        self._ties = [tie for field in model.fields for tie in field.ties]
        self._numbers = list(model.numbers)

    def get(self) -> tuple[list[Any], ...]:
        """At present."""
        constants = [np.array(x.value) for x in self._constants]
        return constants, [np.array(t.offset) for t in self._ties], [n.source for n in self._numbers]

    def set(self, kept: tuple[list[Any], ...]) -> None:
        """As they were."""
        constants, offsets, sources = kept
        for constant, value in zip(self._constants, constants, strict=True):
            constant.value = value
        for tie, offset in zip(self._ties, offsets, strict=True):
            tie.offset = offset if offset.shape else float(offset)
        for number, source in zip(self._numbers, sources, strict=True):
            number.source = source


class Account:
    """Work and energies of a model with damage over its accepted states.

    Args:
        model: with damage. book: of it.

    Attributes:
        lost: energy that was lost while damage grew at fixed loads, J.
        first: stored energy, that of cracks and what creep had dissipated, less the work, at the first accepted state,
            J; None before it.
        energies: at the last accepted state. crept: what creep had dissipated by then, J.
        scale: the largest energy so far, J.
    """

    def __init__(self, model: Model, book: Book) -> None:
        self.model, self.book = model, book
        form, integral = model.geometry.entity_maps().form, model.geometry.integral
        self._dissipated = [
            form(integral(x.function, name, model.creeps[name].degree)) for name, x in model.dissipations.items()
        ]
        assert model.damage is not None
        assert model.mechanics is not None
        tough = [term.toughness for term in model.damage.terms.values()]
        self._soaked = any(callable(x) and not hasattr(x, "ufl_shape") for x in tough)
        volumes = (form(integral(model.one, name, 2)) for name in model.mechanics.solids)
        self.scale = _NOTHING * sum(self._sum(x) for x in volumes)
        self.lost, self.crept = 0.0, 0.0
        self.first: float | None = None
        self.energies = Energies(0.0, 0.0, 0.0)
        self._free = 0.0

    def begin(self) -> None:
        """Count from the present state. Collective."""
        self.book.advance()
        self._close()
        self.first = self._held() - self.book.work

    def add(self, loaded: Callable[[], None], broken: Callable[[], None] | None, arrive: Callable[[], None]) -> None:
        """A step has been made. Collective.

        Args:
            loaded: goes to what the loads have led to while the damage stood still.
            broken: goes to what the damage has led to while the loads stood still; None where it has not grown.
            arrive: goes to the end of the step.
        """
        book, begin, free, cracks = self.book, self.book.mark(), self._free, self.energies.fracture
        loaded()
        self._load(cracks)
        for dissipation in self.model.dissipations.values():
            dissipation.accept()
        divided = book.free(book.energies())
        arrive()
        book.advance()
        self._close()
        lost = divided - self._free + book.pressed
        if broken is not None and not self.model.dissipations:  # creep went the first way
            end = book.mark()
            book.back(begin)
            try:
                broken()
            except ConvergenceError:  # no equilibrium on the second way: the first one alone
                arrive()
                book.back(end)
            else:
                book.advance()
                found = book.energies()
                other = free - book.free(found) + book.pressed
                arrive()
                self._load(found.fracture)
                lost, book.work = 0.5 * (lost + other), 0.5 * (end[0] + book.work)
        self.lost += lost

    def _load(self, cracks: float) -> None:
        """The loads have changed while the damage stood still; what cracks cost before, J."""
        self.book.advance(damage_held=True)
        if self._soaked:  # lithium makes cracks that are there cheaper or dearer
            self.book.work += self.book.energies().fracture - cracks

    def _close(self) -> None:
        """The present state is an end of a step."""
        self.energies = self.book.energies()
        self._free = self.book.free(self.energies)
        self.crept = sum(self._sum(form) for form in self._dissipated)
        self.scale = max(self.scale, abs(self.book.work), self.energies.stored, self.energies.fracture, self.crept)

    def _sum(self, form: Any) -> float:
        return float(self.book.comm.allreduce(np.real(fem.assemble_scalar(form))))

    def _held(self) -> float:
        return self.energies.stored + self.energies.fracture + self.crept

    @property
    def left(self) -> float:
        """Work that is neither stored nor in cracks nor dissipated nor lost, J: nothing, but for the solver."""
        return self.book.work + (self.first or 0.0) - self._held() - self.lost

    # ------------------------------------------------------------------ checkpoints
    def kept(self) -> dict[str, float]:
        """What a later run needs beside the fields."""
        found = {"work": self.book.work, "lost": self.lost, "scale": self.scale}
        return found if self.first is None else {**found, "first": self.first}

    def go_on(self, kept: Mapping[str, float]) -> None:
        """Go on from fields that were read, with the loads of that time on the model. Collective."""
        self.book.restart(kept.get("work", 0.0))
        self.lost, self.first = kept.get("lost", 0.0), kept.get("first")
        self.scale = max(self.scale, kept.get("scale", 0.0))
        self._close()
