"""Strength, profile, energy and work of bars that break: closed forms of AT1 and AT2."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from support.cracked import effective
from support.layered import layered

from fem.conditions import Roller
from fem.energy.eigenstrain import AxialStrain, ThermalExpansion
from fem.energy.elastic import Elastic
from fem.energy.fracture import Fracture
from fem.errors import ModelError
from fem.model import Domain, Model, Settings
from fem.orientations import ALIGNED
from fem.solve.alternate import Breaking, BreakingSettings
from fem.solve.cracked import Account
from fem.solve.loadpath import LoadSettings, Proportional, load_steps
from fem.values import Graded

LENGTH = 0.1e-6  # of the phase field, m
#: Young's modulus (Pa) and toughness (J/m^2): LLZO, LPSCl, NCM poly- and single-crystalline (K_IC^2 (1 - nu^2) / E).
MATERIALS = [(1.5e11, 9.7125), (2.2e10, 2.1881), (1.4e11, 0.60268), (1.4e11, 6.6964)]


def bar(
    young: float, toughness: Any, model: str, size: float, cells: int, degree: int = 1, comm: Any = None, **words: Any
) -> Breaking:
    """A bar in uniaxial tension (no lateral contraction), held at the bottom, pulled at the top."""
    tagged = layered(comm or MPI.COMM_SELF, "1", [("bar", size)], across=cells)
    term = Fracture(Elastic(young, 0.0), toughness, LENGTH, model, **words)  # type: ignore[arg-type]
    conditions = [Roller("bottom", 0), Roller("top", 0, 1e-12)]
    return Breaking(Model(tagged, {"bar": Domain((), (term,))}, {}, conditions, Settings(displacement_degree=degree)))


def pull(breaking: Breaking, displacement: float) -> None:
    """Set the displacement of the top."""
    breaking.mechanics.supports["top"].offset = displacement


def strength(young: float, toughness: float, model: str) -> float:
    """Pa; Tanne et al., J. Mech. Phys. Solids 110 (2018) 80."""
    if model == "AT1":
        return math.sqrt(3 * young * toughness / (8 * LENGTH))
    return 9 / 16 * math.sqrt(young * toughness / (3 * LENGTH))


@pytest.mark.parametrize("model", ["AT1", "AT2"])
@pytest.mark.parametrize("material", MATERIALS)
def test_strength_of_a_bar(material: tuple[float, float], model: str) -> None:
    """The largest stress of a bar too short to localise, within 0.5 % of the closed form; both grow damage steadily."""
    young, toughness = material
    size = 0.5 * LENGTH
    breaking = bar(young, toughness, model, size, 3)
    wanted = strength(young, toughness, model)
    stresses, damages = [], []
    # AT2 reaches its strength at d = 1/4, where the strain is (4/3)^2 times the stress over E
    start, end = (0.9, 1.1) if model == "AT1" else (1.6, 1.95)
    for strain in np.linspace(start, end, 29) * wanted / young:
        pull(breaking, strain * size)
        breaking.solve()
        breaking.accept()
        damages.append(float(breaking.damage.unknown.function.x.array.max()))
        stresses.append(breaking.stage.reactions()[1])
    top = int(np.argmax(stresses))
    assert 0 < top < len(stresses) - 1
    assert float(stresses[top]) == pytest.approx(wanted, rel=5e-3)
    assert damages[top] == pytest.approx(0.0 if model == "AT1" else 0.25, abs=0.02)
    assert np.all(np.diff(damages) >= 0)
    breaking.destroy()


@pytest.mark.parametrize("model", ["AT1", "AT2"])
@pytest.mark.parametrize(
    ("cells_per_length", "material"), [(2, MATERIALS[0]), (4, MATERIALS[0]), (8, MATERIALS[0]), (4, MATERIALS[2])]
)
def test_profile_and_energy_of_a_crack(model: str, cells_per_length: int, material: tuple[float, float]) -> None:
    """A bar that is broken in one cell: d(x) and G_c as the closed forms say, with the width of the cell as core."""
    young, toughness = material
    cells = 20 * cells_per_length + 1
    size = LENGTH / cells_per_length * cells
    breaking = bar(young, toughness, model, size, cells)
    half = 0.5 * LENGTH / cells_per_length
    breaking.damage.break_where(lambda x: np.abs(x[0] - size / 2) < 1.2 * half)
    pull(breaking, 1e-3 * size)
    breaking.solve()
    points = breaking.damage.unknown.space.tabulate_dof_coordinates()[:, 0]
    away = np.maximum(np.abs(points - size / 2) - half, 0.0) / LENGTH
    wanted = np.maximum(1 - away / 2, 0.0) ** 2 if model == "AT1" else np.exp(-away)
    found = breaking.damage.unknown.function.x.array
    assert np.abs(found - wanted).max() < 0.1 / cells_per_length**2
    cost = effective(toughness, LENGTH / cells_per_length, LENGTH, model)
    assert breaking.book.energies().fracture == pytest.approx(cost, rel=0.02 if cells_per_length == 2 else 0.01)
    assert breaking.book.energies().stored < 1e-3 * toughness
    breaking.destroy()


@pytest.mark.parametrize("model", ["AT1", "AT2"])
def test_work_is_stored_or_spent_in_cracks(model: str) -> None:
    """Work is stored, in cracks or lost, to rounding; what steady growth loses is of second order in the steps."""
    young, toughness = MATERIALS[1]
    size = 0.5 * LENGTH
    lost = []
    for steps in (50, 200):
        # without a split nothing in the account is taken from the energy but what is stored
        breaking = bar(young, toughness, model, size, 2, split="none")
        end = 2.0 * strength(young, toughness, model) / young * size
        settings = LoadSettings(1 / steps, 1 / steps)
        points = list(load_steps(breaking, lambda t, b=breaking, e=end: pull(b, t * e), settings))  # type: ignore[misc]
        assert len(points) == steps + 1
        assert points[-1].energies.fracture > 0.1 * points[-1].work
        assert max(abs(p.left) for p in points) < 1e-13 * points[-1].work
        for point in points:
            held = point.energies.stored + point.energies.fracture
            assert point.work - held - point.lost == pytest.approx(point.left, abs=1e-15 * points[-1].work)
        lost.append(points[-1].lost / points[-1].work)
        breaking.destroy()
    assert 0 < lost[1] < 1e-4
    assert lost[0] / lost[1] == pytest.approx(16, rel=0.02)


def test_an_account_that_goes_on_keeps_its_measure() -> None:
    """What is left over is measured against the largest energy of the whole run, also after a checkpoint."""
    young, toughness = MATERIALS[0]
    size = 0.5 * LENGTH
    breaking = bar(young, toughness, "AT1", size, 3)
    for strain in (0.005, 0.0):
        pull(breaking, strain * size)
        breaking.solve()
        breaking.accept()
    stored = 0.5 * young * 0.005**2 * size
    resumed = Account(breaking.model, breaking.book)
    resumed.go_on(breaking.account.kept())
    assert resumed.scale == breaking.account.scale == pytest.approx(stored)
    assert abs(resumed.left) < 1e-13 * stored
    assert breaking.book.energies().stored < 1e-13 * stored
    breaking.destroy()


def test_damage_does_not_heal() -> None:
    """Unloading keeps the damage, and the stiffness that is left; a second loading grows it from there on."""
    young, toughness = MATERIALS[0]
    size = 0.5 * LENGTH
    breaking = bar(young, toughness, "AT2", size, 3)
    seen = []
    for strain in (0.01, 0.0, 0.005, 0.012):
        pull(breaking, strain * size)
        breaking.solve()
        breaking.accept()
        seen.append(float(breaking.damage.unknown.function.x.array[0]))
    assert seen[0] > 0.05
    assert seen[:3] == [seen[0]] * 3
    assert seen[3] > 1.1 * seen[0]
    breaking.destroy()


def test_a_long_bar_snaps_where_the_load_cannot_wait() -> None:
    """Snap-back: at the strength a long bar breaks at once; the steps are cut, and the jump is reported as lost."""
    young, toughness = MATERIALS[0]
    size, cells = 40 * LENGTH, 160
    # a weak spot decides where
    weak = Graded(lambda x: toughness * (1 - 0.1 * np.exp(-(((x[:, 0] - size / 2) / LENGTH) ** 2))))
    breaking = bar(young, weak, "AT1", size, cells)
    wanted = strength(young, toughness, "AT1")
    end = 1.3 * wanted / young * size
    points = list(load_steps(breaking, lambda t: pull(breaking, t * end), LoadSettings(0.1, 1e-3)))
    jump = next(p for p in points if p.jumped)
    assert math.sqrt(0.9) < 1.3 * jump.load < 1.002
    assert sum(p.jumped for p in points) == 1
    before = points[points.index(jump) - 1]
    released = before.energies.stored - jump.energies.stored
    spent = jump.energies.fracture - before.energies.fracture
    assert jump.energies.stored < 1e-2 * before.energies.stored
    assert jump.lost - before.lost == pytest.approx(released - spent + jump.work - before.work, rel=1e-9)
    assert jump.lost > 0.5 * released
    breaking.destroy()


@pytest.mark.parametrize("settings", [BreakingSettings(relaxation=1.0, newton=False), BreakingSettings(newton=False)])
def test_ways_to_a_state_agree(settings: BreakingSettings) -> None:
    """Alternation alone, over-relaxed and finished by Newton's method end in the same state."""
    young, toughness = MATERIALS[0]
    found = []
    for chosen in (settings, BreakingSettings()):
        tagged = layered(MPI.COMM_SELF, "1", [("bar", 4 * LENGTH)], across=32)
        term = Fracture(Elastic(young, 0.2), toughness, LENGTH, "AT2")
        model = Model(tagged, {"bar": Domain((), (term,))}, {}, [Roller("bottom", 0), Roller("top", 0, 1e-12)])
        breaking = Breaking(model, settings=chosen)
        breaking.damage.break_where(lambda x: x[0] < 1e-12)
        pull(breaking, 0.01 * LENGTH)
        breaking.solve()
        found.append(breaking.damage.unknown.function.x.array.copy())
        if chosen.newton:
            assert breaking.report.finished == 1
        breaking.destroy()
    assert np.abs(found[0] - found[1]).max() < 1e-4


def test_nothing_to_break() -> None:
    """A model without fracture energies, and one whose layers have more than one, are refused."""
    tagged = layered(MPI.COMM_SELF, "1", [("bar", 1.0)], across=2)
    solid = Elastic(1e9, 0.3)
    held = [Roller("bottom", 0), Roller("top", 0, 1e-12)]
    with pytest.raises(ModelError, match="nothing in this model can break"):
        Breaking(Model(tagged, {"bar": Domain((), (solid,))}, {}, held))
    with pytest.raises(ModelError, match="give it alone"):
        Model(tagged, {"bar": Domain((), (solid, Fracture(solid, 1.0, 0.1)))}, {}, held)


@pytest.mark.parametrize("model", ["AT1", "AT2"])
def test_what_cells_add_to_a_crack_is_taken_off(model: str) -> None:
    """With compensation a crack costs G_c on any mesh, to a percent; fine where coarse cells err by a fifth."""
    young, toughness = MATERIALS[0]
    for cells_per_length in (2, 4):
        cells = 20 * cells_per_length + 1
        size = LENGTH / cells_per_length * cells
        breaking = bar(young, toughness, model, size, cells, compensated=True)
        breaking.damage.break_where(lambda x, s=size, c=cells: np.abs(x[0] - s / 2) < 0.6 * s / c)  # type: ignore[misc]
        pull(breaking, 1e-3 * size)
        breaking.solve()
        assert breaking.book.energies().fracture == pytest.approx(toughness, rel=0.015)
        breaking.destroy()


def test_work_of_an_eigenstrain() -> None:
    """A bar that shrinks between fixed ends: what the shrinkage does is stored or in cracks; nothing else moves."""
    young, toughness = MATERIALS[0]
    size, lost = 0.5 * LENGTH, []
    for steps in (50, 200):
        # along all three axes; damage begins at half of it, at the end of a step
        shrinkage = -2.0 * strength(young, toughness, "AT1") / young / math.sqrt(3.0)
        tagged = layered(MPI.COMM_SELF, "1", [("bar", size)], across=2)
        term = Fracture(Elastic(young, 0.0, shrinkage), toughness, LENGTH, split="none")
        conditions = [Roller("bottom", 0), Roller("top", 0)]
        model = Model(tagged, {"bar": Domain((), (term,))}, {}, conditions, Settings(displacement_degree=1))
        breaking = Breaking(model)
        points = list(load_steps(breaking, Proportional(model), LoadSettings(1 / steps, 1 / steps)))
        assert points[-1].energies.fracture > 0.1 * points[-1].work
        assert points[steps // 4].lost == pytest.approx(0.0, abs=1e-9 * points[-1].work)
        assert max(abs(p.left) for p in points) < 1e-13 * points[-1].work
        lost.append(points[-1].lost / points[-1].work)
        breaking.destroy()
    assert lost[0] / lost[1] == pytest.approx(16, rel=0.05)
    assert abs(lost[1]) < 1e-4


@pytest.mark.parametrize("cause", ["crystal", "heat"])
def test_all_that_wants_to_shrink_grows_with_the_loads(cause: str) -> None:
    """Strains along crystals and of heat grow in proportion: between fixed ends half of them store a quarter."""
    young, toughness = MATERIALS[0]
    strain = -0.4 * strength(young, toughness, "AT1") / young / math.sqrt(3.0)
    given = AxialStrain(strain, strain, ALIGNED) if cause == "crystal" else 0.0
    heat = ThermalExpansion(1e-5, strain / 1e-5) if cause == "heat" else None
    tagged = layered(MPI.COMM_SELF, "1", [("bar", LENGTH)], across=2)
    term = Fracture(Elastic(young, 0.0, given, None, heat), toughness, LENGTH, split="none")
    held, settings = [Roller("bottom", 0), Roller("top", 0)], Settings(displacement_degree=1)
    model = Model(tagged, {"bar": Domain((), (term,))}, {}, held, settings)
    breaking = Breaking(model)
    points = list(load_steps(breaking, Proportional(model), LoadSettings(0.5, 0.5)))
    stored = [p.energies.stored for p in points]
    assert stored[2] == pytest.approx(1.5 * young * strain**2 * LENGTH, rel=1e-9)
    assert stored[:2] == pytest.approx([0.0, stored[2] / 4], rel=1e-9, abs=1e-9 * stored[2])
    assert points[-1].work == pytest.approx(stored[2], rel=1e-9)
    breaking.destroy()
