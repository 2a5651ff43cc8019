"""Contact: patch tests, Hertz, opening and closing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import ufl
from mpi4py import MPI
from support.layered import layered
from support.pressed import at_points, moved_mesh, over, pair

from fem.conditions import ImposedDisplacement, Platen, Pressure, Roller
from fem.errors import ModelError
from fem.interface.contact import Contact
from fem.solve.driver import Solver
from fem.solve.quasistatic import QuasiStatic, StepSettings

LAYERS = [("low", 3.0e-6), ("high", 2.0e-6)]
LOW, HIGH = (1.0e11, 0.3), (2.0e10, 0.2)
AXES = {"1": 1, "2": 2, "axisymmetric": 2, "3": 3}


def supports(dimension: str) -> list[Any]:
    """Below and on the planes of symmetry."""
    held: list[Any] = [Roller("bottom", AXES[dimension] - 1)]
    return held + ([Roller("left", 0)] if dimension != "1" else []) + ([Roller("front", 1)] if dimension == "3" else [])


def mesh(dimension: str, comm: Any = MPI.COMM_WORLD) -> Any:
    """Two layers with nodes displaced at random."""
    lateral = 2 if dimension == "3" else 4
    return layered(comm, dimension, LAYERS, 4.0e-6, lateral=lateral, across=2, jitter=0.25 if dimension != "1" else 0.0)


@pytest.mark.mpi
@pytest.mark.parametrize("dimension", ["1", "2", "axisymmetric", "3"])
def test_pressed_blocks_have_one_pressure(dimension: str) -> None:
    """Layers that widen differently slide on each other without friction: the pressure stays the applied one."""
    pressure = 7.0e6
    model = pair(mesh(dimension), Contact(), [*supports(dimension), Pressure("top", pressure)], LOW, HIGH)
    Solver(model).solve()
    joint = model.joints["low|high"]
    found = at_points(model, joint.pressure())
    assert np.allclose(found, pressure, rtol=1e-9)
    assert np.abs(at_points(model, joint.gap())).max(initial=0.0) < 1e-12 * LAYERS[0][1]


@pytest.mark.parametrize(("height", "pressure"), [(2.0e-9, 0.0), (-3.0e-9, 1.0)])
@pytest.mark.mpi
def test_gap_opens_and_closes(height: float, pressure: float) -> None:
    """A moved top leaves its distance as a gap, or closes the initial one and presses with the rest."""
    start = 1.0e-9
    conditions = [*supports("2"), Roller("top", 1, height)]
    model = pair(mesh("2"), Contact(gap=start), conditions, (1e11, 0.0), (2e10, 0.0))
    Solver(model).solve()
    joint = model.joints["low|high"]
    stress = (abs(height) - start) / (LAYERS[0][1] / 1e11 + LAYERS[1][1] / 2e10) * pressure
    assert np.allclose(at_points(model, joint.pressure()), stress, atol=1e-3)
    assert np.allclose(at_points(model, joint.gap()), start + height if height > 0 else 0.0, rtol=1e-9, atol=1e-20)


def test_contact_does_no_work() -> None:
    """Bumps that are pressed together and pulled apart again: all work is stored, and comes back."""
    tagged = layered(MPI.COMM_SELF, "2", LAYERS, 4.0e-6, lateral=8, across=2)
    bumps = Contact(gap=lambda x: 2e-9 * (x[0] / 4e-6) ** 2)
    model = pair(tagged, bumps, [*supports("2"), Roller("top", 1, 0.0)], LOW, HIGH)

    def apply(load: float) -> None:
        assert model.mechanics is not None
        model.mechanics.supports["top"].offset = -8e-9 * (1 - abs(2 * load - 1)) + 3e-9 * max(load - 0.7, 0.0)

    points = list(QuasiStatic(model, apply, StepSettings(0.2, 0.2)).run())
    largest = max(p.energies.stored for p in points)
    assert max(abs(p.work - p.energies.stored) for p in points) < 1e-9 * largest
    assert abs(points[-1].work) < 1e-9 * largest


def test_inclined_interface_under_even_pressure() -> None:
    """On an interface that is inclined the normal decides: even compression is exact there, too."""
    tilt, shortening = 0.35, 1e-3

    def move(points: Any) -> Any:
        return np.column_stack([points[:, 0], points[:, 1] + tilt * points[:, 0]])

    tagged = moved_mesh(MPI.COMM_SELF, "2", move, LAYERS, 4.0e-6, None, 4, 3, 0.2)
    sides = [ImposedDisplacement(s, lambda p: -shortening * p[:2]) for s in ("bottom", "top", "left", "right")]
    model = pair(tagged, Contact(), sides, LOW, LOW)
    Solver(model).solve()
    young, nu = LOW
    expected = young * shortening / ((1 + nu) * (1 - 2 * nu))
    assert np.allclose(at_points(model, model.joints["low|high"].pressure()), expected, rtol=1e-9)


def test_what_sticks_is_bonded_while_closed() -> None:
    """Pressed and sheared: the same displacement as that of layers which are one."""
    shear = [Roller("bottom", 1), Pressure("top", 5e6), Roller("left", 0)]
    found = []
    for law in (Contact(sticking=True), None):
        tagged = layered(MPI.COMM_SELF, "2", LAYERS, 4.0e-6, lateral=4, across=2)
        model = pair(tagged, law, shear, LOW, HIGH) if law else _bonded(tagged, shear)
        Solver(model).solve()
        assert model.mechanics is not None
        top = model.mechanics.on_side(lambda u: u.function[0], "top")
        found.append(_scalar(model, top[0][1]))
    assert found[0] == pytest.approx(found[1], rel=2e-2)
    assert found[0] != pytest.approx(found[1], rel=1e-12)


def _bonded(tagged: Any, conditions: list[Any]) -> Any:
    from fem.energy.elastic import Elastic
    from fem.model import Domain, Model

    return Model(tagged, {"low": Domain((), (Elastic(*LOW),)), "high": Domain((), (Elastic(*HIGH),))}, {}, conditions)


def _scalar(model: Any, form: Any) -> float:
    from dolfinx import fem

    return float(fem.assemble_scalar(model.geometry.entity_maps().form(form)))


# radius (m), force (N), Young's moduli and Poisson's ratios of both sides
SPHERES = [
    (5.0e-6, 1.0e-5, (22e9, 0.3), (140e9, 0.25)),
    (2.0e-6, 1.0e-6, (5e9, 0.42), (150e9, 0.26)),
    (20.0e-6, 1.0e-4, (150e9, 0.26), (200e9, 0.3)),
]


def hertz(sphere: Any, cells: int) -> dict[str, float]:
    """Relative errors of the largest pressure and of the radius of contact (Johnson, Contact Mechanics, 4.2)."""
    radius, force, low, high = sphere
    modulus = 1 / sum((1 - nu**2) / young for young, nu in (low, high))
    contact = (3 * force * radius / (4 * modulus)) ** (1 / 3)
    width = 20 * contact

    def move(points: Any) -> Any:
        """Fine where they touch."""
        lateral, above = points[:, 0] / width, points[:, 1] / width - 1
        graded = np.sinh(4 * np.abs(np.stack([lateral, above]))) / math.sinh(4)
        return width * np.column_stack([graded[0], 1 + np.sign(above) * graded[1]])

    tagged = moved_mesh(
        MPI.COMM_WORLD, "axisymmetric", move, [("low", width), ("high", width)], width, None, cells, cells
    )
    law = Contact(gap=lambda x: x[0] ** 2 / (2 * radius))
    conditions = [Roller("bottom", 1), Platen("top", 1, -force), Roller("left", 0)]
    model = pair(tagged, law, conditions, low, high)
    Solver(model).solve()
    joint = model.joints["low|high"]
    largest = model.geometry.comm.allreduce(float(at_points(model, joint.pressure()).max(initial=0.0)), op=MPI.MAX)
    carried = over(model, joint.pressure())
    lever = over(model, joint.pressure() * ufl.SpatialCoordinate(model.geometry.mesh)("+")[0] ** 2) / carried
    return {
        "force": carried / force - 1,
        "pressure": largest / (3 * force / (2 * math.pi * contact**2)) - 1,
        "radius": math.sqrt(2.5 * lever) / contact - 1,
    }


@pytest.mark.mpi
@pytest.mark.parametrize("sphere", SPHERES)
def test_hertz(sphere: Any) -> None:
    """Pressure and radius within 2 % at eight facets in the contact."""
    found = hertz(sphere, 24)
    assert abs(found["force"]) < 1e-9
    assert abs(found["pressure"]) < 0.02
    assert abs(found["radius"]) < 0.02


def test_hertz_converges() -> None:
    """Half the size, a fraction of the error."""
    coarse, fine = hertz(SPHERES[0], 16), hertz(SPHERES[0], 48)
    for name in ("pressure", "radius"):
        assert abs(fine[name]) < 2e-3
        assert abs(fine[name]) < 0.3 * abs(coarse[name])


def test_which_solids_are_bonded() -> None:
    """A third body that joins the two sides gives them one displacement, two laws part it from both."""
    from fem.mechanics import bonded

    class Three:
        interfaces = ("a|b", "b|c", "a|c")

        def layers_beside(self, name: str) -> tuple[str, ...]:
            return tuple(name.split("|"))

    with pytest.raises(ModelError, match="no mechanics"):
        bonded(Three(), ("a", "c"), {"a|b": Contact()})  # type: ignore[arg-type]
    assert bonded(Three(), ("a", "b", "c"), {"a|b": 1}) == [("a", "b", "c")]  # type: ignore[arg-type]
    assert bonded(Three(), ("a", "b", "c"), {"a|b": 1, "b|c": 1}) == [("a", "c"), ("b",)]  # type: ignore[arg-type]


def test_iterations_agree_with_factorisation() -> None:
    """A blunt body in 3-D: the field split with the mass of the contact finds what a factorisation finds."""
    found = []
    for method in ("iterative", "direct"):
        tagged = layered(MPI.COMM_SELF, "3", [("low", 2e-6), ("high", 2e-6)], 4e-6, lateral=4, across=2)
        law = Contact(gap=lambda x: (x[0] ** 2 + x[1] ** 2) / 4e-4)
        sides = [Roller("bottom", 2), Roller("left", 0), Roller("front", 1), Platen("top", 2, -2e-3)]
        model = pair(tagged, law, sides, LOW, HIGH)
        report = Solver(model, method).solve()
        found.append(at_points(model, model.joints["low|high"].pressure()))
        assert over(model, model.joints["low|high"].pressure()) == pytest.approx(2e-3, rel=1e-9)
        if method == "iterative":
            assert report.linear_iterations < 80 * report.newton_iterations
    assert 0 < np.count_nonzero(found[0] > 1e3) < len(found[0])
    assert np.allclose(found[0], found[1], atol=1e-6 * found[1].max())
