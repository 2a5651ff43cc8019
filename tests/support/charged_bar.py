"""A brittle bar of host that shrinks while lithium leaves it at a constant current: stress in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ufl
from mpi4py import MPI

from fem.conditions import Roller, Terminal
from fem.constants import FARADAY
from fem.dissipation.conduction import Conduction, Equipotential
from fem.dissipation.intercalation import Intercalation
from fem.energy.elastic import Elastic
from fem.energy.fracture import Fracture
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.kinetics import LinearKinetics
from fem.model import Condition, Domain, Model, Settings
from fem.protocol import Protocol, Step
from support.layered import layered

MAXIMUM, START = 5e4, 0.8
RESISTANCE = 1e-4


@dataclass(frozen=True)
class Stretch:
    """A stress-free strain along the bar alone, so that its stress is uniaxial: factor (c - c0)."""

    factor: float
    drives: bool = False

    def strain(self, concentration: Any) -> Any:
        """(3, 3)."""
        along = self.factor * (concentration - START * MAXIMUM)
        return ufl.as_matrix([[along, 0, 0], [0, 0, 0], [0, 0, 0]])


def charged_bar(
    term: Fracture,
    size: float,
    cells: int,
    diffusivity: float = 1e-12,
    comm: Any = MPI.COMM_SELF,
    degree: int = 1,
    free: bool = False,
) -> Model:
    """Lithium | electrolyte | host; the host is held at both ends and is the working electrode.

    Args:
        term: of the host, with its swelling. size: of the host, m. cells: across it.
        diffusivity: in the host, m^2/s. comm: communicator. degree: of displacement and concentration.
        free: the upper end is.
    """
    tagged = layered(comm, "1", [("li", 1e-6), ("se", 1e-6), ("host", size)], across=[1, 1, cells])
    host = Intercalation(lambda x: 4.2 - x, MAXIMUM, diffusivity, START)
    domains = {
        "li": Domain((Equipotential(),)),
        "se": Domain((Conduction("ionic", 0.1),)),
        "host": Domain((Equipotential(),), (term,), host=host),
    }
    law = LinearKinetics(RESISTANCE)
    interfaces = {"li|se": [ChargeTransfer("li", law)], "se|host": [ChargeTransfer("host", law)]}
    conditions: list[Condition] = [
        Terminal("host", "host", current=0.0),
        Terminal("li", "li", potential=0.0),
        Roller("se|host", 0),
        *([] if free else [Roller("top", 0)]),
    ]
    settings = Settings(displacement_degree=degree, concentration_degree=degree, damage_lags=True)
    return Model(tagged, domains, interfaces, conditions, settings)


def brittle(young: float, toughness: float, length: float, model: Any, factor: float, **words: Any) -> Fracture:
    """A material without Poisson's effect that swells along the bar."""
    swelling: Any = Stretch(factor)
    return Fracture(Elastic(young, 0.0, 0.0, swelling), toughness, length, model, **words)


def rate_of(current: float, size: float) -> float:
    """Loss of concentration in mol/m^3/s at a current in A/m^2."""
    return current / (FARADAY * size)


def charging(current: float, duration: float) -> Protocol:
    """Lithium leaves the host."""
    return Protocol((Step.constant("charge", "current", current, duration),))
