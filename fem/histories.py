"""Memories of a model that change only when a state is accepted: damage, largest openings, irreversible bounds.

What has a rate (creep strain, concentrations, thicknesses) is an unknown of the integrator and needs none of this. A
history is what a rate-independent law compares the present state with. While a step is tried, rejected and tried again,
histories stay as they are; `accept` moves them on to the present state, once for every accepted time step (transient)
or load step (quasi-static).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class History(Protocol):
    """A memory of one law or one field."""

    def accept(self) -> None:
        """Take the present state as the one to compare later ones with. Collective."""
        ...

    def functions(self) -> Mapping[str, Any]:
        """name -> dolfinx function that holds the memory: what a checkpoint stores and reads back."""
        ...
