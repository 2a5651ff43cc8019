"""Stress intensities and energy release rates of slits against closed forms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from support.ranks import alone, several

from fem.compat import shared_facet_partitioner
from fem.conditions import ImposedDisplacement, Pressure, Roller, Traction
from fem.energy.elastic import Elastic
from fem.model import Domain, Model, Settings
from fem.observe.assembly import Assembly
from fem.observe.fracture import (
    Extension,
    circular_extension,
    energy_release_rate,
    mean_opening,
    straight_extension,
    stress_intensities,
)
from fem.solve.driver import Solver
from meshes import Layer, MeshSizes, Stack
from meshes.features.crack import Crack
from meshes.features.penny_crack import PennyCrack
from meshes.generate import generate
from studies import fracture

UM = 1e-6
YOUNG, POISSON = 1.5e11, 0.26  # LLZO
FACES = ("crack:lower", "crack:upper")


def solved(stack: Stack, sizes: MeshSizes, conditions: list[Any], plane: str = "strain", comm: Any = None) -> Assembly:
    """Elastic body of one layer ``body``, solved."""
    comm = MPI.COMM_SELF if comm is None else comm
    tagged = generate(stack, sizes, comm, shared_facet_partitioner())
    domains = {"body": Domain((), (Elastic(YOUNG, POISSON),))}
    model = Model(tagged, domains, {}, conditions, Settings(plane=plane))  # type: ignore[arg-type]
    solver = Solver(model)
    solver.solve()
    return Assembly(model, solver, 1.0)


def modulus(plane: str) -> float:
    """E' of plane strain or stress."""
    return YOUNG / (1 - POISSON**2) if plane == "strain" else YOUNG


def extension_at(stack: Stack, inner: float, outer: float, index: int = 0) -> Extension:
    """Extension of the tip `index` of the first feature; radii over what belongs to the tip."""
    tip = stack.features[0].tips(stack)[index]  # type: ignore[attr-defined]
    axisymmetric = stack.dimension == "axisymmetric"
    return straight_extension(tip.point, tip.direction, inner * tip.reach, outer * tip.reach, axisymmetric)


@dataclass(frozen=True)
class InfinitePlate:
    """A slit of half length a in an infinite plate under remote stresses, in axes along and across the slit.

    Muskhelishvili, Some Basic Problems of the Mathematical Theory of Elasticity, chapter 19: with
    X = (s_n - i t) sqrt(z^2 - a^2) / 2 and G = (s_t - s_n) / 4, phi = X + G z and omega = X - G z.

    Attributes:
        half: a in metres. centre: of the slit. angle: of the slit from the x axis, radians.
        normal, shear, along: remote stresses across, in shear and along the slit, Pa. plane: strain or stress.
    """

    half: float
    centre: complex
    angle: float
    normal: float
    shear: float
    along: float
    plane: str

    def displacement(self, points: Any) -> Any:
        """(2, n) displacement in metres at dolfinx' points (3, n)."""
        turn = np.exp(1j * self.angle)
        z = (points[0] + 1j * points[1] - self.centre) / turn
        # only values on the boundary are used: whatever is finite will do at the tips
        z = np.where(np.abs(z) < 1.5 * self.half, 2 * self.half, z)
        kappa = 3 - 4 * POISSON if self.plane == "strain" else (3 - POISSON) / (1 + POISSON)
        uniform = 0.25 * (self.along - self.normal)
        load = 0.5 * (self.normal - 1j * self.shear)

        def root(w: Any) -> Any:
            return w * np.sqrt(1 - (self.half / w) ** 2)

        phi, omega = load * root(z) + uniform * z, load * root(z.conj()) - uniform * z.conj()
        slope = load * z / root(z) + uniform
        field = kappa * phi - omega - (z - z.conj()) * slope.conj()
        u = turn * field / (2 * YOUNG / (2 * (1 + POISSON)))
        return np.array([u.real, u.imag])

    @property
    def intensities(self) -> tuple[float, float]:
        """K_I and K_II in Pa m^(1/2)."""
        size = math.sqrt(math.pi * self.half)
        return self.normal * size, self.shear * size


SIDES = ("left", "right", "bottom", "top")


@pytest.mark.parametrize(
    ("angle", "shear", "along", "plane"),
    [(0.0, 0.0, 0.0, "strain"), (0.0, -3e6, 4e6, "stress"), (0.6, 5e6, -2e6, "strain")],
)
def test_mixed_mode_slit_in_an_infinite_plate(angle: float, shear: float, along: float, plane: str) -> None:
    """Both intensities and G within 0.5 %, whatever the domain, at both tips, for a slit in any direction."""
    half, size = 2 * UM, 10 * UM
    exact = InfinitePlate(half, complex(size / 2, size / 2), angle, 6e6, shear, along, plane)
    ends = [exact.centre + s * half * np.exp(1j * angle) for s in (-1, 1)]
    stack = Stack("2", (Layer("body", size),), size, None, (Crack(tuple((e.real, e.imag) for e in ends)),))
    conditions = [ImposedDisplacement(side, exact.displacement) for side in SIDES]
    assembly = solved(stack, MeshSizes(bulk=UM, edge=0.05 * UM), conditions, plane)
    wanted = exact.intensities
    rate = (wanted[0] ** 2 + wanted[1] ** 2) / modulus(plane)
    for index in (0, 1):
        for inner, outer in ((0.1, 0.4), (0.3, 0.9)):
            extension = extension_at(stack, inner, outer, index)
            found = stress_intensities(assembly, extension, "body", FACES)
            assert found == pytest.approx(wanted, abs=5e-3 * math.hypot(*wanted))
            assert energy_release_rate(assembly, extension, FACES) == pytest.approx(rate, rel=5e-3)
    # 4 s sqrt(a^2 - x^2) / E' over the slit (Sneddon 1946)
    assert mean_opening(assembly, FACES) == pytest.approx(math.pi * 6e6 * half / modulus(plane), rel=1e-2)


def edge_crack_factor(ratio: float) -> float:
    """F in K_I = F s sqrt(pi a) of an edge crack a = ratio W under tension (Gross and Srawley 1964)."""
    return 1.12 - 0.231 * ratio + 10.55 * ratio**2 - 21.72 * ratio**3 + 30.39 * ratio**4


def tangent_factor(ratio: float) -> float:
    """The same (Tada, Paris and Irwin, The Stress Analysis of Cracks Handbook)."""
    half = 0.5 * math.pi * ratio
    return math.sqrt(math.tan(half) / half) * (0.752 + 2.02 * ratio + 0.37 * (1 - math.sin(half)) ** 3) / math.cos(half)


def test_formulas_give_the_reference_values() -> None:
    assert edge_crack_factor(0.1) == pytest.approx(1.1837, abs=1e-4)
    assert tangent_factor(0.1) == pytest.approx(1.1957, abs=1e-4)


@pytest.mark.parametrize("ratio", [0.1, 0.5])
def test_edge_crack(ratio: float) -> None:
    """From J on three meshes, within 1 % of the polynomial, which is good to 0.5 % itself; J converges."""
    width = 10 * UM
    height, load = 4 * width, 1e6
    crack = Crack(((0.0, height / 2), (ratio * width, height / 2)))
    stack = Stack("2", (Layer("body", height),), width, None, (crack,))
    conditions = [Roller("bottom", 1), Roller("bottom", 0), Traction("top", (0.0, load))]
    found = []
    for factor in (1.0, 0.5, 0.25):
        sizes = MeshSizes(bulk=width / 8, edge=0.02 * ratio * width, growth=1.4).scaled(factor)
        assembly = solved(stack, sizes, conditions)
        rate = energy_release_rate(assembly, extension_at(stack, 0.2, 0.8))
        found.append(math.sqrt(rate * modulus("strain")) / (load * math.sqrt(math.pi * ratio * width)))
        assert found[-1] == pytest.approx(edge_crack_factor(ratio), rel=1e-2)
        modes = stress_intensities(assembly, extension_at(stack, 0.2, 0.8), "body")
        assert modes[0] / (load * math.sqrt(math.pi * ratio * width)) == pytest.approx(found[-1], rel=5e-3)
        assert abs(modes[1]) < 1e-2 * modes[0]
        # the same by the names of a study, with the domain that it chooses
        assert fracture.energy_release_rate(assembly, "crack", 1) == pytest.approx(rate, rel=5e-3)
        assert fracture.stress_intensity(assembly, "crack", 1, "I") == pytest.approx(modes[0], rel=5e-3)
    assert abs(found[2] - found[1]) < min(2e-3 * found[2], 0.5 * abs(found[1] - found[0]))


@pytest.mark.parametrize("loaded", ["remote", "faces"])
def test_penny_crack_on_the_axis(loaded: str) -> None:
    """K_I = 2 s sqrt(a / pi) (Sneddon 1946), under remote tension or pressure within, within 1 %."""
    radius, load = UM, 1e6
    stack = Stack("axisymmetric", (Layer("body", 16 * UM),), 8 * UM, None, (PennyCrack(8 * UM, radius),))
    conditions: list[Any] = [Roller("bottom", 1), Roller("left", 0)]
    if loaded == "remote":
        conditions.append(Traction("top", (0.0, load)))
    else:
        conditions += [Pressure(face, load) for face in FACES]
    assembly = solved(stack, MeshSizes(bulk=UM, edge=0.02 * UM), conditions)
    exact = 2 * load * math.sqrt(radius / math.pi)
    for inner, outer in ((0.1, 0.3), (0.2, 0.8)):
        extension = extension_at(stack, inner, outer)
        modes = stress_intensities(assembly, extension, "body", FACES)
        assert modes[0] == pytest.approx(exact, rel=1e-2)
        assert abs(modes[1]) < 1e-2 * exact
        rate = energy_release_rate(assembly, extension, FACES)
        assert rate == pytest.approx(exact**2 / modulus("strain"), rel=2e-2)


def test_conical_crack_under_pressure_and_tension_releases_what_both_modes_say() -> None:
    """Both modes on a curved crack: G = (K_I^2 + K_II^2) / E', for any domain."""
    path = ((2 * UM, 8 * UM), (3 * UM, 8.5 * UM))
    stack = Stack("axisymmetric", (Layer("body", 16 * UM),), 8 * UM, None, (Crack(path),))
    conditions: list[Any] = [Roller("bottom", 1), Roller("left", 0), Traction("top", (0.0, 1e6))]
    conditions += [Pressure(face, 5e5) for face in FACES]
    assembly = solved(stack, MeshSizes(bulk=UM, edge=0.01 * UM), conditions)
    for index in (0, 1):
        found = []
        for inner, outer in ((0.1, 0.3), (0.3, 0.9)):
            extension = extension_at(stack, inner, outer, index)
            modes = stress_intensities(assembly, extension, "body", FACES)
            found.append(modes)
            assert abs(modes[1]) > 0.1 * modes[0]
            rate = energy_release_rate(assembly, extension, FACES)
            assert rate == pytest.approx((modes[0] ** 2 + modes[1] ** 2) / modulus("strain"), rel=1e-2)
        assert found[0] == pytest.approx(found[1], abs=1e-2 * found[0][0])


def test_penny_crack_in_three_dimensions() -> None:
    """Quarter of a disc in the corner of two symmetry planes: mean G over its rim within 3 %."""
    radius, load, size = UM, 1e6, 5 * UM
    stack = Stack("3", (Layer("body", 2 * size),), size, size, (PennyCrack(size, radius, (0.0, 0.0)),))
    conditions = [Roller("bottom", 2), Roller("left", 0), Roller("front", 1), Traction("top", (0.0, 0.0, load))]
    assembly = solved(stack, MeshSizes(bulk=2 * UM, edge=0.1 * UM, growth=1.7), conditions)
    exact = (2 * load) ** 2 * radius / math.pi / modulus("strain")
    for inner, outer in ((0.15, 0.5), (0.3, 0.8)):
        extension = circular_extension((0.0, 0.0, size), radius, inner * radius, outer * radius, share=0.25)
        assert energy_release_rate(assembly, extension, FACES) == pytest.approx(exact, rel=3e-2)
    assert fracture.energy_release_rate(assembly, "crack", 1) == pytest.approx(exact, rel=3e-2)


@pytest.mark.mpi
@several
def test_ranks_change_nothing() -> None:
    """Intensities of a slit with pressure within, on all ranks and on one."""
    path = ((2 * UM, 4 * UM), (3 * UM, 4.3 * UM))
    stack = Stack("axisymmetric", (Layer("body", 8 * UM),), 6 * UM, None, (Crack(path),))
    conditions: list[Any] = [Roller("bottom", 1), Roller("left", 0), *(Pressure(face, 5e5) for face in FACES)]
    extension = extension_at(stack, 0.2, 0.6)

    def found(comm: Any) -> tuple[float, ...]:
        assembly = solved(stack, MeshSizes(bulk=UM, edge=0.1 * UM), conditions, comm=comm)
        modes = stress_intensities(assembly, extension, "body", FACES)
        return (*modes, energy_release_rate(assembly, extension, FACES) * 1e9)

    assert found(MPI.COMM_WORLD) == pytest.approx(alone(lambda: found(MPI.COMM_SELF)), rel=1e-6)


def test_what_has_no_intensities_is_refused() -> None:
    with pytest.raises(ValueError, match="radii must be in order"):
        straight_extension((0.0, 0.0), (1.0, 0.0), 1.0, 0.5)
