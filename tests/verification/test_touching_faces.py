"""Faces of slits that touch: closed slits are none, what slides has its closed form, and so has what closes in part."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from dolfinx import fem
from mpi4py import MPI
from scipy.integrate import quad
from support.ranks import alone, several
from test_slit_fracture import InfinitePlate

from fem.compat import shared_facet_partitioner
from fem.conditions import ImposedDisplacement, Pressure, Roller
from fem.domains import Domains
from fem.energy.elastic import Elastic
from fem.energy.fracture import Fracture
from fem.errors import ModelError
from fem.interface.cohesive import Cohesive
from fem.interface.contact import Contact
from fem.model import Domain, Model, Settings
from fem.observe import joints
from fem.observe.assembly import Assembly
from fem.observe.fracture import energy_release_rate, straight_extension, stress_intensities
from fem.observe.slit_openings import openings_along
from fem.output.dof_keys import dof_keys, hashed
from fem.solve.driver import Solver
from meshes import Layer, MeshSizes, Stack
from meshes.features.block import Block
from meshes.features.crack import Crack
from meshes.features.penny_crack import PennyCrack
from meshes.generate import generate
from studies.fracture import closed_cracks

UM = 1e-6
YOUNG, POISSON = 1.5e11, 0.26
SIDES = ("left", "right", "bottom", "top")


def body(
    stack: Stack, sizes: MeshSizes, conditions: list[Any], law: Contact, comm: Any = MPI.COMM_SELF, **settings: Any
) -> Model:
    """One elastic layer with a crack whose faces may touch."""
    tagged = generate(stack, sizes, comm, shared_facet_partitioner())
    domains = {"body": Domain((), (Elastic(YOUNG, POISSON),))}
    return Model(tagged, domains, {"crack": [law]}, conditions, Settings(**settings))


def solved(model: Model) -> Assembly:
    """The model at its solution, after few iterations."""
    solver = Solver(model)
    assert solver.solve().newton_iterations < 15
    return Assembly(model, solver, 1.0)


def off(model: Model, strain: Any) -> float:
    """Largest distance of the displacement from an even strain about the origin, over the largest displacement."""
    assert model.mechanics is not None
    unknown = model.mechanics.displacement
    gdim = model.geometry.gdim
    points = unknown.space.tabulate_dof_coordinates()[:, :gdim]
    wanted = points @ np.asarray(strain).T
    here = np.abs(unknown.function.x.array.reshape(-1, gdim) - wanted).max(initial=0.0), np.abs(wanted).max(initial=0.0)
    largest = [model.geometry.comm.allreduce(float(v), op=MPI.MAX) for v in here]
    return float(largest[0] / largest[1])


KINKED = ((2 * UM, 4 * UM), (5 * UM, 5 * UM), (7.5 * UM, 7.2 * UM))


@pytest.mark.mpi
@pytest.mark.parametrize(
    ("sticking", "strain"),
    [(False, [[-3e-4, 0.0], [0.0, -3e-4]]), (True, [[-2e-4, 1e-5], [3e-5, -5e-4]])],
)
def test_a_closed_slit_is_none(sticking: bool, strain: Any) -> None:
    """Kinked, under even compression, and inclined, with shear where it sticks: the body does not know of it."""
    size = 10 * UM
    crack = Crack(KINKED[::2] if sticking else KINKED, touching=True)
    stack = Stack("2", (Layer("body", size),), size, None, (crack,))
    conditions = [ImposedDisplacement(s, lambda x: np.array(strain) @ x[:2]) for s in SIDES]
    model = body(stack, MeshSizes(bulk=size / 4, edge=0.2 * UM), conditions, Contact(sticking=sticking), MPI.COMM_WORLD)
    assembly = solved(model)
    assert off(model, strain) < 1e-9
    assert joints.closed_fraction(assembly, "crack") == pytest.approx(1.0, abs=1e-12)
    if not sticking:
        pressure = -strain[0][0] * YOUNG / ((1 + POISSON) * (1 - 2 * POISSON))
        assert joints.contact_pressure(assembly, "crack", "largest") == pytest.approx(pressure, rel=1e-9)


@pytest.mark.parametrize("dimension", ["axisymmetric", "3"])
def test_a_closed_disc_is_none(dimension: str) -> None:
    """A disc across a pressed cylinder, and one that lies tilted in a box under even pressure."""
    tilt = 0.4 if dimension == "3" else 0.0
    crack = PennyCrack(3 * UM, 1.2 * UM, tilt=tilt, touching=True)
    lateral = 6 * UM if dimension == "3" else 3 * UM
    depth = lateral if dimension == "3" else None
    stack = Stack(dimension, (Layer("body", 6 * UM),), lateral, depth, (crack,))  # type: ignore[arg-type]
    axes = 3 if dimension == "3" else 2
    strain = -2e-4 * np.eye(axes)
    sides = ("right", "bottom", "top", *(("left", "front", "back") if axes == 3 else ()))
    conditions: list[Any] = [ImposedDisplacement(s, lambda x: strain @ x[:axes]) for s in sides]
    conditions += [Roller("left", 0)] if axes == 2 else []
    model = body(stack, MeshSizes(bulk=2 * UM, edge=0.4 * UM), conditions, Contact())
    solved(model)
    assert off(model, strain) < 1e-9


def sliding(angle: float, across: float, along: float, cells: int) -> tuple[float, float, float, float]:
    """K_I, K_II and G over their exact sizes (K_I over that of K_II), pressure over the exact one."""
    half, size = UM, 10 * UM
    middle = complex(size / 2, size / 2)
    c, s = math.cos(angle), math.sin(angle)
    turn = np.array([[c, -s], [s, c]])
    remote = turn.T @ np.diag([along, across]) @ turn  # in axes along and across the slit
    exact = InfinitePlate(half, middle, angle, 0.0, remote[0, 1], 0.0, "strain")
    # what the slit does not feel: both normal stresses
    stress = turn @ np.diag([remote[0, 0], remote[1, 1]]) @ turn.T
    strain = (1 + POISSON) / YOUNG * (stress - POISSON * np.trace(stress) * np.eye(2))
    centre = np.array([middle.real, middle.imag])[:, None]
    conditions = [ImposedDisplacement(x, lambda p: exact.displacement(p) + strain @ (p[:2] - centre)) for x in SIDES]
    ends = [middle + sign * half * np.exp(1j * angle) for sign in (-1, 1)]
    crack = Crack(tuple((e.real, e.imag) for e in ends), touching=True)
    stack = Stack("2", (Layer("body", size),), size, None, (crack,))
    assembly = solved(body(stack, MeshSizes(bulk=size / 10, edge=half / cells), conditions, Contact()))
    tip = crack.tips(stack)[1]
    extension = straight_extension(tip.point, tip.direction, 0.2 * half, 0.7 * half)
    faces = ("crack:faces",)
    first, second = stress_intensities(assembly, extension, "body", faces)
    released = energy_release_rate(assembly, extension, faces)
    known = remote[0, 1] * math.sqrt(math.pi * half)
    modulus = YOUNG / (1 - POISSON**2)
    pressure = joints.contact_pressure(assembly, "crack")
    return first / known, second / known, released * modulus / known**2, -pressure / remote[1, 1]


@pytest.mark.parametrize(("angle", "across", "along"), [(0.7, -20e6, -5e6), (0.3, -35e6, -1e6)])
def test_closed_slit_slides(angle: float, across: float, along: float) -> None:
    """K_II = tau sqrt(pi a) and K_I = 0 on three meshes: 0.1 %, and half of it on twice as many cells."""
    found = np.array([sliding(angle, across, along, cells) for cells in (10, 20, 40)])
    error = np.abs(found - [0.0, 1.0, 1.0, 1.0])
    assert error[-1, 1] < 5e-4
    assert error[-1, 2] < 5e-3
    assert error[-1, 3] < 5e-3
    assert np.all(error[:, 0] < [0.03, 0.02, 0.012])
    assert np.all(error[1:, :3] < 0.75 * error[:-1, :3])


def bent(half: float, stress: float, cells: int, comm: Any = MPI.COMM_SELF) -> tuple[float, float, float]:
    """Open share, K_I at the open tip and force on the closed part of a slit under a stress that grows along it."""
    size = 24 * half
    stack = Stack(
        "2",
        (Layer("body", size),),
        size,
        None,
        (Crack(((11 * half, 12 * half), (13 * half, 12 * half)), touching=True),),
    )
    across, sideways = (1 - POISSON**2) * stress / (YOUNG * half), -POISSON * (1 + POISSON) * stress / (YOUNG * half)

    def bending(p: Any) -> Any:
        x, y = p[0] - size / 2, p[1] - size / 2
        return np.array([0.5 * sideways * x**2 - 0.5 * across * y**2, across * x * y])

    conditions = [ImposedDisplacement(side, bending) for side in SIDES]
    assembly = solved(body(stack, MeshSizes(bulk=size / 10, edge=half / cells), conditions, Contact(), comm))
    tip = stack.features[0].tips(stack)[1]  # type: ignore[attr-defined]
    extension = straight_extension(tip.point, tip.direction, 0.2 * half, 0.7 * half)
    intensity = stress_intensities(assembly, extension, "body", ("crack:faces",))[0]
    share = joints.closed_fraction(assembly, "crack")
    force = joints.contact_pressure(assembly, "crack") * share * 2 * half
    return 1 - share, intensity, force


@pytest.mark.parametrize(("half", "stress"), [(UM, 8e6), (5 * UM, 60e6)])
def test_slit_that_closes_in_part(half: float, stress: float) -> None:
    """Bending opens two thirds of a slit: its other end bears the pressure that holds the bent body apart.

    Of the open part, from -a/3 to a, K vanishes at the inner end (Bowie and Freese, Eng. Fract. Mech. 8 (1976) 373).
    """
    length = 2 / 3 * half  # half of what is open
    known = stress / half * length * math.sqrt(math.pi * length)
    force = quad(lambda t: (t + length / 2) * math.sqrt((t - length) / (t + length)), length, 2 * length)[0]
    force *= stress / half
    found = np.array([bent(half, stress, cells) for cells in (10, 20, 40)])
    error = np.abs(found / [2 / 3, known, force] - 1)
    assert np.all(error[-1] < [0.03, 0.004, 0.012])
    assert np.all(error < [0.06, 0.02, 0.05])


@pytest.mark.mpi
@several
def test_ranks_change_nothing() -> None:
    """A slit that closes in part, on all ranks and on one."""
    assert bent(UM, 8e6, 10, MPI.COMM_WORLD) == pytest.approx(alone(lambda: bent(UM, 8e6, 10)), rel=1e-6)


@pytest.mark.mpi
@several
@pytest.mark.parametrize("dimension", ["2", "3"])
def test_names_of_unknowns_do_not_depend_on_ranks(dimension: str) -> None:
    """Every one has its own on a parted region, copies of nodes included, so that checkpoints find them."""
    size = 10 * UM
    crack: Any = (
        Crack(KINKED, touching=True) if dimension == "2" else PennyCrack(5 * UM, 2 * UM, tilt=0.3, touching=True)
    )
    stack = Stack(dimension, (Layer("body", size),), size, size if dimension == "3" else None, (crack,))  # type: ignore[arg-type]

    def names(comm: Any) -> tuple[int, ...]:
        sizes = MeshSizes(bulk=3 * UM, edge=0.5 * UM)
        region = Domains(generate(stack, sizes, comm, shared_facet_partitioner())).region(("body",))
        keys = dof_keys(fem.functionspace(region.mesh, ("Lagrange", 2)))
        return tuple(sorted({int(v) for part in comm.allgather(hashed(keys)) for v in part}))

    found = names(MPI.COMM_WORLD)
    assert found == alone(lambda: names(MPI.COMM_SELF))
    assert len(found) > {"2": 400, "3": 6000}[dimension]


def test_what_cannot_touch_is_refused() -> None:
    """Linear displacements leave no room for the pressure at a tip; faces that stick need an order."""
    size = 10 * UM
    stack = Stack("2", (Layer("body", size),), size, None, (Crack(KINKED, touching=True),))
    sizes = MeshSizes(bulk=size / 4, edge=0.5 * UM)
    load: list[Any] = [Roller("bottom", 1), Roller("left", 0), Pressure("top", 1e6)]
    with pytest.raises(ModelError, match="degree 2"):
        body(stack, sizes, load, Contact(), displacement_degree=1)
    tagged = generate(stack, sizes, MPI.COMM_SELF, shared_facet_partitioner())
    with pytest.raises(ModelError, match="not both"):
        Model(tagged, {"body": Domain((), (Fracture(Elastic(YOUNG, POISSON), 5.0, UM, "AT1"),))}, {}, load)
    hooked = Crack(((3 * UM, 3 * UM), (3 * UM, 7 * UM), (7 * UM, 7 * UM), (7 * UM, 3 * UM)), touching=True)
    with pytest.raises(ModelError, match="turns too far"):
        body(Stack("2", (Layer("body", size),), size, None, (hooked,)), sizes, load, Contact(sticking=True))


def posted(law: Any, conditions: list[Any], comm: Any = MPI.COMM_WORLD) -> Model:
    """Two layers that touch beside a post which is bonded to both."""
    size = 8 * UM
    layers = (Layer("low", size / 2), Layer("high", size / 2))
    stack = Stack("2", layers, size, None, (Block("high", "post", x=(0.6 * size, size)),))
    tagged = generate(stack, MeshSizes(bulk=UM), comm, shared_facet_partitioner())
    domains = {name: Domain((), (Elastic(YOUNG, POISSON),)) for name in ("low", "high", "post")}
    return Model(tagged, domains, {"low|high": [law]}, conditions, Settings())


@pytest.mark.mpi
def test_sides_that_hang_together_elsewhere() -> None:
    """Pressed evenly nobody sees the interface; pulled it opens as a crack of the same place and length does."""
    size = 8 * UM
    strain = -2e-4 * np.eye(2)
    model = posted(Contact(), [ImposedDisplacement(s, lambda x: strain @ x[:2]) for s in SIDES])
    assembly = solved(model)
    assert off(model, strain) < 1e-9
    assert joints.closed_fraction(assembly, "low|high") == pytest.approx(1.0, abs=1e-12)
    pulled = [Roller("bottom", 1), Roller("right", 0), Roller("top", 1, 1e-3 * size)]
    crack = Crack(((0.0, size / 2), (0.6 * size, size / 2)), touching=True)
    whole = Stack("2", (Layer("body", size),), size, None, (crack,))
    found = []
    for name, model in (
        ("low|high", posted(Contact(), pulled)),
        ("crack", body(whole, MeshSizes(bulk=UM, edge=0.2 * UM), pulled, Contact(), MPI.COMM_WORLD)),
        ("low|high", posted(Cohesive(strength=1e3, toughness=1e-9), pulled)),
    ):
        assembly = solved(model)
        found.append((assembly.support_force("top"), joints.gap(assembly, name)))
        assert found[-1][1] > 0.1e-3 * size
        assert assembly.support_force("top") == pytest.approx(-assembly.support_force("bottom"), rel=1e-9)
    assert found[0] == pytest.approx(found[1], rel=0.02)
    assert found[2] == pytest.approx(found[0], rel=1e-5)  # a bond that has broken


def test_overlap_of_a_part_is_told() -> None:
    """Free faces that bending closes on one side: the mean opening is nothing, the remark names the crack."""
    size, half = 24 * UM, UM
    stack = Stack("2", (Layer("body", size),), size, None, (Crack(((11 * half, 12 * half), (13 * half, 12 * half))),))
    tagged = generate(stack, MeshSizes(bulk=size / 10, edge=half / 10), MPI.COMM_SELF, shared_facet_partitioner())

    def solution(stretch: float) -> Assembly:
        def bending(p: Any) -> Any:
            x, y = p[0] - size / 2, p[1] - size / 2
            return 100.0 * np.array([-0.5 * y**2, (x + stretch) * y])

        conditions = [ImposedDisplacement(side, bending) for side in SIDES]
        model = Model(tagged, {"body": Domain((), (Elastic(YOUNG, POISSON),))}, {}, conditions)
        solver = Solver(model)
        solver.solve()
        return Assembly(model, solver, 1.0)

    bent = solution(0.0)
    along = openings_along(bent, ("crack:lower", "crack:upper"), 8)
    assert np.all(along[:4] < 0)
    assert along[:4] == pytest.approx(-along[:3:-1], rel=0.1)
    assert "closes a part of crack 'crack'" in closed_cracks(bent)[0]
    assert closed_cracks(solution(3 * UM)) == ()
