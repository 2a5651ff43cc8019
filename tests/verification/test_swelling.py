"""Hosts that swell: stress from lithium, and lithium driven by stress, with the one coefficient of one energy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import ufl
from mpi4py import MPI
from support.cells import AREA, planar_cell
from support.charged_bar import Stretch
from support.layered import layered

from fem.conditions import Roller, Terminal
from fem.constants import FARADAY, GAS
from fem.dissipation.conduction import Conduction, Equipotential
from fem.dissipation.intercalation import Intercalation
from fem.energy.elastic import Elastic
from fem.energy.swelling import Swelling
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.kinetics import LinearKinetics
from fem.model import Domain, Model, Settings
from fem.protocol import Protocol, Step
from fem.solve.transient import Transient

TEMPERATURE = 298.15
MAXIMUM, START, LENGTH, DIFFUSIVITY = 5e4, 2.5e4, 1e-6, 1e-14
YOUNG, POISSON, VOLUME = 1.4e11, 0.25, 2e-6
#: V per J/mol of lithium
RESISTANCE = 1e-4


def theta(volume: float) -> float:
    """Share of D per concentration that stress adds in a held film, m^3/mol."""
    return 2 * volume**2 * YOUNG / (9 * (1 - POISSON) * GAS * TEMPERATURE)


FACTOR = theta(VOLUME)


def ideal(x: Any) -> Any:
    """U = -(RT/F) ln x: a dilute host, whose mobility is D c / (R T)."""
    return -GAS * TEMPERATURE / FARADAY * ufl.ln(x)


def membrane(dimension: str, comm: Any = MPI.COMM_SELF, volume: float = VOLUME, boxes: int = 8) -> Model:
    """Lithium passes a host between two ceramics; the host is held at its sides and free along the stack."""
    swelling = Swelling(volume, START) if volume else None
    host = Domain(
        (Equipotential(),),
        (Elastic(YOUNG, POISSON, 0.0, swelling),),
        host=Intercalation(ideal, MAXIMUM, DIFFUSIVITY, START / MAXIMUM),
    )
    ceramic = Domain((Conduction("ionic", 1.0),))
    metal = Domain((Equipotential(),))
    law = LinearKinetics(RESISTANCE)
    axis = {"1": 0, "2": 1}[dimension]
    held = [Roller(side, 0) for side in ("left", "right")] if axis else []
    return planar_cell(
        dimension,
        [("a", 1e-6), ("e", 1e-6), ("h", LENGTH), ("s", 1e-6), ("c", 1e-6)],
        {"a": metal, "e": ceramic, "h": host, "s": ceramic, "c": metal},
        {
            "a|e": [ChargeTransfer("a", law)],
            "e|h": [ChargeTransfer("h", law)],
            "h|s": [ChargeTransfer("h", law)],
            "s|c": [ChargeTransfer("c", law)],
        },
        [
            Terminal("anode", "a", current=0.0),
            Terminal("cathode", "c", potential=0.0),
            *held,
            Roller("e|h", axis),
        ],
        comm=comm,
        boxes=boxes,
    )


def ends(model: Model) -> tuple[float, float]:
    """Highest and lowest concentration of the host."""
    assert model.transport is not None
    unknown = model.transport.fields["h"]
    own, comm = unknown.function.x.array[: unknown.owned], model.geometry.comm
    high = comm.allreduce(float(own.max(initial=-math.inf)), op=MPI.MAX)
    return float(high), float(comm.allreduce(float(own.min(initial=math.inf)), op=MPI.MIN))


@pytest.mark.parametrize(
    ("dimension", "current", "volume"),
    [
        ("1", 20.0, VOLUME),
        pytest.param("1", 60.0, VOLUME, marks=pytest.mark.mpi),
        pytest.param("2", 40.0, VOLUME, marks=pytest.mark.mpi),
        ("1", 60.0, 4e-6),
    ],
)
def test_stress_helps_diffusion(dimension: str, current: float, volume: float) -> None:
    """B6.4: D_eff = D (1 + Theta c), so D (c1 - c2) + D Theta ((c1 - c0)... )/2 = J L at the steady state.

    Swelling is measured from c0 and the host is held at its sides, so the hydrostatic stress is
    -2 E Omega (c - c0) / (9 (1 - nu)) and D_eff(c) = D (1 + Theta c).
    """
    model = membrane(dimension, MPI.COMM_WORLD, volume, boxes=16 if dimension == "1" else 8)
    tau = LENGTH**2 / DIFFUSIVITY
    run = Transient(model, Protocol((Step.constant("pass", "current", current, 3 * tau),)), "anode", AREA[dimension])
    points = list(run.points())
    high, low = ends(model)
    flux = current / FARADAY * LENGTH
    assert DIFFUSIVITY * ((high - low) + theta(volume) * (high**2 - low**2) / 2) == pytest.approx(flux, rel=3e-4)
    # without stress the difference would be larger by the whole of Theta c
    assert high - low < 0.5 * flux / DIFFUSIVITY
    thermal = GAS * TEMPERATURE / FARADAY
    potentials = [thermal * (math.log(c) + theta(volume) * c) for c in (high, low)]
    ohmic = current * (4 * RESISTANCE + 2e-6)
    assert points[-1].voltage == pytest.approx(ohmic + potentials[0] - potentials[1], rel=3e-4)
    run.destroy()


def test_stress_of_a_held_film() -> None:
    """sigma = -E Omega (c - c0) / (3 (1 - nu)) within the film and nothing across it, everywhere."""
    model = membrane("1")
    run = Transient(model, Protocol((Step.constant("pass", "current", 30.0, 60.0),)), "anode", 1.0)
    list(run.points())
    assert model.mechanics is not None
    assert model.transport is not None
    h = model.transport.stress["h"].function.x.array
    c = model.transport.fields["h"].function.x.array
    expected = 2 * VOLUME**2 * YOUNG * (c - START) / (9 * (1 - POISSON))
    assert np.abs(h - expected).max() < 2e-3 * np.abs(expected).max()
    run.destroy()


@pytest.mark.parametrize("degree", [1, 2])
def test_a_host_held_all_round_while_lithium_leaves(degree: int) -> None:
    """V = U(x) + f sigma / F + I (2 R + L / kappa) with sigma = E f (c0 - c): forces of equal concentrations cancel.

    The first time steps change the concentration in its last digits, and rounding is all that is left of the forces.
    """
    size, current, factor = 5e-8, 1.0, 1e-6
    tagged = layered(MPI.COMM_SELF, "1", [("li", 1e-6), ("se", 1e-6), ("host", size)], across=[1, 1, 3])
    host = Intercalation(lambda x: 4.2 - x, MAXIMUM, 1e-12, 0.8)
    solid = Elastic(YOUNG, 0.0, 0.0, Stretch(factor, True))
    domains = {
        "li": Domain((Equipotential(),)),
        "se": Domain((Conduction("ionic", 0.1),)),
        "host": Domain((Equipotential(),), (solid,), host=host),
    }
    law = LinearKinetics(RESISTANCE)
    model = Model(
        tagged,
        domains,
        {"li|se": [ChargeTransfer("li", law)], "se|host": [ChargeTransfer("host", law)]},
        [
            Terminal("host", "host", current=0.0),
            Terminal("li", "li", potential=0.0),
            Roller("se|host", 0),
            Roller("top", 0),
        ],
        Settings(displacement_degree=degree, concentration_degree=degree),
    )
    run = Transient(model, Protocol((Step.constant("charge", "current", current, 10.0),)), "host", 1.0)
    last = list(run.points())[-1]
    lost = current * 10.0 / (FARADAY * size)
    exact = 4.2 - (0.8 - lost / MAXIMUM) + YOUNG * factor**2 * lost / FARADAY + current * (2 * RESISTANCE + 1e-5)
    exact += current * size / (3 * FARADAY * 1e-12 * MAXIMUM)  # less lithium at the surface than in the mean
    assert last.voltage == pytest.approx(exact, abs=1e-7)
    assert YOUNG * factor**2 * lost / FARADAY > 1e-3
    run.destroy()
