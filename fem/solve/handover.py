"""The state of one model put into another one of the same cell on the same mesh."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fem.errors import ModelError

if TYPE_CHECKING:
    from fem.model import Model

__all__ = ["take_state"]


def take_state(model: Model, other: Model) -> None:
    """Give a model the fields, numbers, histories and time of another one.

    The two may differ in terms of the balances, as those of dielectrics, but not in their unknowns. Rates stay as they
    are.

    Args:
        model: is changed. other: is read; on the same mesh.

    Raises:
        ModelError: their unknowns differ.
    """
    numbers = _pairs("numbers", {n.name: n for n in model.numbers}, {n.name: n for n in other.numbers})
    functions = _pairs("fields", _functions(model), _functions(other))
    for mine, theirs in functions:
        if len(mine.x.array) != len(theirs.x.array):
            raise ModelError(f"{theirs.name!r} has other degrees of freedom in the other model")
        mine.x.array[:] = theirs.x.array
    for mine, theirs in numbers:
        mine.zero, mine.beyond = theirs.zero, theirs.beyond
    model.time.value = np.array(other.time.value)


def _functions(model: Model) -> dict[str, Any]:
    found = {f.name: f.function for f in model.fields}
    for history in model.histories:
        found |= history.functions()
    return found


def _pairs(what: str, mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """Pairs of what has the same name."""
    if mine.keys() != theirs.keys():
        different = ", ".join(sorted(mine.keys() ^ theirs.keys()))
        raise ModelError(f"two models of one cell differ in their {what}: {different}")
    return [(value, theirs[name]) for name, value in mine.items()]
