"""Interphases and coatings with a misfit along the interface: bars, bent plates, a ball in a skin, and growth."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from support.cells import AREA, WIDTH, planar_cell, solve
from support.round import nested
from test_interphase import HOUR, VOLUME, thickness

from fem.conditions import Anchor, Platen, Roller, Terminal
from fem.constants import FARADAY
from fem.dissipation.conduction import Conduction, Equipotential
from fem.energy.elastic import Elastic
from fem.energy.membrane import Membrane
from fem.errors import ModelError
from fem.interface.charge_transfer import ChargeTransfer
from fem.interface.interphase import Interphase, InterphaseLayer
from fem.interface.kinetics import LinearKinetics
from fem.model import Domain, Model, Settings
from fem.observe.assembly import Assembly
from fem.observe.balances import force_balances
from fem.observe.interphase import membrane_force
from fem.protocol import Protocol, Step
from fem.solve.transient import TimeSettings, Transient

SOFT, HARD, NU_SOFT, NU_HARD = 5e9, 20e9, 0.36, 0.25
FILM = Membrane(6e10, 0.2, 0.01)
COATING = 2e-7


def coating(film: Membrane = FILM, length: float = COATING) -> InterphaseLayer:
    """A film that does not grow."""
    return InterphaseLayer("coating", 1e-3, 1e-8, length, membrane=film)


def product(film: Membrane, start: float = 1e-9) -> InterphaseLayer:
    """A film that grows."""
    return InterphaseLayer("products", 1e-3, 1e-8, start, VOLUME, 1.0, membrane=film)


def cell(
    dimension: str,
    layer: InterphaseLayer,
    heights: tuple[float, float],
    conditions: list[Any],
    boxes: int = 2,
    window: float = 1.7,
    comm: Any = MPI.COMM_SELF,
) -> Model:
    """Metal and electrolyte, bonded, with a film between them."""
    growing = Interphase((layer,), reduction=window if layer.share else None)
    return planar_cell(
        dimension,
        [("a", heights[0]), ("e", heights[1])],
        {
            "a": Domain((Equipotential(),), (Elastic(SOFT, NU_SOFT),)),
            "e": Domain((Conduction("ionic", 0.2),), (Elastic(HARD, NU_HARD),)),
        },
        {"a|e": [ChargeTransfer("a", LinearKinetics(1e-3), interphase=growing)]},
        [Terminal("anode", "a", current=0.0), Terminal("cathode", "top", potential=0.0, carrier="ionic"), *conditions],
        comm=comm,
        boxes=boxes,
    )


def moduli(dimension: str, film: Membrane = FILM) -> tuple[float, float, float, float]:
    """Stress per strain along the layers (metal, electrolyte, film), and per misfit of the film, Pa."""

    def stiff(young: float, nu: float) -> float:
        return young / (1 - nu**2) if dimension == "2" else young / (1 - nu)

    return stiff(SOFT, NU_SOFT), stiff(HARD, NU_HARD), stiff(film.young, film.poisson), film.young / (1 - film.poisson)


def bar(dimension: str, heights: tuple[float, float], length: float, film: Membrane = FILM) -> float:
    """Strain of a bar (a disc) that a film stretches and that cannot bend."""
    soft, hard, own, held = moduli(dimension, film)
    return held * length * film.misfit / (soft * heights[0] + hard * heights[1] + own * length)


def straight(dimension: str) -> list[Any]:
    """Flat at the bottom, free on top, kept straight at the right without a force."""
    sides = [Roller("left", 0), Platen("right", 0, 0.0)]
    depth = [Roller("front", 1), Platen("back", 1, 0.0)] if dimension == "3" else []
    return [Roller("bottom", {"2": 1, "axisymmetric": 1, "3": 2}[dimension]), *sides, *depth]


@pytest.mark.parametrize(
    "dimension", [pytest.param("2", marks=pytest.mark.mpi), "axisymmetric", pytest.param("3", marks=pytest.mark.slow)]
)
def test_a_bar_with_a_stretched_skin(dimension: str) -> None:
    """Uniform strain, exactly: the film pulls as much as the layers push."""
    comm = MPI.COMM_WORLD if dimension == "2" else MPI.COMM_SELF
    heights = (1e-5, 2e-5)
    model = cell(dimension, coating(), heights, straight(dimension), comm=comm)
    solver = solve(model)
    wanted = bar(dimension, heights, COATING)
    assert model.mechanics is not None
    number = model.mechanics.supports["right"].number
    assert number is not None
    assert wanted > 1e-4
    assert number.value / WIDTH == pytest.approx(wanted, rel=1e-9)
    assembly = Assembly(model, solver, AREA[dimension])
    _, _, own, held = moduli(dimension)
    along = COATING * (own * wanted - held * FILM.misfit)
    if dimension != "2":  # in plane strain the two directions differ
        assert membrane_force(assembly, "a|e") == pytest.approx(along, rel=1e-9)
    for item in force_balances(assembly):
        assert abs(item.residual) < 1e-9 * item.scale, item.name


def bent(dimension: str, heights: tuple[float, float], length: float, film: Membrane) -> float:
    """Curvature of a composite plate whose ends are free: du/dx = e + k y with no force and no moment."""
    soft, hard, own, held = moduli(dimension, film)
    edges = [(0.0, heights[0], soft), (heights[0], heights[0] + heights[1], hard)]
    matrix, right = np.zeros((2, 2)), np.zeros(2)
    for low, high, modulus in edges:
        a, b, c = ((high**n - low**n) / n for n in (1, 2, 3))
        matrix += modulus * np.array([[a, b], [b, c]])
    at = heights[0]
    matrix += own * length * np.array([[1.0, at], [at, at**2]])
    right += held * length * film.misfit * np.array([1.0, at])
    return float(np.linalg.solve(matrix, right)[1])


@pytest.mark.parametrize(
    ("dimension", "film", "length"),
    [("2", FILM, COATING), ("2", Membrane(2e11, 0.3, -0.004), 5e-8), ("axisymmetric", FILM, COATING)],
)
def test_a_plate_bends(dimension: str, film: Membrane, length: float) -> None:
    """Stoney's plate with a film of any thickness and stiffness: curvature far from its free edge, on three meshes."""
    heights = (4e-6, 1e-6)
    wanted = bent(dimension, heights, length, film)
    errors = []
    for boxes in (6, 12, 24):
        model = cell(dimension, coating(film, length), heights, [Roller("left", 0), Anchor((0.0, 0.0), 1)], boxes)
        solve(model)
        assert model.mechanics is not None
        field = model.mechanics.displacement
        points = field.space.tabulate_dof_coordinates()
        axis, away = (int(np.argmin(np.hypot(points[:, 0] - x, points[:, 1]))) for x in (0.0, WIDTH / 3))
        fall = field.function.x.array[2 * axis + 1] - field.function.x.array[2 * away + 1]
        errors.append(abs(2 * fall / (WIDTH / 3) ** 2 / wanted - 1))
    # the rim of a disc, where the film relaxes, is a ring that pulls on all of it: -5e-4 on any mesh
    assert errors[-1] < (1e-3 if dimension == "axisymmetric" else 1e-6)
    assert errors[2] < errors[1] < errors[0] or dimension == "axisymmetric"


def test_a_thin_film_bends_as_stoney_says() -> None:
    """kappa = 6 sigma L / (M H^2) of one material with the film on its surface: the composite plate in the limit."""
    film, length, height = Membrane(HARD, 0.25, 1e-3), 1e-10, 5e-6
    stress = -film.young / (1 - film.poisson) * film.misfit
    stoney = -6 * stress * length / (HARD / (1 - NU_HARD) * height**2)
    thin = bent("axisymmetric", (height, 0.0), length, film) * (SOFT / (1 - NU_SOFT)) / (HARD / (1 - NU_HARD))
    assert thin == pytest.approx(stoney, rel=1e-3)


def test_a_ball_in_a_skin() -> None:
    """A curved interface: the film raises the pressure within the ball by 2 N / a, on three meshes."""
    a, b = 1e-5, 3e-5
    bulk, shear = HARD / (3 * (1 - 2 * NU_HARD)), HARD / (2 * (1 + NU_HARD))
    inner = SOFT / (3 * (1 - 2 * NU_SOFT))
    own = FILM.young / (1 - FILM.poisson)
    # u = A r + B / r^2 outside; u(a) = A shape, stress at a = A push
    ratio = 3 * bulk * b**3 / (4 * shear)
    shape, push = a + ratio / a**2, 3 * bulk * (1 - b**3 / a**3)
    # push A - 3 K u / a = 2 N / a, N = own L (u / a - misfit)
    factor = push - (3 * inner / a + 2 * own * COATING / a**2) * shape
    slope = -2 * own * COATING * FILM.misfit / a / factor
    wanted = slope * (b + ratio / b**2)
    domains = {
        "a": Domain((Equipotential(),), (Elastic(SOFT, NU_SOFT),)),
        "e": Domain((Conduction("ionic", 0.2),), (Elastic(HARD, NU_HARD),)),
        "c": Domain((Equipotential(),), (Elastic(HARD, NU_HARD),)),
    }
    laws = {
        "a|e": [ChargeTransfer("a", LinearKinetics(1e-3), interphase=Interphase((coating(),)))],
        "e|c": [ChargeTransfer("c", LinearKinetics(1e-3))],
    }
    conditions = [
        Terminal("anode", "a", current=0.0),
        Terminal("cathode", "c", potential=0.0),
        Roller("left", 0),
        Roller("bottom", 1),
    ]
    errors = []
    for size in (0.6, 0.3, 0.15):
        model = Model(nested(MPI.COMM_SELF, ("a", "e", "c"), (a, 2e-5, b), size), domains, laws, conditions)
        solve(model)
        assert model.mechanics is not None
        field = model.mechanics.displacement
        points = field.space.tabulate_dof_coordinates()
        radius = np.hypot(points[:, 0], points[:, 1])
        outside = radius > b * (1 - 1e-6)
        outward = (field.function.x.array.reshape(-1, 2) * points[:, :2]).sum(axis=1)[outside] / radius[outside]
        errors.append(abs(float(outward.mean()) / wanted - 1))
    # the mesh has corners, in which the force of the film turns: first order
    assert errors[-1] < 1e-2
    assert errors[0] > 2 * errors[1] > 4 * errors[2]


@pytest.mark.parametrize("misfit", [0.01, -0.02])
def test_growth_stretches_the_bar(misfit: float) -> None:
    """The force grows with the thickness."""
    film = Membrane(6e10, 0.2, misfit)
    heights = (1e-5, 2e-5)
    model = cell("2", product(film), heights, straight("2"))
    run = Transient(model, Protocol((Step.constant("rest", "current", 0.0, 5 * HOUR),)), "anode", AREA["2"])
    for _ in run.points():
        pass
    run.follow()
    length = thickness(model)
    assert length > 1e-7
    assert model.mechanics is not None
    number = model.mechanics.supports["right"].number
    assert number is not None
    assert number.value / WIDTH == pytest.approx(bar("2", heights, length, film), rel=1e-7)
    run.destroy()


@pytest.mark.parametrize("misfit", [0.04, 0.06])
def test_the_misfit_opposes_the_growth(misfit: float) -> None:
    """L^2 = L0^2 + 2 k t with dE - E misfit^2 V / ((1 - nu) F) in the place of dE; below zero nothing grows."""
    film, window, duration = Membrane(1e11, 0.25, misfit), 0.1, 20 * HOUR
    left = window - film.young / (1 - film.poisson) * misfit**2 * VOLUME / FARADAY
    layer = product(film)
    model = cell("1", layer, (1e-5, 2e-5), [Roller("bottom", 0)], window=window)
    run = Transient(
        model, Protocol((Step.constant("rest", "current", 0.0, duration),)), "anode", 1.0, TimeSettings(tolerance=1e-4)
    )
    for _ in run.points():
        pass
    rate = layer.ambipolar(298.15) * max(left, 0.0) * VOLUME / FARADAY
    assert thickness(model) == pytest.approx(math.sqrt(1e-18 + 2 * rate * duration), rel=5e-3)
    assert (left < 0) == (misfit == 0.06)
    run.destroy()


def test_a_film_needs_two_solids_and_a_strain_out_of_the_plane() -> None:
    laws = {"a|e": [ChargeTransfer("a", LinearKinetics(1e-3), interphase=Interphase((coating(),)))]}
    ends = [Terminal("a", "a", current=0.0), Terminal("c", "top", potential=0.0, carrier="ionic"), Roller("bottom", 1)]
    solid = Domain((Conduction("ionic", 0.2),), (Elastic(HARD, NU_HARD),))
    layers = [("a", 1e-5), ("e", 1e-5)]
    with pytest.raises(ModelError, match="mechanics in both"):
        planar_cell("2", layers, {"a": Domain((Equipotential(),)), "e": solid}, laws, ends)
    metal = Domain((Equipotential(),), (Elastic(SOFT, NU_SOFT),))
    with pytest.raises(ModelError, match="plane strain"):
        planar_cell("2", layers, {"a": metal, "e": solid}, laws, ends, Settings(plane="stress"))
