"""What a picture of interfaces shows, whichever way it is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from studies.pictures.dataset import Dataset, Interface

__all__ = ["Panels"]


@dataclass(frozen=True)
class Panels:
    """One panel per interface of a model.

    Attributes:
        dataset: the model.
        shown: interfaces and the names of their values.
        labels: what the values are, one for each.
        dimension: of the values (`fem.dimensions`).
        note: a sentence for the foot; empty: none.
    """

    dataset: Dataset
    shown: tuple[tuple[Interface, str], ...]
    labels: tuple[str, ...]
    dimension: str
    note: str = ""
