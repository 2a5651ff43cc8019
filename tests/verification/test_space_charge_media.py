"""Space charge between several media: conserved ions, electrons, charged interfaces, dimensions, ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from scipy.integrate import quad
from scipy.optimize import brentq
from support.layered import layered
from support.space_charge import AVOGADRO, bikerman, gouy_chapman, lattice_gas, wall_charge

from fem.compat import shared_facet_partitioner
from fem.constants import FARADAY, GAS
from fem.energy.dilute import Dilute
from fem.energy.lattice_gas import LatticeGas
from fem.energy.populations import NUMBERS
from fem.observe.space_charge import SpaceChargeObserver
from fem.space_charge.media import CONSERVED, ChargedInterface, Electrode, Ion, Medium, Sublattice
from fem.space_charge.problem import SpaceChargeProblem
from fem.space_charge.solver import SpaceChargeSolver
from meshes.generate import generate
from meshes.sizes import MeshSizes
from meshes.stack import Layer, Stack

COMM = MPI.COMM_SELF
KELVIN = 300.0
UNIT = GAS * KELVIN / FARADAY
GC = gouy_chapman(1e25, 10.0)
LENGTH = GC.debye_length(KELVIN)


def solved(
    layers: Sequence[tuple[str, float]],
    media: Mapping[str, Medium],
    electrodes: Sequence[Electrode] = (),
    interfaces: Sequence[ChargedInterface] = (),
    size: float = 4e-11,
) -> tuple[SpaceChargeProblem, SpaceChargeSolver]:
    stack = Stack("1", tuple(Layer(name, thickness, "LLZO") for name, thickness in layers))
    tagged = generate(stack, MeshSizes(bulk=2e-9, interface=size, growth=1.15), COMM, shared_facet_partitioner())
    problem = SpaceChargeProblem(tagged, media, electrodes, interfaces, KELVIN)
    solver = SpaceChargeSolver(problem)
    solver.solve()
    return problem, solver


def test_charged_interface_between_two_electrolytes() -> None:
    """A grain boundary with a fixed charge: half of it is screened on either side (Gouy and Chapman)."""
    for charge in (0.02, -0.1):
        layers = [("a", 20e-9), ("b", 20e-9)]
        problem, solver = solved(layers, {"a": GC, "b": GC}, (), [ChargedInterface("a|b", charge)], 1e-11)
        found = SpaceChargeObserver(problem).potential_at(np.array([[20e-9]]))[0]
        exact = 2 * UNIT * np.arcsinh(charge / 2 / np.sqrt(8 * GC.permittivity * UNIT * FARADAY * 1e25 / AVOGADRO))
        assert found == pytest.approx(exact, rel=1e-3)
        observer = SpaceChargeObserver(problem)
        assert observer.layer_charge("a") == pytest.approx(-charge / 2, rel=1e-7)
        solver.destroy()


def test_sites_of_an_interface_fill_in_equilibrium() -> None:
    """A core whose sites attract cations: Langmuir's isotherm and the charge of both layers meet in one potential."""
    sites, empty = 5e18 / AVOGADRO, 0.4
    core = Sublattice(LatticeGas(sites), (Ion("Li+", 1, empty),))
    layers = [("a", 20e-9), ("b", 20e-9)]
    problem, solver = solved(layers, {"a": GC, "b": GC}, (), [ChargedInterface("a|b", 0.0, (core,))], 1e-11)

    def excess(v: float) -> float:
        odds = empty / (1 - empty) * np.exp(-v / UNIT)
        return float(2 * wall_charge(GC, v, KELVIN) - FARADAY * sites * odds / (1 + odds))

    exact = brentq(excess, 1e-6, 0.5, xtol=1e-14)
    observer = SpaceChargeObserver(problem)
    assert observer.potential_at(np.array([[20e-9]]))[0] == pytest.approx(exact, rel=1e-4)
    total = observer.layer_charge("a") + observer.layer_charge("b") + observer.interface_charge("a|b")
    assert total == pytest.approx(0.0, abs=1e-9 * observer.interface_charge("a|b"))
    solver.destroy()


def test_two_electrolytes_in_equilibrium() -> None:
    """Bulks at different potentials: the charges of the two sides cancel at one potential between them."""
    one, other = lattice_gas(2e27, 0.8, 20.0), lattice_gas(5e27, 0.3, 10.0)
    drop = 0.25
    above = Medium(other.relative_permittivity, other.sublattices, bulk_potential=drop)
    problem, solver = solved([("a", 6e-9), ("b", 6e-9)], {"a": one, "b": above}, size=1e-11)

    def net(v: float) -> float:
        return wall_charge(one, v, KELVIN) + wall_charge(other, v - drop, KELVIN)

    exact = brentq(net, 1e-6, drop - 1e-6, xtol=1e-14)
    observer = SpaceChargeObserver(problem)
    found = observer.potential_at(np.array([[0.0], [6e-9], [12e-9]]))
    assert found == pytest.approx([0.0, exact, drop], rel=2e-4, abs=1e-6)
    assert observer.layer_charge("a") == pytest.approx(-wall_charge(one, exact, KELVIN), rel=1e-3)
    solver.destroy()


@pytest.mark.parametrize("crowding", [0.0, 0.2])
def test_blocking_electrodes_share_the_voltage(crowding: float) -> None:
    """Conserved ions of equal mobility classes: half of the voltage at each electrode, capacitances in series."""
    plain = bikerman(1e25, crowding, 10.0) if crowding else GC
    (group,) = plain.sublattices
    ions = tuple(Ion(i.name, i.charge, i.fraction, CONSERVED) for i in group.ions)
    medium = Medium(10.0, (Sublattice(group.statistics, ions),))
    electrodes = [Electrode("m", 0.2), Electrode("n", 0.0)]
    problem, solver = solved([("m", 2e-9), ("e", 60e-9), ("n", 2e-9)], {"e": medium}, electrodes)
    # the double layers take ions out of the middle: what is left there is the bulk of both
    observer = SpaceChargeObserver(problem)
    left = _middle(observer, problem, group)
    middle = bikerman(1e25 * left, crowding * left, 10.0) if crowding else gouy_chapman(1e25 * left, 10.0)
    assert 0.8 < left < 1
    assert solver.charge("m") == pytest.approx(wall_charge(middle, 0.1, KELVIN), rel=1e-3)
    assert solver.charge("n") == pytest.approx(-solver.charge("m"), rel=1e-9)
    for ion in ions:
        amount = ion.fraction * group.concentration * 60e-9
        assert observer.amount("e", ion.name) == pytest.approx(amount, rel=1e-10)
    assert observer.potential_at(np.array([[32e-9]]))[0] == pytest.approx(0.1, rel=1e-5)
    step = 1e-4
    capacitance = solver.electrode_capacitance("m")
    charges = []
    for potential in (0.2 + step, 0.2 - step):
        problem.set_potential("m", potential)
        solver.solve()
        charges.append(solver.charge("m"))
    assert capacitance == pytest.approx((charges[0] - charges[1]) / (2 * step), rel=1e-5)
    names, matrix = solver.capacitance()
    assert names == ("m", "n")
    assert matrix == pytest.approx(matrix.T, rel=1e-9)
    assert np.abs(matrix.sum(axis=0)).max() < 1e-7 * matrix.max()
    solver.destroy()


def _middle(observer: SpaceChargeObserver, problem: SpaceChargeProblem, group: Sublattice) -> float:
    """Concentration of the cations in the middle of the cell over their mean."""
    phi = observer.potential_at(np.array([[32e-9]]))[0]
    levels = {name.removeprefix("conserved "): n.value for name, n in problem.numbers.items()}
    x = [
        np.array([level - ion.charge * (phi - levels[ion.name]) / UNIT])
        for ion, level in zip(group.ions, group.levels, strict=True)
    ]
    return float(group.statistics.fractions(x, NUMBERS)[0][0][0] / group.ions[0].fraction)


def test_one_conserved_ion_leaves_a_wider_layer_where_it_is_scarce() -> None:
    """Between blocking electrodes a lattice gas is depleted over a longer distance than it accumulates."""
    ion = Ion("Li+", 1, 0.8, CONSERVED)
    medium = Medium(20.0, (Sublattice(LatticeGas(2e27 / AVOGADRO), (ion,)),))
    electrodes = [Electrode("m", 0.5), Electrode("n", 0.0)]
    problem, solver = solved([("m", 1e-9), ("e", 12e-9), ("n", 1e-9)], {"e": medium}, electrodes, size=2e-11)
    observer = SpaceChargeObserver(problem)
    depleted, enriched = (observer.width("e", below=b, reach=0.5) for b in (True, False))
    assert observer.amount("e", "Li+") == pytest.approx(0.8 * 2e27 / AVOGADRO * 12e-9, rel=1e-10)
    assert observer.occupancy_at("m|e", "e", "Li+") < 0.8 < observer.occupancy_at("e|n", "e", "Li+")
    # 4 of 5 sites are full, so that one site in five can take more charge: the enriched side is the wider one
    assert enriched > 1.5 * depleted
    solver.destroy()


def test_electrons_of_an_electrode_in_an_insulator() -> None:
    """Electrons alone, in equilibrium with the metal: phi = phi(L) - 2 RT/F ln cos(K (L - x)), K from the contact."""
    thickness, contact = 10e-9, 1e24
    ion = Ion("e-", -1, 1.0, level="m", transport="carriers")
    medium = Medium(12.0, (Sublattice(Dilute(contact / AVOGADRO), (ion,)),))
    for potential in (0.0, 0.7):
        layers = [("m", 1e-9), ("e", thickness)]
        problem, solver = solved(layers, {"e": medium}, [Electrode("m", potential)], size=2e-11)
        k = _wave(FARADAY * contact / AVOGADRO / (2 * medium.permittivity * UNIT), thickness)
        # the far end lies below the metal, and the field at the metal is 2 K tan(K L) RT/F
        exact = 2 * medium.permittivity * UNIT * k * np.tan(k * thickness)
        assert solver.charge("m") == pytest.approx(exact - exact, abs=1e-8 * exact)  # what it holds, it gave away
        observer = SpaceChargeObserver(problem)
        assert observer.layer_charge("e") == pytest.approx(-exact, rel=1e-4)
        far = observer.potential_at(np.array([[1e-9 + thickness]]))[0]
        assert far - potential == pytest.approx(2 * UNIT * np.log(np.cos(k * thickness)), rel=1e-4)
        solver.destroy()


def _wave(scale: float, thickness: float) -> float:
    """K of K^2 = scale cos^2(K L)."""
    highest = (np.pi / 2 - 1e-9) / thickness
    return float(brentq(lambda k: k**2 / np.cos(k * thickness) ** 2 - scale, 1.0, highest, xtol=1e-9))


def test_less_coulomb_interaction_makes_wider_layers() -> None:
    """lambda grows like 1/sqrt(share of the charge)."""
    widths = []
    for share in (1.0, 0.25):
        medium = Medium(10.0, GC.sublattices, coulomb=share)
        assert medium.debye_length(KELVIN) == pytest.approx(LENGTH / np.sqrt(share), rel=1e-12)
        problem, solver = solved([("m", 1e-9), ("e", 30e-9)], {"e": medium}, [Electrode("m", 0.01)])
        widths.append(SpaceChargeObserver(problem).width("e", below=True))
        solver.destroy()
    assert widths[1] / widths[0] == pytest.approx(2.0, rel=1e-2)


@pytest.mark.mpi
@pytest.mark.parametrize("dimension", ["1", "2", "axisymmetric", "3"])
def test_flat_layers_are_the_same_in_every_dimension(dimension: str) -> None:
    """On any number of ranks: flat layers in the plane, around an axis and in space are those of one dimension."""
    comm: Any = MPI.COMM_WORLD
    width = 2e-9
    layers = [("m", 1e-9), ("e", 12 * LENGTH)]
    lateral = {"1": 1, "2": 3, "axisymmetric": 3, "3": 2}[dimension]
    tagged = layered(comm, dimension, layers, width, lateral=lateral, across=[1, 48])
    area = {"1": 1.0, "2": width, "axisymmetric": np.pi * width**2, "3": width**2}[dimension]
    medium = Medium(GC.relative_permittivity, GC.sublattices, conductivity=0.1)
    problem = SpaceChargeProblem(tagged, {"e": medium}, [Electrode("m", 0.06)], temperature=KELVIN, area=area)
    solver = SpaceChargeSolver(problem)
    solver.solve()
    observer = SpaceChargeObserver(problem)
    exact = wall_charge(GC, 0.06, KELVIN)
    assert solver.charge("m") == pytest.approx(exact, rel=2e-4)
    assert observer.layer_charge("e") == pytest.approx(-solver.charge("m"), rel=1e-9)
    capacitance = GC.permittivity / LENGTH * np.cosh(0.06 / UNIT / 2)
    assert solver.electrode_capacitance("m") == pytest.approx(capacitance, rel=1e-3)
    assert observer.width("e", below=True) == pytest.approx(_gc_width(0.06), rel=2e-2)
    assert observer.resistance("e") == pytest.approx(_gc_resistance(0.06, 0.1), rel=1e-2)
    centre = [width / 2] * (len(tagged.mesh.geometry.x[0, : problem.geometry.gdim]) - 1)
    found = observer.potential_at(np.array([[*centre, 1e-9 + LENGTH], [*centre, 0.5e-9]]))
    assert found[0] == pytest.approx(4 * UNIT * np.arctanh(np.tanh(0.06 / UNIT / 4) / np.e), rel=1e-3)
    assert np.isnan(found[1])  # within the metal there is no field
    # anywhere: cells are smaller than what dolfinx takes for the same place
    points = np.random.default_rng(1).random((60, problem.geometry.gdim)) * width
    points[:, -1] = 1e-9 + points[:, -1] / width * 4 * LENGTH
    depth = points[:, -1] - 1e-9
    exact_there = 4 * UNIT * np.arctanh(np.tanh(0.06 / UNIT / 4) * np.exp(-depth / LENGTH))
    assert observer.potential_at(points) == pytest.approx(exact_there, abs=1e-4)
    solver.destroy()


def _gc_width(potential: float) -> float:
    """Where the field, ~ sinh(u/2), is a tenth of that at the wall."""
    u = 2 * np.arcsinh(0.1 * np.sinh(potential / UNIT / 2))
    return float(LENGTH * np.log(np.tanh(potential / UNIT / 4) / np.tanh(u / 4)))


def _gc_resistance(potential: float, conductivity: float) -> float:
    """int (1/cosh u - 1) dx with dx = -l du / (2 sinh(u/2)): the carriers conduct like cosh u."""
    value, _ = quad(lambda u: (1 / np.cosh(u) - 1) / (2 * np.sinh(u / 2)), 1e-9, potential / UNIT)
    return float(value * LENGTH / conductivity)
