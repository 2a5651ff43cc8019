"""A cell for impedance tests in which nothing is uniform."""

from __future__ import annotations

from typing import Any

from fem.conditions import Terminal
from fem.dissipation.conduction import Conduction, Equipotential
from fem.interface.charge_transfer import ChargeTransfer, OhmicContact
from fem.interface.kinetics import ButlerVolmer, LinearKinetics
from fem.model import Domain, Model
from support.layered import layered

METAL = Domain((Equipotential(),))


def half_contact(comm: Any, dimension: str = "2") -> Model:
    """A cell with a gap over half of one interface and a resistive contact within the electrolyte."""
    width = 2e-5
    gaps = {"a|e": lambda middle: middle[:, 0] > width / 2}
    layers = [("a", 1e-5), ("e", 2e-5), ("f", 1e-5), ("c", 1e-5)]
    boxes = 3 if dimension == "3" else 8
    tagged = layered(comm, dimension, layers, width, lateral=boxes, across=3, jitter=0.1, gaps=gaps)
    laws = {
        "a|e": [ChargeTransfer("a", ButlerVolmer(10.0, 0.4, 0.6), 0.1, 4e-4, 0.8, 0.0, 0.1, 1e-3)],
        # the gap is a thin pore
        "a|e:gap": [ChargeTransfer("a", LinearKinetics(1e12), 0.1, double_layer_capacitance=9e-6)],
        "e|f": [OhmicContact("ionic", 1e-4, 0.7, 1e-2)],
        "f|c": [ChargeTransfer("c", ButlerVolmer(25.0), 0.0, double_layer_capacitance=0.2)],
    }
    domains = {
        "a": METAL,
        "e": Domain((Conduction("ionic", 0.05),), permittivity=4e-10),
        "f": Domain((Conduction("ionic", 0.01),), permittivity=1e-10),
        "c": METAL,
    }
    area = width**2 if dimension == "3" else width
    return Model(tagged, domains, laws, [Terminal("a", "a", current=60.0 * area), Terminal("c", "c", potential=0.0)])
