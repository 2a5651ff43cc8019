"""Space charge beside an electrode against the first integral of Poisson's equation: every statistics, three meshes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from support.space_charge import (
    AVOGADRO,
    bikerman,
    gouy_chapman,
    half_space,
    lattice_gas,
    layer_resistance,
    observed_orders,
    saturating_defects,
    slope,
    wall_charge,
)

from fem.constants import FARADAY, GAS
from fem.energy.dilute import Dilute
from fem.errors import ModelError
from fem.observe.space_charge import SpaceChargeObserver
from fem.space_charge.media import Electrode, Ion, Medium, Sublattice
from fem.space_charge.problem import SpaceChargeProblem
from meshes.tagged import TaggedMesh

COMM = MPI.COMM_SELF
KELVIN = 300.0
UNIT = GAS * KELVIN / FARADAY
ELEMENTARY = FARADAY / AVOGADRO

GC, LATTICE = gouy_chapman(1e25, 10.0), lattice_gas(3e28, 0.8, 20.0)
BIKERMAN = {nu: bikerman(1e25, nu, 10.0) for nu in (0.1, 0.01)}


def test_closed_forms_are_those_of_the_literature() -> None:
    """The first integral against the formulas of Gouy and Chapman, and of Kilic, Bazant and Ajdari."""
    length = GC.debye_length(KELVIN)
    assert length == pytest.approx(0.845184e-9, rel=1e-6)
    for phi in (0.1, 0.2):
        n, eps = 1e25, GC.permittivity
        grahame = np.sqrt(8 * eps * ELEMENTARY * UNIT * n) * np.sinh(phi / UNIT / 2)
        assert wall_charge(GC, phi, KELVIN) == pytest.approx(grahame, rel=1e-12)
        for nu, medium in BIKERMAN.items():
            s2 = np.sinh(phi / UNIT / 2) ** 2
            crowded = 2 * ELEMENTARY * n * length * np.sqrt(2 / nu * np.log(1 + 2 * nu * s2))
            assert wall_charge(medium, phi, KELVIN) == pytest.approx(crowded, rel=1e-10)


# published or tabulated: charge in C/m^2, capacitance in F/m^2
HALF_SPACES: list[tuple[str, Medium, float, float, float, float | None]] = [
    ("Gouy-Chapman 0.1 V", GC, 0.1, 8e-11, 0.0183435, 0.369924),
    ("Gouy-Chapman 0.2 V", GC, 0.2, 1.2e-11, 0.129547, 2.50774),
    ("Gouy-Chapman -0.1 V", GC, -0.1, 8e-11, -0.0183435, 0.369924),
    ("Bikerman 0.1, 0.1 V", BIKERMAN[0.1], 0.1, 8e-11, 0.0132237, 0.155793),
    ("Bikerman 0.1, 0.3 V", BIKERMAN[0.1], 0.3, 8e-11, 0.0355371, 0.0798245),
    ("Bikerman 0.1, 1 V", BIKERMAN[0.1], 1.0, 8e-11, 0.0723529, 0.0392133),
    ("Bikerman 0.01, 0.3 V", BIKERMAN[0.01], 0.3, 4e-11, 0.0961950, 0.294410),
    ("lattice gas 0.3 V", LATTICE, 0.3, 8e-12, 0.581145, None),
    ("lattice gas -0.3 V", LATTICE, -0.3, 8e-12, -0.303840, None),
]


@pytest.mark.parametrize(("medium", "potential", "size", "charge", "capacitance"), [h[1:] for h in HALF_SPACES],
                         ids=[h[0] for h in HALF_SPACES])  # fmt: skip
def test_charge_and_capacitance_of_a_half_space(
    medium: Medium, potential: float, size: float, charge: float, capacitance: float | None
) -> None:
    exact = wall_charge(medium, potential, KELVIN)
    steep = slope(lambda v: wall_charge(medium, v, KELVIN), potential, 1e-4)
    assert exact == pytest.approx(charge, rel=2e-5)
    if capacitance is not None:
        assert steep == pytest.approx(capacitance, rel=1e-4)
    problem, solver = half_space(COMM, medium, potential, size, 25 * medium.debye_length(KELVIN))
    assert solver.charge("m") == pytest.approx(exact, rel=1e-3)
    assert solver.electrode_capacitance("m") == pytest.approx(steep, rel=1e-3)
    # whatever the electrode has, the electrolyte has with the other sign
    assert SpaceChargeObserver(problem).layer_charge("e") == pytest.approx(-solver.charge("m"), rel=1e-9)
    solver.destroy()


@pytest.mark.parametrize("degree", [1, 2])
@pytest.mark.parametrize(
    ("medium", "potential", "size"), [(GC, 0.1, 1e-10), (BIKERMAN[0.1], 0.3, 1e-10), (LATTICE, 0.3, 1e-11)]
)
def test_order_of_charge_and_capacitance(medium: Medium, potential: float, size: float, degree: int) -> None:
    exact = wall_charge(medium, potential, KELVIN)
    steep = slope(lambda v: wall_charge(medium, v, KELVIN), potential, 1e-4)
    errors: list[tuple[float, float]] = []
    for factor in (1.0, 0.5, 0.25):
        _, solver = half_space(
            COMM, medium, potential, size, 25 * medium.debye_length(KELVIN), degree=degree, factor=factor
        )
        errors.append((abs(solver.charge("m") - exact) / abs(exact),
                       abs(solver.electrode_capacitance("m") - steep) / steep))  # fmt: skip
        solver.destroy()
    for column in zip(*errors, strict=True):
        orders = observed_orders(column, 2.0)
        assert orders[-1] > 2 * degree - 0.35, (orders, column)
    assert errors[-1][0] < (2e-3, 1e-5)[degree - 1]


def test_profile_of_gouy_and_chapman() -> None:
    problem, solver = half_space(COMM, GC, 0.1, 4e-11, 20e-9)
    length, low = GC.debye_length(KELVIN), 20e-9 / 12
    x = np.array([0.0, 0.5, 1.0, 2.0, 4.0]) * length
    found = SpaceChargeObserver(problem).potential_at((low + x)[:, None])
    exact = 4 * UNIT * np.arctanh(np.tanh(0.1 / UNIT / 4) * np.exp(-x / length))
    assert exact[2] == pytest.approx(29.183e-3, rel=1e-4)
    assert found == pytest.approx(exact, abs=4e-6)
    solver.destroy()


def test_width_is_that_of_the_charge() -> None:
    """Within the distance d of the wall lies the share 1 - E(d)/E(0) of the charge."""
    problem, solver = half_space(COMM, GC, 0.1, 2e-11, 20e-9)
    length = GC.debye_length(KELVIN)
    observer = SpaceChargeObserver(problem)
    for share in (0.5, 0.9):
        width = observer.width("e", below=True, share=share)
        phi = 4 * UNIT * np.arctanh(np.tanh(0.1 / UNIT / 4) * np.exp(-width / length))
        assert np.sinh(phi / UNIT / 2) / np.sinh(0.1 / UNIT / 2) == pytest.approx(1 - share, rel=1e-2)
    solver.destroy()


@pytest.mark.parametrize(("potential", "resistance"), [(0.2, 1.84e-8), (0.3, 7.22e-7), (0.4, 2.868e-5)])
def test_resistance_of_a_depleted_layer(potential: float, resistance: float) -> None:
    medium = lattice_gas(3.084e28, 0.8, 20.0, conductivity=0.05)
    exact = layer_resistance(medium, potential, KELVIN)
    assert exact == pytest.approx(resistance, rel=2e-3)
    errors = []
    for factor in (1.0, 0.5, 0.25):
        problem, solver = half_space(COMM, medium, potential, 8e-12, 2e-9, factor=factor)
        errors.append(abs(SpaceChargeObserver(problem).resistance("e") / exact - 1))
        solver.destroy()
    assert errors[0] < 1e-2
    assert errors[-1] < 1e-5
    assert observed_orders(errors, 2.0)[-1] > 3.4


def test_a_depleted_layer_of_one_ohm_square_centimetre() -> None:
    medium = lattice_gas(3.084e28, 0.8, 20.0, conductivity=0.05)
    problem, solver = half_space(COMM, medium, 0.4336, 4e-12, 2e-9)
    assert SpaceChargeObserver(problem).resistance("e") == pytest.approx(1e-4, rel=2e-3)
    solver.destroy()


# Swift, Swift and Qi, Nat. Comput. Sci. 1 (2021) 212, inputs and outputs of github.com/mwswift/PFD_solution:
# phi_0 [V], sites [1/m^3], energy [eV], permittivity, charge [e/nm^2], charge over potential [uF/cm^2]
DEFECTS = {
    "LLZO": (1.62163634, 3.27455e28, 0.0143907397384, 50.0, -5.3271, 52.6322),
    "LiF": (1.91606309, 5.98412e28, 0.97335102, 9.0, -2.4425, 20.4241),
    "Li2O": (2.18332139, 8.08106e28, 0.86012513, 7.27, -2.9964, 21.9886),
    "Li2CO3": (1.84441791, 1.64940788e28, 0.91101665, 5.64, -1.0104, 8.7771),
}


@pytest.mark.parametrize("name", list(DEFECTS))
def test_two_saturating_defects(name: str) -> None:
    """Poisson-Fermi-Dirac: the electrode lies phi_0 below the electrolyte, whose interstitials saturate."""
    phi, sites, energy, permittivity, charge, capacitance = DEFECTS[name]
    medium = saturating_defects(sites, 0.1, energy, permittivity, KELVIN)
    thickness = min(25 * medium.debye_length(KELVIN), 1e-6)
    _, solver = half_space(COMM, medium, -phi, medium.shortest_length(KELVIN, -phi, 0.0) / 5, thickness)
    found = solver.charge("m")
    assert found * 1e-18 / ELEMENTARY == pytest.approx(charge, rel=1e-3)
    assert found / -phi * 100 == pytest.approx(capacitance, rel=1e-3)
    steep = slope(lambda v: wall_charge(medium, v, KELVIN), -phi, 1e-3)
    assert solver.electrode_capacitance("m") == pytest.approx(steep, rel=1e-3)
    solver.destroy()


@pytest.mark.parametrize("potential", [0.5, 1.3])
def test_frozen_background(potential: float) -> None:
    """Mott and Schottky: dilute cations leave their background bare over sqrt(2 eps phi / rho)."""
    density = 2e25
    ion = Ion("Li+", 1, 1.0, transport="carriers")
    medium = Medium(15.0, (Sublattice(Dilute(density / AVOGADRO), (ion,)),), conductivity=1e-2)
    depletion = np.sqrt(2 * medium.permittivity * potential / (ELEMENTARY * density))
    problem, solver = half_space(COMM, medium, potential, depletion / 60, 3 * depletion)
    exact = np.sqrt(
        2 * medium.permittivity * ELEMENTARY * density * (potential - UNIT * (1 - np.exp(-potential / UNIT)))
    )
    assert solver.charge("m") == pytest.approx(exact, rel=1e-4)
    assert wall_charge(medium, potential, KELVIN) == pytest.approx(exact, rel=1e-12)
    width = SpaceChargeObserver(problem).width("e", below=True, share=0.9)
    assert width == pytest.approx(0.9 * depletion, rel=0.1)
    solver.destroy()


@pytest.mark.parametrize("interaction", [8000.0, -4000.0])
def test_interaction_of_the_ions(interaction: float) -> None:
    """mu = RT ln(theta/(1-theta)) + J (theta - theta_b): the first integral over theta instead of the potential."""
    sites, bulk = 3e28, 0.8
    medium = lattice_gas(sites, bulk, 20.0)
    group = Sublattice(medium.sublattices[0].statistics, medium.sublattices[0].ions, interaction)
    medium = Medium(20.0, (group,))
    theta = 0.2  # at the wall
    amount = sites / AVOGADRO

    def energy(t: float) -> float:
        """int rho dphi from the bulk, with F dphi = -(RT/(t(1-t)) + J) dt."""
        rt = GAS * KELVIN
        plain = np.log((1 - bulk) / (1 - t)) + bulk * np.log((1 - t) * bulk / (t * (1 - bulk)))
        return float(amount * (rt * plain + interaction * (t - bulk) ** 2 / 2))

    wall = -(GAS * KELVIN * (np.log(theta / (1 - theta)) - np.log(bulk / (1 - bulk))) + interaction * (theta - bulk))
    exact = np.sqrt(2 * medium.permittivity * energy(theta))
    _, solver = half_space(COMM, medium, wall / FARADAY, 6e-12, 2.5e-9)
    assert solver.charge("m") == pytest.approx(exact, rel=1e-3)
    solver.destroy()


def test_large_potentials_are_reached_in_steps() -> None:
    """4 V are 155 thermal voltages: saturated layers of ions, by continuation, without a word from the user."""
    medium = BIKERMAN[0.1]
    _, solver = half_space(COMM, medium, 4.0, 8e-11, 25e-9)
    assert solver.charge("m") == pytest.approx(wall_charge(medium, 4.0, KELVIN), rel=1e-3)
    assert solver.report.load_steps > 1
    solver.destroy()


def test_a_given_charge_makes_the_potential() -> None:
    _, solver = half_space(COMM, GC, None, 4e-11, 20e-9, charge=0.0183435445)
    assert solver.problem.numbers["m"].value == pytest.approx(0.1, rel=1e-4)
    solver.destroy()


def test_what_is_undetermined_is_refused() -> None:
    tagged = _three_layers()
    with pytest.raises(ModelError, match="nothing fixes the potential"):
        SpaceChargeProblem(tagged, {"b": Medium(10.0), "c": Medium(10.0)}, [Electrode("a")])
    with pytest.raises(ModelError, match="c"):
        SpaceChargeProblem(tagged, {"b": Medium(10.0)}, [Electrode("a", 0.0)])
    away = Medium(10.0, (Sublattice(Dilute(1.0), (Ion("e", -1, 1.0, level="x"),)),))
    with pytest.raises(ModelError, match="no electrode 'x'"):
        SpaceChargeProblem(tagged, {"b": away, "c": Medium(10.0)}, [Electrode("a", 0.0)])


def _three_layers() -> TaggedMesh:
    from support.layered import layered

    made: Any = layered(COMM, "1", [("a", 1e-9), ("b", 1e-9), ("c", 1e-9)])
    return made  # type: ignore[no-any-return]
