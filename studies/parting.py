"""What is read off interfaces that part in a run in time, beside the state itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fem.solve.loadpath import LoadPoint
from studies.breaking import reached

if TYPE_CHECKING:
    from fem.solve.ledger import Ledger
    from fem.solve.parting import Parting

__all__ = ["PartedRun"]


class PartedRun:
    """Energies and work of a run whose interfaces may part; like a `studies.breaking.BrokenPath` that is at its end.

    Args:
        parting: of the run. ledger: of its work.

    Attributes:
        times: s, of what has been recorded. energies: J that bonds had dissipated then.
    """

    def __init__(self, parting: Parting, ledger: Ledger) -> None:
        self.parting, self.ledger = parting, ledger
        self.times: list[float] = []
        self.energies: list[float] = []

    @property
    def points(self) -> list[LoadPoint]:
        """The present state. Collective."""
        work, stored, lost = self.ledger.terms()
        energies = self.ledger.book.energies()
        return [LoadPoint(0.0, 0.0, energies, work, work - stored - lost, self.parting.jumped)]

    def recorded(self, time: float) -> None:
        """Remember at a time (s) what bonds have dissipated, for `critical_time`. Collective."""
        self.times.append(time)
        self.energies.append(self.ledger.book.energies().fracture)

    def critical_time(self, share: float) -> float:
        """Time at which bonds had dissipated a share of all that they have, s; NaN where nothing broke."""
        return reached(self.times, self.energies, share)
