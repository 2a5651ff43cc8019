"""Manufactured solutions in time for a salt and an ionic liquid in one polymer, with an interface that ions pass."""

from __future__ import annotations

import pytest
from mpi4py import MPI
from support.mixed_pair import MixedPair
from support.norms import require_order


@pytest.mark.parametrize(
    ("pair", "boxes"),
    [
        (MixedPair("1", polymer=True), (3, 6)),
        (MixedPair("2", polymer=True, drag=False), (4, 8)),
    ],
    ids=["plane with drag", "sheet"],
)
def test_polymer_and_ceramic(pair: MixedPair, boxes: tuple[int, ...]) -> None:
    """Potentials and both concentrations converge with their order; all fluxes and jumps differ from zero."""
    found: dict[str, list[float]] = {}
    for n in boxes:
        model, _ = pair.run(MPI.COMM_SELF, n, n, steps=2)
        for name, error in pair.errors(model).items():
            found.setdefault(name, []).append(error)
    assert set(found) == {"lower", "upper", "salt", "liquid"}
    for name, errors in found.items():
        require_order(name, [1 / n for n in boxes], errors, 3.0, 0.4)
        assert errors[-1] < 1e-3
