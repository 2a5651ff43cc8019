"""Resistances between parts that are one conductor anyway, and nodes that two perfect contacts share."""

from __future__ import annotations

import pytest

from fem.dissipation.conduction import Conduction
from fem.errors import ModelError
from fem.interface.charge_transfer import OhmicContact
from fem.potentials import build_network

IONS = Conduction("ionic", 0.1)
NODES = {("matrix", "ionic"): IONS, ("grain", "ionic"): IONS, ("grain.2", "ionic"): IONS}
RESISTIVE = OhmicContact(carrier="ionic", resistance=1e-3)


def test_a_resistance_that_is_short_circuited_is_refused() -> None:
    """Both grains are continuous with the matrix: no potential can drop between them."""
    touching = {"matrix|grain": (), "matrix|grain.2": (), "grain|grain.2": (RESISTIVE,)}
    with pytest.raises(ModelError, match="join its two sides"):
        build_network(NODES, touching)


def test_resistances_all_around_are_kept() -> None:
    touching = {"matrix|grain": (RESISTIVE,), "matrix|grain.2": (RESISTIVE,), "grain|grain.2": (RESISTIVE,)}
    network = build_network(NODES, touching)
    assert len(network.links) == 3
    assert len(network.groups) == 3
