"""Interphases that grow: parabolic and linear laws, coatings that slow them, what they oppose to a current."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from support.cells import AREA, planar_cell

from fem.conditions import Terminal
from fem.constants import FARADAY, GAS
from fem.dissipation.conduction import Conduction, Equipotential
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.interphase import Interphase, InterphaseLayer
from fem.interface.kinetics import ButlerVolmer
from fem.model import Domain, Model
from fem.protocol import Protocol, Step
from fem.solve.transient import TimeSettings, Transient

METAL = Domain((Equipotential(),))
#: Li | Li6PS5Cl of Aktekin et al. (2023): 9 nm per microampere hour and square centimetre
VOLUME = 9e-9 * FARADAY / (1e-6 * 3600 * 1e4)
WINDOW = 1.7
HOUR = 3600.0


def cell(interphase: Interphase, dimension: str = "1", comm: Any = MPI.COMM_SELF, temperature: float = 298.15) -> Model:
    """Lithium on Li6PS5Cl with an interphase on one side and perfect contact on the other."""
    from fem.model import Settings

    laws = {
        "a|e": [ChargeTransfer("a", ButlerVolmer(10.0), interphase=interphase)],
        "e|c": [ChargeTransfer("c", ButlerVolmer(10.0))],
    }
    return planar_cell(
        dimension,
        [("a", 1e-5), ("e", 5e-5), ("c", 1e-5)],
        {"a": METAL, "e": Domain((Conduction("ionic", 0.2),)), "c": METAL},
        laws,
        [Terminal("anode", "a", current=0.0), Terminal("cathode", "c", potential=0.0)],
        Settings(temperature=temperature),
        comm=comm,
    )


def layer(electronic: float, thickness: float = 1e-11, **more: Any) -> InterphaseLayer:
    """A product with 1e-3 S/m for ions."""
    return InterphaseLayer("products", 1e-3, electronic, thickness, VOLUME, 1.0, **more)


def thickness(model: Model) -> float:
    """Thickness of the growing layer, m; its mean where it is a field."""
    (handle,) = model.thickness["a|e"].values()
    if hasattr(handle.carrier, "function"):
        own = handle.carrier.function.x.array[: handle.carrier.owned]
        count, total = (model.geometry.comm.allreduce(float(v)) for v in (len(own), own.sum()))
        return total / count
    return float(handle.carrier.value)


def rest(model: Model, duration: float, tolerance: float = 1e-4, dimension: str = "1") -> list[tuple[float, float]]:
    """(time, thickness) at rest."""
    step = Step.constant("rest", "current", 0.0, duration, initial_step=1e-6 * duration)
    run = Transient(model, Protocol((step,)), "anode", AREA[dimension], TimeSettings(tolerance=tolerance))
    found = [(p.time, thickness(model)) for p in run.points()]
    run.destroy()
    return found


@pytest.mark.parametrize(("electronic", "duration"), [(2.38e-10, 400 * HOUR), (5e-9, 24 * HOUR)])
def test_parabolic_growth(electronic: float, duration: float) -> None:
    """B9.1: L^2 = L0^2 + 2 k t with k = sigma_amb dE Omega / F, whatever the tolerance leaves."""
    product = layer(electronic)
    rate = product.ambipolar(298.15) * WINDOW * VOLUME / FARADAY
    found = rest(cell(Interphase((product,), reduction=WINDOW)), duration)
    for time, value in found[len(found) // 2 :]:
        assert value == pytest.approx(math.sqrt(product.thickness**2 + 2 * rate * time), rel=5e-3)


def test_published_growth_on_argyrodite() -> None:
    """Aktekin et al., Nat. Commun. 2023: 540 nm after 400 h give k = 1.0125e-19 m^2/s and 2.38e-10 S/m."""
    k = 540e-9**2 / (2 * 400 * HOUR)
    assert k == pytest.approx(1.0125e-19, rel=1e-4)
    assert pytest.approx(2.4121e-5, rel=1e-4) == VOLUME
    assert k * FARADAY / (VOLUME * WINDOW) == pytest.approx(2.38e-10, rel=3e-3)


def test_linear_growth_turns_parabolic() -> None:
    """Deal-Grove: L^2 / (2 k) + L / k_l = t, from the reaction's rate k_l = Omega i_rxn / F to the conduction's."""
    reaction = 1e-3
    product = layer(1e-8)
    k, linear = product.ambipolar(298.15) * WINDOW * VOLUME / FARADAY, VOLUME * reaction / FARADAY
    crossing = 2 * k / linear**2
    found = rest(cell(Interphase((product,), reduction=WINDOW, reaction_current=reaction)), 20 * crossing)
    began = product.thickness**2 / (2 * k) + product.thickness / linear
    for time, value in found[len(found) // 3 :]:
        assert value**2 / (2 * k) + value / linear - began == pytest.approx(time, rel=5e-3)


def test_a_coating_slows_the_growth() -> None:
    """A layer that does not grow adds its ambipolar resistance: (L + R sigma)^2 = (L0 + R sigma)^2 + 2 k t."""
    product = layer(1e-8)
    coating = InterphaseLayer("coating", 1e-4, 1e-10, 1e-7)
    k = product.ambipolar(298.15) * WINDOW * VOLUME / FARADAY
    lag = coating.thickness / coating.ambipolar(298.15) * product.ambipolar(298.15)
    duration = (1e-7) ** 2 / (2 * k)
    bare = rest(cell(Interphase((product,), reduction=WINDOW)), duration)[-1][1]
    found = rest(cell(Interphase((product, coating), reduction=WINDOW)), duration)
    expected = math.sqrt((product.thickness + lag) ** 2 + 2 * k * duration) - lag
    assert found[-1][1] == pytest.approx(expected, rel=5e-3)
    assert found[-1][1] < 0.1 * bare


def test_growth_is_faster_in_the_heat() -> None:
    """Arrhenius: k follows the activation of the electrons, which limit."""
    product = layer(1e-9, electronic_activation=6e4)
    cold = rest(cell(Interphase((product,), reduction=WINDOW), temperature=298.15), 10 * HOUR)[-1][1]
    warm = rest(cell(Interphase((product,), reduction=WINDOW), temperature=333.15), 10 * HOUR)[-1][1]
    factor = math.exp(6e4 / GAS * (1 / 298.15 - 1 / 333.15))
    assert (warm / cold) ** 2 == pytest.approx(factor, rel=5e-3)


def test_the_layer_resists_the_current() -> None:
    """Voltage of the cell: bulk, two kinetics, and L / sigma_ion of what has grown meanwhile."""
    product = layer(1e-7, 5e-9)
    model = cell(Interphase((product,), reduction=WINDOW))
    run = Transient(
        model, Protocol((Step.constant("pass", "current", 10.0, 5 * HOUR),)), "anode", 1.0, TimeSettings(1e-4)
    )
    thermal = GAS * 298.15 / FARADAY
    values = []
    for point in run.points():
        grown = thickness(model)
        plain = 4 * thermal * math.asinh(0.5) + 10.0 * 5e-5 / 0.2
        assert point.voltage == pytest.approx(plain + 10.0 * grown / 1e-3, rel=1e-6)
        values.append(grown)
    assert values[-1] > 1.5 * values[0]
    run.destroy()


@pytest.mark.parametrize(("ionic", "permittivity"), [(1e-10, 3.6e-7), (4e-10, 5e-7)])
def test_a_growing_film_is_charged(ionic: float, permittivity: float) -> None:
    """i = sigma E + d(eps E)/dt: the field within the film relaxes with eps / sigma, however thick it has become."""
    current, relaxation = 1e-3, permittivity / ionic
    product = InterphaseLayer("products", ionic, 1e-6, 1e-8, VOLUME, 1.0, permittivity=permittivity)
    model = cell(Interphase((product,), reduction=WINDOW))
    step = Step.constant("pass", "current", current, 2 * relaxation)
    run = Transient(model, Protocol((step,)), "anode", 1.0, TimeSettings(1e-5))
    plain = 2 * GAS * 298.15 / FARADAY * current / 10.0 + current * 5e-5 / 0.2
    grown = []
    for point in run.points():
        grown.append(thickness(model))
        field = current / ionic * (1 - math.exp(-point.time / relaxation))
        assert (point.voltage - plain) / grown[-1] == pytest.approx(field, rel=1e-3, abs=1e-4 * current / ionic)
    assert grown[-1] > 2 * grown[0]
    run.destroy()


def test_the_layers_of_a_film_all_have_a_permittivity_or_none() -> None:
    plain, dielectric = layer(1e-8), InterphaseLayer("coating", 1e-4, 1e-10, 1e-7, permittivity=1e-10)
    with pytest.raises(ValueError, match="products has none"):
        Interphase((plain, dielectric), reduction=WINDOW)
    with pytest.raises(ValueError, match="not both"):
        ChargeTransfer("a", ButlerVolmer(10.0), film_capacitance=1e-3, interphase=Interphase((dielectric,)))


@pytest.mark.mpi
def test_growth_on_any_number_of_ranks() -> None:
    """A field of thickness in 2-D grows as the number in 1-D, on all ranks alike."""
    product = layer(1e-8, 1e-9)
    interphase = Interphase((product,), reduction=WINDOW)
    here = rest(cell(interphase, "2", MPI.COMM_WORLD), HOUR, 1e-4, "2")
    alone = rest(cell(interphase), HOUR, 1e-4)
    assert len(here) > 5
    assert np.interp(HOUR, *zip(*here, strict=True)) == pytest.approx(
        alone[-1][1], rel=1e-3
    )  # steps differ: so do errors in time
